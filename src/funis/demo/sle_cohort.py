"""Forty subjects whose scores give the published figures of the UC-MSC trial in active lupus.

Source of the figures: ACR 2012 abstract, "A multicentre clinical study of umbilical cord mesenchymal
stem cells transplantation in active systemic lupus erythematosus". What it does not give is assumed;
the assumptions stand in the study file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from funis.demo import SEED
from funis.demo.cells import build_cells
from funis.demo.cohort import NO_EVENTS, Cell, ReconstructedCohort, Row, add_days, working_day
from funis.demo.drug_courses import Calendar
from funis.demo.integer_samples import Draws
from funis.demo.sle_bilag import build_bilag, build_history
from funis.demo.sle_drugs import build_sle_drugs
from funis.demo.sle_labs import (
    ANTI_DSDNA_HIGH,
    C3_LOW,
    C4_LOW,
    LEUKOPENIA_BELOW,
    LabValues,
    build_labs,
)
from funis.demo.sle_sledai import build_sledai
from funis.demo.sle_timelines import VISITS, PlannedTimeline, build_protein, build_timelines

TITLE = "umbilical-cord mesenchymal stem cells in active systemic lupus erythematosus"
SOURCE = "ACR/ARHP 2012 annual meeting abstract"
_PLANNED_DAYS = (0, 30, 90, 180, 270, 360)
_SITE_SIZES = (("01", 16), ("02", 10), ("03", 8), ("04", 6))
_MEN = 3
# test, unit, lower limit, upper limit of the laboratory
_LAB_TESTS: tuple[tuple[str, str, float | None, float | None], ...] = (
    ("proteinuria_24h", "g/24h", None, 0.15),
    ("creatinine", "umol/L", 44, 106),
    ("urea_nitrogen", "mmol/L", 2.5, 7.1),
    ("albumin", "g/L", 35, 55),
    ("c3", "g/L", C3_LOW, 1.6),
    ("c4", "g/L", C4_LOW, 0.4),
    ("ana", "titre", None, 80),
    ("anti_dsdna", "IU/mL", None, ANTI_DSDNA_HIGH),
    ("haemoglobin", "g/L", 110, 160),
    ("platelets", "10^9/L", 100, 300),
    ("wbc", "10^9/L", 4, 10),
    ("neutrophils", "10^9/L", 2, 7),
    ("lymphocytes", "10^9/L", 1, 4),
)


@dataclass(frozen=True, slots=True)
class _Person:
    """Demography and calendar of one subject (all assumptions)."""

    subject: str
    site: str
    sex: str
    age: int
    weight_kg: float
    first_infusion: date
    visit_dates: tuple[date, ...]


def build_sle(
    weights: Mapping[str, int], bilag_names: Mapping[int, str], *, seed: int = SEED
) -> ReconstructedCohort:
    """Make the forty subjects of the lupus trial.

    Parameters
    ----------
    weights : points of each SLEDAI-2K item, from the definition
    bilag_names : name of each row of the BILAG-2004 form, from the definition
    seed : of all draws; the same seed gives the same cohort

    Returns
    -------
    ReconstructedCohort with the tables of a data folder

    Raises
    ------
    SampleError : this seed leaves no room for the published figures
    """
    timelines = build_timelines(seed)
    protein = build_protein(timelines, seed)
    labs = build_labs(timelines, protein, seed)
    present = build_sledai(timelines, protein, labs, weights, seed)
    people = _build_people(timelines, seed)
    forms = build_bilag(timelines, present, protein, labs, seed)
    sledai = [
        {**place, **{item: int(item in present[i][visit]) for item in weights}}
        for i, visit, place in _each_visit(people)
    ]
    tables: dict[str, Sequence[Row]] = {
        "subjects": [_subject_row(person) for person in people],
        "visits": [place for _, _, place in _each_visit(people)],
        "sledai_2k": sledai,
        "bilag_2004": _form_rows(people, forms, bilag_names, build_history(timelines, seed)),
        "labs": list(_lab_rows(people, protein, labs, present, seed)),
        "medications": build_sle_drugs(timelines, [_calendar(person) for person in people], seed),
        **build_cells(list(_infusion_rows(people)), seed, "sle", subjects_of_lot=5),
        "safety_questions": [
            {**place, "asked": 1, "any_event": 0} for _, visit, place in _each_visit(people) if visit > 0
        ],
        "disposition": [
            {"subject": person.subject, "status": "completed", "date": person.visit_dates[-1], "reason": ""}
            for person in people
        ],
    }
    return ReconstructedCohort("sle", TITLE, SOURCE, seed, tables, NO_EVENTS)


def _form_rows(
    people: Sequence[_Person],
    forms: Sequence[Sequence[Mapping[int, int]]],
    names: Mapping[int, str],
    history: Mapping[str, Sequence[int]],
) -> list[Row]:
    """Write the BILAG forms by the names of their rows; what the laboratory fills stays blank."""
    return [
        {**place, **{name: forms[i][visit].get(row) for row, name in sorted(names.items())}}
        | {f"{system}_ever": ever[i] for system, ever in history.items()}
        for i, visit, place in _each_visit(people)
    ]


def _each_visit(people: Sequence[_Person]) -> Iterator[tuple[int, int, dict[str, Cell]]]:
    for i, person in enumerate(people):
        for visit, name in enumerate(VISITS):
            yield i, visit, {"subject": person.subject, "visit": name, "date": person.visit_dates[visit]}


def _build_people(timelines: Sequence[PlannedTimeline], seed: int) -> tuple[_Person, ...]:
    draws = Draws(seed, "sle people")
    sites = [site for site, size in _SITE_SIZES for _ in range(size)]
    order = draws.shuffled(len(timelines))
    men = set(draws.shuffled(len(timelines))[:_MEN])
    people = []
    for i, timeline in enumerate(timelines):
        first = working_day(add_days(date(2009, 3, 2), 9 * i + int(draws.uniform(0, 8))), 1)
        shifts = [-int(draws.uniform(1, 5))] + [int(draws.uniform(-5, 6)) for _ in VISITS[1:]]
        people.append(
            _Person(
                subject=timeline.subject,
                site=sites[order[i]],
                sex="male" if i in men else "female",
                age=round(min(max(2.718 ** draws.normal(3.36, 0.27), 17), 58)),
                weight_kg=round(draws.normal(62 if i in men else 55, 6), 1),
                first_infusion=first,
                # Weekends are moved towards the planned day, the baseline away from the infusion.
                visit_dates=tuple(
                    working_day(add_days(first, day + shift), -1 if day == 0 or shift > 0 else 1)
                    for day, shift in zip(_PLANNED_DAYS, shifts, strict=True)
                ),
            )
        )
    return tuple(people)


def _calendar(person: _Person) -> Calendar:
    return Calendar(person.subject, person.first_infusion, person.visit_dates)


def _subject_row(person: _Person) -> Row:
    return {
        "subject": person.subject,
        "site": person.site,
        "sex": person.sex,
        "age": person.age,
        # Consent stands before the baseline visit, which stands before the first infusion.
        "consent_date": working_day(add_days(person.visit_dates[0], -3), -1),
        "weight_kg": person.weight_kg,
    }


def _infusion_rows(people: Sequence[_Person]) -> Iterator[Row]:
    for person in people:
        for number, day in enumerate((0, 7), start=1):
            yield {
                "subject": person.subject,
                "number": number,
                "date": add_days(person.first_infusion, day),
                "cells": round(person.weight_kg * 1e6),
                "weight_kg": person.weight_kg,
                "reaction": "none",
            }


def _lab_rows(
    people: Sequence[_Person],
    protein: Sequence[Sequence[int]],
    labs: Sequence[LabValues],
    present: Sequence[Sequence[frozenset[str]]],
    seed: int,
) -> Iterator[Row]:
    draws = Draws(seed, "sle leucocytes")
    # Who has few leucocytes at one visit has not many more at another.
    ever = [any("leukopenia" in items for items in rated) for rated in present]
    usual = [draws.uniform(*((3.3, 4.2) if is_ever else (4.6, 7.8))) for is_ever in ever]
    shares = [(draws.uniform(0.54, 0.66), draws.uniform(0.18, 0.26)) for _ in people]
    for i, visit, place in _each_visit(people):
        wbc = _draw_wbc(usual[i], is_low="leukopenia" in present[i][visit], draws=draws)
        neutrophils = round((shares[i][0] + draws.uniform(-0.03, 0.03)) * wbc, 1)
        lymphocytes = round((shares[i][1] + draws.uniform(-0.02, 0.02)) * wbc, 1)
        values = {
            "proteinuria_24h": protein[i][visit] / 100,
            "wbc": wbc,
            "neutrophils": neutrophils,
            # Monocytes and eosinophils are the rest.
            "lymphocytes": min(lymphocytes, round(wbc - neutrophils - 0.1, 1)),
        }
        for test, unit, low, high in _LAB_TESTS:
            value = values[test] if test in values else getattr(labs[i], test)[visit]
            yield {**place, "test": test, "value": value, "unit": unit, "low": low, "high": high}


def _draw_wbc(usual: float, *, is_low: bool, draws: Draws) -> float:
    """Draw leucocytes, 10^9/L, on the side of 3 that the item of the index says."""
    drawn = draws.uniform()
    if is_low:
        return round(2.2 + 0.7 * drawn, 1)
    return round(max(usual + 0.8 * (drawn - 0.5), LEUKOPENIA_BELOW + 0.1), 1)
