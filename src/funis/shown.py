"""What of a person's data may stand in a message: nothing that could say who somebody is.

A message names file, line and column; whoever may see the file finds the cell there. The cell itself is shown
only where it can be neither a name, a date of birth, a telephone or card number nor free text: a number,
shortened to what no such number keeps, and words that the study file or the tables define.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from functools import lru_cache

from funis.described import Described, describe

_PIECE = re.compile(r"\d(?:[\d.,]*\d)?|[^\W\d_]+|[\W_]+")
_SIGNS = frozenset(" _-./%^*()<>=+:,'\"#&×·µ[]{}|!\u2212\u2264\u2265")
# Parts of units, of which no person's number is made.
_OF_UNITS = re.compile(
    r"10\s*(?:\^|\*\*?)\s*\d{1,2}\b|\b(?:24|12|10)[ -]?(?:h|hours|min)\b|1\.73\s*m\^?2", re.IGNORECASE
)
_WITH_COMMAS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
_MOST_DIGITS = 4
_LONGEST, _LONGEST_CODE = 60, 24
_NEAR, _NEAR_FROM = 0.85, 6
_COMPACT = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_DIGITS = re.compile(r"\d{5,}")

_ZONE = re.compile(r"[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+){1,2}")
# What Python quotes: in single quotes, in double ones where there is an apostrophe in it.
_QUOTED = re.compile(r"""(?<!\w)(?:'([^\n]*?)'|"([^"\n]*'[^"\n]*)")(?!\w)""")
_RULE_WORDS = frozenset(
    {
        "AND", "OR", "NOT", "IN", "IS", "NULL", "BETWEEN", "CASE", "WHEN", "THEN", "ELSE", "END", "DATE",
        "TRUE", "FALSE", "LIKE", "READ_CSV",
    }
)  # fmt: skip

# Reading identities: signs that no study number has.
_CARD_OR_PHONE = re.compile(
    r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}|0\d{2,3}-\d{7,8})(?!\d)"
)
_DATE = re.compile(
    r"(?:1[89]|20)\d{2}\s*[-./年 ]\s*\d{1,2}\s*[-./月 ]\s*\d{1,2}\s*日?"
    r"|\d{1,2}\s*[-./ ]\s*\d{1,2}\s*[-./ ]\s*(?:1[89]|20)?\d{2}"
    r"|19\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"|\d{1,2}[ .-]*[A-Za-z]{3,9}[ .,-]*(?:19|20)?\d{2}"
    r"|[A-Za-z]{3,9}[ .]*\d{1,2},?[ ]*(?:19|20)\d{2}"
)
_PLAIN_CODE = re.compile(r"[A-Za-z]{0,8}[-_]?[0-9]{1,7}")
_CODE = re.compile(r"(?:[A-Za-z]{1,10}[-_./ ]?)?[0-9]+[A-Za-z]?(?:[-_./][A-Za-z0-9]{1,8})*")
_LONGEST_PREFIX = 3
_TIME_OF_DAY = re.compile(r"[T ]+\d{1,2}:\d{2}.*")
_TWO_WORDS = re.compile(r"[^\W\d_]{2,}(?:[\s,·.'-]+[^\W\d_]+)+\.?")
_ONE_WORD = re.compile(r"[^\W\d_]{3,}(?:['\u2019-][^\W\d_]+)*|[^\W\d_]{1,2}['\u2019-][^\W\d_]{2,}")
_NOT_LATIN = re.compile(r"[^\W\d_\u0000-\u024f]")

_COMMON = """
a abnormal above absent action active activity adverse after age all and any arm articular as assay at
baseline before below birth blood body by capsule capsules cell cells center centre clinic clotted code
comment comparator completed consent copy count crea creatinine crf cut d daily data date dates day days
de description diagnosis died disposition div dl done donor dose doses drops drug duration e ecrf edc end
endpoint event events expiry export false female fever final first fl flag follow followup for form from
g gender grade group h haemoglobin haemolysed hb hbv hcv height hemoglobin hemolysed hgb high hiv id im
in inf infinity infusion infusions inhaled injection instrument insufficient intra intraarticular
intramuscular intravenous item iu iv kg kilo ku l lab label laboratory labs last left leukocytes limit line
lipaemic list lost lot lots low lupus lymphocytes m male mark max maybe mean median medication medications mg
mild min ml mm mmol moderate mol month monthly months muscular n na name nan nasal nd neg negative neutrophils
new ng nmol no none normal not note notes nr null num number of off old on once or oral other outcome
page patient patientid pending percent perhaps pg platelet platelets plt pmol po population pos positive
possible possibly prednisolone prednisone present protein puffs ratio rbc reaction reason record rectal
red ref related release remark result results row s sample samples sc score scores screening see serious
severe sex sheet site sites sjogren sle slight some start stat status stop study subcutaneous subgroup
subject subjectid subjects subjid sum table tables tablet tablets term test tests the time titer titre to
topical total trace treated treatment trial true twice type u ug ui ul umol uncertain unit units unknown
unscheduled up urine usubjid v value values venous version vial vials visit visitid visits wbc week
weekly weeks weight when white withdrew workbook x y year years yes µg µmol μg μmol
"""
_COMMON_CHINESE = """
编号 病例号 不良事件 单位 第 第一 参考值 参考范围 出生日期 处理措施 访视 访视名称 访视日期 分级
分组 给药日期 给药途径 合并用药 化验 化验项目 基线 剂量 检测值 检查日期 检查项目 检验 检验结果
检验项目 结果 结束日期 开始日期 筛选 批号 年龄 日期 入组日期 身高 实验室 实验室检查 受试者
受试者编号 受试者信息 数据 数值 体重 下限 上限 项目 性别 研究中心 药物 严重程度 阳性 阴性 用法
用量 知情同意日期 中心 中心编号 转归 备注 病程 诊断日期 组别 有 无 男 女 未查 未做 未检 不详 缺失
月 周 天 年 日
"""
COMMON_WORDS = frozenset((_COMMON + _COMMON_CHINESE).split())
"""Words of tables and units that stand in data of any study."""


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Give the words that texts are made of, in small letters.

    Examples
    --------
    >>> sorted(words_of(["weight_kg", "Disease activity"]))
    ['activity', 'disease', 'kg', 'weight']
    """
    return frozenset(
        piece.casefold() for text in texts for piece in _PIECE.findall(text) if piece[0].isalpha()
    )


def show_text(text: str, words: Collection[str] = frozenset()) -> str:
    """Give a text where it can identify nobody, else nothing.

    Parameters
    ----------
    text : a cell, a name of a column, table or file
    words : in small letters, what may stand in it besides the common words of tables and units

    Returns
    -------
    str
        The text itself; a long number shortened to three digits that count; empty for anything else.

    Examples
    --------
    >>> show_text("-80 umol/L"), show_text("13812345678"), show_text("Zhang Wei"), show_text("12.03.1981")
    ('-80 umol/L', 'about 13800000000', '', '')
    """
    plain = _OF_UNITS.sub(" x ", text)
    pieces = _PIECE.findall(plain)
    if len(text) > _LONGEST or not all(_is_known(piece, words) for piece in pieces):
        return ""
    numbers = [piece for piece in pieces if piece[0].isdigit()]
    if sum(each.isdigit() for each in plain) <= _MOST_DIGITS and len(numbers) <= 2:
        return text
    return _show_number(text, numbers[0]) if len(numbers) == 1 else ""


def _show_number(text: str, written: str) -> str:
    """Give a text with its one number, shortened where it is long."""
    number = float(_read_number(written))
    # 60000000 keeps nothing of a telephone number either.
    if float(f"{number:.3g}") == number:
        return text
    return "about " + text.replace(written, _shorten(number), 1)


def _read_number(written: str) -> str:
    """Give the digits of a number without commas between thousands; empty where it is none (1.2.81)."""
    plain = written.replace(",", "") if _WITH_COMMAS.fullmatch(written) else written
    return plain.replace(",", ".") if _NUMBER.fullmatch(plain) else ""


def _is_known(piece: str, words: Collection[str]) -> bool:
    if not piece[0].isalpha():
        return bool(_read_number(piece)) if piece[0].isdigit() else set(piece) <= _SIGNS
    word = piece.casefold()
    if len(word) == 1 and word.isascii():
        return True
    if word in COMMON_WORDS or word in words:
        return True
    return bool(words) and len(word) >= _NEAR_FROM and _is_near(word, frozenset(words))


@lru_cache(4096)
def _is_near(word: str, words: frozenset[str]) -> bool:
    """Say whether a word is a slip of one that is known."""
    known = words | COMMON_WORDS
    letters = sorted(word)
    return any(sorted(each) == letters for each in known) or bool(
        get_close_matches(word, known, n=1, cutoff=_NEAR)
    )


def _shorten(number: float) -> str:
    """Print a number with three digits that count, without an exponent where it is not very long."""
    short = float(f"{number:.3g}")
    return f"{short:.15f}".rstrip("0").rstrip(".") if 1e-6 < abs(short) < 1e15 else f"{short:g}"


def show_code(text: str) -> str:
    """Give a code of the data (number of a subject, lot or donor) where it reads as one, else nothing.

    Examples
    --------
    >>> show_code("S-001"), show_code("Zhang Wei"), show_code("zhangwei"), show_code("1981-03-12")
    ('S-001', '', '', '')
    """
    is_code = len(text) == 1 or (len(text) <= _LONGEST_CODE and _CODE.fullmatch(text))
    return text if is_code and not is_identity(text) else ""


def is_identity(text: str) -> bool:
    """Say whether what should be a code reads as a name, a date of birth, a telephone or a card number.

    A name of one word in Latin letters (``zhangwei``) cannot be told from a code; see `find_identities`.

    Examples
    --------
    >>> [is_identity(text) for text in ("Zhang Wei", "王小明", "12.3.1981", "13812345678")]
    [True, True, True, True]
    >>> [is_identity(text) for text in ("S 12", "UC-01", "Patient A", "20191203")]
    [False, False, False, False]
    """
    plain = text.strip()
    if _PLAIN_CODE.fullmatch(plain):
        return False
    if "@" in plain or _CARD_OR_PHONE.search(plain) or _DATE.fullmatch(_TIME_OF_DAY.sub("", plain)):
        return True
    # An address has a number, and so has a name beside a number; a code in another script is short.
    has_digits = any(each.isdigit() for each in plain)
    others = len(_NOT_LATIN.findall(plain))
    is_named = _TWO_WORDS.search(plain) or others > (_LONGEST_PREFIX if has_digits else 0)
    return bool(is_named) and not show_text(plain)


def is_word(text: str) -> bool:
    """Say whether a code is a word without a digit, as a name is, and none of tables and units.

    Examples
    --------
    >>> [is_word(text) for text in ("zhangwei", "O'Brien", "Wu-Li", "S1", "UC", "A", "Total", "Patient A")]
    [True, True, True, False, False, False, False, False]
    """
    plain = text.strip()
    return bool(_ONE_WORD.fullmatch(plain)) and not show_text(plain)


def find_identities(codes: Iterable[str]) -> list[str]:
    """Give the codes of a column that read as an identity, by themselves or beside the others.

    A word among codes that have digits is a name: nobody numbers subjects ``S1`` and ``zhangwei``.

    Examples
    --------
    >>> find_identities(["S1", "zhangwei", "12.3.1981"]), find_identities(["north", "south"])
    (['zhangwei', '12.3.1981'], [])
    """
    listed = list(dict.fromkeys(codes))
    odd = {code for code in listed if is_identity(code)}
    if any(any(map(str.isdigit, code)) for code in listed if code not in odd):
        odd |= {code for code in listed if is_word(code)}
    return [code for code in listed if code in odd]


def show_name(name: str, words: Collection[str] = frozenset()) -> str:
    """Give the name of a column, a table or a file where it is made of known words, else nothing.

    A name as programs write them needs one known word.

    Examples
    --------
    >>> show_name("patient_hba"), show_name("Weight (kg)"), show_name("Zhang Wei"), show_name("zhang_wei")
    ('patient_hba', 'Weight (kg)', '', '')
    """
    if show_identifier(name):
        pieces = [piece for piece in _PIECE.findall(name) if piece[0].isalpha()]
        if any(len(piece) > 1 and _is_known(piece, words) for piece in pieces):
            return name
    shown = show_text(name, words)
    return shown if shown == name else ""


def show_identifier(name: str) -> str:
    """Give a name as programs write them: small letters, digits and ``_``, no long number; else nothing.

    Examples
    --------
    >>> show_identifier("sledai_2k"), show_identifier("Zhang Wei"), show_identifier("d19810312")
    ('sledai_2k', '', '')
    """
    is_plain = _COMPACT.fullmatch(name) and not _DIGITS.search(name) and len(name) <= _LONGEST
    return name if is_plain else ""


def show_expression(text: str) -> str:
    """Give a piece of a study file made of names in small letters, words of rules and short numbers.

    Examples
    --------
    >>> show_expression("age >= 16 AND mont_6 IS NULL"), show_expression("sex = 'Zhang'")
    ('age >= 16 AND mont_6 IS NULL', '')
    """
    words = re.findall(r"\w+", text)
    is_plain = _ZONE.fullmatch(text) or all(
        show_identifier(word) or word in _RULE_WORDS or re.fullmatch(r"[A-Z]|\d{1,5}(?:[eE]\d{1,2})?", word)
        for word in words
    )
    if is_plain and not _CARD_OR_PHONE.search(text) and not _DATE.search(text) and "@" not in text:
        return text
    shown = show_text(text)
    return shown if shown == text else ""


def scrub(text: str) -> str:
    r"""Take out of a message what it quotes and what may not be shown.

    Examples
    --------
    >>> scrub("There is no visit 'Zhang Wei'. The nearest is 'month_6'.")
    "There is no visit '…'. The nearest is 'month_6'."
    >>> scrub("There is no visit 'O'Brien'."), scrub('There is no visit "O\'Brien" here.')
    ("There is no visit '…'.", "There is no visit '…' here.")
    """

    def show(match: re.Match[str]) -> str:
        quoted = match.group(1) if match.group(2) is None else match.group(2)
        return match.group() if show_expression(quoted) else "'…'"

    return _QUOTED.sub(show, text)


def show_values(values: Iterable[object]) -> str:
    """Join values with commas; those that may not be shown say so.

    Examples
    --------
    >>> show_values([7, "Zhang Wei"])
    '7, a text that is not shown'
    """
    return ", ".join(show_text(str(value)) or "a text that is not shown" for value in values)


def show_cell(value: object) -> Described:
    """Give a cell as a message quotes it, where it may be shown; else say that it is not.

    Examples
    --------
    >>> show_cell(7.5), show_cell("severe"), show_cell("Zhang Wei"), show_cell(13812345678)
    (7.5, 'severe', a text that is not shown, about 13800000000)
    """
    if isinstance(value, str):
        shown = show_text(value)
        return Described(repr(shown) if shown else "a text that is not shown")
    said = describe(value)
    is_number = isinstance(value, int | float) and any(map(str.isdigit, said))
    return Described((show_text(said) or "a number that is not shown") if is_number else said)


def show_place(subject: object, visit: object = None) -> str:
    """Name a subject and a visit where they read as a number of the study and as a visit.

    Examples
    --------
    >>> show_place("S-001", "month_6"), show_place("Zhang Wei", 7)
    ('subject S-001, visit month_6', 'a subject that is not shown, visit 7')
    """
    person = f"subject {subject}" if show_code(str(subject)) else "a subject that is not shown"
    if visit is None:
        return person
    name = str(visit)
    is_shown = show_code(name) or show_name(name)
    return f"{person}, {f'visit {name}' if is_shown else 'a visit that is not shown'}"


def show_codes(codes: Iterable[str]) -> list[str]:
    """Give those numbers of subjects or names of visits that may be shown, and how many others there are.

    Examples
    --------
    >>> show_codes(["S-001", "month_6", "zhangwei", "Zhang Wei"])
    ['S-001', 'month_6', '2 that are not shown']
    """
    listed = list(codes)
    return _count_hidden(listed, [each for each in listed if show_code(each) or show_name(each)])


def show_names(names: Iterable[str]) -> list[str]:
    """Give those names of columns that may be shown, and how many others there are.

    Examples
    --------
    >>> show_names(["subject", "sledai_2k", "S-001", "Zhang Wei"])
    ['subject', 'sledai_2k', 'S-001', '1 that is not shown']
    """
    listed = list(names)
    shown = [each for each in listed if show_identifier(each) or show_code(each) or show_text(each) == each]
    return _count_hidden(listed, shown)


def _count_hidden(listed: list[str], shown: list[str]) -> list[str]:
    hidden = len(listed) - len(shown)
    said = f"{hidden} that {'is' if hidden == 1 else 'are'} not shown"
    return [*shown, said] if hidden else shown
