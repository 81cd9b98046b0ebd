"""Donors and lots of a reconstructed trial: all of them invented, and within the rules of its study file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from funis.demo.cohort import MARK, Row, add_days
from funis.demo.integer_samples import Draws

# Days before the first infusion of a lot: consent of the donor, specimen, delivery, end of culture, release.
_CONSENT, _SPECIMEN, _DELIVERY, _MADE, _RELEASED = 70, 46, 45, 10, 5
_KEPT_DAYS = 365


def build_cells(
    infusions: Sequence[Row], seed: int, name: str, *, subjects_of_lot: int, first_lot: int = 1
) -> dict[str, list[Row]]:
    """Invent a donor and a lot for each few subjects, and write the lot beside each infusion.

    Parameters
    ----------
    infusions : rows of infusions with their dates
    seed, name : of the draws
    first_lot : number of the first lot and its donor
    subjects_of_lot : how many subjects are given cells of one lot, in the order of their first infusion

    Returns
    -------
    dict
        Rows of donors, lots and infusions.

    Examples
    --------
    >>> given = [{"subject": "RECON-01", "number": 1, "date": date(2009, 3, 2)}]
    >>> made = build_cells(given, 2012, "example", subjects_of_lot=4)
    >>> made["infusions"][0]["lot"], made["lots"][0]["donor"], made["donors"][0]["delivery_date"]
    ('RECON-L1', 'RECON-D1', datetime.date(2009, 1, 16))
    """
    draws = Draws(seed, f"{name} cells")
    firsts: dict[str, date] = {}
    for row in infusions:
        subject, day = str(row["subject"]), row["date"]
        if isinstance(day, date):
            firsts[subject] = min(day, firsts.get(subject, day))
    ordered = sorted(firsts, key=lambda subject: (firsts[subject], subject))
    lot_of = {subject: place // subjects_of_lot + first_lot for place, subject in enumerate(ordered)}
    starts = {lot_of[subject]: firsts[subject] for subject in reversed(ordered)}
    numbers = sorted(starts)
    return {
        "donors": [_donor_row(number, starts[number]) for number in numbers],
        "lots": [_lot_row(number, starts[number], draws) for number in numbers],
        "infusions": [{**row, "lot": f"{MARK}L{lot_of[str(row['subject'])]}"} for row in infusions],
    }


def _donor_row(number: int, first: date) -> Row:
    tests: dict[str, str | date] = {}
    for test in ("hiv", "hbv", "hcv", "syphilis"):
        tests |= {test: "negative", f"{test}_date": add_days(first, -_SPECIMEN)}
    return {
        "donor": f"{MARK}D{number}",
        "consent_date": add_days(first, -_CONSENT),
        "delivery_date": add_days(first, -_DELIVERY),
        "delivery": "vaginal",
        "healthy": 1,
        **tests,
        "eligible": 1,
    }


def _lot_row(number: int, first: date, draws: Draws) -> Row:
    made = add_days(first, -_MADE)
    return {
        "lot": f"{MARK}L{number}",
        "donor": f"{MARK}D{number}",
        "passage": 3 + int(draws.uniform(0, 3)),
        "viability_percent": round(draws.uniform(91, 97), 1),
        "sterility": "negative",
        "mycoplasma": "negative",
        "manufactured": made,
        "expiry": add_days(made, _KEPT_DAYS),
        "release": "released",
        "release_date": add_days(first, -_RELEASED),
    }
