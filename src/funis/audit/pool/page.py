"""The answer as a document: what was decided, the forest plot, the numbers, what to beware of."""

from __future__ import annotations

import math

from funis.audit.pool.forest import build_forest
from funis.audit.pool.funnel import build_funnel, has_funnel, tell_asymmetry
from funis.audit.pool.result import PoolResult
from funis.audit.pool.words import (
    level_words,
    list_cautions,
    list_decision,
    name_measure,
    name_model,
    name_study,
    show_ends,
    show_value,
    tell_answer,
    tell_correlations,
    tell_heterogeneity,
    tell_prediction,
    unit_of,
)
from funis.documents.document import Document, Guidance, ItemList, Paragraph, Section, plain
from funis.documents.numbering import number_sections
from funis.documents.table import TableSpec, text_rows
from funis.results.text import format_number
from funis.version import VERSION


def build_page(result: PoolResult, file: str) -> Document:
    """Put the page together.

    Parameters
    ----------
    result : of `pool_studies`
    file : name of the table

    Returns
    -------
    Document : for any renderer
    """
    title = name_measure(result)
    sections = (_decision(result), _answer(result), _studies(result), _small_studies(result), _beware(result))
    numbered, register = number_sections(sections)
    return Document(
        title=f"Studies combined: {title}",
        sections=numbered,
        register=register,
        kicker="funis pool",
        facts=(("Table", plain(file)), ("Studies", plain(list_decision(result)[0]))),
        closing=f"funis {VERSION}",
        running_head=f"Studies combined: {title}",
        generator=f"funis {VERSION}",
        guidance=Guidance(contents="Contents", skip="Skip to the answer"),
    )


def _decision(result: PoolResult) -> Section:
    first, *others = list_decision(result)
    blocks = (
        Paragraph(plain(first), is_lead=True),
        *((ItemList(tuple(map(plain, others))),) if others else ()),
    )
    return Section("decision", "Which studies", blocks)


def _answer(result: PoolResult) -> Section:
    lines = []
    for answer in (result.main, result.beside):
        if answer is not None:
            name = name_model(answer.model, result.choice)
            lines.append(f"{name[0].upper()}{name[1:]}: {tell_answer(answer, result)}.")
            prediction = tell_prediction(answer, result)
            lines += [f"{prediction.rstrip('.')}."] if prediction else []
    lines += [f"{line.rstrip('.')}." for line in tell_heterogeneity(result)]
    figure = build_forest(result)
    return Section("answer", "The answer", (figure, ItemList(tuple(map(plain, lines)))))


def _studies(result: PoolResult) -> Section:
    level = level_words(result.choice)
    heads = ["Study", "Line", "Figures", f"Estimate ({level} CI){unit_of(result)}"]
    has_weights = math.isfinite(result.effects[0].weight)
    heads += ["Weight"] if has_weights else []
    heads += ["Without it"] if result.without else []
    heads += ["Printed in"]
    rows = []
    for place, each in enumerate(result.effects):
        cells = [name_study(each), ", ".join(map(str, each.lines)), each.figures]
        cells.append(f"{show_value(each.estimate, result)} ({show_ends(each.lower, each.upper, result)})")
        cells += [f"{format_number(100 * each.weight, 1)}%"] if has_weights else []
        if result.without:
            rest = result.without[place]
            cells.append(
                f"{show_value(rest.estimate, result)} ({show_ends(rest.lower, rest.upper, result)})"
                if math.isfinite(rest.estimate)
                else "no finite estimate"
            )
        rows.append([*cells, each.citation or "–"])
    notes = ["Line: of the table. Figures: mean ± standard deviation (n), or subjects with the event of all."]
    if result.without:
        notes.append("Without it: the random effects of the other studies.")
    table = TableSpec(
        "table-studies", "studies", "Each study", tuple(heads), text_rows(rows), tuple(notes),
        is_text=True, is_stacked=True,
    )  # fmt: skip
    return Section("studies", "Each study", (table, *_correlations(result)))


def _correlations(result: PoolResult) -> tuple[TableSpec, ...]:
    """Show how far the answer hangs on the correlation that is assumed; nothing where none is."""
    rows = [list(row) for row in tell_correlations(result)]
    if not rows:
        return ()
    level = level_words(result.choice)
    heads = ("Correlation of the values before and after", f"Estimate ({level} CI)", "tau2")
    notes = (
        "Papers do not print this correlation; the changes of the studies that print both means need it.",
    )
    return (
        TableSpec(
            "table-correlations", "studies", "The answer with other correlations", heads, text_rows(rows),
            notes, is_text=True, is_stacked=True,
        ),
    )  # fmt: skip


def _small_studies(result: PoolResult) -> Section:
    if has_funnel(result):
        return Section("funnel", "Small studies", (build_funnel(result),))
    return Section("funnel", "Small studies", (ItemList(tuple(map(plain, tell_asymmetry(result)))),))


def _beware(result: PoolResult) -> Section:
    notes = list_cautions(result) or ["Nothing beyond the notes of figure and table."]
    return Section("beware", "What to beware of", (ItemList(tuple(map(plain, notes))),))
