"""Where an item of an instrument is also a laboratory test: the lab fills a blank, disagreement is a finding.

The map stands in the definitions (``platelets < 100`` for thrombocytopenia; haemoglobin of BILAG is the
test haemoglobin). A result beyond what the assay measures (``<`` or ``>``) fills nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import polars as pl

from funis.catalogue.instrument_tables import analyte_units, find_definition
from funis.catalogue.model_instrument import Definition, Item
from funis.data.check.row_findings import row_finding, show_value
from funis.errors import Finding
from funis.frames.verbs import Verbs, put_beside, verbs_of
from funis.nine_decimals import compare_exactly
from funis.scoring.derived_items import HIGHEST, LOWEST, derived_columns, has_ends
from funis.shown import show_text
from funis.study.kept import once_a_study
from funis.study.model import Study
from funis.study.sources import filling_tests, items_of_tests
from funis.units import find_scale
from funis.units.columns import columns_of_instrument

_KEYS = ("subject", "visit")
# Columns of our own beside those of a table: what the laboratory gives, a test not done, a difference.
_LAB, _TOLD, _DIFFERS = "_lab_of {}", "_not_done of {}", "_differs {}"
# Two prints of one measurement may differ by rounding after a conversion; more is a disagreement.
_ROUNDING = 0.01


@dataclass(frozen=True, slots=True)
class _Mapped:
    """An instrument and its items that laboratory tests decide.

    Attributes
    ----------
    items : those that hold numbers
    units : of each test that decides one, the unit that the definition uses
    """

    definition: Definition
    items: tuple[Item, ...]
    parameters: Mapping[str, Any]
    units: Mapping[str, str]


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
    labs = frames["labs"]
    due = [name for name in study.instrument_names if not frames[name].is_empty()]
    mapped_names = [name for name in due if _map_instrument(study, name) is not None]
    wide = _wide_labs(study, labs) if mapped_names else labs
    for name in mapped_names:
        mapped = _map_instrument(study, name)
        if mapped is not None:
            values = wide.select(_in_units(study, name, verbs_of(wide), tuple(sorted(wide.columns))))
            filled[name], found = _fill_instrument(
                study, mapped, frames[name], (values, _find_not_done(labs))
            )
            findings += found
    return filled, findings


@once_a_study
def _map_instrument(study: Study, name: str) -> _Mapped | None:
    """Find the items of an instrument that tests of the study decide."""
    found = find_definition(name)
    if found is None:
        return None
    items = items_of_tests(study, name)
    if not items:
        return None
    wanted = filling_tests(study, name)
    units = {measure.name: measure.unit for measure in found.measures}
    units |= {item.lab: item.unit for item in found.items if item.lab and item.is_measured}
    # A unit of the laboratory's own is compared with its own limits as it is.
    own = {lab.test for lab in study.labs if lab.unit not in analyte_units(lab.test)}
    units |= {
        one.column: ""
        for one in columns_of_instrument(name).values()
        if one.is_relative and one.column in own
    }
    parameters = found.parameter_values(study.choice(name).parameters)
    numbers = tuple(item for item in items if not item.is_text)
    return _Mapped(found, numbers, parameters, {test: units.get(test, "") for test in sorted(wanted)})


def _find_not_done(labs: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Give, per test, the subjects and visits at which it was not done."""
    if "value_not_done" not in labs.columns or not labs["value_not_done"].any():
        return {}
    said = labs.filter("value_not_done").select("test", *_KEYS).unique()
    return {
        str(test): rows
        for (test,), rows in said.partition_by("test", as_dict=True, include_key=False).items()
    }


def _wide_labs(study: Study, labs: pl.DataFrame) -> pl.DataFrame:
    """Give the results of each subject and visit with their limits, in columns ``value_c3``, ``low_c3``.

    Of two results of a test at one visit the last counts; where a laboratory gave no limits, the study does.
    """
    ops = verbs_of(labs)
    usable = labs.filter(ops.col("value").is_not_null(), ops.col("comparator").is_null())
    usual = {
        "low": {lab.test: lab.low for lab in study.labs},
        "high": {lab.test: lab.high for lab in study.labs},
    }
    limits = [
        ops.coalesce(
            ops.col(name), ops.col("test").replace_strict(known, default=None, return_dtype=ops.Float64)
        ).alias(name)
        for name, known in usual.items()
        if known
    ]
    last = usable.with_columns(limits).unique([*_KEYS, "test"], keep="last", maintain_order=True)
    return last.pivot("test", index=_KEYS, values=["value", "low", "high"])


@once_a_study
def _in_units(study: Study, name: str, ops: Verbs, wide: tuple[str, ...]) -> Sequence[pl.Expr]:
    """Bring results to the units of an instrument: ``c3``, ``c3_low``, ``c3_high``."""
    mapped = _map_instrument(study, name)
    columns = [ops.col(key) for key in _KEYS]
    for test, wanted in ({} if mapped is None else mapped.units).items():
        unit = study.lab(test).unit
        for kind, called in zip(("value", "low", "high"), _result_columns(test), strict=True):
            is_there = f"{kind}_{test}" in wide
            number = ops.col(f"{kind}_{test}") if is_there else ops.lit(None, ops.Float64)
            columns.append(_in_unit(ops, number, test, unit, wanted).alias(called))
    return columns


def _result_columns(test: str) -> tuple[str, str, str]:
    """Name what the laboratory gives of a test: the result and the limits of normal."""
    return test, f"{test}_low", f"{test}_high"


def _in_unit(ops: Verbs, number: pl.Expr, test: str, unit: str, wanted: str) -> pl.Expr:
    """Convert results; null where they cannot be brought to the unit of the definition."""
    if unit == wanted or not wanted:
        return number
    known = analyte_units(test)
    if unit not in known or wanted not in known:
        return ops.lit(None, ops.Float64)
    converted: pl.Expr = find_scale(test, unit, wanted).column(number)
    return converted


def _fill_instrument(
    study: Study,
    mapped: _Mapped,
    frame: pl.DataFrame,
    labs: tuple[pl.DataFrame, Mapping[str, pl.DataFrame]],
) -> tuple[pl.DataFrame, list[Finding]]:
    """Fill the blank items of one table from the results, and what was stated as not done per test."""
    values, not_done = labs
    items, ops = mapped.items, verbs_of(frame)
    measured = frame.select(_KEYS).join(values, on=_KEYS, how="left", maintain_order="left")
    made = measured.select(_derivations(study, mapped.definition.name, ops))
    beside = made.rename(_LAB.format)
    told = tuple(item.name for item in items if item.is_measured and item.lab in not_done)
    for item in items:
        if item.name in told:
            beside = beside.hstack(_told_not_done(not_done[item.lab], frame, item))
    whole = frame.hstack(beside)
    flagged = tuple(item.name for item in items if f"{item.name}_not_done" in frame.columns)
    found = whole.select(_fillings(study, mapped.definition.name, ops, told, flagged))
    findings: list[Finding] = []
    for item in items:
        rows = found[_DIFFERS.format(item.name)].arg_true().to_list()
        findings += _disagreements(mapped, item, rows, (frame, made, measured))
    kept = [name for name in found.columns if not name.startswith(_DIFFERS.format(""))]
    return put_beside(frame, found.select(kept)), findings


@once_a_study
def _derivations(study: Study, name: str, ops: Verbs) -> Sequence[pl.Expr]:
    """Give the items of an instrument as they follow from the laboratory."""
    mapped = _map_instrument(study, name)
    if mapped is None:
        return ()
    schema = {called: nw.Float64() for test in mapped.units for called in _result_columns(test)}
    # What the laboratory did not measure it cannot say, not even of a measure that need not be there.
    return derived_columns(
        mapped.definition,
        dict.fromkeys(_KEYS, nw.String()) | schema,
        ops,
        items=mapped.items,
        parameters=mapped.parameters,
        optional_needed=True,
    )


@once_a_study
def _fillings(
    study: Study, name: str, ops: Verbs, told: tuple[str, ...], flagged: tuple[str, ...]
) -> Sequence[pl.Expr]:
    """Give the filled items of an instrument, what was not done, and where item and laboratory differ."""
    mapped = _map_instrument(study, name)
    columns: list[pl.Expr] = []
    for item in () if mapped is None else mapped.items:
        not_done = _not_done(ops, item, is_told=item.name in told, is_flagged=item.name in flagged)
        columns += [not_done.alias(f"{item.name}_not_done")] if item.name in told else []
        columns.append(_filled(ops, item, not_done))
        columns.append(_disagree(ops, item).alias(_DIFFERS.format(item.name)))
    return columns


def _told_not_done(said: pl.DataFrame, frame: pl.DataFrame, item: Item) -> pl.DataFrame:
    """Tell at which visits the laboratory stated that the test of an item was not done."""
    name = _TOLD.format(item.name)
    told = said.with_columns(verbs_of(said).lit(value=True).alias(name))
    return frame.select(_KEYS).join(told, on=_KEYS, how="left", maintain_order="left").select(name)


def _not_done(ops: Verbs, item: Item, *, is_told: bool, is_flagged: bool) -> pl.Expr:
    """Tell at which visits an item was not done, as its own form or the laboratory says."""
    flag = ops.col(f"{item.name}_not_done")
    stated = flag.fill_null(value=False) if is_flagged else ops.lit(value=False)
    if not is_told:
        return stated
    told = ops.col(_TOLD.format(item.name)).fill_null(value=False)
    return stated | (told & ops.col(item.name).is_null())


def _filled(ops: Verbs, item: Item, not_done: pl.Expr) -> pl.Expr:
    """Fill a blank; a result beyond what the item can hold was queried in labs and fills nothing."""
    own, lab = ops.col(item.name), ops.col(_LAB.format(item.name))
    if item.is_measured:
        lowest = -math.inf if item.minimum is None else item.minimum
        highest = math.inf if item.maximum is None else item.maximum
        lab = ops.when(lab >= lowest, lab <= highest).then(lab)
    return ops.when(own.is_not_null() | not_done).then(own).otherwise(lab.cast(ops.Float64))  # type: ignore[no-any-return]


def _disagree(ops: Verbs, item: Item) -> pl.Expr:
    """Tell where item and laboratory differ by more than a rounding."""
    own, lab = ops.col(item.name), ops.col(_LAB.format(item.name))
    if has_ends(item):
        low, high = (ops.col(_LAB.format(end.format(item.name))) for end in (LOWEST, HIGHEST))
        return ((own < low) | (own > high)).fill_null(value=False)
    if not item.is_measured:
        return (own != lab).fill_null(value=False)
    gap: pl.Expr = compare_exactly(
        (own - lab).abs(), ">", ops.max_horizontal(own.abs(), lab.abs()) * _ROUNDING
    )
    return gap.fill_null(value=False)


def _disagreements(
    mapped: _Mapped,
    item: Item,
    rows: Sequence[int],
    told: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame],
) -> Iterator[Finding]:
    """Report where item and laboratory differ: the item stands, somebody must look."""
    frame, made, measured = told
    for index in rows:
        row, values = frame.row(index, named=True), measured.row(index, named=True)
        lab, given = _given_level(item, made, index, row[item.name])
        said = ", ".join(
            f"{name} {show_text(show_value(values[name]))}"
            for name in item.measures
            if values.get(name) is not None
        )
        attributed = row.get(f"{item.name}_attributed") == 0
        # A finding that was judged to have another cause is recorded as absent; that is a question, no more.
        is_query = not item.is_measured and (attributed or row[item.name] < lab)
        yield row_finding(
            "query" if is_query else "warning",
            "lab_contradicts_item",
            mapped.definition.name,
            row,
            column=item.name,
            message=f"The laboratory says otherwise: {said} gives {given}.",
            fix="Correct one of the two"
            + (", or say that the finding has another cause." if is_query else "."),
        )


def _given_level(item: Item, made: pl.DataFrame, index: int, own: float) -> tuple[float, str]:
    """Give what the laboratory says of an item, and in words: a level, or the end that is overstepped."""
    lab = made[item.name][index]
    if lab is not None or not has_ends(item):
        return lab, show_text(show_value(lab))
    low, high = (made[end.format(item.name)][index] for end in (LOWEST, HIGHEST))
    return (low, f"at least {show_value(low)}") if own < low else (high, f"at most {show_value(high)}")
