"""Scores and measurements over time: mean with interval, and the line of every subject."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from funis.catalogue.registry import definition, definitions
from funis.documents.colours import (
    ESTIMATE,
    MUTED,
    SUBJECT_ALONE,
    SUBJECT_BEHIND,
)
from funis.documents.figure import SMALL, SMALL_PANEL_AXIS, TITLE, WIDTH, FigureSpec, Spec, finish
from funis.documents.text_extents import wrap
from funis.reporting.efficacy_tables import EVERYBODY, order_numbered
from funis.reporting.labels import Labels, with_groups
from funis.reporting.limits import SUBJECTS_DRAWN
from funis.reporting.number_book import Group, NumberBook, level_text
from funis.reporting.outcome_words import caution_of_subgroups
from funis.reporting.summary_figures import band_layers, is_summarised, quantile_bands
from funis.reporting.time_axis import AXIS_ROOM, PLOT_WITH_ROWS, time_axis, words_below
from funis.results import ALL, Results, format_number
from funis.study.model import Endpoint, Study
from funis.study.time_bands import BAND_NAMES

_COLUMNS = 3
#: Between two panels, and the room of a panel's upright axis.
_BETWEEN, _PANEL_AXIS = 14, 42
#: Height of all panels of a page, of the words of a panel, and of the lowest panel.
_PAGE, _BELOW, _LOWEST = 850, 76, 50
#: Height of a panel that stands alone: with its words 72 mm in print.
_ALONE = 200
#: Means of fewer subjects than this are printed in the table, not drawn.
_FEWEST = 10


def build_timeline_figures(study: Study, results: Results, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify mean with interval and individual lines by visit, one figure an endpoint."""
    scores = results.listings.get("scores", pl.DataFrame())
    if scores.is_empty():
        return ()
    dated = scores.filter(pl.col("value").is_not_null() & pl.col("day").is_not_null())
    by_variable = {str(name): own for (name,), own in dated.partition_by("variable", as_dict=True).items()}
    found = []
    for endpoint in study.endpoints:
        if endpoint.kind not in {"change", "summary"}:
            continue
        groups = [
            group for name in endpoint.all_variables for group in _timeline_groups(book, endpoint, name)
        ]
        own = [
            _own_scores(results, book, group, by_variable.get(group.variable, dated.clear()))
            for group in groups
        ]
        # Arms of 200 subjects each are 400: all panels of a figure are drawn alike.
        subjects = pl.concat([each.select("subject") for each in own])["subject"].n_unique() if own else 0
        is_many = is_summarised(subjects)
        panels = [
            _Panel(study, book, group, scores, is_summarised=is_many)
            for group, scores in zip(groups, own, strict=True)
        ]
        drawn = [panel for panel in panels if panel.has_timeline]
        if drawn:
            found.append(_timeline_figure(study, endpoint, drawn))
    return tuple(found)


def _timeline_groups(book: NumberBook, endpoint: Endpoint, variable: str) -> Iterable[Group]:
    """Choose what is drawn of a variable: the whole population, or only its subgroups."""
    population = endpoint.population or EVERYBODY
    asked = [
        group for group in book.of("summary") if group.variable == variable and group.population == population
    ]
    own = [group for group in asked if group.endpoint == endpoint.id]
    chosen = own or [group for group in asked if not group.endpoint]
    if endpoint.subgroup_only and endpoint.subgroups:
        return [group for group in chosen if group.subgroup in endpoint.subgroups]
    whole = [group for group in chosen if group.subgroup == ALL]
    # Visits without a plan may have no summary; the lines of the subjects are drawn all the same.
    return whole or [Group("summary", variable, variable, endpoint=endpoint.id, population=population)]


class _Panel:
    """The data of one timeline: the mean points of a group and the lines of its subjects."""

    def __init__(
        self, study: Study, book: NumberBook, group: Group, own: pl.DataFrame, *, is_summarised: bool
    ) -> None:
        labels = Labels(study)
        planned = {visit.name: visit.day for visit in study.visits}
        self.group = group
        self.first = study.baseline_visit
        whose = labels.within(group.subgroup, group.arm)
        self.title = with_groups(labels.variable_with_unit(group.variable), whose)
        # The mean of one subject is its own line.
        named = () if book.has_one_subject else book.visits(group)
        self.means = [point for visit in named for point in _mean_point(book, group, visit, planned)]
        open_visits = [visit for visit in book.visits(group) if visit not in planned]
        # Bands of time say more than the number of a visit: where they were computed, they are drawn.
        bands = [visit for visit in open_visits if visit in BAND_NAMES]
        self.axis_title = "Time from first visit" if bands else "Visit"
        names = bands or order_numbered(open_visits)
        self.unplanned = [point for visit in names for point in _visit_mean(labels, book, group, visit)]
        self.subjects = own["subject"].n_unique()
        self.is_summarised = is_summarised
        self.lines: list[Spec] = []
        self.bands: list[Spec] = []
        if self.is_summarised:
            self.bands = quantile_bands(own.select("visit", "day", "value"), planned)
        else:
            self.lines = own.select("subject", "day", "value").sort("subject", "day").to_dicts()

    @property
    def baseline(self) -> float | None:
        """Give the mean at baseline, None where there is none."""
        found: float | None = next(
            (point["mean"] for point in self.means if point["visit"] == self.first), None
        )
        return found

    @property
    def lowest(self) -> float | None:
        """Give the lowest possible value of a score, or a lower end of an interval; or None."""
        if self.group.variable not in definitions():
            return None
        lowest = definition(self.group.variable).range.lowest
        found: float = min([lowest, *(point["lower"] for point in self.means if point["lower"] is not None)])
        return found

    @property
    def visit_means(self) -> list[Spec]:
        """Give the means of visits that have no planned day, in the order of the visits."""
        return [] if self.means else self.unplanned

    @property
    def has_timeline(self) -> bool:
        """Tell whether there is more than one time to draw."""
        return len({point["day"] for point in self.means or self.lines or self.bands}) > 1

    @property
    def heights(self) -> list[float]:
        """Give every height drawn: of means and their limits, of the lines, of the ends of the bands."""
        drawn = (
            (self.means, ("mean", "lower", "upper")),
            (self.lines, ("value",)),
            (self.bands, ("p5", "p95")),
        )
        found = (point[name] for points, names in drawn for point in points for name in names)
        return [height for height in found if height is not None]

    @property
    def days(self) -> list[float]:
        """Give every day drawn."""
        return [point["day"] for point in (*self.means, *self.lines, *self.bands)]


def _mean_point(book: NumberBook, group: Group, visit: str, planned: dict[str, int]) -> Iterable[Spec]:
    mean = book.find(group, visit, "mean")
    if mean is None or mean.value is None or visit not in planned:
        return
    lower, upper = (book.find(group, visit, name) for name in ("lower", "upper"))
    count = book.find(group, visit, "n")
    yield {
        "day": planned[visit],
        "visit": visit,
        "n": count.value if count else None,
        "mean": mean.value,
        "lower": lower.value if lower else None,
        "upper": upper.value if upper else None,
    }


def _visit_mean(labels: Labels, book: NumberBook, group: Group, visit: str) -> Iterable[Spec]:
    mean, count = (book.find(group, visit, name) for name in ("mean", "n"))
    lower, upper = (book.find(group, visit, name) for name in ("lower", "upper"))
    is_known = mean is not None and mean.value is not None and count is not None and count.value is not None
    if not is_known or lower is None or upper is None or count is None or mean is None:
        return
    if (count.value or 0) >= _FEWEST:
        label = labels.visit(visit).removeprefix("Visit ")
        words = f"{format_number(count.value, 0)}"
        yield {"visit": label, "n": words, "mean": mean.value, "lower": lower.value, "upper": upper.value}


def _visit_layers(panel: _Panel, *, width: int) -> Spec:
    """Draw mean and interval by visit number, with the number of subjects above each."""
    x: Spec = {
        "field": "visit",
        "type": "ordinal",
        "sort": None,
        "axis": {"title": panel.axis_title, "labelAngle": 0},
    }
    y: Spec = {"type": "quantitative", "axis": _y_axis(panel, 180)}
    limits: Spec = {"x": x, "y": y | {"field": "lower"}, "y2": {"field": "upper"}}
    layers: list[Spec] = [
        {"mark": {"type": "rule", "color": ESTIMATE, "strokeWidth": 1.8}, "encoding": limits},
        {
            "mark": {"type": "line", "color": ESTIMATE, "strokeWidth": 2},
            "encoding": {"x": x, "y": y | {"field": "mean"}},
        },
        {
            "mark": {"type": "circle", "color": ESTIMATE, "size": 48, "opacity": 1},
            "encoding": {"x": x, "y": y | {"field": "mean"}},
        },
        {
            "mark": {"type": "text", "fontSize": SMALL, "dy": -8, "color": MUTED},
            "encoding": {"x": x, "y": y | {"field": "upper"}, "text": {"field": "n"}},
        },
    ]
    return {"width": width, "height": 180, "data": {"values": panel.visit_means}, "layer": layers}


def _own_scores(results: Results, book: NumberBook, group: Group, scores: pl.DataFrame) -> pl.DataFrame:
    """Give the dated values of a variable that are those of a group."""
    members = members_of(results, book, group)
    return scores if members is None else scores.filter(pl.col("subject").is_in(members))


def members_of(results: Results, book: NumberBook, group: Group) -> list[str] | None:
    """Name the subjects of a group, those counted as its members; None where that is everybody.

    Parameters
    ----------
    results, book : what the subjects behind the numbers are read from
    group : its population, subgroup and arm; its numbers where no members were counted
    """
    wanted = (group.population, group.subgroup, group.arm)
    if wanted == (EVERYBODY, ALL, ALL):
        return None
    # Whoever was counted as a member, with or without a value; else whoever has one.
    counted = [each for each in book.of("population") if (each.population, each.subgroup, each.arm) == wanted]
    keys = {number.source for each in counted for number in book.all(each)} - {""}
    keys = keys or {number.source for number in book.all(group)} - {""}
    return results.behind.subjects(keys)


def _timeline_figure(study: Study, endpoint: Endpoint, panels: Sequence[_Panel]) -> FigureSpec:
    labels = Labels(study)
    columns = _columns(panels)
    column = (WIDTH - 8 - _BETWEEN * (columns - 1)) // columns
    width = PLOT_WITH_ROWS if columns == 1 else column - _PANEL_AXIS
    days = [day for panel in panels for day in panel.days]
    axis = time_axis(study, days)
    if columns > 1:
        axis |= {"title": None}
    drawn = [
        _timeline_layers(panel, axis, width=width, height=_height(len(panels), columns), scale=scale)
        for panel, scale in zip(panels, _scales(panels), strict=True)
    ]
    by_visit = panels[0].visit_means
    if columns == 1 and by_visit:
        body = {"vconcat": [drawn[0], _visit_layers(panels[0], width=width)], "spacing": 18}
    elif columns == 1:
        body = {"vconcat": [drawn[0], *_counts_below(panels[0], drawn[0])], "spacing": 6}
    else:
        body = {
            "concat": [
                layer | {"title": {"text": wrap(panel.title, column - 6, TITLE, is_bold=True)}}
                for layer, panel in zip(drawn, panels, strict=True)
            ],
            "columns": columns,
            "spacing": {"column": _BETWEEN, "row": 22},
        }
    names = ", ".join(panel.title for panel in panels)
    has_mean = any(panel.means for panel in panels)
    mean_words = f"mean with {level_text(study)} confidence interval, and " if has_mean else ""
    has_bands = any(panel.is_summarised for panel in panels)
    drawn_words = "median with bands of quantiles" if has_bands else "timeline of every subject"
    if not has_mean and [panel.subjects for panel in panels] == [1] * len(panels):
        drawn_words = "timeline of the subject"
    return FigureSpec(
        id=f"figure-{endpoint.id}",
        section="efficacy",
        title=f"{_plotted(labels, endpoint, panels)}: {mean_words}{drawn_words}",
        spec=finish(body),
        alt=_timeline_words(labels, panels, names),
        footnotes=_timeline_notes(labels, panels, has_mean=has_mean),
    )


def _plotted(labels: Labels, endpoint: Endpoint, panels: Sequence[_Panel]) -> str:
    """Say what is drawn: the values of a visit, whether the endpoint is their change or not."""
    variables = list(dict.fromkeys(panel.group.variable for panel in panels))
    return f"{labels.variable(variables[0]) if len(variables) == 1 else endpoint.printed}, values by visit"


def _timeline_layers(panel: _Panel, axis: Spec, *, width: int, height: int, scale: Spec) -> Spec:
    ends = [*panel.days, *axis["values"]]
    x: Spec = {
        "field": "day",
        "type": "quantitative",
        "axis": axis,
        "scale": {"domain": [min(ends), max(ends)], "nice": False},
    }
    is_alone = width == PLOT_WITH_ROWS
    y: Spec = {
        "type": "quantitative",
        "axis": _y_axis(panel, height)
        if is_alone
        else SMALL_PANEL_AXIS | {"minExtent": _PANEL_AXIS, "maxExtent": _PANEL_AXIS},
    }
    if scale:
        y["scale"] = scale
    layers = band_layers(panel.bands, x, y, has_means=bool(panel.means)) if panel.is_summarised else []
    faint = 0.55 if panel.subjects <= 60 else 0.3
    lines: Spec = {
        "data": {"values": panel.lines},
        "mark": {
            "type": "line",
            "color": SUBJECT_BEHIND if panel.means else SUBJECT_ALONE,
            "strokeWidth": 0.9,
            "opacity": faint,
        },
        "encoding": {"x": x, "y": y | {"field": "value"}, "detail": {"field": "subject"}},
    }
    if not panel.is_summarised:
        layers = [lines]
    return {"width": width, "height": height, "layer": [*layers, *_mean_layers(panel, x, y)]}


def _mean_layers(panel: _Panel, x: Spec, y: Spec) -> list[Spec]:
    """Draw the means with their intervals over a dashed line at the mean of the baseline."""
    layers: list[Spec] = []
    if panel.means:
        means: Spec = {"data": {"values": panel.means}}
        at: Spec = {"x": x, "y": y | {"field": "mean"}}
        limits: Spec = {"x": x, "y": y | {"field": "lower"}, "y2": {"field": "upper"}}
        if panel.baseline is not None:
            layers.append(
                {
                    "data": {"values": [{"baseline": panel.baseline}]},
                    "mark": {"type": "rule", "color": MUTED, "strokeDash": [5, 4], "strokeWidth": 1.2},
                    "encoding": {"y": y | {"field": "baseline"}},
                }
            )
        layers += [
            means | {"mark": {"type": "rule", "color": ESTIMATE, "strokeWidth": 2.2}, "encoding": limits},
            means | {"mark": {"type": "line", "color": ESTIMATE, "strokeWidth": 2.6}, "encoding": at},
            means | {"mark": {"type": "circle", "color": ESTIMATE, "size": 52, "opacity": 1}, "encoding": at},
        ]
    return layers


def _columns(panels: Sequence[_Panel]) -> int:
    """Give the panels in a row; the groups of one variable stand beside each other where they have room."""
    groups = len({panel.group.subgroup for panel in panels})
    return groups if 1 < groups < _COLUMNS else min(len(panels), _COLUMNS)


def _scales(panels: Sequence[_Panel]) -> list[Spec]:
    """Give the ends of each upright axis: the groups of one variable are compared over the same heights."""
    scales: list[Spec] = []
    for panel in panels:
        own = [each for each in panels if each.group.variable == panel.group.variable]
        values = [value for each in own for value in each.heights]
        lows = [each.lowest for each in own if each.lowest is not None]
        scale: Spec = {"domainMin": min(lows)} if lows else {}
        if len(own) > 1:
            scale = {"domainMin": min([*lows, *values, 0]), "domainMax": max([*values, 0])}
        scales.append(scale)
    return scales


def _height(panels: int, columns: int) -> int:
    """Give the height of each panel, so that all of them stand on one printed page."""
    if columns == 1:
        return _ALONE
    rows = -(-panels // columns)
    return max(_LOWEST, min(150, _PAGE // rows - _BELOW))


def _y_axis(panel: _Panel, height: int) -> Spec:
    """Describe the upright axis of a plot that stands alone; rows of counts below it share its room."""
    return {
        "title": wrap(panel.title, height, TITLE),
        "tickCount": 6,
        "minExtent": AXIS_ROOM - 14,
        "maxExtent": AXIS_ROOM - 14,
    }


def _counts_below(panel: _Panel, drawn: Spec) -> list[Spec]:
    """Print the number of subjects with a value below each planned visit."""
    counted = [point for point in panel.means if point["n"] is not None]
    if not counted:
        return []
    values = [{"day": point["day"], "words": format_number(point["n"], 0)} for point in counted]
    x = drawn["layer"][0]["encoding"]["x"]
    return [words_below(values, x, "n", width=PLOT_WITH_ROWS, colour=MUTED)]


def _timeline_words(labels: Labels, panels: Sequence[_Panel], names: str) -> str:
    sentences = [f"Line chart of {names} over time."]
    for panel in panels[:_COLUMNS]:
        if panel.means:
            first, last = panel.means[0], panel.means[-1]
            sentences.append(
                f"The mean of {labels.variable(panel.group.variable)} is {format_number(first['mean'])} "
                f"on day {first['day']} and {format_number(last['mean'])} on day {last['day']}."
            )
    return " ".join(sentences)


def _subject_notes(panels: Sequence[_Panel]) -> list[str]:
    """Say how the subjects of the panels are drawn: one by one, or as bands."""
    notes = []
    lines = [panel.subjects for panel in panels if not panel.is_summarised]
    bands = [panel.subjects for panel in panels if panel.is_summarised]
    if lines:
        notes.append(
            "The line of one subject, by the day of each visit."
            if set(lines) == {1}
            else f"Thin grey lines: single subjects, by the day of each visit (n = {_range_text(lines)})."
        )
    if bands:
        notes.append(
            f"With more than {SUBJECTS_DRAWN} subjects single subjects are not drawn: all "
            f"{max(bands)} are summarised. Bands: 5th to 95th and 25th to 75th "
            "percentile at each visit; dashed: the median."
        )
    return notes


def _count_notes(panels: Sequence[_Panel]) -> list[str]:
    """Say how many values stand behind the means; below a plot that stands alone they are printed."""
    if len(panels) == 1:
        return ["Below: subjects with a value at the visit."]
    counts = [round(point["n"]) for panel in panels for point in panel.means if point["n"] is not None]
    return [f"Values behind each mean: {_range_text(counts)}; each is in the table."] if counts else []


def _range_text(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def _timeline_notes(labels: Labels, panels: Sequence[_Panel], *, has_mean: bool) -> tuple[str, ...]:
    # Means of a visit are described by the level of the study, whatever that of the endpoint's tests.
    level = level_text(labels.study)
    notes = _subject_notes(panels)
    if has_mean:
        notes.append(
            f"Points and bars: mean and {level} confidence interval of the mean, "
            "at the planned day of the visit."
        )
        if any(panel.baseline is not None for panel in panels):
            notes.append("Dashed: the mean at baseline.")
        notes += _count_notes(panels)
    elif len(panels) == 1 and panels[0].visit_means:
        notes.append(
            f"Below: mean with {level} confidence interval, the number of subjects above; from {_FEWEST} "
            "subjects on. Who comes to a late visit is selected: the means are not of the same subjects."
        )
    groups = dict.fromkeys((panel.group.population, panel.group.subgroup) for panel in panels)
    for population, subgroup in groups:
        within = "" if subgroup == ALL else f", subgroup {labels.population(subgroup).lower()}"
        notes.append(f"Population: {labels.population(population).lower()}{within}.")
    return (*notes, *caution_of_subgroups(labels, [subgroup for _, subgroup in groups]))
