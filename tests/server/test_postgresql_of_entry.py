"""The tests of entry, its review and what is read of it on a real PostgreSQL."""

import pytest
from tests.server.postgresql_rerun import ENTRY_AND_REVIEW, cluster, run_again

pytestmark = [pytest.mark.database, pytest.mark.slow]
__all__ = ["cluster"]


def test_entry_does_on_postgresql_what_it_does_on_sqlite(cluster: dict[str, str]) -> None:
    run_again(ENTRY_AND_REVIEW, cluster)
