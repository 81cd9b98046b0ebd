"""Lots: what they were made from, their bags, and where they stand by the decisions on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from funis.capture.conduct.product.making import Content, make_units
from funis.capture.conduct.product.moving import UnitStep
from funis.capture.context import because
from funis.capture.forms.validation import check_changes
from funis.capture.models import LotDecision, LotSource, StudyForm, Unit
from funis.capture.models.product_moves import BAG, CULTURE, VIAL
from funis.capture.study_in_force import newest_version, plan_of, today
from funis.errors import ValueRangeError

LOT_STATES: Final = {
    "in_process": "In process",
    "quarantine": "In quarantine",
    "released": "Released",
    "conditional": "Released with pending results",
    "rejected": "Rejected",
    "recalled": "Recalled",
}
"""Where a lot stands, with the printed words."""
GIVEABLE: Final = ("released", "conditional")
"""States of a lot whose bags may be given."""
_AFTER: Final = {
    "release": "released",
    "release_pending": "conditional",
    "reject": "rejected",
    "recall": "recalled",
}


def lot_state(lot: StudyForm) -> str:
    """Tell where a lot stands: by the newest decision that stands, else by what was loaded of it.

    Returns
    -------
    str : one of `LOT_STATES`
    """
    decisions = [each for each in LotDecision.objects.filter(lot=lot).order_by("number") if each.stands]
    if decisions:
        return _AFTER[decisions[-1].decision]
    loaded = str(lot.data.get("release") or "")
    if loaded in {"released", "conditional", "rejected"}:
        return loaded
    return "quarantine" if loaded == "quarantine" else "in_process"


def register_row(table: str, code: str, typed: Mapping[str, Any]) -> StudyForm:
    """Enter a donor or a lot as a row of its table, read as its form reads what is typed.

    Parameters
    ----------
    table : ``donors`` or ``lots``
    code : what names the row; says nothing of a person
    typed : the other columns, as text; an empty one is left out

    Raises
    ------
    ValueRangeError : the code is taken or empty, or a value that the form does not take
    """
    code = code.strip()
    if not code or len(code) > 80 or not code.isprintable():
        raise ValueRangeError(f"code of a row of {table}", code or "nothing", "1 to 80 printable letters")
    if StudyForm.objects.filter(name=table, code=code).exists():
        raise ValueRangeError(f"code of a row of {table}", code, "one that is not there yet")
    version = newest_version()
    row = StudyForm(name=table, code=code, version=version, data=read_typed(table, {}, typed))
    row.save()
    return row


def read_typed(table: str, current: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    """Read what was typed into a row of donors or lots; give the document with it.

    Raises
    ------
    ValueRangeError : a value that the form does not take
    """
    plan = plan_of(newest_version()).form(table)
    given = {name: value for name, value in typed.items() if value not in {None, ""}}
    checked = check_changes(plan, current, given, today=today())
    for remark in checked.refusals:
        raise ValueRangeError(remark.key, str(remark.found), remark.allowed_words(), remark.to_do())
    return checked.document


def change_row(row: StudyForm, typed: Mapping[str, Any], reason: str) -> None:
    """Add to or correct a row of donors or lots, with a reason.

    Raises
    ------
    ValueRangeError : nothing is changed, no reason is given, or a value that the form does not take
    """
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why it is changed")
    row = StudyForm.objects.select_for_update().get(pk=row.pk)
    data = read_typed(row.name, row.data, typed)
    if data == row.data:
        raise ValueRangeError(f"row {row.code}", "nothing that differs", "at least one other value")
    with because(reason.strip()):
        row.data = data
        row.save()


def start_lot(code: str, sources: Sequence[Unit], typed: Mapping[str, Any]) -> StudyForm:
    """Enter a lot that is made from harvested cultures or thawed vials; it is in quarantine.

    Where the sources have one donor, that is the lot's donor in the data folder; of a pool no single donor is
    written there, and all donors count (see `tracing`).

    Parameters
    ----------
    code : of the lot
    sources : what it is made from
    typed : other columns of ``lots``, as text

    Raises
    ------
    ValueRangeError : no source, one from which no bag can be filled, or a value that the form does not take
    """
    from funis.capture.conduct.product.tracing import donors_of_units

    ready = {(CULTURE, "harvested"), (VIAL, "thawed")}
    for unit in sources:
        if (unit.kind, unit.state) not in ready:
            raise ValueRangeError(f"source {unit.code}", unit.state, "a harvested culture or a thawed vial")
    if not sources:
        raise ValueRangeError("sources of the lot", "none", "at least one harvested culture or thawed vial")
    donors = donors_of_units(sources)
    passages = {unit.passage for unit in sources}
    known: dict[str, Any] = {"release": "quarantine"}
    if len(donors) == 1:
        known["donor"] = donors[0].code
    if len(passages) == 1:
        known["passage"] = str(passages.pop())
    lot = register_row("lots", code, known | dict(typed))
    for unit in sources:
        LotSource(lot=lot, unit=unit).save()
    return lot


def fill_bags(
    lot: StudyForm, source: Unit, count: int, content: Content, step: UnitStep | None = None
) -> list[Unit]:
    """Fill bags of a lot from one of its sources; they are in quarantine until the lot is released.

    Parameters
    ----------
    lot : on which nothing was decided yet
    source : a unit that the lot is made from
    count : how many, all alike
    content : of each; cells, viable cells and volume are asked for

    Raises
    ------
    ValueRangeError : the lot was decided, the source is not the lot's, or holds fewer cells
    """
    if lot_state(lot) not in {"in_process", "quarantine"}:
        found = LOT_STATES[lot_state(lot)]
        raise ValueRangeError(f"lot {lot.code}", found, "a lot on which nothing was decided yet")
    if not LotSource.objects.filter(lot=lot, unit=source).exists():
        raise ValueRangeError("source of the bags", source.code, "a unit that the lot is made from")
    lacking = [name for name in ("cells", "viable_cells", "volume_ml") if getattr(content, name) is None]
    if lacking:
        raise ValueRangeError("content of a bag", f"no {lacking[0]}", "cells, viable cells and volume")
    if content.volume_ml is not None and content.volume_ml <= 0:
        raise ValueRangeError("volume of a bag", str(content.volume_ml), "more than 0 mL")
    return make_units(source, BAG, "fill", replace(content), step, count=count, lot=lot)
