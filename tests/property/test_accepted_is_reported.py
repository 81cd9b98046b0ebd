"""Whatever check accepts, report prints, and what it prints of each group is what stands in the data.

Studies and data with names as people give them: punctuation, other scripts, capitals alone, spaces, names that
look alike in an id, words that have a meaning in funis.
"""

import csv
import io
import json
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import Phase, event, example, given, reject, settings
from hypothesis import strategies as st

from funis.analysis.analyse import analyse
from funis.analysis.every_finding import find_findings
from funis.catalogue.registry import definition
from funis.data.tables import read_tables
from funis.errors import StudyError
from funis.reporting.report import render_html
from funis.results import Results, write_results
from funis.study.read import read_study

ITEMS = [item.name for item in definition("sledai_2k").items]
VISITS = (("2020-01-01", 0), ("2020-01-31", 30), ("2020-03-31", 90))
# Texts that a person writes, among them some with one slug and some that mean something in funis.
LIKELY = (
    "headache", "headache.", "Headache", "head ache", "head_ache", "head-ache", "a", "A", "a.", "(a)", "01", "1",
    "all", "All", "enrolled", "cells", "placebo", "cells - placebo", "cells/placebo", "sex", "site", "none", "",
    "头痛", "头痛。", "é", "e\u0301", "ß", "<b>", "&amp;", "'", '"', "x: y", "x", "y", "%", "=1+1", "a,b", "…",
    "month_1", "baseline", "treated", "null", "0", "-", "🙂", "subjects", "count", "eligible",
)  # fmt: skip
# Small letters, digits and _ : names of visits, tests, populations, subgroups, endpoints.
FREE = (
    "treated", "a", "b", "a_b", "month_1", "month_3", "baseline", "creatinine", "c3", "x", "responders", "at_risk",
    "infusion_1", "cells", "safety", "any", "term", "female", "count", "p", "ae_1",
)  # fmt: skip
TAKEN = (
    "all", "enrolled", "sledai_2k", "sledai_2k_change", "sledai_2k_lower", "x_change", "subjects", "day", "visit", "rash",
    "age", "eligible", "site", "bilag_2004", "sri_4", "arthritis", "unscheduled",
)  # fmt: skip

texts = st.one_of(
    st.sampled_from(LIKELY),
    st.text(st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters="\x85"), max_size=12),
)
names = st.sampled_from(FREE * 12 + TAKEN)


def several(of: st.SearchStrategy[str], least: int, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(of, min_size=least, max_size=most, unique=True)


@dataclass
class Folder:
    """What a study and its data are made of."""

    sites: list[str] = field(default_factory=lambda: ["01", "02"])
    arms: list[str] = field(default_factory=list)
    visits: list[str] = field(default_factory=lambda: ["baseline", "month_1", "month_3"])
    labs: list[str] = field(default_factory=lambda: ["creatinine"])
    populations: list[str] = field(default_factory=lambda: ["treated"])
    subgroups: list[str] = field(default_factory=list)
    endpoints: list[str] = field(default_factory=lambda: ["change", "response", "staying", "events"])
    columns: list[str] = field(default_factory=list)
    criteria: list[str] = field(default_factory=lambda: ["I1"])
    terms: list[str] = field(default_factory=lambda: ["headache"])
    subjects: list[str] = field(default_factory=lambda: ["S1", "S2", "S3", "S4"])
    picks: list[int] = field(default_factory=lambda: [0])
    label: str = ""

    def pick(self, at: int, among: list[str]) -> str:
        """Choose one of several, the same one each time."""
        return among[self.picks[at % len(self.picks)] % len(among)] if among else ""


folders = st.builds(
    Folder,
    sites=several(texts, 0, 3),
    arms=st.one_of(st.just([]), several(texts, 2, 3)),
    visits=st.one_of(st.just(["baseline", "month_1", "month_3"]), several(names, 3, 3)),
    labs=several(names, 0, 3),
    populations=several(names, 0, 3),
    subgroups=several(names, 0, 2),
    endpoints=several(names, 4, 4),
    columns=several(names, 0, 2),
    criteria=several(texts, 0, 3),
    terms=several(texts, 0, 6),
    subjects=several(
        st.one_of(st.sampled_from(["S1", "s1", "S-1", "S 1", "1", "01", "S2", "S3", "S4", "S5"]), texts), 2, 6
    ),
    picks=st.lists(st.integers(0, 1000), min_size=7, max_size=19),
    label=texts,
)


def quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def section(head: str, **keys: Any) -> str:
    lines = [
        f"{key} = {value if isinstance(value, str) else json.dumps(value)}" for key, value in keys.items()
    ]
    return "\n".join((head, *lines, ""))


def study_text(made: Folder) -> str:
    """Write the study file."""
    trial = {"id": quoted("T"), "title": quoted(made.label or "T"), "condition": quoted("sle")}
    parts = [section("[study]", **trial, design=quoted("parallel" if made.arms else "single_arm"))]
    parts += [
        section("[[sites]]", id=quoted(each), name=quoted(made.label or each or "x")) for each in made.sites
    ]
    parts += [
        section("[[arms]]", id=quoted(each), name=quoted(each or "x"), control=number == 0)
        for number, each in enumerate(made.arms)
    ]
    rules = [
        f'{{id = {quoted(each)}, text = {quoted(made.label or "x")}, rule = "age >= 16"}}'
        for each in made.criteria
    ]
    parts += [section("[eligibility]", inclusion=f"[{', '.join(rules)}]")]
    parts += ["[[infusions]]\nday = 0\n"]
    forms = ["sledai_2k", *(["labs"] if made.labs else []), "safety_questions"]
    parts += [
        section(
            "[[visits]]", name=quoted(name), day=day, window=[-10, 0] if day == 0 else [-10, 10], forms=forms
        )
        for name, (_, day) in zip(made.visits, VISITS, strict=True)
    ]
    units = {"creatinine": "umol/L", "c3": "g/L"}
    parts += [section("[[labs]]", test=quoted(each), unit=quoted(units.get(each, "1"))) for each in made.labs]
    parts += [section("[[columns]]", name=quoted(each), kind=quoted("number")) for each in made.columns]
    parts += [section("[populations]", **dict.fromkeys(made.populations, quoted("age > 20")))]
    parts += [section("[subgroups]", **dict.fromkeys(made.subgroups, quoted("age > 30")))]
    population = made.pick(0, made.populations)
    of = {"population": quoted(population)} if population else {}
    first, second, third, fourth = made.endpoints
    variables = ["sledai_2k", *made.labs]
    shared: dict[str, Any] = {"subgroups": made.subgroups, **of}
    at = made.visits[1:]
    parts += [
        section("[[endpoints]]", id=quoted(first), kind=quoted("change"), variables=variables, at=at,
                methods=["paired_t", "wilcoxon"], adjust=quoted("holm"), **shared),
        section("[[endpoints]]", id=quoted(second), kind=quoted("response"), definition=quoted("sledai_change"), at=at, **shared),
        section("[[endpoints]]", id=quoted(third), kind=quoted("time_to_event"), event=quoted("withdrawal"), **shared),
        section("[[endpoints]]", id=quoted(fourth), kind=quoted("adverse_events"), **of),
    ]  # fmt: skip
    return "\n".join(parts)


def data_tables(made: Folder) -> dict[str, list[dict[str, str]]]:
    """Write the data: every subject at every visit, its site and arm drawn."""
    tables: dict[str, list[dict[str, str]]] = defaultdict(list)
    for number, subject in enumerate(made.subjects):
        draw = made.picks[number % len(made.picks)]
        person = {"subject": subject, "site": made.pick(number, made.sites), "arm": made.pick(number + 3, made.arms),
                  "sex": "female", "age": str(18 + draw % 40), "consent_date": "2019-12-20", "weight_kg": "60"}  # fmt: skip
        tables["subjects"].append(person | {each: str(draw) for each in made.columns if each not in person})
        tables["infusions"].append(
            {"subject": subject, "number": "1", "date": "2020-01-01", "cells": "6e7", "lot": "L1"}
        )
        tables["disposition"].append(
            {"subject": subject, "status": "completed" if draw % 3 else "withdrew", "date": "2020-04-01"}
        )
        for place, (name, (date, _)) in enumerate(zip(made.visits, VISITS, strict=True)):
            row = {"subject": subject, "visit": name, "date": date}
            marks = {
                item: str(((draw + place * index) % 7 == 0 and 1) or 0) for index, item in enumerate(ITEMS)
            }
            tables["sledai_2k"].append(row | marks)
            tables["safety_questions"].append(row | {"asked": "1", "any_event": "0"})
            tables["labs"] += [
                row | {"test": test, "value": str(50 + (draw + place) % 9), "unit": ""} for test in made.labs
            ]
        if made.terms:
            for shift in range(draw % 3):
                term = made.pick(number + shift, made.terms)
                tables["adverse_events"].append(
                    {"subject": subject, "term": term, "start": "2020-02-01", "grade": "1"}
                )
    return tables


def write_folder(folder: Path, made: Folder) -> None:
    (folder / "data").mkdir()
    (folder / "study.toml").write_text(study_text(made), encoding="utf-8")
    for name, rows in data_tables(made).items():
        if not rows:
            continue
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        (folder / "data" / f"{name}.csv").write_text(text.getvalue(), encoding="utf-8", newline="")


def counts(results: Results, population: str, **where: str) -> dict[str, float | None]:
    """Give the counts of each category among all subjects of a population."""
    found = results.select(population=population, subgroup="all", arm="all", statistic="count", **where)
    return dict(found.select("category", "value").iter_rows())


def compare_with_the_data(results: Results, made: Folder, left_out: set[str]) -> None:
    """Count sites, arms and terms by hand."""
    tables = data_tables(made)
    kept = {
        row["subject"].strip(): row for row in tables["subjects"] if row["subject"].strip() not in left_out
    }
    for arm in made.arms:
        found = results.select(
            analysis="population", population="enrolled", subgroup="all", arm=arm, statistic="n"
        )
        assert found["value"].to_list() == [sum(row["arm"] == arm for row in kept.values())], arm
    sites = {site: sum(row["site"] == site for row in kept.values()) for site in made.sites}
    of_sites = counts(results, "enrolled", analysis="baseline", variable="site")
    assert of_sites == (sites if kept else {}), "sites"
    # Events are counted in the population of their endpoint, else in a usual one of this name: age > 20 in each.
    usual: list[str] = [name for name in ("safety", "treated") if name in made.populations]
    population = made.pick(0, made.populations) or (usual or ["enrolled"])[0]
    terms: dict[str, set[str]] = defaultdict(set)
    for row in tables["adverse_events"]:
        person = kept.get(row["subject"].strip())
        if person is not None and row["term"].strip():
            is_member = population == "enrolled" or int(person["age"]) > 20
            terms[row["term"].strip().lower()] |= {row["subject"]} if is_member else set()
    of_terms = counts(results, population, analysis="adverse_events", variable="term")
    # A count over nobody has no value.
    members = [row for row in kept.values() if population == "enrolled" or int(row["age"]) > 20]
    assert of_terms == {term: len(who) if members else None for term, who in terms.items()}, "terms"


@settings(max_examples=12, phases=set(Phase) - {Phase.explain})
@given(made=folders)
@example(
    Folder(terms=["headache", "headache.", "Headache", "head_ache", "head ache"], picks=[2, 5, 8, 1, 11])
)
@example(Folder(arms=["a b", "a_b"], sites=["a.", "a"], picks=[0, 1, 2, 3]))
@example(Folder(populations=["treated"], terms=["headache"], picks=[2, 0, 1]))
@example(Folder(arms=["x", "y"], visits=["baseline", "x", "y"], subgroups=["x", "y"], picks=[0, 1, 2, 3]))
@example(Folder(populations=["a"], subgroups=["b"], endpoints=["a", "b", "x", "y"], picks=[0, 30, 2, 23]))
def test_what_check_accepts_report_prints(made: Folder) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_folder(folder, made)
        try:
            study = read_study(folder)
        except StudyError:
            event("refused")
            reject()
        tables = read_tables(folder, study)
        find_findings(study, tables)
        results = analyse(study, tables)
        write_results(results, folder / "report")
        page = render_html(study, results)
        assert results.numbers["id"].is_unique().all()
        assert "</html>" in page
        left_out = {row["subject"].strip() for row in data_tables(made)["subjects"]} - set(
            tables.frames["subjects"]["subject"]
        )
        compare_with_the_data(results, made, left_out)
