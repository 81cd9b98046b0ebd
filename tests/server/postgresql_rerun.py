"""Which tests of the server run again on a real PostgreSQL, and how: the rule, the parts, the process.

Again runs every file whose tests ask for the server of the process: what triggers record, what row-level security
shows, what a lock holds and what a statement of a list finds is the database's own. A file that is not run again
stands in `NOT_AGAIN` with the reason; `test_postgresql` holds both against the files that are there. A part is a
process with a cluster of its own, so that parts run beside each other; each takes about as long as the others.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pytest
from tests.server.tests_apart import run_apart

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from postgresql_cluster import find_programs, running_cluster

HERE = Path(__file__).parent
PEOPLE_AND_TRAIL: Final = (
    "test_access.py",
    "test_anchors.py",
    "test_backup.py",
    "test_everything_together.py",
    "test_identities.py",
    "test_row_security.py",
    "test_safe_start.py",
    "test_second_factor.py",
    "test_trail.py",
    "test_trail_words.py",
)
ENTRY_AND_REVIEW: Final = (
    "test_api.py",
    "test_as_of.py",
    "test_conduct.py",
    "test_laboratory_grid.py",
    "test_locks.py",
    "test_notices.py",
    "test_overview.py",
    "test_queries.py",
    "test_redaction.py",
    "test_save.py",
    "test_save_statements.py",
    "test_signatures.py",
    "test_study_versions.py",
    "test_verification.py",
)
CELLS_AND_SAFETY: Final = (
    "test_course_due.py",
    "test_eligibility.py",
    "test_infusion.py",
    "test_instrument_grades.py",
    "test_product.py",
    "test_product_invariants.py",
    "test_product_labels.py",
    "test_product_machine.py",
    "test_product_pages.py",
    "test_product_release.py",
    "test_safety_clock.py",
    "test_stopping.py",
    "test_stopping_at_once.py",
    "test_unasked_visits.py",
)
ARMS_OF_A_TRIAL: Final = ("arms_of_a_trial.py", "roles_of_a_trial.py")
_OWN_SERVER: Final = "a server of its own, which a command or a browser starts on SQLite"
_OWN_DATABASE: Final = "starts its databases itself, PostgreSQL among them"
NOT_AGAIN: Final = {
    "test_allocation.py": f"{_OWN_SERVER}; its tests of the database are those of `ARMS_OF_A_TRIAL`",
    "test_allocation_story.py": _OWN_SERVER,
    "test_api_document.py": "shapes of answers; test_api.py has the statements that they come from",
    "test_case_book.py": "pages for printing, from the rows that test_as_of.py reads",
    "test_crash.py": _OWN_DATABASE,
    "test_demo_in_a_browser.py": _OWN_SERVER,
    "test_exchange.py": _OWN_SERVER,
    "test_group_commit.py": "commits of SQLite; writers of PostgreSQL share their waits by themselves",
    "test_infusion_story.py": _OWN_SERVER,
    "test_postgresql.py": _OWN_DATABASE,
    "test_postgresql_of_arms.py": _OWN_DATABASE,
    "test_postgresql_of_cells.py": _OWN_DATABASE,
    "test_postgresql_of_entry.py": _OWN_DATABASE,
    "test_qualification.py": _OWN_SERVER,
    "test_query_findings.py": _OWN_SERVER,
    "test_records.py": _OWN_SERVER,
    "test_reinfusion.py": _OWN_SERVER,
    "test_signing_story.py": _OWN_SERVER,
    "test_story.py": _OWN_SERVER,
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[dict[str, str]]:
    """Start a cluster of its own, with an owner and a role for the server; the addresses of each."""
    programs = find_programs()
    if programs is None:
        pytest.skip("no PostgreSQL on this machine: apt-get install postgresql")
    with running_cluster(programs) as running:
        yield {
            "app": running.address("funis_app"),
            "owner": running.address("funis_owner"),
            "superuser": running.address(running.superuser),
            "restored": running.address("funis_owner", "restored"),
        }


def run_again(names: Sequence[str], cluster: dict[str, str], **told: str) -> str:
    """Run files of tests in a process that knows the cluster; what it printed. It fails where one of them does."""
    known = {
        "FUNIS_TEST_DATABASE": cluster["app"],
        "FUNIS_TEST_OWNER": cluster["owner"],
        "FUNIS_TEST_SUPERUSER": cluster["superuser"],
        "FUNIS_TEST_RESTORED": cluster["restored"],
    }
    return run_apart(names, known | told)
