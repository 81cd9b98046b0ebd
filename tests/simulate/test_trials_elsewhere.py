"""Virtual trials in other processes: a real scheduler with two workers, one of them killed; a local one killed, too."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from funis.simulate.trials import cluster as on_cluster
from funis.simulate.trials import processes
from funis.simulate.trials import run_trials as running
from funis.simulate.trials.cluster import ClusterError, compute_on_cluster
from funis.simulate.trials.one_trial import TrialPlan
from funis.simulate.trials.processes import WorkerLostError
from funis.simulate.trials.run_trials import run_trials
from funis.simulate.trials.simulated import plan_trials
from funis.study.read import read_study, template_path

SOURCE = Path(running.__file__).parents[3]
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}


@pytest.fixture(scope="module")
def plan() -> TrialPlan:
    study = read_study(template_path("sle"))
    return plan_trials(study, scenario="yearly", patients=6, seed=4, endpoints=("sledai_change",))


@contextmanager
def started(*command: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a program of Dask and read the address that it prints; end it as it ends itself, or else by force."""
    environment = os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join([str(SOURCE), *sys.path])}
    process = subprocess.Popen(
        [sys.executable, "-m", *command], stderr=subprocess.PIPE, text=True, env=environment
    )
    assert process.stderr is not None
    # A program whose words nobody reads stands still once the pipe is full.
    reader = threading.Thread(target=process.stderr.read)
    try:
        found = (re.search(r"(?:Scheduler|Start worker) at:\s+(tcp://\S+)", line) for line in process.stderr)
        address = next(each.group(1) for each in found if each)
        reader.start()
        yield process, address
    finally:
        process.kill()
        process.wait()
        if reader.is_alive():
            reader.join()
        process.stderr.close()


def parts_of(folder: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in folder.iterdir()}


@pytest.mark.slow
def test_a_cluster_gives_the_same_parts_with_a_worker_killed_in_the_middle(
    plan: TrialPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BLOCK", 1)
    local = run_trials(plan, 6, tmp_path / "local")
    told: list[int] = []
    quiet = ("--no-dashboard", "--host", "127.0.0.1")
    with ExitStack() as programs:
        _, address = programs.enter_context(started("distributed.cli.dask_scheduler", "--port", "0", *quiet))
        worker = ("distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", *quiet)
        doomed, _ = programs.enter_context(started(*worker))
        programs.enter_context(started(*worker))

        def tell(done: int) -> None:
            told.append(done)
            if done == 2:
                doomed.send_signal(signal.SIGKILL)

        elsewhere = run_trials(plan, 6, tmp_path / "cluster", cluster=address, tell=tell)
        assert doomed.wait() == -signal.SIGKILL
    assert told == list(range(7))
    assert elsewhere.equals(local)
    assert parts_of(tmp_path / "cluster") == parts_of(tmp_path / "local")


def test_a_cluster_that_does_not_answer_is_said(plan: TrialPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_cluster, "_SECONDS", 0.2)
    with pytest.raises(ClusterError, match="No scheduler answers"):
        next(compute_on_cluster(plan, "key", [range(1)], "tcp://127.0.0.1:1"))


def test_a_worker_with_other_code_is_refused(plan: TrialPlan) -> None:
    with pytest.raises(ClusterError, match="another version of funis"):
        on_cluster._run_checked(plan, "0" * 64, range(1))


def end_at_once(plan: TrialPlan) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_run_with_a_word(
    plan: TrialPlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_hold", end_at_once)
    with pytest.raises(WorkerLostError, match="--resume"):
        run_trials(plan, 4, tmp_path, workers=2)
