"""Contacts (vCard) and calendars (iCalendar): fields with the labels that people search by."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path

from indexer.readers.letters.encoding import guess
from indexer.readers.mail.letter import day, is_russian
from indexer.readers.markup.lines import text_of
from indexer.readers.page import Page, Unreadable
from indexer.readers.sections import Sections

_LINE = re.compile(r"(?:[\w-]+\.)?([\w-]+)((?:;[^:;\"]*(?:\"[^\"]*\"[^:;\"]*)*)*):(.*)", re.DOTALL)
_PARAMETER = re.compile(r"([\w-]+)=(\"[^\"]*\"|[^;]*)|([\w-]+)")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_PARTED = re.compile(r"(?<!\\);")
_MOMENT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d)(?::?\d\d)?(Z)?)?")
_BIRTHDAY = re.compile(r"--(\d\d)-?(\d\d)")

Labels = dict[str, tuple[str, str]]
# Names in the files: labels in Russian and in English.
_CARD = {
    "ORG": ("Организация", "Organization"), "TITLE": ("Должность", "Job title"),
    "ROLE": ("Роль", "Role"), "TEL": ("Телефон", "Phone"), "EMAIL": ("Почта", "Email"),
    "ADR": ("Адрес", "Address"), "BDAY": ("День рождения", "Birthday"), "URL": ("Сайт", "Website"),
    "NICKNAME": ("Псевдоним", "Nickname"), "IMPP": ("Мессенджер", "Messenger"),
    "CATEGORIES": ("Группа", "Group"), "NOTE": ("Примечание", "Note"),
    "X-TELEGRAM": ("Telegram", "Telegram"),
}  # fmt: skip
_EVENT = {
    "DTSTART": ("Начало", "Start"), "DTEND": ("Конец", "End"), "DUE": ("Срок", "Due"),
    "DURATION": ("Длится", "Duration"), "RRULE": ("Повторяется", "Repeats"),
    "LOCATION": ("Место", "Location"), "ORGANIZER": ("Организатор", "Organizer"),
    "ATTENDEE": ("Участник", "Attendee"), "CONTACT": ("Контакт", "Contact"),
    "STATUS": ("Статус", "Status"), "URL": ("Сайт", "Website"),
    "CATEGORIES": ("Группа", "Group"), "DESCRIPTION": ("Описание", "Description"),
    "COMMENT": ("Примечание", "Note"),
}  # fmt: skip
_KINDS = {
    "CELL": ("мобильный", "mobile"), "WORK": ("рабочий", "work"), "HOME": ("домашний", "home"),
    "FAX": ("факс", "fax"),
}  # fmt: skip
_EVERY = {
    "DAILY": ("каждый день", "every day"), "WEEKLY": ("каждую неделю", "every week"),
    "MONTHLY": ("каждый месяц", "every month"), "YEARLY": ("каждый год", "every year"),
}  # fmt: skip
_DAYS = {
    "MO": ("понедельник", "Monday"), "TU": ("вторник", "Tuesday"), "WE": ("среда", "Wednesday"),
    "TH": ("четверг", "Thursday"), "FR": ("пятница", "Friday"), "SA": ("суббота", "Saturday"),
    "SU": ("воскресенье", "Sunday"),
}  # fmt: skip
_STATUS = {
    "CANCELLED": ("отменено", "cancelled"), "TENTATIVE": ("под вопросом", "tentative"),
    "CONFIRMED": ("подтверждено", "confirmed"), "COMPLETED": ("выполнено", "completed"),
}  # fmt: skip
MOST_GUESTS = 50


@dataclass
class _Property:
    name: str
    parameters: dict[str, list[str]]
    value: str


@dataclass
class _Item:
    """A card or an event: what stands between its BEGIN and its END."""

    kind: str
    properties: list[_Property] = field(default_factory=list)

    def first(self, *names: str) -> str:
        found = (each.value for name in names for each in self.properties if each.name == name)
        return next(filter(None, (" ".join(_unescaped(value).split()) for value in found)), "")


def contacts(path: Path) -> Iterator[Page]:
    """A section a contact, under the name of the person."""
    yield from _pages(path, ("VCARD",), _CARD)


def calendar(path: Path) -> Iterator[Page]:
    """A section an event or a task, under what it is called."""
    yield from _pages(path, ("VEVENT", "VTODO", "VJOURNAL"), _EVENT)


def _pages(path: Path, kinds: tuple[str, ...], labels: Labels) -> Iterator[Page]:
    text = text_of(path, "contacts and calendars")
    if not re.search(r"^\s*BEGIN:V", text, re.IGNORECASE):
        raise Unreadable("damaged: it does not begin with BEGIN:VCARD or BEGIN:VCALENDAR")
    sections, russian = Sections(), is_russian(text)
    for item in _items(text):
        if item.kind in kinds:
            _add(item, labels, sections, russian)
            yield from sections.take()
    yield from sections.take(last=True)


def _add(item: _Item, labels: Labels, sections: Sections, russian: bool) -> None:
    name = item.first("FN", "SUMMARY") or _name(item) or item.first("ORG", "EMAIL", "TEL")
    sections.heading(1, name)
    if item.kind == "VCARD":
        sections.add(f"{'Имя' if russian else 'Name'}: {name}", "field")
    guests = 0
    for wanted, both in labels.items():
        for each in (each for each in item.properties if each.name == wanted):
            guests += wanted == "ATTENDEE"
            if guests > MOST_GUESTS and wanted == "ATTENDEE":
                continue
            value = _said(each, russian)
            label = both[0 if russian else 1]
            if value:
                sections.add(f"{label}{_kind(each, russian)}: {value}", "field")


def _name(item: _Item) -> str:
    """A name in the order in which people say it, out of its parts."""
    parts = [_unescaped(part) for part in _PARTED.split(next(
        (each.value for each in item.properties if each.name == "N"), ""
    ))]  # fmt: skip
    return " ".join(" ".join([*parts[1:3], *parts[:1]]).split())


def _said(each: _Property, russian: bool) -> str:
    """A value as people write it."""
    value, language = each.value, 0 if russian else 1
    if each.name in ("DTSTART", "DTEND", "DUE", "BDAY"):
        return _moment(each, russian)
    if each.name == "RRULE":
        return _repeats(value, language)
    if each.name == "STATUS":
        return _STATUS.get(value.upper(), ("", ""))[language]
    if each.name in ("ORGANIZER", "ATTENDEE"):
        name = " ".join(each.parameters.get("CN", [])).strip('"')
        address = re.sub("(?i)^mailto:", "", value)
        return f"{name} <{address}>" if name and name != address else address
    if each.name in ("ADR", "ORG"):
        parts = (_unescaped(part).strip() for part in _PARTED.split(value))
        return ", ".join(" ".join(part.split()) for part in parts if part)
    value = re.sub("(?i)^(?:tel|mailto):", "", value) if each.name in ("TEL", "EMAIL") else value
    return "\n".join(" ".join(line.split()) for line in _unescaped(value).split("\n")).strip()


def _kind(each: _Property, russian: bool) -> str:
    if each.name not in ("TEL", "ADR", "EMAIL") or (each.name != "TEL" and russian):
        return ""  # "почта рабочий": the words do not agree
    told = ",".join(each.parameters.get("TYPE", [])).strip('"').upper().split(",")
    found = [_KINDS[kind][0 if russian else 1] for kind in told if kind in _KINDS]
    return f" ({', '.join(found)})" if found else ""


def _moment(each: _Property, russian: bool) -> str:
    if yearly := _BIRTHDAY.match(each.value):
        return f"{yearly[2]}.{yearly[1]}"
    found = _MOMENT.match(each.value)
    if not found:
        return _unescaped(each.value).strip()
    year, month, date, hour, minute = (int(part or 0) for part in found.groups()[:5])
    try:
        written = day(datetime(year, month, date), russian)
    except ValueError:
        return each.value
    zone = " UTC" if found[6] else "".join(f" ({zone})" for zone in each.parameters.get("TZID", []))
    return f"{written} {hour:02}:{minute:02}{zone}" if found[4] else written


def _repeats(value: str, language: int) -> str:
    rule = dict(part.partition("=")[::2] for part in value.upper().split(";"))
    days = [_DAYS[name][language] for name in rule.get("BYDAY", "").split(",") if name in _DAYS]
    said = [_EVERY.get(rule.get("FREQ", ""), ("", ""))[language], ", ".join(days)]
    return ": ".join(filter(None, said))


def _items(text: str) -> Iterator[_Item]:
    """The cards, events and tasks; alarms in them are left out."""
    open_items: list[_Item] = []
    for each in _properties(text):
        if each.name == "BEGIN":
            open_items.append(_Item(each.value.strip().upper()))
        elif each.name == "END":
            if open_items:
                yield open_items.pop()
        elif open_items:
            open_items[-1].properties.append(each)
    yield from reversed(open_items)


def _properties(text: str) -> Iterator[_Property]:
    lines = iter(re.sub(r"\r?\n[ \t]", "", text).splitlines())
    for line in lines:
        found = _LINE.match(line)
        if not found:
            continue
        parameters: dict[str, list[str]] = {}
        for name, value, alone in _PARAMETER.findall(found[2]):
            parameters.setdefault((name or "TYPE").upper(), []).append(value or alone)
        name, value = found[1].upper(), found[3]
        told = chain.from_iterable(parameters.values())
        if any(each.upper() == "QUOTED-PRINTABLE" for each in told):
            while value.endswith("=") and (more := next(lines, None)) is not None:
                value = value[:-1] + more
            value = _unquoted(value, parameters)
        yield _Property(name, parameters, value)


def _unquoted(value: str, parameters: dict[str, list[str]]) -> str:
    data = quopri.decodestring(value.encode())
    try:
        return data.decode((parameters.get("CHARSET") or ["utf-8"])[0].strip('"'))
    except (LookupError, UnicodeError):
        return data.decode(guess(data), "replace")


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
