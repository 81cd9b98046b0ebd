"""The tests of the cell product, its infusion and its safety on a real PostgreSQL."""

import pytest
from tests.server.postgresql_rerun import CELLS_AND_SAFETY, cluster, run_again

pytestmark = [pytest.mark.database, pytest.mark.slow]
__all__ = ["cluster"]


def test_cells_do_on_postgresql_what_they_do_on_sqlite(cluster: dict[str, str]) -> None:
    run_again(CELLS_AND_SAFETY, cluster)
