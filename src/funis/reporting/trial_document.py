"""From study and results to the trial report as one document: every word, number and order of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace

from funis.documents.document import Document, Guidance, Notice, Prose, Section, find_ids, plain
from funis.documents.figure import FigureSpec
from funis.documents.numbering import number_sections
from funis.documents.table import Inline
from funis.reporting.arrangement import SUPPLEMENT
from funis.reporting.banners import build_notices
from funis.reporting.checklist import with_checklist
from funis.reporting.closing_words import findings_lead, limit_words, quality_words
from funis.reporting.endpoint_box import build_endpoint_box
from funis.reporting.flow_figure import build_flow
from funis.reporting.follow_up_tables import event_rate_words, follow_up_words
from funis.reporting.key_results import build_key_box
from funis.reporting.main_words import methods_words
from funis.reporting.methods_text import CONDITIONS
from funis.reporting.number_book import NumberBook, read_numbers
from funis.reporting.number_records import build_records
from funis.reporting.own_words import with_own_words
from funis.reporting.payload import build_payload
from funis.reporting.people_tables import people_words
from funis.reporting.remarks import build_remarks
from funis.reporting.report_figures import build_figures
from funis.reporting.report_tables import build_tables
from funis.reporting.sections import build_sections
from funis.reporting.signs import explain_signs
from funis.reporting.single_patient import TITLE as SINGLE_PATIENT
from funis.reporting.title_block import build_facts
from funis.results import Results
from funis.study.model import Study

NOT_FOR = "Not for decisions about the care of single patients."
KINDS = {
    "single_arm": "Single-arm trial",
    "parallel": "Parallel-arm trial",
    "observational": "Observational cohort",
}
_NUMBERS_FILE = "results.csv"
GUIDANCE = Guidance(
    contents="Contents",
    skip="Skip to the results",
    open_numbers=(
        Inline(
            "Every number in a table opens the place it comes from: its method, its population, and the "
            "recorded values with file and line. Choose a number with the mouse or with Tab and Enter; the "
            "arrow keys walk through a table."
        ),
    ),
    closed_numbers=(
        Inline(
            "Scripts are off, so numbers cannot be opened here. The same numbers, with the same ids, stand "
            "in "
        ),
        Inline(_NUMBERS_FILE, is_code=True),
        Inline("; the values behind them in "),
        Inline("sources.parquet", is_code=True),
        Inline("."),
    ),
    linked_numbers=(
        Inline("Every number is a link that ends in the id of its result; the row with this id in "),
        Inline(_NUMBERS_FILE, is_code=True),
        Inline(" says its method, population and unrounded value."),
    ),
    tagged_numbers=(
        Inline(
            "Every number is a content control, or stands in one with the other numbers of its row. Its tag "
            "is a key; the file holds a list that leads from each key to the id of the result, its unrounded "
            "value and its source. "
        ),
        Inline("funis check-document", is_code=True),
        Inline(" compares a text that was edited with the results."),
    ),
    attached_numbers=(
        Inline(
            "A number of the main part that the supplement prints too is a link to its row there. The "
            "attached file "
        ),
        Inline("numbers.csv", is_code=True),
        Inline(" lists every number with its key, its id, its unrounded value, its unit and its n."),
    ),
    close="Close",
)
SUPPLEMENT_TITLE = "Supplement"
SUPPLEMENT_LEAD = "What is looked up: definitions, listings, diagnostics, sensitivity, files and rules."
#: A longer title is cut in the head of a printed page.
#: Of the title at the head of a printed page: with the warning beside it one line holds no more.
_LONGEST = 40


def build_document(
    study: Study,
    results: Results,
    *,
    book: NumberBook | None = None,
    figures: Sequence[FigureSpec] | None = None,
    related: Prose = (),
    also: Sequence[str] = (),
) -> Document:
    """Put the trial report together.

    Parameters
    ----------
    study : the study file
    results : everything computed
    book : the numbers of `results`, where they were read before
    figures : the figures of the report, where they were specified before
    related : words that lead to other documents of the set
    also : ids of numbers that other documents lead to, printed in the report or not

    Returns
    -------
    Document : the whole report; it knows neither study nor results any more

    Examples
    --------
    >>> import polars as pl
    >>> from funis.results import NumberList, Provenance
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial})
    >>> origin = Provenance(version="0", study="X", title="X")
    >>> results = Results(numbers=NumberList().frame(), sources=pl.DataFrame(), provenance=origin)
    >>> build_document(study, results).kicker
    'X · Single-arm trial · Systemic lupus erythematosus'
    """
    book = book or read_numbers(results.numbers)
    drawn = build_figures(study, results, book=book) if figures is None else figures
    tables = tuple(with_own_words(study.report, build_tables(study, results, book=book)))
    ends = build_endpoint_box(study, of_one=book.has_one_subject)
    built = build_sections(
        study,
        results,
        book=book,
        boxes={"key-results": build_key_box(study, book, has_definitions=bool(ends)), "endpoints": ends},
        words={
            "subjects": follow_up_words(study, book),
            "safety": event_rate_words(study, book),
            "methods": tuple(map(plain, methods_words(study, book))),
            "quality": quality_words(study, results, book),
            "limits": limit_words(study, book),
            "findings": (findings_lead(results, book),),
            "people": tuple(map(plain, people_words(study))),
        },
        shown=(
            *tables,
            *with_own_words(study.report, build_flow(study, book)),
            *with_own_words(study.report, drawn),
        ),
        remarks=build_remarks(results, book),
    )
    sections, register = number_sections(with_checklist(study, explain_signs(built)))
    facts = build_facts(study, results.provenance, book)
    whole = _frame(study, results, book, sections, build_notices(study, results, book))
    ids = find_ids(sections, facts)
    return replace(
        whole,
        facts=facts,
        numbers=build_payload(study, results, book, (*ids, *also)),
        records=build_records(study, book, ids),
        register=register,
        related=related,
    )


def _frame(
    study: Study,
    results: Results,
    book: NumberBook,
    sections: tuple[Section, ...],
    notices: tuple[Notice, ...],
) -> Document:
    """Put title block, notices and closing line around the sections."""
    trial = study.trial
    kind = KINDS[trial.design]
    if study.randomisation is not None:
        kind = f"Randomised {kind[:1].lower()}{kind[1:]}"
    one = (SINGLE_PATIENT,) if book.has_one_subject else ()
    about = (trial.id, *one, kind, _capital(CONDITIONS[trial.condition]))
    return Document(
        title=trial.title,
        kicker=" · ".join(about),
        sections=sections,
        notices=notices,
        closing=NOT_FOR,
        running_head=f"{trial.id}  {_shorten(trial.title)}",
        running_foot=f"Data cut {cut}" if (cut := results.provenance.data_cut) else "",
        generator=f"funis {results.provenance.version}",
        guidance=GUIDANCE,
        numbers_file=_NUMBERS_FILE,
        supplement_title=SUPPLEMENT_TITLE,
        date=dt.date.fromisoformat(cut) if cut else None,
        supplement_lead=_supplement_lead(sections, withholds=bool(book.withheld)),
    )


def _supplement_lead(sections: tuple[Section, ...], *, withholds: bool) -> str:
    """Say what the supplement holds, and once which of its sections have nothing to show."""
    shown = {section.id for section in sections}
    lacking = [f"{code} {title}" for name, (code, title) in SUPPLEMENT.items() if name not in shown]
    why = "not planned, not collected, " + ("none occurred, or withheld" if withholds else "or none occurred")
    empty = f" Nothing to show ({why}): {'; '.join(lacking)}." if lacking else ""
    return f"{SUPPLEMENT_LEAD}{empty}"


def _shorten(title: str) -> str:
    """Cut a long title behind a whole word; a title without spaces, such as a Chinese one, behind a letter.

    Examples
    --------
    >>> _shorten("Cells in lupus"), _shorten("Umbilical " * 9)
    ('Cells in lupus', 'Umbilical Umbilical Umbilical…')
    """
    if len(title) < _LONGEST:
        return title
    kept = title[: _LONGEST - 3]
    whole = kept if title[len(kept)] == " " else kept.rpartition(" ")[0]
    return f"{(whole or kept).rstrip()}…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
