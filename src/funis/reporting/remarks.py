"""Sentences that stand where a table would, had the data been collected."""

from __future__ import annotations

from collections.abc import Mapping

from funis.reporting.number_book import NumberBook
from funis.reporting.safety_tables import not_collected_words
from funis.results import Results

DRUGS = "Doses of glucocorticoid and other drugs were not collected; a fall in activity may be due to them."


def build_remarks(results: Results, book: NumberBook) -> Mapping[str, str]:
    """Give, by section, what is said of what was not collected.

    Parameters
    ----------
    results : as for the report
    book : the numbers of `results`

    Returns
    -------
    mapping of str to str : only sections of which something is said
    """
    has_subjects = any(number.value for number in book.numbers if number.analysis == "population")
    said = {
        "safety": not_collected_words(book),
        "glucocorticoid": DRUGS if has_subjects and "medications" not in results.listings else "",
    }
    return {name: words for name, words in said.items() if words}
