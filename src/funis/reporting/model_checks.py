"""Diagnostics of mixed models and paired tests: criteria, covariance, Q-Q correlation, and their pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from funis.documents.colours import ESTIMATE, MUTED
from funis.documents.figure import SMALL_PANEL_AXIS, TITLE, WIDTH, FigureSpec, Spec, finish
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.documents.text_extents import wrap
from funis.reporting.labels import Labels, in_sentence, with_groups
from funis.reporting.limits import SUBJECTS_DRAWN
from funis.reporting.number_book import Group, Number, NumberBook, bound
from funis.reporting.summary_figures import (
    HEXAGON,
    are_counted,
    count_points,
    is_summarised,
    say_counted,
    thin_line,
)
from funis.results import ALL, Results, format_number, name_change
from funis.study.model import Study

SECTION = "diagnostics"
#: Room of the upright axis of a panel.
_AXIS = 58
_COLUMNS = 4
_FITS = (
    ("converged", "Status"),
    ("observations", "Observations"),
    ("minus_2_log_likelihood", "−2 log-likelihood"),
    ("aic", "AIC"),
    ("bic", "BIC"),
    ("qq_correlation", "Q-Q correlation"),
    ("skewness", "Skewness"),
)


def build_diagnostic_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the fits, their covariance over the visits, their parameters, and the paired tests."""
    labels = Labels(study)
    groups = list(book.of("diagnostics"))
    fits = [group for group in groups if book.find(group, ALL, "converged") is not None]
    paired = [group for group in groups if _is_change(group) and not group.parameter and group not in fits]
    paired += [group for group in fits if _changes_of(book, group)]
    found: list[TableSpec] = []
    if fits:
        found += [_fit_table(labels, book, fits), *_covariance_tables(labels, book, fits)]
    rows = [_qq_row(labels, book, group) for group in groups if group in paired]
    if rows:
        found.append(_qq_table(labels, book, [group for group in groups if group in paired], rows))
    return tuple(found)


def _name(labels: Labels, group: Group) -> str:
    name = labels.variable_with_unit(group.variable, group.measure)
    return with_groups(name, labels.within(group.subgroup, ALL))


def _is_change(group: Group) -> bool:
    return group.variable == name_change(group.measure)


def _text(number: Number | None) -> TableCell:
    return EMPTY if number is None else joined(Inline(number.text.replace("-", "−"), number.id))


# --- fits ------------------------------------------------------------------------------------------------


def _fit_table(labels: Labels, book: NumberBook, fits: Sequence[Group]) -> TableSpec:
    rows = []
    for group in fits:
        cells = [_text(book.find(group, ALL, name)) for name, _ in _FITS]
        first = book.find(group, ALL, "converged")
        size = joined(Inline(str(first.n), first.id)) if first is not None and first.n is not None else EMPTY
        rows.append(TableRow(words(_name(labels, group)), (cells[0], size, *cells[1:])))
    heads = ("Model", _FITS[0][1], "Subjects", *(head for _, head in _FITS[1:]))
    notes = (
        (
            "AIC, BIC: as SAS counts them, smaller is better, only between models of one outcome. "
            "Q-Q correlation: of the normalised residuals with normal quantiles, 1 on the line. "
            "Skewness: of the same."
        ),
    )
    return TableSpec("table-fits", SECTION, "Mixed models: fit", heads, tuple(rows), notes, is_upright=True)


def _covariance_tables(labels: Labels, book: NumberBook, fits: Sequence[Group]) -> Iterable[TableSpec]:
    visits = list(
        dict.fromkeys(
            visit
            for group in fits
            for visit in book.visits(group)
            if book.find(group, visit, "residual_sd") is not None
        )
    )
    rows: list[TableRow] = []
    for group in fits:
        own = [visit for visit in visits if book.find(group, visit, "residual_sd") is not None]
        if own:
            rows.append(heading(_name(labels, group)))
            rows += [_correlation_row(labels, book, group, (visit, visits)) for visit in own]
    if rows:
        heads = ("Visit", "SD", *(labels.visit(visit) for visit in visits))
        note = "SD of the residuals at each visit, and their correlation with earlier visits."
        title = "Mixed models: spread and correlation by visit"
        yield TableSpec("table-covariance", SECTION, title, heads, tuple(rows), (note,))
    parameters = [row for group in fits for row in _parameter_rows(labels, book, group)]
    if parameters:
        title = "Mixed models: covariance parameters, named as SAS names them"
        heads = ("Parameter", "Estimate", "SE")
        yield TableSpec("table-parameters", SECTION, title, heads, tuple(parameters), is_collapsed=True)


def _correlation_row(
    labels: Labels, book: NumberBook, group: Group, at: tuple[str, Sequence[str]]
) -> TableRow:
    visit, visits = at
    cells = [
        _text(number) if number is not None else words("1" if other == visit else "")
        for other in visits
        for number in (book.find(group._replace(parameter=other), visit, "correlation"),)
    ]
    return TableRow(
        words(labels.visit(visit)), (_text(book.find(group, visit, "residual_sd")), *cells), indent=1
    )


def _parameter_rows(labels: Labels, book: NumberBook, group: Group) -> Iterable[TableRow]:
    own = [each for each in book.of("diagnostics") if each.parameter and each._replace(parameter="") == group]
    found = [(each, book.find(each, ALL, "estimate"), book.find(each, ALL, "se")) for each in own]
    rows = [
        TableRow(words(each.parameter), (_text(estimate), _text(error)), indent=1)
        for each, estimate, error in found
        if estimate is not None
    ]
    return [heading(_name(labels, group)), *rows] if rows else []


# --- paired tests ----------------------------------------------------------------------------------------


def _changes_of(book: NumberBook, group: Group) -> list[str]:
    """Give the visits at which the changes of a group were looked at; the fit's own stand over all visits."""
    return [
        visit for visit in book.visits(group) if visit != ALL and book.find(group, visit, "qq_correlation")
    ]


def _qq_row(labels: Labels, book: NumberBook, group: Group) -> tuple[TableRow, list[str]]:
    cells = {
        visit: joined(
            bound(book.find(group, visit, "qq_correlation"), 3), " (",
            bound(book.find(group, visit, "skewness"), 2), ")",
        )
        for visit in _changes_of(book, group)
    }  # fmt: skip
    level = group._replace(variable=group.measure)
    visits = book.visits(level)
    ratio = book.find(level, visits[0], "sd_over_mean") if visits else None
    spread = EMPTY if ratio is None else joined(Inline(format_number(ratio.value, 2), ratio.id))
    return TableRow(words(_name(labels, group)), (spread, *cells.values())), list(cells)


def _qq_table(
    labels: Labels, book: NumberBook, groups: Sequence[Group], made: Sequence[tuple[TableRow, list[str]]]
) -> TableSpec:
    """Put the rows under the visits; a row that lacks a visit has an empty cell there."""
    present = dict.fromkeys(visit for _, visits in made for visit in visits)
    visits = [visit for visit in labels.study.visit_names if visit in present]
    visits += [visit for visit in present if visit not in visits]
    rows = []
    for row, own in made:
        cells = dict(zip(own, row.cells[1:], strict=True))
        rows.append(TableRow(row.stub, (row.cells[0], *(cells.get(visit, words("")) for visit in visits))))
    heads = ("", "SD / mean, baseline", *(labels.visit(visit) for visit in visits))
    notes = [
        (
            "Q-Q correlation (skewness) of the changes: correlation with normal quantiles, 1 on the line; "
            "skewness 0 for a symmetric spread."
        ),
        *_advice(labels, book, groups),
    ]
    title = "Paired t tests: how normal the changes are"
    return TableSpec("table-qq-correlation", SECTION, title, heads, tuple(rows), tuple(notes))


def _advice(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> Iterable[str]:
    skewed = []
    for group in groups:
        level = group._replace(variable=group.measure)
        for visit in book.visits(level):
            ratio = book.find(level, visit, "sd_over_mean")
            if ratio is not None and (ratio.value or 0) > 1:
                skewed.append(in_sentence(labels.variable(level.variable)))
    if skewed:
        named = ", ".join(dict.fromkeys(skewed))
        yield (
            f"SD above the mean of a measure that cannot be negative, so its values are skewed: {named}. "
            "Read the rank test beside the t test."
        )


# --- figures ---------------------------------------------------------------------------------------------


def build_diagnostic_figures(study: Study, results: Results, book: NumberBook) -> tuple[FigureSpec, ...]:
    """Specify residuals against fitted with a quantile plot, one a model, and quantile plots of changes."""
    labels = Labels(study)
    return (*_residual_figures(labels, results), *_quantile_figure(labels, results, book))


def _residual_figures(labels: Labels, results: Results) -> Iterable[FigureSpec]:
    frame = results.listings.get("residuals", pl.DataFrame())
    if frame.is_empty():
        return
    keys = ["endpoint", "variable", "subgroup"]
    for (endpoint, variable, subgroup), own in frame.group_by(keys, maintain_order=True):
        within = "" if subgroup == ALL else f" ({labels.population(str(subgroup)).lower()})"
        name = f"{labels.variable(str(variable))}{within}"
        width = WIDTH // 2 - 18 - _AXIS
        is_counted = are_counted(own["subject"].n_unique(), own.height)
        axes = ("fitted", "Fitted change"), ("residual", "Normalised residual")
        against = _hexagons(own, *axes) if is_counted else _scatter(own, *axes)
        line = thin_line(own, "expected") if is_counted else own
        quantiles = _scatter(line, ("expected", "Normal quantile"), ("residual", "Normalised residual"))
        panels = [
            {"width": width, "height": 220, "layer": [_zero("residual"), against]},
            {"width": width, "height": 220, "layer": [_diagonal(own), quantiles]},
        ]
        yield FigureSpec(
            id=f"figure-residuals-{endpoint}-{variable}" + ("" if subgroup == ALL else f"-{subgroup}"),
            section=SECTION,
            title=f"{name}, mixed model: normalised residuals against fitted values and normal quantiles",
            spec=finish({"hconcat": panels, "spacing": 20}),
            alt=(
                f"Two scatters of {own.height} normalised residuals of the mixed model for {name}, from "
                f"{format_number(float(own['residual'].min()), 1)} to "  # type: ignore[arg-type]
                f"{format_number(float(own['residual'].max()), 1)}: against fitted values, where no pattern "  # type: ignore[arg-type]
                "should show, and against normal quantiles, where they should follow the line."
            ),
            footnotes=(
                (
                    "Normalised residuals: multiplied by the inverse Cholesky factor of the covariance; "
                    "independent with spread 1 if the model holds."
                ),
                *(_say_counted(own.height) if is_counted else ()),
            ),
        )


def _say_counted(points: int) -> Iterable[str]:
    yield say_counted("Left", points)
    yield "Right: an even choice of the points by their order, with both ends."


def _scatter(rows: pl.DataFrame, x: tuple[str, str], y: tuple[str, str]) -> Spec:
    return {
        "data": {"values": rows.select(pl.col(x[0]).round(4), pl.col(y[0]).round(4)).to_dicts()},
        "mark": {"type": "circle", "color": ESTIMATE, "size": 22, "opacity": 0.55},
        "encoding": {
            "x": {"field": x[0], "type": "quantitative", "scale": {"zero": False}, "axis": {"title": x[1]}},
            "y": {"field": y[0], "type": "quantitative", "scale": {"zero": False}, "axis": _upright(y[1])},
        },
    }


def _hexagons(rows: pl.DataFrame, x: tuple[str, str], y: tuple[str, str]) -> Spec:
    """Draw hexagons in place of points, each as large as the points it holds are many."""
    drawn = _scatter(rows.head(0), x, y)
    drawn["data"] = {"values": count_points(rows, x[0], y[0])}
    drawn["mark"] = {"type": "point", "shape": HEXAGON, "filled": True, "color": ESTIMATE, "opacity": 0.8}
    drawn["encoding"]["size"] = {
        "field": "points", "type": "quantitative", "legend": None, "scale": {"range": [8, 200]},
    }  # fmt: skip
    return drawn


def _upright(title: str | None) -> Spec:
    return {"title": title, "tickCount": 5, "minExtent": _AXIS - 20, "maxExtent": _AXIS - 20}


def _zero(field: str) -> Spec:
    return {
        "data": {"values": [{field: 0}]},
        "mark": {"type": "rule", "color": MUTED, "strokeWidth": 0.8},
        "encoding": {"y": {"field": field, "type": "quantitative"}},
    }


def _diagonal(rows: pl.DataFrame) -> Spec:
    """Draw residual = quantile, where normalised residuals should lie."""
    ends = [float(rows["expected"].min()), float(rows["expected"].max())]  # type: ignore[arg-type]
    return _line([{"expected": end, "residual": end} for end in ends], "residual")


def _line(ends: list[Spec], y: str) -> Spec:
    return {
        "data": {"values": ends},
        "mark": {"type": "line", "color": MUTED, "strokeWidth": 0.9},
        "encoding": {
            "x": {"field": "expected", "type": "quantitative"},
            "y": {"field": y, "type": "quantitative"},
        },
    }


def _quantile_figure(labels: Labels, results: Results, book: NumberBook) -> Iterable[FigureSpec]:
    """Specify small quantile plots of the least normal variables, each at its least normal visit."""
    frame = results.listings.get("quantiles", pl.DataFrame())
    if frame.is_empty():
        return
    panels = []
    is_thinned = False
    width = (WIDTH - 8) // _COLUMNS - 14 - _AXIS
    for group, worst in _least_normal(book):
        own = frame.filter(
            (pl.col("endpoint") == group.endpoint)
            & (pl.col("subgroup") == group.subgroup)
            & (pl.col("variable") == group.measure)
            & (pl.col("visit") == worst)
        )
        is_thinned = is_thinned or is_summarised(own.height)
        line = thin_line(own, "expected") if is_summarised(own.height) else own
        layer = _scatter(line, ("expected", "Normal quantile"), ("change", ""))
        layer["encoding"]["y"]["axis"] = _upright(None) | SMALL_PANEL_AXIS
        layer["encoding"]["x"]["axis"] = {"title": None, "tickCount": 4}
        title = labels.variable(group.measure)
        room = width + _AXIS - 6
        text = [*wrap(title, room, TITLE, is_bold=True), labels.visit(worst)]
        panels.append({"title": {"text": text}, "width": width, "height": 110, "layer": [layer]})
    body = {"concat": panels, "columns": _COLUMNS, "spacing": {"column": 14, "row": 20}}
    yield FigureSpec(
        id="figure-quantiles",
        section=SECTION,
        title="Paired t tests: the least normal changes against normal quantiles",
        spec=finish(body),
        alt=(
            f"{len(panels)} normal quantile plots of the least normal changes. Points on a straight line "
            "mean a normal spread; their Q-Q correlation stands in the table."
        ),
        footnotes=(
            "Changes (upwards) against normal quantiles (across), at the visit where they are least normal.",
            *(
                (f"Of more than {SUBJECTS_DRAWN} points an even choice is drawn, with both ends.",)
                if is_thinned
                else ()
            ),
        ),
    )


def _least_normal(book: NumberBook) -> list[tuple[Group, str]]:
    """Give the variables that are farthest from the normal line, and the visit of each where they are."""
    found: list[tuple[float, Group, str]] = []
    for group in book.of("diagnostics"):
        values = [
            (_value(book.find(group, visit, "qq_correlation")), visit) for visit in _changes_of(book, group)
        ]
        if values:
            found.append((min(values)[0], group, min(values)[1]))
    return [(group, worst) for _, group, worst in sorted(found)[:_COLUMNS]]


def _value(number: Number | None) -> float:
    return number.value if number is not None and number.value is not None else 1.0
