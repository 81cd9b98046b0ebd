"""Sentences that stand where a table would, had the data been collected."""

from __future__ import annotations

from collections.abc import Mapping

from funis.reporting.number_book import NumberBook
from funis.reporting.safety_tables import not_collected_words
from funis.results import ALL, Results, format_number

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
        "glucocorticoid": _of_drugs(results, book) if has_subjects else "",
    }
    return {name: words for name, words in said.items() if words}


def _of_drugs(results: Results, book: NumberBook) -> str:
    """Say that nobody was asked about other drugs, or how many were where not everybody was."""
    asked = [book.find(group, ALL, "count") for group in book.of("drugs") if group.arm == ALL]
    known = [number for number in asked if number is not None and number.value is not None]
    if not known:
        return "" if "medications" in results.listings else DRUGS
    if known[0].value == known[0].denominator:
        return ""
    share = f"{format_number(known[0].value, 0)} of {known[0].denominator} subjects"
    return f"Other drugs were asked about, or are recorded, in {share}; what the others took is not known."
