"""The tests of the blinded trial on a real PostgreSQL: who allocates at the same moment, and what a site sees."""

import pytest
from tests.server.postgresql_rerun import ARMS_OF_A_TRIAL, cluster, run_again

pytestmark = [pytest.mark.database, pytest.mark.slow]
__all__ = ["cluster"]


def test_a_trial_of_two_arms_does_on_postgresql_what_it_does_on_sqlite(cluster: dict[str, str]) -> None:
    run_again(ARMS_OF_A_TRIAL, cluster, FUNIS_TEST_ARMS="1")
