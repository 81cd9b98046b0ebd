"""Arms of virtual trials: allocated by the shares and the method of the study file."""

from collections import Counter

import numpy as np
import pytest

import funis
from funis.simulate.pages.trial_assumptions import list_assumptions
from funis.simulate.trials.arms_allocated import allocate_arms
from funis.simulate.trials.checked_study import check_study
from funis.simulate.trials.scenario import CannotSimulateError
from funis.simulate.trials.simulated import plan_trials
from funis.study.model import Arm, Study
from funis.study.randomisation import Randomisation
from funis.study.read import read_study, template_path
from funis.study.site import Site

RATIO = {"cells": 2, "placebo": 1}


def two_arms(**plan: object) -> Study:
    """The lupus template with two arms, two sites and a plan of allocation."""
    study = read_study(template_path("sle"))
    arms = (Arm(id="cells", name="Cells"), Arm(id="placebo", name="Placebo", control=True))
    return study.model_copy(
        update={
            "arms": arms,
            "sites": (Site(id="01", name="One"), Site(id="02", name="Two")),
            "trial": study.trial.model_copy(update={"design": "parallel"}),
            "randomisation": Randomisation.model_validate({"ratio": RATIO, **plan}),
        }
    )


def test_a_trial_of_two_to_one_is_two_to_one() -> None:
    """Blocks of three: after every third patient exactly two thirds have the cells."""
    study = two_arms(method="blocks", block_sizes=(3,))
    frames = funis.simulate.draw_trial(study, patients=30, seed=4)
    arms = frames["subjects"]["arm"].to_list()
    assert [Counter(arms[:end])["cells"] for end in range(3, 31, 3)] == list(range(2, 21, 2))
    given = frames["infusions"].join(frames["subjects"].select("subject", "arm"), on="subject")
    cells = {arm: part["cells"].max() for (arm,), part in given.group_by("arm")}
    assert cells["placebo"] == 0 < cells["cells"]  # type: ignore[operator]
    listed = list_assumptions(plan_trials(study, scenario="yearly", patients=6, seed=1)).rows
    row = next(row for row in listed if row[0] == "Allocation to the arms")
    assert row[1] == "cells 2 : placebo 1"
    assert "blocks" in row[2]


def test_blocks_hold_within_each_stratum() -> None:
    study = two_arms(method="blocks", block_sizes=(3,), strata=("site", "sex"))
    subjects = funis.simulate.draw_trial(study, patients=60, seed=5)["subjects"]
    for _, part in subjects.group_by("site", "sex"):
        arms = part["arm"].to_list()
        whole = len(arms) // 3 * 3
        assert Counter(arms[:whole])["cells"] == whole // 3 * 2


@pytest.mark.parametrize("method", ["simple", "minimisation"])
def test_other_methods_keep_the_shares(method: str) -> None:
    """300 by 2:1: 200 with a standard deviation of 8.2 by chance alone, less where it is balanced."""
    study = two_arms(method=method, strata=("site",) if method == "minimisation" else ())
    generator = np.random.default_rng(3)
    sites = ["01", "02"] * 150
    arms = allocate_arms(study, sites, generator.random(300) < 0.9, generator)
    assert abs(int((arms == 0).sum()) - 200) < 3.5 * 8.2
    if method == "minimisation":
        for site in (0, 1):
            assert abs(int((arms[site::2] == 0).sum()) - 100) < 12


def test_without_a_plan_the_arms_are_equal_and_strata_nobody_has_are_refused() -> None:
    study = two_arms(method="simple")
    equal = study.model_copy(update={"randomisation": None})
    arms = allocate_arms(equal, ["01"] * 21, np.ones(21, dtype=bool), np.random.default_rng(1))
    assert sorted(Counter(arms.tolist()).values()) == [10, 11]
    other = two_arms(method="blocks", strata=("nephritis",))
    with pytest.raises(CannotSimulateError, match=r"stratum 'nephritis' of \[randomisation\]"):
        check_study(other)
