"""What the pages show is what happens: their blocks run in order, and what they print is printed.

``python`` blocks run (as doctests where they have a prompt); in pages of ``docs`` also lines of ``sh`` blocks
that begin with ``funis`` (a line ending in ``# exit code 1`` ends with 1); a ``csv`` or ``toml`` block that names
a file is written to it, a ``diff`` block changes lines of it; each line of a ``text`` block stands in what the block before it printed.
"""

import atexit
import contextlib
import doctest
import io
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from funis.cli import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATED = DOCS / "reference"
SPARK_PAGE = DOCS / "howto" / "score-on-spark.md"
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENDS = re.compile(r"#.*exit code (\d)")
METHODS = sorted((DOCS / "methods").glob("*.md"))
PAGES = sorted(
    [
        *(page for page in ROOT.glob("*.md")),
        *(page for page in DOCS.rglob("*.md") if GENERATED not in page.parents and page != SPARK_PAGE),
    ]
)


#: What a line printed that several pages begin with, and the folder it left: a page that runs it again has a copy.
_LEFT: dict[str, tuple[str, Path]] = {}
OFTEN = ("funis demo --out demo",)


class PageRun:
    """The blocks of one page on their way, in a folder of their own."""

    def __init__(self, page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.page = page
        self.monkeypatch = monkeypatch
        self.names: dict[str, Any] = {"__name__": "page"}
        self.printed = ""

    def run(self) -> None:
        text = self.page.read_text(encoding="utf-8")
        for found in BLOCK.finditer(text):
            language, target, body = found.groups()
            line = text[: found.start()].count("\n") + 1
            if language == "python":
                self.run_python(body, line)
            elif DOCS not in self.page.parents:
                continue
            elif target and language in {"csv", "toml"}:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                Path(target).write_text(body, encoding="utf-8")
            elif target and language == "diff":
                self.change(Path(target), body)
            elif language == "sh":
                self.printed = "".join(self.run_line(each) for each in body.splitlines())
            elif language == "text":
                self.check_printed(body, line)

    def change(self, file: Path, body: str) -> None:
        """Replace each line with a minus by the next one with a plus."""
        lines = body.splitlines()
        text = file.read_text(encoding="utf-8")
        for old, new in zip(lines[::2], lines[1::2], strict=True):
            assert (old[0], new[0]) == ("-", "+")
            assert text.count(old[1:] + "\n") == 1, f"{file}: {old}"
            text = text.replace(old[1:] + "\n", new[1:] + "\n")
        file.write_text(text, encoding="utf-8")

    def run_python(self, body: str, line: int) -> None:
        if ">>>" in body:
            parser = doctest.DocTestParser()
            test = parser.get_doctest(body, self.names, self.page.name, str(self.page), line)
            found = doctest.DocTestRunner().run(test, clear_globs=False)
            assert found.failed == 0, f"{self.page.name}, block at line {line}: see the output above"
            self.names = test.globs
            return
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(body, f"{self.page.name}, block at line {line}", "exec"), self.names)  # noqa: S102
        self.printed = out.getvalue()

    def run_line(self, line: str) -> str:
        if not line.startswith("funis "):
            return ""
        if line not in OFTEN or any(Path.cwd().iterdir()):
            return self.run_command(line)
        if line not in _LEFT:
            printed = self.run_command(line)
            place = tempfile.mkdtemp()
            atexit.register(shutil.rmtree, place, ignore_errors=True)
            _LEFT[line] = printed, Path(shutil.copytree(Path.cwd(), Path(place) / "left"))
            return printed
        printed, left = _LEFT[line]
        shutil.copytree(left, Path.cwd(), dirs_exist_ok=True)
        return printed

    def run_command(self, line: str) -> str:
        ends = ENDS.search(line)
        expected = int(ends.group(1)) if ends else 0
        out, err = io.StringIO(), io.StringIO()
        self.monkeypatch.setattr(sys, "argv", shlex.split(line, comments=True))
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        assert (ended.value.code or 0) == expected, f"{line}\n{out.getvalue()}{err.getvalue()}"
        return out.getvalue() + err.getvalue()

    def check_printed(self, body: str, line: int) -> None:
        said = " ".join(self.printed.split())
        for each in body.splitlines():
            words = " ".join(each.split())
            assert words == "..." or words in said, (
                f"{self.page.name}, line {line}: {each!r} not in {self.printed}"
            )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    PageRun(page, monkeypatch).run()


@pytest.mark.parametrize("page", METHODS, ids=lambda page: page.stem)
def test_every_method_has_an_example_and_cites_what_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "```python" in text
    for cited in re.findall(r"tests/[a-z_/]+(?:\.py)?", text):
        assert (ROOT / cited).exists(), cited


@pytest.fixture
def no_session_left() -> Iterator[None]:
    yield
    sql = sys.modules.get("pyspark.sql")
    session = sql.SparkSession.getActiveSession() if sql is not None else None
    if session is not None:
        session.stop()


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("no_session_left")
def test_spark_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _end_java()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    PageRun(SPARK_PAGE, monkeypatch).run()


def _end_java() -> None:
    """End the Java process of an earlier test: it reads files from the folder in which it was started."""
    context = pytest.importorskip("pyspark").SparkContext
    if context._gateway is not None:
        context._gateway.shutdown()
        context._gateway = context._jvm = None


@pytest.mark.spark
@pytest.mark.slow
def test_spark_page_shows_the_script_that_is_submitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The script is submitted as the page says, to a master of two threads in place of a cluster."""
    pytest.importorskip("pyspark")
    import polars as pl

    import funis

    script = ROOT / "examples" / "spark" / "score_register.py"
    assert script.read_text(encoding="utf-8").strip() in SPARK_PAGE.read_text(encoding="utf-8")
    submit = shutil.which("spark-submit", path=str(Path(sys.executable).parent))
    assert submit is not None
    names = [item.name for item in funis.definition("sledai_2k").items]
    rows = {"subject": ["01", "02"], "visit_date": ["2024-01-01", "2024-01-01"]} | {
        name: [0, 1] for name in names
    }
    pl.DataFrame(rows | {"rash": [1, None]}).write_parquet(tmp_path / "register.parquet")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    done = subprocess.run(
        [submit, "--master", "local[2]", script, "sledai_2k", "register.parquet", "scored.parquet"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = pl.read_parquet(tmp_path / "scored.parquet" / "*.parquet").sort("subject")
    # A rash alone has 2 points; the second subject has every item but that one, so all points but 2.
    assert found["sledai_2k"].to_list() == [2, None]
    assert found["sledai_2k_lower"].to_list() == [2, 103]
    assert found["sledai_2k_upper"].to_list() == [2, 105]


@pytest.mark.spark
@pytest.mark.slow
def test_spark_page_shows_the_script_of_responses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark")
    import polars as pl

    script = ROOT / "examples" / "spark" / "respond_register.py"
    assert script.read_text(encoding="utf-8").strip() in SPARK_PAGE.read_text(encoding="utf-8")
    submit = shutil.which("spark-submit", path=str(Path(sys.executable).parent))
    assert submit is not None
    rows = {"subject": ["01", "01"], "visit": ["baseline", "month_6"], "day": [0, 180], "essdai": [9.0, 6.0]}
    pl.DataFrame(rows).write_parquet(tmp_path / "scored.parquet")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    done = subprocess.run(
        [submit, "--master", "local[2]", script, "essdai_mcii", "month_6", "scored.parquet", "answers.parquet"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = pl.read_parquet(tmp_path / "answers.parquet" / "*.parquet")
    # ESSDAI falls by 3 points: the smallest change that is a response.
    assert found.select("subject", "response").rows() == [("01", "yes")]
