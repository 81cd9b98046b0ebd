"""Glucocorticoid over time in a lupus report, worked out by hand from four subjects' courses of drugs.

Doses as prednisone on days 0, 90 and 180 (5 mg of prednisone equal 4 mg of methylprednisolone):
S1 20, 7.5, 5; S2 8 x 5/4 = 10, 10, 10 + 2.5 = 12.5; S3 5, 0, unknown (no dose was written down);
S4 was seen on day 0 only, and no drug of S4 was recorded at all: unknown, never 0.
"""

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.analysis.glucocorticoid import population_of
from funis.data.tables import read_tables
from funis.reporting.glucocorticoid_figures import build_glucocorticoid_figures, dose_lines
from funis.reporting.glucocorticoid_tables import build_glucocorticoid_tables
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html
from funis.reporting.report_tables import build_tables
from funis.results import NumberList, Place, Results
from funis.study.model import Study
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
write_small_trial = import_module("small_trial").write_small_trial

MEDICATIONS = """subject,drug,dose,unit,route,start,end
S1,Prednisone,20,mg/day,oral,2019-06-01,2020-02-29
S1,Prednisone,7.5,mg/day,oral,2020-03-01,2020-06-01
S1,Prednisone,5,mg/day,oral,2020-06-02,
S2,Methylprednisolone,8,mg/day,oral,2019-01-01,
S2,Prednisolone,2.5,mg/day,oral,2020-06-01,
S2,Methylprednisolone,500,mg/day,intravenous,2020-03-31,2020-03-31
S3,Hydroxychloroquine,400,mg/day,oral,2019-01-01,
S3,Prednisone,5,mg/day,oral,2019-01-01,2020-01-15
S3,Prednisone,,mg/day,oral,2020-06-01,
"""


def run_trial(
    folder: Path, medications: str | None = MEDICATIONS, condition: str = "sle"
) -> tuple[Study, Results]:
    write_small_trial(folder)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(
        text.replace('condition = "sle"', f'condition = "{condition}"'), encoding="utf-8"
    )
    if medications is not None:
        (folder / "data" / "medications.csv").write_text(medications, encoding="utf-8")
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Results]:
    return run_trial(tmp_path_factory.mktemp("trial") / "small")


def value(results: Results, visit: str, statistic: str, category: str = "") -> float | None:
    rows = results.numbers.filter(
        (pl.col("analysis") == "glucocorticoid") & (pl.col("visit") == visit) & (pl.col("statistic") == statistic)
        & (pl.col("category") == category)
    )  # fmt: skip
    assert rows.height == 1, (visit, statistic, category)
    given: float | None = rows["value"][0]
    return given


# Mean, SD (n - 1), median and quartiles (type 7) of 20, 10, 5; of 7.5, 10, 0; of 5, 12.5.
DESCRIBED = {
    "baseline": (3, 35 / 3, (175 / 3) ** 0.5, 10, 7.5, 15, 5, 20, 1),
    "month_3": (3, 17.5 / 3, (np.array([7.5, 10, 0]).var(ddof=1)) ** 0.5, 7.5, 3.75, 8.75, 0, 10, 0),
    "month_6": (2, 8.75, 3.75 * 2**0.5, 8.75, 6.875, 10.625, 5, 12.5, 1),
}
STATISTICS = ("n", "mean", "sd", "median", "q1", "q3", "min", "max", "cannot_tell")


@pytest.mark.parametrize("visit", DESCRIBED)
def test_doses_are_described_by_visit(found: tuple[Study, Results], visit: str) -> None:
    for statistic, wanted in zip(STATISTICS, DESCRIBED[visit], strict=True):
        assert value(found[1], visit, statistic) == pytest.approx(wanted, abs=1e-12), statistic


COUNTED = [
    ("baseline", "at_most_7.5", 1, 3),
    ("baseline", "at_most_5", 1, 3),
    ("baseline", "none", 0, 3),
    ("month_3", "at_most_7.5", 2, 3),
    ("month_3", "at_most_5", 1, 3),
    ("month_3", "none", 1, 3),
    ("month_3", "raised", 0, 3),
    ("month_6", "at_most_7.5", 1, 2),
    ("month_6", "at_most_5", 1, 2),
    ("month_6", "none", 0, 2),
    ("month_6", "raised", 1, 2),
]


@pytest.mark.parametrize(("visit", "category", "count", "of"), COUNTED)
def test_shares(found: tuple[Study, Results], visit: str, category: str, count: int, of: int) -> None:
    assert value(found[1], visit, "count", category) == count
    assert value(found[1], visit, "percent", category) == pytest.approx(100 * count / of)


def test_nobody_is_raised_at_baseline(found: tuple[Study, Results]) -> None:
    rows = found[1].numbers.filter(
        (pl.col("analysis") == "glucocorticoid") & (pl.col("category") == "raised")
    )
    assert set(rows["visit"]) == {"month_3", "month_6"}


def test_higher_than_at_the_last_visit_is_not_higher_than_at_baseline(tmp_path: Path) -> None:
    """S1 20, 5, 10: higher than at month 3, not than at baseline. S2 10, unknown, 12.5: higher than at baseline,
    the last visit at which it was known. S3 5, 7.5, 5: higher at month 3 than both, at month 6 than neither."""
    header = MEDICATIONS.splitlines()[0]
    courses = """
S1,Prednisone,20,mg/day,oral,2019-06-01,2020-02-29
S1,Prednisone,5,mg/day,oral,2020-03-01,2020-06-01
S1,Prednisone,10,mg/day,oral,2020-06-02,
S2,Prednisone,10,mg/day,oral,2019-01-01,2020-02-29
S2,Prednisone,,mg/day,oral,2020-03-01,2020-06-01
S2,Prednisone,12.5,mg/day,oral,2020-06-02,
S3,Prednisone,5,mg/day,oral,2019-01-01,2020-02-29
S3,Prednisone,7.5,mg/day,oral,2020-03-01,2020-06-01
S3,Prednisone,5,mg/day,oral,2020-06-02,
"""
    study, results = run_trial(tmp_path / "small", header + courses)
    for visit, baseline, last, of in (("month_3", 1, 1, 2), ("month_6", 1, 2, 3)):
        assert value(results, visit, "count", "raised") == baseline
        assert value(results, visit, "count", "raised_since_last") == last
        assert value(results, visit, "n", "") == of
    table = next(table for table in build_tables(study, results) if table.id == "table-glucocorticoid")
    assert [cell.text for cell in table.rows[-1].cells[-2:]] == ["1/3", "2/3"]
    assert any("the last visit before at which it was known" in note for note in table.footnotes)


def test_each_dose_cites_the_course_in_force(found: tuple[Study, Results]) -> None:
    """Line 1 is the header; the course begun last counts where several are in force."""
    results = found[1]
    number = results.numbers.filter(
        (pl.col("analysis") == "glucocorticoid")
        & (pl.col("visit") == "month_6")
        & (pl.col("statistic") == "mean")
    ).row(0, named=True)
    cited = {
        row["subject"]: row for row in results.sources.filter(pl.col("source") == number["source"]).to_dicts()
    }
    assert {name: (row["file"], row["line"]) for name, row in cited.items()} == {
        "S1": ("medications.csv", 4), "S2": ("medications.csv", 6), "S3": ("medications.csv", 10),
    }  # fmt: skip
    assert {name: row["text"] for name, row in cited.items()} == {
        "S1": "5 mg/day", "S2": "12.5 mg/day", "S3": "dose not known (the dose of Prednisone is missing)",
    }  # fmt: skip


def test_a_subject_without_any_drug_has_an_unknown_dose(found: tuple[Study, Results]) -> None:
    results = found[1]
    listed = results.listings["glucocorticoid"].sort("subject", "day")
    doses = {(row["subject"], row["visit"]): row["value"] for row in listed.to_dicts()}
    assert doses == {
        ("S1", "baseline"): 20, ("S1", "month_3"): 7.5, ("S1", "month_6"): 5,
        ("S2", "baseline"): 10, ("S2", "month_3"): 10, ("S2", "month_6"): 12.5,
        ("S3", "baseline"): 5, ("S3", "month_3"): 0, ("S3", "month_6"): None,
        ("S4", "baseline"): None,
    }  # fmt: skip


def test_the_table_prints_one_row_a_visit(found: tuple[Study, Results]) -> None:
    tables = {table.id: table for table in build_tables(*found)}
    table = tables["table-glucocorticoid"]
    printed = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}
    assert table.heads == (
        "",
        "Known",
        "Mean (SD)",
        "Median (IQR)",
        "≤ 7.5 mg",
        "≤ 5 mg",
        "None",
        "Above baseline",
        "Above last visit",
    )
    assert table.spanners[-1] == ("n/N", 2)
    assert [cell.split(" (")[0] for cell in printed["Baseline"]] == [
        "3/4",
        "11.7",
        "10.0",
        "1",
        "1",
        "0",
        "–",
        "–",
    ]
    assert printed["Month 3"][1:3] == ["5.8 (5.2)", "7.5 (n/c)"]
    assert [cell.split(" (")[0] for cell in printed["Month 6"]] == [
        "2/3",
        "8.8",
        "8.8",
        "1",
        "1",
        "0",
        "1/2",
        "1/2",
    ]
    assert sum(count for _, count in table.spanners) == len(table.heads)
    assert any("Liu D" in note for note in table.footnotes)
    assert "Population: treated (the date of the first infusion is recorded)." in table.footnotes


def test_the_page_shows_table_and_figure_and_no_sentence(found: tuple[Study, Results]) -> None:
    page = render_html(*found)
    assert 'id="table-glucocorticoid"' in page
    assert 'id="figure-glucocorticoid"' in page
    assert "were not collected; a fall in activity" not in page


@pytest.mark.parametrize("medications", [None, MEDICATIONS.splitlines()[0] + "\n"])
def test_drugs_that_nobody_recorded_are_said_in_a_sentence(tmp_path: Path, medications: str | None) -> None:
    study, results = run_trial(tmp_path / "small", medications)
    assert "glucocorticoid" not in set(results.numbers["analysis"])
    page = render_html(study, results)
    assert (
        "Doses of glucocorticoid and other drugs were not collected; a fall in activity may be due to them."
        in page
    )
    assert "table-glucocorticoid" not in page
    assert build_glucocorticoid_figures(study, results, read_numbers(results.numbers)) == ()


def test_another_disease_has_the_doses_but_no_low_dose_of_lupus(tmp_path: Path) -> None:
    """No definition of another disease sets a low dose: no count of it, no column, no line in the figure."""
    study, results = run_trial(tmp_path / "small", condition="sjogren")
    lupus_study, lupus = run_trial(tmp_path / "lupus")
    ids = set(results.numbers.filter(pl.col("analysis") == "glucocorticoid")["category"])
    assert ids == {"", "none", "raised", "raised_since_last"}
    mean = "glucocorticoid.treated.baseline.prednisone.mean"
    assert results.value(mean) == lupus.value(mean)
    table = next(table for table in build_tables(study, results) if table.id == "table-glucocorticoid")
    assert table.heads == (
        "", "Known", "Mean (SD)", "Median (IQR)", "None", "Above baseline", "Above last visit",
    )  # fmt: skip
    assert sum(width for _, width in table.spanners) == len(table.heads)
    drawn = {}
    for name, trial, found in (("sjogren", study, results), ("sle", lupus_study, lupus)):
        (drawn[name],) = build_glucocorticoid_figures(trial, found, read_numbers(found.numbers))
    assert (
        len(drawn["sle"].spec["vconcat"][0]["layer"]) == len(drawn["sjogren"].spec["vconcat"][0]["layer"]) + 2
    )
    assert "Dashed" in drawn["sle"].footnotes[1]
    assert "Dashed" not in drawn["sjogren"].footnotes[1]


def test_only_unknown_doses_give_no_mean_and_no_figure(tmp_path: Path) -> None:
    header = MEDICATIONS.splitlines()[0]
    study, results = run_trial(tmp_path / "small", f"{header}\nS1,Prednisone,,mg/day,oral,2019-06-01,\n")
    rows = results.numbers.filter(pl.col("analysis") == "glucocorticoid")
    assert set(rows["statistic"]) == {"n", "cannot_tell"}
    assert rows.filter(pl.col("statistic") == "n")["value"].to_list() == [0.0, 0.0, 0.0]
    assert rows.filter(pl.col("statistic") == "cannot_tell")["value"].to_list() == [4.0, 3.0, 3.0]
    assert build_glucocorticoid_figures(study, results, read_numbers(results.numbers)) == ()
    table = next(table for table in build_tables(study, results) if table.id == "table-glucocorticoid")
    assert [cell.text for cell in table.rows[0].cells] == ["0/4", *["–"] * 7]


def test_the_population_is_that_of_the_primary_endpoint(found: tuple[Study, Results]) -> None:
    study = found[0]
    assert population_of(study) == "treated"
    first, second, third = study.endpoints
    primary = second.model_copy(update={"role": "primary", "population": "enrolled"})
    assert population_of(study.model_copy(update={"endpoints": (first, primary, third)})) == "enrolled"
    nowhere = tuple(each.model_copy(update={"population": ""}) for each in study.endpoints)
    assert population_of(study.model_copy(update={"endpoints": nowhere})) == "enrolled"


def test_a_line_is_broken_where_a_dose_is_not_known() -> None:
    listed = pl.DataFrame(
        {
            "subject": ["1", "1", "1", "1", "2"],
            "day": [90.0, 0.0, 30.0, 120.0, 0.0],
            "value": [5.0, 10.0, None, 2.5, 20.0],
        }
    )
    assert [(point["part"], point["value"]) for point in dose_lines(listed)] == [
        ("1 0", 10.0), ("1 1", 5.0), ("1 1", 2.5), ("2 0", 20.0),
    ]  # fmt: skip


@pytest.mark.parametrize(("subjects", "lines"), [(300, 300), (301, 0)])
def test_lines_of_many_subjects_are_left_out_and_this_is_said(
    found: tuple[Study, Results], subjects: int, lines: int
) -> None:
    study, results = found
    book = read_numbers(results.numbers)
    source = next(number.source for number in book.numbers if number.analysis == "glucocorticoid")
    names = [f"X{place}" for place in range(subjects)]
    listed = pl.DataFrame({"subject": names, "visit": "baseline", "day": 0.0, "value": 5.0})
    sources = pl.DataFrame({"source": [source] * subjects, "subject": names})
    many = replace(results, listings={"glucocorticoid": listed}, sources=sources)
    (figure,) = build_glucocorticoid_figures(study, many, book)
    drawn = figure.spec["vconcat"][0]["layer"][0]["data"]["values"]
    assert len(drawn) == lines
    said = "With more than 300 subjects single subjects are not drawn: all 301 are summarised."
    assert (said in figure.footnotes) == (lines == 0)


def test_the_figure_shows_the_numbers_of_the_table(found: tuple[Study, Results]) -> None:
    study, results = found
    (figure,) = build_glucocorticoid_figures(study, results, read_numbers(results.numbers))
    top, known, unknown = figure.spec["vconcat"]
    medians = top["layer"][-1]["data"]["values"]
    assert [(point["day"], point["median"]) for point in medians] == [(0, 10.0), (90, 7.5), (180, 8.75)]
    assert [point["words"] for point in known["data"]["values"]] == ["3", "3", "2"]
    assert [point["words"] for point in unknown["data"]["values"]] == ["1", "0", "1"]
    assert top["layer"][1]["data"]["values"] == [{"low": 7.5, "words": "7.5 mg"}]
    assert "Baseline: median 10.0 mg a day, n = 3; Month 3: median 7.5 mg a day, n = 3; Month 6" in figure.alt


def test_quartiles_of_five_subjects_are_printed_and_drawn(tmp_path: Path) -> None:
    """Doses 5, 10, 15, 20, 25 at one visit: median 15, quartiles 10 and 20."""
    folder = tmp_path / "small"
    study, results = run_trial(folder)
    place = Place(
        analysis="glucocorticoid",
        variable="prednisone",
        measure="prednisone",
        population="treated",
        n=5,
        source="s",
    )
    numbers = NumberList()
    for visit in ("baseline", "month_3"):
        for statistic, given in (
            ("n", 5),
            ("mean", 15),
            ("sd", 7.9),
            ("median", 15),
            ("q1", 10),
            ("q3", 20),
            ("cannot_tell", 0),
        ):
            numbers.add(replace(place, visit=visit), statistic, given)
    frame = numbers.frame()
    sources = pl.DataFrame({"source": ["s"], "subject": ["S1"]})
    changed = replace(results, numbers=frame, sources=sources)
    (figure,) = build_glucocorticoid_figures(study, changed, read_numbers(frame))
    drawn = figure.spec["vconcat"][0]["layer"][3]["data"]["values"]
    assert [(point["q1"], point["q3"]) for point in drawn] == [(10, 20), (10, 20)]
    assert "Baseline: median 15.0 mg a day, quartiles 10.0 to 20.0, n = 5; " in figure.alt
    (table,) = build_glucocorticoid_tables(study, read_numbers(frame))
    assert [cell.text for cell in table.rows[0].cells][:3] == ["5", "15.0 (7.9)", "15.0 (10.0 to 20.0)"]


def test_shares_of_ten_subjects_have_a_percentage() -> None:
    """The denominator stands in the column n; below ten there is no percentage."""
    study = Study.model_validate(
        {"study": {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}}
    )
    shown = []
    for total in (9, 10):
        place = Place(
            analysis="glucocorticoid",
            variable="prednisone",
            measure="prednisone",
            visit="v",
            n=total,
            denominator=total,
        )
        numbers = NumberList()
        numbers.add(place, "n", total)
        low = replace(place, category="at_most_7.5")
        numbers.add(low, "count", 3)
        numbers.add(low, "percent", 300 / total)
        (table,) = build_glucocorticoid_tables(study, read_numbers(numbers.frame()))
        shown.append(table.rows[0].cells[3].text)
    assert shown == ["3", "3 (30.0%)"]


def asked_run(folder: Path, answers: dict[tuple[str, str], str], medications: str) -> tuple[Study, Results]:
    """Run the small trial with the question about drugs answered at some visits."""
    run_trial(folder, medications)
    dates = {"baseline": "2020-01-01", "month_3": "2020-03-31", "month_6": "2020-06-29"}
    lines = [f"{subject},{visit},{dates[visit]},0,,{said}" for (subject, visit), said in answers.items()]
    text = "\n".join(["subject,visit,date,asked,any_event,asked_drugs", *lines]) + "\n"
    (folder / "data" / "safety_questions.csv").write_text(text, encoding="utf-8")
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def test_who_was_asked_and_has_no_drug_takes_none(tmp_path: Path) -> None:
    """S4 was asked at baseline and has no drug: 0 mg there. S1 was last asked at month 3, S2 never."""
    answers = {("S4", "baseline"): "1", ("S1", "baseline"): "1", ("S1", "month_3"): "1", ("S1", "month_6"): "0",
               ("S2", "month_3"): "0"}  # fmt: skip
    study, results = asked_run(tmp_path / "small", answers, MEDICATIONS)
    listed = results.listings["glucocorticoid"]
    doses = {(row["subject"], row["visit"]): row["value"] for row in listed.to_dicts()}
    assert doses == {
        ("S1", "baseline"): 20, ("S1", "month_3"): 7.5, ("S1", "month_6"): None,
        ("S2", "baseline"): None, ("S2", "month_3"): None, ("S2", "month_6"): None,
        ("S3", "baseline"): 5, ("S3", "month_3"): 0, ("S3", "month_6"): None,
        ("S4", "baseline"): 0,
    }  # fmt: skip
    # Of three doses at baseline (20, 5, 0) one is none.
    assert value(results, "baseline", "count", "none") == 1
    assert value(results, "baseline", "n") == 3
    # All four were asked, or have a drug: nothing is said of those who were not.
    assert results.value("drugs.treated.asked.count") == 4
    assert "are recorded, in" not in render_html(study, results)


def test_a_question_answered_by_no_drug_at_all_is_an_answer(tmp_path: Path) -> None:
    nothing = MEDICATIONS.splitlines()[0] + "\n"
    study, results = asked_run(tmp_path / "small", {("S1", "month_3"): "1"}, nothing)
    assert (value(results, "month_3", "n"), value(results, "month_3", "count", "none")) == (1, 1)
    # Asked at month 3 about the time since the last visit: what S1 took at baseline is known as well.
    assert value(results, "baseline", "n") == 1
    assert value(results, "month_6", "n") == 0
    page = render_html(study, results)
    assert "Other drugs were asked about, or are recorded, in 1 of 4 subjects" in page
    assert "were not collected; a fall in activity may be due to them" not in page


def test_an_answer_that_nobody_was_asked_is_no_dose(tmp_path: Path) -> None:
    nothing = MEDICATIONS.splitlines()[0] + "\n"
    study, results = asked_run(tmp_path / "small", {("S1", "month_3"): "0"}, nothing)
    assert not results.numbers.filter(pl.col("analysis").is_in(["glucocorticoid", "drugs"])).height
    assert "Doses of glucocorticoid and other drugs were not collected" in render_html(study, results)
