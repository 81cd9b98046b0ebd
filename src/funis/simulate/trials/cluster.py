"""Blocks of virtual trials on a Dask cluster, by the address of its scheduler.

The scheduler gives the block of a worker that is gone to another one. A worker with other code than the
process that asks is refused: its numbers would be those of another run.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import polars as pl

from funis.errors import FunisError, MissingExtraError
from funis.simulate.trials.code_digest import code_digest
from funis.simulate.trials.one_trial import TrialPlan, run_some_trials
from funis.simulate.trials.processes import Computed, WorkerLostError

_SECONDS: Final = 30


class ClusterError(FunisError):
    """A cluster does not answer, has no worker, or computes with other code."""

    code = "cluster"


def compute_on_cluster(plan: TrialPlan, key: str, blocks: Sequence[range], address: str) -> Computed:
    """Compute blocks of trials on a Dask cluster.

    Parameters
    ----------
    plan : of the run
    key : fingerprint of the run
    blocks : numbers of the trials of each
    address : of the scheduler, such as ``tcp://10.0.0.5:8786``

    Yields
    ------
    each block with its rows, in the order in which they are done

    Raises
    ------
    MissingExtraError : the library is not installed
    ClusterError : nobody answers, there is no worker, or one has other code
    WorkerLostError : several workers were lost with the same block
    """
    distributed = _library()
    client = _connect(distributed, address)
    try:
        # The plan is a task: where the worker that holds it is gone, the scheduler makes it again elsewhere.
        held = client.submit(_hand_on, plan, key=f"funis-plan-{key}")
        names = {f"funis-{key}-{block.start}": block for block in blocks}
        waiting = [
            client.submit(_run_checked, held, code_digest(), block, key=name) for name, block in names.items()
        ]
        for future in distributed.as_completed(waiting, loop=client.loop):
            yield names[future.key], future.result()
            future.release()
    except distributed.KilledWorker as error:
        raise WorkerLostError(
            "Several workers of the cluster ended with the same block of trials, perhaps for want of memory. "
            "The parts that are done are kept: look at the logs of the workers, then go on with --resume."
        ) from error
    finally:
        client.close()


def _library() -> Any:
    try:
        return import_module("distributed")
    except ImportError as error:
        raise MissingExtraError("A cluster", "distributed", "cluster") from error


def _connect(distributed: Any, address: str) -> Any:
    """Find the scheduler and wait for its first worker."""
    try:
        client = distributed.Client(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"No scheduler answers at '{address}' within {_SECONDS} seconds. Start one with 'dask scheduler' "
            "and give the address that it prints, such as tcp://10.0.0.5:8786."
        ) from error
    try:
        client.wait_for_workers(1, timeout=_SECONDS)
    except TimeoutError as error:
        client.close()
        raise ClusterError(
            f"The scheduler at '{address}' has no worker after {_SECONDS} seconds. Start some with "
            f"'dask worker {address} --nthreads 1'."
        ) from error
    return client


def _hand_on(plan: TrialPlan) -> TrialPlan:
    return plan


def _run_checked(plan: TrialPlan, digest: str, block: range) -> pl.DataFrame:
    """Run a block where the code is that of who asks."""
    if code_digest() != digest:
        raise ClusterError(
            "A worker of the cluster has another version of funis than this process: its numbers would be "
            "those of another run. Install the same version for all, and start the workers again."
        )
    return run_some_trials(plan, block)
