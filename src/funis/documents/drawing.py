"""Specification to drawing: a chart is drawn here, what is more than that in engines beside this process.

The figures of a report are charts of few kinds (`funis.documents.charts`). A specification that asks for more
is drawn by an engine of all of Vega-Lite, which makes every picture too. The figure engine is a JavaScript
machine that takes half a second to start, holds the interpreter's lock while it draws, and ends its whole
process where a drawing is too much for it. So it runs in a process of its own. A command that will write
pictures starts it before it reads the data: it warms up on another core.
"""

from __future__ import annotations

import atexit
import base64
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Lock, Timer
from typing import Any, Final

from funis.documents.charts.chart import draw_chart
from funis.documents.charts.reading import BeyondChartsError
from funis.documents.text_extents import fix_lengths
from funis.errors import DrawingError

_PROGRAM = Path(__file__).with_name("drawing_process.py")
_log = logging.getLogger(__name__)
#: An escape of JSON, after an even number of strokes, for a letter that ends the engine.
_FORBIDDEN_ESCAPE = re.compile(
    r"(?<!\\)(?:\\\\)*(\\(?:[bf]|u00(?:0[0-8bcef]|1[0-9a-f])|ufff[ef]|ud[89ab][0-9a-f]{2}(?!\\ud[c-f])))"
)
#: The same letters in words that were drawn.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

#: Every engine costs half a second of a processor to start: a second one never earned it back on two cores.
MOST = 1
#: A drawing is tried again once, in a new engine: the first may have been ended for the memory of others.
_TRIES = 2
#: Seconds after which a drawing is given up. The largest figures take two, on a busy machine ten times that.
SECONDS: Final = 120


class Engine:
    """One figure engine in a process of its own.

    Parameters
    ----------
    seconds : how long one drawing may take; the process is ended where it takes longer
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        # Names of files in the current folder must not be taken for modules (-P). What an engine says while
        # it dies is said better in the box that stands for the figure. Where this process is killed nobody
        # is left to end a drawing: the engine then ends itself, after twice the time.
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-P", str(_PROGRAM), str(2 * seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def draw(self, text: str) -> str:
        """Draw one specification, or make the picture of a drawing, in base 64.

        Raises
        ------
        TimeoutError : it took too long; the engine is gone
        OSError : the engine is gone
        DrawingError : the specification cannot be drawn
        """
        late = Event()

        def end() -> None:
            late.set()
            self.process.kill()

        clock = Timer(self._seconds, end)
        clock.daemon = True
        clock.start()
        try:
            return self._ask(text)
        except OSError as error:
            if late.is_set():
                raise TimeoutError from error
            raise
        finally:
            clock.cancel()

    def _ask(self, text: str) -> str:
        """Send one specification and wait for what comes back."""
        if self.process.stdin is None or self.process.stdout is None:
            raise BrokenPipeError("The figure engine has no pipes.")
        self.process.stdin.write(text.encode("ascii") + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line.endswith(b"\n"):
            raise BrokenPipeError("The figure engine has stopped.")
        answer = json.loads(line)
        if "error" in answer:
            raise DrawingError(answer["error"])
        drawn: str = answer["png"] if "png" in answer else answer["svg"]
        return drawn

    def stop(self) -> None:
        """End the process; there is nothing in it worth waiting for."""
        self.process.kill()
        self.process.communicate()


_started: list[Engine] = []
#: A place an engine: an engine that is free, or None where one has died and the next drawing starts another.
_free: SimpleQueue[Engine | None] = SimpleQueue()
#: There are places; set and cleared under the lock.
_open = Event()
_starting = Lock()


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
    with _starting:
        if not _open.is_set() and sys.executable:
            for _ in range(min(MOST, os.cpu_count() or 1)):
                try:
                    _free.put(_start_engine())
                except OSError as error:
                    _log.warning("no figure engine can be started: %s", error.strerror)
                    _free.put(None)
            atexit.register(stop_renderer)
            _open.set()
    return len(_started)


def _start_engine() -> Engine:
    engine = Engine()
    _started.append(engine)
    return engine


def stop_renderer() -> None:
    """Stop the engines; the next drawing starts new ones."""
    with _starting:
        _open.clear()
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
    specs : the specifications that will be asked for, the same objects; each is drawn as soon as it is given
    """
    # Kept as long as they are looked up by their identity.
    asked: list[Mapping[str, Any]] = []
    drawings: dict[int, Future[str]] = {}
    with ThreadPoolExecutor(count_engines(), "figures") as pool:
        for spec in specs:
            asked.append(spec)
            drawings[id(spec)] = pool.submit(_draw, spec)
        found = _ahead.set(drawings)
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
    DrawingError : it cannot be drawn

    Examples
    --------
    >>> render_svg({"data": {"values": [{"x": 1}]}, "mark": "point"})[:4]
    '<svg'
    """
    drawing = _ahead.get().get(id(spec))
    return _draw(spec) if drawing is None else drawing.result()


@lru_cache(maxsize=64)
def render_png(svg: str, density: float, typefaces: str = "") -> bytes:
    """Make the picture of a drawing; the same one is made once.

    Parameters
    ----------
    svg : the svg element
    density : pixels an inch; an inch of the drawing is 72 of its units
    typefaces : folder of typefaces to be used beside those of the machine; empty for none

    Returns
    -------
    bytes : a PNG file

    Raises
    ------
    DrawingError : it cannot be made

    Examples
    --------
    >>> render_png('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>', 72)[1:4]
    b'PNG'
    """
    # Only here: numpy takes a tenth of a second to load, and the engine is to be warm by then.
    from funis.documents.compact_picture import compact_picture

    question = json.dumps([svg, density, typefaces])
    return compact_picture(base64.b64decode(_ask_engine(question, _make_picture_here)))


def _draw(spec: Mapping[str, Any]) -> str:
    try:
        drawn = draw_chart(dict(spec))
    except BeyondChartsError as beyond:
        _log.info("a figure is drawn by the figure engine: %s", beyond)
        return fix_lengths(_ask_engine(_write_spec(spec), _draw_here))
    if found := _FORBIDDEN.search(drawn):
        raise DrawingError(
            f"The figure holds a letter that no drawing can show: {ascii(found.group())[1:-1]}."
        )
    return drawn


def _ask_engine(text: str, here: Callable[[str], str]) -> str:
    """Draw in an engine beside this process.

    What ends an engine would end this process too: nothing is drawn here unless no interpreter can be
    started at all, as in a program that has Python built in.
    """
    start_renderer()
    if not _open.is_set():
        return here(text)
    for _ in range(_TRIES):
        engine = _take_engine()
        kept: Engine | None = engine
        try:
            return engine.draw(text)
        except OSError as error:
            kept = None
            _started.remove(engine)
            engine.stop()
            if isinstance(error, TimeoutError):
                # Another engine would take as long.
                raise DrawingError(f"It was given up: drawing it took longer than {SECONDS} s.") from error
            _log.warning("a figure engine ended while it drew")
        finally:
            _free.put(kept)
    raise DrawingError("The figure engine ended while it drew this figure.")


def _take_engine() -> Engine:
    """Wait for an engine; start one in the place of one that died."""
    engine = _free.get()
    try:
        return engine or _start_engine()
    except OSError as error:
        _free.put(None)
        raise DrawingError(f"No figure engine can be started: {error.strerror}.") from error


def _write_spec(spec: Mapping[str, Any]) -> str:
    """Write a specification as JSON; letters that would end the engine are refused."""
    try:
        text = json.dumps(spec, allow_nan=False)
    except ValueError:
        # JSON has no words for what is not finite; in a figure it is a gap.
        text = json.dumps(json.loads(json.dumps(spec), parse_constant=lambda _: None))
    found = _FORBIDDEN_ESCAPE.search(text)
    if found:
        raise DrawingError(f"The figure holds a letter that no drawing can show: {found.group(1)}.")
    return text


def _draw_here(text: str) -> str:
    import vl_convert

    try:
        svg: str = vl_convert.vegalite_to_svg(text, allowed_base_urls=[])
    except ValueError as error:
        raise DrawingError(str(error)) from error
    return svg


def _make_picture_here(text: str) -> str:
    import vl_convert

    svg, density, typefaces = json.loads(text)
    if typefaces:
        vl_convert.register_font_directory(typefaces)
    try:
        return base64.b64encode(vl_convert.svg_to_png(svg, scale=1, ppi=density)).decode("ascii")
    except ValueError as error:
        raise DrawingError(str(error)) from error
