"""The arms that a relapse was allocated to beside each other, counted from the relapse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from funis.documents.table import EMPTY, TableRow, TableSpec, heading, words
from funis.reporting.comparison_tables import DIFFERENCE, compare_rows
from funis.reporting.footnotes import UNADJUSTED, describe_basis
from funis.reporting.interval_levels import level_notes, levels_text
from funis.reporting.labels import Labels, humanise, in_sentence, with_groups
from funis.reporting.number_book import Group, NumberBook, level_text, share_cell, share_with_limits
from funis.study.courses import AT_RELAPSE, NOT_DUE
from funis.study.model import Study

#: Rows of an arm at a visit, with their words.
_COUNTED: Final = {
    "responder": "responders, of those with an outcome",
    "cannot tell": "cannot be told, of those with a planned visit",
    NOT_DUE: "without a planned visit so long after the relapse, of those allocated",
}
_FROM: Final = (
    "Visits count from the visit that found the relapse, and its values are the baseline. Everybody "
    "stands in the arm of the allocation, infused again or not. Who relapsed too late for a planned visit "
    "is not counted there; who is still followed and was not seen yet cannot be told."
)


def build_at_relapse_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify responses and differences of the arms that a relapse was allocated to.

    Parameters
    ----------
    study : the plan
    book : the numbers of the results

    Returns
    -------
    tuple of TableSpec : none where nobody was allocated at relapse
    """
    groups = list(book.of(AT_RELAPSE))
    if not groups:
        return ()
    labels = Labels(study)
    return (*_responses(labels, book, groups), *_differences(labels, book, groups))


def _responses(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> Iterator[TableSpec]:
    plan = labels.study.re_randomisation
    own = [each for each in groups if each.category in _COUNTED and not each.contrast]
    if plan is None or not own:
        return
    rows: list[TableRow] = []
    for endpoint, population in dict.fromkeys((each.endpoint, each.population) for each in own):
        here = [each for each in own if (each.endpoint, each.population) == (endpoint, population)]
        within = with_groups(labels.endpoint(endpoint), [in_sentence(labels.population(population))])
        rows.append(heading(f"{within}, n/N (%; {level_text(labels.study, endpoint)} CI)"))
        for visit in dict.fromkeys(visit for each in here for visit in book.visits(each)):
            for category, said in _COUNTED.items():
                found = {each.arm: each for each in here if each.category == category}
                show = share_with_limits if category == "responder" else share_cell
                cells = tuple(show(book, found[arm], visit) if arm in found else EMPTY for arm in plan.ratio)
                label = f"{labels.visit(visit)} after the relapse: {said}"
                rows.append(TableRow(words(label), cells, indent=1))
    heads = ("", *(humanise(arm) for arm in plan.ratio))
    used = [number for group in own for number in book.all(group)]
    notes = (_FROM, *describe_basis(labels, used))
    title = "Response after the relapse, by the arm it was allocated to"
    yield TableSpec("table-at-relapse", "comparison", title, heads, tuple(rows), notes, is_upright=True)


def _differences(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> Iterator[TableSpec]:
    own = [each for each in groups if each.contrast]
    rows = [row for group in own for row in compare_rows(labels, book, group)]
    if not rows:
        return
    ends = [group.endpoint for group in own]
    used = [number for group in own for number in book.all(group)]
    heads = ("", "n, arm", "n, control", f"Difference ({levels_text(labels.study, ends)} CI)", "Test", "P")
    notes = (
        f"{DIFFERENCE} Visits count from the relapse. Changes are those that were recorded.",
        UNADJUSTED,
        *level_notes(labels, ends),
        *describe_basis(labels, used),
    )
    title = "Arms that a relapse was allocated to: every test"
    yield TableSpec("table-at-relapse-tests", "comparison", title, heads, tuple(rows), notes)
