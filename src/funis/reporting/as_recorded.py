"""Marks what was taken as recorded: totals and grades that were written down without their items."""

from __future__ import annotations

from funis.catalogue.registry import definition
from funis.data.recorded_totals import AS_RECORDED
from funis.results import Results
from funis.study.model import Study

_MARK = ", as recorded"


def mark_recorded(study: Study, results: Results) -> Study:
    """Give the study with the instruments that were taken as recorded so named, in tables, figures and words.

    Parameters
    ----------
    study, results : as `funis.analyse` took and gave them

    Returns
    -------
    Study : the same where every score follows from items
    """
    choices = dict(study.instruments)
    used = results.numbers.select("measure", "missing").unique().rows()
    for name in study.instrument_names:
        own = {name, *definition(name).grade_columns}
        policies = {policy for measure, policy in used if measure in own and "recorded" in policy}
        if not policies:
            continue
        choice = study.choice(name)
        policy = AS_RECORDED if policies == {AS_RECORDED} else next(iter(policies - {AS_RECORDED}))
        mark = _MARK if policy == AS_RECORDED else f"{_MARK} in part"
        label = f"{choice.label or definition(name).title}{mark}"
        choices[name] = choice.model_copy(update={"label": label, "missing": policy})
    return study.model_copy(update={"instruments": choices}) if choices != study.instruments else study
