"""A TOML of figures: every fault in one run with its line, nothing half-read."""

from fractions import Fraction
from pathlib import Path

import pytest

import funis
from funis.audit.figures import PrintedCount, PrintedMean, PrintedP, PrintedTotal
from funis.audit.read_figures import FiguresError, parse_figures

WHOLE = """
title = "A trial"
file = "abstract.txt"

[[scales]]
outcome = "SLEDAI"
instrument = "sledai"

[[scales]]
outcome = "fatigue"
step = "1"
minimum = "0"
maximum = "4"
items = 3

[[means]]
id = "m1"
outcome = "SLEDAI"
time = "baseline"
mean = "10.80"
spread = "4.63"
spread_kind = "sd"
n = 40
sentence = "SLEDAI was 10.80 at baseline."
start = 11
end = 16

[[means]]
outcome = "fatigue"
mean = "2.1"

[[counts]]
outcome = "relapse"
count = "3"
percent = "7.5"
only_after = ["response"]

[[p_values]]
outcome = "SLEDAI"
time = "month 3"
against_time = "baseline"
p = "0.05"
relation = "<"
test = "paired_t"

[[totals]]
outcome = "sex"
total = 24
parts = [23, "1"]
part_names = ["female", "male"]
"""


def test_a_whole_file_is_read() -> None:
    found = parse_figures(WHOLE, "figures.toml")
    assert [each.id for each in found.figures] == ["m1", "means.2", "counts.1", "p_values.1", "totals.1"]
    mean, fatigue, count, p, total = found.figures
    assert isinstance(mean, PrintedMean)
    assert isinstance(count, PrintedCount)
    assert isinstance(p, PrintedP)
    assert isinstance(total, PrintedTotal)
    assert mean.mean.text == "10.80"
    assert (mean.place.file, mean.place.start, mean.place.end, mean.place.line) == (
        "abstract.txt",
        11,
        16,
        16,
    )
    assert mean.about.scale.maximum == 105
    assert fatigue.about.scale.grain == Fraction(1, 3)
    assert count.denominator is None
    assert count.only_after == ("response",)
    assert (p.relation, p.test) == ("<", "paired_t")
    assert [each.text for each in total.parts] == ["23", "1"]


FAULTS = """
titel = "x"
[[means]]
meen = "7.50"
spread = 4.63
[[means]]
mean = "7,50"
[[means]]
mean = "7.50"
spread_kind = "sd"
n = "4.5"
[[means]]
mean = "7.50"
spread_kind = "SD"
spread = "1"
[[counts]]
outcome = "relapse"
[[counts]]
id = "a"
count = "-3"
[[p_values]]
p = "0.05"
against_time = "baseline"
against_group = "placebo"
[[totals]]
total = "3"
parts = ["1", "2"]
part_names = ["one"]
[[limits]]
value = "6"
[[group_sizes]]
n = "6"
start = 3
[[scales]]
outcome = "SLEDAI"
instrument = "sledai_9"
[[scales]]
outcome = "a"
step = "0"
[[scales]]
outcome = "b"
analyte = "protein"
items = 0
"""


def test_every_fault_is_told_with_its_line_in_one_run() -> None:
    with pytest.raises(FiguresError) as caught:
        parse_figures(FAULTS, "figures.toml")
    told = {(each.line, each.code) for each in caught.value.findings}
    assert told == {
        (2, "unknown_key"), (4, "unknown_key"), (3, "lacking_key"), (5, "not_quoted"), (7, "type"),
        (11, "no_count"), (14, "unknown_word"), (16, "lacking_key"), (20, "no_count"), (24, "comparison"),
        (28, "length"), (29, "lacking_key"), (31, "offsets"), (36, "scale"), (39, "scale"), (43, "type"),
    }  # fmt: skip
    text = str(caught.value)
    assert "Did you mean 'mean'?" in text
    assert "Did you mean 'title'?" in text
    assert "Did you mean 'sd'?" in text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_figure"),
        ("means = 3", "type"),
        ("a = ", "syntax"),
        ('[[group_sizes]]\nid = "a"\nn = 3\n[[group_sizes]]\nid = "a"\nn = 4', "id_twice"),
        ('[[means]]\nmean = "3"\noutcome = "a\\u0001"', "type"),
        ('[[scales]]\noutcome="a"\n[[scales]]\noutcome="a"\n[[means]]\nmean="1"', "scale"),
        ('[[scales]]\noutcome="a"\nminimum="3"\nmaximum="1"\n[[means]]\nmean="1"', "scale"),
        ('[[means]]\nmean="1"\nspread_kind="sd"', "lacking_key"),
    ],
)
def test_a_fault_has_its_code(text: str, code: str) -> None:
    with pytest.raises(FiguresError) as caught:
        parse_figures(text, "figures.toml")
    assert [each.code for each in caught.value.findings] == [code]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FiguresError, match="not UTF-8"):
        funis.read_figures(tmp_path / "a.toml")
    with pytest.raises(FiguresError, match="folder"):
        funis.read_figures(tmp_path)


def test_the_front_door_and_the_room_have_one_name(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        '[[counts]]\ncount="14"\ndenominator="40"\npercent="35.0"', encoding="utf-8"
    )
    found = funis.audit(funis.read_figures(tmp_path / "a.toml"))
    assert [(each.check, each.classification) for each in found] == [("percentage", "consistent")]
    import funis.audit.figures as room

    assert room.PrintedNumber("1").value == 1
