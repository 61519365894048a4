"""Text layers that are garbage, and pages that only look strange."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from indexer.readers import Unreadable, read
from indexer.readers.letters.garbage import is_garbage
from indexer.readers.letters.misread import code_page, glyphs
from tests.indexer.sample_files import CONTRACT, pdf

RUSSIAN = (
    "Станция стоит на южном берегу острова. Зимой на ней живут одиннадцать человек,\n"
    "летом до двадцати шести. Порядок пожарных учений утверждает комендант, ключ от\n"
    "склада хранит механик, а за страхование имущества отвечает бухгалтер.\n"
    "Если давление в системе упало ниже четырёх, немедленно сообщить теплотехнику."
)
RECOGNISED = {
    "small and capital": """IIopa10K mpoBefeHHsi WHCTpyKTakKa Mo oxpaHe Tpyfa
Pa6oTHHK OOs3aH CoOJIOaTb TpeOoBaHHA HHCTPyKIMH, HeEMe IeHHO COOOMIaTb
pyKoBoMTemO OO KaxKIOM HeCUaCTHOM CJly4ae, MpoxosHTb OOyueHHe OesomacHEIM MeToam""",
    "look-alike": """nopnAok cTpaxoBaHnn nMyw,ecTBa npeAnpnnTnn yTBepwAaeTcn AnpeKTopoM
no npeACTaBneHnio rnaBHoro 6yxranTepa He no3AHee TpeTbero nncna KaWAoro MecnLa""",
    "capitals": """CTPAXOBAHHE HMYIIIECTBA IIPEAIIPHATHA HOPAAOK OIIJIATbI TPYAA
PABOTHHKOB KPAHHErO CEBEPA YTBEPWAEH IIPHKA3OM AHPEKTOPA BCTYIIAET B CHJIY""",
}
ENGLISH = (
    "The research vessel was launched in 1989 and thoroughly refitted in 2021. There are berths\n"
    "for 31 crew and 38 scientists, and ice stores allow the ship to remain at sea for 45 days."
)
TAKEN_FOR_RUSSIAN = """ТЬе гезеагсВ уеззе] м’аз 1аипсВе4 ш 1989 ап4 Погоч9Шу гейцеа шт 2021.
ТБеге аге Бег $ Юг 31 сгем/ апа 38 3с1еп${5$, апа 1е зогез аПом {Ве зЫр {0 геглайп аё зеа.
Оп еуегу уоуаде Фе зслепИийс рацу 13 1е4 Бу а спизе 1еа4ег. СБапдез айег {та Вог пеед {Пе
адтеетепь оЁ Бо! Ше сги1зе 1еа4ег апа {те оЁйсег оЁ {Ье улпсВ. Сотпептз аге геад еуегу тоги."""
_RANDOM = Random(5)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
GOOD = {
    "Russian": RUSSIAN,
    "contract": CONTRACT,
    "English": "The station stands on the southern shore of the island, eleven people live there. "
    "In summer there are up to twenty-six of them, with the parties that work in the field.",
    "German": "Die Forschungsstation liegt am südlichen Ufer der Insel; dort überwintern elf "
    "Menschen. Für Ausrüstung und Übungen ist der Geschäftsführer zuständig, größtenteils auch Öl.",
    "French": "L'été, la société emploie près de vingt-six personnes; où là-bas, ça dépend de "
    "l'arrivée du bateau. À côté, les élèves étaient très fatigués, même gênés par la fumée.",
    "Polish capitals": "WSZYSCY LUDZIE RODZĄ SIĘ WOLNI I RÓWNI POD WZGLĘDEM SWEJ GODNOŚCI I SWYCH "
    "PRAW. SĄ ONI OBDARZENI ROZUMEM I SUMIENIEM I POWINNI POSTĘPOWAĆ WOBEC INNYCH",
    "Ukrainian": "Україна є суверенна і незалежна, демократична, соціальна, правова держава. Її "
    "суверенітет поширюється на всю територію; ґанок, їжак, єдність, щоб зберегти обличчя.",
    "Kazakh": "Қазақстан Республикасы өзін демократиялық, зайырлы, құқықтық және әлеуметтік "
    "мемлекет ретінде орнықтырады, оның ең қымбат қазынасы адам және адамның өмірі.",
    "Russian in Latin letters": "Segodnya my rassmotrim voprosy strakhovaniya i poryadok oplaty "
    "truda rabotnikov predpriyatiya v usloviyakh krajnego severa. Zayavka podaetsya zaranee.",
    "code": "getElementById setAttribute XMLHttpRequest innerHTML parseInt toString IOException "
    "BufferedReader OutputStreamWriter ConcurrentHashMap KMeansClustering BTreeMap addBefore",
    "abbreviations": "HTTP DNS DHCP SMTP IMAP POP3 FTP SSH TLS VPN NAT ARP ICMP BGP OSPF RIP MPLS "
    "VLAN ACL NTP SNMP HTML CSS XML JSON YAML CSV KB MB GB KYC AML CAPEX OPEX EBITDA KPI CEO HR",
    "part numbers": "KT315B KT361G KP303E D226B KD522A MP42B GT308V K155LA3 K561IE8 KR580VM80A "
    "K176IE4 AL307BM D814A KS156A KU202N TS106 KT817G KT818G KD213A A123BC77 H456KX199 E789TT97",
    "chemistry": "NaHCO3 C6H12O6 H2SO4 KMnO4 Ca(OH)2 HNO3 CH3COOH C2H5OH NH4NO3 Fe2O3 Al2O3 K2CrO4 "
    "CuSO4 BaCl2 AgNO3 PbO2 MnO2 K3PO4 CaCO3 Na2CO3 KCl HCl NaOH KOH ZnSO4 TiO2 SiO2 P2O5",
    "formulas": "H(X) = \uf02d\uf053 p(x) log p(x), ∂f/∂x = 2αx + β; ∑ xᵢ ≥ 0, ∀ε > 0 ∃δ: |x − a| "
    "⇒ |f(x) − A| < ε; OA \uf02b OB \uf03d OC; E = mc², rank(AB) ≤ min(rank A, rank B)",
    "digits": "\n".join(f"{n} {n * n} {n * 17 % 1009},{n % 7}{n % 5}" for n in range(100, 160)),
    "random letters": " ".join("".join(_RANDOM.choices(_LETTERS, k=8)) for _ in range(90)),
    "music": "\x01 \x01 \x04 Jesu, meine Freude \x05 \x06 \x01 mf \x07 ff \x04 pp Johann \x01 Bach",
    "points": "D./Dña………………………… con número de D.N.I. o pasaporte ………………………, nacido el ……… de ………… "
    "de ………………, con localidad de nacimiento …………………… y domicilio en ………………………………, año ……… señor",
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_pages_that_people_write_are_left_as_they_are(text: str) -> None:
    assert not is_garbage(text)
    assert not code_page(text)
    assert not glyphs(text)


@pytest.mark.parametrize("text", RECOGNISED.values(), ids=RECOGNISED)
def test_a_page_of_russian_recognised_as_english_counts_as_one_without_text(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([RUSSIAN, text]))
    first, second = read(path)
    assert first.text.startswith("Станция")
    assert (second.text, second.number) == ("", 2)
    path.write_bytes(pdf([text]))
    with pytest.raises(Unreadable, match=r"its only page: a (?:scan|picture)"):
        list(read(path))


def test_a_page_of_english_recognised_as_russian_counts_as_one_without_text(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([RUSSIAN, TAKEN_FOR_RUSSIAN]))
    first, second = read(path)
    assert first.text.startswith("Станция")
    assert (second.text, second.number) == ("", 2)


def test_english_with_some_cyrillic_letters_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([ENGLISH.translate(str.maketrans("aeoT", "аеоТ"))]))
    (page,) = read(path)
    assert page.text == " ".join(ENGLISH.split())


@pytest.mark.parametrize(
    "text",
    [
        RUSSIAN.replace("с", "c"),  # in Russian words the search takes them for Cyrillic ones
        f"{ENGLISH}\nIts registration number is АВ-1989, its home port СССР, its code X5А.",
    ],
)
def test_words_of_both_alphabets_are_left_as_they_are(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([text]))
    assert "".join("".join(page.text.split()) for page in read(path)) == "".join(text.split())


def test_a_page_of_numbers_without_letters_counts_as_one_without_text(tmp_path: Path) -> None:
    numbers = {letter: chr(0xE100 + at) for at, letter in enumerate(sorted({*RUSSIAN} - {*"\n "}))}
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([RUSSIAN, "".join(numbers.get(letter, letter) for letter in RUSSIAN)]))
    assert [bool(page.text) for page in read(path)] == [True, False]


def _taken(text: str, meant: str, taken: str) -> str:
    return text.encode(meant).decode(taken)


def _glyph_numbers(text: str) -> str:
    """As pdfium gives the letters of a font from Windows that does not say what they are."""
    cyrillic = {chr(ord("А") + at): chr(0x3A + at) for at in range(64)} | {"ё": "z"}
    return "".join(
        cyrillic.get(letter, letter if letter in " \n" else chr(ord(letter) - 29))
        for letter in text
    )


MISREAD = {
    "cp1251 as latin-1": _taken(RUSSIAN, "cp1251", "latin-1"),
    "koi8-r as latin-1": _taken(RUSSIAN, "koi8-r", "latin-1"),
    "cp1251 as mac_roman": _taken(RUSSIAN, "cp1251", "mac_roman"),
    "cp1251 as private use": "".join(
        chr(0xF000 + byte) if byte > 0x7F else chr(byte) for byte in RUSSIAN.encode("cp1251")
    ),
    "glyphs": _glyph_numbers(RUSSIAN),
}


@pytest.mark.parametrize("text", MISREAD.values(), ids=MISREAD)
def test_russian_by_wrong_numbers_is_read_as_it_is_meant(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(pdf([text]))
    (page,) = read(path)
    assert " ".join(page.text.split()) == " ".join(RUSSIAN.split())
