"""What a study file says of its randomisation is checked, compared with the arms, and printed."""

from fractions import Fraction
from functools import cache
from math import comb
from pathlib import Path

import polars as pl
import pytest

from funis.data.check.allocation import chance_of_share
from funis.data.tables import read_tables
from funis.documents.flow_chart import FlowChart, FlowStep
from funis.errors import StudyError
from funis.reporting.main_words import methods_words
from funis.reporting.trial_document import build_document
from funis.study.model import Study
from funis.study.read import read_study

from .report_kinds import analysed, make_study

HEAD = '[study]\nid = "X"\ntitle = "X"\ncondition = "sle"\ndesign = "parallel"\n'
VISIT = '[[visits]]\nname = "baseline"\nday = 0\n'
ARMS = VISIT + '[[arms]]\nid = "c"\nname = "Cells"\n[[arms]]\nid = "p"\nname = "Placebo"\ncontrol = true\n'
ALSO = '[[columns]]\nname = "region"\nkind = "text"\n[subgroups]\nyoung = "age < 30"\n'
PLAN = '[randomisation]\nmethod = "blocks"\nstrata = ["site", "region", "young"]\nratio = {c = 2, p = 1}\n'


def read(folder: Path, text: str) -> Study:
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return read_study(folder)


def test_strata_may_be_columns_and_subgroups_and_are_said_in_words(tmp_path: Path) -> None:
    study = read(tmp_path, HEAD + ARMS + ALSO + PLAN)
    assert study.randomisation is not None
    assert study.randomisation.ratio == {"c": 2, "p": 1}
    words = methods_words(study)[0]
    assert words.startswith("This is a randomised trial with parallel arms in systemic lupus erythematosus.")
    assert (
        "Subjects were allocated at random to cells and placebo (2:1) in permuted blocks, stratified by site, "
        "region and young." in words
    )


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ('method = "minimisation"\nstrata = "sex"\n', "(1:1) by minimisation over sex."),
        ('method = "simple"\n', "(1:1) by simple randomisation."),
        ('method = "blocks"\n', "(1:1) in permuted blocks."),
    ],
)
def test_each_method_has_its_words(tmp_path: Path, plan: str, said: str) -> None:
    text = f"{HEAD}{ARMS}[randomisation]\n{plan}ratio = {{c = 1, p = 1}}\n"
    assert said in methods_words(read(tmp_path, text))[0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("p = 1}", "q = 1}", "There is no arm of this id."),
        (", p = 1}", "}", "The arm 'p' has no share."),
        ("p = 1}", "p = 0}", "ratio"),
        ('"region"]', '"district"]', "There is no column or subgroup of this name to balance over."),
        ('"region", "young"]', '"site"]', "This name is given twice."),
        ('"blocks"', '"simple"', "Simple randomisation balances over nothing"),
        ('"blocks"', '"coin"', "method"),
        ('design = "parallel"', 'design = "single_arm"', "Only a trial with parallel arms is randomised"),
        ("ratio = {c = 2, p = 1}\n", "", "ratio"),
        ("ratio", "block_sizes = [3, 4]\nratio", "In a block of 4 the shares, 3 in all, cannot be kept."),
        ("ratio", "probability = 0.8\nratio", "Only minimisation takes the best arm with a chance."),
        ('"blocks"', '"minimisation"\nblock_sizes = [3]', "Only permuted blocks have sizes."),
        ("ratio", 'blinded = ["monitor", "monitor"]\nratio', "This role is named twice."),
        ("ratio", 'blinded = ["cell_laboratory"]\nratio', "blinded"),
        ('"blocks"', '"minimisation"\nprobability = 0.4', "probability"),
    ],
)
def test_what_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = HEAD + ARMS + ALSO + PLAN
    text = text.replace('"region", "young"]', '"region"]') if old == '"region"]' else text
    assert old in text
    with pytest.raises(StudyError) as caught:
        read(tmp_path, text.replace(old, new))
    assert said in str(caught.value)


def test_a_subgroup_formed_by_an_outcome_is_no_stratum(tmp_path: Path) -> None:
    visits = '[[visits]]\nname = "month_6"\nday = 180\n'
    visits += 'forms = ["sledai_2k"]\n'
    end = '[[endpoints]]\nid = "answer"\nkind = "response"\ndefinition = "lldas"\nat = "month_6"\n'
    groups = '[subgroups]\nbetter = "answer_responder"\n'
    plan = '[randomisation]\nmethod = "blocks"\nstrata = "better"\nratio = {c = 1, p = 1}\n'
    with pytest.raises(StudyError) as caught:
        read(tmp_path, HEAD + ARMS + visits + end + groups + plan)
    assert "formed by an outcome, which nobody knows when a subject is allocated" in str(caught.value)


@pytest.mark.parametrize(
    ("count", "size", "share", "whole"), [(0, 10, 1, 2), (9, 12, 1, 3), (4, 4, 2, 5), (20, 40, 1, 2)]
)
def test_the_chance_of_an_arm_is_the_exact_one(count: int, size: int, share: int, whole: int) -> None:
    """Twice the smaller tail of the binomial distribution, in fractions."""
    part = Fraction(share, whole)
    terms = [comb(size, k) * part**k * (1 - part) ** (size - k) for k in range(size + 1)]
    wanted = min(Fraction(1), 2 * min(sum(terms[: count + 1]), sum(terms[count:])))
    assert chance_of_share(count, size, share, whole) == pytest.approx(float(wanted), rel=1e-9)


def ratio_findings(folder: Path) -> list[tuple[str, str]]:
    study = read_study(folder)
    found = read_tables(folder, study).findings
    return [(each.level, each.message) for each in found if each.code == "ratio_not_kept"]


def move(folder: Path, subjects: int) -> None:
    """Put so many subjects of the other arm into arm A."""
    path = folder / "data" / "subjects.csv"
    frame = pl.read_csv(path, infer_schema=False)
    others = [place for place, arm in enumerate(frame["arm"]) if arm == "B"][:subjects]
    arms = ["A" if place in others else arm for place, arm in enumerate(frame["arm"])]
    frame.with_columns(arm=pl.Series(arms)).write_csv(path)


def test_arms_far_from_their_ratio_are_a_warning_and_chance_is_none(tmp_path: Path) -> None:
    """30 of 40 at 1:1 has a chance of 0.0022, 32 of 40 one of 0.00018."""
    folder = make_study("randomised", tmp_path / "trial")
    assert ratio_findings(folder) == []
    move(folder, 10)
    assert ratio_findings(folder) == []
    move(folder, 2)
    ((level, message),) = ratio_findings(folder)
    assert level == "warning"
    assert message.startswith("32 of 40 subjects are in the arm 'A', whose share is 1 of 2:")


def test_a_subject_outside_the_arms_is_an_error(tmp_path: Path) -> None:
    folder = make_study("randomised", tmp_path / "trial")
    path = folder / "data" / "subjects.csv"
    frame = pl.read_csv(path, infer_schema=False)
    frame.with_columns(arm=pl.Series(["C", *frame["arm"][1:]])).write_csv(path)
    found = read_tables(folder, read_study(folder)).findings
    assert [(each.level, each.code) for each in found if each.column == "arm"] == [("error", "unknown_arm")]


@cache
def charts() -> dict[str, FlowChart]:
    found = {}
    for kind in ("randomised", "two_arms"):
        page = build_document(*analysed(kind))
        blocks = [block for section in page.sections for block in section.all_blocks]
        (found[kind],) = (block for block in blocks if isinstance(block, FlowChart))
        assert page.kicker.split(" · ")[1] == {"randomised": "Randomised parallel-arm trial"}.get(
            kind, "Parallel-arm trial"
        )
    return found


def said(step: FlowStep) -> list[str]:
    return [f"{box.title}: {''.join(part.text for part in box.count)}" for box in step.boxes]


def test_the_flow_of_a_randomised_trial_names_its_steps_and_sets_the_arms_side_by_side() -> None:
    chart = charts()["randomised"]
    assert [said(step)[0] for step in chart.steps] == [
        "Assessed for eligibility: n = NA: screening was not recorded",
        "Consented, met every criterion, randomised: n = 40",
    ]
    assert [arm.title for arm in chart.arms] == ["Cells", "Placebo"]
    for arm in chart.arms:
        assert [said(step)[0] for step in arm.steps] == [
            "Allocated, received treatment: n = 20", "Followed to the end: n = 20",
            "Analysed for clinical response: n = 20",
        ]  # fmt: skip
    assert not any("do not add up" in note for note in chart.footnotes)


def test_without_a_randomisation_nobody_is_called_randomised() -> None:
    chart = charts()["two_arms"]
    words = [
        line for step in (*chart.steps, *(s for arm in chart.arms for s in arm.steps)) for line in said(step)
    ]
    assert not any("andomised" in line or "llocated" in line for line in words)
    assert "Consented, enrolled, met every criterion: n = 40" in words


@pytest.mark.parametrize(
    ("sizes", "count"), [("", 0), ("block_sizes = [4]\n", 1), ("block_sizes = [2, 4]\n", 0)]
)
def test_blocks_of_one_size_are_a_warning(tmp_path: Path, sizes: str, count: int) -> None:
    folder = make_study("randomised", tmp_path / "trial")
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[randomisation]\n", f"[randomisation]\n{sizes}"), encoding="utf-8")
    found = [
        each for each in read_tables(folder, read_study(folder)).findings if each.code == "one_block_size"
    ]
    assert [each.level for each in found] == ["warning"] * count
