"""The command that writes the abstract of a study for a congress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from funis.bounded.limits import read_limits
from funis.catalogue.congress_rules import congress_rule, congress_rules
from funis.cli.answers import Json, list_findings, print_answer
from funis.cli.arguments import Folder, Limit, existing_folder

if TYPE_CHECKING:
    from funis.reporting.congress.abstract import CongressAbstract

_STYLES = " or ".join(congress_rules())
_FORMATS = "md,docx,txt"
Style = Annotated[str, typer.Option("--style", help=f"Congress: {_STYLES}.")]
Form = Annotated[str, typer.Option("--format", help=f"Kinds of file, with commas between: {_FORMATS}.")]
Characters = Annotated[
    int | None,
    typer.Option(
        "--characters",
        min=1,
        metavar="NUMBER",
        help="Characters at most, where the congress has changed its limit since.",
    ),
]


def abstract(
    folder: Folder,
    style: Style,
    form: Form = _FORMATS,
    characters: Characters = None,
    json_: Json = False,
    limit: Limit = None,
) -> None:
    """Write the abstract of a study for a congress into DIR/report, and print it as Markdown.

    Every number is bound to a result. What the study file does not say is left to be filled in. Exit 1 when a
    finding is an error, or the text is too long and nothing more may be left out: it is written all the same.
    """
    from funis.analysis.analyse import analyse
    from funis.data.tables import read_tables
    from funis.published.compare import compare_with_published
    from funis.published.read import read_statements
    from funis.reporting.congress.abstract import build_congress_abstract
    from funis.reporting.congress.abstract_document import left_out_words, length_words, rule_words
    from funis.reporting.congress.write_abstract import (
        find_abstract_formats,
        printed_markdown,
        write_abstract,
    )
    from funis.study.read import read_study

    rule, formats = congress_rule(style), find_abstract_formats(form)
    limits = read_limits(limit or ())
    study = read_study(existing_folder(folder))
    statements = read_statements(study, folder)
    results = analyse(study, read_tables(folder, study, limits=limits))
    text = compare_with_published(results.numbers, statements) if statements is not None else None
    written = build_congress_abstract(study, results, rule, limit=characters, text=text)
    files = [str(path) for path in write_abstract(written, results, folder / "report", formats)]
    has_errors = any(finding.level == "error" for finding in results.findings)
    for line in (*files, f"Length: {length_words(written)}", *rule_words(written), *left_out_words(written)):
        typer.echo(line, err=True)
    if has_errors:
        typer.echo(f"The data have errors: funis check {folder}", err=True)
    answer = _describe(written, files) | {"findings": list_findings(results.findings)}
    print_answer(printed_markdown(written).rstrip("\n"), answer, as_json=json_)
    raise typer.Exit(int(has_errors or bool(written.over)))


def _describe(written: CongressAbstract, files: list[str]) -> dict[str, object]:
    """Describe an abstract for a program: its text, its length, its numbers, what is missing."""
    from funis.reporting.congress.abstract_document import numbers_of
    from funis.reporting.congress.sentence import text_of

    return {
        "files": files,
        "style": written.rule.name,
        "title": written.title,
        "parts": {head: text_of(said) for _, head, said in written.parts},
        "notices": [notice.title for notice in written.notices],
        "characters": written.characters,
        "limit": written.limit,
        "kept_free": written.kept_free,
        "over": written.over,
        "to_be_filled_in": [gap.what for gap in written.gaps],
        "left_out": list(written.fitted.left_out),
        "shortened": list(written.fitted.shortened),
        "assumed": list(written.assumed),
        "not_told": list(written.untold),
        "missing_items": [each.item for each in written.missing_items],
        "numbers": [{"text": text, "id": name} for text, name in numbers_of(written)],
    }
