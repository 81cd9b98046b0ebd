"""Items that count the other way round: the number that is recorded stands, its points fall while it rises."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import funis
from funis.capture.forms.level_words import item_choices
from funis.catalogue.model_instrument import Range
from funis.catalogue.registry import DEFINITIONS, read_definition_file
from funis.catalogue.wording.instruments import instrument_words
from funis.errors import DefinitionError, ValueRangeError

NAME = "rand_36_energy_fatigue"
ITEMS = [f"rand_36_item_{number}" for number in (23, 27, 29, 31)]


def visit(*answers: int | None) -> dict[str, Any]:
    return dict(zip(ITEMS, answers, strict=True))


def score_ways(row: dict[str, Any]) -> dict[str, Any]:
    """Score with a frame of numbers, a lazy one, one of texts and the compiled scorer, which must agree."""
    frame = pl.DataFrame([{"subject": "1", "day": 0, **row}], infer_schema_length=None)
    ways: list[dict[str, Any]] = [
        funis.score(frame, NAME).row(0, named=True),
        funis.score(frame.lazy(), NAME).collect().row(0, named=True),
        funis.score(frame.with_columns(pl.col(ITEMS).cast(pl.String)), NAME).row(0, named=True),
        funis.scorer(NAME)([{"subject": "1", "day": 0, **row}])[0],
    ]
    found = [tuple(way[f"{NAME}{end}"] for end in ("", "_lower", "_upper", "_status")) for way in ways]
    assert len(set(found)) == 1
    return ways[0]


def test_the_printed_example() -> None:
    # The scoring rules: 4 on item 23 is 40, 3 on item 27 is 60, 3 on item 29 is 40; item 31 is blank. What is known
    # lies between (40 + 60 + 40 + 0) / 4 and (40 + 60 + 40 + 100) / 4; RAND's 140 / 3 = 46.7 lies there too.
    found = score_ways(visit(4, 3, 3, None))
    assert (found[NAME], found[f"{NAME}_lower"], found[f"{NAME}_upper"]) == (None, 35.0, 60.0)


@pytest.mark.parametrize(
    ("answers", "mean"),
    [
        ((1, 1, 6, 6), 100.0),
        ((6, 6, 1, 1), 0.0),
        ((1, 1, 1, 1), 50.0),  # 100, 100, 0, 0
        ((6, 6, 6, 6), 50.0),
        ((4, 3, 3, 2), 40.0),  # 40, 60, 40, 20
        ((2, 6, 5, 3), 50.0),  # 80, 0, 80, 40
    ],
)
def test_sums_by_hand(answers: tuple[int, ...], mean: float) -> None:
    assert score_ways(visit(*answers))[NAME] == mean


@pytest.mark.parametrize("answer", [0, 7, 2.5])
def test_what_is_not_on_the_form_is_refused(answer: float) -> None:
    for item in (ITEMS[0], ITEMS[3]):
        row = dict.fromkeys(ITEMS, 3.0) | {item: answer}
        with pytest.raises(ValueRangeError, match=item):
            funis.score(pl.DataFrame([row]), NAME)


def test_an_unknown_answer_is_bounded_by_its_worst_and_best_points() -> None:
    # Item 23 unknown: its points are 0 (answer 6) to 100 (answer 1), the others make 60 + 40 + 20.
    found = score_ways(visit(None, 3, 3, 2))
    assert (found[f"{NAME}_lower"], found[f"{NAME}_upper"]) == (30.0, 55.0)


def test_the_page_asks_upwards_and_the_words_say_how_it_counts() -> None:
    definition = funis.definition(NAME)
    assert [choice.value for choice in item_choices(definition, definition.items[0], {})] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert definition.items[0].span == definition.items[3].span == (1.0, 6.0)
    assert [item.points_of(1) for item in definition.items] == [100.0, 100.0, 0.0, 0.0]
    said = " ".join(instrument_words(definition).lines)
    assert "Counted the other way round, 6, 5, 4, 3, 2 or 1 as 0, 20, 40, 60, 80 or 100 points" in said


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "values = [1, 2, 3, 4, 5, 6], points = [0, 20, 40, 60, 80, 100], reversed",
            "reversed",
            "several numbers",
        ),
        ('label = "answer to item 23",', 'label = "answer to item 23", when = "x >= 1",', "cannot fill"),
        (", reversed = true},", ", points_of = 1},", "points_of"),
    ],
)
def test_what_cannot_be_reversed_is_a_finding(old: str, new: str, told: str, tmp_path: Path) -> None:
    text = (DEFINITIONS / f"{NAME}.toml").read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / f"{NAME}.toml"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=re.escape(told)):
        read_definition_file(changed)


def test_a_sum_of_reversed_items_on_both_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums are added up from packed bits in a frame of Polars, and by expressions in any other."""
    summed = replace(funis.definition(NAME), kind="sum", range=Range(0, 400))
    monkeypatch.setattr("funis.scoring.score.definition", lambda _: summed)
    answers = [(1, 1, 6, 6), (6, 6, 1, 1), (4, 3, 3, 2), (2, None, 5, 3), (None, 6, None, 1)]
    frame = pl.DataFrame([visit(*each) for each in answers])
    columns = [NAME, f"{NAME}_lower", f"{NAME}_upper"]
    # 80 + ? + 80 + 40, and ? + 0 + ? + 0
    wanted = [(400, 400, 400), (0, 0, 0), (160, 160, 160), (None, 200, 300), (None, 0, 200)]
    assert funis.score(frame, NAME).select(columns).rows() == wanted
    assert funis.score(frame.lazy(), NAME).select(columns).collect().rows() == wanted
    others = funis.score(frame.to_arrow(), NAME).select(columns)
    assert list(zip(*(column.to_pylist() for column in others.columns), strict=True)) == wanted


@pytest.mark.parametrize(
    ("scale", "answers", "mean"),
    [
        # Recoded by the printed table: 3 is 100, 2 is 50, 1 is 0.
        ("physical_functioning", {3: 1, 4: 2, 5: 3, 6: 3, 7: 2, 8: 3, 9: 1, 10: 2, 11: 3, 12: 3}, 65.0),
        ("role_physical", {13: 1, 14: 2, 15: 2, 16: 2}, 75.0),
        ("role_emotional", {17: 1, 18: 1, 19: 1}, 0.0),
        ("emotional_wellbeing", {24: 5, 25: 6, 26: 2, 28: 4, 30: 3}, 76.0),  # 80 + 100 + 80 + 60 + 60
        ("social_functioning", {20: 2, 32: 3}, 62.5),  # 75 + 50
        ("pain", {21: 3, 22: 2}, 67.5),  # 60 + 75
        ("general_health", {1: 3, 33: 4, 34: 2, 35: 5, 36: 1}, 80.0),  # 50 + 75 + 75 + 100 + 100
    ],
)
def test_the_other_scales(scale: str, answers: dict[int, int], mean: float) -> None:
    row = {f"rand_36_item_{number:02}": answer for number, answer in answers.items()}
    found = funis.score(pl.DataFrame([row]), f"rand_36_{scale}")
    assert found[f"rand_36_{scale}"].to_list() == [mean]
