"""What one changed value does: `funis impact` beside two whole reports, of the data and of a changed copy."""

import csv
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from funis.cli import main
from funis.reporting.impact import DATUM, RULE, SUBJECT
from funis.reporting.number_trace import InputNow, Inputs, NumberTrace, trace_number
from funis.results.read import PrintedResults, read_results
from funis.study.model import Study
from funis.study.read import read_study

from .report_kinds import make_study
from .small_trial import write_small_trial

Row = dict[str, str]
Call = Callable[..., tuple[int, str, str]]
#: The findings of folders that were asked about.
ASKED: dict[Path, list[str]] = {}


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["funis", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the small trial, whose report is written once; not to be changed."""
    return write_small_trial(tmp_path_factory.mktemp("small") / "trial")


@pytest.fixture(scope="module")
def treated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the small trial with courses of drugs; not to be changed."""
    folder = write_small_trial(tmp_path_factory.mktemp("treated") / "trial")
    (folder / "data" / "medications.csv").write_text(MEDICATIONS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a whole trial; not to be changed."""
    return make_study("sle", tmp_path_factory.mktemp("forty") / "sle")


def read_table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_changed(folder: Path, copy: Path, table: str, line: int, column: str, value: str) -> None:
    """Write a copy of a study with another text in one cell; line 1 is the header."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("report"))
    path = copy / "data" / f"{table}.csv"
    rows = read_table(path)
    rows[line - 2][column] = value
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def every_file(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def numbers_of(folder: Path) -> dict[str, Row]:
    """Read results.csv with the reader of the standard library; sources and the sign of a zero aside."""
    rows = read_table(folder / "report" / "results.csv")
    for row in rows:
        row["value"] = "0.0" if row["value"] == "-0.0" else row["value"]
    return {row["id"]: {name: text for name, text in row.items() if name != "source"} for row in rows}


def differing(before: dict[str, Row], after: dict[str, Row]) -> tuple[set[str], set[str], set[str]]:
    """Give the ids of two whole lists of numbers that differ, that appear, that vanish."""
    both = before.keys() & after.keys()
    return (
        {name for name in both if before[name] != after[name]},
        after.keys() - before.keys(),
        before.keys() - after.keys(),
    )


def findings_of(call: Call, folder: Path) -> list[str]:
    """Ask for the findings of a study, once a folder: nothing is changed in one that was asked about."""
    if folder not in ASKED:
        found = json.loads(call("check", folder, "--json")[1])
        ASKED[folder] = sorted(
            f"{each['code']} {each['file']} {each['line']} {each['column']} {each['message']}"
            for each in found
        )
    return ASKED[folder]


def write_report(call: Call, folder: Path) -> None:
    """Write the report of a study, once a folder."""
    if not (folder / "report").exists():
        call("report", folder, "--format", "md")


def names_of(answer: dict[str, Any], kind: str) -> set[str]:
    return {each["id"] for each in answer[kind]}


def compare(
    call: Call, folder: Path, copy: Path, words: tuple[str, ...], cell: tuple[str, int, str]
) -> dict[str, Any]:
    """Ask for the impact of one value, then write both reports whole and compare."""
    untouched = every_file(folder)
    code, out, err = call("impact", folder, *words, "--json")
    assert every_file(folder) == untouched
    answer: dict[str, Any] = json.loads(out)
    assert (answer["cell"]["table"], answer["cell"]["line"], answer["cell"]["column"]) == cell, err
    write_changed(folder, copy, *cell, words[words.index("--value") + 1])
    for each in (folder, copy):
        write_report(call, each)
    texts = [numbers_of(each) for each in (folder, copy)]
    changed, appeared, vanished = differing(*texts)
    assert names_of(answer, "changed") | names_of(answer, "unrounded") == changed
    assert (names_of(answer, "appeared"), names_of(answer, "vanished")) == (appeared, vanished)
    was, now = findings_of(call, folder), findings_of(call, copy)
    listed = [
        sorted(
            f"{each['code']} {each['file']} {each['line']} {each['column']} {each['message']}"
            for each in answer[kind]
        )
        for kind in ("new_findings", "gone_findings")
    ]
    assert listed == [subtract(now, was), subtract(was, now)]
    assert code == int(any(each["level"] == "error" for each in answer["new_findings"]))
    for each in answer["changed"]:
        old, new = (found[each["id"]] for found in texts)
        assert old != new
        if old["text"] != new["text"]:
            assert (each["old"], each["new"]) == tuple(
                text.lstrip("'") for text in (old["text"], new["text"])
            )
        else:
            assert each["old"] != each["new"]
    for each in answer["unrounded"]:
        old, new = (found[each["id"]] for found in texts)
        assert (old["text"], old["n"], old["denominator"]) == (new["text"], new["n"], new["denominator"])
    row = read_table(folder / "data" / f"{cell[0]}.csv")[cell[1] - 2]
    check_traces((folder, copy), answer, row.get("subject", ""))
    return answer


def subtract(one: list[str], other: list[str]) -> list[str]:
    left = list(one)
    for each in other:
        if each in left:
            left.remove(each)
    return left


def traces(
    folders: tuple[Path, Path], name: str, read: list[tuple[Study, PrintedResults]]
) -> Iterator[NumberTrace]:
    """Trace a number in each of two reports that holds it."""
    same = Inputs(InputNow("study.toml", "", ""), ())
    for study, printed in read:
        if name in printed.numbers["id"]:
            yield trace_number(study, printed, name, same, lambda rows: [""] * rows.height)


def check_traces(folders: tuple[Path, Path], answer: dict[str, Any], subject: str) -> None:
    """Every listed number's trace holds the datum, or the subject, or neither, as is said of it."""
    read = [(read_study(each), read_results(each / "report")) for each in folders]
    place = (answer["cell"]["file"], answer["cell"]["line"])
    listed = [each for kind in ("changed", "appeared", "vanished", "unrounded") for each in answer[kind]]
    for each in random.Random(3).sample(listed, min(40, len(listed))):  # noqa: S311
        values = [
            value for found in traces(folders, each["id"], read) for value in (*found.values, *found.absent)
        ]
        own = [value for value in values if value.subject == subject and subject]
        at_place = any((value.file, value.line) == place for value in values)
        assert each["how"] == (DATUM if at_place else SUBJECT if own else RULE), each


def draw(folder: Path, chance: random.Random) -> tuple[tuple[str, ...], tuple[str, int, str]]:
    """Draw one cell and a value that it can hold."""
    table = chance.choice(
        ["sledai_2k", "sledai_2k", "sledai_2k", "labs", "safety_questions", "subjects", "disposition"]
    )
    rows = read_table(folder / "data" / f"{table}.csv")
    place = chance.randrange(len(rows))
    row = rows[place]
    columns = {
        "sledai_2k": ["seizure", "arthritis", "rash", "fever", "proteinuria"],
        "labs": ["value"],
        "safety_questions": ["asked", "any_event"],
        "subjects": ["age", "weight_kg", "sex", "site"],
        "disposition": ["status", "date"],
    }[table]
    column = chance.choice(columns)
    values = {
        "value": ["0.1", "0.7", "25", ""], "age": ["17", "62", ""], "weight_kg": ["48.5", "71"],
        "sex": ["male", "female"], "site": ["01", "02"], "status": ["lost", "withdrew"], "date": ["2020-05-05"],
    }  # fmt: skip
    value = chance.choice(values.get(column, ["0", "1", ""]))
    item = f"labs.{row['test']}" if table == "labs" else f"{table}.{column}"
    visit = ("--visit", row["visit"]) if "visit" in row else ()
    return ("--subject", row["subject"], *visit, "--item", item, "--value", value), (table, place + 2, column)


@pytest.mark.parametrize("seed", range(14))
def test_the_listed_numbers_are_those_that_differ_between_two_whole_reports(
    trial: Path, call: Call, tmp_path: Path, seed: int
) -> None:
    compare(call, trial, tmp_path / "copy", *draw(trial, random.Random(seed)))  # noqa: S311


#: Courses of two drugs of two subjects, one of them still going on.
MEDICATIONS = """subject,drug,dose,unit,route,start,end
S1,prednisone,20,mg/day,oral,2019-06-01,2020-02-01
S1,prednisone,10,mg/day,oral,2020-02-02,
S2,prednisone,15,mg/day,oral,2019-06-01,2020-05-01
S3,hydroxychloroquine,400,mg/day,oral,2019-01-01,
"""
ROWS = {
    "infusions": {"cells": ["4e7", "9e7", ""], "date": ["2020-01-02"], "weight_kg": ["48"], "reaction": ["fever"]},
    "adverse_events": {
        "grade": ["1", "3", "4"], "serious": ["0", "1"], "related": ["1"], "start": ["2020-01-01"],
        "term": ["Influenza"],
    },
    "medications": {"dose": ["5", "40"], "end": ["2020-03-01", ""], "start": ["2019-07-01"], "drug": ["prednisolone"]},
}  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_rows_without_a_visit_are_named_by_table_and_line(
    treated: Path, call: Call, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    table = [*ROWS][seed % 3]
    line = chance.randrange(len(read_table(treated / "data" / f"{table}.csv"))) + 2
    column = chance.choice(list(ROWS[table]))
    value = chance.choice(ROWS[table][column])
    words = ("--table", table, "--line", str(line), "--item", column, "--value", value)
    compare(call, treated, tmp_path / "copy", words, (table, line, column))


def test_a_grade_moves_the_count_of_severe_events(trial: Path, call: Call, tmp_path: Path) -> None:
    words = ("--table", "adverse_events", "--line", "4", "--item", "adverse_events.grade", "--value", "2")
    answer = compare(call, trial, tmp_path / "copy", words, ("adverse_events", 4, "grade"))
    assert {each["how"] for each in answer["changed"] if each["old"].startswith("1/4")} == {DATUM}
    assert answer["changed"]


ROW = {"--table": "infusions", "--line": "3", "--item": "cells", "--value": "4e7"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"--table": "infusion"}, "there is no table 'infusion'. Did you mean 'infusions'?"),
        ({"--table": "lots"}, "The data have no table 'lots'."),
        ({"--line": "1"}, "infusions.csv has no row on line 1; its rows stand on lines 2 to 5"),
        ({"--line": "9"}, "infusions.csv has no row on line 9"),
        ({"--table": ""}, "--table and --line name one row together"),
        ({"--item": "cels"}, "Did you mean 'cells'?"),
        ({"--item": "subject", "--value": "S1"}, "there is no item 'subject'"),
        ({"--item": "lot"}, "infusions.csv has no column 'lot'"),
        ({"--value": "many"}, "--value: "),
        ({"--visit": "baseline"}, "Leave --visit out"),
        ({"--subject": "S1"}, "the row on line 3 of infusions.csv is not of this subject"),
    ],
)
def test_a_row_that_cannot_be_asked_is_named(
    trial: Path, call: Call, asked: dict[str, str], said: str
) -> None:
    words = [word for pair in (ROW | asked).items() for word in pair]
    code, out, err = call("impact", trial, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "S2" not in err


def test_a_score_moves_its_mean_and_the_means_that_rest_on_it(
    trial: Path, call: Call, tmp_path: Path
) -> None:
    line = next(
        n
        for n, row in enumerate(read_table(trial / "data" / "sledai_2k.csv"), 2)
        if (row["subject"], row["visit"]) == ("S1", "month_3")
    )
    words = ("--subject", "S1", "--visit", "month_3", "--item", "rash", "--value", "0")
    answer = compare(call, trial, tmp_path / "copy", words, ("sledai_2k", line, "rash"))
    found = {each["id"]: each for each in answer["changed"]}
    mean = found["summary.treated.month_3.sledai_2k.mean"]
    # 6, 8, 8 becomes 4, 8, 8: rash counts 2.
    assert (mean["old"], mean["new"], mean["how"]) == ("7.33 ± 1.15 (n = 3)", "6.67 ± 2.31 (n = 3)", DATUM)
    assert "Table" in mean["places"][0]


def test_a_baseline_moves_somebody_between_subgroups_through_a_rule(
    trial: Path, call: Call, tmp_path: Path
) -> None:
    words = ("--subject", "S2", "--visit", "baseline", "--item", "proteinuria_24h", "--value", "0.9")
    answer = compare(call, trial, tmp_path / "copy", words, ("labs", 4, "value"))
    size = next(
        each for each in answer["changed"] if each["id"] == "population.treated.lupus_nephritis.subjects.n"
    )
    assert (size["old"], size["new"], size["how"]) == ("1", "2", SUBJECT)
    # What the laboratory says and the form denies is a finding.
    assert [each["code"] for each in answer["new_findings"]] == ["lab_contradicts_item"]


@pytest.mark.parametrize(
    ("cell", "test", "value"),
    [
        (("labs", "month_6", "value"), "proteinuria_24h", "0.1"),
        (("bilag_2004", "baseline", "arthritis_severe"), "", "4"),
    ],
)
def test_a_whole_trial_of_forty(
    forty: Path, call: Call, tmp_path: Path, cell: tuple[str, str, str], test: str, value: str
) -> None:
    table, visit, column = cell
    rows = read_table(forty / "data" / f"{table}.csv")
    place = next(
        number for number, row in enumerate(rows, 2)
        if row["visit"] == visit and row.get("test", "") == test and row["subject"] == "RECON-03"
    )  # fmt: skip
    item = f"labs.{test}" if test else f"{table}.{column}"
    words = ("--subject", "RECON-03", "--visit", visit, "--item", item, "--value", value)
    answer = compare(call, forty, tmp_path / "copy", words, (table, place, column))
    assert answer["changed"]


ASK = {"--subject": "S1", "--visit": "month_3", "--item": "rash", "--value": "0"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"--subject": "S9"}, "--subject: found 'S9'"),
        ({"--visit": "month_4"}, "there is no visit 'month_4'. Did you mean 'month_6'?"),
        ({"--item": "rsh"}, "Did you mean 'rash'?"),
        ({"--item": "labs.c3"}, "there is no item 'labs.c3'"),
        ({"--value": "2"}, "Allowed: 0, 1"),
        ({"--value": "yes"}, "--value: "),
        ({"--value": "\x01"}, "control character U+0001"),
        ({"--subject": "S4"}, "has no row of this subject at 'month_3'; there are rows at: baseline"),
        (
            {"--item": "proteinuria_24h"},
            "labs.csv has no row of proteinuria_24h of this subject at 'month_3'",
        ),
        ({"--item": "proteinuria_24h", "--visit": "month_6", "--value": "much"}, "--value: "),
        ({"--item": "sledai_2k.fever_attributed"}, "sledai_2k.csv has no column 'fever_attributed'"),
        ({"--item": ""}, "--item is needed"),
        ({"--item": "labs.anti_dsdna.unit", "--visit": "baseline", "--value": "mmol"}, "--value: "),
        ({"--item": "sledai_2k.subject"}, "there is no item 'sledai_2k.subject'"),
    ],
)
def test_what_cannot_be_asked_is_named(trial: Path, call: Call, asked: dict[str, str], said: str) -> None:
    words = [word for pair in (ASK | asked).items() for word in pair]
    code, out, err = call("impact", trial, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert "S2" not in err


def test_two_rows_of_one_visit_are_refused_with_their_lines(call: Call, tmp_path: Path) -> None:
    trial = write_small_trial(tmp_path / "trial")
    path = trial / "data" / "labs.csv"
    path.write_text(
        f"{path.read_text(encoding='utf-8')}S1,baseline,2020-01-01,anti_dsdna,41,,IU/mL\n", encoding="utf-8"
    )
    code, _, err = call(
        "impact", trial, "--subject", "S1", "--visit", "baseline", "--item", "anti_dsdna", "--value", "3"
    )
    assert code == 2
    assert "labs.csv has 2 rows for this, on lines 6, 9" in err


def test_the_same_value_changes_nothing(trial: Path, call: Call) -> None:
    code, out, _ = call(
        "impact", trial, *[word for pair in (ASK | {"--value": "1"}).items() for word in pair]
    )
    assert code == 0
    assert "rash: 1 -> 1 (in memory; no file was changed)" in out
    assert "0 of " in out.splitlines()[1]
