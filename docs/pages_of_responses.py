"""One page per response and per set of criteria, made from its definition, to be signed beside the paper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from funis.catalogue.model_criteria import CriteriaSet
from funis.catalogue.model_parameter import Parameter, ParameterValue
from funis.catalogue.model_response import ClassRule, PrintedCriterion, PrintedQuantity, ResponseDefinition
from funis.catalogue.registry import criteria_set, criteria_sets, response_definition, responses
from funis.catalogue.wording.basis import certainty_words
from funis.catalogue.wording.responses import response_words
from funis.responses.possible_values import limits_of_criteria, limits_of_response
from funis.scoring.column_limits import FrameLimits
from markdown_parts import build_table

_HEADER = "<!-- Generated from the definition file by `make docs`; do not edit. -->"
_SIGNATURE = ["## Checked against the paper", "", "Name, date, signature: ______________________________", ""]
# Bounds of a value have its limits.
_BOUNDS = ("_lower", "_upper")
_COUNTED = {"count": "criteria met", "points": "points"}


def render_response_page(found: ResponseDefinition) -> str:
    """Render the page of one response as Markdown.

    Parameters
    ----------
    found : the definition

    Returns
    -------
    str : source, classes and their rules, criteria in printed order, choices, notes, a place to sign

    Examples
    --------
    >>> render_response_page(response_definition("sri_4")).splitlines()[2]
    '# SLE Responder Index, 4 points (SRI-4)'
    """
    facts = [
        ("Name in study files", f"`{found.name}`"),
        ("Version", found.version),
        ("Source", found.source),
        ("How sure the text is", certainty_words(found.certainty, is_proposal=found.is_proposal)),
        ("Classes, best first", _class_words(found)),
    ]
    parts = [
        [_HEADER, "", f"# {found.title}", ""],
        build_table(("", ""), facts),
        [
            "## In words",
            "",
            "As a report prints it, with every choice at its default.",
            "",
            *_in_words(found),
            "",
        ],
        ["## Criteria", ""],
        build_table(("criterion", "reads", "as compared"), [_criterion_row(row) for row in found.criteria]),
        *([_render_sets(found)] if found.sets else []),
        [
            "## Rules",
            "",
            "A class is given when any one of its rules holds; the first class that holds counts.",
            "",
        ],
        build_table(("class", "rule", "what must hold"), [_rule_row(rule) for rule in found.rules]),
        _render_events(found),
        ["## Choices", ""],
        build_table(("choice", "default", "others", "meaning"), _parameter_rows(found)),
        _render_limits(limits_of_response(found, found.settle({})), found.quantities),
        _render_notes(found.notes),
        _SIGNATURE,
    ]
    return _join(parts)


def render_criteria_page(found: CriteriaSet) -> str:
    """Render the page of one set of classification criteria as Markdown.

    Examples
    --------
    >>> render_criteria_page(criteria_set("acr_1997")).splitlines()[2]
    '# ACR 1997 classification criteria for lupus'
    """
    facts = [("Name", f"`{found.name}`"), ("Version", found.version), ("Source", found.source)]
    rows = [
        (
            f"`{row.criterion.id}`",
            row.criterion.label,
            row.criterion.points,
            row.domain,
            ", ".join(row.groups),
            _compared(row.criterion),
        )
        for row in found.rows
    ]
    rules = [
        (
            rule.name,
            "; ".join(
                [
                    *(f"`{name}`" for name in rule.all),
                    *(f"{d.what} of {d.group} at least {d.least}" for d in rule.demands),
                    *(["none of the exclusions"] if rule.none else []),
                ]
            ),
        )
        for rule in found.rules
    ]
    parts = [
        [_HEADER, "", f"# {found.title}", ""],
        build_table(("", ""), facts),
        ["## Criteria", "", "Within a domain only the highest criterion counts.", ""],
        build_table(("criterion", "reads", "points", "domain", "counted as", "as compared"), rows),
        ["## Rules", "", "Any one of them classifies.", ""],
        build_table(("rule", "what must hold"), rules),
        _render_limits(limits_of_criteria(found), found.quantities),
        _render_notes(found.notes),
        _SIGNATURE,
    ]
    return _join(parts)


def pages() -> dict[str, str]:
    """Give the text of every page by file name without ending."""
    texts = {name: render_response_page(response_definition(name)) for name in responses()}
    texts |= {name: render_criteria_page(criteria_set(name)) for name in criteria_sets()}
    lines = [_HEADER, "", "# Responses and classification criteria", ""]
    lines += build_table(
        ("name", "response", "version", "classes"),
        [
            (f"[`{name}`]({name}.md)", d.title, d.version, ", ".join(d.classes))
            for name, d in ((name, response_definition(name)) for name in responses())
        ],
    )
    lines += build_table(
        ("name", "criteria", "version", "rows"),
        [
            (f"[`{name}`]({name}.md)", c.title, c.version, len(c.rows))
            for name, c in ((name, criteria_set(name)) for name in criteria_sets())
        ],
    )
    return {**texts, "index": "\n".join(lines).rstrip() + "\n"}


def _in_words(found: ResponseDefinition) -> list[str]:
    words = response_words(found)
    lines = [*words.classes, " ".join(words.rules), *words.relapse]
    return [*(f"- {line}" for line in lines if line), "", words.basis]


def _class_words(found: ResponseDefinition) -> str:
    extents = {one.name: f" ({one.extent})" if one.extent else "" for one in found.printed_classes}
    return "; ".join(f"`{one.name}`: {one.label}{extents[one.name]}" for one in found.printed_classes)


def _join(parts: Iterable[Sequence[str]]) -> str:
    return "\n".join(line for part in parts for line in part).rstrip() + "\n"


def _compared(row: PrintedCriterion) -> str:
    groups = [" and ".join(f"`{phrase.text}`" for phrase in group) for group in row.alternatives]
    return " or ".join(groups)


def _criterion_row(row: PrintedCriterion) -> tuple[str, str, str]:
    label = row.label
    if row.points != 1:
        label += f" ({row.points} points)"
    if row.absent_means:
        label += f"; taken as {row.absent_means.replace('_', ' ')} where the trial never recorded it"
    if row.only_if is not None:
        label += f"; only with {row.only_if[0]} = {_print(row.only_if[1])}"
    return f"`{row.id}`", label, _compared(row)


def _rule_row(rule: ClassRule) -> tuple[str, str, str]:
    names = ", ".join(f"`{name}`" for name in rule.criteria)
    if rule.counted == "all":
        return rule.response, rule.number, names
    text = f"at least {rule.least} {_COUNTED[rule.counted]} of {names}"
    if rule.missing_is_not_met:
        text += "; what cannot be determined is not met"
    if rule.also:
        text += f"; and {', '.join(f'`{name}`' for name in rule.also)}"
    return rule.response, rule.number, text


def _parameter_rows(found: ResponseDefinition) -> list[tuple[str, str, str, str]]:
    return [
        (
            f"`{name}`",
            _print_choice(parameter, parameter.default),
            ", ".join(_print_choice(parameter, one) for one in parameter.allowed if one != parameter.default),
            parameter.label,
        )
        for name, parameter in found.parameters.items()
    ]


def _print_choice(parameter: Parameter, value: ParameterValue) -> str:
    """Print a choice; of a unit or scale also what its values are multiplied by."""
    factor = parameter.factor_of(value)
    return _print(value) if factor == 1 else f"{_print(value)} (× {factor:.6g})"


def _print(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value == "" else str(value)


def _render_sets(found: ResponseDefinition) -> list[str]:
    lines = ["## Items counted", ""]
    lines += [f"- `{name}`: {', '.join(items)}" for name, items in found.sets.items()]
    return [*lines, ""]


def _render_events(found: ResponseDefinition) -> list[str]:
    events = [
        f"- {failure.label}, before the {failure.before}: `{found.otherwise}`" for failure in found.failures
    ]
    needs = [f"- unless `{phrase.text}`: `{otherwise}`" for phrase, otherwise in found.needs]
    if not events and not needs:
        return []
    return ["## What decides before the rules", "", *events, *needs, ""]


def _render_limits(limits: FrameLimits, quantities: Mapping[str, PrintedQuantity]) -> list[str]:
    """Render what the columns can hold; those of yes and no stand in one row."""
    shown = [one for one in limits.columns if not one.column.endswith(_BOUNDS)]
    plain = [one for one in shown if one.allowed == "0 to 1"]
    rows = [
        (f"`{one.column}`", one.allowed, quantities[one.column].reason if one.column in quantities else "")
        for one in shown
        if one not in plain
    ]
    if plain:
        rows.append((", ".join(f"`{one.column}`" for one in plain), "0 or 1", "yes or no"))
    if not rows:
        return []
    lines = ["## What a column can hold", "", "With every choice at its default. Anything else is refused."]
    return [*lines, "", *build_table(("column", "possible", "why"), rows)]


def _render_notes(notes: Sequence[str]) -> list[str]:
    if not notes:
        return []
    return ["## Notes", "", *(f"- {note}" for note in notes), ""]
