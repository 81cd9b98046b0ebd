"""Of whom something is known: who was asked, who has a record, and of what nobody is asked."""

from types import SimpleNamespace
from typing import Any, cast

import polars as pl
import pytest

from funis.analysis import asked
from funis.analysis.run import Run

SUBJECTS = ("A", "B", "C", "D")
QUESTIONS = {"subject": ["A", "A", "B", "C"], "asked": [0, 1, 0, None], "asked_drugs": [0, 0, 1, None]}


def run(questions: dict[str, Any] | None = None, **frames: list[str]) -> Run:
    """Make what the questions look at: four subjects, with records in some tables."""
    tables = {
        name: pl.DataFrame({"subject": frames.get(name, [])}, schema={"subject": pl.String})
        for name in ("medications", "adverse_events")
    }
    frame = pl.DataFrame(
        {
            "subject": SUBJECTS,
            "infusions_received": [2.0, 0.0, None, 1.0],
            "disposition_status": ["died", None, "completed", None],
        }
    )
    layout = SimpleNamespace(places={name: place for place, name in enumerate(SUBJECTS)})
    panel = SimpleNamespace(subjects=SUBJECTS, layout=layout)
    answers = None if questions is None else pl.DataFrame(questions)
    made = SimpleNamespace(frames=tables, panel=panel, subject_frame=frame, frame=lambda _: answers)
    return cast("Run", made)


def names(found: Any) -> str:
    return "".join(name for name, is_in in zip(SUBJECTS, found, strict=True) if is_in)


def test_who_was_asked_once_was_asked() -> None:
    assert names(asked.was_asked_about_events(run(QUESTIONS))) == "A"
    assert names(asked.were_drugs_asked(run(QUESTIONS))) == "B"
    assert names(asked.was_asked_about_events(run())) == names(asked.were_drugs_asked(run())) == ""


def test_a_record_makes_known_what_was_not_asked() -> None:
    assert names(asked.are_drugs_known(run(QUESTIONS, medications=["D", "D"]))) == "BD"
    assert names(asked.are_drugs_known(run(medications=["C", "elsewhere"]))) == "C"


def test_an_infusion_is_known_where_none_is_recorded_too() -> None:
    assert names(asked.was_infused(run())) == "AD"
    assert names(asked.is_infusion_known(run())) == "ABD"


@pytest.mark.parametrize(
    ("event", "known", "was_asked"),
    [
        ("rescue_medication", "BD", "B"),
        ("new_immunosuppressant", "BD", "B"),
        ("second_infusion_missed", "ABD", "ABD"),
        ("reinfusion", "ABD", "ABD"),
        ("adverse_event", "AC", "A"),
        ("death", "AC", "AC"),
        ("withdrawal", "AC", "AC"),
    ],
)
def test_of_whom_an_event_is_known(event: str, known: str, was_asked: str) -> None:
    made = run(QUESTIONS, medications=["D"], adverse_events=["C"])
    assert names(asked.is_event_known(made, event)) == known
    assert names(asked.was_event_asked(made, event)) == was_asked
