"""What a Parquet file unpacks to, read from its page headers before the file is loaded.

The footer may say anything; what is allocated when the file is loaded is what the header of each page says.
Both are written in Thrift's compact protocol, of which this reads as much as it needs.

Source
------
Apache Parquet format, parquet.thrift (FileMetaData, PageHeader); Apache Thrift compact protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from funis.bounded.limits import MEGABYTE, Limits, RefusedFileError
from funis.bounded.unpacked import check_unpacked

_MAGIC = b"PAR1"
_DEEPEST = 12
_DELTA_BYTE_ARRAY = 7
_FIX = "Write it again as Parquet, without encryption."
_FIXED = {3: 1, 7: 8}
Fields = dict[int, Any]


def check_parquet(data: bytes, limits: Limits) -> None:
    """Refuse a Parquet file that has more rows, columns or cells, or unpacks to more, than is allowed.

    Parameters
    ----------
    data : the file
    limits : rows, columns, cells and unpacked size

    Raises
    ------
    BeyondLimitError
    RefusedFileError : it is not Parquet, or not as its own headers say

    Examples
    --------
    >>> import io
    >>> import polars as pl
    >>> file = io.BytesIO()
    >>> pl.DataFrame({"a": [1, 2, 3]}).write_parquet(file)
    >>> check_parquet(file.getvalue(), Limits(rows=2))
    Traceback (most recent call last):
    ...
    funis.bounded.limits.BeyondLimitError: The table has 3 rows; the limit 'rows' is 2. If you trust the \
file, raise the limit: --limit rows=3, in Python limits=Limits(rows=3).
    """
    try:
        footer = _read_footer(data)
        groups = [_Group(group) for group in footer[4]]
        rows = max(int(footer[3]), sum(group.rows for group in groups))
        columns = max((len(group.columns) for group in groups), default=0)
        limits.check("rows", rows, f"The table has {rows:,} rows")
        limits.check("columns", columns, f"The table has {columns:,} columns")
        limits.check("cells", rows * columns, f"The table has {rows * columns:,} cells")
        _check_pages(data, groups, limits)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise RefusedFileError("The file is not Parquet.", _FIX, "not_parquet") from error


class _Group:
    """One row group: its rows, and where the pages of each column begin and end."""

    def __init__(self, fields: Fields) -> None:
        self.rows = int(fields[3])
        self.columns = [_page_range(column[3]) for column in fields[1]]


def _page_range(column: Fields) -> tuple[int, int]:
    begins = [place for place in (column.get(11), column[9]) if place]
    return min(begins), min(begins) + int(column[7])


def _read_footer(data: bytes) -> Fields:
    if data[:4] != _MAGIC or data[-4:] != _MAGIC:
        raise ValueError("no magic number")
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    if start < len(_MAGIC):
        raise ValueError("the footer is longer than the file")
    return _Compact(data, start).read_struct()


def _check_pages(data: bytes, groups: list[_Group], limits: Limits) -> None:
    """Add up what the pages unpack to, and how many values they say they hold."""
    unpacked = values = shared = 0
    pages = (page for group in groups for place in group.columns for page in _pages(data, place))
    for size, count, encoding in pages:
        if size < 0 or count < 0:
            raise ValueError("negative size")
        unpacked += size
        values += count
        check_unpacked(unpacked, len(data), limits)
        # Each text may begin with all of the one before.
        shared += size * count if encoding == _DELTA_BYTE_ARRAY else 0
        megabytes = -(-shared // MEGABYTE)
        limits.check(
            "unpacked_megabytes", megabytes, f"Texts kept as differences may fill {megabytes:,} megabytes"
        )
        limits.check("cells", values, f"The pages of the table hold {values:,} values or more")


def _pages(data: bytes, place: tuple[int, int]) -> Iterator[tuple[int, int, int]]:
    """Give the unpacked size of each page of a column, its number of values and how they are written."""
    start, end = place
    if not 0 < start <= end <= len(data):
        raise ValueError("a column lies outside the file")
    while start < end:
        reader = _Compact(data, start)
        header = reader.read_struct()
        first, second = header.get(5) or {}, header.get(8) or {}
        kind = first or second
        yield int(header[2]), int(kind.get(1, 0)), int(first.get(2, 0) if first else second.get(4, 0))
        start = reader.place + int(header[3])
        if int(header[3]) < 0:
            raise ValueError("negative size")


class _Compact:
    """A reader of Thrift's compact protocol: structs as dicts by field number, texts skipped."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data, self.place = data, place

    def read_struct(self, depth: int = 0) -> Fields:
        """Read the fields of a struct."""
        fields: Fields = {}
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else self._zigzag()
            fields[number] = kind == 1 if kind in {1, 2} else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("too deep")
        if kind in {4, 5, 6}:
            return self._zigzag()
        if kind in {9, 10}:
            return self._list(depth)
        if kind == 12:
            return self.read_struct(depth + 1)
        size = self._varint() if kind == 8 else _FIXED[kind]
        self.place += size
        return None

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        kind, size = head & 15, head >> 4
        size = self._varint() if size == 15 else size
        if size > len(self.data) - self.place:
            raise ValueError("a list is longer than the file")
        return [self._byte() == 1 if kind in {1, 2} else self._value(kind, depth + 1) for _ in range(size)]

    def _byte(self) -> int:
        self.place += 1
        return self.data[self.place - 1]

    def _varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return number
            if shift > 63:
                raise ValueError("a number is too long")

    def _zigzag(self) -> int:
        number = self._varint()
        return (number >> 1) ^ -(number & 1)
