"""Score visits on a real standalone cluster of Spark: a master and two workers, each a process of its own.

``python benchmarks/growth/spark_cluster.py [--visits 5000000]`` starts the cluster with the classes that PySpark
brings, draws the visits in its workers, scores them there, writes them as Parquet from there and reads them again
to check every sum against SQL. The driver has one gigabyte and refuses results of more than one megabyte, so that
nothing can be collected by it. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from funis.catalogue.registry import definition

SOURCE = Path(__file__).resolve().parents[2] / "src"
INSTRUMENT = "sledai_2k"
WORKERS = 2
DRIVER_MEMORY = "1g"
#: The driver ends a query whose results are larger.
MOST_COLLECTED = "1m"
_STARTED = re.compile(r"Successfully registered with master")


def free_port() -> int:
    """Give a port of this machine that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def start_cluster(folder: Path, workers: int = WORKERS) -> Iterator[str]:
    """Start a master and workers, and end them afterwards.

    Parameters
    ----------
    folder : for their logs and files
    workers : each with one core and one gigabyte for an executor

    Yields
    ------
    str : address of the master

    Raises
    ------
    RuntimeError : a worker did not find the master
    """
    import pyspark

    home = Path(pyspark.__file__).parent
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYTHONPATH": os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")]),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_DAEMON_MEMORY": "512m",
    }
    address = f"spark://127.0.0.1:{free_port()}"
    port = address.rpartition(":")[2]
    master = ["deploy.master.Master", "--host", "127.0.0.1", "--port", port, "--webui-port", "0"]
    worker = ["deploy.worker.Worker", "--cores", "1", "--memory", "1500m", "--webui-port", "0"]
    with ExitStack() as running:

        def start(name: str, words: Sequence[str]) -> Path:
            log = folder / f"{name}.log"
            command = [str(home / "bin" / "spark-class"), f"org.apache.spark.{words[0]}", *words[1:]]
            running.enter_context(_running(command, environment, log))
            return log

        start("master", master)
        logs = [
            start(f"worker_{turn}", [*worker, "--work-dir", str(folder / f"work_{turn}"), address])
            for turn in range(workers)
        ]
        _wait_for(logs)
        yield address


@contextmanager
def _running(command: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """Run a process with all that it starts, and end all of them."""
    with log.open("wb") as out:
        started = subprocess.Popen(
            command, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        started.wait(timeout=30)


def _wait_for(logs: Sequence[Path], seconds: float = 120) -> None:
    """Wait until every worker has found the master."""
    until = time.monotonic() + seconds
    while not all(_STARTED.search(log.read_text(errors="replace")) for log in logs):
        if time.monotonic() > until:
            told = "\n".join(log.read_text(errors="replace")[-800:] for log in logs)
            raise RuntimeError(f"The workers did not find the master within {seconds:g} s:\n{told}")
        time.sleep(0.2)


def open_session(address: str) -> Any:
    """Open a session of a driver that can hold little and collect less."""
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": DRIVER_MEMORY,
        "spark.driver.maxResultSize": MOST_COLLECTED,
        "spark.driver.host": "127.0.0.1",
        "spark.executor.memory": "1g",
        "spark.executor.cores": "1",
        "spark.sql.shuffle.partitions": "8",
    }
    builder = SparkSession.builder.master(address).appName("funis on a cluster")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def draw_visits(session: Any, visits: int) -> Any:
    """Draw visits in the workers: six a subject, each item present in one of eight, some of them missing."""
    from pyspark.sql import functions as sql

    rows = session.range(visits, numPartitions=max(4, visits // 250_000))
    items = [
        sql.when(sql.rand(2 * place) < 0.002, None)
        .otherwise((sql.rand(2 * place + 1) < 0.125).cast("int"))
        .alias(item.name)
        for place, item in enumerate(definition(INSTRUMENT).items)
    ]
    return rows.select(
        sql.concat(sql.lit("S"), (sql.col("id") / 6).cast("long")).alias("subject"),
        (sql.col("id") % 6).cast("int").alias("day"),
        *items,
    )


def measure(visits: int) -> dict[str, Any]:
    """Score so many visits on a cluster; tell what it took, and whether every sum is right."""
    import funis

    with tempfile.TemporaryDirectory() as place, start_cluster(Path(place)) as address:
        session = open_session(address)
        try:
            drawn, scored = f"{place}/drawn.parquet", f"{place}/scored.parquet"
            draw_visits(session, visits).write.parquet(drawn)
            started = time.perf_counter()
            funis.score(session.read.parquet(drawn), INSTRUMENT).write.parquet(scored)
            seconds = time.perf_counter() - started
            # The driver stands in this list too.
            executors = session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() - 1
            found = {
                "visits": visits,
                "workers": WORKERS,
                "executors": int(executors),
                "seconds": round(seconds, 1),
                "visits_per_second": round(visits / seconds),
                **compare_sums(session.read.parquet(scored)),
                "driver_java_megabytes": _peak_of(session.sparkContext._gateway.proc.pid),
            }
        finally:
            session.stop()
    found["driver_python_megabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def compare_sums(scored: Any) -> dict[str, int]:
    """Count the rows, those scored, and those whose score differs from the sum of points that SQL computes."""
    from pyspark.sql import functions as sql

    items = definition(INSTRUMENT).items
    points = sum((sql.col(item.name) * int(max(item.points)) for item in items), start=sql.lit(0))
    differs = ~sql.col(INSTRUMENT).eqNullSafe(points.cast("double"))
    row = scored.agg(
        sql.count("*").alias("rows"),
        sql.count(INSTRUMENT).alias("scored"),
        sql.sum(differs.cast("int")).alias("differing"),
    ).first()
    return {name: int(row[name]) for name in ("rows", "scored", "differing")}


def _peak_of(process: int) -> int:
    """Give the most memory a process has had, in megabytes."""
    told = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmHWM:\s+(\d+)", told)[0]) // 1024


def main() -> None:
    """Print what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=5_000_000)
    print(json.dumps(measure(parser.parse_args().visits)))


if __name__ == "__main__":
    main()
