"""What lies beside exported tables: their hashes, and the witnesses of the trail they came from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from funis.capture.configuration import read_configuration
from funis.capture.context import moment
from funis.capture.exchange.trial_rows import TrialRows
from funis.capture.people.blinding import WITHHELD_FORMS
from funis.capture.safety.clock import told_clocks
from funis.capture.study_in_force import study_of
from funis.capture.trail.anchors import last_anchor, root_of
from funis.capture.trail.make_anchor import present_ends
from funis.study.allocated import allocation_plan

FILE: Final = "manifest.json"


def make_manifest(
    trial: TrialRows,
    files: Mapping[str, str],
    rows: Mapping[str, int],
    as_of: str,
    sight: str,
    left_out: int | None,
) -> str:
    """Make the manifest of an export.

    Parameters
    ----------
    trial : the rows that were exported; the clocks of serious events stand in no table, but here
    files : text of each file by its name in the folder
    rows : of each table
    as_of : moment whose data these are, in UTC; empty: the present
    sight : whether arms stand in it, or nothing that gives one away
    left_out : rows beside the tables that are about something that is not in them; None: these are not shown
    """
    ends = present_ends()
    anchor = last_anchor(read_configuration().anchors_file)
    said: dict[str, Any] = {
        "v": 1,
        "study": study_of(trial.version).trial.id,
        "study_version": trial.version.number,
        "exported_at": moment(),
        "as_of": as_of or None,
        "arms": sight if allocation_plan(study_of(trial.version)) else None,
        "left_out": [*sorted(WITHHELD_FORMS), "block_sizes"] if sight == "blinded" else [],
        "rows": dict(rows),
        "records_left_out": left_out,
        "sha256": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()},
        "serious_events": told_clocks(trial.clocks, trial.reports),
        "trail": {"chains": len(ends), "rows": sum(seq for seq, _ in ends.values()), "root": root_of(ends)},
        "anchor": asdict(anchor) if anchor else None,
    }
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"
