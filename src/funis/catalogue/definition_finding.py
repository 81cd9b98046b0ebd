"""One thing wrong in a definition, as every check of definitions reports it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class DefinitionFinding:
    """One thing wrong in a definition: where, what was found, what to do."""

    table: str
    row: int | None
    name: str
    column: str
    value: Any
    message: str
    fix: str
