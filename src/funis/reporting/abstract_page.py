"""The page that sets a published text beside the report, sentence by sentence, in our own words.

Every number on it leads to the same number in the report, with its method and the recorded values behind it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final
from urllib.parse import quote

from funis.documents.document import Document, Guidance, Paragraph, Prose, Section, plain
from funis.documents.numbering import number_sections
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, text_rows, words
from funis.published.compare import ComparedRow, ComparedText
from funis.published.manifest import (
    ASSUMED,
    DIRECTION,
    EQUAL,
    NO_SUPPORT,
    NOT_REPRODUCED,
    STATUSES,
    OtherReport,
    Sentence,
    visit_words,
)
from funis.reporting.banners import build_notices
from funis.reporting.labels import STATISTICS, Labels, in_sentence
from funis.reporting.number_book import Number, NumberBook
from funis.reporting.payload import JOINERS
from funis.reporting.response_tables import class_label
from funis.reporting.trial_document import NOT_FOR
from funis.results import ALL, Results
from funis.study.model import Study

PAGE: Final = "abstract.html"
TABLE: Final = "published.csv"
_REPORT: Final = "report.html"
_MARK: Final = re.compile(r"\{(\w+)\}")
MEANINGS: Final[Mapping[str, str]] = {
    EQUAL: "The printed figure comes out, to its last decimal; or one that follows from those, marked so.",
    DIRECTION: "The text gives a direction or a limit, and it holds; the size is not compared.",
    ASSUMED: "The text prints no level. Ours was chosen: that it fits says nothing of the trial.",
    NOT_REPRODUCED: (
        "Ours differs or is withheld for errors in the data, or the study holds nothing that it could be "
        "computed from."
    ),
    NO_SUPPORT: "No analysis of a trial of this design can show it, however the numbers come out.",
}
#: Share of the width of each column of a table of rows, percent.
_WIDTHS: Final = (25, 12, 20, 15, 28)
#: A remark in brackets behind the name of a variable.
_REMARK: Final = re.compile(r" \([^()]*\)$")
_ELSEWHERE: Final = "said otherwise elsewhere"
_REBUILT: Final = (
    "The data were made so that they give the printed figures. That figures agree shows that they are "
    "computed as printed; it is no evidence of anything that happened to a patient."
)
_GUIDANCE: Final = Guidance(
    contents="Contents",
    skip="Skip to the sentences",
    open_numbers=plain(
        "Every number is a link: it opens the number in the report, with its method, its population and the "
        "recorded values behind it."
    ),
    closed_numbers=plain("Every number is a link to the report, where scripts are needed to open it."),
    close="Close",
)


def link_of(name: str) -> str:
    """Give the address of a number in the report.

    Examples
    --------
    >>> link_of("summary.treated.month_6.sledai_2k.mean")
    'report.html#number=summary.treated.month_6.sledai_2k.mean'
    """
    return f"{_REPORT}#number={quote(name, safe='')}"


def related_words(text: ComparedText, *, has_page: bool) -> Prose:
    """Lead from the report to the page, where it is written, and to its rows as a table."""
    name = "The published text, sentence by sentence"
    return (
        Inline(name, target=PAGE if has_page else ""),
        Inline(f": {_agreement(text)}. Its rows as a table: "),
        Inline(TABLE, target=TABLE),
        Inline("."),
    )


def _agreement(text: ComparedText) -> str:
    return f"{text.agreement} ({text.composition})" if text.composition else text.agreement


def build_abstract(study: Study, results: Results, book: NumberBook, text: ComparedText) -> Document:
    """Put the page together.

    Parameters
    ----------
    study : the study file, with the section ``[source]``
    results : everything computed
    book : the numbers of `results`
    text : the published text beside them

    Returns
    -------
    Document : the marks and what they mean, then each part of the text with its sentences and their rows
    """
    numbers = {number.id: number for number in book.numbers}
    sections = [_build_marks(study, text)]
    for place, (part, sentences) in enumerate(groupby(text.manifest.sentences, lambda each: each.part)):
        name = f"part-{place + 1}"
        rows = tuple(_rows(study, numbers, text, tuple(sentences)))
        heads = ("What the text says", "Published", "funis", "Mark", "Why")
        table = TableSpec(
            f"table-{name}", name, part, heads, rows, is_text=True, widths=_WIDTHS, is_stacked=True
        )
        sections.append(Section(name, part, (table,)))
    numbered, register = number_sections(sections)
    trial = study.trial
    citation = study.source.citation if study.source is not None else text.manifest.source
    return Document(
        title=text.manifest.title,
        kicker=f"{trial.id} · A published text, sentence by sentence",
        facts=(("Published", plain(citation)), ("Agreement", plain(_agreement(text)))),
        sections=numbered,
        notices=build_notices(study, results, book),
        related=(
            Inline("To the report", target=_REPORT),
            Inline(" · "),
            Inline("All rows as a table", target=TABLE),
        ),
        closing=NOT_FOR,
        running_head=f"{trial.id}  A published text, sentence by sentence",
        generator=f"funis {results.provenance.version}",
        guidance=_GUIDANCE,
        register=register,
    )


def _build_marks(study: Study, text: ComparedText) -> Section:
    """Say what each mark means, and how many rows have it."""
    counts = Counter(row.status for row in text.rows)
    rows = text_rows((status, MEANINGS[status], str(counts[status])) for status in STATUSES)
    table = TableSpec(
        "table-marks",
        "marks",
        "How far the study carries the text",
        ("Mark", "Meaning", "Rows"),
        rows,
        (
            "The sentences are in our own words: the text belongs to its publisher.",
            f"They, and what the text prints, are read from {text.manifest.name}"
            + (f", SHA-256 {text.manifest.digest}." if text.manifest.digest else "."),
        ),
        is_text=True,
    )
    lead = (Paragraph(plain(_REBUILT)),) if study.trial.reconstructed else ()
    return Section("marks", "The marks", (*lead, table))


def _rows(
    study: Study, numbers: Mapping[str, Number], text: ComparedText, sentences: tuple[Sentence, ...]
) -> Iterator[TableRow]:
    """Write each sentence and under it its rows, then what other publications say."""
    labels = Labels(study)
    beside = set(text.results)
    usual = Counter(number.population for number in numbers.values() if number.id in beside)
    population = usual.most_common(1)[0][0] if usual else ""
    for sentence in sentences:
        of_it = [row for row in text.rows if row.sentence == sentence.number]
        yield TableRow(TableCell(_write_sentence(sentence, text), is_strong=True))
        for row in of_it:
            yield _row(labels, numbers, population, row)
        for other in text.manifest.elsewhere:
            if other.sentence == sentence.number:
                yield _other(other)


def _write_sentence(sentence: Sentence, text: ComparedText) -> Prose:
    """Write a sentence with its printed figures in it, each a link to the computed one."""
    printed = {figure.id: figure.printed for figure in text.manifest.figures}
    targets = {row.id: link_of(row.results[0]) for row in text.rows if row.results}
    # Split at the marks, the words stand at even places and the ids at odd ones.
    parts = _MARK.split(sentence.text)
    inlines = [
        Inline(printed[part], target=targets.get(part, "")) if place % 2 else Inline(part)
        for place, part in enumerate(parts)
        if part
    ]
    return (Inline(f"{sentence.number}. "), *inlines)


def _row(labels: Labels, numbers: Mapping[str, Number], population: str, row: ComparedRow) -> TableRow:
    """Write a figure or a claim beside what was computed."""
    is_bad = row.status in {NOT_REPRODUCED, NO_SUPPORT}
    name = row.text or _name_figure(labels, numbers, population, row)
    cells = (
        words(f"{row.published} (not printed)" if row.derived else row.published) if row.published else EMPTY,
        _computed(labels, numbers, row),
        words(row.status, strong=is_bad),
        words(row.reason),
    )
    return TableRow(words(name), cells, indent=1)


def _other(other: OtherReport) -> TableRow:
    known = f"Known from: {other.read_in}." if other.read_in else "From where that is known is not stated."
    cells = (EMPTY, EMPTY, words(_ELSEWHERE, strong=True), words(f"{other.text} {known}"))
    return TableRow(words(other.source), cells, indent=1)


def _computed(labels: Labels, numbers: Mapping[str, Number], row: ComparedRow) -> TableCell:
    """Print the computed numbers, each a link; several of a claim are named."""
    if not row.texts:
        return words(row.computed) if row.computed else EMPTY
    found = [numbers.get(name) for name in row.results]
    between = "; " if row.agrees is None else " → "
    parts: list[Inline] = []
    for name, text, number in zip(row.results, row.texts, found, strict=True):
        parts.append(Inline(between if parts else ""))
        if row.agrees is None and number is not None and len(found) > 1:
            parts.append(Inline(f"{_told_apart(labels, found, number)} "))
        parts.append(Inline(text.replace("-", "−"), target=link_of(name)))
    return TableCell(tuple(part for part in parts if part.text))


def _told_apart(labels: Labels, found: list[Number | None], number: Number) -> str:
    """Name what tells one of several numbers from the others: variable, visit, subgroup."""
    others = [each for each in found if each is not None]
    said = []
    if len({each.variable for each in others}) > 1:
        said.append(_plain_variable(labels, number.measure or number.variable))
    if len({each.category for each in others}) > 1:
        said.append(_category(number))
    if len({each.subgroup for each in others}) > 1:
        said.append("all" if number.subgroup == ALL else labels.population(number.subgroup).lower())
    if len({each.visit for each in others}) > 1:
        said.append(in_sentence(labels.visit(number.visit)))
    return ", ".join(each for each in said if each)


def _name_figure(labels: Labels, numbers: Mapping[str, Number], population: str, row: ComparedRow) -> str:
    """Name a figure as the panel of the report does, with the group that it is about."""
    number = numbers.get(row.results[0]) if row.results else None
    if number is None:
        said = visit_words(row.id)
        return said[:1].upper() + said[1:]
    said = STATISTICS.get(number.statistic, number.analysis)
    breath = "," if ", " in said else ""
    # Of a population the variable is its subjects, whose number the statistic names already.
    if number.variable and number.analysis != "population":
        phrase = in_sentence(_plain_variable(labels, number.variable, number.measure))
        said += f"{breath} {JOINERS.get(number.statistic, 'of')} {phrase}"
    if number.category:
        said += f", {_category(number)}"
    if number.visit not in {"", ALL} and len(row.results) == 1:
        said += f"{breath} at {in_sentence(labels.visit(number.visit))}"
    groups = labels.within(number.subgroup, number.arm, number.contrast)
    if number.population != population:
        groups = [in_sentence(labels.population(number.population)), *groups]
    said += f" ({', '.join(groups)})" if groups else ""
    return said[:1].upper() + said[1:]


def _plain_variable(labels: Labels, name: str, measure: str = "") -> str:
    return _REMARK.sub("", labels.variable(name, measure))


def _category(number: Number) -> str:
    if number.analysis == "durability" and number.category == "responder":
        return "Still responding"
    return class_label(number.measure, number.category)
