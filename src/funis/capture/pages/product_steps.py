"""The forms of the steps of a unit: which fields each asks for, who may send it, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from funis.capture.conduct.product import bags, making
from funis.capture.conduct.product.moving import UnitStep, move
from funis.capture.models import Subject, Unit
from funis.capture.models.product_moves import BAG, CORD, CULTURE, VIAL, find_move
from funis.capture.pages.product_typed import Field, TypedFields
from funis.errors import ValueRangeError

ENTER, HANDLE = "enter product", "handle bag"

_PLACE = Field("place", "Place")
_TEMPERATURE = Field("temperature_c", "Temperature, °C", "decimal")
_REASON = Field("reason", "Reason", required=True)
_CELLS = Field("cells", "Cells", "whole", required=True)
_VIABLE = Field("viable_cells", "Viable cells", "whole", required=True)
_VOLUME = Field("volume_ml", "Volume, mL", "decimal", required=True)
_CONTAINER = Field("container", "Container")
_MEDIUM = Field("medium", "Medium")
_EXTERNAL = Field("external_ids", "Identifiers of others")
_EXPIRES = Field("expires_at", "Expires at", "moment")
_COUNT = Field("count", "How many", "whole", required=True)
_TRANSPORT = (
    Field("unbroken", "The temperature stayed within its limits all the way", "tick"),
    Field("lowest_c", "Lowest temperature, °C", "decimal"),
    Field("highest_c", "Highest temperature, °C", "decimal"),
    Field("logger", "Number of the logger"),
)
CORD_FIELDS: Final = (_CONTAINER, _MEDIUM, _EXTERNAL, _PLACE)


@dataclass(frozen=True, slots=True)
class StepForm:
    """The form of one step.

    Attributes
    ----------
    title : of the button
    fields : that it asks for
    take : what it does
    action : who may send it
    """

    title: str
    fields: tuple[Field, ...]
    take: Callable[[Unit, TypedFields], None]
    action: str = ENTER


def _step(typed: TypedFields) -> UnitStep:
    return UnitStep(place=typed.text("place"), temperature_c=typed.decimal("temperature_c"))


def _plain(event: str) -> Callable[[Unit, TypedFields], None]:
    def take(unit: Unit, typed: TypedFields) -> None:
        move(unit, event, _step(typed))

    return take


def _transport(typed: TypedFields) -> bags.Transport:
    return bags.Transport(
        typed.tick("unbroken"), typed.decimal("lowest_c"), typed.decimal("highest_c"), typed.text("logger")
    )


def _harvest(unit: Unit, typed: TypedFields) -> None:
    making.harvest_culture(unit, typed.needed_whole("cells"), typed.whole("viable_cells"), _step(typed))


def _bank(unit: Unit, typed: TypedFields) -> None:
    making.bank_vials(unit, typed.needed_whole("count"), typed.content(), _step(typed))


def _seed(unit: Unit, typed: TypedFields) -> None:
    making.seed_culture(unit, typed.content(), _step(typed))


def _reserve(unit: Unit, typed: TypedFields) -> None:
    number = typed.text("subject")
    subject = Subject.objects.filter(number=number).first()
    if subject is None:
        raise ValueRangeError("subject", number or "nothing", "the number of a subject")
    bags.reserve(unit, subject, typed.needed_whole("infusion"))


def _thaw_bag(unit: Unit, typed: TypedFields) -> None:
    cells, volume = typed.needed_whole("viable_cells"), typed.needed_decimal("volume_ml")
    bags.thaw(unit, cells, volume, _step(typed))


_SEED = StepForm("Seed a culture", (_CELLS, _CONTAINER, _MEDIUM, _PLACE), _seed)
_DISCARD = StepForm("Discard", (_REASON,), lambda unit, typed: bags.discard(unit, typed.text("reason", 400)))

DETAIL_WORDS: Final = {
    "reason": "Reason",
    "subject": "Subject",
    "infusion": "Infusion",
    "unbroken": "The temperature stayed within its limits all the way",
    "lowest_c": "Lowest temperature, °C",
    "highest_c": "Highest temperature, °C",
    "logger": "Number of the logger",
    "viable_cells": "Viable cells",
    "volume_ml": "Volume, mL",
    "made": "Made",
    "number": "How many",
    "cells": "Cells",
}
"""What an event tells beside its kind, with the words of a page."""

STEPS: Final[Mapping[tuple[str, str], StepForm]] = MappingProxyType(
    {
        (CORD, "receive"): StepForm("Receive", (_PLACE, _TEMPERATURE), _plain("receive")),
        (CORD, "process"): StepForm("Process", (_PLACE,), _plain("process")),
        (CORD, "derive"): _SEED,
        (CORD, "discard"): _DISCARD,
        (CULTURE, "harvest"): StepForm(
            "Harvest", (_CELLS, Field("viable_cells", "Viable cells", "whole")), _harvest
        ),
        (CULTURE, "derive"): _SEED,
        (CULTURE, "bank"): StepForm(
            "Bank as vials", (_COUNT, _CELLS, _VIABLE, _VOLUME, _CONTAINER, _MEDIUM, _PLACE, _EXTERNAL), _bank
        ),
        (CULTURE, "discard"): _DISCARD,
        (VIAL, "release"): StepForm("Release from quarantine", (), _plain("release")),
        (VIAL, "thaw"): StepForm("Thaw", (_PLACE, _TEMPERATURE), _plain("thaw")),
        (VIAL, "derive"): _SEED,
        (VIAL, "consume"): StepForm("Record that it is used up", (), _plain("consume")),
        (VIAL, "discard"): _DISCARD,
        (BAG, "reserve"): StepForm(
            "Reserve",
            (
                Field("subject", "Subject", required=True),
                Field("infusion", "Number of the infusion", "whole", required=True),
            ),
            _reserve,
        ),
        (BAG, "free"): StepForm(
            "End the reservation", (_REASON,), lambda unit, typed: bags.free(unit, typed.text("reason", 400))
        ),
        (BAG, "issue"): StepForm(
            "Issue", (_PLACE, _TEMPERATURE), lambda unit, typed: bags.issue(unit, _step(typed))
        ),
        (BAG, "receive"): StepForm(
            "Receive",
            (*_TRANSPORT, _PLACE),
            lambda unit, typed: bags.receive(unit, _transport(typed), _step(typed)),
            HANDLE,
        ),
        (BAG, "decide"): StepForm(
            "Accept the excursion of temperature",
            (_REASON,),
            lambda unit, typed: bags.accept_excursion(unit, typed.text("reason", 400)),
        ),
        (BAG, "thaw"): StepForm("Thaw", (_VIABLE, _VOLUME, _PLACE, _TEMPERATURE), _thaw_bag, HANDLE),
        (BAG, "return"): StepForm(
            "Return to the cell laboratory",
            (*_TRANSPORT, _REASON),
            lambda unit, typed: bags.return_bag(unit, _transport(typed), typed.text("reason", 400)),
            HANDLE,
        ),
        (BAG, "restock"): StepForm(
            "Put back into stock", (_PLACE,), lambda unit, typed: bags.restock(unit, typed.text("place"))
        ),
        (BAG, "discard"): StepForm(
            "Discard", (_REASON,), lambda unit, typed: bags.discard(unit, typed.text("reason", 400)), HANDLE
        ),
    }
)
"""Form of each step, by kind of unit and event; a block comes of a recall alone, a check of the bedside."""


def steps_of(unit: Unit) -> dict[str, StepForm]:
    """Give the forms of the steps that a unit may take now."""
    found = {}
    for (kind, event), form in STEPS.items():
        # Vials are made of a culture where something may be made of it.
        line = find_move(kind, "derive" if event == "bank" else event)
        if kind == unit.kind and line is not None and unit.state in line.before:
            found[event] = form
    found.pop("thaw" if unit.excursion == "open" else "decide", None)
    return found
