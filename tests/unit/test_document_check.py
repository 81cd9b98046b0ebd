"""A Word file somebody edited: what is set otherwise passes, what is another number is named."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from funis.cli import document_commands
from funis.cli.application import app
from funis.documents.document import Document, NumberRecord, Paragraph, Section
from funis.documents.docx_file import render_docx
from funis.documents.numbering import number_sections
from funis.documents.table import Inline, TableRow, TableSpec, joined, words
from funis.errors import MissingExtraError, ValueRangeError
from funis.reporting.document_check import check_document
from funis.results import NUMBER_COLUMNS

pytest.importorskip("docx")
runner = pytest.importorskip("typer.testing").CliRunner()

PRINTED = {
    "change.mean": ("−3.40", -3.4),
    "response.percent": ("72.5%", 72.5),
    "response.count": ("29/40", 29.0),
    "free.survival": ("75.9%", 22 / 29),
    "p": ("< 0.001", 0.0003),
    "n": ("40", 40.0),
}


def inline(name: str) -> Inline:
    return Inline(PRINTED[name][0], name)


@pytest.fixture(scope="module")
def content() -> bytes:
    row = TableRow(
        words("Month 12"), (joined(inline("change.mean"), " (n = ", inline("n"), ")"), joined(inline("p")))
    )
    table = TableSpec("table-a", "s", "Change", ("Visit", "Change", "P"), (row,))
    text = tuple(part for name in PRINTED for part in (Inline(" and "), inline(name)))
    sections, register = number_sections(
        (Section("a", "A", (Paragraph(text),)), Section("s", "S", (table,), code="S1"))
    )
    records = {name: NumberRecord(value, n=40) for name, (_, value) in PRINTED.items()}
    return render_docx(Document("A", sections=sections, register=register, records=records))


@pytest.fixture
def results() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": list(PRINTED),
            "value": [value for _, value in PRINTED.values()],
            "n": [40] * len(PRINTED),
            "text": [text for text, _ in PRINTED.values()],
        }
    )


def write_alone(results: pl.DataFrame, folder: Path) -> Path:
    """Write results as the report does, without the files that stand beside them there."""
    (folder / "report").mkdir()
    path = folder / "report" / "results.parquet"
    lacking = [
        pl.lit(None, kind).alias(name) for name, kind in NUMBER_COLUMNS.items() if name not in results.columns
    ]
    whole = results.with_columns(pl.col("n").cast(pl.Int64), *lacking)
    whole.select(list(NUMBER_COLUMNS)).write_parquet(path)
    return path


@pytest.fixture
def edited(content: bytes, tmp_path: Path) -> Callable[..., Path]:
    """Give the file with words of its text replaced, as an editor would leave them."""

    def edit(*changes: tuple[str, str], part: str = "word/document.xml") -> Path:
        path = tmp_path / "edited.docx"
        with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(path, "w") as target:
            for entry in source.infolist():
                data = source.read(entry)
                if entry.filename == part:
                    for old, new in changes:
                        assert old.encode() in data
                        data = data.replace(old.encode(), new.encode())
                target.writestr(entry, data)
        return path

    return edit


def differences(path: Path, results: pl.DataFrame) -> list[tuple[str, str, str, str]]:
    found = check_document(path, results).differences
    return [(each.id, each.found, each.expected, each.why) for each in found]


def test_file_as_written_agrees(edited: Callable[..., Path], results: pl.DataFrame) -> None:
    found = check_document(edited(), results)
    assert found.text == "No number in the text differs from the results (9 compared)."


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (">−3.40<", ">-3·40<"),
        (">−3.40<", ">−3.4<"),
        (">−3.40<", ">−3<"),
        (">72.5%<", ">72·5 %<"),
        (">72.5%<", ">73%<"),
        (">75.9%<", ">76<"),
        ("&lt; 0.001", "&lt;.001"),
    ],
)
def test_what_is_set_otherwise_passes(
    old: str, new: str, edited: Callable[..., Path], results: pl.DataFrame
) -> None:
    assert differences(edited((old, new)), results) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (">−3.40<", ">3.40<", [("change.mean", "3.40", "−3.40", "edited")] * 2),
        (">−3.40<", ">−3.5<", [("change.mean", "−3.5", "−3.40", "edited")] * 2),
        (">72.5%<", ">72%<", [("response.percent", "72%", "72.5%", "edited")]),
        (">29/40<", ">29/41<", [("response.count", "29/41", "29/40", "edited")]),
        (">40<", ">4<", [("n", "4", "40", "edited")] * 2),
        (">75.9%<", ">0.759<", [("free.survival", "0.759", "75.9%", "edited")]),
    ],
)
def test_another_number_is_named_in_text_and_table(
    old: str, new: str, expected: list[tuple[str, ...]], edited: Callable[..., Path], results: pl.DataFrame
) -> None:
    assert differences(edited((old, new)), results) == expected


def test_number_typed_in_pieces_is_one_number(edited: Callable[..., Path], results: pl.DataFrame) -> None:
    look = '<w:rPr><w:rStyle w:val="FunisNumber"/></w:rPr>'
    pieces = f'>−3.</w:t></w:r><w:proofErr w:type="x"/><w:r>{look}<w:t>50<'
    assert differences(edited((">−3.40<", pieces)), results) == [
        ("change.mean", "−3.50", "−3.40", "edited")
    ] * 2  # fmt: skip


def test_text_struck_out_in_tracked_changes_is_not_read(
    edited: Callable[..., Path], results: pl.DataFrame
) -> None:
    look = '<w:rPr><w:rStyle w:val="FunisNumber"/></w:rPr>'
    struck = f">−3.4</w:t></w:r><w:del><w:r>{look}<w:delText>0</w:delText></w:r></w:del><w:r>{look}<w:t>1<"
    assert [each[1] for each in differences(edited((">−3.40<", struck)), results)] == ["−3.41"] * 2


def test_row_that_lost_a_number_is_named(edited: Callable[..., Path], results: pl.DataFrame) -> None:
    number = '<w:r><w:rPr><w:rStyle w:val="FunisNumber"/></w:rPr><w:t xml:space="preserve">40</w:t></w:r>'
    found = differences(edited((f'{number}<w:r><w:t xml:space="preserve">)<', "<w:r><w:t>)<")), results)
    assert found == [
        (name, "Month 12 | −3.40 (n = ) | < 0.001", PRINTED[name][0], "row changed")
        for name in ("change.mean", "n", "p")
    ]


def test_number_whose_control_is_gone_is_counted(edited: Callable[..., Path], results: pl.DataFrame) -> None:
    from funis.documents.docx_keys import short_key

    found = check_document(edited((f'w:val="{short_key("response.count")}"', 'w:val="mine"')), results)
    assert found.lost == ("response.count",)
    assert "1 numbers of the report stand in the text no more." in found.text


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("change.mean", -3.405, [("change.mean", "−3.40", "-3.41", "results changed")] * 2),
        ("change.mean", -3.404, []),
        ("free.survival", 0.7, [("free.survival", "75.9%", "70.0", "results changed")]),
        ("response.count", 30.0, [("response.count", "29/40", "30/40", "results changed")]),
    ],
)
def test_results_that_changed_are_named_where_another_number_would_be_printed(
    name: str,
    value: float,
    expected: list[tuple[str, ...]],
    edited: Callable[..., Path],
    results: pl.DataFrame,
) -> None:
    now = {"response.count": "30/40"}
    changed = results.with_columns(
        value=pl.when(pl.col("id") == name).then(value).otherwise("value"),
        text=pl.when(pl.col("id") == name).then(pl.lit(now.get(name, ""))).otherwise("text"),
    )
    assert differences(edited(), changed) == expected


def test_number_that_stands_for_several_is_compared_with_each(results: pl.DataFrame, tmp_path: Path) -> None:
    both = Inline("40", "n", also=("m",))
    row = TableRow(words("All visits"), (joined(both),))
    table = TableSpec("table-a", "s", "Numbers", ("Visit", "n"), (row,))
    sections, register = number_sections(
        (Section("a", "A", (Paragraph((both,)),)), Section("s", "S", (table,), code="S1"))
    )
    records = {name: NumberRecord(40.0, n=40) for name in ("n", "m")}
    path = tmp_path / "a.docx"
    path.write_bytes(render_docx(Document("A", sections=sections, register=register, records=records)))
    same = results.vstack(results.filter(pl.col("id") == "n").with_columns(id=pl.lit("m")))
    assert differences(path, same) == []
    other = same.with_columns(value=pl.when(pl.col("id") == "m").then(39.0).otherwise("value"))
    assert differences(path, other) == [("m", "40", "39", "results changed")] * 2


def test_result_that_is_gone_is_named(edited: Callable[..., Path], results: pl.DataFrame) -> None:
    assert differences(edited(), results.filter(pl.col("id") != "response.count")) == [
        ("response.count", "29/40", "", "no such result")
    ]


def test_other_files_are_refused(edited: Callable[..., Path], results: pl.DataFrame, tmp_path: Path) -> None:
    import docx

    other = tmp_path / "other.docx"
    docx.Document().save(str(other))
    with pytest.raises(ValueRangeError, match="its list of keys is gone"):
        check_document(other, results)
    other.write_bytes(b"PK no")
    with pytest.raises(ValueRangeError, match=r"a file in the format \.docx"):
        check_document(other, results)
    with pytest.raises(ValueRangeError, match=r"a file in the format \.docx"):
        check_document(edited(("<w:body>", "<w:bodi>")), results)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('value="-3.4"', 'value="x"'),
        ('value="-3.4"', 'value="inf"'),
        ('id="p"', 'id=""'),
        ('numbers="n', 'numbers="m'),
    ],
)
def test_list_of_keys_that_was_changed_is_refused(
    old: str, new: str, edited: Callable[..., Path], results: pl.DataFrame
) -> None:
    with pytest.raises(ValueRangeError, match="whose list of keys is as funis wrote it"):
        check_document(edited((old, new), part="customXml/item1.xml"), results)


def test_command_answers_and_ends_with_1_where_a_number_differs(
    edited: Callable[..., Path], results: pl.DataFrame, tmp_path: Path
) -> None:
    write_alone(results, tmp_path)
    done = runner.invoke(app, ["check-document", str(tmp_path), str(edited())])
    assert (done.exit_code, done.stdout) == (
        0, "No number in the text differs from the results (9 compared).\n",
    )  # fmt: skip
    path = str(edited((">29/40<", ">24/40<")))
    done = runner.invoke(app, ["check-document", str(tmp_path), path])
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "1 number in the text differs from the results:",
        "  response.count: edited, found 24/40, right is 29/40",
    ]
    done = runner.invoke(app, ["check-document", str(tmp_path), path, "--json"])
    assert json.loads(done.stdout) == {
        "compared": 9,
        "differences": [{"id": "response.count", "found": "24/40", "expected": "29/40", "why": "edited"}],
        "lost": [],
    }


def test_command_asks_for_results_and_file(results: pl.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(ValueRangeError, match="Run: funis report"):
        document_commands.check_document(tmp_path, tmp_path / "a.docx")
    write_alone(results, tmp_path)
    with pytest.raises(ValueRangeError, match="a file that exists"):
        document_commands.check_document(tmp_path, tmp_path / "a.docx")


@pytest.mark.parametrize("damage", ["cut", "text", "older", "other kinds"])
def test_damaged_results_are_refused_in_words(
    damage: str, edited: Callable[..., Path], results: pl.DataFrame, tmp_path: Path
) -> None:
    path = write_alone(results, tmp_path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    elif damage == "text":
        path.write_text("id,value\n", encoding="utf-8")
    elif damage == "older":
        pl.read_parquet(path).drop("estimand").write_parquet(path)
    else:
        pl.read_parquet(path).with_columns(pl.col("value").cast(pl.String)).write_parquet(path)
    with pytest.raises(ValueRangeError, match="run funis report again") as refused:
        document_commands.check_document(tmp_path, edited())
    assert "results.parquet" in str(refused.value)


def test_without_the_extra_the_command_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from funis.documents import formats

    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r'pip install "funis\[documents\]"'):
        document_commands.check_document(tmp_path, tmp_path / "a.docx")
    with pytest.raises(
        MissingExtraError, match=r"--format docx needs the library 'docx', which is not installed"
    ):
        formats.find_formats("html,docx")
