"""What must be in sight at the top of a report: made-up data, errors in the data, questions nobody asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from funis.catalogue.registry import definition, definitions
from funis.documents.document import Notice
from funis.errors import Finding
from funis.reporting.causes import group_by_cause, rows_words
from funis.reporting.finding_tables import check_label
from funis.reporting.labels import humanise, in_sentence, listed
from funis.reporting.number_book import NumberBook
from funis.reporting.safety_tables import NOT_COLLECTED_SENTENCES, main_events, not_collected_words
from funis.reporting.withheld import Damage, find_damage
from funis.results import ALL, Results, format_number, format_shortest
from funis.study.model import Study

REBUILT = Notice(
    "Reconstructed from published figures; not patient data.",
    (
        "No subject of this report exists: the data were made so that they give the printed results of a "
        "publication."
    ),
    tag="reconstructed data",
)
#: Errors that are named on the first page; all of them stand among the findings.
MOST_NAMED = 3
TABLE_WORDS: dict[str, str] = {
    "labs": "laboratory tests",
    "lots": "lots of cells",
}


def build_notices(study: Study, results: Results, book: NumberBook) -> tuple[Notice, ...]:
    """Gather the banners of a report, the gravest first.

    Parameters
    ----------
    study, results : as for the report
    book : the numbers of `results`

    Returns
    -------
    tuple of Notice : none for data without an error in which everybody was asked at every visit
    """
    is_rebuilt = study.trial.reconstructed or results.provenance.reconstructed
    rebuilt = (*_invented_notices(study), *((REBUILT,) if is_rebuilt else ()))
    damage = find_damage(study, results)
    return (
        *_grave_notices(damage),
        *rebuilt,
        *_error_notices(damage),
        *_deviation_notices(damage),
        *_interim_notices(study, results, book),
        *_safety_notices(book),
    )


def _invented_notices(study: Study) -> Iterator[Notice]:
    """Say that the data are of a scenario that somebody invented."""
    if study.trial.scenario:
        text = (
            "Nobody was treated so, and no publication reports it: what is assumed stands in the supplement."
        )
        yield Notice(f"Invented scenario: {study.trial.scenario}.", text, tag="invented scenario")


def table_label(name: str) -> str:
    """Name a table of the data in a sentence.

    Examples
    --------
    >>> table_label("labs"), table_label("adverse_events"), table_label("sledai_2k")
    ('laboratory tests', 'adverse events', 'SLEDAI-2K')
    """
    if name in TABLE_WORDS:
        return TABLE_WORDS[name]
    return definition(name).title if name in definitions() else humanise(name).lower()


def count_words(errors: Sequence[Finding]) -> str:
    """Say how many errors affect which tables.

    Examples
    --------
    >>> count_words([Finding("error", "not_a_number", "labs", "labs.csv", 3, "value", "", "", "")])
    '1 error in the data affects laboratory tests'
    """
    tables = listed([table_label(name) for name in dict.fromkeys(each.table for each in errors)])
    causes, rows = len(group_by_cause(errors)), rows_words(errors)
    where = f"{rows} of the data" if rows else "the data"
    if causes == 1:
        return f"1 error in {where} affects {tables}"
    return f"{causes} errors in {where} affect {tables}"


def _grave_notices(damage: Damage) -> Iterator[Notice]:
    """Say that the primary result has lost values, and what is withheld for it."""
    if damage.grave:
        text = f"Results of these tables are withheld. First errors: {_first(damage.grave)}."
        yield Notice(f"Do not use: {count_words(damage.grave)}.", text, is_grave=True)


def _error_notices(damage: Damage) -> Iterator[Notice]:
    """Say what else was left out for errors in the data, and name the first of them."""
    if damage.others:
        text = f"First errors: {_first(damage.others)}."
        yield Notice(f"Part of the data was left out: {count_words(damage.others)}.", text)


def _deviation_notices(damage: Damage) -> Iterator[Notice]:
    """Say what was done against the protocol at the level of an error; nobody is left out for it."""
    if damage.deviations:
        kinds = listed(
            [check_label(code).lower() for code in dict.fromkeys(each.code for each in damage.deviations)]
        )
        # A donor or a lot that was not given yet concerns no subject.
        subjects = len({each.subject for each in damage.deviations if each.subject})
        who = "1 subject" if subjects == 1 else f"{subjects or 'no'} subjects"
        yield Notice(
            f"Grave deviations in {who}: {kinds}.", f"Nobody is left out. First: {_first(damage.deviations)}."
        )


def _first(errors: Sequence[Finding]) -> str:
    """Name the places of the first errors, one a cause, without anything that stands there."""
    return "; ".join(
        f"{check_label(each[0].code).lower()} ({_place_of(each)})"
        for each in group_by_cause(errors)[:MOST_NAMED]
    )


def _place_of(cause: Sequence[Finding]) -> str:
    """Name the first place of a cause, and in how many more rows it stands."""
    first = cause[0]
    place = first.file if first.line is None else f"{first.file}, line {first.line}"
    return place if len(cause) == 1 else f"{place}, and {len(cause) - 1} more rows"


def _interim_notices(study: Study, results: Results, book: NumberBook) -> Iterator[Notice]:
    """Say that subjects are still to reach the last planned visit."""
    for group in book.of("disposition"):
        count = book.find(group, ALL, "count")
        if group.variable == "not_reached" and group.arm == ALL and count is not None and count.value:
            cut = f"Data cut {results.provenance.data_cut}; " if results.provenance.data_cut else ""
            visit = in_sentence(study.visits[-1].printed)
            waiting = (
                f"{format_number(count.value, 0)} of {count.denominator} patients have not reached {visit}."
            )
            yield Notice(f"{cut}{waiting}", "Percentages will change.")


def _safety_notices(book: NumberBook) -> Iterator[Notice]:
    """Say where adverse events were not asked about, or not at every visit due."""
    if not_collected_words(book):
        yield Notice(*NOT_COLLECTED_SENTENCES)
        return
    events = main_events(book)
    if events is None:
        return
    count = book.find(events, ALL, "count")
    if count is not None and count.value is not None and count.denominator is None:
        yield Notice(
            "Nobody was asked about adverse events.",
            "Those recorded are counted; counts are lowest possible values.",
        )
        return
    asked = book.find(events._replace(variable="asked", measure="asked"), ALL, "count")
    if asked is None or asked.value is None or asked.denominator is None or asked.value >= asked.denominator:
        return
    counted = format_shortest(asked.value)
    yield Notice(
        f"Adverse events were asked about at {counted} of {asked.denominator} visits due.",
        "Counts are lowest possible values.",
    )
