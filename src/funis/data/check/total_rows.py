"""Rows of totals and means that a sheet has between or below those of its subjects."""

from __future__ import annotations

from dataclasses import replace

from funis.data.cells import RawTable
from funis.data.check.row_findings import row_finding
from funis.errors import Finding
from funis.frames.verbs import verbs_of
from funis.study.imported import plain_form

_WORDS = frozenset({
    "total", "totals", "subtotal", "sub-total", "sub total", "grand total", "sum", "mean", "average",
    "median", "gesamt", "summe", "zwischensumme", "mittelwert",
    "somme", "moyenne", "totale", "suma", "promedio",  # codespell:ignore somme
    "合计", "小计", "总计", "总数", "平均", "平均值", "均值",
    "合計", "小計", "総計", "平均値", "합계", "소계", "평균",
})  # fmt: skip
"""Words in the place of a subject's number that say what a row adds up; no study numbers a subject so."""


def is_total(text: str) -> bool:
    """Say whether a text in the place of a subject's number names a total or a mean.

    Examples
    --------
    >>> is_total(" Sub-Total: "), is_total("合计"), is_total("S01"), is_total("Total 7")
    (True, True, False, False)
    """
    return plain_form(text).rstrip(": ") in _WORDS


def leave_out_totals(raw: RawTable) -> tuple[RawTable, list[Finding]]:
    """Leave out the rows of a table that hold a total, each told once whatever else its cells lack.

    Parameters
    ----------
    raw : the cells of a table

    Returns
    -------
    tuple
        The table without these rows; a warning for each.
    """
    if "subject" not in raw.frame.columns or raw.frame.is_empty():
        return raw, []
    words = [each for each in raw.frame["subject"].unique().to_list() if each and is_total(each)]
    if not words:
        return raw, []
    is_left = verbs_of(raw.frame).col("subject").is_in(words)
    findings = [
        row_finding(
            "warning",
            "total_row",
            raw.name,
            {"_line": row["_line"], "_file": raw.file},
            column="subject",
            value="",
            message=f"The row is a total or a mean ('{row['subject'].strip()}'), no subject; it is left out.",
            fix="Take the row out: totals are made from the rows of the subjects.",
        )
        for row in raw.frame.filter(is_left).iter_rows(named=True)
    ]
    return replace(raw, frame=raw.frame.filter(~is_left.fill_null(value=False))), findings
