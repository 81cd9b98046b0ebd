"""The labels of visits in the languages of the pages."""

from __future__ import annotations

import re
from typing import Final

_COUNTED: Final = {"Day": "第 {} 天", "Week": "第 {} 周", "Month": "第 {} 个月", "Year": "第 {} 年"}
_NAMED: Final = {
    "Baseline": "基线",
    "Screening": "筛选",
    "End of study": "研究结束",
    "Unscheduled": "计划外访视",
}


def visit_words(label: str, language: str) -> str:
    """Give the label of a visit in a language; what a study calls it by a name of its own stays as it is.

    Parameters
    ----------
    label : as the study file prints it
    language : ``en`` or ``zh-hans``

    Examples
    --------
    >>> visit_words("Month 12", "zh-hans"), visit_words("Baseline", "zh-hans"), visit_words("Month 12", "en")
    ('第 12 个月', '基线', 'Month 12')
    """
    if language != "zh-hans":
        return label
    counted = re.fullmatch(r"(Day|Week|Month|Year) (\d+)", label)
    return _COUNTED[counted[1]].format(counted[2]) if counted else _NAMED.get(label, label)
