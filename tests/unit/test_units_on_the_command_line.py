"""Units of columns on the command line: ``--unit haemoglobin=g/L``."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.unit.test_cli import Runner, run

from funis.cli.arguments import read_units
from funis.errors import ValueRangeError

__all__ = ["run"]


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    # Protein above 0.5 g a day scores 4 points; 0.9 g/L of C3 with a lower limit of 0.9 is not low.
    frame = pl.DataFrame(
        {
            "subject": ["1", "2"],
            "visit": ["baseline"] * 2,
            "proteinuria_24h": [501, 500],
            "c3": [90.0, 89.9],
            "c3_low": [90.0, 90.0],
        }
    )
    file = tmp_path / "visits.csv"
    frame.write_csv(file)
    return file


UNITS = ("--unit", "proteinuria_24h=mg/(24.h)", "--unit", "c3 = mg/dL")


def test_a_file_is_scored_in_its_own_units(run: Runner, visits: Path) -> None:
    out = visits.parent / "scored.csv"
    assert run("score", "sledai_2k", visits, "-o", out, *UNITS).code == 0
    found = pl.read_csv(out)
    assert found["sledai_2k_lower"].to_list() == [4, 2]
    assert found["proteinuria_24h"].to_list() == [501, 500]


def test_a_file_is_explained_in_its_own_units(run: Runner, visits: Path) -> None:
    done = run("explain", "sledai_2k", visits, "--subject", "1", "--visit", "baseline", *UNITS)
    assert done.code == 0
    assert "0.501" in done.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--unit", "proteinuria_24h"), "a column and its unit, once"),
        (("--unit", "=mg/24h"), "a column and its unit, once"),
        (("--unit", "c3="), "a column and its unit, once"),
        (("--unit", "c3=g/L", "--unit", "c3=mg/dL"), "a column and its unit, once"),
        (("--unit", "c33=g/L"), "Did you mean 'c3'"),
        (("--unit", "c3=g/kg"), "not known for c3"),
    ],
)
def test_units_that_cannot_be_followed(
    run: Runner, visits: Path, words: tuple[str, ...], expected: str
) -> None:
    done = run("score", "sledai_2k", visits, "-o", visits.parent / "scored.csv", *words)
    assert done.code == 2
    assert expected in " ".join(done.err.split())
    assert not (visits.parent / "scored.csv").exists()


def test_a_study_folder_has_units_of_its_own(run: Runner, tmp_path: Path) -> None:
    words: tuple[Any, ...] = ("--instrument", "sledai_2k", "--subject", "1", "--visit", "baseline")
    done = run("explain", tmp_path, *words, "--unit", "c3=mg/dL")
    assert done.code == 2
    assert "[[labs]]" in done.err


def test_units_are_read() -> None:
    assert read_units(None) == {}
    assert read_units(["a=b=c"]) == {"a": "b=c"}
    with pytest.raises(ValueRangeError):
        read_units([" = "])
