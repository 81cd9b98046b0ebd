"""The way back of a printed number: `funis trace` beside the lines of the files, read by another reader."""

import csv
import json
import re
import shutil
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.cli import main
from funis.data.tables import read_tables
from funis.documents.docx_keys import short_key
from funis.errors import ValueRangeError
from funis.reporting.number_trace import InputNow, Inputs, UnknownNumberError, trace_number
from funis.reporting.report import write_report_set
from funis.results import SOURCE_COLUMNS, NumberList, Place, Provenance, Results
from funis.results.read import read_results
from funis.results.write import write_results
from funis.study.model import Study
from funis.study.read import read_study

from .small_trial import write_small_trial

MEAN = "summary.treated.month_3.sledai_2k.mean"


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_small_trial(tmp_path_factory.mktemp("trace") / "trial")
    study = read_study(folder)
    write_report_set(study, analyse(study, read_tables(folder, study)), folder / "report", ("md",))
    return folder


@pytest.fixture
def trial(reported: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reported, tmp_path / "trial"))


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object
) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["funis", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out or printed.err


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    return lambda *words: run(monkeypatch, capsys, *words)


def line_of(folder: Path, table: str, **cells: str) -> int:
    """Find the line of a row with the reader of the standard library; the header is line 1."""
    with (folder / "data" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            if all(row[name] == cell for name, cell in cells.items()):
                return line
    raise LookupError(cells)


def test_a_mean_leads_to_each_value_and_its_line(trial: Path, call: Any) -> None:
    code, out = call("trace", trial, MEAN, "--json")
    found = json.loads(out)
    assert code == 0
    # 6, 8 and 8 at month 3 (small_trial); S4 withdrew on day 60.
    assert found["text"] == "7.33 ± 1.15 (n = 3)"
    assert (found["n"], found["denominator"], found["denominator_name"]) == (3, 4, "Treated")
    values = {each["subject"]: (each["value"], each["file"], each["line"]) for each in found["values"]}
    assert values == {
        who: (value, "sledai_2k.csv", line_of(trial, "sledai_2k", subject=who, visit="month_3"))
        for who, value in (("S1", "6"), ("S2", "8"), ("S3", "8"))
    }
    assert [(each["subject"], each["value"]) for each in found["absent"]] == [("S4", "withdrew on day 60")]
    assert found["parts"]["population"] == "Treated: first_infusion_date IS NOT NULL"
    assert found["parts"]["visit"] == "Month 3"
    assert "SLEDAI-2K" in found["rules"][0]
    assert not found["changed"]


def test_every_number_of_a_report_can_be_traced_by_its_id_and_its_key(reported: Path) -> None:
    study, printed = read_study(reported), read_results(reported / "report")
    same = Inputs(InputNow("study.toml", "a", "a"), ())
    sources = pl.read_parquet(reported / "report" / "sources.parquet")
    sizes = dict(sources.group_by("source").agg(pl.struct(pl.exclude("source")).n_unique()).iter_rows())
    for name, source in printed.numbers.select("id", "source").sample(60, seed=4).iter_rows():
        found = trace_number(study, printed, name, same, lambda rows: [""] * rows.height)
        assert found == trace_number(study, printed, short_key(name), same, lambda rows: [""] * rows.height)
        assert len(found.values) == sizes.get(source, 0)
        assert found.text in str(found)
        assert found.id in str(found)


def test_the_text_names_policy_method_and_hashes(trial: Path, call: Any) -> None:
    code, out = call("trace", trial, "test.sledai.treated.month_3.sledai_2k_change.p.paired_t")
    assert code == 0
    assert "P value, unadjusted of change in SLEDAI-2K at month 3, treated" in out
    assert "Paired t test" in out
    assert "S1       baseline" in out or "S1  baseline" in out
    listed = json.loads((trial / "report" / "provenance.json").read_text(encoding="utf-8"))
    for each in listed["files"]:
        assert each["sha256"] in out


def test_a_result_that_fills_a_blank_item_is_named_with_its_line(trial: Path, call: Any) -> None:
    line = line_of(trial, "sledai_2k", subject="S1", visit="baseline")
    path = trial / "data" / "sledai_2k.csv"
    rows = [row.split(",") for row in path.read_text(encoding="utf-8").splitlines()]
    rows[line - 1][rows[0].index("proteinuria")] = ""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    assert call("report", trial, "--format", "md")[0] == 0
    code, out = call("trace", trial, "summary.treated.baseline.sledai_2k.mean", "--json")
    value = next(each for each in json.loads(out)["values"] if each["subject"] == "S1")
    assert code == 0
    # 2000 mg/24h stand on line 2 of labs.csv: 2 g/24h, above the limit of the item.
    assert value["value"] == "10"
    assert (
        value["working"] == "filled by the laboratory: proteinuria from proteinuria_24h 2 (labs.csv line 2)"
    )


def test_changed_data_are_told_and_end_with_1(trial: Path, call: Any) -> None:
    path = trial / "data" / "labs.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace(
            "S2,baseline,2020-01-01,anti_dsdna,30", "S2,baseline,2020-01-01,anti_dsdna,31"
        ),
        encoding="utf-8",
    )
    code, out = call("trace", trial, MEAN)
    assert code == 1
    assert "The report is older than the data: labs.csv has changed" in out
    (trial / "data" / "disposition.csv").unlink()
    assert "disposition.csv is gone" in call("trace", trial, MEAN)[1]


def test_a_remark_in_the_study_file_changes_nothing_and_a_rule_does(trial: Path, call: Any) -> None:
    path = trial / "study.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"# a remark\n{text}", encoding="utf-8")
    assert call("trace", trial, MEAN)[0] == 0
    path.write_text(
        text.replace("baseline_proteinuria_24h > 0.5", "baseline_proteinuria_24h > 0.4"), encoding="utf-8"
    )
    code, out = call("trace", trial, MEAN)
    assert code == 1
    assert "study.toml has changed" in out


def test_an_unknown_id_names_the_nearest(trial: Path, call: Any) -> None:
    code, err = call("trace", trial, "summary.treated.month_3.sledai_2k.maen")
    assert code == 2
    assert f"The nearest: {MEAN}" in err


def test_without_a_report_there_is_nothing_to_trace(tmp_path: Path, call: Any) -> None:
    folder = write_small_trial(tmp_path / "trial")
    code, err = call("trace", folder, MEAN)
    assert code == 2
    assert f"Run: funis report {folder}" in err


@pytest.mark.parametrize("name", ["results.parquet", "sources.parquet", "provenance.json"])
def test_a_damaged_file_is_named(trial: Path, call: Any, name: str) -> None:
    (trial / "report" / name).write_bytes(b"{")
    code, err = call("trace", trial, MEAN)
    assert code == 2
    assert name in err
    assert "run funis report again" in err


def test_many_subjects_are_cut_and_said(tmp_path: Path) -> None:
    trial = {"id": "X", "title": "X", "condition": "sjogren", "design": "single_arm"}
    numbers = NumberList()
    numbers.add(Place(analysis="summary", variable="c3", n=301, source="all"), "mean", 1.0)
    row = {
        "source": "all",
        "visit": "v",
        "variable": "c3",
        "measure": "c3",
        "value": 1.0,
        "text": "",
        "file": "labs.csv",
    }
    rows = [row | {"subject": f"S{place:03d}", "line": place + 2} for place in range(301)]
    results = Results(
        numbers=numbers.frame(),
        sources=pl.DataFrame(rows, schema=SOURCE_COLUMNS),
        provenance=Provenance(version="0", study="X", title="X"),
    )
    write_results(results, tmp_path)
    printed, same = read_results(tmp_path), Inputs(InputNow("study.toml", "", ""), ())
    study = Study.model_validate({"study": trial})
    found = trace_number(study, printed, "summary.enrolled.c3.mean", same, lambda rows: [""] * rows.height)
    assert [each.subject for each in found.values] == [f"S{place:03d}" for place in range(50)]
    assert (found.values_behind, found.subjects_behind) == (301, 301)
    assert "and 251 values of 251 further subjects" in str(found)
    fewer = replace(printed, numbers=printed.numbers.clear())
    with pytest.raises(UnknownNumberError, match="no number with the id or key 'x'"):
        trace_number(study, fewer, "x", same, lambda _: [])


def test_results_of_another_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueRangeError, match="report of the study"):
        read_results(tmp_path)


def test_a_trace_names_the_tables_that_print_the_number(trial: Path, call: Any) -> None:
    code, out = call("trace", trial, MEAN)
    assert code == 0
    said = next(line for line in out.splitlines() if line.startswith("printed in"))
    answer = json.loads(call("trace", trial, MEAN, "--json")[1])
    assert answer["places"]
    text = (trial / "report" / "report.md").read_text(encoding="utf-8")
    key = re.search(rf"^\[(\w+)\]: .*#{re.escape(MEAN)}$", text, re.MULTILINE)
    assert key is not None
    named = [each["place"] for each in answer["places"]]
    assert all(place in said for place in named)
    # In Markdown a number is a link with the key of its id, between its table's caption and the next.
    captions = re.split(r"^\*\*((?:Table|Figure) [^*]+?)\.\*\*", text, flags=re.MULTILINE)
    tables = {caption for caption, after in pairwise(captions) if f"][{key[1]}]" in after.partition("\n#")[0]}
    assert tables
    assert tables == {place for place in named if place.startswith("Table")}


def test_a_number_that_no_table_prints_is_said_to_stand_in_the_list_alone(trial: Path, call: Any) -> None:
    names = set(pl.read_parquet(trial / "report" / "results.parquet")["id"])
    printed = set(pl.read_parquet(trial / "report" / "places.parquet")["id"])
    assert printed <= names
    alone = min(names - printed)
    assert "results.csv alone" in call("trace", trial, alone)[1]


def test_results_without_a_report_do_not_say_where_a_number_is_printed(trial: Path, call: Any) -> None:
    (trial / "report" / "places.parquet").unlink()
    code, out = call("trace", trial, MEAN)
    assert code == 0
    assert "not known: no report was written" in out
    assert json.loads(call("trace", trial, MEAN, "--json")[1])["places"] is None


def test_a_damaged_list_of_places_is_named(trial: Path, call: Any) -> None:
    (trial / "report" / "places.parquet").write_bytes(b"PAR1")
    code, out = call("trace", trial, MEAN)
    assert code == 2
    assert "places.parquet" in out
