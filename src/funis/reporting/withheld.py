"""Results that are withheld: where errors in the data take values from a primary result.

A report that lost values of its primary endpoint looks like any other report, only with fewer subjects. Its
results of the tables that hold the errors are therefore not shown until the data are corrected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from funis.catalogue.registry import response_definition, responses
from funis.errors import Finding
from funis.reporting.labels import grade_columns
from funis.results import Results, name_change
from funis.study.model import Endpoint, Study
from funis.study.response_behind import definition_behind

WITHHELD: Final = "withheld"
#: What is not computed from scores and laboratory values, and stays.
_KEPT: Final = (
    "population",
    "disposition",
    "eligibility",
    "adverse_events",
    "exposure",
    "findings",
    "baseline",
)
#: Columns of tables that decide who is analysed and on which day; the others take nothing from a score.
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "subjects": frozenset({"", "subject", "arm"}),
    "visits": frozenset({"", "subject", "visit", "date", "day"}),
    "infusions": frozenset({"", "subject", "number", "date", "day"}),
}
#: Columns of a listing that name what its rows are about.
_NAMING: Final = ("endpoint", "definition", "variable", "measure", "instrument")


@dataclass(frozen=True, slots=True)
class Damage:
    """What errors in the data do to the results.

    Attributes
    ----------
    grave : errors that take a value from a primary result
    others : all other errors
    endpoints : ids of the endpoints whose results are withheld
    measures : scores, grades and laboratory tests whose results are withheld
    """

    grave: tuple[Finding, ...] = ()
    others: tuple[Finding, ...] = ()
    endpoints: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()


def tables_of(study: Study, endpoint: Endpoint) -> frozenset[str]:
    """Name the tables of the data that an endpoint is computed from, those of subjects and visits apart.

    Parameters
    ----------
    study : the study file
    endpoint : one of its endpoints

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "observational"}
    >>> endpoint = {"id": "pain", "kind": "summary", "variable": "vas_physician"}
    >>> raw = {"study": trial, "instruments": {"vas_physician": {}}, "endpoints": (endpoint,)}
    >>> study = Study.model_validate(raw)
    >>> sorted(tables_of(study, study.endpoints[0]))
    ['vas_physician']
    """
    found = {_table_of(study, name) for name in endpoint.all_variables}
    if endpoint.kind in {"response", "relapse", "time_to_event"}:
        found |= {"disposition", *_tables_of_definition(study, endpoint)}
    rules = [study.populations.get(endpoint.population, "")]
    rules += [study.subgroups.get(name, "") for name in endpoint.subgroups]
    measured = [*study.instrument_names, *study.lab_names]
    found |= {
        _table_of(study, name) for name in measured if any(f"baseline_{name}" in rule for rule in rules)
    }
    return frozenset(found)


def _table_of(study: Study, variable: str) -> str:
    """Name the table of a score, a grade or a laboratory test."""
    name = grade_columns()[variable][0] if variable in grade_columns() else variable
    return name if name in study.instrument_names else "labs"


def _tables_of_definition(study: Study, endpoint: Endpoint) -> frozenset[str]:
    """Name the tables of what the response behind an endpoint reads; all instruments where it names none."""
    name = definition_behind(study, endpoint)
    if name not in responses():
        return frozenset()
    found = response_definition(name)
    read = {each for row in found.criteria for phrase in row.phrases for each in phrase.given}
    own = {key: value for key, value in endpoint.parameters.items() if key in found.parameters}
    read |= {str(value) for value in found.settle(own).values()}
    instruments = {
        each for each in study.instrument_names if any(word.startswith(each) for word in read)
    } or set(study.instrument_names)
    return frozenset(instruments | ({"labs"} if read & set(study.lab_names) else set()))


def find_damage(study: Study, findings: Iterable[Finding]) -> Damage:
    """Tell which errors take a value from a primary result, and what is withheld for it.

    Parameters
    ----------
    study : the study file
    findings : everything found in the data

    Returns
    -------
    Damage : without errors, nothing
    """
    errors = [finding for finding in findings if finding.level == "error"]
    grave: dict[Finding, None] = {}
    endpoints: set[str] = set()
    for endpoint in study.endpoints:
        hits = [each for each in errors if _takes_from(study, endpoint, each)]
        if endpoint.role == "primary" and hits:
            grave |= dict.fromkeys(hits)
            endpoints.add(endpoint.id)
    tables = {finding.table for finding in grave}
    instruments = tables & set(study.instrument_names)
    endpoints |= {each.id for each in study.endpoints if tables_of(study, each) & instruments}
    own = {name for each in study.endpoints if each.id in endpoints for name in each.all_variables}
    grades = {column for column, (name, _) in grade_columns().items() if name in instruments}
    others = tuple(each for each in errors if each not in grave)
    return Damage(tuple(grave), others, frozenset(endpoints), frozenset(own | instruments | grades))


def _takes_from(study: Study, endpoint: Endpoint, finding: Finding) -> bool:
    """Tell whether an error takes a value, a subject or a day from an endpoint."""
    if finding.table in _KEYS:
        if finding.table == "infusions" and not study.infusions:
            return False
        return finding.line is None or finding.column in _KEYS[finding.table]
    return finding.table in tables_of(study, endpoint)


def withhold(study: Study, results: Results) -> Results:
    """Take away the results that errors in the data have damaged.

    Parameters
    ----------
    study : the study file
    results : everything computed

    Returns
    -------
    Results : the same where no primary result lost a value; else the numbers concerned have no value and the
        status ``withheld``, and the listings that figures are drawn from lack their rows
    """
    damage = find_damage(study, results.findings)
    if not damage.grave:
        return results
    names = [*damage.measures, *damage.endpoints]
    hit = (
        pl.col("endpoint").is_in(list(damage.endpoints)) | pl.col("measure").is_in(list(damage.measures))
    ) & (pl.col("analysis").is_in(_KEPT).not_())
    numbers = results.numbers.with_columns(
        value=pl.when(~hit).then("value"),
        text=pl.when(hit).then(pl.lit(WITHHELD)).otherwise("text"),
        status=pl.when(hit).then(pl.lit(WITHHELD)).otherwise("status"),
    )
    named = {*names, *(name_change(name) for name in damage.measures), *_definitions(study, damage)}
    listings = {
        name: frame if name == "recorded_totals" else _without(frame, named)
        for name, frame in results.listings.items()
    }
    return replace(results, numbers=numbers, listings=listings)


def _definitions(study: Study, damage: Damage) -> Sequence[str]:
    return [each.definition for each in study.endpoints if each.id in damage.endpoints and each.definition]


def _without(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Leave out the rows of a listing that are about one of the names."""
    about = [name for name in _NAMING if name in frame.columns and frame.schema[name] == pl.String]
    found = pl.any_horizontal(pl.lit(value=False), *(pl.col(name).is_in(list(names)) for name in about))
    return frame.filter(~found.fill_null(value=False))
