"""How a command answers: text for a reader, or one JSON value and nothing else on standard output."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from funis.cli.finding_lines import FINDING_COLUMNS
from funis.errors import Finding

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object or list and nothing else.")]


def print_answer(text: str, answer: object, *, as_json: bool) -> None:
    """Print an answer to standard output, as text or as JSON."""
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False, default=str) if as_json else text)


#: Options that say where to write, not what is asked.
_PLACES = frozenset({"html", "json_", "out"})


def asked_command(context: typer.Context) -> str:
    """Write the command that runs, as it was asked for, without where it writes to."""
    words: list[str] = []
    here: Any = context
    while here.parent is not None:
        words, here = [str(here.info_name), *words], here.parent
    words = ["funis", *words]
    for option in context.command.params:
        name = str(option.name)
        was_given = getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"
        if not was_given or name in _PLACES or option.param_type_name != "option":
            continue
        value, flag = context.params[name], option.opts[-1]
        words += [flag] if value is True else [f"{flag} {each}" for each in _values(value)]
    return " ".join(words)


def _values(value: object) -> list[str]:
    from funis.results.text import format_shortest

    every = list(value) if isinstance(value, list | tuple) else [value]
    return [format_shortest(each) if isinstance(each, float) else str(each) for each in every]


def list_findings(findings: Sequence[Finding]) -> list[dict[str, object]]:
    """Give findings as objects with the keys that stand in the interface."""
    return [{name: getattr(finding, name) for name in FINDING_COLUMNS} for finding in findings]
