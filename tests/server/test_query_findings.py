"""On the rebuilt lupus trial, broken at random: the automatic queries are what ``funis check`` finds in the export."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow
HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOAD = (
    "import sys; from pathlib import Path; from funis.capture.configuration import Configuration; "
    "from funis.capture.serve import load_data, prepare; c = Configuration(Path(sys.argv[1])); "
    "prepare(c); load_data(c, Path(sys.argv[2]))"
)


def python(*arguments: str, expected: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == expected, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from funis.demo.reconstruct import reconstruct

    place = tmp_path_factory.mktemp("broken")
    rebuilt = reconstruct("sle", place / "sle")
    trial = place / "trial"
    trial.mkdir()
    (trial / "study.toml").write_text((rebuilt / "study.toml").read_text(encoding="utf-8"), encoding="utf-8")
    python("-c", LOAD, str(trial), str(rebuilt))
    out = place / "out"
    found: dict[str, Any] = json.loads(python(str(HERE / "break_data.py"), str(trial), "3", "3", str(out)))
    # 1: the check found errors.
    checked = json.loads(python("-m", "funis.cli", "check", str(out), "--json", expected=1))
    return found | {"checked": checked}


def test_subject_by_subject_they_are_the_findings_that_concern_one_subject(told: dict[str, Any]) -> None:
    assert [each["alone"] for each in told["rounds"]] == [[]] * 6


def test_together_they_are_the_findings(told: dict[str, Any]) -> None:
    assert [each["everything"] for each in told["rounds"]] == [[]] * 6
    assert min(each["findings"] for each in told["rounds"]) > 0
    assert len({code for each in told["rounds"] for code in each["codes"]}) > 15


def test_they_are_what_the_command_says_of_the_written_folder(told: dict[str, Any]) -> None:
    """Of the study file itself the command says that the sources of the rebuilding are not there."""
    places = {
        (*(each[name] for name in ("code", "level", "table", "column", "subject", "visit")), each["line"])
        for each in told["checked"]
        if each["file"].endswith(".csv")
    }
    assert len(places) > 20
    assert Counter(each[:6] for each in places) == Counter(tuple(each[:6]) for each in told["standing"])
    assert any(state == "closed_by_correction" for state, _ in told["states"])
