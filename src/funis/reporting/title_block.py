"""What stands under the title: how many took part, where and when, and what the report was written from."""

from __future__ import annotations

from collections.abc import Iterator

from funis.documents.document import Prose, plain
from funis.reporting.centres import Centres, count_centres
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Number, NumberBook, bound
from funis.results import ALL, Provenance
from funis.study.model import Study

NOT_STATED = "not stated"
_NO_DATES = "no dates in the data"


def build_facts(study: Study, origin: Provenance, book: NumberBook) -> tuple[tuple[str, Prose], ...]:
    """Give name and value of each line under the title; what the study file leaves out is said to be so.

    Parameters
    ----------
    study : the study file
    origin : what the numbers were made from, with the dates of the data
    book : the numbers of a run

    Returns
    -------
    tuple of (str, Prose) : the number of subjects carries the id of its result

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial})
    >>> facts = build_facts(study, Provenance(version="0", study="X", title="X"), NumberBook(()))
    >>> [(name, value[0].text) for name, value in facts][1:3]
    [('Registration', 'not stated'), ('Protocol and analysis plan', 'not stated')]
    """
    return tuple(_facts(study, origin, book))


def _facts(study: Study, origin: Provenance, book: NumberBook) -> Iterator[tuple[str, Prose]]:
    size = size_of(book)
    whole = bound(size, 0)
    if size is not None and whole is not None:
        who = in_sentence(Labels(study).population(size.population))
        yield "Subjects", (*plain("N = "), whole, *plain(f" {who}"))
    yield "Centres", plain(_centres(count_centres(study, book)))
    yield "Registration", plain(study.trial.registration or NOT_STATED)
    yield "Protocol and analysis plan", plain(study.trial.protocol or NOT_STATED)
    yield "Funding", plain(study.trial.funding or NOT_STATED)
    entered = dict.fromkeys(filter(None, (origin.first_entry, origin.last_entry)))
    yield "Subjects entered", plain(" to ".join(entered) or _NO_DATES)
    yield "Data cut", plain(origin.data_cut or _NO_DATES)


def _centres(centres: Centres) -> str:
    """Count the centres, without the noun that stands before."""
    if not centres.planned:
        return NOT_STATED
    if centres.used == centres.planned:
        return str(centres.planned)
    return f"{centres.planned} planned, {centres.used} with patients in the data"


def size_of(book: NumberBook) -> Number | None:
    """Find how many subjects a report is about: the treated, else everybody of the data.

    Parameters
    ----------
    book : the numbers of a run

    Returns
    -------
    Number or None : None where nobody was counted
    """
    sizes = {
        group.population: number
        for group in book.of("population")
        if group.subgroup == ALL and group.arm == ALL
        for number in [book.find(group, ALL, "n")]
        if number is not None and number.value is not None
    }
    treated = sizes.get("treated")
    return treated if treated is not None and treated.value else sizes.get("enrolled")
