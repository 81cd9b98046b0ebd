"""What the section ``[import]`` must agree on: tables, columns and codes that exist, words of one meaning."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from funis.adjudication_table import NAMED_TABLES
from funis.catalogue.instrument_tables import instrument_table
from funis.schema import Column
from funis.study.imported import plain_form
from funis.study.model import Study
from funis.study.study_finding import StudyFinding, unknown_name

_WORDS = ("present", "absent", "not_done", "missing")


def check_imported(study: Study) -> Iterator[StudyFinding]:
    """Find every disagreement within ``[import]`` and with the rest of the study.

    Parameters
    ----------
    study : the models, each valid by itself

    Returns
    -------
    iterator of StudyFinding
    """
    rules = study.imported
    if not rules.is_declared:
        return
    tables = _columns_by_table(study)
    if rules.decimal == rules.separator:
        message = "The decimal mark and the sign between cells are the same."
        fix = 'With decimal commas, cells are divided by another sign: separator = ";".'
        yield StudyFinding(("import", "separator"), rules.separator, message, fix)
    for section in ("tables", "header_rows", "columns"):
        for name in getattr(rules, section):
            if name not in tables:
                yield unknown_name(("import", section, name), "table", name, tables)
    for name, columns in rules.columns.items():
        yield from _check_columns(name, columns, tables.get(name))
    yield from _check_words(study)
    every = {column: each for table in tables.values() for column, each in table.items()}
    for name, codes in rules.codes.items():
        if name not in every:
            yield unknown_name(("import", "codes", name), "column", name, every)
            continue
        yield from _check_codes(name, codes, _meanings(study, every[name]))


def _columns_by_table(study: Study) -> dict[str, dict[str, Column]]:
    """Give the columns of every table of the study by name."""
    tables = {name: dict(table.by_name) for name, table in NAMED_TABLES.items()}
    tables |= {name: dict(instrument_table(name).by_name) for name in study.instrument_names}
    tables["subjects"] |= {
        each.name: Column(each.name, each.kind, each.label, allowed=each.allowed) for each in study.columns
    }
    return tables


def _check_columns(
    table: str, columns: Mapping[str, str], known: Mapping[str, Column] | None
) -> Iterator[StudyFinding]:
    """Find columns that do not exist, and two that are read from one."""
    seen: dict[str, str] = {}
    for name, header in columns.items():
        key = ("import", "columns", table, name)
        if known is not None and name not in known:
            yield unknown_name(key, "column", name, known)
        first = seen.setdefault(plain_form(header), name)
        if first != name:
            message = f"The column of the sheet is already read as '{first}'."
            yield StudyFinding(key, header, message, "Give each column of the sheet one name.")


def _check_words(study: Study) -> Iterator[StudyFinding]:
    """Find words with two meanings."""
    seen: dict[str, str] = {}
    for meaning in _WORDS:
        for word in getattr(study.imported, meaning):
            first = seen.setdefault(plain_form(word), meaning)
            if first != meaning:
                message = f"The word stands for '{first}' already."
                yield StudyFinding(("import", meaning), word, message, "Keep it in one of the two lists.")


def _meanings(study: Study, column: Column) -> Collection[str]:
    """Give what a code of a column may mean; nothing where it may mean anything."""
    named = {
        "visit": (*study.visit_names, "unscheduled") if study.visits else (),
        "test": study.lab_names,
        "site": study.site_ids,
        "arm": tuple(arm.id for arm in study.arms),
    }
    if column.kind == "flag":
        return ("0", "1")
    return named.get(column.name, column.allowed)


def _check_codes(name: str, codes: Mapping[str, str], meanings: Collection[str]) -> Iterator[StudyFinding]:
    """Find codes that mean nothing their column takes, or two things."""
    seen: dict[str, str] = {}
    for code, meaning in codes.items():
        key = ("import", "codes", name, code)
        if meanings and meaning and meaning not in meanings:
            yield unknown_name(key, f"value of '{name}'", meaning, meanings)
        first = seen.setdefault(plain_form(code), meaning)
        if first != meaning:
            message = f"The code means '{first}' already: capitals and width do not matter."
            yield StudyFinding(key, code, message, "Give each code one meaning.")
