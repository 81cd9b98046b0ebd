"""Scoring files: long files in parts give what the whole gives."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funis.bounded.limits import RefusedFileError
from funis.catalogue.registry import definition
from funis.errors import ColumnError, ValueRangeError
from funis.scoring import score_file as module
from funis.scoring.frame_file import FileError, _quoted, read_frame
from funis.scoring.score_file import score_file, split_frame


def _visits(subjects: int) -> pl.DataFrame:
    names = [item.name for item in definition("sledai_2k").items]
    rows = [(f"S{(7 * number) % subjects}", number // subjects, number) for number in range(3 * subjects)]
    frame = pl.DataFrame(rows, schema=["subject", "day", "place"], orient="row")
    return frame.with_columns(
        ((pl.col("place") * (position + 3)) % 5 == 0).cast(pl.Int64).alias(name)
        for position, name in enumerate(names)
    )


def test_parts_never_divide_a_subject_and_hold_every_row() -> None:
    frame = _visits(10)
    parts = list(split_frame(frame, "subject", 7))
    assert len(parts) > 1
    assert sum(part.height for part in parts) == frame.height
    named = [set(part["subject"]) for part in parts]
    assert all(one.isdisjoint(two) for place, one in enumerate(named) for two in named[place + 1 :])


def test_a_subject_longer_than_a_part_stays_whole() -> None:
    frame = pl.DataFrame({"subject": ["A"] * 9 + ["B"]})
    assert [part.height for part in split_frame(frame, "subject", 4)] == [9, 1]


@pytest.mark.parametrize("subject", [None, "subject"])
def test_a_long_file_in_parts_gives_what_the_whole_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, subject: str | None
) -> None:
    _visits(11).write_parquet(tmp_path / "in.parquet")
    options = {"subject": subject, "order": "day" if subject else None}
    whole = score_file("sledai_2k", tmp_path / "in.parquet", tmp_path / "whole.parquet", **options)  # type: ignore[arg-type]
    monkeypatch.setattr(module, "PART", 8)
    parts = score_file("sledai_2k", tmp_path / "in.parquet", tmp_path / "parts.parquet", **options)  # type: ignore[arg-type]
    assert pl.read_parquet(parts).equals(pl.read_parquet(whole))
    assert pl.read_parquet(parts)["place"].to_list() == list(range(33))


def test_not_done_is_read_as_written(tmp_path: Path) -> None:
    frame = _visits(2).with_columns(pl.col("fever").cast(pl.String))
    frame[0, "fever"] = "ND"
    frame.write_csv(tmp_path / "in.csv")
    scored = read_frame(score_file("sledai_2k", tmp_path / "in.csv", tmp_path / "out.csv"))
    assert scored["sledai_2k_status"][0] == "incomplete"
    assert scored["sledai_2k_upper"][0] == scored["sledai_2k_lower"][0] + 1


def test_what_cannot_be_read_or_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.parquet").write_text("no parquet", encoding="utf-8")
    with pytest.raises(RefusedFileError, match="not Parquet"):
        read_frame(tmp_path / "bad.parquet")
    (tmp_path / "bad.csv").write_bytes(b"a\n\xff\n")
    with pytest.raises(FileError, match="cannot be read"):
        read_frame(tmp_path / "bad.csv")
    _visits(2).write_csv(tmp_path / "in.csv")
    with pytest.raises(FileError, match="no folder"):
        score_file("sledai_2k", tmp_path / "in.csv", tmp_path / "none" / "out.csv")
    with pytest.raises(ColumnError, match="visit_day"):
        score_file("sledai_2k", tmp_path / "in.csv", tmp_path / "out.csv", order="visit_day")


def test_study_numbers_keep_their_zeros(tmp_path: Path) -> None:
    names = [item.name for item in definition("sledai_2k").items]
    rows = {"subject": ["007", "010"], "site": [1, 2]} | {name: [0, 1] for name in names}
    pl.DataFrame(rows).write_csv(tmp_path / "in.csv")
    frame = read_frame(tmp_path / "in.csv")
    assert frame["subject"].to_list() == ["007", "010"]
    assert frame["site"].to_list() == [1, 2]
    score_file("sledai_2k", tmp_path / "in.csv", tmp_path / "out.csv")
    assert "007" in (tmp_path / "out.csv").read_text()


def test_impossible_values_of_a_long_file_are_named_by_their_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second part holds the last rows; subjects stand in another order than in the file."""
    monkeypatch.setattr(module, "PART", 2)
    frame = pl.DataFrame(
        {
            "subject": ["b", "b", "a", "a"],
            "day": [0, 1, 0, 1],
            "platelets": [100, -5, 40_000, 100],
            "rash": [0, 0, 0, 7],
        }
    )
    frame.write_csv(tmp_path / "visits.csv")
    with pytest.raises(ValueRangeError) as error:
        score_file("sledai_2k", tmp_path / "visits.csv", tmp_path / "out.csv", subject="subject", order="day")
    told = str(error.value)
    assert "Column 'rash' of 'sledai_2k', 1 row(s) (row 3): found '7'; allowed is 0, 1." in told
    assert (
        "Column 'platelets' of 'sledai_2k', 2 row(s) (row 1, 2): found '-5, 40000'; allowed is 0 to 3000"
        in told
    )
    assert not (tmp_path / "out.csv").exists()


def test_a_cell_is_written_again_as_it_was_read() -> None:
    assert [_quoted(cell) for cell in ("a", "", "a,b", 'a"b', "a\nb", " ")] == [
        "a",
        '""',
        '"a,b"',
        '"a""b"',
        '"a\nb"',
        " ",
    ]


@pytest.mark.parametrize("lost", ["a row", "a name"])
def test_what_the_reader_of_csv_loses_is_refused(
    lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "visits.csv").write_text("subject,day\nA,0\nA,30\n", encoding="utf-8")
    assert read_frame(tmp_path / "visits.csv").height == 2
    read = pl.read_csv

    def loses(*given: Any, **settings: Any) -> pl.DataFrame:
        frame = read(*given, **settings)
        return frame.head(1) if lost == "a row" else frame.rename({"day": "day_2"})

    monkeypatch.setattr(pl, "read_csv", loses)
    with pytest.raises(FileError, match="it has 2 rows"):
        read_frame(tmp_path / "visits.csv")
