"""Equations, cut-offs and summaries of a definition: the row and the key of every finding, limit by limit."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from funis.catalogue.check_equations import check_equation, check_outputs
from funis.catalogue.conditions import Condition, Term
from funis.catalogue.definition_file import DefinitionFile, DefinitionFinding
from funis.catalogue.model_instrument import EquationFactor, PartSummary
from funis.catalogue.registry import definition, read_definition
from funis.data.recorded_totals import is_without_items, items_behind, items_of
from funis.errors import DefinitionError
from funis.frames.verbs import verbs_of

EGFR = definition("egfr_ckd_epi_2021")
TWO = definition("egfr_ckd_epi_2009")
EYES = definition("schirmer")
PLAIN = EquationFactor("plain", times=2.0)


def told(findings: Any) -> list[tuple[str, int | None, str]]:
    found: list[DefinitionFinding] = list(findings)
    return [(each.table, each.row, each.column) for each in found]


def factors(*given: EquationFactor, of: Any = EGFR) -> list[tuple[str, int | None, str]]:
    return told(check_equation(replace(of, factors=given)))


def test_an_equation_has_a_route_and_is_a_value() -> None:
    assert told(check_equation(EGFR)) == []
    assert told(check_equation(replace(EGFR, routes=()))) == [
        ("factors", None, "factors"),
        ("routes", None, "routes"),
    ]
    assert told(check_equation(replace(EGFR, routes=(), factors=()))) == [("routes", None, "routes")]
    assert told(check_equation(replace(EGFR, kind="sum"))) == [("factors", None, "factors")]
    assert told(check_equation(replace(EGFR, kind="sum", factors=(), routes=()))) == []


@pytest.mark.parametrize(
    ("term", "count"),
    [
        (Term("value", "age", ">=", Decimal(18)), 0),
        (Term("value", "years", ">=", Decimal(18)), 1),
        (Term("rise", "age", ">=", Decimal(18)), 1),
        (Term("value", "age", ">=", "adult_from"), 1),
    ],
)
def test_whom_it_is_for_is_asked_of_an_item_of_this_visit(term: Any, count: int) -> None:
    for_whom = replace(EGFR, applies=Condition((term,)))
    assert told(check_equation(for_whom)) == [("file", None, "applies")] * count


def test_a_factor_goes_one_way() -> None:
    assert factors(PLAIN, PLAIN) == []
    assert factors(PLAIN, replace(PLAIN, power=1.0)) == [("factors", 2, "power")]
    assert factors(PLAIN, replace(PLAIN, times=None)) == [("factors", 2, "power")]
    assert factors(replace(PLAIN, times=None, base=1.5)) == []
    assert factors(replace(PLAIN, times=None, base=0.0)) == [("factors", 1, "over")]
    assert factors(replace(PLAIN, times=None, base=-1.0)) == [("factors", 1, "over")]
    assert factors(replace(PLAIN, over=0.0)) == factors(replace(PLAIN, over=-1.0)) == [("factors", 1, "over")]
    assert factors(replace(PLAIN, over=0.5)) == []


def test_a_factor_looks_at_items_values_and_choices_that_exist() -> None:
    assert factors(PLAIN, replace(PLAIN, item="age")) == []
    assert factors(PLAIN, replace(PLAIN, item="years")) == [("factors", 2, "item")]
    assert factors(replace(PLAIN, when_item=(("sex", "male"),))) == []
    assert factors(replace(PLAIN, when_item=(("sex", "man"),))) == [("factors", 1, "if")]
    assert factors(replace(PLAIN, when_item=(("gender", "man"),))) == [("factors", 1, "item")]
    assert factors(replace(PLAIN, choice=(("race_coefficient", True),)), of=TWO) == []
    assert factors(replace(PLAIN, choice=(("race_coefficient", "sometimes"),)), of=TWO) == [
        ("factors", 1, "where")
    ]
    assert factors(replace(PLAIN, choice=(("race", True),)), of=TWO) == [("factors", 1, "where")]


def test_summaries_join_parts_under_a_name_of_their_own() -> None:
    worst = EYES.summaries[0]
    better = PartSummary("better", "maximum", "the better eye")
    assert told(check_outputs(EYES)) == told(check_outputs(replace(EYES, summaries=(worst, better)))) == []
    way: Any = "median"
    odd = replace(better, how=way)
    assert told(check_outputs(replace(EYES, summaries=(worst, odd)))) == [("summaries", 2, "how")]
    assert told(check_outputs(replace(EYES, summaries=(worst, replace(better, name="left"))))) == [
        ("summaries", 2, "name")
    ]
    bare = replace(EYES, systems=(), per_system=False)
    assert told(check_outputs(bare)) == [("summaries", 1, "name")]
    assert told(check_outputs(replace(EYES, systems=(), summaries=(), flags=()))) == [
        ("file", None, "per_system")
    ]
    assert told(check_outputs(replace(bare, summaries=(), flags=()))) == []


def test_a_cut_off_compares_columns_that_the_score_has() -> None:
    def flag(name: str) -> Any:
        return replace(EYES.flags[0], when=Condition((Term("value", name, "<=", Decimal(5)),)))

    for name in ("schirmer", "schirmer_worst", "schirmer_left"):
        assert told(check_outputs(replace(EYES, flags=(EYES.flags[0], flag(name))))) == []
    assert told(check_outputs(replace(EYES, flags=(EYES.flags[0], flag("schirmer_middle"))))) == [
        ("flags", 2, "when")
    ]
    one = replace(EYES, per_system=False, flags=(flag("schirmer_left"),))
    assert told(check_outputs(one)) == [("flags", 1, "when")]


# --- values of a whole definition --------------------------------------------------------------------

ITEM = {"row": 1, "item": "a", "label": "A"}


def refused(**content: Any) -> list[tuple[str, str]]:
    head = {
        "name": "x", "kind": "sum", "title": "X", "version": "1", "source": "S", "window": "10 days", "missing": "none", "summary": "A sum.",
        "licence": {"status": "free"}, "range": {"lowest": 0, "highest": 9},
    }  # fmt: skip
    file = DefinitionFile("x.toml", head | content)
    try:
        read_definition(file)
    except DefinitionError as error:
        return [(each.column, each.value) for each in error.findings]
    return []


@pytest.mark.parametrize(
    ("second", "is_told"),
    [({"values": [0, 1]}, True), ({"unit": "mm"}, True), ({}, False)],
)
def test_values_of_a_whole_definition_are_taken_by_some_row(second: dict[str, Any], *, is_told: bool) -> None:
    rows = [ITEM | {"values": [0, 1, 2]}, ITEM | {"row": 2, "item": "b", "label": "B"} | second]
    assert (("values", "[0, 3]") in refused(values=[0, 3], items=rows)) is is_told
    assert ("values", "[0, 3]") not in refused(items=rows)


# --- totals that somebody wrote down -----------------------------------------------------------------


def test_items_of_a_score_are_all_and_those_of_a_grade_are_its_own() -> None:
    bilag = definition("bilag_2004")
    assert items_of(bilag, "bilag_2004") == bilag.items
    renal = items_of(bilag, "bilag_2004_renal")
    assert renal
    assert {item.system for item in renal} == {"renal"}


def test_what_the_laboratory_holds_does_not_make_a_total_computable() -> None:
    sledai = definition("sledai_2k")
    assert items_behind(sledai, "sledai_2k") == tuple(item for item in sledai.items if not item.measures)
    only = replace(EGFR, items=tuple(item for item in EGFR.items if item.measures))
    assert items_behind(only, EGFR.name) == only.items


def test_a_total_stands_alone_where_no_item_says_anything() -> None:
    import polars as pl

    ssdai = definition("ssdai")
    frame = pl.DataFrame(
        {
            "ssdai_recorded": [5, None, 5, 5, 5],
            "fatigue": [None, None, 0, None, None],
            "fatigue_not_done": [None, None, None, 1, 0],
        },
    )
    alone = is_without_items(verbs_of(frame), ssdai, "ssdai", frame.columns)
    assert frame.select(alone=alone)["alone"].to_list() == [True, False, False, False, True]
    bare = frame.drop("ssdai_recorded")
    never = is_without_items(verbs_of(bare), ssdai, "ssdai", bare.columns)
    assert bare.select(pl.col("fatigue"), alone=never)["alone"].to_list() == [False] * 5
