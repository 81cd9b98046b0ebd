"""Covariance structures of repeated measures: value, first and second derivatives, starting values.

Notation. ``m`` visits, ``r`` covariance parameters ``theta`` of one group, ``Sigma`` (m, m).
``E`` (r, m, m) holds dSigma/dtheta_r and ``E2`` (r, r, m, m) the second derivatives.

The parameters are those that SAS PROC MIXED prints (variances, covariances, correlations), because
Kenward-Roger's correction uses second derivatives and therefore depends on the parameters chosen:

=======  ==========  ====================================================================
name     SAS         Sigma[i, j]
=======  ==========  ====================================================================
us       UN          theta_ij
toep     TOEP        s2 on the diagonal, c_k at lag k
toeph    TOEPH       sqrt(v_i v_j) rho_k at lag k
ar1      AR(1)       s2 rho^|i-j|
ar1h     ARH(1)      sqrt(v_i v_j) rho^|i-j|
cs       CS          c + s2 [i = j]
csh      CSH         sqrt(v_i v_j) rho off the diagonal
ad       (none)      s2 prod(rho_k), k between i and j; R mmrm's homogeneous ante-dependence
adh      ANTE(1)     sqrt(v_i v_j) prod(rho_k)
sp_exp   SP(EXP)     s2 exp(-d_ij / range)
sp_gau   SP(GAU)     s2 exp(-(d_ij / range)^2)
=======  ==========  ====================================================================

R ``mmrm`` uses other parameters (log standard deviations, transformed correlations, a Cholesky factor);
:func:`second_derivative_mean` can be asked for either, which is all that Kenward-Roger needs.

Source: SAS/STAT, PROC MIXED, REPEATED statement, TYPE= option; Kenward 1987 (ante-dependence).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from funis.errors import UnknownNameError

Floats = NDArray[np.float64]
Form = Literal["linear", "homogeneous", "heterogeneous", "distance"]


@dataclass(frozen=True, slots=True)
class Structure:
    """One covariance structure: its name here and in SAS, and how it is put together."""

    name: str
    sas: str
    title: str
    form: Form
    correlation: str


_TABLE = (
    Structure("us", "UN", "unstructured", "linear", "us"),
    Structure("toep", "TOEP", "homogeneous Toeplitz", "linear", "toep"),
    Structure("toeph", "TOEPH", "heterogeneous Toeplitz", "heterogeneous", "toep"),
    Structure("ar1", "AR(1)", "homogeneous first-order autoregressive", "homogeneous", "ar1"),
    Structure("ar1h", "ARH(1)", "heterogeneous first-order autoregressive", "heterogeneous", "ar1"),
    Structure("cs", "CS", "compound symmetry", "linear", "cs"),
    Structure("csh", "CSH", "heterogeneous compound symmetry", "heterogeneous", "cs"),
    Structure("ad", "", "homogeneous ante-dependence", "homogeneous", "ad"),
    Structure("adh", "ANTE(1)", "heterogeneous ante-dependence", "heterogeneous", "ad"),
    Structure("sp_exp", "SP(EXP)", "spatial exponential", "distance", "exp"),
    Structure("sp_gau", "SP(GAU)", "spatial Gaussian", "distance", "gau"),
)
#: Power of the distance in the exponent of spatial correlations.
POWERS = {"exp": 1, "gau": 2}
STRUCTURES: dict[str, Structure] = {structure.name: structure for structure in _TABLE}


def structure(name: str) -> Structure:
    """Find a structure by its name.

    Raises
    ------
    UnknownNameError : no structure has the name; lists those that exist

    Examples
    --------
    >>> structure("ar1h").sas
    'ARH(1)'
    """
    if name not in STRUCTURES:
        raise UnknownNameError("covariance structure", name, STRUCTURES)
    return STRUCTURES[name]


def count_parameters(name: str, visits: int) -> int:
    """Count the covariance parameters of one group.

    Examples
    --------
    >>> [count_parameters(name, 4) for name in ("us", "toeph", "ar1", "adh")]
    [10, 7, 2, 7]
    """
    shape = structure(name)
    if name == "us":
        return visits * (visits + 1) // 2
    correlations = {"toep": visits - 1, "ad": visits - 1}.get(shape.correlation, 1)
    return (visits if shape.form == "heterogeneous" else 1) + min(correlations, max(visits - 1, 0))


def has_visit_variances(name: str) -> bool:
    """Tell whether each visit has a variance of its own.

    Examples
    --------
    >>> [has_visit_variances(name) for name in ("us", "ar1h", "ar1")]
    [True, True, False]
    """
    return name == "us" or structure(name).form == "heterogeneous"


def parameter_scale(name: str, deviation: Floats) -> Floats:
    """Give the factors (r,) of the parameters when visit a's outcomes are multiplied by deviation[a].

    Parameters
    ----------
    deviation : (m,), positive; one number throughout unless :func:`has_visit_variances`

    Examples
    --------
    >>> parameter_scale("us", np.array([1.0, 2.0])), parameter_scale("ar1", np.array([2.0, 2.0]))
    (array([1., 2., 4.]), array([4., 1.]))
    """
    m = deviation.size
    if name == "us":
        return np.outer(deviation, deviation)[np.tril_indices(m)]
    scale = np.ones(count_parameters(name, m))
    heads = m if structure(name).form == "heterogeneous" else 1
    if structure(name).form == "linear":
        heads = scale.size
    scale[:heads] = deviation[:heads] ** 2 if heads == m else deviation[0] ** 2
    return scale


def parameter_names(name: str, visits: int) -> tuple[str, ...]:
    """Name the parameters as SAS prints them, in the order of ``theta``.

    Examples
    --------
    >>> parameter_names("us", 2)
    ('UN(1,1)', 'UN(2,1)', 'UN(2,2)')
    >>> parameter_names("ar1h", 2)
    ('Var(1)', 'Var(2)', 'ARH(1)')
    """
    shape = structure(name)
    if name == "us":
        return tuple(f"UN({i + 1},{j + 1})" for i in range(visits) for j in range(i + 1))
    first = tuple(f"Var({i + 1})" for i in range(visits)) if shape.form == "heterogeneous" else ("Residual",)
    if shape.form == "homogeneous" or name == "toep":
        first = ("Variance",)
    rest = count_parameters(name, visits) - len(first)
    if shape.correlation == "toep":
        label = "TOEPH" if name == "toeph" else "TOEP"
        offset = 1 if name == "toeph" else 2
        return first + tuple(f"{label}({k + offset})" for k in range(rest))
    if shape.correlation == "ad":
        return first + tuple(f"Rho({k + 1})" for k in range(rest))
    return first + (shape.sas,) * rest


@lru_cache(maxsize=64)
def _lags(visits: int) -> Floats:
    index = np.arange(visits)
    result: Floats = np.abs(index[:, None] - index[None, :]).astype(np.float64)
    return result


@lru_cache(maxsize=64)
def linear_basis(name: str, visits: int) -> Floats:
    """Give E (r, m, m) of a structure that is linear in its parameters: us, toep, cs."""
    lags = _lags(visits)
    if name == "cs":
        basis = [np.eye(visits)] + ([np.ones((visits, visits))] if visits > 1 else [])
    elif name == "toep":
        basis = [(lags == k).astype(np.float64) for k in range(visits)]
    else:
        basis = []
        for i in range(visits):
            for j in range(i + 1):
                one = np.zeros((visits, visits))
                one[i, j] = one[j, i] = 1.0
                basis.append(one)
    stacked = np.stack(basis)
    stacked.setflags(write=False)
    return stacked


@lru_cache(maxsize=64)
def _between(visits: int) -> NDArray[np.bool_]:
    """Tell which steps k lie between visits i and j: (m - 1, m, m)."""
    index = np.arange(visits)
    low = np.minimum(index[:, None], index[None, :])
    high = np.maximum(index[:, None], index[None, :])
    steps = np.arange(max(visits - 1, 0))[:, None, None]
    return (steps >= low) & (steps < high)


def _power(rho: float, exponent: Floats) -> Floats:
    """Raise rho to whole exponents, with 0 ** 0 = 1 and negative exponents never used."""
    return np.where(exponent >= 0, rho ** np.maximum(exponent, 0.0), 0.0)


def _correlation(kind: str, rho: Floats, visits: int, order: int) -> tuple[Floats, Floats, Floats]:
    """Give the correlation matrix and, up to ``order``, its derivatives (q, m, m) and (q, q, m, m)."""
    lags = _lags(visits)
    q = rho.size
    second = np.zeros((q, q, visits, visits))
    if kind == "ar1" and q:
        value = _power(float(rho[0]), lags)
        first = (lags * _power(float(rho[0]), lags - 1))[None]
        second[0, 0] = lags * (lags - 1) * _power(float(rho[0]), lags - 2)
    elif kind == "cs" and q:
        value = np.where(lags == 0, 1.0, rho[0])
        first = (lags > 0).astype(np.float64)[None]
    elif kind == "toep" and q:
        value = np.concatenate([[1.0], rho])[lags.astype(np.int64)]
        first = np.stack([(lags == k + 1).astype(np.float64) for k in range(q)])
    elif kind == "ad" and q:
        value, first, second = _ante_dependence(rho, visits, order)
    else:
        value, first = np.ones((visits, visits)), np.zeros((q, visits, visits))
    return value, first, second


def _ante_dependence(rho: Floats, visits: int, order: int) -> tuple[Floats, Floats, Floats]:
    """Multiply the correlations of the steps between two visits, leaving out none, one and two of them."""
    between = _between(visits)
    factors = np.where(between, rho[:, None, None], 1.0)
    q = rho.size
    value = factors.prod(axis=0)
    first = np.zeros((q, visits, visits))
    second = np.zeros((q, q, visits, visits))
    if order < 1:
        return value, first, second
    for k in range(q):
        kept = factors.copy()
        kept[k] = 1.0
        first[k] = between[k] * kept.prod(axis=0)
        for step in range(k if order > 1 else 0):
            rest = kept.copy()
            rest[step] = 1.0
            second[k, step] = second[step, k] = (between[k] & between[step]) * rest.prod(axis=0)
    return value, first, second


def evaluate_structure(
    name: str, theta: Floats, visits: int, *, order: int = 1, distance: Floats | None = None
) -> tuple[Floats, Floats, Floats | None]:
    """Evaluate Sigma with its derivatives.

    Parameters
    ----------
    name : structure name, one of :data:`STRUCTURES`
    theta : float array (r,), in SAS's parameters
    visits : m
    order : 0, 1 or 2, the highest derivative wanted (zeros above it)
    distance : float array (..., m, m), for ``sp_exp`` and ``sp_gau`` alone

    Returns
    -------
    Sigma (..., m, m), E (..., r, m, m) and E2 (..., r, r, m, m); E2 is None where it is zero throughout

    Examples
    --------
    >>> evaluate_structure("cs", np.array([1.0, 0.5]), 2)[0]
    array([[1.5, 0.5],
           [0.5, 1.5]])
    """
    shape = structure(name)
    if shape.form == "linear":
        basis = linear_basis(name, visits)
        return (theta @ basis.reshape(theta.size, -1)).reshape(visits, visits), basis, None
    if shape.form == "distance":
        return _spatial(shape, theta, distance, visits)
    if shape.form == "homogeneous":
        value, first, second = _correlation(shape.correlation, theta[1:], visits, order)
        gradient = np.concatenate([value[None], theta[0] * first])
        curvature = np.zeros((theta.size, theta.size, visits, visits))
        curvature[0, 1:] = curvature[1:, 0] = first
        curvature[1:, 1:] = theta[0] * second
        return theta[0] * value, gradient, curvature
    return _heterogeneous(shape, theta, visits, order)


def _heterogeneous(shape: Structure, theta: Floats, m: int, order: int) -> tuple[Floats, Floats, Floats]:
    """Put variances that differ by visit round a correlation matrix; theta = (v_1..v_m, rho...)."""
    variance = theta[:m]
    # A negative variance on the way gives NaN, which the caller takes for "not positive definite".
    with np.errstate(invalid="ignore", divide="ignore"):
        deviation = np.sqrt(variance)
        slope = 0.5 / deviation
        bend = -0.25 / (deviation * variance)
    value, first, second = _correlation(shape.correlation, theta[m:], m, order)
    scale = np.outer(deviation, deviation)
    index = np.arange(m)
    scale_first = np.zeros((m, m, m))
    scale_first[index, index, :] = slope[:, None] * deviation
    scale_first[index, :, index] += slope[:, None] * deviation
    gradient = np.concatenate([scale_first * value, scale * first])
    r = theta.size
    curvature = np.zeros((r, r, m, m))
    if order > 1:
        scale_second = np.zeros((m, m, m, m))
        scale_second[index[:, None], index[None, :], index[:, None], index[None, :]] = np.outer(slope, slope)
        scale_second += scale_second.transpose(0, 1, 3, 2)
        # The diagonal of Sigma is v_i itself, so its second derivative is 0; off it one root is bent.
        scale_second[index, index] = 0.0
        scale_second[index, index, index, :] = bend[:, None] * deviation
        scale_second[index, index, :, index] = bend[:, None] * deviation
        scale_second[index, index, index, index] = 0.0
        curvature[:m, :m] = scale_second * value
        mixed = scale_first[:, None] * first[None]
        curvature[:m, m:] = mixed
        curvature[m:, :m] = mixed.transpose(1, 0, 2, 3)
        curvature[m:, m:] = scale * second
    return scale * value, gradient, curvature


def _spatial(
    shape: Structure, theta: Floats, distance: Floats | None, visits: int
) -> tuple[Floats, Floats, Floats]:
    """Evaluate s2 exp(-(d / range)^k) for one or many distance matrices; k is 2 where it is Gaussian."""
    d = _lags(visits) if distance is None else distance
    if theta.size == 1:
        one = np.ones_like(d)
        return theta[0] * one, one[..., None, :, :], np.zeros((*d.shape[:-2], 1, 1, *d.shape[-2:]))
    s2, reach = theta[0], theta[1]
    if not reach > 0:
        nothing = np.full_like(d, np.nan)
        return nothing, np.stack([nothing, nothing], -3), np.zeros((*d.shape[:-2], 2, 2, *d.shape[-2:]))
    power = POWERS[shape.correlation]
    far = (d / reach) ** power
    value = np.exp(-far)
    by_range = value * power * far / reach
    twice = value * power * far * (power * far - power - 1) / reach**2
    gradient = np.stack([value, s2 * by_range], axis=-3)
    first_row = np.stack([np.zeros_like(d), by_range], axis=-3)
    second_row = np.stack([by_range, s2 * twice], axis=-3)
    return s2 * value, gradient, np.stack([first_row, second_row], axis=-4)


def start_values(name: str, moment: Floats, distance: Floats | None = None) -> Floats:
    """Turn a moment estimate of Sigma (m, m), positive definite, into starting parameters."""
    shape = structure(name)
    m = moment.shape[0]
    if name == "us":
        return moment[np.tril_indices(m)].copy()
    variance = np.diag(moment)
    deviation = np.sqrt(variance)
    correlation = moment / np.outer(deviation, deviation)
    head = variance.copy() if shape.form == "heterogeneous" else np.array([variance.mean()])
    if m == 1:
        return head
    by_lag = np.array([np.diagonal(correlation, k).mean() for k in range(1, m)])
    overall = correlation[np.tril_indices(m, -1)].mean()
    tail = {
        "toep": by_lag,
        "ar1": by_lag[:1],
        "cs": np.array([overall]),
        "ad": np.diagonal(correlation, 1),
        "exp": np.array([max(overall, 0.1)]),
        "gau": np.array([max(overall, 0.1)]),
    }[shape.correlation].clip(-0.95, 0.95)
    if name == "cs":
        tail = tail.clip(-0.9 / (m - 1), 0.95)
        return np.array([head[0] * (1 - tail[0]), head[0] * tail[0]])
    if shape.form == "distance":
        spread = _lags(m) if distance is None else distance
        typical = float(np.median(spread[spread > 0])) if (spread > 0).any() else 1.0
        return np.array([head[0], typical / (-np.log(tail[0])) ** (1 / POWERS[shape.correlation])])
    scale = head[0] if name == "toep" else 1.0
    for _ in range(60):
        theta = np.concatenate([head, scale * tail])
        if is_positive_definite(evaluate_structure(name, theta, m, order=0)[0]):
            break
        tail = 0.8 * tail
    return theta


def is_positive_definite(matrix: Floats) -> bool:
    """Tell whether a symmetric matrix (or a stack of them) is finite and positive definite."""
    if not np.isfinite(matrix).all():
        return False
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True
