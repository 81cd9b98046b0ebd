"""The difference between arms in the tables of an outcome: which one, in which row, and what the notes say; by hand."""

from typing import Any

import pytest

from funis.documents.table import TableSpec
from funis.reporting.arm_differences import (
    difference_cells,
    difference_heads,
    difference_notes,
    find_control,
    find_difference,
)
from funis.reporting.comparison_tables import build_comparison_tables
from funis.reporting.key_measures import change_words
from funis.reporting.labels import Labels
from funis.reporting.main_measures import build_main_measures
from funis.reporting.main_rates import build_main_rates
from funis.reporting.number_book import NumberBook, read_numbers
from funis.results import NumberList, Place
from funis.study.model import Arm, Endpoint, Study
from funis.study.planned_visit import Visit

CELLS, PLACEBO, USUAL = (
    Arm(id="c", name="Cells"),
    Arm(id="p", name="Placebo", control=True),
    Arm(id="u", name="Usual care"),
)
VISITS = tuple(
    Visit(name=name, day=day) for name, day in (("baseline", 0), ("month_3", 90), ("month_6", 180))
)
CHANGE = Endpoint(
    id="score", kind="change", variable="sledai_2k", role="primary", at=("month_3", "month_6"), label="Score"
)
RESPONSE = Endpoint(
    id="answer", kind="response", role="primary", definition="sri_4", at=("month_6",), label="Answer"
)
TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "parallel"}


def study_of(*arms: Arm, endpoints: tuple[Endpoint, ...] = (CHANGE,)) -> Study:
    study = Study.model_validate({"study": TRIAL})
    return study.model_copy(update={"arms": arms, "endpoints": endpoints, "visits": VISITS})


class Maker:
    """Numbers of a score that falls from 10 by 2 with cells and by 1 in the other arms."""

    def __init__(self, *arms: str) -> None:
        self.numbers = NumberList()
        for arm in arms:
            for place, visit in enumerate(each.name for each in VISITS):
                fall = (2 if arm == "c" else 1) * place
                self.add("summary", "sledai_2k", arm, visit, n=20, mean=10.0 - fall, sd=2.0, median=10.0)
                if place:
                    self.add(
                        "change",
                        "sledai_2k_change",
                        arm,
                        visit,
                        n=20,
                        mean=-fall,
                        lower=-fall - 1,
                        upper=-fall + 1,
                    )

    def add(self, analysis: str, variable: str, arm: str, visit: str, **statistics: float) -> None:
        self.put(
            Place(analysis=analysis, variable=variable, measure="sledai_2k", arm=arm, visit=visit, n=20),
            **statistics,
        )

    def put(self, place: Place, **statistics: float) -> None:
        for name, value in statistics.items():
            # The text of the median says with how many decimals the score is printed.
            self.numbers.add(place, name, value, text="10.0" if name == "median" else f"{value:g}")

    def differ(
        self,
        method: str,
        visit: str,
        estimate: float,
        p: float,
        *,
        arm: str = "c",
        subgroup: str = "all",
        adjusted: float | None = None,
        n: int = 40,
    ) -> None:
        place: dict[str, Any] = {
            "analysis": "mmrm" if method == "mmrm" else "comparison", "endpoint": "score", "subgroup": subgroup,
            "variable": "sledai_2k_change", "measure": "sledai_2k", "arm": arm, "contrast": "p", "visit": visit, "n": n,
        }  # fmt: skip
        for name, value in (
            ("estimate", estimate),
            ("lower", estimate - 1),
            ("upper", estimate + 1),
            ("p", p),
        ):
            self.numbers.add(Place(**place), name, value, method=method)
        if adjusted is not None:
            self.numbers.add(Place(**place, adjustment="holm"), "p_adjusted", adjusted, method=method)

    @property
    def book(self) -> NumberBook:
        return read_numbers(self.numbers.frame())


def rows_of(table: TableSpec) -> list[list[str]]:
    return [[row.stub.text, *(cell.text for cell in row.cells)] for row in table.rows]


def test_the_control_arm_is_the_one_marked_else_the_first() -> None:
    assert find_control(study_of(CELLS, PLACEBO)) == PLACEBO
    assert find_control(study_of(CELLS, USUAL)) == CELLS
    assert find_control(study_of(CELLS)) is None


def test_the_model_comes_before_a_test_and_its_adjusted_p_before_the_other() -> None:
    maker = Maker("c", "p")
    maker.differ("welch", "month_6", -2.0, 0.04)
    maker.differ("welch", "month_3", -1.0, 0.3)
    maker.differ("mmrm", "month_6", -1.5, 0.02, adjusted=0.03)
    study = study_of(CELLS, PLACEBO)
    found = find_difference(study, maker.book, CHANGE, "sledai_2k", "all", "c", "month_6")
    assert found is not None
    assert found.values == (-1.5, -2.5, -0.5)
    assert found.p is not None
    assert (found.p.value, found.p.adjustment) == (0.03, "holm")
    # Where the model says nothing of a visit the test does, with its plain P.
    other = find_difference(study, maker.book, CHANGE, "sledai_2k", "all", "c", "month_3")
    assert other is not None
    assert other.p is not None
    assert (other.estimate.method, other.p.value) == ("welch", 0.3)


@pytest.mark.parametrize(
    ("measure", "subgroup", "arm", "visit"),
    [("sledai_2k", "all", "p", "month_6"), ("sledai_2k", "nephritis", "c", "month_6"), ("pga", "all", "c", "month_6"),
     ("sledai_2k", "all", "u", "month_6"), ("sledai_2k", "all", "c", "baseline")],
)  # fmt: skip
def test_another_difference_is_not_taken(measure: str, subgroup: str, arm: str, visit: str) -> None:
    maker = Maker("c", "p")
    maker.differ("welch", "month_6", -2.0, 0.04)
    study = study_of(CELLS, PLACEBO, USUAL)
    assert find_difference(study, maker.book, CHANGE, measure, subgroup, arm, visit) is None


@pytest.mark.parametrize(("n", "method"), [(20, "mmrm"), (19, "welch")])
def test_a_model_of_too_few_gives_way_to_the_test(n: int, method: str) -> None:
    maker = Maker("c", "p")
    maker.differ("welch", "month_6", -2.0, 0.04, n=n)
    maker.differ("mmrm", "month_6", -1.5, 0.02, n=n)
    found = find_difference(study_of(CELLS, PLACEBO), maker.book, CHANGE, "sledai_2k", "all", "c", "month_6")
    assert found is not None
    assert found.estimate.method == method


def test_cells_and_heads_and_notes() -> None:
    maker = Maker("c", "p")
    maker.differ("mmrm", "month_6", -1.54, 0.02, adjusted=0.0314)
    study = study_of(CELLS, PLACEBO)
    found = find_difference(study, maker.book, CHANGE, "sledai_2k", "all", "c", "month_6")
    assert found is not None
    cells = difference_cells(found, 1)
    assert [cell.text for cell in cells] == ["−1.5 (−2.5 to −0.5)", "0.031"]
    assert all("c_-_p" in name for cell in cells for name in cell.ids)
    assert [cell.text for cell in difference_cells(None, 1)] == ["–", "–"]
    assert difference_heads("95%", [found]) == ("Difference (95% CI)", "P (Holm)")
    assert difference_heads("95%", []) == ()
    assert list(difference_notes(Labels(study), [None, found])) == [
        "Difference: Cells minus placebo, adjusted mean difference of the mixed model; P adjusted by Holm over the visits."
    ]
    assert list(difference_notes(Labels(study), [None])) == []
    third = study_of(CELLS, PLACEBO, USUAL)
    assert next(iter(difference_notes(Labels(third), [found]))).startswith(
        "Difference: the arm minus placebo,"
    )


def test_two_arms_stand_abreast_with_the_difference_at_the_right() -> None:
    maker = Maker("c", "p")
    maker.differ("welch", "month_3", -1.0, 0.3)
    maker.differ("welch", "month_6", -2.0, 0.04)
    table = build_main_measures(study_of(CELLS, PLACEBO), maker.book)[0]
    assert table.spanners == (("", 1), ("Cells", 3), ("Placebo", 3), ("", 2))
    assert table.heads == ("Visit", *("n", "Mean ± SD", "Change (95% CI)") * 2, "Difference (95% CI)", "P")
    assert rows_of(table) == [
        ["Baseline", "20", "10.0 ± 2.0", "–", "20", "10.0 ± 2.0", "–", "–", "–"],
        ["Month 3", "20", "8.0 ± 2.0", "−2.0 (−3.0 to −1.0)", "20", "9.0 ± 2.0", "−1.0 (−2.0 to 0.0)",
         "−1.0 (−2.0 to 0.0)", "0.300"],
        ["Month 6", "20", "6.0 ± 2.0", "−4.0 (−5.0 to −3.0)", "20", "8.0 ± 2.0", "−2.0 (−3.0 to −1.0)",
         "−2.0 (−3.0 to −1.0)", "0.040"],
    ]  # fmt: skip
    assert (
        table.footnotes[-1]
        == "Difference: Cells minus placebo, difference of mean changes, Welch’s t test; P not adjusted."
    )


def test_arms_without_a_comparison_have_no_such_column() -> None:
    table = build_main_measures(study_of(CELLS, PLACEBO), Maker("c", "p").book)[0]
    assert table.heads == ("Visit", *("n", "Mean ± SD", "Change (95% CI)") * 2)
    assert table.spanners == (("", 1), ("Cells", 3), ("Placebo", 3))


def test_three_arms_stand_below_each_other_each_with_its_difference() -> None:
    maker = Maker("c", "p", "u")
    maker.differ("welch", "month_6", -2.0, 0.04)
    maker.differ("welch", "month_6", 0.5, 0.9, arm="u")
    table = build_main_measures(study_of(CELLS, PLACEBO, USUAL), maker.book)[0]
    assert table.heads == ("Visit", "n", "Mean ± SD", "Change (95% CI)", "Difference (95% CI)", "P")
    by_row = [(row[0], *row[-2:]) for row in rows_of(table)]
    assert by_row == [
        ("Cells", "Cells"), ("Baseline", "–", "–"), ("Month 3", "–", "–"), ("Month 6", "−2.0 (−3.0 to −1.0)", "0.040"),
        ("Placebo", "Placebo"), ("Baseline", "–", "–"), ("Month 3", "–", "–"), ("Month 6", "–", "–"),
        ("Usual care", "Usual care"), ("Baseline", "–", "–"), ("Month 3", "–", "–"), ("Month 6", "0.5 (−0.5 to 1.5)", "0.900"),
    ]  # fmt: skip


def test_the_first_page_says_the_difference_of_the_table() -> None:
    maker = Maker("c", "p")
    maker.differ("welch", "month_6", -2.0, 0.04)
    maker.differ("mmrm", "month_6", -1.5, 0.02)
    study = study_of(CELLS, PLACEBO)
    said = change_words(Labels(study), maker.book, CHANGE)
    text = "".join(part if isinstance(part, str) else part.text for part in said if part is not None)
    assert text.endswith("at month 6 differed by −1.5 (95% CI −2.5 to −0.5; Cells minus Placebo).")


def respond(maker: Maker, arm: str, count: int, *, unknown: int = 0) -> None:
    known = 20 - unknown
    for category, number in (
        ("responder", count),
        ("SRI-4", count),
        ("none", known - count),
        ("cannot tell", unknown),
    ):
        place = Place(
            analysis="response", variable="sri_4", measure="sri_4", category=category, endpoint="answer", arm=arm,
            visit="month_6", n=known, denominator=known,
        )  # fmt: skip
        maker.put(place, count=number, percent=100 * number / known)
        if unknown and category == "responder":
            maker.put(place, count_lowest=count, count_highest=count + unknown)


def compare(maker: Maker, estimate: float, p: float, *, arm: str = "c") -> None:
    place = Place(
        analysis="comparison", variable="sri_4", measure="sri_4", category="responder", endpoint="answer", arm=arm,
        contrast="p", visit="month_6", n=40,
    )  # fmt: skip
    for name, value in (("estimate", estimate), ("lower", estimate - 20), ("upper", estimate + 20)):
        maker.numbers.add(place, name, value, method="newcombe")
    maker.numbers.add(place, "p", p, method="fisher")


def test_responses_of_two_arms_stand_abreast_with_the_risk_difference_of_any_response() -> None:
    """12 and 8 of 20: 60 and 40 percent, 20 points apart."""
    maker = Maker()
    respond(maker, "c", 12)
    respond(maker, "p", 8)
    compare(maker, 20.0, 0.343)
    table = build_main_rates(study_of(CELLS, PLACEBO, endpoints=(RESPONSE,)), maker.book)[0]
    assert table.spanners == (("", 1), ("Cells", 2), ("Placebo", 2), ("", 2))
    assert table.heads == ("", *("n/N", "% (95% CI)") * 2, "Difference (95% CI)", "P")
    assert rows_of(table)[0] == [
        "Any response",
        "12/20",
        "60.0%",
        "8/20",
        "40.0%",
        "20.0 (0.0 to 40.0)",
        "0.343",
    ]
    assert [row[-2:] for row in rows_of(table)[1:]] == [["–", "–"]] * 3
    assert table.footnotes[-1] == (
        "Difference: Cells minus placebo, percentage points, Newcombe’s interval; P by Fisher’s exact test; P not adjusted."
    )


def test_of_arms_with_open_answers_each_has_its_bounds() -> None:
    maker = Maker()
    respond(maker, "c", 12, unknown=2)
    respond(maker, "p", 8)
    compare(maker, 20.0, 0.343)
    table = build_main_rates(study_of(CELLS, PLACEBO, endpoints=(RESPONSE,)), maker.book)[0]
    assert table.spanners == (("", 1), ("Cells", 3), ("Placebo", 3), ("", 2))
    assert rows_of(table)[0][1:7] == ["12/18", "66.7%", "12/18 / 14/18", "8/20", "40.0%", "–"]


def test_responses_of_three_arms_stand_below_each_other() -> None:
    maker = Maker()
    for arm, count in (("all", 26), ("c", 12), ("p", 8), ("u", 6)):
        respond(maker, arm, count if arm != "all" else 20)
    compare(maker, 20.0, 0.343)
    compare(maker, -10.0, 0.7, arm="u")
    table = build_main_rates(study_of(CELLS, PLACEBO, USUAL, endpoints=(RESPONSE,)), maker.book)[0]
    assert table.spanners == ()
    found = [tuple(row[-2:]) for row in rows_of(table) if row[0] == "Any response"]
    assert found == [
        ("–", "–"),
        ("20.0 (0.0 to 40.0)", "0.343"),
        ("–", "–"),
        ("−10.0 (−30.0 to 10.0)", "0.700"),
    ]


def test_times_to_an_event_are_compared_in_the_main_part_and_every_test_behind() -> None:
    maker = Maker("c", "p")
    maker.differ("welch", "month_6", -2.0, 0.04)
    place = Place(
        analysis="comparison", variable="relapse", measure="relapse", endpoint="time", arm="c", contrast="p"
    )
    maker.put(place, n_first=20, n_second=20)
    for name, value in (
        ("events_first", 3),
        ("expected_first", 4.5),
        ("events_second", 6),
        ("expected_second", 4.5),
    ):
        maker.numbers.add(place, name, value, method="log_rank")
    maker.numbers.add(place, "p", 0.31, method="log_rank")
    tables = build_comparison_tables(study_of(CELLS, PLACEBO), maker.book)
    assert [table.id for table in tables] == ["table-main-comparison", "table-comparison"]
    assert rows_of(tables[0]) == [["Time: Cells minus Placebo", "20", "20", "3 (4.5) and 6 (4.5)", "0.310"]]
    only_change = Maker("c", "p")
    only_change.differ("welch", "month_6", -2.0, 0.04)
    assert [table.id for table in build_comparison_tables(study_of(CELLS, PLACEBO), only_change.book)] == [
        "table-comparison"
    ]
