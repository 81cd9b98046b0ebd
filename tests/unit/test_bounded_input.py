"""Files from outside: where they lie, how large they are, what they unpack to; each refusal says how to go on."""

from __future__ import annotations

import io
import os
import re
import socket
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError, read_limits
from funis.bounded.parquet import check_parquet
from funis.bounded.regular_file import read_regular
from funis.bounded.unpacked import Archive, check_texts, check_unpacked
from funis.bounded.workbook import DamagedWorkbookError, find_cells, tell_damage
from funis.data.cells import as_texts
from funis.data.tables import Tables, read_tables
from funis.errors import OutputError, StudyError, UnknownNameError, ValueRangeError
from funis.files import write_whole
from funis.scoring.frame_file import FileError, read_frame
from funis.study.model import Study
from funis.study.read import read_study, template_path

SUBJECTS = "subject,age,sex\nS1,31,female\nS2,32,male\n"


@pytest.fixture(scope="module")
def study() -> Study:
    return read_study(template_path("observational"))


def codes(tables: Tables) -> set[str]:
    return {each.code for each in tables.findings if each.level == "error"}


# --- limits --------------------------------------------------------------------------------------------


def test_a_limit_is_reached_by_what_is_as_large_as_it() -> None:
    Limits(rows=3).check("rows", 3, "Rows")
    with pytest.raises(BeyondLimitError) as caught:
        Limits(rows=1_000).check("rows", 1_001, "The table has 1,001 rows")
    assert caught.value.message == "The table has 1,001 rows; the limit 'rows' is 1,000."
    assert "--limit rows=1001" in caught.value.fix
    assert "Limits(rows=1001)" in caught.value.fix


@pytest.mark.parametrize("number", [0, -1, 1.5, True, None, "7"])
def test_limits_are_whole_numbers_above_zero(number: object) -> None:
    assert Limits(rows=1).rows == 1
    with pytest.raises(ValueRangeError, match="limit 'rows'"):
        Limits(rows=number)  # type: ignore[arg-type]


def test_limits_of_the_command_line() -> None:
    assert read_limits(["rows=7", " cells = 9 "], Limits(columns=3)) == Limits(rows=7, cells=9, columns=3)
    assert read_limits([]) == Limits()
    with pytest.raises(UnknownNameError, match="Did you mean 'rows'"):
        read_limits(["row=7"])
    for text in ("rows", "rows=", "rows=x", "rows=0"):
        with pytest.raises(ValueRangeError, match="rows"):
            read_limits([text])


def test_every_limit_can_be_raised_as_its_refusal_says() -> None:
    for each in fields(Limits):
        error = BeyondLimitError(each.name, 12, 11, "It has 12")
        option = re.search(r"--limit (\S+),", error.fix)
        assert option is not None
        assert getattr(read_limits([option.group(1)]), each.name) == 12


# --- regular files -------------------------------------------------------------------------------------


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    os.chdir(path.parent)
    with socket.socket(socket.AF_UNIX) as place:
        place.bind(path.name)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_link_outside(path: Path) -> None:
    secret = path.parents[2] / "secret.csv"
    secret.write_text("subject,age\nSECRET,31\n", encoding="utf-8")
    path.symlink_to(secret)


def make_circle(path: Path) -> None:
    path.symlink_to(path.name)


MADE = [make_pipe, make_socket, make_device, make_link_outside]


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_only_regular_files_of_the_folder_are_read(
    make: Callable[[Path], None], suffix: str, tmp_path: Path, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "trial"
    (folder / "data").mkdir(parents=True)
    make(folder / "data" / f"subjects.{suffix}")
    tables = read_tables(folder, study)
    assert "refused_file" in codes(tables)
    assert tables.frames["subjects"].is_empty()
    assert "SECRET" not in str(tables.findings)


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
def test_links_that_lead_to_each_other_are_no_file(suffix: str, tmp_path: Path, study: Study) -> None:
    (tmp_path / "data").mkdir()
    make_circle(tmp_path / "data" / f"subjects.{suffix}")
    tables = read_tables(tmp_path, study)
    (found,) = [each for each in tables.findings if each.code == "file_closed"]
    assert "Too many levels of symbolic links" in found.message
    with pytest.raises(OutputError, match="A link leads back to itself"):
        write_whole(tmp_path / "data" / f"subjects.{suffix}", "x")
    make_circle(tmp_path / "study.toml")
    with pytest.raises(StudyError):
        read_study(tmp_path)


@pytest.mark.parametrize("make", MADE)
def test_a_study_file_is_a_regular_file_of_the_folder(
    make: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "some" / "trial"
    folder.mkdir(parents=True)
    make(folder / "study.toml")
    with pytest.raises(StudyError) as caught:
        read_study(folder)
    assert [each.code for each in caught.value.findings] == ["refused_file"]
    assert "SECRET" not in str(caught.value)


def test_links_inside_the_folder_and_files_named_by_the_user_are_read(tmp_path: Path, study: Study) -> None:
    folder = tmp_path / "trial"
    (folder / "data").mkdir(parents=True)
    (folder / "kept.csv").write_text(SUBJECTS, encoding="utf-8")
    (folder / "data" / "subjects.csv").symlink_to(folder / "kept.csv")
    assert read_tables(folder, study).frames["subjects"].height == 2
    (tmp_path / "link.toml").symlink_to(template_path("observational"))
    assert read_study(tmp_path / "link.toml") == study


def test_a_data_folder_that_is_a_link_outside_is_not_read(tmp_path: Path, study: Study) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "subjects.csv").write_text(SUBJECTS, encoding="utf-8")
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "data").symlink_to(tmp_path / "else")
    tables = read_tables(tmp_path / "trial", study)
    assert "refused_file" in codes(tables)
    assert tables.frames["subjects"].is_empty()


def test_a_broken_link_and_a_lacking_file_are_findings(tmp_path: Path, study: Study) -> None:
    (tmp_path / "subjects.csv").symlink_to(tmp_path / "nothing.csv")
    assert "file_closed" in codes(read_tables(tmp_path, study))
    with pytest.raises(OSError, match="No such file"):
        read_regular(tmp_path / "nothing", Limits())


def test_size_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 2_000_000)
    assert len(read_regular(path, Limits(megabytes=2))) == 2_000_000
    path.write_bytes(b"x" * 2_000_001)
    with pytest.raises(BeyondLimitError, match="3 megabytes or more; the limit 'megabytes' is 2"):
        read_regular(path, Limits(megabytes=2))


def test_a_study_file_has_a_largest_size_and_depth(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text("# " + "x" * 5_000_000, encoding="utf-8")
    with pytest.raises(StudyError, match="limit 'megabytes' is 5"):
        read_study(path)
    for text in (f"a = {'[' * 5000}", f"[{'a.' * 5000}a]\nb = 1"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(StudyError):
            read_study(path)


# --- CSV -----------------------------------------------------------------------------------------------

BEYOND = {
    "files": Limits(files=2),
    "rows": Limits(rows=1),
    "columns": Limits(columns=2),
    "cells": Limits(cells=8),
    "cell_letters": Limits(cell_letters=6),
}


@pytest.mark.parametrize("name", BEYOND)
def test_each_limit_of_a_csv_file(name: str, tmp_path: Path, study: Study) -> None:
    for other in ("subjects", "visits", "labs"):
        (tmp_path / f"{other}.csv").write_text(SUBJECTS.replace("female", "females"), encoding="utf-8")
    tables = read_tables(tmp_path, study, limits=BEYOND[name])
    found = [each for each in tables.findings if each.code == "beyond_limit"]
    assert found
    assert all(f"limit '{name}'" in each.message and f"--limit {name}=" in each.fix for each in found)
    assert tables.frames["subjects"].is_empty()
    enough = Limits(files=3, rows=2, columns=3, cells=9, cell_letters=7)
    assert "beyond_limit" not in codes(read_tables(tmp_path, study, limits=enough))


# --- workbooks -----------------------------------------------------------------------------------------


def write_workbook(fill: Callable[[xlsxwriter.Workbook, xlsxwriter.worksheet.Worksheet], None]) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content)
    fill(book, book.add_worksheet("subjects"))
    book.close()
    return content.getvalue()


def with_subjects(_: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
    for row, line in enumerate(SUBJECTS.split()):
        sheet.write_row(row, 0, line.split(","))


def test_places_of_cells() -> None:
    def fill(book: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write("C3", "h")
        sheet.write("AB10", 7)
        sheet.write_boolean("D5", boolean=True)
        sheet.write_formula("E6", "=1/0", None, "#DIV/0!")
        sheet.write_formula("F7", "=A1", None, "")
        sheet.write_formula("G8", "=A1", None, 3)
        # Formatted cells without a value reach to the end of the sheet in many workbooks.
        sheet.write_blank("XFD1048576", None, book.add_format({"bold": True}))

    (cells,) = find_cells(write_workbook(fill), Limits()).values()
    assert (cells.top, cells.bottom, cells.left, cells.right) == (3, 10, 3, 28)
    assert cells.lost == {(6, 5): "#DIV/0!", (7, 6): "#NOT CALCULATED"}


def test_an_empty_sheet_has_no_place() -> None:
    (cells,) = find_cells(write_workbook(lambda _, __: None), Limits()).values()
    assert (cells.top, cells.bottom, cells.left, cells.right, cells.lost) == (0, 0, 0, 0, {})


@pytest.mark.parametrize(
    ("place", "limits", "name"),
    [
        ("XFD1048576", Limits(), "columns"),
        ("A1048576", Limits(rows=1_048_575), "rows"),
        ("Z100", Limits(columns=25), "columns"),
        ("Z100", Limits(cells=2_599), "cells"),
    ],
)
def test_a_cell_far_away_is_refused_before_the_sheet_is_loaded(place: str, limits: Limits, name: str) -> None:
    def fill(_: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write("A1", "subject")
        sheet.write(place, "x")

    with pytest.raises(BeyondLimitError, match=f"limit '{name}'"):
        find_cells(write_workbook(fill), limits)
    if place == "Z100":
        assert find_cells(write_workbook(fill), Limits(columns=26, cells=2_600, rows=100))


def test_a_far_cell_and_a_bomb_are_findings_in_bounded_memory(tmp_path: Path) -> None:
    """In a process of its own that may take 1.5 GB: what it refused took 6 GB, or ended the process."""
    pytest.importorskip("resource")
    (tmp_path / "far").mkdir()
    (tmp_path / "bomb").mkdir()

    def far(_: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write("A1", "subject")
        sheet.write("XFD1048576", 1)

    (tmp_path / "far" / "data.xlsx").write_bytes(write_workbook(far))
    (tmp_path / "bomb" / "data.xlsx").write_bytes(bomb(60))
    (tmp_path / "bomb" / "labs.parquet").write_bytes(repeated_texts())
    program = (
        "import resource, sys\n"
        "from funis import read_study, read_tables\n"
        "from funis.study.read import template_path\n"
        "import polars, fastexcel\n"
        "resource.setrlimit(resource.RLIMIT_DATA, (1_500_000_000, 1_500_000_000))\n"
        "study = read_study(template_path('observational'))\n"
        "for folder in sys.argv[1:]:\n"
        "    print(sorted({each.code for each in read_tables(folder, study).findings if each.code == 'beyond_limit'}))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "far"), str(tmp_path / "bomb")]
    out = subprocess.run(command, capture_output=True, text=True, check=True)
    assert out.stdout.split("\n")[:2] == ["['beyond_limit']"] * 2


def bomb(megabytes: int) -> bytes:
    """Write a workbook whose sheet unpacks to so much, most of it spaces, and says that it is small."""
    source = zipfile.ZipFile(io.BytesIO(write_workbook(with_subjects)))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            data = source.read(entry)
            if not entry.filename.endswith("sheet1.xml"):
                target.writestr(entry.filename, data)
                continue
            with target.open(entry.filename, "w", force_zip64=True) as part:
                head, tail = data.split(b"<sheetData>")
                part.write(head + b"<sheetData>")
                for _ in range(megabytes):
                    part.write(b" " * 1_000_000)
                part.write(tail)
    return content.getvalue()


def test_unpacked_size_and_ratio() -> None:
    data = bomb(12)
    assert len(data) < 60_000
    with pytest.raises(BeyondLimitError, match="unpacked_ratio"):
        find_cells(data, Limits())
    with pytest.raises(BeyondLimitError, match="unpacked_megabytes"):
        find_cells(data, Limits(unpacked_megabytes=12, unpacked_ratio=100_000))
    assert find_cells(data, Limits(unpacked_megabytes=13, unpacked_ratio=100_000))["subjects"].bottom == 3
    check_unpacked(10_000_000, 1, Limits())
    with pytest.raises(BeyondLimitError, match="10,000,001 times"):
        check_unpacked(10_000_001, 1, Limits())
    check_unpacked(20_000_000, 100_000, Limits(unpacked_ratio=200, unpacked_megabytes=20))


def test_the_size_that_an_archive_declares_is_not_believed() -> None:
    data = bomb(12)
    (entry,) = [each for each in zipfile.ZipFile(io.BytesIO(data)).infolist() if "sheet1" in each.filename]
    lying = data.replace(struct.pack("<I", entry.file_size), struct.pack("<I", 10))
    assert zipfile.ZipFile(io.BytesIO(lying)).getinfo(entry.filename).file_size == 10
    with pytest.raises(BeyondLimitError, match="unpacked_ratio"):
        find_cells(lying, Limits())


def repack(change: Callable[[str, bytes], bytes | None], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    source = zipfile.ZipFile(io.BytesIO(write_workbook(with_subjects)))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packing) as target:
        for name in source.namelist():
            data = change(name, source.read(name))
            if data is not None:
                target.writestr(name, data)
    return content.getvalue()


def in_sheet(old: bytes, new: bytes) -> bytes:
    return repack(lambda name, data: data.replace(old, new, 1) if name.endswith("sheet1.xml") else data)


REFUSED = {
    "no archive": b"subject,age\n",
    "half an archive": write_workbook(with_subjects)[:700],
    "no workbook part": repack(lambda name, data: None if name == "xl/workbook.xml" else data),
    "no relations": repack(lambda name, data: None if name.endswith("workbook.xml.rels") else data),
    "no sheet part": repack(lambda name, data: None if name.endswith("sheet1.xml") else data),
    "no XML": in_sheet(b"<sheetData>", b"<sheetData"),
    "entities": in_sheet(b"<worksheet", b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'),
    "no column": in_sheet(b'r="A1"', b'r="1"'),
    "four letters": in_sheet(b'r="A1"', b'r="AAAA1"'),
    "no row": in_sheet(b'r="A2"', b'r="A"'),
    "row of letters": in_sheet(b'<row r="2"', b'<row r="x"'),
    "row of eight digits": in_sheet(b'<row r="2"', b'<row r="10000000"'),
    "unknown packing": repack(lambda _, data: data, zipfile.ZIP_BZIP2),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_broken_workbooks_are_refused(kind: str, tmp_path: Path, study: Study) -> None:
    with pytest.raises(RefusedFileError):
        find_cells(REFUSED[kind], Limits())
    (tmp_path / "data.xlsx").write_bytes(REFUSED[kind])
    assert "not_workbook" in codes(read_tables(tmp_path, study))


@pytest.mark.parametrize(
    "data",
    [
        repack(lambda name, data: None if name.endswith("sharedStrings.xml") else data),
        in_sheet(b"<v>0</v>", b"<v>99999999</v>"),
    ],
    ids=["no texts", "a text that is none"],
)
def test_a_workbook_whose_cells_name_texts_that_it_lacks_is_refused(
    data: bytes, tmp_path: Path, study: Study
) -> None:
    (tmp_path / "data.xlsx").write_bytes(data)
    assert "not_workbook" in codes(read_tables(tmp_path, study))
    with pytest.raises(FileError, match="it is damaged"):
        read_frame(tmp_path / "data.xlsx")


def test_an_encrypted_part_and_two_parts_of_one_name_are_refused() -> None:
    data = bytearray(write_workbook(with_subjects))
    for place in (each.start() for each in re.finditer(b"PK\x01\x02", data)):
        data[place + 8] |= 1
    with pytest.raises(RefusedFileError, match="encrypted"):
        find_cells(bytes(data), Limits())
    content = io.BytesIO(write_workbook(with_subjects))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(content, "a") as archive:
        archive.writestr("xl/workbook.xml", "<a/>")
    with pytest.raises(RefusedFileError, match="two parts of one name"):
        find_cells(content.getvalue(), Limits())


def test_a_stored_part_and_a_broken_one() -> None:
    stored = repack(lambda _, data: data, zipfile.ZIP_STORED)
    assert find_cells(stored, Limits())["subjects"].right == 3
    data = bytearray(repack(lambda _, data: data))
    archive = Archive(bytes(data), Limits())
    entry = archive.parts["xl/workbook.xml"]
    data[entry.header_offset + 30 + len(entry.filename)] = 0xFF
    with pytest.raises(RefusedFileError, match="broken"):
        find_cells(bytes(data), Limits())
    assert zlib.crc32(b"".join(archive.unpack("xl/workbook.xml"))) == entry.CRC
    assert archive.size == entry.file_size


def test_rows_and_cells_without_a_reference_follow_each_other() -> None:
    bare = repack(
        lambda name, data: (
            re.sub(rb'(<(?:row|c)) r="[A-Z]*\d+"', rb"\1", data) if name.endswith("sheet1.xml") else data
        )
    )
    cells = find_cells(bare, Limits())["subjects"]
    assert (cells.top, cells.bottom, cells.left, cells.right) == (1, 3, 1, 3)


# --- Parquet -------------------------------------------------------------------------------------------


def write_parquet(frame: pl.DataFrame, compression: str = "zstd") -> bytes:
    content = io.BytesIO()
    frame.write_parquet(content, compression=compression)  # type: ignore[arg-type]
    return content.getvalue()


def repeated_texts() -> bytes:
    """Write one text of a row for many rows: a few kilobytes that are gigabytes as texts."""
    return write_parquet(pl.DataFrame({"subject": pl.Series(["x" * 30_000]).new_from_index(0, 40_000)}))


SMALL = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None]})


@pytest.mark.parametrize("compression", ["zstd", "snappy", "gzip", "lz4", "uncompressed"])
def test_limits_of_a_parquet_file(compression: str) -> None:
    data = write_parquet(SMALL, compression)
    check_parquet(data, Limits(rows=3, columns=2, cells=6))
    for limits, name in (
        (Limits(rows=2), "rows"),
        (Limits(columns=1), "columns"),
        (Limits(cells=5), "cells"),
    ):
        with pytest.raises(BeyondLimitError, match=f"limit '{name}'"):
            check_parquet(data, limits)


def test_what_the_pages_of_a_parquet_file_unpack_to() -> None:
    numbers = pl.DataFrame({"a": pl.Series(range(2_000_000))})
    data = write_parquet(numbers, "uncompressed")
    with pytest.raises(BeyondLimitError, match="unpacked_megabytes"):
        check_parquet(data, Limits(unpacked_megabytes=15))
    check_parquet(data, Limits(unpacked_megabytes=17))
    packed = write_parquet(pl.DataFrame({"a": pl.Series([0.5]).new_from_index(0, 4_000_000)}))
    with pytest.raises(BeyondLimitError, match="unpacked_ratio"):
        check_parquet(packed, Limits())
    check_parquet(packed, Limits(unpacked_ratio=100_000))


def test_texts_that_are_long_together() -> None:
    check_texts(SMALL, Limits(cell_letters=1))
    with pytest.raises(BeyondLimitError, match="cell_letters"):
        check_texts(pl.DataFrame({"b": ["\u00e9\u00e9"]}), Limits(cell_letters=1))
    half = pl.DataFrame({"a": ["x" * 1000] * 500, "b": ["y" * 1000] * 500})
    check_texts(half, Limits(unpacked_megabytes=1))
    with pytest.raises(BeyondLimitError, match="unpacked_megabytes"):
        check_texts(pl.concat([half, half[:1]]), Limits(unpacked_megabytes=1))
    check_texts(pl.DataFrame({"a": [1]}), Limits())


def test_every_shortened_or_altered_parquet_file_is_refused_or_read(tmp_path: Path, study: Study) -> None:
    """Each byte of footer and headers is altered in turn: a finding or a table, never an end of the process."""
    data = write_parquet(pl.DataFrame({"subject": ["S1"], "age": [31]}), "uncompressed")
    for size in range(0, len(data), 7):
        with pytest.raises(RefusedFileError):
            check_parquet(data[:size], Limits())
    refused = 0
    for place in range(4, len(data) - 4):
        altered = data[:place] + bytes([data[place] ^ 0x7F]) + data[place + 1 :]
        try:
            check_parquet(altered, Limits())
        except (RefusedFileError, BeyondLimitError) as error:
            refused += str(error) != ""
    assert refused > 20
    (tmp_path / "subjects.parquet").write_bytes(data[:-20])
    assert "not_parquet" in codes(read_tables(tmp_path, study))


def test_a_category_counts_in_every_cell_it_stands_in() -> None:
    named = pl.DataFrame({"a": pl.Series(["x" * 1000, None, "y"] * 500, dtype=pl.Categorical)})
    check_texts(named, Limits(cell_letters=1000, unpacked_megabytes=1))
    with pytest.raises(BeyondLimitError, match="A cell holds 1,000 letters"):
        check_texts(named, Limits(cell_letters=999))
    kinds = pl.Enum(["x" * 1000, "y"])
    with pytest.raises(BeyondLimitError, match="fill 2 megabytes"):
        check_texts(
            pl.DataFrame({"a": pl.Series(["x" * 1000] * 1001, dtype=kinds)}), Limits(unpacked_megabytes=1)
        )
    check_texts(pl.DataFrame({"a": pl.Series([None], dtype=pl.Categorical)}), Limits())


def test_texts_kept_as_differences_count_as_what_they_may_become() -> None:
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    content = io.BytesIO()
    texts = arrow.table({"subject": arrow.array(["S" * 30_000] * 1000)})
    parquet.write_table(
        texts,
        content,
        use_dictionary=False,
        column_encoding={"subject": "DELTA_BYTE_ARRAY"},
        data_page_version="2.0",
    )
    # 30 kilobytes once and what differs, for each of a thousand.
    with pytest.raises(BeyondLimitError, match=r"Texts kept as differences may fill 3\d megabytes"):
        check_parquet(content.getvalue(), Limits(unpacked_megabytes=29))
    check_parquet(content.getvalue(), Limits(unpacked_megabytes=40))
    plain = io.BytesIO()
    parquet.write_table(texts, plain, use_dictionary=True)
    check_parquet(plain.getvalue(), Limits(unpacked_megabytes=1))


@pytest.mark.parametrize("number", [2**31 - 1, -(2**31), 2_932_897, -719_163])
def test_a_day_that_no_calendar_has_is_no_date(number: int, tmp_path: Path, study: Study) -> None:
    days = pl.Series([number, 18_000], dtype=pl.Int32).cast(pl.Date)
    frame = pl.DataFrame({"subject": ["S1", "S2"], "consent_date": days})
    (tmp_path / "subjects.parquet").write_bytes(write_parquet(frame))
    tables = read_tables(tmp_path, study)
    (found,) = [each for each in tables.findings if each.code == "not_a_date"]
    assert (found.line, found.column, found.value) == (2, "consent_date", "")
    # 18,000 days after 1 January 1970.
    assert [str(each) for each in tables.frames["subjects"]["consent_date"]] == ["None", "2019-04-14"]


def test_texts_of_days_and_times() -> None:
    frame = pl.DataFrame({
        "day": pl.Series([-719_162, 2_932_896, 2_932_897, None], dtype=pl.Int32).cast(pl.Date),
        "ms": pl.Series([253_402_300_799_999, 253_402_300_800_000, -(2**62), 0]).cast(pl.Datetime("ms")),
        "us": pl.Series([-62_135_596_800_000_000, -62_135_596_800_000_001, 2**62, None]).cast(pl.Datetime("us")),
        "zone": pl.Series([0, 2**63 - 1, 1, None]).cast(pl.Datetime("ns", "Asia/Shanghai")),
    })  # fmt: skip
    assert as_texts(frame).rows() == [
        ("0001-01-01", "9999-12-31 23:59:59.999", "0001-01-01 00:00:00.000000", "1970-01-01 08:00:00.000000000+08:00"),
        ("9999-12-31", "253402300800000", "-62135596800000001", "2262-04-12 07:47:16.854775807+08:00"),
        ("2932897", "-4611686018427387904", "4611686018427387904", "1970-01-01 08:00:00.000000001+08:00"),
        (None, "1970-01-01 00:00:00.000", None, None),
    ]  # fmt: skip


# --- one file that somebody names ----------------------------------------------------------------------


def test_lines_that_end_with_a_carriage_return_alone_are_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    for ending in ("\r", "\n", "\r\n"):
        file.write_bytes(ending.join(["n,b", "007,x", "12,y", ""]).encode())
        assert read_frame(file).rows() == [("007", "x"), ("12", "y")]


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("\ufeffa,b\n1,2\n\n  \n3,4\n\n", encoding="utf-8")
    assert read_frame(file).rows() == [(1, 2), (3, 4)]
    file.write_text("a\n1\n\n2\n", encoding="utf-8")
    assert read_frame(file).rows() == [(1,), (2,)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3\n", "row 3: found 1 cells where the header has 2"),
        ("a,b\n1,2,3\n", "row 2: found 3 cells where the header has 2"),
        ("a,b,c\n1,2\n", "row 2: found 2 cells where the header has 3"),
        ("a,a\n1,2\n", "column 2, stands twice"),
        (",b\n1,2\n", "column 1, has no name"),
        ('a,b\n"1,2\n', "line 2"),
    ],
)
def test_rows_of_another_width_are_refused(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=re.escape(said)):
        read_frame(file)


def test_limits_of_a_named_file(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    assert read_frame(file, Limits(rows=2, columns=2)).height == 2
    for limits, name in ((Limits(rows=1), "rows"), (Limits(columns=1), "columns")):
        with pytest.raises(BeyondLimitError, match=name):
            read_frame(file, limits)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(RefusedFileError, match="pipe"):
        read_frame(tmp_path / "pipe.csv")


def test_the_whole_sheet_decides_the_kind_of_a_column(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"

    def fill(_: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write_column(0, 0, ["a", *range(2_000), "ND"])

    file.write_bytes(write_workbook(fill))
    assert read_frame(file)["a"].to_list()[-2:] == ["1999", "ND"]


def test_a_spreadsheet_error_in_a_named_workbook_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"

    def fill(_: xlsxwriter.Workbook, sheet: xlsxwriter.worksheet.Worksheet) -> None:
        sheet.write("A1", "a")
        sheet.write_formula("A2", "=1/0", None, "#DIV/0!")
        sheet.write_formula("A3", "=1/0", None, "#N/A")

    file.write_bytes(write_workbook(fill))
    with pytest.raises(FileError, match="row 2, column 1: #DIV/0!, and 1 more"):
        read_frame(file)


def test_a_panic_of_a_library_is_told_whatever_its_class() -> None:
    class PanicException(BaseException):
        """Stand for the class that each library has of its own."""

    with pytest.raises(DamagedWorkbookError, match=r"^the workbook is damaged$"), tell_damage():
        raise PanicException("Zhang Wei")
    with pytest.raises(KeyboardInterrupt), tell_damage():
        raise KeyboardInterrupt
