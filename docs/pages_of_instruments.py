"""One page per instrument, made from its definition, to be printed and signed beside the paper."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from funis.catalogue.conditions import Term
from funis.catalogue.model_instrument import Definition, GradeRule, Item
from funis.catalogue.registry import definition, definitions
from funis.catalogue.wording.curves import curve_words
from funis.catalogue.wording.instruments import instrument_words
from funis.catalogue.wording.plain_words import joined_words, name_words
from funis.scoring.check_values import checked_items
from markdown_parts import build_table, render_signature
from pages_of_doses import dose_pages

_STEP = Decimal("0.001")
_HEADER = "<!-- Generated from the definition; do not edit: `make docs`. -->"
_LEVEL_WORDS = {
    "active": "active (2, 3 or 4)",
    "improving": "improving (1)",
    "present": "present (1 to 4)",
    "yes": "yes",
}
_NOT_DONE = {
    "absent": "counts as not present, raises the upper bound",
    "missing": "missing",
    "left_out": "does not apply: left out of the mean",
}
_HOW = {
    "sum": "the sum of the points",
    "mean": "the mean of the items",
    "maximum": "the highest item",
    "value": "the measured value",
    "grades": "a grade per organ system, by the decision tables",
}


def render_instrument_page(found: Definition) -> str:
    """Render the page of one instrument as Markdown.

    Parameters
    ----------
    found : the definition

    Returns
    -------
    str : source, licence, window, missing rule, rows in printed order, decision tables, open points,
        every limit
        below, on and above, and a place to sign

    Examples
    --------
    >>> render_instrument_page(definition("ssdai")).splitlines()[2]
    '# SSDAI'
    """
    parts = [
        [_HEADER, "", f"# {found.title}", "", found.summary, ""],
        _render_facts(found),
        _render_words(found),
        _render_items(found),
        _render_measures(found),
        _render_features(found),
        _render_rules(found),
        _render_routes(found),
        _render_equation(found),
        _render_columns(found),
        _render_parameters(found),
        _render_limits(found),
        _render_notes(found),
        render_signature(),
    ]
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def render_index() -> str:
    """Render the list of all instruments as Markdown."""
    lines = [
        _HEADER,
        "",
        "# Instruments",
        "",
        "| name | instrument | version | range | rows |",
        "|---|---|---|---|---|",
    ]
    for name in definitions():
        found = definition(name)
        span = f"{found.range.lowest:g} to {found.range.highest:g} {found.unit}".rstrip()
        lines.append(
            f"| [`{name}`]({name}.md) | {found.title} | {found.version} | {span} | {len(found.items)} |"
        )
    lines += ["", "Beside the instruments:", ""]
    lines += [
        f"- [{text.splitlines()[2].removeprefix('# ')}]({name}.md)" for name, text in dose_pages().items()
    ]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Give the text of every page by file name without ending."""
    texts = {name: render_instrument_page(definition(name)) for name in definitions()}
    return {**texts, **dose_pages(), "index": render_index()}


def _render_facts(found: Definition) -> list[str]:
    rows: list[tuple[str, str]] = [
        ("Name in data and study files", f"`{found.name}`"),
        ("Version", found.version),
        ("Source", found.source),
        ("Licence", f"{found.licence}; {found.licence_note}".rstrip("; ")),
        ("Look-back window", found.window_words()),
        ("Score", _how(found)),
        ("Range", f"{found.range.lowest:g} to {found.range.highest:g} {found.unit}".rstrip()),
        *([("Begins at", f"{found.intercept:g}, to which the points are added")] if found.intercept else []),
        *([("Applies where", f"`{found.applies}`; elsewhere `not_applicable`")] if found.applies else []),
        ("Missing items", found.missing),
        (
            "Not done (ND)",
            _NOT_DONE[found.not_done],
        ),
    ]
    if found.grade_points:
        rows.append(
            ("Numeric total", ", ".join(f"{grade} = {points}" for grade, points in found.grade_points))
        )
    return build_table(("", ""), rows)


def _render_words(found: Definition) -> list[str]:
    words = instrument_words(found)
    lines = [
        "## In words",
        "",
        "As a report prints it, with every choice at its default.",
        "",
        words.short,
        "",
    ]
    return [*lines, *(f"- {line}" for line in words.lines), "", words.basis, ""]


def _render_items(found: Definition) -> list[str]:
    lines = ["## Rows", ""]
    if found.kind == "grades" or found.systems:
        for system, items in groupby(found.items, key=lambda item: item.system):
            lines += [f"### {name_words(system).capitalize()}", "", *_item_table(found, tuple(items))]
        return lines
    return lines + _item_table(found, found.items)


def _item_table(found: Definition, items: Sequence[Item]) -> list[str]:
    header = [
        "row",
        "item",
        "meaning",
        "levels",
        "recorded as",
        "points",
        "from a measured value",
        "not counted",
    ]
    rows = [
        (
            item.row,
            f"`{item.name}`",
            item.label,
            _levels(item),
            item.allowed,
            _points(found, item),
            _when(item),
            "; ".join(item.excludes),
        )
        for item in items
    ]
    keep = [n for n in range(len(header)) if any(str(row[n]) for row in rows)]
    return build_table([header[n] for n in keep], [[row[n] for n in keep] for row in rows])


def _levels(item: Item) -> str:
    named = zip(item.values[1:], item.level_labels, strict=False)
    return "; ".join(f"**{value}** {label}" for value, label in named)


def _points(found: Definition, item: Item) -> str:
    if item.curve is not None:
        return curve_words(item)
    if found.kind == "grades" or item.is_measured:
        return ""
    return ", ".join(
        f"{value}: {points:g}" for value, points in zip(item.values, item.points, strict=True) if points
    )


def _when(item: Item) -> str:
    if len(item.when) == 1:
        return " or ".join(map(str, item.when[0]))
    levels = zip(item.values[1:], item.when, strict=False)
    return "; ".join(f"{value}: {' or '.join(map(str, level))}" for value, level in levels)


def _render_features(found: Definition) -> list[str]:
    if not found.features:
        return []
    rows = []
    for feature in found.features:
        choice = ", ".join(f"{name} = {value}" for name, value in feature.choice)
        only = f"only without {', '.join(feature.only_without)}" if feature.only_without else ""
        within = (
            f"within {feature.within_months} months (day numbers: `{feature.within_days}`)"
            if feature.has_window
            else ""
        )
        looks_back = feature.when.looks_back
        rows.append((
            feature.clause, feature.label, f"`{feature.when}`",
            "; ".join(part for part in (only, within) if part),
            _answer(feature.first_visit) if looks_back else "", _answer(feature.previous_missing) if
            looks_back else "",
            choice,
        ))  # fmt: skip
    header = (
        "clause",
        "feature",
        "condition",
        "only",
        "first visit",
        "previous value missing",
        "where the parameter says",
    )
    return ["## Features that the rules count", "", *build_table(header, rows)]


def _answer(answer: bool | str) -> str:  # noqa: FBT001  (a field of the definition)
    return f"parameter `{answer}`" if isinstance(answer, str) else "yes" if answer else "no"


def _render_rules(found: Definition) -> list[str]:
    if not found.rules:
        return []
    numbers = {item.name: str(item.row) for item in found.items}
    labels = {feature.name: feature.label for feature in found.features}
    lines = [
        "## Rules",
        "",
        "All rows of a clause must hold; any clause gives the grade; A is tried before B before C.",
        "",
    ]
    for system, rules in groupby(found.rules, key=lambda rule: rule.system):
        rows = [(rule.grade, rule.clause, rule.label, _rule_words(rule, numbers, labels)) for rule in rules]
        lines += [
            f"### {name_words(system).capitalize()}",
            "",
            *build_table(("grade", "clause", "rule", "holds when"), rows),
        ]
    return lines


def _rule_words(rule: GradeRule, numbers: dict[str, str], labels: dict[str, str]) -> str:
    if rule.when is not None:
        name = rule.when.terms[0].name
        return f"`{rule.when}` (row {numbers[name]})"
    of = ", ".join(labels.get(name) or f"row {numbers[name]}" for name in rule.of_items)
    return f"at least {rule.at_least} of: {of}; {_LEVEL_WORDS[rule.with_level]}"


def _how(found: Definition) -> str:
    """Say in words how the rows become the score."""
    if found.factors:
        return "the equation below"
    if found.kind in ("mean", "maximum") and found.systems:
        what = "means" if found.within == "mean" else "totals"
        return (
            f"the {found.kind} of the {what} of {joined_words([name_words(each) for each in found.systems])}"
        )
    return _HOW[found.kind]


def _render_routes(found: Definition) -> list[str]:
    """Render the ways in which a measured value may be recorded, the first recorded one counts."""
    if not found.routes:
        return []
    rows = [
        (
            number,
            f"`{route.item}`"
            + (f" x {route.factor:g}" if route.factor != 1 else "")
            + (f" / `{route.per}`" if route.per else "")
            + (f" / {route.per_minutes:g}" if route.per_minutes != 1 else ""),
            f"`{route.item}` above {route.only_above:g}" if route.only_above is not None else "",
        )
        for number, route in enumerate(found.routes, 1)
    ]
    title = "## How the quantity is obtained" if found.factors else "## How the value is obtained"
    intro = "The first way that was recorded counts."
    return [title, "", intro, "", *build_table(("", "way", "only where"), rows)]


def _render_equation(found: Definition) -> list[str]:
    if not found.factors:
        return []
    rows = [("", f"{found.constant:g}")]
    quantity = " or ".join(f"`{route.item}`" for route in found.routes)
    for factor in found.factors:
        only = ", ".join(f"`{name}` = {value}" for name, value in (*factor.when_item, *factor.choice))
        rows.append((only, factor.label))
    intro = (
        f"The value is the product of these factors; without a quantity of their own they take {quantity}."
    )
    return ["## Equation", "", intro, "", *build_table(("only where", "factor"), rows)]


def _render_columns(found: Definition) -> list[str]:
    """Render what stands beside the score: totals of systems, summaries and cut-offs."""
    rows = [(f"`{found.name}_{s.name}`", f"{s.label}: {s.how} of {', '.join(found.systems)}", "")
            for s in found.summaries]  # fmt: skip
    if found.per_system:
        rows += [(f"`{found.name}_{system}`", f"total of {system}", "") for system in found.systems]
    rows += [(f"`{found.name}_{f.name}`", f"1 where {f.label} (`{f.when}`)", f.source) for f in found.flags]
    if not rows:
        return []
    return ["## Columns beside the score", "", *build_table(("column", "meaning", "source"), rows)]


def _render_measures(found: Definition) -> list[str]:
    """Render the measured quantities that fill items: what each can be; anything else is refused."""
    shown = [item for item in checked_items(found) if item.row == 0]
    if not shown:
        return []
    rows = [(f"`{item.name}`", item.label, item.allowed, "" if item.unit else "any unit") for item in shown]
    lines = ["## Measured quantities that fill items", "", "Anything but what is possible is refused.", ""]
    return [*lines, *build_table(("column", "meaning", "possible", "in"), rows)]


def _render_parameters(found: Definition) -> list[str]:
    if not found.parameters:
        return []
    rows = [
        (
            f"`{p.name}`",
            p.label,
            f"**{p.default}**",
            ", ".join(map(str, p.allowed)) or f"{p.minimum:g} to {p.maximum:g}",
            p.source,
        )
        for p in found.parameters
    ]
    header = ("parameter", "what it decides", "default", "allowed", "sources")
    return ["## Points that the sources leave open", "", *build_table(header, rows)]


def _render_limits(found: Definition) -> list[str]:
    terms: dict[str, Term] = {}
    conditions = [condition for item in found.items for level in item.when for condition in level]
    conditions += [rule.when for rule in found.rules if rule.when]
    conditions += [feature.when for feature in found.features]
    for condition in conditions:
        terms |= {
            str(term): term
            for term in condition.terms
            if isinstance(term.limit, Decimal) and term.form == "value"
        }
    if not terms:
        return []
    rows = []
    for term in terms.values():
        limit = term.limit
        if isinstance(limit, Decimal):
            answers = [_meets(value, term.operator, limit) for value in (limit - _STEP, limit, limit + _STEP)]
            rows.append((f"`{term}`", *answers))
    header = ("limit", "just below", "exactly on it", "just above")
    return ["## Limits", "", "Comparisons are exact to nine decimals.", "", *build_table(header, rows)]


def _meets(value: Decimal, operator: str, limit: Decimal) -> str:
    met = {"<": value < limit, "<=": value <= limit, ">": value > limit, ">=": value >= limit}[operator]
    return f"{value}: {'counts' if met else 'does not count'}"


def _render_notes(found: Definition) -> list[str]:
    return ["## Notes", "", *[f"- {note}" for note in found.notes], ""] if found.notes else []
