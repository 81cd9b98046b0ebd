"""Before the first patient: a calibrated disease model, virtual trials, and when to infuse again.

The names below are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funis.simulate.calibration import calibrate as calibrate
    from funis.simulate.maximum_likelihood import fit_waning as fit_waning
    from funis.simulate.reinfusion import reinfuse as reinfuse
    from funis.simulate.trials.simulated import draw_trial as draw_trial

_HOME = {
    "calibrate": "calibration",
    "draw_trial": "trials.simulated",
    "fit_waning": "maximum_likelihood",
    "reinfuse": "reinfusion",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    """Load a function from its module the first time it is asked for."""
    if name not in _HOME:
        raise AttributeError(
            f"module 'funis.simulate' has no attribute {name!r}. It has: {', '.join(_HOME)}."
        )
    found: object = getattr(import_module(f"funis.simulate.{_HOME[name]}"), name)
    return globals().setdefault(name, found)


def __dir__() -> list[str]:
    """List the functions, loaded or not."""
    return sorted(__all__)
