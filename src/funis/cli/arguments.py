"""Arguments that several commands share."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Annotated, Literal, overload

import typer

from funis.bounded.limits import Limits
from funis.errors import UnknownNameError, ValueRangeError

MISSING = ("strict", "absent", "worst", "locf")

Folder = Annotated[Path, typer.Argument(help="Study folder: study.toml and data/.", metavar="DIR")]
Entry = Annotated[
    str,
    typer.Argument(
        help="Name of an instrument, a response or criteria; see 'funis instruments'.", metavar="NAME"
    ),
]
Instrument = Annotated[str, typer.Argument(help="Name of an instrument; see 'funis instruments'.")]
Limit = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        metavar="NAME=NUMBER",
        help=f"Raise how much is read of a file: {', '.join(each.name for each in fields(Limits))}.",
    ),
]
Unit = Annotated[
    list[str] | None,
    typer.Option(
        "--unit",
        metavar="COLUMN=UNIT",
        help="Unit of a column, where it is not that of the definition: haemoglobin=g/L. May be given again.",
    ),
]
Table = Annotated[Path, typer.Argument(help="CSV, Parquet or Excel file.", metavar="FILE")]


def existing_folder(folder: Path) -> Path:
    """Give the folder, or refuse one that is not there."""
    if not folder.is_dir():
        raise ValueRangeError("study folder", str(folder), "a folder with study.toml and data/")
    return folder


def read_units(given: list[str] | None) -> dict[str, str]:
    """Read the units of columns, each written ``column=unit``.

    Raises
    ------
    ValueRangeError : one is not written so, or a column stands twice

    Examples
    --------
    >>> read_units(["haemoglobin=g/L", "proteinuria_24h=mg/24h"])
    {'haemoglobin': 'g/L', 'proteinuria_24h': 'mg/24h'}
    """
    units: dict[str, str] = {}
    for text in given or ():
        column, sign, unit = (part.strip() for part in text.partition("="))
        if not (column and sign and unit) or column in units:
            raise ValueRangeError("--unit", text, "a column and its unit, once: haemoglobin=g/L")
        units[column] = unit
    return units


@overload
def read_numbers(option: str, text: str) -> list[float]: ...
@overload
def read_numbers(option: str, text: str, *, whole: Literal[True]) -> list[int]: ...
def read_numbers(option: str, text: str, *, whole: bool = False) -> list[float] | list[int]:
    """Read numbers that were given with commas between them; an empty text has none.

    Raises
    ------
    ValueRangeError : one is no number

    Examples
    --------
    >>> read_numbers("--times", "0.5, 1"), read_numbers("--looks", "6,12", whole=True)
    ([0.5, 1.0], [6, 12])
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    try:
        return [int(part) for part in parts] if whole else [float(part) for part in parts]
    except ValueError as error:
        kind = "whole numbers" if whole else "numbers"
        raise ValueRangeError(option, text, f"{kind} with commas between them") from error


def check_policy(missing: str) -> None:
    """Refuse a missing-data policy that there is not."""
    if missing not in MISSING:
        raise UnknownNameError("missing-data policy", missing, MISSING, "--missing")
