"""funis takes a cell-therapy trial in autoimmune disease from protocol to paper.

The names below are loaded when first used, so that ``import funis`` costs almost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funis.analysis.analyse import analyse as analyse
    from funis.data.new_study import new_study as new_study
    from funis.data.tables import read_tables as read_tables
    from funis.instruments.definition import Definition as Definition
    from funis.instruments.definition import definition as definition
    from funis.instruments.definition import definitions as definitions
    from funis.instruments.glucocorticoids import derive_prednisone as derive_prednisone
    from funis.instruments.glucocorticoids import prednisone_equivalent as prednisone_equivalent
    from funis.instruments.scoring import score as score
    from funis.instruments.toxicity import grade_toxicity as grade_toxicity
    from funis.instruments.toxicity_shift import count_toxicity_shifts as count_toxicity_shifts
    from funis.instruments.toxicity_shift import derive_lab_baseline as derive_lab_baseline
    from funis.instruments.toxicity_shift import derive_toxicity_shifts as derive_toxicity_shifts
    from funis.instruments.working import explain as explain
    from funis.report.html import render_html as render_html
    from funis.report.html import write_report as write_report
    from funis.responses.classification import classify as classify
    from funis.responses.multiverse import compare_responses as compare_responses
    from funis.responses.multiverse import multiverse as multiverse
    from funis.responses.relapse_counts import count_relapses as count_relapses
    from funis.responses.responder_index import score_responder_index as score_responder_index
    from funis.responses.response import respond as respond
    from funis.responses.response import respond_by_visit as respond_by_visit
    from funis.responses.steroid_courses import derive_steroid_days as derive_steroid_days
    from funis.results import write_results as write_results
    from funis.stats.mmrm import fit_mmrm as fit_mmrm
    from funis.study.file import read_study as read_study
    from funis.study.file import study_schema as study_schema
    from funis.units import convert as convert

__version__ = "0.1.0"

_HOME = {
    "Definition": "funis.instruments.definition",
    "definition": "funis.instruments.definition",
    "definitions": "funis.instruments.definition",
    "score": "funis.instruments.scoring",
    "grade_toxicity": "funis.instruments.toxicity",
    "derive_lab_baseline": "funis.instruments.toxicity_shift",
    "derive_toxicity_shifts": "funis.instruments.toxicity_shift",
    "count_toxicity_shifts": "funis.instruments.toxicity_shift",
    "prednisone_equivalent": "funis.instruments.glucocorticoids",
    "derive_prednisone": "funis.instruments.glucocorticoids",
    "derive_steroid_days": "funis.responses.steroid_courses",
    "explain": "funis.instruments.working",
    "respond": "funis.responses.response",
    "respond_by_visit": "funis.responses.response",
    "count_relapses": "funis.responses.relapse_counts",
    "classify": "funis.responses.classification",
    "multiverse": "funis.responses.multiverse",
    "compare_responses": "funis.responses.multiverse",
    "score_responder_index": "funis.responses.responder_index",
    "convert": "funis.units",
    "read_study": "funis.study.file",
    "study_schema": "funis.study.file",
    "new_study": "funis.data.new_study",
    "read_tables": "funis.data.tables",
    "analyse": "funis.analysis.analyse",
    "write_results": "funis.results",
    "render_html": "funis.report.html",
    "write_report": "funis.report.html",
    "fit_mmrm": "funis.stats.mmrm",
}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604  (the names are the keys of the table above)


def __getattr__(name: str) -> object:
    """Load a public name from its module the first time it is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'funis' has no attribute {name!r}. It has: {', '.join(sorted(_HOME))}.")
    found: object = getattr(import_module(_HOME[name]), name)
    # Keep it, so that the next use costs nothing.
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
