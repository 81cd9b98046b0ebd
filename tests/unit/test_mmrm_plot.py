"""The drawing of marginal means: what stands where, checked in the SVG as XML."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from funis.errors import UnknownNameError, ValueRangeError
from funis.stats.mmrm.fitted import NotFittedError
from funis.stats.mmrm.front_door import fit_mmrm
from funis.stats.mmrm.mean_drawing import LEFT, RIGHT, IntervalPanel, draw_intervals, tick_values
from funis.stats.mmrm.result import MmrmResult

TRIAL = pl.read_csv(Path(__file__).parents[1] / "reference" / "mmrm_r" / "s40x5.csv")
SVG = "{http://www.w3.org/2000/svg}"


def fit(frame: pl.DataFrame = TRIAL, fixed: str = "arm * visit + base") -> MmrmResult:
    return fit_mmrm(frame, outcome="y", fixed=fixed, subject="id", visit="visit", df="satterthwaite")


FIT = fit()


def table(**columns: Any) -> pl.DataFrame:
    return pl.DataFrame(columns)


def drawn(frame: pl.DataFrame, by: list[str]) -> ET.Element:
    return ET.fromstring(draw_intervals(frame, by, outcome="y", words="words"))  # noqa: S314  our own


def texts(svg: ET.Element) -> list[str]:
    return [str(each.text) for each in svg.iter(f"{SVG}text")]


def test_a_fit_is_drawn_by_visit_and_arm() -> None:
    found = FIT.plot()
    means = FIT.marginal_means(["visit", "arm"]).select("visit", "arm", "estimate", "lower", "upper")
    assert found.table.equals(means)
    svg = ET.fromstring(found._repr_svg_())  # noqa: S314
    assert svg.find(f"{SVG}title").text == "Marginal means of y with 95 % intervals by visit and arm"  # type: ignore[union-attr]
    groups = svg.findall(f"{SVG}g")
    assert [len(group.findall(f"{SVG}line")) for group in groups] == [9, 9]
    assert texts(svg)[-2:] == ["MSC", "PBO"]
    assert {"V1", "V2", "V3", "V4", "V5", "visit", "y"} <= set(texts(svg))


def test_options_are_those_of_the_means() -> None:
    found = FIT.plot("arm", "visit", level=0.5, at={"base": 3.0})
    expected = FIT.marginal_means(["arm", "visit"], level=0.5, at={"base": 3.0})
    assert found.table["upper"].equals(expected["upper"])
    assert "with 50 % intervals by arm and visit" in found.svg
    over = FIT.plot(kind="unconditional").table["lower"]
    assert over.equals(FIT.marginal_means(["visit", "arm"], kind="unconditional")["lower"])
    with_sex = fit(
        TRIAL.with_columns(sex=pl.when(pl.col("id") % 3 == 0).then(pl.lit("f")).otherwise(pl.lit("m"))),
        "arm + sex + visit",
    )
    assert (
        with_sex.plot("arm", weights="proportional")
        .table["estimate"]
        .equals(with_sex.marginal_means(["arm"], weights="proportional")["estimate"])
    )


def test_factors_are_chosen() -> None:
    assert FIT.plot(lines="visit").table.columns[:2] == ["arm", "visit"]
    assert FIT.plot("arm").table.columns[:2] == ["arm", "visit"]
    assert fit(fixed="visit").plot().table.columns[:2] == ["visit", "estimate"]
    assert fit(fixed="arm + base").plot().table.columns[:2] == ["arm", "estimate"]


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="site"):
        FIT.plot("site")
    with pytest.raises(UnknownNameError, match="site"):
        FIT.plot(lines="site")
    with pytest.raises(ValueRangeError, match="lines"):
        FIT.plot("arm", "arm")
    with pytest.raises(ValueRangeError, match="The formula has none"):
        fit(fixed="base").plot()
    with pytest.raises(NotFittedError):
        fit(TRIAL.with_columns(y=pl.lit(1.0))).plot()


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0.0, 5.0, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]),
        (-0.1, 5.0, [-2.0, 0.0, 2.0, 4.0, 6.0]),
        (0.0, 10.0, [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]),
        (0.0, 0.3, [0.0, 0.1, 0.2, 0.3]),
        (100.0, 1100.0, [0.0, 200.0, 400.0, 600.0, 800.0, 1000.0, 1200.0]),
        (0.0, 26.0, [0.0, 10.0, 20.0, 30.0]),
        (2.0, 2.0, [1.0, 1.5, 2.0, 2.5, 3.0]),
    ],
)
def test_ticks_are_round_and_enclose(low: float, high: float, ticks: list[float]) -> None:
    assert tick_values(low, high) == ticks


def test_places_and_values_by_hand() -> None:
    """552 pixels for two places: middles at 72 + 138 and 72 + 414; two lines stand 4 pixels to either side."""
    panel = IntervalPanel(("V1", "V2"), (0.0, 5.0, 10.0), 340.0, 2)
    assert [panel.across("V1", 0), panel.across("V1", 1), panel.across("V2", 0)] == [206.0, 214.0, 482.0]
    assert [panel.up(0.0), panel.up(10.0), panel.up(2.5)] == [340.0, 40.0, 265.0]
    assert (LEFT, RIGHT) == (72, 624)


def test_a_missing_mean_interrupts_its_line() -> None:
    frame = table(
        visit=["V1", "V2", "V3", "V4"],
        estimate=[1.0, None, 3.0, 4.0],
        lower=[0.0, None, 2.0, 3.0],
        upper=[2.0, None, 4.0, 5.0],
    )
    svg = drawn(frame, ["visit"])
    group = svg.find(f"{SVG}g")
    assert group is not None
    lines, points = group.findall(f"{SVG}line"), group.findall(f"{SVG}circle")
    assert len(points) == 3
    joined = [each for each in lines if each.get("x1") != each.get("x2")]
    assert [(each.get("x1"), each.get("x2")) for each in joined] == [("417.0", "555.0")]
    # The lowest tick is 0 and the highest 5, at 352 and 40 pixels: the first interval, 0 to 2, is 352 to 227.2.
    upright = [each for each in lines if each.get("x1") == each.get("x2")]
    assert [(each.get("y1"), each.get("y2")) for each in upright[:1]] == [("352.0", "227.2")]
    assert (points[0].get("cx"), points[0].get("cy")) == ("141.0", "289.6")
    assert "V2" in texts(svg)


def test_nothing_known_is_an_empty_drawing() -> None:
    none = pl.Series([None], dtype=pl.Float64)
    svg = drawn(table(visit=["V1"], estimate=none, lower=none, upper=none), ["visit"])
    assert svg.find(f"{SVG}g/{SVG}circle") is None


def test_long_names_are_turned_and_letters_of_markup_escaped() -> None:
    names = [f"Month {number} <after> the infusion" for number in range(5)]
    frame = table(visit=names, estimate=[1.0] * 5, lower=[0.0] * 5, upper=[2.0] * 5)
    svg = drawn(frame, ["visit"])
    turned = [each for each in svg.iter(f"{SVG}text") if each.text in names]
    assert len(turned) == 5
    assert all(str(each.get("transform")).startswith("rotate(-45") for each in turned)
    assert all(float(str(each.get("y"))) < 290 for each in turned)
    short = drawn(frame.with_columns(visit=pl.Series(list("abcde"))), ["visit"])
    upright = [each for each in short.iter(f"{SVG}text") if each.text in set("abcde")]
    assert [each.get("y") for each in upright] == ["370.0"] * 5


def test_lines_differ_in_shape_and_dashes() -> None:
    frame = table(
        visit=["V1", "V2"] * 4, arm=["a", "a", "b", "b", "c", "c", "d", "d"],
        estimate=[1.0] * 8, lower=[0.0] * 8, upper=[2.0] * 8,
    )  # fmt: skip
    svg = drawn(frame, ["visit", "arm"])
    groups = svg.findall(f"{SVG}g")
    # The name of a visit stands below the middle of its lines, a quarter and three quarters of the way from 72 to 624.
    places = [each.get("x") for each in svg.iter(f"{SVG}text") if each.text in {"V1", "V2"}]
    assert places == ["210.0", "486.0"]
    dashes = [group.findall(f"{SVG}line")[0].get("stroke-dasharray") for group in groups]
    assert dashes == ["none", "6 3", "2 3", "8 3 2 3"]
    shapes = [
        (len(group.findall(f"{SVG}circle")), "rotate" in ET.tostring(group, "unicode")) for group in groups
    ]
    assert shapes == [(2, False), (0, False), (0, True), (2, False)]
    colours = [group.findall(f"{SVG}line")[0].get("stroke") for group in groups]
    assert len(set(colours)) == 4
