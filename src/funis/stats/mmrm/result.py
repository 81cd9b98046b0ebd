"""What a fitted repeated-measures model offers: its tables, predictions and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from funis.arguments import AT, BY, LEVEL, RANDOM, Frame, NumberFrom, OrNone, Text, takes
from funis.stats.mmrm.covariance import Floats
from funis.stats.mmrm.fitted import FittedModel
from funis.stats.mmrm.means import marginal_means, mean_differences
from funis.stats.mmrm.predict import draw_outcomes, predict, residuals
from funis.stats.mmrm.printed_summary import render_summary
from funis.stats.mmrm.type3 import type3_tests


@dataclass(frozen=True)
class MmrmResult(FittedModel):
    """A repeated-measures model after :func:`funis.fit_mmrm`.

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
    """

    def type3(self) -> pl.DataFrame:
        """Test each term by its type III hypothesis; see :func:`funis.stats.mmrm.type3.type3_tests`."""
        return type3_tests(self)

    @takes(by=BY, weights=Text(), at=AT, level=LEVEL, kind=Text())
    def marginal_means(
        self,
        by: Sequence[str] | str | None = None,
        *,
        weights: str = "equal",
        at: Mapping[str, float | str] | None = None,
        level: float | None = None,
        kind: str = "conditional",
    ) -> pl.DataFrame:
        """Estimate marginal (least-squares) means; see :func:`funis.stats.mmrm.means.marginal_means`."""
        return marginal_means(self, by, weights=weights, at=at, level=level, kind=kind)

    @takes(of=Text(), by=BY, weights=Text(), reference=OrNone(Text()), at=AT, level=LEVEL, kind=Text())
    def differences(
        self,
        of: str,
        *,
        by: Sequence[str] | str | None = None,
        weights: str = "equal",
        reference: str | None = None,
        at: Mapping[str, float | str] | None = None,
        level: float | None = None,
        kind: str = "conditional",
    ) -> pl.DataFrame:
        """Compare marginal means; see :func:`funis.stats.mmrm.means.mean_differences`."""
        return mean_differences(
            self, of, by=by, weights=weights, reference=reference, at=at, level=level, kind=kind
        )

    @takes(frame=OrNone(Frame()), interval=OrNone(Text()), level=LEVEL)
    def predict(
        self, frame: Any = None, *, interval: str | None = None, level: float | None = None
    ) -> pl.DataFrame:
        """Predict outcomes; see :func:`funis.stats.mmrm.predict.predict`."""
        return predict(self, frame, interval=interval, level=level)

    @takes(kind=Text())
    def residuals(self, kind: str = "raw") -> pl.DataFrame:
        """Give residuals; see :func:`funis.stats.mmrm.predict.residuals`."""
        return residuals(self, kind)

    @takes(n=NumberFrom(0, 1e6, whole=True), rng=OrNone(RANDOM))
    def simulate(self, n: int = 1, *, rng: np.random.Generator | int | None = None) -> Floats:
        """Draw outcomes from the fitted model; see :func:`funis.stats.mmrm.predict.draw_outcomes`."""
        return draw_outcomes(self, n, rng=rng)

    def summary(self) -> str:
        """Write the fit as text; see :func:`funis.stats.mmrm.printed_summary.render_summary`."""
        return render_summary(self)

    def __str__(self) -> str:
        return self.summary()
