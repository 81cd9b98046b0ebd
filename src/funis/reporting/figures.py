"""Results to figures: each a frozen Vega-Lite specification that draws numbers and recorded values.

Means, intervals, rates and survival are taken from the results; nothing is aggregated by the drawing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from funis.documents.colours import (
    CLASSES,
    ESTIMATE,
    MUTED,
    NO_CLASS,
    PAPER,
    SPARE_CLASS,
    SUBJECT_ALONE,
    SUBJECT_BEHIND,
    ink_on,
)
from funis.documents.figure import WIDTH, FigureSpec, Spec, finish
from funis.reporting.efficacy_tables import EVERYBODY, order_numbered
from funis.reporting.influence_tables import build_influence_figures
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.model_checks import build_diagnostic_figures
from funis.reporting.number_book import Group, NumberBook, level_text, read_numbers
from funis.reporting.regression_tables import build_regression_figures
from funis.reporting.response_tables import class_label, printed_class
from funis.reporting.subject_figures import build_heat_map, build_swimmer
from funis.reporting.survival_figures import build_survival_figures
from funis.reporting.time_axis import time_axis
from funis.results import ALL, Results, format_number
from funis.study.model import Endpoint, Study

__all__ = ["FigureSpec", "build_figures"]

_COLUMNS = 3
#: Means of fewer subjects than this are printed in the table, not drawn.
_FEWEST = 10
_EXTENT_COLOURS = {"full": CLASSES[0], "partial": CLASSES[1], "none": NO_CLASS}
_NOT_STACKED = {"responder", "cannot tell"}


def build_figures(
    study: Study, results: Results, *, book: NumberBook | None = None
) -> tuple[FigureSpec, ...]:
    """Specify every figure of a report.

    Parameters
    ----------
    study : the study file, for labels, units and the planned visits
    results : computed numbers and listings; a listing that is empty or absent gives no figure
    book : the numbers of `results`, where they were read before

    Returns
    -------
    tuple of FigureSpec : in the order of the report

    Examples
    --------
    >>> import polars as pl
    >>> from funis.results import NumberList, Provenance, Results
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial})
    >>> origin = Provenance(version="0", study="X", title="X")
    >>> build_figures(study, Results(numbers=NumberList().frame(), sources=pl.DataFrame(), provenance=origin))
    ()
    """
    book = book or read_numbers(results.numbers)
    return (
        *build_course_figures(study, results, book),
        *build_response_figures(study, book),
        *build_heat_map(study, results),
        *build_survival_figures(study, results),
        *build_swimmer(study, results),
        *build_regression_figures(study, results, book),
        *build_influence_figures(study, results),
        *build_diagnostic_figures(study, results, book),
    )


# --- course over time --------------------------------------------------------------------------------


def build_course_figures(study: Study, results: Results, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify mean with interval and individual lines by visit, one figure an endpoint."""
    scores = results.listings.get("scores", pl.DataFrame())
    if scores.is_empty():
        return ()
    found = []
    for endpoint in study.endpoints:
        if endpoint.kind not in {"change", "summary"}:
            continue
        groups = [group for name in endpoint.all_variables for group in _course_groups(book, endpoint, name)]
        panels = [_Panel(study, results, book, group) for group in groups]
        drawn = [panel for panel in panels if panel.has_course]
        if drawn:
            found.append(_course_figure(study, endpoint, drawn))
    return tuple(found)


def _course_groups(book: NumberBook, endpoint: Endpoint, variable: str) -> Iterable[Group]:
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
    """The data of one course: the mean points of a group and the lines of its subjects."""

    def __init__(self, study: Study, results: Results, book: NumberBook, group: Group) -> None:
        labels = Labels(study)
        planned = {visit.name: visit.day for visit in study.visits}
        self.group = group
        self.title = labels.variable_with_unit(group.variable)
        if group.subgroup != ALL:
            self.title += f" ({labels.population(group.subgroup).lower()})"
        self.means = [
            point for visit in book.visits(group) for point in _mean_point(book, group, visit, planned)
        ]
        open_visits = [visit for visit in book.visits(group) if visit not in planned]
        # Bands of time say more than the number of a visit: where they were computed, they are drawn.
        bands = [visit for visit in open_visits if visit.startswith(("day_", "days_", "year_"))]
        self.axis_title = "Time from first visit" if bands else "Visit"
        names = bands or order_numbered(open_visits)
        self.unplanned = [point for visit in names for point in _visit_mean(labels, book, group, visit)]
        self.lines = _subject_lines(results, book, group)

    @property
    def visit_means(self) -> list[Spec]:
        """Give the means of visits that have no planned day, in the order of the visits."""
        return [] if self.means else self.unplanned

    @property
    def has_course(self) -> bool:
        """Tell whether there is more than one time to draw."""
        return len({point["day"] for point in self.means or self.lines}) > 1

    @property
    def subjects(self) -> int:
        """Count the subjects drawn."""
        return len({point["subject"] for point in self.lines})

    @property
    def days(self) -> list[float]:
        """Give every day drawn."""
        return [point["day"] for point in (*self.means, *self.lines)]


def _mean_point(book: NumberBook, group: Group, visit: str, planned: dict[str, int]) -> Iterable[Spec]:
    mean = book.find(group, visit, "mean")
    if mean is None or mean.value is None or visit not in planned:
        return
    lower, upper = (book.find(group, visit, name) for name in ("lower", "upper"))
    yield {
        "day": planned[visit],
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
        label = f"{labels.visit(visit).removeprefix('Visit ')}"
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
    y: Spec = {"type": "quantitative", "axis": {"title": panel.title, "tickCount": 5}}
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
            "mark": {"type": "text", "fontSize": 9.5, "dy": -8, "color": MUTED},
            "encoding": {"x": x, "y": y | {"field": "upper"}, "text": {"field": "n"}},
        },
    ]
    return {"width": width, "height": 180, "data": {"values": panel.visit_means}, "layer": layers}


def _subject_lines(results: Results, book: NumberBook, group: Group) -> list[Spec]:
    scores = results.listings["scores"].filter(
        (pl.col("variable") == group.variable) & pl.col("value").is_not_null() & pl.col("day").is_not_null()
    )
    if group.subgroup != ALL:
        keys = {number.source for number in book.all(group)} - {""}
        members = results.sources.filter(pl.col("source").is_in(sorted(keys)))["subject"].unique()
        scores = scores.filter(pl.col("subject").is_in(members.implode()))
    return scores.select("subject", "day", "value").sort("subject", "day").to_dicts()


def _course_figure(study: Study, endpoint: Endpoint, panels: Sequence[_Panel]) -> FigureSpec:
    labels = Labels(study)
    columns = min(len(panels), _COLUMNS)
    width = WIDTH - 40 if columns == 1 else (WIDTH - 75 * columns) // columns
    days = [day for panel in panels for day in panel.days]
    axis = time_axis(study, days)
    if columns > 1:
        axis |= {"title": None}
    drawn = [
        _course_layers(panel, axis, width=width, height=300 if columns == 1 else 150) for panel in panels
    ]
    by_visit = panels[0].visit_means
    if columns == 1 and by_visit:
        body = {"vconcat": [drawn[0], _visit_layers(panels[0], width=width)], "spacing": 18}
    elif columns == 1:
        body = drawn[0]
    else:
        body = {
            "concat": [layer | {"title": panel.title} for layer, panel in zip(drawn, panels, strict=True)],
            "columns": columns,
            "spacing": {"column": 26, "row": 22},
        }
    names = ", ".join(panel.title for panel in panels)
    has_mean = any(panel.means for panel in panels)
    mean_words = f"mean with {level_text(study, endpoint.id)} confidence interval, and " if has_mean else ""
    return FigureSpec(
        id=f"figure-{endpoint.id}",
        section="efficacy",
        title=f"{endpoint.printed}: {mean_words}course of every subject".replace(": mean", ": mean"),
        spec=finish(body),
        alt=_course_words(labels, panels, names),
        footnotes=_course_notes(labels, panels, endpoint.id, has_mean=has_mean),
    )


def _course_layers(panel: _Panel, axis: Spec, *, width: int, height: int) -> Spec:
    x: Spec = {"field": "day", "type": "quantitative", "axis": axis, "scale": {"nice": False}}
    y: Spec = {
        "type": "quantitative",
        "axis": {"title": panel.title if width > 400 else None, "tickCount": 6},
    }
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
    layers = [lines]
    if panel.means:
        means: Spec = {"data": {"values": panel.means}}
        at: Spec = {"x": x, "y": y | {"field": "mean"}}
        limits: Spec = {"x": x, "y": y | {"field": "lower"}, "y2": {"field": "upper"}}
        layers += [
            means | {"mark": {"type": "rule", "color": ESTIMATE, "strokeWidth": 1.8}, "encoding": limits},
            means | {"mark": {"type": "line", "color": ESTIMATE, "strokeWidth": 2.2}, "encoding": at},
            means | {"mark": {"type": "circle", "color": ESTIMATE, "size": 52, "opacity": 1}, "encoding": at},
        ]
    return {"width": width, "height": height, "layer": layers}


def _course_words(labels: Labels, panels: Sequence[_Panel], names: str) -> str:
    sentences = [f"Line chart of {names} over time."]
    for panel in panels[:_COLUMNS]:
        if panel.means:
            first, last = panel.means[0], panel.means[-1]
            sentences.append(
                f"The mean of {labels.variable(panel.group.variable)} is {format_number(first['mean'])} "
                f"on day {first['day']} and {format_number(last['mean'])} on day {last['day']}."
            )
    return " ".join(sentences)


def _course_notes(
    labels: Labels, panels: Sequence[_Panel], endpoint: str, *, has_mean: bool
) -> tuple[str, ...]:
    level = level_text(labels.study, endpoint)
    counts = sorted({panel.subjects for panel in panels})
    many = str(counts[0]) if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    notes = [f"Thin grey lines: single subjects, by the day of each visit (n = {many})."]
    if has_mean:
        notes.append(
            f"Points and bars: mean and {level} confidence interval of the mean, "
            "at the planned day of the visit."
        )
    elif len(panels) == 1 and panels[0].visit_means:
        notes.append(
            f"Below: mean with {level} confidence interval, the number of subjects above; from {_FEWEST} "
            "subjects on. Who comes to a late visit is selected: the means are not of the same subjects."
        )
    groups = dict.fromkeys((panel.group.population, panel.group.subgroup) for panel in panels)
    for population, subgroup in groups:
        within = "" if subgroup == ALL else f", subgroup {labels.population(subgroup).lower()}"
        notes.append(f"Population: {labels.population(population).lower()}{within}.")
    return tuple(notes)


# --- responses ---------------------------------------------------------------------------------------


def build_response_figures(study: Study, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify stacked bars of the response classes, one figure a definition, one bar a visit and group."""
    labels = Labels(study)
    by_definition: dict[str, list[Spec]] = {}
    for group in book.of("response"):
        definition, name = group.measure, group.category
        if group.variable != definition or name in _NOT_STACKED:
            continue
        for visit in book.visits(group):
            bar = _response_bar(labels, book, group, visit)
            if bar is not None:
                by_definition.setdefault(definition, []).append(
                    bar | {"class": class_label(definition, name), "name": name}
                )
    return tuple(_response_figure(labels, name, bars) for name, bars in by_definition.items())


def _response_bar(labels: Labels, book: NumberBook, group: Group, visit: str) -> Spec | None:
    count, share = (book.find(group, visit, name) for name in ("count", "percent"))
    if count is None or share is None or share.value is None or visit == ALL:
        return None
    names = [name for name in (group.subgroup, group.arm) if name != ALL] or [group.population]
    who = ", ".join(in_sentence(labels.population(name)) for name in names)
    words = f"{format_number(count.value, 0)} ({format_number(share.value, 1)}%)"
    return {
        "bar": f"{labels.visit(visit)}, {who} (n = {count.denominator})",
        "share": share.value,
        "words": words,
    }


def _response_figure(labels: Labels, definition: str, bars: list[Spec]) -> FigureSpec:
    names = dict.fromkeys(bar["name"] for bar in bars)
    colours = _class_colours(definition, names)
    classes = {bar["name"]: bar["class"] for bar in bars}
    tops: dict[str, float] = {}
    for bar in bars:
        bar["from"] = tops.get(bar["bar"], 0.0)
        bar["to"] = tops[bar["bar"]] = bar["from"] + bar["share"]
        bar["middle"] = (bar["from"] + bar["to"]) / 2
        bar["ink"] = ink_on(colours[bar["name"]])
        bar["label"] = bar["words"] if bar["share"] >= 9 else ""
    title = labels.variable(definition)
    words = "; ".join(f"{bar['bar']}: {bar['class'].lower()} {bar['words']}" for bar in bars)
    return FigureSpec(
        id=f"figure-response-{definition}",
        section="response",
        title=f"{title}: classes of response",
        spec=finish(_response_body(bars, {classes[name]: colours[name] for name in names})),
        alt=f"Stacked bars of response classes. {words}.",
        footnotes=(
            (
                "Each bar is the whole of the group named at its left whose response can be told; the "
                "numbers are those of the response table."
            ),
        ),
    )


def _class_colours(definition: str, names: Iterable[str]) -> dict[str, str]:
    """Colour each class by the extent its definition gives it; classes without one take what is left."""
    printed = {name: printed_class(definition, name) for name in names}
    found = {name: _EXTENT_COLOURS.get(one.extent) if one else None for name, one in printed.items()}
    spare = iter([each for each in CLASSES if each not in found.values()])
    return {name: colour or next(spare, SPARE_CLASS) for name, colour in found.items()}


def _response_body(bars: list[Spec], colours: dict[str, str]) -> Spec:
    longest = max(len(bar["bar"]) for bar in bars)
    y: Spec = {
        "field": "bar",
        "type": "nominal",
        "sort": None,
        "axis": {"title": None, "ticks": False, "labelLimit": 320},
    }
    x: Spec = {"field": "from", "type": "quantitative", "scale": {"domain": [0, 100]}}
    scale = {"domain": list(colours), "range": list(colours.values())}
    bar: Spec = {
        "mark": {"type": "bar", "stroke": PAPER, "strokeWidth": 1, "height": 26},
        "encoding": {
            "x": x | {"axis": {"title": "Percent of subjects"}},
            "x2": {"field": "to"},
            "y": y,
            "color": {"field": "class", "type": "nominal", "legend": {"title": None}, "scale": scale},
        },
    }
    label: Spec = {
        "mark": {"type": "text", "fontSize": 11.5},
        "encoding": {
            "x": x | {"field": "middle"},
            "y": y,
            "text": {"field": "label"},
            "color": {"field": "ink", "type": "nominal", "scale": None},
        },
    }
    width = WIDTH - 60 - min(320, round(5.8 * longest))
    return {"width": width, "height": {"step": 40}, "data": {"values": bars}, "layer": [bar, label]}
