"""Structures: values worked by hand, derivatives against differences, parameters of SAS and of R."""

import numpy as np
import pytest

from funis.errors import UnknownNameError
from funis.stats.mmrm.covariance import (
    STRUCTURES,
    count_parameters,
    evaluate_structure,
    parameter_names,
    parameter_scale,
    start_values,
    structure,
)
from funis.stats.mmrm.covariance_r import second_derivative_mean

M = 4
# A point inside each structure's parameters, none of them special.
POINTS = {
    "us": np.array([4.0, 1.0, 5.0, 0.5, 1.2, 6.0, -0.3, 0.4, 2.0, 7.0]),
    "toep": np.array([5.0, 2.0, 1.0, 0.5]),
    "toeph": np.array([4.0, 5.0, 6.0, 7.0, 0.5, 0.3, 0.1]),
    "ar1": np.array([5.0, 0.6]),
    "ar1h": np.array([4.0, 5.0, 6.0, 7.0, -0.4]),
    "cs": np.array([3.0, 1.5]),
    "csh": np.array([4.0, 5.0, 6.0, 7.0, 0.35]),
    "ad": np.array([5.0, 0.6, 0.2, -0.5]),
    "adh": np.array([4.0, 5.0, 6.0, 7.0, 0.6, 0.2, -0.5]),
    "sp_exp": np.array([5.0, 1.7]),
    "sp_gau": np.array([5.0, 1.7]),
}


def sigma(name: str, theta: np.ndarray) -> np.ndarray:
    return evaluate_structure(name, theta, M, order=0)[0]


@pytest.mark.parametrize(
    ("name", "theta", "expected"),
    [
        # sqrt(4) sqrt(9) 0.5 = 3; sqrt(4) sqrt(16) 0.5^2 = 2; sqrt(9) sqrt(16) 0.5 = 6
        ("ar1h", [4, 9, 16, 0.5], [[4, 3, 2], [3, 9, 6], [2, 6, 16]]),
        # 2 x 3 x 0.5 = 3; 2 x 4 x 0.25 = 2; 3 x 4 x 0.5 = 6
        ("toeph", [4, 9, 16, 0.5, 0.25], [[4, 3, 2], [3, 9, 6], [2, 6, 16]]),
        # 2 x 3 x 0.5 = 3; 3 x 4 x 0.25 = 3; 2 x 4 x 0.5 x 0.25 = 1
        ("adh", [4, 9, 16, 0.5, 0.25], [[4, 3, 1], [3, 9, 3], [1, 3, 16]]),
        # 8 x 0.5 = 4; 8 x 0.25 = 2; 8 x 0.125 = 1
        ("ad", [8, 0.5, 0.25], [[8, 4, 1], [4, 8, 2], [1, 2, 8]]),
        ("csh", [4, 9, 16, 0.5], [[4, 3, 4], [3, 9, 6], [4, 6, 16]]),
        ("cs", [3, 1], [[4, 1, 1], [1, 4, 1], [1, 1, 4]]),
        ("toep", [4, 2, 1], [[4, 2, 1], [2, 4, 2], [1, 2, 4]]),
        ("ar1", [8, 0.5], [[8, 4, 2], [4, 8, 4], [2, 4, 8]]),
        # range 1 / log 2: exp(-d log 2) = 2^-d
        ("sp_exp", [8, 1 / np.log(2)], [[8, 4, 2], [4, 8, 4], [2, 4, 8]]),
        # range 1 / sqrt(log 2): exp(-d^2 log 2) = 2^-(d^2)
        ("sp_gau", [8, 1 / np.sqrt(np.log(2))], [[8, 4, 0.5], [4, 8, 4], [0.5, 4, 8]]),
        ("us", [4, 3, 9, 2, 6, 16], [[4, 3, 2], [3, 9, 6], [2, 6, 16]]),
    ],
)
def test_value(name: str, theta: list[float], expected: list[list[float]]) -> None:
    found = evaluate_structure(name, np.array(theta, dtype=float), 3)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("name", STRUCTURES)
def test_derivatives(name: str) -> None:
    theta = POINTS[name]
    _, gradient, curvature = evaluate_structure(name, theta, M, order=2)
    for r in range(theta.size):
        h = 1e-5 * np.eye(theta.size)[r]
        slope = (sigma(name, theta + h) - sigma(name, theta - h)) / 2e-5
        # Central differences of step 1e-5 are good to about 1e-9.
        np.testing.assert_allclose(gradient[r], slope, atol=1e-8)
        bend = (evaluate_structure(name, theta + h, M)[1] - evaluate_structure(name, theta - h, M)[1]) / 2e-5
        np.testing.assert_allclose(
            np.zeros_like(bend) if curvature is None else curvature[r], bend, atol=1e-8
        )


def r_sigma(name: str, phi: np.ndarray) -> np.ndarray:
    """Sigma in the parameters of R mmrm, written down from its vignette."""
    if name == "us":
        lower = np.eye(M)
        lower[np.tril_indices(M, -1)] = phi[M:]
        factor = np.diag(np.exp(phi[:M])) @ lower
        return factor @ factor.T
    shape = structure(name)
    heads = M if shape.form == "heterogeneous" else 1
    if name == "sp_exp":
        return sigma(name, np.array([np.exp(phi[0]), -1 / np.log(1 / (1 + np.exp(-phi[1])))]))
    rho = phi[heads:] / np.sqrt(1 + phi[heads:] ** 2)
    if name in {"cs", "csh"}:
        # Since mmrm 0.3.16: from -1/3, the least of four visits, to 1.
        rho = 4 / 3 / (1 + np.exp(-phi[heads:])) - 1 / 3
    variance = np.exp(2 * phi[:heads])
    if name == "cs":
        return sigma(name, np.array([variance[0] * (1 - rho[0]), variance[0] * rho[0]]))
    return sigma(name, np.concatenate([variance, variance[0] * rho if name == "toep" else rho]))


def r_parameters(name: str) -> np.ndarray:
    theta = POINTS[name]
    if name == "us":
        factor = np.linalg.cholesky(sigma(name, theta))
        scaled = factor / np.diag(factor)[:, None]
        return np.concatenate([np.log(np.diag(factor)), scaled[np.tril_indices(M, -1)]])
    if name == "sp_exp":
        rho = np.exp(-1 / theta[1])
        return np.array([np.log(theta[0]), np.log(rho / (1 - rho))])
    heads = M if structure(name).form == "heterogeneous" else 1
    rho = theta[heads:]
    variance = theta[:heads]
    if name == "cs":
        variance, rho = np.array([4.5]), np.array([1.5 / 4.5])
    if name == "toep":
        rho = rho / variance
    if name in {"cs", "csh"}:
        share = (rho + 1 / 3) / (4 / 3)
        return np.concatenate([0.5 * np.log(variance), np.log(share / (1 - share))])
    return np.concatenate([0.5 * np.log(variance), rho / np.sqrt(1 - rho**2)])


# R's mmrm has no Gaussian structure.
@pytest.mark.parametrize("name", [name for name in STRUCTURES if name != "sp_gau"])
def test_second_derivatives_in_parameters_of_r(name: str) -> None:
    """Weighted second derivatives agree with differences taken in R's own parameters."""
    theta, phi = POINTS[name], r_parameters(name)
    np.testing.assert_allclose(r_sigma(name, phi), sigma(name, theta), rtol=1e-12)
    r = theta.size
    root = np.random.default_rng(1).normal(size=(r, r))
    weight_phi = root @ root.T
    h = 1e-3
    step = h * np.eye(r)
    expected = np.zeros((M, M))
    slopes = []
    for a in range(r):
        slopes.append(
            (r_sigma(name, phi + step[a] / 100) - r_sigma(name, phi - step[a] / 100)) / (2 * h / 100)
        )
        for b in range(r):
            corners = [
                r_sigma(name, phi + s * step[a] + t * step[b]) * s * t for s in (1, -1) for t in (1, -1)
            ]
            expected += weight_phi[a, b] * sum(corners) / (4 * h * h)
    _, gradient, _ = evaluate_structure(name, theta, M)
    # dSigma/dphi = sum_r E_r J[r, a]: solve for J by least squares.
    J = np.linalg.lstsq(gradient.reshape(r, -1).T, np.array(slopes).reshape(r, -1).T, rcond=None)[0]
    found = second_derivative_mean(name, theta, J @ weight_phi @ J.T, visits=M, parameters="mmrm")
    # Second differences of step 1e-3 are good to about 1e-5 of the largest entry.
    np.testing.assert_allclose(found, expected, atol=2e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", STRUCTURES)
def test_start_recovers_a_matrix_of_the_structure(name: str) -> None:
    found = start_values(name, sigma(name, POINTS[name]))
    assert found.size == count_parameters(name, M) == len(parameter_names(name, M))
    if name not in {"sp_exp", "sp_gau", "toeph", "ar1h", "csh"}:
        np.testing.assert_allclose(sigma(name, found), sigma(name, POINTS[name]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", STRUCTURES)
def test_one_visit(name: str) -> None:
    assert count_parameters(name, 1) == 1
    np.testing.assert_allclose(evaluate_structure(name, np.array([3.0]), 1, order=2)[0], [[3.0]])


def test_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'toeph'"):
        structure("toepl_h")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("us", ("UN(1,1)", "UN(2,1)", "UN(2,2)", "UN(3,1)", "UN(3,2)", "UN(3,3)")),
        ("toep", ("Variance", "TOEP(2)", "TOEP(3)")),
        ("toeph", ("Var(1)", "Var(2)", "Var(3)", "TOEPH(1)", "TOEPH(2)")),
        ("ar1", ("Variance", "AR(1)")),
        ("ar1h", ("Var(1)", "Var(2)", "Var(3)", "ARH(1)")),
        ("cs", ("Residual", "CS")),
        ("csh", ("Var(1)", "Var(2)", "Var(3)", "CSH")),
        ("ad", ("Variance", "Rho(1)", "Rho(2)")),
        ("adh", ("Var(1)", "Var(2)", "Var(3)", "Rho(1)", "Rho(2)")),
        ("sp_exp", ("Residual", "SP(EXP)")),
        ("sp_gau", ("Residual", "SP(GAU)")),
    ],
)
def test_names_of_the_parameters_of_three_visits(name: str, expected: tuple[str, ...]) -> None:
    """As SAS writes them: the second band of TOEP is TOEP(2), that of TOEPH is TOEPH(1)."""
    assert parameter_names(name, 3) == expected
    assert count_parameters(name, 3) == len(expected)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("us", [4, 6, 9, 10, 15, 25]),
        ("toep", [4, 4, 4]),
        ("cs", [4, 4]),
        ("ar1", [4, 1]),
        ("ad", [4, 1, 1]),
        ("sp_exp", [4, 1]),
        ("sp_gau", [4, 1]),
        ("ar1h", [4, 9, 25, 1]),
        ("toeph", [4, 9, 25, 1, 1]),
        ("csh", [4, 9, 25, 1]),
        ("adh", [4, 9, 25, 1, 1]),
    ],
)
def test_parameters_of_outcomes_in_another_unit(name: str, expected: list[float]) -> None:
    """Visits times 2, 3 and 5 (all times 2 without variances by visit): variances by the square, none of rho."""
    factors = [2.0, 3.0, 5.0] if name == "us" or len(expected) > 3 else [2.0] * 3
    assert parameter_scale(name, np.array(factors)).tolist() == expected
