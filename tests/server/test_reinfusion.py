"""A randomised re-infusion at relapse on a server of its own: the study file of the example, through the whole house."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "reinfusion" / "study.toml"


#: Of two subjects each arm gets one: the second goes for certain where it balances.
BLOCKS, BALANCED = 'method  = "blocks"', 'method = "minimisation"\nstrata = ["site"]\nprobability = 1'

#: What a committee judges, for the story of its readings.
JUDGED = """
[[adjudications]]
id       = "renal_response"
outcomes = ["complete", "partial", "none"]
ordered  = true
"""


def test_a_trial_that_infuses_again_at_relapse(tmp_path: Path) -> None:
    """One process knows one server: the story has a process, and a trial, of its own."""
    text = EXAMPLE.read_text(encoding="utf-8")
    assert BLOCKS in text
    (tmp_path / "study.toml").write_text(text.replace(BLOCKS, BALANCED) + JUDGED, encoding="utf-8")
    environment = os.environ | {"FUNIS_TEST_STUDY": str(tmp_path / "study.toml")}
    for name in (
        "PYTEST_XDIST_WORKER",
        "PYTEST_CURRENT_TEST",
        "PYTEST_XDIST_WORKER_COUNT",
        "FUNIS_TEST_ARMS",
    ):
        environment.pop(name, None)
    # The readings come after the story, whose export counts every subject.
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "-p",
        "no:randomly",
    ]
    done = subprocess.run(
        [*command, str(HERE / "reinfusion_at_relapse.py"), str(HERE / "adjudicated.py")],
        capture_output=True, text=True, env=environment, cwd=HERE.parents[1], check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "4 passed" in done.stdout
