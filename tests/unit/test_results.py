"""The list of numbers and how numbers are printed."""

import math
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest

from funis.errors import FunisError, UnknownNameError
from funis.files import write_whole
from funis.results import (
    NUMBER_COLUMNS,
    SOURCE_COLUMNS,
    NumberList,
    Place,
    Provenance,
    Results,
    SourceList,
    build_id,
    exact_mean,
    format_count,
    format_dose,
    format_interval,
    format_mean_sd,
    format_number,
    format_p,
    format_shortest,
    trim,
    write_results,
)

OBSERVATIONS = pl.DataFrame(
    {
        "subject": ["S1", "S2", "S3"],
        "visit": ["baseline"] * 3,
        "variable": ["sledai_2k"] * 3,
        "measure": ["sledai_2k"] * 3,
        "value": [8.0, 10.0, 12.0],
        "text": ["8", "10", "12"],
        "file": ["sledai_2k.csv"] * 3,
        "line": [2, 3, 4],
    }
)


@pytest.mark.parametrize(
    ("total", "printed"),
    # The sums of SLEDAI over 40 subjects behind the five printed means of the lupus trial.
    [(433, "10.83"), (297, "7.43"), (252, "6.30"), (256, "6.40"), (259, "6.48")],
)
def test_published_means_print_half_away_from_zero(total: int, printed: str) -> None:
    assert format_number(total / 40) == printed
    assert format_number(Fraction(total, 40)) == printed


@pytest.mark.parametrize(
    ("value", "digits", "printed"),
    [
        (0.5, 0, "1"),
        (-0.5, 0, "-1"),
        (-0.4, 0, "0"),
        (2.5, 0, "3"),
        (1.005, 2, "1.01"),
        (-10.825, 2, "-10.83"),
        (Fraction(-433, 40), 2, "-10.83"),
        (Fraction(-1, 1000), 2, "0.00"),
        (Fraction(1, 8), 2, "0.13"),
        (Fraction(7, 1), 0, "7"),
        (Decimal("0.125"), 2, "0.13"),
        (1e-7, 2, "0.00"),
        (123456789012.345, 2, "123456789012.35"),
        (1e22, 1, "10000000000000000000000.0"),
        (3, 2, "3.00"),
        # 1.465 and 1.485 as the mean of two recorded values: the floats lie below the ties.
        ((1.41 + 1.52) / 2, 2, "1.47"),
        (0.1 + 0.2, 1, "0.3"),
        (0.0000000004, 9, "0.000000000"),
        (0.00000000049, 10, "0.0000000005"),
        (None, 2, "–"),
        (math.nan, 2, "–"),
        (math.inf, 1, "–"),
    ],
)
def test_numbers_are_printed_exactly(value: float | None, digits: int, printed: str) -> None:
    assert format_number(value, digits) == printed


@pytest.mark.parametrize("value", [1e61, -1e300, 1.7976931348623157e308])
def test_the_largest_numbers_are_printed(value: float) -> None:
    # A float of this size is a whole number, which Python prints in full.
    assert format_number(value, 0) == format_shortest(value) == str(int(Decimal(repr(value))))
    assert format_number(value, 9) == f"{int(Decimal(repr(value)))}.000000000"


@pytest.mark.parametrize(
    ("value", "printed"),
    [(6.5, "6.5"), (1e6, "1000000"), (0.1 * 3, "0.3"), (-0.5, "-0.5"), (-0.0, "0"), (1 / 3, "0.333333333")],
)
def test_a_number_is_printed_with_the_decimals_it_has(value: float, printed: str) -> None:
    assert format_shortest(value) == printed


@pytest.mark.parametrize(
    ("value", "digits", "printed"),
    [
        (10.0, 2, "10"),
        (0.25, 2, "0.25"),
        (0.999, 2, "1"),
        (1.305, 2, "1.31"),
        (99.996, 2, "100"),
        (100.0, 0, "100"),
    ],
)
def test_zeros_at_the_end_are_left_out_after_rounding(value: float, digits: int, printed: str) -> None:
    assert trim(value, digits) == printed


@pytest.mark.parametrize(
    ("cells", "printed"),
    [(1e6, "1 × 10⁶"), (1.5e6, "1.5 × 10⁶"), (500, "500"), (9_999_600, "1 × 10⁷"), (12345678, "1.235 × 10⁷")],
)
def test_a_dose_has_a_mantissa_of_three_decimals(cells: float, printed: str) -> None:
    assert format_dose(cells) == printed


def test_mean_of_decimals_is_exact() -> None:
    # 0.1 + 0.2 + 0.015 = 0.315, a third of which is 0.105: a tie that binary addition can lose.
    assert exact_mean([0.1, 0.2, 0.015]) == Fraction(105, 1000)
    assert format_number(exact_mean([0.1, 0.2, 0.015])) == "0.11"
    with pytest.raises(FunisError, match="no value"):
        exact_mean([])


def test_counts_carry_denominator_and_percentage() -> None:
    assert format_count(14, 40) == "14/40 (35.0%)"
    assert format_count(15, 40) == "15/40 (37.5%)"
    assert format_count(1, 16) == "1/16 (6.3%)"  # 6.25 is a tie
    assert format_count(0, 0) == "–"


def test_mean_sd_and_interval() -> None:
    assert format_mean_sd(297 / 40, 3.9273, 40) == "7.43 ± 3.93 (n = 40)"
    assert format_mean_sd(3.0, None, 1) == "3.00 ± – (n = 1)"
    assert format_interval(-4.805, -2) == "-4.81 to -2.00"


@pytest.mark.parametrize(
    ("p", "printed"),
    [
        (0.04960, "0.0496"),
        (0.0499999, "0.0499999"),
        (0.05, "0.050"),
        (0.0500001, "0.050"),
        (0.0004, "< 0.001"),
        (0.001, "0.001"),
        (0.5, "0.500"),
        (0.9995, "> 0.999"),
        (1.0, "> 0.999"),
        (0.0, "< 0.001"),
        (math.nan, "–"),
    ],
)
def test_p_is_never_printed_across_the_limit(p: float, printed: str) -> None:
    assert format_p(p) == printed


def test_ids_leave_out_what_divides_nothing_and_name_the_method_of_an_interval() -> None:
    place = Place(analysis="change", variable="sledai_2k_change", visit="month_3", endpoint="e1", arm="cells")
    assert build_id(place, "mean") == "change.e1.enrolled.cells.month_3.sledai_2k_change.mean"
    assert build_id(place, "p", "paired_t") != build_id(place, "p", "wilcoxon_exact")
    odd = Place(analysis="adverse_events", variable="Herpes zoster (left)")
    assert build_id(odd, "count") == "adverse_events.enrolled.Herpes_zoster_left.count"


def test_every_part_of_a_key_is_in_the_id_and_has_its_own_column() -> None:
    difference = Place(
        analysis="sensitivity", variable="ssdai_change", measure="ssdai", endpoint="e1", arm="cells",
        contrast="placebo", visit="month_3", missing_outcome="locf",
    )  # fmt: skip
    numbers = NumberList()
    numbers.add(difference, "estimate", -1.0, method="paired_t")
    numbers.add(replace(difference, adjustment="holm"), "p_adjusted", 0.04, method="paired_t")
    shifted = replace(difference, missing_outcome="j2r", delta=0.5)
    numbers.add(shifted, "estimate", -0.5, method="j2r")
    numbers.add(
        Place(analysis="influence", variable="x", category="MCR", estimand="main", cluster="site"),
        "estimate",
        40.0,
    )
    numbers.add(Place(analysis="diagnostics", variable="x", parameter="UN(2,1)"), "estimate", 0.3)
    frame = numbers.frame()
    start = "sensitivity.e1.enrolled.cells_-_placebo.month_3.ssdai_change"
    assert frame["id"].to_list() == [
        f"{start}.estimate.paired_t_locf",
        f"{start}.p_adjusted.paired_t_holm_locf",
        f"{start}.estimate.j2r_delta_0_5",
        "influence.enrolled.main_x_MCR_site.estimate",
        "diagnostics.enrolled.x_UN_2_1.estimate",
    ]
    assert frame.select("arm", "contrast", "measure", "missing_outcome", "adjustment", "delta").rows() == [
        ("cells", "placebo", "ssdai", "locf", "", None),
        ("cells", "placebo", "ssdai", "locf", "holm", None),
        ("cells", "placebo", "ssdai", "j2r", "", 0.5),
        ("all", "", "x", "", "", None),
        ("all", "", "x", "", "", None),
    ]


def test_list_has_the_declared_columns_and_refuses_a_number_twice() -> None:
    numbers = NumberList()
    place = Place(analysis="summary", variable="sledai_2k", n=3, denominator=3, source="k")
    numbers.add(place, "mean", 10.0)
    numbers.add(place, "sd", math.nan)
    numbers.add(place, "p", 0.0002, method="paired_t")
    numbers.add(place, "n", 3)
    frame = numbers.frame()
    assert dict(frame.schema) == NUMBER_COLUMNS
    assert frame["id"].is_unique().all()
    assert frame["text"].to_list() == ["10.00", "–", "< 0.001", "3"]
    assert frame["status"].to_list() == ["ok", "not_estimable", "ok", "ok"]
    assert frame["value"].to_list() == [10.0, None, 0.0002, 3.0]
    with pytest.raises(FunisError, match="computed twice"):
        numbers.add(place, "mean", 11.0)
    assert len(numbers) == 4


def test_empty_list_has_columns() -> None:
    assert dict(NumberList().frame().schema) == NUMBER_COLUMNS
    assert dict(SourceList().frame(OBSERVATIONS).schema) == SOURCE_COLUMNS


def test_sources_give_each_value_with_its_place() -> None:
    sources = SourceList()
    assert sources.add("all", [0, 1, 2]) == "all"
    sources.add("none", [])
    sources.add("last", [2])
    sources.add("all", [0, 1, 2])
    frame = sources.frame(OBSERVATIONS)
    assert dict(frame.schema) == SOURCE_COLUMNS
    assert frame.select("source", "subject", "line").rows() == [
        ("all", "S1", 2),
        ("all", "S2", 3),
        ("all", "S3", 4),
        ("last", "S3", 4),
    ]


def _results() -> Results:
    numbers, sources = NumberList(), SourceList()
    place = Place(analysis="adverse_events", variable="=cmd()", n=3, source=sources.add("k", [0]))
    numbers.add(place, "count", 1, text="-1.0 to 2.0")
    return Results(
        numbers=numbers.frame(),
        sources=sources.frame(OBSERVATIONS),
        provenance=Provenance(version="0", study="T", title="T"),
    )


def test_files_hold_what_was_computed(tmp_path: Path) -> None:
    results = _results()
    paths = write_results(results, tmp_path / "report")
    names = ["provenance.json", "results.csv", "results.parquet", "sources.parquet"]
    assert sorted(path.name for path in paths) == names
    assert pl.read_parquet(tmp_path / "report" / "results.parquet").equals(results.numbers)
    assert pl.read_parquet(tmp_path / "report" / "sources.parquet").equals(results.sources)
    table = pl.read_csv(tmp_path / "report" / "results.csv")
    assert table.columns == list(NUMBER_COLUMNS)
    assert table["variable"][0] == "'=cmd()"
    assert table["text"][0] == "-1.0 to 2.0"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = write_whole(tmp_path / "a.txt", "old")
    with pytest.raises(TypeError):
        write_whole(path, 7)  # type: ignore[arg-type]
    assert path.read_text(encoding="utf-8") == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["a.txt"]


def test_numbers_are_found_by_id_and_by_column() -> None:
    results = _results()
    key = results.numbers["id"][0]
    assert results.value(key) == 1.0
    assert results.select(statistic="count").height == 1
    # What divides nothing is empty, and can be asked for.
    assert results.select(cluster="").height == results.numbers.height
    with pytest.raises(UnknownNameError, match="Did you mean"):
        results.value(key + "x")
    with pytest.raises(UnknownNameError, match="statistic"):
        results.select(statistik="count")
