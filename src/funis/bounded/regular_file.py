"""Open a file only where it is a regular one, inside its folder, and no larger than the limit."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from funis.bounded.limits import MEGABYTE, Limits, RefusedFileError

#: Not every system has all of them.
_FLAG_NAMES = ("O_NONBLOCK", "O_CLOEXEC", "O_NOFOLLOW", "O_NOCTTY", "O_BINARY")
_FLAGS = sum(getattr(os, name, 0) for name in _FLAG_NAMES)
_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


def read_regular(path: Path, limits: Limits, *, inside: Path | None = None) -> bytes:
    """Read a whole regular file.

    Parameters
    ----------
    path : the file
    limits : how large it may be
    inside : folder that the file must lie in, links followed; None where the user named the file

    Raises
    ------
    RefusedFileError : it is a pipe, a device, a socket, a folder, or a link that leads out of the folder
    BeyondLimitError : it is larger than the limit
    OSError : it is not there or may not be read

    Examples
    --------
    >>> len(read_regular(Path(__file__), Limits(), inside=Path(__file__).parent)) > 1000
    True
    """
    real = check_regular(path, inside=inside)
    # It may have been exchanged since: opened without waiting and without following a link, then looked at.
    handle = os.open(real, os.O_RDONLY | _FLAGS)
    with os.fdopen(handle, "rb") as file:
        _refuse_irregular(os.fstat(handle).st_mode)
        most = limits.megabytes * MEGABYTE
        _check_size(os.fstat(handle).st_size, limits)
        data = file.read(most + 1)
    _check_size(len(data), limits)
    return data


def check_regular(path: Path, *, inside: Path | None = None) -> Path:
    """Refuse what is no regular file, or lies outside a folder; give its real path.

    Parameters
    ----------
    path, inside : as for `read_regular`

    Raises
    ------
    RefusedFileError
    OSError : it is not there
    """
    try:
        real = path.resolve(strict=True)
    except RuntimeError as error:
        # Python before 3.13 has its own error for links that lead to each other.
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from error
    if inside is not None and not real.is_relative_to(inside.resolve(strict=True)):
        raise RefusedFileError(
            "The file is a link that leads out of the study folder; it is not read.",
            "Put the file itself into the folder.",
        )
    _refuse_irregular(real.stat().st_mode)
    return real


def _refuse_irregular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((words for is_kind, words in _KINDS if is_kind(mode)), "no regular file")
        raise RefusedFileError(
            f"This is {kind}, not a regular file; it is not read.", "Save the data as a file."
        )


def _check_size(size: int, limits: Limits) -> None:
    megabytes = -(-size // MEGABYTE)
    limits.check("megabytes", megabytes, f"The file has {megabytes:,} megabytes or more")
