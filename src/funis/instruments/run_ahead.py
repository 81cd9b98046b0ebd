"""An iterator that is ahead of whoever reads it, so that both can work at the same time."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from queue import Full, Queue
from threading import Event, Thread
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
    made: Queue[Any] = Queue(by)
    is_left = Event()

    def hand_over(thing: Any) -> bool:
        while not is_left.is_set():
            try:
                made.put(thing, timeout=_LOOK_UP)
            except Full:
                continue
            return True
        return False

    def make() -> None:
        try:
            for thing in things:
                if not hand_over((thing, None)):
                    return
        except BaseException as error:  # noqa: BLE001  (raised again where it is read)
            hand_over((_END, error))
        else:
            hand_over((_END, None))

    maker = Thread(target=make, name="funis-run-ahead", daemon=True)
    maker.start()
    try:
        while True:
            thing, error = made.get()
            if error is not None:
                raise error
            if thing is _END:
                return
            yield thing
    finally:
        is_left.set()
        maker.join()
