"""GRIM, GRIMMER, DEBIT: published cases, and every sample of small scales by brute force."""

import csv
import itertools
import statistics
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funis.audit.figures import OutcomeScale, PrintedNumber
from funis.audit.granularity import (
    ValueGrid,
    fits,
    grid_of,
    largest_variance,
    numbers_that_fit,
    squares_that_fit,
    sums_that_fit,
    variance_of,
)

HERE = Path(__file__).parent
WHOLE = ValueGrid(Fraction(1))
BINARY = ValueGrid(Fraction(1), Fraction(0), 1, has_lowest=True)


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / "scrutiny" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fits_sd(mean: str, sd: str, n: int, grid: ValueGrid = WHOLE, *, divisor: int | None = None) -> bool:
    variance = variance_of(PrintedNumber(sd), n, is_standard_error=False)
    return fits(PrintedNumber(mean).rounding, variance, n, grid, divisor=divisor or n - 1)


# --- scrutiny's example data; the answers are those its README and reference pages print -----------------


def test_pigs1_means() -> None:
    """README of scrutiny 0.4.0 and 0.6.1, grim_map(pigs1): TRUE for 7.22, 2.68, 7.38 and 5.00."""
    found = {
        row["x"]: bool(sums_that_fit(PrintedNumber(row["x"]).rounding, int(row["n"]), WHOLE))
        for row in rows("pigs1.csv")
    }
    assert len(found) == 12
    assert {mean for mean, is_consistent in found.items() if is_consistent} == {
        "7.22",
        "2.68",
        "7.38",
        "5.00",
    }


def test_pigs2_percentages() -> None:
    """README of scrutiny, grim_map(pigs2, percent = TRUE): only 54.0 of 150."""
    grid = ValueGrid(Fraction(100), Fraction(0), 1, has_lowest=True)
    found = {
        row["x"]: bool(sums_that_fit(PrintedNumber(row["x"]).rounding, int(row["n"]), grid))
        for row in rows("pigs2.csv")
    }
    assert len(found) == 6
    assert {mean for mean, is_consistent in found.items() if is_consistent} == {"54.0"}


def test_pigs3_binary() -> None:
    """Vignette on DEBIT of scrutiny, debit_map(pigs3): all but 0.19 with 0.35."""
    found = {row["x"]: fits_sd(row["x"], row["sd"], int(row["n"]), BINARY) for row in rows("pigs3.csv")}
    assert len(found) == 7
    assert {mean for mean, is_consistent in found.items() if not is_consistent} == {"0.19"}


def test_pigs5_means_and_sds() -> None:
    """grimmer_map(pigs5) on the reference page of scrutiny: four fail by GRIM, 5.23 with 2.55 by parity."""
    found = {row["x"]: fits_sd(row["x"], row["sd"], int(row["n"])) for row in rows("pigs5.csv")}
    assert len(found) == 12
    grim = {"7.22", "6.77", "7.01", "3.14"}
    assert {mean for mean, is_consistent in found.items() if not is_consistent} == {*grim, "5.23"}
    # By hand: 183/35 = 5.2286; squares from 183^2/35 + 34 * 2.545^2 = 1177.05 to 1178.80 leave 1178, even where
    # 183 is odd. Divided by n = 35 they go from 1183.55 to 1185.34, and 1185 is odd: possible.
    assert list(sums_that_fit(PrintedNumber("5.23").rounding, 35, WHOLE)) == [183]
    assert fits_sd("5.23", "2.55", 35, divisor=35)


# --- the two abstracts: literature by hand ---------------------------------------------------------------

SLEDAI = (("10.83", "4.63"), ("7.43", "3.93"), ("6.30", "3.63"), ("6.40", "3.84"), ("6.48", "3.52"))
SSDAI = (("5.63", "1.44"), ("4.33", "1.79"), ("4.08", "1.44"), ("3.46", "1.18"), ("3.08", "1.21"))


def test_forty_is_the_only_number_of_the_lupus_abstract() -> None:
    held = [
        set(numbers_that_fit(PrintedNumber(m), PrintedNumber(s), WHOLE, range(20, 41))) for m, s in SLEDAI
    ]
    assert set.intersection(*held) == {40}
    # 37, who were alive: 10.83 * 37 = 400.71, 6.40 * 37 = 236.8, 6.48 * 37 = 239.76; the sums 401, 237 and 240
    # give 10.838, 6.405 and 6.486, which print as 10.84, 6.41 (a tie of 6.405 does not arise: 6.40541) and 6.49.
    assert [37 in each for each in held] == [False, True, True, False, False]
    # Month 9 alone: 6.40 = 32/5, so multiples of five; month 12: 6.48 allows these, by mean and SD of n - 1; a SD
    # that divides by n allows 23 and 25 as well.
    assert held[3] == {20, 25, 30, 35, 40}
    assert {n for n in range(20, 41) if fits_sd("6.48", "3.52", n)} == {21, 27, 29, 31, 33, 40}
    assert held[4] == {21, 23, 25, 27, 29, 31, 33, 40}


def test_the_sums_of_the_abstracts_are_recovered() -> None:
    totals = [list(sums_that_fit(PrintedNumber(mean).rounding, 40, WHOLE)) for mean, _ in SLEDAI]
    assert totals == [[433], [297], [252], [256], [259]]
    made = [
        (total, squares)
        for mean, sd in SSDAI
        for total in sums_that_fit(PrintedNumber(mean).rounding, 24, WHOLE)
        for squares in squares_that_fit(
            total, variance_of(PrintedNumber(sd), 24, is_standard_error=False), 24, WHOLE, divisor=23
        )
    ]
    assert made == [(135, 807), (104, 524), (98, 448), (83, 319), (74, 262)]


# --- brute force: no real sample is ever called inconsistent ---------------------------------------------


def printed(value: Fraction, decimals: int, rule: str) -> PrintedNumber:
    """Print an exact value by the decimal module, which shares no code with the audit."""
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return PrintedNumber(str(exact.quantize(Decimal(1).scaleb(-decimals), rounding=rule)))


def printed_root(variance: Fraction, decimals: int) -> PrintedNumber:
    root = (Decimal(variance.numerator) / Decimal(variance.denominator)).sqrt()
    return PrintedNumber(str(root.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)))


@pytest.mark.parametrize("decimals", [1, 2])
@pytest.mark.parametrize(("n", "highest"), [(2, 9), (3, 6), (4, 5), (5, 4), (6, 3), (8, 2), (12, 1)])
def test_every_sample_of_a_small_scale_passes(n: int, highest: int, decimals: int) -> None:
    grid = ValueGrid(Fraction(1), Fraction(0), highest, has_lowest=True)
    for sample in itertools.combinations_with_replacement(range(highest + 1), n):
        exact = Fraction(sum(sample), n)
        squares = sum(((value - exact) ** 2 for value in sample), Fraction(0))
        for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN):
            mean = printed(exact, decimals, rule)
            assert sum(sample) in sums_that_fit(mean.rounding, n, grid)
            for divisor in (n - 1, n):
                sd = printed_root(squares / divisor, decimals)
                variance = variance_of(sd, n, is_standard_error=False)
                assert fits(mean.rounding, variance, n, grid, divisor=divisor), (sample, divisor)
                most = largest_variance(mean.rounding, n, Fraction(0), Fraction(highest))
                assert most is not None
                assert variance.lower <= most


@pytest.mark.parametrize(("n", "highest"), [(2, 6), (3, 5), (4, 4)])
def test_with_few_subjects_what_passes_is_a_sample(n: int, highest: int) -> None:
    """For n up to 4 the answer is exact: every mean and SD that passes is printed of some sample."""
    grid = ValueGrid(Fraction(1), Fraction(0), highest, has_lowest=True)
    made: set[tuple[str, str]] = set()
    for sample in itertools.combinations_with_replacement(range(highest + 1), n):
        mean = Fraction(sum(sample), n)
        for rule in (ROUND_HALF_UP, ROUND_HALF_EVEN):
            made.add(
                (
                    printed(mean, 2, rule).text,
                    f"{Decimal(statistics.stdev(sample)).quantize(Decimal('0.01'))}",
                )
            )
    passing = {
        (mean, sd)
        for mean in {each for each, _ in made}
        for sd in (f"{hundredth / 100:.2f}" for hundredth in range(100 * highest))
        if fits_sd(mean, sd, n, grid)
    }
    assert passing == made


@given(
    st.lists(st.integers(-30, 60), min_size=2, max_size=40),
    st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 3), Fraction(2)]),
    st.integers(0, 3),
)
def test_no_sample_on_any_grid_is_called_inconsistent(
    steps: list[int], grain: Fraction, decimals: int
) -> None:
    n = len(steps)
    values = [grain * step for step in steps]
    exact = sum(values, Fraction(0)) / n
    mean = printed(exact, decimals, ROUND_HALF_UP)
    squares = sum(((value - exact) ** 2 for value in values), Fraction(0))
    sd = printed_root(squares / (n - 1), decimals)
    grid = ValueGrid(grain)
    bounded = ValueGrid(grain, min(values), max(steps) - min(steps), has_lowest=True)
    variance = variance_of(sd, n, is_standard_error=False)
    assert fits(mean.rounding, variance, n, grid, divisor=n - 1)
    assert fits(mean.rounding, variance, n, bounded, divisor=n - 1)
    assert n in numbers_that_fit(mean, sd, bounded, [n])
    most = largest_variance(mean.rounding, n, min(values), None)
    assert most is not None
    assert variance.lower <= most


def test_items_make_the_grid_finer() -> None:
    # 3 items of whole numbers and 10 subjects: thirtieths. 2.33 = 70/30 passes, 2.36 = 70.8/30 does not (2.3333, 2.3667).
    grid = grid_of(OutcomeScale(Fraction(1), items=3))
    assert grid is not None
    assert list(sums_that_fit(PrintedNumber("2.33").rounding, 10, grid)) == [70]
    assert not sums_that_fit(PrintedNumber("2.36").rounding, 10, grid)


def test_a_standard_error_is_squared_and_multiplied() -> None:
    # SE 0.73 of 11: variance from 0.725^2 * 11 = 5.781875 to 0.735^2 * 11 = 5.942475.
    found = variance_of(PrintedNumber("0.73"), 11, is_standard_error=True)
    assert (found.lower, found.upper) == (Fraction("5.781875"), Fraction("5.942475"))


def test_the_largest_variance_of_two_bounds() -> None:
    # Half of 4 subjects at 0, half at 10: deviations of 5, 4 * 25 / 3 = 33.33.
    assert largest_variance(PrintedNumber("5.0").rounding, 4, Fraction(0), Fraction(10)) == Fraction(100, 3)
    # Saliva of 11 with mean 0.63 (up to 0.635): at most n m^2 = 11 * 0.635^2.
    assert (
        largest_variance(PrintedNumber("0.63").rounding, 11, Fraction(0), None) == 11 * Fraction("0.635") ** 2
    )
    assert largest_variance(PrintedNumber("5").rounding, 4, None, None) is None
