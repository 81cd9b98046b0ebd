"""Where an item of an instrument is also a laboratory test: the lab fills a blank, disagreement is a finding.

The map stands in the definitions (``platelets < 100`` for thrombocytopenia; haemoglobin of BILAG is the
test haemoglobin). A result beyond what the assay measures (``<`` or ``>``) fills nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from funis.catalogue.derived_items import derive_item
from funis.catalogue.instrument_tables import analyte_units, find_definition
from funis.catalogue.model_instrument import Definition, Item
from funis.data.check.row_findings import row_finding, show_value
from funis.errors import Finding
from funis.nine_decimals import compare_exactly, round_exactly
from funis.study.model import Study

_Place = tuple[str, str]
_Values = dict[_Place, dict[str, float | None]]
# Two prints of one measurement may differ by rounding after a conversion; more is a disagreement.
_ROUNDING = 0.01


@dataclass(frozen=True, slots=True)
class _Mapped:
    """An instrument, its items that laboratory tests decide, and the results in the units it uses."""

    definition: Definition
    items: tuple[Item, ...]
    parameters: Mapping[str, Any]
    values: _Values
    not_done: Mapping[str, set[_Place]]


def fill_items(
    study: Study, frames: Mapping[str, pl.DataFrame]
) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """Fill blank items from the laboratory and report where the two disagree.

    Parameters
    ----------
    study : the study; its instruments' parameters decide limits such as the joint count
    frames : sifted tables by name, laboratory results in the units of the study

    Returns
    -------
    tuple
        The tables with items filled; a finding for each disagreement.
    """
    filled = dict(frames)
    findings: list[Finding] = []
    for name in study.instrument_names:
        mapped = _map_instrument(study, name, frames["labs"])
        if mapped is not None and not frames[name].is_empty():
            filled[name], found = _fill_instrument(mapped, frames[name])
            findings += found
    return filled, findings


def _map_instrument(study: Study, name: str, labs: pl.DataFrame) -> _Mapped | None:
    """Find the items of an instrument that tests of the study decide."""
    found = find_definition(name)
    if found is None:
        return None
    tests = set(study.lab_names)
    items = tuple(
        item
        for item in found.items
        if tests & set(item.measures)
        and not any(condition.looks_back for level in item.when for condition in level)
    )
    if not items:
        return None
    wanted = {measure for item in items for measure in item.measures} & tests
    units = {measure.name: measure.unit for measure in found.measures}
    units |= {item.lab: item.unit for item in found.items if item.lab and item.is_measured}
    parameters = found.parameter_values(study.choice(name).parameters)
    values = _lab_values(study, labs, {test: units.get(test, "") for test in wanted})
    return _Mapped(found, items, parameters, values, _not_done(labs))


def _not_done(labs: pl.DataFrame) -> dict[str, set[_Place]]:
    """Name the subjects and visits at which a test was not done."""
    found: dict[str, set[_Place]] = {}
    if "value_not_done" in labs.columns:
        rows = labs.filter(pl.col("value_not_done").fill_null(value=False))
        for test, subject, visit in rows.select("test", "subject", "visit").iter_rows():
            found.setdefault(test, set()).add((subject, visit))
    return found


def _lab_values(study: Study, labs: pl.DataFrame, units: Mapping[str, str]) -> _Values:
    """Give the results of each subject and visit in the units of the definition, with their limits."""
    values: _Values = {}
    usable = labs.filter(
        pl.col("test").is_in(list(units)), pl.col("value").is_not_null(), pl.col("comparator").is_null()
    )
    columns = ("subject", "visit", "test", "value", "low", "high")
    for subject, visit, test, value, low, high in usable.select(columns).iter_rows():
        lab = study.lab(test)
        here = values.setdefault((subject, visit), {})
        limits = (lab.low if low is None else low, lab.high if high is None else high)
        for key, number in zip((test, f"{test}_low", f"{test}_high"), (value, *limits), strict=True):
            here[key] = _in_unit(number, test, lab.unit, units[test])
    return values


def _in_unit(value: float | None, test: str, unit: str, wanted: str) -> float | None:
    """Convert a result; None where it cannot be brought to the unit of the definition."""
    if value is None or unit == wanted or not wanted:
        return value
    known = analyte_units(test)
    if unit not in known or wanted not in known:
        return None
    from funis.units import convert

    return round_exactly(float(convert(value, test, unit, wanted)))


def _fill_instrument(mapped: _Mapped, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Fill the blank items of one table."""
    findings: list[Finding] = []
    places = list(zip(frame["subject"], frame["visit"], strict=True))
    derived = [mapped.values.get(place) for place in places]
    columns: list[pl.Series] = []
    for item in mapped.items:
        recorded = frame[item.name].to_list()
        marked = f"{item.name}_not_done"
        not_done = frame[marked].to_list() if marked in frame.columns else [False] * frame.height
        made = [
            None if values is None else derive_item(item, values, parameters=mapped.parameters)
            for values in derived
        ]
        if item.is_measured and mapped.not_done.get(item.lab):
            said = mapped.not_done[item.lab]
            not_done = [
                mark or (place in said and own is None)
                for mark, place, own in zip(not_done, places, recorded, strict=True)
            ]
            columns.append(pl.Series(marked, not_done, dtype=pl.Boolean))
        merged = [
            own if own is not None or is_not_done else _as_possible(item, lab)
            for own, lab, is_not_done in zip(recorded, made, not_done, strict=True)
        ]
        columns.append(pl.Series(item.name, merged, dtype=frame.schema[item.name]))
        findings += _disagreements(mapped, frame, item, (recorded, made))
    return frame.with_columns(columns), findings


def _as_possible(item: Item, lab: Any) -> float | None:
    """Give a result that the item can hold; one beyond its limits was queried in labs and fills nothing."""
    value = _as_number(lab)
    if value is None or not item.is_measured:
        return value
    is_below = item.minimum is not None and value < item.minimum
    return None if is_below or (item.maximum is not None and value > item.maximum) else value


def _as_number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _disagreements(
    mapped: _Mapped, frame: pl.DataFrame, item: Item, pair: tuple[Sequence[Any], Sequence[Any]]
) -> Iterator[Finding]:
    """Report where item and laboratory differ: the item stands, somebody must look."""
    for index, (own, lab) in enumerate(zip(*pair, strict=True)):
        if own is None or lab is None or isinstance(own, str) or _agree(item, float(own), float(lab)):
            continue
        row = frame.row(index, named=True)
        values = mapped.values[row["subject"], row["visit"]]
        said = ", ".join(
            f"{name} {show_value(values[name])}" for name in item.measures if values.get(name) is not None
        )
        attributed = row.get(f"{item.name}_attributed") == 0
        # A finding that was judged to have another cause is recorded as absent; that is a question, no more.
        is_query = not item.is_measured and (attributed or own < lab)
        yield row_finding(
            "query" if is_query else "warning",
            "lab_contradicts_item",
            mapped.definition.name,
            row,
            column=item.name,
            message=f"The laboratory says otherwise: {said} gives {show_value(lab)}.",
            fix="Correct one of the two"
            + (", or say that the finding has another cause." if is_query else "."),
        )


def _agree(item: Item, own: float, lab: float) -> bool:
    if not item.is_measured:
        return own == lab
    return bool(compare_exactly(abs(own - lab), "<=", _ROUNDING * max(abs(own), abs(lab))))
