"""The cells that were given, from the donor over the lot to the infusion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from funis.documents.table import TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.labels import humanise
from funis.reporting.number_book import Group, NumberBook, bound, decimals_needed, share_cell
from funis.results import ALL, Results, format_number
from funis.schema import DONOR_TESTS, LOTS
from funis.study.model import Study

_LABELS: Final = {
    "donors": "Donors of the cells given",
    "donor_consent": "Consent no later than the collection",
    "donor_delivery": "Delivery",
    "donor_healthy": "Healthy by history and examination",
    **{f"donor_{test}": named[0].upper() + named[1:] for test, named in DONOR_TESTS.items()},
    "donor_eligible": "Found eligible",
    "lots": "Lots given",
    "lot_released": "Released no later than first given",
    "lot_in_date": "Last given no later than the expiry",
    **{
        f"lot_{each.name}": each.meaning[:-1] + (f", {each.unit}" if each.unit else "")
        for each in LOTS.columns
    },
    "infusions": "Infusions of cells",
    "traced_to_lot": "Traced to a recorded lot",
    "traced_to_donor": "Traced to a recorded donor",
    "unbroken": "Without a break from donor to infusion",
}  # fmt: skip
_HEADINGS: Final = {"donors": "Donors", "lots": "Lots", "infusions": "Infusions"}
_OF_LOT: Final = frozenset({"infusions_of_lot", "subjects_of_lot"})
_SHOWN: Final = ("passage", "viability_percent")


def build_product_tables(study: Study, results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the table of donors, lots and infusions, and the list of lots.

    Parameters
    ----------
    study, results : the plan and what was computed
    book : the numbers of `results`

    Returns
    -------
    tuple of TableSpec : empty where the study gives no cells
    """
    groups = list(book.of("product"))
    if not groups:
        return ()
    rows: list[TableRow] = []
    for group in groups:
        if group.variable in _HEADINGS:
            rows.append(heading(_HEADINGS[group.variable]))
        if group.variable not in _OF_LOT:
            rows.append(TableRow(words(_label(group)), (_cell(book, group),), indent=1))
    notes = (
        "N: donors, lots and infusions, not subjects; of the lots that were given, and of their donors.",
        *_notes(study),
    )
    title = "The cells: donors, lots and infusions"
    heads = ("", "Number, n/N (%) or median (range)")
    table = TableSpec("table-main-product", "exposure", title, heads, tuple(rows), notes, is_upright=True)
    return (table, *_list_of_lots(results, book))


def _notes(study: Study) -> Iterator[str]:
    """Say by which rules the chain is judged."""
    donor, product = study.donor, study.product
    if donor is None and not product.tests and not product.release:
        yield "The study file gives no rule for donors or lots beyond the usual tests of donors."
        return
    yield "Judged by the rules of the study file; what breaks one is an error among the findings."


def _label(group: Group) -> str:
    label = _LABELS.get(group.variable, humanise(group.variable))
    return f"{label}: {group.category}" if group.category else label


def _cell(book: NumberBook, group: Group) -> TableCell:
    median, low, high = (book.find(group, ALL, name) for name in ("median", "min", "max"))
    if median is None or low is None or high is None:
        return share_cell(book, group, ALL)
    digits = decimals_needed((median.value, low.value, high.value), 2)
    if median.n == 1:
        return joined(bound(median, digits))
    spread = (bound(each, digits) for each in (median, low, high))
    first, least, most = spread
    return joined(first, " (", least, " to ", most, ")")


def _list_of_lots(results: Results, book: NumberBook) -> Iterator[TableSpec]:
    """List each lot with its donor, its passage and to how many it was given."""
    listed = results.listings.get("lots")
    if listed is None or listed.is_empty():
        return
    found = {
        (group.variable, group.category): book.find(group, ALL, "count")
        for group in book.of("product")
        if group.variable in _OF_LOT
    }
    digits = {name: decimals_needed(listed[name].to_list(), 2) for name in _SHOWN}
    rows = [
        TableRow(
            words(lot["lot"]),
            (
                words(lot["donor"] or "not recorded"),
                *(
                    words("" if lot[name] is None else format_number(lot[name], digits[name]))
                    for name in _SHOWN
                ),
                words(lot["release"] or "not recorded"),
                joined(bound(found["infusions_of_lot", lot["lot"]], 0)),
                joined(bound(found["subjects_of_lot", lot["lot"]], 0)),
            ),
        )
        for lot in listed.iter_rows(named=True)
    ]
    heads = ("Lot", "Donor", "Passage", "Viable cells, %", "Release", "Infusions", "Subjects")
    yield TableSpec(
        "table-product-lots", "exposure", "Lots given, with their donors", heads, tuple(rows), is_upright=True
    )


def _measured(value: float | None, digits: int) -> str:
    return "" if value is None else format_number(value, digits)
