"""An iterator that is ahead of whoever reads it, so that both can work at the same time."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Full, Queue
from threading import Event, Thread, current_thread
from typing import Any, Final, TypeVar

Thing = TypeVar("Thing")

_END: Final = object()
# How often a side that waits looks whether the other has gone, in seconds.
_LOOK_UP: Final = 0.1


def run_ahead(things: Iterable[Thing], *, by: int = 3) -> Generator[Thing]:
    """Give what an iterator gives, made in a thread of its own.

    Parameters
    ----------
    things : what is made; an exception in it is raised at the reader's side
    by : so many things are made before they are asked for

    Returns
    -------
    generator : ends the thread when it is closed before its end

    Examples
    --------
    >>> list(run_ahead(range(3)))
    [0, 1, 2]
    """
    maker = _Maker(things, by)
    maker.start()
    try:
        while True:
            thing, error = maker.made.get()
            if error is not None:
                raise error
            if thing is _END:
                return
            yield thing
    finally:
        maker.is_left.set()
        # Whoever holds the last reference closes this generator, and that may be the maker itself.
        if current_thread() is not maker:
            maker.join()


class _Maker(Thread):
    """Makes things until it is left."""

    def __init__(self, things: Iterable[Any], by: int) -> None:
        super().__init__(name="funis-run-ahead", daemon=True)
        self.things = things
        self.made: Queue[Any] = Queue(by)
        self.is_left = Event()

    def run(self) -> None:
        """Make one thing after the other; an exception is handed over to be raised where they are read."""
        try:
            for thing in self.things:
                if not self._hand_over((thing, None)):
                    return
        except BaseException as error:  # noqa: BLE001  (raised again by the reader)
            self._hand_over((_END, error))
        else:
            self._hand_over((_END, None))

    def _hand_over(self, thing: Any) -> bool:
        while not self.is_left.is_set():
            try:
                self.made.put(thing, timeout=_LOOK_UP)
            except Full:
                continue
            return True
        return False
