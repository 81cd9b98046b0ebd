"""The order of a report: which table and which figure stand in which section, and the words before them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from funis.documents.document import (
    Block,
    Box,
    ItemList,
    Paragraph,
    Prose,
    Section,
    SectionPart,
    plain,
)
from funis.documents.table import TableSpec
from funis.reporting.arrangement import MOVED, SUPPLEMENT, Arrangement, PlacedSection, Shown
from funis.reporting.collapsing import collapse_columns, collapse_equal, in_words
from funis.reporting.definition_words import build_full_definitions
from funis.reporting.labels import Labels
from funis.reporting.methods_text import build_methods
from funis.reporting.number_book import NumberBook
from funis.reporting.passages import Passage
from funis.reporting.product_words import rules_of_cells
from funis.results import Results
from funis.study.model import Study
from funis.study.populations import populations_of

#: Measures that no endpoint asks for.
OTHERS = "Other measures"
#: Tables that are looked up rather than compared, by the beginning of an id: from so many rows on a column
#: that is the same in all of them is said once, wherever the study file puts the table.
_COLLAPSING = (
    ("table-main-exposure", 2),
    *(
        (f"table-{name}", 3)
        for name in (
            "eligibility", "populations", "listing-", "mmrm", "sensitivity-", "product-lots", "people",
            "files", "deviations", "site-effects", "fits",
        )
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Material:
    """What sections are made of: study and results, their numbers, remarks."""

    study: Study
    results: Results
    book: NumberBook
    boxes: Mapping[str, tuple[Box, ...]]
    words: Mapping[str, tuple[Prose, ...]]
    remarks: Mapping[str, str]


def build_sections(
    study: Study,
    results: Results,
    *,
    book: NumberBook,
    boxes: Mapping[str, tuple[Box, ...]],
    words: Mapping[str, tuple[Prose, ...]],
    shown: Sequence[Shown],
    remarks: Mapping[str, str] | None = None,
) -> tuple[Section, ...]:
    """Put tables and figures into the sections of the main part and of the supplement behind it.

    Parameters
    ----------
    study, results : as for the report
    book : the numbers of `results`
    boxes : by section, the boxes that open it
    words : by section, its running text, one paragraph each
    shown : every table, then every figure, the flow of subjects first
    remarks : by section, what is said of what was not collected

    Returns
    -------
    tuple of Section : those that have something to show, without numbers
    """
    material = _Material(study, results, book, boxes, words, remarks or {})
    built = (
        _build_section(material, place) if place.is_whole else _build_rest(place)
        for place in Arrangement(study).arrange(shown)
    )
    return tuple(_number_moved(_in_words(section) for section in built if section is not None))


def _in_words(section: Section) -> Section:
    """Put into words the tables of a section that say no more than a sentence, and its constant columns."""

    def shorten(block: Block) -> Block:
        if not isinstance(block, TableSpec):
            return block
        fewest = next((rows for start, rows in _COLLAPSING if block.id.startswith(start)), None)
        return in_words(block if fewest is None else collapse_columns(block, fewest))

    parts = tuple(replace(part, blocks=tuple(map(shorten, part.blocks))) for part in section.parts)
    return replace(section, parts=parts)


def _number_moved(sections: Iterable[Section]) -> Iterator[Section]:
    """Give what was moved to the supplement the codes after those that every supplement has."""
    numbers = count(len(SUPPLEMENT) + 1)
    for section in sections:
        yield replace(section, code=f"S{next(numbers)}") if section.code == MOVED else section


def _build_rest(place: PlacedSection) -> Section:
    """Put what the study file takes from a section of the main part into one of the supplement."""
    return Section(
        place.id, place.title, parts=(SectionPart(f"{place.id}-blocks", blocks=place.shown),), code=place.code
    )


def _build_section(material: _Material, place: PlacedSection) -> Section | None:
    """Make one section, or none where it has nothing to show."""
    name = place.id
    parts = tuple(_parts(name, material, place.shown))
    boxes = material.boxes.get(name, ())
    told = tuple(Paragraph(line, is_lead=name in _LED) for line in material.words.get(name, ()))
    remark = material.remarks.get(name, "")
    if not (parts or boxes or told or remark or name == "findings"):
        return None
    said = (Paragraph(plain(remark), is_lead=True),) if remark else ()
    blocks = (*_lead(name, material.study, material.results), *said, *boxes, *told)
    return Section(name, place.title, blocks, parts, place.code)


def _parts(name: str, material: _Material, shown: tuple[Shown, ...]) -> Iterator[SectionPart]:
    study = material.study
    if name == "definitions":
        labels = Labels(study)
        passages = (*build_methods(study, material.book), *build_full_definitions(labels))
        used = (passage for passage in passages if passage.paragraphs or passage.items)
        yield from (_definition_part(place, passage) for place, passage in enumerate(used))
    elif name == "assumptions":
        if study.trial.assumptions:
            yield SectionPart("assumptions-list", blocks=(_items(study.trial.assumptions),))
    elif name in {"scores", "laboratory"}:
        yield from _by_endpoint(name, study, shown)
    elif name == "models":
        yield from _model_parts(shown)
    elif name == "provenance":
        lines = _items(tuple(describe_provenance(study, material.results)))
        yield SectionPart("provenance-blocks", blocks=(lines, *shown))
    elif shown:
        yield SectionPart(f"{name}-blocks", blocks=shown)


def _items(lines: Sequence[str]) -> ItemList:
    return ItemList(tuple(plain(line) for line in lines))


def _definition_part(place: int, passage: Passage) -> SectionPart:
    paragraphs = tuple(Paragraph(plain(line)) for line in passage.paragraphs)
    items = (_items(passage.items),) if passage.items else ()
    return SectionPart(f"definitions-{place}", passage.title, (*paragraphs, *items), passage.is_folded)


#: Parts of the section on models, with what stands in each, by the sections its makers name.
MODELS: dict[str, tuple[str, ...]] = {
    "Comparison between arms": ("comparison",),
    "Mixed models": ("models",),
    "Estimands": ("estimands",),
    "Primary endpoints together and gatekeeping": ("multiplicity",),
    "Sensitivity analyses": ("sensitivity",),
    "Fit of the mixed models and of the paired tests": ("diagnostics",),
}


def _model_parts(blocks: Sequence[Shown]) -> Iterator[SectionPart]:
    for place, (title, sections) in enumerate(MODELS.items()):
        own = tuple(block for block in blocks if block.section in sections)
        if own:
            shown = (
                collapse_equal(block) if isinstance(block, TableSpec) and "sensitivity" in sections else block
                for block in own
            )
            yield SectionPart(f"models-{place}", title, tuple(shown))


def _by_endpoint(name: str, study: Study, shown: Sequence[Shown]) -> Iterator[SectionPart]:
    """Give each endpoint its heading, its table and its figure; what no endpoint asks for stands last."""
    left = list(shown)
    for endpoint in study.endpoints:
        own = [each for each in left if each.id in _of_endpoint(endpoint.id)]
        left = [each for each in left if each not in own]
        if own:
            yield SectionPart(f"endpoint-{endpoint.id}", endpoint.printed, tuple(own))
    if left:
        yield SectionPart(f"{name}-others", OTHERS, tuple(left))


def _of_endpoint(name: str) -> tuple[str, ...]:
    return f"table-{name}", f"figure-{name}", f"figure-waterfall-{name}"


def describe_provenance(study: Study, results: Results) -> Iterator[str]:
    """Say what the report was made from and by which rules, one sentence each."""
    origin = results.provenance
    yield f"Made by funis {origin.version} from the study file {study.trial.id} and the input files below."
    if origin.files:
        whole = hashlib.sha256("".join(sorted(file.sha256 for file in origin.files)).encode()).hexdigest()
        yield f"{len(origin.files)} input files; the hash of them all begins with {whole[:12]}."
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
    for criterion in study.eligibility.criteria:
        if criterion.rule:
            yield f"Rule of the criterion {criterion.id}: {criterion.rule}."
    yield from rules_of_cells(study)
    for endpoint in study.endpoints:
        if endpoint.parameters:
            parameters = ", ".join(f"{key} = {value}" for key, value in endpoint.parameters.items())
            yield f"Rule {endpoint.definition or endpoint.id}: parameters {parameters}."


#: Sections whose words stand before what they introduce.
_LED = frozenset({"findings"})
_LEADS: dict[str, Callable[[Study, Results], str]] = {
    "assumptions": lambda *_: "What the sources do not say, and this report therefore assumes.",
    "definitions": lambda *_: (
        "Written from the study file; nothing is described that the study file does not ask for."
    ),
}


def _lead(name: str, study: Study, results: Results) -> tuple[Paragraph, ...]:
    lead = _LEADS.get(name)
    return (Paragraph(plain(lead(study, results)), is_lead=True),) if lead else ()
