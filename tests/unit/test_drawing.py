"""Drawing in an engine beside the process: the same drawing, the same refusals, and no end when the engine dies."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from funis.documents import drawing
from funis.documents.drawing import render_svg, start_renderer, stop_renderer

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
    with pytest.raises(ValueError, match="Vega-Lite"):
        render_svg({"mark": {"nothing": "known"}})
    assert render_svg(SPEC).startswith("<svg")
    assert engine.process.poll() is None


def test_number_that_is_not_finite_is_a_gap() -> None:
    values = [{"x": 1.0, "y": 2.0}, {"x": 2.0, "y": float("nan")}]
    gap = [values[0], {"x": 2.0, "y": None}]
    with_nan, with_gap = ({**SPEC, "mark": "line", "data": {"values": rows}} for rows in (values, gap))
    assert render_svg(with_nan) == render_svg(with_gap)


def test_engine_that_died_is_replaced_by_this_process(engine: drawing.Engine) -> None:
    engine.process.kill()
    engine.process.wait()
    assert render_svg(SPEC).startswith("<svg")
    assert drawing._free.empty()


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
