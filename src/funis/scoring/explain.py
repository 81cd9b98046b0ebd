"""The working of one visit, row by row, so that a monitor can check it against the paper."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import polars as pl

from funis.arguments import Anything, ByName, Frame, Label, OrNone, Text, takes
from funis.catalogue.conditions import Condition, Term, find_limit
from funis.catalogue.model_instrument import Definition, Feature, GradeRule, Item
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.registry import definition
from funis.errors import ColumnError, ShapeError, UnknownNameError
from funis.frames.any_kind import lend_columns, name_columns
from funis.frames.scales import convert_rows
from funis.frames.under_way import PREFIX
from funis.nine_decimals import compare_exactly, round_decimal, to_decimal
from funis.scoring.grades import clause_column, clauses_of
from funis.scoring.items import item_columns
from funis.scoring.score import Missing, prepare_layout, score, score_working
from funis.scoring.working import Explanation, Known, WorkingClause, WorkingRow
from funis.shown import show_codes
from funis.units.columns import columns_of_instrument
from funis.units.declared import settle_scales

# What the working says of an assessment that was not done, or a question that does not apply.
_NOT_DONE: Final = {
    "absent": "counted as not present",
    "missing": "missing",
    "left_out": "left out of the mean",
}


@takes(
    frame=Frame(),
    name=Text(),
    subject=OrNone(Label()),
    visit=OrNone(Label()),
    subject_column=Text(),
    visit_column=Text(),
    order=OrNone(Text()),
    missing=Text(),
    parameters=OrNone(ByName(Anything())),
    units=OrNone(ByName(Text())),
)
def explain(  # noqa: PLR0913  (the public signature of the design)
    frame: Any,
    name: str,
    *,
    subject: str | int | None = None,
    visit: str | int | None = None,
    subject_column: str = "subject",
    visit_column: str = "visit",
    order: str | None = None,
    missing: Missing = "strict",
    parameters: Mapping[str, ParameterValue] | None = None,
    units: Mapping[str, str] | None = None,
) -> Explanation:
    """Explain one score row by row.

    Parameters
    ----------
    frame : as for `score`
    name : one of ``funis.definitions()``
    subject, visit : which row; both may be left out where the frame has one row
    subject_column, visit_column : columns that name them
    order : column of visit order (a date or day number); without it the row is taken as a first visit
    missing, parameters, units : as for `score`; values are shown in the unit of the definition

    Returns
    -------
    Explanation : printed by ``str``: each row with what was recorded and what it contributed, the clauses
    tried,
        the rule that decided, bounds and status

    Raises
    ------
    UnknownNameError : the subject or the visit is not in the frame
    ShapeError : more than one row fits

    Examples
    --------
    >>> import polars as pl
    >>> frame = pl.DataFrame({"subject": ["01"], "visit": ["baseline"], "arthritis": [1]})
    >>> print(str(explain(frame, "sledai_2k", subject="01", visit="baseline")).splitlines()[0])
    SLEDAI-2K (2002), subject 01, visit baseline
    """
    instrument = definition(name)
    names = [name for name in (subject_column, visit_column, order) if name]
    lent = lend_columns(frame, [*names, *item_columns(instrument)])
    read, what = columns_of_instrument(name).values(), f"the instrument {name!r}"
    lent = convert_rows(lent, settle_scales(frame, units, read, name_columns(frame), what))
    own = _own_rows(lent, subject, subject_column)
    position = _find_row(own, visit, visit_column)
    history: dict[str, Any] = {"subject": subject_column, "order": order} if order is not None else {}
    choices: dict[str, Any] = {"missing": missing, "parameters": parameters, **history}
    scored = score(own, name, **choices)
    working, layout = prepare_layout(own, instrument, parameters=parameters, **history)
    score_working(working, layout, missing)
    inner = working.frame
    if working.was_reordered:
        inner = inner.sort(f"{PREFIX}row")
    cells = inner.row(position, named=True)
    outputs = {
        column: value
        for column, value in scored.row(position, named=True).items()
        if column not in own.columns
    }
    before = _previous_row(own, position, order)
    return Explanation(
        name=name,
        title=instrument.title,
        version=instrument.version,
        source=instrument.source,
        subject="" if subject is None else str(subject),
        visit="" if visit is None else str(visit),
        rows=tuple(
            _explain_item(instrument, item, cells, before, layout.parameters) for item in instrument.items
        ),
        clauses=_explain_clauses(instrument, cells, bool(history), layout.parameters),
        outputs=outputs,
        parameters=layout.parameters,
        missing=missing,
        systems=instrument.systems if instrument.kind == "grades" else (),
        equation=_equation_lines(instrument, layout.parameters),
        intercept=instrument.intercept,
    )


def _equation_lines(instrument: Definition, parameters: Mapping[str, ParameterValue]) -> tuple[str, ...]:
    """Print the constant and every factor that the parameters leave in force."""
    if not instrument.factors:
        return ()
    in_force = [f for f in instrument.factors if all(parameters[name] == value for name, value in f.choice)]
    return (f"{instrument.constant:g}", *(factor.label for factor in in_force))


def _own_rows(frame: pl.DataFrame, subject: str | int | None, column: str) -> pl.DataFrame:
    if subject is None:
        return frame
    if column not in frame.columns:
        raise ColumnError("Naming a subject", [column], frame.columns, "Give subject_column.")
    own = frame.filter(pl.col(column).cast(pl.String) == str(subject))
    if own.is_empty():
        known = [str(one) for one in frame[column].unique().sort().head(20).to_list()]
        raise UnknownNameError("subject", str(subject), show_codes(known))
    return own


def _find_row(own: pl.DataFrame, visit: str | int | None, column: str) -> int:
    if visit is not None:
        if column not in own.columns:
            raise ColumnError("Naming a visit", [column], own.columns, "Give visit_column.")
        wanted = own[column].cast(pl.String) == str(visit)
        rows = wanted.fill_null(value=False).arg_true().to_list()
        if not rows:
            raise UnknownNameError("visit", str(visit), show_codes(map(str, own[column].unique().to_list())))
    else:
        rows = list(range(len(own)))
    if len(rows) != 1:
        raise ShapeError(f"One row is explained at a time; {len(rows)} fit. Give subject and visit.")
    return int(rows[0])


def _previous_row(own: pl.DataFrame, position: int, order: str | None) -> dict[str, Known] | None:
    if order is None:
        return None
    here = own[order][position]
    earlier = own.filter(pl.col(order) < here).sort(order)
    return earlier.row(-1, named=True) if len(earlier) else None


def _explain_item(
    instrument: Definition,
    item: Item,
    cells: Mapping[str, Known],
    before: Mapping[str, Known] | None,
    parameters: Mapping[str, ParameterValue],
) -> WorkingRow:
    raw = cells.get(item.name)
    value = cells.get(f"{PREFIX}{item.name}", raw)
    not_done = bool(cells.get(f"{PREFIX}{item.name}_nd"))
    ignored = _is_ignored(item, cells)
    recorded = "ND" if not_done else "missing" if value is None else _show(value, item)
    points: float | None = None
    if not item.is_measured and instrument.kind in ("sum", "mean", "maximum") and value is not None:
        points = item.points_of(value if item.is_text else int(value))
    elif item.curve is not None and value is not None:
        points = 0.0 if ignored else item.curve.points_of(float(value))
    elif item.is_measured and instrument.kind == "mean" and value is not None:
        points = float(value)
    previous = ""
    if before is not None and item.name in _looked_back(instrument):
        old = before.get(item.name)
        previous = "missing" if old is None else _show(old, item)
    note = _note(instrument, item, cells, value=value, not_done=not_done, ignored=ignored)
    if not note and raw is None and item.when and value is not None:
        note = _derived_from(item, cells, value, parameters)
    level = "" if not_done or ignored else _level_label(item, value)
    return WorkingRow(item.row, item.name, item.label, item.system, recorded, previous, points, note, level)


def _level_label(item: Item, value: Known) -> str:
    """Give the words of the level that was recorded; the lowest level has none."""
    place = item.values.index(value) if value in item.values else 0
    return item.level_labels[place - 1] if 0 < place <= len(item.level_labels) else ""


def _derived_from(
    item: Item, cells: Mapping[str, Known], value: Known, parameters: Mapping[str, ParameterValue]
) -> str:
    """Say which measured values gave a blank item its level, and the condition that is met."""
    found = ", ".join(f"{name} {cells[name]:g}" for name in item.measures if cells.get(name) is not None)
    place = item.values.index(value) if value in item.values else 0
    if place == 0:
        every = " or ".join(str(condition) for level in item.when for condition in level)
        return f"from {found}; not met: {every}"
    met = [each for each in item.when[place - 1] if _may_hold(each, cells, parameters)]
    return f"from {found} by {' or '.join(map(str, met))}"


def _may_hold(
    condition: Condition, cells: Mapping[str, Known], parameters: Mapping[str, ParameterValue]
) -> bool:
    """Whether what is known of this visit does not refute a condition."""
    for term in condition.terms:
        value = cells.get(f"{PREFIX}{term.name}", cells.get(term.name))
        if value is None:
            return False
        if term.form != "value" or term.limit in {"LLN", "ULN"}:
            continue
        if not compare_exactly(float(value), term.operator, find_limit(term, parameters)):
            return False
    return True


def _is_ignored(item: Item, cells: Mapping[str, Known]) -> bool:
    attributed = cells.get(f"{item.name}_attributed")
    return attributed is not None and not bool(attributed)


def _looked_back(instrument: Definition) -> set[str]:
    return {term.name for f in instrument.features for term in f.when.terms if term.looks_back}


def _show(value: float | str, item: Item) -> str:
    if isinstance(value, str) and not item.is_text:
        return value
    text = value if isinstance(value, str) else f"{float(value):g}"
    return f"{text} {item.unit}".rstrip()


def _note(
    instrument: Definition,
    item: Item,
    cells: Mapping[str, Known],
    *,
    value: Known,
    not_done: bool,
    ignored: bool,
) -> str:
    if ignored:
        return "not due to the disease: counted absent"
    if not_done:
        counted = _NOT_DONE[instrument.not_done]
        return f"not done: {counted}"
    if value is None:
        others = [name for name in item.alternatives if name != item.name]
        taken = [name for name in others if cells.get(f"{PREFIX}{name}", cells.get(name)) is not None]
        if taken:
            instead = f"{taken[0]} was recorded instead"
            return f"{instead}; the bounds leave it open" if instrument.kind == "grades" else instead
        return "" if instrument.kind == "value" else "missing: counted only in the upper bound"
    return ""


def _explain_clauses(
    instrument: Definition,
    cells: Mapping[str, Known],
    has_history: bool,  # noqa: FBT001
    parameters: Mapping[str, ParameterValue],
) -> tuple[WorkingClause, ...]:
    found = []
    for system in instrument.systems if instrument.kind == "grades" else ():
        for grade, clause, rules in clauses_of(instrument, system):
            own = cells.get(
                clause_column("p", system, grade, clause),
                cells.get(clause_column("b", system, grade, clause)),
            )
            tested = []
            for rule in rules:
                if rule.when is not None:
                    tested.append(_show_terms(rule.when.terms, cells))
                    continue
                tested.append(
                    f"at least {rule.at_least} {rule.with_level}: {_count(instrument, rule.of_items, cells)}"
                )
                for name in rule.of_items:
                    tested += _show_feature(instrument, name, cells, has_history, parameters)
            looks_back = any(_rule_looks_back(instrument, rule) for rule in rules)
            label = rules[0].label
            found.append(WorkingClause(system, grade, clause, label, _answer(own), tuple(tested), looks_back))
    return tuple(found)


def _rule_looks_back(instrument: Definition, rule: GradeRule) -> bool:
    """Whether the visit before can decide a rule, by itself or by a finding it counts."""
    if rule.when is not None:
        return rule.when.looks_back
    return any(each.when.looks_back for each in instrument.features if each.name in rule.of_items)


def _answer(value: object) -> str:
    return "cannot tell" if value is None else "yes" if value else "no"


def _count(instrument: Definition, names: tuple[str, ...], cells: Mapping[str, Known]) -> str:
    features = {feature.name for feature in instrument.features}
    parts = []
    for name in names:
        if name in features:
            own = cells.get(f"{PREFIX}p_{name}", cells.get(f"{PREFIX}b_{name}"))
            parts.append(f"{name} {_answer(own)}")
            continue
        value = cells.get(f"{PREFIX}{name}", cells.get(name))
        if value is None or value != 0:
            parts.append(f"{name} {'missing' if value is None else _show(value, instrument.item(name))}")
    return ", ".join(parts) or "all 0"


def _show_terms(terms: tuple[Term, ...], cells: Mapping[str, Known]) -> str:
    shown = []
    for term in terms:
        value = cells.get(f"{PREFIX}{term.name}", cells.get(term.name))
        shown.append(f"{term} (found {'missing' if value is None else f'{float(value):g}'})")
    return " and ".join(shown)


def _show_feature(
    instrument: Definition,
    name: str,
    cells: Mapping[str, Known],
    has_history: bool,  # noqa: FBT001
    parameters: Mapping[str, ParameterValue],
) -> list[str]:
    lines = []
    for feature in instrument.features:
        in_force = all(parameters[key] == value for key, value in feature.choice)
        values = [cells.get(f"{PREFIX}{n}", cells.get(n)) for n in feature.when.names]
        if feature.name != name or not in_force or all(value is None for value in values):
            continue
        measured = [n for n in feature.only_without if cells.get(f"{PREFIX}{n}", cells.get(n)) is not None]
        unused = f"; not used, {measured[0]} was recorded" if measured else ""
        lines.append(f"  {feature.clause}: {_show_looking_back(feature, cells, has_history)}{unused}")
    return lines


def _show_looking_back(feature: Feature, cells: Mapping[str, Known], has_history: bool) -> str:  # noqa: FBT001
    shown = _show_terms(feature.when.terms, cells)
    if not feature.when.looks_back:
        return shown
    if not has_history or cells.get(f"{PREFIX}first"):
        return f"{shown}; first visit"
    names = dict.fromkeys(term.name for term in feature.when.terms if term.looks_back)
    return f"{shown}; previous {', '.join(_show_previous(name, cells) for name in names)}"


def _show_previous(name: str, cells: Mapping[str, Known]) -> str:
    """Print the earlier value of a quantity, and the change since then where both are known."""
    before = cells.get(f"{PREFIX}previous_carried_{name}", cells.get(f"{PREFIX}previous_{name}"))
    if before is None:
        return f"{name} missing"
    text = f"{name} {float(before):g}"
    now, old = to_decimal(cells.get(f"{PREFIX}{name}", cells.get(name))), to_decimal(before)
    if now is None or not old:
        return text
    percent = round_decimal(100 * (now - old) / old).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{text} (change {percent:+f} %)"
