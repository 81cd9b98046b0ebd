"""Regression to the mean from assumed populations: the arithmetic, the presets, and when they are asked for."""

import csv
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from scipy import integrate, stats

from funis.analysis import populations_assumed
from funis.analysis.analyse import analyse
from funis.analysis.populations_assumed import Entered, default_grid
from funis.catalogue.model_tables import PopulationGrid
from funis.catalogue.registry import population_table
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.errors import ValueRangeError
from funis.reporting.assumed_tables import build_assumed_tables
from funis.reporting.number_book import read_numbers
from funis.results import NumberList, Place, Results
from funis.stats.entry_selection import estimate_regression_to_mean, expect_regression_to_mean
from funis.study.model import Study
from funis.study.read import read_study

# --- the arithmetic ----------------------------------------------------------------------------------------


def test_a_population_cut_at_its_mean() -> None:
    """Half enter; their mean is higher by sigma sqrt(2 / pi) = 4 * 0.797885 = 3.191538."""
    found = expect_regression_to_mean(6.5, 4.0, 6.5, correlation=0.6)
    assert found.share_entering == 0.5
    assert found.mean_entering == pytest.approx(9.691538, abs=1e-6)
    assert found.change == pytest.approx(-0.4 * 3.191538, abs=1e-6)


@pytest.mark.parametrize(("mean", "sd", "limit"), [(4.0, 3.0, 6.5), (8.0, 5.0, 6.5), (-2.0, 0.5, -2.4)])
def test_mean_and_share_by_integration(mean: float, sd: float, limit: float) -> None:
    density = stats.norm(mean, sd).pdf
    share = integrate.quad(density, limit, mean + 12 * sd)[0]
    above = integrate.quad(lambda x: x * density(x), limit, mean + 12 * sd)[0] / share
    found = expect_regression_to_mean(mean, sd, limit, correlation=0.25)
    assert found.share_entering == pytest.approx(share, rel=1e-8)
    assert found.mean_entering == pytest.approx(above, rel=1e-8)
    assert found.change == pytest.approx(-0.75 * (above - mean), rel=1e-8)


def test_agrees_with_the_estimate_where_there_is_one() -> None:
    estimated = estimate_regression_to_mean(10.23, 2.74, 6.5, correlation=0.4)
    found = expect_regression_to_mean(
        estimated.population_mean, estimated.population_sd, 6.5, correlation=0.4
    )
    assert found.mean_entering == pytest.approx(10.23, abs=1e-6)
    assert found.change == pytest.approx(estimated.change, abs=1e-6)


def test_a_perfect_correlation_leaves_nothing_and_none_leaves_all() -> None:
    assert expect_regression_to_mean(6.5, 4.0, 6.5, correlation=1.0).change == 0.0
    assert expect_regression_to_mean(6.5, 4.0, 6.5, correlation=0.0).change == pytest.approx(
        -3.191538, abs=1e-6
    )


@pytest.mark.parametrize(
    ("sd", "correlation"), [(0.0, 0.5), (-1.0, 0.5), (4.0, -0.01), (4.0, 1.01), (math.nan, 0.5)]
)
def test_refused(sd: float, correlation: float) -> None:
    with pytest.raises(ValueRangeError):
        expect_regression_to_mean(6.5, sd, 6.5, correlation=correlation)


# --- the presets -------------------------------------------------------------------------------------------


def test_the_trial_without_its_one_subject_of_34_points() -> None:
    """40 subjects, mean 10.83 and SD 4.63: without 34 the sum is 399.2, the squares about the mean fall by
    (34 - 10.83)^2 * 40 / 39 from 39 * 4.63^2 = 836.0 to 285.4, over 38."""
    preset = next(each for each in population_table().presets if each.name == "lupus_cells")
    mean = (40 * 10.83 - 34) / 39
    squares = 39 * 4.63**2 - (34 - 10.83) ** 2 * 40 / 39
    # the sum is a whole number, 433, of which 10.83 is the rounded mean: 399 / 39 = 10.23
    assert preset.mean == round((433 - 34) / 39, 2) == pytest.approx(mean, abs=0.01)
    assert preset.sd == round(math.sqrt(squares / 38), 2)


def test_the_children_of_the_public_deposit(reference_data: Path) -> None:
    """Mean and SD of all visits, and the correlation of consecutive visits 60 to 120 days apart."""
    preset = next(each for each in population_table().presets if each.name == "gse65391")
    by_subject: dict[str, list[tuple[float, float]]] = {}
    scores, subjects = [], set()
    with (reference_data / "gse65391" / "GSE65391_sle_visits.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            scores.append(float(row["sledai"]))
            subjects.add(row["subject"])
            try:
                day = float(row["days_since_diagnosis"])
            except ValueError:
                continue
            by_subject.setdefault(row["subject"], []).append((day, float(row["sledai"])))
    assert (len(scores), len(subjects)) == (924, preset.subjects)
    assert preset.mean == round(float(np.mean(scores)), 2)
    assert preset.sd == round(float(np.std(scores, ddof=1)), 2)
    pairs = [
        (first, second)
        for visits in by_subject.values()
        for (start, first), (end, second) in zip(sorted(visits), sorted(visits)[1:], strict=False)
        if 60 <= end - start <= 120
    ]
    assert len(pairs) == 352
    assert preset.correlation == round(float(np.corrcoef(np.array(pairs).T)[0, 1]), 2)


def test_a_grid_for_scores_without_one() -> None:
    """Limit 6.5, SD 2: 6.5 less 2, 1 and 0; low values let in: above the limit. No spread counts as 1."""
    assert default_grid(Entered(6.5, 9.0, 2.0, None), 1) == PopulationGrid((4.5, 5.5, 6.5), (1.5, 2.0, 2.5))
    assert default_grid(Entered(6.5, 4.0, 2.0, None), -1) == PopulationGrid((8.5, 7.5, 6.5), (1.5, 2.0, 2.5))
    assert default_grid(Entered(6.5, 9.0, 0.0, None), 1) == PopulationGrid((5.5, 6.0, 6.5), (0.75, 1.0, 1.2))


def test_low_values_let_in_are_high_ones_mirrored() -> None:
    """Below 6.5 of a normal with mean 6.5 and SD 4: half enter with mean 6.5 - 3.191538, and rise."""
    run = SimpleNamespace(numbers=NumberList())
    place = Place(analysis="regression_assumed", variable="x")
    populations_assumed._add_expected(run, place, (6.5, 4.0), (6.5, -1), (("correlation_0.6", 0.6),))  # type: ignore[arg-type]
    found = dict(run.numbers.frame().select("statistic", "value").iter_rows())
    assert found["mean_entering"] == pytest.approx(3.308462, abs=1e-6)
    assert found["share_entering"] == 50.0
    assert found["estimate"] == pytest.approx(0.4 * 3.191538, abs=1e-6)


# --- in a trial --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Results]:
    folder = reconstruct("sle", tmp_path_factory.mktemp("sle") / "sle")
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def test_the_lupus_trial_is_given_grid_and_presets(trial: tuple[Study, Results]) -> None:
    """Mean 6, SD 4, limit 6.5: z = 0.125, h = 0.395838 / 0.450262 = 0.879128; 6 + 4 h = 9.516512."""
    _, results = trial
    front = "regression_assumed.sledai_change.treated.sledai_2k_change_mean_6_SD_4"
    assert results.value(f"{front}.mean_entering") == pytest.approx(9.516512, abs=1e-5)
    assert results.value(f"{front}.share_entering") == pytest.approx(45.0262, abs=1e-4)
    for correlation, change in (("0_4", -2.109907), ("0_6", -1.406605), ("0_8", -0.703302)):
        found = results.value(f"{front}.estimate.correlation_{correlation}")
        assert found == pytest.approx(change, abs=1e-5)
    rows = results.numbers.filter(
        pl.col("analysis") == "regression_assumed", pl.col("statistic") == "estimate"
    )
    # 9 populations and 3 presets with three correlations, and the one that has its own
    assert rows.height == 12 * 3 + 1
    own = rows.filter(pl.col("method") == "correlation_of_preset")
    assert own["category"].to_list() == ["gse65391"]
    # 5.62 h((6.5 - 6.4) / 5.62) = 5.62 * 0.809226 = 4.547851, times 0.39
    assert own["value"][0] == pytest.approx(-0.39 * 4.547851, abs=1e-4)


def test_the_table_says_what_is_assumed_and_where_it_is_from(trial: tuple[Study, Results]) -> None:
    study, results = trial
    table = build_assumed_tables(study, read_numbers(results.numbers))[0]
    lines = {row.stub.text: [cell.text for cell in row.cells] for row in table.rows if row.cells}
    assert lines["Mean 6, SD 4"] == ["45.0%", "9.5", "−2.1", "−1.4", "−0.7", "–"]
    children = lines["Children and adolescents with lupus at any visit: mean 6.4, SD 5.6"]
    assert children[-1] == "−1.8 (r = 0.61)"
    # The entry limit of the belimumab trials was read in no source: it is marked, that of the trial itself is not.
    marked = [name for name in lines if "†" in name]
    assert [name.partition(" †")[0] for name in marked] == ["Those who could enter four belimumab trials"]
    assert any(note.startswith("† The limit of the entry rule is assumed") for note in table.footnotes)
    assert table.footnotes[0].startswith("Not an estimate: what must be believed")
    assert "cut at 6.5." in table.footnotes[0]
    assert "10.83" in table.footnotes[1]
    for word in ("GSE65391", "PubMed 39412507", "Arthritis Res Ther 2014;16:R79"):
        assert any(word in note for note in table.footnotes)


def test_nothing_is_assumed_where_the_baseline_tells(tmp_path: Path) -> None:
    """Without the one subject far above the others a normal population fits."""
    folder = reconstruct("sle", tmp_path / "sle")
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    base = results.listings["scores"].filter(
        pl.col("variable") == "sledai_2k", pl.col("visit") == "baseline", pl.col("value") > 18
    )
    for name in (
        "subjects",
        "sledai_2k",
        "bilag_2004",
        "visits",
        "labs",
        "infusions",
        "disposition",
        "safety_questions",
    ):
        path = folder / "data" / f"{name}.csv"
        gone = tuple(f"{subject}," for subject in base["subject"])
        lines = path.read_text().splitlines()
        path.write_text("\n".join(line for line in lines if not line.startswith(gone)) + "\n")
    again = analyse(study, read_tables(folder, study))
    front = "regression_to_mean.sledai_change.treated.sledai_2k_change.estimate.correlation_0_4"
    assert again.value(front) is not None
    assert "regression_assumed" not in set(again.numbers["analysis"])
    assert build_assumed_tables(study, read_numbers(again.numbers)) == ()
