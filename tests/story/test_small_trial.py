"""From CSV text to results, and every number of a small trial worked out by hand."""

import sys
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.results import Results, write_results
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
write_small_trial = import_module("small_trial").write_small_trial


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    folder: Path = write_small_trial(tmp_path_factory.mktemp("small") / "trial")
    study = read_study(folder)
    return analyse(study, read_tables(folder, study))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        # 10, 12, 8, 7: sum 37; squares of the deviations from 9.25 add to 14.75.
        ("summary.treated.baseline.sledai_2k.n", 4),
        ("summary.treated.baseline.sledai_2k.mean", 9.25),
        ("summary.treated.baseline.sledai_2k.sd", (14.75 / 3) ** 0.5),
        ("summary.treated.baseline.sledai_2k.median", 9.0),
        ("summary.treated.baseline.sledai_2k.q1", 7.75),
        ("summary.treated.baseline.sledai_2k.q3", 10.5),
        ("summary.treated.month_3.sledai_2k.mean", 22 / 3),
        ("summary.treated.month_6.sledai_2k.mean", 14 / 3),
        # Changes -4, -4, 0 at month 3 and -6, -4, -6 at month 6.
        ("change.treated.month_3.sledai_2k_change.mean", -8 / 3),
        ("change.treated.month_6.sledai_2k_change.sd", (4 / 3) ** 0.5),
        ("test.sledai.treated.month_3.sledai_2k_change.statistic.paired_t", -2.0),
        ("test.sledai.treated.month_6.sledai_2k_change.statistic.paired_t", -8.0),
        # Two degrees of freedom: P = 1 - |t| / sqrt(2 + t^2).
        ("test.sledai.treated.month_3.sledai_2k_change.p.paired_t", 1 - 2 / 6**0.5),
        ("test.sledai.treated.month_6.sledai_2k_change.p.paired_t", 1 - 8 / 66**0.5),
        ("test.sledai.treated.month_6.sledai_2k_change.p_adjusted.paired_t_holm", 2 * (1 - 8 / 66**0.5)),
        ("test.sledai.treated.month_3.sledai_2k_change.p_adjusted.paired_t_holm", 1 - 2 / 6**0.5),
        # All of three changes fall: 2 / 2^3. Two of two, the zero dropped: 2 / 2^2.
        ("test.sledai.treated.month_6.sledai_2k_change.p.wilcoxon", 0.25),
        ("test.sledai.treated.month_3.sledai_2k_change.p.wilcoxon", 0.5),
        # S4 has no later value: carried forward, its change is 0.
        ("change.sledai_locf.enrolled.month_6.sledai_2k_change.mean", -4.0),
        ("change.sledai_locf.enrolled.month_6.sledai_2k_change.n", 4),
        # The subgroup: S1 had 2000 mg a day, S3 was not measured.
        ("population.enrolled.lupus_nephritis.subjects.n", 1),
        ("population.enrolled.lupus_nephritis.subjects.cannot_tell", 1),
        ("summary.enrolled.baseline.proteinuria_24h.max", 2.0),
        # 30 and 40 are in the middle and at the end; "< 10" stands at 10.
        ("summary.enrolled.baseline.anti_dsdna.median", 30.0),
        ("summary.enrolled.baseline.anti_dsdna.censored", 1),
        # S4 is 15 years old; the age of S3 is not known.
        ("eligibility.enrolled.I1.count", 2),
        ("eligibility.enrolled.I1.percent", 200 / 3),
        ("eligibility.enrolled.I1.not_met", 1),
        ("eligibility.enrolled.I1.cannot_tell", 1),
        ("disposition.treated.completed.count", 3),
        ("disposition.treated.withdrew.count", 1),
        ("baseline.enrolled.baseline.sex_female.count", 3),
        ("baseline.enrolled.baseline.age.n", 3),
        # One of four left on day 60.
        ("time_to_event.staying.enrolled.month_6.withdrawal.survival", 0.75),
        ("time_to_event.staying.enrolled.month_6.withdrawal.at_risk", 3),
        ("adverse_events.treated.any.count", 2),
        ("adverse_events.treated.any.events", 3),
        # S4 was never asked, but has an event; S1, S2 and S3 were asked: all four are in the denominator.
        ("adverse_events.treated.any.percent", 50.0),
        ("adverse_events.treated.serious.count", 1),
        ("adverse_events.treated.term_herpes_zoster.count", 1),
        ("adverse_events.treated.term_herpes_zoster.events", 2),
        ("adverse_events.treated.asked.count", 5),
        ("adverse_events.treated.asked.percent", 500 / 6),
        # 1, 1, 1.2 and 1.4 million cells per kg: one is more than 20 % off.
        ("exposure.treated.infusion_1.cells_per_kg.mean", 1.15e6),
        ("exposure.treated.infusion_1.within_dose.count", 3),
        ("exposure.treated.infusion_1.reaction.count", 0),
        ("findings.enrolled.warning_recorded_total_differs.count", 1),
    ],
)
def test_number(results: Results, key: str, value: float) -> None:
    assert results.value(key) == pytest.approx(value, abs=1e-9)


def test_no_mean_is_given_of_values_beyond_the_assay(results: Results) -> None:
    found = results.select(variable="anti_dsdna", visit="baseline", population="enrolled")["statistic"]
    assert "mean" not in set(found)
    assert {"n", "censored", "median"} <= set(found)


def test_every_number_has_one_id_and_one_place(results: Results) -> None:
    numbers = results.numbers
    assert numbers["id"].is_unique().all()
    beside = {"id", "value", "text", "n", "denominator", "status", "source"}
    assert not numbers.drop(beside).is_duplicated().any()


def test_a_mean_can_be_traced_to_lines_of_a_file(results: Results) -> None:
    key = "summary.treated.month_3.sledai_2k.mean"
    source = results.numbers.filter(pl.col("id") == key)["source"].item()
    behind = results.sources.filter(pl.col("source") == source).select("subject", "value", "file", "line")
    # The table has one line a visit after the header: S1 2 to 4, S2 5 to 7, S3 8 to 10.
    assert behind.rows() == [
        ("S1", 6.0, "sledai_2k.csv", 3),
        ("S2", 8.0, "sledai_2k.csv", 6),
        ("S3", 8.0, "sledai_2k.csv", 9),
    ]


def test_a_change_rests_on_both_of_its_values(results: Results) -> None:
    key = "change.treated.month_6.sledai_2k_change.mean"
    source = results.numbers.filter(pl.col("id") == key)["source"].item()
    behind = results.sources.filter((pl.col("source") == source) & (pl.col("subject") == "S1"))
    assert behind.select("variable", "value", "line").rows() == [
        ("sledai_2k_change", -6.0, 4),
        ("sledai_2k", 10.0, 2),
    ]


def test_every_source_named_exists(results: Results) -> None:
    named = set(results.numbers["source"]) - {""}
    assert named <= set(results.sources["source"]) | _empty_sources(results)


def _empty_sources(results: Results) -> set[str]:
    """Counts of nobody rest on no row."""
    return set(results.numbers.filter(pl.col("value") == 0)["source"]) | set(
        results.numbers.filter(pl.col("statistic").is_in(["lower", "upper", "not_met", "cannot_tell"]))[
            "source"
        ]
    )


def test_recorded_total_that_differs_is_a_finding_with_its_place(results: Results) -> None:
    found = [finding for finding in results.findings if finding.code == "recorded_total_differs"]
    assert [(each.file, each.line, each.subject, each.value) for each in found] == [
        ("sledai_2k.csv", 4, "S1", "5")
    ]
    assert "4" in found[0].fix


def test_printed_texts(results: Results) -> None:
    texts = dict(results.numbers.select("id", "text").iter_rows())
    assert texts["summary.treated.baseline.sledai_2k.mean"] == "9.25 ± 2.22 (n = 4)"
    assert texts["disposition.treated.completed.count"] == "3/4 (75.0%)"
    assert texts["test.sledai.treated.month_6.sledai_2k_change.p.paired_t"] == "0.015"


def test_provenance_names_files_and_data_cut(results: Results) -> None:
    assert {"subjects.csv", "sledai_2k.csv"} <= {file.name for file in results.provenance.files}
    assert results.provenance.data_cut == "2020-06-29"
    assert all(len(file.sha256) == 64 for file in results.provenance.files)


def test_listings_hold_the_data_of_figures(results: Results) -> None:
    assert {"scores", "grades", "flow", "km", "infusions", "adverse_events"} <= set(results.listings)
    km = results.listings["km"]
    assert km.select("time", "survival", "at_risk", "events").row(0) == (60.0, 0.75, 4, 1)


def test_the_same_data_give_the_same_files(results: Results, tmp_path: Path) -> None:
    folder = write_small_trial(tmp_path / "again")
    study = read_study(folder)
    again = analyse(study, read_tables(folder, study))
    one, two = write_results(results, tmp_path / "one"), write_results(again, tmp_path / "two")
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]


def _with_recorded_totals(folder: Path, totals: dict[tuple[str, str], tuple[str, str]]) -> Results:
    """Write recorded totals into the small trial, and leave one item of the visit blank where named."""
    write_small_trial(folder)
    file = folder / "data" / "sledai_2k.csv"
    rows = pl.read_csv(file, infer_schema=False)
    column = rows.columns.index("sledai_2k_recorded")
    for place, (subject, visit) in enumerate(rows.select("subject", "visit").rows()):
        total, blank = totals.get((subject, visit), ("", ""))
        rows[place, column] = total
        if blank:
            rows[place, rows.columns.index(blank)] = ""
    rows.write_csv(file)
    study = read_study(folder)
    return analyse(study, read_tables(folder, study))


def test_totals_are_compared_where_they_can_be_recomputed(tmp_path: Path) -> None:
    """S1 had 4 and S2 8 at month 6; a blank seizure (8 points) leaves S1 open from 4 to 12, S3 from 2 to 10."""
    found = _with_recorded_totals(
        tmp_path / "one",
        {
            ("S1", "month_6"): ("5", "seizure"),
            ("S2", "month_6"): ("9", ""),
            ("S3", "month_6"): ("11", "seizure"),
        },
    )
    key = "findings.enrolled.sledai_2k_recorded"
    # S2 differs, S3 cannot be 11 whatever the seizure was, and of S1 nobody can say.
    texts = dict(found.numbers.select("id", "text").iter_rows())
    assert texts[f"{key}.count"] == "2/2 (100.0%)"
    assert texts[f"{key}.asked"] == "2"
    asked = found.numbers.filter(pl.col("id") == f"{key}.asked")
    assert asked["denominator"].item() == 3


def test_where_no_total_could_be_recomputed_none_is_said_to_agree(tmp_path: Path) -> None:
    found = _with_recorded_totals(tmp_path / "none", {("S1", "month_6"): ("5", "seizure")})
    row = found.numbers.filter(pl.col("id") == "findings.enrolled.sledai_2k_recorded.count")
    assert row.select("value", "text", "status", "denominator").row(0) == (
        None, "none could be recomputed", "not_estimable", 0,
    )  # fmt: skip
