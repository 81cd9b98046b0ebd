"""P values adjusted for several tests.

All functions keep the order of the input. An adjusted P value is the smallest level at which its hypothesis
is rejected, so it is compared with alpha itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from funis.arguments import SIZE, Numbers, takes
from funis.errors import ShapeError, ValueRangeError
from funis.stats.sample import Floats, Integers, check_probability


def _p_values(p: npt.ArrayLike) -> tuple[Floats, Integers]:
    """Give the P values and the order that sorts them."""
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1:
        raise ShapeError(f"P values: found an array of shape {values.shape}; one dimension is needed.")
    bad = np.flatnonzero(~((values >= 0.0) & (values <= 1.0)))
    if bad.size:
        raise ValueRangeError(
            f"P value at position {bad[0]}",
            float(values[bad[0]]),
            "0 to 1",
            "Leave out tests without a P value.",
        )
    return values, np.argsort(values, kind="stable")


def _in_place(ordered: Floats, order: Integers) -> Floats:
    """Put adjusted values back in the order of the input, none above 1."""
    result = np.empty_like(ordered)
    result[order] = np.minimum(ordered, 1.0)
    return result


def bonferroni(p: npt.ArrayLike) -> Floats:
    """Multiply each P value by the number of tests.

    Parameters
    ----------
    p : float array, shape (m,), each in 0 to 1; m may be 0

    Returns
    -------
    float array, shape (m,), in the order of the input

    Raises
    ------
    ShapeError, ValueRangeError : the array has not one dimension; a P value is missing or outside 0 to 1

    Source
    ------
    Dunn 1961 (J Am Stat Assoc 56: 52).

    Examples
    --------
    >>> bonferroni([0.01, 0.5]).tolist()
    [0.02, 1.0]
    """
    values, _ = _p_values(p)
    return np.minimum(values * values.size, 1.0)


def holm(p: npt.ArrayLike) -> Floats:
    """Adjust by Holm's step-down procedure; valid whatever the dependence.

    Parameters, returns and errors are those of `bonferroni`.

    Source
    ------
    Holm 1979 (Scand J Stat 6: 65).

    Checked against
    ---------------
    tests/reference/adjust_r : R 4.2.2 p.adjust

    Examples
    --------
    >>> [float(x) for x in holm([0.01, 0.04, 0.03]).round(4)]
    [0.03, 0.06, 0.06]
    """
    values, order = _p_values(p)
    steps = values.size - np.arange(values.size)
    return _in_place(np.maximum.accumulate(steps * values[order]), order)


def hochberg(p: npt.ArrayLike) -> Floats:
    """Adjust by Hochberg's step-up procedure; valid for independent or positively dependent tests.

    Parameters, returns and errors are those of `bonferroni`.

    Source
    ------
    Hochberg 1988 (Biometrika 75: 800).

    Checked against
    ---------------
    tests/reference/adjust_r : R 4.2.2 p.adjust

    Examples
    --------
    >>> [float(x) for x in hochberg([0.01, 0.04, 0.03]).round(4)]
    [0.03, 0.04, 0.04]
    """
    values, order = _p_values(p)
    steps = values.size - np.arange(values.size)
    return _in_place(np.minimum.accumulate((steps * values[order])[::-1])[::-1], order)


def hommel(p: npt.ArrayLike) -> Floats:
    """Adjust by Hommel's procedure, the closure of Simes' test; assumptions as for Hochberg.

    Parameters, returns and errors are those of `bonferroni`.

    Source
    ------
    Hommel 1988 (Biometrika 75: 383); algorithm of Wright 1992 (Biometrics 48: 1005), appendix.

    Checked against
    ---------------
    tests/reference/adjust_r : R 4.2.2 p.adjust

    Examples
    --------
    >>> [float(x) for x in hommel([0.01, 0.04, 0.03]).round(4)]
    [0.03, 0.04, 0.04]
    """
    values, order = _p_values(p)
    m = values.size
    if m < 2:
        return values.copy()
    ranked = values[order]
    adjusted = np.full(m, float((m * ranked / np.arange(1, m + 1)).min()))
    simes = adjusted.copy()
    for size in range(m - 1, 1, -1):
        small, large = np.arange(m - size + 1), np.arange(m - size + 1, m)
        least = float((size * ranked[large] / np.arange(2, size + 1)).min())
        simes[small] = np.minimum(size * ranked[small], least)
        simes[large] = simes[m - size]
        adjusted = np.maximum(adjusted, simes)
    return _in_place(np.maximum(adjusted, ranked), order)


@takes(p=Numbers())
def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjust to control the false discovery rate, not the family-wise error.

    Parameters, returns and errors are those of `bonferroni`.

    Source
    ------
    Benjamini and Hochberg 1995 (J R Stat Soc B 57: 289).

    Checked against
    ---------------
    tests/reference/adjust_r : R 4.2.2 p.adjust

    Examples
    --------
    >>> [float(x) for x in benjamini_hochberg([0.01, 0.04, 0.03]).round(4)]
    [0.03, 0.04, 0.04]
    """
    values, order = _p_values(p)
    steps = values.size / np.arange(1, values.size + 1)
    return _in_place(np.minimum.accumulate((steps * values[order])[::-1])[::-1], order)


def fixed_sequence(p: npt.ArrayLike) -> Floats:
    """Adjust tests made one after the other in a planned order, each at full level while all before hold.

    Parameters, returns and errors are those of `bonferroni`; the order of the input is the planned order.

    Source
    ------
    Maurer, Hothorn and Lehmacher 1995 (Biometrie in der chemisch-pharmazeutischen Industrie 6: 3).

    Examples
    --------
    >>> fixed_sequence([0.01, 0.04, 0.03]).tolist()
    [0.01, 0.04, 0.04]
    """
    values, _ = _p_values(p)
    return np.maximum.accumulate(values)


@dataclass(frozen=True, slots=True)
class Gatekeeping:
    """Outcome of a graphical procedure.

    Attributes
    ----------
    adjusted : shape (m,), adjusted P values in the order of the input
    rejected : shape (m,), True where the hypothesis is rejected at `alpha`
    order : positions of the hypotheses as the procedure took them, first the one with the least P
        in proportion to its share of the level
    alpha : family-wise level
    """

    adjusted: Floats
    rejected: npt.NDArray[np.bool_]
    order: tuple[int, ...]
    alpha: float


def gatekeeping(
    p: npt.ArrayLike, weights: Sequence[float], transitions: npt.ArrayLike, *, alpha: float = 0.05
) -> Gatekeeping:
    """Test a family of hypotheses by a graph that passes the level on after each rejection.

    Holm, the fixed sequence, fall-back and gatekeeping are such graphs; `parallel_graph` builds one.

    Parameters
    ----------
    p : float array, shape (m,), each in 0 to 1
    weights : m numbers >= 0 with sum at most 1, each hypothesis' share of alpha at the start
    transitions : float array, shape (m, m); row i says how the share of i is passed on when i is rejected:
        entries >= 0, zero diagonal, row sums at most 1
    alpha : float in (0, 1), family-wise level

    Returns
    -------
    Gatekeeping

    Raises
    ------
    ShapeError, ValueRangeError : shapes differ, or weights or transitions break the rules above

    Source
    ------
    Bretz, Maurer, Brannath and Posch 2009 (Stat Med 28: 586), algorithm 1 and its adjusted P values (alg. 2).

    Examples
    --------
    >>> found = gatekeeping([0.02, 0.04], [1.0, 0.0], [[0, 1], [0, 0]])
    >>> found.adjusted.tolist(), found.rejected.tolist()
    ([0.02, 0.04], [True, True])
    """
    values, _ = _p_values(p)
    share = np.array(weights, dtype=np.float64)
    graph = np.array(transitions, dtype=np.float64)
    _check_graph(values, share, graph)
    check_probability(alpha, "alpha")
    adjusted = np.ones(values.size)
    left = list(range(values.size))
    order: list[int] = []
    highest = 0.0
    while left:
        demand = {i: _demand(values[i], share[i]) for i in left}
        taken = min(left, key=lambda i: demand[i])
        if np.isinf(demand[taken]):
            break  # no level can reach those that are left
        highest = max(highest, demand[taken])
        adjusted[taken] = min(1.0, highest)
        order.append(taken)
        left.remove(taken)
        share, graph = _passed_on(share, graph, taken, left)
    return Gatekeeping(adjusted, adjusted <= alpha, tuple(order), alpha)


def _demand(p: float, share: float) -> float:
    """Give the level at which a hypothesis with this share of it is rejected."""
    return float(p / share) if share > 0.0 else float("inf")


def _check_graph(p: Floats, share: Floats, graph: Floats) -> None:
    """Refuse weights or transitions that would break the family-wise level."""
    m = p.size
    if share.shape != (m,) or graph.shape != (m, m):
        raise ShapeError(
            f"graph: found {m} P values, {share.size} weights and transitions of shape {graph.shape}; "
            f"{m} weights and shape ({m}, {m}) are needed."
        )
    if np.any(share < 0) or share.sum() > 1 + 1e-9:
        raise ValueRangeError("weights", share.tolist(), "numbers >= 0 with sum at most 1")
    if np.any(graph < 0) or np.any(graph.sum(axis=1) > 1 + 1e-9) or np.any(np.diag(graph) != 0):
        raise ValueRangeError(
            "transitions", graph.tolist(), "entries >= 0, zero diagonal, row sums at most 1"
        )


def _passed_on(share: Floats, graph: Floats, taken: int, left: list[int]) -> tuple[Floats, Floats]:
    """Give shares and transitions after a rejection (steps 3 and 4 of the algorithm)."""
    new_share, new_graph = np.zeros_like(share), np.zeros_like(graph)
    for i in left:
        new_share[i] = share[i] + share[taken] * graph[taken, i]
        back = graph[i, taken] * graph[taken, i]
        if back >= 1.0:
            continue
        for j in left:
            if j != i:
                new_graph[i, j] = (graph[i, j] + graph[i, taken] * graph[taken, j]) / (1.0 - back)
    return new_share, new_graph


def serial_gatekeeping(p: npt.ArrayLike, families: Sequence[int]) -> Floats:
    """Adjust by Holm within each family, opening the next family only when all of one are rejected.

    Parameters
    ----------
    p : float array, shape (m,), each in 0 to 1, family after family
    families : sizes of the families in their order, each 1 or more, with sum m

    Returns
    -------
    float array, shape (m,), in the order of the input

    Raises
    ------
    ShapeError, ValueRangeError : as `bonferroni`, or the sizes do not add up to m

    Source
    ------
    Westfall and Krishen 2001 (J Stat Plan Inference 99: 25); Bretz and others 2009, figure 5.

    Examples
    --------
    >>> serial_gatekeeping([0.01, 0.02, 0.2], [1, 2]).tolist()
    [0.01, 0.04, 0.2]
    """
    values, _ = _p_values(p)
    if any(size < 1 for size in families) or sum(families) != values.size:
        raise ValueRangeError(
            "sizes of the families", list(families), f"1 or more each, {values.size} in all"
        )
    adjusted = np.empty(values.size)
    start, gate = 0, 0.0
    for size in families:
        family = slice(start, start + size)
        adjusted[family] = np.maximum(holm(values[family]), gate)
        gate = float(adjusted[family].max())
        start += size
    return adjusted


@takes(first=SIZE, second=SIZE)
def parallel_graph(first: int, second: int) -> tuple[list[float], Floats]:
    """Build the graph of parallel gatekeeping: a rejection in the first family feeds the second.

    Bonferroni in the first family, Holm in the second with whatever share has come down.

    Parameters
    ----------
    first, second : sizes of the two families, each 1 or more

    Returns
    -------
    weights and transitions for `gatekeeping`

    Source
    ------
    Dmitrienko, Offen and Westfall 2003 (Stat Med 22: 2387) as a graph in Bretz and others 2009, figure 6.

    Examples
    --------
    >>> weights, transitions = parallel_graph(2, 1)
    >>> [float(x) for x in gatekeeping([0.01, 0.2, 0.02], weights, transitions).adjusted.round(6)]
    [0.02, 0.4, 0.04]
    """
    if first < 1 or second < 1:
        raise ValueRangeError("sizes of the families", (first, second), "1 or more each")
    total = first + second
    graph = np.zeros((total, total))
    graph[:first, first:] = 1.0 / second
    if second > 1:
        graph[first:, first:] = (1.0 - np.eye(second)) / (second - 1)
    return [1.0 / first] * first + [0.0] * second, graph
