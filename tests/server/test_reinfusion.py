"""A randomised re-infusion at relapse on a server of its own: the study file of the example, through the whole house."""

from pathlib import Path

from tests.server.tests_apart import run_apart

EXAMPLE = Path(__file__).parents[2] / "examples" / "reinfusion" / "study.toml"


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
    # The readings come after the story, whose export counts every subject.
    files = ("reinfusion_at_relapse.py", "adjudicated.py")
    printed = run_apart(files, {"FUNIS_TEST_STUDY": str(tmp_path / "study.toml")}, in_order=True)
    assert "5 passed" in printed
