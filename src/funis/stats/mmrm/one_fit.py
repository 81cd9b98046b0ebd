"""One fit over arranged data: aliased columns, the search, and everything inference needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from funis.stats.mmrm.covariance import Floats, has_visit_variances, parameter_scale
from funis.stats.mmrm.degrees_of_freedom import Inference, build_inference, parameter_covariance
from funis.stats.mmrm.engine import Likelihood, State
from funis.stats.mmrm.estimable import Estimable
from funis.stats.mmrm.sandwich import sandwich_variance
from funis.stats.mmrm.scaling import Prepared, is_well_scaled, prepare, refine
from funis.stats.mmrm.search import Optimum, maximise, no_optimum
from funis.stats.mmrm.sums import SubjectArrays, sum_patterns

REFINEMENTS = 3
UNVARIED = "the residuals do not vary"
BEYOND = "the estimates lie beyond the numbers that a machine has"


@dataclass(frozen=True, slots=True)
class Fit:
    """What :func:`fit_arrays` found.

    Attributes
    ----------
    likelihood, optimum, data : in the engine's units, see :mod:`funis.stats.mmrm.scaling`
    estimable : columns estimated; its transform leads from the engine's coefficients to the named ones
    inference : in the engine's coordinates; None for a failed fit
    scale : (G, m) powers of two that rows were divided by
    exact : visits whose outcomes are fitted exactly, where variances by visit have nothing to rest on
    """

    likelihood: Likelihood
    optimum: Optimum
    estimable: Estimable
    data: SubjectArrays
    inference: Inference | None
    scale: Floats
    exact: tuple[int, ...] = ()

    def sigma(self) -> Floats:
        """Give Sigma in the units of the outcome: (G, m, m), or (K, m, m) where times are irregular."""
        state = self._state()
        factor = self.scale[self.likelihood.sums.group] if self.likelihood.irregular else self.scale
        return state.sigma * (factor[:, :, None] * factor[:, None, :])

    def theta(self) -> Floats:
        """Give the covariance parameters (r,) in the units of the outcome."""
        return self._state().theta * self._parameter_scale()

    def theta_covariance(self) -> Floats:
        """Give the covariance matrix (r, r) of the covariance parameters in the units of the outcome."""
        scale = self._parameter_scale()
        return parameter_covariance(self.optimum) * np.outer(scale, scale)

    def _parameter_scale(self) -> Floats:
        return np.concatenate([parameter_scale(self.likelihood.covariance, row) for row in self.scale])

    def _state(self) -> State:
        if self.optimum.state is None:
            raise ValueError(f"the fit failed: {self.optimum.status}")
        return self.optimum.state


def between_within_df(data: SubjectArrays, estimable: Estimable, *, intercept: int | None) -> Floats:
    """Give the between-within degrees of freedom of each kept column."""
    n = data.outcome.shape[0]
    within = []
    for j in estimable.kept:
        values = data.subject_part @ data.visit_part[:, :, j].T
        low = np.where(data.observed, values, np.inf).min(axis=1)
        high = np.where(data.observed, values, -np.inf).max(axis=1)
        within.append(bool((np.abs(high - low) > 1e-9 * max(1.0, float(np.abs(values).max()))).any()))
    is_within = np.array(within)
    at = estimable.kept == (-1 if intercept is None else intercept)
    has = int(at.any())
    is_within &= ~at
    df_within = int(data.observed.sum()) - n - int(is_within.sum())
    df_between = n - int((~is_within & ~at).sum()) - has
    return np.where(is_within | at, float(df_within), float(df_between))


# Degenerate data divide by zero or overflow on the way. What comes of it is judged where it decides: a step
# to what is not finite is not taken, and a fit that holds such a number has no estimates.
@np.errstate(all="ignore")
def fit_arrays(  # noqa: PLR0913  all but the data by keyword, as in fit_mmrm
    data: SubjectArrays,
    *,
    covariance: str,
    reml: bool = True,
    df: str = "kenward-roger",
    sandwich: str | None = None,
    intercept: int | None = None,
    unweighted: SubjectArrays | None = None,
    stopping: str = "tight",
) -> Fit:
    """Fit the model to arranged data.

    Parameters
    ----------
    data : from :func:`funis.stats.mmrm_design.arrange`
    covariance, df, sandwich : names; see :func:`funis.stats.mmrm.fit_mmrm`
    reml : restricted (True) or full maximum likelihood
    intercept : place of the intercept's column, if there is one, which between-within counts apart
    unweighted : the data without weights, which between-within counts look at
    stopping : ``tight``, or ``sas`` for PROC MIXED's own path (:mod:`funis.stats.mmrm.sas`)
    """
    by_visit = stopping != "sas" and has_visit_variances(covariance)
    prepared = prepare(data, by_visit=by_visit)
    prepared, likelihood, optimum = _search(prepared, covariance, reml=reml, stopping=stopping)
    estimable, inference = prepared.estimable, None
    if optimum.state is not None:
        fixed = None
        if df == "between-within":
            fixed = between_within_df(unweighted or data, estimable, intercept=intercept)
        elif df == "residual":
            kept = estimable.kept.size
            fixed = np.full(kept, float(likelihood.sums.n_observations - kept))
        inference = _infer(prepared, likelihood, optimum, df, fixed=fixed, sandwich=sandwich)
        if inference is None:
            optimum = no_optimum("did not converge", BEYOND, optimum.steps)
    return Fit(likelihood, optimum, estimable, prepared.data, inference, prepared.scale, prepared.exact)


def _infer(
    prepared: Prepared,
    likelihood: Likelihood,
    optimum: Optimum,
    df: str,
    *,
    fixed: Floats | None,
    sandwich: str | None,
) -> Inference | None:
    """Compute what tests need; None where a number of it is not finite or a matrix has no inverse."""
    robust = None
    try:
        if sandwich is not None and optimum.state is not None:
            robust = sandwich_variance(likelihood, optimum.state, prepared.data, kind=sandwich)
        found = build_inference(likelihood, optimum, df, fixed_df=fixed, sandwich=robust)
    except np.linalg.LinAlgError:
        return None
    found = replace(found, beta=found.beta + prepared.beta)
    numbers = (found.beta, found.vcov, found.phi, found.weight, found.PhiPPhi, prepared.estimable.transform)
    return found if all(np.isfinite(one).all() for one in numbers) else None


def _search(
    prepared: Prepared, covariance: str, *, reml: bool, stopping: str
) -> tuple[Prepared, Likelihood, Optimum]:
    """Search for the maximum, in finer units again where it lies far from where the first units fit."""
    likelihood = Likelihood(sum_patterns(prepared.data), covariance, reml=reml)
    hopeless = _hopeless(prepared, likelihood)
    if hopeless is not None:
        return prepared, likelihood, hopeless
    if stopping == "sas":
        from funis.stats.mmrm.sas import maximise_as_sas

        log_det = float(np.linalg.slogdet(prepared.estimable.transform)[1]) if reml else 0.0
        return prepared, likelihood, maximise_as_sas(likelihood, log_det_design=log_det)
    optimum = maximise(likelihood)
    for _ in range(REFINEMENTS):
        if optimum.state is None or is_well_scaled(optimum.state, by_visit=has_visit_variances(covariance)):
            break
        finer, theta = refine(prepared, optimum.state, covariance)
        again = Likelihood(sum_patterns(finer.data), covariance, reml=reml)
        found = maximise(again, theta)
        if found.state is None:
            break
        prepared, likelihood, optimum = finer, again, found
    return prepared, likelihood, optimum


def _hopeless(prepared: Prepared, likelihood: Likelihood) -> Optimum | None:
    """Recognise data that leave nothing to estimate a covariance from."""
    sums = likelihood.sums
    if sums.n_observations <= sums.coefficients:
        return no_optimum("saturated", f"{sums.n_observations} outcomes, {sums.coefficients} coefficients")
    if not prepared.varies:
        return no_optimum("singular covariance", UNVARIED)
    if prepared.exact:
        places = ", ".join(str(place + 1) for place in prepared.exact)
        return no_optimum("covariance not estimable", f"outcomes are fitted exactly at visit number {places}")
    return None
