"""Every word that the bot says by itself, in Russian and in English."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """The words of one language; what stands in braces is filled in."""

    language: str
    start: str
    start_group: str
    help: str
    help_admin: str
    placeholder: str
    queued: str
    quotes: str
    quotes_no_server: str
    cut: str
    stopped: str
    interrupted: str
    deadline: str
    empty: str
    no_server: str
    not_ready: str
    internal: str
    full: str
    per_minute: str
    per_day: str
    too_long: str
    only_text: str
    no_question: str
    new: str
    forgotten: str
    nothing_to_stop: str
    nothing_to_retry: str
    nothing_to_show: str
    still_working: str
    no_sources: str
    thanks: str
    not_yours: str
    gone: str
    forgotten_before: str
    pairing: str
    let_in: str
    unknown_command: str
    status: str
    server_up: str
    server_down: str
    server_none: str
    reindexing: str
    reindexed: str
    reindex_busy: str
    reindex_failed: str
    only_admins: str
    upload_receiving: str
    upload_reading: str
    upload_adding: str
    upload_added: str
    upload_pages: str
    upload_known: str
    upload_kind: str
    upload_too_big: str
    upload_mismatch: str
    upload_scan: str
    upload_locked: str
    upload_heavy: str
    upload_damaged: str
    upload_lost: str
    upload_not_saved: str
    upload_not_indexed: str
    button_sources: str
    button_retry: str
    button_stop: str
    description: str
    short_description: str
    commands: tuple[tuple[str, str], ...]
    admin_commands: tuple[tuple[str, str], ...]


RU = Texts(
    language="ru",
    start="Здравствуйте! Я отвечаю на вопросы по документам и показываю, откуда взят ответ.\n"
    "Просто напишите вопрос.",
    start_group="Здравствуйте! Я отвечаю на вопросы по документам и показываю, откуда взят ответ.\n"
    "Чтобы спросить в группе, напишите вопрос после /ask или моего @имени"
    " либо ответьте на моё сообщение.",
    help="Напишите вопрос обычными словами — я найду ответ в документах и назову файл и страницу.\n"
    "\n/ask — задать вопрос в группе\n/new — начать новый разговор\n/retry — ответить ещё раз"
    "\n/stop — остановить ответ\n/sources — показать источники ответа"
    "\n/forget — удалить ваши вопросы, ответы и оценки"
    "\n\nВ группе напишите вопрос после /ask или моего @имени либо ответьте на моё сообщение.",
    help_admin="\n\nАдминистратору:\n/status — состояние\n/reindex — перечитать документы\n"
    "Пришлите мне лично файл pdf, txt, md, html или docx до 20 МБ — добавлю его в документы.",
    placeholder="…",
    queued="⏳ Вопрос принят. Перед вами в очереди: {ahead}.",
    quotes="📄 Цитаты из документов:",
    quotes_no_server="📄 Модель сейчас не отвечает. Вот цитаты из документов:",
    cut="✂️ Ответ достиг наибольшей длины и обрывается здесь.",
    stopped="⏹ Остановлено.",
    interrupted="⏸ Прерываюсь. Допишу ответ здесь после запуска.",
    deadline="⌛ Ответ не успел закончиться: он занимает больше {seconds} с."
    " Попробуйте спросить ещё раз.",
    empty="Модель ничего не ответила. Попробуйте спросить иначе.",
    no_server="Модель сейчас не отвечает. Попробуйте ещё раз немного позже.",
    not_ready="Документы пока не готовы к поиску. Сообщите администратору.",
    internal="Ответить не получилось из-за внутренней ошибки {error}. Попробуйте ещё раз.",
    full="Вы уже ждёте ответов: {count}. Дождитесь их или нажмите /stop.",
    per_minute="Слишком много вопросов: не больше {count} в минуту. Попробуйте чуть позже.",
    per_day="На сегодня вопросов достаточно: не больше {count} в сутки.",
    too_long="Вопрос слишком длинный: в нём {length} знаков, а можно не больше {most}.",
    only_text="Я понимаю только текст. Напишите вопрос словами.",
    no_question="Напишите вопрос в том же сообщении, после /ask или моего имени.",
    new="Начинаем новый разговор.",
    forgotten="Готово: у меня ваши вопросы, ответы и оценки удалены."
    " Сообщения в чате вы можете удалить сами.",
    nothing_to_stop="Здесь останавливать нечего.",
    nothing_to_retry="Повторять пока нечего: вопросов нет.",
    nothing_to_show="Показывать пока нечего: вопросов нет.",
    still_working="Я ещё отвечаю на этот вопрос.",
    no_sources="У этого ответа нет источников.",
    thanks="Спасибо!",
    not_yours="Эта кнопка для того, кто задал вопрос.",
    gone="Этого ответа я уже не помню.",
    forgotten_before="Этот ответ удалён вашей командой /forget.",
    pairing="Доступ только по приглашению. Ваш код: {code}\n"
    "Передайте его администратору; код действует час. Когда вас впустят, я напишу.\n"
    "Ваш id в Telegram: {user}",
    let_in="Вас впустили. Просто напишите вопрос; что я умею: /help",
    unknown_command="Такой команды нет. Список команд: /help",
    status="Последний опрос Telegram: {poll:.0f} с назад\nВ очереди: {waiting}\n"
    "Ждут показа: {final}\nНе разобрано обновлений: {backlog}\nПишется сейчас: {running}\n"
    "Сервер модели: {server}\nОценки за 30 дней: 👍 {liked} 👎 {disliked}",
    server_up="отвечает",
    server_down="не отвечает (почему, скажет opsctl status)",
    server_none="не используется",
    reindexing="Перечитываю документы…",
    reindexed="Готово. Новых: {added}, изменённых: {changed}, удалённых: {removed}, без изменений:"
    " {unchanged}, не прочитано: {failed}.",
    reindex_busy="Индекс сейчас обновляет другая программа. Повторите чуть позже: /reindex",
    reindex_failed="Не получилось. Причина — в журнале: opsctl logs bot",
    only_admins="Добавлять документы может только администратор. Напишите вопрос словами.",
    upload_receiving="⏳ Получаю файл…",
    upload_reading="⏳ Читаю файл…",
    upload_adding="⏳ Добавляю в документы…",
    upload_added="✅ Добавлено: {name}, {pages}отрывков: {passages}.",
    upload_pages="страниц: {pages}, ",
    upload_known="Такой документ уже есть: {name}.",
    upload_kind="Добавить можно только файл pdf, txt, md, html или docx.",
    upload_too_big="Файл больше {most} МБ: такие Telegram ботам не отдаёт. Положите его в папку"
    " с документами и отправьте /reindex.",
    upload_mismatch="Не добавлено: содержимое не похоже на {kind}. Возможно, файл повреждён,"
    " защищён паролем или это другой формат под чужим именем.",
    upload_scan="Не добавлено: в файле нет текста. Если это скан, сначала распознайте его (OCR).",
    upload_locked="Не добавлено: файл защищён паролем. Сохраните копию без пароля.",
    upload_heavy="Не добавлено: файл слишком велик, чтобы его прочитать, — в распакованном виде или"
    " по времени и памяти. Разделите его на части или сохраните иначе.",
    upload_damaged="Не добавлено: файл повреждён или слишком сложен, прочитать его не получилось.",
    upload_lost="Не добавлено: получить файл от Telegram не удалось. Пришлите его ещё раз.",
    upload_not_saved="Не добавлено: файл не удалось сохранить ({reason}).",
    upload_not_indexed="Файл лежит в документах как {name}, но в поиск не попал. Причина —"
    " в журнале: opsctl logs bot. Повторить: /reindex",
    button_sources="📚 Источники",
    button_retry="🔁 Ещё раз",
    button_stop="⏹ Остановить",
    description="Отвечаю на вопросы по документам и называю файл и страницу.",
    short_description="Ответы по документам, с источниками.",
    commands=(
        ("ask", "задать вопрос"),
        ("new", "новый разговор"),
        ("retry", "ответить ещё раз"),
        ("stop", "остановить ответ"),
        ("sources", "источники ответа"),
        ("forget", "удалить мои вопросы и ответы"),
        ("help", "что я умею"),
    ),
    admin_commands=(("status", "состояние"), ("reindex", "перечитать документы")),
)

EN = Texts(
    language="en",
    start="Hello! I answer questions from the documents and show where the answer comes from.\n"
    "Just write your question.",
    start_group="Hello! I answer questions from the documents and show where the answer comes"
    " from.\n"
    "To ask in a group, write your question after /ask or my @name, or reply to my message.",
    help="Ask in plain words: I look into the documents and name the file and the page.\n"
    "\n/ask — ask a question in a group\n/new — start a new conversation"
    "\n/retry — answer once more\n/stop — stop the answer"
    "\n/sources — show the sources of the answer"
    "\n/forget — delete your questions, answers and ratings"
    "\n\nIn a group, write your question after /ask or my @name, or reply to my message.",
    help_admin="\n\nFor administrators:\n/status — how things are"
    "\n/reindex — read the documents anew\n"
    "Send me a pdf, txt, md, html or docx file of up to 20 MB in private: I add it to the"
    " documents.",
    placeholder="…",
    queued="⏳ Got it. In the queue before you: {ahead}.",
    quotes="📄 Quotations from the documents:",
    quotes_no_server="📄 The model does not answer at the moment."
    " These are quotations from the documents:",
    cut="✂️ The answer reached its greatest length and breaks off here.",
    stopped="⏹ Stopped.",
    interrupted="⏸ I have to pause. I will finish the answer here when I am back.",
    deadline="⌛ The answer was not finished: it takes longer than {seconds} s. Please ask again.",
    empty="The model gave no answer. Try to ask in other words.",
    no_server="The model does not answer at the moment. Please try again a little later.",
    not_ready="The documents can not be searched yet. Please tell the administrator.",
    internal="There is no answer because of the internal error {error}. Please try again.",
    full="Answers that you are waiting for: {count}. Wait for them, or press /stop.",
    per_minute="Too many questions: at most {count} a minute. Try a little later.",
    per_day="That is enough for today: at most {count} questions a day.",
    too_long="The question is too long: it has {length} characters, and {most} is the most.",
    only_text="I understand text only. Write the question in words.",
    no_question="Write the question in the same message, after /ask or my name.",
    new="A new conversation begins.",
    forgotten="Done: I keep your questions, answers and ratings no longer."
    " The messages in the chat you can delete yourself.",
    nothing_to_stop="There is nothing to stop here.",
    nothing_to_retry="There is no question to answer once more.",
    nothing_to_show="There is no question whose sources could be shown.",
    still_working="I am still answering this question.",
    no_sources="This answer has no sources.",
    thanks="Thank you!",
    not_yours="This button is for the person who asked.",
    gone="I do not remember that answer any more.",
    forgotten_before="This answer was deleted by your /forget.",
    pairing="By invitation only. Your code: {code}\n"
    "Give it to the administrator; it is valid for an hour. Once you are let in, I will tell you.\n"
    "Your Telegram id: {user}",
    let_in="You have been let in. Just write your question; what I can do: /help",
    unknown_command="There is no such command. See /help",
    status="Last poll of Telegram: {poll:.0f} s ago\nWaiting: {waiting}\nTo be shown: {final}\n"
    "Updates not dealt with: {backlog}\nBeing written: {running}\nModel server: {server}\n"
    "Ratings in 30 days: 👍 {liked} 👎 {disliked}",
    server_up="answers",
    server_down="does not answer (opsctl status says why)",
    server_none="not used",
    reindexing="Reading the documents…",
    reindexed="Done. New: {added}, changed: {changed}, removed: {removed}, unchanged: {unchanged},"
    " not readable: {failed}.",
    reindex_busy="Another program is updating the index now. Try again a little later: /reindex",
    reindex_failed="It failed. The reason is in the log: opsctl logs bot",
    only_admins="Only an administrator can add documents. Write the question in words.",
    upload_receiving="⏳ Receiving the file…",
    upload_reading="⏳ Reading the file…",
    upload_adding="⏳ Adding it to the documents…",
    upload_added="✅ Added: {name}, {pages}passages: {passages}.",
    upload_pages="pages: {pages}, ",
    upload_known="There is such a document already: {name}.",
    upload_kind="Only a pdf, txt, md, html or docx file can be added.",
    upload_too_big="The file is larger than {most} MB: Telegram gives no such file to a bot. Put it"
    " into the documents folder and send /reindex.",
    upload_mismatch="Not added: the content does not look like {kind}. Perhaps the file is damaged,"
    " protected with a password, or of another format under this name.",
    upload_scan="Not added: there is no text in the file. If it is a scan, run OCR first.",
    upload_locked="Not added: the file is protected with a password. Save a copy without one.",
    upload_heavy="Not added: the file is too large to be read, unpacked or in time and memory."
    " Divide it, or save it in another way.",
    upload_damaged="Not added: the file is damaged or too complex, it can not be read.",
    upload_lost="Not added: the file could not be fetched from Telegram. Please send it again.",
    upload_not_saved="Not added: the file could not be saved ({reason}).",
    upload_not_indexed="The file is in the documents as {name}, but can not be found. The reason is"
    " in the log: opsctl logs bot. To try again: /reindex",
    button_sources="📚 Sources",
    button_retry="🔁 Retry",
    button_stop="⏹ Stop",
    description="I answer questions from the documents and name the file and the page.",
    short_description="Answers from the documents, with sources.",
    commands=(
        ("ask", "ask a question"),
        ("new", "new conversation"),
        ("retry", "answer once more"),
        ("stop", "stop the answer"),
        ("sources", "sources of the answer"),
        ("forget", "delete my questions and answers"),
        ("help", "what I can do"),
    ),
    admin_commands=(("status", "how things are"), ("reindex", "read the documents anew")),
)


def texts_for(language_code: str | None) -> Texts:
    """The words for a person whose Telegram speaks this language; English for all but Russian."""
    return RU if (language_code or "").lower().startswith("ru") else EN
