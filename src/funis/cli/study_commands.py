"""Commands that take a study folder: make one, check it, report on it, count its responders in every way."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from funis.bounded.limits import read_limits
from funis.cli.answers import Json, list_findings, print_answer
from funis.cli.arguments import Folder, Limit, existing_folder
from funis.cli.correction_commands import write_corrections_of
from funis.cli.finding_lines import FINDING_FORMATS, render_findings
from funis.documents.formats import ALL_FORMATS, find_formats, needs_pictures
from funis.errors import Finding, StudyError, UnknownNameError

if TYPE_CHECKING:
    from funis.study.model import Study

#: Bytes of all tables of a study, below which one thread answers faster than several.
_SMALL: Final = 4_000_000
_FORMATS_HELP = f"Kinds of file, with commas between: {', '.join(ALL_FORMATS)}."


def new(
    template: Annotated[str, typer.Argument(help="sle, sjogren or observational.")],
    folder: Annotated[Path, typer.Argument(help="Folder to be made.", metavar="DIR")],
    excel: Annotated[
        bool, typer.Option("--excel", help="One workbook with drop-downs and legends in place of CSV files.")
    ] = False,
    json_: Json = False,
) -> None:
    """Write a study folder to start from: study.toml and empty tables with the right headers."""
    from funis.data.new_study import new_study

    made = new_study(template, folder, excel=excel)
    files = sorted(str(path) for path in made.rglob("*") if path.is_file())
    print_answer(
        f"Made {made}. Edit {made / 'study.toml'}, fill {made / 'data'}, then: funis check {made}",
        {"folder": str(made), "files": files},
        as_json=json_,
    )


def check(
    folder: Folder,
    form: Annotated[str, typer.Option("--format", help="text, json or csv.")] = "text",
    json_: Json = False,
    corrections: Annotated[
        Path | None,
        typer.Option(
            "--corrections",
            metavar="FILE",
            help="Write proposed corrections (.csv or .xlsx) to approve; funis correct applies them.",
        ),
    ] = None,
    limit: Limit = None,
) -> None:
    """Print every finding of a study file and its data; exit 1 when one is an error."""
    form = "json" if json_ else form
    if form not in FINDING_FORMATS:
        raise UnknownNameError("format", form, FINDING_FORMATS, "--format")
    findings = _find_findings(existing_folder(folder), limit)
    typer.echo(render_findings(findings, form))
    if corrections is not None:
        # Without a study file nobody knows what a cell should be; that finding is told above.
        with suppress(StudyError):
            write_corrections_of(_read_study(folder), folder, corrections, limit)
    raise typer.Exit(_exit_code(findings))


def report(
    folder: Folder,
    form: Annotated[str, typer.Option("--format", help=_FORMATS_HELP)] = "html",
    json_: Json = False,
    limit: Limit = None,
) -> None:
    """Check, score and analyse a study, and write its report and results into DIR/report.

    Exit 1 when a finding is an error, or a published figure of a study with [source] differs: what could be
    written is written all the same.
    """
    formats = find_formats(form)
    if needs_pictures(formats):
        from funis.documents.drawing import start_renderer

        start_renderer()
    _spare_threads(folder)
    from funis.analysis.analyse import analyse
    from funis.data.tables import read_tables
    from funis.published.read import read_statements
    from funis.reporting.report import write_report_set

    limits = read_limits(limit or ())
    study = _read_study(existing_folder(folder))
    statements = read_statements(study, folder)
    results = analyse(study, read_tables(folder, study, limits=limits))
    report_set = write_report_set(study, results, folder / "report", formats, statements)
    if results.findings and not json_:
        typer.echo(render_findings(results.findings, "text"), err=True)
    written = [str(path) for path in report_set.files]
    answer: dict[str, object] = {"files": written, "findings": list_findings(results.findings)}
    differing: tuple[str, ...] = ()
    if (text := report_set.text) is not None:
        differing = text.differing
        answer["published"] = {"agreement": text.agreement, "differing": differing}
        unlike = [each for each in differing if each not in text.withheld]
        typer.echo("; ".join([text.agreement, *(f"{each} differs" for each in unlike)]), err=True)
    print_answer("\n".join(written), answer, as_json=json_)
    raise typer.Exit(int(bool(differing)) or _exit_code(results.findings))


def multiverse(
    folder: Folder,
    threshold: Annotated[
        float, typer.Option(help="Percent of responders that the interval is compared with.")
    ] = 50.0,
    json_: Json = False,
    limit: Limit = None,
) -> None:
    """Draw up a specification curve (multiverse): responders counted in every way the records allow.

    The answer says which choice changes the conclusion.
    """
    from funis.analysis.specifications import level_of_ways, render_choices, try_choices
    from funis.data.tables import read_tables
    from funis.files import write_frame

    limits = read_limits(limit or ())
    study = _read_study(existing_folder(folder))
    found = try_choices(study, read_tables(folder, study, limits=limits), threshold=threshold)
    print_answer(render_choices(found, level_of_ways(study)), found.to_dicts(), as_json=json_)
    typer.echo(str(write_frame(found, folder / "report" / "multiverse.csv")), err=True)


def study_schema() -> None:
    """Print the JSON Schema of study.toml, for editors that complete and check it."""
    from funis.study.read import study_schema as schema

    typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


def _spare_threads(folder: Path) -> None:
    """Let polars work in one thread where the tables are those of a trial; what the user has set stays.

    A report asks polars two thousand small questions: to hand each to a thread and to wait for it costs more
    than it gains. Polars reads this as it is loaded.
    """
    with suppress(OSError):
        if sum(path.stat().st_size for path in (folder / "data").iterdir()) < _SMALL:
            os.environ.setdefault("POLARS_MAX_THREADS", "1")


def _exit_code(findings: Sequence[Finding]) -> int:
    return int(any(finding.level == "error" for finding in findings))


def _read_study(folder: Path) -> Study:
    from funis.study.read import read_study

    return read_study(folder)


def _find_findings(folder: Path, limit: list[str] | None) -> Sequence[Finding]:
    """Give the findings of the study file; where it has none, those of published statements and the data."""
    from funis.data.tables import read_tables

    limits = read_limits(limit or ())
    from funis.published.parse import ManifestError
    from funis.published.read import read_statements

    try:
        study = _read_study(folder)
    except StudyError as error:
        return error.findings
    said: Sequence[Finding] = ()
    try:
        read_statements(study, folder)
    except ManifestError as error:
        said = error.findings
    from funis.analysis.every_finding import find_findings

    return [*said, *find_findings(study, read_tables(folder, study, limits=limits))]
