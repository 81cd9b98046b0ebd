"""Twenty-four subjects whose scores give the published figures of the UC-MSC trial in Sjogren's syndrome.

Source of the figures: ACR 2012 abstract, "Allogenic mesenchymal stem cells transplantation alleviates
clinical Sjogren's syndrome". What it does not give is assumed; the assumptions stand in the study file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from funis.demo import SEED
from funis.demo.cells import build_cells
from funis.demo.cohort import MARK, NO_EVENTS, Cell, ReconstructedCohort, Row, add_days, working_day
from funis.demo.drug_courses import Calendar
from funis.demo.integer_samples import Draws
from funis.demo.sjogren_criteria import Known, build_criteria
from funis.demo.sjogren_drugs import build_sjogren_drugs
from funis.demo.sjogren_scores import (
    ANTIBODY_SUBJECTS,
    SALIVA_SUBJECTS,
    SUBJECTS,
    VISITS,
    build_ages,
    build_fall,
    build_ssdai,
    build_stimulated_flow,
    build_tess,
    build_unstimulated_flow,
    build_vas,
)

TITLE = "umbilical-cord mesenchymal stem cells in primary Sjogren's syndrome"
SOURCE = "ACR/ARHP 2012 annual meeting abstract"
_PLANNED_DAYS = (0, 14, 30, 90, 180, 360)
_SLIPS = (0, 2, 3, 6, 10, 10)
_IMMUNE_SUBJECTS = 12
# test, unit, level at baseline (mean, SD), change at month 1 (mean, SD), number of subjects
_MONTH_1_TESTS = (
    ("anti_ssa", "U/mL", (142.0, 36.0), (-33.0, 5.0), ANTIBODY_SUBJECTS),
    ("anti_ssb", "U/mL", (96.0, 26.0), (-22.0, 3.6), ANTIBODY_SUBJECTS),
    ("th17", "%", (2.9, 0.8), (-0.9, 0.7), _IMMUNE_SUBJECTS),
    ("treg", "%", (3.6, 0.9), (1.2, 0.9), _IMMUNE_SUBJECTS),
    ("tgf_beta", "pg/mL", (310.0, 60.0), (70.0, 55.0), _IMMUNE_SUBJECTS),
    ("il_17", "pg/mL", (38.0, 9.0), (-9.0, 7.0), _IMMUNE_SUBJECTS),
)


@dataclass(frozen=True, slots=True)
class _Person:
    """Demography and calendar of one subject; order decides who has saliva and antibodies measured."""

    subject: str
    sex: str
    age: int
    weight_kg: float
    first_infusion: date
    visit_dates: Mapping[str, date]

    def place(self, visit: str) -> dict[str, Cell]:
        """Give the columns that say where a row belongs."""
        return {"subject": self.subject, "visit": visit, "date": self.visit_dates[visit]}


def build_sjogren(
    weights: Mapping[str, int], tess_items: Sequence[str], *, seed: int = SEED
) -> ReconstructedCohort:
    """Make the twenty-four subjects of the Sjogren trial.

    Parameters
    ----------
    weights : points of each SSDAI item, from the definition
    tess_items : names of the items of the modified TESS, from the definition
    seed : of all draws; the same seed gives the same cohort

    Returns
    -------
    ReconstructedCohort with the tables of a data folder

    Raises
    ------
    SampleError : this seed leaves no room for the published figures
    """
    people = _build_people(seed)
    present = build_ssdai(weights, seed)
    measured = _measured(people, seed)
    unstimulated = build_unstimulated_flow(seed)
    tables: dict[str, Sequence[Row]] = {
        "subjects": [
            {**_subject_row(person), **items}
            for person, items in zip(
                people, build_criteria(_known(people, measured, seed), seed), strict=True
            )
        ],
        "visits": [person.place(visit) for person in people for visit in VISITS],
        "ssdai": [
            {**person.place(visit), **{item: int(item in items) for item in weights}}
            for person, rated in zip(people, present, strict=True)
            for visit, items in rated.items()
        ],
        "vas_patient": [
            {**person.place(visit), "reading_mm": reading}
            for person, readings in zip(people, build_vas(seed), strict=True)
            for visit, reading in zip(VISITS, readings, strict=True)
        ],
        "unstimulated_flow": _flow_rows(measured, unstimulated),
        "stimulated_flow": _flow_rows(measured, build_stimulated_flow(unstimulated, seed)),
        "tess_modified": [
            {**person.place(visit), **dict(zip(tess_items, ratings, strict=True))}
            for person, rated in zip(people, build_tess(tess_items, present, seed), strict=True)
            for visit, ratings in zip(VISITS, rated, strict=True)
        ],
        "sialography": _sialography_rows(measured, seed),
        "labs": _with_not_done([*_lab_rows(people, present, seed), *_duct_rows(measured, seed)], people),
        "medications": build_sjogren_drugs([_calendar(person) for person in people], seed),
        **build_cells([_infusion_row(person) for person in people], seed, "sjogren", subjects_of_lot=4),
        "safety_questions": [
            {**person.place(visit), "asked": 1, "any_event": 0} for person in people for visit in VISITS[1:]
        ],
        "disposition": [
            {"subject": person.subject, "status": "completed", "date": person.visit_dates[VISITS[-1]]}
            for person in people
        ],
    }
    return ReconstructedCohort("sjogren", TITLE, SOURCE, seed, tables, NO_EVENTS)


def _build_people(seed: int) -> tuple[_Person, ...]:
    draws = Draws(seed, "sjogren people")
    ages = build_ages(seed)
    man = draws.shuffled(SUBJECTS)[0]
    people = []
    for i, age in enumerate(ages):
        first = working_day(add_days(date(2009, 4, 6), 17 * i + int(draws.uniform(0, 12))), 1)
        slips = [-int(draws.uniform(1, 5)), *(int(draws.uniform(-slip, slip + 1)) for slip in _SLIPS[1:])]
        # What falls on a weekend is moved towards the planned day, the baseline away from the infusion.
        dates = [
            working_day(add_days(first, day + slip), -1 if day == 0 or slip > 0 else 1)
            for day, slip in zip(_PLANNED_DAYS, slips, strict=True)
        ]
        people.append(
            _Person(
                subject=f"{MARK}{i + 1:02d}",
                sex="male" if i == man else "female",
                age=age,
                weight_kg=round(draws.normal(66 if i == man else 56, 6), 1),
                first_infusion=first,
                visit_dates=dict(zip(VISITS, dates, strict=True)),
            )
        )
    return tuple(people)


def _measured(people: Sequence[_Person], seed: int) -> tuple[_Person, ...]:
    """Choose who has salivary flow and sialography measured."""
    chosen = sorted(Draws(seed, "sjogren saliva").shuffled(SUBJECTS)[:SALIVA_SUBJECTS])
    return tuple(people[i] for i in chosen)


def _calendar(person: _Person) -> Calendar:
    return Calendar(person.subject, person.first_infusion, [person.visit_dates[visit] for visit in VISITS])


def _immune_order(seed: int) -> tuple[int, ...]:
    """Draw in which order subjects are taken whose antibodies, T cells and cytokines were measured."""
    return Draws(seed, "sjogren immune tests").shuffled(SUBJECTS)


def _known(people: Sequence[_Person], measured: Sequence[_Person], seed: int) -> list[Known]:
    """Tell in whom antibodies were measured, and in whom the glands: the tables show both."""
    antibodies, glands = set(_immune_order(seed)[:ANTIBODY_SUBJECTS]), {person.subject for person in measured}
    return [Known(i in antibodies, person.subject in glands) for i, person in enumerate(people)]


def _subject_row(person: _Person) -> Row:
    return {
        "subject": person.subject,
        "site": "01",
        "sex": person.sex,
        "age": person.age,
        "consent_date": working_day(add_days(person.visit_dates["baseline"], -3), -1),
        "weight_kg": person.weight_kg,
    }


def _infusion_row(person: _Person) -> Row:
    return {
        "subject": person.subject,
        "number": 1,
        "date": person.first_infusion,
        "cells": round(person.weight_kg * 1e6),
        "weight_kg": person.weight_kg,
        "reaction": "none",
    }


def _flow_rows(people: Sequence[_Person], flows: Sequence[Sequence[int]]) -> list[Row]:
    return [
        {**person.place(visit), "volume_ml": flow / 100, "minutes": 10}
        for person, path in zip(people, flows, strict=True)
        for visit, flow in zip(VISITS, path, strict=True)
    ]


def _sialography_rows(people: Sequence[_Person], seed: int) -> list[Row]:
    """Stage each parotid gland at baseline and a year later, when most are a stage better."""
    draws = Draws(seed, "sjogren sialography")
    rows: list[Row] = []
    for person in people:
        first = [1 + int(draws.uniform(0, 2.2)) for _ in range(2)]
        better = draws.uniform() < 0.7
        for visit, fall in (("baseline", 0), ("month_12", int(better))):
            stages = [max(stage - fall, 0) for stage in first]
            rows.append({**person.place(visit), "parotid_right": stages[0], "parotid_left": stages[1]})
    return rows


def _with_not_done(rows: list[Row], people: Sequence[_Person]) -> list[Row]:
    """Add that a test was not done in the subjects who did not have it at a visit where others had."""
    due = dict.fromkeys((row["test"], row["visit"], row["unit"]) for row in rows)
    done = {(row["test"], row["visit"], row["subject"]) for row in rows}
    lacking: list[Row] = [
        {**person.place(str(visit)), "test": test, "value": "ND", "unit": unit}
        for test, visit, unit in due
        for person in people
        if (test, visit, person.subject) not in done
    ]
    return rows + lacking


def _duct_rows(people: Sequence[_Person], seed: int) -> Iterator[Row]:
    """Measure the main duct, and how much contrast leaves it, at baseline and a year later."""
    draws = Draws(seed, "sjogren ducts")
    for person in people:
        width, emptied = draws.uniform(2.6, 4.4), draws.uniform(25, 50)
        for visit, better in (("baseline", 0.0), ("month_12", draws.uniform(0.1, 1.0))):
            for test, unit, value in (
                ("parotid_duct_width", "mm", round(width - 0.7 * better, 1)),
                ("parotid_emptying", "%", round(emptied + 22 * better)),
            ):
                yield {**person.place(visit), "test": test, "value": value, "unit": unit}


def _lab_rows(
    people: Sequence[_Person], present: Sequence[Mapping[str, frozenset[str]]], seed: int
) -> Iterator[Row]:
    draws = Draws(seed, "sjogren leucocytes")
    for person, rated in zip(people, present, strict=True):
        # Who has few cells at one visit has not many more at another.
        is_ever_low = any("leukopenia_lymphopenia" in items for items in rated.values())
        usual, share = draws.uniform(*((3.8, 4.4) if is_ever_low else (4.4, 7.5))), draws.uniform(0.26, 0.36)
        for visit, items in rated.items():
            is_low = "leukopenia_lymphopenia" in items
            # Below 3.5 (or lymphocytes below 1.0) is what the item means.
            wbc = round(draws.uniform(2.7, 3.4) if is_low else usual + draws.uniform(-0.3, 0.3), 1)
            lymphocytes = round(wbc * (share + draws.uniform(-0.03, 0.03)), 2)
            for test, value in (
                ("wbc", wbc),
                ("lymphocytes", lymphocytes if is_low else max(lymphocytes, 1.0)),
            ):
                yield {**person.place(visit), "test": test, "value": value, "unit": "10^9/L"}
    order = _immune_order(seed)
    for test, unit, level, change, n in _MONTH_1_TESTS:
        pairs = build_fall(seed, test, level, change, n)
        for i, pair in zip(sorted(order[:n]), pairs, strict=True):
            for visit, value in zip(("baseline", "month_1"), pair, strict=True):
                yield {**people[i].place(visit), "test": test, "value": value, "unit": unit}
