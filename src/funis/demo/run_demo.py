"""The demonstration: both trials reconstructed, analysed, compared with what was published; a real cohort.

`run_demonstrations` writes one study folder each (study.toml, data/, report/), analyses it as any study is
analysed, and prints each published figure beside the computed one. It ends with 1 if one differs.
"""

from __future__ import annotations

import os
import runpy
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo import SEED
from funis.demo.reconstruct import COHORTS, reconstruct, reconstruct_scenario
from funis.demo.retreatment import SCENARIO
from funis.errors import FunisError
from funis.file_sets import build_set
from funis.published.compare import ComparedRow, ComparedText, render_comparison
from funis.published.read import read_statements
from funis.reporting.abstract_page import PAGE
from funis.reporting.report import write_report_set
from funis.study.read import read_study

Echo = Callable[[str], object]

GSE_NAME = "gse65391"
GSE_FILE = "GSE65391_sle_visits.csv"
_GSE_MISSING = (
    "gse65391: the table of the real cohort is not here, so its report is not made. Download the clinical "
    "table of series GSE65391 from the Gene Expression Omnibus as described in examples/gse65391/README.md, "
    f"then run `funis demo --gse65391 {GSE_FILE}`."
)
#: What is said of a published figure, and of a claim without one, in the answer as JSON.
_SAID_OF_FIGURE = (
    "id", "sentence", "published", "computed", "relation", "agrees", "status", "reason", "results", "source",
)  # fmt: skip
_SAID_OF_CLAIM = ("id", "sentence", "text", "computed", "status", "reason", "results")
#: Stands in every folder that the demonstration wrote; a folder without it is never emptied.
_MARKER = ".funis-demo"


class DemoError(FunisError):
    """The demonstration cannot be run where it was asked for."""

    code = "demo"


@dataclass(frozen=True, slots=True)
class DemoRun:
    """What one part of the demonstration came to.

    Attributes
    ----------
    name : folder below the output folder
    report : the HTML report
    text : published beside computed; None for a cohort without a published text
    findings : number of findings in the data, by level and code
    """

    name: str
    report: Path
    text: ComparedText | None
    findings: Mapping[tuple[str, str], int]


def run_demonstrations(
    out: Path, *, gse65391: Path | None = None, seed: int = SEED, echo: Echo = print
) -> list[DemoRun]:
    """Make the demonstration reports and compare them with the publications.

    Parameters
    ----------
    out : folder that gets ``sle``, ``sjogren`` and ``gse65391``
    gse65391 : the real cohort's table; when None it is looked for in the folder of FUNIS_REFERENCE_DATA
    seed : of all draws of the two trials; the published figures come out whatever it is
    echo : takes each line of output

    Returns
    -------
    What each part came to, the real cohort last where its table is at hand.

    Raises
    ------
    DemoError : a file was named that does not exist, or a folder holds what is not the demonstration's
    """
    deposit = find_deposit(gse65391)
    runs = []
    for name in COHORTS:
        runs.append(run := _write_part(name, out, partial(reconstruct, name, seed=seed)))
        echo(f"\n{name}: reconstructed from published figures, no patient data\n")
        echo(render_comparison(run.text) if run.text is not None else "")
        echo(f"report: {run.report}\npublished text, sentence by sentence: {run.report.with_name(PAGE)}")
    if deposit is None:
        echo(f"\n{_GSE_MISSING}")
    else:
        runs.append(run := _write_part(GSE_NAME, out, partial(import_deposit, deposit)))
        echo(f"\n{GSE_NAME}: a real cohort; findings found in the data:\n")
        echo(_render_findings(run.findings))
        echo(f"report: {run.report}")
    differing = find_differing(runs)
    if differing:
        echo(f"\nPublished and computed differ in {len(differing)}: {', '.join(differing)}.")
    return runs


def run_scenario(out: Path, *, seed: int = SEED, echo: Echo = print) -> list[DemoRun]:
    """Make the report of the invented scenario: those who relapsed in the rebuilt lupus trial infused again.

    Parameters
    ----------
    out : folder that gets ``sle-retreatment``
    seed : of all draws
    echo : takes each line of output

    Raises
    ------
    DemoError : the folder holds what is not the demonstration's
    """
    run = _write_part(f"sle-{SCENARIO}", out, partial(reconstruct_scenario, seed=seed))
    echo(
        f"\n{run.name}: an invented scenario on rebuilt subjects; nobody was treated so, no text reports it\n"
    )
    echo(f"report: {run.report}")
    return [run]


def _write_part(name: str, out: Path, fill: Callable[[Path], Path]) -> DemoRun:
    """Write one part of the demonstration, data and report, as one set."""
    folder = check_folder(out / name)
    with build_set(folder) as draft:
        run = demonstrate(name, fill(draft))
    return replace(run, report=folder / run.report.relative_to(draft))


def find_differing(runs: Sequence[DemoRun]) -> list[str]:
    """Name every published figure that the computed one differs from."""
    return [f"{run.name} {each}" for run in runs if run.text is not None for each in run.text.differing]


def describe_runs(runs: Sequence[DemoRun]) -> list[dict[str, object]]:
    """Describe each part of the demonstration: its report, its figures beside the published, its findings."""
    return [
        {
            "name": run.name,
            "report": str(run.report),
            "figures": [_say(each, _SAID_OF_FIGURE) for each in _rows(run) if each.agrees is not None],
            "claims": [_say(each, _SAID_OF_CLAIM) for each in _rows(run) if each.agrees is None],
            "findings": [
                {"level": level, "code": code, "count": count}
                for (level, code), count in sorted(run.findings.items())
            ],
        }
        for run in runs
    ]


def _rows(run: DemoRun) -> tuple[ComparedRow, ...]:
    return run.text.rows if run.text is not None else ()


def _say(row: ComparedRow, names: Sequence[str]) -> dict[str, object]:
    return {name: getattr(row, name) for name in names}


def demonstrate(name: str, folder: Path) -> DemoRun:
    """Check, analyse and report one study folder, and compare it with the published text it names.

    Parameters
    ----------
    name : of the demonstration
    folder : study folder with study.toml and data/

    Returns
    -------
    DemoRun
    """
    (folder / _MARKER).touch()
    study = read_study(folder)
    tables = read_tables(folder, study)
    results = analyse(study, tables)
    written = write_report_set(study, results, folder / "report", statements=read_statements(study, folder))
    found: Counter[tuple[str, str]] = Counter((each.level, each.code) for each in results.findings)
    return DemoRun(name, written.files[0], written.text, found)


def find_deposit(named: Path | None) -> Path | None:
    """Find the table of GSE65391: the file named, or that of FUNIS_REFERENCE_DATA, or none.

    Raises
    ------
    DemoError : the file named does not exist
    """
    if named is not None:
        if not named.is_file():
            raise DemoError(f"There is no file {str(named)!r}. {_GSE_MISSING}")
        return named
    folder = os.environ.get("FUNIS_REFERENCE_DATA")
    if not folder:
        return None
    found = Path(folder) / GSE_NAME / GSE_FILE
    return found if found.is_file() else None


def import_deposit(deposit: Path, folder: Path) -> Path:
    """Turn the deposited table into a study folder with the script of the example.

    Raises
    ------
    DemoError : it is not the deposited table; or the examples are not beside the package (an installed copy
        without its repository)
    """
    script = Path(__file__).resolve().parents[3] / "examples" / GSE_NAME / "import_gse65391.py"
    if not script.is_file():
        raise DemoError(
            "The script examples/gse65391/import_gse65391.py is not here: it is part of the repository, "
            "not of the installed package. Run the demonstration in a clone."
        )
    try:
        runpy.run_path(str(script))["write_cohort"](deposit, folder)
    except SystemExit as refusal:
        raise DemoError(f"The real cohort cannot be imported: {refusal}") from None
    return folder


def check_folder(folder: Path) -> Path:
    """Give a folder that is free, or of an earlier demonstration; refuse any other that holds something.

    Raises
    ------
    DemoError : the folder holds files and no demonstration wrote it
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARKER).is_file():
        raise DemoError(
            f"The folder {str(folder)!r} holds files and was not written by a demonstration. "
            "Name another output folder."
        )
    return folder


def _render_findings(findings: Mapping[tuple[str, str], int]) -> str:
    """Print the findings found, one line a kind."""
    rows = [
        f"{count:>6}  {level:<8} {code.replace('_', ' ')}"
        for (level, code), count in sorted(findings.items())
    ]
    return "\n".join(rows) or "  none"
