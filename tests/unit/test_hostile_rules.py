"""A rule opens no file and no address, whatever stands in it, and is refused before it can exhaust anything."""

import builtins
import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from funis.errors import FunisError
from funis.study.rule_tree import MAX_LEVELS, RuleError
from funis.study.rules import apply_rule, check_rule, rule_columns

SCHEMA: dict[str, pl.DataType] = {
    "age": pl.Float64(),
    "sex": pl.String(),
    "adult": pl.Boolean(),
    "consent_date": pl.Date(),
}
FRAME = pl.DataFrame({name: [None] for name in SCHEMA}, schema=SCHEMA)
QUOTES = {
    "bare": "{0}",
    "backtick": "`{0}`",
    "backticks around": "age > 0 OR `'` IN ({0}) OR `'` = 1",
    "dollar": "$${0}$$ = 'a'",
    "dollar around": "$$'$$ = 'a' OR age IN ({0}) OR $$'$$ = 'a'",
    "tagged dollar": "$x$'$x$ = 'a' OR age IN ({0}) OR $x$'$x$ = 'a'",
    "double quotes": '"\'" = 1 OR age IN ({0}) OR "\'" = 1',
    "escaped": "sex = '\\' OR age IN ({0}) OR sex = '",
    "doubled": "sex = '''' OR age IN ({0})",
    "E string": "sex = E'\\'' OR age IN ({0})",
    "N string": "sex = N'x' OR age IN ({0})",
    "line comment": "age > 0 --\n OR age IN ({0})",
    "block comment": "age > 0 /**/ OR age IN ({0})",
    "hidden comment": "age > 0 /*'*/ OR age IN ({0}) /*'*/",
    "hint": "/*+ x */ age IN ({0})",
    "semicolon": "age > 0; {0}",
    "union": "age > 0 UNION {0}",
    "nested": "age IN (1, ({0}))",
    "case": "CASE WHEN adult THEN ({0}) END",
    "coalesce": "COALESCE(age, ({0})) > 1",
    "between": "age BETWEEN ({0}) AND 3",
    "is": "age IS ({0})",
    "exists": "NOT EXISTS ({0})",
    "any": "age = ANY ({0})",
    "template": "{{{{ {0} }}}}",
    "null sign": "age > 0 \x00 OR age IN ({0})",
    "unicode quotes": "sex = ‘’ OR age IN ({0})",
    "wide brackets": "age IN （{0}）",
    "no-break space": "age\u00a0IN ({0})",
    "right to left": "age > 0 \u202e OR age IN ({0})",
}
QUERIES = (
    "SELECT a FROM read_csv('{place}')",
    "SeLeCt\na\nFrOm\tread_parquet('{place}')",
    "SELECT * FROM '{place}'",
    "WITH x AS (SELECT * FROM read_csv('{place}')) SELECT a FROM x",
    "TABLE read_csv('{place}')",
    "FROM read_csv('{place}')",
    "read_csv('{place}')",
    "scan_csv('{place}')",
    "VALUES (read_csv('{place}'))",
)


@pytest.fixture(name="places")
def _places(tmp_path: Path) -> Any:
    """Give a file and an address of this machine, and count what asks for the address."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET  # noqa: N815  the name the library calls

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    file = tmp_path / "secret.csv"
    file.write_text("a\nTOP-SECRET\n", encoding="utf-8")
    server = HTTPServer(("127.0.0.1", 0), Answer)
    # It looks this often whether it is to end: by default twice a second, which each test would wait for.
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield (str(file), f"http://127.0.0.1:{server.server_port}/secret.csv"), asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("quoting", QUOTES)
def test_a_hidden_query_is_refused_and_opens_nothing(
    quoting: str, places: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses, asked = places
    check_rule("age > 1", SCHEMA)  # what is imported late is there before the doors are watched

    def no_text(*_: object, **__: object) -> None:
        raise AssertionError("a rule's text reached an engine")

    def no_file(name: object, *_: object, **__: object) -> None:
        raise AssertionError(f"a rule opened {name}")

    for module, name in ((pl, "sql_expr"), (pl, "sql"), (pl, "SQLContext"), (os, "system")):
        monkeypatch.setattr(module, name, no_text)
    for module, name in ((builtins, "open"), (os, "open"), (socket, "create_connection")):
        monkeypatch.setattr(module, name, no_file)
    for place in addresses:
        for query in QUERIES:
            rule = QUOTES[quoting].format(query.format(place=place))
            findings = check_rule(rule, SCHEMA)
            assert findings, rule
            assert all("TOP-SECRET" not in f"{finding}" for finding in findings)
            with pytest.raises((FunisError, pl.exceptions.ColumnNotFoundError)) as refused:
                apply_rule(FRAME, rule)
            assert "TOP-SECRET" not in str(refused.value)
    assert asked == []


HOSTILE = [
    "age::integer > 3",
    "age::STRUCT(a INTEGER) > 3",
    "CAST(age AS BLOB) = 3",
    "TRY_CAST(age AS INTEGER) > 3",
    "INTEGER '3' = age",
    "JSON '{}' IS NULL",
    "TIMESTAMP '2020-01-01' > consent_date",
    "X'41' = sex",
    "B'1' = sex",
    "consent_date > DATE '2020-02-30'",
    "consent_date > DATE '2020-01-01 00:00'",
    "consent_date > DATE '20200101'",
    "consent_date > INTERVAL '3 days'",
    "ABS(age) x > 3",
    '"ABS"(age) > 3',
    "a.ABS(age) > 3",
    "main.abs(age) > 3",
    "ABS(age, age) > 3",
    "ABS(*) > 3",
    "ABS() > 3",
    "COALESCE() > 3",
    "LEAST(age, 3) > 3",
    "lower(sex) = 'a'",
    "t.age > 3",
    "age[1] > 3",
    "{'a': age} IS NULL",
    "age > ?",
    "age > :x",
    "age > @x",
    "age > $1",
    "age COLLATE nocase > 3",
    "age BETWEEN SYMMETRIC 5 AND 1",
    "age BETWEEN ASYMMETRIC 1 AND 5",
    "age IS DISTINCT FROM 3",
    "age IS NOT DISTINCT FROM 3",
    "age IN ()",
    "age IN (1, NULL)",
    "age NOT IN (NULL)",
    "age IN (age)",
    "age IN 3",
    "sex = 'a' 'b'",
    "sex LIKE '%'",
    "sex SIMILAR TO 'a'",
    "sex ~ 'a'",
    "age % 2 = 0",
    "age ^ 2 > 3",
    "age // 2 > 3",
    "age DIV 2 > 3",
    "age & 1 = 1",
    "age <=> 3",
    "age XOR adult",
    "adult = age IS NULL",
    "adult = (age > 3)",
    "age > 16years",
    "age > 1e999",
    "age > ²",
    "age > 0x1F",
    "sex = 'a",
    'sex = "a',
    "(age > 3",
    "age > 3)",
    "CASE WHEN adult THEN TRUE",
    "CASE age WHEN 'a' THEN TRUE END",
    "CASE WHEN age THEN TRUE END",
    "NULL",
    "NULL OR adult",
    "NOT NULL",
    "age IS 3",
    '"*" > 3',
    '"^.*$" > 3',
    "^.*$ > 3",
    "COUNT(*) > 3",
    "ROW_NUMBER() OVER () > 3",
    "DROP TABLE subjects",
    "SHOW TABLES",
    "SET x = 3",
    "PRAGMA x",
    "ATTACH 'x'",
    "COPY subjects TO 'x'",
    "INSTALL httpfs",
    "LOAD 'x'",
    "EXPLAIN age > 3",
    "age > 3 LIMIT 1",
    "age > 3, sex = 'a'",
    "lambda x: x",
    "__import__('os').system('true')",
    "\x00",
    "age > 3\x01",
    "age > 3\u200b",
    "\ufeffage > 3",
    "age\ud800 > 3",
]


@pytest.mark.parametrize("rule", HOSTILE, ids=ascii)
def test_what_is_not_in_the_language_is_refused_with_words(rule: str) -> None:
    findings = check_rule(rule, SCHEMA)
    assert findings
    for finding in findings:
        assert finding.message
        assert finding.fix
        assert (finding.message + finding.fix).isprintable()


ENDLESS = {
    "terms": " OR ".join(["age > 1"] * 20_000),
    "terms below the length": "adult" + " OR adult" * 1_100,
    "sum": "age" + "+1" * 4_000 + " > 1",
    "sum below the length": "age" + "+1" * 400 + " > 1",
    "brackets": "(" * 500 + "age > 1" + ")" * 500,
    "open brackets": "(" * 9_000,
    "closing brackets": ")" * 9_000,
    "brackets just too many": "(" * (MAX_LEVELS + 1) + "age > 1" + ")" * (MAX_LEVELS + 1),
    "not": "NOT " * 2_000 + "adult",
    "minus": "age > " + "- " * 4_000 + "1",
    "not and brackets": "NOT (" * 400 + "adult" + ")" * 400,
    "functions": "ABS(" * 400 + "age" + ")" * 400 + " > 1",
    "case": "CASE WHEN adult THEN " * 300 + "adult" + " END" * 300,
    "case of case": "CASE " * 19 + "age" + " WHEN 1 THEN 1 WHEN 2 THEN 2 WHEN 3 THEN 3 END" * 19 + " > 1",
    "between of between": "CASE WHEN " * 15 + "age" + " BETWEEN 1 AND 2 THEN 1 END" * 15 + " > 1",
    "is null": "adult" + " IS NULL" * 1_000,
    "is null below the length": "adult" + " IS NULL" * 200,
    "comparisons": "age" + " > 1" * 2_000,
    "betweens": "age" + " BETWEEN 1 AND 2" * 500,
    "list": "age IN (" + ", ".join(["1"] * 3_000) + ")",
    "text": "sex = '" + "a" * 1_000_000 + "'",
    "quotes": "'" * 9_999,
    "number": "age > " + "9" * 9_000,
    "exponent": "age > " + "9" * 9_000 + "e",
    "spaces": "age >" + " " * 9_900,
    "name": "a" * 9_000 + " > 1",
    "commas": "COALESCE(" + "," * 9_000 + ")",
    "cases": "CASE " * 1_900,
}


@pytest.mark.parametrize("rule", ENDLESS.values(), ids=ENDLESS)
def test_a_rule_without_end_is_refused(rule: str) -> None:
    findings = check_rule(rule, SCHEMA)
    assert findings
    assert all(finding.fix for finding in findings)
    assert len(str(findings)) < 40_000
    with pytest.raises((RuleError, pl.exceptions.ColumnNotFoundError)):
        apply_rule(FRAME.select("age"), rule)


def test_the_largest_rules_allowed_are_evaluated() -> None:
    brackets = "(" * MAX_LEVELS + "age > 1" + ")" * MAX_LEVELS
    some = " OR ".join(["age > 1"] * 300)
    total = "age" + "+1" * 100 + " > 105"
    listed = "age IN (" + ", ".join(str(number) for number in range(400)) + ")"
    cases = "CASE WHEN adult THEN " * MAX_LEVELS + "adult" + " END" * MAX_LEVELS
    frame = pl.DataFrame({"age": [1.0, 6.0, None], "adult": [True, False, None]})
    for rule, wanted in (
        (brackets, [False, True, None]),
        (some, [False, True, None]),
        (total, [False, True, None]),
        (listed, [True, True, None]),
        (cases, [True, None, None]),
    ):
        assert check_rule(rule, SCHEMA) == ()
        assert apply_rule(frame, rule).to_list() == wanted


def test_a_division_by_zero_cannot_be_told() -> None:
    frame = pl.DataFrame({"age": [1.0, 0.0, -1.0, None], "zero": [0.0, 0.0, -0.0, 0.0]})
    for rule in (
        "age / 0 > 1",
        "age / zero > 1",
        "age / zero < 1",
        "NOT (age / 0 > 1)",
        "1 + age / zero > 1",
    ):
        assert apply_rule(frame, rule).to_list() == [None] * 4
    assert apply_rule(frame, "age * 1e308 * 1e308 > 1").to_list() == [None, False, None, None]
    # A condition that is true all the same stays true.
    assert apply_rule(frame, "age / zero > 1 OR zero = 0").to_list() == [True] * 4


def test_words_of_sql_may_be_names_of_columns() -> None:
    names = ("date", "first", "rank", "comment", "index", "row", "left", "filter", "range", "année", "day")
    frame = pl.DataFrame({name: [2.0] for name in names} | {"two words": [2.0], "select": [2.0]})
    for name in (*names, '"two words"', '"select"'):
        rule = f"{name} >= 2 AND ({name} / 2) * {name} < 3"
        assert check_rule(rule, frame.schema) == (), name
        assert apply_rule(frame, rule).to_list() == [True]
        assert rule_columns(rule) == (name.strip('"'),)


def test_the_refused_word_is_named_with_what_is_allowed() -> None:
    finding = check_rule("sex = 'a' 'b'", SCHEMA)[0]
    assert "'CONCAT' may not stand" in finding.message
    assert "BETWEEN" in finding.fix
    assert "COALESCE" in finding.fix
