"""Drawing in an engine beside the process: the same drawing, the same refusals, and no end when the engine dies."""

from __future__ import annotations

import faulthandler
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from funis.documents import drawing, drawing_process
from funis.documents.document import Document, Section
from funis.documents.drawing import render_svg, start_renderer, stop_renderer
from funis.documents.figure import FigureSpec
from funis.documents.html import render_page
from funis.errors import DrawingError

SPEC: dict[str, Any] = {
    "data": {"values": [{"x": 1, "y": 2, "name": "Sjögren — °C"}]},
    "mark": "text",
    "encoding": {
        "x": {"field": "x", "type": "quantitative"},
        "y": {"field": "y", "type": "quantitative"},
        "text": {"field": "name", "type": "nominal"},
    },
}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[drawing.Engine]:
    stop_renderer()
    monkeypatch.setattr(drawing, "MOST", 1)
    assert start_renderer() == 1
    yield drawing._started[0]
    stop_renderer()


def test_engine_draws_what_is_drawn_here(engine: drawing.Engine) -> None:
    beside = [render_svg(SPEC) for _ in range(2)]
    assert engine.process.poll() is None
    stop_renderer()
    assert beside == [render_svg(SPEC)] * 2
    assert "Sjögren — °C" in beside[0]


def test_engine_is_started_once(engine: drawing.Engine) -> None:
    assert start_renderer() == 1
    assert drawing._started == [engine]


def test_what_cannot_be_drawn_is_refused_and_the_engine_goes_on(engine: drawing.Engine) -> None:
    with pytest.raises(DrawingError, match="Vega-Lite"):
        render_svg({"mark": {"nothing": "known"}})
    assert render_svg(SPEC).startswith("<svg")
    assert engine.process.poll() is None


def test_number_that_is_not_finite_is_a_gap() -> None:
    values = [{"x": 1.0, "y": 2.0}, {"x": 2.0, "y": float("nan")}]
    gap = [values[0], {"x": 2.0, "y": None}]
    with_nan, with_gap = ({**SPEC, "mark": "line", "data": {"values": rows}} for rows in (values, gap))
    assert render_svg(with_nan) == render_svg(with_gap)


def test_engine_that_died_is_replaced_by_another(engine: drawing.Engine) -> None:
    engine.process.kill()
    engine.process.wait()
    assert render_svg(SPEC).startswith("<svg")
    (other,) = drawing._started
    assert other is not engine
    assert other.process.poll() is None
    assert drawing._free.qsize() == 1


class DyingEngine:
    """An engine that ends at every drawing, as the real one does where its memory is not enough."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1

    def draw(self, text: str) -> str:
        raise BrokenPipeError(text)

    def stop(self) -> None:
        pass


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[DyingEngine]]:
    stop_renderer()
    monkeypatch.setattr(drawing, "Engine", DyingEngine)
    monkeypatch.setattr(DyingEngine, "made", 0)
    monkeypatch.setattr(drawing, "MOST", 1)
    yield DyingEngine
    stop_renderer()


def test_drawing_that_ends_engines_is_tried_twice_and_never_here(
    dying: type[DyingEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    here: list[str] = []
    monkeypatch.setattr(drawing, "_draw_here", here.append)
    with pytest.raises(DrawingError, match="ended while it drew"):
        render_svg(SPEC)
    assert dying.made == 2
    assert not here
    assert not drawing._started
    # The place of the engine is free again: the next drawing starts another.
    monkeypatch.undo()
    assert render_svg(SPEC).startswith("<svg")


def test_drawings_of_several_threads_survive_engines_that_die(dying: type[DyingEngine]) -> None:
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(render_svg, SPEC) for _ in range(6)]
        assert all(isinstance(each.exception(), DrawingError) for each in asked)
    assert dying.made == 12


SILENT = "import sys\nfor line in sys.stdin: pass\n"
SLOW_TO_END = "import sys, time\nsys.stdin.readline()\nwhile True: time.sleep(60)\n"


@pytest.mark.parametrize("program", [SILENT, SLOW_TO_END])
def test_a_drawing_that_takes_too_long_is_given_up_once_and_the_box_says_so(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_renderer()
    path = tmp_path / "engine.py"
    path.write_text(program, encoding="utf-8")
    made: list[drawing.Engine] = []

    def start() -> drawing.Engine:
        made.append(engine := Engine(seconds=0.2))
        return engine

    Engine = drawing.Engine
    monkeypatch.setattr(drawing, "_PROGRAM", path)
    monkeypatch.setattr(drawing, "Engine", start)
    figure = FigureSpec("figure-x", "efficacy", "Course", SPEC, "A course.")
    page = render_page(Document("A", sections=(Section("efficacy", "Efficacy", (figure,)),)))
    words = "This figure could not be drawn. It was given up: drawing it took longer than 120 s. Its numbers stand"
    assert words in page
    assert "<svg" not in page
    (engine,) = made
    assert engine.process.poll() is not None
    assert not drawing._started
    # More than a pipe holds: the engine reads nothing of it, and the writing ends as well.
    with pytest.raises(DrawingError, match="longer than 120 s"):
        render_svg({**SPEC, "description": "x" * 1_000_000})
    # The place of the engine is free again: the next drawing starts another.
    monkeypatch.undo()
    assert render_svg(SPEC).startswith("<svg")


def test_a_drawing_in_time_is_not_given_up_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []
    stopped: list[bool] = []

    class Clock:
        def __init__(self, seconds: float, _: object) -> None:
            asked.append(seconds)

        def start(self) -> None:
            pass

        def cancel(self) -> None:
            stopped.append(True)

    monkeypatch.setattr(drawing, "Timer", Clock)
    assert render_svg(SPEC).startswith("<svg")
    assert (asked, stopped) == ([120.0], [True])


def test_an_engine_that_nobody_can_end_ends_itself() -> None:
    # Its input stays open: without a limit of its own it would wait for ever.
    with subprocess.Popen(
        [sys.executable, "-P", str(drawing._PROGRAM), "0.001"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as engine:
        try:
            assert engine.wait(timeout=120) == 1
            assert engine.stderr is not None
            assert b"Timeout" in engine.stderr.read()
        finally:
            engine.kill()


def test_the_limit_of_an_engine_holds_for_each_drawing_and_not_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[float, bool] | None] = []
    monkeypatch.setattr(
        faulthandler,
        "dump_traceback_later",
        lambda seconds, **how: asked.append((seconds, how == {"exit": True})),
    )
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: asked.append(None))
    spec = json.dumps(SPEC).encode("ascii") + b"\n"
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(spec + b"{}\n" + spec)))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(output))
    drawing_process.main(7.5)
    # While it warms up, and while it draws each of the three.
    assert asked == [(7.5, True), None] * 4
    answers = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [list(each) for each in answers] == [["svg"], ["error"], ["svg"]]


def test_where_no_engine_can_be_started_the_drawing_is_refused(
    engine: drawing.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(drawing, "Engine", refuse)
    engine.process.kill()
    engine.process.wait()
    for _ in range(2):
        with pytest.raises(DrawingError, match="No figure engine can be started: Cannot allocate memory"):
            render_svg(SPEC)
    stop_renderer()
    assert start_renderer() == 0
    with pytest.raises(DrawingError, match="No figure engine can be started"):
        render_svg(SPEC)
    monkeypatch.undo()
    assert render_svg(SPEC).startswith("<svg")


def test_without_an_interpreter_drawings_are_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    stop_renderer()
    monkeypatch.setattr(sys, "executable", "")
    assert start_renderer() == 0
    assert render_svg(SPEC).startswith("<svg")
    with pytest.raises(DrawingError, match="Vega-Lite"):
        render_svg({"mark": {"nothing": "known"}})


@pytest.mark.parametrize(
    "letter", ["\0", "\x01", "\x08", "\x0b", "\x0c", "\x0e", "\x1f", "\ufffe", "\uffff", "\ud800"]
)
def test_letters_that_end_the_engine_never_reach_it(letter: str, engine: drawing.Engine) -> None:
    values = [{"x": 1, "y": 2, "name": f"S{letter}1"}]
    with pytest.raises(DrawingError, match="letter that no drawing can show"):
        render_svg({**SPEC, "data": {"values": values}})
    assert engine.process.poll() is None


@pytest.mark.parametrize("text", ["\\u0001", "a\\b", "\t\n", "\U0001f600", "\x7f", "\ufffd"])
def test_text_that_only_looks_like_it_is_drawn(text: str) -> None:
    assert drawing._write_spec({"name": text})


def test_figure_that_cannot_be_drawn_leaves_a_box() -> None:
    figure = FigureSpec(
        "figure-x", "efficacy", "Course", {"mark": {"nothing": "known"}}, "A course.", ("Note.",)
    )
    page = render_page(Document("A", sections=(Section("efficacy", "Efficacy", (figure,)),)))
    assert "This figure could not be drawn." in page
    assert "Its numbers stand in the tables and in results.csv." in page
    assert "Note." in page
    assert '<figure id="figure-x">' in page
    assert "<svg" not in page


def test_stopping_ends_the_process(engine: drawing.Engine) -> None:
    stop_renderer()
    assert engine.process.poll() is not None
    assert not drawing._started


def test_several_engines_share_the_drawings() -> None:
    stop_renderer()
    count = start_renderer()
    with ThreadPoolExecutor(drawing.count_engines()) as pool:
        drawn = list(pool.map(render_svg, [SPEC] * 6))
    assert drawing._free.qsize() == count
    stop_renderer()
    assert drawn == [render_svg(SPEC)] * 6
    assert drawing.count_engines() == 1
