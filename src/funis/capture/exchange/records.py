"""What stands beside the tables of the data folder: the ledger of the product, consents, queries, marks.

One file of JSON lines for each table of the server, every value as it stands there. Rows of the data folder
are named by table and line (``labs/17``: the seventeenth row of labs), subjects by their numbers; other rows
keep their ids. A folder that is loaded into an empty server and exported again has the same bytes.

What is not here: signatures, locks and the trail itself belong to the server on which they were made. They
stand in ``trail.ndjson``, row by row, and are not made again on another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import DecimalField, Field, ForeignKey

from funis.capture.conduct.product.reconciling import verify_ledger
from funis.capture.document import read_document, write_document
from funis.capture.models import (
    BedsideCheck,
    Consent,
    Form,
    FormVerification,
    InfusionRecord,
    LotDecision,
    LotSource,
    LotTest,
    ProductEvent,
    Query,
    QueryMessage,
    SafetyClock,
    SafetyReport,
    Screening,
    StudyForm,
    StudyVersion,
    Subject,
    SubjectVisit,
    Unit,
    UnitLabel,
)
from funis.capture.models.audited import Audited
from funis.errors import Finding, FindingsError

FOLDER: Final = "records"
RECORDS: Final[tuple[type[Audited], ...]] = (
    *(Consent, Screening, Unit, ProductEvent, UnitLabel, LotSource, LotTest, LotDecision),
    *(BedsideCheck, InfusionRecord, Query, QueryMessage, FormVerification, SafetyClock, SafetyReport),
)
"""Every table that is carried, each after those it refers to."""

_OF_THE_FOLDER: Final = frozenset({Subject, SubjectVisit, Form, StudyForm})
"""Tables whose rows the data folder holds, and names."""
_IDS_AS_TEXT: Final[Mapping[type[Audited], tuple[str, ...]]] = {Query: ("about", "row_key")}
"""Columns that hold the id of a row of the folder, or a word, and are no reference."""

_VERSION: Final = "version_id"

Names = Mapping[str, str]
"""What a row of the folder is called, by its id."""


def file_of(model: type[Audited]) -> str:
    """Give the name of the file of a table."""
    return f"{FOLDER}/{model.__name__.lower()}.ndjson"


# --- out ----------------------------------------------------------------------------------------------


def render_records(
    rows: Mapping[type[Audited], Iterable[Audited]], names: Names
) -> tuple[dict[str, str], int]:
    """Give the text of each file that holds something, and how many rows were left out.

    Parameters
    ----------
    rows : by table
    names : of the rows of the folder and of its subjects

    A row that is about something that is not in the folder is left out: a subject who failed screening, a
    form that was laid out and holds nothing.
    """
    files: dict[str, str] = {}
    left_out: set[str] = set()
    for model in RECORDS:
        lines = []
        for row in sorted(rows.get(model, ()), key=lambda each: each.pk):
            said = _write(row, names, left_out)
            if said is None:
                left_out.add(row.pk)
            else:
                lines.append(write_document(said) + "\n")
        if lines:
            files[file_of(model)] = "".join(lines)
    return files, len(left_out)


def _write(row: Audited, names: Names, left_out: set[str]) -> dict[str, Any] | None:
    """Give the values of a row; none where something it is about is not in the folder."""
    said: dict[str, Any] = {}
    for field in _fields(type(row)):
        value = getattr(row, field.attname)
        if value and _is_named(field):
            if value not in names:
                return None
            value = names[value]
        elif isinstance(field, ForeignKey) and value in left_out:
            return None
        said[field.attname] = _plain(field, value)
    for name in _IDS_AS_TEXT.get(type(row), ()):
        said[name] = names.get(said[name], said[name])
    if isinstance(row, Query) and row.row_key and row.row_key not in names:
        return None
    return said


def _plain(field: Field[Any, Any], value: Any) -> Any:
    """Give a value as it stands in a file: a day as text, a decimal with the places of its column."""
    if isinstance(field, DecimalField) and value is not None:
        return round(Decimal(value), field.decimal_places)
    return value.isoformat() if isinstance(value, date) else value


def _fields(model: type[Audited]) -> list[Field[Any, Any]]:
    """Give the columns that are carried.

    The revision counts the steps on one server, and begins anew; the study version is the one that is loaded.
    """
    left = {"revision", _VERSION, *model.derived}
    return [field for field in model._meta.concrete_fields if field.attname not in left]


def _has_version(model: type[Audited]) -> bool:
    return _VERSION in {field.attname for field in model._meta.concrete_fields}


def _is_named(field: Field[Any, Any]) -> bool:
    return isinstance(field, ForeignKey) and field.related_model in _OF_THE_FOLDER


# --- in -----------------------------------------------------------------------------------------------


def read_records(
    folder: Path, version: StudyVersion, places: Mapping[str, Audited]
) -> dict[type[Audited], list[Audited]]:
    """Read the files of a folder; nothing is stored.

    Parameters
    ----------
    folder : with ``records`` inside, or without
    version : of the study, in force at every site
    places : rows of the folder that are being loaded, by name

    Raises
    ------
    FindingsError : lines that are none, each with its place
    """
    findings: list[Finding] = []
    found: dict[type[Audited], list[Audited]] = {}
    for model in RECORDS:
        path = folder / file_of(model)
        if path.is_file():
            found[model] = list(_read_file(path, model, places, findings))
    if findings:
        raise FindingsError(folder.name, findings)
    for row in (each for model in found if _has_version(model) for each in found[model]):
        setattr(row, _VERSION, version.pk)
    return found


def _read_file(
    path: Path, model: type[Audited], places: Mapping[str, Audited], findings: list[Finding]
) -> Iterator[Audited]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            yield _read(model, read_document(line), places)
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError) as error:
            name = str(error.args[0]) if isinstance(error, KeyError) else ""
            findings.append(
                Finding(
                    "error", "not_taken", path.stem, f"{FOLDER}/{path.name}", number, name, "",
                    "The line is none of an export, or is about a row that the folder does not hold.",
                    "Load the folder as it was exported.",
                )
            )  # fmt: skip


def _read(model: type[Audited], said: Mapping[str, Any], places: Mapping[str, Audited]) -> Audited:
    fields = _fields(model)
    if said.keys() != {field.attname for field in fields}:
        raise KeyError(*sorted(said.keys() ^ {field.attname for field in fields})[:1])
    values: dict[str, Any] = {}
    for field in fields:
        value = said[field.attname]
        if value and _is_named(field):
            place = places[value]
            if type(place) is not field.related_model:
                raise KeyError(field.attname)
            value = place.pk
        values[field.attname] = field.to_python(value)
    for name in _IDS_AS_TEXT.get(model, ()):
        values[name] = places[said[name]].pk if said[name] in places else said[name]
    return model(**values)


def write_records(rows: Mapping[type[Audited], Sequence[Audited]], batch: int) -> None:
    """Store what was read, within a transaction in which somebody acts.

    Raises
    ------
    FindingsError : the database takes a row of a table not, or the ledger does not agree with itself
    """
    for model in RECORDS:
        try:
            with transaction.atomic():
                model._default_manager.bulk_create(rows.get(model, ()), batch_size=batch)
        except IntegrityError as error:
            refused = _refused(file_of(model), "A rule of this table is broken.")
            raise FindingsError(FOLDER, [refused]) from error
    if rows.get(Unit):
        _, _, differences = verify_ledger()
        if differences:
            raise FindingsError(
                FOLDER,
                [_refused(file_of(ProductEvent), f"{each.place}: {each.what}.") for each in differences],
            )


def _refused(file: str, message: str) -> Finding:
    fix = "Load the folder as it was exported."
    return Finding("error", "not_taken", Path(file).stem, file, None, "", "", message, fix)
