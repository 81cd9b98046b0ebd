"""Figures draw results and recorded values, compute nothing, and can be read without being seen."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from types import ModuleType
from typing import Any

import polars as pl
import pytest

from funis.documents import colours
from funis.documents.drawing import render_svg
from funis.documents.figure import SMALL_PANEL_AXIS, FigureSpec
from funis.reporting.report_figures import build_figures
from funis.reporting.subject_figures import GRADE_COLOURS, order_subjects
from funis.reporting.survival_figures import _apart, _in_units, build_survival_figures, spread
from funis.reporting.time_axis import MONTHS, short_visit, time_axis
from funis.results import NumberList, Place, Results
from funis.study.model import Study


@pytest.fixture(scope="session")
def figures(made: ModuleType) -> dict[str, FigureSpec]:
    return {figure.id: figure for figure in build_figures(made.make_study(), made.make_results())}


def keys_of(spec: Any) -> Iterator[str]:
    """Give every key of a specification, data apart."""
    if isinstance(spec, dict):
        for key, value in spec.items():
            yield key
            if key != "values":
                yield from keys_of(value)
    elif isinstance(spec, list):
        for each in spec:
            yield from keys_of(each)


def data_of(spec: Any) -> Iterator[list[dict[str, Any]]]:
    """Give every table of values in a specification."""
    if isinstance(spec, dict):
        if (
            "values" in spec
            and isinstance(spec["values"], list)
            and spec["values"]
            and isinstance(spec["values"][0], dict)
        ):
            yield spec["values"]
        for value in spec.values():
            yield from data_of(value)
    elif isinstance(spec, list):
        for each in spec:
            yield from data_of(each)


def test_the_titles_of_small_panels_stand_level() -> None:
    """One axis ends at a tick whose label reaches above the panel, the other between two ticks."""
    day = {"field": "day", "type": "quantitative"}

    def panel(most: float, axis: dict[str, Any]) -> dict[str, Any]:
        value = {"field": "value", "type": "quantitative", "scale": {"domain": [0, most]}, "axis": axis}
        return {"width": 90, "height": 80, "title": "T", "mark": "line", "encoding": {"x": day, "y": value}}

    def apart(axis: dict[str, Any]) -> float:
        data = {"values": [{"day": 0, "value": 1}, {"day": 9, "value": 2}]}
        drawn = render_svg({"data": data, "concat": [panel(100, axis), panel(97, axis)]})
        titles = re.findall(r'role-title"><g transform="translate\([^,]*,([-\d.]+)\)', drawn)
        assert len(titles) == 2
        return abs(float(titles[0]) - float(titles[1]))

    # A line of the axis is a pixel wide.
    assert apart(SMALL_PANEL_AXIS) <= 1
    assert apart(SMALL_PANEL_AXIS | {"labelFlush": False}) > 2


def test_all_figures_of_a_trial_are_there(figures: dict[str, FigureSpec]) -> None:
    assert list(figures) == [
        "figure-sledai_change", "figure-bilag_change", "figure-labs_change",
        "figure-response-ucmsc_bilag_response",
        "figure-grades", "figure-time_to_relapse", "figure-swimmer", "figure-waterfall-sledai_change",
    ]  # fmt: skip


def test_figures_compute_nothing(figures: dict[str, FigureSpec]) -> None:
    forbidden = {"aggregate", "bin", "transform", "timeUnit", "calculate", "window", "stack", "impute"}
    for figure in figures.values():
        assert not forbidden & set(keys_of(figure.spec)), figure.id


def test_figures_reach_for_nothing_outside(figures: dict[str, FigureSpec]) -> None:
    for figure in figures.values():
        assert "url" not in set(keys_of(figure.spec))


def test_every_figure_has_words(figures: dict[str, FigureSpec]) -> None:
    for figure in figures.values():
        assert len(figure.alt) > 60
        assert figure.title
        assert figure.footnotes


def test_every_figure_can_be_drawn(figures: dict[str, FigureSpec]) -> None:
    for figure in figures.values():
        assert render_svg(figure.spec).startswith("<svg")


def test_means_are_those_of_the_results(made: ModuleType, figures: dict[str, FigureSpec]) -> None:
    numbers = made.make_results().numbers
    wanted = numbers.filter(
        pl.col("analysis") == "summary", pl.col("variable") == "sledai_2k", pl.col("population") == "treated",
        pl.col("statistic") == "mean",
    )["value"].to_list()  # fmt: skip
    drawn = next(rows for rows in data_of(figures["figure-sledai_change"].spec) if "mean" in rows[0])
    assert [row["mean"] for row in drawn] == wanted
    assert [row["day"] for row in drawn] == [0, 30, 90, 180, 270, 360]


def test_subjects_outside_a_subgroup_are_not_drawn(made: ModuleType) -> None:
    study = made.make_study()
    endpoint = study.endpoints[2].model_copy(
        update={"subgroups": ("lupus_nephritis",), "subgroup_only": True}
    )
    study = study.model_copy(update={"endpoints": (endpoint,)})
    results = made.make_results()
    chosen = (
        pl.col("analysis").eq("summary")
        & pl.col("variable").eq("sledai_2k")
        & pl.col("population").eq("treated")
    )
    numbers = results.numbers.filter(chosen).with_columns(pl.lit("lupus_nephritis").alias("subgroup"))
    sources = results.sources.filter(pl.col("subject").str.starts_with("01"))
    figure = build_figures(study, replace(results, numbers=numbers, sources=sources))[0]
    lines = next(rows for rows in data_of(figure.spec) if "subject" in rows[0])
    assert {row["subject"][:2] for row in lines} == {"01"}


def test_response_bars_fill_the_whole(figures: dict[str, FigureSpec]) -> None:
    bars = next(data_of(figures["figure-response-ucmsc_bilag_response"].spec))
    # 14 + 15 + 11 of 40: 35, 37.5 and 27.5 percent
    assert [(bar["class"], bar["from"], bar["to"]) for bar in bars] == [
        ("Major clinical response", 0.0, 35.0), ("Partial clinical response", 35.0, 72.5),
        ("No response", 72.5, 100.0),
    ]  # fmt: skip


def test_numbers_at_risk_stand_at_the_planned_visits(figures: dict[str, FigureSpec]) -> None:
    """Months 9 and 12 are 90 and 180 days after the response; the numbers at risk are those of the table."""
    spec = figures["figure-time_to_relapse"].spec
    risk = list(data_of(spec))[-1]
    assert [(row["time"], row["words"]) for row in risk] == [(0.0, "29"), (90.0, "26"), (180.0, "22")]
    axis = spec["vconcat"][0]["layer"][0]["encoding"]["x"]["axis"]
    assert axis["values"] == [0.0, 90.0, 180.0]
    assert axis["labelExpr"].startswith('{"0": ["0", ""], "90": ["3", "Month 9"], "180": ["6", "Month 12"]}')
    assert axis["title"] == "Months from response at month 6"


def test_each_arm_has_its_own_numbers_at_risk(made: ModuleType) -> None:
    """The arms' rows of the table, 13 and 9, not those of the whole (26 and 22); at 0 the curve's own first."""
    results = made.make_results()
    arms = pl.concat(
        results.listings["km"].with_columns(arm=pl.lit(arm), at_risk=pl.col("at_risk") - less)
        for arm, less in (("cells", 14), ("placebo", 15))
    )
    own = results.numbers.filter(pl.col("analysis") == "time_to_event").with_columns(
        arm=pl.lit("cells"),
        value=pl.when(pl.col("statistic") == "at_risk").then(pl.col("value") - 13).otherwise("value"),
    )
    both = replace(
        results, listings=results.listings | {"km_groups": arms}, numbers=pl.concat([results.numbers, own])
    )
    rows = build_survival_figures(made.make_study(), both)[0].spec["vconcat"][1:]
    # The name of each arm stands in a row of its own above its numbers.
    drawn = [[row["words"] for row in each["data"]["values"]] for each in rows[1::2]]
    assert ["words" in row for each in rows[::2] for row in each["data"]["values"]] == [False, False]
    # the arm without rows in the table is read off its curve: 29, 28 and 24 less 15
    assert drawn == [["15", "13", "9"], ["14", "13", "9"]]


@pytest.mark.parametrize(
    ("wanted", "heights", "found"),
    [
        # Free: each where its curve ends. At the ends: moved in by half its height.
        ([0.2, 0.5, 0.9], [0.1, 0.1, 0.1], [0.2, 0.5, 0.9]),
        ([0.0, 1.0], [0.2, 0.1], [0.1, 0.95]),
        # Upon each other: the upper one goes up until they touch; from the top all of them are pressed down.
        ([0.5, 0.5], [0.1, 0.2], [0.5, 0.65]),
        ([1.0, 1.0, 1.0], [0.1, 0.2, 0.1], [0.65, 0.8, 0.95]),
        ([0.3, 1.0, 1.0], [0.1, 0.1, 0.1], [0.3, 0.85, 0.95]),
    ],
)
def test_names_of_curves_stand_apart_and_within_the_axis(
    wanted: list[float], heights: list[float], found: list[float]
) -> None:
    assert spread(wanted, heights) == pytest.approx(found)


def test_visits_close_together_have_short_names(made: ModuleType) -> None:
    """Of an axis up to day 190 two ticks 9 days apart are kept (8.55), but have no room for long names (17.1)."""
    results = made.make_results()
    near = pl.when((pl.col("statistic") == "planned_time") & (pl.col("visit") == "month_12"))
    numbers = results.numbers.with_columns(near.then(99.0).otherwise("value").alias("value"))
    spec = build_survival_figures(made.make_study(), replace(results, numbers=numbers))[0].spec
    axis = spec["vconcat"][0]["layer"][0]["encoding"]["x"]["axis"]
    assert axis["labelExpr"].startswith('{"0": ["0", ""], "90": ["3", "9 mo"], "99": ["3.3", "12 mo"]}')


def test_axis_covers_the_last_event_and_the_last_step_has_a_band(figures: dict[str, FigureSpec]) -> None:
    """Last planned day 180, last step at 190: the axis ends at 1.03 * 190; the step is drawn 0.012 of it on."""
    top = figures["figure-time_to_relapse"].spec["vconcat"][0]
    assert top["layer"][0]["encoding"]["x"]["scale"]["domain"] == [0, pytest.approx(195.7)]
    band, line = (layer["data"]["values"] for layer in top["layer"][:2])
    for points in (band, line):
        assert [point["time"] for point in points[-2:]] == [190.0, pytest.approx(190 + 0.012 * 195.7)]
    assert (band[-1]["lower"], band[-1]["upper"]) == (0.56, 0.88)


def steps_of(made: ModuleType, at_risk: list[int], **columns: list[float]) -> tuple[list[Any], FigureSpec]:
    """Draw the curve with other numbers at risk; give the layers of the curve and the figure."""
    results = made.make_results()
    steps = results.listings["km"].with_columns(
        pl.Series(name, values) for name, values in ({"at_risk": at_risk} | columns).items()
    )
    results = replace(results, listings=results.listings | {"km": steps})
    figure = build_survival_figures(made.make_study(), results)[0]
    return figure.spec["vconcat"][0]["layer"], figure


@pytest.mark.parametrize(
    ("at_risk", "begins"),
    # Steps at 0, 88, 92, 178, 185, 190 days; the number of a step is at risk just before it.
    [([29, 29, 28, 26, 24, 22], None), ([29, 29, 28, 5, 5, 5], None), ([29, 29, 28, 5, 4, 3], 178),
     ([60, 29, 28, 6, 6, 6], None), ([60, 29, 28, 6, 5, 5], 178), ([61, 29, 28, 6, 6, 6], 92), ([4, 4, 4, 4, 4, 4], 0),
     ([29, 29, 28, 26, 24, 4], 185)],
)  # fmt: skip
def test_the_curve_is_grey_and_dashed_where_few_are_at_risk(
    made: ModuleType, at_risk: list[int], begins: float | None
) -> None:
    """Fewer than 5, or than a tenth of those at the start: 6 of 60 is a tenth, 6 of 61 is less."""
    layers, figure = steps_of(made, at_risk)
    lines = [layer for layer in layers if layer["mark"]["type"] == "line"]
    bands = [layer for layer in layers if layer["mark"]["type"] == "area"]
    said = [note for note in figure.footnotes if "Grey and dashed: fewer than 5 subjects" in note]
    if begins is None:
        assert (len(lines), len(bands), said) == (1, 1, [])
        return
    assert said
    firm, frail = lines
    assert "strokeDash" not in firm["mark"]
    assert frail["mark"]["strokeDash"]
    assert frail["mark"]["color"] != firm["mark"]["color"]
    # The grey part begins where the other ends, and goes on to the end.
    assert firm["data"]["values"][-1] == frail["data"]["values"][0]
    assert frail["data"]["values"][0]["time"] == begins
    assert [layer["data"]["values"][0]["time"] for layer in bands] == [0.0, begins]
    assert frail["data"]["values"][-1]["time"] > 190


@pytest.mark.parametrize(("at_risk", "is_drawn"), [(300, True), (301, False)])
def test_censorings_of_more_than_300_subjects_are_said_and_not_drawn(
    made: ModuleType, at_risk: int, *, is_drawn: bool
) -> None:
    layers, figure = steps_of(made, [at_risk, 299, 298, 290, 280, 270])
    ticks = next(layer for layer in layers if layer["mark"]["type"] == "tick")
    assert [point["time"] for point in ticks["data"]["values"]] == ([178.0, 190.0] if is_drawn else [])
    notes = " ".join(figure.footnotes)
    assert ("Small strokes: subjects censored." in notes) is is_drawn
    # One censored at 178 days and 21 at 190.
    words = "With more than 300 subjects censorings are not drawn: 22 subjects were censored."
    assert (words in notes) is not is_drawn


@pytest.mark.parametrize(
    ("origin", "words"),
    [("first_infusion", "Time 0 is the first infusion;"), ("consent", "Time 0 is the consent;")],
)
def test_time_0_is_named_once(made: ModuleType, origin: str, words: str) -> None:
    study, results = made.make_study(), made.make_results()
    ends = tuple(
        each.model_copy(update={"origin": origin}) if each.id == "time_to_relapse" else each
        for each in study.endpoints
    )
    figure = build_survival_figures(study.model_copy(update={"endpoints": ends}), results)[0]
    assert figure.footnotes[0].startswith(words)


def test_axis_reaches_the_last_planned_visit_when_nobody_is_seen_there(made: ModuleType) -> None:
    results = made.make_results()
    early = results.listings["km"].filter(pl.col("time") < 100)
    results = replace(results, listings=results.listings | {"km": early})
    found = next(f for f in build_figures(made.make_study(), results) if f.id == "figure-time_to_relapse")
    assert found.spec["vconcat"][0]["layer"][0]["encoding"]["x"]["scale"]["domain"] == [
        0,
        pytest.approx(185.4),
    ]


def test_times_found_at_visits_are_said_to_be_interval_censored(made: ModuleType) -> None:
    study, results = made.make_study(), made.make_results()
    by_visit = results.numbers.with_columns(
        pl.when(pl.col("method") == "kaplan_meier")
        .then(pl.lit("kaplan_meier_visits_on_planned_days"))
        .otherwise("method")
        .alias("method")
    )
    for numbers, said in ((results.numbers, False), (by_visit, True)):
        figures = build_survival_figures(study, replace(results, numbers=numbers))
        assert any("Relapse is found at visits" in note for note in figures[0].footnotes) == said
        assert figures[0].footnotes[0].startswith("Time 0 is the response at month 6;")
        assert figures[0].alt.startswith("Kaplan-Meier curve of time from response at month 6 to relapse.")


def test_ticks_too_near_each_other_are_left_out() -> None:
    """Of 1000 days two ticks need 45 between them; the last one always stays."""
    assert _apart([0.0, 14.0, 45.0, 89.0, 90.0, 960.0, 1000.0], 1000.0) == [0.0, 45.0, 90.0, 1000.0]
    assert _apart([0.0, 955.0, 1000.0], 1000.0) == [0.0, 955.0, 1000.0]
    assert _apart([0.0], 30.0) == [0.0]


@pytest.mark.parametrize(
    ("days", "words"), [(0, "0"), (14, "0.5"), (30, "1"), (84, "2.8"), (90, "3"), (98, "3.2"), (360, "12")]
)
def test_days_as_months(days: float, words: str) -> None:
    assert _in_units(days, MONTHS) == words


def test_without_planned_times_ticks_are_months(made: ModuleType) -> None:
    results = made.make_results()
    numbers = results.numbers.filter(pl.col("statistic") != "planned_time")
    spec = build_survival_figures(made.make_study(), replace(results, numbers=numbers))[0].spec
    # steps at 0, 88, 92, 178, 185, 190 days with 29, 29, 28, 26, 24, 22 at risk; months of 30.4375 days
    risk = list(data_of(spec))[-1]
    assert [row["words"] for row in risk] == ["29", "29", "29", "28", "26", "26", "24"]


def test_heat_map_orders_subjects_by_response(made: ModuleType) -> None:
    results = made.make_results()
    order = order_subjects(results, results.listings["grades"]["subject"])
    known = dict(results.listings["responses"].select("subject", "response").iter_rows())
    assert [known[subject] for subject in order] == ["MCR"] * 14 + ["PCR"] * 15 + ["none"] * 11


def test_grades_grow_darker_with_activity() -> None:
    def light(colour: str) -> float:
        red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    shades = [light(GRADE_COLOURS[grade]) for grade in "ABCDE"]
    assert shades == sorted(shades)
    assert min(later - earlier for earlier, later in itertools.pairwise(shades)) > 15


def test_unknown_grade_is_drawn_as_unknown(made: ModuleType) -> None:
    results = made.make_results()
    grades = results.listings["grades"].with_columns(
        pl.when(pl.col("subject") == "01-001").then(None).otherwise(pl.col("grade")).alias("grade")
    )
    figures = build_figures(made.make_study(), replace(results, listings={"grades": grades}))
    figure = next(each for each in figures if each.id == "figure-grades")
    cells = next(data_of(figure.spec))
    assert {cell["grade"] for cell in cells if cell["subject"] == "01-001"} == {"not known"}
    assert "White with an outline: grade not known." in figure.footnotes


def test_swimmer_shows_what_happened(figures: dict[str, FigureSpec]) -> None:
    marks = next(rows for rows in data_of(figures["figure-swimmer"].spec) if "what" in rows[0])
    counts = {name: sum(mark["what"] == name for mark in marks) for name in {mark["what"] for mark in marks}}
    assert counts == {
        "Infusion": 80, "Major clinical response": 14, "Partial clinical response": 15, "Relapse": 7,
        "Adverse event": 3, "Serious adverse event": 1, "Withdrawal or loss": 2,
    }  # fmt: skip


def test_cohort_without_planned_visits_is_drawn_by_day(made: ModuleType) -> None:
    raw = made.make_study(design="observational").model_dump(by_alias=True) | {"visits": (), "infusions": ()}
    raw["endpoints"] = ({"id": "activity", "kind": "summary", "variable": "sledai_2k"},)
    study = Study.model_validate(raw)
    days = [0, 400, 900, 1800]
    scores = pl.DataFrame(
        {"subject": ["a"] * 4, "visit": ["v1", "v2", "v3", "v4"], "day": days, "variable": ["sledai_2k"] * 4,
         "value": [4.0, 8.0, 2.0, 0.0]}
    )  # fmt: skip
    numbers = NumberList().frame()
    figures = build_figures(study, replace(made.make_results(), numbers=numbers, listings={"scores": scores}))
    assert [figure.id for figure in figures] == ["figure-activity"]
    assert [row["day"] for row in next(data_of(figures[0].spec))] == days
    assert "Years from first visit" in str(figures[0].spec)
    assert render_svg(figures[0].spec).startswith("<svg")


def test_axis_of_time(made: ModuleType) -> None:
    study = made.make_study()
    assert time_axis(study, [360.0])["values"] == [0, 30, 90, 180, 270, 360]
    observed = made.make_study(design="observational")
    assert time_axis(observed, [300.0])["title"] == "Months from first visit"
    assert time_axis(observed, [4000.0])["values"][1] == pytest.approx(365.25)


def test_axis_label_cannot_leave_its_string(made: ModuleType) -> None:
    study = made.make_study()
    hostile = study.visits[0].model_copy(update={"label": '"}[0]; alert(1) //'})
    axis = time_axis(study.model_copy(update={"visits": (hostile, *study.visits[1:])}), [360.0])
    assert axis["labelExpr"].startswith('{"0": "\\"}[0]; alert(1) //"')


def test_short_names_of_visits() -> None:
    assert [short_visit(each) for each in ("Month 12", "Week 2", "Baseline", "End")] == [
        "12 mo",
        "2 wk",
        "0",
        "End",
    ]


def test_no_listing_gives_no_figure(made: ModuleType) -> None:
    results: Results = replace(made.make_results(), numbers=NumberList().frame(), listings={})
    assert build_figures(made.make_study(), results) == ()


def test_drawing_uses_only_known_colours(figures: dict[str, FigureSpec]) -> None:
    svg = render_svg(figures["figure-sledai_change"].spec)
    known = {colours.ESTIMATE, colours.SUBJECT_BEHIND, colours.MUTED, colours.GRID}
    drawn = set(re.findall(r'stroke="(#[0-9A-Fa-f]{6})"', svg))
    assert {colours.ESTIMATE, colours.SUBJECT_BEHIND} <= drawn <= known


def test_cohort_with_open_visits_shows_means_of_enough_subjects(made: ModuleType) -> None:
    raw = made.make_study(design="observational").model_dump(by_alias=True) | {"visits": (), "infusions": ()}
    raw["endpoints"] = ({"id": "activity", "kind": "summary", "variable": "sledai_2k"},)
    numbers = NumberList()
    for visit, n in (("visit_1", 40), ("visit_10", 12), ("visit_2", 30), ("visit_11", 9)):
        place = Place(analysis="summary", variable="sledai_2k", visit=visit, n=n)
        for statistic, value in (("n", n), ("mean", 8.0), ("lower", 6.0), ("upper", 10.0)):
            numbers.add(place, statistic, value)
    results = replace(made.make_results(), numbers=numbers.frame())
    figure = build_figures(Study.model_validate(raw), results)[0]
    drawn = next(rows for rows in data_of(figure.spec) if "mean" in rows[0])
    # visit 11 has fewer than 10 subjects; the others stand in the order of their numbers
    assert [(row["visit"], row["n"]) for row in drawn] == [("1", "40"), ("2", "30"), ("10", "12")]
    assert render_svg(figure.spec).startswith("<svg")
