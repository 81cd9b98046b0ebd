"""Printed figures as rows of the table of studies: nothing is made up, and funis pool reads what was written."""

from pathlib import Path

import pytest

from funis.audit.pool.choice import PoolChoice
from funis.audit.pool.export import ExportedTable, StudyFigures, export_studies
from funis.audit.pool.pooled import pool_studies
from funis.audit.pool.study_table import PoolError, parse_study_table
from funis.audit.read_figures import parse_figures, read_figures

TRIALS = Path(__file__).parent / "trials"


def export(text: str, cohort: str = "") -> ExportedTable:
    report = parse_figures(text, "t.toml")
    return export_studies([StudyFigures("Trial", "Doe 2020", tuple(report.figures), cohort)])


def rows(text: str) -> list[str]:
    return export(text).text.splitlines()[1:]


def test_digits_stay_as_printed_and_a_spread_has_only_the_name_it_was_given() -> None:
    named = '[[means]]\noutcome = "SLEDAI"\ntime = "month 6"\nmean = "6.30"\nspread = "3.60"\nn = "1,040"\n'
    assert rows(named) == ["Trial,,SLEDAI,month 6,1040,6.30,3.60,,Doe 2020,,,,,,,,"]
    assert rows(named + 'spread_kind = "se"\n') == [
        "Trial,,SLEDAI,month 6,1040,6.30,3.60,,Doe 2020,,se,,,,,,"
    ]


def test_n_of_a_group_stands_only_at_its_own_time() -> None:
    size = '[[group_sizes]]\nn = "40"\n'
    mean = '[[means]]\noutcome = "SLEDAI"\ntime = "month 6"\nmean = "6.3"\n'
    note = "Doe 2020; n is not printed with it; the group has 40"
    assert rows(size + mean) == [f"Trial,,SLEDAI,month 6,,6.3,,,{note},,,,,,,,"]
    assert rows(size + 'time = "6 months"\n' + mean) == ["Trial,,SLEDAI,month 6,40,6.3,,,Doe 2020,,,,,,,,"]


def test_a_percentage_without_a_count_has_no_row_and_is_counted() -> None:
    found = export('[[counts]]\noutcome = "relapse"\npercent = "12.5"\ndenominator = "24"\n')
    assert (found.rows, found.without_row) == (0, 1)


def test_a_median_alone_has_a_row_and_its_study_is_seen_to_be_left_out() -> None:
    text = export('[[medians]]\noutcome = "SLEDAI"\nmedian = "16"\nn = "9"\n').text
    for medians in ("left_out", "luo_wan"):
        with pytest.raises(PoolError, match="with neither both quartiles nor both ends of the range"):
            pool_studies(parse_study_table(text, "t.csv"), PoolChoice("mean", medians=medians))


@pytest.mark.parametrize(("named", "used"), [("range", ("minimum", "maximum")), ("iqr", ("q1", "q3"))])
def test_the_ends_of_a_median_stand_under_the_name_that_the_text_gives_them(
    named: str, used: tuple[str, str]
) -> None:
    median = f'[[medians]]\noutcome = "SLEDAI"\nmedian = "16"\nn = "9"\nlow = "8"\nhigh = "22"\nspread_kind = "{named}"\n'
    row = parse_study_table(export(median).text, "t.csv")[0]
    assert [getattr(row, name) for name in ("median", *used)] == [16, 8, 22]
    assert [row.q1, row.q3, row.minimum, row.maximum].count(None) == 2


def test_ends_that_the_text_does_not_name_are_not_given_a_name() -> None:
    median = '[[medians]]\noutcome = "SLEDAI"\nmedian = "16"\nn = "9"\nlow = "8"\nhigh = "22"\n'
    row = parse_study_table(export(median).text, "t.csv")[0]
    assert (row.median, row.q1, row.q3, row.minimum, row.maximum) == (16, None, None, None, None)


def test_a_name_that_a_spreadsheet_would_run_stays_a_text() -> None:
    report = parse_figures('[[counts]]\noutcome = "relapse"\ncount = "1"\n', "t.toml")
    text = export_studies([StudyFigures("=cmd()", "", tuple(report.figures))]).text
    assert "'=cmd()" in text


def test_two_reports_of_one_trial_are_never_counted_twice() -> None:
    reports = [read_figures(TRIALS / f"{name}.toml") for name in ("sle_2012", "sle_2014")]
    held = [StudyFigures(each.name, each.source, tuple(each.figures), "one trial") for each in reports]
    table = parse_study_table(export_studies(held).text, "t.csv")
    assert {row.cohort for row in table} == {"one trial"}


@pytest.mark.parametrize("name", ["sle_2012", "sjogren_2012"])
def test_the_published_abstracts_come_back_from_the_table(name: str) -> None:
    report = read_figures(TRIALS / f"{name}.toml")
    found = export_studies([StudyFigures(name, report.source, tuple(report.figures))])
    table = parse_study_table(found.text, "t.csv")
    assert len(table) == found.rows
    # SLEDAI 6.30 ± 3.63 and SSDAI 3.46 ± 1.18 at month 6, as the abstracts print them.
    wanted = {"sle_2012": ("SLEDAI", 6.30, 3.63), "sjogren_2012": ("SSDAI", 3.46, 1.18)}[name]
    assert wanted in {(row.outcome, row.mean, row.sd) for row in table if row.time == "month 6"}
