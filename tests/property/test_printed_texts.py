"""Whatever a text holds, reading it raises nothing but a refusal, and every place points to what is printed."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from funis.audit.extraction.extract import extract_figures
from funis.audit.extraction.plain_letters import plain_letters
from funis.audit.page import find_spans, render_audit_page
from funis.audit.papers import Paper, PaperAudit
from funis.audit.reading.html_text import read_html
from funis.audit.reading.plain_text import read_markdown, read_plain
from funis.audit.reading.sentences import build_source
from funis.audit.reading.source import SourceText

WORDS = """14/40 (35.0%)|10.83 ± 4.63|P<0.05|all P < 0.001|n=11|baseline|at|3, 6, 9 and 12 months|respectively|SLEDAI|proteinuria
    mg|g/24 h|ml/10 min|vs.|from|to|(|)|[|]|%|±|/|,|.|;|–|−|≥|<|>|=|Forty|twenty-four|one hundred and five|patients|of|mean (SD)
    median|range|IQR|95% CI|in the MSC group|and|placebo|IL-17|CD34+|10^6|2012|NCT01741857|doi 10.1186/ar4520|Table 2|week 24|
    1,683|0·05|.5|-3|1e-5|| | |---|---||# |**5**|<table><tr><td>|</td></tr>|<p>|\u0000|\u202e|שלום|患者 40 例|𝑃|１４／４０"""
PIECES = st.sampled_from(WORDS.split("|"))
TEXTS = st.one_of(
    st.lists(PIECES, max_size=40).map(" ".join),
    st.lists(PIECES, max_size=40).map("".join),
    st.text(max_size=300),
    st.text(alphabet="0123456789.,±()%/ nPpNof<>=-–−[]", max_size=200),
)


def read(text: str, kind: int) -> SourceText:
    return build_source("a.txt", (read_plain, read_markdown, read_html)[kind](text))


@given(TEXTS, st.integers(0, 2))
def test_reading_never_raises_and_every_place_points_to_the_print(text: str, kind: int) -> None:
    source = read(text, kind)
    found = extract_figures(source)
    for each in found.figures:
        start, end = each.place.start, each.place.end
        assert start is not None
        assert end is not None
        assert 0 <= start < end <= len(source.text)
        inside = [one for one in source.passages if one.start <= start and end <= one.end]
        assert len(inside) == 1
        assert each.place.sentence == source.words_of(inside[0])
    ids = [each.id for each in found.figures]
    assert len(ids) == len(set(ids))
    for missed in found.not_understood:
        for low, high in missed.pieces:
            assert any(
                map(str.isdigit, source.text[missed.passage.start + low : missed.passage.start + high])
            )


@given(TEXTS, st.integers(0, 2))
def test_passages_are_in_order_and_do_not_overlap(text: str, kind: int) -> None:
    source = read(text, kind)
    ends = [0, *(each.end for each in source.passages)]
    assert all(
        before <= each.start < each.end or not each.end - each.start
        for before, each in zip(ends, source.passages, strict=False)
    )
    for each in source.passages:
        assert all(each.start <= cell.start <= cell.end <= each.end for cell in each.cells)


@given(TEXTS)
def test_the_page_holds_the_whole_text_and_nothing_that_is_run(text: str) -> None:
    source = read(text, 0)
    found = extract_figures(source)
    paper = Paper("a.txt", found.figures, source, found.not_understood)
    page = render_audit_page(PaperAudit((paper,), ()))
    assert "<script" not in page
    spans = find_spans(paper, [])
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


@given(st.text())
def test_one_spelling_of_signs_keeps_every_place(text: str) -> None:
    assert len(plain_letters(text)) == len(text)
