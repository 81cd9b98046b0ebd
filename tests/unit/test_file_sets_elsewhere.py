"""Sets of files on Windows, on macOS and on disks without an exchange: the calls to the system answer as they do there.

What differs between systems is below the code: which call exchanges two names, that a folder cannot be opened, that
nothing which is open can be renamed or removed, how a lock is refused. These calls are replaced by ones that keep the rules
of the other system and do the work with those of this one, so that a call in the wrong order or form fails as it would there.
"""

import ctypes
import errno
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from funis import file_sets, files
from funis.errors import OutputError

fcntl = pytest.importorskip("fcntl", reason="what other systems do is done with the calls of a Unix")

# renamex_np(2) in <sys/stdio.h> of macOS, renameat2(2) in <linux/fs.h> and <fcntl.h> of Linux.
RENAME_SWAP = 2
RENAME_EXCHANGE = 2
AT_FDCWD = -100


def exchange(one: bytes, other: bytes) -> int:
    """Exchange two names by three renames; give what a C library gives."""
    aside = other + b".exchange"
    try:
        if not os.path.lexists(one):
            raise FileNotFoundError(errno.ENOENT, "")
        os.rename(other, aside)  # noqa: PTH104
        os.rename(one, other)  # noqa: PTH104
        os.rename(aside, one)  # noqa: PTH104
    except OSError as error:
        ctypes.set_errno(error.errno or 0)
        return -1
    return 0


def fail_with(code: int) -> int:
    ctypes.set_errno(code)
    return -1


def renamex_np(one: bytes, other: bytes, flags: int) -> int:
    return exchange(one, other) if flags == RENAME_SWAP else fail_with(errno.EINVAL)


def renamex_np_of_a_usb_stick(one: bytes, other: bytes, flags: int) -> int:
    return fail_with(errno.ENOTSUP)


def renameat2(at: int, one: bytes, of: int, other: bytes, flags: int) -> int:
    return (
        exchange(one, other)
        if (at, of, flags) == (AT_FDCWD, AT_FDCWD, RENAME_EXCHANGE)
        else fail_with(errno.EBADF)
    )


def renameat2_of_a_network_disk(at: int, one: bytes, of: int, other: bytes, flags: int) -> int:
    return fail_with(errno.EINVAL)


def library_of(**calls: Callable[..., int]) -> Callable[..., Any]:
    """Give what opens the C library of a process, with these calls in it."""

    def load(name: str | None, *, use_errno: bool = False) -> Any:
        # Without it the number of the error is that of some call before.
        assert use_errno
        assert name is None
        return SimpleNamespace(**calls)

    return load


def load_on_windows(name: str | None, **_: object) -> None:
    raise TypeError(f"LoadLibrary() argument 1 must be str, not {type(name).__name__}")


def denied() -> PermissionError:
    return PermissionError(errno.EACCES, "Permission denied")


def is_open(path: str) -> bool:
    """Tell whether this process has a file open, or one below a folder."""
    place = os.path.abspath(path)  # noqa: PTH100
    held = [os.readlink(each) for each in Path("/proc/self/fd").iterdir() if os.path.islink(each)]  # noqa: PTH114, PTH115
    return any(each == place or each.startswith(f"{place}{os.sep}") for each in held)


class Windows:
    """The calls of `os` and `msvcrt` with the rules of Windows."""

    LK_NBLCK = 2

    def __init__(self) -> None:
        self.refused = 0
        self._open = os.open

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        if os.path.isdir(path):  # noqa: PTH112
            self.refused += 1
            raise denied()
        return self._open(path, flags, mode)

    def locking(self, handle: int, mode: int, length: int) -> None:
        assert (mode, length) == (self.LK_NBLCK, 1)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise denied() from None


def guard(call: Callable[..., None], names: int, *, is_rename: bool = False) -> Callable[..., None]:
    """Refuse names that are open, and a rename to a name that is taken."""

    def guarded(*given: str, **more: int) -> None:
        if any(is_open(path) for path in given[:names]):
            raise denied()
        if is_rename and os.path.lexists(given[1]):
            raise FileExistsError(errno.EEXIST, "File exists")
        call(*given, **more)

    return guarded


def load(name: str, file: str | None, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load a file of the project anew under its name, so that it asks the system again what there is."""
    assert file is not None
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, found)
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> tuple[Windows, ModuleType, ModuleType]:
    """Give the system, and `funis.files` and `funis.file_sets` as they are there."""
    system = Windows()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "platform", "win32")
        patched.setitem(sys.modules, "msvcrt", system)
        patched.setitem(sys.modules, "fcntl", None)
        whole_files = load("funis.files", files.__file__, patched)
        sets = load("funis.file_sets", file_sets.__file__, patched)
    monkeypatch.setattr(ctypes, "CDLL", load_on_windows)
    monkeypatch.setattr(os, "open", system.open)
    # Python removes trees by handles of folders where there are such.
    monkeypatch.setattr(shutil, "_use_fd_functions", False)
    for name in ("unlink", "rmdir"):
        monkeypatch.setattr(os, name, guard(getattr(os, name), 1))
    monkeypatch.setattr(os, "replace", guard(os.replace, 2))
    monkeypatch.setattr(os, "rename", guard(os.rename, 2, is_rename=True))
    return system, whole_files, sets


def read(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != file_sets.LIST_NAME
    }


def write(sets: ModuleType, folder: Path, texts: dict[str, str]) -> None:
    with sets.build_set(folder) as draft:
        for name, text in texts.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_text(text, encoding="utf-8")


def replace_twice(sets: ModuleType, place: Path) -> Path:
    """Write a set, let somebody add to it, write it twice again; tell what stands there."""
    report = place / "report"
    write(sets, report, {"page.html": "old", "results.csv": "1", "parts/a.rtf": "a"})
    (report / "notes.txt").write_text("mine", encoding="utf-8")
    (report / "results.csv").write_text("1, checked", encoding="utf-8")
    for text in ("new", "newer"):
        write(sets, report, {"page.html": text, "results.csv": "2"})
    assert read(report) == {
        "notes.txt": "mine", "page.html": "newer", "results.before.csv": "1, checked", "results.csv": "2",
    }  # fmt: skip
    assert [path.name for path in place.iterdir()] == ["report"]
    return report


@pytest.mark.parametrize(
    "library",
    [
        library_of(renamex_np=renamex_np),
        library_of(renamex_np=renamex_np_of_a_usb_stick),
        library_of(renameat2=renameat2),
        library_of(renameat2=renameat2_of_a_network_disk),
        library_of(),
        load_on_windows,
    ],
    ids=["macos", "macos, other disk", "linux", "linux, other disk", "a system without", "windows"],
)
def test_a_set_is_replaced_whole_whatever_call_the_system_has(
    library: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", library)
    replace_twice(file_sets, tmp_path)


@pytest.mark.parametrize("name", ["renameat2", "renamex_np"])
def test_an_exchange_that_the_system_refuses_is_an_error_and_the_old_set_stands(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = replace_twice(file_sets, tmp_path)
    before = read(report)
    monkeypatch.setattr(ctypes, "CDLL", library_of(**{name: lambda *_: fail_with(errno.EACCES)}))
    with pytest.raises(OutputError, match="Permission denied"):
        write(file_sets, report, {"page.html": "never"})
    assert read(report) == before
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_the_call_of_this_system_exchanges_two_folders(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "name").write_text(folder.name, encoding="utf-8")
    if not file_sets._exchange(one, other):
        pytest.skip("this disk cannot exchange two names")
    assert [(folder / "name").read_text(encoding="utf-8") for folder in (one, other)] == ["other", "one"]


def test_sets_are_replaced_on_windows(
    windows: tuple[Windows, ModuleType, ModuleType], tmp_path: Path
) -> None:
    system, _, sets = windows
    replace_twice(sets, tmp_path)
    assert system.refused


def test_a_page_that_is_open_in_another_program_is_an_error_and_the_old_set_stands(
    windows: tuple[Windows, ModuleType, ModuleType], tmp_path: Path
) -> None:
    _, whole_files, sets = windows
    report = replace_twice(sets, tmp_path)
    before = read(report)
    words = "Permission denied. Get the right to write there"
    with (report / "results.csv").open(encoding="utf-8"), pytest.raises(whole_files.OutputError, match=words):
        write(sets, report, {"page.html": "never"})
    assert read(report) == before
    assert [path.name for path in tmp_path.iterdir()] == ["report"]
    write(sets, report, {"page.html": "now"})
    assert read(report)["page.html"] == "now"


def test_what_is_held_and_what_was_left_is_told_apart_on_windows(
    windows: tuple[Windows, ModuleType, ModuleType], tmp_path: Path
) -> None:
    _, whole_files, sets = windows
    report = replace_twice(sets, tmp_path)
    left = whole_files.name_aside(report)
    (left / "set").mkdir(parents=True)
    (left / "held").touch()
    with sets.build_set(report) as draft:
        assert not left.exists()
        (draft / "page.html").write_text("first", encoding="utf-8")
        write(sets, report, {"page.html": "second"})
        assert draft.is_dir()
    assert read(report)["page.html"] == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_file_is_written_whole_on_windows(
    windows: tuple[Windows, ModuleType, ModuleType], tmp_path: Path
) -> None:
    _, whole_files, _ = windows
    path = whole_files.write_whole(tmp_path / "a.csv", "old")
    left = whole_files.name_aside(path)
    left.write_text("half", encoding="utf-8")
    assert whole_files.write_whole(path, "new").read_text(encoding="utf-8") == "new"
    with path.open(encoding="utf-8"), pytest.raises(OutputError, match="Permission denied"):
        whole_files.write_whole(path, "never")
    assert read(tmp_path) == {"a.csv": "new"}


def test_the_rules_of_windows_are_kept(
    windows: tuple[Windows, ModuleType, ModuleType], tmp_path: Path
) -> None:
    """The layer itself can refuse."""
    (tmp_path / "folder").mkdir()
    with (tmp_path / "folder" / "a").open("w", encoding="utf-8"):
        for call in (
            lambda: (tmp_path / "folder").rename(tmp_path / "other"),
            (tmp_path / "folder" / "a").unlink,
            lambda: os.open(tmp_path, os.O_RDONLY),
        ):
            with pytest.raises(PermissionError):
                call()
    (tmp_path / "b").mkdir()
    with pytest.raises(FileExistsError):
        (tmp_path / "folder").rename(tmp_path / "b")
