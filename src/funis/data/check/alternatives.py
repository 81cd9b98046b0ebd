"""Checks of measures that can stand for each other: one of them is blank where the study also takes it."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from funis.catalogue.model_instrument import Definition, Item
from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding
from funis.frames.verbs import Verbs, count_gaps, verbs_of


def check_alternatives(found: Definition, frame: pl.DataFrame, missing: str) -> Iterator[Finding]:
    """Ask about a blank measure beside another of the same thing, where the blank leaves grades open.

    Either may show the finding, so that under ``strict`` a creatinine without the GFR that other visits have
    may leave the renal grade unknown. Nobody would see why.

    Parameters
    ----------
    found : the instrument
    frame : its table, with what the laboratory fills
    missing : policy for missing items of the study
    """
    if found.kind != "grades" or missing != "strict":
        return
    ops, gaps = verbs_of(frame), count_gaps(frame)
    held = {name for name, count in gaps.items() if count < frame.height}
    for item in found.items:
        # Only a measure that some rows have and others lack can be blank beside another.
        if item.name not in held or not gaps[item.name] or not item.alternatives:
            continue
        rows = list(rows_where(frame, _is_blank_beside(ops, found, item, held)))
        if rows:
            others = " or ".join(f"'{name}'" for name in item.alternatives if name in held - {item.name})
            yield row_finding(
                "query",
                "alternative_blank",
                found.name,
                rows[0],
                column=item.name,
                message=f"'{item.name}' is empty at {len(rows)} visits that have {others}, and recorded at "
                "others. Each may show what the other does not, so that a grade may stay unknown.",
                fix="Write ND where it was not done, or set "
                f'missing = "absent" in [instruments.{found.name}].',
            )


def _is_blank_beside(ops: Verbs, found: Definition, item: Item, held: set[str]) -> pl.Expr:
    """Tell where an item is blank, another measure is there, and none that makes it meaningless."""
    # The item itself may stand among them: where it is blank, it speaks for nothing.
    others = [name for name in item.alternatives if name in held]
    outranked = [f.only_without for f in found.features if item.name in f.when.names]
    above = set.intersection(*map(set, outranked)) if outranked else set()
    others = [name for name in others if name not in above]
    if not others:
        return ops.lit(value=False)
    blank = [ops.col(item.name).is_null(), ops.any_horizontal([ops.col(n).is_not_null() for n in others])]
    blank += [ops.col(name).is_null() for name in sorted(above & held)]
    flags = [f"{name}_not_done" for name in item.alternatives if f"{name}_not_done" in held]
    blank += [~ops.col(name).cast(ops.Boolean).fill_null(value=False) for name in flags]
    return ops.all_horizontal(blank)
