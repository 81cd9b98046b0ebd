"""Rules are refused when they would be silently wrong, and answer null when they cannot tell."""

import polars as pl
import pytest

from funis.frames.verbs import as_few
from funis.study.rule_tree import RuleError
from funis.study.rules import apply_rule, check_rule, rule_columns

SCHEMA: dict[str, pl.DataType] = {
    "age": pl.Float64(),
    "number": pl.Int64(),
    "sex": pl.String(),
    "grade": pl.String(),
    "consent_date": pl.Date(),
    "diagnosis_date": pl.Date(),
    "is_adult": pl.Boolean(),
}
ALLOWED = {"sex": ("female", "male"), "grade": ("A", "B", "C", "D", "E")}

RIGHT = [
    "age >= 16",
    "age > 0.5",
    "age BETWEEN 16 AND 70",
    "age >= 16 AND sex = 'female'",
    "grade IN ('A', 'B')",
    "NOT (grade IN ('D', 'E') OR age < 16)",
    "grade NOT IN ('D', 'E')",
    "consent_date IS NOT NULL",
    "consent_date >= DATE '2020-01-31'",
    "consent_date > diagnosis_date",
    "ABS(age - 40) < 10",
    "COALESCE(age, 0) > 16",
    "age / 2 + 1 > 0.25",
    "number IN (1, 2)",
    "is_adult",
    "is_adult IS TRUE",
    "CASE WHEN sex = 'male' THEN age > 18 ELSE age > 16 END",
    "TRUE",
]
WRONG = [
    ("consent_date - diagnosis_date > 3", "date minus a date"),
    ("consent_date > 3", "date is compared with a number"),
    ("consent_date > 3.5", "date is compared with a number"),
    ("consent_date BETWEEN 1 AND 3", "date is compared with a number"),
    ("consent_date IN (1, 2)", "date is looked for in a list of number"),
    ("consent_date > '2020-01-01'", "date is compared with a text"),
    ("consent_date + 30 > diagnosis_date", "Arithmetic is done with numbers"),
    ("age > '16'", "number is compared with a text"),
    ("age IN ('16')", "list of text"),
    ("sex = 1", "text is compared with a number"),
    ("sex = 'F'", "never holds 'F'"),
    ("sex IN ('female', 'M')", "never holds 'M'"),
    ("grade > 'B'", "order of the alphabet"),
    ("age = NULL", "never true"),
    ("age", "answers yes or no"),
    ("age + 1", "answers yes or no"),
    ("age > 16 > 2", "boolean is compared with a number"),
    ("NOT age", "takes a condition"),
    ("age AND sex = 'male'", "join conditions"),
    ("agee >= 16", "no column 'agee'"),
    ('sex = "female"', "no column 'female'"),
    ("age >= ", "cannot be read"),
    ("", "is empty"),
    ("   ", "is empty"),
    ("age == 16", "'=='"),
    ("age ≥ 16", "'≥'"),
    ("age >= 16 && age < 70", "'&&'"),
    ("SUM(age) > 3", "'SUM()'"),
    ("AVG(age) > 3", "'AVG()'"),
    ("read_csv('/etc/passwd') IS NULL", "'READ_CSV()'"),
    ("age > (SELECT 1)", "'SELECT'"),
    ("age > (SELECT x FROM read_csv('/etc/passwd'))", "'SELECT'"),
    ("EXISTS (SELECT 1)", "'EXISTS'"),
    ("age > 3; DROP TABLE x", "';'"),
    ("CAST(age AS VARCHAR) = '3'", "'CAST'"),
    ("age > 3 AS x", "'AS'"),
    ("SUM(age) OVER (PARTITION BY sex) > 3", "'OVER'"),
    ("sex LIKE 'f%'", "may not stand"),
    ("UPPER(sex) = 'FEMALE'", "'UPPER()'"),
    ("sex || 'x' = 'malex'", "'||'"),
    ("CASE WHEN age > 3 THEN age ELSE sex END", "joins number and text"),
    ("*", "'STAR' may not stand"),
]


@pytest.mark.parametrize("rule", RIGHT)
def test_a_right_rule_has_no_finding_and_gives_an_answer_a_row(rule: str) -> None:
    assert check_rule(rule, SCHEMA, allowed=ALLOWED) == ()
    answer = apply_rule(pl.DataFrame({name: [None, None] for name in SCHEMA}, schema=SCHEMA), rule)
    assert answer.dtype == pl.Boolean
    assert len(answer) == 2


@pytest.mark.parametrize(("rule", "said"), WRONG)
def test_a_wrong_rule_is_refused_with_a_fix(rule: str, said: str) -> None:
    findings = check_rule(rule, SCHEMA, allowed=ALLOWED)
    assert any(said in finding.message for finding in findings), findings
    assert all(finding.fix for finding in findings)


def test_every_finding_of_a_rule_is_told_at_once() -> None:
    findings = check_rule("agee > 3 AND consent_date > 5 AND sex = 'F'", SCHEMA, allowed=ALLOWED)
    assert len(findings) == 3


def test_the_nearest_column_is_named() -> None:
    assert "'consent_date'" in check_rule("consent_dat IS NULL", SCHEMA)[0].fix


def test_null_means_cannot_tell() -> None:
    frame = pl.DataFrame({"age": [15.9, 16.0, None], "sex": ["male", None, "female"]})
    assert apply_rule(frame, "age >= 16").to_list() == [False, True, None]
    # Known to be false whatever the missing part is; unknown where it decides.
    assert apply_rule(frame, "age >= 16 AND sex = 'female'").to_list() == [False, None, None]
    assert apply_rule(frame, "age >= 16 OR sex = 'female'").to_list() == [False, True, True]
    assert apply_rule(frame, "NOT (sex = 'female')").to_list() == [True, None, False]
    assert apply_rule(frame, "sex IN ('female')").to_list() == [False, None, True]


def test_limits_are_those_that_are_written() -> None:
    frame = pl.DataFrame({"protein": [0.5, 0.500000001, 0.4, 5e-324]})
    assert apply_rule(frame, "protein > 0.5").to_list() == [False, True, False, False]
    assert apply_rule(frame, "protein BETWEEN 0.4 AND 0.5").to_list() == [True, False, True, False]


def test_a_rule_without_a_column_answers_for_every_row() -> None:
    assert apply_rule(pl.DataFrame({"age": [1.0, 2.0]}), "TRUE").to_list() == [True, True]
    assert apply_rule(pl.DataFrame({"age": []}, schema={"age": pl.Float64}), "TRUE").to_list() == []
    # Polars folds the first known of nothing but nulls and a date into one date.
    dates = pl.DataFrame({"d": [None, None]}, schema={"d": pl.Date})
    rule = "DATE '2020-01-02' = COALESCE(d, DATE '2020-01-02')"
    assert apply_rule(dates, rule).to_list() == [True, True]
    assert apply_rule(as_few(dates), rule).to_list() == [True, True]
    assert apply_rule(as_few(dates), "FALSE").to_list() == [False, False]


def test_columns_of_a_rule() -> None:
    assert rule_columns("age > 3 AND (sex = 'male' OR age < 80)") == ("age", "sex")


@pytest.mark.parametrize(("innermost", "is_read"), [("c", True), ("c * d", False)])
def test_twenty_levels_of_brackets_hold_an_or_an_and_and_a_comparison_each(
    innermost: str, *, is_read: bool
) -> None:
    """Four nodes a level: the 80 that are read end with one name in the innermost bracket."""
    rule = innermost
    for _ in range(20):
        rule = f"a OR b AND c = ({rule})"
    if is_read:
        assert rule_columns(rule) == ("a", "b", "c")
    else:
        with pytest.raises(RuleError, match="nested too deeply"):
            rule_columns(rule)
