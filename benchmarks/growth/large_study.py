"""A study of any size: the subjects of the lupus demonstration again and again, with new numbers and other values.

``python large_study.py FOLDER SUBJECTS`` writes study.toml and data/. The same size gives the same files. No subject
of it exists.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from funis.demo.cells import build_cells
from funis.demo.reconstruct import reconstruct

#: Laboratory tests that no item of an instrument is compared with: they may move a little.
FREE_TESTS = ("urea_nitrogen", "albumin", "neutrophils", "lymphocytes")
#: Items that no laboratory test decides: some of them are turned over.
FREE_ITEMS = ("arthritis", "rash", "alopecia", "mucosal_ulcers", "fever")
TERMS = (
    "headache", "nausea", "fatigue", "herpes zoster", "urinary tract infection", "pneumonia", "diarrhoea", "fever",
    "nasopharyngitis", "back pain", "dizziness", "rash", "cough", "insomnia", "constipation", "arthralgia",
    "upper respiratory tract infection", "hypertension", "anxiety", "vomiting",
)  # fmt: skip
#: So many of the subjects leave before the last visit.
LEFT = 0.05
#: Lots of cells, each of its own donor.
LOTS = 40
LOT_SEED = 20


def write_large_study(folder: Path, subjects: int, seed: int = 20) -> Path:
    """Write a study folder with so many subjects.

    Parameters
    ----------
    folder : gets study.toml and data/
    subjects : number of subjects
    seed : of all draws

    Returns
    -------
    Path : the folder
    """
    with tempfile.TemporaryDirectory() as place:
        small = reconstruct("sle", Path(place) / "sle")
        tables = {
            path.stem: pl.read_csv(path, infer_schema=False)
            for path in sorted((small / "data").glob("*.csv"))
        }
        text = (small / "study.toml").read_text(encoding="utf-8")
    large = build_tables(tables, subjects, np.random.default_rng(seed))
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(text, encoding="utf-8")
    for name, frame in large.items():
        frame.write_csv(folder / "data" / f"{name}.csv")
    return folder


def build_tables(
    tables: dict[str, pl.DataFrame], subjects: int, rng: np.random.Generator
) -> dict[str, pl.DataFrame]:
    """Repeat every subject under new numbers, each with its own days and values; every cell is a text."""
    names = tables["subjects"]["subject"]
    shown = len(str(subjects))
    people = pl.DataFrame(
        {
            "subject": names.gather(np.arange(subjects) % len(names)),
            "new": [f"L{number:0{shown}d}" for number in range(1, subjects + 1)],
            "shift": rng.integers(0, 700, subjects),
            "left": rng.random(subjects) < LEFT,
        }
    )
    large = {name: _repeat(frame, people) for name, frame in tables.items() if "subject" in frame.columns}
    large |= _draw_cells(large["infusions"], subjects)
    large["labs"] = _move_values(large["labs"], rng)
    items = [pl.col(name) for name in FREE_ITEMS]
    turned = [pl.Series(name, rng.random(large["sledai_2k"].height) < 0.03) for name in FREE_ITEMS]
    large["sledai_2k"] = large["sledai_2k"].with_columns(
        pl.when(flip)
        .then(pl.when(item == "1").then(pl.lit("0")).otherwise(pl.lit("1")))
        .otherwise(item)
        .alias(name)
        for name, item, flip in zip(FREE_ITEMS, items, turned, strict=True)
    )
    large["subjects"] = large["subjects"].with_columns(
        age=pl.Series(rng.integers(17, 70, subjects)).cast(pl.String)
    )
    large["adverse_events"], large["safety_questions"] = _draw_events(large["safety_questions"], rng)
    left = set(people.filter("left")["new"])
    for name, frame in large.items():
        if "visit" in frame.columns:
            gone = pl.col("subject").is_in(left) & (pl.col("visit") == "month_12")
            large[name] = frame.filter(~gone)
    status = pl.when(pl.col("subject").is_in(left)).then(pl.lit("withdrew")).otherwise(pl.col("status"))
    large["disposition"] = large["disposition"].with_columns(status=status)
    return large


def _repeat(frame: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """Give the rows of every subject under each of the new numbers, with all dates moved alike."""
    dates = [name for name in frame.columns if name in {"date", "consent_date", "start", "end"}]
    moved = [
        (pl.col(name).str.to_date(strict=False) + pl.duration(days=pl.col("shift")))
        .cast(pl.String)
        .alias(name)
        for name in dates
    ]
    rows = people.join(frame, on="subject", how="inner", maintain_order="left_right").with_columns(moved)
    return rows.with_columns(subject=pl.col("new")).select(frame.columns)


def _draw_cells(infusions: pl.DataFrame, subjects: int) -> dict[str, pl.DataFrame]:
    """Give forty lots and their donors, each for the subjects who were infused one after the other."""
    given = infusions.drop("lot").with_columns(pl.col("date").str.to_date()).to_dicts()
    cells = build_cells(given, LOT_SEED, "large study", subjects_of_lot=-(-subjects // LOTS))
    return {name: pl.DataFrame(rows).select(pl.all().cast(pl.String)) for name, rows in cells.items()}


def _move_values(labs: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    factor = pl.Series(np.round(rng.normal(1, 0.05, labs.height), 3))
    moved = (pl.col("value").cast(pl.Float64, strict=False) * factor).round(2).cast(pl.String)
    return labs.with_columns(
        value=pl.when(pl.col("test").is_in(FREE_TESTS)).then(moved).otherwise(pl.col("value"))
    )


def _draw_events(asked: pl.DataFrame, rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw adverse events, about one for two subjects, and the answers that tell of them."""
    has = pl.Series(rng.random(asked.height) < 0.1)
    told = asked.filter(has)
    grades = rng.choice([1, 2, 3], told.height, p=[0.6, 0.3, 0.1])
    date = pl.col("date").str.to_date()
    events = told.select(
        "subject",
        term=pl.Series(rng.choice(TERMS, told.height)),
        start=(date - pl.duration(days=9)).cast(pl.String),
        end=(date - pl.duration(days=4)).cast(pl.String),
        grade=pl.Series(grades).cast(pl.String),
        serious=pl.Series((grades == 3) & (rng.random(told.height) < 0.5)).cast(pl.Int8).cast(pl.String),
        related=pl.Series(rng.random(told.height) < 0.2).cast(pl.Int8).cast(pl.String),
        outcome=pl.lit("recovered"),
        action=pl.lit("none"),
    )
    answer = pl.when(has).then(pl.lit("1")).otherwise(pl.col("any_event"))
    return events, asked.with_columns(any_event=answer)


if __name__ == "__main__":
    write_large_study(Path(sys.argv[1]), int(sys.argv[2]))
