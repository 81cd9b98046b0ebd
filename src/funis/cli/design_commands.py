"""Commands that find the size and the rules of a trial."""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funis.cli.answers import Json, asked_command, print_answer
from funis.cli.arguments import read_numbers

if TYPE_CHECKING:
    from funis.design.pages.told import ToldDesign

Html = Annotated[Path | None, typer.Option("--html", help="File to write, with the picture.")]
Alpha = Annotated[float, typer.Option(help="Chance of a false success: two-sided, unless it says one-sided.")]
Power = Annotated[float, typer.Option(help="Chance of success with the effect.")]
Ratio = Annotated[float, typer.Option(help="Patients of the second arm for each of the first.")]
Rate0 = Annotated[float, typer.Option("--p0", help="Response rate that is of no interest.")]
Rate1 = Annotated[float, typer.Option("--p1", help="Response rate worth going on for.")]


def _answer(
    context: typer.Context, found: Any, told: ToldDesign, html: Path | None, *, as_json: bool
) -> None:
    """Print a design, and write its page where one is asked for."""
    from funis.design.pages.told import write_text

    if html is not None:
        from funis.design.pages.design_page import build_document
        from funis.documents.html import render_page
        from funis.files import write_whole

        write_whole(html, render_page(build_document(replace(told, command=asked_command(context)))))
    record = {**_plain(asdict(found)), "paragraph": told.paragraph, "cautions": list(told.cautions)}
    print_answer(write_text(told), record, as_json=as_json)


def _plain(value: Any) -> Any:
    """Make a value one that JSON has: no infinity, no array."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def simon(
    context: typer.Context,
    p0: Rate0,
    p1: Rate1,
    alpha: Alpha = 0.05,
    power: Power = 0.8,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Two stages in one arm: Simon's optimal and minimax designs, and those between them (one-sided)."""
    from funis.design.pages.one_arm import tell_simon
    from funis.design.two_stage import simon as find

    found = find(p0, p1, alpha, power)
    _answer(context, found, tell_simon(found), html, as_json=json_)


def exact(
    context: typer.Context,
    p0: Rate0,
    p1: Rate1,
    alpha: Alpha = 0.05,
    power: Power = 0.8,
    html: Html = None,
    json_: Json = False,
) -> None:
    """One stage in one arm, exact (one-sided)."""
    from funis.design.one_stage import exact as find
    from funis.design.pages.one_arm import tell_exact

    found = find(p0, p1, alpha, power)
    _answer(context, found, tell_exact(found), html, as_json=json_)


def paired(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    change: Annotated[float, typer.Option(help="Mean change looked for.")],
    sd_change: Annotated[float | None, typer.Option(help="Standard deviation of the change.")] = None,
    sd_before: Annotated[float | None, typer.Option(help="Or: standard deviation before.")] = None,
    sd_after: Annotated[float | None, typer.Option(help="And after.")] = None,
    correlation: Annotated[float | None, typer.Option(help="And the correlation of both.")] = None,
    alpha: Alpha = 0.05,
    power: Power = 0.8,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Mean change in one arm: paired t test."""
    from funis.design.mean_change import paired as find
    from funis.design.pages.one_arm import tell_paired

    found = find(
        change, sd_change=sd_change, sd_before=sd_before, sd_after=sd_after, correlation=correlation,
        alpha=alpha, power=power,
    )  # fmt: skip
    _answer(context, found, tell_paired(found), html, as_json=json_)


def means(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    difference: Annotated[float, typer.Option(help="Difference of the means.")],
    sd: Annotated[float, typer.Option(help="Standard deviation within either arm.")],
    alpha: Alpha = 0.05,
    power: Power = 0.8,
    ratio: Ratio = 1.0,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Two means: t test."""
    from funis.design.pages.arms import tell_means
    from funis.design.two_arms import means as find

    found = find(difference, sd, alpha=alpha, power=power, ratio=ratio)
    _answer(context, found, tell_means(found), html, as_json=json_)


def rates(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    p1: Annotated[float, typer.Option("--p1", help="Response rate of the first arm.")],
    p2: Annotated[float, typer.Option("--p2", help="Response rate of the second arm.")],
    alpha: Alpha = 0.05,
    power: Power = 0.8,
    ratio: Ratio = 1.0,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Two response rates: by approximation, and for Fisher's exact test."""
    from funis.design.pages.arms import tell_rates
    from funis.design.two_arms import rates as find

    found = find(p1, p2, alpha=alpha, power=power, ratio=ratio)
    _answer(context, found, tell_rates(found), html, as_json=json_)


def mmrm(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    difference: Annotated[float, typer.Option(help="Difference of the arms at the last visit.")],
    sd: Annotated[float, typer.Option(help="Standard deviation at the last visit.")],
    retention: Annotated[str, typer.Option(help="Share still seen at each visit: 1,0.9,0.8,0.7.")],
    correlation: Annotated[float, typer.Option(help="Of two visits, or of neighbouring ones.")],
    structure: Annotated[str, typer.Option(help="exchangeable or autoregressive.")] = "exchangeable",
    retention_second: Annotated[str, typer.Option(help="Of the second arm, where it differs.")] = "",
    alpha: Alpha = 0.05,
    power: Power = 0.8,
    ratio: Ratio = 1.0,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Repeated measures in two arms, with drop-out: mixed model (MMRM)."""
    from funis.design.pages.arms import tell_repeated
    from funis.design.repeated import mmrm as find

    found = find(
        difference, sd, read_numbers("--retention", retention), correlation, structure=structure,
        retention_second=read_numbers("--retention-second", retention_second), alpha=alpha, power=power,
        ratio=ratio,
    )  # fmt: skip
    _answer(context, found, tell_repeated(found), html, as_json=json_)


def sequential(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    times: Annotated[str, typer.Option(help="Information at each analysis, the last 1: 0.5,0.75,1.")],
    boundary: Annotated[
        str,
        typer.Option(
            help="obrien_fleming, pocock, lan_demets_obrien_fleming, lan_demets_pocock, hwang_shih_decani."
        ),
    ] = "lan_demets_obrien_fleming",
    alpha: Annotated[float, typer.Option(help="One-sided error.")] = 0.025,
    power: Power = 0.8,
    gamma: Annotated[float, typer.Option(help="Of hwang_shih_decani.")] = -4.0,
    futility_gamma: Annotated[
        float | None, typer.Option(help="Adds bounds for futility that do not bind, by this gamma.")
    ] = None,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Group sequential bounds: Pocock, O'Brien-Fleming, Lan-DeMets, Hwang-Shih-DeCani (one-sided)."""
    from funis.design.group_sequential import sequential as find
    from funis.design.pages.looks import tell_sequential

    found = find(
        read_numbers("--times", times), boundary, alpha=alpha, power=power, gamma=gamma,
        futility_gamma=futility_gamma,
    )  # fmt: skip
    _answer(context, found, tell_sequential(found), html, as_json=json_)


def logrank(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    hazard_ratio: Annotated[float, typer.Option(help="Hazard of the second arm against the first.")],
    median: Annotated[float, typer.Option(help="Time in which half of the first arm has the event.")],
    accrual: Annotated[float, typer.Option(help="Length of the recruitment, in the same unit.")],
    follow_up: Annotated[float, typer.Option(help="Time after the last patient.")],
    dropout: Annotated[float, typer.Option(help="Share lost in each unit of time.")] = 0.0,
    alpha: Alpha = 0.05,
    power: Power = 0.8,
    ratio: Ratio = 1.0,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Two survival curves: log-rank test."""
    from funis.design.events import logrank as find
    from funis.design.pages.arms import tell_logrank

    found = find(
        hazard_ratio, median, accrual, follow_up, dropout=dropout, alpha=alpha, power=power, ratio=ratio
    )
    _answer(context, found, tell_logrank(found), html, as_json=json_)


def map_(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    responders: Annotated[str, typer.Option(help="Responders of each earlier trial: 23,12,19.")],
    treated: Annotated[str, typer.Option(help="Patients of each earlier trial: 107,44,51.")],
    flat_weight: Annotated[float, typer.Option(help="Weight of the flat part.")] = 0.2,
    spread_between: Annotated[float, typer.Option(help="Of the half-normal prior between trials.")] = 1.0,
    new_responders: Annotated[int | None, typer.Option(help="Responders of the new control arm.")] = None,
    new_treated: Annotated[int | None, typer.Option(help="Patients of the new control arm.")] = None,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Control rate from earlier trials: robust meta-analytic-predictive prior."""
    from funis.design.borrowing import borrow
    from funis.design.pages.doses import tell_borrowing

    found = borrow(
        read_numbers("--responders", responders, whole=True), read_numbers("--treated", treated, whole=True),
        flat_weight=flat_weight, spread_between=spread_between, new_responders=new_responders,
        new_treated=new_treated,
    )  # fmt: skip
    _answer(context, found, tell_borrowing(found), html, as_json=json_)


Looks = Annotated[str, typer.Option(help="Patients observed at each look: 6,12,18,24.")]


def safety(
    context: typer.Context,
    acceptable: Annotated[float, typer.Option(help="Event rate at which the trial goes on.")],
    unacceptable: Annotated[float, typer.Option(help="Event rate at which it should stop.")],
    looks: Looks,
    allowed: Annotated[float, typer.Option(help="Chance of stopping wrongly, at most.")] = 0.1,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Bounds for harm with the same nominal error at every look, exact."""
    from funis.design.harm import safety as find
    from funis.design.pages.looks import tell_safety

    found = find(acceptable, unacceptable, read_numbers("--looks", looks, whole=True), allowed)
    _answer(context, found, tell_safety(found), html, as_json=json_)


def monitor(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    limit_rate: Annotated[float, typer.Option(help="Event rate that must not be exceeded.")],
    looks: Looks,
    certainty: Annotated[float, typer.Option(help="Stop when it is exceeded with this certainty.")] = 0.9,
    prior_events: Annotated[float, typer.Option(help="Beta prior: events.")] = 0.1,
    prior_others: Annotated[float, typer.Option(help="Beta prior: patients without.")] = 0.9,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Bounds for harm, Bayesian."""
    from funis.design.harm import monitor as find
    from funis.design.pages.looks import tell_monitoring

    found = find(
        limit_rate, read_numbers("--looks", looks, whole=True), certainty, prior_events, prior_others
    )
    _answer(context, found, tell_monitoring(found), html, as_json=json_)


def boin(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    target: Annotated[float, typer.Option(help="Toxicity rate looked for.")],
    cohort: Annotated[int, typer.Option(help="Patients treated together.")] = 3,
    cohorts: Annotated[int, typer.Option(help="Cohorts at one dose at most.")] = 5,
    too_low: Annotated[float | None, typer.Option(help="Told from the target (0.6 of it).")] = None,
    too_high: Annotated[float | None, typer.Option(help="Told from the target (1.4 of it).")] = None,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Dose finding: Bayesian optimal interval design."""
    from funis.design.optimal_interval import boin as find
    from funis.design.pages.doses import tell_boin

    found = find(target, cohort, cohorts, too_low=too_low, too_high=too_high)
    _answer(context, found, tell_boin(found), html, as_json=json_)


def crm(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    target: Annotated[float, typer.Option(help="Toxicity rate looked for.")],
    skeleton: Annotated[str, typer.Option(help="Rates expected before the trial: 0.05,0.1,0.25.")],
    treated: Annotated[str, typer.Option(help="Patients at each dose so far: 3,3,0.")],
    toxic: Annotated[str, typer.Option(help="Those of them with the toxicity: 0,1,0.")],
    spread: Annotated[
        float | None, typer.Option(help="Standard deviation of the parameter's prior (root of 1.34).")
    ] = None,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Dose finding: continual reassessment method."""
    from funis.design.pages.doses import tell_crm
    from funis.design.reassessment import USUAL_SPREAD
    from funis.design.reassessment import crm as find

    found = find(
        target, read_numbers("--skeleton", skeleton), read_numbers("--treated", treated, whole=True),
        read_numbers("--toxic", toxic, whole=True), USUAL_SPREAD if spread is None else spread,
    )  # fmt: skip
    _answer(context, found, tell_crm(found), html, as_json=json_)


def bryant_day(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    p0: Rate0,
    p1: Rate1,
    toxic0: Annotated[float, typer.Option("--toxic0", help="Toxicity rate that is too high.")],
    toxic1: Annotated[float, typer.Option("--toxic1", help="Toxicity rate that is accepted.")],
    alpha_response: Annotated[float, typer.Option(help="Chance of success with p0, at most.")] = 0.1,
    alpha_toxicity: Annotated[float, typer.Option(help="Chance of success with toxic0, at most.")] = 0.1,
    power: Power = 0.85,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Two stages in one arm, response and toxicity: Bryant and Day's designs (one-sided)."""
    from funis.design.pages.two_questions import tell_bryant_day
    from funis.design.response_and_toxicity import bryant_day as find

    found = find(
        p0, p1, toxic0, toxic1, alpha_response=alpha_response, alpha_toxicity=alpha_toxicity, power=power
    )
    _answer(context, found, tell_bryant_day(found), html, as_json=json_)


def two_endpoints(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    null: Annotated[
        str,
        typer.Option(help="Chances where neither rate is better: response with event, without, event, none."),
    ],
    better: Annotated[str, typer.Option(help="The same where both are better: 0.18,0.42,0.02,0.38.")],
    looks: Looks,
    alpha: Annotated[float, typer.Option(help="Chance of success where neither rate is better.")] = 0.1,
    level: Annotated[float | None, typer.Option(help="Certainty asked at the last look.")] = None,
    shape: Annotated[float, typer.Option(help="With a level: 0 asks the same at every look.")] = 1.0,
    among_responders: Annotated[
        bool, typer.Option("--among-responders", help="Count events among responders, as relapses are.")
    ] = False,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Watch a response and an event in one arm, Bayesian (BOP2)."""
    from funis.design.pages.two_questions import tell_two_endpoints
    from funis.design.watched_endpoints import two_endpoints as find

    found = find(
        read_numbers("--null", null), read_numbers("--better", better),
        read_numbers("--looks", looks, whole=True), alpha=alpha, level=level, shape=shape,
        among_responders=among_responders,
    )  # fmt: skip
    _answer(context, found, tell_two_endpoints(found), html, as_json=json_)


def after_two_stages(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    responses: Annotated[int, typer.Option(help="Responses of the whole trial.")],
    r1: Annotated[int, typer.Option("--r1", help="Responses with which the first stage ended the trial.")],
    n1: Annotated[int, typer.Option("--n1", help="Patients of the first stage.")],
    n: Annotated[int, typer.Option("--n", help="Patients of both stages.")],
    p0: Rate0,
    alpha: Annotated[float, typer.Option(help="Error of each limit: 0.05 gives a 90% interval.")] = 0.05,
    html: Html = None,
    json_: Json = False,
) -> None:
    """After two stages in one arm: unbiased estimate, P value and interval."""
    from funis.design.pages.after_trial import tell_after_two_stages
    from funis.design.two_stage_inference import after_two_stages as find

    found = find(responses, r1, n1, n, p0=p0, alpha=alpha)
    _answer(context, found, tell_after_two_stages(found), html, as_json=json_)


def smart(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    relapse: Annotated[float, typer.Option(help="Share that relapses while relapses are allocated.")],
    p1: Annotated[float, typer.Option("--p1", help="Good outcome of the first arm at relapse.")],
    p2: Annotated[float, typer.Option("--p2", help="Good outcome of the second arm at relapse.")],
    kept: Annotated[float, typer.Option(help="Good outcome of those without relapse.")] = 0.8,
    lost_before: Annotated[float, typer.Option(help="Share that leaves before a relapse.")] = 0.0,
    lost_after: Annotated[float, typer.Option(help="Share of those allocated without an outcome.")] = 0.0,
    other: Annotated[
        str,
        typer.Option(
            help="Another first treatment: relapse, good outcome without, and at relapse: 0.5,0.7,0.2."
        ),
    ] = "",
    alpha: Alpha = 0.05,
    power: Power = 0.8,
    seed: Annotated[int, typer.Option(min=0, help="Of the simulated trials.")] = 1,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Allocated again at relapse (SMART): the arms, and the strategies."""
    from funis.design.pages.relapse_arms import tell_smart
    from funis.design.rerandomised import read_other
    from funis.design.rerandomised import smart as find

    found = find(
        relapse, p1, p2, kept=kept, lost_before=lost_before, lost_after=lost_after, alpha=alpha, power=power,
        other=read_other(read_numbers("--other", other)), seed=seed,
    )  # fmt: skip
    _answer(context, found, tell_smart(found), html, as_json=json_)
