"""The flow of subjects by hand: boxes of equal counts are one, arms stand abreast, and what does not add up is told."""

import re
from collections.abc import Mapping

import pytest

from funis.documents.flow_chart import FlowArm, FlowBox, FlowChart, FlowStep, draw_flow_chart
from funis.documents.table import Inline
from funis.reporting.flow_figure import build_flow
from funis.reporting.number_book import read_numbers
from funis.results import NumberList, Place
from funis.study.model import Arm, Endpoint, Study

ARMS = (Arm(id="cells", name="Cells"), Arm(id="usual", name="Usual care", control=True))
PRIMARY = Endpoint(
    id="e", kind="response", role="primary", definition="sri_4", at=("month_6",), label="Response"
)
TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}

Counts = Mapping[str, int | None]


def flow_of(
    whole: Counts, arms: Mapping[str, Counts] | None = None, *, named: tuple[Arm, ...] = (), unknown: int = 0
) -> FlowChart:
    charts = charts_of(whole, arms, named=named, unknown=unknown)
    assert len(charts) == 1
    return charts[0]


def charts_of(
    whole: Counts, arms: Mapping[str, Counts] | None = None, *, named: tuple[Arm, ...] = (), unknown: int = 0
) -> tuple[FlowChart, ...]:
    numbers = NumberList()
    for arm, counts in {"all": whole, **(arms or {})}.items():
        for name, count in counts.items():
            numbers.add(Place(analysis="disposition", variable=name, arm=arm), "count", count)
        numbers.add(Place(analysis="population", variable="subjects", arm=arm), "n", counts.get("enrolled"))
        numbers.add(
            Place(
                analysis="response", variable="sri_4", measure="sri_4", category="cannot tell", arm=arm,
                visit="month_6",
            ),
            "count",
            unknown,
        )  # fmt: skip
    study = Study.model_validate({"study": TRIAL}).model_copy(update={"arms": named, "endpoints": (PRIMARY,)})
    return build_flow(study, read_numbers(numbers.frame()))


def said(steps: tuple[FlowStep, ...]) -> list[str]:
    return [f"{step.box.title} {''.join(part.text for part in step.box.count)}".strip() for step in steps]


def lines(boxes: tuple[FlowBox, ...]) -> list[str]:
    return [f"{box.title} {box.count[-1].text}" for box in boxes]


def wrong(chart: FlowChart) -> list[str]:
    return [note for note in chart.footnotes if "add up" in note]


def test_entry_steps_of_equal_counts_are_one_box() -> None:
    chart = flow_of({"consented": 9, "enrolled": 9, "eligible": 9, "treated": 9, "completed": 9, "died": 0})
    assert said(chart.steps) == [
        "Consented, enrolled, met every criterion, treated n = 9",
        "Completed follow-up n = 9",
        "Analysed for response n = 9",
    ]
    # Nobody died: the table says so, the figure has no line for nobody.
    assert [step.left for step in chart.steps] == [(), (), ()]
    assert chart.boxes[0].count[-1].id == "disposition.enrolled.treated.count"
    assert wrong(chart) == []
    assert chart.alt == (
        "Flow of subjects: consented, enrolled, met every criterion, treated 9, completed follow-up 9, "
        "analysed for response 9."
    )


def test_who_left_stands_after_the_step_that_was_reached() -> None:
    chart = flow_of(
        {
            "screened": 12, "consented": 10, "enrolled": 10, "treated": 8, "not_treated": 2, "completed": 4,
            "withdrew": 1, "lost": 1, "died": 1, "ongoing": 1, "not_reached": 1,
        },
        unknown=3,
    )  # fmt: skip
    assert said(chart.steps) == [
        "Screened n = 12", "Consented, enrolled n = 10", "Treated n = 8", "Completed follow-up n = 4",
        "Analysed for response",
    ]  # fmt: skip
    assert [lines(step.left) for step in chart.steps] == [
        [], ["Not treated 2"], ["Withdrew 1", "Lost to follow-up 1", "Died 1", "Still in follow-up 1"], [], [],
    ]  # fmt: skip
    assert lines(chart.steps[-1].lines) == ["In the analysis 10", "Cannot tell 3"]
    assert wrong(chart) == []


def test_one_subject_that_is_missing_between_two_boxes_is_told() -> None:
    chart = flow_of(
        {"enrolled": 10, "treated": 8, "not_treated": 1, "completed": 6, "withdrew": 1, "died": 0}
    )
    assert wrong(chart) == [
        "Counts do not add up. Enrolled 10, but treated 8 and not treated 1.",
        "Counts do not add up. Treated 8, but completed follow-up 6 and withdrew 1.",
    ]
    assert chart.footnotes[0] == wrong(chart)[0]
    assert wrong(chart)[1] in chart.alt


def test_a_later_step_of_more_subjects_is_told() -> None:
    assert wrong(flow_of({"consented": 3, "enrolled": 4, "treated": 4})) == [
        "Counts do not add up. Consented 3, but enrolled 4."
    ]
    assert wrong(flow_of({"screened": 5, "consented": 4, "enrolled": 4, "treated": 4})) == []


def test_who_did_not_meet_every_criterion_is_enrolled_all_the_same() -> None:
    chart = flow_of({"enrolled": 10, "eligible": 7, "treated": 10, "completed": 10})
    assert said(chart.steps)[:2] == ["Enrolled, treated n = 10", "Completed follow-up n = 10"]
    assert wrong(chart) == []
    assert "Not everybody enrolled is known to have met every criterion" in chart.footnotes[-1]


def test_arms_stand_abreast_below_those_enrolled() -> None:
    chart = flow_of(
        {"consented": 9, "enrolled": 9, "treated": 8, "not_treated": 1, "completed": 7, "died": 1},
        {
            "cells": {
                "consented": 5,
                "enrolled": 5,
                "treated": 5,
                "not_treated": 0,
                "completed": 4,
                "died": 1,
            },
            "usual": {
                "consented": 4,
                "enrolled": 4,
                "treated": 3,
                "not_treated": 1,
                "completed": 3,
                "died": 0,
            },
        },
        named=ARMS,
    )
    assert said(chart.steps) == ["Consented, enrolled n = 9"]
    assert [arm.title for arm in chart.arms] == ["Cells", "Usual care"]
    # The cells were all treated, but the rows of both arms are the same: enrolled and treated stay apart.
    assert [said(arm.steps) for arm in chart.arms] == [
        ["Enrolled n = 5", "Treated n = 5", "Completed follow-up n = 4", "Analysed for response n = 5"],
        ["Enrolled n = 4", "Treated n = 3", "Completed follow-up n = 3", "Analysed for response n = 4"],
    ]
    assert [lines(step.left) for arm in chart.arms for step in arm.steps] == [
        [], ["Died 1"], [], [], ["Not treated 1"], [], [], [],
    ]  # fmt: skip
    assert wrong(chart) == []
    assert chart.alt.startswith(
        "Flow of subjects: consented, enrolled 9; Cells: enrolled 5, treated 5, died 1,"
    )


def test_arms_that_do_not_make_the_whole_are_told() -> None:
    chart = flow_of(
        {"enrolled": 9, "treated": 9}, {"cells": {"enrolled": 5, "treated": 5}, "usual": {"enrolled": 3, "treated": 3}},
        named=ARMS,
    )  # fmt: skip
    assert wrong(chart) == [
        "Counts do not add up. Enrolled: 9 in all, 8 in the arms together.",
        "Counts do not add up. Treated: 9 in all, 8 in the arms together.",
    ]
    inside = flow_of(
        {"enrolled": 9, "treated": 9}, {"cells": {"enrolled": 5, "treated": 4}, "usual": {"enrolled": 4, "treated": 5}},
        named=ARMS,
    )  # fmt: skip
    assert wrong(inside) == [
        "Counts do not add up. Cells: Enrolled 5, but treated 4.",
        "Counts do not add up. Usual care: Enrolled 4, but treated 5.",
    ]


@pytest.mark.parametrize(("count", "drawn"), [(1, 0), (2, 2), (6, 6), (7, 0)])
def test_from_two_to_six_arms_are_drawn(count: int, drawn: int) -> None:
    named = tuple(Arm(id=f"a{place}", name=f"Arm {place}", control=place == 0) for place in range(count))
    chart = flow_of(
        {"enrolled": 2 * count, "treated": 2 * count},
        {arm.id: {"enrolled": 2, "treated": 2} for arm in named},
        named=named,
    )
    assert len(chart.arms) == drawn
    assert any(note.startswith("Arms: ") for note in chart.footnotes) is (drawn == 0)


def test_an_arm_without_counts_leaves_the_whole_alone() -> None:
    chart = flow_of({"enrolled": 9, "treated": 9}, {"cells": {"enrolled": 9, "treated": 9}}, named=ARMS)
    assert chart.arms == ()
    assert said(chart.steps)[0] == "Enrolled, treated n = 9"


def test_what_is_not_known_is_no_step() -> None:
    assert charts_of({"enrolled": 9, "treated": None}) == ()
    assert charts_of({}) == ()


# --- the drawing -----------------------------------------------------------------------------------------

RECT = re.compile(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"')
LONG = "Cells of the umbilical cord, two infusions a week apart"


def step_of(title: str, count: int, *left: str) -> FlowStep:
    return FlowStep(box_of(title, count), left=tuple(box_of(name, 1) for name in left))


def box_of(title: str, count: int) -> FlowBox:
    return FlowBox(title, (Inline("n = "), Inline(str(count), f"id.{count}")))


@pytest.mark.parametrize("arms", [0, 2, 3, 4, 6])
def test_boxes_do_not_overlap_and_stay_within_the_drawing(arms: int) -> None:
    """Of every two boxes one lies wholly beside or below the other; the last ends above the lower edge."""
    left = (
        "Withdrew",
        "Lost to follow-up",
        "Died",
        "Still in follow-up",
        "End of participation not recorded",
    )
    steps = (
        step_of("Enrolled", 1234, "Not treated", "Not recorded whether treated"),
        step_of("Treated", 1200, *left),
        step_of("Completed follow-up", 1100),
    )
    some = (step_of("Enrolled", 10), step_of("Treated", 10, "Died"), step_of("Completed follow-up", 9))
    columns = tuple(
        FlowArm(LONG if place % 2 else "Placebo", some if place else steps) for place in range(arms)
    )
    chart = FlowChart("f", "a", "F", (step_of("Screened", 2000),) if arms else steps, "Boxes.", arms=columns)
    drawn = draw_flow_chart(chart)
    boxes = [tuple(map(float, found)) for found in RECT.findall(drawn)]
    assert len(boxes) == (5 if not arms else 1 + 5 + 4 * (arms - 1))
    for place, (x, y, width, height) in enumerate(boxes):
        for other_x, other_y, other_width, other_height in boxes[:place]:
            is_beside = x >= other_x + other_width or other_x >= x + width
            is_below = y >= other_y + other_height or other_y >= y + height
            assert is_beside or is_below
    high = float(re.findall(r'viewBox="0 0 720 (\d+)"', drawn)[0])
    assert max(y + height for _, y, _, height in boxes) + 3 <= high
    assert min(x for x, *_ in boxes) >= 4
    assert max(x + width for x, _, width, _ in boxes) <= 716.01
    # Counts open their sources.
    assert drawn.count('data-id="id.1200"') == 1


def test_rows_of_arms_stand_at_one_height() -> None:
    chart = FlowChart(
        "f", "a", "F", (step_of("Enrolled", 9),), "Boxes.",
        arms=(
            FlowArm("Cells", (step_of("Treated", 5, "Died", "Withdrew"), step_of("Completed", 3))),
            FlowArm("Usual", (step_of("Treated", 4), step_of("Completed", 4))),
        ),
    )  # fmt: skip
    tops = [float(y) for _, y, _, _ in RECT.findall(draw_flow_chart(chart))]
    # Enrolled; both treated; those who left; both completed.
    assert len(tops) == 6
    assert sorted(tops)[1] == sorted(tops)[2]
    assert sorted(tops)[4] == sorted(tops)[5]
