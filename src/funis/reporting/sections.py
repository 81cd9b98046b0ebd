"""The order of a report: which table and which figure stand in which section, and the words before them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count

from funis.documents.document import (
    Block,
    Highlight,
    Highlights,
    ItemList,
    Paragraph,
    Section,
    SectionPart,
    plain,
)
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.table import TableSpec
from funis.errors import LEVELS
from funis.reporting.definition_words import build_full_definitions
from funis.reporting.finding_tables import findings_in_words
from funis.reporting.labels import Labels, listed
from funis.reporting.methods_text import SINGLE_ARM, build_methods
from funis.reporting.passages import Passage
from funis.results import Results
from funis.study.model import Study

#: Sections in the order of the report, with their titles.
TITLES: dict[str, str] = {
    "key-results": "Key results",
    "subjects": "Subjects",
    "baseline": "Baseline",
    "response": "Response and relapse",
    "time-to-event": "Time to event",
    "efficacy": "Efficacy by endpoint",
    "systems": "Organ systems",
    "regression-to-mean": "Regression to the mean",
    "comparison": "Comparison between arms",
    "models": "Models",
    "estimands": "Estimands",
    "multiplicity": "Primary endpoints together and gatekeeping",
    "sensitivity": "Sensitivity analyses",
    "diagnostics": "Diagnostics and influence",
    "other": "Other measures",
    "subject-courses": "Timelines of single subjects",
    "glucocorticoid": "Glucocorticoid and other drugs",
    "safety": "Safety",
    "exposure": "Infusions and exposure",
    "findings": "Findings in the data",
    "assumptions": "Declared assumptions",
    "methods": "Methods",
}


def build_sections(
    study: Study,
    results: Results,
    *,
    keys: tuple[Highlight, ...],
    tables: Sequence[TableSpec],
    figures: Sequence[FigureSpec | FlowChart],
    remarks: Mapping[str, str] | None = None,
) -> tuple[Section, ...]:
    """Put tables and figures into their sections and number them in reading order.

    Parameters
    ----------
    study, results : as for the report
    keys : the summary at the top
    tables : every table
    figures : every figure, the flow of subjects first
    remarks : by section, what is said of what was not collected

    Returns
    -------
    tuple of Section : those that have something to show
    """
    sections = []
    is_observed = study.trial.design == "observational"
    for name, title in TITLES.items():
        drawn = [figure for figure in figures if figure.section == name]
        own_tables = [table for table in tables if table.section == name]
        parts = tuple(_parts(name, study, drawn, own_tables))
        highlights = (Highlights(keys),) if name == "key-results" and keys else ()
        remark = (remarks or {}).get(name, "")
        if parts or highlights or remark:
            shown_title = "Results by endpoint" if name == "efficacy" and is_observed else title
            said = (Paragraph(plain(remark), is_lead=True),) if remark else ()
            blocks = (*_lead(name, study, results), *said, *highlights)
            sections.append(Section(name, shown_title, blocks, parts))
    return tuple(_number(sections))


def _number(sections: Iterable[Section]) -> Iterator[Section]:
    """Give tables and figures their numbers in reading order: what is not shown takes no number."""
    tables, figures = count(1), count(1)

    def label(block: Block) -> Block:
        if isinstance(block, TableSpec):
            return replace(block, label=f"Table {next(tables)}")
        if isinstance(block, FigureSpec | FlowChart):
            return replace(block, label=f"Figure {next(figures)}")
        return block

    for section in sections:
        blocks = tuple(map(label, section.blocks))
        parts = tuple(replace(part, blocks=tuple(map(label, part.blocks))) for part in section.parts)
        yield replace(section, blocks=blocks, parts=parts)


def _parts(
    name: str, study: Study, drawn: list[FigureSpec | FlowChart], own_tables: list[TableSpec]
) -> Iterator[SectionPart]:
    if name == "methods":
        passages = (*build_methods(study), *build_full_definitions(Labels(study)))
        yield from (_methods_part(place, passage) for place, passage in enumerate(passages))
    elif name == "assumptions":
        if study.trial.assumptions:
            yield SectionPart("assumptions-list", blocks=(_items(study.trial.assumptions),))
    elif name == "findings" and not own_tables:
        yield SectionPart("findings-none")
    elif name == "efficacy":
        yield from _by_endpoint(study, drawn, own_tables)
    elif name == "diagnostics":
        yield from _diagnostic_parts((*own_tables, *drawn))
    elif drawn or own_tables:
        blocks = (*drawn, *own_tables) if name == "subjects" else (*own_tables, *drawn)
        yield SectionPart(f"{name}-blocks", blocks=blocks)


def _items(lines: Sequence[str]) -> ItemList:
    return ItemList(tuple(plain(line) for line in lines))


def _methods_part(place: int, passage: Passage) -> SectionPart:
    paragraphs = tuple(Paragraph(plain(line)) for line in passage.paragraphs)
    items = (_items(passage.items),) if passage.items else ()
    return SectionPart(f"methods-{place}", passage.title, (*paragraphs, *items), is_folded=passage.is_folded)


#: Parts of the diagnostics, with the tables and figures that stand in each, by the beginning of their ids.
DIAGNOSTICS: dict[str, tuple[str, ...]] = {
    "Influence of single subjects, sites and lots": ("table-influence", "figure-influence"),
    "Sites, lots and donors as random effects": ("table-site-effects",),
    "Mixed models": ("table-fits", "table-covariance", "table-parameters", "figure-residuals"),
    "Paired tests": ("table-qq-correlation", "figure-quantiles"),
}


def _diagnostic_parts(blocks: Sequence[TableSpec | FigureSpec | FlowChart]) -> Iterator[SectionPart]:
    """Fold each kind of diagnostics away: they are looked up, not read."""
    for place, (title, starts) in enumerate(DIAGNOSTICS.items()):
        own = tuple(block for block in blocks if block.id.startswith(starts))
        if own:
            yield SectionPart(f"diagnostics-{place}", title, own, is_folded=True)


def _by_endpoint(
    study: Study, drawn: list[FigureSpec | FlowChart], own_tables: list[TableSpec]
) -> Iterator[SectionPart]:
    """Give each endpoint its heading, its table and its figure."""
    for endpoint in study.endpoints:
        tables = [table for table in own_tables if table.id == f"table-{endpoint.id}"]
        figures = [figure for figure in drawn if figure.id == f"figure-{endpoint.id}"]
        if tables or figures:
            yield SectionPart(f"endpoint-{endpoint.id}", endpoint.printed, (*tables, *figures))


def describe_provenance(study: Study, results: Results) -> Iterator[str]:
    """Say what the report was made from and by which rules, one sentence each."""
    origin = results.provenance
    yield f"Made by funis {origin.version} from the study file {study.trial.id} and the input files below."
    yield f"Data cut: {origin.data_cut or 'the data hold no date'}."
    yield f"Seed of everything drawn at random: {origin.seed}."
    for name in study.instrument_names:
        choice = study.choice(name)
        parameters = (
            ", ".join(f"{key} = {value}" for key, value in choice.parameters.items()) or "as published"
        )
        yield f"Rule {name}: missing items {choice.missing}; parameters {parameters}."
    for kind, rules in (("population", study.populations), ("subgroup", study.subgroups)):
        for name, rule in rules.items():
            yield f"Rule of the {kind} {name}: {rule}."
    for criterion in (*study.eligibility.inclusion, *study.eligibility.exclusion):
        if criterion.rule:
            yield f"Rule of the criterion {criterion.id}: {criterion.rule}."
    for number, rule in enumerate(study.product.release, 1):
        yield f"Rule of release {number}: {rule}."
    for endpoint in study.endpoints:
        if endpoint.parameters:
            parameters = ", ".join(f"{key} = {value}" for key, value in endpoint.parameters.items())
            yield f"Rule {endpoint.definition or endpoint.id}: parameters {parameters}."


_LEADS: dict[str, Callable[[Study, Results], str]] = {
    "assumptions": lambda *_: "What the sources do not say, and this report therefore assumes.",
    "methods": lambda *_: (
        "Written from the study file; nothing is described that the study file does not ask for."
    ),
    "findings": lambda _, results: _finding_lead(results),
}


def _lead(name: str, study: Study, results: Results) -> tuple[Paragraph, ...]:
    lead = _LEADS.get(name)
    if name == "key-results" and study.trial.design == "single_arm":
        return (Paragraph(plain(SINGLE_ARM), is_lead=True),)
    return (Paragraph(plain(lead(study, results)), is_lead=True),) if lead else ()


def _finding_lead(results: Results) -> str:
    levels = [finding.level for finding in results.findings]
    if not levels:
        return "The checks found nothing in the data."
    said = [findings_in_words(level, levels.count(level)) for level in LEVELS]
    return (
        f"The checks found {listed(said)}. "
        "A value at error level is left out; everything else is used as recorded."
    )
