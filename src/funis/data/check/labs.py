"""Laboratory results: units brought to the study's, impossible values left out, odd ones queried.

A wrong unit label is the commonest way to a wrong number, and no reader can see it later: a creatinine
of 1.1 labelled umol/L is 1.1 mg/dL. Values are converted only by their label, never by their size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

import polars as pl

from funis.catalogue.analyte_limits import possible_in
from funis.catalogue.instrument_tables import analyte_units, reported_units
from funis.catalogue.model_analytes import PlausibleRange
from funis.catalogue.registry import analyte_table
from funis.data.cells import RawTable
from funis.data.check.row_findings import row_finding, rows_where, show_value
from funis.errors import Finding
from funis.frames.verbs import concat, verbs_of
from funis.scoring.refused_values import ask_for_unit
from funis.shown import show_text
from funis.study.model import LabTest, Study
from funis.units import convert, find_scale
from funis.units.spelling import read_unit

_COMPARED = r"^([<>]=?)\s*([0-9][0-9.eE+-]*)$"
_NEPHRITIS = 0.5
_ALMOST_NONE = 0.01


def split_comparators(raw: RawTable) -> tuple[RawTable, list[Finding]]:
    """Move a sign that stands before a result (``<5``) into the column comparator.

    Parameters
    ----------
    raw : the table ``labs`` as texts; other tables pass unchanged

    Returns
    -------
    tuple
        The table; one warning where a sign was moved.
    """
    if raw.name != "labs" or "value" not in raw.frame.columns:
        return raw, []
    frame, ops = raw.frame, verbs_of(raw.frame)
    if "comparator" not in frame.columns:
        frame = frame.with_columns(ops.lit(None, ops.String).alias("comparator"))
    value = ops.col("value").str.strip_chars()
    is_free = ops.col("comparator").fill_null("").str.strip_chars() == ""
    compared = is_free & value.str.contains(_COMPARED).fill_null(value=False)
    rows = list(rows_where(frame.with_columns(_file=ops.lit(raw.file)), compared))
    if not rows:
        return raw, []
    frame = frame.with_columns(
        ops.when(compared).then(value.str.extract(_COMPARED, 1)).otherwise("comparator").alias("comparator"),
        ops.when(compared).then(value.str.extract(_COMPARED, 2)).otherwise("value").alias("value"),
    )
    count = "1 result carries its" if len(rows) == 1 else f"{len(rows)} results carry their"
    message = f"{count} sign; it is moved to the column comparator."
    fix = "Write the sign in comparator and the number in value."
    finding = row_finding("warning", "comparator", "labs", rows[0], column="value", message=message, fix=fix)
    return replace(raw, frame=frame), [finding]


def derive_lab_values(study: Study, labs: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Bring every result to the unit of the study and leave out what is impossible.

    Parameters
    ----------
    study : names the unit of each test
    labs : the typed table

    Returns
    -------
    tuple
        The table with ``value``, ``low``, ``high`` and ``unit`` in the study's unit (what was written stands
        in ``value_recorded`` and ``unit_recorded``); every finding.
    """
    findings: list[Finding] = []
    labs = labs.with_columns(value_recorded="value", unit_recorded="unit")
    by_test = {} if labs.is_empty() else labs.partition_by("test", as_dict=True, maintain_order=True)
    due = [(lab, by_test[lab.test,]) for lab in study.labs if (lab.test,) in by_test]
    parts = [_test_values(lab, rows, findings) for lab, rows in due]
    is_unchanged = all(part is rows for part, (_, rows) in zip(parts, due, strict=True))
    if not (is_unchanged and sum(part.height for part in parts) == labs.height):
        labs = concat([labs.clear(), *parts])
    findings += _reversed_limits(labs)
    return labs.sort("_file", "_line", maintain_order=True), findings


def _test_values(lab: LabTest, rows: pl.DataFrame, findings: list[Finding]) -> pl.DataFrame:
    """Convert and check the results of one test."""
    converted = rows
    if set(rows["unit"].to_list()) != {lab.unit}:
        parts = []
        for (unit,), group in rows.group_by("unit", maintain_order=True):
            parts.append(_convert_group(lab, unit if isinstance(unit, str) else None, group, findings))
        converted = concat([rows.clear(), *parts])
    converted, found = _leave_out_impossible(lab, converted)
    findings += found
    converted, of_limits = _leave_out_limits(lab, converted)
    findings += of_limits
    findings += _odd_values(lab, converted)
    return converted


def _convert_group(
    lab: LabTest, unit: str | None, group: pl.DataFrame, findings: list[Finding]
) -> pl.DataFrame:
    """Convert results that share a unit label."""
    first = group.row(0, named=True)
    said = {"column": "unit", "value": unit}
    if unit is None:
        is_one = group.height == 1
        said_of = f"1 result of {lab.test} has" if is_one else f"{group.height} results of {lab.test} have"
        message = f"{said_of} no unit; {'it is' if is_one else 'they are'} read as {lab.unit}."
        fix = f"Write the unit, {lab.unit}."
        findings.append(
            row_finding("warning", "missing_unit", "labs", first, message=message, fix=fix, **said)
        )
        return group.with_columns(unit=verbs_of(group).lit(lab.unit))
    ops = verbs_of(group)
    read = read_unit(unit, reported_units(lab.test) or (lab.unit,))
    if read == lab.unit:
        return group.with_columns(unit=ops.lit(lab.unit))
    known = analyte_units(lab.test)
    if read not in known or lab.unit not in known:
        message, fix = _say_unknown(lab, unit, read)
        findings += [
            row_finding("error", "unknown_unit", "labs", row, message=message, fix=fix, **said)
            for row in group.iter_rows(named=True)
        ]
        return group.with_columns(ops.lit(None, ops.Float64).alias("value"), unit=ops.lit(lab.unit))
    scale = find_scale(lab.test, read, lab.unit)
    columns = [scale.column(ops.col(name)).alias(name) for name in ("value", "low", "high")]
    return group.with_columns(*columns, unit=ops.lit(lab.unit))


def _say_unknown(lab: LabTest, unit: str, read: str) -> tuple[str, str]:
    """Say why results cannot be brought to the unit of the study, and what can be done."""
    own = set(reported_units(lab.test)) - set(analyte_units(lab.test))
    if read in own:
        message = (
            f"{read} of {lab.test} is a unit of the laboratory's own, which nothing converts to {lab.unit}"
        )
        fix = f"Where the study measures in {read}, write it in [[labs]] with the laboratory's own limits."
        return f"{message}; the value is left out.", fix
    known = reported_units(lab.test) or (lab.unit,)
    near = get_close_matches(unit, known, n=1, cutoff=0.4)
    # "U/L" looks like "kU/L" and is something else: what is near in letters must not be an arbitrary unit.
    hint = f"The nearest is '{near[0]}'. " if near and not own else ""
    message = f"This unit is not known for {lab.test}; the value is left out."
    return message, f"{hint}Known for {lab.test}: {', '.join(known)}."


def _leave_out_impossible(lab: LabTest, rows: pl.DataFrame) -> tuple[pl.DataFrame, Iterator[Finding]]:
    """Null the values that cannot be: negative, beyond the study's limits, beyond what a body can make."""
    usual = _plausible(lab)
    lowest, highest = _possible(lab)
    least = max(0.0, lowest or 0.0, lab.minimum or 0.0)
    most = min((limit for limit in (highest, lab.maximum) if limit is not None), default=None)
    if _lie_within(rows["value"], least, most):
        return rows, iter(())
    ops = verbs_of(rows)
    value = ops.col("value")
    wrong = value < 0
    reasons = [(value < 0, "below zero", "Write the value as the laboratory gave it.")]
    if usual is not None and lowest is not None:
        allowed = f"Possible is {lowest:g} to {highest:g} {lab.unit}."
        below, above = f"below {lowest:g} {lab.unit}", f"above {highest:g} {lab.unit}"
        reasons.append(
            (value < lowest, f"{below}, which is impossible", f"{usual.hint_low} {allowed}".strip())
        )
        reasons.append(
            (value > highest, f"{above}, which is impossible", f"{usual.hint_high} {allowed}".strip())
        )
    if lab.minimum is not None:
        reasons.append((value < lab.minimum, f"below {lab.minimum:g}", _study_limit(lab)))
    if lab.maximum is not None:
        reasons.append((value > lab.maximum, f"above {lab.maximum:g}", _study_limit(lab)))
    findings: list[Finding] = []
    for condition, words, fix in reasons:
        wrong |= condition
        for row in rows_where(rows, condition):
            message = f"{lab.test} is {words}; it is left out."
            asked = ask_for_unit(lab.test, lab.unit, row["value"])
            findings.append(_lab_finding("error", "value_outside_range", row, message, fix + asked))
    seen: dict[tuple[str, int | None], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.file, finding.line), finding)
    return rows.with_columns(ops.when(~wrong).then(value).alias("value")), iter(seen.values())


def _leave_out_limits(lab: LabTest, rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Finding]]:
    """Null limits of normal that no laboratory can have; one of 0 is possible where no value of 0 is."""
    lowest, highest = _possible(lab)
    if lowest is None or highest is None:
        return rows, []
    least, findings = min(0.0, lowest), []
    for name in ("low", "high"):
        if _lie_within(rows[name], least, highest):
            continue
        ops = verbs_of(rows)
        limit = ops.col(name)
        wrong = (limit < least) | (limit > highest)
        for row in rows_where(rows, wrong):
            message = f"This limit of normal of {lab.test} is impossible; it is left out."
            fix = f"Possible is {least:g} to {highest:g} {lab.unit}."
            fix += ask_for_unit(lab.test, lab.unit, row[name])
            said = {"column": name, "value": row[name], "message": message, "fix": fix}
            findings.append(row_finding("error", "value_outside_range", "labs", row, **said))
        rows = rows.with_columns(ops.when(~wrong).then(limit).alias(name))
    return rows, findings


def _lie_within(values: pl.Series, low: float | None, high: float | None) -> bool:
    """Say whether no value lies outside of limits: nearly always so, and found out without a query."""
    least, most = values.min(), values.max()
    if not isinstance(least, float) or not isinstance(most, float):
        return True
    return (low is None or least >= low) and (high is None or most <= high)


def _study_limit(lab: LabTest) -> str:
    limits = [
        f"{word} {limit:g}"
        for word, limit in (("from", lab.minimum), ("to", lab.maximum))
        if limit is not None
    ]
    return f"The study file allows {' '.join(limits)} {lab.unit}."


def _plausible(lab: LabTest) -> PlausibleRange | None:
    """Give what a test can be, in its usual unit; None for a test of which nothing is said."""
    analyte = analyte_table().analytes.get(lab.test)
    return None if analyte is None else analyte.plausible


def _possible(lab: LabTest) -> tuple[float, float] | tuple[None, None]:
    """Give the lowest and highest possible value in the unit of the study; None where nothing is known."""
    analyte = analyte_table().analytes.get(lab.test)
    return (analyte and possible_in(analyte, lab.unit)) or (None, None)


def _in_study_unit(lab: LabTest, limit: float) -> float | None:
    """Give a usual limit in the unit of the study; None where the units cannot be compared."""
    known = analyte_units(lab.test)
    if lab.unit not in known:
        return None
    return limit if known[0] == lab.unit else float(convert(limit, lab.test, known[0], lab.unit))


def _reversed_limits(labs: pl.DataFrame) -> Iterator[Finding]:
    """Find limits of normal of which the lower is above the upper."""
    ops = verbs_of(labs)
    for row in rows_where(labs, ops.col("low") > ops.col("high")):
        message = f"The lower limit of normal is above the upper ({show_text(show_value(row['high']))})."
        yield row_finding(
            "warning", "limits_reversed", "labs", row, column="low", message=message, fix="Exchange them."
        )


def _odd_values(lab: LabTest, rows: pl.DataFrame) -> Iterator[Finding]:
    """Query values that are possible but nearly always a slip."""
    usual = _plausible(lab)
    low, high = (
        (None, None)
        if usual is None or usual.usual is None
        else (_in_study_unit(lab, limit) for limit in usual.usual)
    )
    if usual is None or low is None or high is None:
        return
    trace = _in_study_unit(lab, _ALMOST_NONE) if lab.test == "proteinuria_24h" else None
    if _lie_within(rows["value"], low if trace is None else max(low, trace), high):
        return
    ops = verbs_of(rows)
    free = ops.col("comparator").is_null()
    for row in rows_where(rows, (ops.col("value") < low) & free):
        message = f"{lab.test} below {low:g} {lab.unit} is nearly always a slip."
        yield _lab_finding(
            "query", "odd_value", row, message, usual.hint_low or "Check the value and its unit."
        )
    for row in rows_where(rows, ops.col("value") > high):
        message = f"{lab.test} above {high:g} {lab.unit} is nearly always a slip."
        yield _lab_finding(
            "query", "odd_value", row, message, usual.hint_high or "Check the value and its unit."
        )
    if lab.test == "proteinuria_24h":
        yield from _too_little_protein(lab, rows)


def _too_little_protein(lab: LabTest, rows: pl.DataFrame) -> Iterator[Finding]:
    """Query a trace of protein: 2.24 mg in 24 h is what 2.24 g becomes under the wrong label."""
    trace, nephritis = (_in_study_unit(lab, limit) for limit in (_ALMOST_NONE, _NEPHRITIS))
    if trace is None or nephritis is None:
        return
    ops = verbs_of(rows)
    affected = rows.filter(ops.col("value") > nephritis)["subject"].unique().to_list()
    tiny = (ops.col("value") < trace) & ops.col("comparator").is_null()
    for row in rows_where(rows, tiny & ((ops.col("value") > 0) | ops.col("subject").is_in(affected))):
        message = f"24-h protein below {trace:g} {lab.unit}" + (
            " in a subject with nephritis."
            if row["subject"] in affected
            else " is less than healthy people lose."
        )
        yield _lab_finding(
            "query", "odd_value", row, message, "Is it g, labelled mg? Check the value and its unit."
        )


def _lab_finding(level: Any, code: str, row: Mapping[str, Any], message: str, fix: str) -> Finding:
    """Compose the finding of a result, shown as it was written."""
    value = f"{show_value(row['value_recorded'])} {row['unit_recorded'] or ''}".strip()
    return row_finding(level, code, "labs", row, column="value", value=value, message=message, fix=fix)


def missing_tests(due: Sequence[str], recorded: Sequence[str]) -> list[str]:
    """Name the tests that are due and not recorded; one of a group that measures one thing is enough.

    Parameters
    ----------
    due : tests planned at a visit
    recorded : tests with a result or marked as not done

    Returns
    -------
    list of str

    Examples
    --------
    >>> missing_tests(["proteinuria_24h", "c3"], ["upcr"])
    ['c3']
    """
    groups = (frozenset({"proteinuria_24h", "upcr", "acr"}), frozenset({"creatinine", "gfr"}))
    there = set(recorded)
    enough = {test for group in groups if group & there for test in group}
    return [test for test in due if test not in there and test not in enough]
