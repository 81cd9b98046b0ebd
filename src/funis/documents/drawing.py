"""Specification to drawing: in this process, or in engines started beside it.

The figure engine is a JavaScript machine that takes half a second to start and holds the interpreter's lock
while it draws. A command that will write a report starts engines as processes of their own before it reads
the data: they warm up on another core, and draw while the tables are made. The drawings are the same either
way.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

_PROGRAM = Path(__file__).with_name("drawing_process.py")


#: Every engine costs half a second of a processor to start: a second one never earned it back on two cores.
MOST = 1


class Engine:
    """One figure engine in a process of its own."""

    def __init__(self) -> None:
        # Names of files in the current folder must not be taken for modules (-P).
        command = [sys.executable, "-P", str(_PROGRAM)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own program

    def draw(self, text: str) -> str:
        """Draw one specification.

        Raises
        ------
        OSError : the engine is gone
        ValueError : the specification cannot be drawn
        """
        if self.process.stdin is None or self.process.stdout is None:
            raise BrokenPipeError("The figure engine has no pipes.")
        self.process.stdin.write(text.encode("ascii") + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line.endswith(b"\n"):
            raise BrokenPipeError("The figure engine has stopped.")
        answer = json.loads(line)
        if "error" in answer:
            raise ValueError(answer["error"])
        svg: str = answer["svg"]
        return svg

    def stop(self) -> None:
        """End the process; there is nothing in it worth waiting for."""
        self.process.kill()
        self.process.communicate()


_started: list[Engine] = []
_free: SimpleQueue[Engine] = SimpleQueue()


def start_renderer() -> int:
    """Start figure engines beside this process, at most one a core; they end with it.

    Returns
    -------
    int : engines that are running; 0 where the interpreter cannot be started again

    Examples
    --------
    >>> start_renderer() > 0
    True
    >>> stop_renderer()
    """
    if not _started and sys.executable:
        for _ in range(min(MOST, os.cpu_count() or 1)):
            engine = Engine()
            _started.append(engine)
            _free.put(engine)
        atexit.register(stop_renderer)
    return len(_started)


def stop_renderer() -> None:
    """Stop the engines; drawing goes on in this process."""
    while not _free.empty():
        _free.get()
    while _started:
        _started.pop().stop()


def count_engines() -> int:
    """Tell how many drawings are worth asking for at once."""
    return max(len(_started), 1)


#: Drawings asked for ahead, by the identity of their specification.
_ahead: ContextVar[Mapping[int, Future[str]]] = ContextVar("_ahead", default={})  # noqa: B039 - never changed


@contextmanager
def draw_ahead(specs: Iterable[Mapping[str, Any]]) -> Iterator[None]:
    """Draw while other work goes on: inside, `render_svg` of one of these specifications finds it drawn.

    Parameters
    ----------
    specs : the specifications that will be asked for, the same objects
    """
    asked = list(specs)
    with ThreadPoolExecutor(count_engines(), "figures") as pool:
        found = _ahead.set({id(spec): pool.submit(_draw, spec) for spec in asked})
        try:
            yield
        finally:
            _ahead.reset(found)
            pool.shutdown(wait=True, cancel_futures=True)


def render_svg(spec: Mapping[str, Any]) -> str:
    """Draw a Vega-Lite specification.

    Parameters
    ----------
    spec : Vega-Lite specification without references to other places; one that is being drawn ahead is
        waited for

    Returns
    -------
    str : the svg element

    Raises
    ------
    ValueError : it cannot be drawn

    Examples
    --------
    >>> render_svg({"data": {"values": [{"x": 1}]}, "mark": "point"})[:4]
    '<svg'
    """
    drawing = _ahead.get().get(id(spec))
    return _draw(spec) if drawing is None else drawing.result()


def _draw(spec: Mapping[str, Any]) -> str:
    """Draw in an engine that is free, or in this process."""
    text = _write_spec(spec)
    try:
        engine = _free.get_nowait()
    except Empty:
        return _draw_here(text)
    try:
        svg = engine.draw(text)
    except OSError:
        # An engine that is gone (killed for its memory, say) is not asked again.
        return _draw_here(text)
    except ValueError:
        _free.put(engine)
        raise
    _free.put(engine)
    return svg


def _write_spec(spec: Mapping[str, Any]) -> str:
    try:
        return json.dumps(spec, allow_nan=False)
    except ValueError:
        # JSON has no words for what is not finite; in a figure it is a gap.
        return json.dumps(json.loads(json.dumps(spec), parse_constant=lambda _: None))


def _draw_here(text: str) -> str:
    import vl_convert

    svg: str = vl_convert.vegalite_to_svg(text, allowed_base_urls=[])
    return svg
