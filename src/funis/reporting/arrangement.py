"""Which place each table and figure has: a section of the main part of the report, or of the supplement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.table import TableSpec
from funis.study.model import Study
from funis.study.printed_names import FIRST, MAIN_SECTIONS, REST

#: Code of a section that has its number when it is known which of those before it have something to show.
MOVED: Final = "S"
#: What a place is given to.
Shown: TypeAlias = TableSpec | FigureSpec | FlowChart
#: Sections of the main part in their order, with their titles.
MAIN: dict[str, str] = {
    "key-results": "Summary",
    "subjects": "Participant flow",
    "endpoints": "Endpoints",
    "baseline": "Baseline",
    "response": "Response and relapse",
    "activity": "Disease activity and other measures",
    "comparison": "Comparison between arms",
    "glucocorticoid": "Glucocorticoid and other drugs",
    "exposure": "Infusions and exposure",
    "safety": "Safety",
    "methods": "Methods",
    "quality": "Data quality",
    "limits": "Limits of interpretation",
}
#: Titles of the main part where no treatment was assigned and no safety was asked for by a protocol.
_OBSERVED: dict[str, str] = {
    "safety": "Harms recorded in routine notes",
    "exposure": "Infusions recorded in routine notes",
}
#: Sections of the supplement: code, title.
SUPPLEMENT: dict[str, tuple[str, str]] = {
    "definitions": ("S1", "Definitions in full"),
    "eligibility": ("S2", "Eligibility by criterion"),
    "populations": ("S3", "Populations and subgroups"),
    "responses": ("S4", "Response: other intervals and definitions"),
    "response-subjects": ("S5", "Response of each subject, with the reason"),
    "scores": ("S6", "All visits of each score"),
    "systems": ("S7", "Grades by organ system"),
    "regression-to-mean": ("S8", "Regression to the mean"),
    "laboratory": ("S9", "All laboratory visits"),
    "models": ("S10", "Models and sensitivity"),
    "events": ("S11", "All adverse events and listing"),
    "completeness": ("S12", "Completeness"),
    "findings": ("S13", "Findings in the data and values left out"),
    "influence": ("S14", "Influence of single subjects, sites and lots"),
    "subject-courses": ("S15", "Timelines of single subjects"),
    "assumptions": ("S16", "Declared assumptions"),
    "provenance": ("S17", "Provenance"),
    "checklist": ("S18", "Checklist"),
    "people": ("S19", "People and disclosures"),
}
_OTHERS = "further tables and figures"
#: Places by the beginning of an id; the first that fits.
_BY_ID: tuple[tuple[str, str], ...] = (
    ("table-time-to-event", "responses"),
    ("figure-flow", "subjects"),
    ("table-exposure", "influence"),
    ("table-product-lots", "influence"),
    ("table-asked", "completeness"),
    ("table-disposition", "populations"),
    ("table-follow-up", "populations"),
    ("table-populations", "populations"),
    ("table-eligibility", "eligibility"),
    ("table-listing-response", "response-subjects"),
    ("table-listing-events", "events"),
    ("table-events-by-term-all", "events"),
    ("table-adverse-events-all", "events"),
    ("table-adverse-events-courses", "events"),
    ("table-influence", "influence"),
    ("figure-influence", "influence"),
    ("figure-forest-", "populations"),
    ("figure-waterfall-", "scores"),
    ("table-site-effects", "influence"),
    ("figure-glucocorticoid", "subject-courses"),
    ("table-concomitant-all", "subject-courses"),
    # Of the cells the main part has what was given; donors and lots would make it longer than eight pages.
    ("table-main-product", "influence"),
    ("table-comparison", "models"),
    ("table-at-relapse-tests", "models"),
    # Every grade of every test is looked up; the main part has who got worse.
    ("table-lab-shifts", "laboratory"),
    ("table-courses-labs", "laboratory"),
    # Beside the listing of later courses; with the efficacy by course the main part has its size.
    ("table-course-conditions", "subject-courses"),
)
#: With arms, in three blocks each, these would make the main part longer than eight pages.
_BY_ARMS: tuple[tuple[str, str], ...] = (("table-concomitant", "subject-courses"),)
#: Places by the section that the maker of a table or figure names.
_BY_SECTION: dict[str, str] = {
    "systems": "systems",
    "regression-to-mean": "regression-to-mean",
    "models": "models",
    "estimands": "models",
    "multiplicity": "models",
    "sensitivity": "models",
    "diagnostics": "models",
    "findings": "findings",
    "subject-courses": "subject-courses",
    "provenance": "provenance",
}


@dataclass(frozen=True, slots=True)
class PlacedSection:
    """One section, with the tables and figures that stand in it.

    Attributes
    ----------
    id, title : of the section
    code : empty in the main part; `MOVED` for what the study file puts behind the usual supplement
    shown : in reading order
    is_whole : False for what the study file takes out of a section of the main part, without its words
    """

    id: str
    title: str
    code: str
    shown: tuple[Shown, ...]
    is_whole: bool = True


class Arrangement:
    """Where each table and figure of one study stands.

    Parameters
    ----------
    study : its endpoints decide what is a score and what a laboratory test, and which response comes first
    """

    def __init__(self, study: Study) -> None:
        self._laboratory = {
            endpoint.id
            for endpoint in study.endpoints
            if endpoint.all_variables and {lab.test for lab in study.labs}.issuperset(endpoint.all_variables)
        }
        ranked = sorted(study.endpoints, key=lambda each: each.role != "primary")
        changes = [each.id for each in ranked if each.kind in {"change", "summary"}]
        self._first_change = changes[0] if changes else ""
        self._by_arms = _BY_ARMS if len(study.arms) > 1 else ()
        self._main = study.report.main
        titles = study.report.titles
        usual = MAIN | (_OBSERVED if study.trial.design == "observational" else {})
        self._titles = {name: titles.get(key, usual[name]) for key, name in MAIN_SECTIONS.items()}

    def arrange(self, shown: Sequence[Shown]) -> tuple[PlacedSection, ...]:
        """Give every section in reading order, the main part as the study file chooses it.

        Parameters
        ----------
        shown : every table and figure, in the order of the report

        Returns
        -------
        tuple of PlacedSection : of the main part, of the supplement, and what the study file moved there
        """
        chosen = _read_main(self._main)
        named = {name for own in chosen.values() for name in own}
        usual: dict[str, list[Shown]] = {}
        for each in shown:
            if each.id not in named:
                usual.setdefault(self.place(each), []).append(each)
        by_id = {each.id: each for each in shown}
        main, moved = [], []
        for name, own in chosen.items():
            here = tuple(by_id[each] for each in own if each in by_id)
            others = tuple(usual.get(name, ()))
            # What has no result stays in sight whatever else is chosen.
            keeps = not own or name == MAIN_SECTIONS[FIRST]
            main.append(PlacedSection(name, self._titles[name], "", (*others, *here) if keeps else here))
            if others and not keeps:
                title = f"{self._titles[name]}: {_OTHERS}"
                moved.append(PlacedSection(f"{name}-others", title, MOVED, others, is_whole=False))
        left_out = (name for name in MAIN if name not in chosen)
        moved += [
            PlacedSection(name, self._titles[name], MOVED, tuple(usual.get(name, ()))) for name in left_out
        ]
        behind = (
            PlacedSection(name, title, code, tuple(usual.get(name, ())))
            for name, (code, title) in SUPPLEMENT.items()
        )
        return (*main, *behind, *moved)

    def place(self, shown: Shown) -> str:
        """Name the section of the main part or of the supplement that a table or figure stands in."""
        known = [place for start, place in (*self._by_arms, *_BY_ID) if shown.id.startswith(start)]
        if not known and shown.id.startswith("table-main-"):
            return shown.section
        known += [_BY_SECTION[shown.section]] if shown.section in _BY_SECTION else []
        return known[0] if known else self._place_by_content(shown)

    def _place_by_content(self, shown: Shown) -> str:
        match shown.section:
            case "efficacy":
                return self._place_of_endpoint(shown)
            case "other":
                return "laboratory" if shown.id == "table-other-labs" else "scores"
            case "response":
                return "response" if shown.id == "table-performance-goal" else "responses"
            case "safety":
                return "events" if isinstance(shown, TableSpec) and shown.is_collapsed else "safety"
        return "response" if shown.section == "time-to-event" else shown.section

    def _place_of_endpoint(self, shown: Shown) -> str:
        if shown.id == f"figure-{self._first_change}":
            return "activity"
        is_laboratory = any(shown.id in {f"table-{name}", f"figure-{name}"} for name in self._laboratory)
        return "laboratory" if is_laboratory else "scores"


def _read_main(names: Sequence[str]) -> dict[str, list[str]]:
    """Give the sections of the main part in the order asked for, each with what is named for it."""
    chosen: dict[str, list[str]] = {}
    section = ""
    for name in names or (REST,):
        if name == REST:
            rest = (place for key, place in MAIN_SECTIONS.items() if key not in names)
            chosen |= {place: [] for place in rest}
        elif name in MAIN_SECTIONS:
            section = MAIN_SECTIONS[name]
            chosen[section] = []
        else:
            chosen[section].append(name)
    return chosen
