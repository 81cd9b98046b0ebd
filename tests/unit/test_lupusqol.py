"""LupusQoL: each domain is the mean of its answers times 25, by hand; one that was not answered has bounds."""

from typing import Any

import pandas as pd
import polars as pl
import pytest

import funis

NAME = "lupusqol"
DOMAINS: dict[str, list[str]] = {}
for _item in funis.definition(NAME).items:
    DOMAINS.setdefault(_item.system, []).append(_item.name)


def score(row: dict[str, Any]) -> dict[str, Any]:
    rows = [{"subject": "1", "day": 0, **row}]
    found = funis.scorer(NAME)(rows)[0]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    for other in (funis.score(frame, NAME), pl.from_pandas(funis.score(pd.DataFrame(rows), NAME))):
        assert other.row(0, named=True)[f"{NAME}_pain"] == found[f"{NAME}_pain"]
        assert other.row(0, named=True)[f"{NAME}_status"] == found[f"{NAME}_status"]
    return found


def test_the_questionnaire_has_34_items_in_eight_domains() -> None:
    assert [len(items) for items in DOMAINS.values()] == [8, 3, 3, 2, 3, 6, 5, 4]


def test_each_domain_is_the_mean_of_its_answers() -> None:
    row = {name: 4 for items in DOMAINS.values() for name in items}
    # Pain 4, 2 and 0: mean 2 of 4, which is 50. Physical health 1, 2, 3, 4, 0, 1, 2, 3: 16 / 8 * 25 = 50.
    row |= dict(zip(DOMAINS["pain"], (4, 2, 0), strict=True))
    row |= dict(zip(DOMAINS["physical_health"], (1, 2, 3, 4, 0, 1, 2, 3), strict=True))
    row |= dict(zip(DOMAINS["fatigue"], (0, 0, 0, 1), strict=True))
    found = score(row)
    assert (found["lupusqol_pain"], found["lupusqol_physical_health"]) == (50.0, 50.0)
    assert (found["lupusqol_fatigue"], found["lupusqol_planning"]) == (6.25, 100.0)
    # 50 + 50 + 6.25 + 5 * 100 over eight domains, not over 34 answers.
    assert found[NAME] == pytest.approx(75.78125)


def test_a_domain_that_does_not_apply_leaves_the_others_as_they_are() -> None:
    row: dict[str, int | None] = {name: 3 for items in DOMAINS.values() for name in items}
    row |= {DOMAINS["intimate_relationships"][1]: None}
    found = score(row)
    assert (found["lupusqol_pain"], found["lupusqol_intimate_relationships"], found[NAME]) == (
        75.0,
        None,
        None,
    )
    # 3 of 4 is known, the other 0 to 4: between 37.5 and 87.5.
    ends = [found[f"lupusqol_intimate_relationships_{end}"] for end in ("lower", "upper")]
    assert ends == [37.5, 87.5]
