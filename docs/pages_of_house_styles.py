"""The house styles of the study file: one number of each kind as each style prints it."""

from __future__ import annotations

from collections.abc import Iterator

from funis.catalogue.house_styles import house_styles, styles_checked
from funis.reporting.house_style import name_unread
from funis.reporting.number_book import NumberBook, read_numbers
from funis.reporting.number_text import write_number
from funis.results import NumberList, Place
from funis.study.model import Study

_FRONT = """### House styles

`style` in `[report]` prints every number of the report, and of `funis text`, as a journal or an agency prints
it. No number changes its id, its value or its place. The styles were looked up on {checked}; what was not
read in the guide of the house, or in open software made for it, is how it is generally printed. The report
says which style it is in, and the same of it. Decimals of means are those of the variable
(`[report.decimals]`) in every style, a P value is never printed across 0.05, and a dash gives way to "to"
where a limit is negative.

| `style` | house | share | mean | median | estimate | not read |
|---|---|---|---|---|---|---|
{rows}

"""


def describe_styles() -> str:
    """Write a row a style, made by printing the same four numbers in each."""
    rows = "\n".join(_row(name) for name in ("", *house_styles()))
    return _FRONT.format(checked=styles_checked().isoformat(), rows=rows)


def _row(name: str) -> str:
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    study = Study.model_validate({"study": trial, "report": {"style": name}})
    book = _sample()
    texts = (
        "".join(part.text for part in write_number(study, book, book.numbers[place]))
        for place in _heads(book)
    )
    house = house_styles().get(name)
    cells = [f"`{name}`" if name else "(none)", house.name if house else "funis", *texts]
    return f"| {' | '.join([*cells, name_unread(house) if house else ''])} |"


def _heads(book: NumberBook) -> Iterator[int]:
    wanted = ("count", "mean", "median", "estimate")
    return (place for place, each in enumerate(book.numbers) if each.statistic in wanted)


def _sample() -> NumberBook:
    numbers = NumberList()

    def place(analysis: str, variable: str) -> Place:
        return Place(analysis=analysis, variable=variable, n=40, denominator=40)

    share, mean, median = place("response", "a"), place("baseline", "b"), place("baseline", "c")
    numbers.add(share, "count", 14)
    numbers.add(share, "percent", 35.0)
    for statistic, value in (("lower", 20.631), ("upper", 51.684)):
        numbers.add(share, statistic, value, method="clopper_pearson")
    for where, found in (
        (mean, (("mean", 7.43), ("sd", 3.93))),
        (median, (("median", 1.8), ("q1", 1.17), ("q3", 2.8))),
    ):
        for statistic, value in found:
            numbers.add(where, statistic, value)
    for statistic, value in (("estimate", 1.5), ("lower", 0.15), ("upper", 2.9), ("p", 0.0314)):
        numbers.add(place("test", "d"), statistic, value, method="paired_t")
    return read_numbers(numbers.frame())
