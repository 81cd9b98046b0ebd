"""The pages of the instruments are complete; tests/docs holds them to the definitions."""

from pathlib import Path

import funis
from funis.catalogue.dose_pages import dose_pages
from funis.catalogue.instrument_pages import render_instrument_page, write_instrument_pages


def test_page_shows_every_row_limit_and_open_point() -> None:
    text = render_instrument_page(funis.definition("bilag_2004"))
    assert all(f"| {row} | `" in text for row in range(1, 98))
    assert "| `haemoglobin < 8` | 7.999: counts | 8: does not count | 8.001: does not count |" in text
    assert "`fall_of_exactly_25_percent`" in text
    assert "only without acr, upcr, proteinuria_24h" in text


def test_pages_are_written(tmp_path: Path) -> None:
    written = write_instrument_pages(tmp_path)
    assert len(written) == len(funis.definitions()) + len(dose_pages()) + 1
