"""A published text beside the report: what a study names in [source] is read, compared and written."""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.cli import main
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.documents.document import Document, Section, plain
from funis.documents.html import render_page
from funis.documents.markdown import render_markdown
from funis.documents.table import Inline, TableSpec, text_rows
from funis.errors import ShapeError
from funis.published.compare import compare_with_published
from funis.published.parse import ManifestError, parse_manifest
from funis.published.read import read_statements
from funis.reporting.abstract_page import build_abstract, link_of, related_words
from funis.reporting.number_book import read_numbers
from funis.reporting.report import write_report_set
from funis.results import NumberList, Place, Results
from funis.study.model import Study
from funis.study.read import read_study

STATEMENTS = """
title = "A trial of cells"
sentences = [
  {number = 1, part = "Methods", text = "Among {n} subjects, {women} were women."},
  {number = 2, part = "Results", text = "Fatigue fell."},
  {number = 3, part = "Results", text = "The cells work."},
]
figures = [
  {id = "n", sentence = 1, printed = "24", results = ["population.treated.subjects.n"]},
  {id = "women", sentence = 1, text = "Women", printed = "22", analysis = "baseline", population = "treated", visit = "baseline", variable = "sex", category = "female", statistic = "count"},
  {id = "fell", sentence = 2, relation = "falls", visits = ["baseline", "month_12"], analysis = "summary", population = "treated", variable = "ssdai", statistic = "mean"},
  {id = "gone", sentence = 2, printed = "3", results = ["no.such.number"]},
]
claims = [
  {id = "work", sentence = 3, text = "The cells work", status = "this design cannot support it", reason = "No control arm.", results = ["change.treated.month_6.ssdai_change.mean", "change.treated.month_12.ssdai_change.mean"]},
]
elsewhere = [{sentence = 3, text = "They do not.", source = "B et al. 2020", read_in = "its abstract"}]
"""


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study, Results]:
    """Give a study folder whose published text is the short one above, and what was computed."""
    folder = reconstruct("sjogren", tmp_path_factory.mktemp("trial") / "sjogren")
    (folder / "statements.toml").write_text(STATEMENTS, encoding="utf-8")
    study = read_study(folder)
    return folder, study, analyse(study, read_tables(folder, study))


@pytest.fixture(scope="module")
def page(trial: tuple[Path, Study, Results]) -> Document:
    folder, study, results = trial
    statements = read_statements(study, folder)
    assert statements is not None
    text = compare_with_published(results.numbers, statements)
    return build_abstract(study, results, read_numbers(results.numbers), text)


def tables_of(page: Document) -> dict[str, TableSpec]:
    return {
        block.title: block
        for section in page.sections
        for block in section.all_blocks
        if isinstance(block, TableSpec)
    }


def test_each_part_of_the_text_is_a_section_with_its_sentences(page: Document) -> None:
    assert [(section.id, section.title) for section in page.sections] == [
        ("marks", "The marks"),
        ("part-1", "Methods"),
        ("part-2", "Results"),
    ]
    assert [table.label for table in tables_of(page).values()] == ["Table 1", "Table 2", "Table 3"]
    rows = tables_of(page)["Results"].rows
    assert [row.stub.text for row in rows if row.is_heading] == ["2. Fatigue fell.", "3. The cells work."]
    assert all(row.stub.is_strong for row in rows if row.is_heading)


def test_a_sentence_prints_published_figures_that_lead_to_ours(page: Document) -> None:
    sentence, n, women = tables_of(page)["Methods"].rows
    assert sentence.stub.text == "1. Among 24 subjects, 22 were women."
    assert [(part.text, part.target) for part in sentence.stub.parts if part.target] == [
        ("24", "report.html#number=population.treated.subjects.n"),
        ("22", "report.html#number=baseline.treated.baseline.sex_female.count"),
    ]
    assert n.stub.text == "Number of subjects"
    assert [cell.text for cell in n.cells] == ["24", "24", "equal", "As printed, to the last decimal."]
    # 23 of the 24 are women; the text above says 22.
    assert [cell.text for cell in women.cells[:3]] == ["22", "23", "not reproduced"]
    assert women.stub.text == "Women"
    assert [cell.is_strong for cell in women.cells] == [False, False, True, False]
    assert not n.cells[2].is_strong


def test_directions_and_claims_link_each_of_their_numbers(page: Document) -> None:
    _, fell, gone, _, work, elsewhere = tables_of(page)["Results"].rows
    assert fell.stub.text == "Mean of SSDAI"
    assert [cell.text for cell in fell.cells[:3]] == [
        "falls, baseline to month 12",
        "5.63 → 3.08",
        "direction only",
    ]
    assert [part.target for part in fell.cells[1].parts] == [
        link_of("summary.treated.baseline.ssdai.mean"),
        "",
        link_of("summary.treated.month_12.ssdai.mean"),
    ]
    assert (gone.stub.text, gone.cells[1].text) == ("Gone", "no such number was computed")
    assert work.stub.text == "The cells work"
    texts = work.cells[1].text.split("; ")
    assert [text[: text.index("−")] for text in texts] == ["month 6 ", "month 12 "]
    assert work.cells[0].text == "–"
    assert work.cells[2].is_strong
    assert elsewhere.stub.text == "B et al. 2020"
    said = "They do not. Known from: its abstract."
    assert [cell.text for cell in elsewhere.cells] == ["–", "–", "said otherwise elsewhere", said]


def test_a_paper_of_which_nobody_says_where_it_was_read_is_marked(
    trial: tuple[Path, Study, Results],
) -> None:
    _, study, results = trial
    manifest = parse_manifest(STATEMENTS.replace(', read_in = "its abstract"', ""), "statements.toml")
    text = compare_with_published(results.numbers, manifest)
    shown = build_abstract(study, results, read_numbers(results.numbers), text)
    *_, last = tables_of(shown)["Results"].rows
    assert last.cells[-1].text == "They do not. From where that is known is not stated."


def test_the_marks_are_explained_and_counted(page: Document) -> None:
    rows = tables_of(page)["How far the study carries the text"].rows
    counts = {row.stub.text: row.cells[-1].text for row in rows}
    assert counts == {
        "equal": "1",
        "direction only": "1",
        "level assumed": "0",
        "not reproduced": "2",
        "this design cannot support it": "1",
    }
    digest = hashlib.sha256(STATEMENTS.encode()).hexdigest()
    assert (
        tables_of(page)["How far the study carries the text"]
        .footnotes[1]
        .endswith(f"read from statements.toml, SHA-256 {digest}.")
    )
    assert dict(page.facts)["Agreement"] == plain(
        "2 of 4 published figures agree (1 to the last decimal, 1 in a direction or limit that the text states)"
    )
    assert [notice.tag for notice in page.notices if notice.tag] == ["reconstructed data"]


NUMBERS = """
sentences = [{number = 1, part = "Results", text = "So it was."}]
figures = [
  {id = "level", sentence = 1, printed = "2", results = ["summary.treated.month_12.ssdai.mean"]},
  {id = "usual", sentence = 1, printed = "2", results = ["summary.treated.month_6.ssdai.mean"]},
  {id = "within", sentence = 1, printed = "3", results = ["summary.treated.old.month_12.ssdai.mean"]},
  {id = "other", sentence = 1, printed = "4", results = ["summary.at_risk.month_12.ssdai.mean"]},
  {id = "test", sentence = 1, relation = "<", printed = "0.05", results = ["test.treated.month_12.ssdai_change.p"]},
  {id = "class", sentence = 1, printed = "5", results = ["response.treated.month_12.explorer_response_MCR.count"]},
]
claims = [
  {id = "all", sentence = 1, text = "c", status = "direction only", reason = "r", results = ["summary.treated.month_12.ssdai.mean", "summary.treated.old.month_12.ssdai.mean"]},
  {id = "classes", sentence = 1, text = "d", status = "direction only", reason = "r", results = ["response.treated.month_12.explorer_response_MCR.count", "response.treated.month_12.explorer_response_PCR.count"]},
  {id = "measures", sentence = 1, text = "e", status = "direction only", reason = "r", results = ["summary.treated.month_12.ssdai.mean", "response.treated.month_12.explorer_response_MCR.count"]},
]
"""


def test_a_number_is_named_with_the_group_that_it_is_about(trial: tuple[Path, Study, Results]) -> None:
    _, study, results = trial
    collected = NumberList()
    level = Place(analysis="summary", variable="ssdai", population="treated", visit="month_12")
    change = replace(level, analysis="test", variable="ssdai_change", measure="ssdai")
    response = replace(level, analysis="response", variable="explorer_response")
    collected.add(level, "mean", 2.0)
    collected.add(replace(level, visit="month_6"), "mean", 2.0)
    collected.add(replace(level, subgroup="old"), "mean", 3.0)
    collected.add(replace(level, population="at_risk"), "mean", 4.0)
    collected.add(change, "p", 0.04)
    for name in ("MCR", "PCR"):
        collected.add(replace(response, category=name), "count", 5.0)
    made = replace(results, numbers=collected.frame())
    assert set(collected.frame()["id"]) >= set(re.findall(r'"([\w.]+\.[\w.]+)"', NUMBERS)) - {"0.05"}
    text = compare_with_published(made.numbers, parse_manifest(NUMBERS, "n"))
    page = build_abstract(study, made, read_numbers(made.numbers), text)
    _, *rows = tables_of(page)["Results"].rows
    assert [row.stub.text for row in rows[:6]] == [
        "Mean of SSDAI at month 12",
        "Mean of SSDAI at month 6",
        "Mean of SSDAI at month 12 (old)",
        "Mean of SSDAI at month 12 (at risk)",
        "P value, unadjusted, of change in SSDAI, at month 12",
        "Count of EXPLORER response, Major clinical response at month 12",
    ]
    assert [row.cells[1].text for row in rows[6:]] == [
        "all 2.00; old 3.00",
        "Major clinical response 5; Partial clinical response 5",
        "SSDAI 2.00; EXPLORER response, Major clinical response 5",
    ]


def test_links_are_drawn_in_every_format(page: Document) -> None:
    html = render_page(page)
    assert '<a href="report.html#number=population.treated.subjects.n">24</a>' in html
    assert '<a href="report.html">To the report</a>' in html
    assert "data-id=" not in html[: html.index("<script")]
    text = render_markdown(page)
    assert "[24](report.html#number=population.treated.subjects.n)" in text
    assert "[To the report](report.html)" in text


def test_an_address_is_quoted() -> None:
    assert link_of('a"b c&d') == "report.html#number=a%22b%20c%26d"
    hostile = Document("T", related=(Inline("<b>", target='x"y'),))
    assert '<a href="x&#34;y">&lt;b&gt;</a>' in render_page(hostile)
    assert "](x%22y)" in render_markdown(hostile)


def test_a_stacked_table_keeps_its_roles_and_names_the_head_of_each_cell() -> None:
    table = TableSpec(
        "t", "s", "T", ("A", "B"), text_rows([("x", "y")]), is_text=True, widths=(40, 60), is_stacked=True
    )
    page = render_page(Document("T", (Section("s", "S", (table,)),)))
    assert '<td data-head="B" role="cell">y</td>' in page
    assert '<table class="words stacked" role="table">' in page
    assert '<col style="width: 40%"><col style="width: 60%">' in page
    plain = TableSpec("t", "s", "T", ("A", "B"), text_rows([("x", "y")]), is_text=True)
    page = render_page(Document("T", (Section("s", "S", (plain,)),)))
    assert "role=" not in page[page.index("<table") : page.index("</table>")]
    assert "<col" not in page[page.index("<table") : page.index("</table>")]
    with pytest.raises(ShapeError, match="1 widths for 2 heads"):
        TableSpec("t", "s", "T", ("A", "B"), (), widths=(100,))


@pytest.mark.parametrize("formats", [("html",), ("md",)])
def test_the_page_is_written_with_the_report(
    trial: tuple[Path, Study, Results], tmp_path: Path, formats: tuple[str, ...]
) -> None:
    folder, study, results = trial
    written = write_report_set(study, results, tmp_path / "report", formats, read_statements(study, folder))
    names = [path.name for path in written.files]
    assert "published.csv" in names
    assert ("abstract.html" in names) is (formats == ("html",))
    assert all(path.is_file() for path in written.files)
    assert written.text is not None
    assert written.text.differing == ("women", "gone")
    report = written.files[0].read_text(encoding="utf-8")
    assert "2 of 4 published figures agree" in report
    assert ("abstract.html" in report) is (formats == ("html",))
    rows = pl.read_csv(tmp_path / "report" / "published.csv")
    assert rows["id"].to_list() == ["n", "women", "fell", "gone", "work"]
    assert rows["data"].unique().to_list() == ["reconstructed, no patient data"]


def test_a_number_that_no_table_prints_stands_in_the_report_all_the_same(
    trial: tuple[Path, Study, Results], tmp_path: Path
) -> None:
    folder, study, results = trial
    written = write_report_set(study, results, tmp_path / "with", ("html",), read_statements(study, folder))
    alone = write_report_set(study, results, tmp_path / "without")
    assert alone.text is None
    assert "abstract.html" not in [path.name for path in alone.files]
    assert "published.csv" not in alone.files[0].read_text(encoding="utf-8")
    page = written.files[0].read_text(encoding="utf-8")
    numbers = json.loads(re.findall(r'id="numbers">(.*?)</script>', page, re.DOTALL)[0])["numbers"]
    assert written.text is not None
    assert set(written.text.results) <= set(numbers)


def test_the_words_of_a_report_without_the_page_lead_to_the_table_only(
    trial: tuple[Path, Study, Results],
) -> None:
    folder, study, results = trial
    statements = read_statements(study, folder)
    assert statements is not None
    text = compare_with_published(results.numbers, statements)
    assert [part.target for part in related_words(text, has_page=True)] == [
        "abstract.html",
        "",
        "published.csv",
        "",
    ]
    assert [part.target for part in related_words(text, has_page=False)] == ["", "", "published.csv", ""]


def test_withheld_numbers_stay_withheld(trial: tuple[Path, Study, Results]) -> None:
    folder, study, results = trial
    statements = read_statements(study, folder)
    assert statements is not None
    is_hit = pl.col("id") == "population.treated.subjects.n"
    hidden = results.numbers.with_columns(
        value=pl.when(~is_hit).then("value"),
        status=pl.when(is_hit).then(pl.lit("withheld")).otherwise("status"),
    )
    row = compare_with_published(hidden, statements).rows[0]
    assert (row.status, row.computed) == ("not reproduced", "the number is withheld for errors in the data")
    assert row.results == ()


# --- the file that [source] names ----------------------------------------------------------------------


@pytest.fixture
def own(trial: tuple[Path, Study, Results], tmp_path: Path) -> Path:
    """Give a copy of the study folder that a test may break."""
    return Path(shutil.copytree(trial[0], tmp_path / "own"))


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a function that runs a command and gives its exit code and what it printed."""

    def call(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["funis", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return call


def test_check_tells_what_is_wrong_in_the_file(run: Run, own: Path) -> None:
    assert run("check", own)[0] == 0
    (own / "statements.toml").write_text(
        STATEMENTS.replace('relation = "falls"', 'relation = "fall"'), encoding="utf-8"
    )
    code, said, _ = run("check", own, "--json")
    assert code == 1
    (finding,) = json.loads(said)
    assert (finding["file"], finding["line"], finding["column"]) == ("statements.toml", 11, "relation")
    assert finding["value"] == "fall"
    assert "Did you mean 'falls'" in finding["fix"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "statements_missing"),
        (b"\xff\xfe\x00", "encoding"),
        (b"sentences = [", "syntax"),
        (b"x = 1", "unknown_key"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(run: Run, own: Path, content: bytes | None, code: str) -> None:
    (own / "statements.toml").unlink()
    if content is not None:
        (own / "statements.toml").write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        read_statements(read_study(own), own)
    assert caught.value.findings[0].code == code
    assert caught.value.findings[0].file == "statements.toml"
    ended, _, said = run("report", own)
    assert ended == 2
    assert said.startswith("funis: statements.toml: 1 finding.")


def test_a_file_outside_the_folder_is_not_read(own: Path) -> None:
    (own.parent / "other.toml").write_text(STATEMENTS, encoding="utf-8")
    study = (own / "study.toml").read_text(encoding="utf-8")
    (own / "study.toml").write_text(study.replace('"statements.toml"', '"../other.toml"'), encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        read_statements(read_study(own), own)
    assert caught.value.findings[0].code == "refused_file"
    (own / "folder.toml").mkdir()
    (own / "study.toml").write_text(study.replace('"statements.toml"', '"folder.toml"'), encoding="utf-8")
    with pytest.raises(ManifestError, match="a folder, not a regular file"):
        read_statements(read_study(own), own)


def test_report_ends_with_1_where_a_figure_differs(run: Run, own: Path) -> None:
    code, said, beside = run("report", own, "--json")
    assert code == 1
    assert json.loads(said)["published"] == {
        "agreement": "2 of 4 published figures agree",
        "differing": ["women", "gone"],
    }
    assert "women differs" in beside
    right = STATEMENTS.replace('printed = "22"', 'printed = "23"').replace(
        "no.such.number", "population.treated.subjects.n"
    )
    (own / "statements.toml").write_text(right.replace('printed = "3"', 'printed = "24"'), encoding="utf-8")
    code, said, beside = run("report", own)
    assert code == 0
    assert "abstract.html" in said
    assert "4 of 4 published figures agree" in beside
