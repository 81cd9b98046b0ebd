"""funis takes a cell-therapy trial in autoimmune disease from protocol to paper.

The names below are loaded when first used, so that ``import funis`` costs almost nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from funis.definition import (
        Definition as Definition,
    )
    from funis.definition import (
        definition as definition,
    )
    from funis.definition import (
        definitions as definitions,
    )
    from funis.scoring import score as score
    from funis.units import convert as convert
    from funis.working import explain as explain

__version__ = "0.1.0"

_HOME = {
    "Definition": "funis.definition",
    "definition": "funis.definition",
    "definitions": "funis.definition",
    "score": "funis.scoring",
    "explain": "funis.working",
    "convert": "funis.units",
    "read_study": "funis.study",
    "read_tables": "funis.tables",
    "respond": "funis.response",
    "analyse": "funis.analysis",
    "write_results": "funis.results",
    "fit_mmrm": "funis.stats.mmrm",
    "render_html": "funis.report.html",
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
