"""The same damaged data, once in files and once as frames, have the same findings."""

import csv
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funis
from funis.analysis.every_finding import find_findings
from funis.catalogue.registry import definition
from funis.data.tables import read_tables
from funis.errors import Finding
from funis.study.model import Study
from funis.study.read import read_study

from .damaged_tables import Rows, Slip, damage, texts

CLEAN = Path(__file__).parents[1] / "fault" / "clean"
TODAY = date(2026, 1, 1)

CELLS = ("", "ND", "n/a", "0", "1", "2", "-3", "7.5", "1e9", "1,2", "12 000", "<5", "> 3", "yes", " 1 ", "NaN", "1:80",
         "0.0972222222222222", "2020-01-05", "2020-02-30", "31/12/2024", "43866", "2030-01-01", "1979-01-01",
         "2020-01-13", "S1", "S9", "month_1", "Month 1", "unscheduled", "fatal", "died", "withdrew", "g/24h", "mg/24h",
         "mg/dL", "creatinine", "L9", "rejected", "male", "M", "02", "99")  # fmt: skip


def _study() -> Study:
    """Give the clean study with an instrument more, a rule that reads a score, and an estimand."""
    with tempfile.TemporaryDirectory() as place:
        text = (CLEAN / "study.toml").read_text(encoding="utf-8")
        text = text.replace('"sledai_2k", "labs"', '"sledai_2k", "bilag_2004", "labs"')
        text = text.replace(
            'rule = "age >= 16"},\n',
            'rule = "age >= 16"},\n'
            '{id = "I2", text = "Active", rule = "baseline_sledai_2k > 5 AND baseline_proteinuria_24h > 0.2"},\n',
        )
        text = text.replace(
            'methods    = ["paired_t"]',
            'methods    = ["paired_t"]\n[[estimands]]\nid = "main"\nendpoint = "activity"\n'
            'treatment = "cells, before and after"\nsummary = "mean change"\n'
            'intercurrent_events = [{event = "withdrawal", strategy = "treatment_policy"}]\n',
        )
        path = Path(place) / "study.toml"
        path.write_text(text, encoding="utf-8")
        return read_study(path)


def _clean() -> dict[str, Rows]:
    tables = {
        path.stem: list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
        for path in sorted((CLEAN / "data").glob("*.csv"))
    }
    items = [item.name for item in definition("bilag_2004").items]
    tables["bilag_2004"] = [
        {name: row[name] for name in ("subject", "visit", "date")} | dict.fromkeys(items, "0")
        for row in tables["sledai_2k"]
    ]
    tables["medications"] = [
        {
            "subject": "S1",
            "drug": "prednisone",
            "dose": "20",
            "unit": "mg",
            "start": "2020-01-01",
            "end": "2020-02-01",
        }
    ]
    for row, total in zip(tables["sledai_2k"], ("11", "2", "7", "0"), strict=True):
        row["sledai_2k_recorded"] = total
    return tables


STUDY, TABLES = _study(), _clean()
CHOICES = st.integers(0, 10_000)


def typed(rows: Rows) -> pl.DataFrame:
    """Give each column the type that its texts can be made back from."""
    frame = texts(rows)
    columns = []
    for column in frame.iter_columns():
        made = column
        for dtype in (pl.Int64, pl.Float64, pl.Date):
            as_type = (
                column.str.to_date("%Y-%m-%d", strict=False)
                if dtype == pl.Date
                else column.cast(dtype, strict=False)
            )
            # A column of nothing but empty cells has no type of its own, and as a number NaN is an empty cell,
            # where a subject may be named so.
            if dtype == pl.Float64 and "NaN" in column:
                continue
            if column.null_count() < len(column) and as_type.cast(pl.String).equals(column, null_equal=True):
                made = as_type
                break
        columns.append(made)
    return pl.DataFrame(columns)


FORMS: dict[str, Callable[[Rows], Any]] = {
    "texts": texts,
    "typed": typed,
    "dicts of texts": lambda rows: rows,
    "dicts of values": lambda rows: typed(rows).to_dicts(),
    "pandas texts": pd.DataFrame,
    "pandas values": lambda rows: pd.DataFrame(
        {column.name: pd.Series(column.to_list(), dtype=object) for column in typed(rows).iter_columns()}
    ),
    "arrow": lambda rows: pa.table(typed(rows).to_arrow()),
}


def said(findings: list[Finding] | tuple[Finding, ...]) -> list[tuple[str, ...]]:
    return sorted((f.code, f.level, f.table, f.column, f.value, f.subject, f.visit) for f in findings)


def on_disk(study: Study, tables: dict[str, Rows]) -> list[tuple[str, ...]]:
    with tempfile.TemporaryDirectory() as place:
        for name, rows in tables.items():
            with (Path(place) / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        return said(find_findings(study, read_tables(place, study, today=TODAY)))


slips = st.lists(
    st.tuples(
        st.sampled_from(
            ["cell"] * 8 + ["no column", "other column", "twice", "no row", "no table", "other table"]
        ),
        st.sampled_from(sorted(TABLES)),
        CHOICES,
        CHOICES,
        st.sampled_from(CELLS),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25)
@given(slips=slips, forms=st.lists(st.sampled_from(sorted(FORMS)), min_size=2, max_size=2, unique=True))
def test_frames_are_checked_as_files_are(slips: list[Slip], forms: list[str]) -> None:
    tables = damage(TABLES, slips)
    expected = on_disk(STUDY, tables)
    for form in forms:
        frames = {name: FORMS[form](rows) for name, rows in tables.items()}
        assert said(funis.check_frames(STUDY, frames, today=TODAY)) == expected, form


@pytest.mark.parametrize("form", sorted(FORMS))
def test_each_kind_of_frame_says_what_a_file_says(form: str) -> None:
    # One slip of each table, so that every kind of frame meets every way of writing a finding.
    tables = damage(
        TABLES,
        [
            ("cell", "labs", 0, 4, "-80"),
            ("cell", "sledai_2k", 2, 5, "8"),
            ("cell", "infusions", 1, 2, "2020-01-04"),
            ("cell", "disposition", 0, 1, "withdrew"),
            ("cell", "visits", 3, 2, "2030-01-01"),
            ("other table", "lots", 0, 0, ""),
        ],
    )
    found = funis.check_frames(STUDY, {name: FORMS[form](rows) for name, rows in tables.items()}, today=TODAY)
    codes = {(finding.code, finding.table, finding.value) for finding in found}
    assert {
        ("value_outside_range", "labs", "-80 umol/L"),
        ("value_outside_range", "sledai_2k", "8"),
        ("infusion_order", "infusions", "2"),
        ("date_in_future", "visits", "2030-01-01"),
        ("unknown_table", "", "lot"),
    } <= codes
    assert said(found) == on_disk(STUDY, tables)
