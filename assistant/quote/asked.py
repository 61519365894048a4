"""What a question asks for: its words with their weights, and the kind of value it wants."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from indexer.passages.forms import exact_forms
from indexer.passages.words import content_words, stem, words

JOINING = 0.1  # the share of its weight that is left to a word that only joins others
# Those that are verbs, too, are left out: march, may.
RUSSIAN_MONTH = "январ|феврал|март|апрел|июн|июл|август|сентябр|октябр|ноябр|декабр"
ENGLISH_MONTH = "january|february|april|june|july|august|september|october|november|december"
_MONTH = f"{RUSSIAN_MONTH}|ма[йея]|{ENGLISH_MONTH}|march|may"
_DAY = (
    "понедельник|вторник|сред[аыу]|четверг|пятниц|суббот|воскресень|выходн|будн|ежедневн|monday"
    "|tuesday|wednesday|thursday|friday|saturday|sunday|daily|weekday|weekend"
)
_NUMERAL = (
    r"(?:один|одн(?:а|о|у|ой|ого|ому|им|ом)|дв(?:а|е|ух|ум|умя|ое|ести|ухсот)|тр(?:и|[её]х|[её]м|емя|ое|иста)"
    r"|четыр(?:е|[её]х|[её]м|ьмя|еста)|(?:пят|шест|сем|восем|девят|десят|\w+надцат|двадцат|тридцат)ь"
    r"|(?:пят|шест|сем|восьм|девят|десят|\w+надцат|двадцат|тридцат)(?:и|ью)"
    r"|(?:пят|шест|сем|восем)ь(?:десят|сот|ю)|сорока?|девяност[оа]|сто|ста|тысяч\w*|половин\w|полтор[аы]"
    r"|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|hundreds?|half)\b"
)
_NAME = (
    r"[А-ЯЁ][а-яё]+ (?:[А-ЯЁ]\. ?){1,2}|(?:[А-ЯЁ]\. ?){2}[А-ЯЁ][а-яё]+|[А-ЯЁ][а-яё]+ [А-ЯЁ][а-яё]+"
    r"|(?:[A-Z]\. ?)+[A-Z][a-z]+|[A-Z][a-z]+ [A-Z][a-z]+"
)
# By kind of value: how it is asked for, and how a text looks that tells it.
_KINDS = {
    "phone": (
        r"\b((номер )?телефон\w*|номер(?! (приказа|договора|протокола))|позвонить|звонить|phone"
        r"|telephone|call|extension)\b",
        r"\+?\d[\d ()-]{4,}\d|\b(вн|доб|тел|ext)\.? ?\d+|телефон|phone",
    ),
    "mail": (r"\b(почт[аыу]|e-?mail|емейл|имейл)\b", r"\w@\w"),
    "when": (
        r"\b(когда|(во|до|со?) скольк[ои]|в котором часу|((до|с|со|к|от) )?какого числа"
        r"|до какого|с какого|срок\w*|дат[аыу]|расписани\w+|график|часы|режим|в какой день"
        r"|в каком году|when|what (time|date|day|year)|deadline|opening hours|how (long|often))\b",
        rf"\b({_MONTH}|{_DAY})|\d{{1,2}}[:.]\d\d\b|\b(1\d|20)\d\d\b"
        rf"|(\d+|\b{_NUMERAL})\s*(дн|час|мин|недел|месяц|лет|год|числ|day|hour|min|week|month|year)"
        r"|\b(дн[ейя]+|час\w*|недел\w+|месяц\w*) ",
    ),
    "price": (
        r"\b(цен[аыу]|стоит|стоят|стоить|стоимость|обойд[её]тся|поч[её]м|тариф\w*|плат(а|ить|ят)"
        r"|price|costs?|fee|rate|pay)\b",
        r"(цен[аыу]|стоит|стоимост|тариф|price|cost|fee|rate)\b.{0,60}\d|\d[\d ,.]*\s?(тыс|млн|млрд"
        r"|руб|р\.|₽|коп|€|\$|£|eur|usd|rouble|ruble|dollar|euro)|[€$£₽]\s?\d",
    ),
    "amount": (
        r"\b(сколько|скольки|скок[оа]?|размер\w*|суточн\w+|лимит\w*|процент\w*|скидк\w*|при какой"
        r"|какая (температур|высот|длин|ширин|глубин|масс|площад|скорост|мощност|сумм)\w+"
        r"|какая доля|how"
        r" (much|many|far|high|deep|big|large|old|fast|heavy)|number of|percent\w*)\b",
        rf"\d|\b{_NUMERAL}",
    ),
    "number": (
        r"\b(какой номер|номер (приказа|договора|протокола|распоряжения|документа)|каким номером"
        r"|(order|contract) number)\b",
        r"№ ?\w*\d|\bNo\. ?\w*\d",
    ),
    "who": (r"\b(кто|кому|кого|кем|чья|чей|чьё|ответственн\w+|who|whom|whose)\b", _NAME),
    "where": (
        r"\b(где|куда|откуда|адрес\w*|where|address|location)\b",
        r"\b(ул|д|к|каб|комн|ауд)\. ?[\w№]|кабинет|комнат|корпус|этаж|двор|здани|адрес|улиц|room"
        r"|building|floor|street|office|avenue|road",
    ),
    "valid": (
        r"\b(действу\w+|действителен|действительн\w+|отмен\w+|valid|in force|expired?)\b",
        r"\b(действу|утра[чт]|отмен|прекра|valid|in force|repeal|supersed|expire)",
    ),
    "may": (
        r"\b(можно|нельзя|разреш\w+|запре\w+|допуст\w+|обязан\w*|нужно ли|надо ли|can i|may i"
        r"|allowed|must|is it possible)\b",
        r"\b(можно|нельзя|не |только|разреш|запре|допуска|вправе|обязан|may|must|not|only|allowed"
        r"|prohibit|permitted)",
    ),
}
_PATTERNS = {
    kind: (re.compile(asks, re.I), re.compile(tells, 0 if tells is _NAME else re.I))
    for kind, (asks, tells) in _KINDS.items()
}
# Numbers that count nothing: of clauses, dates, years, documents.
_NO_AMOUNT = re.compile(
    rf"^\W*\d+(\.\d+)*[.)]\s|\d{{1,2}}([–-]\d{{1,2}})? ({_MONTH})|\d\d\.\d\d(\.\d{{4}})?"
    r"|\b(19|20)\d\d\b|№ ?\S+",
    re.I | re.M,
)
# Of the words that ask, those that are also what is asked about.
_CONTENT = re.compile(
    r"суточн|лимит|скидк|тариф|график|расписан|режим|почт|приказ|договор|протокол|распоряж|ответств"
    r"|температур|высот|длин|ширин|глубин|масс|площад|скорост|мощност|сумм|дол[яию]"
)
_WHOLE = re.compile(
    r"\b(какие|каковы|перечисл\w+|список|перечень|состав\w*|кто входит|что (нужно|делать|входит"
    r"|взять|надо)|как (?!часто|долго|давно|зовут)\w+|порядок|этап\w*|шаг\w*|документ\w*|which"
    r"|what (are|should|do i|documents)|list|steps?|how (do|to|can|should))\b",
    re.I,
)
# The thing asked for, which a column of a table may be named for: в каком кабинете.
_WANTED = re.compile(
    r"\b(?:как(?:ой|ая|ое|ие|ого|ому|ом|ую|их|им|ими)|which|what|whose|чь[яиюё]|чей)"
    r"(?: is| are| the| у)* (\w{3,})",
    re.I,
)
_JOINING_WORDS = (
    "а без бы в во вы да для до если же за и из или к ко ли мы на над не нет но ну о об он она"
    " они от по под при про с со то ты у уж это этот эта эти тот та те я мне меня нам нас вам вас"
    " его ее их мой моя мое мои свой свои наш наша ваш ваша есть был была было быть будет так там"
    " тут здесь нибудь либо через между перед после еще все a an the of in on at to for from by"
    " with and or not is are was were be been am it its this that these those there i me my we our"
    " you your he she they him his her their if as into about any can could may will would shall"
    " should has have had"
)
_JOINING = frozenset(_JOINING_WORDS.split())
# Verbs of a question are often others than those of the answer; so are adjectives.
_VERB = re.compile(
    r".{2,}(ть|ться|чь|ет|ют|ит|ят|ут|ат|[еи]тся|[юя]тся|[аияеы]л[аои]?|лся|лась|лись|лось|[еи]шь)"
)


@dataclass(frozen=True)
class Asked:
    """The words of a question with their weights, and what kind of value it asks for.

    `forms` are its numbers, dates and codes, `by_kind` the words that only name the kind of value,
    `wanted` those that name the thing; `whole` tells that a list or a procedure is wanted.
    """

    terms: Mapping[str, float]
    forms: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = ()
    by_kind: frozenset[str] = frozenset()
    wanted: frozenset[str] = frozenset()
    whole: bool = False

    def tells(self, text: str) -> bool:
        """Tell whether a text holds a value of a kind that is asked for."""
        return any(
            _PATTERNS[kind][1].search(_NO_AMOUNT.sub(" ", text) if kind == "amount" else text)
            for kind in self.kinds
        )


def understand(question: str, weights: Mapping[str, float]) -> Asked:
    """`weights` are those of stems, as a search gives them."""
    kinds = tuple(kind for kind, (asks, _) in _PATTERNS.items() if asks.search(question))
    asking = (found[0] for kind in kinds for found in _PATTERNS[kind][0].finditer(question))
    terms = {
        word: weights.get(stem(word), 0.0) * (JOINING if word in _JOINING else 1.0)
        for word in content_words(question)
    }
    numbers = (word for word in terms if word.isdigit() and len(word) > 3)
    return Asked(
        terms,
        frozenset([*exact_forms(question), *numbers]),
        kinds,
        frozenset(word for phrase in asking for word in words(phrase) if not _CONTENT.match(word)),
        frozenset(word for phrase in _WANTED.findall(question) for word in words(phrase)),
        bool(_WHOLE.search(question)),
    )


def joins(word: str) -> bool:
    """Tell whether a word of a question only joins others."""
    return word in _JOINING


def is_verb(word: str) -> bool:
    """Guess by its ending whether a Russian word is a verb."""
    return _VERB.fullmatch(word) is not None
