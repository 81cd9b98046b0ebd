"""Nothing that says who somebody is leaves a study folder: secrets are planted everywhere, and every answer is read.

A name, a date of birth in many forms, a telephone and a card number, an address stand one after another in every column
of every table, in columns nobody knows, in columns without a name, in headers, rows that are too long or too short, names
of files and sheets, comments, and values of the study file that are none. Every command answers, as text and as
JSON, and writes what it writes. None of the secrets may stand in any of it.

Three things are shown on purpose, and are not planted here: terms, organ classes and actions of adverse events and names
of drugs, which the report lists as they were recorded; codes that the study chose (numbers of subjects, lots, donors, names of visits where every visit counts)
where they do not read as a name, a date, a telephone or a card number; and texts that the study file defines (titles,
labels, names of sites and arms, criteria) or names in small letters, as it names everything. ``funis score FILE`` writes
the user's own table with columns added, ``funis demo --gse65391 FILE`` the data folder it made of the file.
"""

import csv
import io
import logging
import re
import runpy
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from typer.testing import CliRunner

import funis
from funis.cli import app
from funis.demo import run_demo
from funis.errors import FunisError
from funis.schema import TABLES
from funis.study.read import read_study

CLEAN = Path(__file__).parent / "clean"
EXAMPLE = Path(__file__).parents[2] / "examples" / "gse65391" / "import_gse65391.py"
SECRETS = {
    "name": "Zhang Xiaoming",
    "name with comma": "Wang, Lihua",
    "name of one word": "Zhangwei",
    "name in small letters": "okonkwo",
    "name with an accent": "MÜLLERIN",
    "name with an apostrophe": "O'Brienne",
    "Chinese name": "王小明",
    "Chinese name of four": "欧阳小红",
    "date": "1981-03-12",
    "date of spreadsheets": "12/03/1981",
    "date with points": "12.3.1981",
    "date in words": "12 Mar 1981",
    "date in English": "March 12, 1981",
    "date in Chinese": "1981年3月12日",
    "compact date": "19810312",
    "date with time": "1981-03-12 08:30",
    "impossible date": "1981-02-30",
    "telephone": "13812345678",
    "telephone with spaces": "138 1234 5678",
    "telephone abroad": "+86 138-1234-5678",
    "landline": "025-83106666",
    "card": "320106198103122417",
    "card with X": "32010619810312241X",
    "old card": "320106810312241",
    "address": "12 Hankou Road, Nanjing",
    "Chinese address": "南京市鼓楼区汉口路22号",
    "mail": "xiaoming.zhang@example.org",
    "name and number": "Zhang Xiaoming 320106198103122417",
    "number and name": "54 Zhang Xiaoming",
    "comparator and name": "<5 Zhang Xiaoming",
}
# As a study file names what it defines.
NAMES_IN_SMALL_LETTERS = {"okonkwo"}
# A table that is listed as it was recorded; see the docstring of the module.
LISTED = {
    *(("adverse_events", name) for name in ("term", "preferred_term", "organ_class", "action")),
    ("medications", "drug"),
}
Rows = list[list[str]]


# Each secret whole and in its telling parts, by how it is searched for.
PARTS = {
    part.casefold(): part
    for secret in SECRETS.values()
    for part in (secret, *re.findall(r"Xiaoming|Lihua|Hankou|\d{6,}|[\u4e00-\u9fff]{3,}", secret))
}


def leaks(text: str) -> list[str]:
    """Name the secrets that stand in a text, whole or in their telling parts."""
    folded = text.casefold()
    found = {part for searched, part in PARTS.items() if searched in folded}
    # The day of birth, however it is written: advice to write it otherwise would show it too.
    found |= {day for day in ("1981-03-12", "1981-12-03", "1981-02") if day in text}
    return sorted(found)


def clean_tables() -> dict[str, Rows]:
    tables = {
        path.stem: list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
        for path in sorted((CLEAN / "data").glob("*.csv"))
    }
    tables["donors"] = [["donor", "consent_date", "hiv"], ["D1", "2019-11-01", "negative"]]
    tables["medications"] = [
        ["subject", "drug", "dose", "unit", "route", "start", "end", "reason"],
        ["S1", "prednisone", "20", "mg", "oral", "2020-01-01", "2020-02-01", "flare"],
    ]
    # Every column that a table may have stands in it.
    for name, rows in tables.items():
        known = TABLES[name].names if name in TABLES else ()
        for column in [each for each in known if each not in rows[0]]:
            rows[0].append(column)
            for row in rows[1:]:
                row.append("")
    return tables


TABLES_CLEAN = clean_tables()


def write(folder: Path, tables: dict[str, Rows], study: str = "") -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "data").mkdir(parents=True)
    (folder / "study.toml").write_text(
        study or (CLEAN / "study.toml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    for name, rows in tables.items():
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        (folder / "data" / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8", newline="")
    return folder


def copied() -> dict[str, Rows]:
    return {name: [list(row) for row in rows] for name, rows in TABLES_CLEAN.items()}


def planted_cells() -> Iterator[tuple[str, dict[str, Rows]]]:
    """Put every secret into each column of each table: one more row a secret, which differs in nothing else."""
    for name, rows in TABLES_CLEAN.items():
        for place, column in enumerate(rows[0]):
            if (name, column) in LISTED:
                continue
            tables = copied()
            for secret in SECRETS.values():
                row = list(rows[1])
                row[place] = secret
                tables[name].append(row)
            yield f"{name}.{column}", tables


def planted_shapes() -> Iterator[tuple[str, dict[str, Rows]]]:
    """Put every secret where no column is."""
    secrets = list(SECRETS.values())
    for number, name in enumerate(("subjects", "labs", "adverse_events", "sledai_2k")):
        header, *rows = TABLES_CLEAN[name]
        many = [[*rows[0]] for _ in secrets]
        one = secrets[number]
        shapes: dict[str, Rows] = {
            "extra column": [
                [*header, "extra"],
                *([*row, each] for row, each in zip(many, secrets, strict=True)),
            ],
            "comment": [
                [*header, "comment"],
                *([*row, each] for row, each in zip(many, secrets, strict=True)),
            ],
            "unnamed column": [
                [*header, ""],
                *([*row, each] for row, each in zip(many, secrets, strict=True)),
            ],
            "header": [[*header, *secrets], *([*row, *("1" for _ in secrets)] for row in rows)],
            "two headers": [
                [*header, *secrets, *secrets],
                *([*row, *("1" for _ in secrets * 2)] for row in rows),
            ],
            "header of the first column": [[one, *header[1:]], *rows],
            "long rows": [header, *([*row, each] for row, each in zip(many, secrets, strict=True))],
            "short rows": [header, *([each, *rows[0][1:3]] for each in secrets)],
            "title": [[one], header, *rows],
            "rows beside the table": [header, *rows, *([each] for each in secrets)],
            "rows twice": [header, *rows, *([each, *rows[0][1:]] for each in secrets * 2)],
        }
        for shape, changed in shapes.items():
            yield f"{name}: {shape}", {**copied(), name: changed}


def answers(folder: Path, *, report: bool) -> Iterator[tuple[str, str]]:
    """Give what each command says and writes."""
    commands = [["check", str(folder), "--json"]]
    if report:
        commands += [
            ["check", str(folder)],
            ["check", str(folder), "--format", "csv"],
            ["report", str(folder), "--json"],
            ["report", str(folder), "--format", "html,md"],
            ["multiverse", str(folder)],
        ]
    for command in commands:
        yield from run(command)
    for path in sorted((folder / "report").rglob("*")):
        if path.is_file():
            yield path.name, text_of(path)


def run(command: list[str]) -> Iterator[tuple[str, str]]:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    logging.getLogger("funis").addHandler(handler)
    logging.getLogger("funis").setLevel(logging.DEBUG)
    try:
        told = CliRunner().invoke(app, command)
    finally:
        logging.getLogger("funis").removeHandler(handler)
    raised = "" if told.exception is None or isinstance(told.exception, SystemExit) else repr(told.exception)
    if raised:
        assert isinstance(told.exception, FunisError), (command, raised)
    yield " ".join(command[:1]), told.output + raised + log.getvalue()


def text_of(path: Path) -> str:
    if path.suffix == ".parquet":
        return pl.read_parquet(path).write_csv()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return "\n".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    return path.read_text(encoding="utf-8", errors="replace")


def test_no_finding_shows_a_secret_of_a_cell() -> None:
    study = read_study(CLEAN)
    shown: dict[str, list[str]] = {}
    for place, tables in planted_cells():
        frames = {name: pl.DataFrame(rows[1:], schema=rows[0], orient="row") for name, rows in tables.items()}
        said = "\n".join(f"{each!r} {each}" for each in funis.check_frames(study, frames))
        if leaks(said):
            shown[place] = [line for line in said.splitlines() if leaks(line)][:3]
    assert not shown


def test_no_answer_shows_a_secret_that_stands_in_no_column(tmp_path: Path) -> None:
    shown: dict[str, list[str]] = {}
    for place, tables in planted_shapes():
        folder = write(tmp_path / "trial", tables)
        for name, text in answers(
            folder, report=place in {"subjects: extra column", "labs: header", "adverse_events: rows twice"}
        ):
            if leaks(text):
                shown[f"{place}, {name}"] = [line[:300] for line in text.splitlines() if leaks(line)][:2]
    assert not shown


def test_no_answer_shows_a_secret_of_any_cell(tmp_path: Path) -> None:
    # One folder with the secrets in every column at once: the first row of each table stays as it was.
    tables = copied()
    for place, planted in planted_cells():
        name = place.partition(".")[0]
        tables[name] += planted[name][len(TABLES_CLEAN[name]) :]
    shown = {
        name: [line[:300] for line in text.splitlines() if leaks(line)][:3]
        for name, text in answers(write(tmp_path / "trial", tables), report=True)
        if leaks(text)
    }
    assert not shown


def test_no_answer_shows_the_name_of_a_file_or_a_sheet(tmp_path: Path) -> None:
    folder = write(tmp_path / "trial", copied())
    rows = TABLES_CLEAN["labs"]
    for number, secret in enumerate(SECRETS.values()):
        plain = secret.replace("/", "-")
        suffix = (".csv", ".txt", ".parquet")[number % 3]
        (folder / "data" / f"{plain}{suffix}").write_text("subject\nS1\n", encoding="utf-8")
    workbook = tmp_path / "book"
    (workbook / "data").mkdir(parents=True)
    shutil.copy(CLEAN / "study.toml", workbook)
    with xlsxwriter.Workbook(workbook / "data" / "Zhang Xiaoming 1981-03-12.xlsx") as book:
        for name in ("subjects", "labs", "Zhang Xiaoming", "王小明"):
            sheet = book.add_worksheet(name)
            for line, row in enumerate(TABLES_CLEAN.get(name, rows)):
                sheet.write_row(line, 0, row)
    shown = {
        f"{place.name}: {name}": [line[:300] for line in text.splitlines() if leaks(line)][:3]
        for place in (folder, workbook)
        for name, text in answers(place, report=True)
        if leaks(text)
    }
    assert not shown


def test_no_answer_shows_a_value_of_the_study_file_that_is_none(tmp_path: Path) -> None:
    clean = (CLEAN / "study.toml").read_text(encoding="utf-8")
    shown: dict[str, list[str]] = {}
    for secret in sorted(set(SECRETS.values()) - NAMES_IN_SMALL_LETTERS):
        planted = {
            "a line that is no TOML": clean.replace("[populations]", f"{secret}\n[populations]"),
            "a text that does not close": clean.replace('"SMALL"', f'"{secret}'),
            "a number": clean.replace("day    = 30", f'day    = "{secret}"'),
            "a word of a list": clean.replace('"sle"', f'"{secret}"'),
            "a visit": clean.replace('at         = "month_1"', f'at         = "{secret}"'),
            "a name": clean.replace('"month_1"\nday', f'"{secret}"\nday'),
            "a form": clean.replace('"safety_questions"', f'"{secret}"'),
            "a key": clean.replace("[populations]", f'"{secret}" = 1\n[populations]'),
            "a population": clean.replace("treated = ", f'"{secret}" = '),
            "a rule": clean.replace("age >= 16", f"age = '{secret}'"),
            "a rule that is none": clean.replace("age >= 16", secret),
            "a column of a rule": clean.replace("age >= 16", f'\\"{secret}\\" >= 16'),
            "a unit": clean.replace('"umol/L"', f'"{secret}"'),
            "a time zone": clean.replace('"single_arm"', f'"single_arm"\ntimezone = "{secret}"'),
            "a comment": clean.replace("[populations]", f"# {secret}\n[populations]\nx = 1"),
        }
        for place, text in planted.items():
            (tmp_path / "study.toml").write_text(text, encoding="utf-8")
            told = ""
            try:
                read_study(tmp_path)
            except FunisError as error:
                told = f"{error} {error!r} {getattr(error, 'findings', ())!r}"
            if leaks(told):
                shown.setdefault(place, []).append(told[:300])
    assert not shown


def test_no_exception_shows_a_secret_of_a_frame_that_is_scored(tmp_path: Path) -> None:
    header, *rows = TABLES_CLEAN["sledai_2k"]
    secrets = list(SECRETS.values())
    path, out = tmp_path / "scores.csv", str(tmp_path / "out.csv")
    score = ["score", "sledai_2k", str(path), "-o", out]
    explain = ["explain", "sledai_2k", str(path), "--subject", "nobody", "--visit", "baseline"]
    explain_one = ["explain", "sledai_2k", str(path), "--subject", "S1", "--visit", "baseline"]
    shown: dict[str, list[str]] = {}

    def try_out(what: str, table: Rows, *commands: list[str]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(table)
        path.write_text(text.getvalue(), encoding="utf-8", newline="")
        for name, told in (each for command in commands for each in run(command)):
            if leaks(told):
                shown.setdefault(f"{what}, {name}", []).append(told[:300])

    for place, column in enumerate(header):
        # Each row has another secret; over the columns each stands in several.
        planted = [list(row) for row in rows]
        for number, row in enumerate(planted):
            row[place] = secrets[(place * len(rows) + number) % len(secrets)]
        try_out(column, [header, *planted], score, *([explain] if place < 3 else [explain_one]))
        try_out(f"{column}, as JSON", [header, *planted], [*explain_one, "--json"])
    for secret in secrets:
        try_out("subject", [header, *([secret, *row[1:]] for row in rows)], explain)
        try_out("visit", [header, *(["nobody", secret, *row[2:]] for row in rows)], explain)
        try_out("header", [[secret, *header[1:8]], *(row[:8] for row in rows)], score)
    assert not shown


def test_explaining_a_visit_of_a_folder_shows_no_secret(tmp_path: Path) -> None:
    tables = copied()
    for place, planted in planted_cells():
        name = place.partition(".")[0]
        tables[name] += planted[name][len(TABLES_CLEAN[name]) :]
    # A cell of the visit itself, too: what cannot be read is missing there.
    for number, item in enumerate(TABLES_CLEAN["sledai_2k"][0][3:]):
        if item in {each.name for each in funis.definition("sledai_2k").items}:
            tables["sledai_2k"][1][3 + number] = list(SECRETS.values())[number % len(SECRETS)]
    folder = write(tmp_path / "trial", tables)
    asked = [
        ("S1", "baseline", "sledai_2k"),
        ("S1", "nowhere", "sledai_2k"),
        ("nobody", "baseline", "sledai_2k"),
    ]
    shown: dict[str, list[str]] = {}
    for subject, visit, instrument in [*asked, ("S1", "baseline", "bilag_2004")]:
        asked_for = ["--subject", subject, "--visit", visit, "--instrument", instrument]
        for form in ([], ["--json"]):
            for _, told in run(["explain", str(folder), *asked_for, *form]):
                assert told.strip()
                if leaks(told):
                    shown[f"{subject} {visit} {instrument} {form}"] = [told[:300]]
    assert not shown


def test_the_demonstration_shows_no_secret_of_a_deposit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The two trials are made of published figures; the cohort is somebody's file.
    monkeypatch.setattr(run_demo, "COHORTS", ())
    script = runpy.run_path(str(EXAMPLE))
    usual = dict.fromkeys(script["REQUIRED"], "0") | {"age": "14", "sex": "female", "ds_dna": "12"}
    row = usual | {"subject": "SLE-1", "visit": "1", "comment": "none"}
    path, secrets = tmp_path / "deposit.csv", list(SECRETS.values())
    shown: dict[str, list[str]] = {}

    def try_out(place: str, rows: list[dict[str, str]]) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            writer.writeheader()
            writer.writerows(rows)
        out = tmp_path / "demo"
        for form in ([], ["--json"]):
            shutil.rmtree(out, ignore_errors=True)
            told = list(run(["demo", "--out", str(out), "--gse65391", str(path), *form]))
            told += [(each.name, text_of(each)) for each in out.glob("*/report/**/*") if each.is_file()]
            shown.update({f"{place}, {name}": [text[:300]] for name, text in told if leaks(text)})

    for column in ("cumulative_time", "sledai", "seizure", "age"):
        try_out(column, [row, *(row | {column: each} for each in secrets)])
    texts = ["subject", "sex", "visit", "ds_dna", "comment", *script["LABS"]]
    try_out("texts", [row, *(row | {column: each} for column in texts for each in secrets)])
    assert not shown
    assert (tmp_path / "demo" / "gse65391" / "report" / "report.html").is_file()


def test_a_secret_is_found_where_it_stands() -> None:
    """The search itself can fail."""
    for secret in SECRETS.values():
        assert leaks(f"line 3: Found '{secret}'."), secret
    assert leaks("Write 1981-03-12.")
    assert not leaks("subjects.csv, line 2, column 'site': There is no site of this name. Known: 01.")
