"""Above the limit of subjects, figures summarise all of them and say so, and the page stays bounded."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

from funis.documents.drawing import render_svg
from funis.documents.figure import FigureSpec
from funis.reporting import limits, payload, summary_figures
from funis.reporting.listing_tables import build_event_listings, build_response_listings, find_long_listings
from funis.reporting.number_book import read_numbers
from funis.reporting.payload import build_payload
from funis.reporting.report import write_report_set
from funis.reporting.report_figures import build_figures
from funis.reporting.summary_figures import (
    count_points,
    is_summarised,
    quantile_bands,
    say_counted,
    thin_line,
)
from funis.results import SOURCE_COLUMNS, Results, SourceList, sources
from funis.results.sources import Sources

SINGLE = (
    "figure-sledai_change",
    "figure-bilag_change",
    "figure-labs_change",
    "figure-grades",
    "figure-swimmer",
)


def enlarge(results: Results, times: int) -> Results:
    """Repeat every subject of the made trial under new numbers."""

    def repeat(frame: pl.DataFrame) -> pl.DataFrame:
        if "subject" not in frame.columns or frame.is_empty():
            return frame
        return pl.concat(
            [frame.with_columns(pl.col("subject") + f"-{turn}") for turn in range(times)]
            if times > 1
            else [frame]
        )

    listings = {name: repeat(frame) for name, frame in results.listings.items()}
    return replace(results, sources=repeat(results.sources), listings=listings)


def data_of(spec: Any) -> Iterator[list[dict[str, Any]]]:
    """Give every list of values of a specification, in order."""
    if isinstance(spec, dict):
        rows = spec.get("values")
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            yield rows
        for value in spec.values():
            yield from data_of(value)
    elif isinstance(spec, list):
        for value in spec:
            yield from data_of(value)


@pytest.fixture(scope="module")
def large(made: ModuleType) -> Results:
    return enlarge(made.make_results(), 8)  # 320 subjects


@pytest.fixture(scope="module")
def figures(made: ModuleType, large: Results) -> dict[str, FigureSpec]:
    return {figure.id: figure for figure in build_figures(made.make_study(), large)}


def test_300_subjects_are_drawn_and_301_are_summarised() -> None:
    assert limits.SUBJECTS_DRAWN == 300
    assert not is_summarised(300)
    assert is_summarised(301)


def test_no_single_subject_is_drawn_above_the_limit_and_captions_say_so(
    made: ModuleType, figures: dict[str, FigureSpec]
) -> None:
    small = {figure.id: figure for figure in build_figures(made.make_study(), made.make_results())}
    assert list(figures) == list(small)
    for name in SINGLE:
        text = json.dumps(figures[name].spec)
        # The rows of the swimmer plot are numbered anew, so that they do not tell who is who.
        is_neutral = name == "figure-swimmer"
        assert ("01-001" in json.dumps(small[name].spec)) != is_neutral
        assert "01-001" not in text
        assert "With more than 300 subjects single subjects are not drawn" in figures[name].footnotes[0]
        assert "320" in figures[name].footnotes[0]
        assert "300" not in " ".join(small[name].footnotes)
        assert render_svg(figures[name].spec).startswith("<svg")


def test_size_of_the_figures_does_not_grow_with_the_subjects(
    made: ModuleType, figures: dict[str, FigureSpec]
) -> None:
    larger = {each.id: each for each in build_figures(made.make_study(), enlarge(made.make_results(), 16))}
    for name in SINGLE:
        one, two = (len(json.dumps(found[name].spec)) for found in (figures, larger))
        # Counts may have a digit more; values are as many.
        assert two <= 1.05 * one


def test_bands_are_the_quantiles_of_all_values(
    made: ModuleType, large: Results, figures: dict[str, FigureSpec]
) -> None:
    bands = next(rows for rows in data_of(figures["figure-sledai_change"].spec) if "p95" in rows[0])
    values = (
        large.listings["scores"]
        .filter(variable="sledai_2k", visit="month_6")["value"]
        .drop_nulls()
        .to_numpy()
    )
    found = next(band for band in bands if band["day"] == 180)
    # numpy computes them independently; its default is R's type 7.
    expected = np.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95])
    assert [found[name] for name in ("p5", "q1", "median", "q3", "p95")] == pytest.approx(expected.tolist())
    assert found["n"] == len(values)
    assert [band["day"] for band in bands] == [0, 30, 90, 180, 270, 360]


def test_bands_of_few_values_are_left_out_and_unplanned_visits_stand_at_their_median_day() -> None:
    def rows(visit: str, n: int, day: int) -> pl.DataFrame:
        return pl.DataFrame({"visit": [visit] * n, "day": [day] * n, "value": [1.0] * n})

    values = pl.concat([rows("a", 20, 31), rows("b", 19, 60), rows("c", 15, 90), rows("c", 10, 96)])
    assert [(band["day"], band["n"]) for band in quantile_bands(values, {"a": 30})] == [(30, 20), (90, 25)]
    assert [(band["day"], band["n"]) for band in quantile_bands(values, {})] == [(31, 20), (90, 25)]


def test_shares_of_grades_fill_each_bar_and_count_all(large: Results, figures: dict[str, FigureSpec]) -> None:
    grades = large.listings["grades"]
    for bars in data_of(figures["figure-grades"].spec):
        for visit in {bar["visit"] for bar in bars}:
            own = [bar for bar in bars if bar["visit"] == visit]
            assert own[0]["from"] == 0
            assert own[-1]["to"] == 100
            assert all(one["to"] == other["from"] for one, other in pairwise(own))
            for bar in own:
                count = grades.filter(system=bar["system"], visit=visit, grade=bar["grade"]).height
                assert bar["count"] == count
                assert bar["to"] - bar["from"] == pytest.approx(100 * count / 320, abs=0.002)


def test_grades_not_known_have_an_outline_and_a_word(made: ModuleType, large: Results) -> None:
    grades = large.listings["grades"].with_columns(
        grade=pl.when(pl.int_range(pl.len()) % 7 == 0).then(None).otherwise(pl.col("grade"))
    )
    listings = {**large.listings, "grades": grades}
    found = build_figures(made.make_study(), replace(large, listings=listings))
    figure = next(each for each in found if each.id == "figure-grades")
    assert "White with an outline: grade not known." in figure.footnotes
    assert sum(bar["count"] for bars in data_of(figure.spec) for bar in bars) == grades.height


def test_events_are_counted_by_subject_and_interval(figures: dict[str, FigureSpec]) -> None:
    cells = next(data_of(figures["figure-swimmer"].spec))
    rows = {
        what: [int(cell["words"]) for cell in cells if cell["what"] == what]
        for what in dict.fromkeys(cell["what"] for cell in cells)
    }
    assert list(dict.fromkeys(cell["when"] for cell in cells)) == [
        "to 0", "to 1 mo", "to 3 mo", "to 6 mo", "to 9 mo", "to 12 mo", "later",
    ]  # fmt: skip
    # Of the made trial (8 copies): infusions of all 40 on days 0 and 7.
    assert rows["Infusion"] == [320, 320, 0, 0, 0, 0, 0]
    # 14 and 15 of 40 at month 6, whose planned day is 180.
    assert rows["Major clinical response"] == [0, 0, 0, 112, 0, 0, 0]
    assert rows["Partial clinical response"] == [0, 0, 0, 120, 0, 0, 0]
    # Days 268 (3 of 40) and 362 (4 of 40): the month 12 visit is planned on day 360.
    assert rows["Relapse"] == [0, 0, 0, 0, 24, 0, 32]
    # Adverse events on days 12, 55 and 240, a serious one on day 190; one left on day 200, one on day 300.
    assert rows["Adverse event"] == [0, 8, 8, 0, 8, 0, 0]
    assert rows["Serious adverse event"] == [0, 0, 0, 0, 8, 0, 0]
    assert rows["Withdrawal or loss"] == [0, 0, 0, 0, 8, 8, 0]
    assert rows["Under observation"][0] == 320


def test_an_event_on_the_day_of_a_visit_belongs_to_the_interval_that_ends_there() -> None:
    days = pl.DataFrame({"day": [0.0, 0.5, 30.0, 30.5]})
    place = summary_figures._place_of(pl.col("day"), [0.0, 30.0])
    assert days.select(place.alias("place"))["place"].to_list() == [0, 1, 1, 2]


def test_points_are_counted_in_the_nearest_hexagon_and_none_is_lost() -> None:
    """Every middle of two grids set into each other is tried for every point; ties are drawn by no point."""
    drawn = np.random.default_rng(3).normal(size=(2000, 2))
    cells = count_points(pl.DataFrame({"x": drawn[:, 0], "y": drawn[:, 1]}), "x", "y")
    low, high = drawn.min(axis=0), drawn.max(axis=0)
    # Forty hexagons across; rows half the root of three of a width apart, twenty of them.
    unit = (drawn - low) / (high - low) * (40, 20 * 3**0.5 / 2)
    even = [(x, y * 3**0.5) for x in range(42) for y in range(-1, 13)]
    middles = np.array(
        [*even, *((x + 0.5, y + 3**0.5 / 2) for x, y in even), *((x - 0.5, 0.75**0.5) for x, _ in even)]
    )
    middles = np.unique(np.round(middles, 9), axis=0)
    far = ((unit[:, None, :] - middles[None, :, :]) ** 2).sum(axis=2)
    nearest = far.argmin(axis=1)
    wanted = np.unique(nearest, return_counts=True)[1]
    assert sorted(cell["points"] for cell in cells) == sorted(wanted.tolist())
    # A hexagon reaches 1/sqrt(3) of its width; a square would reach farther.
    assert far.min(axis=1).max() <= 1 / 3 + 1e-9
    back = (np.array([(cell["x"], cell["y"]) for cell in cells]) - low) / (high - low) * (40, 20 * 3**0.5 / 2)
    assert ((back[:, None, :] - middles[None, :, :]) ** 2).sum(axis=2).min(axis=1).max() < 1e-4
    assert sum(cell["points"] for cell in cells) == 2000
    assert count_points(pl.DataFrame({"x": [2.0, 2.0], "y": [5.0, 5.0]}), "x", "y")[0]["points"] == 2
    assert not summary_figures.are_counted(300, limits.POINTS_DRAWN)
    assert summary_figures.are_counted(301, 301)
    assert summary_figures.are_counted(40, limits.POINTS_DRAWN + 1)
    assert "7 points are counted in hexagons" in say_counted("Left", 7)


def test_a_line_keeps_its_ends_when_it_is_thinned() -> None:
    line = pl.DataFrame({"x": [float(n) for n in range(1000)]})
    thin = thin_line(line, "x", 11)["x"].to_list()
    # 1000 values, 11 kept: every 99.9th by order.
    assert thin == [0, 100, 200, 300, 400, 500, 599, 699, 799, 899, 999]
    assert thin_line(line.head(11), "x", 11).height == 11
    assert thin_line(line.head(12), "x", 11).height == 11


# --- the page ------------------------------------------------------------------------------------------------


def test_the_payload_does_not_grow_beyond_a_bound(made: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    study, small = made.make_study(), made.make_results()
    book = read_numbers(small.numbers)
    ids = [number.id for number in book.numbers]
    whole = build_payload(study, small, book, ids)
    assert whole["cut"] == {}
    monkeypatch.setattr(payload, "VALUES_IN_PAGE", len(whole["atoms"]["line"]))
    assert build_payload(study, small, book, ids) == whole
    sizes = []
    for times in (8, 16):
        found = build_payload(study, enlarge(small, times), book, ids)
        sizes.append(len(json.dumps(found)))
        # Every number that had recorded values behind it still opens some of them, and says how many there are.
        assert set(found["sources"]) == set(whole["sources"])
        assert set(found["cut"]) == set(whole["sources"])
    assert sizes[1] <= 1.02 * sizes[0]


def test_a_number_of_few_subjects_keeps_all_of_them() -> None:
    frame = pl.DataFrame(
        {
            "source": ["few"] * 3 + ["many"] * 8 + ["many/missing"] * 5,
            "subject": ["S1", "S2", "S3", *["S1", "S2", "S3", "S4"] * 2, "", "S5", "S6", "S7", "S8"],
            "visit": ["m3"] * 7 + ["m6"] * 9,
            "value": [float(n) for n in range(16)],
        }
    )
    keys = {"few", "many", "many/missing", "other"}
    kept, cut = Sources.of_frame(frame).cut(keys, 1, 3)
    # The first three subjects of each, with all their values; eight values are behind the larger number.
    assert kept.group_by("source").len().sort("source").rows() == [
        ("few", 3),
        ("many", 6),
        ("many/missing", 5),
    ]
    assert cut == {"many": 8}
    assert "S4" not in kept["subject"].to_list()
    assert Sources.of_frame(frame).cut(keys, 16, 3)[1] == {}
    assert Sources.of_frame(frame).cut(keys, 15, 3)[1] == {"many": 8}


def test_sources_are_kept_once_and_give_the_same_rows_whole_cut_and_written(tmp_path: Path) -> None:
    observations = pl.DataFrame(
        {
            "subject": ["S2", "S1", "S3", "S1"],
            "visit": ["m3"] * 3 + ["m6"],
            "variable": ["a"] * 4,
            "measure": ["a"] * 4,
            "value": [2.0, 1.0, 3.0, 4.0],
            "text": [None, None, "three", None],
            "file": ["a.csv"] * 4,
            "line": [2, 3, 4, 5],
        },
        schema_overrides={"text": pl.String},
    )
    given = SourceList()
    given.add("all", [0, 1, 2, 3])
    given.add("one", [2])
    given.add("none", [])
    more = pl.DataFrame(
        [("all/missing", "S9", "m3", "a", "a", None, "withdrew", "", None)],
        schema=SOURCE_COLUMNS,
        orient="row",
    )
    kept = given.keep(observations, more)
    whole = kept.frame()
    assert whole.schema == SOURCE_COLUMNS
    assert whole["source"].to_list() == ["all"] * 4 + ["one", "all/missing"]
    assert whole["line"].to_list() == [2, 3, 4, 5, 4, None]
    assert kept.frame(["one", "absent"]).rows() == whole.filter(source="one").rows()
    assert kept.frame(["all/missing"]).rows() == more.rows()
    assert kept.subjects(["all", "absent"]) == ["S1", "S2", "S3"]
    assert kept.subjects(["one", "all/missing"]) == ["S3", "S9"]
    assert kept.subjects(["none"]) == kept.subjects([]) == []
    with (tmp_path / "sources.parquet").open("wb") as file:
        kept.write(file)
    assert pl.read_parquet(tmp_path / "sources.parquet").equals(whole)
    # Four different values stand behind both.
    rows, cut = kept.cut(["all", "one"], 4, 1)
    assert rows.equals(kept.frame(["all", "one"]))
    assert cut == {}
    rows, cut = kept.cut(["all", "one", "none", "all/missing"], 3, 1)
    assert [(row[0], row[1], row[8]) for row in rows.rows()] == [
        ("all", "S1", 3), ("all", "S1", 5), ("one", "S3", 4), ("all/missing", "S9", None),
    ]  # fmt: skip
    assert cut == {"all": 4}


def test_sources_are_written_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "_PART", 3)
    observations = pl.DataFrame(
        {name: ["x"] * 5 for name in ("subject", "visit", "variable", "measure", "file")}
    )
    observations = observations.with_columns(
        value=pl.Series(range(5), dtype=pl.Float64), text=pl.lit(None, pl.String), line=pl.Series(range(5))
    )
    given = SourceList()
    for key in ("a", "b", "c"):
        given.add(key, [0, 4])
    kept = given.keep(observations)
    assert [part.height for part in kept._give_parts(None, None, None, None)] == [4, 2]
    with (tmp_path / "sources.parquet").open("wb") as file:
        kept.write(file)
    assert pl.read_parquet(tmp_path / "sources.parquet").equals(kept.frame())


def test_long_listings_are_cut_and_written_beside_the_page(
    made: ModuleType, large: Results, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = made.make_study()
    short = large.listings["responses"].head(300)
    assert find_long_listings(replace(large, listings={"responses": short})) == {}
    (whole,) = build_response_listings(
        study, replace(large, listings={"responses": short.with_columns(reason=pl.lit("no A"))})
    )
    assert (len(whole.rows), whole.instead) == (300, ())
    reasons = large.listings["responses"].with_columns(reason=pl.lit("no A, no B"))
    events = large.listings["adverse_events"]
    largest = replace(
        large, listings={**large.listings, "responses": pl.concat([reasons, reasons.with_columns(
            pl.col("subject") + "-more")]), "adverse_events": pl.concat([events] * 20)},
        findings=(),  # an error would withhold a listing
    )  # fmt: skip
    (responses,) = build_response_listings(study, largest)
    (listed,) = build_event_listings(largest)
    assert (len(responses.rows), len(listed.rows)) == (50, 50)
    for table, name in ((responses, "responses"), (listed, "adverse_events")):
        (line,) = table.instead
        said = "".join(part.text for part in line)
        assert said == f"The first 50 of 640 rows; all stand in listings/{name}.csv beside this page."
        assert [part.target for part in line if part.target] == [f"listings/{name}.csv"]
    paths = write_report_set(study, largest, tmp_path / "report", ("md",)).files
    beside = [path.relative_to(tmp_path / "report").as_posix() for path in paths[-2:]]
    assert beside == ["listings/responses.csv", "listings/adverse_events.csv"]
    assert all(pl.read_csv(path).height == 640 for path in paths[-2:])
