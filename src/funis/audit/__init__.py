"""Check the printed figures of a paper against each other: ``funis.audit(figures)``. It knows no trial.

The room and its front door have one name: ``funis.audit(figures)`` is :func:`funis.audit.audit.audit`, and
``funis.audit.figures`` is a file of the room. Others: ``read_figures`` (a TOML of figures), ``findings``
(what a check says), ``checks`` (the checks, one file each).

Examples
--------
>>> import funis
>>> funis.audit([])
()
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from funis.audit.figures import PrintedFigure, ReportFigures
    from funis.audit.findings import AuditFinding


class _Room(ModuleType):
    """A package that can be called: the interface names its front door like the room."""

    def __call__(self, figures: ReportFigures | Iterable[PrintedFigure]) -> tuple[AuditFinding, ...]:
        """Check printed figures against each other; see :func:`funis.audit.audit.audit`."""
        from funis.audit.audit import audit

        return audit(figures)


sys.modules[__name__].__class__ = _Room
