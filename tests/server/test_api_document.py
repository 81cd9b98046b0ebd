"""The read API held to its own OpenAPI document: what schemathesis asks, rightly and wrongly, is answered as told."""

from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import CHECKS
from schemathesis.generation import GenerationMode
from tests.server.test_queries import act, enter

from funis.capture.configuration import Configuration

HELD = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "response_headers_conformance",
)  # fmt: skip
RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


@pytest.fixture(scope="module")
def operations(configuration: Configuration) -> list[Any]:
    """Give the operations that the document of the API names."""
    from django.core.wsgi import get_wsgi_application

    headers = {"Host": "localhost"}
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", get_wsgi_application(), headers=headers)
    found: list[Any] = list(schema.get_all_operations())
    return [each.ok() for each in found]


@pytest.fixture
def told(operations: list[Any], server: Configuration) -> tuple[list[Any], str]:
    """Give the operations, and a token that reads all sites."""
    from funis.capture.people.tokens import issue_token
    from funis.capture.study_in_force import today

    _, shown = act("administrator", lambda: issue_token("tests", "auditor", "", today() + timedelta(days=2)))
    return operations, shown


def hold(operation: Any, mode: GenerationMode, shown: str) -> None:
    """Ask an operation what the document allows, or does not, and hold the answer to the document."""
    names = (*HELD, "negative_data_rejection") if mode == WRONG else HELD
    checks = [CHECKS.get_one(name) for name in names]

    @settings(
        max_examples=4, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.headers = {"Authorization": f"Bearer {shown}", "Host": "localhost"}
        case.call_and_validate(checks=checks)

    ask()


def test_every_resource_answers_as_its_document_says(told: tuple[list[Any], str], sledai: Any) -> None:
    enter(sledai, {"rash": (None, 1)})
    operations, shown = told
    assert len(operations) == 12
    for operation in operations:
        hold(operation, RIGHT, shown)


def test_what_the_document_does_not_allow_is_refused_as_it_says(told: tuple[list[Any], str]) -> None:
    operations, shown = told
    asked = [each for each in operations if each.query or each.path_parameters]
    assert len(asked) == 11
    for operation in asked:
        hold(operation, WRONG, shown)


def test_rows_that_are_there_have_the_shape_that_is_told(told: tuple[list[Any], str], sledai: Any) -> None:
    """Ids that are drawn find nothing: here the rows of a subject with a history are asked for by theirs."""
    enter(sledai, {"rash": (None, 1)})
    enter(sledai, {"rash": (1, 0)}, "typed beside it")
    operations, shown = told
    for operation in operations:
        keys = {"key": sledai.subject_id if "/subjects" in operation.path else sledai.pk}
        case = operation.Case(
            path_parameters=keys if "{key}" in operation.path else {},
            headers={"Authorization": f"Bearer {shown}", "Host": "localhost"},
        )
        answer = case.call_and_validate(checks=[CHECKS.get_one(name) for name in HELD])
        assert answer.status_code == 200, operation.path
