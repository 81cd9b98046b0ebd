"""Write a file whole or not at all, with nothing in it that a spreadsheet would run."""

from __future__ import annotations

import errno
import logging
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from funis.errors import OutputError
from funis.spreadsheets import render_csv

if TYPE_CHECKING:
    import polars as pl

if sys.platform == "win32":
    import msvcrt

    def _ask_lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
else:
    from fcntl import LOCK_EX, LOCK_NB, flock

    def _ask_lock(handle: int) -> None:
        flock(handle, LOCK_EX | LOCK_NB)


_log = logging.getLogger(__name__)

#: Stands in the name of everything that is being written, so that what a killed process left is known again.
UNDER_WAY: Final = ".funis-"

#: Errors that say that another process holds a file.
_HELD: Final = frozenset({errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK})

_FIXES: Final = {
    errno.ENOSPC: "Make room on the disk, then run the command again.",
    errno.EDQUOT: "Make room within your quota, then run the command again.",
    errno.EFBIG: "The system allows no file of this size; ask who looks after it.",
    errno.EACCES: "Get the right to write there, or name another folder.",
    errno.EPERM: "Get the right to write there, or name another folder.",
    errno.EROFS: "The disk can only be read; name a folder on another one.",
    errno.ENOTDIR: "A file stands where a folder is needed: move it away, or name another folder.",
    errno.EEXIST: "A file stands where a folder is needed: move it away, or name another folder.",
    errno.EISDIR: "A folder stands where the file is to be: move it away, or give another name.",
    errno.ELOOP: "A link leads back to itself: remove it, or give another name.",
    errno.ENAMETOOLONG: "Give a shorter name.",
    errno.EBUSY: "The folder is in use, such as the root of a mounted disk: name a folder inside it.",
    errno.EXDEV: "The folder is the root of another disk: name a folder inside it.",
}


def write_frame(frame: pl.DataFrame, path: Path) -> Path:
    """Write a frame as CSV, whole or not at all, with nothing in it that a spreadsheet would run.

    Parameters
    ----------
    frame : what to write
    path : the folder is made when it does not exist

    Raises
    ------
    OutputError : the file cannot be written; an older one is as it was

    Examples
    --------
    >>> import tempfile
    >>> import polars as pl
    >>> with tempfile.TemporaryDirectory() as place:
    ...     write_frame(pl.DataFrame({"n": [1]}), Path(place) / "new" / "n.csv").read_text().split()
    ['n', '1']
    """
    with said_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    return write_whole(path, render_csv(frame))


def write_whole(path: Path, content: bytes | memoryview | str) -> Path:
    """Write a file so that a reader sees the old content or the new, never a part.

    A file of the same folder is filled, forced to the disk and renamed over the old one. What a killed
    process left of an earlier attempt is removed. Where the path is a link, the file it leads to is written.

    Raises
    ------
    OutputError : the file cannot be written; an older one is as it was
    """
    data = memoryview(content.encode("utf-8") if isinstance(content, str) else content)
    with said_of(path):
        target = Path(os.path.realpath(path))
        if target.is_symlink():
            # Links that lead to each other lead to no file.
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        with lock_folder(target.parent):
            _remove_abandoned(target)
            draft = name_aside(target)
            handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o666)
            hold(handle)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        sync(target.parent)
    _log.info("wrote %s (%d bytes)", path, len(data))
    return path


def name_aside(path: Path) -> Path:
    """Give a name beside a path that nothing has; it is hidden, and begins as `is_aside` knows it.

    Examples
    --------
    >>> is_aside(name_aside(Path("report")), Path("report")), is_aside(Path(".report"), Path("report"))
    (True, False)
    """
    return path.with_name(f".{path.name}{UNDER_WAY}{secrets.token_hex(6)}")


def is_aside(found: Path, path: Path) -> bool:
    """Tell whether a name was given by `name_aside` for a path."""
    return found.name.startswith(f".{path.name}{UNDER_WAY}")


def _remove_abandoned(path: Path) -> None:
    """Remove the drafts of a file that no process holds any more."""
    for found in path.parent.iterdir():
        if is_aside(found, path) and found.is_file() and is_abandoned(found):
            found.unlink(missing_ok=True)


def hold(handle: int) -> bool:
    """Hold an open file until it is closed or the process ends; False when another process holds it."""
    try:
        _ask_lock(handle)
    except OSError as error:
        # A disk without locks (some network disks) gives other errors: then nobody holds anything.
        return error.errno not in _HELD
    return True


def is_abandoned(path: Path) -> bool:
    """Tell whether no process holds a file."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return True
    try:
        return hold(handle)
    finally:
        os.close(handle)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Keep other processes of funis from changing names in a folder; they wait. Not to be nested.

    Where the platform or the disk has no locks of folders, nothing is kept.
    """
    handle = _open_folder(folder)
    if handle is None:
        yield
        return
    try:
        try:
            flock(handle, LOCK_EX)
        except OSError:
            _log.info("folder %s cannot be locked", folder)
        yield
    finally:
        os.close(handle)


def _open_folder(folder: Path) -> int | None:
    """Open a folder; None where the platform, as Windows, opens none."""
    try:
        return os.open(folder, os.O_RDONLY)
    except PermissionError:
        # Where it is the right to read that lacks, listing the folder says so next.
        return None


def sync(path: Path) -> None:
    """Force a file or the names in a folder to the disk, as far as the platform does that."""
    handle = _open_folder(path) if path.is_dir() else os.open(path, os.O_RDONLY)
    if handle is None:
        return
    try:
        os.fsync(handle)
    except OSError as error:
        # Some disks have no such request for folders.
        if error.errno not in {errno.EINVAL, errno.EBADF, errno.ENOTSUP}:
            raise
    finally:
        os.close(handle)


@contextmanager
def said_of(path: Path) -> Iterator[None]:
    """Turn an error of the system while writing into one that says what to do.

    Parameters
    ----------
    path : what the user asked to be written

    Examples
    --------
    >>> try:
    ...     with said_of(Path("a/b")):
    ...         raise IsADirectoryError(errno.EISDIR, "Is a directory")
    ... except OutputError as error:
    ...     print(str(error)[:39])
    'a/b' cannot be written: Is a directory
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        fix = _FIXES.get(error.errno or 0, "See that the disk can be written, then run the command again.")
        raise OutputError(f"'{path}' cannot be written: {reason}. {fix} Nothing was changed.") from error
