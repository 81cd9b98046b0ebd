"""Designs of trials: how many patients, when to look, when to stop.

The names below are loaded when first used. Each function gives a frozen answer; ``funis design`` prints it as
the paragraph a protocol needs, with its figures and a picture.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funis.design.borrowing import borrow as borrow
    from funis.design.events import logrank as logrank
    from funis.design.group_sequential import sequential as sequential
    from funis.design.harm import monitor as monitor
    from funis.design.harm import safety as safety
    from funis.design.mean_change import paired as paired
    from funis.design.one_stage import exact as exact
    from funis.design.optimal_interval import boin as boin
    from funis.design.reassessment import crm as crm
    from funis.design.repeated import mmrm as mmrm
    from funis.design.rerandomised import smart as smart
    from funis.design.response_and_toxicity import bryant_day as bryant_day
    from funis.design.two_arms import means as means
    from funis.design.two_arms import rates as rates
    from funis.design.two_stage import simon as simon
    from funis.design.two_stage_inference import after_two_stages as after_two_stages
    from funis.design.watched_endpoints import two_endpoints as two_endpoints

_HOME = {
    "after_two_stages": "two_stage_inference",
    "boin": "optimal_interval",
    "borrow": "borrowing",
    "bryant_day": "response_and_toxicity",
    "crm": "reassessment",
    "exact": "one_stage",
    "logrank": "events",
    "means": "two_arms",
    "mmrm": "repeated",
    "monitor": "harm",
    "paired": "mean_change",
    "rates": "two_arms",
    "safety": "harm",
    "sequential": "group_sequential",
    "simon": "two_stage",
    "smart": "rerandomised",
    "two_endpoints": "watched_endpoints",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    """Load a design from its module the first time it is asked for."""
    if name not in _HOME:
        raise AttributeError(f"module 'funis.design' has no attribute {name!r}. It has: {', '.join(_HOME)}.")
    found: object = getattr(import_module(f"funis.design.{_HOME[name]}"), name)
    return globals().setdefault(name, found)


def __dir__() -> list[str]:
    """List the designs, loaded or not."""
    return sorted(__all__)
