"""What a rule becomes, and in which words one that cannot be used is refused."""

from typing import Any

import polars as pl
import pytest

from funis.study.model import Study
from funis.study.response_behind import definition_behind, response_visit
from funis.study.rule_nodes import Absolute, Calculation, Compare, NamedColumn, Value
from funis.study.rule_tree import MAX_LENGTH, MAX_LEVELS, MAX_PARTS, RuleError, parse_rule
from funis.study.rules import apply_rule, check_rule

SCHEMA = {"age": pl.Float64(), "sex": pl.String(), "consent": pl.Date(), "ill": pl.Boolean()}
ALLOWED = {"sex": ("female", "male")}
COLUMNS = "Columns: age, sex, consent, ill."
LONG = "x" * 41


@pytest.mark.parametrize(
    ("rule", "message", "fix"),
    [
        ("agee > 1", "There is no column 'agee' here.", "The nearest column is 'age'."),
        ("colour > 1", "There is no column 'colour' here.", COLUMNS),
        # A text in double quotes is the name of a column; one that no column can have, or that a column holds, is meant as a text.
        ('sex = "of both"', "There is no column 'of both' here.", f"A text is written in single quotes. {COLUMNS}"),
        ('sex = "female"', "There is no column 'female' here.", f"A text is written in single quotes. {COLUMNS}"),
        ('sex = "other"', "There is no column 'other' here.", COLUMNS),
        ("sex IN ('male', 'femal')", "Column 'sex' never holds 'femal'.", "The nearest is 'female'. It holds: female, male."),
        ("age", "A rule answers yes or no; this one gives a number.", "Compare it, for example with > 0."),
        ("NULL", "A rule answers yes or no; this one gives nothing.", "Compare it, for example with > 0."),
        ("consent > 3", "A date is compared with a number.", "Use the columns days_..., which are numbers of days."),
        ("consent > '3'", "A date is compared with a text.", "A date is written DATE '2020-01-31'."),
        ("age > '3'", "A number is compared with a text.", "A number stands without quotes, a text in single quotes."),
        ("ill = 'x'", "A boolean is compared with a text.", "Compare values of one kind."),
        ("age IS TRUE", "IS TRUE and IS FALSE take a condition; found a number.", "Write a condition."),
        ("age BETWEEN 1 AND 'b'", "A number is compared with a text.", "A number stands without quotes, a text in single quotes."),
        ("age > 1e400", "The number 1e400 is too large.", "Write a smaller one."),
        # The word that does not belong there is named; of a long one forty letters are.
        ("age 16", "The rule cannot be read at '16'.", "Write one SQL condition, for example age >= 16 AND sex = 'female'."),
        ("age > 1)", "The rule cannot be read at '1)'.", "Write one SQL condition, for example age >= 16 AND sex = 'female'."),
        ("age > 1\nOR age 3", "The rule cannot be read at '3'.", "Write one SQL condition, for example age >= 16 AND sex = 'female'."),
        (f"age >= 16 {LONG}", f"The rule cannot be read at {LONG[:40]!r}.", "Write one SQL condition, for example age >= 16 AND sex = 'female'."),
        ("age >= ", "The rule cannot be read: it is not complete.", "Write one SQL condition, for example age >= 16 AND sex = 'female'."),
        ("(age > 1", "The rule cannot be read: it is not complete.", "Write one SQL condition, for example age >= 16 AND sex = 'female'."),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_used_is_refused_in_words(rule: str, message: str, fix: str) -> None:
    assert [(each.message, each.fix) for each in check_rule(rule, SCHEMA, allowed=ALLOWED)] == [
        (message, fix)
    ]


@pytest.mark.parametrize(
    ("number", "value"),
    [
        ("5", 5), ("-5", -5), ("-0.5", -0.5), ("1e3", 1000.0),
        # Up to 18 digits a whole number is exact in 64 bits.
        ("123456789012345678", 123456789012345678), ("1234567890123456789", 1234567890123456789.0),
    ],
)  # fmt: skip
def test_a_number_is_a_number(number: str, value: float) -> None:
    tree = parse_rule(f"age >= {number}")
    assert tree == Compare(">=", NamedColumn("age"), Value(value))
    assert isinstance(tree, Compare)
    assert isinstance(tree.right, Value)
    assert type(tree.right.value) is type(value)


def test_a_sign_before_anything_else_is_a_difference() -> None:
    tree = parse_rule("age > -ABS(-3)")
    assert tree == Compare(">", NamedColumn("age"), Calculation(Value(0), (("-", Absolute(Value(-3))),)))


@pytest.mark.parametrize(
    ("rule", "answers"),
    [
        ("ill IS TRUE", [True, False, False]),
        ("ill IS FALSE", [False, True, False]),
        ("ill IS NULL", [False, False, True]),
        ("ill IS NOT TRUE", [False, True, True]),
        ("ill IS NOT NULL", [True, True, False]),
        ("NOT ill", [False, True, None]),
        ("ill OR ill IS NULL", [True, False, True]),
        ("age BETWEEN 20 AND 30", [True, True, None]),
        ("age BETWEEN 21 AND 30", [False, True, None]),
        ("age BETWEEN 20 AND 29", [True, False, None]),
        ("age IN (20, 25)", [True, False, None]),
        ("CASE WHEN age = 20 THEN ill WHEN age = 30 THEN TRUE ELSE FALSE END", [True, True, False]),
        ("TRUE", [True, True, True]),
    ],
)
def test_a_rule_answers_yes_no_or_cannot_tell(rule: str, answers: list[bool | None]) -> None:
    frame = pl.DataFrame({"age": [20.0, 30.0, None], "ill": [True, False, None]})
    assert apply_rule(frame, rule).to_list() == answers


@pytest.mark.parametrize(
    ("within", "beyond", "said"),
    [
        ("(" * MAX_LEVELS + "age > 1" + ")" * MAX_LEVELS, "(" * (MAX_LEVELS + 1) + "age > 1" + ")" * (MAX_LEVELS + 1), "nested"),
        ("NOT " * MAX_LEVELS + "ill", "NOT " * (MAX_LEVELS + 1) + "ill", "nested"),
        ("age > 1".ljust(MAX_LENGTH), "age > 1".ljust(MAX_LENGTH + 1), "too long"),
        # The whole and each of its conditions are parts; a list, each value, and the column once beside each value.
        (" OR ".join(["ill"] * (MAX_PARTS - 1)), " OR ".join(["ill"] * MAX_PARTS), "too long"),
        (f"age IN ({', '.join(['1'] * 499)})", f"age IN ({', '.join(['1'] * 500)})", "too long"),
    ],
    ids=["brackets", "prefixes", "letters", "conditions", "values"],
)  # fmt: skip
def test_a_rule_may_be_so_large_and_no_larger(within: str, beyond: str, said: str) -> None:
    assert check_rule(within, SCHEMA) == ()
    with pytest.raises(RuleError, match=said):
        parse_rule(beyond)


# --- what an endpoint rests on -----------------------------------------------------------------------

TRIAL = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
FIRST = {"id": "a", "kind": "response", "definition": "doris_2021"}
EARLY = {"id": "b", "kind": "response", "definition": "lldas", "at": ("month_3", "month_6")}
LATE = {"id": "c", "kind": "response", "definition": "sri_4", "at": ("month_12",)}
TIMED = {"id": "t", "kind": "time_to_event"}


@pytest.mark.parametrize(
    ("endpoint", "definition", "visit"),
    [
        (LATE, "sri_4", "month_12"),
        ({"id": "q", "kind": "relapse"}, "doris_2021", "month_3"),
        ({"id": "q", "kind": "relapse", "definition": "sri_4"}, "sri_4", "month_12"),
        ({"id": "q", "kind": "relapse", "definition": "sri_4", "parameters": {"response_visit": "month_9"}}, "sri_4", "month_9"),
        # A definition that is no endpoint with a visit counts from the first that is one.
        ({"id": "q", "kind": "relapse", "definition": "essdai_mcii"}, "essdai_mcii", "month_3"),
        (TIMED | {"event": "death"}, "", "month_3"),
        (TIMED | {"event": "death", "origin": "response"}, "doris_2021", "month_3"),
        (TIMED | {"event": "relapse"}, "doris_2021", "month_3"),
        (TIMED | {"event": "response"}, "doris_2021", "month_3"),
        (TIMED | {"event": "withdrawal", "definition": "lldas"}, "lldas", "month_3"),
        ({"id": "s", "kind": "summary"}, "", "month_3"),
    ],
)  # fmt: skip
def test_an_endpoint_rests_on_a_definition_and_counts_from_its_visit(
    endpoint: dict[str, Any], definition: str, visit: str
) -> None:
    others = [each for each in (FIRST, EARLY, LATE) if each["id"] != endpoint["id"]]
    study = Study.model_validate({"study": TRIAL, "endpoints": (*others, endpoint)})
    assert definition_behind(study, study.endpoints[-1]) == definition
    assert response_visit(study, study.endpoints[-1]) == visit


def test_without_a_response_nothing_is_counted_from_one() -> None:
    study = Study.model_validate({"study": TRIAL, "endpoints": ({"id": "q", "kind": "relapse"},)})
    assert (definition_behind(study, study.endpoints[0]), response_visit(study, study.endpoints[0])) == (
        "",
        "",
    )
