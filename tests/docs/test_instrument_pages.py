"""The pages of the instruments are complete; test_reference_pages holds them to the definitions."""

import sys
from importlib import import_module
from pathlib import Path

import funis

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
pages_of_instruments = import_module("pages_of_instruments")


def test_page_shows_every_row_limit_and_open_point() -> None:
    text = pages_of_instruments.render_instrument_page(funis.definition("bilag_2004"))
    assert all(f"| {row} | `" in text for row in range(1, 98))
    assert "| `haemoglobin < 8` | 7.999: counts | 8: does not count | 8.001: does not count |" in text
    assert "`fall_of_exactly_25_percent`" in text
    assert "only without acr, upcr, proteinuria_24h" in text


def test_every_instrument_and_table_of_doses_has_its_page() -> None:
    beside = {"index", "ctcae_5", "ctcae_6", "glucocorticoids"}
    assert set(pages_of_instruments.pages()) == {*funis.definitions(), *beside}
