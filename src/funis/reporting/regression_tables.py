"""Regression to the mean (change expected without any effect): its table, and a figure of the selection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from funis.documents.colours import ESTIMATE, INK, MUTED, REFERENCES
from funis.documents.figure import SMALL, FigureSpec, Spec, finish, fit
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.interval_levels import level_notes, levels_text
from funis.reporting.labels import Labels, in_sentence
from funis.reporting.number_book import Group, Number, NumberBook, bound, decimals_for, interval, level_text
from funis.reporting.summary_figures import HEXAGON, are_counted, count_points, say_counted
from funis.results import ALL, Results, format_number, format_shortest
from funis.study.model import Study

_SECTION = "regression-to-mean"
_EXPECTED = (
    ("correlation_0.4", "Correlation 0.4 between visits"),
    ("correlation_0.6", "Correlation 0.6"),
    ("correlation_0.8", "Correlation 0.8"),
    ("correlation_observed", "Correlation observed before treatment"),
)


def build_regression_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify what was expected without effect beside what was observed, one column a variable."""
    groups = list(book.of("regression_to_mean"))
    if not groups:
        return ()
    labels = Labels(study)
    ends = [group.endpoint for group in groups]
    rows = [
        *_baseline_rows(book, groups),
        heading(f"Change expected without any effect ({levels_text(study, ends)} CI)"),
        *_expected_rows(book, groups),
        *_observed_rows(labels, book, groups),
    ]
    is_one = len({group.population for group in groups}) == 1
    heads = ("", *(_head(labels, group, with_population=not is_one) for group in groups))
    notes = (
        (
            "An entry rule on the baseline lets in who happens to be high (or low); part of that is gone at "
            "the next visit. Expected change: (1 − correlation) times the distance between the mean before "
            "the rule and the mean of those who entered, with a normal distribution before the rule."
        ),
        *level_notes(labels, ends),
        *_reasons(book, groups),
    )
    title = "Regression to the mean: change expected without any effect, from the entry rule alone"
    return (TableSpec("table-regression-to-mean", _SECTION, title, heads, tuple(rows), notes),)


def _head(labels: Labels, group: Group, *, with_population: bool) -> str:
    names = [group.population] * with_population + [group.subgroup] * (group.subgroup != ALL)
    within = ", ".join(labels.population(name).lower() for name in names)
    name = labels.variable_with_unit(group.measure)
    return f"{name} ({within})" if within else name


def _row(name: str, cells: Iterable[TableCell], *, indent: int = 0) -> TableRow:
    return TableRow(words(name), tuple(cells), indent=indent)


def _baseline_rows(book: NumberBook, groups: Sequence[Group]) -> Iterable[TableRow]:
    found = [{name: book.find(group, ALL, name) for name in ("limit", "mean", "sd")} for group in groups]
    digits = [
        decimals_for(book, group.measure, [each["mean"].value if each["mean"] else None])
        for group, each in zip(groups, found, strict=True)
    ]
    yield _row("Subjects who entered by the rule", (_size(each["mean"]) for each in found))
    yield _row("Limit of the rule", (_text(each["limit"]) for each in found))
    yield _row(
        "Baseline, mean ± SD",
        (
            joined(bound(each["mean"], place), " ± ", bound(each["sd"], place))
            for each, place in zip(found, digits, strict=True)
        ),
    )
    before = [
        (book.find(group, ALL, "population_mean"), book.find(group, ALL, "population_sd")) for group in groups
    ]
    if any(mean for mean, _ in before):
        yield _row(
            "Before the rule, estimated, mean ± SD",
            (
                joined(bound(mean, place), " ± ", bound(sd, place)) if mean else EMPTY
                for (mean, sd), place in zip(before, digits, strict=True)
            ),
        )


def _expected_rows(book: NumberBook, groups: Sequence[Group]) -> Iterable[TableRow]:
    for method, name in _EXPECTED:
        cells = [_change_cell(book, group, ALL, method) for group in groups]
        if any(cell.ids for cell in cells):
            yield _row(name, cells, indent=1)
    found = [book.find(group, ALL, "correlation") for group in groups]
    yield _row("Observed test-retest correlation", (_text(each) for each in found), indent=1)


def _observed_rows(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> Iterable[TableRow]:
    changes = [_change_group(book, group) for group in groups]
    visits = dict.fromkeys(visit for group in changes if group for visit in book.visits(group))
    if visits:
        yield heading(f"Mean change observed ({level_text(labels.study)} CI)")
    for visit in visits:
        cells = [_mean_cell(book, group, visit) if group else EMPTY for group in changes]
        yield _row(labels.visit(visit), cells, indent=1)


def _change_group(book: NumberBook, group: Group) -> Group | None:
    same = [
        each
        for each in book.of("change")
        if (each.variable, each.population, each.subgroup, each.arm)
        == (group.variable, group.population, group.subgroup, group.arm)
        and each.endpoint in {"", group.endpoint}
    ]
    return max(same, key=lambda each: bool(each.endpoint), default=None)


def _mean_cell(book: NumberBook, group: Group, visit: str) -> TableCell:
    numbers = [book.find(group, visit, name) for name in ("mean", "lower", "upper")]
    digits = decimals_for(book, group.measure, (number.value for number in numbers if number))
    parts = [bound(number, digits) for number in numbers]
    return joined(parts[0], " (", *interval(parts[1], parts[2]), ")")


def _change_cell(book: NumberBook, group: Group, visit: str, method: str) -> TableCell:
    estimate = book.find(group, visit, "estimate", method)
    if estimate is None:
        return EMPTY
    if estimate.value is None:
        return joined(Inline("not estimable", estimate.id))
    digits = decimals_for(book, group.measure, [estimate.value])
    lower, upper = (bound(book.find(group, visit, name, method), digits) for name in ("lower", "upper"))
    return joined(bound(estimate, digits), " (", *interval(lower, upper), ")")


def _size(number: Number | None) -> TableCell:
    return EMPTY if number is None or number.n is None else joined(Inline(str(number.n), number.id))


def _text(number: Number | None) -> TableCell:
    return EMPTY if number is None else joined(Inline(number.text, number.id))


def _reasons(book: NumberBook, groups: Sequence[Group]) -> Iterable[str]:
    for group in groups:
        number = book.find(group, ALL, "estimate")
        if number is not None and number.value is None:
            text = number.text
            yield f"{text[:1].upper()}{text[1:]}. The next table tries assumed and published populations."
        outside = book.find(group, ALL, "not_met")
        if outside is not None and outside.value:
            yield f"{outside.text} subjects entered against the rule and are not counted here."


# --- the figure ------------------------------------------------------------------------------------------


def build_regression_figures(study: Study, results: Results, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify baseline against change with the limit of the rule, one figure a variable."""
    points = results.listings.get("regression_to_mean", pl.DataFrame())
    lines = results.listings.get("regression_to_mean_lines", pl.DataFrame())
    if points.is_empty():
        return ()
    labels = Labels(study)
    found = []
    for group in book.of("regression_to_mean"):
        keys = (group.endpoint, group.subgroup, group.measure)
        own = _of(points, keys)
        if own.height:
            found.append(_figure(labels, book, group, (own, _of(lines, keys))))
    return tuple(found)


def _of(frame: pl.DataFrame, keys: tuple[str, str, str]) -> pl.DataFrame:
    if frame.is_empty():
        return frame
    endpoint, subgroup, variable = keys
    return frame.filter(
        (pl.col("endpoint") == endpoint) & (pl.col("subgroup") == subgroup) & (pl.col("variable") == variable)
    )


def _figure(
    labels: Labels, book: NumberBook, group: Group, data: tuple[pl.DataFrame, pl.DataFrame]
) -> FigureSpec:
    points, lines = data
    variable = group.measure
    visit = labels.visit(points["visit"][0])
    limit = book.find(group, ALL, "limit")
    x: Spec = {
        "field": "baseline",
        "type": "quantitative",
        "scale": {"zero": False, "padding": 10},
        "axis": {"title": f"{labels.variable_with_unit(variable)} at baseline"},
    }
    y: Spec = {
        "type": "quantitative",
        "scale": {"padding": 10},
        "axis": {"title": f"Change at {in_sentence(visit)}"},
    }
    layers = _point_layers(points, x, y)
    if limit is not None and limit.value is not None:
        layers.append(_limit_layer(limit.value, x))
    layers += [_line_layer(x, y, lines)] if lines.height else []
    is_estimable = lines.height > 0
    return FigureSpec(
        id=f"figure-regression-{group.endpoint}-{variable}"
        + ("" if group.subgroup == ALL else f"-{group.subgroup}"),
        section=_SECTION,
        title=f"{labels.variable(variable)}: baseline against change, with the limit of the entry rule",
        spec=finish(fit({"height": 280, "layer": layers})),
        alt=_words(labels, group, points, limit, is_estimable=is_estimable),
        footnotes=_notes(points, visit, is_estimable=is_estimable),
    )


def _point_layers(points: pl.DataFrame, x: Spec, y: Spec) -> list[Spec]:
    """Draw the line of no change, and one circle a pair of values."""
    return [
        {
            "data": {"values": [{"change": 0}]},
            "mark": {"type": "rule", "color": MUTED, "strokeWidth": 0.8},
            "encoding": {"y": y | {"field": "change"}},
        },
        {
            "data": {"values": _drawn_points(points)},
            "mark": {"type": "point", "filled": True, "color": ESTIMATE, "opacity": 0.55}
            | {"shape": HEXAGON if _are_counted(points) else "circle"},
            "encoding": {
                "x": x,
                "y": y | {"field": "change"},
                "size": {
                    "field": "subjects",
                    "type": "quantitative",
                    "scale": {"domain": [0, max(6, _most(points))], "range": [0, 330]},
                    "legend": None,
                },
            },
        },
    ]


def _are_counted(points: pl.DataFrame) -> bool:
    return are_counted(int(points["subjects"].sum()), points.height)


def _drawn_points(points: pl.DataFrame) -> list[Spec]:
    """Give every pair of values once; of many subjects the pairs are counted in hexagons."""
    if not _are_counted(points):
        return points.select("baseline", "change", "subjects").to_dicts()
    whole = points.select(pl.col("baseline", "change").repeat_by("subjects").explode())
    return [
        {"baseline": cell["baseline"], "change": cell["change"], "subjects": cell["points"]}
        for cell in count_points(whole, "baseline", "change")
    ]


def _most(points: pl.DataFrame) -> int:
    """Give the most subjects that one circle stands for."""
    return max(int(point["subjects"]) for point in _drawn_points(points))


def _limit_layer(limit: float, x: Spec) -> Spec:
    at = {"data": {"values": [{"baseline": limit, "words": f"entry rule {format_shortest(limit)}"}]}}
    return at | {
        "encoding": {"x": x},
        "layer": [
            {"mark": {"type": "rule", "color": INK, "strokeDash": [4, 3]}},
            {
                "mark": {"type": "text", "align": "left", "dx": 4, "dy": -7, "fontSize": SMALL, "color": INK},
                "encoding": {"y": {"value": 0}, "text": {"field": "words"}},
            },
        ],
    }


def _line_layer(x: Spec, y: Spec, lines: pl.DataFrame) -> Spec:
    names = [
        f"{'assumed' if assumed else 'observed'} {format_number(correlation, 1 if assumed else 2)}"
        for correlation, assumed in lines.select("correlation", "assumed").iter_rows()
    ]
    shown = lines.select("baseline", "change").with_columns(pl.Series("correlation", names)).to_dicts()
    domain = list(dict.fromkeys(names))
    colour: Spec = {
        "field": "correlation",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": domain, "range": list(REFERENCES[: len(domain)])},
        "legend": {"title": "Expected without effect, correlation", "symbolType": "stroke"},
    }
    return {
        "data": {"values": shown},
        "mark": {"type": "line", "strokeWidth": 2},
        "encoding": {"x": x, "y": y | {"field": "change"}, "color": colour},
    }


def _words(
    labels: Labels, group: Group, points: pl.DataFrame, limit: Number | None, *, is_estimable: bool
) -> str:
    name = labels.variable(group.measure)
    explained = (
        "Lines show the change expected without any effect for each assumed correlation."
        if is_estimable
        else "The change expected without any effect is not estimable, so no line is drawn."
    )
    low, high = points["change"].min(), points["change"].max()
    at = f", entry limit {limit.text}" if limit is not None else ""
    return (
        f"Scatter of {name} at baseline against its change{at}: {int(points['subjects'].sum())} subjects, "
        f"changes from {format_number(float(low), 1)} to {format_number(float(high), 1)}. {explained}"  # type: ignore[arg-type]
    )


def _notes(points: pl.DataFrame, visit: str, *, is_estimable: bool) -> tuple[str, ...]:
    n = int(points["subjects"].sum())
    is_counted = _are_counted(points)
    first = (
        f"Baseline and change of {n} subjects at {in_sentence(visit)}. Dashed: limit of the entry rule."
        if is_counted
        else f"One point a pair of values, its area the number of subjects (n = {n}, {in_sentence(visit)}). "
        "Dashed: limit of the entry rule."
    )
    second = (
        "Points on a coloured line would change as much with no effect at all."
        if is_estimable
        else "No expected line: not estimable, see the table."
    )
    third = "A fall that is larger where the baseline is higher is not by itself a sign of an effect."
    counted = (say_counted("Hexagons", n),) if is_counted else ()
    return first, second, third, *counted
