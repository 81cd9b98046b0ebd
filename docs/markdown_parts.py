"""Parts that several generated pages share: a table, and the place to sign beside the publication."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def build_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lay out a Markdown table, one line a row; a bar inside a cell becomes a slash."""
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    lines += [f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |" for row in rows]
    return [*lines, ""]


def render_signature() -> list[str]:
    """Leave room for two people who compared the page with the publication."""
    rows = [("", "", ""), ("", "", "")]
    return ["## Compared with the publication", "", *build_table(("name", "date", "signature"), rows)]
