"""Which place each table and figure has: a section of the main part of the report, or of the supplement."""

from __future__ import annotations

from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.table import TableSpec
from funis.study.model import Study

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
#: Places by the beginning of an id; the first that fits.
_BY_ID: tuple[tuple[str, str], ...] = (
    ("table-time-to-event", "responses"),
    ("figure-flow", "subjects"),
    ("table-exposure", "influence"),
    ("table-asked", "completeness"),
    ("table-disposition", "populations"),
    ("table-populations", "populations"),
    ("table-eligibility", "eligibility"),
    ("table-listing-response", "response-subjects"),
    ("table-listing-events", "events"),
    ("table-events-by-term-all", "events"),
    ("table-influence", "influence"),
    ("figure-influence", "influence"),
    ("table-site-effects", "influence"),
)
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

    def place(self, shown: TableSpec | FigureSpec | FlowChart) -> str:
        """Name the section of the main part or of the supplement that a table or figure stands in."""
        if shown.id.startswith("table-main-"):
            return shown.section
        known = [place for start, place in _BY_ID if shown.id.startswith(start)]
        known += [_BY_SECTION[shown.section]] if shown.section in _BY_SECTION else []
        return known[0] if known else self._place_by_content(shown)

    def _place_by_content(self, shown: TableSpec | FigureSpec | FlowChart) -> str:
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

    def _place_of_endpoint(self, shown: TableSpec | FigureSpec | FlowChart) -> str:
        if shown.id == f"figure-{self._first_change}":
            return "activity"
        is_laboratory = any(shown.id in {f"table-{name}", f"figure-{name}"} for name in self._laboratory)
        return "laboratory" if is_laboratory else "scores"
