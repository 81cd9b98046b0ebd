"""Which tables the data of a study may have, and what is said of a table that is none of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from funis.adjudication_table import ADJUDICATIONS
from funis.catalogue.instrument_tables import instrument_table
from funis.catalogue.registry import definition, definitions
from funis.errors import Finding
from funis.schema import SUBJECTS, TABLES, Column, Table
from funis.shown import show_name, words_of
from funis.study.imported import Import, plain_form, plain_name
from funis.study.kept import once_a_study
from funis.study.model import Study

LEGEND_SHEETS: Final = ("read_me", "codes")
"""Sheets of a workbook made by funis that hold no data."""


@once_a_study
def study_tables(study: Study) -> dict[str, Table]:
    """Describe every table of a study's data folder: the usual ones and one for each instrument.

    Parameters
    ----------
    study : the study

    Returns
    -------
    dict
        By table name, in the order in which they are printed.

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> list(study_tables(read_study(template_path("observational"))))[:3]
    ['subjects', 'visits', 'sledai_2k']
    """
    extra = tuple(
        Column(
            column.name, column.kind, column.label or column.name, allowed=column.allowed, unit=column.unit
        )
        for column in study.columns
    )
    subjects = Table(
        SUBJECTS.name, SUBJECTS.row, SUBJECTS.key, (*SUBJECTS.columns, *extra), needed=SUBJECTS.needed
    )
    instruments = {name: _own_columns(study, name) for name in study.instrument_names}
    rest = {name: table for name, table in TABLES.items() if name not in {"subjects", "visits"}}
    read = {ADJUDICATIONS.name: ADJUDICATIONS} if study.adjudications else {}
    return {"subjects": subjects, "visits": TABLES["visits"], **instruments, **rest, **read}


def shared_with_labs(study: Study, name: str) -> dict[str, str]:
    """Name the columns of an instrument that the laboratory fills, each with its test.

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> shared_with_labs(read_study(template_path("sle")), "bilag_2004")["platelets"]
    'platelets'
    """
    found = definition(name)
    tests = set(study.lab_names)
    measured = {item.name: item.lab for item in found.items if item.is_measured and item.lab in tests}
    return measured | {each.name: each.name for each in found.measures if each.name in tests}


def _own_columns(study: Study, name: str) -> Table:
    """Describe the table of an instrument; a column that the laboratory fills need not stand in it."""
    table, shared = instrument_table(name), shared_with_labs(study, name)
    columns = (
        replace(column, required=column.required and column.name not in shared) for column in table.columns
    )
    return replace(table, columns=tuple(columns))


def listed_names(study: Study) -> dict[str, tuple[str, ...]]:
    """Give what columns of the tables hold that the study file lists, by column."""
    return {"visit": study.visit_names, "test": study.lab_names}


def expected_tables(known: Mapping[str, Table]) -> dict[str, bool]:
    """Name the tables that may be there, and say whether the study uses them.

    Parameters
    ----------
    known : what :func:`study_tables` gave

    Returns
    -------
    dict
        By table name; the tables of instruments that the study does not use are False.
    """
    return {name: name in known for name in (*known, *definitions())}


def name_columns(names: Sequence[str], table: Table, rules: Import) -> dict[str, str]:
    """Say which column of a table each column of a sheet is.

    Parameters
    ----------
    names : the names in the sheet
    table : the table that it holds
    rules : names that are declared; any other is read as the table spells it, capitals and spaces aside

    Returns
    -------
    dict
        Name in the table by name in the sheet, where the two differ; empty for a column that gives way to
        a declared one.

    Examples
    --------
    >>> from funis.schema import SUBJECTS
    >>> rules = Import(columns={"subjects": {"subject": "Patient ID"}})
    >>> name_columns(["patient id", "Birth date", "Subject"], SUBJECTS, rules)
    {'patient id': 'subject', 'Birth date': 'birth_date', 'Subject': ''}
    """
    declared = {plain_form(header): name for name, header in rules.columns.get(table.name, {}).items()}
    taken: dict[str, str] = {}
    for header in names:
        name = declared.get(plain_form(header))
        if name is not None and name not in taken.values():
            taken[header] = name
    claimed = set(taken.values())
    for header in names:
        name = plain_name(header)
        if header in taken:
            continue
        if header in table.by_name:
            if header in claimed:
                taken[header] = ""
        elif name in claimed:
            taken[header] = ""
        elif name in table.by_name and name not in names and name not in taken.values():
            taken[header] = name
    return {header: name for header, name in taken.items() if header != name}


def nearest_table(name: str, expected: Mapping[str, bool]) -> str:
    """Give the table that a name was surely meant to be; empty where it is like none.

    Examples
    --------
    >>> nearest_table("Lab", {"labs": True, "visits": True}), nearest_table("legend", {"labs": True})
    ('labs', '')
    """
    if name in expected:
        return ""
    used = [table for table, is_used in expected.items() if is_used]
    near = get_close_matches(name.strip().lower().replace(" ", "_"), used, n=1, cutoff=0.7)
    return near[0] if near else ""


def finding_unknown_table(name: str, file: str, expected: Mapping[str, bool]) -> Finding:
    """Say that a table has no meaning here; it is an error when it was surely meant to have one.

    Parameters
    ----------
    name : of the table
    file : that holds it
    expected : what :func:`expected_tables` gave

    Returns
    -------
    Finding

    Examples
    --------
    >>> finding_unknown_table("lab", "lab.csv", {"labs": True, "visits": True}).fix
    "The nearest is 'labs'. Tables: labs, visits; a sheet of another name is declared in [import.tables]."
    """
    used = [table for table, is_used in expected.items() if is_used]
    if name in expected:
        message, fix = f"The study does not use '{name}'; it is not read.", "Add it to a visit's forms."
        return Finding("warning", "unused_table", name, file, None, "", "", message, fix)
    # A file or a sheet can have a person's name.
    shown = show_name(name.strip(), words_of(expected))
    named = f"'{shown}'" if shown else "of this name"
    near = nearest_table(name, expected)
    hint = f"The nearest is '{near}'. " if near else ""
    return Finding(
        "error" if near else "warning",
        "unknown_table",
        "",
        file,
        None,
        "",
        shown,
        f"There is no table {named}; it is not read.",
        f"{hint}Tables: {', '.join(used)}; a sheet of another name is declared in [import.tables].",
    )
