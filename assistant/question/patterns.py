"""The table of what is no search: patterns by kind, in two languages.

They match a message in small letters, without punctuation and courtesy (indexer.passages.words).
"""

import re
from functools import cache, lru_cache

_HAVE = (
    r"( есть| имеются| загружены| доступны| ты знаешь| знаешь| у тебя| у вас| у нас| здесь| тут"
    r"| в базе| в системе| в поиске| всего| вообще| в наличии| are there| there are| do you have"
    r"| do you know| have you got| can (you|i) search| are available| available| you have)*"
)
# The whole of what is said. Of the documents: "documents" lists them, "new" those changed last.
_WHOLE = {
    "who": r"""
        (а )?(кто (же )?ты|ты кто|кто вы|вы кто|кто это|что ты( такое)?|что это за бот)
        (а )?ты (бот|человек|робот|живой|нейросеть)( или (бот|человек|робот))?
        как тебя зовут|представься
        (who|what) are you|who is this|are you (a |an )?(bot|human|robot|ai|real)( person)?
        what (is|s) your name|introduce yourself""",
    "help": r"""
        (а )?что (же )?(ты|вы) (умеешь|можешь|знаешь|умеете|можете)( делать)?|что умеет( этот)? бот
        как (с )?(тобой|вами|ботом|этим)( ботом)? (пользоваться|работать|общаться)
        как (это|ты|бот) работае(т|шь)( бот)?|(нужна )?(помощь|справка)|хелп|команды
        (какие|что за) вопросы( тебе)? (можно )?(задавать|задать)
        (о чем|что)( тебя)?( можно)? спр(ашивать|осить)( тебя)?
        как( правильно)? (задать|задавать|спрашивать)( вопросы| вопрос)?
        help|commands|what can (you|i) (do|ask)( you)?|what do you do
        how (do|can) i use (you|this( bot)?)|how (do|does) (you|it|this)( bot)? work""",
    "contact": r"""
        (а )?(к кому|кому|с кем)( тут| здесь)?( можно| мне)* (обратиться|обращаться|написать)
        (а )?(кому|с кем)( тут| здесь)?( можно| мне)* (позвонить|связаться|задать вопрос)
        кто( мне)? (может |сможет )?(помочь|поможет)|живой (человек|оператор)
        (позови(те)?|дай(те)?|нужен|соедини(те)?( с)?|переключи(те)? на|хочу поговорить с)\
 (живо(й|го|му|м) )?(человек|оператор|администратор|админ|специалист)\w*
        человек|оператор|контакты( администратора| поддержки)?|(служба )?поддержк(а|и)
        кто (тут |здесь )?(админ|администратор|главный)|кто (отвечает|ответственный) за бот\w*
        (who|whom) (can|should|do) i (ask|contact|call|turn to|write to|talk to)|who can help( me)?
        (i want to |can i |let me )?(talk|speak) to (a |an )?(human|person|operator|administrator)
        (a )?(human|operator|support|contacts?)|who is( the)? (admin|administrator|in charge)""",
    "greeting": r"""
        как (твои |ваши )?дела|как (ты|поживаешь)|(ты|вы) (тут|здесь)|тест|проверка|начать|старт
        how are you( doing)?|are you (there|here)|(is )?any(one|body) (here|there)
        test|ping|start""",
    "thanks": r"""
        (это |ответ )*(не )?(помог(ло|ла)?|полезно)|молодец|умница|good bot|well done""",
    "order": r"""
        (\w+ ){0,3}(анекдот|шутк|стих|сказк)\w*( \w+){0,4}
        (\w+ ){0,3}(joke|poem|story)( \w+){0,4}""",
    "documents": rf"""
        (а )?((какие|что за|сколько|перечисли(те)?|покажи(те)?|список|все|дай){_HAVE}\
( все| всех| список)* )?(документ|файл|источник|материал)(ы|ов|а)?{_HAVE}
        что( у тебя| у вас)? есть( у тебя| у вас| в базе)?|(о чем|про что) (эти|твои|ваши) документы
        по каким документам( ты)? (отвечаешь|ищешь|работаешь)
        ((what|which|how many|list|show me|show|all)( all)?( of)? )?(the |your )?\
(documents?|files?|sources){_HAVE}
        what do you (have|know)( about)?|what are (these|the|your) documents about""",
    "new": r"""
        (есть )?что( то)?( есть)? (нового|новенького)( у (тебя|вас)| в (документах|базе)| есть)?
        (какие|покажи|есть( ли)?|список)( самые)? (новые|последние|свежие)\
 (документы|файлы)( \w+){0,2}
        что (изменилось|обновилось|добавили|появилось)( нового| в документах| недавно)*
        what (s|is) new( here| today| in the documents)?|what (has )?changed( lately)?
        (what|which|show|list)?( are| me)?( the| any)? ?(new|newest|latest|recent)\
 (documents|files)( \w+){0,2}""",
}
# Anywhere in what is said.
_WITHIN = {
    "secret": r"""
        (твой|твоего|твоем|свой|своего|ваш|вашего)( \w+)? (токен\w*|промпт\w*|ключ api|api ключ)
        (какой|покажи|скажи|дай|назови)( \w+){0,2} (токен|ключ api|api ключ)( бота| телеграм\w*)?$
        (your|the bot s|bot s)( \w+)? (token|api key|system prompt|credentials)
        системн\w+ (промпт|инструкц|сообщен)\w*|(system|your) (prompt|message|instructions)
        у (тебя|вас)( \w+)? (токен|промпт|системный промпт|ключ api)
        (твои|свои) (инструкции|пароли|секреты|настройки)|(твой пароль|your password)$
        (чужие|другие|прошлые) (вопросы|запросы|переписки)|(вопросы|переписк\w+) (других|коллег)$
        (кто|что)( \w+)? (спрашива|писа|задава)л\w*( \w+)? (до меня|у тебя|тебе)
        (who|what)( \w+)? asked( you)? before me""",
    "order": r"""
        (забудь|игнорируй|проигнорируй)(те)?( все| про| о| об)*\
 (предыдущ|прежн|прошл|сво|тво|все)\w*( \w+)? (инструкци|указани|правил|команд)\w*
        (ignore|disregard|forget)( all| any| the| of)* (previous|prior|above|your|earlier)\
( \w+)? (instructions?|rules|prompts?|guidelines)|ignore everything (above|before)
        (ignore|disregard) (all )?(the )?(instructions|prompts?)
        (представь что ты|притворись|веди себя как|отныне ты|ты теперь|теперь ты) \w+
        (act as|pretend (to be|you are)|you are now) \w+""",
}
# What is a document about; a group holds its name.
ABOUT = r"""
    (?:о чем|про что)(?: говорится в| говорит| написано в| идет речь в)?(?: документ| файл)? (.+)
    что (?:это )?за (?:документ|файл) (.+)|что такое (?:документ|файл) (.+)
    что (?:есть |написано |говорится |содержится |сказано )?в (?:документе|файле) (.+)
    (?:опиши|кратко|краткое содержание|содержание|оглавление)(?: документа?| файла?)? (.+)
    (?:о|об|про) (?:документе?|файле?) (.+)
    what (?:is|s) (?:the )?(.+?) about|what does (?:the )?(.+?) (?:cover|contain|describe|say)
    (?:summari[sz]e|describe|outline)(?: the)?(?: document| file)? (.+)
    (?:a |the )?(?:summary|contents|table of contents) of(?: the)?(?: document| file)? (.+)
    (?:what is in|what s in|what is|about) the (?:document|file) (.+)"""


MOST_WORDS = 16  # of a message that a pattern may match as a whole
_LITERAL = re.compile("[a-zа-я]{2,}")


@lru_cache(maxsize=64)
def kind_of(said: str) -> str:
    """The kind of what is said; nothing where no pattern matches."""
    for kind, lines in _WHOLE.items() if said.count(" ") < MOST_WORDS else ():
        if _may_match(lines, said) and compiled(lines).fullmatch(said):
            return kind
    for kind, lines in _WITHIN.items():
        if _may_match(lines, said) and compiled(lines).search(said):
            return kind
    return ""


def name_in(said: str) -> str:
    """The name of a document that it is asked what it is about."""
    if not _may_match(ABOUT, " ".join(said.split()[:2])):
        return ""
    match = compiled(ABOUT).fullmatch(said)
    return next(filter(None, match.groups()), "") if match else ""


@cache
def compiled(lines: str) -> re.Pattern[str]:
    """One pattern of many, a line each; a line that ends in \\ goes on in the next."""
    parts = map(str.strip, lines.replace("\\\n", "").strip().split("\n"))
    return re.compile(rf"\b(?:{'|'.join(parts)})\b")


def _may_match(lines: str, said: str) -> bool:
    """Tell whether a word begins as one of the pattern's: to compile one takes ten milliseconds."""
    return any(word.startswith(_literals(lines)) for word in said.split())


@cache
def _literals(lines: str) -> tuple[str, ...]:
    return tuple(_LITERAL.findall(lines))
