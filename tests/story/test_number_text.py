"""One number as a text for a manuscript: beside texts written by hand from published figures."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.house_styles import house_styles
from funis.cli import main
from funis.data.tables import read_tables
from funis.reporting.number_book import NumberBook, read_numbers
from funis.reporting.number_text import write_number
from funis.results import NumberList, Place
from funis.study.model import Study
from funis.study.read import read_study

from .report_kinds import make_study

TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
LABS = ({"test": "proteinuria_24h", "unit": "g/24h"},)
STYLES = ("", *house_styles())


def study_in(style: str = "") -> Study:
    return Study.model_validate({"study": TRIAL, "labs": LABS, "report": {"style": style}})


def place(analysis: str, variable: str, n: int = 40, **more: Any) -> Place:
    return Place(analysis=analysis, variable=variable, n=n, denominator=n, **more)


@pytest.fixture(scope="module")
def book() -> NumberBook:
    """The published figures of the lupus trial, and others near a limit of rounding."""
    numbers = NumberList()
    activity = place("summary", "sledai_2k", population="treated", visit="month_3")
    for statistic, value in (
        ("mean", 7.425),
        ("sd", 3.927),
        ("median", 7.0),
        ("q1", 4.0),
        ("q3", 10.0),
        ("min", 0),
    ):
        numbers.add(activity, statistic, value)
    numbers.add(activity, "lower", 6.169, method="student_t")
    numbers.add(activity, "upper", 8.681, method="student_t")
    protein = place("summary", "proteinuria_24h", 28, population="treated", visit="baseline")
    for statistic, value in (("mean", 2.241), ("sd", 1.43), ("median", 1.8), ("q1", 1.17), ("q3", 2.8)):
        numbers.add(protein, statistic, value)
    share = place("response", "ucmsc_bilag_response", category="MCR", visit="month_6")
    numbers.add(share, "count", 14)
    numbers.add(share, "percent", 35.0, text="35.0%")
    for method, ends in (("clopper_pearson", (20.631, 51.684)), ("wilson", (22.13, 50.49))):
        for statistic, value in zip(("lower", "upper"), ends, strict=True):
            numbers.add(share, statistic, value, method=method)
    few = place("response", "ucmsc_bilag_response", 9, category="MCR", visit="month_9")
    numbers.add(few, "count", 3)
    numbers.add(few, "percent", 33.3, text="33.3%")
    change = place("test", "sledai_2k_change", visit="month_3", measure="sledai_2k")
    for statistic, value in (("estimate", -3.4), ("lower", -4.51), ("upper", -2.29), ("p", 0.0004)):
        numbers.add(change, statistic, value, method="paired_t")
    clear = place("test", "sledai_2k_change", visit="month_6", measure="sledai_2k")
    for statistic, value in (("estimate", -1.5), ("lower", -2.9), ("upper", -0.1), ("p", 0.0314)):
        numbers.add(clear, statistic, value, method="paired_t")
    alive = place("time_to_event", "relapse", 29, visit="month_9")
    for statistic, value in (("survival", 0.8966), ("lower", 0.7129), ("upper", 0.9653)):
        numbers.add(alive, statistic, value, method="kaplan_meier")
    return read_numbers(numbers.frame())


def text(book: NumberBook, name: str, style: str = "") -> str:
    number = next(each for each in book.numbers if each.id == name)
    return "".join(part.text for part in write_number(study_in(style), book, number))


SHARE = "response.enrolled.month_6.ucmsc_bilag_response_MCR"
CHANGE = "test.enrolled.month_3.sledai_2k_change"
CLEAR = "test.enrolled.month_6.sledai_2k_change"
MEAN = "summary.treated.month_3.sledai_2k"
PROTEIN = "summary.treated.baseline.proteinuria_24h"

#: Written by hand from the table of house styles: by number, the text in each style in the order of STYLES.
EXPECTED = {
    f"{SHARE}.percent": (
        "14/40 (35.0%; 95% CI 20.6 to 51.7%)",
        "14/40 (35%; 95% CI 21 to 52%)",
        "14/40 (35%; 95% CI 21 to 52%)",
        "14/40 (35%; 95% CI 21 to 52%)",
        "14/40 (35.0%; 95% CI 20.6 to 51.7%)",
        "14/40 (35.0%; 95% CI 20.6–51.7%)",
        "14/40 (35.0%; 95% CI 20.6, 51.7%)",
    ),
    f"{MEAN}.mean": (
        "7.43 ± 3.93 (95% CI 6.17 to 8.68; n = 40)",
        "7.43 ± 3.93 (95% CI 6.17 to 8.68; n = 40)",
        "7.43 (SD 3.93; 95% CI 6.17 to 8.68; n = 40)",
        "7·43 (SD 3·93; 95% CI 6·17 to 8·68; n = 40)",
        "7.43 (SD 3.93; 95% CI 6.17 to 8.68; n = 40)",
        "7.43 ± 3.93 (95% CI 6.17–8.68; n = 40)",
        "7.43 (SD 3.93; 95% CI 6.17, 8.68; n = 40)",
    ),
    f"{PROTEIN}.median": (
        "1.80 g/24h (IQR 1.17, 2.80; n = 28)",
        "1.80 g/24h (IQR 1.17 to 2.80; n = 28)",
        "1.80 g/24h (IQR 1.17-2.80; n = 28)",
        "1·80 g/24h (IQR 1·17–2·80; n = 28)",
        "1.80 g/24h (IQR 1.17 to 2.80; n = 28)",
        "1.80 g/24h (IQR 1.17–2.80; n = 28)",
        "1.80 g/24h (IQR 1.17, 2.80; n = 28)",
    ),
    # Between limits that are negative no dash stands.
    f"{CHANGE}.estimate.paired_t": (
        "−3.40 (95% CI −4.51 to −2.29; P < 0.001; n = 40)",
        "−3.40 (95% CI −4.51 to −2.29; P<0.001; n = 40)",
        "−3.40 (95% CI −4.51 to −2.29; P < .001; n = 40)",
        "−3·40 (95% CI −4·51 to −2·29; p=0·0004; n = 40)",
        "−3.40 (95% CI −4.51 to −2.29; p<0.001; n = 40)",
        "−3.40 (95% CI −4.51 to −2.29; P < 0.001; n = 40)",
        "−3.40 (95% CI −4.51, −2.29; P=0.0004; n = 40)",
    ),
    f"{CLEAR}.p.paired_t": (
        "−1.50 (95% CI −2.90 to −0.10; P = 0.031; n = 40)",
        "−1.50 (95% CI −2.90 to −0.10; P=0.03; n = 40)",
        "−1.50 (95% CI −2.90 to −0.10; P = .03; n = 40)",
        "−1·50 (95% CI −2·90 to −0·10; p=0·03; n = 40)",
        "−1.50 (95% CI −2.90 to −0.10; p=0.031; n = 40)",
        "−1.50 (95% CI −2.90 to −0.10; P = 0.031; n = 40)",
        "−1.50 (95% CI −2.90, −0.10; P=0.0314; n = 40)",
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("style", STYLES, ids=lambda style: style or "funis")
def test_a_number_is_written_as_each_house_writes_it(book: NumberBook, name: str, style: str) -> None:
    assert text(book, name, style) == EXPECTED[name][STYLES.index(style)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (f"{SHARE}.count", "14/40 (35.0%; 95% CI 20.6 to 51.7%)"),
        (f"{SHARE}.lower.clopper_pearson", "14/40 (35.0%; 95% CI 20.6 to 51.7%)"),
        (f"{SHARE}.upper.wilson", "14/40 (35.0%; 95% CI 22.1 to 50.5%, Wilson)"),
        # Of fewer than ten subjects there is no percentage.
        ("response.enrolled.month_9.ucmsc_bilag_response_MCR.percent", "3/9"),
        (f"{MEAN}.sd", "7.43 ± 3.93 (95% CI 6.17 to 8.68; n = 40)"),
        (f"{MEAN}.q3", "7.00 (IQR 4.00, 10.00; n = 40)"),
        (f"{MEAN}.min", "0 (n = 40)"),
        (f"{PROTEIN}.mean", "2.24 ± 1.43 g/24h (n = 28)"),
        (f"{CHANGE}.p.paired_t", "−3.40 (95% CI −4.51 to −2.29; P < 0.001; n = 40)"),
        ("time_to_event.enrolled.month_9.relapse.lower.kaplan_meier", "89.7% (95% CI 71.3 to 96.5%; n = 29)"),
    ],
)
def test_a_part_brings_what_it_belongs_to(book: NumberBook, name: str, expected: str) -> None:
    assert text(book, name) == expected


@pytest.mark.parametrize("kind", ["sjogren", "two_arms", "one_subject", "nobody_asked"])
def test_every_number_of_a_report_has_a_text_with_its_own_id(tmp_path: Path, kind: str) -> None:
    folder = make_study(kind, tmp_path / kind)
    study = read_study(folder)
    found = read_numbers(analyse(study, read_tables(folder, study)).numbers)
    known = {each.id for each in found.numbers}
    for number in found.numbers:
        parts = write_number(study, found, number)
        assert "".join(part.text for part in parts).strip()
        assert {part.id for part in parts if part.id} <= known
        assert not any("None" in part.text or "nan" in part.text.split() for part in parts)


def test_the_command_prints_the_text_alone_in_the_style_of_the_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_study("sle", tmp_path / "sle")
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write('\n[report]\nstyle = "lancet"\n')

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["funis", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    call("report", folder, "--format", "md")
    name = "summary.treated.month_3.sledai_2k.mean"
    # The abstract prints 7.43 and 3.93.
    assert call("text", folder, name)[:2] == (0, "7·43 (SD 3·93; 95% CI 6·17 to 8·68; n = 40)\n")
    code, out, _ = call("text", folder, name, "--json")
    answer = json.loads(out)
    assert (code, answer["style"], answer["id"]) == (0, "lancet", name)
    assert "summary.treated.month_3.sledai_2k.lower.student_t" in answer["numbers"]
    (folder / "data" / "visits.csv").unlink()
    code, out, err = call("text", folder, name)
    assert (code, out) == (1, "7·43 (SD 3·93; 95% CI 6·17 to 8·68; n = 40)\n")
    assert "visits.csv is gone" in err
    assert call("text", folder, "no.such.number")[0] == 2
