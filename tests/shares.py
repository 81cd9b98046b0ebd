"""Which process takes which tests: those of a file stay together, and those that need a Java machine, too.

What the tests of a file share is made in one process only. A Java machine costs as much to start as many of the tests
on it, so the folder of engines is one share. The largest shares begin first: whoever comes to the end of the run
waits for small ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.workermanage import WorkerController

ENGINES = "tests/engines/"


class SharesOfTests(LoadScopeScheduling):  # type: ignore[misc]
    """Shares of tests, given out in the order in which they were collected.

    Where a test stands among 20,000 is kept here; the scheduler above reads all of them again for each.
    """

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        self._places: dict[WorkerController, dict[str, int]] = {}

    def _split_scope(self, nodeid: str) -> str:
        return ENGINES if nodeid.startswith(ENGINES) else nodeid.partition("::")[0]

    def _assign_work_unit(self, node: WorkerController) -> None:
        name, share = self.workqueue.popitem(last=False)
        self.assigned_work.setdefault(node, {})[name] = share
        if node not in self._places:
            known = self.registered_collections[node]
            self._places[node] = {nodeid: place for place, nodeid in enumerate(known)}
        places = self._places[node]
        node.send_runtest_some([places[nodeid] for nodeid, is_done in share.items() if not is_done])

    def mark_test_complete(
        self,
        node: WorkerController,
        item_index: int,
        duration: float = 0,  # noqa: ARG002 - the scheduler above is called with it
    ) -> None:
        """Mark a test as done, and forget a share of which every test is."""
        nodeid = self.registered_collections[node][item_index]
        name = self._split_scope(nodeid)
        share = self.assigned_work[node][name]
        share[nodeid] = True
        if all(share.values()):
            del self.assigned_work[node][name]
        self._reschedule(node)
