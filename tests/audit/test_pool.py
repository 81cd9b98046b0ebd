"""Studies combined from a table of printed results: reading, choice of studies, answers, words."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from funis.audit.pool.choice import PoolChoice, choose_studies
from funis.audit.pool.forest import build_forest
from funis.audit.pool.funnel import build_funnel, has_funnel
from funis.audit.pool.page import build_page
from funis.audit.pool.pooled import pool_studies
from funis.audit.pool.records import as_record
from funis.audit.pool.result import PoolResult
from funis.audit.pool.study_table import PoolError, StudyRow, parse_study_table, read_study_table
from funis.audit.pool.text import write_text
from funis.documents.html import render_page
from funis.errors import FunisError, UnknownNameError, ValueRangeError

SLEDAI = Path(__file__).parent / "data" / "sledai.csv"
HEAD = "study,arm,outcome,time,n,mean,sd,events\n"


def refused(text: str) -> list[str]:
    with pytest.raises(PoolError) as caught:
        parse_study_table(text, "t.csv")
    return [str(finding) for finding in caught.value.findings]


def ask(rows: Any, **asked: Any) -> PoolResult:
    return pool_studies(rows, PoolChoice(**asked), "t.csv")


def counts(*studies: tuple[str, int, int, int, int]) -> list[StudyRow]:
    """Rows of two arms: events and subjects with cells, then without."""
    return [
        StudyRow(name, arm, "relapse", "", n, events=x)
        for name, a, n_1, c, n_2 in studies
        for arm, x, n in (("cells", a, n_1), ("none", c, n_2))
    ]


# --- the table -----------------------------------------------------------------------------------------


def test_every_cause_of_a_table_is_told_in_one_run_with_its_line() -> None:
    found = refused(
        HEAD
        + "A,cells,SLEDAI,6,40.5,6.3,3.6,\n"
        + ",cells,SLEDAI,6,40,6.3,0,\n"
        + "B,cells,SLEDAI,6,12,six,3.6,13\n"
        + "C,cells,SLEDAI,6,12\n"
        + "D,cells,SLEDAI,6,9,5,2,\n"
        + "d,Cells,sledai,6,9,5,2,\n"
    )
    assert [line.split(":")[1].strip() for line in found] == [
        "t.csv, line 2, column 'n'",
        "t.csv, line 3, column 'study'",
        "t.csv, line 3, column 'sd'",
        "t.csv, line 4, column 'mean'",
        "t.csv, line 4, column 'events'",
        "t.csv, line 5",
        "t.csv, line 7, column 'study'",
    ]
    assert "more events than subjects (13 of 12)" in found[4]
    assert "are those of line 6" in found[6]


def test_columns_that_lack_or_are_nearly_named_are_told_together() -> None:
    found = refused("study,arm,outcom,n\nA,x,y,3\n")
    assert any("nearly the name 'outcome'" in line for line in found)
    assert any("'time'" in line and "lacks" in line for line in found)
    assert any("no figures" in line for line in found)


@pytest.mark.parametrize("text", ["", HEAD, HEAD + "\n\n", 'study,"arm\n'])
def test_a_table_without_a_row_is_refused(text: str) -> None:
    assert refused(text)


def test_an_empty_cell_is_not_printed_and_a_minus_sign_is_read() -> None:
    row = parse_study_table(HEAD + '"Doe, A",cells,SLEDAI,6,,−8,4,\r\n', "t.csv")[0]
    assert (row.study, row.n, row.mean, row.sd, row.events) == ("Doe, A", None, -8.0, 4.0, None)


def test_a_file_that_cannot_be_read_is_one_finding(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"study,arm\xff\n")
    with pytest.raises(PoolError, match="not UTF-8"):
        read_study_table(tmp_path / "t.csv")
    with pytest.raises(PoolError, match="no file of this name"):
        read_study_table(tmp_path / "other.csv")
    with pytest.raises(PoolError, match="folder"):
        read_study_table(tmp_path)


# --- which studies -------------------------------------------------------------------------------------


def test_each_study_of_the_table_takes_part_or_is_left_out_with_a_reason() -> None:
    found = ask(
        read_study_table(SLEDAI),
        measure="mean_change",
        outcome="SLEDAI",
        time="6 months",
        arm="MSC",
        correlation=0.5,
    )
    assert [each.row.study for each in found.chosen.taken] == ["SLE trial 2012", "Deng 2017"]
    reasons = {each.study: each.why for each in found.chosen.left_out}
    assert set(reasons) == {"Liang 2010", "Liu 2011", "Ranjbar 2022", "Kamen 2022"}
    # 0.9 x √14 = 3.37: the spread of Liu 2011 can only be a standard error beside 4.63 and 3.3.
    assert "looks like a standard error" in reasons["Liu 2011"]
    assert "is 3.37" in reasons["Liu 2011"]
    assert "No mean is given" in reasons["Ranjbar 2022"]
    assert found.has_faults
    assert "2 of 6 studies in the table take part." in write_text(found)


def test_one_study_alone_is_printed_and_nothing_is_combined() -> None:
    """At 12 months Liang 2010 does not say how many of its 15 were seen: n is not made up."""
    found = ask(
        read_study_table(SLEDAI), measure="mean_change", outcome="SLEDAI", time="12 months", correlation=0.5
    )
    assert found.main is None
    assert found.tau2 is None
    assert {each.study: each.why for each in found.chosen.left_out}["Liang 2010"].startswith("n is not given")
    text = write_text(found)
    assert "One study: nothing is combined" in text
    # 6.48 - 10.83; √((4.63² + 3.52² - 4.63 x 3.52) / 40) = 0.664.
    assert "-4.35 (-5.65 to -3.05)" in text


def test_a_spread_that_the_table_names_is_not_doubted() -> None:
    text = SLEDAI.read_text(encoding="utf-8")
    lines = [
        line.replace(",value,,,", ",value,se,,") if line.startswith("Liu") else line
        for line in text.splitlines()
    ]
    rows = parse_study_table("\n".join(lines), "t.csv")
    found = ask(rows, measure="mean_change", outcome="SLEDAI", time="6 months", arm="MSC", correlation=0.5)
    liu = next(each for each in found.effects if each.study == "Liu 2011")
    # Two errors of 0.9 with a correlation of one half: the change has the error 0.9, 3.5 ± 1.96 x 0.9.
    assert [liu.estimate, liu.lower, liu.upper] == pytest.approx([-3.5, -5.264, -1.736], abs=1e-3)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"measure": "mean"}, "'SLEDAI', 'SRI-4'"),
        ({"measure": "mean", "outcome": "SLEDAI"}, "--time"),
        ({"measure": "mean", "outcome": "SLEDAI", "time": "6 months"}, "--kind"),
        ({"measure": "mean", "outcome": "BILAG"}, "The table has no such outcome"),
        ({"measure": "mean", "outcome": "SLEDAI", "time": "6 months", "kind": "change"}, "More than one arm"),
        (
            {"measure": "mean_difference", "outcome": "SLEDAI", "time": "6 months", "kind": "change"},
            "--against",
        ),
        (
            {"measure": "proportion", "outcome": "SRI-4", "leave_out": ("Nobody",)},
            "no such study to leave out",
        ),
        ({"measure": "proportion", "outcome": "SRI-4", "against": "MSC"}, "of one arm"),
    ],
)
def test_what_is_not_said_is_never_guessed(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(PoolError, match=words):
        ask(read_study_table(SLEDAI), **asked)


def test_a_correlation_is_needed_where_the_change_is_not_printed() -> None:
    found = ask(read_study_table(SLEDAI), measure="mean_change", outcome="SLEDAI", time="6 months", arm="MSC")
    assert [each.study for each in found.effects] == ["Deng 2017"]
    assert (
        "no correlation is assumed"
        in {each.study: each.why for each in found.chosen.left_out}["SLE trial 2012"]
    )


def test_patients_are_not_counted_twice() -> None:
    rows = [StudyRow(name, "", "remission", "", 80, events=30, cohort="Nanjing") for name in ("2013", "2018")]
    with pytest.raises(PoolError, match="same patients stand in '2013', '2018'"):
        ask(rows, measure="proportion")
    found = ask(rows, measure="proportion", leave_out=("2013",))
    assert [each.study for each in found.effects] == ["2018"]
    assert not found.has_faults


def test_no_study_at_all_is_an_error_that_names_each() -> None:
    rows = [StudyRow("A", "", "SLEDAI", "", 9, 5.0), StudyRow("B", "", "SLEDAI", "", None, 5.0, 1.0)]
    with pytest.raises(PoolError, match="no study can take part") as caught:
        ask(rows, measure="mean")
    assert [finding.value for finding in caught.value.findings] == ["A", "B"]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"measure": "median"}, UnknownNameError),
        ({"measure": "mean", "model": "bayes"}, UnknownNameError),
        ({"measure": "mean", "model": "mantel_haenszel"}, ValueRangeError),
        ({"measure": "mean", "level": 95}, ValueRangeError),
        ({"measure": "mean_change", "correlation": 2}, ValueRangeError),
    ],
)
def test_a_choice_that_there_is_not_is_refused(asked: dict[str, Any], error: type[FunisError]) -> None:
    with pytest.raises(error):
        PoolChoice(**asked)


# --- answers -------------------------------------------------------------------------------------------


def test_a_ratio_is_printed_as_one_and_the_models_stand_side_by_side() -> None:
    """Two studies of equal arms: Mantel-Haenszel is (4 + 6)/(8 + 12); of the fixed effect both ratios are 1/2."""
    rows = counts(("A", 4, 40, 8, 40), ("B", 6, 30, 12, 30))
    for model in ("random", "fixed", "mantel_haenszel"):
        found = ask(rows, measure="risk_ratio", arm="cells", against="none", model=model)
        assert found.main is not None
        assert found.main.estimate == pytest.approx(0.5)
        assert found.main.model == model
        assert found.beside is not None
    assert "Mantel and Haenszel, nothing added: 0.50" in write_text(found)


def test_a_study_that_says_nothing_of_a_ratio_is_left_out_by_name_and_no_fault() -> None:
    rows = counts(("A", 4, 40, 8, 40), ("B", 6, 30, 12, 30), ("C", 0, 10, 0, 10))
    found = ask(rows, measure="odds_ratio", arm="cells", against="none")
    assert [each.study for each in found.chosen.left_out] == ["C"]
    assert "no estimate" in found.chosen.left_out[0].why
    assert not found.has_faults
    whole = ask(rows, measure="risk_difference", arm="cells", against="none")
    assert len(whole.effects) == 3
    assert any("one half is added" in line for line in as_record(whole)["cautions"])


def test_a_narrow_interval_of_hartung_and_knapp_is_told() -> None:
    rows = [
        StudyRow(name, "", "SLEDAI", "", 25, mean, 5.0, kind="change")
        for name, mean in (("A", -4.0), ("B", -4.1), ("C", -4.05))
    ]
    plain = ask(rows, measure="mean")
    assert plain.variance_factor < 1
    assert any("hartung_knapp_ad_hoc" in line for line in as_record(plain)["cautions"])
    kept = ask(rows, measure="mean", interval="hartung_knapp_ad_hoc")
    assert not any("hartung_knapp_ad_hoc" in line for line in as_record(kept)["cautions"])
    # Three errors of 1, t with two degrees of freedom: 4.05 ± 4.3027/√3.
    assert kept.main is not None
    assert kept.main.upper == pytest.approx(-4.05 + 4.30265 / math.sqrt(3), abs=1e-4)


@pytest.mark.parametrize("scale", ["binomial_normal", "logit", "double_arcsine"])
def test_a_proportion_is_combined_on_the_scale_that_is_named(scale: str) -> None:
    rows = [
        StudyRow(name, "", "remission", "", n, events=x)
        for name, x, n in (("A", 10, 40), ("B", 5, 20), ("C", 15, 60))
    ]
    found = ask(rows, measure="proportion", scale=scale)
    assert found.main is not None
    assert found.main.estimate == pytest.approx(0.25, abs=0.003)
    # The exact interval of 10/40: 12.7 to 41.2 (R 4.2.2, binom.test).
    assert [found.effects[0].lower, found.effects[0].upper] == pytest.approx([0.1269, 0.4120], abs=1e-4)


def test_how_a_double_arcsine_is_turned_back_is_printed_and_matters() -> None:
    rows = [
        StudyRow(name, "", "death", "", n, events=x)
        for name, x, n in (("A", 0, 8), ("B", 1, 2000), ("C", 0, 12))
    ]
    found = {
        how: ask(rows, measure="proportion", scale="double_arcsine", model="fixed", undoing=how)
        for how in ("harmonic_mean", "pooled_variance")
    }
    estimates = [each.main.estimate for each in found.values() if each.main is not None]
    assert estimates[0] != pytest.approx(estimates[1], rel=0.05)
    for result, words in zip(found.values(), ("harmonic mean", "fits the variance"), strict=True):
        assert words in write_text(result)


MEDIANS = "study,arm,outcome,time,n,mean,sd,median,q1,q3,minimum,maximum\n"


def test_a_median_takes_part_only_where_a_method_is_named_and_is_marked_everywhere() -> None:
    """The range is metaBLUE's example: mean 4.356748, standard deviation 2.205578."""
    text = MEDIANS + "A,,SLEDAI,,30,,,4,,,1,10\nB,,SLEDAI,,25,5,2,,,,,\nC,,SLEDAI,,20,,,6,,,,\n"
    rows = parse_study_table(text, "t.csv")
    plain = ask(rows, measure="mean")
    assert [each.study for each in plain.effects] == ["B"]
    reasons = {each.study: each.why for each in plain.chosen.left_out}
    assert "--medians luo_wan" in reasons["A"]
    assert "neither both quartiles" in reasons["C"]
    found = ask(rows, measure="mean", medians="luo_wan")
    assert [each.study for each in found.effects] == ["A", "B"]
    assert found.effects[0].estimate == pytest.approx(4.356748, abs=5e-7)
    assert found.effects[0].error == pytest.approx(2.205578 / 30**0.5, abs=5e-7)
    assert [each["converted"] for each in as_record(found)["studies"]] == ["luo_wan", ""]
    for told in (write_text(found), render_page(build_page(found, "t.csv")), build_forest(found).alt):
        assert "A (from a median)" in told
        assert "B (from a median)" not in told
    assert "4.36 ± 2.21 (n = 30), from median 4, range 1 to 10" in write_text(found)
    assert any(
        "Made of a printed median: A (mean by Luo 2018" in line for line in as_record(found)["cautions"]
    )


def test_a_printed_mean_is_never_replaced_by_one_made_of_a_median() -> None:
    rows = parse_study_table(MEDIANS + "A,,SLEDAI,,30,7,2,4,,,1,10\n", "t.csv")
    assert ask(rows, measure="mean", medians="wan").effects[0].estimate == 7


def test_quantiles_out_of_order_are_told_with_line_and_column() -> None:
    found = refused(MEDIANS + "A,,SLEDAI,,30,,,4,5,6,,\nB,,SLEDAI,,30,,,4,3,6,,5\n")
    assert "line 2, column 'median': The lower quartile lies above the median. Found '4'." in found[0]
    assert "line 3, column 'maximum': The upper quartile lies above the maximum. Found '5'." in found[1]


def test_the_answer_is_shown_with_other_correlations_and_they_are_right() -> None:
    """Equal spreads of 2 before and after, n 50: the variance of a change is 2 x 4 (1 - r) / 50."""
    rows = [
        StudyRow(name, "", "SLEDAI", time, 50, mean, 2.0)
        for name, drop in (("A", 4.0), ("B", 6.0))
        for time, mean in (("baseline", 10.0), ("month 6", 10.0 - drop))
    ]
    found = ask(rows, measure="mean_change", correlation=0.6, model="fixed")
    assert [each.correlation for each in found.by_correlation] == [0.3, 0.5, 0.6, 0.7, 0.9]
    for each in found.by_correlation:
        half = 1.959964 * math.sqrt(8 * (1 - each.correlation) / 50 / 2)
        assert each.answer.estimate == pytest.approx(-5)
        assert each.answer.upper == pytest.approx(-5 + half, abs=1e-5)
    assert found.by_correlation[2].answer == found.main
    assert "0.6 (asked for): -5.00" in write_text(found)
    assert "The answer with other correlations" in render_page(build_page(found, "t.csv"))
    given = ask(rows, measure="mean_change", correlation=0.6, correlations=(0.1,))
    assert [each["correlation"] for each in as_record(given)["by_correlation"]] == [0.1, 0.6]


def test_printed_changes_need_no_other_correlations() -> None:
    rows = [StudyRow(name, "", "SLEDAI", "", 16, -4.0, 4.0, kind="change") for name in ("A", "B")]
    assert ask(rows, measure="mean_change", correlation=0.5).by_correlation == ()


def of_many(k: int) -> list[StudyRow]:
    """Studies whose effect falls as their error rises: 4 with an error of 0.5, 1 less for each unit more."""
    return [
        StudyRow(
            f"S{place}",
            "",
            "SLEDAI",
            "",
            16,
            4.0 - place / 4 + (-1) ** place / 10,
            2.0 + place,
            kind="change",
            sd_is="sd",
        )
        for place in range(k)
    ]


def test_the_funnel_is_tested_from_ten_studies_on_and_says_why_not_before() -> None:
    few, many = ask(of_many(9), measure="mean"), ask(of_many(10), measure="mean")
    assert few.asymmetry is None
    assert "With 9 studies, fewer than 10" in write_text(few)
    assert many.asymmetry is not None
    # By hand: one unit of sd / 4 more makes the effect one unit less.
    assert many.asymmetry.slope == pytest.approx(-1, abs=0.15)
    assert "Egger's test of 10 studies" in write_text(many)
    assert as_record(many)["asymmetry"]["slope"] == many.asymmetry.slope
    page = render_page(build_page(many, "t.csv"))
    assert "s test of 10 studies: slope" in page


def test_the_funnel_holds_every_study_and_its_lines_start_at_the_fixed_effect() -> None:
    found = ask(of_many(10), measure="mean")
    figure = build_funnel(found)
    upright, left, right, points = figure.spec["layer"]
    fixed = found.beside
    assert fixed is not None
    ends = [layer["data"]["values"] for layer in (upright, left, right)]
    assert {path[0]["effect"] for path in ends} == {fixed.estimate}
    for path, side in zip(ends, (0, -1, 1), strict=True):
        assert path[1]["effect"] == pytest.approx(
            fixed.estimate + side * 1.959964 * path[1]["error"], abs=1e-5
        )
    assert [each["error"] for each in points["data"]["values"]] == [(2.0 + place) / 4 for place in range(10)]
    assert "S9" in figure.alt


def test_a_proportion_and_two_studies_have_no_funnel() -> None:
    rows = [StudyRow(f"S{place}", "", "death", "", 40, events=place + 1) for place in range(12)]
    for scale in ("binomial_normal", "logit"):
        found = ask(rows, measure="proportion", scale=scale)
        assert not has_funnel(found)
        assert found.asymmetry is None
        assert "No funnel plot" in render_page(build_page(found, "t.csv"))
    assert not has_funnel(ask(of_many(2), measure="mean"))


def test_a_table_of_events_where_means_are_asked_says_so() -> None:
    with pytest.raises(PoolError, match="No mean is given"):
        ask(counts(("A", 4, 40, 8, 40)), measure="mean", arm="cells")


# --- what is written -----------------------------------------------------------------------------------


def test_every_number_of_the_text_stands_in_the_json_and_on_the_page() -> None:
    rows = counts(("A & B", 4, 40, 8, 40), ("<C>", 9, 30, 12, 30), ("D", 1, 25, 6, 24))
    found = ask(rows, measure="risk_ratio", arm="cells", against="none")
    assert found.main is not None
    record = json.loads(json.dumps(as_record(found), allow_nan=False))
    assert record["combined"]["estimate"] == found.main.estimate
    assert [each["study"] for each in record["without"]] == ["A & B", "<C>", "D"]
    page = render_page(build_page(found, "t.csv"))
    assert "&lt;C&gt;" in page
    assert "<C>" not in page
    for line in write_text(found).splitlines():
        if line.startswith("Random effects"):
            assert line.partition(": ")[2] in page
    assert "http" not in page.replace("http://www.w3.org", "").replace("http-equiv", "")


def test_a_difference_of_risks_is_in_percentage_points_everywhere() -> None:
    rows = counts(("A", 4, 40, 8, 40), ("B", 9, 30, 12, 30))
    found = ask(rows, measure="risk_difference", arm="cells", against="none")
    page = render_page(build_page(found, "t.csv"))
    assert "Estimate (95% CI), percentage points" in page
    for text in (write_text(found), page):
        assert "risk difference, percentage points" in text
        assert "percent points" not in text
    assert "CI), percent<" not in page


def test_the_figure_tells_each_study_in_words_and_cuts_what_goes_on() -> None:
    rows = counts(("A", 20, 400, 40, 400), ("B", 25, 400, 38, 400), ("C", 1, 4, 2, 400))
    figure = build_forest(ask(rows, measure="risk_ratio", arm="cells", against="none"))
    for study in ("A", "B", "C"):
        assert f"{study} " in figure.alt
    assert "prediction interval" in figure.alt
    assert "triangle" in json.dumps(figure.spec)


def test_the_choice_of_studies_does_not_depend_on_the_order_of_rows() -> None:
    rows = read_study_table(SLEDAI)
    asked = PoolChoice("mean_change", outcome="SLEDAI", time="6 months", arm="MSC", correlation=0.5)
    first, second = choose_studies(rows, asked), choose_studies(rows[::-1], asked)
    assert {each.row.study for each in first.taken} == {each.row.study for each in second.taken}
