"""Sets of files: one changes places with another, what funis did not write is kept, and refusals say what to do."""

import errno
import json
import os
from pathlib import Path

import pytest

from funis import file_sets, files
from funis.errors import OutputError
from funis.file_sets import LIST_NAME, build_set
from funis.files import hold, is_abandoned, name_aside, said_of, write_whole


def read(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != LIST_NAME
    }


def write_set(folder: Path, texts: dict[str, str]) -> None:
    with build_set(folder) as draft:
        for name, text in texts.items():
            write_whole(draft / name, text)


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "study" / "report"
    write_set(folder, {"page.html": "old", "results.csv": "1"})
    return folder


def test_a_set_replaces_the_one_before_as_a_whole(report: Path) -> None:
    write_set(report, {"page.md": "new"})
    assert read(report) == {"page.md": "new"}
    assert [path.name for path in report.parent.iterdir()] == ["report"]
    # SHA-256 of "new", as sha256sum gives it.
    digest = "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"
    assert json.loads((report / LIST_NAME).read_text(encoding="utf-8")) == {"page.md": digest}


def test_what_funis_did_not_write_is_kept(report: Path, caplog: pytest.LogCaptureFixture) -> None:
    (report / "notes.txt").write_text("mine", encoding="utf-8")
    (report / "letters" / "empty").mkdir(parents=True)
    (report / "letters" / "one.txt").write_text("mine", encoding="utf-8")
    (report / "link").symlink_to("notes.txt")
    # Somebody wrote into a file of funis: both stay.
    (report / "results.csv").write_text("1, checked", encoding="utf-8")
    (report / "page.md").write_text("mine", encoding="utf-8")
    for _ in range(2):
        write_set(report, {"page.md": "new", "results.csv": "2"})
    assert read(report) == {
        "letters/one.txt": "mine", "link": "mine", "notes.txt": "mine", "page.before.md": "mine", "page.md": "new",
        "results.before.csv": "1, checked", "results.csv": "2",
    }  # fmt: skip
    assert (report / "link").is_symlink()
    assert (report / "letters" / "empty").is_dir()
    said = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert said == [
        "'page.md' is not as funis wrote it: it is kept as 'page.before.md'.",
        "'results.csv' is not as funis wrote it: it is kept as 'results.before.csv'.",
    ]


def test_a_second_change_gets_a_name_of_its_own(report: Path) -> None:
    for turn in ("one", "two"):
        (report / "results.csv").write_text(turn, encoding="utf-8")
        write_set(report, {"results.csv": "new"})
    assert read(report) == {"results.before-2.csv": "two", "results.before.csv": "one", "results.csv": "new"}


def test_files_and_folders_that_stand_in_the_place_of_each_other_are_kept(report: Path) -> None:
    (report / "page.md").mkdir()
    (report / "page.md" / "mine.txt").write_text("mine", encoding="utf-8")
    (report / "tables").write_text("a file", encoding="utf-8")
    with build_set(report) as draft:
        (draft / "page.md").write_text("new", encoding="utf-8")
        (draft / "tables").mkdir()
        (draft / "tables" / "a.rtf").write_text("table", encoding="utf-8")
    assert read(report) == {
        "page.before.md/mine.txt": "mine", "page.md": "new", "tables.before": "a file", "tables/a.rtf": "table",
    }  # fmt: skip


def test_folders_that_funis_made_go_with_their_set(report: Path) -> None:
    with build_set(report) as draft:
        (draft / "tables").mkdir()
        (draft / "tables" / "a.rtf").write_text("table", encoding="utf-8")
    write_set(report, {"page.md": "new"})
    assert sorted(path.name for path in report.iterdir()) == [LIST_NAME, "page.md"]


def test_a_set_inside_a_set_says_what_was_written_there_since(tmp_path: Path) -> None:
    def write(text: str) -> None:
        with build_set(tmp_path / "demo") as draft:
            (draft / "data.csv").write_text("1", encoding="utf-8")
            write_set(draft / "report", {"page.html": text})

    write("one")
    write_set(tmp_path / "demo" / "report", {"page.html": "two", "page.md": "two"})
    write("three")
    assert read(tmp_path / "demo") == {"data.csv": "1", "report/page.html": "three"}


def test_a_damaged_list_loses_nothing(report: Path) -> None:
    for text in ("{", "[1]", "\x00"):
        (report / LIST_NAME).write_text(text, encoding="utf-8")
        write_set(report, {"page.html": "new"})
    assert {"old", "1", "new"} <= set(read(report).values())


def test_without_hard_links_foreign_files_are_copied(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    (report / "notes.txt").write_text("mine", encoding="utf-8")
    monkeypatch.setattr(os, "link", cannot)
    write_set(report, {"page.html": "new"})
    assert read(report) == {"notes.txt": "mine", "page.html": "new"}


def test_a_file_that_comes_while_the_sets_change_places_is_kept(
    report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange = file_sets._call_exchange

    def late(one: bytes, other: bytes) -> int:
        (report / "late.txt").write_text("mine", encoding="utf-8")
        (report / "page.html").write_text("mine, too", encoding="utf-8")
        return exchange(one, other)

    monkeypatch.setattr(file_sets, "_call_exchange", late)
    write_set(report, {"page.html": "new"})
    assert read(report) == {"late.txt": "mine", "page.before.html": "mine, too", "page.html": "new"}


def test_a_link_to_a_folder_stays_a_link(report: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(report)
    write_set(link, {"page.html": "new"})
    assert link.is_symlink()
    assert read(report) == {"page.html": "new"}


def test_an_error_while_a_set_is_built_leaves_no_trace(report: Path) -> None:
    def fail(draft: Path) -> None:
        (draft / "page.html").write_text("half", encoding="utf-8")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), build_set(report) as draft:
        fail(draft)
    assert read(report) == {"page.html": "old", "results.csv": "1"}
    assert [path.name for path in report.parent.iterdir()] == ["report"]


def test_rights_of_the_folder_stay(report: Path) -> None:
    report.chmod(0o750)
    write_set(report, {"page.html": "new"})
    assert report.stat().st_mode & 0o777 == 0o750


def test_what_another_process_is_building_is_left_alone(report: Path) -> None:
    with build_set(report) as draft:
        (draft / "page.html").write_text("first", encoding="utf-8")
        write_set(report, {"page.html": "second"})
        assert draft.is_dir()
    assert read(report) == {"page.html": "first"}


def test_a_set_that_was_on_its_way_out_goes_back(report: Path) -> None:
    # Killed between the two renames of a system that cannot exchange folders in one step.
    side = name_aside(report)
    side.mkdir()
    report.rename(side / "old")
    with pytest.raises(ZeroDivisionError), build_set(report):
        raise ZeroDivisionError
    assert read(report) == {"page.html": "old", "results.csv": "1"}
    assert [path.name for path in report.parent.iterdir()] == ["report"]


def test_an_exchange_that_is_refused_is_an_error(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_sets, "_call_exchange", lambda *_: errno.EACCES)
    with pytest.raises(OutputError, match="Permission denied"):
        write_set(report, {"page.html": "new"})
    assert read(report) == {"page.html": "old", "results.csv": "1"}


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("mine", encoding="utf-8")
    words = r"report' cannot be written: Not a directory\. A file stands where a folder is needed"
    with pytest.raises(OutputError, match=words):
        write_set(tmp_path / "report", {"page.html": "new"})
    with pytest.raises(OutputError, match="A file stands where a folder is needed"):
        write_set(tmp_path / "report" / "inside", {"page.html": "new"})
    assert read(tmp_path) == {"report": "mine"}


# --- single files ----------------------------------------------------------------------------------------


def test_a_file_follows_a_link_and_the_rights_that_new_files_get(tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("real.csv")
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "link.csv", "new")
    finally:
        os.umask(before)
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text(encoding="utf-8") == "new"
    assert (tmp_path / "real.csv").stat().st_mode & 0o777 == 0o640


def test_what_a_killed_process_left_of_a_file_is_removed_and_what_is_in_use_is_not(tmp_path: Path) -> None:
    target = tmp_path / "scores.csv"
    left, used, other = name_aside(target), name_aside(target), name_aside(tmp_path / "other.csv")
    for path in (left, used, other):
        path.write_text("half", encoding="utf-8")
    handle = os.open(used, os.O_RDWR)
    try:
        assert hold(handle)
        assert not is_abandoned(used)
        write_whole(target, "whole")
    finally:
        os.close(handle)
    assert {path.name for path in tmp_path.iterdir()} == {"scores.csv", used.name, other.name}
    assert is_abandoned(used)
    assert is_abandoned(tmp_path / "gone")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "Make room on the disk"),
        (errno.EDQUOT, "Make room within your quota"),
        (errno.EROFS, "The disk can only be read"),
        (errno.EACCES, "Get the right to write there"),
        (errno.EFBIG, "no file of this size"),
        (errno.EBUSY, "name a folder inside it"),
        (errno.EISDIR, "A folder stands where the file is to be"),
        (errno.EIO, "See that the disk can be written"),
    ],
)
def test_an_error_of_the_system_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    path = write_whole(tmp_path / "a.csv", "old")

    def fail(_: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError) as caught:
        write_whole(path, "new")
    assert str(caught.value).startswith(f"'{path}' cannot be written: {os.strerror(code)}. ")
    assert words in str(caught.value)
    assert str(caught.value).endswith("Nothing was changed.")
    assert path.read_text(encoding="utf-8") == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["a.csv"]


def test_an_error_without_words_is_named_by_its_kind() -> None:
    with pytest.raises(OutputError, match="'x' cannot be written: TimeoutError"), said_of(Path("x")):
        raise TimeoutError


def test_a_disk_without_locks_is_written_all_the_same(report: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files, "flock", fail)
    write_set(report, {"page.html": "new"})
    assert read(report) == {"page.html": "new"}


def test_a_disk_that_forces_no_folders_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    force = os.fsync

    def only_files(handle: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{handle}"):  # noqa: PTH112
            raise OSError(errno.EINVAL, "Invalid argument")
        force(handle)

    monkeypatch.setattr(os, "fsync", only_files)
    assert write_whole(tmp_path / "a.csv", "new").read_text(encoding="utf-8") == "new"
