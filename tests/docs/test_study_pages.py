"""The reference pages say what the models say; `python tests/docs/test_study_pages.py` writes them again."""

from pathlib import Path

import pytest

from funis.plan import Endpoint
from funis.study_checks import KEYS_OF_KIND
from funis.study_pages import render_study_page, render_tables_page

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGES = {"study-file.md": render_study_page, "data-tables.md": render_tables_page}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_pages_are_current(name: str) -> None:
    assert (REFERENCE / name).read_text(encoding="utf-8") == PAGES[name]()


def test_every_kind_of_endpoint_says_its_keys() -> None:
    kinds = Endpoint.model_json_schema()["properties"]["kind"]["enum"]
    assert set(kinds) == set(KEYS_OF_KIND)


if __name__ == "__main__":
    for page, render in PAGES.items():
        (REFERENCE / page).write_text(render(), encoding="utf-8")
