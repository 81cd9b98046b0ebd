"""How a command ends: 0, 1, 2 or 130, whatever happened, and never with another number."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from funis.cli import application
from funis.errors import FunisError

COMMAND = [sys.executable, "-m", "funis.cli", "instruments"]


def end(monkeypatch: pytest.MonkeyPatch, run: Callable[[], object]) -> object:
    monkeypatch.setattr(application, "app", run)
    with pytest.raises(SystemExit) as ended:
        application.main()
    return ended.value.code


def raising(error: BaseException) -> Callable[[], object]:
    def run() -> object:
        raise error

    return run


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (FunisError("Correct it."), "funis: Correct it.\n"),
        (OSError(errno.ENOSPC, "No space left on device"), "funis: No space left on device.\n"),
        (PermissionError(errno.EACCES, "Permission denied", "a.csv"), "funis: 'a.csv': Permission denied.\n"),
        (TimeoutError(), "funis: TimeoutError.\n"),
        (MemoryError(), "funis: There is not enough memory for this. What stood on the disk is as it was.\n"),
    ],
)
def test_what_the_user_can_correct_is_one_message_and_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, said: str
) -> None:
    assert end(monkeypatch, raising(error)) == 2
    assert capsys.readouterr().err == said


def test_a_fault_of_funis_is_not_an_error_of_the_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(monkeypatch, raising(ZeroDivisionError("by zero"))) == 2
    said = capsys.readouterr().err
    assert "ZeroDivisionError: by zero" in said
    assert said.endswith(
        "funis: this is a fault of funis, not of the data. Please report it with the lines above.\n"
    )


def test_findings_of_the_data_are_1_and_done_is_0(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in (0, 1):
        small = typer.Typer()
        small.command()(raising(typer.Exit(code)))
        monkeypatch.setattr(sys, "argv", ["funis"])
        assert end(monkeypatch, small) == code


def test_ctrl_c_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    small = typer.Typer()
    small.command()(raising(KeyboardInterrupt()))
    monkeypatch.setattr(sys, "argv", ["funis"])
    assert end(monkeypatch, small) == 130


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(COMMAND, check=False, stdout=writer, stderr=subprocess.PIPE)
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full")
def test_an_answer_that_cannot_be_printed_is_2() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(COMMAND, check=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (2, b"funis: No space left on device.\n")


def test_without_an_output_a_command_ends_as_it_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert end(monkeypatch, raising(SystemExit(1))) == 1
