"""Who was asked about adverse events: one sentence where everybody always was, else a table."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.documents.document import Document, Paragraph
from funis.documents.table import TableSpec
from funis.reporting.trial_document import build_document
from funis.study.read import read_study

from .report_kinds import analysed, make_study


@cache
def page(kind: str, *, forgotten: int = 0) -> Document:
    if not forgotten:
        return build_document(*analysed(kind))
    with TemporaryDirectory() as place:
        folder = make_study(kind, Path(place) / kind)
        file = folder / "data" / "safety_questions.csv"
        pl.read_csv(file).slice(forgotten).write_csv(file)
        study = read_study(folder)
        return build_document(study, analyse(study, read_tables(folder, study)))


def shown(document: Document) -> tuple[list[str], list[str]]:
    """Give the ids of the tables on completeness, and the sentences that stand there."""
    section = next(each for each in document.sections if each.id == "completeness")
    tables = [block.id for block in section.all_blocks if isinstance(block, TableSpec)]
    lines = [block for block in section.all_blocks if isinstance(block, Paragraph)]
    return tables, ["".join(part.text for part in line.text) for line in lines]


def test_a_question_that_was_always_asked_is_one_sentence() -> None:
    tables, lines = shown(page("sle"))
    assert tables == []
    # 40 subjects at the five visits after baseline.
    assert lines[0].startswith(
        "The question about adverse events was asked at all 200 visits due. Only where the question was asked"
    )
    assert lines[1].startswith("All 3600 values due, of 15 measures, are there.")


def test_one_answer_that_is_not_there_keeps_the_table() -> None:
    tables, lines = shown(page("sle", forgotten=1))
    assert tables == ["table-asked"]
    assert len(lines) == 1


def test_two_arms_keep_the_table() -> None:
    tables, _ = shown(page("two_arms"))
    assert tables == ["table-asked"]
