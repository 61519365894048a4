"""Words that people put around a question, in two languages; they weigh nothing in a search."""


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(" ".join(phrase.split()) for phrase in text.replace("\n", ";").split(";"))


GREETINGS = _phrases("""
привет; приветик; приветствую; здравствуй; здравствуйте; здраствуйте; здраствуй; здрасте; здрасьте
добрый день; добрый вечер; доброе утро; доброй ночи; доброго дня; доброго вечера; доброго утра
день добрый; вечер добрый; доброго времени; доброго времени суток; салют; хай; добрый
прив; хелло; хеллоу; эй; йоу; yo; dear sir or madam
hello; hi; hey; hiya; howdy; greetings; good morning; good day; good afternoon; good evening
""")
THANKS = _phrases("""
спасибо; спасибки; спасиб; спс; пасиб; пасибо; благодарю; мерси; благодарен; благодарна; благодарны
признателен; признательна; признательны; thanks; thank you; thx; tnx; tia; thank; cheers
appreciate; appreciated; grateful
""")
# Somebody says that they have read the answer, or takes their leave.
HEARD = _phrases("""
ок; окей; оке; ясно; понятно; понял; поняла; поняли; хорошо; отлично; супер; класс; круто; ага; угу
принято; ладно; пока; до свидания; всего доброго; всего хорошего; хорошего дня; удачи
короче; кстати; в общем; в общем то; это снова я; это опять я; есть кто живой; есть кто; последнее
by the way; one last thing; last thing; one more thing; hope you are doing well; hope you are well
hope this finds you well; i hope you are doing well; i hope this finds you well
ok; okay; got it; great; cool; nice; perfect; understood; i see; bye; goodbye; see you; good bye
""")
# Asks for an answer, wherever it stands.
REQUESTS = _phrases("""
пожалуйста; пожалуста; пожалуйсто; пжлст; пж; пжл; плиз; плз; будьте добры; будьте любезны
будь добр; будь добра; если можно; если не сложно; если не трудно; если вам не сложно
если вам не трудно; если вас не затруднит; если не секрет; если что; если знаете; если в курсе
подскажи; подскажите; подскажете; подскажет; подскажешь; подскажите ка; скажите; скажи; скажите ка
скажете; скажешь; расскажите; расскажи; объясните; объясни; поясните; поясни; напомните; напомни
уточните; уточни; ответьте; ответь; посоветуйте; посоветуй; сообщите; сообщи; помогите; помоги
поможете; проконсультируйте; дайте знать; кто знает; кто нибудь знает; кто то знает; кто подскажет
кто нибудь подскажет; кто в курсе; кто нибудь в курсе; никто не знает; никто не в курсе
не знаете; не знаешь; вы не в курсе; ты не в курсе; вы не знаете; ты не знаешь; кто скажет
знает кто нибудь; кто помнит; может кто знает; знаете ли вы; вы знаете; ты знаешь
очень срочно; срочно; горит; жду ответа; жду; очень надо; очень нужно; заранее; всем привет
please; pls; plz; kindly; asap; urgent; urgently; if possible; if you know; if you can
if you please; if you don t mind; if anyone knows; let me know; anyone knows; does anyone know
do you know; do you happen to know; does anybody know; who knows; anybody knows; any idea
any ideas; does anyone here know; does somebody know; in advance; could you tell me; can you tell me
""")
# Opens a question; what follows is asked.
OPENINGS = _phrases("""
узнать; знать; спросить; уточнить; понять; выяснить; поинтересоваться; разобраться; подсказать
сказать; сообщить; разъяснить; прислать; рассказать; объяснить; пояснить; напомнить; ответить
посоветовать; помочь; найти; отыскать
вспомнить; сообразить; отвлечь; задать вопрос; задать вам вопрос; задать тебе вопрос; вопрос
вопросик; вопрос такой; такой вопрос; интересно; интересует; интересуюсь; ищу; найдите; найди
поищите; поищи; покажите; покажи; назовите; назови; проверьте; посмотрите; посмотри; слушайте
слушай; нигде не вижу; не нашел; не нашла; не нахожу; информация; информацию; прошу прощения
не пойму; не понимаю; никак не пойму; нужна информация; дело в том; прошу; беспокойство; беспокою
отвлекаю; не по адресу; не туда; не туда пишу; извините; извини; извиняюсь; простите; прости; сорри
сори; сорян; пардон; прошу извинить
sorry; apologies; apologize; apologise; excuse me; pardon me; pardon; forgive me; bother; disturb
скиньте; скинь; киньте; пришлите; пришли; такая проблема; есть проблема; будь другом; на вопрос
нужна помощь; нужна ваша помощь; момент; последний вопрос; давно хотел спросить; насчет; по поводу
пишу вам; пишу вам с вопросом; с вопросом; не сочтите за наглость; если позволите
am writing to ask; writing to ask; mind telling me; telling me; get some help with; some help with
get help with; one last question; if this is the right place
tell me; tell us; remind me; inform me; advise me; explain to me; let me know; give me; show me
point me; help me; help me find; help me out; i need; we need; i want; i need to know; need to know
i want to know; want to know; like to know; love to know; know; ask; a question; question; find out
figure out; wonder; wondering; curious; looking for; look up; interested in; clarify
can t find; cannot find; can not find; could not find; couldn t find; trying to find; like to find
i d like to ask; may i ask; can i ask; could i ask; can t remember; can t locate; like to ask
answer; urgent question; quick question
""")
# Who is spoken to: a clause of its own, or beside the words above.
ADDRESSED = _phrases("""
коллеги; ребята; ребят; народ; господа; товарищи; друзья; уважаемые; дорогие; уважаемый; дорогой
уважаемая; дорогая
люди; добрые; бот; ассистент; помощник; администратор; администрация; девушки; девочки
everyone; everybody; folks; guys; team; colleagues; dear; all; bot; assistant; friends; sir; madam
""")
# May stand among the words above, and is nothing without one of them.
BESIDE = _phrases("""
я; мне; меня; мы; нам; нас; вы; вам; вас; ты; тебе; тебя; мой; у; не; ни; никак; нигде; уже; еще; ну
вот; так; тут; здесь; просто; очень; крайне; весьма; срочно; быстро; кратко; коротко; случайно; бы
ли; ка; и; а; но; же; за; к; то; хочу; хотим; хотел; хотела; хотели; хотелось; хочется; надо; нужно
нужна; нужны; нужен; необходимо; требуется; могу; можем; могли; могла; мог; можете; можешь; может
можно; получается; удается; удалось; смог; смогла; пытаюсь; пробую; решил; решила; позвольте
разрешите; дайте; давайте; глупый; тупой; дурацкий; простой; небольшой; маленький; короткий; быстрый
срочный; важный; один; есть; пара; буду; будем; был; была; были; большое
огромное; большой; рад; рада; ответ; ответа; помощь; внимание; информацию; содействие; понимание
совет; вашу; ваш; ваше; ваша; любую; любой; раз; вообще; такой; следующий; наверное; кажется; ой
эй; нибудь; из; все; всем; подробно; подробнее; недавно
i; me; my; we; us; you; your; am; m; are; is; was; were; be; been; it; its; this; a; an; the; to
for; of; so; and; but; if; well; oh; um; just; really; very; quick; quickly; short; small; simple
dumb
stupid; silly; random; another; one; more; also; would; could; can; will; d; ll; ve; s; may; might
should; like; love; want; wanted; trying; hoping; try; hope; wish; have; has; had; got; there; here
about; on; any; some; anyone; anybody; someone; somebody; happen; possibly; perhaps; maybe; mind
possible; not; cannot; t; couldn; don; do; does; out; up; in; advance; again; much; many; lot; time
answer; help; reply; response; support; attention; information; info; at; that
too; highly; really; big; great; whether; m; only; interested; some; please; able; unable; seem
""")
# What is said after them up to the end of the clause is about the person.
WHOLE = _phrases("""
извините за; извините что; извините если; извини что; извини за; извиняюсь за
извиняюсь что; простите за; простите что; простите если; прошу прощения за; прошу прощения что
прошу прощения если; спасибо за
благодарю за; благодарен за; я новенький; я новенькая; я новый сотрудник; я новая сотрудница
я новичок; я тут недавно; я здесь недавно; я недавно работаю; я недавно устроился
я недавно устроилась; я первый день; я тут новенький; я тут новенькая; я у вас недавно
я только устроился; я только устроилась; я здесь новенький; что отвлекаю; что беспокою; что пишу
что так поздно; если не туда; если не по адресу
меня зовут; my name is; не знаю к кому обратиться; не знаю куда обратиться
sorry for; sorry to; sorry if; sorry about; apologies for; apologize for; thanks for; thank you for
i m new; i am new; i ve just joined; i just joined; i have just joined; i just started
i recently joined; i ve just started; i m a new; i am a new
i m quite new; i m still new; appreciate any; appreciate your; if this is; if it s the wrong
""")
# After them a word is meant, not said.
MEANT = word_set("на за о об про слово слова для с без of for to with word about say")
# What follows an opening with one of these before it is a place or time: "tell me up to what sum".
PLACING = word_set("за к из у in on at to of for up about")
INVERTED = word_set("do did does should must shall when why how where if")
ASKING = word_set("""
что чего кто кого кому кем чем где когда куда откуда почему зачем сколько скок как какой какая какое
какие какого какую каким каких чей чья чье чьи который которая которое которые каков какова каковы
почем чему what which who whom whose when where why how
""")
