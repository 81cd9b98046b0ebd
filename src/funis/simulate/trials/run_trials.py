"""Many virtual trials over several processes, kept in parts, so that a run that was stopped goes on."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import polars as pl

from funis.errors import FunisError
from funis.files import write_whole
from funis.simulate.trials.one_trial import TrialPlan, run_some_trials
from funis.study.digest import study_digest
from funis.version import VERSION

BLOCK: Final = 10
"""Trials of one part."""
# Each process has one thread: small matrices are slower on several, and the processes share the machine.
_ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS")


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
        repr(plan.endpoints), str(plan.seed), VERSION, _code_digest(),
    )  # fmt: skip
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _code_digest() -> str:
    """Give the fingerprint of the code of the package: no part of older code is taken for a new one."""
    found = hashlib.sha256()
    package = Path(__file__).resolve().parents[2]
    for path in sorted(package.rglob("*.py")):
        found.update(path.relative_to(package).as_posix().encode() + path.read_bytes())
    return found.hexdigest()


def run_trials(
    plan: TrialPlan,
    trials: int,
    folder: Path,
    *,
    workers: int = 1,
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
    resume : go on where an earlier run stopped
    tell : is told the number of trials that are done, whenever more are

    Returns
    -------
    rows of all trials in the order of their numbers

    Raises
    ------
    PartsError : the folder holds parts of another run, or parts and `resume` is not said
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
    for block, part in _compute(plan, [each for each in blocks if each.start not in found], workers):
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


def run_block(plan: TrialPlan, block: range) -> pl.DataFrame:
    """Run the trials of one part."""
    return run_some_trials(plan, block)


def _compute(plan: TrialPlan, blocks: Sequence[range], workers: int) -> Iterator[tuple[range, pl.DataFrame]]:
    if workers == 1:
        yield from ((block, run_block(plan, block)) for block in blocks)
        return
    # New processes, never copies of this one: Polars has threads, and a copy of them stands still for ever.
    with _one_thread(), ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(run_block, plan, block): block for block in blocks}
        for each in as_completed(waiting):
            yield waiting[each], each.result()


@contextmanager
def _one_thread() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
