"""Many virtual trials over several processes, kept in parts, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

import polars as pl

from funis.errors import FunisError
from funis.files import write_whole
from funis.simulate.trials.cluster import compute_on_cluster
from funis.simulate.trials.code_digest import code_digest
from funis.simulate.trials.one_trial import TrialPlan
from funis.simulate.trials.processes import compute_here
from funis.study.digest import study_digest
from funis.version import VERSION

BLOCK: Final = 10
"""Trials of one part."""


class PartsError(FunisError):
    """A folder holds parts of another run, or parts and nobody said to go on."""

    code = "parts_of_another_run"


def run_key(plan: TrialPlan) -> str:
    """Give the fingerprint of a run: study, world, size, endpoints, seed, and the version of the code.

    Parameters
    ----------
    plan : of the run
    """
    parts = (
        study_digest(plan.study), repr(plan.scenario), repr(plan.entry), str(plan.patients),
        repr(plan.endpoints), str(plan.seed), repr(plan.cells_for), repr(plan.worlds), VERSION, code_digest(),
    )  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def run_trials(
    plan: TrialPlan,
    trials: int,
    folder: Path,
    *,
    workers: int = 1,
    cluster: str = "",
    resume: bool = False,
    tell: Callable[[int], None] = lambda _: None,
) -> pl.DataFrame:
    """Run trials and keep them in parts.

    Parameters
    ----------
    plan : of the run
    trials : how many
    folder : of the parts; made where it is not there
    workers : processes; 1 runs in this one. The numbers do not depend on it
    cluster : address of the scheduler of a Dask cluster; its workers then compute, and `workers` says nothing
    resume : go on where an earlier run stopped
    tell : is told the number of trials that are done, whenever more are

    Returns
    -------
    rows of all trials in the order of their numbers

    Raises
    ------
    PartsError : the folder holds parts of another run, or parts and `resume` is not said
    ClusterError, WorkerLostError : as `compute_on_cluster` and `compute_here` raise them
    """
    folder.mkdir(parents=True, exist_ok=True)
    key = run_key(plan)
    _look_at(folder, key, resume=resume)
    blocks = [range(start, min(start + BLOCK, trials)) for start in range(0, trials, BLOCK)]
    found = {
        block.start: part for block in blocks if (part := _read(_path(folder, key, block), block)) is not None
    }
    done = sum(len(block) for block in blocks if block.start in found)
    tell(done)
    due = [each for each in blocks if each.start not in found]
    computed = (
        compute_on_cluster(plan, key, due, cluster) if cluster and due else compute_here(plan, due, workers)
    )
    for block, part in computed:
        buffer = io.BytesIO()
        part.write_parquet(buffer)
        write_whole(_path(folder, key, block), buffer.getvalue())
        found[block.start] = part
        done += len(block)
        tell(done)
    return pl.concat([found[start] for start in sorted(found)])


def _look_at(folder: Path, key: str, *, resume: bool) -> None:
    there = sorted(folder.glob("*.parquet"))
    others = [each.name for each in there if not each.name.startswith(f"{key}-")]
    if others:
        raise PartsError(
            f"The folder '{folder}' holds parts of another run ({others[0]} and {len(others) - 1} more): the "
            "study, the scenario, the seed or the code differ. Give another folder with --out."
        )
    if there and not resume:
        raise PartsError(
            f"The folder '{folder}' holds {len(there)} parts of this run. Say --resume to go on with it, or "
            "give another folder with --out."
        )


def _path(folder: Path, key: str, block: range) -> Path:
    return folder / f"{key}-{block.start:07d}.parquet"


def _read(path: Path, block: range) -> pl.DataFrame | None:
    """Read a part that has all trials of its block; None where it is not there, or was shorter."""
    if not path.is_file():
        return None
    part = pl.read_parquet(path)
    return part if set(part["trial"].unique()) == set(block) else None
