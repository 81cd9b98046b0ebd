"""Refusals and findings in Chinese: every one that is ours has its words, and no word is left over."""

import ast
import csv
import re
from pathlib import Path

import pytest
from tests.unit.test_check_limits import LIMITS

import funis.capture
from funis.capture.pages.refusal_words import finding_words, refusal_parts, refusal_words
from funis.errors import UnknownNameError, ValueRangeError

ROOT = Path(funis.capture.__file__).parent
#: What only commands of the machine, or the start of the server, say: nobody reads it on a page.
OF_COMMANDS = {
    "backup.py", "backups.py", "restore.py", "sealed.py", "configuration.py", "serve.py", "safe_start.py", "prepare.py",
    "anchors.py", "make_anchor.py", "merkle.py", "receipts.py", "load.py", "records.py", "qualify.py", "scratch.py",
    "run.py", "plan.py", "connections.py", "settings.py", "prepare_as_owner.py", "export.py", "manifest.py",
}  # fmt: skip
EXPECTED = Path(__file__).parents[1] / "fault" / "data" / "expected.csv"
#: Of a file, its header or its layout, which no row of the server has.
OF_FILES = {
    "delimiter", "duplicate_column", "empty_file", "empty_table", "encoding", "file_ignored", "header_repeated",
    "missing_column", "not_csv", "not_workbook", "quotes", "ragged_row", "spaces", "title_above_header",
    "total_row", "unfit_cells", "unknown_column", "unknown_table", "unnamed_column",
}  # fmt: skip


def parts_in(path: Path) -> set[str]:
    """Give the texts that stand as such in the refusals of a file."""
    calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
    given = [
        part
        for call in calls
        if ast.unparse(call.func) == "ValueRangeError"
        for part in (*call.args, *(each.value for each in call.keywords))
    ]
    return {
        part.value
        for part in given
        if isinstance(part, ast.Constant)
        and isinstance(part.value, str)
        and any(map(str.isalpha, part.value))
    }


def test_every_part_of_a_refusal_on_a_page_has_a_chinese_one() -> None:
    files = [path for path in ROOT.rglob("*.py") if path.name not in OF_COMMANDS]
    lacking = set().union(*map(parts_in, files)) - refusal_words().keys()
    assert sorted(lacking) == []


def test_no_word_is_left_over() -> None:
    texts = "".join(path.read_text("utf-8") for path in ROOT.rglob("*.py"))
    left = [words for words in refusal_words() if f'"{words}"' not in texts and words[:40] not in texts]
    assert left == []


def test_what_is_no_word_of_ours_stays_as_it_is() -> None:
    error = ValueRangeError("last day", "2026-03-01", "up to 2026-02-01", "Grant the role anew.")
    assert [(each.text, each.lang) for each in refusal_parts(error, "zh-hans")] == [
        ("末日", ""),
        ("2026-03-01", ""),
        ("up to 2026-02-01", "en"),
        ("请重新授予该角色。", ""),
    ]


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_refusal_without_parts_is_said_as_a_whole(language: str) -> None:
    assert refusal_parts(UnknownNameError("role", "boss", ["monitor"]), language) == []


def test_every_finding_of_the_checks_has_a_chinese_word() -> None:
    """Those that the tests of the checks know; what is wrong with a file itself, no server says."""
    with EXPECTED.open(encoding="utf-8", newline="") as lines:
        found = {row["code"] for row in csv.DictReader(lines)} | {code for code, _, _ in LIMITS}
    assert len(found) > 80
    assert found - finding_words().keys() - OF_FILES == set()
    rooms = (ROOT.parent / name for name in ("data", "study"))
    texts = "".join(path.read_text("utf-8") for room in rooms for path in room.rglob("*.py"))
    made = re.compile("_(?:after|before)_|^(?:donor|lot)_")
    assert [code for code in finding_words() if f'"{code}"' not in texts and not made.search(code)] == []
