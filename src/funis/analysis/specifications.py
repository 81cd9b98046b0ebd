"""Every way to count the responders of a study, side by side, held against the way its plan names.

A way is a response definition, one choice of it other than its default, the policy under which the
instruments were scored, the population, and what becomes of a subject whose response is not known. The
plan names one of them; each other is marked when it leads to another conclusion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, get_args

import polars as pl

from funis.analysis.cohorts import ENROLLED, derive_populations
from funis.analysis.observations import (
    Scored,
    long_scores,
    score_instruments,
    visit_frame,
)
from funis.catalogue.registry import response_definition, responses
from funis.data.tables import Tables
from funis.responses.specification_curve import AS_DEFINED, FLARES, Choice, flag_changes, multiverse
from funis.results import format_interval, format_number, format_shortest
from funis.study.choices import MissingPolicy
from funis.study.days import derive_subject_frame
from funis.study.model import Endpoint, InstrumentChoice, Study
from funis.study.visit_frame import visit_units

PLANNED: Final = "as planned"
ANY_RULE: Final = "any"
_DISTINGUISHED: Final = ("definition", "visit", "choice", "scoring", "population")
_COUNTED: Final = "counted"
_SHOWN: Final = 5
_DENOMINATORS: Final = {
    "enrolled": "everybody in the population",
    "assessed": "those whose response is known",
}


def try_choices(study: Study, tables: Tables, *, threshold: float = 50.0) -> pl.DataFrame:
    """Count the responders of a study in every way that its records allow.

    Parameters
    ----------
    study : its first response endpoint (a primary one before others) is the way all others are held against
    tables : as ``funis.read_tables`` gives them
    threshold : percent; the conclusion is whether the interval lies above it, below it, or on it; it has the
        level of the response endpoint's intervals (`level_of_ways`)

    Returns
    -------
    polars.DataFrame
        The columns of ``funis.multiverse`` with two more: ``scoring`` (``as planned``, or the policy all
        instruments were scored under; only policies that change a score are tried) and ``population`` (names
        of one set of subjects). Definitions that lack something have one row, with status
        ``not applicable``.

    Raises
    ------
    ValueRangeError : the threshold is not between 0 and 100

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from funis.data.new_study import new_study
    >>> from funis.data.tables import read_tables
    >>> from funis.study.read import read_study
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = new_study("sle", Path(place) / "trial")
    ...     study = read_study(folder)
    ...     found = try_choices(study, read_tables(folder, study))
    >>> found["status"].unique().to_list()
    ['not applicable']
    """
    endpoint = find_reference(study)
    scored = score_instruments(study, tables)
    subjects = derive_subject_frame(study, tables.frames, long_scores(scored))
    groups = dict(_groups(study, subjects, endpoint))
    events = _events(subjects)
    units = visit_units(study, tables.frames)
    found: list[pl.DataFrame] = []
    for scoring, each in _scorings(study, tables, scored):
        visits = visit_frame(study, tables, each).filter(pl.col("day").is_not_null())
        for population, members in groups.items():
            chosen = visits.filter(pl.col("subject").is_in(members))
            left = events.filter(pl.col("subject").is_in(members))
            for at in _judged(endpoint, chosen):
                parameters = _parameters(endpoint, at)
                ways = multiverse(
                    chosen,
                    definitions=[*parameters],
                    threshold=threshold,
                    level=level_of_ways(study),
                    parameters=parameters,
                    disposition=left,
                    units={name: unit for name, unit in units.items() if name in chosen.columns},
                )
                place = {"scoring": scoring, "population": population}
                found.append(ways.with_columns(pl.lit(value).alias(name) for name, value in place.items()))
    marked = _mark(pl.concat(found), _is_planned(endpoint, next(iter(groups))))
    return marked.with_columns(pl.col("denominator").replace(_DENOMINATORS))


def _mark(everything: pl.DataFrame, is_planned: pl.Expr) -> pl.DataFrame:
    """Say once what a definition lacks that cannot be counted anywhere, and mark the planned way."""
    counted = everything.filter(status=_COUNTED)
    lacking = everything.filter(pl.col("status") != _COUNTED).unique("definition", maintain_order=True)
    # A definition may lack something in a population without any visits only.
    lacking = lacking.join(counted, on="definition", how="anti").with_columns(
        pl.lit(None, pl.String).alias(name) for name in ("scoring", "population")
    )
    return flag_changes(pl.concat([counted, lacking]), is_planned)


def find_reference(study: Study) -> Endpoint | None:
    """Find the response endpoint that the other ways are held against: a primary one before others.

    Examples
    --------
    >>> find_reference(Study.model_validate({"study": {"id": "T", "title": "T", "condition": "sle",
    ...     "design": "observational"}})) is None
    True
    """
    found = [each for each in study.endpoints if each.kind == "response" and each.definition in responses()]
    return min(found, key=lambda each: each.role != "primary", default=None)


def level_of_ways(study: Study) -> float:
    """Give the level of the intervals: that of the response the others are held against, else of the study.

    Examples
    --------
    >>> trial = {"id": "T", "title": "T", "condition": "sle", "design": "observational", "alpha": 0.1}
    >>> level_of_ways(Study.model_validate({"study": trial}))
    0.9
    """
    endpoint = find_reference(study)
    return 1.0 - study.trial.alpha if endpoint is None else study.level_of(endpoint)


def render_choices(found: pl.DataFrame, level: float) -> str:
    """Print what `try_choices` found as a table, and say what changes the conclusion.

    Where every response is known, the rules for the others give one number and stand in one row.

    Parameters
    ----------
    found : what `try_choices` gave
    level : level of its intervals, as `level_of_ways` gives it

    Examples
    --------
    >>> lacking = {"definition": ["sri_4"], "choice": ["lacks pga"], "status": ["not applicable"]}
    >>> print(render_choices(pl.DataFrame(lacking), 0.95))
    No response can be counted on these records.
    <BLANKLINE>
    Not counted
      sri_4: lacks pga
    """
    rows = list(_rows_told_apart(found.filter(status=_COUNTED)))
    lines = _table(rows, level) if rows else ["No response can be counted on these records."]
    changed = [row for row in rows if row["changes"] == "yes"]
    if rows:
        lines += ["", _conclude(rows, changed)]
        lines += [f"  {_name(row)}: {row['counts']}, {row['conclusion']}" for row in changed]
    others = found.filter(pl.col("status") != _COUNTED)
    if others.height:
        lines += ["", "Not counted"]
        lines += [f"  {row['definition']}: {_cut(row['choice'])}" for row in others.iter_rows(named=True)]
    return "\n".join(lines)


# --- the ways ------------------------------------------------------------------------------------


def _groups(
    study: Study, subjects: pl.DataFrame, endpoint: Endpoint | None
) -> Iterator[tuple[str, list[str]]]:
    """Give each set of subjects once, under all its names; that of the planned endpoint first."""
    populations = derive_populations(study, subjects)
    planned = (endpoint.population if endpoint is not None else "") or ENROLLED
    numbers = subjects["subject"].to_list()
    names: dict[tuple[str, ...], list[str]] = {}
    for name in sorted(populations.populations, key=lambda each: each != planned):
        members = populations.cohort(name).members
        chosen = tuple(number for number, is_in in zip(numbers, members, strict=True) if is_in)
        names.setdefault(chosen, []).append(name)
    yield from ((", ".join(each), list(chosen)) for chosen, each in names.items())


def _events(subjects: pl.DataFrame) -> pl.DataFrame:
    """Give how and on which day each subject left the trial."""
    return subjects.select("subject", status="disposition_status", day="disposition_day")


def _scorings(
    study: Study, tables: Tables, planned: dict[str, Scored]
) -> Iterator[tuple[str, dict[str, Scored]]]:
    """Give the scores as planned, then under each policy that makes them differ."""
    yield PLANNED, planned
    for policy in get_args(MissingPolicy):
        choices = {
            name: InstrumentChoice.model_validate(study.choice(name).model_dump() | {"missing": policy})
            for name in study.instrument_names
        }
        scored = score_instruments(study.model_copy(update={"instruments": choices}), tables)
        if any(not each.frame.equals(planned[name].frame) for name, each in scored.items()):
            yield policy, scored


def _judged(endpoint: Endpoint | None, visits: pl.DataFrame) -> tuple[str, ...]:
    """Give the visits that are judged; an interim cohort may not have reached them."""
    named = endpoint.at if endpoint is not None else ()
    recorded = set(visits["visit"])
    return tuple(name for name in named if name in recorded) or ("",)


def _parameters(endpoint: Endpoint | None, at: str) -> dict[str, Choice]:
    """Settle what every definition needs to know of this study: the visit and the plan's choices.

    Left out are flare indices.
    """
    found: dict[str, Choice] = {}
    for name in responses():
        definition = response_definition(name)
        if definition.family == FLARES:
            continue
        chosen: Choice = {}
        if at:
            chosen["response_visit"] = at
        if endpoint is not None and endpoint.definition == name:
            chosen |= endpoint.parameters
        # Unknown responses are counted in every way below: the plan's way is not settled here.
        chosen.pop("missing_response", None)
        found[name] = chosen
    return found


def _is_planned(endpoint: Endpoint | None, population: str) -> pl.Expr:
    """Pick the row of the planned way."""
    if endpoint is None:
        return pl.lit(value=False)
    rule = "nonresponder" if endpoint.missing_outcome in {"nonresponder", "worst"} else "left_out"
    is_visit = pl.col("visit") == endpoint.at[0] if endpoint.at else pl.lit(value=True)
    return (
        (pl.col("definition") == endpoint.definition)
        & (pl.col("choice") == AS_DEFINED)
        & (pl.col("missing") == rule)
        & (pl.col("scoring") == PLANNED)
        & (pl.col("population") == population)
        & is_visit
    )


# --- printing ------------------------------------------------------------------------------------


def _rows_told_apart(counted: pl.DataFrame) -> Iterator[dict[str, str]]:
    """Give one row a number: rules for unknown responses are told apart only where there are any."""
    seen: dict[tuple[str, ...], dict[str, str]] = {}
    for row in counted.iter_rows(named=True):
        way = tuple(row[name] or "" for name in _DISTINGUISHED)
        has_unknown = row["cannot_tell"] > 0
        key = (*way, row["missing"] if has_unknown else ANY_RULE)
        interval = f"{format_number(row['percent'], 1)}% ({format_interval(row['lower'], row['upper'], 1)})"
        printed = dict(zip((*_DISTINGUISHED, "missing"), key, strict=True)) | {
            "counts": f"{row['responders']}/{row['n']}",
            "percent": interval if row["n"] else "",
            "conclusion": row["conclusion"],
            "changes": row["changes"] or "",
        }
        if row["changes"] == "reference" and key in seen:
            seen[key]["changes"] = "reference"
        seen.setdefault(key, printed)
    yield from seen.values()


def _table(rows: list[dict[str, str]], level: float) -> list[str]:
    heads = {
        "definition": "definition", "visit": "visit", "choice": "choice", "scoring": "scoring",
        "population": "population", "missing": "cannot tell", "counts": "response",
        "percent": f"percent ({format_shortest(100 * level)} % interval)", "conclusion": "conclusion",
        "changes": "changes it",
    }  # fmt: skip
    marked = [{**row, "changes": {"no": "", "reference": "(plan)"}.get(row["changes"], row["changes"])}
              for row in rows]  # fmt: skip
    widths = {name: max(len(head), *(len(row[name]) for row in marked)) for name, head in heads.items()}
    printed = [
        "  ".join(row[name].ljust(width) for name, width in widths.items()) for row in (heads, *marked)
    ]
    return [line.rstrip() for line in printed]


def _conclude(rows: list[dict[str, str]], changed: list[dict[str, str]]) -> str:
    held = next((row for row in rows if row["changes"] == "reference"), None)
    if held is None:
        return "The study file names no response endpoint that can be counted, so nothing is held against it."
    head = f"Planned: {_name(held)}: {held['counts']}, {held['conclusion']}."
    if not changed:
        return f"{head} No other way of counting changes the conclusion."
    return f"{head} {len(changed)} of {len(rows) - 1} other ways of counting change the conclusion:"


def _cut(lacking: str) -> str:
    """Shorten a long list of what is lacking; the file has all of it."""
    names = lacking.split(", ")
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _name(row: Mapping[str, str]) -> str:
    rule = "" if row["missing"] == ANY_RULE else f", cannot tell: {row['missing']}"
    where = f" at {row['visit']}" if row["visit"] else ""
    return (
        f"{row['definition']}{where} ({row['choice']}, scoring {row['scoring']}, {row['population']}{rule})"
    )
