"""The reference pages say what the models say; `python tests/docs/test_study_pages.py` writes them again."""

from pathlib import Path

import pytest

from funis.study.consistency import KEYS_OF_KIND
from funis.study.pages import render_study_page, render_tables_page
from funis.study.plan import Endpoint

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
