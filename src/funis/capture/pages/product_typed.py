"""What is typed into the forms of the cell product: numbers, moments, yes and no, each read or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from funis.capture.conduct.product.making import Content
from funis.capture.study_in_force import started_with
from funis.errors import ValueRangeError

_STORED = "%Y-%m-%dT%H:%M:%S.%fZ"
_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form of the cell product.

    Attributes
    ----------
    name : of what is sent
    label : as the page says it, in English
    kind : ``whole``, ``decimal``, ``text``, ``moment``, ``date`` or ``tick``
    required : nothing is sent without it
    """

    name: str
    label: str
    kind: str = "text"
    required: bool = False


@dataclass(frozen=True, slots=True)
class TypedFields:
    """What was typed, by the name of its field."""

    given: Mapping[str, str]

    def text(self, name: str, longest: int = 60) -> str:
        """Read a text; an empty one where nothing was typed.

        Raises
        ------
        ValueRangeError : it is too long, or holds letters that no page shows
        """
        found = str(self.given.get(name, "")).strip()
        if len(found) > longest or not found.isprintable():
            raise ValueRangeError(name, f"{len(found)} letters", f"at most {longest} printable letters")
        return found

    def whole(self, name: str) -> int | None:
        """Read a whole number; none where nothing was typed.

        Raises
        ------
        ValueRangeError : it is none
        """
        found = self.text(name).replace(" ", "")
        if not found:
            return None
        if not (found.isascii() and found.isdecimal()) or len(found) > _MOST_DIGITS:
            raise ValueRangeError(name, found, "a whole number, digits alone: 50000000")
        return int(found)

    def needed_whole(self, name: str) -> int:
        """Read a whole number that has to be there."""
        found = self.whole(name)
        if found is None:
            raise ValueRangeError(name, "nothing", "a whole number")
        return found

    def decimal(self, name: str) -> Decimal | None:
        """Read a number; none where nothing was typed.

        Raises
        ------
        ValueRangeError : it is none; a comma is asked about, not guessed
        """
        found = self.text(name)
        if not found:
            return None
        try:
            number = Decimal(found)
        except InvalidOperation:
            number = Decimal("NaN")
        places = number.as_tuple().exponent
        if not number.is_finite() or abs(number) >= 10**6 or not isinstance(places, int) or places < -3:
            raise ValueRangeError(name, found, "a number with a point and at most 3 decimals: 50.5")
        return number

    def needed_decimal(self, name: str) -> Decimal:
        """Read a number that has to be there."""
        found = self.decimal(name)
        if found is None:
            raise ValueRangeError(name, "nothing", "a number")
        return found

    def tick(self, name: str) -> bool:
        """Read whether a box was ticked."""
        return bool(self.given.get(name))

    def day(self, name: str) -> date | None:
        """Read a day; none where nothing was typed.

        Raises
        ------
        ValueRangeError : it is none
        """
        found = self.text(name)
        try:
            return date.fromisoformat(found) if found else None
        except ValueError as error:
            raise ValueRangeError(name, found, "a day as YYYY-MM-DD") from error

    def moment(self, name: str) -> str:
        """Read a moment in the time zone of the study; give it in UTC as the trail writes it.

        Raises
        ------
        ValueRangeError : it is none
        """
        found = self.text(name)
        if not found:
            return ""
        try:
            typed = datetime.strptime(found, "%Y-%m-%d %H:%M").replace(tzinfo=study_zone())
        except ValueError as error:
            raise ValueRangeError(name, found, "a moment as YYYY-MM-DD hh:mm") from error
        return typed.astimezone(UTC).strftime(_STORED)

    def content(self) -> Content:
        """Read what is in a unit, and where it is."""
        return Content(
            cells=self.whole("cells"),
            viable_cells=self.whole("viable_cells"),
            volume_ml=self.decimal("volume_ml"),
            container=self.text("container"),
            medium=self.text("medium"),
            external_ids=self.text("external_ids", 200),
            place=self.text("place"),
            expires_at=self.moment("expires_at"),
        )


def study_zone() -> ZoneInfo:
    """Give the time zone of the study."""
    return ZoneInfo(started_with().trial.timezone)


def shown_moment(text: str) -> str:
    """Show a moment of the trail in the time zone of the study, to the minute."""
    if not text:
        return ""
    found = datetime.strptime(text, _STORED).replace(tzinfo=UTC).astimezone(study_zone())
    return found.strftime("%Y-%m-%d %H:%M")
