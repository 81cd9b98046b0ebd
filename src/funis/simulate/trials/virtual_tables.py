"""The tables of a virtual trial, as a data folder would hold them: every row in memory, none on the disk."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from funis.catalogue.registry import definition
from funis.simulate.trials.later_course import LaterCourse
from funis.simulate.trials.lupus_findings import LAB_MODELS
from funis.simulate.trials.scenario import RAISED, TAPER, assumed
from funis.simulate.trials.sjogren_scenario import sjogren_assumed
from funis.simulate.trials.sjogren_tables import write_criteria, write_drugs, write_forms, write_labs
from funis.simulate.trials.virtual_patients import Patients, cell_days, planned_infusions
from funis.simulate.trials.written_rows import MARK, Rows, leave_blank, name_subject, values_at
from funis.study.courses import conditional_courses
from funis.study.model import Study

_START: Final = date(2020, 1, 6)
_CLINICAL_ROWS: Final = (*range(1, 78), 95)
_YES_NO_ROWS: Final = (80, 85, 88, 89, 96, 97)
_SEDIMENT: Final = ("hematuria", "urinary_casts", "pyuria")
_TERMS: Final = (
    "upper respiratory tract infection",
    "headache",
    "diarrhoea",
    "urinary tract infection",
    "fatigue",
)
#: Of these the CTCAE 5.0 has no grade 1.
_LEAST_GRADE: Final = {"urinary tract infection": 2}
# Days before the first infusion from a lot: the donor consents, is tested, delivers; culture ends, release.
_CONSENT, _SPECIMEN, _DELIVERY, _MADE, _RELEASED = 70, 46, 45, 10, 5
#: Days that a lot is kept.
_KEPT: Final = 365


def build_tables(
    study: Study,
    patients: Patients,
    generator: np.random.Generator,
    *,
    has_slips: bool = True,
    later: LaterCourse | None = None,
) -> dict[str, pl.DataFrame]:
    """Write what was recorded of the patients.

    Parameters
    ----------
    study : whose tables they are
    patients : as they were drawn
    generator : of random numbers: dates, slips, events
    has_slips : a few items are left blank
    later : course at relapse or by a rule that was given; None for none

    Returns
    -------
    frames by table name, as ``funis.tables_from_frames`` takes them
    """
    starts = _first_days(len(patients.age), generator)
    place = _place_frame(study, patients, starts)
    share = assumed("blank_item") if has_slips else 0.0
    is_sjogren = bool(patients.findings.forms)
    tables: dict[str, Any] = {
        "subjects": _subjects(study, patients, starts),
        "visits": place,
        **(
            write_forms(place, patients, generator, share=share)
            if is_sjogren
            else {"sledai_2k": leave_blank(_sledai(place, patients), generator, share=share)}
        ),
        "labs": write_labs(study, place, patients) if is_sjogren else _labs(study, place, patients),
        "infusions": _infusions(study, patients, starts) + _later_infusions(study, patients, starts, later),
        "medications": write_drugs(starts) if is_sjogren else _medications(patients, starts),
        "safety_questions": place.filter(pl.col("_visit") > 0).with_columns(
            asked=pl.lit(1), any_event=pl.lit(0)
        ),
        "adverse_events": _events(
            patients, starts, generator, sjogren_assumed("events") if is_sjogren else assumed("events")
        ),
        "disposition": _disposition(study, patients, starts),
    }
    if "bilag_2004" in study.instrument_names:
        tables["bilag_2004"] = leave_blank(_bilag(place, patients), generator, share=share)
    lots, donors = _lots(tables["infusions"])
    tables |= {"lots": lots, "donors": donors}
    if later is not None and study.re_randomisation is not None:
        for row, arm in zip(tables["subjects"], later.arms, strict=True):
            row["arm"] = arm or None
    tables["safety_questions"] = _answer_events(tables["safety_questions"], tables["adverse_events"])
    hidden = ("_subject", "_visit")
    return {name: _as_frame(rows).drop(hidden, strict=False) for name, rows in tables.items() if len(rows)}


def _as_frame(rows: pl.DataFrame | Rows) -> pl.DataFrame:
    return rows if isinstance(rows, pl.DataFrame) else pl.DataFrame(rows, infer_schema_length=None)


def _first_days(count: int, generator: np.random.Generator) -> list[date]:
    """Give the day of each patient's first infusion, on a Monday to Thursday."""
    gaps = generator.exponential(30.4375 / assumed("per_month"), count)
    days = [_START + timedelta(days=int(day)) for day in np.cumsum(gaps)]
    return [day - timedelta(days=max(day.weekday() - 3, 0)) for day in days]


def _place_frame(study: Study, patients: Patients, starts: list[date]) -> pl.DataFrame:
    """List subject, visit and date of every visit that took place."""
    who, which = np.nonzero(patients.seen)
    days = patients.days[who, which]
    return pl.DataFrame(
        {
            "_subject": who,
            "_visit": which,
            "subject": [name_subject(int(each)) for each in who],
            "visit": [study.visits[each].name for each in which],
            "date": [starts[each] + timedelta(days=int(day)) for each, day in zip(who, days, strict=True)],
        }
    )


def _subjects(study: Study, patients: Patients, starts: list[date]) -> Rows:
    first = patients.days[:, 0]
    rows: Rows = []
    for number, start in enumerate(starts):
        row = {
            "subject": name_subject(number),
            "site": patients.sites[number],
            "sex": "female" if patients.is_woman[number] else "male",
            "age": int(patients.age[number]),
            "consent_date": start + timedelta(days=int(min(first[number], 0)) - 3),
            "weight_kg": float(patients.weight[number]),
        }
        if patients.findings.forms:
            row |= write_criteria(study)
        if study.arms:
            row["arm"] = study.arms[int(patients.arms[number])].id
        rows.append(row)
    return rows


def _sledai(place: pl.DataFrame, patients: Patients) -> pl.DataFrame:
    names = [each.name for each in definition("sledai_2k").items]
    return place.with_columns(
        pl.Series(name, values_at(place, patients.findings.items[name])) for name in names
    )


def _bilag(place: pl.DataFrame, patients: Patients) -> pl.DataFrame:
    """Write the form; what the laboratory fills stays blank."""
    items, codes = patients.findings.items, patients.findings.codes
    none = np.zeros(patients.seen.shape, dtype=np.int64)
    values = {row: codes.get(row, none) for row in _CLINICAL_ROWS} | dict.fromkeys(_YES_NO_ROWS, none)
    values[88] = np.maximum.reduce([items[name] for name in _SEDIMENT])
    labs = patients.findings.labs
    values[85] = ((labs["proteinuria_24h"] >= 3.5) & (labs["albumin"] < 30)) * 1
    # Blood pressure takes no part in what is simulated: the same for everybody.
    values |= {78: none + 120, 79: none + 76}
    form = definition("bilag_2004")
    columns = [
        pl.Series(each.name, values_at(place, values[each.row])) for each in form.items if each.row in values
    ]
    ever = {each.row: np.any(values[each.row] > 0, axis=1) for each in form.items if each.row in values}
    affected = {
        system: np.any([ever[each.row] for each in form.items if each.system == system and each.row in ever
                        and each.row not in {78, 79}] or [none[:, 0] > 0], axis=0)
        for system in form.systems
    }  # fmt: skip
    affected["renal"] = labs["proteinuria_24h"][:, 0] > 0.5
    affected["haematological"] = np.ones(len(none), dtype=np.bool_)
    who = place["_subject"].to_numpy()
    columns += [
        pl.Series(f"{system}_ever", found[who].astype(np.int64)) for system, found in affected.items()
    ]
    return place.with_columns(columns)


def _labs(study: Study, place: pl.DataFrame, patients: Patients) -> pl.DataFrame:
    parts = [
        place.select("subject", "visit", "date").with_columns(
            pl.lit(each.test).alias("test"),
            pl.Series("value", values_at(place, patients.findings.labs[each.test])),
            pl.lit(each.unit).alias("unit"),
            pl.lit(each.low, dtype=pl.Float64).alias("low"),
            pl.lit(each.high, dtype=pl.Float64).alias("high"),
        )
        for each in LAB_MODELS
        if each.test in study.lab_names
    ]
    return pl.concat(parts) if parts else place.clear()


def _infusions(study: Study, patients: Patients, starts: list[date]) -> Rows:
    """Give each patient the planned infusions, exactly; a control arm gets them without cells."""
    per_lot = int(assumed("lot_doses"))
    rows: Rows = []
    given = 0
    for number, start in enumerate(starts):
        has_cells = bool(cell_days(study, int(patients.arms[number])))
        for count, (day, planned) in enumerate(planned_infusions(study), 1):
            if day >= patients.left_day[number]:
                continue
            weight = float(patients.weight[number])
            dose = round(weight * (planned.cells_per_kg or 1e6)) if has_cells else 0
            row = {"subject": name_subject(number), "number": count, "date": start + timedelta(days=day),
                   "lot": f"{MARK}L{given // per_lot + 1}" if has_cells else None, "cells": dose,
                   "weight_kg": weight, "reaction": "none"}  # fmt: skip
            given += has_cells
            rows.append(row)
    return rows


def _later_infusions(study: Study, patients: Patients, starts: list[date], later: LaterCourse | None) -> Rows:
    """Give the later course in the order of its days, from lots of its own."""
    if later is None:
        return []
    planned = conditional_courses(study)[0].infusions
    before = len(planned_infusions(study))
    days = [
        (starts[place] + timedelta(days=int(later.begins[place]) + each.day), place, number, each)
        for place in np.flatnonzero(np.isfinite(later.begins))
        for number, each in enumerate(planned, before + 1)
        if later.begins[place] + each.day < patients.left_day[place]
    ]
    rows: Rows = []
    lot, opened, taken = 0, date.min, 0
    for day, place, number, each in sorted(days, key=lambda row: row[:3]):
        has_cells = bool(cell_days(study, int(patients.arms[place])))
        weight = float(patients.weight[place])
        if has_cells and (taken == int(assumed("lot_doses")) or (day - opened).days > _KEPT - _MADE):
            lot, opened, taken = lot + 1, day, 0
        taken += has_cells
        rows.append(
            {"subject": name_subject(int(place)), "number": number, "date": day,
             "lot": f"{MARK}A{lot}" if has_cells else None,
             "cells": round(weight * (each.cells_per_kg or 1e6)) if has_cells else 0,
             "weight_kg": weight, "reaction": "none"}
        )  # fmt: skip
    return rows


def _lots(infusions: Rows) -> tuple[Rows, Rows]:
    firsts: dict[str, date] = {}
    for row in infusions:
        if row["lot"] is not None:
            firsts[row["lot"]] = min(row["date"], firsts.get(row["lot"], row["date"]))
    lots: Rows = []
    donors: Rows = []
    for lot, first in firsts.items():
        donor, made = lot.replace(MARK, f"{MARK}D"), first - timedelta(days=_MADE)
        tests: dict[str, Any] = {}
        for test in ("hiv", "hbv", "hcv", "syphilis"):
            tests |= {test: "negative", f"{test}_date": first - timedelta(days=_SPECIMEN)}
        lots.append(
            {"lot": lot, "donor": donor, "passage": 4, "viability_percent": 94.0, "cd73_percent": 98.0,
             "cd90_percent": 98.0, "cd105_percent": 97.0, "cd34_percent": 0.5, "cd45_percent": 0.5,
             "cd14_percent": 0.5, "cd19_percent": 0.5, "hla_dr_percent": 0.5, "sterility": "negative",
             "mycoplasma": "negative", "manufactured": made, "expiry": made + timedelta(days=_KEPT),
             "release": "released", "release_date": first - timedelta(days=_RELEASED)}
        )  # fmt: skip
        donors.append(
            {"donor": donor, "consent_date": first - timedelta(days=_CONSENT),
             "delivery_date": first - timedelta(days=_DELIVERY), "delivery": "vaginal", "healthy": 1, **tests,
             "eligible": 1}
        )  # fmt: skip
    return lots, donors


def _medications(patients: Patients, starts: list[date]) -> Rows:
    """Give everybody prednisone, tapered; it is raised at a relapse."""
    rows: Rows = []
    for number, start in enumerate(starts):
        steps: list[tuple[float, float]] = list(TAPER)
        relapse = patients.courses.relapse_day[number]
        if np.isfinite(relapse):
            late, dose = RAISED
            steps = [each for each in steps if each[0] < relapse] + [(float(np.ceil(relapse)) + late, dose)]
        steps = [each for each in steps if each[0] < patients.left_day[number]]
        for place, (day, dose) in enumerate(steps):
            row = {"subject": name_subject(number), "drug": "prednisone", "dose": dose, "unit": "mg/day",
                   "route": "oral", "start": start + timedelta(days=int(day)), "end": None,
                   "reason": "systemic lupus erythematosus"}  # fmt: skip
            if place + 1 < len(steps):
                row["end"] = start + timedelta(days=int(steps[place + 1][0]) - 1)
            rows.append(row)
    return rows


def _events(patients: Patients, starts: list[date], generator: np.random.Generator, monthly: float) -> Rows:
    rows: Rows = []
    ends = np.minimum(np.where(patients.seen, patients.days, 0.0).max(axis=1), patients.left_day)
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        for _ in range(generator.poisson(monthly * max(end, 0.0) / 30.4375)):
            day = int(generator.integers(2, max(int(end), 3)))
            is_serious = bool(generator.random() < assumed("serious"))
            began = start + timedelta(days=day)
            term = str(generator.choice(_TERMS))
            last = began + timedelta(days=int(generator.integers(1, 10)))
            grade = 3 if is_serious else int(generator.integers(1, 3))
            rows.append(
                {"subject": name_subject(number), "term": term, "start": began, "end": last,
                 "grade": max(grade, _LEAST_GRADE.get(term, 1)), "serious": int(is_serious),
                 "related": 0, "outcome": "recovered", "action": "none"}
            )  # fmt: skip
    return rows


def _answer_events(questions: pl.DataFrame, events: Rows) -> pl.DataFrame:
    """Say at each visit whether an event began since the one before."""
    began: dict[str, list[date]] = {}
    for row in events:
        began.setdefault(row["subject"], []).append(row["start"])
    last: dict[str, date] = {}
    answers = []
    for subject, day in questions.select("subject", "date").iter_rows():
        since = last.get(subject, date.min)
        answers.append(int(any(since < each <= day for each in began.get(subject, ()))))
        last[subject] = day
    return questions.with_columns(pl.Series("any_event", answers))


def _disposition(study: Study, patients: Patients, starts: list[date]) -> Rows:
    rows: Rows = []
    for number, start in enumerate(starts):
        left = patients.left_day[number]
        has_left = bool(np.isfinite(left))
        seen = patients.days[number][patients.seen[number]]
        day = int(left) if has_left else int(max(seen.max(), study.visits[-1].opens))
        rows.append(
            {"subject": name_subject(number), "status": "withdrew" if has_left else "completed",
             "date": start + timedelta(days=day), "reason": "own wish" if has_left else ""}
        )  # fmt: skip
    return rows
