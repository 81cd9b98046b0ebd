"""Studies of each kind, made from the two rebuilt trials: what a report must hold for all of them."""

from __future__ import annotations

import atexit
import csv
import shutil
import tempfile
from functools import cache
from pathlib import Path

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct, reconstruct_scenario
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

KINDS = (
    "sle",
    "sjogren",
    "two_arms",
    "observational",
    "one_subject",
    "nobody_asked",
    "wrecked",
    "no_response_known",
)
ARMS = """
[[arms]]
id = "A"
name = "Cells"

[[arms]]
id = "B"
name = "Placebo"
control = true
"""
RANDOMISATION = """
[randomisation]
method = "blocks"
strata = ["site", "lupus_nephritis"]
ratio = {A = 1, B = 1}
"""


def make_study(kind: str, folder: Path) -> Path:
    """Write the study of one kind into a folder.

    Parameters
    ----------
    kind : one of `KINDS`, randomised, or retreatment
    folder : does not exist yet
    """
    if kind == "retreatment":
        return reconstruct_scenario(folder)
    made = Path(shutil.copytree(_rebuilt("sjogren" if kind == "sjogren" else "sle"), folder))
    change = {
        "two_arms": make_two_arms,
        "randomised": _randomised,
        "observational": _observational,
        "one_subject": _one_subject,
        "nobody_asked": _nobody_asked,
        "wrecked": _wrecked,
        "no_response_known": _no_response_known,
    }.get(kind)
    if change is not None:
        change(made)
    return made


@cache
def _rebuilt(name: str) -> Path:
    """Rebuild a trial once a process, into a folder that goes with it."""
    place = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return reconstruct(name, Path(place) / name)


def analysed(kind: str) -> tuple[Study, Results]:
    """Analyse the study of one kind, once a process; neither is to be changed."""
    return analysed_file(kind)[:2]


@cache
def analysed_file(kind: str) -> tuple[Study, Results, str]:
    """Analyse the study of one kind, once a process, and give the text of its study file too."""
    with tempfile.TemporaryDirectory() as place:
        folder = make_study(kind, Path(place) / kind)
        study = read_study(folder)
        text = (folder / "study.toml").read_text(encoding="utf-8")
        return study, analyse(study, read_tables(folder, study)), text


def _rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _rows(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), list(reader)


def _write(path: Path, names: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)


def make_two_arms(folder: Path) -> None:
    _rewrite(folder / "study.toml", 'design = "single_arm"', 'design = "parallel"')
    _rewrite(folder / "study.toml", "[eligibility]", f"{ARMS}\n[eligibility]")
    names, rows = _rows(folder / "data" / "subjects.csv")
    for place, row in enumerate(rows):
        row["arm"] = "AB"[place % 2]
    _write(folder / "data" / "subjects.csv", [*names, *(["arm"] if "arm" not in names else [])], rows)


def _randomised(folder: Path) -> None:
    """Call the two arms randomised, as a study file does that says how subjects were allocated."""
    make_two_arms(folder)
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(RANDOMISATION)


def _observational(folder: Path) -> None:
    _rewrite(folder / "study.toml", 'design = "single_arm"', 'design = "observational"')


def _one_subject(folder: Path) -> None:
    first = _rows(folder / "data" / "subjects.csv")[1][0]["subject"]
    for path in (folder / "data").glob("*.csv"):
        names, rows = _rows(path)
        _write(path, names, [row for row in rows if row.get("subject", first) == first])


def _nobody_asked(folder: Path) -> None:
    for name in ("safety_questions", "adverse_events"):
        (folder / "data" / f"{name}.csv").unlink()
    text = (folder / "study.toml").read_text(encoding="utf-8").replace(', "safety_questions"', "")
    (folder / "study.toml").write_text(text, encoding="utf-8")


def _wrecked(folder: Path) -> None:
    path = folder / "data" / "bilag_2004.csv"
    text = path.read_text(encoding="utf-8").splitlines()
    text[5] = text[5].rsplit(",", 1)[0] + ",banana"
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


def _no_response_known(folder: Path) -> None:
    """Leave out the grades of five subjects at month 6, and count nobody in their place."""
    path = folder / "data" / "bilag_2004.csv"
    names, rows = _rows(path)
    gone = sorted({row["subject"] for row in rows})[:5]
    kept = [row for row in rows if not (row["subject"] in gone and row["visit"] == "month_6")]
    _write(path, names, kept)
    text = (
        (folder / "study.toml").read_text(encoding="utf-8").replace('missing_outcome = "nonresponder"\n', "")
    )
    (folder / "study.toml").write_text(text, encoding="utf-8")
