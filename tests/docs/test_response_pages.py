"""Pages of responses and criteria are complete; tests/docs holds them to the definitions."""

import sys
from importlib import import_module
from pathlib import Path

from funis.catalogue.registry import response_definition

sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))
render_response_page = import_module("pages_of_responses").render_response_page


def test_page_names_source_rows_and_choices() -> None:
    page = render_response_page(response_definition("ucmsc_bilag_response"))
    for words in (
        "Wang D et al.",
        "`no_severe_flare`",
        "missing_visit",
        "proposal of funis",
        "died without grades",
    ):
        assert words in page
