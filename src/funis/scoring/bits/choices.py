"""A value where a condition holds, another elsewhere, while rules are traced (see `traced`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from funis.scoring.bits.earlier_rows import Node
from funis.scoring.bits.traced import Named, Truth


@dataclass(frozen=True, slots=True)
class Where:
    """A condition that waits for its two values; unknown counts as not met."""

    condition: Node

    def then(self, yes: Any) -> Then:
        """Give the value where the condition is met."""
        return Then(self.condition, yes.alone() if isinstance(yes, Then) else yes)


@dataclass(frozen=True, slots=True)
class Then:
    """A choice that waits for the value elsewhere, which is unknown if nobody gives it."""

    condition: Node
    yes: Any

    def otherwise(self, no: Any) -> Any:
        """Give the value elsewhere."""
        return self.yes.mixed(self.condition, no.alone() if isinstance(no, Then) else no)

    def alone(self) -> Any:
        """Give the value where the condition is met, unknown elsewhere."""
        return self.otherwise(self.yes.without())

    def is_null(self) -> Truth:
        """Tell where the condition is not met, or the value itself is unknown."""
        found: Truth = self.alone().is_null()
        return found

    def fill_null(self, value: float) -> Any:
        """Give the value where the condition is met, a number where that is unknown."""
        return self.alone().fill_null(value)

    def alias(self, name: str) -> Named:
        """Name the column."""
        return Named(name, self.alone())
