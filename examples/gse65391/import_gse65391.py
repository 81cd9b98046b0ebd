"""Turn the clinical table of GSE65391 into a funis data folder.

    python import_gse65391.py GSE65391_sle_visits.csv my-cohort

Every subject, visit, item and laboratory value is carried over as deposited. Nothing is corrected:
what looks wrong (a haemoglobin of 136 g/dL, an antibody titre that a spreadsheet turned into a time of
day) stays as it is, so that `funis check` can report it with its line.

Study day is the deposit's `cumulative_time` (days since the first visit of the subject in the series): it
is complete and never contradicts the days since diagnosis. A visit is named after its number in the
series, so that a number nobody has shows as a gap.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException, PolarsError

from funis.files import write_frame

NOT_AVAILABLE = ("Data Not Available", "N/A", "")

ITEMS = {
    "seizure": "seizure",
    "psychosis": "psychosis",
    "organic_brain_syndrome": "organic_brain_syndrome",
    "visual_disturbance": "visual_disturbance",
    "cranial_nerve_disorder": "cranial_nerve",
    "lupus_headache": "lupus_headache",
    "cva": "cva",
    "vasculitis": "vasculitis",
    "arthritis": "arthritis",
    "myositis": "myositis",
    "urinary_casts": "urinary_casts",
    "hematuria": "hematuria",
    "proteinuria": "proteinuria",
    "pyuria": "pyuria",
    "new_rash": "rash",
    "alopecia": "alopecia",
    "mucosal_ulcers": "mucosal_ulcers",
    "pleurisy": "pleurisy",
    "pericarditis": "pericarditis",
    "low_complement": "low_complement",
    "increased_dna_binding": "increased_dna_binding",
    "fever": "fever",
    "thrombocytopenia": "thrombocytopenia",
    "leukopenia": "leukopenia",
}
"""Column of the deposit -> item of SLEDAI-2K, in the printed order of the instrument."""

LABS = {
    "c3": ("c3", "mg/dL"),
    "c4": ("c4", "mg/dL"),
    "cr": ("creatinine", "mg/dL"),
    "alb": ("albumin", "g/dL"),
    "hgb": ("haemoglobin", "g/dL"),
    "platelet_count": ("platelets", "10^9/L"),
    "wbc": ("wbc", "10^9/L"),
    "neutrophil_count": ("neutrophils", "10^9/L"),
    "lymphocyte_count": ("lymphocytes", "10^9/L"),
}
"""Column of the deposit -> test and the unit its values are plausible in; the deposit states no unit."""

REQUIRED = ("subject", "visit", "cumulative_time", "age", "sex", "sledai", "ds_dna", *ITEMS, *LABS)


WHOLE = ("cumulative_time", "sledai", *ITEMS)
"""Columns that hold whole numbers, or nothing, in every row of the deposit."""


def read_deposit(path: Path) -> pl.DataFrame:
    """Read the deposit as text, so that no cell is guessed at; name every column that is lacking.

    What is refused is named by line and column: what stands there may be somebody's.
    """
    try:
        frame = pl.read_csv(path, infer_schema_length=0)
    except (PolarsError, PanicException, OSError, ValueError):
        raise SystemExit(f"{path.name} cannot be read as CSV: is it the table of GSE65391?") from None
    lacking = [name for name in REQUIRED if name not in frame.columns]
    if lacking:
        message = f"{path.name} has no column {', '.join(map(repr, lacking))}: is it the table of GSE65391?"
        raise SystemExit(message)
    for column, kind in [*((each, pl.Int64) for each in WHOLE), ("age", pl.Float64)]:
        odd = frame[column].is_not_null() & frame[column].cast(kind, strict=False).is_null()
        if odd.any():
            line = int(odd.arg_max() or 0) + 2
            message = f"{path.name}, line {line}: {column!r} holds no number: is it the table of GSE65391?"
            raise SystemExit(message)
    frame = frame.with_columns(pl.col("ds_dna", *LABS).fill_null(""))
    day = pl.col("cumulative_time").cast(pl.Int64)
    number = pl.col("visit").cast(pl.Int64, strict=False)
    # A longer number is none of a visit: a date, a telephone or a card number would become a name.
    name = (
        pl.when(number.is_between(0, 999))
        .then(pl.format("visit_{}", number))
        .otherwise(pl.lit("unscheduled"))
    )
    return frame.with_columns(day.alias("day"), name.alias("visit")).sort("subject", "day")


def build_subjects(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a subject; age is that of the first visit in the series."""
    first = frame.group_by("subject", maintain_order=True).first()
    return first.select("subject", "sex", pl.col("age").cast(pl.Float64))


def build_sledai(frame: pl.DataFrame) -> pl.DataFrame:
    """Give the 24 items as 0 or 1 (the deposit holds their points) and the total somebody wrote down."""
    present = [(pl.col(old).cast(pl.Int64) > 0).cast(pl.Int64).alias(new) for old, new in ITEMS.items()]
    recorded = pl.col("sledai").cast(pl.Int64).alias("sledai_2k_recorded")
    return frame.select("subject", "visit", "day", *present, recorded)


def parse_anti_dsdna(cell: str) -> tuple[str, str, str, str] | None:
    """Split a cell of the mixed column into test, value, comparator and unit; None when it holds no result.

    A titre is written ``1:40``; a number is an assay value whose unit the deposit does not state. ``(-)``
    is a negative titre: it stands only where DNA binding is scored absent, and the lowest titre printed,
    1:10, is scored present, so it is entered as below 10.
    """
    text = cell.strip()
    if text in NOT_AVAILABLE:
        return None
    if text == "(-)":
        return "anti_dsdna_titre", "10", "<", "titre"
    if text.startswith("1:"):
        return "anti_dsdna_titre", text.removeprefix("1:"), "", "titre"
    return "anti_dsdna", text, "", "IU/mL"


def list_labs(frame: pl.DataFrame) -> Iterator[tuple[str, str, int, str, str, str, str]]:
    """Give each laboratory result as subject, visit, day, test, value, comparator and unit."""
    for row in frame.iter_rows(named=True):
        place = (row["subject"], row["visit"], row["day"])
        for column, (test, unit) in LABS.items():
            if row[column].strip() not in NOT_AVAILABLE:
                yield *place, test, row[column].strip(), "", unit
        parsed = parse_anti_dsdna(row["ds_dna"])
        if parsed is not None:
            yield *place, *parsed


def build_labs(frame: pl.DataFrame) -> pl.DataFrame:
    """One row a result."""
    names = ["subject", "visit", "day", "test", "value", "comparator", "unit"]
    return pl.DataFrame(list(list_labs(frame)), schema=names, orient="row")


def write_cohort(deposit: Path, folder: Path) -> None:
    """Write study file and data folder; refuse a folder that holds something already."""
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} is not empty; name a new folder."
        raise SystemExit(message)
    frame = read_deposit(deposit)
    data = folder / "data"
    data.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("study.toml"), folder / "study.toml")
    write_frame(build_subjects(frame), data / "subjects.csv")
    write_frame(frame.select("subject", "visit", "day"), data / "visits.csv")
    write_frame(build_sledai(frame), data / "sledai_2k.csv")
    write_frame(build_labs(frame), data / "labs.csv")


def main(arguments: Sequence[str]) -> None:
    """Read the two arguments and write the cohort."""
    if len(arguments) != 2:
        message = "usage: python import_gse65391.py GSE65391_sle_visits.csv FOLDER"
        raise SystemExit(message)
    write_cohort(Path(arguments[0]), Path(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
