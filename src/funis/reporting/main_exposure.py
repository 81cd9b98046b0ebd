"""The table of the main part on the cells given: one row an infusion."""

from __future__ import annotations

from collections.abc import Iterator

from funis.documents.register import reference
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.labels import humanise
from funis.reporting.number_book import Group, NumberBook, bound, bound_in_millions, share_cell
from funis.reporting.safety_tables import arm_label
from funis.results import ALL
from funis.study.model import Study

_SPREAD_WORDS = ", median (range)"
#: The heads, those of a spread of values without its words.
_HEADS = (
    ("Infusion", False), ("Infused, n/N (%)", False), ("Day", True), ("10⁶ cells/kg", True),
    ("Within planned dose", False), ("Infusion reaction", False),
)  # fmt: skip


def build_main_exposure(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the infusions in one row each; sums and weights stand in the supplement.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of TableSpec : one; none where no infusion was planned or given
    """
    groups = [group for group in book.of("exposure") if group.subgroup == ALL]
    visits = list(dict.fromkeys(visit for group in groups for visit in book.visits(group) if visit != ALL))
    if not visits:
        return ()
    rows: list[TableRow] = []
    found = list(dict.fromkeys(group.arm for group in groups))
    # Where arms stand beside each other, all of them together are looked up in the supplement.
    arms = [arm for arm in found if arm != ALL] or found
    for arm in arms:
        own = {group.variable: group for group in groups if group.arm == arm and not group.category}
        if len(arms) > 1:
            rows.append(heading(arm_label(study, arm)))
        rows += [
            TableRow(words(humanise(visit)), tuple(_cells(book, own, visit)), indent=int(len(arms) > 1))
            for visit in visits
        ]
    spread = "" if book.has_one_subject else _SPREAD_WORDS
    heads = tuple(f"{head}{spread if is_spread else ''}" for head, is_spread in _HEADS)
    notes = (f"Cells in all, weights, lots and sums over the infusions: {reference('influence')}.",)
    return (
        TableSpec(
            "table-main-exposure", "exposure", "Cells given", heads, tuple(rows), notes, is_upright=True
        ),
    )


def _cells(book: NumberBook, own: dict[str, Group], visit: str) -> Iterator[TableCell]:
    yield _share(book, own.get("infused"), visit)
    day, dose = own.get("day"), own.get("cells_per_kg")
    # The value of one subject is its mean.
    spread, names = (joined, ("mean",)) if book.has_one_subject else (_spread, ("median", "min", "max"))
    yield spread(*(bound(book.find(day, visit, name), 0) if day else None for name in names))
    yield spread(*(bound_in_millions(book.find(dose, visit, name)) if dose else None for name in names))
    yield _share(book, own.get("within_dose"), visit)
    yield _share(book, own.get("reaction"), visit)


def _share(book: NumberBook, group: Group | None, visit: str) -> TableCell:
    return EMPTY if group is None else share_cell(book, group, visit)


def _spread(median: Inline | None, low: Inline | None, high: Inline | None) -> TableCell:
    return joined(median, " (", low, " to ", high, ")")
