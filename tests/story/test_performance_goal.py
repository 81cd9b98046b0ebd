"""A response rate against its goal, and several primary endpoints together; chances are added up exactly.

The rebuilt lupus trial has 29 responders among 40. The goal is met where the lower limit of the exact one-sided
interval lies above it, which is where the chance of 29 or more under the goal is below half of alpha.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import comb
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.errors import StudyError
from funis.reporting.estimand_text import co_primary_words
from funis.reporting.key_results import build_key_box
from funis.reporting.methods_text import build_methods
from funis.reporting.number_book import level_text, read_numbers
from funis.reporting.performance_goal_tables import one_sided_level
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study


def chance_of_at_least(count: int, total: int, rate: Fraction) -> float:
    return float(sum(comb(total, k) * rate**k * (1 - rate) ** (total - k) for k in range(count, total + 1)))


@pytest.fixture(scope="module")
def lupus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reconstruct("sle", tmp_path_factory.mktemp("goal") / "sle")


def run_with(folder: Path, goal: str, extra: str = "") -> tuple[Study, Results]:
    text = (folder / "study.toml").read_text(encoding="utf-8")
    marked = text.replace('id = "response"', f'id = "response"\n{goal}', 1)
    assert marked != text
    single = marked.replace('at = ["month_6", "month_12"]', 'at = "month_6"')
    assert single != marked
    single = single.replace("response_month_6_responder", "response_responder")
    changed = folder.parent / "changed.toml"
    changed.write_text(f"{single}\n{extra}", encoding="utf-8")
    study = read_study(changed)
    return study, analyse(study, read_tables(folder, study))


def goal_numbers(results: Results) -> dict[str, tuple[float | None, str]]:
    rows = results.numbers.filter(pl.col("analysis") == "performance_goal")
    return {row["statistic"]: (row["value"], row["text"]) for row in rows.iter_rows(named=True)}


@pytest.mark.parametrize(("goal", "met"), [("0.4", True), ("0.56", True), ("0.57", False), ("0.725", False)])
def test_the_limit_is_compared_with_the_goal(lupus: Path, goal: str, met: bool) -> None:  # noqa: FBT001
    study, results = run_with(lupus, f"performance_goal = {goal}")
    found = goal_numbers(results)
    assert found["count"][0] == 29
    assert found["percent"][0] == pytest.approx(72.5)
    assert found["goal"][0] == pytest.approx(100 * float(goal))
    p = chance_of_at_least(29, 40, Fraction(goal))
    assert found["p"][0] == pytest.approx(p, rel=1e-9)
    # The lower limit is the rate under which 29 or more of 40 have a chance of 2.5 %.
    lower = found["lower"][0]
    assert lower is not None
    assert chance_of_at_least(29, 40, Fraction(lower / 100)) == pytest.approx(0.025, rel=1e-9)
    assert found["met"] == (float(met), "met" if met else "not met")
    assert met == (p < 0.025)
    table = next(table for table in build_tables(study, results) if table.id == "table-performance-goal")
    assert len(table.rows) == 1
    assert table.rows[0].stub.text == "Clinical response, month 6"
    shown = [cell.text for cell in table.rows[0].cells]
    assert shown[:2] == ["29/40 (72.5%)", "56.1%"]
    verdict = (
        "The goal was met: the limit lies above it."
        if met
        else "The goal was not met: the limit does not lie above it."
    )
    assert shown[4] == verdict
    assert any("exact one-sided 97.5% confidence interval" in note for note in table.footnotes)
    assert any("is a proposal of funis" in note for note in table.footnotes)
    assert all(cell.parts[0].id for cell in table.rows[0].cells)


def test_first_page_and_methods_say_goal_and_verdict(lupus: Path) -> None:
    study, results = run_with(lupus, "performance_goal = 0.4")
    box = build_key_box(study, read_numbers(results.numbers))[0]
    primary = "".join(each.text for each in box.entries[1].text)
    assert "15 partial clinical response; goal 40% met." in primary
    assert primary.count("goal") == 1
    assert primary.endswith("The definition was proposed by funis.")
    items = next(each for each in build_methods(study) if each.title == "Endpoints").items
    assert (
        "Performance goal: a response rate above 40%, met where the lower limit of the exact one-sided 97.5% interval "
        "lies above it." in items[0]
    )
    assert not any("goal" in item for item in items[1:])


def test_without_a_goal_nothing_is_said(lupus: Path) -> None:
    study, results = run_with(lupus, "")
    assert goal_numbers(results) == {}
    assert "table-performance-goal" not in {table.id for table in build_tables(study, results)}


def test_no_known_response_gives_no_verdict(lupus: Path, tmp_path: Path) -> None:
    study, _ = run_with(lupus, "performance_goal = 0.4")
    tables = read_tables(lupus, study)
    none = {
        name: frame.clear() if name in {"bilag_2004", "sledai_2k", "labs"} else frame
        for name, frame in tables.frames.items()
    }
    plain = study.endpoints[0].model_copy(update={"missing_outcome": "observed"})
    study = study.model_copy(update={"endpoints": (plain,), "subgroups": {}})
    results = analyse(
        study, type(tables)(**{name: getattr(tables, name) for name in tables.__slots__} | {"frames": none})
    )
    found = goal_numbers(results)
    assert found["met"] == (None, "cannot tell")
    assert set(found) == {"goal", "met"}
    table = next(table for table in build_tables(study, results) if table.id == "table-performance-goal")
    assert table.rows[0].cells[4].text == "Cannot tell: no response is known."


def test_the_level_is_divided_where_one_of_several_suffices(lupus: Path) -> None:
    """Two primary endpoints: each has intervals of 97.5 %, so the limit has a chance of 1.25 %."""
    study, results = run_with(lupus, "performance_goal = 0.55", '[co_primary]\nsuccess = "any"\n')
    lower = goal_numbers(results)["lower"][0]
    assert lower is not None
    assert chance_of_at_least(29, 40, Fraction(lower / 100)) == pytest.approx(0.0125, rel=1e-9)
    assert level_text(study, "response") == "97.5%"
    assert level_text(study, "sledai_change") == "95%"
    assert level_text(study) == "95%"
    assert one_sided_level(study, study.endpoint("response")) == "98.75%"
    limits = results.numbers.filter(
        (pl.col("analysis") == "response") & (pl.col("endpoint") == "response") & (pl.col("statistic") == "lower")
        & (pl.col("category") == "responder") & (pl.col("method") == "clopper_pearson") & (pl.col("variable") == pl.col("measure"))
    )  # fmt: skip
    assert limits["value"].to_list() == [pytest.approx(lower)]


ENDS = [
    {"id": "a", "kind": "exposure", "label": "Cells"},
    {"id": "b", "kind": "disposition", "label": "Stay", "role": "primary"},
    {"id": "c", "kind": "exposure", "label": "Days", "role": "primary"},
]
TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}


def study_of(*endpoints: Mapping[str, object], **more: object) -> Study:
    return Study.model_validate({"study": TRIAL, "endpoints": endpoints} | more)


RULES = {
    "all": "The trial succeeds only if all do; each is judged at 0.05, and nothing is adjusted.",
    "any": (
        "One of them suffices: alpha is divided by 2 (Bonferroni), and the intervals of primary endpoints have level "
        "97.5% where they set no level of their own."
    ),
    "in_order": "They are judged in this order, each at 0.05; the first that fails ends it.",
}


@pytest.mark.parametrize("success", RULES)
def test_co_primary_rules_in_words(success: str) -> None:
    study = study_of(*ENDS, co_primary={"success": success})
    assert co_primary_words(study) == f"There are 2 primary questions: stay and days. {RULES[success]}"
    levels = [study.level_of(endpoint) for endpoint in study.endpoints]
    assert levels == [0.95, 0.975, 0.975] if success == "any" else levels == [0.95] * 3


@pytest.mark.parametrize(("goal", "verdict"), [("0.56", "passed"), ("0.57", "failed")])
def test_a_goal_that_is_met_passes_among_several_primary_endpoints(
    lupus: Path, goal: str, verdict: str
) -> None:
    """The chance of 29 or more of 40 under a goal of 56 % is below 2.5 %, under 57 % above."""
    study, results = run_with(lupus, f"performance_goal = {goal}", '[co_primary]\nsuccess = "in_order"\n')
    rows = results.numbers.filter(pl.col("analysis") == "co_primary", pl.col("endpoint") == "response")
    told = {row["statistic"]: (row["value"], row["text"]) for row in rows.iter_rows(named=True)}
    assert told["passed"] == (float(verdict == "passed"), verdict)
    assert told["level"] == (0.025, "0.025")
    assert told["p"][0] == pytest.approx(chance_of_at_least(29, 40, Fraction(goal)), rel=1e-9)
    others = results.numbers.filter(pl.col("analysis") == "co_primary", pl.col("endpoint") == "relapse")
    assert others["text"].to_list() == [
        "cannot be judged: no test belongs to kind relapse"
        if verdict == "passed"
        else "not judged, since one before it failed"
    ]
    assert "table-co-primary" in {table.id for table in build_tables(study, results)}


def test_a_level_of_its_own_is_never_divided() -> None:
    study = study_of(ENDS[1] | {"level": 0.9}, ENDS[2], co_primary={"success": "any"})
    assert [study.level_of(endpoint) for endpoint in study.endpoints] == [0.9, 0.975]


def test_co_primary_words_without_a_rule() -> None:
    assert co_primary_words(study_of(ENDS[0])) == ""
    assert co_primary_words(study_of(*ENDS[:2])).startswith("There is one primary question (stay),")
    words = co_primary_words(study_of(*ENDS))
    assert words.endswith("nothing is adjusted over them, and no joint conclusion is drawn.")
    assert [endpoint.id for endpoint in study_of(*ENDS).primary_endpoints] == ["b", "c"]


def test_a_goal_belongs_to_a_response_of_a_single_arm(tmp_path: Path) -> None:
    base = (
        '[study]\nid = "X"\ntitle = "X"\ncondition = "sle"\ndesign = "{design}"\n'
        '[[visits]]\nname = "baseline"\nday = 0\nforms = ["sledai_2k", "bilag_2004"]\n'
        '[[visits]]\nname = "month_6"\nday = 180\nforms = ["sledai_2k", "bilag_2004"]\n{arms}'
        '[[endpoints]]\nid = "x"\nkind = "{kind}"\n{what}\nat = "month_6"\nperformance_goal = {goal}\n'
    )
    response = {"kind": "response", "what": 'definition = "explorer_response"', "goal": "0.5"}
    arms = "".join(
        f'[[arms]]\nid = "{name}"\nname = "{name}"\ncontrol = {flag}\n'
        for name, flag in (("a", "true"), ("b", "false"))
    )
    cases = [
        ({"design": "single_arm", "arms": ""} | response, ""),
        ({"design": "parallel", "arms": arms} | response, "The trial has arms."),
        ({"design": "single_arm", "arms": ""} | response | {"goal": "1"}, "less than 1"),
        ({"design": "single_arm", "arms": ""} | response | {"goal": "0"}, "greater than 0"),
        (
            {
                "design": "single_arm",
                "arms": "",
                "kind": "change",
                "what": 'variable = "sledai_2k"',
                "goal": "0.5",
            },
            "performance_goal",
        ),
    ]
    path = tmp_path / "study.toml"
    for given, wanted in cases:
        path.write_text(base.format(**given), encoding="utf-8")
        if not wanted:
            assert read_study(path).endpoints[0].performance_goal == 0.5
            continue
        with pytest.raises(StudyError) as caught:
            read_study(path)
        assert wanted in str(caught.value)


@pytest.mark.parametrize(
    ("template", "visits"), [("sle", ("month_6", "month_12")), ("sjogren", ("month_12",))]
)
def test_templates_have_one_estimand_for_each_primary_question(
    template: str, visits: tuple[str, ...]
) -> None:
    from funis.study.read import template_path

    study = read_study(template_path(template))
    primary = [endpoint.id for endpoint in study.primary_endpoints]
    assert [estimand.endpoint for estimand in study.estimands] == primary
    assert len(primary) == 1
    assert study.endpoint(primary[0]).at == visits
    for estimand in study.estimands:
        assert estimand.population == "treated"
        assert estimand.treatment.endswith("no treatment is compared")
        strategies = {each.event: each.strategy for each in estimand.intercurrent_events}
        assert set(strategies) >= {
            "death",
            "withdrawal",
            "rescue_medication",
            "new_immunosuppressant",
            "reinfusion",
        }
        assert strategies["death"] != "treatment_policy"
    assert study.co_primary is not None
    assert study.intercurrent_events.rescue_medication
