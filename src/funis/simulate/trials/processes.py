"""Where blocks of virtual trials are computed: in this process, in several of this machine, or on a cluster.

The processes of this machine come from the standard library. They begin anew, never as copies of this one:
Polars has threads, and in a copy these stand still for ever. A part is written by the process that asked, so
that none of the others needs the disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Final

import polars as pl

from funis.errors import FunisError
from funis.simulate.trials.one_trial import TrialPlan, run_some_trials

# Each process has one thread: small matrices are slower on several, and the processes share the machine.
_ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS")

Computed = Iterator[tuple[range, pl.DataFrame]]
_HELD: dict[str, TrialPlan] = {}


class WorkerLostError(FunisError):
    """A process that computed trials ended before it was done; the parts that were written are kept."""

    code = "worker_lost"


def compute_here(plan: TrialPlan, blocks: Sequence[range], workers: int) -> Computed:
    """Compute blocks of trials on this machine.

    Parameters
    ----------
    plan : of the run
    blocks : numbers of the trials of each
    workers : processes; 1 is this one

    Yields
    ------
    each block with its rows, in the order in which they are done

    Raises
    ------
    WorkerLostError : a process was ended from outside
    """
    if workers == 1:
        yield from ((block, run_some_trials(plan, block)) for block in blocks)
        return
    with (
        _one_thread(),
        ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=_hold, initargs=(plan,)
        ) as pool,
    ):
        waiting = {pool.submit(_run_held, block): block for block in blocks}
        try:
            for each in as_completed(waiting):
                yield waiting[each], each.result()
        except BrokenProcessPool as error:
            raise WorkerLostError(
                "A process that computed trials was ended from outside, perhaps for want of memory. The "
                "parts that are done are kept: run the command again with --resume, and with fewer --workers."
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _hold(plan: TrialPlan) -> None:
    """Take the plan once a process: what is derived from its study is then derived once, too."""
    _HELD["plan"] = plan


def _run_held(block: range) -> pl.DataFrame:
    return run_some_trials(_HELD["plan"], block)


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
