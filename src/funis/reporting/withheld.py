"""Results that are withheld: where errors in the data take values from a primary result.

A report that lost values of its primary endpoint looks like any other report, only with fewer subjects. Its
results of the tables that hold the errors are therefore not shown until the data are corrected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from funis.errors import Finding
from funis.reporting.labels import grade_columns
from funis.results import Results, name_change
from funis.schema import LABS, MEDICATIONS
from funis.study.model import Study
from funis.study.sources import EndpointSources, filling_tests, sources_of

Visits = frozenset[tuple[str, str]]

WITHHELD: Final = "withheld"
#: What is not computed from scores and laboratory values, and stays.
_KEPT: Final = (
    "population",
    "disposition",
    "follow_up",
    "eligibility",
    "adverse_events",
    "exposure",
    "product",
    "findings",
    "completeness",
    "size",
    "baseline",
)
#: Columns of tables that decide who is analysed and on which day; the others take nothing from a score.
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "subjects": frozenset({"", "subject", "arm"}),
    "visits": frozenset({"", "subject", "visit", "date", "day"}),
    "infusions": frozenset({"", "subject", "number", "date", "day"}),
}
#: Columns of drugs that decide how many had failed before the first infusion.
_OF_FAILED_DRUGS: Final = frozenset(
    {"", "subject", "drug", "response", "start", "start_day", "end", "end_day"}
)
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
    deviations : errors about what was done, for which nothing is left out
    """

    grave: tuple[Finding, ...] = ()
    others: tuple[Finding, ...] = ()
    endpoints: frozenset[str] = frozenset()
    measures: frozenset[str] = frozenset()
    deviations: tuple[Finding, ...] = ()


def find_damage(study: Study, results: Results) -> Damage:
    """Tell which errors take a value from a primary result, and what is withheld for it.

    Parameters
    ----------
    study : the study file
    results : everything found in the data, and the scores and grades that could be computed

    Returns
    -------
    Damage : without errors, nothing

    Notes
    -----
    An endpoint is withheld as a whole where its response, its population or all its variables are damaged; of
    several variables only those that are. A laboratory result damages its own test, and an instrument whose
    blank item it would have filled.
    """
    errors = [finding for finding in results.findings if finding.is_left_out]
    damages_labs = any(finding.table == LABS.name for finding in errors)
    complete = _complete_visits(study, results) if damages_labs else {}
    hits = {finding: _damaged_by(study, finding, complete) for finding in errors}
    sources = {each.id: sources_of(study, each) for each in study.endpoints}
    grave: dict[Finding, None] = {}
    endpoints: set[str] = set()
    for endpoint in study.primary_endpoints:
        of_keys, of_values = [], []
        for each in errors:
            of_keys += [each] if _takes_subjects_from(study, sources[endpoint.id], each) else []
            of_values += [each] if hits[each] & sources[endpoint.id].every else []
        grave |= dict.fromkeys((*of_keys, *of_values))
        endpoints |= {endpoint.id} if of_keys else set()
    damaged = frozenset(name for finding in grave for name in hits[finding])
    endpoints |= {name for name, each in sources.items() if _is_wholly_damaged(each, damaged)}
    own = {name for each in study.endpoints if each.id in endpoints for name in each.all_variables}
    grades = {column for column, (name, _) in grade_columns().items() if name in damaged}
    others = tuple(each for each in errors if each not in grave)
    deviations = tuple(each for each in results.findings if each.is_deviation)
    withheld = frozenset(own | damaged | grades)
    return Damage(tuple(grave), others, frozenset(endpoints), withheld, deviations)


def _takes_subjects_from(study: Study, sources: EndpointSources, finding: Finding) -> bool:
    """Tell whether an error takes a subject or a day from an endpoint."""
    if finding.table in _KEYS:
        if finding.table == "infusions" and not study.infusions:
            return False
        return finding.line is None or finding.column in _KEYS[finding.table]
    return finding.table == "disposition" and sources.has_ends


def _damaged_by(study: Study, finding: Finding, complete: Mapping[str, Visits]) -> frozenset[str]:
    """Name the instruments or the laboratory tests that an error takes a value from."""
    if finding.table in study.instrument_names:
        return frozenset({finding.table})
    if finding.table == MEDICATIONS.name and finding.column in _OF_FAILED_DRUGS:
        return frozenset({finding.table})
    if finding.table != LABS.name:
        return frozenset()
    # Where the name of the test is what is wrong, or no row is meant, it may have been any.
    is_named = finding.column != "test" and finding.test
    tests = frozenset(({finding.test} if is_named else set(study.lab_names)) & set(study.lab_names))
    filled = {name for name in study.instrument_names if tests & filling_tests(study, name)}
    at = (finding.subject, finding.visit)
    return tests | {name for name in filled if at not in complete.get(name, ())}


def _complete_visits(study: Study, results: Results) -> Mapping[str, Visits]:
    """Name the subjects and visits at which an instrument lacks nothing: no result had to fill an item.

    A score for which a missing item counts as something is there with and without it.
    """
    found: dict[str, Visits] = {}
    for name in study.instrument_names:
        if study.choice(name).missing != "strict" or not filling_tests(study, name):
            continue
        columns = {column for column, (graded, _) in grade_columns().items() if graded == name}
        listed = results.listings.get("grades" if columns else "scores", pl.DataFrame())
        if not listed.is_empty():
            about, cell = ("instrument", "grade") if columns else ("variable", "value")
            own = listed.filter(pl.col(about) == name).group_by("subject", "visit")
            whole = own.agg(pl.col(cell).is_not_null().all()).filter(pl.col(cell))
            found[name] = frozenset(whole.select("subject", "visit").iter_rows())
    return found


def _is_wholly_damaged(sources: EndpointSources, damaged: frozenset[str]) -> bool:
    """Tell whether everything that an endpoint says is damaged, not only some of its variables."""
    own = frozenset(sources.by_variable.values())
    return bool(sources.shared & damaged) or bool(own and own <= damaged)


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
    damage = find_damage(study, results)
    if not damage.grave:
        return results
    names = [*damage.measures, *damage.endpoints]
    hit = (
        pl.col("endpoint").is_in(list(damage.endpoints))
        | pl.col("measure").is_in(list(damage.measures))
        # A verdict over the primary endpoints rests on all of them.
        | (pl.col("analysis") == "co_primary")
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
