"""Which fields stand together on a form, where the definition itself names no systems."""

from __future__ import annotations

from typing import Final

from funis.capture.forms.plan_parts import GroupPlan, Words
from funis.catalogue.model_instrument import Definition, Item
from funis.catalogue.translations import translated
from funis.catalogue.wording.plain_words import name_words

#: Organ systems of the SLEDAI and its variants, in the order in which every variant prints its items.
_OF_SLEDAI: Final = {
    "central_nervous_system": (
        "seizure", "psychosis", "organic_brain_syndrome", "visual_disturbance", "cranial_nerve",
        "lupus_headache", "cva",
    ),
    "vascular": ("vasculitis",),
    "musculoskeletal": ("arthritis", "myositis"),
    "renal": ("urinary_casts", "hematuria", "proteinuria", "pyuria"),
    "mucocutaneous": ("rash", "alopecia", "mucosal_ulcers"),
    "serosal": ("pleurisy", "pericarditis"),
    "immunological": ("low_complement", "increased_dna_binding"),
    "constitutional": ("fever",),
    "haematological": ("thrombocytopenia", "leukopenia"),
}  # fmt: skip
_SLEDAI_GROUPS: Final = {item: system for system, items in _OF_SLEDAI.items() for item in items}
_IN_SLEDAI: Final = ("sledai", "clinical_sledai", "selena_sledai")

CONTEXT: Final = "context"
ITEMS: Final = "items"
MEASURES: Final = "measures"
HISTORY: Final = "history"
RECORDED: Final = "recorded"

_OWN: Final = {
    CONTEXT: Words("Assessment", "评估信息"),
    ITEMS: Words("Items", "条目"),
    MEASURES: Words("Measurements that fill items left empty", "可自动填入空白条目的测量值"),
    HISTORY: Words("Affected before the study", "研究前是否曾受累"),
    RECORDED: Words("Total or grades that somebody wrote down", "他人已记录的总分或分级"),
}


def group_of_item(found: Definition, item: Item) -> str:
    """Name the group of an item: its system, the organ system of a SLEDAI item, or ``items``.

    Examples
    --------
    >>> from funis.catalogue.registry import definition
    >>> [group_of_item(definition(name), definition(name).items[0]) for name in ("sledai_2k", "ssdai")]
    ['central_nervous_system', 'items']
    """
    if item.system:
        return item.system
    if found.name.startswith(_IN_SLEDAI):
        return _SLEDAI_GROUPS.get(item.name, ITEMS)
    return ITEMS


def make_group(name: str, definition_name: str = "") -> GroupPlan:
    """Give a group with its printed words.

    Examples
    --------
    >>> str(make_group("central_nervous_system", "sledai_2k").label)
    'Central nervous system'
    """
    if name in _OWN:
        return GroupPlan(name, _OWN[name])
    words = name_words(name)
    chinese = translated(definition_name, "systems", name) or translated("tables", "systems", name)
    return GroupPlan(name, Words(words[:1].upper() + words[1:], chinese))
