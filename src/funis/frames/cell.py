"""What stands in a cell of a frame, once it has been taken into Python."""

from datetime import date
from decimal import Decimal

Cell = bool | int | float | Decimal | str | date | None
"""A value of a row; None is an empty cell. A date with a time of day is a date too."""
