"""Many trials of one design at once, for simulations: arrays in, arrays out.

The compiled path does the frequent case (unstructured covariance, one group, full rank); whatever it gives up
goes through the NumPy path, trial by trial, and what that cannot fit is ``nan`` with its status beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from funis.arguments import Numbers, OrNone, Text, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.degrees_of_freedom import contrast_variance, degrees_of_freedom
from funis.stats.mmrm.design import standardise
from funis.stats.mmrm.numbers_used import MOST, check_numbers
from funis.stats.mmrm.one_fit import fit_arrays
from funis.stats.mmrm.sums import SubjectArrays

Engine = Literal["auto", "numpy", "compiled"]
COMPILED_DF = {"satterthwaite": False, "kenward-roger": True, "kenward-roger-linear": True}
MAX_COMPILED_VISITS = 12


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Contrasts of many trials; B trials, q contrasts.

    Attributes
    ----------
    estimate, se, df : (B, q), ``nan`` where the fit failed; ``se`` also where its variance is negative
    status : (B,) text, as in :class:`funis.stats.mmrm.result.MmrmResult`
    """

    estimate: Floats
    se: Floats
    df: Floats
    status: tuple[str, ...]

    @property
    def p(self) -> Floats:
        """Two-sided P values (B, q)."""
        from scipy.special import stdtr

        with np.errstate(all="ignore"):
            values: Floats = 2 * stdtr(self.df, -np.abs(self.estimate / self.se))
        return values


@takes(
    outcomes=Numbers((3,)),
    subject_part=Numbers((2,)),
    visit_part=Numbers((3,)),
    contrasts=OrNone(Numbers((1, 2))),
    df=Text(),
    method=Text(),
    engine=Text(),
)
def fit_mmrm_batch(
    outcomes: npt.ArrayLike,
    subject_part: npt.ArrayLike,
    visit_part: npt.ArrayLike,
    *,
    contrasts: npt.ArrayLike | None = None,
    df: str = "satterthwaite",
    method: str = "reml",
    engine: Engine = "auto",
) -> BatchResult:
    """Fit the unstructured model to many simulated trials that share subjects, arms and covariates.

    Parameters
    ----------
    outcomes : (B trials, n subjects, m visits), ``nan`` where not observed
    subject_part : u (n, s), finite: a column of ones, arm, baseline ...; see :mod:`funis.stats.mmrm.sums`
    visit_part : C (m, s, p), finite: design row of subject i at visit a is u_i' C_a
    contrasts : (q, p), finite; each coefficient on its own without a word
    df : ``satterthwaite``, ``kenward-roger`` or ``kenward-roger-linear`` (the same for this structure)
    method : ``reml`` or ``ml``
    engine : ``compiled`` (numba, all cores; trials it gives up on are fitted by NumPy), ``numpy``, or
        ``auto``: compiled where numba is installed. Both find the same maximum

    Returns
    -------
    BatchResult : ``estimate``, ``se``, ``df``, ``p`` (B, q) and ``status`` (B,); look at the status first

    Raises
    ------
    ShapeError : shapes that do not fit each other
    ValueRangeError : an unknown option, a number that is not finite or beyond 1e50, or ``compiled`` where
        numba is not installed

    Source
    ------
    As :func:`funis.fit_mmrm`.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> arm = np.repeat([0.0, 1.0], 10)
    >>> u = np.column_stack([np.ones(20), arm])
    >>> C = np.zeros((2, 2, 4))
    >>> C[:, 0, 0] = C[1, 0, 1] = C[:, 1, 2] = C[1, 1, 3] = 1.0
    >>> y = rng.normal(size=(3, 20, 2))
    >>> found = fit_mmrm_batch(y, u, C, contrasts=[[0, 0, 0, 1]], engine="numpy")  # arms at the second visit
    >>> found.status, found.estimate.shape, found.df.round(6).tolist()
    (('converged', 'converged', 'converged'), (3, 1), [[18.0], [18.0], [18.0]])
    """
    outcomes, subject_part, visit_part = (
        np.asarray(values, dtype=np.float64) for values in (outcomes, subject_part, visit_part)
    )
    L = np.eye(visit_part.shape[-1]) if contrasts is None else np.atleast_2d(np.asarray(contrasts, float))
    _check_shapes(outcomes, subject_part, visit_part, L)
    engine = _check_options(df, method, engine)
    observed = ~np.isnan(outcomes)
    filled = np.where(observed, outcomes, 0.0)
    trials, q = outcomes.shape[0], L.shape[0]
    result = BatchResult(*_empty(trials, q), ())
    done = np.zeros(trials, dtype=bool)
    if engine == "compiled" and outcomes.shape[2] <= MAX_COMPILED_VISITS:
        done = _run_compiled(filled, observed, subject_part, visit_part, (L, df, method), result)
    statuses = ["converged"] * trials
    for b in np.flatnonzero(~done):
        options = (L, df, method)
        statuses[b] = _run_numpy(
            (filled[b], observed[b]), (subject_part, visit_part), options, result=result, trial=int(b)
        )
    return BatchResult(result.estimate, result.se, result.df, tuple(statuses))


def _empty(trials: int, q: int) -> tuple[Floats, Floats, Floats]:
    """Make the three arrays of results, nothing known yet."""
    return np.full((trials, q), np.nan), np.full((trials, q), np.nan), np.full((trials, q), np.nan)


def _check_shapes(outcomes: Floats, subject_part: Floats, visit_part: Floats, contrasts: Floats) -> None:
    shapes = (outcomes.shape, subject_part.shape, visit_part.shape)
    if (outcomes.ndim, subject_part.ndim, visit_part.ndim) != (3, 2, 3) or (
        outcomes.shape[1] != subject_part.shape[0]
        or outcomes.shape[2] != visit_part.shape[0]
        or subject_part.shape[1] != visit_part.shape[1]
    ):
        raise ShapeError(
            "A batch needs outcomes (trials, subjects, visits), subject_part (subjects, s) and visit_part "
            f"(visits, s, p); found {shapes}."
        )
    if contrasts.ndim != 2 or contrasts.shape[1] != visit_part.shape[2]:
        raise ShapeError(
            f"Contrasts need {visit_part.shape[2]} weights a row, one per coefficient; "
            f"found {contrasts.shape}."
        )
    _check_numbers(outcomes, subject_part, visit_part, contrasts)


def _check_numbers(outcomes: Floats, subject_part: Floats, visit_part: Floats, contrasts: Floats) -> None:
    """Refuse numbers that no fit can use, each trial's outcomes and each column of the design by itself."""
    size = np.abs(np.where(np.isnan(outcomes), 0.0, outcomes)).reshape(outcomes.shape[0], -1)
    largest = size.max(axis=1, initial=0.0)
    for trial in np.flatnonzero(~((largest == 0) | ((largest * MOST >= 1) & (largest <= MOST))))[:1]:
        values = np.where(np.isnan(outcomes[trial]), 0.0, outcomes[trial])
        _check_array("outcomes", values, (int(trial),), 0)
    for name, array, column in (
        ("subject_part", subject_part, 1),
        ("visit_part", visit_part, 2),
        ("contrasts", contrasts, 1),
    ):
        for j in range(array.shape[column]):
            _check_array(name, np.take(array, [j], axis=column).squeeze(column), (j,), column)


def _check_array(name: str, values: Floats, fixed: tuple[int, ...], axis: int) -> None:
    """Refuse a part of an array; ``fixed`` is its place along an axis."""

    def where(place: int) -> str:
        found = [int(at) for at in np.unravel_index(place, values.shape)]
        return str([*found[:axis], *fixed, *found[axis:]])

    check_numbers(name, values.reshape(-1), where)


def _check_options(df: str, method: str, engine: str) -> Engine:
    """Check the names of the options; settle which engine fits."""
    if df not in COMPILED_DF:
        raise ValueRangeError("df", df, ", ".join(COMPILED_DF))
    if method not in {"reml", "ml"} or (method == "ml" and COMPILED_DF[df]):
        raise ValueRangeError("method", method, "'reml', or 'ml' with satterthwaite")
    has_numba = find_spec("numba") is not None
    if engine == "auto":
        return "compiled" if has_numba else "numpy"
    if engine == "compiled" and not has_numba:
        raise ValueRangeError("engine", engine, "'numpy', or install numba (funis[fast])")
    if engine not in get_args(Engine):
        raise ValueRangeError("engine", engine, ", ".join(map(repr, get_args(Engine))))
    return "compiled" if engine == "compiled" else "numpy"


def _run_compiled(
    filled: Floats,
    observed: NDArray[np.bool_],
    u: Floats,
    C: Floats,
    options: tuple[Floats, str, str],
    result: BatchResult,
) -> NDArray[np.bool_]:
    """Fit all trials by the compiled path; tell which it did."""
    from funis.stats.mmrm import compiled

    L, df, method = options
    scaled, places = standardise(u, C)
    flag, estimate, se, degrees = compiled.fit_trials(
        np.ascontiguousarray(filled),
        np.ascontiguousarray(observed),
        np.ascontiguousarray(scaled),
        compiled.sparse_columns(places),
        np.ascontiguousarray(L),
        C.shape[2],
        method == "reml",
        COMPILED_DF[df],
    )
    result.estimate[:], result.se[:], result.df[:] = estimate, se, degrees
    done: NDArray[np.bool_] = (flag == compiled.CONVERGED) & np.isfinite(estimate).all(axis=1)
    return done


def _run_numpy(
    outcome: tuple[Floats, NDArray[np.bool_]],
    design: tuple[Floats, Floats],
    options: tuple[Floats, str, str],
    *,
    result: BatchResult,
    trial: int,
) -> str:
    """Fit one trial by the NumPy path; return its status."""
    (filled, observed), (u, C) = outcome, design
    L, df, method = options
    seen = observed.any(axis=1)
    if seen.sum() < 2:
        return "did not converge"
    scaled, places = standardise(u[seen], C)
    group = np.zeros(int(seen.sum()), dtype=np.int64)
    data = SubjectArrays(filled[seen], observed[seen], scaled, places, group)
    fit = fit_arrays(data, covariance="us", reml=method == "reml", df=df)
    if fit.inference is None:
        return fit.optimum.status
    if fit.estimable.dropped.size:
        return "rank deficient"
    with np.errstate(all="ignore"):
        turned = L @ fit.estimable.transform
        result.estimate[trial] = turned @ fit.inference.beta
        result.se[trial] = np.sqrt(contrast_variance(fit.inference, turned))
        result.df[trial] = degrees_of_freedom(fit.inference, turned)
    return "converged"
