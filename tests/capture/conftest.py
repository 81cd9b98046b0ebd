"""Studies whose forms are made: the templates, and one that uses every instrument of the catalogue."""

from typing import Any

import pytest

from funis.capture.forms.plan import make_study_plan
from funis.capture.forms.plan_parts import StudyPlan
from funis.catalogue.registry import definitions
from funis.study.model import Study
from funis.study.read import read_study, template_path

TEMPLATES = ("sle", "sjogren", "observational")


def study_of(**sections: Any) -> Study:
    """Make a study file from its sections."""
    trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm", "timezone": "Asia/Shanghai"}
    return Study.model_validate({"study": trial, **sections})


@pytest.fixture(scope="session")
def whole_catalogue() -> StudyPlan:
    """Plan a study that uses every instrument."""
    return make_study_plan(study_of(instruments={name: {} for name in definitions()}))


@pytest.fixture(scope="session", params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> Study:
    return read_study(template_path(request.param))


@pytest.fixture(scope="session")
def sle() -> StudyPlan:
    return make_study_plan(read_study(template_path("sle")))
