"""A trial that allocates again at relapse, in words."""

from __future__ import annotations

from funis.design.pages.told import DesignTable, ToldDesign, draw_lines, percent
from funis.design.rerandomised import ArmsAtRelapse, SmartDesign, StrategiesCompared
from funis.design.two_arms import rates
from funis.documents.figure import FigureSpec
from funis.results.text import format_number, format_shortest

_AMONG = (
    "The arms are those of patients who relapsed and stayed: the contrast says nothing of those who did not "
    "relapse."
)
_SHARE = (
    "The number of patients hangs on the share that relapses, which reports of the same treatment do not "
    "agree on: ask with a low and a high one."
)
_UNKNOWN = "No study was found that measured what cells do when they are given at relapse: p1 is assumed."
_WHY_LOST = "Whoever leaves is taken to leave for no reason of the outcome."


def tell_smart(found: SmartDesign) -> ToldDesign:
    """Tell the size of a trial that allocates again at relapse."""
    normal, fisher = found.arms
    paragraph = (
        f"All patients are treated alike; {percent(found.relapse)} of them are expected to relapse in the "
        f"time in which relapses are allocated, and {percent(found.lost_before)} to leave before. Whoever "
        f"relapses is allocated 1:1. Good outcomes of {percent(found.p1)} and {percent(found.p2)} of the "
        f"arms are told apart with a two-sided error of {format_shortest(found.alpha)} and a power of "
        f"{percent(found.asked_power, 0)} by {normal.analysed[0]} and {normal.analysed[1]} patients "
        f"(normal approximation), or {fisher.analysed[0]} and {fisher.analysed[1]} (Fisher's exact test); "
        f"with {percent(found.lost_after)} lost after the allocation that is {normal.relapses} or "
        f"{fisher.relapses} relapses, and {normal.enrolled} or {fisher.enrolled} patients to enrol. To "
        f"have the relapses with a chance of 90%, {normal.enrolled_sure} or {fisher.enrolled_sure} are "
        f"enrolled. In simulated trials of {normal.enrolled} patients the power is "
        f"{_simulated(found.power, found.power_error)}."
    )
    if found.strategies is not None:
        paragraph += _tell_strategies(found.strategies)
    tables = [_list_arms(found), _list_strategies(found)]
    return ToldDesign(
        "Allocated again at relapse (SMART)",
        {
            "Relapse": percent(found.relapse),
            "Good outcome, by arm": f"{percent(found.p1)}, {percent(found.p2)}",
            "Good outcome without relapse": percent(found.kept),
            "Lost before, after": f"{percent(found.lost_before)}, {percent(found.lost_after)}",
            "Error (two-sided)": format_shortest(found.alpha), "Power": percent(found.asked_power, 0),
            "Seed": str(found.seed),
        },
        paragraph, tuple(tables), _draw(found), (_UNKNOWN, _SHARE, _AMONG, _WHY_LOST),
    )  # fmt: skip


def _simulated(power: float, error: float) -> str:
    return f"{percent(power)} (Monte Carlo standard error {format_number(100 * error, 1)} percentage points)"


def _tell_strategies(found: StrategiesCompared) -> str:
    one, other = found.means
    return (
        " The strategy is compared with one that begins with another treatment, to which half are "
        f"allocated at entry: with good outcomes of {percent(one)} and {percent(other)} of all patients, "
        f"{found.enrolled} patients have the power by the weighted test (Ko and Wahed 2012); in simulated "
        f"trials it is {_simulated(found.power, found.power_error)}. The arms at relapse of one of them "
        "then need twice the patients to enrol."
    )


def _list_arms(found: SmartDesign) -> DesignTable:
    rows = tuple(_arms_row(each) for each in found.arms)
    heads = ("Test", "With an outcome, by arm", "Allocated, by arm", "Relapses", "Enrolled, on average",
             "Enrolled, for 90%")  # fmt: skip
    note = (
        "For 90%: so many bring the relapses with a chance of 90%; on average, about half the trials do not."
    )
    return DesignTable("The arms at relapse", heads, rows, (note,))


def _arms_row(each: ArmsAtRelapse) -> tuple[str, ...]:
    return (
        each.test, " and ".join(map(str, each.analysed)), " and ".join(map(str, each.allocated)),
        str(each.relapses), str(each.enrolled), str(each.enrolled_sure),
    )  # fmt: skip


def _list_strategies(found: SmartDesign) -> DesignTable:
    rows = [
        (f"Same first treatment, then arm {number}", percent(mean))
        for number, mean in enumerate(found.means, 1)
    ]
    if found.strategies is not None:
        rows.append(("Other first treatment", percent(found.strategies.means[1])))
    note = (
        "Share of all patients with a good outcome if everybody followed the strategy. The first two "
        "differ by the contrast of the arms times the share that relapses; the test of the arms is their "
        "test."
    )
    return DesignTable("The strategies", ("Strategy", "Good outcome"), tuple(rows), (note,))


def _draw(found: SmartDesign) -> FigureSpec:
    """Draw the patients to enrol by the share that relapses: what nobody knows decides."""
    size = rates(found.p1, found.p2, alpha=found.alpha, power=found.asked_power)
    shares = [round(0.05 * step, 2) for step in range(1, 20)]

    def enrolled(analysed: tuple[int, int], relapse: float) -> float:
        return sum(analysed) / (1 - found.lost_after) / (1 - found.lost_before) / relapse

    lines = {
        "Normal approximation": [(100 * share, enrolled(size.n, share)) for share in shares],
        "Fisher's exact test": [(100 * share, enrolled(size.n_fisher, share)) for share in shares],
    }
    normal = found.arms[0]
    return draw_lines(
        lines, title="Patients to enrol, by the share that relapses", across="Relapse (%)",
        up="Patients to enrol", references=(100 * found.relapse,),
        alt=f"{normal.enrolled} patients at a relapse of {percent(found.relapse)}.",
        notes=("Upright line: the relapse that was asked.",),
    )  # fmt: skip
