"""Tables: each printed number is the result it names, with its denominator, and nothing is invented."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from funis.documents.table import Inline, TableSpec, joined
from funis.errors import Finding
from funis.reporting.finding_tables import MOST_LISTED, build_finding_tables
from funis.reporting.methods_text import build_methods
from funis.reporting.number_book import percent_interval, read_numbers
from funis.reporting.report_tables import build_tables
from funis.results import NOT_AVAILABLE, NOT_COLLECTED, NumberList, Place, Provenance, Results
from funis.study.model import Study

ORIGIN = Provenance(version="0", study="X", title="X")


def results_of(numbers: NumberList, **more: Any) -> Results:
    return Results(numbers=numbers.frame(), sources=pl.DataFrame(), provenance=ORIGIN, **more)


def table(tables: tuple[TableSpec, ...], name: str) -> TableSpec:
    return next(each for each in tables if each.id == name)


def lines(spec: TableSpec) -> list[tuple[str, ...]]:
    return [(row.stub.text, *(cell.text for cell in row.cells)) for row in spec.rows]


@pytest.fixture(scope="session")
def study(made: ModuleType) -> Study:
    found: Study = made.make_study()
    return found


@pytest.fixture(scope="session")
def tables(made: ModuleType, study: Study) -> tuple[TableSpec, ...]:
    return build_tables(study, made.make_results())


def test_no_number_gives_no_table(study: Study) -> None:
    assert build_tables(study, results_of(NumberList())) == ()


def test_mean_on_a_tie_is_printed_away_from_zero(study: Study) -> None:
    # 433 / 40 = 10.825 exactly: half away from zero gives 10.83, half to even would give 10.82.
    numbers = NumberList()
    place = Place(analysis="summary", variable="sledai_2k", population="treated", visit="baseline", n=40)
    for statistic, value in (("n", 40.0), ("mean", 433 / 40), ("sd", 4.6282)):
        numbers.add(place, statistic, value)
    found = table(build_tables(study, results_of(numbers)), "table-sledai_change")
    assert [row[:2] for row in lines(found)] == [("n", "40"), ("Mean ± SD", "10.83 ± 4.63")]
    assert found.rows[1].cells[0].ids == (
        "summary.treated.baseline.sledai_2k.mean", "summary.treated.baseline.sledai_2k.sd",
    )  # fmt: skip


def test_every_printed_number_prints_the_result_it_names(
    made: ModuleType, tables: tuple[TableSpec, ...]
) -> None:
    rows = {row["id"]: row for row in made.make_results().numbers.to_dicts()}
    printed = [
        part
        for each in tables
        for row in each.rows
        for cell in (row.stub, *row.cells)
        for part in cell.parts
        if part.id
    ]
    assert len(printed) > 800
    for part in printed:
        value = rows[part.id]["value"]
        shown = part.text.replace("−", "-").removesuffix("%").split("/")[0]
        if shown.startswith(("<", ">")):
            assert (value < 0.001) if shown.startswith("<") else (value > 0.999)
            continue
        # A printed value is the result rounded: at most half a unit of its last digit away.
        digits = len(shown.partition(".")[2])
        scale = (
            1e-6
            if rows[part.id]["variable"].startswith("cells") and rows[part.id]["statistic"] != "n"
            else 1.0
        )
        # A share free of an event has three decimals, or is a percentage with one.
        if rows[part.id]["analysis"] == "time_to_event" and value <= 1 and digits == 1:
            scale = 100.0
        assert float(shown) == pytest.approx(value * scale, abs=0.5000001 * 10.0**-digits)


def test_only_numbers_of_results_can_be_opened(made: ModuleType, tables: tuple[TableSpec, ...]) -> None:
    known = set(made.make_results().numbers["id"])
    assert {name for each in tables for name in each.ids} <= known


def test_table_ids_are_unique(tables: tuple[TableSpec, ...]) -> None:
    names = [each.id for each in tables]
    assert len(names) == len(set(names))


def test_relapse_prints_every_denominator(tables: tuple[TableSpec, ...]) -> None:
    found = [row[:2] for row in lines(table(tables, "table-relapse"))]
    # 3/40 = 7.5 %, 3/29 = 10.34 %, 4/40 = 10 %, 4/29 = 13.79 %, 4/26 = 15.38 %, 7/29 = 24.14 %
    assert found[:4] == [
        ("Month 9",),
        ("Relapse, of all enrolled", "3/40 (7.5%)"),
        ("Relapse, of responders", "3/29 (10.3%)"),
        ("Relapse, of responders still at risk", "3/29 (10.3%)"),
    ]
    assert ("Relapse, of all enrolled", "4/40 (10.0%)") in found
    assert ("Relapse, of responders", "4/29 (13.8%)") in found
    assert ("Relapse, of responders still at risk", "4/26 (15.4%)") in found
    assert found[8] == ("All visits together",)
    assert found[10] == ("Relapse, of responders", "7/29 (24.1%)")


def test_response_names_population_and_both_intervals(tables: tuple[TableSpec, ...]) -> None:
    found = table(tables, "table-response-ucmsc_bilag_response")
    assert found.heads == ("", "n/N (%)", "95% CI, Clopper-Pearson", "95% CI, Wilson")
    assert found.rows[0].stub.text == "Month 6; population: treated"
    assert lines(found)[1][:2] == ("Major clinical response", "14/40 (35.0%)")
    assert "Population: treated (the date of the first infusion is recorded)." in found.footnotes
    assert any(note.startswith("Missing outcome (observed)") for note in found.footnotes)


def test_adjusted_p_stands_beside_the_unadjusted(study: Study) -> None:
    numbers = NumberList()
    place = Place(analysis="test", variable="sledai_2k_change", measure="sledai_2k", population="treated", visit="month_3",
                  endpoint="sledai_change", n=40)  # fmt: skip
    numbers.add(place, "p", 0.0211, method="paired_t")
    numbers.add(replace(place, adjustment="holm"), "p_adjusted", 0.0422, method="paired_t")
    found = table(build_tables(study, results_of(numbers)), "table-sledai_change")
    assert lines(found) == [("P, paired t test", "0.021"), ("P, paired t test, Holm", "0.042")]
    assert any(
        note.startswith("P: unadjusted. P, Holm: adjusted by Holm over the visits")
        for note in found.footnotes
    )
    assert not any("in brackets" in note for note in found.footnotes)


@pytest.mark.parametrize(
    ("p", "printed"), [(0.0004, "< 0.001"), (0.04996, "0.04996"), (0.05, "0.050"), (0.9995, "> 0.999")]
)
def test_p_is_never_printed_across_a_limit(study: Study, p: float, printed: str) -> None:
    numbers = NumberList()
    place = Place(analysis="test", variable="sledai_2k_change", measure="sledai_2k", population="treated", visit="month_3",
                  endpoint="sledai_change", n=40)  # fmt: skip
    numbers.add(place, "p", p, method="paired_t")
    assert lines(table(build_tables(study, results_of(numbers)), "table-sledai_change"))[0][1] == printed


def test_failed_fit_prints_its_status_and_no_value(study: Study) -> None:
    numbers = NumberList()
    place = Place(analysis="mmrm", variable="sledai_2k_change", measure="sledai_2k", population="treated", visit="month_3",
                  endpoint="sledai_change", n=3)  # fmt: skip
    numbers.add(place, "estimate", None, status="failed")
    numbers.add(place, "p", None, status="failed")
    found = table(build_tables(study, results_of(numbers)), "table-mmrm")
    assert lines(found)[1] == ("Month 3", "3", "failed", "–", "–", "failed")
    assert "failed: the fit did not converge; no estimate is reported." in found.footnotes


def test_value_that_is_not_estimable_is_a_dash_with_its_id(study: Study) -> None:
    numbers = NumberList()
    place = Place(analysis="summary", variable="sledai_2k", population="treated", visit="baseline", n=3)
    numbers.add(place, "mean", 8.0)
    numbers.add(place, "sd", None)
    found = table(build_tables(study, results_of(numbers)), "table-sledai_change")
    assert lines(found) == [("Mean ± SD", "8.00 ± –")]
    assert len(found.rows[0].cells[0].ids) == 2
    assert any(note.startswith("–: not estimable") for note in found.footnotes)


def test_one_value_has_no_spread_and_a_note_says_so(study: Study) -> None:
    numbers = NumberList()
    for visit, n, spread in (("baseline", 5, 1.5), ("month_3", 1, None)):
        place = Place(analysis="summary", variable="sledai_2k", population="treated", visit=visit, n=n)
        numbers.add(place, "n", n)
        numbers.add(place, "mean", 8.0)
        numbers.add(place, "sd", spread)
    found = table(build_tables(study, results_of(numbers)), "table-sledai_change")
    assert ("Mean ± SD", "8.00 ± 1.50", "8.00") in [row[:3] for row in lines(found)]
    assert any(note.startswith("n = 1: the value of the one subject") for note in found.footnotes)


def test_many_visits_stand_in_rows(study: Study) -> None:
    numbers = NumberList()
    for visit in range(1, 23):
        place = Place(analysis="summary", variable="c4", visit=f"visit_{visit}", n=visit)
        numbers.add(place, "n", visit)
        numbers.add(place, "mean", visit / 8)
    found = table(build_tables(study, results_of(numbers)), "table-other-scores")
    assert found.heads == ("Visit", "n", "Mean ± SD")
    assert lines(found)[2] == ("Visit 3", "3", "0.38")  # 3/8 = 0.375
    assert len(found.rows) == 22


def test_endpoint_of_a_subgroup_prints_only_that_subgroup(made: ModuleType) -> None:
    study = made.make_study()
    endpoint = study.endpoints[2].model_copy(
        update={"subgroups": ("lupus_nephritis",), "subgroup_only": True}
    )
    study = study.model_copy(update={"endpoints": (endpoint,)})
    numbers = NumberList()
    for subgroup, n in (("all", 40), ("lupus_nephritis", 24)):
        numbers.add(
            Place(
                analysis="summary",
                variable="sledai_2k",
                population="treated",
                subgroup=subgroup,
                visit="baseline",
            ),
            "n",
            n,
        )
    found = table(build_tables(study, results_of(numbers)), "table-sledai_change")
    # The planned visits without a value keep their columns.
    assert lines(found) == [("n", "24", *(["not collected"] * 4))]
    assert "Subgroup lupus nephritis: proteinuria, 24 h at baseline is above 0.5." in found.footnotes


def test_screened_is_no_share_of_the_enrolled(tables: tuple[TableSpec, ...]) -> None:
    found = {row[0]: row[1] for row in lines(table(tables, "table-disposition"))}
    assert found["Screened"] == "43"
    assert found["Completed follow-up"] == "38/40 (95.0%)"


def test_what_none_rests_on_is_printed(tables: tuple[TableSpec, ...]) -> None:
    printed = lines(table(tables, "table-adverse-events"))
    # Not everybody was asked at every visit: the share stands in the cell, of a zero and of a count alike.
    assert printed[0][:2] == ("Asked, of visits due", "234/240")
    assert printed[2] == ("Serious", "0/40 (0.0%); asked at 234/240 visits due", "", "0")
    assert printed[1][1] == "3/40 (7.5%); asked at 234/240 visits due"
    asked = lines(table(tables, "table-asked"))
    assert asked[-1] == ("All visits together", "234/240 (97.5%)")


def test_what_was_recorded_though_nobody_was_asked_has_no_denominator(study: Study) -> None:
    numbers = NumberList()
    numbers.add(Place(analysis="adverse_events", variable="any", n=2), "count", 2)
    numbers.add(
        Place(analysis="adverse_events", variable="serious"),
        "count",
        None,
        text=NOT_COLLECTED,
        status="not_collected",
    )
    found = table(build_tables(study, results_of(numbers)), "table-adverse-events")
    assert [row[:2] for row in lines(found)] == [("Any adverse event", "2"), ("Serious", "not collected")]
    assert any("nobody was asked" in note for note in found.footnotes)


def test_without_the_question_there_is_no_table_of_events(study: Study) -> None:
    numbers = NumberList()
    for name in ("any", "serious"):
        place = Place(analysis="adverse_events", variable=name)
        numbers.add(place, "count", None, text=NOT_COLLECTED, status="not_collected")
    numbers.add(Place(analysis="adverse_events", variable="asked", denominator=9), "count", 0)
    found = build_tables(study, results_of(numbers))
    assert {spec.id for spec in found} == {"table-unassessed"}


def test_cells_are_printed_in_millions(study: Study) -> None:
    numbers = NumberList()
    place = Place(analysis="exposure", variable="cells", visit="infusion_1", n=2)
    for statistic, value in (("mean", 56_150_000.0), ("min", 41e6), ("max", 70e6)):
        numbers.add(place, statistic, value)
    found = table(build_tables(study, results_of(numbers)), "table-exposure")
    # 56.15 million is a tie: away from zero.
    assert ("Mean ± SD, × 10⁶", "56.2") in lines(found)
    assert any("1 × 10⁶ cells/kg" in note for note in found.footnotes)


def test_arms_stand_beside_each_other(made: ModuleType) -> None:
    raw = made.make_study().model_dump(by_alias=True) | {
        "arms": ({"id": "A", "name": "Cells"}, {"id": "B", "name": "Placebo"})
    }
    study = Study.model_validate(raw)
    numbers = NumberList()
    for arm, n in (("all", 3), ("A", 1), ("B", 2)):
        numbers.add(Place(analysis="disposition", variable="died", arm=arm, denominator=n), "count", 0)
        numbers.add(Place(analysis="adverse_events", variable="any", arm=arm, denominator=n), "count", n)
    found = build_tables(study, results_of(numbers))
    assert table(found, "table-disposition").heads == ("", "All subjects", "Cells", "Placebo")
    assert lines(table(found, "table-disposition")) == [("Died", "0/3", "0/1", "0/2")]
    # All together stand in the supplement: nine columns would turn the page.
    assert table(found, "table-adverse-events").spanners == (("", 1), ("Cells", 3), ("Placebo", 3))
    assert [row[1::3] for row in lines(table(found, "table-adverse-events"))] == [("1/1", "2/2")]
    together = table(found, "table-adverse-events-all")
    assert together.title == "Adverse events: all subjects"
    assert [row[1] for row in lines(together)] == ["3/3"]


def test_zero_events_carry_the_limit_up_to_which_they_could_be_missed(study: Study) -> None:
    numbers = NumberList()
    place = Place(analysis="adverse_events", variable="any", n=40, denominator=40)
    numbers.add(place, "count", 0)
    # R 4.2.2: binom.test(0, 40)$conf.int gives 0 and 0.08809731.
    numbers.add(place, "lower", 0.0, method="clopper_pearson")
    numbers.add(place, "upper", 8.809731, method="clopper_pearson")
    found = table(build_tables(study, results_of(numbers)), "table-adverse-events")
    assert found.heads[2] == "95% CI, Clopper-Pearson"
    assert lines(found)[0][2] == "0.0 to 8.8%"


def test_a_rank_test_prints_what_it_estimates_and_the_level_is_that_of_the_study(made: ModuleType) -> None:
    raw = made.make_study().model_dump(by_alias=True)
    study = Study.model_validate(raw | {"study": raw["study"] | {"alpha": 0.1}})
    endpoint = next(each for each in study.endpoints if each.kind == "change")
    numbers = NumberList()
    measure = endpoint.all_variables[0]
    name = f"{measure}_change"
    population = endpoint.population or "enrolled"
    change = Place(
        analysis="change", variable=name, measure=measure, population=population, visit="month_6", n=5
    )
    for statistic, value in (("mean", -3.0), ("lower", -4.5), ("upper", -1.5)):
        numbers.add(change, statistic, value, method="student_t" if statistic != "mean" else "")
    test = replace(change, analysis="test", endpoint=endpoint.id)
    for statistic, value in (("estimate", -3.125), ("lower", -5.0), ("upper", -1.0), ("p", 0.0625)):
        numbers.add(test, statistic, value, method="wilcoxon")
    found = table(build_tables(study, results_of(numbers)), f"table-{endpoint.id}")
    printed = {row[0]: row[1] for row in lines(found)}
    assert printed["90% CI of the change"] == "−4.50 to −1.50"
    # -3.125 is a tie: away from zero.
    assert printed["Hodges-Lehmann change"] == "−3.13"
    assert printed["90% CI of it"] == "−5.00 to −1.00"
    assert printed["P, Wilcoxon signed-rank test"] == "0.063; n = 5"
    assert "P: not adjusted for the number of tests." in found.footnotes
    assert any("exact given the ties" in note for note in found.footnotes)


def test_quartiles_of_one_line_have_the_same_decimals(study: Study) -> None:
    numbers = NumberList()
    for visit, values in (("baseline", (8.0, 10.0, 12.0)), ("month_6", (4.75, 7.0, 10.0))):
        place = Place(analysis="summary", variable="sledai_2k", population="treated", visit=visit, n=40)
        for statistic, value in zip(("q1", "median", "q3"), values, strict=True):
            numbers.add(place, statistic, value)
    found = next(
        row
        for spec in build_tables(study, results_of(numbers))
        for row in lines(spec)
        if row[0] == "Median (Q1, Q3)"
    )
    assert found[1:] == ("10.00 (8.00, 12.00)", "7.00 (4.75, 10.00)")


def test_findings_are_grouped_counted_and_capped(study: Study) -> None:
    one = Finding(
        "warning", "late", "visits", "visits.csv", 2, "date", "x", "Late.", "Correct it.", "S1", "month_3"
    )
    many = tuple(replace(one, line=line) for line in range(2, MOST_LISTED + 7))
    others = tuple(replace(each, value=f"x{each.line}") for each in many)
    found = build_tables(study, results_of(NumberList(), findings=others))
    assert lines(table(found, "table-findings"))[1] == ("Late", "visits", "205", "1")
    listing = table(found, "table-findings-warning")
    assert listing.is_collapsed
    assert lines(listing)[1] == ("visits.csv:2, date", "S1, month_3", "x2", "Late. Correct it.")
    assert listing.rows[-1].stub.text == "5 more like these; funis check lists them all."
    # The same of the same value is one cause, read once, with its lines.
    same = table(build_tables(study, results_of(NumberList(), findings=many)), "table-findings-warning")
    assert lines(same)[1:] == [("visits.csv:2-206, date", "S1, month_3", "x", "Late. Correct it.")]


def test_footnotes_name_version_and_policy(tables: tuple[TableSpec, ...]) -> None:
    notes = table(tables, "table-sledai_change").footnotes
    assert "SLEDAI (version not stated by the source): scored by SLEDAI-2K (2002)." in notes
    assert any(note.startswith("Missing data (strict):") for note in notes)


def test_every_row_has_a_cell_for_every_head(tables: tuple[TableSpec, ...]) -> None:
    for each in tables:
        assert all(row.is_heading or 1 + len(row.cells) == len(each.heads) for row in each.rows), each.id


def test_first_of_two_tests_is_not_printed_for_the_second(made: ModuleType) -> None:
    book = read_numbers(made.make_results().numbers)
    group = next(group for group in book.of("test") if group.variable == "sledai_2k_change")
    one, other = (book.find(group, "month_3", "p", method) for method in ("paired_t", "wilcoxon"))
    assert one is not None
    assert other is not None
    assert one.id != other.id


def test_methods_say_what_a_single_arm_cannot_show_and_how_the_tests_were_made(made: ModuleType) -> None:
    raw = made.make_study().model_dump(by_alias=True)
    told = {}
    for design in ("single_arm", "observational"):
        study = Study.model_validate(raw | {"study": raw["study"] | {"design": design}})
        told[design] = next(each for each in build_methods(study) if each.title == "Statistics").paragraphs[0]
    assert "There is no control group" in told["single_arm"]
    assert "There is no control group" not in told["observational"]
    assert "drops changes of zero and is exact, given the ties" in told["single_arm"]
    assert "does not control the error over variables" in told["single_arm"]


def test_what_is_not_available_has_no_percent_sign() -> None:
    dash = Inline(NOT_AVAILABLE, "a")
    assert joined(*percent_interval(dash, dash)).text == NOT_AVAILABLE
    assert joined(*percent_interval(Inline("1.2", "a"), Inline("31.9", "b"))).text == "1.2 to 31.9%"


def test_recorded_totals_stand_beside_those_of_the_items() -> None:
    numbers = NumberList()
    place = Place(analysis="findings", variable="sledai_2k_recorded", measure="sledai_2k", denominator=924)
    numbers.add(place, "count", 1, text="1/924")
    numbers.add(place, "percent", 100 / 924, text="0.1%")
    listed = {
        "instrument": "sledai_2k", "subject": "S1", "visit": "visit_5", "file": "sledai_2k.csv", "line": 391,
        "recorded": "2", "computed": "3",
    }  # fmt: skip
    results = results_of(numbers, listings={"recorded_totals": pl.DataFrame([listed])})
    spec = table(build_finding_tables(results, read_numbers(results.numbers)), "table-recorded-totals")
    assert lines(spec) == [
        ("SLEDAI-2K, all visits with a recorded total", "", "1/924 (0.1%)", "differ"),
        ("S1, visit 5", "2", "3", "sledai_2k.csv:391"),
    ]
    assert not spec.is_collapsed
