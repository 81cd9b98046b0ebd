"""Pages of responses and criteria: one for each definition, and not stale."""

from pathlib import Path

import pytest

from funis.responses.definition import response_definition
from funis.responses.pages import pages, render_response_page

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "responses"


@pytest.mark.parametrize("name", sorted(pages()))
def test_page_is_up_to_date(name: str) -> None:
    written = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    assert written == pages()[name], "run: python -m funis.response_pages docs"


def test_no_page_without_a_definition() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} == set(pages())


def test_page_names_source_rows_and_choices() -> None:
    page = render_response_page(response_definition("ucmsc_bilag_response"))
    for words in ("Wang D et al.", "`no_severe_flare`", "missing_visit", "a proposal", "died without grades"):
        assert words in page
