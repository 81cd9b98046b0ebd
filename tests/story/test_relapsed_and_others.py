"""The rise of creatinine and urea nitrogen that the lupus abstract puts down to the relapses, in both groups."""

from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.demo.run_demo import demonstrate
from funis.documents.table import TableSpec
from funis.reporting.report_figures import build_figures
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study, template_path

TESTS = ("creatinine", "urea_nitrogen")
LATE = ("month_9", "month_12")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reconstruct("sle", tmp_path_factory.mktemp("relapsed") / "sle")


@pytest.fixture(scope="module")
def lupus(folder: Path) -> tuple[Study, Results]:
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


@pytest.fixture(scope="module")
def tables(lupus: tuple[Study, Results]) -> dict[str, TableSpec]:
    return {table.id: table for table in build_tables(*lupus)}


def _groups(results: Results) -> dict[str, set[str]]:
    """Form the groups from the lists of responses and relapses, without the rules of the study file."""
    first = results.listings["responses_all"].filter(
        pl.col("endpoint") == "response", pl.col("visit") == "month_6"
    )
    responders = set(first.filter(pl.col("responder") == "yes")["subject"])
    relapsed = set(results.listings["relapses"]["subject"])
    others = set(first["subject"]) - responders
    return {
        "relapsed": relapsed,
        "responders_without_relapse": responders - relapsed,
        "no_response_at_month_6": others,
    }


def test_the_means_are_those_of_the_recorded_values(folder: Path, lupus: tuple[Study, Results]) -> None:
    labs, (_, results) = pl.read_csv(folder / "data" / "labs.csv"), lupus
    groups = _groups(results)
    assert {name: len(members) for name, members in groups.items()} == {
        "relapsed": 7, "responders_without_relapse": 14 + 15 - 7, "no_response_at_month_6": 40 - 14 - 15,
    }  # fmt: skip
    for test in TESTS:
        for visit in ("month_6", *LATE):
            own = labs.filter(pl.col("test") == test, pl.col("visit") == visit)
            for name, members in groups.items():
                values = own.filter(pl.col("subject").is_in(members))["value"].cast(pl.Float64)
                assert len(values) == len(members)
                found = results.numbers.filter(
                    pl.col("analysis") == "summary", pl.col("variable") == test, pl.col("visit") == visit,
                    pl.col("subgroup") == name, pl.col("statistic") == "mean",
                )  # fmt: skip
                assert found["value"].item() == pytest.approx(float(values.sum()) / len(values))
                assert found["n"].item() == len(values)


def test_the_tables_and_the_figure_say_that_the_groups_show_no_effect(
    lupus: tuple[Study, Results], tables: dict[str, TableSpec]
) -> None:
    figures = {figure.id: figure for figure in build_figures(*lupus)}
    said = (
        "Relapsed, responders without relapse and no response at month 6: formed by an outcome that was known "
        "only after treatment."
    )
    for shown in (tables["table-kidney_by_relapse"], figures["figure-kidney_by_relapse"]):
        assert any(note.startswith(said) for note in shown.footnotes), shown.id
    heads = [row.stub.text for row in tables["table-kidney_by_relapse"].rows if not row.cells]
    assert heads == [
        "Creatinine, µmol/L (relapsed)", "Creatinine, µmol/L (responders without relapse)",
        "Creatinine, µmol/L (no response at month 6)",
        "Urea nitrogen, mmol/L (relapsed)", "Urea nitrogen, mmol/L (responders without relapse)",
        "Urea nitrogen, mmol/L (no response at month 6)",
    ]  # fmt: skip
    populations = tables["table-populations"]
    assert any(note.startswith(said) for note in populations.footnotes)
    rules = {row.stub.text: row.cells[1].text for row in populations.rows}
    assert rules["Relapsed"] == "relapse after a response"
    assert rules["Responders without relapse"] == (
        "responder at month 6 (clinical response) and no relapse after a response"
    )
    assert rules["No response at month 6"] == "not a responder at month 6 (clinical response)"


def test_the_groups_stand_beside_each_other_over_the_same_heights(
    folder: Path, lupus: tuple[Study, Results]
) -> None:
    figures = {figure.id: figure for figure in build_figures(*lupus)}
    spec = figures["figure-kidney_by_relapse"].spec
    assert spec["columns"] == 3
    labs = pl.read_csv(folder / "data" / "labs.csv")
    scales = [panel["layer"][0]["encoding"]["y"]["scale"] for panel in spec["concat"]]
    for place, test in enumerate(TESTS):
        highest = labs.filter(pl.col("test") == test)["value"].cast(pl.Float64).max()
        assert scales[3 * place : 3 * place + 3] == [{"domainMin": 0, "domainMax": highest}] * 3
    # One group alone keeps the axis of its own, and three panels a row.
    alone = figures["figure-kidney_and_complement"].spec
    assert alone["columns"] == 3
    assert not [panel for panel in alone["concat"] if "scale" in panel["layer"][0]["encoding"]["y"]]


def test_what_an_outcome_forms_is_not_in_the_main_part(tables: dict[str, TableSpec]) -> None:
    main = [table for name, table in tables.items() if name.startswith("table-main-")]
    assert main
    assert not [each.title for each in main if "relapsed" in each.title.lower()]


def _move_the_rise(folder: Path, receivers: str) -> None:
    """Give the rise after month 6 of the 7 to another group, so that the means of all 40 stay as they were."""
    study = read_study(folder)
    groups = _groups(analyse(study, read_tables(folder, study)))
    relapsed, others = groups["relapsed"], groups[receivers]
    path = folder / "data" / "labs.csv"
    labs = pl.read_csv(path, infer_schema=False)
    at_six = {
        (subject, test): float(value)
        for subject, visit, test, value in labs.select("subject", "visit", "test", "value").iter_rows()
        if visit == "month_6" and test in TESTS
    }
    values = [float(value) for value in labs["value"]]
    keys = list(labs.select("subject", "visit", "test").iter_rows())
    for test in TESTS:
        for visit in LATE:
            own = [n for n, key in enumerate(keys) if key[1:] == (visit, test)]
            seven = [n for n in own if keys[n][0] in relapsed]
            rise = sum(values[n] - at_six[keys[n][0], test] for n in seven)
            for n in own:
                if keys[n][0] in relapsed:
                    values[n] = at_six[keys[n][0], test]
                elif keys[n][0] in others:
                    values[n] += rise / len(others)
    written = [
        f"{value:.4f}" if key[1] in LATE and key[2] in TESTS else old
        for key, value, old in zip(keys, values, labs["value"], strict=True)
    ]
    labs.with_columns(pl.Series("value", written)).write_csv(path)


@pytest.mark.parametrize(
    ("receivers", "row"),
    [
        ("responders_without_relapse", "rises_in_no_kept_response"),
        ("no_response_at_month_6", "rises_in_no_non_responder"),
    ],
)
def test_moving_the_rise_to_the_others_is_noticed(receivers: str, row: str, tmp_path: Path) -> None:
    """The 33 in one group hid it: a rise of the 11 is made up for by the 22."""
    folder = reconstruct("sle", tmp_path / "sle")
    before = demonstrate("sle", folder).text
    assert before is not None
    assert len(before.figures) > 80
    assert before.differing == ()
    _move_the_rise(folder, receivers)
    after = demonstrate("sle", folder).text
    assert after is not None
    assert set(after.differing) == {f"{test}_{each}" for test in TESTS for each in ("rises_in_relapsed", row)}


def test_both_times_and_durability_stand_in_the_main_part(
    lupus: tuple[Study, Results], tables: dict[str, TableSpec]
) -> None:
    """29 responded at month 6 and 7 of them relapsed: 22 still respond, whoever else does."""
    relapsed = set(lupus[1].listings["relapses"]["subject"])
    last = (
        lupus[1]
        .listings["responses_all"]
        .filter(pl.col("endpoint") == "response", pl.col("visit") == "month_12")
    )
    assert last.height == 40
    assert not relapsed & set(last.filter(pl.col("responder") == "yes")["subject"])
    response = tables["table-main-response"]
    assert response.spanners == (("", 1), ("Month 6", 2), ("Month 12", 2))
    rows = {row.stub.text: [cell.text for cell in row.cells] for row in response.rows}
    assert rows["Any response"][0] == "29/40"
    assert rows["Any response"][2] == f"{last.filter(pl.col('responder') == 'yes').height}/40"
    explorer = next(cells for name, cells in rows.items() if "EXPLORER" in name)
    assert explorer[0] != "–"
    assert explorer[2:] == ["–", "–"]
    relapse = {row.stub.text: [cell.text for cell in row.cells] for row in tables["table-main-relapse"].rows}
    assert relapse["Still responding at month 12"][:2] == ["22/40 (55.0%)", "22/29 (75.9%); 56.5 to 89.7%"]
    assert "Response kept to the end" not in relapse
    shift = tables["table-durability-response"]
    cells = {row.stub.text: [cell.text for cell in row.cells] for row in shift.rows if row.cells}
    assert [cells[name][0] for name in cells if cells[name][0]] == ["14", "15", "11"]
    for name in ("Major clinical response", "Partial clinical response", "No response"):
        assert sum(int(cell) for cell in cells[name][1:5]) == int(cells[name][0])
    assert cells["All who responded"][-1] == "22/29 (75.9%); 56.5 to 89.7%"
    assert cells["All"][-1].startswith("22/40 (55.0%)")


def test_the_template_asks_at_both_months_and_who_still_responds(folder: Path) -> None:
    """By the template: 14 + 15 of 40 respond at month 6, 3 + 4 of them relapse, and 22 still respond."""
    study = read_study(template_path("sle"))
    assert study.endpoint("response").at == ("month_6", "month_12")
    results = analyse(study, read_tables(folder, study))
    classes = "response.response.treated.month_6.ucmsc_bilag_response"
    assert [results.value(f"{classes}_{each}.count") for each in ("MCR", "PCR", "none")] == [14, 15, 11]
    kept = "durability.response.{}.month_12.ucmsc_bilag_response_responder.{}"
    assert results.value(kept.format("responders", "count")) == 22
    assert results.value(kept.format("responders", "percent")) == pytest.approx(100 * 22 / 29)
    assert results.value(kept.format("treated", "percent")) == pytest.approx(55)
