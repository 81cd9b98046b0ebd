"""From how many subjects on a statistic is printed, and what stands beside a P value of few."""

import pytest

from funis.reporting.number_book import Group, NumberBook, bound, bound_p, count_cell, p_cell, read_numbers
from funis.reporting.small_samples import limit_missed, limit_notes
from funis.results import NumberList, Place


def book_of(
    statistic: str, n: int, *, analysis: str = "summary", method: str = ""
) -> tuple[NumberBook, Group]:
    numbers = NumberList()
    place = Place(analysis=analysis, variable="x", visit="v", n=n, denominator=n)
    numbers.add(place, statistic, 1.25, method=method)
    book = read_numbers(numbers.frame())
    return book, next(iter(book.groups))


@pytest.mark.parametrize(
    ("analysis", "statistic", "method", "least", "words"),
    [
        ("summary", "sd", "", 3, "a standard deviation needs 3 subjects"),
        ("summary", "q1", "", 5, "quartiles need 5"),
        ("baseline", "q3", "", 5, "quartiles need 5"),
        ("change", "lower", "student_t", 5, "the interval of a mean needs 5"),
        ("test", "upper", "paired_t", 5, "the interval of a mean needs 5"),
        ("mmrm", "estimate", "mmrm", 20, "a mixed model needs 20"),
        ("mmrm", "conditional_lower", "mmrm", 20, "a mixed model needs 20"),
    ],
)
def test_each_limit_below_and_on_it(
    analysis: str, statistic: str, method: str, least: int, words: str
) -> None:
    book, group = book_of(statistic, least - 1, analysis=analysis, method=method)
    number = book.find(group, "v", statistic)
    assert number is not None
    below = bound(number, 2)
    assert below is not None
    assert (below.text, below.id) == ("n/c", number.id)
    assert limit_notes([number]) == (f"n/c: too few subjects to print it: {words}.",)
    book, group = book_of(statistic, least, analysis=analysis, method=method)
    number = book.find(group, "v", statistic)
    assert number is not None
    on = bound(number, 2)
    assert on is not None
    assert on.text == "1.25"
    assert limit_notes([number]) == ()


@pytest.mark.parametrize(
    ("analysis", "statistic", "method"),
    [
        ("summary", "mean", ""), ("summary", "median", ""), ("summary", "min", ""),
        ("response", "lower", "clopper_pearson"), ("test", "lower", "wilcoxon"), ("test", "p", "paired_t"),
        ("diagnostics", "estimate", "mmrm"),
    ],
)  # fmt: skip
def test_what_has_no_limit_is_printed_at_any_n(analysis: str, statistic: str, method: str) -> None:
    book, group = book_of(statistic, 1, analysis=analysis, method=method)
    number = book.find(group, "v", statistic)
    assert number is not None
    assert limit_missed(number) is None


def test_a_number_without_n_has_no_limit() -> None:
    numbers = NumberList()
    numbers.add(Place(analysis="summary", variable="x", visit="v"), "sd", 1.25)
    book = read_numbers(numbers.frame())
    assert limit_missed(book.numbers[0]) is None


def test_p_of_a_model_of_few_is_not_printed() -> None:
    for n, text in ((19, "n/c"), (20, "> 0.999")):
        book, group = book_of("p", n, analysis="mmrm", method="mmrm")
        found = bound_p(book.find(group, "v", "p"))
        assert found is not None
        assert found.text == text


@pytest.mark.parametrize(("total", "text"), [(9, "4/9"), (10, "4/10 (40.0%)")])
def test_below_ten_there_is_no_percentage(total: int, text: str) -> None:
    numbers = NumberList()
    place = Place(analysis="response", variable="x", visit="v", n=total, denominator=total)
    numbers.add(place, "count", 4)
    numbers.add(place, "percent", 40.0)
    book = read_numbers(numbers.frame())
    group = next(iter(book.groups))
    assert count_cell(book.find(group, "v", "count"), book.find(group, "v", "percent")).text == text


@pytest.mark.parametrize(("n", "beside"), [(5, "; n = 5"), (9, "; n = 9"), (10, "")])
def test_n_stands_beside_the_p_value_of_few(n: int, beside: str) -> None:
    numbers = NumberList()
    place = Place(analysis="test", variable="x", visit="v", n=n)
    numbers.add(place, "p", 0.031, method="sign_test")
    numbers.add(place, "p_adjusted", 0.062, method="sign_test")
    book = read_numbers(numbers.frame())
    group = next(iter(book.groups))
    for statistic, value in (("p", "0.031"), ("p_adjusted", "0.062")):
        assert p_cell(book.find(group, "v", statistic)).text == value + beside
