"""The pages of the instruments: complete, and not older than the definitions."""

from pathlib import Path

import pytest

import funis
from funis.instruments.pages import pages, render_instrument_page, write_instrument_pages

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "instruments"


@pytest.mark.parametrize("name", [*funis.definitions(), "index"])
def test_page_is_up_to_date(name: str) -> None:
    path = DOCS / f"{name}.md"
    assert path.is_file(), "run: python -m funis.instrument_pages docs"
    assert path.read_text(encoding="utf-8") == pages()[name], "run: python -m funis.instrument_pages docs"


def test_no_page_is_left_of_an_instrument_that_is_gone() -> None:
    assert {path.stem for path in DOCS.glob("*.md")} == {*funis.definitions(), "index"}


def test_page_shows_every_row_limit_and_open_point() -> None:
    text = render_instrument_page(funis.definition("bilag_2004"))
    assert all(f"| {row} | `" in text for row in range(1, 98))
    assert "| `haemoglobin < 8` | 7.999: counts | 8: does not count | 8.001: does not count |" in text
    assert "`fall_of_exactly_25_percent`" in text
    assert "only without acr, upcr, proteinuria_24h" in text


def test_pages_are_written(tmp_path: Path) -> None:
    written = write_instrument_pages(tmp_path)
    assert len(written) == len(funis.definitions()) + 1
