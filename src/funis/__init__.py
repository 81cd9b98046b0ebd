"""funis takes a cell-therapy trial in autoimmune disease from protocol to paper.

The names below are loaded when first used, so that ``import funis`` costs almost nothing.
"""

from __future__ import annotations

import logging
from importlib import import_module
from typing import TYPE_CHECKING

from funis.version import VERSION

if TYPE_CHECKING:
    from funis import design as design
    from funis import simulate as simulate
    from funis.analysis.analyse import analyse as analyse
    from funis.analysis.every_finding import check_frames as check_frames
    from funis.audit.audit import audit as audit
    from funis.audit.read_figures import read_figures as read_figures
    from funis.bounded.limits import Limits as Limits
    from funis.catalogue.model_instrument import Definition as Definition
    from funis.catalogue.registry import definition as definition
    from funis.catalogue.registry import definitions as definitions
    from funis.data.new_study import new_study as new_study
    from funis.data.tables import read_tables as read_tables
    from funis.data.tables import tables_from_frames as tables_from_frames
    from funis.reporting.report import render_html as render_html
    from funis.reporting.report import write_report as write_report
    from funis.responses.classify import classify as classify
    from funis.responses.relapse_counts import count_relapses as count_relapses
    from funis.responses.respond import respond as respond
    from funis.responses.respond import respond_by_visit as respond_by_visit
    from funis.responses.responder_index import score_responder_index as score_responder_index
    from funis.responses.specification_curve import compare_responses as compare_responses
    from funis.responses.specification_curve import describe_changes as describe_changes
    from funis.responses.specification_curve import multiverse as multiverse
    from funis.responses.steroid_courses import derive_steroid_days as derive_steroid_days
    from funis.results import write_results as write_results
    from funis.scoring.explain import explain as explain
    from funis.scoring.score import score as score
    from funis.scoring.single_visits import scorer as scorer
    from funis.scoring.steroids import derive_prednisone as derive_prednisone
    from funis.scoring.steroids import prednisone_equivalent as prednisone_equivalent
    from funis.scoring.toxicity import grade_toxicity as grade_toxicity
    from funis.scoring.toxicity_shift import count_toxicity_shifts as count_toxicity_shifts
    from funis.scoring.toxicity_shift import derive_lab_baseline as derive_lab_baseline
    from funis.scoring.toxicity_shift import derive_toxicity_shifts as derive_toxicity_shifts
    from funis.stats.mmrm.batch import fit_mmrm_batch as fit_mmrm_batch
    from funis.stats.mmrm.front_door import fit_mmrm as fit_mmrm
    from funis.study.read import read_study as read_study
    from funis.study.read import study_schema as study_schema
    from funis.units import canonical_unit as canonical_unit
    from funis.units import convert as convert
    from funis.units import titre_exponent as titre_exponent

__version__ = VERSION

# Silent unless the caller listens: a library does not decide where messages go.
logging.getLogger("funis").addHandler(logging.NullHandler())

_HOME = {
    "Definition": "funis.catalogue.model_instrument",
    "definition": "funis.catalogue.registry",
    "definitions": "funis.catalogue.registry",
    "score": "funis.scoring.score",
    "scorer": "funis.scoring.single_visits",
    "grade_toxicity": "funis.scoring.toxicity",
    "derive_lab_baseline": "funis.scoring.toxicity_shift",
    "derive_toxicity_shifts": "funis.scoring.toxicity_shift",
    "count_toxicity_shifts": "funis.scoring.toxicity_shift",
    "prednisone_equivalent": "funis.scoring.steroids",
    "derive_prednisone": "funis.scoring.steroids",
    "derive_steroid_days": "funis.responses.steroid_courses",
    "explain": "funis.scoring.explain",
    "respond": "funis.responses.respond",
    "respond_by_visit": "funis.responses.respond",
    "count_relapses": "funis.responses.relapse_counts",
    "classify": "funis.responses.classify",
    "multiverse": "funis.responses.specification_curve",
    "compare_responses": "funis.responses.specification_curve",
    "score_responder_index": "funis.responses.responder_index",
    "describe_changes": "funis.responses.specification_curve",
    "convert": "funis.units",
    "canonical_unit": "funis.units",
    "titre_exponent": "funis.units",
    "read_study": "funis.study.read",
    "study_schema": "funis.study.read",
    "new_study": "funis.data.new_study",
    "Limits": "funis.bounded.limits",
    "read_tables": "funis.data.tables",
    "tables_from_frames": "funis.data.tables",
    "check_frames": "funis.analysis.every_finding",
    "analyse": "funis.analysis.analyse",
    "write_results": "funis.results",
    "render_html": "funis.reporting.report",
    "write_report": "funis.reporting.report",
    "fit_mmrm": "funis.stats.mmrm.front_door",
    "fit_mmrm_batch": "funis.stats.mmrm.batch",
    "audit": "funis.audit.audit",
    "read_figures": "funis.audit.read_figures",
}

#: Rooms that are used by their own names: ``funis.design.simon``.
_ROOMS = ("design", "simulate")

__all__ = ["__version__", *_HOME, *_ROOMS]  # noqa: PLE0604  (the names are the keys of the table above)


def __getattr__(name: str) -> object:
    """Load a public name from its module the first time it is asked for."""
    if name in _ROOMS:
        return import_module(f"funis.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'funis' has no attribute {name!r}. It has: {', '.join(sorted(_HOME))}.")
    found: object = getattr(import_module(_HOME[name]), name)
    # Keep it, so that the next use costs nothing; the room of the audit, which is called itself, stays.
    return globals().setdefault(name, found)


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return sorted(__all__)
