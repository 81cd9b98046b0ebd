"""Two arms in words: means, rates, repeated measures, times to an event."""

from __future__ import annotations

import math

from scipy import special

from funis.design.events import LogRankDesign
from funis.design.noncentral import power_of_t
from funis.design.pages.told import DesignTable, ToldDesign, draw_lines, percent
from funis.design.repeated import RepeatedDesign
from funis.design.two_arms import MeansDesign, RatesDesign
from funis.results.text import format_number, format_shortest

_UNEVEN = (
    "Exact power does not rise evenly: the size for Fisher's test is the first of five in a row that have it."
)
_WATCHED = "Chance of an event while watched"
_LOST = "The number holds patients who can be analysed: add those that will be lost."


def _shown_arms(n: tuple[int, int]) -> str:
    return f"{n[0]} and {n[1]} patients"


def _approximate(effect: float, spread: float, alpha: float) -> float:
    """Give the power of a normal test."""
    return float(special.ndtr(abs(effect) / spread - special.ndtri(1 - alpha / 2)))


def tell_means(found: MeansDesign) -> ToldDesign:
    """Tell the comparison of two means."""
    paragraph = (
        f"A difference of two means of {format_shortest(found.difference)} with a standard deviation of "
        f"{format_shortest(found.sd)} in either arm is tested by a t test with a two-sided error of "
        f"{format_shortest(found.alpha)}: {_shown_arms(found.n)} have a power of {percent(found.power)}."
    )

    def power(first: int) -> float:
        second = found.ratio * first
        shift = abs(found.difference) / found.sd / math.sqrt(1 / first + 1 / second)
        return power_of_t(shift, first + second - 2, found.alpha)

    least = max(3, math.ceil(2 / found.ratio))
    figure = draw_lines(
        {"Power": [(float(n), power(n)) for n in range(least, 2 * found.n[0] + 5)]},
        title="Power by the size of the first arm", across="Patients in the first arm",
        in_whole=True, up="Power (%)",
        in_percent=True, references=(found.n[0],),
        alt=f"Power is {percent(found.power)} with {_shown_arms(found.n)}.",
    )  # fmt: skip
    rows = (
        ("whole", str(found.n[0]), str(found.n[1]), str(sum(found.n)), percent(found.power)),
        ("exact", format_number(found.n_exact / (1 + found.ratio), 2),
         format_number(found.n_exact * found.ratio / (1 + found.ratio), 2), format_number(found.n_exact, 2),
         percent(found.asked_power)),
    )  # fmt: skip
    return ToldDesign(
        "Two means", {
            "Difference": format_shortest(found.difference), "SD": format_shortest(found.sd),
            "Error (two-sided)": format_shortest(found.alpha), "Power": percent(found.asked_power, 0),
        }, paragraph,
        (DesignTable("Patients", ("Numbers", "First arm", "Second arm", "Both", "Power"), rows),), figure,
        (_LOST, "An analysis that adjusts for the value at baseline needs fewer patients."),
    )  # fmt: skip


def tell_rates(found: RatesDesign) -> ToldDesign:
    """Tell the comparison of two rates."""
    paragraph = (
        f"Response rates of {percent(found.p1)} and {percent(found.p2)} are compared with a two-sided "
        f"error of {format_shortest(found.alpha)}. By the normal approximation {_shown_arms(found.n)} have "
        f"a power of {percent(found.asked_power, 0)}; Fisher's exact test has "
        f"{percent(found.power_fisher)} with them and reaches the power with {_shown_arms(found.n_fisher)} "
        f"({percent(found.power_at_n_fisher)})."
    )
    pooled = (found.p1 + found.ratio * found.p2) / (1 + found.ratio)

    def power(first: float) -> float:
        null = math.sqrt(pooled * (1 - pooled) * (1 + 1 / found.ratio) / first)
        other = math.sqrt((found.p1 * (1 - found.p1) + found.p2 * (1 - found.p2) / found.ratio) / first)
        reach = abs(found.p1 - found.p2) - special.ndtri(1 - found.alpha / 2) * null
        return float(special.ndtr(reach / other))

    figure = draw_lines(
        {"Power, normal approximation": [(float(n), power(n)) for n in range(5, 2 * found.n_fisher[0] + 5)]},
        title="Power by the size of the first arm", across="Patients in the first arm",
        in_whole=True, up="Power (%)",
        in_percent=True, references=(found.n[0], found.n_fisher[0]),
        alt=f"The approximation reaches the power with {found.n[0]} in the first arm, Fisher's test with "
        f"{found.n_fisher[0]}.",
        notes=("Upright lines: sizes by the approximation, and for Fisher's exact test.",),
    )  # fmt: skip
    rows = (
        ("Normal approximation", *map(str, found.n), str(sum(found.n)), percent(found.power_fisher)),
        ("Fisher's exact test", *map(str, found.n_fisher), str(sum(found.n_fisher)),
         percent(found.power_at_n_fisher)),
    )  # fmt: skip
    return ToldDesign(
        "Two response rates", {
            "Rates": f"{percent(found.p1)} and {percent(found.p2)}",
            "Error (two-sided)": format_shortest(found.alpha), "Power": percent(found.asked_power, 0),
        }, paragraph,
        (DesignTable("Patients", ("By", "First arm", "Second arm", "Both", "Power of Fisher's test"), rows),),
        figure, (_LOST, _UNEVEN),
    )  # fmt: skip


def tell_repeated(found: RepeatedDesign) -> ToldDesign:
    """Tell the design of a mixed model for repeated measures."""
    first, second = found.retention
    kept = (
        f"{percent(first[-1], 0)}"
        if first == second
        else f"{percent(first[-1], 0)} and {percent(second[-1], 0)}"
    )
    paragraph = (
        f"A difference of the arms of {format_shortest(found.difference)} at the last of {len(first)} "
        f"visits, with a standard deviation of {format_shortest(found.sd)} there, is tested by a mixed "
        f"model for repeated measures with a two-sided error of {format_shortest(found.alpha)}; {kept} of "
        f"the patients are still seen at that visit. With {found.structure} correlations of "
        f"{format_shortest(found.correlation)}, {_shown_arms(found.n)} have a power of "
        f"{percent(found.power)} (Lu, Luo and Chen 2008); an analysis of those with the last visit alone "
        f"would need {_shown_arms(found.n_completers)}."
    )

    def power(size: int) -> float:
        spread = found.sd * math.sqrt(found.inflation[0] / size + found.inflation[1] / (found.ratio * size))
        return _approximate(found.difference, spread, found.alpha)

    figure = draw_lines(
        {"Power": [(float(n), power(n)) for n in range(4, 2 * found.n[0] + 5)]},
        title="Power by the size of the first arm", across="Patients in the first arm",
        in_whole=True, up="Power (%)",
        in_percent=True, references=(found.n[0],),
        alt=f"Power is {percent(found.power)} with {_shown_arms(found.n)}.",
    )  # fmt: skip
    return ToldDesign(
        "Repeated measures in two arms", {
            "Difference": format_shortest(found.difference), "SD": format_shortest(found.sd),
            "Still seen": ", ".join(percent(each, 0) for each in first),
            "Error (two-sided)": format_shortest(found.alpha), "Power": percent(found.asked_power, 0),
        }, paragraph, (_list_arms(found),), figure,
        (
            "The formula is one of large samples: below about 30 patients an arm add two or three to each.",
            ("Those who leave are taken to be like those who stay with the same values before "
            "(missing at random)."),
        ),
    )  # fmt: skip


def _list_arms(found: RepeatedDesign) -> DesignTable:
    rows = (
        ("Mixed model", *map(str, found.n), str(sum(found.n))),
        ("Last visit alone", *map(str, found.n_completers), str(sum(found.n_completers))),
    )
    return DesignTable("Patients", ("Analysis", "First arm", "Second arm", "Both"), rows)


def tell_logrank(found: LogRankDesign) -> ToldDesign:
    """Tell the comparison of two survival curves."""
    lost = f", with {percent(found.dropout)} lost in each unit of time" if found.dropout else ""
    paragraph = (
        "Times to an event are compared by the log-rank test with a two-sided error of "
        f"{format_shortest(found.alpha)}: {found.events} events have a power of "
        f"{percent(found.asked_power, 0)} to show a hazard ratio of {format_shortest(found.hazard_ratio)} "
        f"(Schoenfeld 1981). With a median of {format_shortest(found.median)} in the first arm, "
        f"recruitment over {format_shortest(found.accrual)} and {format_shortest(found.follow_up)} more of "
        f"follow-up{lost}, {_shown_arms(found.n)} give them."
    )

    def power(events: int) -> float:
        weight = math.sqrt(events * found.ratio) / (1 + found.ratio)
        return _approximate(math.log(found.hazard_ratio), 1 / weight, found.alpha)

    figure = draw_lines(
        {"Power": [(float(d), power(d)) for d in range(4, 2 * found.events + 5)]},
        title="Power by the number of events", across="Events in both arms",
        in_whole=True, up="Power (%)", in_percent=True,
        references=(found.events,),
        alt=f"Power is {percent(found.asked_power, 0)} with {found.events} events.",
    )  # fmt: skip
    rows = (
        ("Events (Schoenfeld)", str(found.events)),
        ("Events (Freedman)", str(found.events_freedman)),
        ("Chance of an event while watched, first arm", percent(found.event_chance[0])),
        ("Chance of an event while watched, second arm", percent(found.event_chance[1])),
        ("Patients", _shown_arms(found.n)),
    )
    return ToldDesign(
        "Two survival curves (log-rank)", {
            "Hazard ratio": format_shortest(found.hazard_ratio),
            "Median, first arm": format_shortest(found.median),
            "Error (two-sided)": format_shortest(found.alpha), "Power": percent(found.asked_power, 0),
        }, paragraph, (DesignTable("Events and patients", ("What", "Number"), rows),), figure,
        (
            ("The number of events gives the power; the number of patients hangs on the median, which "
            "few trials know. Print it for a short and for a long one."),
            "Hazards are taken to keep their ratio; a treatment whose effect wanes does not.",
        ),
    )  # fmt: skip
