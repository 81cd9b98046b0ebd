"""The titles and footnotes that a study file gives to tables and figures of its report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.table import TableSpec
from funis.study.report_choices import ReportChoices

_Shown = TypeVar("_Shown", bound=TableSpec | FigureSpec | FlowChart)


def with_own_words(choices: ReportChoices, shown: Iterable[_Shown]) -> Iterator[_Shown]:
    """Print tables and figures under the titles of the study file, its footnotes below their own.

    Parameters
    ----------
    choices : the section ``[report]`` of the study file
    shown : tables or figures; no id and no number of them changes

    Examples
    --------
    >>> table = TableSpec("table-baseline", "baseline", "Subjects at baseline", ("",), ())
    >>> choices = ReportChoices(titles={"table-baseline": "Patients before the first infusion"})
    >>> [each.title for each in with_own_words(choices, [table])]
    ['Patients before the first infusion']
    """
    for each in shown:
        title = choices.titles.get(each.id, each.title)
        yield replace(each, title=title, footnotes=(*each.footnotes, *choices.footnotes.get(each.id, ())))
