"""Estimands, imputation, sensitivity and gatekeeping, from the study file to the report, worked out by hand.

The small trial (`small_trial.py`): SLEDAI-2K changes of S1 to S3 are -4, -4, 0 at month 3 and -6, -4, -6 at
month 6; S4 withdrew on day 60. Month 6 is day 180; 2020-05-01 is day 121.
"""

import math
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from funis.analysis.analyse import analyse, find_gaps
from funis.data.tables import read_tables
from funis.reporting.methods_text import build_methods
from funis.reporting.report import render_html
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study, template_path

sys.path.insert(0, str(Path(__file__).parent))
write_small_trial = import_module("small_trial").write_small_trial

RESCUE = '[intercurrent_events]\nrescue_medication = ["Methylprednisolone"]\n'
MEDICATIONS = "subject,drug,start\nS3,methylprednisolone,2020-05-01\nS1,methylprednisolone,2020-07-20\n"


def estimand(*events: str, more: str = "", endpoint: str = "sledai", summary: str = "mean change") -> str:
    rows = ", ".join(
        f'{{event = "{event}", strategy = "{strategy}"}}'
        for event, _, strategy in (each.partition(" ") for each in events)
    )
    return (
        f'[[estimands]]\nid = "main"\nendpoint = "{endpoint}"\ntreatment = "cells"\n'
        f'summary = "{summary}"\n{more}\nintercurrent_events = [{rows}]\n'
    )


def run_small(folder: Path, extra: str, medications: str = MEDICATIONS) -> tuple[Study, Results]:
    write_small_trial(folder)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(f"{text}\n{extra}", encoding="utf-8")
    (folder / "data" / "medications.csv").write_text(medications, encoding="utf-8")
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def number(results: Results, statistic: str, **where: object) -> dict[str, object]:
    rows = results.numbers.filter(pl.col("statistic") == statistic)
    for name, value in where.items():
        rows = rows.filter(pl.col(name) == value)
    assert rows.height == 1, rows.select("id", "value")
    return rows.row(0, named=True)


def estimate(results: Results, visit: str, analysis: str = "estimand", **where: object) -> float:
    value = number(results, "estimate", analysis=analysis, visit=visit, **where)["value"]
    assert isinstance(value, float)
    return value


# --- strategies --------------------------------------------------------------------------------------


def test_composite_and_while_on_treatment(tmp_path: Path) -> None:
    """Month 6: S1 -6, S2 -4, S3 its month 3 (0), S4 the declared 2: -8/4 = -2."""
    text = RESCUE + estimand(
        "withdrawal composite", "rescue_medication while_on_treatment", more="composite_value = 2.0"
    )
    study, results = run_small(tmp_path / "t", text)
    assert estimate(results, "month_6") == pytest.approx(-2.0)
    # Month 3 is day 90: S4 has left by then, S3 has no rescue yet: (-4 - 4 + 0 + 2) / 4.
    assert estimate(results, "month_3") == pytest.approx(-1.5)
    found = number(results, "p", analysis="estimand", visit="month_6")
    # Deviations -4, -2, 2, 4: sum of squares 40, SE sqrt(40 / 3 / 4), t = -2 / 1.8257 = -1.0954.
    t = -2 / math.sqrt(40 / 3 / 4)
    statistic = number(results, "statistic", analysis="estimand", visit="month_6")
    assert statistic["value"] == pytest.approx(t)
    assert found["n"] == 4
    assert not [finding for finding in results.findings if finding.code == "intercurrent_event"]
    # The event of S1 on day 201 came after its last visit: one subject has rescue medication.
    counted = results.numbers.filter(pl.col("estimand") == "main", pl.col("variable") == "rescue_medication")
    assert counted["value"].to_list() == [1.0]
    # Two have a course recorded and nobody was asked, so that the share is of nobody.
    assert counted["text"].to_list() == ["1"]
    assert counted["denominator"].to_list() == [None]
    assert study.estimands[0].id == "main"


def test_treatment_policy_uses_every_value(tmp_path: Path) -> None:
    text = RESCUE + estimand("withdrawal treatment_policy", "rescue_medication treatment_policy")
    _, results = run_small(tmp_path / "t", text)
    assert estimate(results, "month_6") == pytest.approx(-16 / 3)
    same = number(results, "estimate", analysis="test", endpoint="sledai", visit="month_6",
                  subgroup="all", method="paired_t")  # fmt: skip
    assert same["value"] == pytest.approx(-16 / 3)


def test_hypothetical_values_are_set_missing_and_modelled(tmp_path: Path) -> None:
    """S3 gives month 3 only; with compound symmetry the model has what S3's month 3 says of its month 6."""
    text = RESCUE + estimand("withdrawal hypothetical", "rescue_medication hypothetical", endpoint="modelled")
    text = (
        '[[endpoints]]\nid = "modelled"\nkind = "change"\nvariable = "sledai_2k"\n'
        'at = ["month_3", "month_6"]\nmethods = ["mmrm"]\nformula = "visit"\ncovariance = "cs"\n'
        'df = "satterthwaite"\n' + text
    )
    _, results = run_small(tmp_path / "t", text)
    rows = results.numbers.filter(
        pl.col("analysis") == "estimand", pl.col("statistic") == "estimate", pl.col("visit") == "month_6"
    )
    assert rows["n"].to_list() == [2]
    assert rows["method"].to_list() == ["mmrm"]
    # S1 and S2 alone would give (-6 - 4) / 2 = -5; S3's 0 at month 3, above the others, can only raise it.
    assert rows["status"].to_list() == ["ok"]
    assert -5 - 1e-9 <= rows["value"][0] <= 0


def test_an_event_without_a_strategy_is_an_error_and_only_that_estimand_fails(tmp_path: Path) -> None:
    other = estimand("withdrawal treatment_policy", "rescue_medication treatment_policy").replace(
        '"main"', '"other"'
    )
    text = RESCUE + estimand("withdrawal treatment_policy") + other
    study, results = run_small(tmp_path / "t", text)
    findings = [finding for finding in results.findings if finding.code == "intercurrent_event"]
    assert [(each.level, each.file, each.line, each.subject, each.value) for each in findings] == [
        ("error", "medications.csv", 2, "S3", "rescue_medication")
    ]
    assert "'main'" in findings[0].message
    assert "rescue_medication" in findings[0].fix
    assert find_gaps(study, read_tables(tmp_path / "t", study)) == tuple(findings)
    mine = results.numbers.filter(pl.col("statistic") == "estimate", pl.col("estimand") == "main")
    assert mine["status"].unique().to_list() == ["failed"]
    assert mine["value"].null_count() == mine.height == 2
    assert "rescue_medication" in mine["text"][0]
    done = number(results, "estimate", visit="month_6", estimand="other")
    assert done["value"] == pytest.approx(-16 / 3)


def test_an_event_without_a_day_cannot_be_judged(tmp_path: Path) -> None:
    text = RESCUE + estimand("withdrawal treatment_policy", "rescue_medication treatment_policy")
    _, results = run_small(tmp_path / "t", text, "subject,drug,start\nS3,methylprednisolone,\n")
    findings = [finding for finding in results.findings if finding.code == "intercurrent_event"]
    assert [finding.subject for finding in findings] == ["S3"]
    assert "not recorded" in findings[0].message


def test_the_sentence_stands_in_the_methods_and_under_the_table(tmp_path: Path) -> None:
    text = RESCUE + estimand(
        "withdrawal composite", "rescue_medication while_on_treatment", more="composite_value = -2.0"
    )
    study, results = run_small(tmp_path / "t", text)
    passage = next(each for each in build_methods(study) if each.title == "Estimands")
    for words in ("Treatment: cells", "change of −2", "while on treatment", "Summary: mean change"):
        assert words in passage.items[0]
    table = next(each for each in build_tables(study, results) if each.id == "table-estimand-main")
    assert table.footnotes[0] == passage.items[0]
    page = render_html(study, results)
    assert "table-estimand-main" in page
    assert passage.items[0].split(". ")[1] in page


# --- sensitivity and gatekeeping ---------------------------------------------------------------------


def test_the_sensitivity_table_crosses_method_and_policy(tmp_path: Path) -> None:
    _, results = run_small(tmp_path / "t", '[[sensitivity]]\nendpoint = "sledai"\nmethods = ["paired_t"]\n')
    rows = results.numbers.filter(
        pl.col("analysis") == "sensitivity", pl.col("statistic") == "estimate", pl.col("visit") == "month_6"
    )
    found = dict(zip(rows["missing_outcome"], rows["value"], strict=True))
    assert set(rows["method"]) == {"paired_t"}
    # S4 has no month 6: left out, or 0 (its last value is the baseline).
    assert found == {
        "observed": pytest.approx(-16 / 3),
        "locf": pytest.approx(-4),
        "baseline": pytest.approx(-4),
    }


def test_nothing_is_varied_unless_primary_or_asked(tmp_path: Path) -> None:
    _, results = run_small(tmp_path / "t", "")
    assert "sensitivity" not in set(results.numbers["analysis"])


def test_gatekeeping_adjusts_one_p_of_each_endpoint(tmp_path: Path) -> None:
    text = (
        '[multiplicity]\nmethod = "fixed_sequence"\nendpoints = ["sledai_locf", "sledai"]\n'
        'visits = {sledai = "month_6", sledai_locf = "month_6"}\n'
    )
    study, results = run_small(tmp_path / "t", text)
    rows = results.numbers.filter(pl.col("analysis") == "multiplicity", pl.col("statistic") == "p_adjusted")
    # Sign test of -6, -4, -6, 0: three falls of three, P = 2 / 8; it is first and holds the second back.
    assert rows["value"].to_list() == pytest.approx([0.25, 0.25])
    assert rows["method"].to_list() == ["sign_test", "paired_t"]
    assert set(rows["adjustment"]) == {"fixed_sequence"}
    table = next(each for each in build_tables(study, results) if each.id == "table-multiplicity")
    assert [row.cells[3].text for row in table.rows] == ["0.250", "0.250"]


def test_a_declared_ladder_of_covariances_is_recorded(tmp_path: Path) -> None:
    """Three subjects cannot carry an unstructured covariance here; compound symmetry is tried next."""
    text = (
        '[[endpoints]]\nid = "modelled"\nkind = "change"\nvariable = "sledai_2k"\n'
        'at = ["month_3", "month_6"]\nmethods = ["mmrm"]\nfallback = ["cs"]\n'
    )
    study, results = run_small(tmp_path / "t", text)
    used = number(results, "covariance", analysis="mmrm", endpoint="modelled")
    assert str(used["text"]).startswith("cs, as declared, after us: ")
    assert used["status"] == "fallback"
    rows = results.numbers.filter(pl.col("endpoint") == "modelled", pl.col("statistic") == "estimate")
    assert set(rows.filter(pl.col("analysis") == "mmrm")["status"]) == {"fallback"}
    assert (
        "falling back" in next(each for each in build_methods(study) if each.title == "Endpoints").items[-1]
    )


# --- multiple imputation -----------------------------------------------------------------------------


def lab_trial(
    folder: Path, arms: list[str], values: np.ndarray, endpoint: str, ends: dict[str, str] | None = None
) -> Results:
    """Write a trial of one laboratory test at baseline, month 3 and month 6 (NaN: no row), and analyse it."""
    (folder / "data").mkdir(parents=True)
    design = "parallel" if any(arms) else "single_arm"
    study = f'[study]\nid = "LAB"\ntitle = "Lab"\ncondition = "sle"\ndesign = "{design}"\n'
    if any(arms):
        study += '[[arms]]\nid = "C"\nname = "C"\ncontrol = true\n[[arms]]\nid = "A"\nname = "A"\n'
    for name, day in (("baseline", 0), ("month_3", 90), ("month_6", 180)):
        study += f'[[visits]]\nname = "{name}"\nday = {day}\nforms = ["labs"]\n'
    study += '[[labs]]\ntest = "creatinine"\nunit = "umol/L"\n[[infusions]]\nday = 0\n'
    study += (
        '[[endpoints]]\nid = "change"\nkind = "change"\nvariable = "creatinine"\n'
        f'at = ["month_3", "month_6"]\n{endpoint}\n'
    )
    (folder / "study.toml").write_text(study, encoding="utf-8")
    names = [f"S{i:02d}" for i in range(len(values))]
    rows = [f"{name},female,40,{arm}" for name, arm in zip(names, arms, strict=True)]
    (folder / "data" / "subjects.csv").write_text(
        "subject,sex,age,arm\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    lines = [
        f"{name},{visit},{day},creatinine,{value:.2f},umol/L"
        for name, row in zip(names, values, strict=True)
        for (visit, day), value in zip((("baseline", 0), ("month_3", 90), ("month_6", 180)), row, strict=True)
        if not np.isnan(value)
    ]
    (folder / "data" / "labs.csv").write_text(
        "subject,visit,day,test,value,unit\n" + "\n".join(lines) + "\n", encoding="utf-8"
    )
    infused = [f"{name},1,0" for name in names]
    (folder / "data" / "infusions.csv").write_text(
        "subject,number,day\n" + "\n".join(infused) + "\n", encoding="utf-8"
    )
    if ends is not None:
        ended = [f"{name},{status},100" for name, status in ends.items()]
        text = "subject,status,day\n" + "\n".join(ended) + "\n"
        (folder / "data" / "disposition.csv").write_text(text, encoding="utf-8")
    checked = read_study(folder)
    return analyse(checked, read_tables(folder, checked))


def drawn_values(n: int) -> np.ndarray:
    """Give values with correlated visits that fall with time, two decimals as they are recorded."""
    rng = np.random.default_rng(7)
    subject = rng.normal(0, 8, n)
    base = 80 + subject + rng.normal(0, 4, n)
    third = 74 + subject + rng.normal(0, 4, n)
    sixth = 70 + subject + 0.5 * (third - 74 - subject) + rng.normal(0, 4, n)
    return np.column_stack([base, third, sixth]).round(2)


MI = 'missing_outcome = "multiple_imputation"\nmethods = ["paired_t"]\n'


def test_with_nothing_missing_imputation_is_the_paired_t_test(tmp_path: Path) -> None:
    values = drawn_values(20)
    results = lab_trial(tmp_path / "t", [""] * 20, values, MI)
    change = values[:, 2] - values[:, 0]
    assert estimate(results, "month_6", "test") == pytest.approx(change.mean())
    t = change.mean() / (change.std(ddof=1) / math.sqrt(20))
    assert number(results, "statistic", analysis="test", visit="month_6")["value"] == pytest.approx(t)
    assert number(results, "df", analysis="test", visit="month_6")["value"] == 19
    # The 97.5 % point of Student's t with 19 degrees of freedom is 2.093024 (tables).
    half = 2.093024 * change.std(ddof=1) / math.sqrt(20)
    limits = [number(results, side, analysis="test", visit="month_6")["value"] for side in ("lower", "upper")]
    assert limits == pytest.approx([change.mean() - half, change.mean() + half], rel=1e-5)


def test_under_mar_the_mean_is_the_regression_estimate(tmp_path: Path) -> None:
    """Drop-out after month 3: the mean is that of the regression on baseline and month 3 (Anderson 1957)."""
    values = drawn_values(40)
    values[np.argsort(values[:, 1])[-12:], 2] = np.nan
    settings = "[endpoints.imputation]\ndraws = 200\nseed = 3\ntipping_point = [0.0, 4.0, 8.0]\n"
    results = lab_trial(tmp_path / "t", [""] * 40, values, MI + settings)
    change = values[:, 1:] - values[:, :1]
    seen = ~np.isnan(change[:, 1])
    design = np.column_stack([np.ones(40), values[:, 0], change[:, 0]])
    slope = np.linalg.lstsq(design[seen], change[seen, 1], rcond=None)[0]
    expected = np.where(seen, change[:, 1], design @ slope).mean()
    complete = change[seen, 1].mean()
    found = estimate(results, "month_6", "test")
    # 200 draws: Monte Carlo error of the mean well below 0.15; complete cases are further away.
    assert abs(found - expected) < 0.15
    assert abs(complete - expected) > 0.2
    fraction = number(results, "fraction_missing", analysis="test", visit="month_6")["value"]
    assert isinstance(fraction, float)
    assert 0 < fraction < 1
    # Twelve of forty values shift by 4: the mean shifts by 12 * 4 / 40 = 1.2.
    rows = results.numbers.filter(pl.col("analysis") == "sensitivity", pl.col("statistic") == "estimate")
    steps = dict(zip(rows["delta"], rows["value"], strict=True))
    assert set(rows["method"]) == {"multiple_imputation"}
    assert steps[0.0] == pytest.approx(found)
    assert steps[4.0] == pytest.approx(found + 1.2)
    again = lab_trial(tmp_path / "u", [""] * 40, values, MI + settings)
    assert estimate(again, "month_6", "test") == found


def test_jump_to_reference_gives_drop_outs_the_control_arm(tmp_path: Path) -> None:
    """Ten of twenty treated leave before any visit; by reference they change like the control arm."""
    values = drawn_values(40)
    arms = ["C"] * 20 + ["A"] * 20
    values[20:, 1:] -= 15
    values[30:, 1:] = np.nan
    change = values[:, 2] - values[:, 0]
    settings = "[endpoints.imputation]\ndraws = 200\nseed = 5\n"
    results = {
        policy: lab_trial(tmp_path / policy, arms, values, f'missing_outcome = "{policy}"\n{settings}')
        for policy in ("multiple_imputation", "j2r", "cr")
    }
    # Change on arm and baseline (one slope): what a drop-out would have by its own arm, and by reference.
    seen = ~np.isnan(change)
    is_treated = np.array([arm == "A" for arm in arms], dtype=float)
    design = np.column_stack([np.ones(40), is_treated, values[:, 0]])
    slope = np.linalg.lstsq(design[seen], change[seen], rcond=None)[0]
    own, reference = design @ slope, np.column_stack([np.ones(40), np.zeros(40), values[:, 0]]) @ slope
    for policy, filled in (("multiple_imputation", own), ("j2r", reference), ("cr", reference)):
        expected = np.where(seen, change, filled)[20:].mean()
        assert abs(estimate(results[policy], "month_6", "test", arm="A", contrast="") - expected) < 0.4
    gap = {
        policy: estimate(each, "month_6", "test", arm="A", contrast="C") for policy, each in results.items()
    }
    assert gap["multiple_imputation"] < gap["j2r"] - 4
    difference = number(results["j2r"], "p", analysis="test", visit="month_6", arm="A", contrast="C")
    assert difference["method"] == "j2r"


def test_a_tipping_point_of_two_arms_is_about_their_difference(tmp_path: Path) -> None:
    values = drawn_values(40)
    values[30:, 2] = np.nan
    settings = "[endpoints.imputation]\ndraws = 200\nseed = 5\ntipping_point = [0.0, 4.0]\n"
    results = lab_trial(tmp_path / "t", ["C"] * 20 + ["A"] * 20, values, MI + settings)
    rows = results.numbers.filter(
        pl.col("analysis") == "sensitivity", pl.col("statistic") == "estimate", pl.col("delta").is_not_null()
    )
    assert set(rows.select("arm", "contrast").iter_rows()) == {("A", "C")}
    # Ten of the twenty treated shift by 4: their mean by 10 * 4 / 20 = 2, and the difference nearly so, as it
    # is adjusted for a baseline that differs a little between those who shift and the others.
    steps = dict(zip(rows["delta"], rows["value"], strict=True))
    assert steps[4.0] - steps[0.0] == pytest.approx(2, abs=0.2)


def test_each_end_of_participation_has_its_own_strategy(tmp_path: Path) -> None:
    """Of ten treated who leave before any visit four died (jump to reference), the rest keep their own arm."""
    values = drawn_values(40)
    arms = ["C"] * 20 + ["A"] * 20
    values[20:, 1:] -= 15
    values[30:, 1:] = np.nan
    change = values[:, 2] - values[:, 0]
    ends = dict.fromkeys([f"S{i}" for i in range(30, 34)], "died")
    ends |= dict.fromkeys([f"S{i}" for i in range(34, 37)], "lost")
    settings = (
        'missing_outcome = "by_ending"\n[endpoints.imputation]\ndraws = 200\nseed = 5\n'
        'strategies = {died = "j2r", lost = "mar"}\n'
    )
    results = lab_trial(tmp_path, arms, values, settings, ends)
    seen = ~np.isnan(change)
    is_treated = np.array([arm == "A" for arm in arms], dtype=float)
    design = np.column_stack([np.ones(40), is_treated, values[:, 0]])
    slope = np.linalg.lstsq(design[seen], change[seen], rcond=None)[0]
    own, reference = design @ slope, np.column_stack([np.ones(40), np.zeros(40), values[:, 0]]) @ slope
    jumps = np.isin(np.arange(40), range(30, 34))
    expected = np.where(seen, change, np.where(jumps, reference, own))[20:].mean()
    assert abs(estimate(results, "month_6", "test", arm="A", contrast="") - expected) < 0.4
    # Four of twenty by the other strategy would lie 4 * 15 / 20 = 3 away.
    assert (
        number(results, "p", analysis="test", visit="month_6", arm="A", contrast="C")["method"] == "by_ending"
    )


def test_a_declared_shift_moves_the_main_analysis_and_not_the_sensitivity_table(tmp_path: Path) -> None:
    """Six of twenty treated lack month 6: a shift of 5 moves their mean by 6 * 5 / 20; controls stay."""
    values = drawn_values(40)
    arms = ["C"] * 20 + ["A"] * 20
    values[34:, 2] = np.nan
    values[:4, 2] = np.nan
    plan = '[[sensitivity]]\nendpoint = "change"\nmethods = ["multiple_imputation", "j2r"]\n'
    found = {
        delta: lab_trial(
            tmp_path / str(delta),
            arms,
            values,
            f"{MI}[endpoints.imputation]\ndraws = 20\ndelta = {delta}\n{plan}",
        )
        for delta in (0.0, 5.0)
    }
    for arm, moved in (("A", 1.5), ("C", 0.0)):
        before, after = (estimate(each, "month_6", "test", arm=arm, contrast="") for each in found.values())
        assert after - before == pytest.approx(moved)
        same = [
            estimate(each, "month_6", "sensitivity", arm=arm, contrast="", method="multiple_imputation")
            for each in found.values()
        ]
        assert same == [pytest.approx(before)] * 2


def test_what_cannot_be_drawn_fails_with_its_reason(tmp_path: Path) -> None:
    values = drawn_values(3)
    values[0, 2] = np.nan
    results = lab_trial(tmp_path / "t", [""] * 3, values, MI)
    failed = number(results, "estimate", analysis="test", visit="month_6")
    assert failed["status"] == "failed"
    assert failed["value"] is None
    assert "subjects" in str(failed["text"])


def test_a_hypothetical_estimand_draws_what_would_have_been(tmp_path: Path) -> None:
    """Who withdrew on day 120 has a value at month 6 all the same; hypothetically it is drawn."""
    values = drawn_values(30)
    values[24:, 2] += 40
    text = (
        MI + "[endpoints.imputation]\ndraws = 100\n[[estimands]]\n"
        'id = "main"\nendpoint = "change"\ntreatment = "cells"\nsummary = "mean change"\n'
        'intercurrent_events = [{event = "adverse_event", strategy = "hypothetical"}]\n'
        '[intercurrent_events]\nadverse_event = ["relapse"]\n'
    )
    folder = tmp_path / "t"
    lab_trial(folder, [""] * 30, values, text)
    events = [f"S{i:02d},Relapse,120" for i in range(24, 30)]
    (folder / "data" / "adverse_events.csv").write_text(
        "subject,term,start_day\n" + "\n".join(events) + "\n", encoding="utf-8"
    )
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    change = values[:, 1:] - values[:, :1]
    seen = np.arange(30) < 24
    design = np.column_stack([np.ones(30), values[:, 0], change[:, 0]])
    slope = np.linalg.lstsq(design[seen], change[seen, 1], rcond=None)[0]
    expected = np.where(seen, change[:, 1], design @ slope).mean()
    assert abs(estimate(results, "month_6") - expected) < 0.3
    assert estimate(results, "month_6", "test") == pytest.approx(change[:, 1].mean())


def test_an_estimand_is_printed_in_words_and_not_by_its_id(tmp_path: Path) -> None:
    """The id of the study file stood in the heading and the sentence, underscores and all."""
    text = RESCUE + estimand("rescue_medication while_on_treatment")
    study, results = run_small(tmp_path / "t", text.replace('id = "main"', 'id = "change_without_rescue"'))
    table = next(
        each for each in build_tables(study, results) if each.id == "table-estimand-change_without_rescue"
    )
    assert table.title.startswith("Estimand “change without rescue”: ")
    assert table.footnotes[0].startswith("Estimand “change without rescue” of ")


@pytest.mark.parametrize("subjects", [1, 3])
def test_a_trial_without_data_yet_says_where_its_estimands_are_told(subjects: int, tmp_path: Path) -> None:
    """No model has anything to fit: its section is left out, and nothing may lead there."""
    arms = '[[arms]]\nid = "A"\nname = "Cells"\n[[arms]]\nid = "B"\nname = "Placebo"\ncontrol = true\n'
    text = template_path("sle").read_text(encoding="utf-8").replace("single_arm", "parallel")
    (tmp_path / "study.toml").write_text(text + arms, encoding="utf-8")
    rows = [f"S{number},01,female,3{number},{'AB'[number % 2]}" for number in range(subjects)]
    (tmp_path / "data").mkdir()
    table = "\n".join(["subject,site,sex,age,arm", *rows, ""])
    (tmp_path / "data" / "subjects.csv").write_text(table, encoding="utf-8")
    study = read_study(tmp_path)
    page = render_html(study, analyse(study, read_tables(tmp_path, study)))
    assert "Treatment: UC-MSC; the arms are compared" in page
    assert ("estimands with their strategies" in page) == (subjects > 1)
