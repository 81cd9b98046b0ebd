"""Listings: every subject's response with its reason, every adverse event, folded until asked for."""

from __future__ import annotations

import polars as pl

from funis.documents.table import Inline, TableSpec, text_rows
from funis.reporting.definition_words import proposal_notes
from funis.reporting.labels import Labels, humanise
from funis.reporting.limits import ROWS_KEPT, ROWS_LISTED, SUBJECTS_NAMED
from funis.reporting.response_tables import class_label
from funis.results import Results, format_number
from funis.study.model import Study

# Study days, no dates: a date that was written wrong can be the one of somebody's birth.
_EVENT_COLUMNS = (
    "subject",
    "term",
    "day",
    "end_day",
    "grade",
    "serious",
    "related",
    "outcome",
    "action",
    "lot",
)


#: Shares of the width: a class and a visit stand on one line, the reason has the rest.
_WIDTHS = {"subject": 12, "visit": 10, "response": 21, "reason": 38, "relapse": 8, "relapse_visit": 11}


def build_response_listings(study: Study, results: Results) -> tuple[TableSpec, ...]:
    """Specify each subject's response with the reason, one listing a definition."""
    frame = results.listings.get("responses_all", results.listings.get("responses", pl.DataFrame()))
    if frame.is_empty() or "reason" not in frame.columns:
        return ()
    labels = Labels(study)
    found = []
    names = (
        frame["definition"].unique(maintain_order=True).to_list() if "definition" in frame.columns else [""]
    )
    for name in names:
        own = frame.filter(pl.col("definition") == name) if name else frame
        own = own.unique(["subject", *(["visit"] if "visit" in own.columns else [])], maintain_order=True)
        columns = [
            each
            for each in ("subject", "visit", "response", "reason", "relapse", "relapse_visit")
            if each in own.columns
        ]
        rows = text_rows(
            tuple(_word(labels, name, column, value) for column, value in zip(columns, row, strict=True))
            for row in kept_rows(own.select(columns)).iter_rows()
        )
        what = labels.variable(name) if name else "Response"
        title = f"{what} of each subject, with the reason"
        heads = tuple(humanise(column) for column in columns)
        found.append(
            TableSpec(
                f"table-listing-response-{name}",
                "response",
                title,
                heads,
                rows,
                tuple(proposal_notes(labels, name)),
                is_text=True,
                is_collapsed=True,
                widths=tuple(_WIDTHS[each] for each in columns),
                instead=say_cut(own.height, "responses"),
            )
        )
    return tuple(found)


def _word(labels: Labels, definition: str, column: str, value: object) -> str:
    if value is None:
        return ""
    if column in {"visit", "relapse_visit"}:
        return labels.visit(str(value))
    if column == "reason":
        return str(value).replace("_", " ").replace(" -> ", " → ")
    return class_label(definition, str(value)) if column == "response" else _text(value)


def build_event_listings(results: Results) -> tuple[TableSpec, ...]:
    """Specify the listing of adverse events, in the order of the data."""
    frame = results.listings.get("adverse_events", pl.DataFrame())
    columns = _event_columns(frame)
    if frame.is_empty() or not columns:
        return ()
    rows = text_rows(
        tuple(_text(value) for value in row) for row in kept_rows(frame.select(columns)).iter_rows()
    )
    heads = tuple(humanise(column) for column in columns)
    title = "Adverse events, each as recorded"
    rest = say_cut(frame.height, "adverse_events")
    return (
        TableSpec(
            "table-listing-events",
            "safety",
            title,
            heads,
            rows,
            is_text=True,
            is_collapsed=True,
            instead=rest,
        ),
    )


def _event_columns(frame: pl.DataFrame) -> list[str]:
    return [name for name in _EVENT_COLUMNS if name in frame.columns and frame[name].is_not_null().any()]


def kept_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Give the rows of a listing that the report prints: all of them, or the first where there are too many.

    Parameters
    ----------
    frame : the whole listing
    """
    return frame if frame.height <= ROWS_LISTED else frame.head(ROWS_KEPT)


def say_cut(rows: int, name: str) -> tuple[tuple[Inline, ...], ...]:
    """Lead to the file that holds all rows of a listing that is cut.

    Parameters
    ----------
    rows : of the whole listing
    name : of the listing, one of those of `find_long_listings`

    Returns
    -------
    tuple of lines : empty where nothing is cut
    """
    if rows <= ROWS_LISTED:
        return ()
    return (lead_to_listing(f"The first {ROWS_KEPT} of {rows} rows; all stand in ", name),)


def lead_to_listing(before: str, name: str) -> tuple[Inline, ...]:
    """Say, behind words that end in a blank, which file beside the report holds a whole listing."""
    path = f"listings/{name}.csv"
    return Inline(before), Inline(path, target=path), Inline(" beside this page.")


def find_long_listings(results: Results) -> dict[str, pl.DataFrame]:
    """Give each listing that the report cuts, by its name: it is to be written as a file of its own.

    Parameters
    ----------
    results : everything computed

    Returns
    -------
    dict : frames by the name of the file in the folder ``listings``; empty where nothing is cut
    """
    responses = results.listings.get("responses_all", results.listings.get("responses", pl.DataFrame()))
    others = ("adverse_events", "concomitant", "courses")
    named = {"responses": responses} | {name: results.listings.get(name, pl.DataFrame()) for name in others}
    # What the page would show: a wrong date of an event can be a date of birth.
    named["adverse_events"] = named["adverse_events"].select(_event_columns(named["adverse_events"]))
    long = {name: frame for name, frame in named.items() if frame.height > ROWS_LISTED}
    deviations = results.listings.get("deviations", pl.DataFrame())
    return long | ({"deviations": deviations} if has_unnamed(deviations) else {})


def has_unnamed(deviations: pl.DataFrame) -> bool:
    """Tell whether a kind of deviation has more subjects than its cell names.

    Parameters
    ----------
    deviations : the listing of them, one row a kind and subject
    """
    if deviations.is_empty():
        return False
    return deviations.group_by("code", "criterion").len().filter(pl.col("len") > SUBJECTS_NAMED).height > 0


def _text(value: object) -> str:
    if isinstance(value, float):
        return format_number(value, 2).rstrip("0").rstrip(".")
    return "" if value is None else str(value)
