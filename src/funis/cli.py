"""The commands. No logic stands here: each command calls one function and prints what it gives.

Exit codes: 0 done; 1 the data have errors, or a published figure differs; 2 the command cannot be carried
out as it was given. Messages go to standard error, answers to standard output.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from funis.errors import LEVELS, Finding, FunisError, StudyError, UnknownNameError, ValueRangeError

if TYPE_CHECKING:
    from funis.catalogue.definition import Definition
    from funis.study.model import Study

FINDING_COLUMNS = (
    "level", "code", "table", "file", "line", "column", "value", "message", "fix", "subject", "visit",
)  # fmt: skip
FINDING_FORMATS = ("text", "json", "csv")
SAME_SLIP = 4
"""So many findings that differ only in their line are printed as one."""
MISSING = ("strict", "absent", "worst", "locf")


class NearestGroup(TyperGroup):
    """A group of commands that names the nearest one when there is none of the name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Find a command, or fail with the nearest name."""
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            near = get_close_matches(args[0], self.commands, n=1, cutoff=0.5)
            hint = f" Did you mean '{near[0]}'?" if near else ""
            ctx.fail(f"There is no command '{args[0]}'.{hint} Commands: {', '.join(self.commands)}.")
        return super().resolve_command(ctx, args)


app = typer.Typer(
    name="funis",
    cls=NearestGroup,
    help="Cell-therapy trials in autoimmune disease, from protocol to paper.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
instruments_app = typer.Typer(cls=NearestGroup, help="What funis can score.", rich_markup_mode=None)
app.add_typer(instruments_app, name="instruments")

Folder = Annotated[Path, typer.Argument(help="Study folder: study.toml and data/.", metavar="DIR")]
Instrument = Annotated[str, typer.Argument(help="Name of an instrument; see 'funis instruments'.")]
Table = Annotated[Path, typer.Argument(help="CSV, Parquet or Excel file.", metavar="FILE")]


def main() -> NoReturn:
    """Run the command line; what the user can correct is one message, not a traceback."""
    # A command ends soon: searching everything it has read for dead cycles costs more than it frees.
    gc.set_threshold(200_000, 20, 50)
    try:
        app()
    except FunisError as error:
        typer.echo(f"funis: {error}", err=True)
    except BrokenPipeError:
        # The reader (such as head) has seen enough.
        sys.stderr.close()
        sys.exit(0)
    sys.exit(2)


@app.callback(invoke_without_command=True)
def _version(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Cell-therapy trials in autoimmune disease, from protocol to paper."""
    if version:
        from funis import __version__

        typer.echo(__version__)
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


# --- a study -------------------------------------------------------------------------------------


@app.command()
def new(
    template: Annotated[str, typer.Argument(help="sle, sjogren or observational.")],
    folder: Annotated[Path, typer.Argument(help="Folder to be made.", metavar="DIR")],
) -> None:
    """Write a study folder to start from: study.toml and empty tables with the right headers."""
    from funis.data.new_study import new_study

    made = new_study(template, folder)
    typer.echo(f"Made {made}. Edit {made / 'study.toml'}, fill {made / 'data'}, then: funis check {made}")


@app.command()
def check(
    folder: Folder,
    form: Annotated[str, typer.Option("--format", help="text, json or csv.")] = "text",
) -> None:
    """Print every finding of a study file and its data; exit 1 when one is an error."""
    if form not in FINDING_FORMATS:
        raise UnknownNameError("format", form, FINDING_FORMATS, "--format")
    findings = _find_findings(_existing(folder))
    typer.echo(_render_findings(findings, form))
    raise typer.Exit(int(any(finding.level == "error" for finding in findings)))


@app.command()
def report(folder: Folder) -> None:
    """Check, score and analyse a study, and write its report and results into DIR/report."""
    from funis.documents.drawing import start_renderer

    start_renderer()
    from funis.analysis.analyse import analyse
    from funis.data.tables import read_tables
    from funis.files import write_whole
    from funis.reporting.report import render_html
    from funis.results import write_results

    study = _read_study(_existing(folder))
    results = analyse(study, read_tables(folder, study))
    paths = write_results(results, folder / "report")
    page = write_whole(folder / "report" / "report.html", render_html(study, results))
    if results.findings:
        typer.echo(_render_findings(results.findings, "text"), err=True)
    for path in (page, *paths):
        typer.echo(str(path))


@app.command()
def multiverse(
    folder: Folder,
    threshold: Annotated[
        float, typer.Option(help="Percent of responders that the 95 % interval is held against.")
    ] = 50.0,
) -> None:
    """Count the responders in every way the records allow, and say which choice changes the conclusion."""
    from funis.analysis.specifications import render_choices, try_choices
    from funis.data.tables import read_tables
    from funis.files import write_frame

    study = _read_study(_existing(folder))
    found = try_choices(study, read_tables(folder, study), threshold=threshold)
    typer.echo(render_choices(found))
    typer.echo(str(write_frame(found, folder / "report" / "multiverse.csv")), err=True)


@app.command("study-schema")
def study_schema() -> None:
    """Print the JSON Schema of study.toml, for editors that complete and check it."""
    from funis.study.read import study_schema as schema

    typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the demonstrations.")] = Path("demo"),
    gse65391: Annotated[Path | None, typer.Option(help="Table of the real cohort GSE65391.")] = None,
) -> None:
    """Rebuild both published trials, analyse them and print published beside computed."""
    from funis.demo.run_demo import run_demo

    raise typer.Exit(run_demo(out, gse65391=gse65391, echo=typer.echo))


# --- instruments ---------------------------------------------------------------------------------


@app.command()
def score(
    instrument: Instrument,
    file: Table,
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .csv, .parquet or .xlsx.")],
    subject: Annotated[str, typer.Option(help="Column of the subject, where the visit before counts.")] = "",
    order: Annotated[str, typer.Option(help="Column of the visit's date or day.")] = "",
    missing: Annotated[str, typer.Option(help="strict, absent, worst or locf.")] = "strict",
) -> None:
    """Score every row of FILE and write it with the columns of the score added."""
    from funis.scoring.score_file import score_file

    if missing not in MISSING:
        raise UnknownNameError("missing-data policy", missing, MISSING, "--missing")
    path = score_file(instrument, file, out, subject=subject or None, order=order or None, missing=missing)
    typer.echo(str(path))


@app.command()
def explain(
    instrument: Instrument,
    file: Table,
    subject: Annotated[str, typer.Option(help="Subject.")],
    visit: Annotated[str, typer.Option(help="Visit.")],
    order: Annotated[str, typer.Option(help="Column of the visit's date or day.")] = "",
    missing: Annotated[str, typer.Option(help="strict, absent, worst or locf.")] = "strict",
) -> None:
    """Print how one score of one visit came about, row by row."""
    from funis.scoring.score_file import explain_file

    if missing not in MISSING:
        raise UnknownNameError("missing-data policy", missing, MISSING, "--missing")
    place = {"subject": subject, "visit": visit}
    typer.echo(explain_file(instrument, file, place=place, order=order or None, missing=missing))


@instruments_app.callback(invoke_without_command=True)
def instruments(ctx: typer.Context) -> None:
    """List every instrument with its version and source."""
    if ctx.invoked_subcommand is not None:
        return
    from funis.catalogue.definition import definition, definitions

    found = [definition(name) for name in definitions()]
    width = max(len(each.name) for each in found)
    for each in found:
        version = f" ({each.version})" if each.version else ""
        typer.echo(f"{each.name:<{width}}  {each.title}{version}")
        typer.echo(f"{'':<{width}}  {each.source}")


@instruments_app.command()
def show(name: Instrument) -> None:
    """Print the rows of one instrument with their values, range, parameters and source."""
    from funis.catalogue.definition import definition

    typer.echo(_render_definition(definition(name)))


# --- printing ------------------------------------------------------------------------------------


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise ValueRangeError("study folder", str(folder), "a folder with study.toml and data/")
    return folder


def _read_study(folder: Path) -> Study:
    from funis.study.read import read_study

    return read_study(folder)


def _find_findings(folder: Path) -> Sequence[Finding]:
    """Give the findings of the study file; where it has none, those of the data."""
    from funis.data.tables import read_tables

    try:
        study = _read_study(folder)
    except StudyError as error:
        return error.findings
    from funis.analysis.findings import check_scores

    tables = read_tables(folder, study)
    findings = (*tables.findings, *check_scores(study, tables, tables.findings))
    if not study.estimands:
        return findings
    from funis.analysis.analyse import find_gaps

    return (*findings, *find_gaps(study, tables))


def _render_findings(findings: Sequence[Finding], form: str) -> str:
    rows = [{name: getattr(finding, name) for name in FINDING_COLUMNS} for finding in findings]
    if form == "json":
        return json.dumps(rows, indent=2, ensure_ascii=False)
    if form == "csv":
        return _render_csv(rows)
    lines: list[str] = []
    for level in LEVELS:
        of_level = [finding for finding in findings if finding.level == level]
        lines += _finding_lines(of_level)
    counts = ", ".join(_counted(findings, level) for level in LEVELS)
    return "\n".join([*lines, counts])


def _finding_lines(findings: Sequence[Finding]) -> list[str]:
    """Print each finding; one slip made in many rows is said once, with its lines, and buries no other."""
    rows: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        value = "" if finding.value == finding.subject else finding.value
        message = finding.message.replace(f" of subject '{finding.subject}'", "")
        same = (finding.code, finding.file, finding.column, value, message, finding.fix)
        rows.setdefault(same if finding.line is not None else (*same, str(len(rows))), []).append(finding)
    printed: list[str] = []
    for group in rows.values():
        if len(group) < SAME_SLIP:
            printed += map(str, group)
            continue
        places = _ranges(sorted({finding.line or 0 for finding in group}))
        first = group[0]
        message = first.message.replace(f" of subject '{first.subject}'", "")
        values = dict.fromkeys(finding.value for finding in group)
        text = str(replace(first, message=message, value="" if len(values) > 1 else first.value))
        if len(values) > 1:
            found = f" Found {', '.join(map(repr, values))}. {first.fix}"
            text = text.replace(f" {first.fix}", found, 1)
        printed.append(text.replace(f", line {first.line}", f", lines {places} ({len(group)} findings)", 1))
    return printed


def _ranges(lines: Sequence[int]) -> str:
    """Print line numbers, neighbours as a range."""
    ranges: list[list[int]] = []
    for line in lines:
        if ranges and line == ranges[-1][1] + 1:
            ranges[-1][1] = line
        else:
            ranges.append([line, line])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def _counted(findings: Sequence[Finding], level: str) -> str:
    count = sum(finding.level == level for finding in findings)
    plural = {"query": "queries"}.get(level, f"{level}s")
    return f"{count} {level if count == 1 else plural}"


def _render_csv(rows: list[dict[str, Any]]) -> str:
    import polars as pl

    from funis.files import neutralise

    schema = {name: pl.Int64 if name == "line" else pl.String for name in FINDING_COLUMNS}
    return neutralise(pl.DataFrame(rows, schema=schema)).write_csv().rstrip("\n")


def _render_definition(found: Definition) -> str:
    lines = [found.title, f"version: {found.version}", f"source: {found.source}", f"licence: {found.licence}"]
    lines.append(f"range: {found.range.lowest:g} to {found.range.highest:g} {found.unit}".rstrip())
    if found.window:
        lines.append(f"looks back: {found.window}")
    for each in found.parameters:
        allowed = ", ".join(map(str, each.allowed))
        choice = f" (one of {allowed})" if allowed else ""
        lines.append(f"parameter {each.name} = {each.default}{choice}: {each.label}")
    for item in found.items:
        values = ", ".join(map(str, item.values)) if item.values else item.unit
        lines.append(f"{item.row:>3}  {item.name}  [{values}]  {item.label}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
