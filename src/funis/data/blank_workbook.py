"""An empty workbook of a study: a sheet for each table, with drop-downs, limits, notes, and a legend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from funis.catalogue.model_instrument import Item
from funis.catalogue.registry import definition
from funis.data.known_tables import LEGEND_SHEETS, shared_with_labs, study_tables
from funis.schema import Column
from funis.spreadsheets import FormColumn, FormSheet, LegendSheet, render_form_workbook
from funis.study.allocated import arm_ids
from funis.study.model import Study

_NOT_DONE: Final = "ND"
_YES_NO: Final = ("0", "1")
_FLAG_WORDS: Final = {"0": "no", "1": "yes"}
_READ_ME, _CODES = LEGEND_SHEETS

_RULES: Final = (
    "One row is what the note on the first column says; write nothing below or beside the rows.",
    "The names of the columns in row 1 stay as they are; a column you do not need may stay empty.",
    "Dates are YYYY-MM-DD. Give the date of a visit, or its study day where you keep no dates.",
    "An empty cell is missing. ND says that it was not done. 0 says that it was looked for and absent.",
    "A subject has one number everywhere; never write a name, a date of birth or a hospital number.",
    "Codes may be chosen in the cell; the sheet 'codes' says what each means.",
)


def blank_workbook(study: Study, headers: Mapping[str, Sequence[str]]) -> bytes:
    """Make an empty workbook of the tables of a study.

    A quantity that an instrument reads and that the study measures as a laboratory test is entered once, in
    the sheet ``labs``: the sheet of the instrument has no column for it, and the check fills it in.

    Parameters
    ----------
    study : the study
    headers : columns of each table, in order

    Returns
    -------
    bytes : the content of a ``.xlsx`` file

    Examples
    --------
    >>> from funis.data.new_study import table_headers
    >>> from funis.study.read import read_study, template_path
    >>> study = read_study(template_path("sjogren"))
    >>> blank_workbook(study, table_headers(study))[:2]
    b'PK'
    """
    tables = study_tables(study)
    shared = {name: shared_with_labs(study, name) for name in study.instrument_names}
    sheets: list[FormSheet] = []
    codes: list[tuple[str, ...]] = []
    for name, columns in headers.items():
        kept = [tables[name].by_name[each] for each in columns if each not in shared.get(name, ())]
        sheets.append(FormSheet(name, tuple(_form_column(study, tables[name].row, each) for each in kept)))
        codes += _code_rows(study, name, kept)
    legends = (
        LegendSheet(_READ_ME, ("what to know",), tuple((text,) for text in _words(study, shared)), (110,)),
        LegendSheet(
            _CODES,
            ("sheet", "column", "meaning", "unit", "code", "what the code means"),
            tuple(codes),
            (22, 34, 60, 14, 12, 70),
        ),
    )
    return render_form_workbook(sheets, legends)


def _words(study: Study, shared: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield f"{study.trial.title} ({study.trial.id})"
    yield from _RULES
    for name, columns in shared.items():
        if columns:
            tests = ", ".join(dict.fromkeys(columns.values()))
            title = definition(name).title
            yield f"Entered once, in the sheet 'labs', and read by {title} from there: {tests}."
    yield "Then: funis check FOLDER names every finding with its sheet, row and column."


def _form_column(study: Study, row: str, column: Column) -> FormColumn:
    """Describe a column as a sheet asks for it."""
    choices = _choices(study, column)
    limits = " to ".join(f"{limit:g}" for limit in (column.low, column.high) if limit is not None)
    is_bounded = column.low is not None and column.high is not None
    parts = [column.meaning, f"Unit: {column.unit}." if column.unit else ""]
    parts += [f"From {limits}." if is_bounded else ""]
    parts += [f"{_NOT_DONE}: not done." if column.not_done else ""]
    parts += [f"One row: {row}." if column.name == "subject" else ""]
    return FormColumn(
        column.name,
        " ".join(filter(None, parts)),
        choices=choices,
        kind="date" if column.kind == "date" else "number" if _is_number(column, choices) else "text",
        lowest=column.low,
        highest=column.high,
        word=_NOT_DONE if column.not_done else "",
        listed_in="subjects" if column.name == "subject" else "",
    )


def _is_number(column: Column, choices: Sequence[str]) -> bool:
    """Whether a sheet takes numbers: a code such as 01 would lose its zero."""
    if choices:
        return all(code == _NOT_DONE or (code.isdecimal() and str(int(code)) == code) for code in choices)
    return column.kind in {"number", "integer"}


def _choices(study: Study, column: Column) -> tuple[str, ...]:
    """Name what may be chosen in a column; nothing where anything may be written."""
    listed = {
        "site": tuple(site.id for site in study.sites),
        "arm": arm_ids(study),
        "visit": (*study.visit_names, "unscheduled"),
        "test": study.lab_names,
    }
    if column.name in listed:
        return listed[column.name]
    given = _YES_NO if column.kind == "flag" else column.allowed
    return (*given, _NOT_DONE) if given and column.not_done else given


def _code_rows(study: Study, name: str, columns: Sequence[Column]) -> Iterator[tuple[str, ...]]:
    """Give the legend of a sheet: a row a column, and one more for each further code."""
    items = {item.name: item for item in definition(name).items} if name in study.instrument_names else {}
    for column in columns:
        words = _code_words(study, column, items.get(column.name))
        first = (name, column.name, column.meaning, column.unit)
        for place, (code, meaning) in enumerate(words or (("", ""),)):
            yield (*(first if place == 0 else (name, column.name, "", "")), code, meaning)


def _code_words(study: Study, column: Column, item: Item | None) -> tuple[tuple[str, str], ...]:
    """Say what each code of a column means."""
    tests = {lab.test: f"{lab.printed}, in {lab.unit}" for lab in study.labs}
    named = {
        "site": {site.id: site.name for site in study.sites},
        "arm": {arm.id: arm.name for arm in study.arms},
        "test": tests,
    }
    meanings = dict(named.get(column.name, {}))
    if column.kind == "flag":
        meanings |= _FLAG_WORDS
    if item is not None and not item.is_text:
        codes = list(map(str, item.values))
        labels = ("absent", *item.level_labels) if item.level_labels else ()
        meanings |= dict(zip(codes, labels, strict=False))
        if not labels and codes == list(_YES_NO):
            meanings |= {"0": "absent", "1": "present"}
    if column.not_done:
        meanings[_NOT_DONE] = "not done"
    return tuple((code, meanings.get(code, "")) for code in _choices(study, column)) or (
        ((_NOT_DONE, meanings[_NOT_DONE]),) if column.not_done else ()
    )
