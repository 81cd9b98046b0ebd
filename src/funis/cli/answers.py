"""How a command answers: text for a reader, or one JSON value and nothing else on standard output."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from funis.cli.finding_lines import FINDING_COLUMNS
from funis.errors import Finding

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object or list and nothing else.")]


def print_answer(text: str, answer: object, *, as_json: bool) -> None:
    """Print an answer to standard output, as text or as JSON."""
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False, default=str) if as_json else text)


def list_findings(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """Give findings as objects with the keys that stand in the interface."""
    return [{name: getattr(finding, name) for name in FINDING_COLUMNS} for finding in findings]
