"""Every way to count one study's responders, held against the planned one, on a trial worked by hand."""

from pathlib import Path

import polars as pl
import pytest

from funis.analysis.specifications import find_reference, level_of_ways, render_choices, try_choices
from funis.data.tables import read_tables
from funis.study.model import Study
from funis.study.read import read_study

STUDY = """
[study]
id = "WAYS"
title = "A trial to be counted in several ways"
condition = "sjogren"
design = "single_arm"

[[infusions]]
day = 0

[[visits]]
name = "baseline"
day = 0
forms = ["esspri"]

[[visits]]
name = "month_6"
day = 180
forms = ["esspri"]

[populations]
treated = "first_infusion_date IS NOT NULL"

[[endpoints]]
id = "pain"
kind = "response"
definition = "esspri_pass"
at = "month_6"

[[endpoints]]
id = "response"
kind = "response"
role = "primary"
definition = "esspri_mcii"
at = "month_6"
population = "treated"
"""

# ESSPRI is the mean of its three scales; a response is a fall by 1 point or 15 %. Everybody begins at 6.
# S1 to S5 end at 3: responders. S6 ends at 3, 3 and a blank: between 2 and 16/3, which is no answer;
# blank = 0 gives 2 (response), blank = 10 gives 5.33 (none), blank = 6 as before gives 4 (response).
# S7 ends at 6: none. S8 was never infused and has no month 6.
MONTH_6 = {**dict.fromkeys(("S1", "S2", "S3", "S4", "S5"), "3,3,3"), "S6": "3,3,", "S7": "6,6,6"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("ways")
    (made / "data").mkdir()
    (made / "study.toml").write_text(STUDY, encoding="utf-8")
    subjects = [f"S{number}" for number in range(1, 9)]
    rows = [f"{name},baseline,2020-01-01,6,6,6" for name in subjects]
    rows += [f"{name},month_6,2020-06-29,{values}" for name, values in MONTH_6.items()]
    tables = {
        "subjects": ["subject,sex,age,consent_date,weight_kg"]
        + [f"{name},female,40,2019-12-20,60" for name in subjects],
        "infusions": ["subject,number,date"] + [f"{name},1,2020-01-01" for name in subjects[:7]],
        "esspri": ["subject,visit,date,dryness,fatigue,pain", *rows],
    }
    for name, lines in tables.items():
        (made / "data" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def found(folder: Path) -> pl.DataFrame:
    study = read_study(folder)
    return try_choices(study, read_tables(folder, study), threshold=40.0)


def counted(found: pl.DataFrame, **where: str) -> list[tuple[str, int, int, str]]:
    chosen = found.filter(definition="esspri_mcii", choice="as defined", **where)
    return chosen.select("missing", "responders", "n", "changes").rows()


def test_rules_for_who_cannot_be_told(found: pl.DataFrame) -> None:
    # Clopper-Pearson, lower ends: 5/7 29.0, 5/6 35.9, 6/7 42.1; only the last is above 40.
    assert counted(found, scoring="as planned", population="treated") == [
        ("nonresponder", 5, 7, "no"),
        ("left_out", 5, 6, "reference"),
        ("responder", 6, 7, "yes"),
    ]


def test_denominator_of_everybody(found: pl.DataFrame) -> None:
    # The response of S8 is not known either; lower ends: 5/8 24.5, 5/6 35.9, 7/8 47.3.
    assert counted(found, scoring="as planned", population="enrolled") == [
        ("nonresponder", 5, 8, "no"),
        ("left_out", 5, 6, "no"),
        ("responder", 7, 8, "yes"),
    ]


@pytest.mark.parametrize(
    ("policy", "responders", "changes"), [("absent", 6, "yes"), ("worst", 5, "no"), ("locf", 6, "yes")]
)
def test_policies_of_scoring(found: pl.DataFrame, policy: str, responders: int, changes: str) -> None:
    assert [row[1:] for row in counted(found, scoring=policy, population="treated")] == [
        (responders, 7, changes)
    ] * 3


def test_a_policy_that_changes_no_score_is_not_tried(found: pl.DataFrame) -> None:
    assert set(found["scoring"].drop_nulls()) == {"as planned", "absent", "worst", "locf"}


def test_the_primary_endpoint_is_the_reference(folder: Path) -> None:
    reference = find_reference(read_study(folder))
    assert reference is not None
    assert reference.id == "response"


def test_a_relapse_is_no_reference_though_it_names_a_response() -> None:
    trial = {"id": "T", "title": "T", "condition": "sle", "design": "single_arm"}
    ends = [
        {"id": "relapse", "kind": "relapse", "definition": "ucmsc_bilag_response", "at": ("month_9",)},
        {"id": "response", "kind": "response", "definition": "ucmsc_bilag_response", "at": ("month_6",)},
    ]
    reference = find_reference(Study.model_validate({"study": trial, "endpoints": tuple(ends)}))
    assert reference is not None
    assert reference.id == "response"


def test_what_is_lacking_stands_once(found: pl.DataFrame) -> None:
    lacking = found.filter(status="not applicable")
    assert lacking["definition"].is_unique().all()
    assert lacking.filter(definition="essdai_mcii")["choice"].to_list() == ["lacks essdai"]


def test_printed_table_and_conclusion(found: pl.DataFrame) -> None:
    printed = render_choices(found, 0.95).splitlines()
    planned = [line for line in printed if "(plan)" in line]
    assert len(planned) == 1
    assert "esspri_mcii" in planned[0]
    assert "5/6" in planned[0]
    assert "83.3% (35.9 to 99.6)" in planned[0]
    assert any(
        line.startswith("Planned: esspri_mcii at month_6") and "change the conclusion" in line
        for line in printed
    )
    # Where every response is known, one row stands for all three rules.
    assert (
        sum("esspri_mcii" in line and " absent " in line and " treated " in line for line in printed[:40])
        == 1
    )


def test_the_intervals_have_the_level_of_the_study(folder: Path) -> None:
    """At an alpha of 0.2: 5 of 6 from x with 6 x^5 - 5 x^6 = 0.1 to 0.9^(1/6), which settles the conclusion."""
    read = read_study(folder)
    study = read.model_copy(update={"trial": read.trial.model_copy(update={"alpha": 0.2})})
    ways = try_choices(study, read_tables(folder, study), threshold=40.0)
    planned = ways.filter(changes="reference").row(0, named=True)
    lower = planned["lower"] / 100
    assert 6 * lower**5 - 5 * lower**6 == pytest.approx(0.1, abs=1e-9)
    assert planned["upper"] == pytest.approx(100 * 0.9 ** (1 / 6), abs=1e-9)
    assert planned["conclusion"] == "above"
    printed = render_choices(ways, level_of_ways(study))
    assert "percent (80 % interval)" in printed
    assert "83.3% (49.0 to 98.3)" in printed
    one = tuple(each.model_copy(update={"level": 0.9}) for each in study.endpoints)
    assert level_of_ways(study.model_copy(update={"endpoints": one})) == 0.9
