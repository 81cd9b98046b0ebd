"""The reconstructed Sjogren cohort: published figures, P values of paired t tests, determinism."""

import math
import statistics
from collections import defaultdict

import pytest
from scipy.special import stdtr

from funis.demo.cohort import MARK
from funis.demo.reconstruct import build_cohort
from funis.results import format_number

from .rebuilt_cohorts import cohort, each_seed

# Typed from the instrument's table, not read from the definition.
WEIGHTS = {
    "fever": 1, "fatigue": 1, "fatigue_change": 1, "articular": 2, "salivary_swelling_change": 3,
    "vasculitis_change": 3, "pleuropulmonary": 4, "renal": 2, "peripheral_neuropathy": 1,
    "leukopenia_lymphopenia": 1, "lymph_node_spleen": 2,
}  # fmt: skip
SSDAI = {
    "baseline": ("5.63", "1.44"), "month_1": ("4.33", "1.79"), "month_3": ("4.08", "1.44"),
    "month_6": ("3.46", "1.18"), "month_12": ("3.08", "1.21"),
}  # fmt: skip
LATER = ("week_2", "month_1", "month_3", "month_6", "month_12")
SEEDS = (2012, *range(1, 25))


def column(seed: int, table: str, item: str) -> dict[str, dict[str, float]]:
    """Visit to subject to value."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in cohort("sjogren", seed).tables[table]:
        found[str(row["visit"])][str(row["subject"])] = float(str(row[item]))
    return found


def lab(seed: int, test: str) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in cohort("sjogren", seed).tables["labs"]:
        if row["test"] == test and row["value"] != "ND":
            found[str(row["visit"])][str(row["subject"])] = float(str(row["value"]))
    return found


def totals(seed: int) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for row in cohort("sjogren", seed).tables["ssdai"]:
        points = sum(weight for item, weight in WEIGHTS.items() if row[item] == 1)
        found[str(row["visit"])][str(row["subject"])] = points
    return found


def p_of(found: dict[str, dict[str, float]], visit: str) -> float:
    """Two-sided P of a paired t test against baseline."""
    changes = [value - found["baseline"][subject] for subject, value in found[visit].items()]
    t = statistics.fmean(changes) / (statistics.stdev(changes) / math.sqrt(len(changes)))
    return float(2 * stdtr(len(changes) - 1, -abs(t)))


def printed(values: dict[str, float]) -> tuple[str, str]:
    numbers = list(values.values())
    return format_number(statistics.fmean(numbers), 2), format_number(statistics.stdev(numbers), 2)


@each_seed(*SEEDS)
@pytest.mark.parametrize("visit", SSDAI)
def test_ssdai_has_the_published_mean_and_sd(seed: int, visit: str) -> None:
    found = totals(seed)
    assert len(found[visit]) == 24
    assert printed(found[visit]) == SSDAI[visit]
    if visit != "baseline":
        assert p_of(found, visit) < 0.05


@each_seed(*SEEDS)
def test_demography_is_as_published(seed: int) -> None:
    rows = cohort("sjogren", seed).tables["subjects"]
    ages = [float(str(row["age"])) for row in rows]
    assert [row["sex"] for row in rows].count("female") == 23
    assert [row["sex"] for row in rows].count("male") == 1
    assert (min(ages), max(ages), statistics.fmean(ages)) == (27, 68, 45)


@each_seed(*SEEDS)
def test_unstimulated_flow_has_the_published_figures(seed: int) -> None:
    found = column(seed, "unstimulated_flow", "volume_ml")
    assert printed(found["baseline"]) == ("0.63", "0.73")
    assert printed(found["week_2"]) == ("1.00", "0.78")
    assert printed(found["month_1"]) == ("1.26", "1.02")
    assert {len(values) for values in found.values()} == {11}
    assert p_of(found, "week_2") < 0.001
    assert p_of(found, "month_1") < 0.001
    path = [statistics.fmean(found[visit].values()) for visit in ("baseline", *LATER)]
    assert path == sorted(path)


@each_seed(*SEEDS)
@pytest.mark.parametrize(
    ("visit", "p"),
    [
        ("week_2", "0.008"),
        ("month_1", "0.043"),
        ("month_3", "0.016"),
        ("month_6", "0.017"),
        ("month_12", "0.016"),
    ],
)
def test_stimulated_flow_has_the_published_p_values(seed: int, visit: str, p: str) -> None:
    found = column(seed, "stimulated_flow", "volume_ml")
    assert len(found[visit]) == 11
    assert format_number(p_of(found, visit), 3) == p
    assert min(found[visit].values()) >= 0


@each_seed(*SEEDS)
@pytest.mark.parametrize(
    ("test", "n", "limit", "sign"),
    [("anti_ssa", 5, 0.001, -1), ("anti_ssb", 5, 0.001, -1), ("th17", 12, 0.05, -1), ("treg", 12, 0.05, 1),
     ("tgf_beta", 12, 0.05, 1), ("il_17", 12, 0.05, -1)],
)  # fmt: skip
def test_antibodies_and_cells_change_as_published(
    seed: int, test: str, n: int, limit: float, sign: int
) -> None:
    found = lab(seed, test)
    assert len(found["month_1"]) == n
    change = statistics.fmean(found["month_1"].values()) - statistics.fmean(found["baseline"].values())
    assert change * sign > 0
    assert p_of(found, "month_1") < limit


@each_seed(*SEEDS)
def test_symptoms_and_global_assessment_improve(seed: int) -> None:
    vas = column(seed, "vas_patient", "reading_mm")
    path = [
        statistics.fmean(vas[visit].values())
        for visit in ("baseline", "month_1", "month_3", "month_6", "month_12")
    ]
    assert path == sorted(path, reverse=True)
    items = [
        name
        for name in cohort("sjogren", seed).tables["tess_modified"][0]
        if name not in {"subject", "visit", "date"}
    ]
    sums: dict[str, int] = defaultdict(int)
    for row in cohort("sjogren", seed).tables["tess_modified"]:
        sums[str(row["visit"])] += sum(int(str(row[item])) for item in items)
    assert sums["week_2"] < sums["baseline"]
    assert max(sums[visit] for visit in LATER) == sums["week_2"]


@each_seed(*SEEDS)
def test_low_blood_counts_stand_where_the_item_says(seed: int) -> None:
    wbc, lymphocytes = lab(seed, "wbc"), lab(seed, "lymphocytes")
    for row in cohort("sjogren", seed).tables["ssdai"]:
        visit, subject = str(row["visit"]), str(row["subject"])
        is_low = wbc[visit][subject] < 3.5 or lymphocytes[visit][subject] < 1.0
        assert row["leukopenia_lymphopenia"] == int(is_low)


def test_glands_look_better_after_a_year() -> None:
    for table, item in (("sialography", "parotid_right"), ("sialography", "parotid_left")):
        found = column(2012, table, item)
        assert sum(found["month_12"].values()) < sum(found["baseline"].values())
    width, emptied = lab(2012, "parotid_duct_width"), lab(2012, "parotid_emptying")
    assert sum(width["month_12"].values()) < sum(width["baseline"].values())
    assert sum(emptied["month_12"].values()) > sum(emptied["baseline"].values())


def test_every_row_carries_the_mark_of_a_reconstruction() -> None:
    for name, rows in cohort("sjogren", 2012).tables.items():
        assert all(str(next(iter(row.values()))).startswith(MARK) for row in rows), name


def test_the_same_seed_gives_the_same_cohort() -> None:
    assert build_cohort("sjogren", seed=7).tables == cohort("sjogren", 7).tables
    assert cohort("sjogren", 1).tables["ssdai"] != cohort("sjogren", 7).tables["ssdai"]
