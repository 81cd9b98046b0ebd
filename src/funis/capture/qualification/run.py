"""Every statement with what shows it: checks that were run, tests that were not, what is not shown."""

from __future__ import annotations

import tomllib
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from funis.capture.qualification.conduct_checks import CONDUCT_CHECKS
from funis.capture.qualification.scratch import (
    CheckFailedError,
    CheckNotRunError,
    QualityCheck,
    ScratchTrial,
)
from funis.capture.qualification.trail_checks import TRAIL_CHECKS

STATEMENTS: Final = Path(__file__).with_name("statements.toml")
PASSED, FAILED, NOT_RUN = "passed", "failed", "not run here"
SHOWN, TESTED, NOT_SHOWN = "shown here", "tested in the suite, not run here", "not shown"
SHOWN_IN_PART, TESTED_IN_PART = "shown here in part", "tested in the suite in part, not run here"
#: The whole trail is verified when everything else was done to it.
_LAST: Final = ("trail_is_whole", "backup_comes_back")
QUALITY_CHECKS: Final[Mapping[str, QualityCheck]] = {
    each.__name__: each
    for each in sorted((*TRAIL_CHECKS, *CONDUCT_CHECKS), key=lambda check: check.__name__ in _LAST)
}
"""Every check by its name, in the order in which they are run."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """How a check ended: ``passed``, ``failed`` or ``not run here``, and what it found."""

    name: str
    what: str
    outcome: str
    found: str


@dataclass(frozen=True, slots=True)
class QualifiedStatement:
    """One statement of the rules.

    Attributes
    ----------
    number, text, source : of the table
    checks : that were run for it
    tests : of the test suite, not run here
    lacks : what is not shown by either; empty: nothing
    """

    number: int
    text: str
    source: str
    checks: tuple[CheckOutcome, ...]
    tests: tuple[str, ...]
    lacks: str

    @property
    def outcome(self) -> str:
        """Give what the statement comes to: one check that failed fails it."""
        outcomes = {each.outcome for each in self.checks}
        if FAILED in outcomes:
            return FAILED
        if PASSED in outcomes:
            return SHOWN_IN_PART if self.lacks else SHOWN
        if self.tests:
            return TESTED_IN_PART if self.lacks else TESTED
        return NOT_RUN if outcomes else NOT_SHOWN


def read_statements() -> list[dict[str, object]]:
    """Read the table of statements."""
    found: list[dict[str, object]] = tomllib.loads(STATEMENTS.read_text(encoding="utf-8"))["statement"]
    return found


def run_checks(trial: ScratchTrial, checks: Iterable[str] = QUALITY_CHECKS) -> dict[str, CheckOutcome]:
    """Run checks one after the other; one that fails does not stop the others.

    Parameters
    ----------
    trial : the scratch trial
    checks : names of them
    """
    return {name: _run(name, QUALITY_CHECKS[name], trial) for name in checks}


def _run(name: str, check: QualityCheck, trial: ScratchTrial) -> CheckOutcome:
    what = (check.__doc__ or "").strip()
    try:
        return CheckOutcome(name, what, PASSED, check(trial))
    except CheckNotRunError as error:
        return CheckOutcome(name, what, NOT_RUN, str(error))
    except CheckFailedError as error:
        return CheckOutcome(name, what, FAILED, str(error))
    except Exception as error:  # noqa: BLE001 - whatever a check runs into is its failure, in the report
        place = traceback.extract_tb(error.__traceback__)[-1]
        return CheckOutcome(name, what, FAILED, f"{type(error).__name__}: {error} ({place.name})")


def judge_statements(found: Mapping[str, CheckOutcome]) -> list[QualifiedStatement]:
    """Give every statement with the outcomes of its checks."""
    return [
        QualifiedStatement(
            number,
            str(each["text"]),
            str(each["source"]),
            tuple(found[name] for name in _texts(each, "checks")),
            _texts(each, "tests"),
            str(each.get("lacks", "")),
        )
        for number, each in enumerate(read_statements(), start=1)
    ]


def _texts(statement: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = statement.get(name, ())
    return tuple(map(str, found)) if isinstance(found, (list, tuple)) else ()
