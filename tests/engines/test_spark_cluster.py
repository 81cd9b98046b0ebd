"""Visits are scored on a real standalone cluster of Spark, and nothing comes to the driver. Opt-in: it starts six Javas.

``FUNIS_SPARK_CLUSTER=1 pytest tests/engines/test_spark_cluster.py``
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "benchmarks" / "growth" / "spark_cluster.py"


@pytest.mark.skipif(
    not os.environ.get("FUNIS_SPARK_CLUSTER"), reason="FUNIS_SPARK_CLUSTER is not set: it takes a minute"
)
def test_a_cluster_of_two_workers_scores_every_visit_as_sql_sums_it() -> None:
    pytest.importorskip("pyspark")
    done = subprocess.run(
        [sys.executable, str(PROGRAM), "--visits", "20000"], check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["rows"], found["executors"], found["differing"]) == (20000, 2, 0)
    # 24 items, each missing twice in a thousand: 0.998 ** 24 = 95.3 % of the visits have a score.
    assert 0.94 < found["scored"] / 20000 < 0.967
