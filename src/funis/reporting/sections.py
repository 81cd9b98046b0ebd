"""The order of a report: which table and which figure stand in which section, and the words before them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from funis.documents.document import (
    Box,
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
from funis.reporting.arrangement import MAIN, SUPPLEMENT, Arrangement
from funis.reporting.collapsing import collapse_equal
from funis.reporting.definition_words import build_full_definitions
from funis.reporting.finding_tables import findings_in_words, use_of_values
from funis.reporting.labels import Labels, listed
from funis.reporting.methods_text import build_methods
from funis.reporting.passages import Passage
from funis.results import Results
from funis.study.model import Study
from funis.study.populations import populations_of

#: Measures that no endpoint asks for.
OTHERS = "Other measures"


@dataclass(frozen=True, slots=True)
class _Material:
    """What sections are made of: study and results, tables and figures by their place, remarks."""

    study: Study
    results: Results
    boxes: Mapping[str, tuple[Box, ...]]
    words: Mapping[str, tuple[str, ...]]
    tables: Mapping[str, Sequence[TableSpec]]
    figures: Mapping[str, Sequence[FigureSpec | FlowChart]]
    remarks: Mapping[str, str]


def build_sections(
    study: Study,
    results: Results,
    *,
    boxes: Mapping[str, tuple[Box, ...]],
    words: Mapping[str, tuple[str, ...]],
    tables: Sequence[TableSpec],
    figures: Sequence[FigureSpec | FlowChart],
    remarks: Mapping[str, str] | None = None,
) -> tuple[Section, ...]:
    """Put tables and figures into the sections of the main part and of the supplement behind it.

    Parameters
    ----------
    study, results : as for the report
    boxes : by section, the boxes that open it
    words : by section, its running text, one paragraph each
    tables : every table
    figures : every figure, the flow of subjects first
    remarks : by section, what is said of what was not collected

    Returns
    -------
    tuple of Section : those that have something to show, without numbers
    """
    arrangement = Arrangement(study)
    material = _Material(
        study,
        results,
        boxes,
        words,
        _by_place(arrangement, tables),
        _by_place(arrangement, figures),
        remarks or {},
    )
    named = (*((name, title, "") for name, title in MAIN.items()),)
    named += tuple((name, title, code) for name, (code, title) in SUPPLEMENT.items())
    return tuple(
        section
        for name, title, code in named
        if (section := _build_section(material, name, title, code)) is not None
    )


_Placed = TypeVar("_Placed", bound=TableSpec | FigureSpec | FlowChart)


def _by_place(arrangement: Arrangement, shown: Iterable[_Placed]) -> dict[str, list[_Placed]]:
    placed: dict[str, list[_Placed]] = {}
    for each in shown:
        placed.setdefault(arrangement.place(each), []).append(each)
    return placed


def _build_section(material: _Material, name: str, title: str, code: str) -> Section | None:
    """Make one section, or none where it has nothing to show."""
    tables, figures = material.tables.get(name, ()), material.figures.get(name, ())
    parts = tuple(_parts(name, material, figures, tables))
    boxes = material.boxes.get(name, ())
    told = tuple(Paragraph(plain(line)) for line in material.words.get(name, ()))
    remark = material.remarks.get(name, "")
    if not (parts or boxes or told or remark or name == "findings"):
        return None
    said = (Paragraph(plain(remark), is_lead=True),) if remark else ()
    blocks = (*_lead(name, material.study, material.results), *said, *boxes, *told)
    return Section(name, title, blocks, parts, code)


def _parts(
    name: str,
    material: _Material,
    drawn: Sequence[FigureSpec | FlowChart],
    own_tables: Sequence[TableSpec],
) -> Iterator[SectionPart]:
    study = material.study
    if name == "definitions":
        labels = Labels(study)
        passages = (*build_methods(study), *build_full_definitions(labels))
        used = (passage for passage in passages if passage.paragraphs or passage.items)
        yield from (_definition_part(place, passage) for place, passage in enumerate(used))
    elif name == "assumptions":
        if study.trial.assumptions:
            yield SectionPart("assumptions-list", blocks=(_items(study.trial.assumptions),))
    elif name in {"scores", "laboratory"}:
        yield from _by_endpoint(name, study, drawn, own_tables)
    elif name == "models":
        yield from _model_parts((*own_tables, *drawn))
    elif name == "provenance":
        lines = _items(tuple(describe_provenance(study, material.results)))
        yield SectionPart("provenance-blocks", blocks=(lines, *own_tables))
    elif drawn or own_tables:
        yield SectionPart(f"{name}-blocks", blocks=(*own_tables, *drawn))


def _items(lines: Sequence[str]) -> ItemList:
    return ItemList(tuple(plain(line) for line in lines))


def _definition_part(place: int, passage: Passage) -> SectionPart:
    paragraphs = tuple(Paragraph(plain(line)) for line in passage.paragraphs)
    items = (_items(passage.items),) if passage.items else ()
    return SectionPart(f"definitions-{place}", passage.title, (*paragraphs, *items), passage.is_folded)


#: Parts of the section on models, with what stands in each, by the sections its makers name.
MODELS: dict[str, tuple[str, ...]] = {
    "Mixed models": ("models",),
    "Estimands": ("estimands",),
    "Primary endpoints together and gatekeeping": ("multiplicity",),
    "Sensitivity analyses": ("sensitivity",),
    "Fit of the mixed models and of the paired tests": ("diagnostics",),
}


def _model_parts(blocks: Sequence[TableSpec | FigureSpec | FlowChart]) -> Iterator[SectionPart]:
    for place, (title, sections) in enumerate(MODELS.items()):
        own = tuple(block for block in blocks if block.section in sections)
        if own:
            shown = (
                collapse_equal(block) if isinstance(block, TableSpec) and "sensitivity" in sections else block
                for block in own
            )
            yield SectionPart(f"models-{place}", title, tuple(shown))


def _by_endpoint(
    name: str,
    study: Study,
    drawn: Sequence[FigureSpec | FlowChart],
    own_tables: Sequence[TableSpec],
) -> Iterator[SectionPart]:
    """Give each endpoint its heading, its table and its figure; what no endpoint asks for stands last."""
    left: list[TableSpec | FigureSpec | FlowChart] = [*own_tables, *drawn]
    for endpoint in study.endpoints:
        own = [each for each in left if each.id in {f"table-{endpoint.id}", f"figure-{endpoint.id}"}]
        left = [each for each in left if each not in own]
        if own:
            yield SectionPart(f"endpoint-{endpoint.id}", endpoint.printed, tuple(own))
    if left:
        yield SectionPart(f"{name}-others", OTHERS, tuple(left))


def describe_provenance(study: Study, results: Results) -> Iterator[str]:
    """Say what the report was made from and by which rules, one sentence each."""
    origin = results.provenance
    yield f"Made by funis {origin.version} from the study file {study.trial.id} and the input files below."
    if origin.files:
        whole = hashlib.sha256("".join(sorted(file.sha256 for file in origin.files)).encode()).hexdigest()
        yield f"{len(origin.files)} input files, together {whole[:12]}."
    yield f"Data cut: {origin.data_cut or 'the data hold no date'}."
    yield f"Seed of everything drawn at random: {origin.seed}."
    for name in study.instrument_names:
        choice = study.choice(name)
        parameters = (
            ", ".join(f"{key} = {value}" for key, value in choice.parameters.items()) or "as published"
        )
        yield f"Rule {name}: missing items {choice.missing}; parameters {parameters}."
    for kind, rules in (("population", populations_of(study)), ("subgroup", study.subgroups)):
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
    "definitions": lambda *_: (
        "Written from the study file; nothing is described that the study file does not ask for."
    ),
    "findings": lambda _, results: _finding_lead(results),
}


def _lead(name: str, study: Study, results: Results) -> tuple[Paragraph, ...]:
    lead = _LEADS.get(name)
    return (Paragraph(plain(lead(study, results)), is_lead=True),) if lead else ()


def _finding_lead(results: Results) -> str:
    levels = [finding.level for finding in results.findings]
    if not levels:
        return "The checks found nothing in the data."
    said = [findings_in_words(level, levels.count(level)) for level in LEVELS]
    return f"The checks found {listed(said)}. {use_of_values(results.findings)}"
