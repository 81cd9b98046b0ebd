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
    from funis.design.two_arms import means as means
    from funis.design.two_arms import rates as rates
    from funis.design.two_stage import simon as simon

_HOME = {
    "boin": "optimal_interval",
    "borrow": "borrowing",
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
