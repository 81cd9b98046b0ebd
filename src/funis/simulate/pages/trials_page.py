"""Virtual trials in words and pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from funis.design.pages.told import DesignTable, percent
from funis.documents.colours import GROUPS
from funis.documents.document import Prose, plain
from funis.documents.figure import FigureSpec, Spec, finish, fit, wrapped_axis
from funis.documents.table import Inline
from funis.results import name_sustained
from funis.results.text import format_number, format_shortest
from funis.simulate.calibration import CalibratedParameter
from funis.simulate.pages.calibration_page import draw_parameters, table_parameters
from funis.simulate.pages.opened_numbers import (
    COUNTS,
    ESTIMATES,
    OpenedNumber,
    build_numbers,
    name_number,
    open_rows,
    open_words,
    shares_of,
)  # fmt: skip
from funis.simulate.pages.simulation_page import ToldSimulation
from funis.simulate.pages.sjogren_assumed_rows import tell_what_is_unknown
from funis.simulate.pages.trial_assumptions import list_assumptions
from funis.simulate.trials.characteristics import Characteristic
from funis.simulate.trials.drawn_worlds import digest_of_worlds
from funis.simulate.trials.later_course import later_relapse, waits
from funis.simulate.trials.one_trial import NO_RESPONSE, UNFOUNDED, UNSEEN
from funis.simulate.trials.simulated import WORLDS_FILE, SimulatedTrials
from funis.simulate.trials.true_values import TRUE_SIZE, TRUE_SIZE_AGAIN, TRUE_TRIALS, counts_the_lost
from funis.stats.proportion import wilson
from funis.study.courses import AT_RELAPSE
from funis.study.model import Study

_SHOWN_CLASSES: Final = ("responder", "MCR", "PCR", "")
_ROOM: Final = 330.0
# A share has one interval here; what it is called stands under the table.
_METHODS: Final = {"clopper_pearson": "", "wilcoxon": "Wilcoxon", "mmrm": "MMRM"}
_AMONG: Final = {"at_risk": "of those at risk"}
_SURE: Final = 0.95
_CARRIED: Final = (
    "What is not known of the disease is carried through, as far as the priors allow: how much of the fall "
    "is the cells' is decided by the prior. Bias and coverage are not told, because each trial estimates "
    "another truth; whom the centres let in, how findings come and how a trial is run are not drawn."
)
_AT_FIXED: Final = "Power at fixed values"
_ERROR: Final = "95% interval of the Monte Carlo error"


def tell_trials(found: SimulatedTrials) -> ToldSimulation:
    """Tell what virtual trials say of a design."""
    plan = found.plan
    asked = {
        "Study": plan.study.trial.title,
        "Scenario": f"{plan.scenario.name}: {plan.scenario.label}",
        "Disease": "its own in each trial, from the posterior" if plan.worlds else "that of the scenario",
        "Trials": f"{found.trials:,} of {plan.patients} patients",
        "Seed": str(plan.seed),
        "Fingerprint": found.key,
    }
    powers, coverage = (_of(found, kind) for kind in ("power", "coverage"))
    alone = found.at_fixed
    drawn = (
        _draw_shares(plan.study, powers, "Share of trials with P below the level", "power"),
        _draw_shares(plan.study, coverage, "Share of intervals that hold the true value", "coverage"),
    )
    figures = [
        replace(each, footnotes=(*each.footnotes, _origin(found))) for each in drawn if each is not None
    ]
    opened = _open_tables(found, powers, coverage)
    answer = _answer(found, powers)
    rest = (table_parameters(plan.drawn),) if plan.drawn else ()
    if plan.drawn:
        figures.append(draw_parameters(plan.drawn))
    return ToldSimulation(
        "Virtual trials", "funis simulate", asked, answer,
        tuple(figures), (*(
            replace(each, notes=(*each.notes, _origin(alone if alone and each.title == _AT_FIXED else found)))
            for each, _ in opened
            # Where each trial has a world of its own there is no truth, and no bias and coverage.
            if each.rows or not (plan.worlds or each.title == _AT_FIXED)
        ), *rest),
        list_assumptions(plan), _beware(found),
        build_numbers(found, (number for _, numbers in opened for number in numbers)),
        tuple(_open_answer(plan.study, line, powers) for line in answer),
    )  # fmt: skip


def _open_tables(
    found: SimulatedTrials, powers: list[Characteristic], coverage: list[Characteristic]
) -> list[tuple[DesignTable, list[OpenedNumber]]]:
    """Give the tables of the page, each with the numbers that open in it."""
    fixed = [] if found.at_fixed is None else _shown(found.at_fixed.characteristics)
    biases, means = _of(found, "bias"), [each for each in found.characteristics if each.kind == "mean"]
    return [
        open_rows(
            _table_powers(found.plan.study, powers, is_averaged=bool(found.plan.worlds)),
            powers,
            shares_of("Share of trials with P below the level"),
        ),
        open_rows(
            _table_at_fixed(found.plan.study, fixed),
            fixed,
            shares_of("Share of trials with P below the level, one disease"),
        ),
        open_rows(_table_estimates(found), biases, ESTIMATES),
        open_rows(
            _table_coverage(found.plan.study, coverage),
            coverage,
            shares_of("Share of intervals that hold the truth"),
        ),
        open_rows(_table_load(found), means, COUNTS),
    ]


def _open_answer(study: Study, line: str, powers: Iterable[Characteristic]) -> Prose:
    """Let the numbers of the sentence about a test open, as in its row of the table."""
    for each in powers:
        start = f"{name_place(study, each.where)}: P below "
        if line.startswith(start):
            shown = (
                (percent(each.value), name_number(each)),
                (_between(each), name_number(each, "interval")),
            )
            return (Inline(start), *open_words(line.removeprefix(start), shown))
    return plain(line)


def _origin(found: SimulatedTrials) -> str:
    """Say what every number of a table or a figure was made of, so that it can be made again."""
    plan = found.plan
    return (
        f"Scenario {plan.scenario.name}, seed {plan.seed}, trials 0 to {found.trials - 1:,}, fingerprint "
        f"{found.key}; each trial can be drawn again alone by its number."
    )


def _of(found: SimulatedTrials, kind: str) -> list[Characteristic]:
    return _shown(each for each in found.characteristics if each.kind == kind)


def _shown(rows: Iterable[Characteristic]) -> list[Characteristic]:
    return [
        each
        for each in rows
        if each.where["category"] in _SHOWN_CLASSES
        and each.where["method"] != "wilson"
        and each.where["analysis"] != "conduct"
    ]


def name_place(study: Study, where: dict[str, str]) -> str:
    """Name what a number is of, in the words of the study file."""
    endpoint = next((each for each in study.endpoints if each.id == where["endpoint"]), None)
    visit = next((each.printed for each in study.visits if each.name == where["visit"]), "")
    after = " after the relapse" if visit and where["analysis"] == AT_RELAPSE else ""
    words = [endpoint.label if endpoint is not None and endpoint.label else where["endpoint"], visit + after]
    if endpoint is not None and len(endpoint.variables) > 1:
        # Several scores of one endpoint have the same label: each is told by its own name.
        words.insert(1, where["variable"].removesuffix("_change").replace("_", " "))
    words += ["kept to the end"] if where["variable"].endswith(name_sustained("")) else []
    method = where["method"].replace("_", " ")
    words += [where["category"].replace("_", " "), _METHODS.get(where["method"], method)]
    if where["population"] not in {"", "treated"}:
        words.append(_AMONG.get(where["population"], f"of {where['population'].replace('_', ' ')}"))
    if where["analysis"] == AT_RELAPSE and where["contrast"]:
        words.append(f"{where['arm']} minus {where['contrast']}")
    elif where["contrast"] not in {"", "all"}:
        words.append(f"against {where['contrast']}")
    elif where["arm"] not in {"", "all"}:
        words.append(f"arm {where['arm']}")
    return ", ".join(word for word in words if word)


def _answer(found: SimulatedTrials, powers: list[Characteristic]) -> tuple[str, ...]:
    plan = found.plan
    passed = (
        f"{found.trials:,} trials of {plan.patients} patients were drawn item by item in the scenario "
        f"“{plan.scenario.label}”, and went through the checks, scores, responses and statistics that "
        "recorded data go through."
    )
    lines = [passed]
    if plan.worlds:
        lines.append(
            f"Each trial has a disease of its own, one of {len(plan.worlds):,} draws from the posterior of "
            "the calibrated model: the share of significant trials is an assurance, the power averaged "
            f"over what the published figures leave open. The draws stand in {WORLDS_FILE}, SHA-256 "
            f"{digest_of_worlds(plan.worlds)}."
        )
    # Where a relapse is allocated to arms, their difference is what the trial is for.
    asked = [each for each in powers if each.where["analysis"] == AT_RELAPSE] or powers
    if asked:
        first = asked[0]
        lines.append(
            f"{name_place(plan.study, first.where)}: P below {format_shortest(plan.study.trial.alpha)} in "
            f"{percent(first.value)} of the trials (95% interval of the Monte Carlo error "
            f"{' to '.join(map(percent, limits_of(first)))})."
        )
        alone = () if found.at_fixed is None else found.at_fixed.characteristics
        same = next((each for each in alone if each.where == first.where), None)
        if same is not None:
            lines.append(
                "The same trials in one disease, that of the scenario, as if it were known: "
                f"{percent(same.value)} ({' to '.join(map(percent, limits_of(same)))})."
            )
    if plan.drawn:
        lines.append(_say_who_decides(plan.drawn))
    if not plan.study.arms and plan.scenario.effect == 0 and powers:
        lines.append(
            "In this scenario the cells do nothing. A change in one arm may be significant all the same, "
            "because patients who enter for active disease improve without them: significance in one arm is "
            "no evidence of an effect."
        )
    return tuple(lines)


def _say_who_decides(drawn: Iterable[CalibratedParameter]) -> str:
    """Say which parameters the published figures decide, and which stand as the prior has them."""
    by: dict[str, list[str]] = {}
    for each in drawn:
        by.setdefault(each.told, []).append(each.parameter.name)
    said = [f"{told}: {'; '.join(names)}" for told, names in by.items()]
    return f"Who decides what was drawn. {'. '.join(line[:1].upper() + line[1:] for line in said)}."


def limits_of(share: Characteristic) -> tuple[float, float]:
    """Give the limits of a share of trials: wide where all or none of a few trials had it."""
    found = wilson(round(share.value * share.trials), share.trials, _SURE)
    return found.lower, found.upper


def _draw_shares(study: Study, rows: Iterable[Characteristic], title: str, kind: str) -> FigureSpec | None:
    shown = [
        {"name": name_place(study, each.where), "value": 100 * each.value,
         **{name: 100 * limit for name, limit in zip(("low", "high"), limits_of(each), strict=True)}}
        for each in rows
    ]  # fmt: skip
    if not shown:
        return None
    names = list(dict.fromkeys(str(each["name"]) for each in shown))
    scale: Spec = {"domain": [0, 100]}
    across: Spec = {"type": "quantitative", "title": "Trials (%)", "scale": scale}
    up: Spec = {"field": "name", "type": "nominal", "sort": names, "axis": wrapped_axis(names, _ROOM)}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "strokeWidth": 1.5},
         "encoding": {"x": across | {"field": "low"}, "x2": {"field": "high"}, "y": up}},
        {"mark": {"type": "point", "filled": True, "size": 55, "opacity": 1, "color": GROUPS[0]},
         "encoding": {"x": across | {"field": "value"}, "y": up}},
    ]  # fmt: skip
    if kind == "coverage":
        wanted = 100 * (1 - study.trial.alpha)
        layers.append({"data": {"values": [{"at": wanted}]}, "mark": {"type": "rule", "strokeDash": [3, 3]},
                       "encoding": {"x": {"field": "at", "type": "quantitative"}}})  # fmt: skip
    body: Spec = {"data": {"values": shown}, "layer": layers, "height": {"step": 30}}
    notes = ("Line: 95% interval of the Monte Carlo error, by Wilson's method.",)
    return FigureSpec(f"figure-{kind}", "answer", title, finish(fit(body)), f"{title}, one row each.", notes)


def _table_powers(study: Study, powers: list[Characteristic], *, is_averaged: bool) -> DesignTable:
    rows = tuple(
        (name_place(study, each.where), percent(each.value), _between(each), str(each.trials))
        for each in powers
    )
    heads = ("Test", "P below the level", _ERROR, "Trials")
    title = "Assurance" if is_averaged else "Power"
    return DesignTable(title, heads, rows, ("Unadjusted P; trials in which the test could be made.",))


def _table_at_fixed(study: Study, fixed: Iterable[Characteristic]) -> DesignTable:
    rows = tuple(
        (name_place(study, each.where), percent(each.value), _between(each), str(each.trials))
        for each in fixed
    )
    notes = ("The same trials, patients and luck in one disease: that of the scenario, as if it were known.",)
    return DesignTable(_AT_FIXED, ("Test", "P below the level", _ERROR, "Trials"), rows, notes)


def _table_estimates(found: SimulatedTrials) -> DesignTable:
    study, biases = found.plan.study, _of(found, "bias")
    spreads = {tuple(each.where.values()): each.value for each in _of(found, "spread")}
    rows = tuple(
        (
            name_place(study, each.where), "" if each.truth is None else format_number(each.truth),
            _say_lost(study, each.where), "" if each.kept is None else format_number(each.kept),
            format_number(each.value), format_number(each.error),
            format_number(spreads[tuple(each.where.values())]),
        )
        for each in biases
    )  # fmt: skip
    again = study.re_randomisation is not None
    size = TRUE_SIZE_AGAIN if again else TRUE_SIZE
    everywhere = ", and whoever relapses is followed in every arm, with cells for everybody" if again else ""
    large = (
        f"True value: the same analysis, the mean over {TRUE_TRIALS} trials of {size} patients{everywhere}. "
        "Its error is part of the Monte Carlo SE."
    )
    seen = (
        "As if seen: in these trials nobody leaves, no visit is missed and no item is blank; what losses do "
        "to the number is then a bias."
    )
    by_rule = (
        "Where the analysis counts the lost by a rule, the loss is part of what is estimated, and the true "
        "value is that of trials with the same losses; beside it stands what it would be if nobody were lost."
    )
    notes = (large, seen, by_rule) if any(each.kept is not None for each in biases) else (large, seen)
    heads = ("Estimate", "True value", "Who is lost counts", "If nobody were lost", "Bias", "Monte Carlo SE",
             "SD over trials")  # fmt: skip
    return DesignTable("Estimates", heads, rows, notes)


def _say_lost(study: Study, where: dict[str, str]) -> str:
    """Say as what the analysis behind a number counts whoever is lost."""
    endpoint = next((each for each in study.endpoints if each.id == where["endpoint"]), None)
    if endpoint is None or not counts_the_lost(endpoint, where["analysis"]):
        return "as if seen"
    if where["analysis"] == "relapse":
        return {"relapse": "as a relapse", "none": "as no relapse"}[endpoint.missing_relapse]
    return "as no response" if endpoint.kind == "response" else "with the worst change"


def _table_coverage(study: Study, coverage: list[Characteristic]) -> DesignTable:
    rows = tuple(
        (name_place(study, each.where), percent(each.value), _between(each), str(each.trials))
        for each in coverage
    )
    heads = ("Interval", "Holds the true value", _ERROR, "Trials")
    return DesignTable("Coverage of intervals", heads, rows, ("Intervals of shares: Clopper-Pearson.",))


def _between(share: Characteristic) -> str:
    return " to ".join(map(percent, limits_of(share)))


def _table_load(found: SimulatedTrials) -> DesignTable:
    rows = tuple(
        (each.where["variable"], format_number(each.value), format_number(each.error))
        for each in found.characteristics
        if each.kind == "mean"
    )
    return DesignTable("What a trial has to cope with", ("Count", "Mean of a trial", "Monte Carlo SE"), rows)


def _beware_of_relapses(found: SimulatedTrials) -> list[str]:
    """Say which relapses begin no course, and what leaving out unknown relapses does to their share."""
    study, lines = found.plan.study, []
    if later_relapse(study):
        means = {each.where["variable"]: each for each in found.characteristics if each.kind == "mean"}
        lines.append(
            "A relapse is the loss of a response: who did not respond begins no later course, however active "
            f"the disease becomes. In a trial {_counted(means[NO_RESPONSE])} relapses of the disease were of "
            f"such patients; {_counted(means[UNSEEN])} more were not shown by the records, or nothing is "
            f"known of the response. These begin no course. {_counted(means[UNFOUNDED])} courses were begun "
            "by findings that look like a relapse while the disease had not relapsed."
        )
    asked = [each for each in study.endpoints if each.id in found.plan.endpoints and each.kind == "relapse"]
    if any(each.missing_relapse == "left_out" for each in asked):
        lines.append(
            'Shares with relapse leave out whose relapse is not known (missing_relapse = "left_out"). Who '
            "relapsed before leaving stays in; who left or has a gap without a relapse goes, at any visit, "
            "even at those they came to. Such shares come out too high, by the bias in the table. A time to "
            'event (event = "relapse") keeps everybody up to where they were followed.'
        )
    return lines


def _counted(each: Characteristic) -> str:
    return f"{format_number(each.value)} (Monte Carlo SE {format_number(each.error)})"


def _beware(found: SimulatedTrials) -> tuple[str, ...]:
    lines = [
        "A simulated trial is as good as its assumptions; they stand above, and most are assumed.",
        "Run every scenario: null and harm show what a design misses."
        if found.plan.study.trial.condition == "sjogren"
        else "Run every scenario: reports of relapse disagree, and null and harm show what a design misses.",
        *tell_what_is_unknown(found.plan),
        _CARRIED
        if found.plan.worlds
        else "Parameters are fixed: what is not known about them is not in these numbers."
        if found.plan.study.trial.condition == "sjogren"
        else "Parameters are fixed at their medians: what is not known about them is not in these numbers "
        "(--posterior carries it through).",
    ]
    if found.plan.entry.unreadable:
        names = ", ".join(found.plan.entry.unreadable)
        score = "SSDAI" if found.plan.study.trial.condition == "sjogren" else "SLEDAI-2K"
        lines.append(
            f"Criteria that read more than age, sex and {score} were not applied at screening: {names}."
        )
    if waits(found.plan.study):
        lines.append(
            "How cells work when they are given again nobody has measured: here a later infusion adds to "
            "the imprint as the first did, and activity falls by the share that follows from it."
        )
        lines.append(
            "A second relapse is not simulated: nobody relapses twice, in any arm. What a later course does "
            "against the next relapse is in no number of this page; shares that respond again are, if "
            "anything, too high."
        )
    lines += _beware_of_relapses(found)
    if not found.plan.study.arms:
        lines.append(
            "One arm: a power here is the chance of a significant change, not of showing an effect of cells."
        )
    return tuple(lines)
