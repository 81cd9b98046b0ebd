"""A bar of the trials that are done, with the time left, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def show_progress(trials: int) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how many trials are done.

    Parameters
    ----------
    trials : of all
    """
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("virtual trials"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=trials)

        def tell(done: int) -> None:
            # What an earlier run left says nothing of how fast this one is.
            if progress.tasks[0].completed:
                progress.update(task, completed=done)
            else:
                progress.reset(task, completed=done)

        yield tell
