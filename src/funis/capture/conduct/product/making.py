"""What is made from what: a cord, cultures, bank vials; no more cells than there were."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from funis.capture.conduct.product.moving import UnitStep, lock_unit, move
from funis.capture.context import because
from funis.capture.models import StudyForm, Unit
from funis.capture.models.product_moves import BAG, CORD, CULTURE, KINDS, VIAL
from funis.errors import ValueRangeError

LETTERS: Final = {CORD: "C", CULTURE: "K", VIAL: "V", BAG: "B"}
"""First letter of the code of a unit of each kind."""
MOST_AT_ONCE: Final = 200
_LOCK: Final = 7_214_001


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a unit, and where it is.

    Attributes
    ----------
    cells, viable_cells : counted; of a cord none
    volume_ml : millilitres
    container, medium, external_ids : as the cell laboratory names them
    location, place : code of the site, empty for the cell laboratory; shelf or freezer there
    expires_at : moment in UTC as the trail writes it; empty: none is set
    """

    cells: int | None = None
    viable_cells: int | None = None
    volume_ml: Decimal | None = None
    container: str = ""
    medium: str = ""
    external_ids: str = ""
    location: str = ""
    place: str = ""
    expires_at: str = ""

    def columns(self) -> dict[str, Any]:
        """Give it as the columns of a unit."""
        return {name: getattr(self, name) for name in self.__slots__}


def register_cord(donor: StudyForm, content: Content, step: UnitStep | None = None) -> Unit:
    """Register a cord of a donor.

    Parameters
    ----------
    donor : row of the table ``donors``
    content : where it is; its cells are not counted

    Raises
    ------
    ValueRangeError : the donor was found not eligible, or was recalled
    """
    if donor.data.get("eligible") == 0:
        raise ValueRangeError(f"donor {donor.code}", "found not eligible", "a donor whose cells may be given")
    cord = Unit(kind=CORD, code=next_code(CORD), donor=donor, **content.columns())
    cord.save()
    move(cord, "collect", step)
    return cord


def seed_culture(parent: Unit, content: Content, step: UnitStep | None = None) -> Unit:
    """Seed a culture from a processed cord, a harvested culture or a thawed vial.

    The first culture of a cord is passage 0; each one made from a culture or a vial is one more.

    Raises
    ------
    ValueRangeError : nothing can be made of the parent now, or it holds fewer cells
    """
    if content.cells is None:
        raise ValueRangeError("cells that are seeded", "nothing", "a whole number")
    passage = 0 if parent.passage is None else parent.passage + 1
    return make_units(parent, CULTURE, "seed", content, step, passage=passage)[0]


def harvest_culture(
    culture: Unit, cells: int, viable_cells: int | None, step: UnitStep | None = None
) -> None:
    """Record the harvest of a culture: harvested over seeded cells is its expansion.

    Raises
    ------
    ValueRangeError : more viable cells than cells, or none
    """
    check_counts(cells, viable_cells)
    move(culture, "harvest", step, harvested_cells=cells, viable_cells=viable_cells)


def bank_vials(culture: Unit, count: int, content: Content, step: UnitStep | None = None) -> list[Unit]:
    """Bank a harvested culture as vials of the same content, each with its own code, in quarantine.

    Raises
    ------
    ValueRangeError : the culture is not harvested, or holds fewer cells
    """
    if content.cells is None:
        raise ValueRangeError("cells of a vial", "nothing", "a whole number")
    return make_units(culture, VIAL, "bank", content, step, count=count, passage=culture.passage)


def make_units(
    parent: Unit,
    kind: str,
    event: str,
    content: Content,
    step: UnitStep | None = None,
    *,
    count: int = 1,
    **columns: Any,
) -> list[Unit]:
    """Make units from a parent, whose cells are drawn in the same transaction.

    Parameters
    ----------
    parent : the unit they are made from
    kind, event : of the new units, and their first event
    content : of each
    step : what is known of the step
    count : how many
    columns : of the new units beside their content

    Raises
    ------
    ValueRangeError : nothing can be made of the parent now, or it holds fewer cells
    """
    if not 1 <= count <= MOST_AT_ONCE:
        raise ValueRangeError("number of units", str(count), f"1 to {MOST_AT_ONCE}")
    check_counts(content.cells, content.viable_cells)
    drawn = _draw(parent, count * (content.cells or 0), kind, count)
    step = step or UnitStep()
    made = []
    for _ in range(count):
        unit = Unit(kind=kind, code=next_code(kind), parent=drawn, **content.columns(), **columns)
        unit.save()
        move(unit, event, step)
        made.append(unit)
    parent.refresh_from_db()
    return made


def check_counts(cells: int | None, viable_cells: int | None) -> None:
    """Refuse counts that cannot be.

    Raises
    ------
    ValueRangeError : negative, or more viable cells than cells
    """
    if cells is not None and cells < 0:
        raise ValueRangeError("cells", str(cells), "0 or more")
    if viable_cells is not None and not 0 <= viable_cells <= (cells if cells is not None else viable_cells):
        raise ValueRangeError("viable cells", str(viable_cells), f"0 to {cells}")


def _draw(parent: Unit, cells: int, kind: str, count: int) -> Unit:
    """Draw cells from a unit; a constraint of the database refuses what is more than there is."""
    held = lock_unit(parent)
    there = held.harvested_cells if held.harvested_cells is not None else held.cells
    if there is not None and held.drawn_cells + cells > there:
        raise ValueRangeError(
            f"cells drawn from {held.code}", str(cells), f"at most {there - held.drawn_cells}",
            "Check the count, or record the harvest first.",
        )  # fmt: skip
    move(held, "derive", UnitStep(details={"made": KINDS[kind], "number": count, "cells": cells}))
    with because(f"{KINDS[kind]} made"):
        held.drawn_cells += cells
        held.save()
    return held


def next_code(kind: str) -> str:
    """Give the next code of a kind of unit: a letter and five digits that tell nothing of anybody."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    letter = LETTERS[kind]
    last = Unit.objects.filter(kind=kind).order_by("code").values_list("code", flat=True).last()
    return f"{letter}{int(last[1:]) + 1 if last else 1:05d}"
