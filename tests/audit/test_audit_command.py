"""``funis audit``: what it prints, writes and ends with, for good files and bad ones."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from funis.audit.papers import PaperError, audit_file
from funis.cli import main

GOOD = "Forty patients were enrolled. Of them 14/40 (35.0%) responded."
BAD = "Forty patients were enrolled. Of them 14/40 (36.0%) responded. The <b>cost</b> was 17 coins."

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["funis", "audit", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_what_fits_ends_with_0_and_what_does_not_with_1(run: Run, tmp_path: Path) -> None:
    code, out, err = run(written(tmp_path, "good.txt", GOOD))
    assert (code, err) == (0, "")
    assert "0 inconsistent as printed" in out
    code, out, _ = run(written(tmp_path, "bad.txt", BAD))
    assert code == 1
    assert "14 of 40 is not 36.0%." in out
    assert "14/40 = 35.000%" in out
    assert "To ask:" in out
    assert "17 is not checked" in out


def test_json_has_the_keys_of_the_interface(run: Run, tmp_path: Path) -> None:
    code, out, err = run(written(tmp_path, "bad.txt", BAD), "--json")
    findings = json.loads(out)
    assert (code, err) == (1, "")
    assert all({"check", "sentence", "arithmetic", "certainty", "ask"} <= set(each) for each in findings)
    worst = next(each for each in findings if each["level"] == "error")
    assert worst["sentence"] == "Of them 14/40 (36.0%) responded."
    (place,) = worst["places"]
    assert BAD[place["start"] : place["end"]].startswith("14/40 (36.0%")


def test_a_toml_of_figures_is_read_as_well(run: Run, tmp_path: Path) -> None:
    rows = '[[counts]]\noutcome = "relapse"\ncount = "3"\ndenominator = "40"\npercent = "8.5"\n'
    assert run(written(tmp_path, "figures.toml", rows))[0] == 1


def test_the_page_marks_the_text_and_escapes_it(run: Run, tmp_path: Path) -> None:
    hostile = BAD + " <script>alert(1)</script> שלום \u202e 5 ± 2."
    page = tmp_path / "out" / "page.html"
    page.parent.mkdir()
    code, _, _ = run(written(tmp_path, "bad.txt", hostile), "--html", page)
    text = page.read_text(encoding="utf-8")
    assert code == 1
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert '<mark class="inconsistent" id="text-1-38">' in text
    anchors = set(re.findall(r'id="([^"]+)"', text))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= anchors
    assert len(anchors) == len(re.findall(r'id="([^"]+)"', text)), "each anchor stands once"
    assert "http" not in text.replace("http-equiv", ""), "the page asks for nothing from elsewhere"


def test_unreadable_files_end_with_2_and_are_all_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\x00\x01")
    (tmp_path / "b.docx").write_bytes(b"PK\x03\x04")
    page = tmp_path / "page.html"
    code, out, err = run(tmp_path / "a.txt", tmp_path / "b.docx", "--html", page)
    assert (code, out) == (2, "")
    assert "'a.txt'" in err
    assert "'b.docx'" in err
    assert "Save it as PDF" in err
    assert not page.exists()
    assert run(tmp_path / "nothing.txt")[0] == 2


def test_two_files_need_two_names(tmp_path: Path) -> None:
    first = written(tmp_path, "a.txt", GOOD)
    (tmp_path / "b").mkdir()
    with pytest.raises(PaperError, match="another name"):
        audit_file(first, written(tmp_path / "b", "a.txt", GOOD))


def test_a_text_without_figures_says_so(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(written(tmp_path, "a.txt", "Nothing was counted."))
    assert code == 0
    assert "No figure was found" in out


ACCUSING = re.compile(
    r"\b(?:fabricat|fraud|fake|manipulat|misconduct|dishonest|suspicio|cheat|falsif|invented|wrong|guilt|blame|implausib)",
    re.IGNORECASE,
)


def test_no_word_of_the_program_accuses_anybody() -> None:
    room = Path(sys.modules["funis.audit"].__path__[0])
    found = {
        path.name: ACCUSING.findall(path.read_text(encoding="utf-8"))
        for path in room.rglob("*")
        if path.suffix in {".py", ".j2"}
    }
    # "What is wrong with a row" is said of a file of figures or studies, never of a paper.
    allowed = {"scales.py", "read_figures.py", "figures.py", "study_table.py"}
    assert {name: words for name, words in found.items() if words and name not in allowed} == {}
