"""Whether small studies show other effects than large ones: the regression of effects on their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from funis.arguments import NumberFrom, Numbers, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.meta.combine import check_effects
from funis.stats.sample import check_level, t_p, t_quantile

#: A fit whose residuals are no more than this share of the effects is exact: the rest is rounding.
_EXACT: Final = 1e-20


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """How effects of studies change with their standard errors.

    Attributes
    ----------
    slope, lower, upper : change of the effect for one more unit of standard error, with its interval; Egger's
        bias. 0 where small and large studies show the same
    statistic, df, p : two-sided test of no slope, t with k - 2 degrees of freedom
    limit, limit_lower, limit_upper : effect that the line gives for a study without any error
    k, level : studies; coverage
    """

    slope: float
    lower: float
    upper: float
    statistic: float
    df: float
    p: float
    limit: float
    limit_lower: float
    limit_upper: float
    k: int
    level: float


@takes(estimates=Numbers(), variances=Numbers(), level=NumberFrom(0, 1, is_open=True))
def assess_asymmetry(estimates: npt.ArrayLike, variances: npt.ArrayLike, *, level: float = 0.95) -> Asymmetry:
    """Test a funnel plot for asymmetry: Egger's regression of the effects on their standard errors.

    Parameters
    ----------
    estimates, variances : float arrays, shape (k,), k 3 or more; variances are squared standard errors, each
        above 0, and not all the same
    level : float in (0, 1), coverage

    Returns
    -------
    Asymmetry : by least squares with weights 1/variance and one factor for all variances, on the scale of the
        effects. With fewer than ten studies the test says little; a slope has other causes, too, than studies
        that were not published

    Raises
    ------
    ShapeError, ValueRangeError : lengths differ, fewer than three studies, a variance not above 0,
        errors that are all the same, effects that lie on the line to the last digit

    Source
    ------
    Egger, Davey Smith, Schneider and Minder 1997 (BMJ 315: 629); when it may be used: Sterne et al. 2011
    (BMJ 343: d4002).

    Checked against
    ---------------
    tests/reference/meta_metafor : metafor, regtest(model = "lm", predictor = "sei"); meta,
        metabias(method.bias = "linreg")

    Examples
    --------
    >>> found = assess_asymmetry([1.0, 3.0, 2.0, 4.0], [1.0, 1.0, 4.0, 4.0])  # 2 at an error of 1, 3 at 2
    >>> round(found.slope, 9), round(found.limit, 9), found.df
    (1.0, 1.0, 2.0)
    """
    y, v = check_effects(estimates, variances, 1)
    check_level(level)
    if y.size < 3:
        raise ShapeError(f"effects of studies: found {y.size}; three are needed for a line and its error.")
    errors = np.sqrt(v)
    if np.ptp(errors) <= 1e-9 * errors.max():
        raise ValueRangeError(
            "standard errors of studies", float(errors.max()), "errors that are not all the same"
        )
    # The weighted line is the plain line of y / error on 1 / error: its intercept is the slope asked for.
    design = np.column_stack([1 / errors, np.ones(y.size)])
    scaled = y / errors
    q, r = np.linalg.qr(design)
    limit, slope = np.linalg.solve(r, q.T @ scaled)
    residuals = scaled - design @ np.array([limit, slope])
    spread = float(residuals @ residuals)
    if spread <= _EXACT * float(scaled @ scaled):
        raise ValueRangeError("effects of studies", float(slope), "effects that do not all lie on one line")
    df = y.size - 2.0
    inverse = np.linalg.inv(r)
    limit_error, error = np.sqrt(spread / df * (inverse**2).sum(axis=1))
    half = t_quantile(df, level)
    statistic = float(slope / error)
    return Asymmetry(
        float(slope), float(slope - half * error), float(slope + half * error), statistic, df,
        t_p(statistic, df), float(limit), float(limit - half * limit_error),
        float(limit + half * limit_error), y.size, level,
    )  # fmt: skip
