"""A synthetic trial of 40 subjects with numbers, sources, listings and findings, for tests of tables and pages.

The values are drawn with a fixed seed; what the tests expect stands written out here or in the tests.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from funis.errors import Finding
from funis.results import SOURCE_COLUMNS, InputRecord, NumberList, Place, Provenance, Results
from funis.study.model import Study

VISITS = (
    ("baseline", 0),
    ("month_1", 30),
    ("month_3", 90),
    ("month_6", 180),
    ("month_9", 270),
    ("month_12", 360),
)
SYSTEMS = (
    "constitutional",
    "mucocutaneous",
    "neuropsychiatric",
    "musculoskeletal",
    "cardiorespiratory",
    "gastrointestinal",
    "ophthalmic",
    "renal",
    "haematological",
)
SUBJECTS = tuple(f"0{1 + place % 4}-{place + 1:03d}" for place in range(40))
MEANS = {
    "sledai_2k": (10.8, 4.6, -4.4),
    "bilag_2004": (21.0, 8.0, -11.0),
    "creatinine": (84.0, 30.0, -6.0),
    "albumin": (33.0, 5.0, 4.0),
    "c3": (0.72, 0.2, 0.2),
}


def as_tuples(value: Any) -> Any:
    """Turn lists into tuples, as the strict models want them."""
    if isinstance(value, list):
        return tuple(as_tuples(each) for each in value)
    if isinstance(value, dict):
        return {key: as_tuples(each) for key, each in value.items()}
    return value


def make_study(**trial: Any) -> Study:
    """Make the study of the synthetic trial; keywords replace keys of its first section."""
    about = {
        "id": "UCMSC-SLE",
        "title": "Umbilical-cord mesenchymal stem cells in active lupus",
        "condition": "sle",
        "design": "single_arm",
        "reconstructed": True,
        "assumptions": [
            "n with lupus nephritis is 24, which the abstract does not print.",
            "Safety questions were asked at every visit.",
        ],
    }
    forms = ["sledai_2k", "bilag_2004", "labs", "safety_questions"]
    raw = {
        "study": about | trial,
        "sites": [{"id": f"0{place}", "name": f"Centre {place}"} for place in range(1, 5)],
        "eligibility": {
            "inclusion": [
                {"id": "I1", "text": "Age 16 years or more", "rule": "age >= 16"},
                {"id": "I2", "text": "Active disease", "rule": "baseline_sledai_2k > 6"},
            ]
        },
        "product": {"name": "UC-MSC", "release": ["viability_percent >= 80"]},
        "infusions": [{"day": 0, "cells_per_kg": 1e6}, {"day": 7, "window": [-1, 1], "cells_per_kg": 1e6}],
        "visits": [{"name": name, "day": day, "window": [-10, 10], "forms": forms} for name, day in VISITS],
        "labs": [
            {"test": "creatinine", "unit": "umol/L"},
            {"test": "albumin", "unit": "g/L"},
            {"test": "c3", "unit": "g/L"},
        ],
        "instruments": {
            "sledai_2k": {"label": "SLEDAI (version not stated by the source)"},
            "bilag_2004": {},
        },
        "populations": {"treated": "first_infusion_date IS NOT NULL"},
        "subgroups": {"lupus_nephritis": "baseline_proteinuria_24h > 0.5"},
        "endpoints": [
            {
                "id": "response_month_6",
                "kind": "response",
                "label": "Clinical response at 6 months",
                "role": "primary",
                "definition": "ucmsc_bilag_response",
                "at": ["month_6"],
                "population": "treated",
            },
            {
                "id": "relapse",
                "kind": "relapse",
                "definition": "ucmsc_bilag_response",
                "at": ["month_9", "month_12"],
            },
            {
                "id": "sledai_change",
                "kind": "change",
                "label": "Disease activity, SLEDAI",
                "variable": "sledai_2k",
                "at": [name for name, _ in VISITS[2:]],
                "population": "treated",
                "methods": ["paired_t", "wilcoxon"],
                "adjust": "holm",
            },
            {
                "id": "bilag_change",
                "kind": "change",
                "label": "Disease activity, BILAG total",
                "variable": "bilag_2004",
                "population": "treated",
                "methods": ["paired_t"],
                "adjust": "holm",
            },
            {
                "id": "labs_change",
                "kind": "change",
                "label": "Laboratory tests",
                "variables": ["creatinine", "albumin", "c3"],
                "population": "treated",
                "methods": ["wilcoxon"],
                "adjust": "holm",
            },
            {"id": "organ_systems", "kind": "systems", "variable": "bilag_2004", "population": "treated"},
            {"id": "time_to_relapse", "kind": "time_to_event", "event": "relapse", "origin": "response"},
        ],
    }
    return Study.model_validate(as_tuples(raw))


class Maker:
    """Makes the results of the synthetic trial, value by value."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(20120614)
        self.numbers = NumberList()
        self.sources: list[tuple[Any, ...]] = []
        self.values = {name: self.draw(*about) for name, about in MEANS.items()}
        self.grades = {
            name: self.rng.choice(list("ABCDE"), (40, 6), p=(0.05, 0.2, 0.25, 0.25, 0.25)) for name in SYSTEMS
        }

    def draw(self, mean: float, sd: float, change: float) -> np.ndarray[Any, Any]:
        """Draw values of 40 subjects at 6 visits, two decimals, a few missing."""
        course = change * np.array([0, 0.4, 0.7, 1, 0.95, 0.9])
        values = mean + sd * self.rng.normal(size=(40, 1)) + course + 0.3 * sd * self.rng.normal(size=(40, 6))
        values = np.round(np.clip(values, 0, None), 0 if mean > 5 else 2)
        values[self.rng.random((40, 6)) < 0.02] = np.nan
        return values

    def source(self, key: str, variable: str, visits: tuple[int, ...], chosen: np.ndarray[Any, Any]) -> str:
        """Write the recorded values behind a number."""
        for visit in visits:
            for place in chosen:
                value = self.values[variable][place, visit]
                self.sources.append(
                    (
                        key,
                        SUBJECTS[place],
                        VISITS[visit][0],
                        variable,
                        variable,
                        float(value),
                        None,
                        f"{variable}.csv",
                        int(2 + place * 6 + visit),
                    )
                )
        return key

    def describe(self, place: Place, values: np.ndarray[Any, Any]) -> None:
        """Add the statistics of a group of values."""
        half = 2.02 * values.std(ddof=1) / math.sqrt(len(values))
        told = {
            "n": len(values),
            "mean": values.mean(),
            "sd": values.std(ddof=1),
            "lower": values.mean() - half,
            "upper": values.mean() + half,
            "median": np.median(values),
            "q1": np.quantile(values, 0.25),
            "q3": np.quantile(values, 0.75),
            "min": values.min(),
            "max": values.max(),
        }
        for name, value in told.items():
            self.numbers.add(
                place, name, float(value), method="student_t" if name in {"lower", "upper"} else ""
            )

    def rate(self, place: Place, count: int, total: int) -> None:
        """Add a count, its percentage and two intervals."""
        self.numbers.add(place, "count", count)
        share = 100 * count / total
        self.numbers.add(place, "percent", share)
        for method in ("clopper_pearson", "wilson"):
            self.numbers.add(place, "lower", max(0, share - 12), method=method)
            self.numbers.add(place, "upper", min(100, share + 12), method=method)

    def course(self, variable: str, endpoint: str, methods: tuple[str, ...]) -> None:
        """Add summary, change and tests of a variable at every visit."""
        values = self.values[variable]
        for visit, (name, _) in enumerate(VISITS):
            known = np.flatnonzero(~np.isnan(values[:, visit]))
            for population in ("enrolled", "treated"):
                key = self.source(f"{population}/{variable}/{name}", variable, (visit,), known)
                self.describe(
                    Place(
                        analysis="summary",
                        variable=variable,
                        population=population,
                        visit=name,
                        n=len(known),
                        denominator=40,
                        missing="strict",
                        source=key,
                    ),
                    values[known, visit],
                )
            if visit:
                both = np.flatnonzero(~np.isnan(values[:, visit] - values[:, 0]))
                key = self.source(f"treated/{variable}_change/{name}", variable, (0, visit), both)
                change = Place(
                    analysis="change",
                    variable=f"{variable}_change",
                    measure=variable,
                    population="treated",
                    visit=name,
                    n=len(both),
                    denominator=40,
                    missing="strict",
                    source=key,
                )
                self.describe(change, values[both, visit] - values[both, 0])
                test = Place(
                    analysis="test",
                    variable=f"{variable}_change",
                    measure=variable,
                    population="treated",
                    visit=name,
                    endpoint=endpoint,
                    n=len(both),
                    missing="strict",
                    source=key,
                )
                for method in methods:
                    p = float(self.rng.random() ** 6)
                    self.numbers.add(test, "p", p, method=method)
                    adjusted = replace(test, adjustment="holm")
                    self.numbers.add(adjusted, "p_adjusted", min(1.0, 4 * p), method=method)


def make_results(**provenance: Any) -> Results:
    """Make the results of the synthetic trial; keywords replace attributes of its provenance."""
    maker = Maker()
    _add_subjects(maker)
    for name in MEANS:
        methods = (
            ("paired_t", "wilcoxon")
            if name == "sledai_2k"
            else ("paired_t",)
            if name == "bilag_2004"
            else ("wilcoxon",)
        )
        endpoint = {"sledai_2k": "sledai_change", "bilag_2004": "bilag_change"}.get(name, "labs_change")
        maker.course(name, endpoint, methods)
    _add_systems(maker)
    _add_outcomes(maker)
    _add_safety(maker)
    sources = pl.DataFrame(maker.sources, schema=SOURCE_COLUMNS, orient="row").unique()
    about: dict[str, Any] = {
        "version": "0.1.0",
        "study": "UCMSC-SLE",
        "title": "Made trial",
        "data_cut": "2012-06-30",
        "seed": 20120614,
        "files": (InputRecord("subjects.csv", "ab" * 32, 40), InputRecord("sledai_2k.csv", "cd" * 32, 240)),
        "reconstructed": True,
    }
    return Results(
        numbers=maker.numbers.frame(),
        sources=sources,
        provenance=Provenance(**(about | provenance)),
        listings=_make_listings(maker),
        findings=make_findings(),
    )


def _add_subjects(maker: Maker) -> None:
    counts = {
        "screened": 43,
        "consented": 41,
        "enrolled": 40,
        "treated": 40,
        "completed": 38,
        "withdrew": 1,
        "lost": 1,
        "died": 0,
    }
    for name, count in counts.items():
        place = Place(analysis="disposition", variable=name, n=40, denominator=40)
        maker.numbers.add(place, "count", count)
        if count <= 40:
            maker.numbers.add(place, "percent", 100 * count / 40)
    for population, subgroup, n in (
        ("enrolled", "all", 40),
        ("treated", "all", 40),
        ("enrolled", "lupus_nephritis", 24),
    ):
        place = Place(
            analysis="population",
            variable="subjects",
            population=population,
            subgroup=subgroup,
            n=n,
            denominator=40,
        )
        maker.numbers.add(place, "n", n)
        maker.numbers.add(place, "cannot_tell", 0, text="0")
    for name in ("I1", "I2", "eligible"):
        place = Place(analysis="eligibility", variable=name, n=40, denominator=40)
        maker.numbers.add(place, "count", 40)
        maker.numbers.add(place, "percent", 100.0)
        maker.numbers.add(place, "not_met", 0)
        maker.numbers.add(place, "cannot_tell", 0)
    age = np.round(maker.rng.normal(32, 10, 40).clip(16, 60))
    maker.describe(Place(analysis="baseline", variable="age", visit="baseline", n=40, denominator=40), age)
    counted = (("sex", "female", 37), ("sex", "male", 3), ("site", "01", 16), ("site", "02", 24))
    for name, category, count in counted:
        place = Place(
            analysis="baseline", variable=name, category=category, visit="baseline", n=40, denominator=40
        )
        maker.numbers.add(place, "count", count)
        maker.numbers.add(place, "percent", 100 * count / 40)


def _add_systems(maker: Maker) -> None:
    for system in SYSTEMS:
        for visit, (name, _) in enumerate(VISITS):
            for grade in "ABCDE":
                place = Place(
                    analysis="systems",
                    variable=f"bilag_2004_{system}",
                    category=grade,
                    population="treated",
                    visit=name,
                    n=40,
                    denominator=40,
                    missing="strict",
                )
                count = int((maker.grades[system][:, visit] == grade).sum())
                maker.numbers.add(place, "count", count)
                maker.numbers.add(place, "percent", 100 * count / 40)
            if visit:
                test = Place(
                    analysis="systems",
                    variable=f"bilag_2004_{system}",
                    population="treated",
                    visit=name,
                    endpoint="organ_systems",
                    n=40,
                    missing="strict",
                )
                for statistic, value in (("improved", 14), ("worsened", 6), ("unchanged", 20)):
                    maker.numbers.add(test, statistic, value, text=str(value))
                maker.numbers.add(test, "p", 0.004, method="wilcoxon")
                adjusted = replace(test, adjustment="holm")
                maker.numbers.add(adjusted, "p_adjusted", 0.036, method="wilcoxon")


def _add_outcomes(maker: Maker) -> None:
    for name, count in (("MCR", 14), ("PCR", 15), ("none", 11), ("cannot tell", 0), ("responder", 29)):
        place = Place(
            analysis="response",
            variable="ucmsc_bilag_response",
            category=name,
            population="treated",
            visit="month_6",
            endpoint="response_month_6",
            n=40,
            denominator=40,
        )
        maker.rate(place, count, 40)
    for visit, rows in (
        ("month_9", ((3, 40), (3, 29), (3, 29))),
        ("month_12", ((4, 40), (4, 29), (4, 26))),
        ("all", ((7, 40), (7, 29), (7, 29))),
    ):
        for population, (count, total) in zip(("enrolled", "responders", "at_risk"), rows, strict=True):
            place = Place(
                analysis="relapse",
                variable="relapse",
                population=population,
                visit=visit,
                endpoint="relapse",
                n=total,
                denominator=total,
            )
            maker.rate(place, count, total)
    for visit, survival, at_risk, events in (("month_9", 0.897, 26, 3), ("month_12", 0.759, 22, 7)):
        place = Place(
            analysis="time_to_event",
            variable="relapse",
            visit=visit,
            endpoint="time_to_relapse",
            n=29,
            denominator=29,
        )
        maker.numbers.add(place, "planned_time", {"month_9": 90, "month_12": 180}[visit])
        maker.numbers.add(place, "survival", survival, method="kaplan_meier")
        maker.numbers.add(place, "lower", survival - 0.1, method="kaplan_meier")
        maker.numbers.add(place, "upper", survival + 0.1, method="kaplan_meier")
        maker.numbers.add(place, "at_risk", at_risk)
        maker.numbers.add(place, "events", events)


def _add_safety(maker: Maker) -> None:
    for name, category, count, events in (
        ("any", "", 3, 4),
        ("serious", "", 0, 0),
        ("related", "", 1, 1),
        ("term", "herpes zoster", 2, 2),
        ("grade", "2", 3, 4),
    ):
        place = Place(
            analysis="adverse_events",
            variable=name,
            category=category,
            population="treated",
            n=40,
            denominator=40,
        )
        maker.numbers.add(place, "count", count)
        maker.numbers.add(place, "percent", 100 * count / 40)
        maker.numbers.add(place, "events", events)
    for visit, asked, due in (*((name, 39, 40) for name, _ in VISITS), ("all", 234, 240)):
        place = Place(
            analysis="adverse_events",
            variable="asked",
            population="treated",
            visit=visit,
            n=due,
            denominator=due,
        )
        maker.numbers.add(place, "count", asked)
        maker.numbers.add(place, "percent", 100 * asked / due)
    for visit in ("infusion_1", "infusion_2"):
        maker.describe(
            Place(analysis="exposure", variable="cells", visit=visit, n=40),
            np.round(maker.rng.normal(56e6, 8e6, 40)),
        )
        place = Place(analysis="exposure", variable="infused", visit=visit, n=40, denominator=40)
        maker.numbers.add(place, "count", 40)
        maker.numbers.add(place, "percent", 100.0)


def make_findings() -> tuple[Finding, ...]:
    """Make findings of every level, one of them with a text that would run as a script."""
    hostile = "</script><script>alert(1)</script>"
    return (
        Finding(
            "error",
            "value_out_of_range",
            "labs",
            "labs.csv",
            17,
            "value",
            "-4",
            "The value is negative.",
            "Give a value of 0 or more.",
            "01-001",
            "month_3",
        ),
        Finding(
            "warning",
            "visit_outside_window",
            "visits",
            "visits.csv",
            9,
            "date",
            "2011-02-30",
            "The visit is late.",
            "Correct the date, or name the visit unscheduled.",
            "01-005",
            "month_6",
        ),
        Finding(
            "query",
            "free_text",
            "adverse_events",
            "adverse_events.csv",
            3,
            "term",
            hostile,
            "Not a term.",
            "Name the event.",
            "01-009",
        ),
    )


def _make_listings(maker: Maker) -> dict[str, pl.DataFrame]:
    def at(visit: int, place: int) -> int:
        return VISITS[visit][1] + (place * 7 + visit) % 9 - 4 if visit else 0

    every = [(place, visit) for place in range(40) for visit in range(6)]
    scores = [
        {
            "subject": SUBJECTS[place],
            "visit": VISITS[visit][0],
            "day": at(visit, place),
            "variable": name,
            "value": None if math.isnan(values[place, visit]) else float(values[place, visit]),
        }
        for name, values in maker.values.items()
        for place, visit in every
    ]
    grades = [
        {
            "subject": SUBJECTS[place],
            "visit": VISITS[visit][0],
            "day": at(visit, place),
            "system": name,
            "grade": str(values[place, visit]),
            "rule": "",
        }
        for name, values in maker.grades.items()
        for place, visit in every
    ]
    classes = ["MCR"] * 14 + ["PCR"] * 15 + ["none"] * 11
    relapsed = [
        (SUBJECTS[place], "month_9" if place < 3 else "month_12", 268 if place < 3 else 362)
        for place in range(7)
    ]
    return {
        "scores": pl.DataFrame(scores),
        "grades": pl.DataFrame(grades).with_columns(instrument=pl.lit("bilag_2004")),
        "responses": pl.DataFrame({"subject": SUBJECTS, "response": classes}).with_columns(
            definition=pl.lit("ucmsc_bilag_response")
        ),
        "relapses": pl.DataFrame(relapsed, schema=["subject", "visit", "day"], orient="row"),
        "infusions": pl.DataFrame({"subject": SUBJECTS * 2, "day": [0] * 40 + [7] * 40}),
        "adverse_events": pl.DataFrame(
            {
                "subject": SUBJECTS[10:14],
                "day": [12, 55, 190, 240],
                "term": ["herpes zoster"] * 4,
                "serious": [0.0, 0.0, 1.0, 0.0],
            }
        ),
        "disposition": pl.DataFrame(
            {
                "subject": SUBJECTS,
                "status": ["completed"] * 38 + ["withdrew", "lost"],
                "day": [365] * 38 + [200, 300],
            }
        ),
        "km": pl.DataFrame(
            {
                "time": [0.0, 88.0, 92.0, 178.0, 185.0, 190.0],
                "survival": [1.0, 0.966, 0.897, 0.862, 0.793, 0.759],
                "lower": [1.0, 0.78, 0.71, 0.67, 0.60, 0.56],
                "upper": [1.0, 0.995, 0.965, 0.946, 0.904, 0.88],
                "endpoint": ["time_to_relapse"] * 6,
                "population": ["enrolled"] * 6,
                "subgroup": ["all"] * 6,
                "arm": ["all"] * 6,
                "censored": [0, 0, 0, 1, 0, 21],
                "at_risk": [29, 29, 28, 26, 24, 22],
                "events": [0, 1, 2, 1, 2, 1],
            }
        ),
    }
