"""Every word that the bot says by itself, in Russian and in English."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """The words of one language; what stands in braces is filled in."""

    language: str
    start: str
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
    new: str
    forgotten: str
    nothing_to_stop: str
    nothing_to_retry: str
    still_working: str
    no_sources: str
    thanks: str
    not_yours: str
    gone: str
    pairing: str
    unknown_command: str
    status: str
    reindexing: str
    reindexed: str
    reindex_failed: str
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
    help="Напишите вопрос обычными словами — я найду ответ в документах и назову файл и страницу.\n"
    "\n/new — начать новый разговор\n/retry — ответить ещё раз\n/stop — остановить ответ"
    "\n/sources — показать источники ответа\n/forget — удалить всё, что я о вас помню"
    "\n\nВ группе обращайтесь ко мне через @имя, ответом на моё сообщение или командой.",
    help_admin="\n\nАдминистратору:\n/status — состояние\n/reindex — перечитать документы",
    placeholder="…",
    queued="⏳ Вопрос принят. Перед вами в очереди: {ahead}.",
    quotes="📄 Цитаты из документов:",
    quotes_no_server="📄 Модель сейчас не отвечает. Вот цитаты из документов:",
    cut="✂️ Ответ достиг наибольшей длины и обрывается здесь.",
    stopped="⏹ Остановлено.",
    interrupted="⏸ Перезапускаюсь. Ответ скоро будет здесь.",
    deadline="⌛ Ответ не успел закончиться: он занимает больше {seconds} с."
    " Попробуйте спросить ещё раз.",
    empty="Модель ничего не ответила. Попробуйте спросить иначе.",
    no_server="Модель сейчас не отвечает. Попробуйте ещё раз немного позже.",
    not_ready="Документы пока не готовы к поиску. Сообщите администратору.",
    internal="Ответить не получилось из-за внутренней ошибки {error}. Попробуйте ещё раз.",
    full="Вы уже ждёте {count} ответа. Дождитесь их или нажмите /stop.",
    per_minute="Слишком много вопросов: не больше {count} в минуту. Попробуйте чуть позже.",
    per_day="На сегодня вопросов достаточно: не больше {count} в сутки.",
    too_long="Вопрос слишком длинный: в нём {length} знаков, а можно не больше {most}.",
    only_text="Я понимаю только текст. Напишите вопрос словами.",
    new="Начинаем новый разговор.",
    forgotten="Готово: ваши вопросы, ответы и оценки удалены.",
    nothing_to_stop="Останавливать нечего.",
    nothing_to_retry="Повторять пока нечего: вопросов ещё не было.",
    still_working="Я ещё отвечаю на этот вопрос.",
    no_sources="У последнего ответа нет источников.",
    thanks="Спасибо!",
    not_yours="Эта кнопка для того, кто задал вопрос.",
    gone="Этого ответа я уже не помню.",
    pairing="Доступ только по приглашению. Ваш код: {code}\n"
    "Передайте его администратору; код действует час.",
    unknown_command="Такой команды нет. Список команд: /help",
    status="Последний опрос Telegram: {poll:.0f} с назад\nВ очереди: {waiting}\n"
    "Ждут показа: {final}\nНе разобрано обновлений: {backlog}\nПишется сейчас: {running}\n"
    "Сервер модели: {server}\nОценки за 30 дней: 👍 {liked} 👎 {disliked}",
    reindexing="Перечитываю документы…",
    reindexed="Готово. Новых: {added}, изменённых: {changed}, удалённых: {removed}, без изменений:"
    " {unchanged}, не прочитано: {failed}.",
    reindex_failed="Не получилось: {reason}",
    button_sources="📚 Источники",
    button_retry="🔁 Ещё раз",
    button_stop="⏹ Остановить",
    description="Отвечаю на вопросы по документам и называю файл и страницу.",
    short_description="Ответы по документам, с источниками.",
    commands=(
        ("new", "новый разговор"),
        ("retry", "ответить ещё раз"),
        ("stop", "остановить ответ"),
        ("sources", "источники ответа"),
        ("forget", "удалить мои данные"),
        ("help", "что я умею"),
    ),
    admin_commands=(("status", "состояние"), ("reindex", "перечитать документы")),
)

EN = Texts(
    language="en",
    start="Hello! I answer questions from the documents and show where the answer comes from.\n"
    "Just write your question.",
    help="Ask in plain words: I look into the documents and name the file and the page.\n"
    "\n/new — start a new conversation\n/retry — answer once more\n/stop — stop the answer"
    "\n/sources — show the sources of the answer\n/forget — delete all I know about you"
    "\n\nIn a group, call me by @name, by a reply to my message or by a command.",
    help_admin="\n\nFor administrators:\n/status — how things are"
    "\n/reindex — read the documents anew",
    placeholder="…",
    queued="⏳ Got it. In the queue before you: {ahead}.",
    quotes="📄 Quotations from the documents:",
    quotes_no_server="📄 The model does not answer at the moment."
    " These are quotations from the documents:",
    cut="✂️ The answer reached its greatest length and breaks off here.",
    stopped="⏹ Stopped.",
    interrupted="⏸ I am restarting. The answer will be here soon.",
    deadline="⌛ The answer was not finished: it takes longer than {seconds} s. Please ask again.",
    empty="The model gave no answer. Try to ask in other words.",
    no_server="The model does not answer at the moment. Please try again a little later.",
    not_ready="The documents can not be searched yet. Please tell the administrator.",
    internal="There is no answer because of the internal error {error}. Please try again.",
    full="You are waiting for {count} answers already. Wait for them, or press /stop.",
    per_minute="Too many questions: at most {count} a minute. Try a little later.",
    per_day="That is enough for today: at most {count} questions a day.",
    too_long="The question is too long: it has {length} characters, and {most} is the most.",
    only_text="I understand text only. Write the question in words.",
    new="A new conversation begins.",
    forgotten="Done: your questions, answers and ratings are deleted.",
    nothing_to_stop="There is nothing to stop.",
    nothing_to_retry="There is no question yet to answer once more.",
    still_working="I am still answering this question.",
    no_sources="The last answer has no sources.",
    thanks="Thank you!",
    not_yours="This button is for the person who asked.",
    gone="I do not remember that answer any more.",
    pairing="By invitation only. Your code: {code}\n"
    "Give it to the administrator; it is valid for an hour.",
    unknown_command="There is no such command. See /help",
    status="Last poll of Telegram: {poll:.0f} s ago\nWaiting: {waiting}\nTo be shown: {final}\n"
    "Updates not dealt with: {backlog}\nBeing written: {running}\nModel server: {server}\n"
    "Ratings in 30 days: 👍 {liked} 👎 {disliked}",
    reindexing="Reading the documents…",
    reindexed="Done. New: {added}, changed: {changed}, removed: {removed}, unchanged: {unchanged},"
    " not readable: {failed}.",
    reindex_failed="It failed: {reason}",
    button_sources="📚 Sources",
    button_retry="🔁 Retry",
    button_stop="⏹ Stop",
    description="I answer questions from the documents and name the file and the page.",
    short_description="Answers from the documents, with sources.",
    commands=(
        ("new", "new conversation"),
        ("retry", "answer once more"),
        ("stop", "stop the answer"),
        ("sources", "sources of the answer"),
        ("forget", "delete my data"),
        ("help", "what I can do"),
    ),
    admin_commands=(("status", "how things are"), ("reindex", "read the documents anew")),
)


def texts_for(language_code: str | None) -> Texts:
    """The words for a person whose Telegram speaks this language; English for all but Russian."""
    return RU if (language_code or "").lower().startswith("ru") else EN
