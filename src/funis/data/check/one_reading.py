"""What a cell can only mean: advice is given, and a correction proposed, where there is one reading.

Wrong advice does harm that no check finds later: ``55.000`` for ``55.000.000``, ``5`` for ``5-6``. A text
with two readings, or whose reading rests on a habit of the writer, has none here; a person is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import date

from funis.data.check.date_forms import read_dates
from funis.schema import NOT_DONE

_GROUPS_OF_COMMAS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3}){2,}(?:\.\d+)?|[+-]?[1-9]\d{0,2},\d{3}\.\d+")
_GROUPS_OF_SPACES = re.compile(
    r"[+-]?[1-9]\d{0,2}(?:(?:[ \u00a0\u202f]\d{3}){2,}|(?:['\u00a0\u202f]\d{3})+)(?:\.\d+)?"
)
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_ONE_GROUP = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_POWER = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*[x×*]\s*10\s*(?:\^|\*\*)?\s*(\d{1,2})", re.IGNORECASE)
_TITRE = re.compile(r"1\s*[:/]\s*(\d+)")
_WITH_UNIT = re.compile(r"([+-]?\d+(?:\.\d+)?)(\s*[^\d\s.,+<>=-].*|\s+\d.*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
_NO_VALUE = frozenset({"na", "n/a", "nan", "null", "#n/a", "missing", "unknown", "n.a."})
_NOT_DONE_WORDS = frozenset({"nd", "not done", "not_done", "notdone"})
_YES = {"yes": "1", "y": "1", "true": "1", "no": "0", "n": "0", "false": "0"}
_OTHER_WORDS = frozenset({"m"})
"""Letters that begin another word in another language, alone in a column: m is mujer, a woman, as well."""
_WHOLE_WORD = 5
"""So many letters a word has before one wrong letter leaves no doubt which was meant."""


def one_number(
    text: str, *, unit: str = "", is_titre: bool = False, levels: Collection[str] = (), not_done: bool = False
) -> str | None:
    """Give the only number that a text can be.

    Parameters
    ----------
    text : a cell that is no number as it stands
    unit : unit of the column or the row; the same behind a number is taken away, another is not
    is_titre : the number is a titre: 1:80 is its reciprocal, 80
    levels : the only numbers allowed, as texts
    not_done : ``ND`` may be written

    Returns
    -------
    str or None
        The number as it is written here, ``ND``, or ``""`` for a missing value; None where the text has more
        than one reading or none.

    Examples
    --------
    >>> [one_number(text) for text in ("5,5", "1,234", "55.000.000", "6 x 10^7", "5-6", "120/80")]
    ['5.5', None, None, '6e7', None, None]
    >>> one_number("12 g/dL", unit="g/dL"), one_number("12 g/dL", unit="g/L")
    ('12', None)
    """
    plain = _usual(text)
    word = plain.casefold()
    if not_done and word in _NOT_DONE_WORDS:
        return NOT_DONE
    if word in _NO_VALUE and not not_done:
        return ""
    if set(levels) == {"0", "1"} and word in _YES:
        return _YES[word]
    power, titre, with_unit = (pattern.fullmatch(plain) for pattern in (_POWER, _TITRE, _WITH_UNIT))
    found = None
    if _NUMBER.fullmatch(plain) and plain != text:
        found = plain
    elif _DECIMAL_COMMA.fullmatch(plain) and not _ONE_GROUP.fullmatch(plain):
        found = plain.replace(",", ".")
    elif _GROUPS_OF_COMMAS.fullmatch(plain) or _GROUPS_OF_SPACES.fullmatch(plain):
        found = re.sub(r"[^0-9.+-]", "", plain)
    elif power:
        found = f"{power.group(1)}e{power.group(2)}"
    elif titre and is_titre:
        found = titre.group(1)
    elif with_unit and unit and _unit_form(with_unit.group(2)) == _unit_form(unit):
        found = with_unit.group(1)
    return found if found is None or not levels or found in levels else None


def _usual(text: str) -> str:
    """Give digits and signs their usual width; spaces that do not break stay what they are."""
    return "".join(
        each if each in "\u00a0\u202f" else unicodedata.normalize("NFKC", each) for each in text
    ).replace("\u2212", "-")


def _unit_form(unit: str) -> str:
    return unicodedata.normalize("NFKC", unit).replace(" ", "").replace("^", "").replace("*", "").strip()


def one_date(text: str, orders: Collection[str], latest: date) -> date | None:
    """Give the only day that a text can mean.

    Parameters
    ----------
    text : a cell that is no date as it stands
    orders : what `orders_of` says of the column: the order of day and month of who wrote it
    latest : no date of the column lies after this day

    Returns
    -------
    datetime.date or None
        None where day and month, the century or the way of counting days cannot be told, or where other dates
        of the column can only have the other order.

    Examples
    --------
    >>> day = date(2026, 1, 1)
    >>> one_date("13/04/2024", {"dmy"}, day)
    datetime.date(2024, 4, 13)
    >>> one_date("03/04/2024", set(), day), one_date("12/13/2024", {"mdy", "dmy"}, day)
    (None, None)
    """
    plain = _usual(text)
    if not re.search(r"(?<!\d)(?:19|20)\d{2}(?!\d)|^(?:19|20)\d{6}$|年", plain) or re.fullmatch(
        r"\d{5}(\.0)?", plain
    ):
        return None
    readings = _days(plain)
    if len(readings) != 1 or readings[0] > latest:
        return None
    order = _order(plain)
    return readings[0] if not order or set(orders) <= {order} else None


def orders_of(texts: Iterable[str]) -> set[str]:
    """Give the orders of day and month that dates show which can be read in one way only.

    Examples
    --------
    >>> orders_of(["13.04.2024", "03.04.2024"]), orders_of(["03.04.2024"])
    ({'dmy'}, set())
    """
    return {_order(_usual(each)) for each in texts if each and len(_days(_usual(each))) == 1} - {""}


def _days(text: str) -> tuple[date, ...]:
    marked = re.fullmatch(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?", text)
    return read_dates("-".join(marked.groups()) if marked else text)


def _order(text: str) -> str:
    """Say which of day and month comes first where a date is written with its year last."""
    match = re.fullmatch(r"(\d{1,2})[./\- ](\d{1,2})[./\- ]\d{4}", text)
    if match is None or match[1] == match[2]:
        return ""
    return "dmy" if int(match[1]) > 12 else "mdy"


def one_word(text: str, allowed: Sequence[str], others: Iterable[str] = ()) -> str | None:
    """Give the only allowed word that a text can be: other capitals, a gap, or one wrong letter.

    Parameters
    ----------
    text : a cell that is none of the words
    allowed : the words
    others : every text of the column; a single letter is read where each single letter of the column begins a
        word of its own

    Returns
    -------
    str or None

    Examples
    --------
    >>> words = ("recovered", "not_recovered", "fatal")
    >>> [one_word(text, words) for text in ("Not recovered", "recoverd", "unrecovered", "f")]
    ['not_recovered', 'recovered', None, None]
    >>> one_word("f", ("female", "male"), ["f", "m"]), one_word("m", ("female", "male"), ["h", "m"])
    ('female', None)
    """
    form = _word_form(text)
    same = [each for each in allowed if _word_form(each) == form]
    if same:
        return same[0] if len(same) == 1 else None
    if len(form) == 1:
        return _by_letter(form, allowed, others)
    near = [each for each in allowed if _is_slip(form, _word_form(each))]
    return near[0] if len(near) == 1 else None


def one_code(text: str, known: Iterable[str]) -> str | None:
    """Give the only known code that a text can be: other capitals, a gap, zeros that a spreadsheet took off.

    Examples
    --------
    >>> one_code("1", ["01", "02"]), one_code("s 1", ["S1", "S2"]), one_code("S3", ["S1", "S2"])
    ('01', 'S1', None)
    """
    form = _code_form(text)
    near = list(dict.fromkeys(each for each in known if _code_form(each) == form))
    return near[0] if len(near) == 1 else None


def _code_form(text: str) -> str:
    plain = re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", text).casefold())
    return re.sub(r"(?<!\d)0+(?=\d)", "", plain)


def _word_form(text: str) -> str:
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFKC", text).casefold().strip())


def _by_letter(letter: str, allowed: Sequence[str], others: Iterable[str]) -> str | None:
    forms = {_word_form(each) for each in others if each}
    letters = forms - set(allowed)
    starts = {each: [word for word in allowed if word.startswith(each)] for each in letters}
    # A whole word of the column says in which language the letters are.
    is_told = letters != _OTHER_WORDS or bool(forms & set(allowed))
    is_clear = is_told and all(len(each) == 1 == len(starts[each]) for each in letters)
    return starts[letter][0] if is_clear and letter in starts else None


def _is_slip(text: str, word: str) -> bool:
    """Say whether a text is a word with one letter wrong, too many, missing, or two changed over."""
    if min(len(text), len(word)) < _WHOLE_WORD or any(each.isdigit() for each in text + word):
        return False
    if len(text) == len(word):
        wrong = [place for place in range(len(word)) if text[place] != word[place]]
        swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1
        return len(wrong) == 1 or (
            swapped and text[wrong[0]] == word[wrong[1]] and text[wrong[1]] == word[wrong[0]]
        )
    shorter, longer = sorted((text, word), key=len)
    if len(longer) != len(shorter) + 1:
        return False
    return any(longer[:place] + longer[place + 1 :] == shorter for place in range(len(longer)))
