"""Numbers as journals print them: by hand, from the guides named in the table of styles."""

from dataclasses import replace
from typing import Any

import pytest

from funis.catalogue.house_styles import HouseStyle, house_style, house_styles
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, joined, words
from funis.errors import UnknownNameError
from funis.reporting.house_style import apply_house_style, format_styled_p
from funis.reporting.number_book import Number, NumberBook

STYLES = house_styles()


def blank() -> Number:
    texts: dict[str, Any] = dict.fromkeys(Number._fields, "")
    return Number(**(texts | {"value": None, "n": None, "denominator": None, "delta": None}))


def number(name: str, statistic: str, value: float, denominator: int | None = None) -> Number:
    return blank()._replace(id=name, statistic=statistic, value=value, denominator=denominator, status="ok")


BOOK = NumberBook(
    (
        number("k", "count", 29, 40),
        number("share", "percent", 72.5, 40),
        number("many", "percent", 72.5, 100),
        number("low", "lower", 56.11, 40),
        number("high", "upper", 85.39, 40),
        number("m", "mean", -4.53),
        number("sd", "sd", 3.93),
        number("a", "lower", -5.78),
        number("b", "upper", 3.27),
        number("c", "lower", 1.5),
        number("med", "median", 1.8),
        number("q1", "q1", 1.17),
        number("q3", "q3", 2.8),
        number("p", "p", 0.031),
    )
)
RATE = joined(Inline("29/40", "k"), " (", Inline("72.5%", "share"), ")")
LIMITS = joined(Inline("56.1", "low"), " to ", Inline("85.4", "high"), "%")
MEAN = joined(Inline("−4.53", "m"), " ± ", Inline("3.93", "sd"))
CHANGE = joined(Inline("−5.78", "a"), " to ", Inline("3.27", "b"))
POSITIVE = joined(Inline("1.50", "c"), " to ", Inline("3.27", "b"))
MEDIAN = joined(Inline("1.80", "med"), " (", Inline("1.17", "q1"), ", ", Inline("2.80", "q3"), ")")
P = joined(Inline("0.031", "p"))


def printed(cell: TableCell, style: str) -> str:
    return apply_house_style(cell, BOOK, STYLES[style]).text


def test_an_sd_in_brackets_shares_them_with_what_stands_in_brackets_beside_it() -> None:
    with_n = joined(*MEAN.parts, " (n = ", Inline("40", "m"), ")")
    assert printed(with_n, "jama") == "−4.53 (SD 3.93; n = 40)"
    assert printed(with_n, "nejm") == "−4.53 ± 3.93 (n = 40)"
    inside = joined("Level (", *MEAN.parts, "; ", *P.parts, ")")
    assert printed(inside, "jama") == "Level (−4.53, SD 3.93; .03)"
    # Brackets that were closed before it are no brackets around it.
    assert printed(joined("Level (all): ", *MEAN.parts), "jama") == "Level (all): −4.53 (3.93)"


@pytest.mark.parametrize(
    ("style", "texts"),
    [
        ("nejm", ("29/40 (73%)", "56 to 85%", "−4.53 ± 3.93", "−5.78 to 3.27", "1.50 to 3.27", "1.80 (1.17 to 2.80)", "0.03")),
        ("jama", ("29/40 (73)", "56 to 85", "−4.53 (3.93)", "−5.78 to 3.27", "1.50 to 3.27", "1.80 (1.17-2.80)", ".03")),
        ("lancet", ("29/40 (73%)", "56 to 85%", "−4·53 (3·93)", "−5·78 to 3·27", "1·50 to 3·27", "1·80 (1·17–2·80)", "0·03")),
        ("ard", ("29/40 (72.5%)", "56.1 to 85.4%", "−4.53 (3.93)", "−5.78 to 3.27", "1.50 to 3.27", "1.80 (1.17 to 2.80)", "0.031")),
        ("acr", ("29/40 (72.5%)", "56.1–85.4%", "−4.53 ± 3.93", "−5.78 to 3.27", "1.50–3.27", "1.80 (1.17–2.80)", "0.031")),
        ("agency", ("29/40 (72.5%)", "56.1, 85.4%", "−4.53 (3.93)", "−5.78, 3.27", "1.50, 3.27", "1.80 (1.17, 2.80)", "0.0310")),
    ],
)  # fmt: skip
def test_each_kind_of_number_in_each_style(style: str, texts: tuple[str, ...]) -> None:
    cells = (RATE, LIMITS, MEAN, CHANGE, POSITIVE, MEDIAN, P)
    assert tuple(printed(cell, style) for cell in cells) == texts


@pytest.mark.parametrize(
    ("p", "style", "text"),
    [
        (0.0009, "nejm", "<0.001"),
        (0.001, "nejm", "0.001"),
        (0.0099, "nejm", "0.010"),
        (0.01, "nejm", "0.01"),
        (0.2, "nejm", "0.20"),
        (0.996, "nejm", ">0.99"),
        (0.99, "nejm", "0.99"),
        (0.0004, "jama", "< .001"),
        (0.03, "jama", ".03"),
        (0.00009, "lancet", "<0·0001"),
        (0.0003, "lancet", "0·0003"),
        (0.00009, "agency", "<0.0001"),
        (0.99999, "agency", ">0.9999"),
        (0.0125, "ard", "0.013"),
        # Two decimals would print these across 0.05.
        (0.047, "nejm", "0.047"),
        (0.0499, "nejm", "0.0499"),
        (0.05, "nejm", "0.05"),
        (0.0504, "nejm", "0.05"),
    ],
)
def test_p_values(p: float, style: str, text: str) -> None:
    assert format_styled_p(p, STYLES[style]) == text


def test_a_p_value_without_a_sign_of_its_own_has_one_in_a_sentence() -> None:
    small = NumberBook((number("p", "p", 0.0004),))
    line = (Inline("It fell (P "), Inline("< 0.001", "p"), Inline(")."))
    # Below 0.0001 alone the Lancet prints a sign of its own; the AMA does so below .001.
    expected = {
        "nejm": "P<0.001",
        "jama": "P < .001",
        "lancet": "p=0·0004",
        "ard": "p<0.001",
        "acr": "P < 0.001",
    }
    for style, text in {**expected, "agency": "P=0.0004"}.items():
        found = apply_house_style((line,), small, STYLES[style])[0]
        assert "".join(part.text for part in found) == f"It fell ({text})."


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("lancet", "each p<0·001 unadjusted"),
        ("jama", "each P < .001 unadjusted"),
        ("nejm", "each P<0.001 unadjusted"),
    ],
)
def test_p_values_said_once_that_a_house_prints_apart_keep_the_limit_they_share(
    style: str, text: str
) -> None:
    """0.0004 and 0.00001 are both below 0.001; the Lancet prints the first as 0·0004."""
    both = NumberBook((number("p", "p", 0.0004), number("q", "p", 0.00001)))
    line = (Inline("each P "), Inline("< 0.001", "p", also=("q",)), Inline(" unadjusted"))
    found = apply_house_style((line,), both, STYLES[style])[0]
    assert "".join(part.text for part in found) == text


def test_the_letter_and_a_sign_that_was_said_apart_are_one() -> None:
    line = (Inline("; P "), Inline("= "), Inline("0.031", "p"), Inline(" unadjusted"))
    for style, text in {"lancet": "; p=0·03 unadjusted", "jama": "; P = .03 unadjusted"}.items():
        found = apply_house_style((line,), BOOK, STYLES[style])[0]
        assert "".join(part.text for part in found) == text


def test_limits_of_a_share_have_the_decimals_of_the_share() -> None:
    low, high = (
        number(name, name, value, 40)._replace(method="clopper_pearson")
        for name, value in (("lower", 56.11), ("upper", 85.39))
    )
    share = NumberBook((number("share", "percent", 72.5, 40), low, high))
    line = (
        Inline("72.5%", "share"),
        Inline("; 95% CI "),
        Inline("56.1", "lower"),
        Inline(" to "),
        Inline("85.4", "upper"),
    )
    for style, text in {"jama": "73%; 95% CI 56 to 85", "ard": "72.5%; 95% CI 56.1 to 85.4"}.items():
        found = apply_house_style((line,), share, STYLES[style])[0]
        assert "".join(part.text for part in found) == text
    alone = apply_house_style(((Inline("85.4%", "upper"),),), share, STYLES["lancet"])[0]
    assert alone[0].text == "85%"


def test_the_number_of_subjects_decides_the_decimals_of_a_percentage() -> None:
    hundred = joined(Inline("72.5%", "many"))
    assert printed(hundred, "nejm") == "72.5%"
    assert printed(joined(Inline("72.5%", "share")), "nejm") == "73%"


def test_words_beside_numbers_and_names_of_statistics_follow() -> None:
    rows = (TableRow(words("Mean ± SD"), (MEAN, P)), TableRow(words("P, paired t test"), (P, P)))
    table = TableSpec("t", "s", "Title", ("", "P", "P (Holm)"), rows)
    found = apply_house_style(table, BOOK, STYLES["lancet"])
    assert found.heads == ("", "p", "p (Holm)")
    assert [row.stub.text for row in found.rows] == ["Mean (SD)", "p, paired t test"]
    line = (Inline("It fell (P = "), Inline("0.031", "p"), Inline(")."))
    prose = apply_house_style((line,), BOOK, STYLES["lancet"])[0]
    assert "".join(part.text for part in prose) == "It fell (p=0·03)."


def test_what_is_not_available_or_not_bound_stays_as_it_is() -> None:
    cell = joined(Inline("n/c", "m"), " ± ", Inline("3.5"), " to ", Inline("4.5"))
    assert printed(cell, "lancet") == "n/c ± 3.5 to 4.5"
    assert printed(words("95.5% of P = 0.5"), "lancet") == "95.5% of P = 0.5"


@pytest.mark.parametrize("style", STYLES)
def test_a_style_keeps_every_id_in_its_order(style: str) -> None:
    cells = (RATE, LIMITS, MEAN, CHANGE, MEDIAN, P)
    assert [apply_house_style(cell, BOOK, STYLES[style]).ids for cell in cells] == [
        cell.ids for cell in cells
    ]


@pytest.mark.parametrize("style", STYLES)
def test_the_table_of_styles_says_how_each_row_is_known(style: str) -> None:
    found: HouseStyle = STYLES[style]
    assert set(found.certainty) == {"p", "interval", "percent", "mean_sd", "quartiles", "decimal_mark"}
    assert found.percent[-1].below is None
    assert found.p[-1].below is None
    assert replace(Inline("x"), text=found.decimal_mark).text in {".", "·"}


def test_an_unknown_style_of_a_study_made_in_python_is_our_error() -> None:
    with pytest.raises(UnknownNameError, match="nejm"):
        house_style("nejn")
