"""Files with a published text: what is read of each kind, and every refusal names what to do."""

from pathlib import Path

import pytest

from funis.audit.reading.read import read_source
from funis.audit.reading.sentences import LONGEST, build_source
from funis.audit.reading.source import SourceText, TextLine
from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.errors import MissingExtraError

pypdf = pytest.importorskip("pypdf")


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def sentences(source: SourceText) -> list[str]:
    return [source.words_of(each) for each in source.passages]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It fell (6.3 vs. 10.8). Nobody died.", ["It fell (6.3 vs. 10.8).", "Nobody died."]),
        ("Wang et al. 2014 found 5.63. See Fig. 2 and ref. 7.", ["Wang et al. 2014 found 5.63.", "See Fig. 2 and ref. 7."]),
        ("L. Sun, D. Wang were there.", ["L. Sun, D. Wang were there."]),
        ("Methods: Forty.\nResults: Ten.", ["Methods: Forty.", "Results: Ten."]),
        ("It was\n5.6 in all.", ["It was 5.6 in all."]),
        ("It rose (P < 0.05.) It fell.", ["It rose (P < 0.05.)", "It fell."]),
    ],
)  # fmt: skip
def test_sentences_end_where_a_reader_ends_them(text: str, expected: list[str]) -> None:
    assert sentences(build_source("a.txt", [TextLine(text)])) == expected


def test_every_place_points_to_what_is_printed(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, "a.txt", "\ufeff Forty took part.\r\n\r\nThree died. "))
    assert [source.text[each.start : each.end] for each in source.passages] == [
        "Forty took part.",
        "Three died.",
    ]


def test_a_text_without_an_end_is_cut() -> None:
    source = build_source("a.txt", [TextLine("1 " * 5 * LONGEST)])
    assert max(each.end - each.start for each in source.passages) <= LONGEST


def test_a_page_gives_its_main_text_and_its_tables(tmp_path: Path) -> None:
    page = """<html><head><title>No</title><script>n = 3;</script><style>p {}</style></head><body>
    <nav>Menu 12</nav><main><h1>Trial</h1><p>Forty <b>pa</b>tients &amp; more.</p>
    <table><tr><th>Item</th><th>Cells (n = 20)</th></tr><tr><td>Women</td><td>12 (60%)</td></tr></table>
    <p hidden>Three</p></main><footer>2024</footer></body></html>"""
    source = read_source(written(tmp_path, "a.html", page))
    assert sentences(source)[:4] == [
        "Trial",
        "Forty patients & more.",
        "Item | Cells (n = 20)",
        "Women | 12 (60%)",
    ]
    assert [each.is_head for each in source.passages if each.is_row] == [True, False]
    assert source.passages[3].cells[1].head == "Cells (n = 20)"
    assert "n = 3" not in source.text
    assert "2024" not in source.text


def test_a_page_without_a_main_part_is_read_whole(tmp_path: Path) -> None:
    source = read_source(written(tmp_path, "a.htm", "<p>One<div>Two<table><tr><td>Three<tr><td>Four"))
    assert sentences(source) == ["One", "Two", "Three", "Four"]


def test_markdown_loses_its_marks_and_keeps_its_tables(tmp_path: Path) -> None:
    text = "# Results\n\n**Forty** took part.\n\n| | All |\n|---|:---:|\n| Women | *35* (87.5%) |\n"
    source = read_source(written(tmp_path, "a.md", text))
    assert sentences(source) == ["Results", "Forty took part.", "| All", "Women | 35 (87.5%)"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marked_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    source = read_source(written(tmp_path, "a.txt", "6.3 ± 3.6".encode(encoding)))
    assert source.text.strip() == "6.3 ± 3.6"


def test_a_page_may_declare_its_encoding(tmp_path: Path) -> None:
    page = '<meta charset="windows-1252"><p>6.3 ± 3.6'.encode("windows-1252")
    assert "±" in read_source(written(tmp_path, "a.html", page)).text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"", "The file is empty."),
        ("a.txt", b" \n\t ", "The file is empty."),
        ("a.txt", "…".encode(), "The file holds no text."),
        ("a.txt", b"fell \x80 3", "Line 1 of the file is not written in UTF-8 (byte 6 is 0x80)."),
        ("a.txt", b"one\ntwo \xb1", "Line 2 of the file is not written in UTF-8 (byte 9 is 0xb1)."),
        ("a.txt", b"a\x00b", "it holds bytes 0"),
        ("a.txt", b"%PDF-1.7 ...", "is not plain text, as its name says, but a PDF."),
        ("a.html", b"PK\x03\x04....", "as Word, Excel and LibreOffice write them"),
        ("a.txt", b"{\\rtf1 x}", "an RTF file"),
        ("a.pdf", b"Forty took part.", "The file ends in .pdf and is no PDF."),
        ("a.docx", b"PK\x03\x04", "A file that ends in '.docx' is not read as a published text."),
        ("abstract", b"Forty", "has no ending that says what it is"),
        ("a.html", b"<script>n = 3</script>", "The file holds no text."),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused_with_what_to_do(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(RefusedFileError) as refused:
        read_source(written(tmp_path, name, content))
    assert said in refused.value.message
    assert refused.value.fix


def test_folders_and_large_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.txt").mkdir()
    with pytest.raises(RefusedFileError, match="folder"):
        read_source(tmp_path / "b.txt")
    with pytest.raises(BeyondLimitError, match="megabytes"):
        read_source(written(tmp_path, "a.txt", b"a" * 1_500_000), Limits(megabytes=1))
    with pytest.raises(RefusedFileError, match="which is a book"):
        read_source(written(tmp_path, "c.txt", b"a 1 " * 5_000_000))


def make_pdf(body: str) -> bytes:
    typst = pytest.importorskip("typst")
    made: bytes = typst.compile(body.encode("utf-8"))
    return made


def test_a_pdf_is_read_with_its_pages_and_ruled_tables(tmp_path: Path) -> None:
    body = """#set page(width: 12cm, height: 9cm)
Forty patients took part; SLEDAI fell to 6.30 ± 3.63.
#table(columns: 2, [Item], [All (n = 40)], [Women], [35 (87.5%)])
#pagebreak()
Three patients relapsed."""
    source = read_source(written(tmp_path, "a.pdf", make_pdf(body)))
    printed = {source.words_of(each): each for each in source.passages}
    assert printed["Three patients relapsed."].page == 2
    assert printed["Women | 35 (87.5%)"].cells[1].head == "All (n = 40)"
    assert source.text.count("87.5") == 1, "what stands in a table is not read as running text, too"
    assert any("6.30 ± 3.63" in words for words in printed)


LEFT = """
Forty patients with active lupus took part in the trial in four clinical centres of one country. At
six months 14/40 patients (35.0%) had a major clinical response and 15/40 (37.5%) had a partial one, which was more
than had been planned for in the protocol. SLEDAI fell from 10.83 ± 4.63 at baseline to 6.30 ± 3.63 at 6 months.
"""
RIGHT = """
Serum creatinine was measured at every visit by the laboratory of each of the clinical centres. The mean
creatinine was 59 ± 9 µmol/L at baseline and 63 ± 18 µmol/L at the last visit, and no patient had a value above the
upper limit that was set in the plan of analysis. Relapse occurred in 3/40 (7.5%) at the end of the first year.
"""
WIDE = "A line of the abstract that runs over the whole width of the page, as titles and long tables do."


def lines_of(text: str, count: int = 6) -> list[str]:
    words = text.split()
    return [" ".join(words[start : start + count]) for start in range(0, len(words), count)]


def draw_rows() -> str:
    """Two columns whose lines are drawn in turn, as some programs write them: left, right, left, right."""
    cells = ",".join(f"[{a}],[{b}]" for a, b in zip(lines_of(LEFT), lines_of(RIGHT), strict=True))
    return f"{WIDE}\n\n#grid(columns: 2, column-gutter: 14pt, row-gutter: 4pt, {cells})\n\n{WIDE}"


def read_words(tmp_path: Path, body: str) -> list[str]:
    page = "#set page(width: 17cm, height: 22cm, margin: 1.5cm)\n#set text(size: 9pt, hyphenate: false)\n"
    return read_source(written(tmp_path, "a.pdf", make_pdf(page + body))).text.split()


def test_a_page_of_two_columns_is_read_column_by_column(tmp_path: Path) -> None:
    assert read_words(tmp_path, draw_rows()) == f"{WIDE} {LEFT} {RIGHT} {WIDE}".split()


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_a_page_of_any_columns_keeps_its_order(tmp_path: Path, columns: int) -> None:
    """Words of their own numbers, of all lengths; the first page of the file holds at least five hundred."""
    text = [f"w{place}{'abcdefghij'[: place * 7 % 5]}" for place in range(900)]
    found = read_words(tmp_path, f"#set par(justify: true)\n#columns({columns})[{' '.join(text)}]")
    assert found == text


def test_columns_of_numbers_are_no_columns_of_prose(tmp_path: Path) -> None:
    """A table without rules is read row by row, and so is a page of one column around it."""
    rows = [f"[Item {number} of it],[34.5 ± 10.{number}],[36.1 ± 9.{number}]" for number in range(9)]
    found = " ".join(
        read_words(tmp_path, f"{WIDE} {WIDE}\n#table(columns: 3, stroke: none, {','.join(rows)})")
    )
    assert "Item 3 of it 34.5 ± 10.3 36.1 ± 9.3 Item 4" in found


def test_a_pdf_without_text_broken_or_locked_is_refused(tmp_path: Path) -> None:
    good = make_pdf("Forty patients took part in the trial.")
    with pytest.raises(RefusedFileError, match="pages are pictures"):
        read_source(written(tmp_path, "scan.pdf", make_pdf("#rect(width: 5cm)")))
    with pytest.raises(RefusedFileError, match="cannot be read"):
        read_source(written(tmp_path, "cut.pdf", good[: len(good) // 3]))
    locked = pypdf.PdfWriter(clone_from=written(tmp_path, "good.pdf", good))
    locked.encrypt("secret", algorithm="RC4-128")
    locked.write(tmp_path / "locked.pdf")
    with pytest.raises(RefusedFileError, match="password"):
        read_source(tmp_path / "locked.pdf")


def test_without_its_libraries_a_pdf_is_refused_with_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("funis.audit.reading.pdf_text.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"funis\[audit\]"):
        read_source(written(tmp_path, "a.pdf", b"%PDF-1.7"))
