"""A fitted repeated-measures model: its coefficients, covariance and contrasts, computed when asked for.

A failed fit holds no estimate anywhere: its tables have the same columns, filled with nulls, and what needs
an estimate raises :class:`NotFittedError` with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from funis.arguments import LEVEL, Numbers, YesNo, takes
from funis.errors import FunisError, ValueRangeError
from funis.stats.mmrm.covariance import Floats, parameter_names
from funis.stats.mmrm.degrees_of_freedom import (
    ContrastTest,
    Inference,
    contrast_variance,
    degrees_of_freedom,
    f_test,
)
from funis.stats.mmrm.design import Design
from funis.stats.mmrm.one_fit import Fit
from funis.stats.mmrm.rows_used import ModelColumns, ModelRows
from funis.stats.mmrm.sums import SubjectArrays

Status = Literal[
    "converged",
    "rank deficient",
    "separation",
    "singular covariance",
    "covariance not estimable",
    "saturated",
    "did not converge",
]
ESTIMATED: frozenset[str] = frozenset({"converged", "rank deficient", "separation"})
STATISTICS = ("estimate", "se", "df", "t", "p", "lower", "upper")


class NotFittedError(FunisError):
    """Something needs estimates of a model whose fit failed."""

    code: ClassVar[str] = "not_fitted"


@dataclass(frozen=True)
class FittedModel:
    """A repeated-measures model and its estimates; what readers get adds tables and text (``MmrmResult``).

    Its attributes are described there, where readers meet them.
    """

    status: str
    detail: str
    notes: tuple[str, ...]
    fallbacks: tuple[tuple[str, str], ...]
    covariance: str
    df_method: str
    method: str
    sandwich: str | None
    coding: str
    level: float
    formula: str
    columns: ModelColumns
    design: Design
    rows: ModelRows
    data: SubjectArrays
    fit: Fit

    @property
    def converged(self) -> bool:
        """Tell whether there are estimates."""
        return self.status in ESTIMATED

    @property
    def n_observations(self) -> int:
        """Number of outcomes used."""
        return self.rows.outcome.size

    @property
    def n_subjects(self) -> int:
        """Number of subjects with an outcome used."""
        return len(self.rows.subject.levels)

    @property
    def visits(self) -> tuple[str, ...]:
        """Levels of the visit, in order."""
        return self.rows.visit.levels

    @property
    def groups(self) -> tuple[str, ...]:
        """Levels of the covariance group; one empty name without groups."""
        return self.rows.group.levels if self.rows.group is not None else ("",)

    @property
    def aliased(self) -> tuple[str, ...]:
        """Terms that depend on earlier ones and were not estimated."""
        return tuple(self.design.names[int(j)] for j in self.fit.estimable.dropped)

    def inference(self) -> Inference:
        """Return what tests need.

        Raises
        ------
        NotFittedError : the fit failed
        """
        if self.fit.inference is None or not self.converged:
            raise NotFittedError(f"The model has no estimates: {self.status}. {self.detail}".rstrip())
        return self.fit.inference

    def _turn(self, L: Floats) -> tuple[Floats, Floats]:
        """Turn contrasts of the named coefficients into the engine's; tell which are estimable."""
        estimable = self.fit.estimable
        kept, dropped = L[:, estimable.kept], L[:, estimable.dropped]
        gap = np.abs(kept @ estimable.dependence - dropped).max(axis=1, initial=0.0)
        size = np.abs(L).max(axis=1, initial=0.0)
        return kept @ estimable.transform, gap <= 1e-8 * np.maximum(size, 1.0)

    @takes(L=Numbers((1, 2)), level=LEVEL, estimable_only=YesNo())
    def contrast_table(
        self, L: Floats, *, level: float | None = None, estimable_only: bool = True
    ) -> dict[str, Floats]:
        """Estimate contrasts L (q, p); NaN where one is not estimable or the fit failed.

        Without ``estimable_only`` aliased coefficients count as 0, which is how R reads the others.
        """
        from scipy.special import stdtr, stdtrit

        if level is not None and not 0 < level < 1:
            raise ValueRangeError("level", level, "a number between 0 and 1")
        q = L.shape[0]
        # A model of one arm has no comparison of arms: no contrast is an empty table, not a failure.
        if not self.converged or q == 0:
            return {name: np.full(q, np.nan) for name in STATISTICS}
        inference = self.inference()
        turned, fine = self._turn(np.asarray(L, dtype=np.float64))
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate = turned @ inference.beta
            se = np.sqrt(contrast_variance(inference, turned))
            df = degrees_of_freedom(inference, self._df_contrast(turned, L))
            t = estimate / se
        tail = 0.5 + 0.5 * (self.level if level is None else level)
        half = stdtrit(df, tail) * se
        p = 2 * stdtr(df, -np.abs(t))
        table = dict(zip(STATISTICS, (estimate, se, df, t, p, estimate - half, estimate + half), strict=True))
        if not estimable_only:
            return table
        return {name: np.where(fine, values, np.nan) for name, values in table.items()}

    def _df_contrast(self, turned: Floats, L: Floats) -> Floats:
        """Choose coordinates: fixed degrees of freedom belong to named columns, the others to the engine."""
        if self.fit.inference is not None and self.fit.inference.fixed_df is not None:
            return L[:, self.fit.estimable.kept]
        return turned

    @cached_property
    def coefficient_table(self) -> pl.DataFrame:
        """One row a coefficient: ``term, estimate, se, df, t, p, lower, upper``; null where not estimated."""
        return self.coefficients_at(None)

    def coefficients_at(self, level: float | None) -> pl.DataFrame:
        """Give the coefficients with intervals of another coverage than the fit's."""
        p = len(self.design.names)
        table = self.contrast_table(np.eye(p), level=level, estimable_only=False)
        aliased = self.fit.estimable.dropped
        for values in table.values():
            values[aliased] = np.nan
        return pl.DataFrame({"term": list(self.design.names), **table}, nan_to_null=True)

    @cached_property
    def coefficient_covariance(self) -> Floats:
        """Covariance matrix (p, p) of the coefficients; NaN for aliased ones."""
        estimable = self.fit.estimable
        result = np.full((len(self.design.names),) * 2, np.nan)
        inference = self.inference()
        inner = estimable.transform @ inference.vcov @ estimable.transform.T
        result[np.ix_(estimable.kept, estimable.kept)] = inner
        return result

    @cached_property
    def _sigma(self) -> Floats:
        """Covariance by group (G, m, m), for irregular times of the most complete cell."""
        self.inference()
        sigma = self.fit.sigma()
        if not self.fit.likelihood.irregular:
            return sigma
        sums = self.fit.likelihood.sums
        largest = [cells[int(np.argmax(sums.observed[cells].sum(1)))] for cells in self.fit.likelihood.cells]
        return sigma[largest]

    @property
    def covariance_matrix(self) -> Floats | dict[str, Floats]:
        """Covariance between visits (m, m); by group a dict of them."""
        return self._by_group(self._sigma)

    @property
    def correlation(self) -> Floats | dict[str, Floats]:
        """Correlation between visits (m, m); by group a dict of them."""
        deviation = np.sqrt(np.diagonal(self._sigma, axis1=1, axis2=2))
        return self._by_group(self._sigma / (deviation[:, :, None] * deviation[:, None, :]))

    def _by_group(self, stack: Floats) -> Floats | dict[str, Floats]:
        if self.rows.group is None:
            one: Floats = stack[0].copy()
            return one
        return {name: stack[g].copy() for g, name in enumerate(self.groups)}

    @cached_property
    def parameter_table(self) -> pl.DataFrame:
        """One row a covariance parameter in SAS's form: ``group, parameter, estimate, se``."""
        likelihood = self.fit.likelihood
        names = parameter_names(self.covariance, likelihood.sums.visits)
        labels = [(group, name) for group in self.groups for name in names]
        estimate = np.full(len(labels), np.nan)
        se = estimate
        if self.converged:
            estimate = self.fit.theta()
            se = np.sqrt(np.diag(self.fit.theta_covariance()))
        return pl.DataFrame(
            {
                "group": [group for group, _ in labels],
                "parameter": [name for _, name in labels],
                "estimate": estimate,
                "se": se,
            },
            nan_to_null=True,
        )

    @cached_property
    def log_likelihood(self) -> float:
        """Log-likelihood, restricted for REML, with all constants (SAS: -2 (Res) Log Likelihood / -2)."""
        self.inference()
        state = self.fit.optimum.state
        assert state is not None  # noqa: S101
        value = self.fit.likelihood.log_likelihood(state)
        if self.method == "reml":
            value += float(np.linalg.slogdet(self.fit.estimable.transform)[1])
        return value

    @property
    def n_parameters(self) -> int:
        """Parameters that AIC and BIC count: covariance parameters, with ML the coefficients too."""
        return self.fit.likelihood.size + (0 if self.method == "reml" else self.fit.estimable.kept.size)

    @property
    def aic(self) -> float:
        """Akaike's criterion, smaller is better."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def aicc(self) -> float:
        """Akaike's criterion with Hurvich and Tsai's correction, as SAS counts the observations."""
        k = self.n_parameters
        n = self.n_observations - (self.fit.estimable.kept.size if self.method == "reml" else 0)
        n = max(n, k + 2)
        return -2 * self.log_likelihood + 2 * k * n / (n - k - 1)

    @property
    def bic(self) -> float:
        """Schwarz's criterion with the number of subjects as SAS counts them: all that are in the frame.

        R mmrm counts the subjects that have an outcome (``n_subjects``).
        """
        return -2 * self.log_likelihood + self.n_parameters * float(np.log(self.rows.n_read))

    def joint_table(self, L: Floats) -> pl.DataFrame:
        """Test that all contrasts (rows of L, (q, p)) are zero: one row ``num_df, den_df, f, p``."""
        turned, fine = self._turn(L)
        inference = self.inference()
        if not fine.all():
            return pl.DataFrame({"num_df": [None], "den_df": [None], "f": [None], "p": [None]})
        test = f_test(inference, turned) if inference.fixed_df is None else self._fixed_test(L, turned)
        # Of arrays alone NaN becomes null: in a list it would stay, as a number that is none.
        numbers = {name: np.array([getattr(test, name)]) for name in ("den_df", "f", "p")}
        return pl.DataFrame({"num_df": [test.num_df], **numbers}, nan_to_null=True)

    def _fixed_test(self, L: Floats, turned: Floats) -> ContrastTest:
        from dataclasses import replace

        inference = self.inference()
        columns = L[:, self.fit.estimable.kept]
        den = degrees_of_freedom(inference, (columns != 0).any(axis=0)[None, :].astype(float))[0]
        fixed = np.full(turned.shape[1], den)
        return f_test(replace(inference, fixed_df=fixed), turned)
