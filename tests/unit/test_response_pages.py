"""Pages of responses and criteria are complete; tests/docs holds them to the definitions."""

from funis.catalogue.response import response_definition
from funis.catalogue.response_pages import render_response_page


def test_page_names_source_rows_and_choices() -> None:
    page = render_response_page(response_definition("ucmsc_bilag_response"))
    for words in ("Wang D et al.", "`no_severe_flare`", "missing_visit", "a proposal", "died without grades"):
        assert words in page
