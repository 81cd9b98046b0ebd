"""The scorer of single visits: what it refuses, what it passes on, and that its program holds only what we put in."""

import ast
import itertools
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

import funis
from funis.errors import ColumnError, ShapeError, UnknownNameError, ValueRangeError
from funis.scoring import single_visits
from funis.scoring.bits.program import Graph, Step
from funis.scoring.bits.straight_line import PYTHON, write_program
from funis.scoring.bits.traced import UntraceableError, Whole
from funis.scoring.score import POLICIES
from funis.scoring.single_visits import VisitScorer
from funis.scoring.visit_cells import Shape, VisitReader, find_windows, measure_columns
from funis.scoring.visit_program import can_be_traced, trace_visits

BILAG = funis.definition("bilag_2004")
TRACED = [name for name in funis.definitions() if can_be_traced(funis.definition(name))]


def healthy(**changes: Any) -> dict[str, Any]:
    visit: dict[str, Any] = {item.name: 0 for item in BILAG.items if item.values}
    visit |= {"haemoglobin": 13.0, "wbc": 5.0, "neutrophils": 3.0, "lymphocytes": 2.0, "platelets": 200.0}
    visit |= {
        "systolic_bp": 120.0,
        "diastolic_bp": 80.0,
        "creatinine": 70.0,
        "gfr": 90.0,
        "proteinuria_24h": 0.1,
    }
    return {"subject": "01", "day": 0, **visit, **changes}


def as_frame(visits: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(visits, infer_schema_length=None)


BAD: dict[str, list[dict[str, Any]]] = {
    "level": [healthy(pyrexia=5)],
    "level of a later visit": [healthy(), healthy(day=9, pyrexia=-1)],
    "half a level": [healthy(pyrexia=1.5)],
    "text that is no level": [healthy(pyrexia="severe")],
    "not done beside a number": [healthy(pyrexia="nd 1")],
    "another spelling of a number": [healthy(pyrexia="0x1")],
    "quantity": [healthy(haemoglobin=1300.0)],
    "negative quantity": [healthy(gfr=-3)],
    "infinite quantity": [healthy(gfr=float("inf"))],
    "quantity as text": [healthy(gfr="90 ml")],
    "yes/no item": [healthy(active_sediment=2)],
    "flag": [healthy(pyrexia_attributed="perhaps")],
    "flag in numbers": [healthy(upcr_not_done=2)],
    "flag of a system": [healthy(renal_ever="D")],
    "signed flag": [healthy(upcr_not_done="+1")],
    "one day twice": [healthy(), healthy(day=8), healthy(day=8.0)],
    "no day": [healthy(), healthy(day=None)],
    "day as text": [healthy(day="baseline")],
    "no subject": [healthy(subject=None)],
    "truth value as day": [healthy(day=True)],
    "date as text": [healthy(day="2024-05-01")],
}


@pytest.mark.parametrize("visits", BAD.values(), ids=BAD.keys())
def test_what_is_refused_is_refused_in_the_words_of_score(visits: list[dict[str, Any]]) -> None:
    with pytest.raises((ValueRangeError, ShapeError)) as expected:
        funis.score(as_frame(visits), "bilag_2004", subject="subject", order="day")
    with pytest.raises(expected.type) as found:
        funis.scorer("bilag_2004")(visits)
    assert str(found.value) == str(expected.value)


def test_a_bad_value_is_named_with_its_visit_and_what_is_allowed() -> None:
    with pytest.raises(ValueRangeError, match=r"'pyrexia'.*row 1.*'7'.*0, 1, 2, 3, 4"):
        funis.scorer("bilag_2004")([healthy(), healthy(day=30, pyrexia=7)])


def test_keys_that_are_needed() -> None:
    scorer = funis.scorer("sledai_2k")
    with pytest.raises(ColumnError, match=r"'subject'.*It has: day, rash"):
        scorer([{"day": 0, "rash": 1}])
    with pytest.raises(ColumnError, match=r"'day'.*'date'"):
        scorer([{"subject": 1, "rash": 1}])
    with pytest.raises(ColumnError, match=r"'seizure'.*It has: day, fatigue, subject.*24 items"):
        scorer([{"subject": 1, "day": 0, "fatigue": 1}])


def test_one_subject_at_a_time() -> None:
    with pytest.raises(ShapeError, match=r"one subject, found '01' and '02'.*funis\.score"):
        funis.scorer("bilag_2004")([healthy(), healthy(subject="02", day=9)])


@pytest.mark.parametrize(
    "visits", [healthy(), [("subject", 1)], ["01"]], ids=["dictionary", "pairs", "texts"]
)
def test_visits_are_dictionaries(visits: Any) -> None:
    with pytest.raises(ShapeError, match="list of dictionaries, one per visit"):
        funis.scorer("bilag_2004")(visits)


@pytest.mark.parametrize("cell", [[1], {"level": 1}, object()], ids=["list", "dictionary", "object"])
def test_a_cell_holds_one_value(cell: object) -> None:
    with pytest.raises(ValueRangeError, match=r"'pyrexia' of a visit.*a number, a text"):
        funis.scorer("bilag_2004")([healthy(pyrexia=cell)])


def test_names_and_choices_are_checked_when_a_scorer_is_made() -> None:
    with pytest.raises(UnknownNameError, match="bilag_2004"):
        funis.scorer("bilag_2005")
    with pytest.raises(UnknownNameError, match="biopsy_window_days"):
        funis.scorer("bilag_2004", parameters={"biopsy_window": 30})
    with pytest.raises(ValueRangeError, match="biopsy_window_days"):
        funis.scorer("bilag_2004", parameters={"biopsy_window_days": True})
    with pytest.raises(ValueRangeError, match="strict, absent, worst, locf"):
        funis.scorer("bilag_2004", missing="zero")  # type: ignore[arg-type]


def test_a_scorer_is_made_once() -> None:
    assert funis.scorer("bilag_2004") is funis.scorer("bilag_2004", parameters={"biopsy_window_days": 91})
    assert funis.scorer("bilag_2004") is not funis.scorer("bilag_2004", missing="worst")
    assert funis.scorer("bilag_2004") is not funis.scorer("bilag_2004", parameters={"biopsy_window_days": 90})


def test_a_scorer_can_be_sent_to_another_process() -> None:
    scorer = funis.scorer("bilag_2004", missing="absent")
    sent = pickle.loads(pickle.dumps(scorer))  # noqa: S301
    assert sent([healthy(pyrexia=4)]) == scorer([healthy(pyrexia=4)])
    assert sent.missing == "absent"
    assert repr(sent) == "<scorer of 'bilag_2004', missing='absent'>"


def test_no_visits_no_scores() -> None:
    assert funis.scorer("bilag_2004")([]) == []
    assert funis.scorer("pga")([]) == []


def test_visits_come_back_in_the_order_given() -> None:
    """Fever that is the same (3) is B by itself; where it was so before, its absence is D, else E."""
    visits = [healthy(day=day, constitutional_ever=0) for day in (60, 0, 30)]
    visits[2]["pyrexia"] = 3
    found = funis.scorer("bilag_2004")(visits)
    assert [one["bilag_2004_constitutional"] for one in found] == ["D", "E", "B"]


def test_a_recorded_total_gives_way_to_the_score() -> None:
    [found] = funis.scorer("bilag_2004")([healthy(bilag_2004=40, bilag_2004_renal="A", renal_ever=0)])
    assert (found["bilag_2004"], found["bilag_2004_renal"]) == (0, "E")


def test_numbers_of_numpy_and_other_keys_are_taken() -> None:
    visit = healthy(pyrexia=np.int8(3), haemoglobin=np.float32(13), day=np.int64(4), note=["not", "read"])
    [found] = funis.scorer("bilag_2004")([visit])
    assert found == funis.scorer("bilag_2004")([healthy(pyrexia=3, day=4)])[0]


DAYS = [
    (2023, 11, 30),
    (2024, 2, 29),
    (2024, 3, 1),
    (2024, 5, 31),
    (2024, 8, 30),
    (2024, 8, 31),
    (2024, 12, 1),
]


@pytest.mark.parametrize("time", [date, datetime])
def test_windows_of_calendar_months(time: Callable[..., Any]) -> None:
    """Three months before: 29 February reaches 30 November, 1 March does not; 31 August reaches 31 May."""
    times = [time(*day) for day in DAYS]
    [windows] = find_windows([(3, 91)], times)
    seen = [[DAYS[place][1:] for place in range(7) if bits >> place & 1] for bits in windows]
    assert seen[1] == [(11, 30), (2, 29)]
    assert seen[2] == [(2, 29), (3, 1)]
    assert seen[4] == [(5, 31), (8, 30)]
    assert seen[5] == [(5, 31), (8, 30), (8, 31)]
    assert seen[6] == [(12, 1)]
    visits = [
        {
            key: cell
            for key, cell in healthy(date=day, active_nephritis=int(not place)).items()
            if key != "day"
        }
        for place, day in enumerate(times)
    ]
    expected = funis.score(as_frame(visits), "bilag_2004", subject="subject", order="date")
    found = [one["bilag_2004_renal"] for one in funis.scorer("bilag_2004")(visits)]
    assert found == expected["bilag_2004_renal"].to_list()


def test_an_instrument_that_is_not_traced_is_scored_as_a_frame() -> None:
    """Bedside Schwartz: 0.413 times the height in cm over creatinine in mg/dL, 0.413 * 140 / 0.7."""
    scorer = funis.scorer("egfr_schwartz_bedside")
    visit = {"subject": 1, "day": 0, "creatinine_mg_dl": 0.7, "age": 12, "height_cm": 140}
    found = scorer([visit])
    assert not scorer.is_compiled
    assert found[0]["egfr_schwartz_bedside"] == pytest.approx(82.6)
    assert found[0]["egfr_schwartz_bedside_status"] == "scored"
    with pytest.raises(ValueRangeError, match="row 0"):
        scorer([visit | {"creatinine_mg_dl": -1}])


def test_a_mean_is_a_fraction_and_what_is_left_out_leaves_it() -> None:
    """ESSPRI is the mean of three scales: (4 + 5 + 6) / 3; OSDI of the items that apply, times 25."""
    scorer = funis.scorer("esspri")
    names = [item.name for item in scorer.definition.items]
    (found,) = scorer([{"subject": 1, "day": 0, **dict(zip(names, [4, 5, 6], strict=True))}])
    assert scorer.is_compiled
    assert (found["esspri"], found["esspri_status"]) == (5.0, "scored")
    assert isinstance(found["esspri"], float)
    with pytest.raises(ValueRangeError, match="row 0"):
        scorer([{"subject": 1, "day": 0, names[0]: 11}])
    osdi = {f"osdi_item_{place}": 2 for place in range(1, 12)}
    (found,) = funis.scorer("osdi")([{"subject": 1, "day": 0, **osdi, "osdi_item_12": "ND"}])
    assert found["osdi"] == 50.0


@pytest.mark.parametrize("name", TRACED)
@pytest.mark.parametrize("missing", POLICIES)
def test_every_choice_can_be_traced(name: str, missing: Any) -> None:
    """Nothing falls back to the slow way because of what stands beside the items."""
    definition = funis.definition(name)
    parameters = definition.parameter_values()
    measures = frozenset(measure_columns(definition))
    for asked in {frozenset[str](), measures}:
        for one, two, three in itertools.product([False, True], repeat=3):
            traced = trace_visits(definition, parameters, missing, Shape(asked, one, two, three))
            assert traced.names[-1].startswith(name)


@pytest.mark.parametrize("name", TRACED)
def test_a_program_holds_names_of_our_own_and_numbers(name: str) -> None:
    """No text, no attribute and no name of a definition stands in it."""
    definition = funis.definition(name)
    shape = Shape(frozenset(measure_columns(definition)), has_not_done=True, has_denied=True, has_ever=True)
    traced = trace_visits(definition, definition.parameter_values(), "locf", shape)
    source = write_program(
        traced.graph, traced.numbers, VisitReader(definition, definition.parameter_values()).places
    )
    given = {"bits", "numbers", "windows", "every", "places", "place", "rows", "range"}
    called = {spelling.split("(")[0] for spelling in PYTHON.steps.values() if spelling[0].isalpha()}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            assert node.id in given | called or (node.id[0] == "v" and node.id[1:].isdigit()), node.id
        assert not isinstance(node, ast.Import | ast.ImportFrom | ast.Lambda | ast.JoinedStr)
        assert not isinstance(node, ast.Attribute) or (node.attr, ast.unparse(node.value)) == (
            "append",
            "rows",
        )
        assert not isinstance(node, ast.Constant) or node.value is None or type(node.value) in (int, float)


@pytest.mark.parametrize(
    "step",
    [
        Step("open", (), ("file",)),
        Step("values", (), ("__import__('os')",)),
        Step("compare_with", (1,), (">", float("inf"))),
        Step("compare_with", (1,), (">", "1 or print()")),
        Step("compare_with", (1,), ("is not", 1.0)),
    ],
    ids=str,
)
def test_what_has_no_spelling_is_not_written(step: Step) -> None:
    graph = Graph()
    node = graph.compute(step.kind, *step.sources, constants=step.constants)
    with pytest.raises(UntraceableError):
        write_program(graph, [Whole(graph, (node,))], {})


def test_programs_that_are_kept_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(single_visits, "MOST_PROGRAMS", 2)
    definition = funis.definition("sledai_2k")
    scorer = VisitScorer(definition, "strict", definition.parameter_values())
    blank = {"subject": 1, "day": 0, **{item.name: 0 for item in definition.items}}
    # Platelets below 100 and white cells below 3 are one point each.
    beside = [{}, {"platelets": 90.0}, {"wbc": 2.9}, {"platelets": 90.0, "wbc": 2.9}, {}]
    asked = [{**blank, "thrombocytopenia": None, "leukopenia": None, **one} for one in beside]
    found = [scorer([visit])[0]["sledai_2k_lower"] for visit in asked]
    assert found == [0, 1, 1, 2, 0]
    assert scorer._find_program.cache_info().currsize == 2


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ([True, 3, None], [1, 3, None]),
        ([True, False, None], [True, False, None]),
        ([None, 2.5, True], [None, 2.5, 1.0]),
        ([1, 2.5, None], [1.0, 2.5, None]),
        ([True, "A", 2, None], ["1", "A", "2", None]),
        (["A", None], ["A", None]),
        ([None, None], [None, None]),
    ],
)
def test_cells_of_several_kinds_become_one_column(cells: list[object], column: list[object]) -> None:
    found = single_visits._make_column("a", cells).to_list()
    assert found == column
    assert [type(cell) for cell in found] == [type(cell) for cell in column]


@pytest.mark.parametrize(("not_done", "total"), [("absent", 0), ("missing", None)])
def test_what_was_not_done_counts_in_a_sum_as_its_paper_says(not_done: Any, total: int | None) -> None:
    """A rash is two points: nobody knows of it, whichever the paper has; the upper bound says so."""
    paper = replace(funis.definition("sledai_2k"), not_done=not_done)
    visit = {"subject": 1, "day": 0, **{item.name: 0 for item in paper.items}}
    score = VisitScorer(paper, "strict", paper.parameter_values())
    [found] = score([{**visit, "rash": None, "rash_not_done": 1}])
    assert [found[f"sledai_2k{end}"] for end in ("", "_lower", "_upper")] == [total, 0, 2]


def test_an_alternative_that_is_not_collected_stays_compiled() -> None:
    """A study that measures one of three proteinurias is the usual one."""
    scorer = funis.scorer("bilag_2004")
    assert scorer.make_script(
        [item.name for item in BILAG.items if item.name not in ("acr", "proteinuria_24h")]
    )
    visit = {key: value for key, value in healthy(upcr=600.0).items() if key != "proteinuria_24h"}
    shape = Shape(uncollected=frozenset({"acr", "proteinuria_24h"}))
    program = scorer._find_program(shape)
    assert program is not None
    expected = funis.score(as_frame([visit]), "bilag_2004", subject="subject", order="day")
    assert scorer([visit]) == expected.select(expected.columns[len(visit) :]).to_dicts()
