"""What was planned and has no result: no endpoint vanishes from a report because its data are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from funis.documents.table import TableCell, TableRow, TableSpec, joined, words
from funis.reporting.labels import Labels, in_sentence, listed
from funis.reporting.number_book import Number, NumberBook, bound
from funis.results import ALL
from funis.study.model import Endpoint, Study

NOT_ASSESSED = "could not be assessed"
WITHHELD = "withheld"
_FOR_ERRORS = words("withheld: errors in the data take values from a primary result")
#: Kinds whose tables say by themselves what was not collected.
_SAID_ELSEWHERE = frozenset({"adverse_events", "exposure", "disposition"})
#: Analyses whose numbers tell that a variable was measured.
_MEASURED = frozenset({"summary", "change", "mmrm"})


@dataclass(frozen=True, slots=True)
class Unassessed:
    """An endpoint, or one variable or visit of it, of which there is no result.

    Attributes
    ----------
    endpoint : the endpoint
    title : what is missing, in words
    reason : why, as a cell whose numbers open their sources
    """

    endpoint: Endpoint
    title: str
    reason: TableCell

    @property
    def what(self) -> str:
        """Say whether there is no result, or one that is not shown."""
        return WITHHELD if self.reason == _FOR_ERRORS else NOT_ASSESSED


def find_unassessed(study: Study, book: NumberBook) -> tuple[Unassessed, ...]:
    """Find every planned endpoint, variable and (of primary endpoints) visit without a result.

    Parameters
    ----------
    study : the study file
    book : the numbers of a run

    Returns
    -------
    tuple of Unassessed : in the order of the study file; none where every planned result is there

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "observational"}
    >>> endpoint = {"id": "pain", "kind": "summary", "variable": "vas_physician", "role": "primary"}
    >>> raw = {"study": trial, "instruments": {"vas_physician": {}}, "endpoints": (endpoint,)}
    >>> found = find_unassessed(Study.model_validate(raw), NumberBook(()))
    >>> found[0].title, found[0].reason.text
    ('Pain: Physician global, VAS', 'there is no subject in the data')
    """
    labels = Labels(study)
    found: list[Unassessed] = []
    measured: dict[str, list[Number]] = {}
    for number in book.numbers:
        if number.analysis in _MEASURED and number.statistic in {"n", "estimate"}:
            measured.setdefault(number.measure, []).append(number)
    for endpoint in study.endpoints:
        if endpoint.kind in {"change", "summary"}:
            found += _variables_without(labels, book, endpoint, measured)
        elif endpoint.kind not in _SAID_ELSEWHERE and not _has_result(book, endpoint):
            found.append(Unassessed(endpoint, endpoint.printed, _reason(labels, book, endpoint)))
    return tuple(found)


def build_planned_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the table of what was planned and has no result, one row a cause; none where all is there."""
    if not book.numbers and not book.withheld:
        return ()
    rows = tuple(
        TableRow(_capital_cell(reason), (words(_by_role(lacking)),))
        for reason, lacking in by_reason(find_unassessed(study, book)).items()
    )
    if not rows:
        return ()
    notes = ("Planned in the study file. What is not listed here has a result below.",)
    heads = ("Why there is no result", "Of what")
    title = "Planned, and without a result"
    return (TableSpec("table-unassessed", "key-results", title, heads, rows, notes, is_text=True),)


def by_reason(lacking: Sequence[Unassessed]) -> Mapping[TableCell, Sequence[Unassessed]]:
    """Put what has no result together by its cause.

    Parameters
    ----------
    lacking : as `find_unassessed` gives it

    Returns
    -------
    Mapping of TableCell to sequence of Unassessed : the causes in the order of the study file
    """
    found: dict[TableCell, list[Unassessed]] = {}
    for each in lacking:
        found.setdefault(each.reason, []).append(each)
    return found


def withheld_notes(labels: Labels, book: NumberBook, *, but: Iterable[str] = ()) -> tuple[str, ...]:
    """Name the measures of which a table has no row because their results are withheld.

    Parameters
    ----------
    labels : the printed words of the study
    book : the numbers of a run
    but : measures that are no matter of the table

    Returns
    -------
    tuple of str : one footnote, or none
    """
    study, others = labels.study, set(but)
    measures = [*study.instrument_names, *study.lab_names]
    names = [labels.variable(name) for name in measures if name in book.withheld and name not in others]
    shown = [names[0], *(in_sentence(name) for name in names[1:])] if names else []
    return (f"Not shown: {listed(shown)}. {_capital(_FOR_ERRORS.text)}.",) if shown else ()


def _by_role(lacking: Sequence[Unassessed]) -> str:
    """Name what has no result: by role, and of one endpoint several variables together."""
    roles: dict[str, list[str]] = {}
    for each in lacking:
        roles.setdefault(each.endpoint.role, []).append(each.title)
    return " ".join(f"{role.capitalize()}: {'; '.join(names)}." for role, names in roles.items())


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _capital_cell(cell: TableCell) -> TableCell:
    first, *rest = cell.parts
    return replace(cell, parts=(replace(first, text=_capital(first.text)), *rest))


def _variables_without(
    labels: Labels, book: NumberBook, endpoint: Endpoint, by_measure: Mapping[str, Sequence[Number]]
) -> Iterator[Unassessed]:
    """Give the variables of an endpoint without a value, and the visits of a primary one without."""
    wanted = "mean" if endpoint.kind == "summary" else "change"
    for variable in endpoint.all_variables:
        title = f"{endpoint.printed}: {labels.variable(variable)}"
        measured = [number for number in by_measure.get(variable, ()) if _is_about(endpoint, number)]
        visits = {
            number.visit for number in measured if wanted != "change" or number.analysis in {"change", "mmrm"}
        }
        visits -= {labels.study.baseline_visit} if wanted == "change" else set()
        if not visits:
            yield Unassessed(endpoint, title, _reason(labels, book, endpoint, variable))
            continue
        for visit in endpoint.at if endpoint.role == "primary" else ():
            if visit not in visits:
                when = f"{title}, {in_sentence(labels.visit(visit))}"
                yield Unassessed(endpoint, when, words(f"no subject has {_needed(endpoint)} at this visit"))


def _needed(endpoint: Endpoint) -> str:
    return "a value" if endpoint.kind == "summary" else "a value and a baseline"


def _is_about(endpoint: Endpoint, number: Number) -> bool:
    """Tell whether a number with a value is of the endpoint's subjects."""
    subgroups = set(endpoint.subgroups) | (set() if endpoint.subgroup_only and endpoint.subgroups else {ALL})
    return (
        number.value is not None
        and number.population == (endpoint.population or "enrolled")
        and number.subgroup in subgroups
        and number.endpoint in {endpoint.id, ""}
    )


def _has_result(book: NumberBook, endpoint: Endpoint) -> bool:
    """Tell whether an endpoint of a response, a relapse, systems or a time has a number with a value."""
    if endpoint.kind == "systems":
        return any(
            number.analysis == "systems"
            and number.value is not None
            and number.endpoint in {endpoint.id, ""}
            and number.population == (endpoint.population or "enrolled")
            for number in book.numbers
        )
    own = (number for number in book.numbers if number.endpoint == endpoint.id)
    if endpoint.kind == "time_to_event":
        return any(number.statistic == "n" and bool(number.value) for number in own)
    return any(
        number.statistic == "count"
        and number.value is not None
        and number.category != "cannot tell"
        and number.analysis == endpoint.kind
        for number in own
    )


def _reason(labels: Labels, book: NumberBook, endpoint: Endpoint, variable: str = "") -> TableCell:
    """Say why there is no result: nobody there, nothing that was recorded, nobody of whom it can be told."""
    if endpoint.id in book.withheld or variable in book.withheld:
        return _FOR_ERRORS
    population = endpoint.population or "enrolled"
    size = _size(book, population)
    if not _size(book, "enrolled"):
        return words("there is no subject in the data")
    if size is None or not size.value:
        name = in_sentence(labels.population(population))
        return words(f"nobody is known to belong to the population {name}")
    whole = bound(size, 0)
    noun = "subject" if size.value == 1 else "subjects"
    if endpoint.kind in {"response", "relapse"}:
        return joined("of none of ", whole, f" {noun} a response can be told")
    if endpoint.kind == "time_to_event":
        return joined("of none of ", whole, f" {noun} the time is known")
    what = labels.variable(variable) if variable else "a grade"
    need = "has a value" if endpoint.kind in {"summary", "systems"} else "has a value and a baseline"
    return joined("none of ", whole, f" {noun} {need} of {what}")


def _size(book: NumberBook, population: str) -> Number | None:
    """Find the number of members of a population, None where it was not counted or is nobody."""
    for number in book.numbers:
        named = (number.analysis, number.population, number.subgroup, number.arm, number.statistic)
        if named == ("population", population, ALL, ALL, "n"):
            return number if number.value else None
    return None
