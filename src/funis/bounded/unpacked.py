"""What a workbook unpacks to, measured without holding it: declared sizes are never believed."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

import polars as pl

from funis.bounded.limits import MEGABYTE, Limits, RefusedFileError

_CHUNK: Final = 1 << 18
_LOCAL_HEADER: Final = 30
_REFUSED = ("Save it again as .xlsx.", "not_workbook")
#: Small files of much repetition are no bombs.
_RATIO_FROM: Final = 10 * MEGABYTE


class Archive:
    """The parts of a zip archive by name, each unpacked piece by piece; all of them count together."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data, self.limits = data, limits
        self.size = 0
        self.seen: set[str] = set()
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                entries = archive.infolist()
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
            raise RefusedFileError("The file is not a workbook.", *_REFUSED) from error
        self.parts = {entry.filename: entry for entry in entries}
        if len(self.parts) != len(entries):
            raise RefusedFileError("The workbook holds two parts of one name.", *_REFUSED)

    def unpack(self, name: str) -> Iterator[bytes]:
        """Give a part in pieces.

        Raises
        ------
        BeyondLimitError : what was unpacked so far is more than the limits allow
        RefusedFileError : the part is encrypted, broken or packed in a way that workbooks never are
        """
        entry = self.parts[name]
        self.seen.add(name)
        raw = self._raw(entry)
        if entry.flag_bits & 1:
            raise RefusedFileError(
                "The workbook is encrypted.", "Save it without a password.", "not_workbook"
            )
        if entry.compress_type == zipfile.ZIP_STORED:
            self._count(len(raw))
            yield bytes(raw)
            return
        if entry.compress_type != zipfile.ZIP_DEFLATED:
            raise RefusedFileError("A part of the workbook is packed in an unknown way.", *_REFUSED)
        inflate, waiting = zlib.decompressobj(-15), bytes(raw)
        try:
            while not inflate.eof:
                piece = inflate.decompress(waiting, _CHUNK)
                waiting = inflate.unconsumed_tail
                if not piece and not waiting:
                    break
                self._count(len(piece))
                yield piece
        except zlib.error as error:
            raise RefusedFileError("A part of the workbook is broken.", *_REFUSED) from error

    def _raw(self, entry: zipfile.ZipInfo) -> memoryview:
        head = self.data[entry.header_offset : entry.header_offset + _LOCAL_HEADER]
        names = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        start = entry.header_offset + _LOCAL_HEADER + names
        return memoryview(self.data)[start : start + entry.compress_size]

    def _count(self, size: int) -> None:
        self.size += size
        check_unpacked(self.size, len(self.data), self.limits)


def check_unpacked(unpacked: int, packed: int, limits: Limits) -> None:
    """Refuse a file that unpacks to more than is allowed, or to much more than it is itself.

    Parameters
    ----------
    unpacked, packed : bytes
    limits : ``unpacked_megabytes`` and ``unpacked_ratio``

    Raises
    ------
    BeyondLimitError
    """
    megabytes = -(-unpacked // MEGABYTE)
    limits.check("unpacked_megabytes", megabytes, f"The file unpacks to {megabytes:,} megabytes or more")
    if unpacked > _RATIO_FROM:
        ratio = -(-unpacked // max(packed, 1))
        limits.check("unpacked_ratio", ratio, f"The file unpacks to {ratio:,} times its size or more")


def check_texts(frame: pl.DataFrame, limits: Limits) -> None:
    """Refuse texts that are too long, one by one or together: a file may hold one text for many cells.

    Parameters
    ----------
    frame : a table as it was loaded
    limits : ``cell_letters`` and ``unpacked_megabytes``

    Raises
    ------
    BeyondLimitError
    """
    texts = [series.drop_nulls() for series in frame if series.dtype == pl.String]
    # A category may be long and stand in many cells.
    named = [series.drop_nulls() for series in frame if isinstance(series.dtype, pl.Categorical | pl.Enum)]
    letters = [each.str.len_chars() for each in texts] + [each.cat.len_chars() for each in named]
    sizes = [each.str.len_bytes() for each in texts] + [each.cat.len_bytes() for each in named]
    longest = max((_whole(each.max()) for each in letters), default=0)
    limits.check("cell_letters", longest, f"A cell holds {longest:,} letters")
    megabytes = -(-sum(_whole(each.cast(pl.UInt64).sum()) for each in sizes) // MEGABYTE)
    limits.check("unpacked_megabytes", megabytes, f"The texts of the table fill {megabytes:,} megabytes")


def _whole(number: object) -> int:
    """Read a largest value or a sum; a column without a value has none."""
    return number if isinstance(number, int) else 0
