"""A script in a browser gives, visit by visit, what `funis.scorer` gives for the same subject.

The page is served under the strictest content security policy that lets a module run at all, and nothing but the
page and the scripts may be asked for.
"""

import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route
from tests.property.drawn_visits import draw_columns, draw_subject, limits_of, others_than_default

import funis
from funis.errors import FunisError
from funis.scoring.items import item_columns
from funis.scoring.score import POLICIES
from funis.scoring.script.make_script import make_script, name_script
from funis.scoring.visit_program import can_be_traced

pytestmark = pytest.mark.browser
NAMES = [name for name in funis.definitions() if can_be_traced(funis.definition(name))]
BILAG = funis.definition("bilag_2004")
HOME = "https://scripts.invalid/"
POLICY = "default-src 'none'; script-src 'self'"
SCORE_ALL = """async ([address, text]) => {
  const {score} = await import(address);
  return JSON.stringify(JSON.parse(text).map((visits) => {
    try { return score(visits); } catch (error) { return [error.name, error.key, error.visit]; }
  }));
}"""
Scores = list[list[Any]]


class ScriptPage:
    """A page that scores with the scripts it is given."""

    def __init__(self, page: Page) -> None:
        self.page, self.scripts, self.refused = page, dict[str, str](), list[str]()
        page.route("**/*", self._answer)
        page.on("console", lambda message: self.refused.append(message.text))
        page.goto(HOME)

    def _answer(self, route: Route) -> None:
        headers = {"content-security-policy": POLICY}
        name = route.request.url.removeprefix(HOME)
        if name == "":
            route.fulfill(
                body="<!doctype html><title>scores</title>", content_type="text/html", headers=headers
            )
        elif name in self.scripts:
            route.fulfill(body=self.scripts[name], content_type="text/javascript", headers=headers)
        else:
            self.refused.append(name)
            route.abort()

    def score(self, name: str, script: str, subjects: Sequence[Sequence[Mapping[str, Any]]]) -> Scores:
        """Score many subjects in one call."""
        file = name_script(funis.definition(name), script)
        self.scripts[file] = script
        text = json.dumps(subjects, default=as_json)
        found: Scores = json.loads(self.page.evaluate(SCORE_ALL, [HOME + file, text]))
        assert self.refused == []
        return found


def as_json(cell: Any) -> Any:
    """What a form sends for a date and for an exact decimal."""
    if isinstance(cell, Decimal):
        return float(cell)
    assert isinstance(cell, date)
    return cell.isoformat()


def without_nan(subjects: list[list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """JSON has no NaN; a form sends nothing."""
    return [
        [
            {
                key: None if isinstance(cell, float) and math.isnan(cell) else cell
                for key, cell in visit.items()
            }
            for visit in visits
        ]
        for visits in subjects
    ]


@pytest.fixture(scope="module")
def scripts(browser: Browser) -> Iterator[ScriptPage]:
    page = browser.new_page()
    yield ScriptPage(page)
    page.close()


def draw_subjects(
    name: str, parameters: Mapping[str, Any], seed: int, subjects: int, counts: Sequence[int]
) -> tuple[set[str], list[list[dict[str, Any]]]]:
    """Subjects with their columns."""
    rng, definition = random.Random(seed), funis.definition(name)  # noqa: S311
    near = limits_of(definition, parameters)
    written = {item.name for item in definition.items if rng.random() < 0.3}
    columns, order = draw_columns(definition, rng), rng.choice(["day", "date"])
    if seed % 4 == 0:
        columns = {item.name for item in definition.items}
    drawn = [
        draw_subject(definition, columns, written, near, place, rng, counts) for place in range(subjects)
    ]
    if order == "date":
        drawn = [[{key: visit[key] for key in visit if key != "day"} for visit in visits] for visits in drawn]
    return columns, drawn


def differing(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Name the cells that differ; JSON writes 5.0 as 5, and two logarithms may differ in their last bit."""
    found = {}
    for key, expected in theirs.items():
        cell = own[key]
        if isinstance(expected, float):
            is_same = isinstance(cell, int | float) and math.isclose(
                cell, expected, rel_tol=1e-12, abs_tol=1e-12
            )
        else:
            is_same = type(cell) is type(expected) and cell == expected
        if not is_same:
            found[key] = cell, expected
    return found


def compare(
    page: ScriptPage, name: str, seed: int, *, subjects: int = 90, counts: Sequence[int] = range(1, 9)
) -> int:
    """Score drawn subjects both ways under every policy; gives the number of visits compared."""
    definition = funis.definition(name)
    parameters = others_than_default(definition) if seed % 2 else {}
    columns, drawn = draw_subjects(name, parameters, seed, subjects, counts)
    if not any(key.endswith("_not_done") for key in columns):
        columns = columns | {f"{definition.items[0].name}_not_done"}
        drawn = [
            [visit | {f"{definition.items[0].name}_not_done": None} for visit in visits] for visits in drawn
        ]
    for missing in POLICIES:
        scorer = funis.scorer(name, missing=missing, parameters=parameters)
        found = page.score(name, make_script(definition, parameters, missing, columns), without_nan(drawn))
        for own, visits in zip(found, drawn, strict=True):
            expected = scorer(visits)
            assert [list(row) for row in own] == [list(row) for row in expected]
            for mine, theirs in zip(own, expected, strict=True):
                assert not (wrong := differing(mine, theirs)), wrong
    return len(POLICIES) * sum(map(len, drawn))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_scores_of_drawn_visits(scripts: ScriptPage, name: str) -> None:
    """Of each of the 55 instruments 1,900 visits are compared, more than 100,000 together."""
    compared = seed = 0
    while compared < 1_900:
        compared += compare(scripts, name, seed, subjects=40)
        seed += 1
    assert seed >= 3


def test_a_hundred_thousand_visits_are_compared() -> None:
    assert len(NAMES) * 1_900 >= 100_000


@pytest.mark.parametrize("name", ["bilag_2004", "bilag_classic_renal", "tess"])
@pytest.mark.parametrize("count", [30, 31, 32, 33, 70])
def test_more_visits_than_a_number_has_bits(scripts: ScriptPage, name: str, count: int) -> None:
    assert compare(scripts, name, count, subjects=6, counts=[count]) == 4 * 6 * count


@pytest.mark.parametrize("name", ["bilag_2004", "bilag_classic_renal"])
def test_three_months_before_the_last_of_may_is_the_last_of_february(scripts: ScriptPage, name: str) -> None:
    """The last day of a month counts as the 31st, for the visit that looks back and for the one it sees."""
    definition = funis.definition(name)
    near, rng = limits_of(definition, {}), random.Random(31)  # noqa: S311
    columns = {item.name for item in definition.items}
    drawn = [draw_subject(definition, columns, set(), near, place, rng, [14]) for place in range(40)]
    for visits in drawn:
        for month, visit in enumerate(visits):
            visit["date"] = date(2023 + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)
            del visit["day"]
    found = scripts.score(name, make_script(definition, {}, "absent"), without_nan(drawn))
    scorer = funis.scorer(name, missing="absent")
    assert found == [scorer(visits) for visits in drawn]


def healthy(**changes: Any) -> dict[str, Any]:
    return {"subject": "01", "day": 0, "pyrexia": 0, "gfr": 90.0, **changes}


REFUSED: dict[str, tuple[list[dict[str, Any]], str, int]] = {
    "level": ([healthy(pyrexia=5)], "pyrexia", 0),
    "level of a later visit": ([healthy(), healthy(day=9, pyrexia=-1)], "pyrexia", 1),
    "half a level": ([healthy(pyrexia=1.5)], "pyrexia", 0),
    "text that is no level": ([healthy(pyrexia="severe")], "pyrexia", 0),
    "not done beside a number": ([healthy(pyrexia="nd 1")], "pyrexia", 0),
    "another spelling of a number": ([healthy(pyrexia="0x1")], "pyrexia", 0),
    "a name that objects have": ([healthy(pyrexia="constructor")], "pyrexia", 0),
    "list": ([healthy(pyrexia=[1])], "pyrexia", 0),
    "quantity": ([healthy(haemoglobin=1300.0)], "haemoglobin", 0),
    "negative quantity": ([healthy(gfr=-3)], "gfr", 0),
    "quantity as text": ([healthy(gfr="90 ml")], "gfr", 0),
    "yes/no item": ([healthy(active_sediment=2)], "active_sediment", 0),
    "flag": ([healthy(pyrexia_attributed="perhaps")], "pyrexia_attributed", 0),
    "flag in numbers": ([healthy(upcr_not_done=2)], "upcr_not_done", 0),
    "flag of a system": ([healthy(renal_ever="D")], "renal_ever", 0),
    "one day twice": ([healthy(), healthy(day=8), healthy(day=8.0)], "day", 2),
    "no day": ([healthy(), healthy(day=None)], "day", 1),
    "day as text": ([healthy(day="baseline")], "day", 0),
    "truth value as day": ([healthy(day=True)], "day", 0),
    "no subject": ([healthy(subject=None)], "subject", 0),
    "two subjects": ([healthy(), healthy(subject="02", day=9)], "subject", 1),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_scorer_refuses_is_refused(scripts: ScriptPage, case: str) -> None:
    visits, key, place = REFUSED[case]
    with pytest.raises(FunisError):
        funis.scorer("bilag_2004")(visits)
    script = make_script(BILAG, {}, "strict", item_columns(BILAG))
    assert scripts.score("bilag_2004", script, [visits]) == [["RefusedError", key, place]]


@pytest.mark.parametrize(
    "day", ["2023-02-29", "2024-13-01", "2024-00-10", "2024-04-31", "0000-01-01", "1 May 2024"]
)
def test_a_date_is_a_day_of_the_calendar(scripts: ScriptPage, day: str) -> None:
    visits = [{"subject": "01", "date": "2024-02-29", "rash": 1}, {"subject": "01", "date": day, "rash": 0}]
    script = make_script(funis.definition("sledai_2k"), {})
    assert scripts.score("sledai_2k", script, [visits]) == [["RefusedError", "date", 1]]


def test_a_column_that_the_script_was_made_without_is_refused(scripts: ScriptPage) -> None:
    """Left out in silence, it would give another score."""
    script = make_script(funis.definition("sledai_2k"), {}, "absent", ["rash", "arthritis"])
    filled = {"subject": "01", "day": 0, "rash": 1, "seizure": 1}
    marked = {"subject": "01", "day": 0, "rash": "ND"}
    empty = {"subject": "01", "day": 0, "rash": 1, "seizure": None, "comment": "not read"}
    found = scripts.score("sledai_2k", script, [[filled], [marked], [empty]])
    assert found[:2] == [["RefusedError", "seizure", 0], ["RefusedError", "rash", 0]]
    assert found[2][0]["sledai_2k"] == 2


def test_a_refused_cell_is_not_repeated_in_the_message(scripts: ScriptPage) -> None:
    name = name_script(BILAG, make_script(BILAG, {}))
    scripts.scripts[name] = make_script(BILAG, {})
    message = scripts.page.evaluate(
        "async (url) => { const m = await import(url);"
        " try { m.score([{subject: 1, day: 0, pyrexia: 'Mary Jones'}]); } catch (error) { return error.message; } }",
        HOME + name,
    )
    assert message == "'pyrexia' of visit 1: no level of the item"


def test_nan_is_empty_and_no_visit_has_no_score(scripts: ScriptPage) -> None:
    script = make_script(BILAG, {})
    name = name_script(BILAG, script)
    scripts.scripts[name] = script
    visits = [{"subject": "01", "day": 0, "pyrexia": 4, "gfr": None, "weight_loss": None}]
    found = scripts.page.evaluate(
        "async (url) => { const {score} = await import(url);"
        " return [score([]), score([{subject: '01', day: 0, pyrexia: 4, gfr: NaN, weight_loss: NaN}])]; }",
        HOME + name,
    )
    assert found == [[], funis.scorer("bilag_2004")(visits)]
