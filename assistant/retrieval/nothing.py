"""What is said where the documents hold no answer."""

from assistant.question.clean import is_russian

_RUSSIAN = (
    "Ответа в документах не нашёл.",
    "Попробуйте спросить короче, о чём-то одном и теми словами, что могут стоять в документе."
    " Что у меня есть, покажет вопрос «какие документы есть?».",
    " Если не поможет, обратитесь сюда: {contact}",
)
_ENGLISH = (
    "I found no answer in the documents.",
    "Try fewer words, one thing at a time, and the words that the document itself may use."
    " “Which documents are there?” shows what I have.",
    " If that does not help, you can turn to: {contact}",
)


def nothing_found(question: str) -> str:
    """That there is no answer, in the language of the question."""
    return _words(question)[0]


def advice(question: str, contact: str) -> str:
    """How to ask better, and whom."""
    _, how, whom = _words(question)
    return how + (whom.format(contact=contact) if contact else "")


def _words(question: str) -> tuple[str, str, str]:
    return _RUSSIAN if is_russian(question) else _ENGLISH
