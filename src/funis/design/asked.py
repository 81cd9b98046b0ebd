"""What every design asks of what it was asked: rates that rise, a power above the error."""

from __future__ import annotations

from funis.errors import ValueRangeError


def check_power(alpha: float, power: float) -> None:
    """Refuse a power that is not above the error."""
    if power <= alpha:
        raise ValueRangeError("power", power, f"a number above alpha, which is {alpha:g}")


def check_rates(p0: float, p1: float) -> None:
    """Refuse a response rate worth going on for that is not above the one of no interest."""
    if p1 <= p0:
        raise ValueRangeError("response rate p1", p1, f"a number above p0, which is {p0:g}")


def refuse_near_rates(p0: float, p1: float, most: int) -> ValueRangeError:
    """Make the refusal of rates that the largest trial does not tell apart."""
    return ValueRangeError(
        "difference of p0 and p1",
        f"{p0:g} and {p1:g}",
        f"rates that at most {most} subjects can tell apart at this alpha and power",
    )
