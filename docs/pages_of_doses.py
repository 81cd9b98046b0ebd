"""Pages of laboratory grades and of equivalent doses, made from their tables, to be printed and signed."""

from __future__ import annotations

from funis.catalogue.model_tables import ToxicityTerm
from funis.catalogue.registry import glucocorticoid_table, toxicity_table, toxicity_versions
from markdown_parts import build_table, render_signature

_HEADER = "<!-- Generated from the table; do not edit: `make docs`. -->"


def dose_pages() -> dict[str, str]:
    """Give the text of every page by file name without ending.

    Examples
    --------
    >>> sorted(dose_pages())
    ['ctcae_5', 'ctcae_6', 'glucocorticoids']
    """
    pages = {f"ctcae_{version.removesuffix('.0')}": render_toxicity_page(version)
             for version in toxicity_versions()}  # fmt: skip
    return {**pages, "glucocorticoids": render_glucocorticoid_page()}


def render_toxicity_page(version: str) -> str:
    """Render the laboratory limits of one version of the CTCAE as Markdown.

    Parameters
    ----------
    version : one of `toxicity_versions()`

    Returns
    -------
    str : source, licence, one row per term with the condition of every grade, notes, a place to sign
    """
    table = toxicity_table(version)
    facts = [
        ("Function", f'`funis.grade_toxicity(frame, version="{version}")`'),
        ("Source", table.source),
        ("Licence", table.licence),
        ("Score", "the highest grade of which a condition is met, 0 where none is"),
    ]
    rows = [
        (term.term, f"`{term.test}`", term.unit, *(_conditions(term, grade) for grade in (1, 2, 3, 4)))
        for term in table.terms.values()
    ]
    lines = [_HEADER, "", f"# CTCAE {version}, laboratory grades", "", *build_table(("", ""), facts)]
    lines += [
        "## Limits",
        "",
        "Comparisons are exact to nine decimals; a printed range such as 75 to 50 gives",
    ]
    lines += ["its grade below 75 and down to 50 itself.", ""]
    lines += build_table(("term", "test", "unit", "grade 1", "grade 2", "grade 3", "grade 4"), rows)
    lines += ["## Notes", ""]
    lines += [
        "- LLN and ULN are the limits of the laboratory that measured; baseline is the subject's own value.",
        "- Without a limit or baseline that it needs, a grade is empty and its bounds are given.",
        "- A higher grade that is met in any case stands; `missing_baseline` says what none means.",
        "- A clinical grade follows from the course of the subject, never from the number.",
        "- Many subjects enter with cytopenia: read the shift from baseline, not the grade alone.",
        "",
    ]
    return "\n".join([*lines, *render_signature()]).rstrip() + "\n"


def _conditions(term: ToxicityTerm, grade: int) -> str:
    found = [f"`{row.text}`{f' ({row.whom})' if row.whom else ''}" for row in term.rows if row.grade == grade]
    return " or ".join(found) or ("clinical" if grade in term.clinical else "")


def render_glucocorticoid_page() -> str:
    """Render the equivalent doses, units and routes as Markdown."""
    table = glucocorticoid_table()
    drugs = dict.fromkeys(table.drugs.values())
    rows = [
        (
            found.drug,
            f"{float(found.equals_5_mg):g} mg",
            f"{float(found.lowest):g} to {float(found.highest):g} mg"
            if found.lowest != found.highest
            else "",
            ", ".join(name for name, drug in table.drugs.items() if drug is found and name != found.drug),
        )
        for found in drugs
    ]
    units = [(f"`{unit}`", f"{float(factor):g}") for unit, factor in table.units.items()]
    routes = [(f"`{route}`" if route else "(empty)", kind) for route, kind in table.routes.items()]
    lines = [_HEADER, "", "# Glucocorticoid doses as prednisone", "", f"Source: {table.source}.", ""]
    functions = "`funis.prednisone_equivalent`, `funis.derive_prednisone` (the dose on a day)"
    lines += [f"Functions: {functions}, `funis.derive_steroid_days` (days above a dose in weeks).", ""]
    lines += ["## Doses that equal 5 mg of prednisone", ""]
    lines += build_table(("drug", "dose", "range in print", "also written"), rows)
    lines += ["## How a dose is written", "", *build_table(("unit", "in mg a day"), units)]
    lines += [
        "## Routes",
        "",
        "Daily doses add up; pulses stand apart; other routes are named, not added.",
        "",
    ]
    lines += build_table(("route", "counts as"), routes)
    return "\n".join([*lines, *render_signature()]).rstrip() + "\n"
