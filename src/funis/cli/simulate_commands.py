"""Commands that simulate: the calibrated disease model, virtual trials, policies of infusing again."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from funis.cli.answers import Json, asked_command, print_answer
from funis.cli.arguments import Folder, existing_folder

if TYPE_CHECKING:
    from funis.simulate.pages.simulation_page import ToldSimulation
    from funis.simulate.trials.one_trial import TrialPlan

Html = Annotated[Path | None, typer.Option("--html", help="File to write, with the pictures.")]
Relapses = Annotated[
    str, typer.Option(help="Report of relapse that is believed: abstract, five_year or yearly.")
]
Seed = Annotated[int, typer.Option(min=0, help="Of all draws.")]
Steps = Annotated[int, typer.Option(min=20, help="Of every walker of the chain.")]


def calibrate(
    context: typer.Context,
    relapses: Relapses = "yearly",
    seed: Seed = 1,
    steps: Steps = 10_000,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Calibrate the disease model to published figures: what they say about waning, and what not."""
    from funis.simulate.calibration import calibrate as find
    from funis.simulate.pages.calibration_page import tell_calibration

    found = find(relapses, seed=seed, steps=steps)
    _answer(context, tell_calibration(found), _record(found), html, as_json=json_)
    if not found.is_usable:
        raise typer.Exit(1)


def simulate(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    folder: Folder,
    trials: Annotated[int, typer.Option(min=2, help="How many virtual trials.")] = 100,
    patients: Annotated[int, typer.Option(min=2, max=2000, help="Of each trial.")] = 40,
    scenario: Annotated[
        str,
        typer.Option(
            help="The world. Lupus: yearly (taken unasked), five_year, null or harm; Sjogren's: slow (taken "
            "unasked), null or harm."
        ),
    ] = "",
    seed: Seed = 1,
    trial: Annotated[
        int | None,
        typer.Option(min=0, help="Run this trial of the run alone, print its numbers, write nothing."),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes; the numbers do not depend on it.")
    ] = 1,
    cluster: Annotated[
        str, typer.Option(help="Address of the scheduler of a Dask cluster that computes, tcp://host:port.")
    ] = "",
    endpoint: Annotated[
        list[str] | None, typer.Option(help="Endpoint of the study file; may be given again.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write; by default simulation in DIR.")] = None,
    cells_for: Annotated[
        int | None,
        typer.Option(min=0, help="Courses at relapse or by a rule that there are cells for, in a trial."),
    ] = None,
    posterior: Annotated[
        bool,
        typer.Option(
            "--posterior", help="Draw the disease of each trial from the posterior: assurance, not power."
        ),
    ] = False,
    assurance: Annotated[
        bool,
        typer.Option(
            "--assurance", help="As --posterior, and beside it the power of the same trials in one disease."
        ),
    ] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    json_: Json = False,
) -> None:
    """Run virtual trials of a study: power, coverage, bias and the load on the centres."""
    from funis.cli.trial_progress import show_progress
    from funis.files import write_whole
    from funis.simulate.pages.trials_page import tell_trials
    from funis.simulate.trials.drawn_worlds import digest_of_worlds
    from funis.simulate.trials.simulated import plan_trials, simulate_trials
    from funis.study.read import read_study

    study = read_study(existing_folder(folder))
    plan = plan_trials(
        study, scenario=scenario, patients=patients, seed=seed, endpoints=tuple(endpoint or ()),
        cells_for=cells_for, posterior=posterior or assurance,
    )  # fmt: skip
    plan = replace(plan, is_beside=assurance)
    place = out if out is not None else folder / "simulation"
    if trial is not None:
        _run_alone(plan, trial, as_json=json_)
        return
    with show_progress(trials * (2 if assurance else 1)) as tell:
        found = simulate_trials(
            plan, trials, place, workers=workers, cluster=cluster, resume=resume, tell=tell
        )
    alone = found.at_fixed
    record = {
        "study": study.trial.id, "scenario": plan.scenario.name, "trials": trials, "patients": patients,
        "seed": seed, "cells_for": cells_for, "posterior": bool(plan.worlds), "fingerprint": found.key,
        "worlds": digest_of_worlds(plan.worlds) if plan.worlds else None,
        "characteristics": _record(found.characteristics),
        "at_fixed": None if alone is None else _record(alone.characteristics),
    }  # fmt: skip
    write_whole(place / "summary.json", json.dumps(record, indent=2, ensure_ascii=False))
    _answer(context, tell_trials(found), record, place / "report.html", as_json=json_)


def _run_alone(plan: TrialPlan, trial: int, *, as_json: bool) -> None:
    """Run one trial of a run alone and print its numbers."""
    from funis.simulate.pages.one_trial_page import list_numbers, write_one_trial
    from funis.simulate.trials.one_trial import run_some_trials

    rows = run_some_trials(plan, [trial])
    record = {
        "study": plan.study.trial.id, "scenario": plan.scenario.name, "patients": plan.patients,
        "seed": plan.seed, "trial": trial, "numbers": list_numbers(rows),
    }  # fmt: skip
    print_answer(write_one_trial(plan, trial, rows), record, as_json=as_json)


def reinfuse(  # noqa: PLR0917  (typer reads the order; nobody calls it by position)
    context: typer.Context,
    relapses: Relapses = "yearly",
    cells_for: Annotated[
        float | None, typer.Option(min=0, help="Infusions there are cells for, for 100 responders.")
    ] = None,
    hazard_ratio: Annotated[
        float, typer.Option(help="That a trial of one repeat at month 6 is to show.")
    ] = 0.5,
    seed: Seed = 1,
    steps: Steps = 10_000,
    html: Html = None,
    json_: Json = False,
) -> None:
    """Ask when to infuse again: policies, what drives them, and the trial that would tell."""
    from funis.simulate.pages.reinfusion_page import tell_reinfusion
    from funis.simulate.reinfusion import reinfuse as find

    limit = math.inf if cells_for is None else cells_for
    found = find(relapses, seed=seed, steps=steps, cells_for=limit, hazard_ratio=hazard_ratio)
    _answer(context, tell_reinfusion(found), _record(found), html, as_json=json_)
    if not found.model.is_usable:
        raise typer.Exit(1)


def _answer(
    context: typer.Context, told: ToldSimulation, record: Any, html: Path | None, *, as_json: bool
) -> None:
    """Print an answer, and write its page where one is asked for."""
    from funis.simulate.pages.simulation_page import build_page, write_page_text

    if html is not None:
        from funis.documents.html import render_page
        from funis.files import write_whole

        write_whole(html, render_page(build_page(replace(told, command=asked_command(context)))))
    words = {"paragraphs": list(told.paragraphs), "cautions": list(told.cautions)}
    print_answer(write_page_text(told), {**record, **words}, as_json=as_json)


def _record(value: Any) -> Any:
    """Make a value one that JSON has: no draws, no infinity."""
    if is_dataclass(value) and not isinstance(value, type):
        named = {each.name: getattr(value, each.name) for each in fields(value)}
        return {name: _record(each) for name, each in named.items() if not hasattr(each, "dtype")}
    if isinstance(value, dict):
        return {key: _record(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_record(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
