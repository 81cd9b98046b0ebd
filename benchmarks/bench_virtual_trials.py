"""What a virtual trial costs from its first patient to its numbers, and where the time goes.

Processor time of one process with one thread, the least of several parts of ten trials of 40 patients with the endpoints
that are chosen by themselves: other work on the machine makes a part longer, and none shorter.
"""

from __future__ import annotations

import os

# Before any library is loaded: the processes of a run have one thread, too.
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"), "1"))

import cProfile
import pstats
import sys
import time

from funis.simulate.trials.one_trial import TrialPlan, run_some_trials
from funis.simulate.trials.simulated import plan_trials
from funis.study.read import read_study, template_path

TRIALS = 10
STAGES = {
    "patients are drawn": ("draw_patients",),
    "tables are written": ("build_tables",),
    "tables are checked": ("tables_from_frames",),
    "instruments are scored": ("score_instruments",),
    "responses are judged": ("_ask",),
    "the rest: panels, statistics, counts": (),
}


def plan_of_ten() -> TrialPlan:
    """Plan trials of the lupus template."""
    return plan_trials(read_study(template_path("sle")), scenario="yearly", patients=40, seed=1)


def measure(plan: TrialPlan, parts: int = 5) -> float:
    """Give the processor seconds of a trial."""
    least = float("inf")
    run_some_trials(plan, range(2))
    for part in range(parts):
        started = time.process_time()
        run_some_trials(plan, range(TRIALS * part, TRIALS * (part + 1)))
        least = min(least, (time.process_time() - started) / TRIALS)
    return least


def share_out(plan: TrialPlan) -> dict[str, float]:
    """Give the share of each stage by a profile of processor time, which makes calls of Python dearer than they are."""
    profile = cProfile.Profile(time.process_time)
    profile.runcall(run_some_trials, plan, range(TRIALS))
    spent = {
        name: total
        for (_, _, name), (_, _, _, total, _) in pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
    }
    whole = spent["run_some_trials"]
    shares = {stage: sum(spent[name] for name in names) / whole for stage, names in STAGES.items()}
    rest = list(STAGES)[-1]
    return shares | {rest: 1 - sum(shares.values())}


def main() -> None:
    """Print both."""
    plan = plan_of_ten()
    seconds = measure(plan, 2 if "--quick" in sys.argv else 5)
    print(f"{seconds:.3f} processor seconds a virtual trial of 40 patients; aim: at most 0.24\n")
    print("| stage | share of the time |\n|---|---:|")
    for stage, share in share_out(plan).items():
        print(f"| {stage} | {100 * share:.0f}% |")


if __name__ == "__main__":
    main()
