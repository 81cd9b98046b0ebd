"""What a fitted repeated-measures model offers: its tables, predictions and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from funis.arguments import AT, BY, LEVEL, RANDOM, Anything, Frame, NumberFrom, OrNone, Text, takes
from funis.stats.mmrm.contrasts import contrast_estimates, contrast_rows
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.given_back import give_back, give_by_term
from funis.stats.mmrm.mean_plot import MeansPlot, plot_means
from funis.stats.mmrm.means import marginal_means, mean_differences
from funis.stats.mmrm.predict import draw_outcomes, predict, residuals
from funis.stats.mmrm.printed_summary import render_summary
from funis.stats.mmrm.short_form import render_html, render_short
from funis.stats.mmrm.type3 import type3_tests


@dataclass(frozen=True, repr=False)
class MmrmResult(FittedModel):
    """A repeated-measures model after :func:`funis.fit_mmrm`.

    Tables are frames of pandas where the data were, otherwise of Polars. A fit can be pickled.

    Attributes
    ----------
    status : ``converged``; ``rank deficient`` or ``separation`` (the fit converged, but aliased coefficients
        could not be estimated and are null); ``singular covariance``, ``covariance not estimable``,
        ``saturated`` (no residual degrees of freedom) or ``did not converge`` (there are no estimates)
    detail : one sentence on a status other than ``converged``
    notes : what was left out or should be known, one sentence each
    fallbacks : structures that were tried before ``covariance`` with their status, as declared
    covariance, df_method, method, sandwich, coding, level, formula : as fitted
    n_observations, n_subjects : as used
    visits, groups : levels of the visit, and of the covariance group (``("",)`` without groups)
    aliased : terms that could not be estimated
    pandas : whether tables are given as frames of pandas

    Examples
    --------
    >>> import polars as pl
    >>> from funis import fit_mmrm
    >>> frame = pl.DataFrame({
    ...     "subject": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    ...     "visit": ["v1", "v2"] * 5,
    ...     "score": [10.0, 8.0, 12.0, 9.0, 9.0, 9.0, 14.0, 10.0, 11.0, 7.0],
    ... })
    >>> fit_mmrm(frame, outcome="score", fixed="visit", subject="subject", visit="visit")
    Mixed model for repeated measures
    Model       score ~ visit
    Covariance  unstructured, REML, kenward-roger
    Data        5 subjects, 10 outcomes, 2 visits
    Status      converged
    Notes       1, see .notes
    """

    pandas: bool = False

    def _given(self, table: Any, index: str | None = None) -> Any:
        return give_back(table, pandas=self.pandas, index=index)

    @property
    def coefficients(self) -> Any:
        """One row a coefficient: ``term, estimate, se, df, t, p, lower, upper``; null where not estimated."""
        return self._given(self.coefficient_table)

    @property
    def covariance_parameters(self) -> Any:
        """One row a covariance parameter in SAS's form: ``group, parameter, estimate, se``."""
        return self._given(self.parameter_table)

    @property
    def params(self) -> Any:
        """Coefficients by term: a dict, of pandas a Series; ``fit.params["armMSC"]`` with either."""
        return give_by_term(self.coefficient_table, "estimate", pandas=self.pandas)

    @property
    def bse(self) -> Any:
        """Standard errors of the coefficients by term, as ``params``."""
        return give_by_term(self.coefficient_table, "se", pandas=self.pandas)

    @property
    def pvalues(self) -> Any:
        """P values of the coefficients by term, as ``params``."""
        return give_by_term(self.coefficient_table, "p", pandas=self.pandas)

    @takes(level=LEVEL)
    def conf_int(self, level: float | None = None) -> Any:
        """Give intervals of the coefficients: ``term, lower, upper``; of pandas the term is the index.

        Parameters
        ----------
        level : coverage, in (0, 1); that of the fit without a word (statsmodels asks for alpha = 1 - level)
        """
        return self._given(self.coefficients_at(level).select("term", "lower", "upper"), index="term")

    @takes(L=Anything(), by=BY, weights=Text(), at=AT, level=LEVEL)
    def contrast(
        self,
        L: Any,
        *,
        by: Sequence[str] | str | None = None,
        weights: str = "equal",
        at: Mapping[str, float | str] | None = None,
        level: float | None = None,
    ) -> Any:
        """Estimate contrasts; see :func:`funis.stats.mmrm.contrasts.contrast_estimates`."""
        return self._given(contrast_estimates(self, L, by=by, weights=weights, at=at, level=level))

    @takes(L=Anything(), by=BY, weights=Text(), at=AT)
    def joint_test(
        self,
        L: Any,
        *,
        by: Sequence[str] | str | None = None,
        weights: str = "equal",
        at: Mapping[str, float | str] | None = None,
    ) -> Any:
        """Test that all contrasts of L, as for ``contrast``, are 0: one row ``num_df, den_df, f, p``."""
        return self._given(self.joint_table(contrast_rows(self, L, by=by, weights=weights, at=at)[1]))

    def type3(self) -> Any:
        """Test each term by its type III hypothesis; see :func:`funis.stats.mmrm.type3.type3_tests`."""
        return self._given(type3_tests(self))

    @takes(by=BY, weights=Text(), at=AT, level=LEVEL, kind=Text())
    def marginal_means(
        self,
        by: Sequence[str] | str | None = None,
        *,
        weights: str = "equal",
        at: Mapping[str, float | str] | None = None,
        level: float | None = None,
        kind: str = "conditional",
    ) -> Any:
        """Estimate marginal (least-squares) means; see :func:`funis.stats.mmrm.means.marginal_means`."""
        return self._given(marginal_means(self, by, weights=weights, at=at, level=level, kind=kind))

    @takes(
        of=Text(),
        by=BY,
        weights=Text(),
        reference=OrNone(Text()),
        at=AT,
        level=LEVEL,
        kind=Text(),
        adjust=OrNone(Text()),
    )
    def differences(  # noqa: PLR0913  all but the factor are by keyword
        self,
        of: str,
        *,
        by: Sequence[str] | str | None = None,
        weights: str = "equal",
        reference: str | None = None,
        at: Mapping[str, float | str] | None = None,
        level: float | None = None,
        kind: str = "conditional",
        adjust: str | None = None,
    ) -> Any:
        """Compare marginal means; see :func:`funis.stats.mmrm.means.mean_differences`."""
        found = mean_differences(
            self,
            of,
            by=by,
            weights=weights,
            reference=reference,
            at=at,
            level=level,
            kind=kind,
            adjust=adjust,
        )
        return self._given(found)

    @takes(x=OrNone(Text()), lines=OrNone(Text()), weights=Text(), at=AT, level=LEVEL, kind=Text())
    def plot(
        self,
        x: str | None = None,
        lines: str | None = None,
        *,
        weights: str = "equal",
        at: Mapping[str, float | str] | None = None,
        level: float | None = None,
        kind: str = "conditional",
    ) -> MeansPlot:
        """Draw marginal means as SVG; see :func:`funis.stats.mmrm.mean_plot.plot_means`."""
        return plot_means(self, x, lines, weights=weights, at=at, level=level, kind=kind)

    @takes(frame=OrNone(Frame()), interval=OrNone(Text()), level=LEVEL)
    def predict(self, frame: Any = None, *, interval: str | None = None, level: float | None = None) -> Any:
        """Predict outcomes; see :func:`funis.stats.mmrm.predict.predict`."""
        return self._given(predict(self, frame, interval=interval, level=level))

    @takes(kind=Text())
    def residuals(self, kind: str = "raw") -> Any:
        """Give residuals; see :func:`funis.stats.mmrm.predict.residuals`."""
        return self._given(residuals(self, kind))

    @takes(n=NumberFrom(0, 1e6, whole=True), rng=OrNone(RANDOM))
    def simulate(self, n: int = 1, *, rng: np.random.Generator | int | None = None) -> Floats:
        """Draw outcomes from the fitted model; see :func:`funis.stats.mmrm.predict.draw_outcomes`."""
        return draw_outcomes(self, n, rng=rng)

    def summary(self) -> str:
        """Write the fit as text; see :func:`funis.stats.mmrm.printed_summary.render_summary`."""
        return render_summary(self)

    def __repr__(self) -> str:
        return render_short(self)

    def _repr_html_(self) -> str:
        return render_html(self)

    def __str__(self) -> str:
        return self.summary()
