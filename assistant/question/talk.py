"""What is answered to messages that say nothing of the documents."""

from collections.abc import Mapping

from assistant.question import patterns, phrases
from assistant.question.clean import is_russian
from assistant.question.courtesy import says, without_courtesy
from indexer.passages.words import words

_TEXTS: Mapping[str, tuple[str, str]] = {
    "greeting": (
        "Здравствуйте! Я отвечаю на вопросы по документам и показываю, откуда взят ответ."
        " Просто напишите вопрос.",
        "Hello! I answer questions from the documents and show where the answer comes from."
        " Just write a question.",
    ),
    "thanks": (
        "Пожалуйста! Если есть ещё вопрос, просто напишите его.",
        "You are welcome! If there is another question, just write it.",
    ),
    "courtesy": (
        "Слушаю вас. Напишите сам вопрос, например: «Как оформить командировку?»",
        "I am listening. Write the question itself, such as “How do I book a business trip?”",
    ),
    "who": (
        "Я бот-помощник: ищу ответы в документах, которые мне дали, и называю файл и страницу."
        " Сам ничего не придумываю.",
        "I am an assistant: I look for answers in the documents that I was given, and name the file"
        " and the page. I make nothing up.",
    ),
    "help": (
        "Спросите обычными словами, и я найду ответ в документах и назову источник. Ещё можно"
        " спросить:\n— какие документы есть;\n— о чём документ и его название;\n— что нового;"
        "\n— пункт 2.2 и название документа;\n— какие приказы были в 2026 году.",
        "Ask in plain words: I look the answer up in the documents and name its source. You can"
        " also ask:\n— which documents there are;\n— what a document, by its name, is about;"
        "\n— what is new;\n— clause 2.2 of a document;\n— which orders of 2026 there are.",
    ),
    "contact": ("Обратитесь сюда: {contact}", "You can turn to: {contact}"),
    "no contact": (
        "К сожалению, мне не сказали, к кому направлять людей. Спросите того, кто дал вам доступ"
        " ко мне.",
        "I was not told whom to send people to, sorry. Please ask the person who gave you access.",
    ),
    "secret": (
        "О своём устройстве, ключах и чужих вопросах я не рассказываю: отвечаю только по"
        " документам.",
        "I do not tell about my own workings, keys or what others asked: I only answer from the"
        " documents.",
    ),
    "order": (
        "Я умею только отвечать на вопросы по документам. Напишите, что в них найти.",
        "All I do is answer questions from the documents. Write what to look for in them.",
    ),
}


def kind_of(message: str) -> str:
    """What a message is that no document is needed to answer; nothing where it is a question."""
    asked = without_courtesy(message)
    if not asked or len("".join(words(asked))) == 1:  # "1" or "а" asks nothing
        return _courtesy(message)
    kinds = (patterns.kind_of(" ".join(words(text))) for text in (asked, message))
    return next((kind for kind in kinds if kind in _TEXTS), "")


def reply(kind: str, message: str, contact: str = "") -> str:
    """What is answered to it, in the language of the message."""
    if kind == "contact" and not contact:
        kind = "no contact"
    russian, english = _TEXTS[kind]
    return (russian if is_russian(message) else english).format(contact=contact)


def _courtesy(message: str) -> str:
    if says(message, phrases.GREETINGS):
        return "greeting"
    return "thanks" if says(message, phrases.THANKS | phrases.HEARD) else "courtesy"
