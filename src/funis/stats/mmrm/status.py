"""How a fit ended, as a status of its own and never a silent number; and the declared fallback sequence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from funis.stats.mmrm.covariance import has_visit_variances
from funis.stats.mmrm.design import Design
from funis.stats.mmrm.fit_notes import find_constant_visits, note_fit, note_outcomes
from funis.stats.mmrm.formula import INTERCEPT
from funis.stats.mmrm.one_fit import UNVARIED, Fit, fit_arrays
from funis.stats.mmrm.rows_used import Factored, ModelRows
from funis.stats.mmrm.sums import SubjectArrays


@dataclass(frozen=True, slots=True)
class Attempt:
    """All that one fit needs but its covariance structure."""

    data: SubjectArrays
    unweighted: SubjectArrays
    rows: ModelRows
    design: Design
    reml: bool
    df: str
    sandwich: str | None
    stopping: str = "tight"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the attempts ended."""

    status: str
    detail: str
    notes: tuple[str, ...]
    fallbacks: tuple[tuple[str, str], ...]
    covariance: str
    fit: Fit


def fit_in_sequence(attempt: Attempt, sequence: Sequence[str]) -> Verdict:
    """Fit the structures of a declared fallback sequence in order until one has estimates."""
    failed: list[tuple[str, str]] = []
    for position, covariance in enumerate(sequence):
        fit, status, detail = _fit_one(attempt, covariance)
        if fit.inference is not None or position == len(sequence) - 1:
            break
        failed.append((covariance, status))
    notes = list(attempt.rows.notes) + _data_notes(attempt.rows)
    notes += note_outcomes(attempt.unweighted, attempt.rows) + _collinear_notes(attempt.design, fit)
    notes += note_fit(fit, attempt.design.names, covariance, sandwich=attempt.sandwich is not None)
    if failed:
        tried = "; ".join(f"{name}: {reason}" for name, reason in failed)
        notes.append(f"fell back to covariance {covariance!r} as declared ({tried})")
    return Verdict(status, detail, tuple(notes), tuple(failed), covariance, fit)


def _fit_one(attempt: Attempt, covariance: str) -> tuple[Fit, str, str]:
    names = attempt.design.names
    fit = fit_arrays(
        attempt.data,
        covariance=covariance,
        reml=attempt.reml,
        df=attempt.df,
        sandwich=attempt.sandwich,
        intercept=names.index(INTERCEPT) if INTERCEPT in names else None,
        unweighted=attempt.unweighted,
        stopping=attempt.stopping,
    )
    if fit.inference is None:
        return fit, *_reason(attempt, fit, covariance)
    dropped = [names[int(j)] for j in fit.estimable.dropped]
    if not dropped:
        return fit, "converged", ""
    empty = empty_cells(attempt.design, attempt.rows)
    if empty:
        return fit, "separation", f"no data in {'; '.join(empty)}; not estimated: {', '.join(dropped)}"
    return fit, "rank deficient", f"not estimated, as they depend on earlier columns: {', '.join(dropped)}"


def _reason(attempt: Attempt, fit: Fit, covariance: str) -> tuple[str, str]:
    """Say why a fit has no estimates: by the data where they tell, else by how the search ended."""
    status, detail = fit.optimum.status, fit.optimum.detail
    visit = attempt.rows.visit
    if status == "saturated" or detail == UNVARIED:
        return status, detail
    same = find_constant_visits(attempt.unweighted, visit) if has_visit_variances(covariance) else []
    if same:
        named = ", ".join(map(repr, same))
        return "covariance not estimable", f"the outcomes at {named} are all the same and have no variance"
    if fit.exact and status == "covariance not estimable":
        exact = ", ".join(repr(visit.levels[place]) for place in fit.exact)
        said = f"the outcomes at {exact} are fitted exactly, to 1e-10 of what is left at other visits"
        return "covariance not estimable", said
    lacking = _not_informed(attempt.data.observed, covariance, visit.levels)
    if lacking:
        return "covariance not estimable", lacking
    return status, detail


def empty_cells(design: Design, rows: ModelRows) -> list[str]:
    """Name the cells of each interaction of factors that hold no observation."""
    found: list[str] = []
    for term in design.terms:
        factors = [name for name in term if name in rows.factors]
        if len(factors) < 2:
            continue
        shape = tuple(len(rows.factors[name].levels) for name in factors)
        codes = np.ravel_multi_index(tuple(rows.factors[name].codes for name in factors), shape)
        empty = np.flatnonzero(np.bincount(codes, minlength=int(np.prod(shape))) == 0)
        for cell in empty:
            places = np.unravel_index(int(cell), shape)
            found.append(
                " and ".join(
                    f"{name} {rows.factors[name].levels[int(place)]!r}"
                    for name, place in zip(factors, places, strict=True)
                )
            )
    return found


def _data_notes(rows: ModelRows) -> list[str]:
    """Say what a reader should know of the data."""
    per_subject = np.bincount(rows.subject.codes)
    single = int((per_subject == 1).sum())
    notes = [f"{single} subjects have one outcome each"] if single else []
    for name, known in rows.factors.items():
        if known is not rows.visit and (several := _with_several_levels(rows, known)):
            notes.append(
                f"{name!r} is not constant within {several} of {len(rows.subject.levels)} subjects: an "
                "arm would be; find these subjects in the data, unless the factor is meant to change "
                "from visit to visit"
            )
    return notes


def _with_several_levels(rows: ModelRows, known: Factored) -> int:
    """Count the subjects in whom a factor changes; none where it is told by the visit alone."""
    of_visit = np.zeros(len(rows.visit.levels), dtype=np.int64)
    of_visit[rows.visit.codes] = known.codes
    if np.array_equal(of_visit[rows.visit.codes], known.codes):
        return 0
    of_subject = np.zeros(len(rows.subject.levels), dtype=np.int64)
    of_subject[rows.subject.codes] = known.codes
    return len(np.unique(rows.subject.codes[of_subject[rows.subject.codes] != known.codes]))


def _collinear_notes(design: Design, fit: Fit) -> list[str]:
    """Name the columns that are almost a combination of earlier ones."""
    return [
        f"{design.names[column]!r} is almost a combination of earlier columns: only {share:.1g} of its "
        "spread is its own, so its coefficient and theirs are not to be read one by one"
        for column, share in fit.estimable.collinear
    ]


def unseen_pairs(observed: NDArray[np.bool_], visits: Sequence[str]) -> list[str]:
    """Name the pairs of visits that no subject has both of."""
    both = observed.T.astype(np.int64) @ observed.astype(np.int64)
    return [
        f"{visits[j]!r} with {visits[i]!r}" for i in range(len(visits)) for j in range(i) if both[i, j] == 0
    ]


def _not_informed(observed: NDArray[np.bool_], covariance: str, visits: Sequence[str]) -> str:
    """Say which covariances no subject informs; empty where all are informed."""
    if len(visits) > 1 and observed.sum(axis=1).max() < 2:
        return "no subject has outcomes at two visits"
    pairs = unseen_pairs(observed, visits)
    if covariance == "us" and pairs:
        return f"no subject has outcomes at both of {', '.join(pairs)}"
    if covariance in {"toep", "toeph"}:
        both = observed.T.astype(np.int64) @ observed.astype(np.int64)
        lags = [str(k) for k in range(1, len(visits)) if not np.diagonal(both, k).any()]
        if lags:
            return f"no subject has outcomes at visits {', '.join(lags)} apart"
    return ""
