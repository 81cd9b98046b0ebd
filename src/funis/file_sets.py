"""Files that belong together are written as a set: whoever looks finds the old set or the new one.

The new set is built in a hidden folder beside the old one, and the two change places in one step. A list in
the set says what funis wrote, by name and SHA-256: whatever else stands in the folder, or was changed since,
is somebody's own and is kept. What a killed process left behind is cleared by the next one.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import logging
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from funis.files import hold, is_abandoned, is_aside, lock_folder, name_aside, said_of, sync, write_whole

_log = logging.getLogger(__name__)

#: Stands in every set: the name of each file that funis wrote and the SHA-256 of what it wrote.
LIST_NAME: Final = ".funis-files.json"
#: What the list says of a folder.
_FOLDER: Final = "folder"
#: In the hidden folder of one run: what the process holds, the set it builds, the list of that set once it is
#: whole, and the old set where system or disk cannot exchange two folders in one step.
_HELD, _SET, _WRITTEN, _OLD = "held", "set", "written.json", "old"

#: Errors with which a system or a disk says that it cannot exchange two folders in one step.
_CANNOT_EXCHANGE: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_RENAME_SWAP: Final = 2


@contextmanager
def build_set(folder: Path, *, is_listed: bool = True) -> Iterator[Path]:
    """Build a set of files aside; when the block ends, the set changes places with the folder.

    Parameters
    ----------
    folder : where the set is to stand; what funis did not write there is kept
    is_listed : leave a list of what was written, so that a later set knows what it may replace. Without it
        every file belongs to the user from the start.

    Yields
    ------
    Path : the folder to fill, on the same disk; after an error in the block it is removed

    Raises
    ------
    OutputError : the set cannot be written; the old one is as it was

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     report = Path(place) / "report"
    ...     with build_set(report) as draft:
    ...         _ = (draft / "a.txt").write_text("new")
    ...     sorted(path.name for path in report.iterdir())
    ['.funis-files.json', 'a.txt']
    """
    with said_of(folder):
        live = _find_place(folder)
        side, handle = _start(live)
    try:
        yield side / _SET
        with said_of(folder):
            _put_in_place(side, live, is_listed=is_listed)
    finally:
        _end(side, live, handle)


@contextmanager
def add_to_set(folder: Path) -> Iterator[Path]:
    """Build a set that begins with the one that stands there; when the block ends, it takes its place.

    Parameters
    ----------
    folder : of a set, or a new one; what funis did not write there is kept

    Yields
    ------
    Path : the folder to fill, with what funis wrote before in it; write over its files with
        `funis.files.write_whole` only, as they are the same files under another name. After an error in the
        block the old set is as it was

    Raises
    ------
    OutputError : the set cannot be written; the old one is as it was

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     report = Path(place) / "report"
    ...     for name in ("a.txt", "b.txt"):
    ...         with add_to_set(report) as draft:
    ...             _ = (draft / name).write_text("new")
    ...     sorted(path.name for path in report.iterdir())
    ['.funis-files.json', 'a.txt', 'b.txt']
    """
    with build_set(folder) as draft:
        live = Path(os.path.realpath(folder))
        if live.is_dir():
            with said_of(folder):
                _take_over(live, draft)
        yield draft


def _take_over(old: Path, new: Path) -> None:
    """Let everything that funis wrote into a folder, and nobody changed since, stand in another, too."""
    written = _read_written(old)
    for found in _walk(old):
        name = found.relative_to(old).as_posix()
        if found.name == LIST_NAME or not _is_written(found, name, written):
            continue
        if _is_folder(found):
            (new / name).mkdir(parents=True, exist_ok=True)
        else:
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            _keep_file(found, new / name)


@contextmanager
def change_set(folder: Path) -> Iterator[Path]:
    """Change files of a folder aside; when the block ends, the changed folder takes its place as a whole.

    Parameters
    ----------
    folder : an existing folder

    Yields
    ------
    Path : a copy of the folder, on the same disk; write over its files with `funis.files.write_whole` only,
        as the others are the same files under another name. What is taken away or replaced must stand
        elsewhere in the copy, else it is kept beside. After an error the folder is as it was.

    Raises
    ------
    OutputError : the folder cannot be written; it is as it was

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     data = Path(place) / "data"
    ...     data.mkdir()
    ...     _ = (data / "a.txt").write_text("old")
    ...     with change_set(data) as draft:
    ...         _ = (draft / "b.txt").write_text("new")
    ...     sorted(path.name for path in data.iterdir())
    ['a.txt', 'b.txt']
    """
    with said_of(folder):
        live = _find_place(folder)
        side, handle = _start(live)
    try:
        with said_of(folder), lock_folder(live.parent):
            _keep_foreign(live, side / _SET, {})
        yield side / _SET
        with said_of(folder), lock_folder(live.parent):
            _sync_all(side / _SET)
            write_whole(side / _WRITTEN, json.dumps({}))
            _exchange_or_rename(side, live)
    finally:
        _end(side, live, handle)


def _find_place(folder: Path) -> Path:
    """Give the folder a set is to stand in, links followed, its parent made; refuse what is no folder."""
    live = Path(os.path.realpath(folder))
    if live.exists() and not live.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    live.parent.mkdir(parents=True, exist_ok=True)
    return live


def _start(live: Path) -> tuple[Path, int]:
    """Make the hidden folder of this run, held by this process; give it with what holds it."""
    with lock_folder(live.parent):
        _clear_abandoned(live)
        side = name_aside(live)
        side.mkdir()
        handle = -1
        try:
            handle = os.open(side / _HELD, os.O_CREAT | os.O_RDWR, 0o666)
            hold(handle)
            (side / _SET).mkdir()
            if live.exists():
                (side / _SET).chmod(stat.S_IMODE(live.stat().st_mode))
        except BaseException:
            if handle >= 0:
                os.close(handle)
            _clear(side, live)
            raise
    return side, handle


def _end(side: Path, live: Path, handle: int) -> None:
    """Remove the hidden folder of this run; where that fails, the set stands all the same."""
    try:
        with lock_folder(live.parent):
            os.close(handle)
            _clear(side, live)
    except OSError as error:
        _log.warning("'%s' could not be removed: %s.", side, error.strerror)


def _clear_abandoned(live: Path) -> None:
    for side in sorted(live.parent.iterdir()):
        if is_aside(side, live) and _is_folder(side) and is_abandoned(side / _HELD):
            _log.info("clearing %s, which a killed process left", side)
            _clear(side, live)


def _clear(side: Path, live: Path) -> None:
    """Remove the hidden folder of a run that ended anywhere; nothing that funis did not write is lost."""
    if (side / _OLD).exists() and not live.exists():
        # It ended between two renames: the old set goes back.
        (side / _OLD).rename(live)
    if (side / _WRITTEN).exists() and live.exists():
        # It ended before or after the exchange: the set that stands aside is the new one or the old one.
        new = _read_list(side / _WRITTEN)
        for aside in (side / _SET, side / _OLD):
            if aside.exists():
                _keep_rest(aside, live, new)
    # From here on it is a set that nobody saw: whoever finds it removes it, without asking what is whose.
    (side / _WRITTEN).unlink(missing_ok=True)
    for aside in (side / _SET, side / _OLD):
        if aside.exists():
            shutil.rmtree(aside)
    (side / _HELD).unlink(missing_ok=True)
    for rest in side.iterdir():
        rest.unlink()
    side.rmdir()


# --- what is whose -------------------------------------------------------------------------------------


def _walk(folder: Path) -> Iterator[Path]:
    """Give everything in a folder, links not followed, each folder before what stands in it."""
    for found in sorted(folder.iterdir()):
        yield found
        if _is_folder(found):
            yield from _walk(found)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _hash_files(folder: Path) -> dict[str, str]:
    """Give the SHA-256 of every file of a folder by its name; a folder in it has a word in its place."""
    return {
        found.relative_to(folder).as_posix(): _hash(found)
        for found in _walk(folder)
        if found.name != LIST_NAME
    }


def _hash(path: Path) -> str:
    """Give the SHA-256 of a regular file, a word for a folder, an empty text for anything else."""
    if _is_folder(path):
        return _FOLDER
    if not stat.S_ISREG(path.lstat().st_mode):
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_written(folder: Path) -> dict[str, str]:
    """Read what funis wrote into a folder; the list of a set inside another says what is newer there."""
    written: dict[str, str] = {}
    lists = [found for found in (folder / LIST_NAME, *_walk(folder)) if found.name == LIST_NAME]
    for found in dict.fromkeys(lists):
        place = found.parent.relative_to(folder)
        for name, digest in _read_list(found).items():
            written[(place / name).as_posix()] = digest
    return written


def _read_list(path: Path) -> dict[str, str]:
    """Read a list of what was written; one that was damaged says nothing, so that all is kept."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in found.items()} if isinstance(found, dict) else {}


def _is_written(path: Path, name: str, written: Mapping[str, str]) -> bool:
    """Tell whether funis wrote a file or made a folder, and nobody changed it since."""
    if path.name == LIST_NAME:
        return True
    return bool(written.get(name)) and _hash(path) == written[name]


def _keep_foreign(old: Path, new: Path, written: Mapping[str, str], place: str = "") -> None:
    """Let everything in a folder that funis did not write stand in another folder, too."""
    for found in sorted(old.iterdir()):
        name = f"{place}{found.name}"
        target = new / found.name
        if _is_folder(found):
            if os.path.lexists(target) and not _is_folder(target):
                target = _name_free(target)
            if not _is_written(found, name, written):
                target.mkdir(parents=True, exist_ok=True)
            _keep_foreign(found, target, written, f"{name}/")
        elif not _is_written(found, name, written):
            _keep_file(found, target)


def _keep_file(found: Path, target: Path) -> None:
    """Let one file stand at another place, too; it keeps its content, and its name where that is free."""
    free = _name_free(target)
    free.parent.mkdir(parents=True, exist_ok=True)
    if free != target:
        _log.warning("'%s' is not as funis wrote it: it is kept as '%s'.", found.name, free.name)
    try:
        os.link(found, free, follow_symlinks=False)
    except OSError:
        # A disk without second names for one file.
        shutil.copy2(found, free, follow_symlinks=False)


def _name_free(path: Path) -> Path:
    """Give a path, or one beside it with ``before`` and a number in its name, that nothing stands at."""
    free, turn = path, 1
    while os.path.lexists(free):
        free = path.with_name(f"{path.stem}.before{'' if turn == 1 else f'-{turn}'}{path.suffix}")
        turn += 1
    return free


# --- changing places -----------------------------------------------------------------------------------


def _sync_all(folder: Path) -> None:
    for found in _walk(folder):
        if found.is_dir() or stat.S_ISREG(found.lstat().st_mode):
            sync(found)
    sync(folder)


def _put_in_place(side: Path, live: Path, *, is_listed: bool) -> None:
    """Take over what funis did not write, and let new set and old set change places."""
    new = side / _SET
    listed = json.dumps(_hash_files(new), indent=0)
    if is_listed:
        write_whole(new / LIST_NAME, listed)
    with lock_folder(live.parent):
        if live.exists():
            _keep_foreign(live, new, _read_written(live))
        _sync_all(new)
        write_whole(side / _WRITTEN, listed)
        _exchange_or_rename(side, live)


def _exchange_or_rename(side: Path, live: Path) -> None:
    """Let the new set stand where the old one stood."""
    new = side / _SET
    if not live.exists():
        new.rename(live)
    elif not _exchange(new, live):
        live.rename(side / _OLD)
        new.rename(live)
    sync(live.parent)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change their names in one step; False where system or disk cannot."""
    code = _call_exchange(os.fsencode(one), os.fsencode(other))
    if code and code not in _CANNOT_EXCHANGE:
        raise OSError(code, os.strerror(code))
    return not code


def _call_exchange(one: bytes, other: bytes) -> int:
    """Ask the system to exchange two names; give 0 or the number of its error.

    Linux has one call for it, macOS another, other systems have none: what the C library has is called.
    """
    try:
        system = ctypes.CDLL(None, use_errno=True)
    except TypeError:
        # Windows has no library that stands for the process.
        return errno.ENOSYS
    if hasattr(system, "renameat2"):
        failed = system.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE)
    elif hasattr(system, "renamex_np"):
        failed = system.renamex_np(one, other, _RENAME_SWAP)
    else:
        return errno.ENOSYS
    return ctypes.get_errno() if failed else 0


def _keep_rest(aside: Path, live: Path, new: Mapping[str, str]) -> None:
    """Let what funis did not write and a set does not hold yet stand in it, too."""
    old = _read_written(aside)
    kept = {_identity(found) for found in _walk(live)}
    digests: set[str] | None = None
    for found in _walk(aside):
        name = found.relative_to(aside).as_posix()
        if _is_folder(found) or _identity(found) in kept:
            continue
        if _is_written(found, name, old) or _is_written(found, name, new):
            continue
        if digests is None:
            digests = set(_hash_files(live).values()) - {""}
        if _hash(found) not in digests:
            _keep_file(found, live / name)


def _identity(path: Path) -> tuple[int, int]:
    about = path.lstat()
    return about.st_dev, about.st_ino
