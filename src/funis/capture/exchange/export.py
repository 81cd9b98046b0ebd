"""The data folder of the trial, from the rows of the server: whole or not at all."""

from __future__ import annotations

import io
import re
import tomllib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from django.db.models import QuerySet

from funis.capture.conduct.allocation.arms import open_arms
from funis.capture.configuration import read_configuration
from funis.capture.exchange.manifest import FILE as MANIFEST
from funis.capture.exchange.manifest import make_manifest
from funis.capture.exchange.records import RECORDS, render_records
from funis.capture.exchange.trail_file import FILE as TRAIL
from funis.capture.exchange.trail_file import render_trail
from funis.capture.exchange.trial_rows import (
    TrialRows,
    present_records,
    present_rows,
    records_as_of,
    rows_as_of,
)
from funis.capture.forms.plan_parts import FormPlan, StudyPlan
from funis.capture.models import StudyVersion, Subject
from funis.capture.models.screening import SCREEN_FAILURE
from funis.capture.people.blinding import WITHHELD_FORMS
from funis.capture.study_in_force import blinded_roles, plan_of, study_of
from funis.errors import ValueRangeError
from funis.files import write_whole
from funis.schema import DISPOSITION, NOT_DONE
from funis.spreadsheets import render_rows
from funis.study.read import FILE_NAME
from funis.study.statements_file import copy_statements

Row: TypeAlias = dict[str, str]
Exported: TypeAlias = dict[str, tuple[list[str], list[Row]]]


class PlacedRow(NamedTuple):
    """A row of the data folder, and the id of the form, visit or row of no subject that it was made from."""

    key: str
    cells: Row


Sight: TypeAlias = Literal["without arms", "with arms", "blinded"]
"""What an export shows: all but the arms, as rules read the data; all; or nothing that gives an arm away."""
PlacedTables: TypeAlias = dict[str, tuple[list[str], list[PlacedRow]]]
#: The sizes of blocks as a study file writes them.
_BLOCKS: Final = re.compile(r"^[ \t]*block_sizes[ \t]*=[ \t]*\[[^\]]*\][^\n]*\n?", re.MULTILINE)
#: A date inside a packed folder, so that one content is one file, byte for byte.
_PACKED_AT: Final = (1980, 1, 1, 0, 0, 0)


def export_tables(of: QuerySet[Subject] | None = None) -> Exported:
    """Give every table of the data folder as texts: by name its columns in printed order, and its rows.

    Parameters
    ----------
    of : the subjects; by default all who did not fail screening: the tables of the data folder are those of
        the enrolled, and who was screened and not enrolled stands in the screening log

    A table of subjects stands there without rows, too: that nothing was entered is then seen, and is not a
    statement that nothing happened (``safety_questions`` tells who was asked). Of the columns stand those
    that have to, and those that hold something.
    """
    return _cells(place_rows(exported_subjects() if of is None else of))


def _cells(placed: PlacedTables) -> Exported:
    return {name: (columns, [each.cells for each in rows]) for name, (columns, rows) in placed.items()}


def exported_subjects() -> QuerySet[Subject]:
    """Give the subjects whose data the data folder holds: all who did not fail screening.

    Its tables are those of the enrolled; who was screened and not enrolled stands in the screening log.
    """
    return Subject.objects.exclude(status=SCREEN_FAILURE)


def place_rows(
    chosen: QuerySet[Subject], version: StudyVersion | None = None, sight: Sight = "without arms"
) -> PlacedTables:
    """Give the tables of the data folder of some subjects, each row with the id of what it was made from.

    Parameters
    ----------
    chosen : the subjects; what belongs to no subject stands beside them whole
    version : by whose plan the tables are laid out; None: the newest that a site works with
    sight : whether the sealed arms are opened
    """
    return _place(present_rows(chosen, version), sight)


def _place(trial: TrialRows, sight: Sight) -> PlacedTables:
    plan = join_plans(plan_of(trial.version), _former_plans(trial))
    arms = open_arms(trial.allocations) if sight == "with arms" else {}
    rows: dict[str, list[PlacedRow]] = {form.name: [] for form in plan.forms}
    rows["subjects"] = list(_subject_rows(plan, trial, arms))
    rows["visits"] = list(_visit_rows(trial))
    for form, row in _form_rows(plan, trial):
        rows[form.name].append(row)
    for each in trial.study_forms:
        form = plan.form(each.name)
        rows[each.name].append(PlacedRow(each.pk, {_key_of(form): each.code} | plain_row(form, each.data)))
    if sight == "blinded":
        # That somebody has a row of infusions tells the arm; cells and donors tell how many do.
        rows = {name: given for name, given in rows.items() if name not in WITHHELD_FORMS}
    return {
        name: (_columns(plan.form(name), [each.cells for each in given]), given)
        for name, given in rows.items()
        if given or plan.form(name).scope != "study"
    }


def _former_plans(trial: TrialRows) -> list[StudyPlan]:
    """Give the plans of the other versions that rows were entered with, the newest first."""
    used = {each.version_id for each in trial.forms} | {each.version_id for each in trial.study_forms}
    found = StudyVersion.objects.filter(pk__in=used - {trial.version.pk}).order_by("-number")
    return [plan_of(version) for version in found]


def join_plans(plan: StudyPlan, others: Sequence[StudyPlan]) -> StudyPlan:
    """Give a plan with the forms and fields that others alone have behind its own: no row loses a value.

    Parameters
    ----------
    plan : by which a data folder is laid out
    others : of versions that rows were entered with, the newest first
    """
    forms = dict(plan.by_name)
    for form in (form for other in others for form in other.forms):
        own = forms.setdefault(form.name, form)
        if more := tuple(field for field in form.fields if field.name not in own.by_name):
            forms[form.name] = replace(own, fields=(*own.fields, *more))
    return replace(plan, forms=tuple(forms.values())) if others else plan


def _subject_rows(plan: StudyPlan, trial: TrialRows, arms: Mapping[str, str]) -> Iterator[PlacedRow]:
    """Give the row of each subject; its consent is the first that was given."""
    form = plan.form("subjects")
    forms = {each.subject_id: each for each in trial.forms if each.name == "subjects"}
    consents: dict[str, str] = {}
    for each in trial.consents:
        consents.setdefault(each.subject_id, each.given_on.isoformat())
    for subject in trial.subjects:
        key, found = subject.pk, forms.get(subject.pk)
        row = {"subject": subject.number, "site": subject.site}
        row |= plain_row(form, found.data) if found else {}
        row |= {"consent_date": consents[key]} if key in consents else {}
        row |= {"arm": arms[key]} if key in arms else {}
        yield PlacedRow(found.pk if found else "", row)


def _visit_rows(trial: TrialRows) -> Iterator[PlacedRow]:
    numbers = {each.pk: each.number for each in trial.subjects}
    for visit in sorted(trial.visits, key=lambda each: (numbers[each.subject_id], each.date, each.name)):
        row = {name: plain_text(value) for name, value in visit.data.items()}
        yield PlacedRow(visit.pk, {"subject": numbers[visit.subject_id], "visit": visit.name} | row)


def _form_rows(plan: StudyPlan, trial: TrialRows) -> Iterator[tuple[FormPlan, PlacedRow]]:
    """Give the rows of forms; an empty one that was only laid out holds nothing and is no row."""
    numbers = {each.pk: each.number for each in trial.subjects}
    ordered = sorted(
        (each for each in trial.forms if each.name != "subjects"),
        key=lambda each: (numbers[each.subject_id], str(each.data.get("date") or ""), each.number, each.pk),
    )
    for each in ordered:
        form = plan.form(each.name)
        if not any(name not in {"date", "test"} for name in each.data):
            continue
        row = {"subject": numbers[each.subject_id]}
        if each.visit is not None:
            row["visit"] = each.visit.name
        if "number" in form.by_name and form.by_name["number"].role == "key":
            row["number"] = str(each.number)
        yield form, PlacedRow(each.pk, row | plain_row(form, each.data))


def plain_row(plan: FormPlan, data: Mapping[str, Any]) -> Row:
    """Give a document as the cells of a row: what was not done is said in the cell of its measure."""
    row: Row = {}
    for key, value in data.items():
        field, part = plan.keys[key]
        if part == "not_done" and value:
            row[field.name] = NOT_DONE
        elif part in {"value", "attributed"}:
            row[key] = plain_text(value)
    return row


def plain_text(value: Any) -> str:
    """Give a value as it stands in a cell; a decimal as it was typed."""
    if isinstance(value, bool):
        return str(int(value))
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _key_of(plan: FormPlan) -> str:
    return next(field.name for field in plan.fields if field.role == "key")


def _columns(plan: FormPlan, rows: Sequence[Row]) -> list[str]:
    """Give the columns of a table in printed order: keys, what is asked for, and what holds something."""
    held = {name for row in rows for name in row}
    printed = [name for field in plan.fields for name in (field.name, f"{field.name}_attributed")]
    asked = {field.name for field in plan.fields if field.role in {"key", "item"} or field.required}
    # A table without rows still says that nobody has left.
    asked |= set(DISPOSITION.one_of[:1]) if plan.name == DISPOSITION.name and not rows else set()
    return [name for name in dict.fromkeys(printed) if name in held or name in asked]


def render_tables(tables: Exported) -> dict[str, str]:
    """Give each table as the text of its CSV file, with nothing in it that a spreadsheet would run."""
    return {
        name: render_rows([columns, *([row.get(column, "") for column in columns] for row in rows)])
        for name, (columns, rows) in tables.items()
    }


def pack_files(files: Mapping[str, str]) -> bytes:
    """Pack the files of a data folder as one."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, _PACKED_AT), text, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def sight_of(*, shows_arms: bool) -> Sight:
    """Give what an export shows: the arms where the trial is open, or where they are asked for."""
    return "with arms" if shows_arms or not blinded_roles() else "blinded"


def export_files(as_of: str = "", sight: Sight | None = None) -> tuple[dict[str, str], dict[str, int]]:
    """Give the text of every file of the data folder by its name, and the rows of each table.

    Beside the tables lie the ledger, consents, queries and marks (`records`), and the trail.

    Parameters
    ----------
    as_of : moment whose data are wanted, in UTC as the trail writes it; empty: the present
    sight : what is shown; None: the arms where the trial is open, and nothing that gives one away elsewhere

    Raises
    ------
    ValueRangeError : no study was loaded at that moment
    """
    sight = sight or sight_of(shows_arms=False)
    trial = rows_as_of(as_of) if as_of else present_rows(exported_subjects())
    placed = _place(trial, sight)
    tables = _cells(placed)
    counted = {name: len(rows) for name, (_, rows) in tables.items()}
    rendered = sorted(render_tables(tables).items())
    study = without_blocks(trial.version.text) if sight == "blinded" else trial.version.text
    files = {FILE_NAME: study} | {f"data/{name}.csv": text for name, text in rendered}
    # Without the text that a study is compared with, `funis report` would refuse the folder.
    files |= copy_statements(study_of(trial.version), read_configuration().folder)
    left_out = None
    if sight != "blinded":
        # Cells, bags and the trail give arms away: who is blinded has the tables alone.
        records, left_out = _records(trial, placed, as_of)
        files |= records | {TRAIL: render_trail(as_of)}
    return files | {MANIFEST: make_manifest(trial, files, counted, as_of, sight, left_out)}, counted


def _records(trial: TrialRows, placed: PlacedTables, as_of: str) -> tuple[dict[str, str], int]:
    """Give the files of what stands beside the tables; rows are called by their table and line."""
    subjects = {each.pk for each in trial.subjects}
    rows = records_as_of(RECORDS, subjects, as_of) if as_of else present_records(RECORDS, subjects)
    names = dict(Subject.objects.values_list("pk", "number"))
    for table, (_, lines) in placed.items():
        names |= {each.key: f"{table}/{line}" for line, each in enumerate(lines, start=1) if each.key}
    return render_records(rows, names)


def without_blocks(text: str) -> str:
    r"""Give the text of a study file without its sizes of blocks, by which the last of a block is foreseen.

    Examples
    --------
    >>> without_blocks('[randomisation]\nblock_sizes = [\n  2, 4,\n]\nratio = {a = 1}\n')
    '[randomisation]\nratio = {a = 1}\n'
    """
    left = _BLOCKS.sub("", text)
    if "block_sizes" in tomllib.loads(left).get("randomisation", {}):
        raise ValueRangeError(
            "study file", "block_sizes written in another way", "a line of its own with a list",
            "Write it as block_sizes = [2, 4] under [randomisation].",
        )  # fmt: skip
    return left


def export_study(out: Path, as_of: str = "", sight: Sight | None = None) -> dict[str, int]:
    """Write the data folder, whole or not at all, into a folder that is empty or does not exist.

    Parameters
    ----------
    out : the folder
    as_of : moment whose data are wanted, in UTC as the trail writes it; empty: the present
    sight : what is shown, as in `export_files`

    Returns
    -------
    dict : rows of each table

    Raises
    ------
    ValueRangeError : the folder holds something, or no study was loaded at that moment
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ValueRangeError("folder of the export", str(out), "a folder that is empty or does not exist")
    files, counted = export_files(as_of, sight)
    (out / "data").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).parent.mkdir(exist_ok=True)
        write_whole(out / name, text)
    return counted
