"""What a trial in two stages has found, in words."""

from __future__ import annotations

import numpy as np

from funis.design.pages.one_arm import NO_CONTROL
from funis.design.pages.told import DesignTable, ToldDesign, draw_lines, percent
from funis.design.two_stage_inference import TwoStageFinding, chance_of_at_least
from funis.documents.figure import FigureSpec
from funis.results.text import format_number, format_p, format_shortest

_PLANNED = (
    "The stages are taken to have had the planned sizes: patients more or fewer than planned need another "
    "method."
)
_UPPER = (
    "Each limit has the error that was asked, or less. Programs that print the upper limit where the P value "
    "is 1 minus the error give a somewhat lower one."
)


def tell_after_two_stages(found: TwoStageFinding) -> ToldDesign:
    """Tell estimate, P value and interval after two stages."""
    level = percent(1 - 2 * found.alpha, 0)
    ended = "both stages" if found.has_second_stage else "the first stage"
    paragraph = (
        f"{found.responses} of {found.treated} patients responded; the trial ended after {ended}. It was "
        f"to end after {found.n1} patients with {found.r1} responses or fewer, and else to treat "
        f"{found.n}. Taking the stages into account, the response rate is {percent(found.unbiased)} "
        f"(unbiased estimate, Jung and Kim 2004; {level} confidence interval {percent(found.lower)} to "
        f"{percent(found.upper)}), one-sided {_named_p(found.p_value)} against {percent(found.p0)} (Koyama "
        "and Chen 2008)."
    )
    naive = f"{percent(found.naive_lower, 2)} to {percent(found.naive_upper, 2)}"
    rows = (
        ("Unbiased estimate", percent(found.unbiased, 2)),
        ("Median unbiased estimate", percent(found.median_unbiased, 2)),
        (f"{level} interval", f"{percent(found.lower, 2)} to {percent(found.upper, 2)}"),
        ("One-sided P", format_number(found.p_value, 4)),
        ("Proportion, stages forgotten", percent(found.proportion, 2)),
        (f"{level} interval, stages forgotten", naive),
        ("One-sided P, stages forgotten", format_number(found.naive_p_value, 4)),
    )  # fmt: skip
    return ToldDesign(
        "After two stages in one arm",
        {
            "Responses": f"{found.responses}/{found.treated}",
            "Design": f"{found.r1}/{found.n1}, then {found.n} patients", "p0": percent(found.p0),
            "Error of each limit": format_shortest(found.alpha),
        },
        paragraph, (DesignTable("What the trial found", ("What", "Value"), rows),), _draw(found),
        (
            NO_CONTROL,
            _PLANNED, _UPPER,
        ),
    )  # fmt: skip


def _named_p(value: float) -> str:
    text = format_p(value)
    return f"P {text}" if text[0] in "<>" else f"P = {text}"


def _draw(found: TwoStageFinding) -> FigureSpec:
    at = np.linspace(0.0, min(1.0, found.upper + 0.15), 101)
    design = found.r1, found.n1, found.n
    return draw_lines(
        {
            "So many responses or more": [
                (100 * float(p), chance_of_at_least(found.responses, *design, float(p))) for p in at
            ],
            "So many or fewer": [
                (100 * float(p), 1 - chance_of_at_least(found.responses + 1, *design, float(p))) for p in at
            ],
        },
        title="Chance of what was found, by the true response rate", across="True response rate (%)",
        up="Chance (%)", in_percent=True, references=(100 * found.lower, 100 * found.upper),
        alt=f"The chances fall to {format_shortest(found.alpha)} at {percent(found.lower)} and "
        f"{percent(found.upper)}.",
        notes=("Upright lines: the limits of the interval.",),
    )  # fmt: skip
