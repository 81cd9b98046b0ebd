"""The flow of subjects: from those screened to those analysed, losses at the side."""

from __future__ import annotations

from funis.documents.flow_chart import FlowBox, FlowChart
from funis.documents.table import Inline
from funis.reporting.baseline_tables import DISPOSITION
from funis.reporting.number_book import Number, NumberBook, bound
from funis.results import ALL

_MAIN = ("screened", "consented", "enrolled", "eligible", "treated", "completed")
_EARLY = ("not_treated", "treatment_not_recorded")
_SIDE = ("withdrew", "lost", "died", "ongoing", "not_recorded")


def build_flow(book: NumberBook) -> tuple[FlowChart, ...]:
    """Specify the flow of subjects from the disposition.

    Parameters
    ----------
    book : the numbers of a run; needs rows of the analysis ``disposition``

    Returns
    -------
    tuple of FlowChart : one; none where no disposition was computed
    """
    counts: dict[str, Number] = {}
    for group in book.of("disposition"):
        number = book.find(group, ALL, "count")
        is_whole = group.subgroup == ALL and group.arm == ALL and not group.category
        if number is not None and number.value is not None and is_whole:
            counts[group.variable] = number
    main = [name for name in _MAIN if name in counts]
    if len(main) < 2:
        return ()
    boxes = {name: _box(name, number) for name, number in counts.items() if name in DISPOSITION}
    side = [name for name in _SIDE if name in counts]
    # Who was not treated leaves beside the arrow to the treated.
    leaves = "treated" in main and main[0] != "treated"
    early = [name for name in _EARLY if leaves and name in counts]
    words = [f"{DISPOSITION[name].lower()} {boxes[name].count[-1].text}" for name in (*main, *early, *side)]
    return (
        FlowChart(
            id="figure-flow",
            section="subjects",
            title="Flow of subjects",
            main=tuple(boxes[name] for name in main),
            # Those who left stand beside the arrow to those who completed.
            side=tuple(boxes[name] for name in side) if "completed" in main else (),
            alt=f"Flow of subjects: {', '.join(words)}.",
            footnotes=("Counts are those of the disposition table.",),
            left_early=tuple(boxes[name] for name in early),
            early_arrow=main.index("treated") if early else 1,
        ),
    )


def _box(name: str, number: Number) -> FlowBox:
    count = bound(number, 0)
    return FlowBox(DISPOSITION[name], (Inline("n = "), *((count,) if count else ())))
