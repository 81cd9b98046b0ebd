"""Who was studied: populations, disposition, eligibility, baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from funis.documents.table import TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.efficacy_tables import EVERYBODY, describe_lines
from funis.reporting.footnotes import describe_basis
from funis.reporting.labels import Labels, humanise, in_sentence, listed
from funis.reporting.number_book import Group, Number, NumberBook, bound, count_cell, share_cell, single
from funis.reporting.outcome_words import caution_of_subgroups
from funis.reporting.planned_tables import withheld_notes
from funis.reporting.rule_words import rule_words
from funis.reporting.safety_tables import arm_label
from funis.reporting.single_patient import mean_words
from funis.reporting.titres import TITRES_AT_BASELINE, is_titre_of, titre_name
from funis.results import ALL
from funis.study.model import Study

DISPOSITION: dict[str, str] = {
    "screened": "Screened",
    "consented": "Consented",
    "enrolled": "Enrolled",
    "eligible": "Met every criterion",
    "treated": "Treated",
    "not_treated": "Not treated",
    "treatment_not_recorded": "Not recorded whether treated",
    "completed": "Completed follow-up",
    "ongoing": "Still in follow-up",
    "withdrew": "Withdrew",
    "lost": "Lost to follow-up",
    "died": "Died",
    "left_early": "Left before the planned end",
    "not_reached": "Still to reach the last visit",
    "not_recorded": "End of participation not recorded",
}


def _population_row(labels: Labels, book: NumberBook, name: str, groups: Sequence[Group]) -> TableRow:
    """Make the row of a population, or of a subgroup that has as many subjects in several populations."""
    rule = labels.population_rule(name)
    within = listed([in_sentence(labels.population(group.population)) for group in groups])
    return TableRow(
        words(labels.population(name)),
        (
            words("Population" if groups[0].subgroup == ALL else f"Subgroup of {within}"),
            words(rule_words(labels, rule) if rule else "every subject of the data"),
            _once(book, groups, "n"),
            _once(book, groups, "cannot_tell"),
        ),
    )


def _once(book: NumberBook, groups: Sequence[Group], statistic: str) -> TableCell:
    """Print a count that is the same in several groups once, with the ids of all."""
    found = [each for group in groups if (each := bound(book.find(group, ALL, statistic), 0)) is not None]
    return joined(replace(found[0], also=tuple(each.id for each in found[1:])) if found else None)


def build_population_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify analysis populations and subgroups: rule, members, and subjects for whom it is not known."""
    groups = list(book.of("population"))
    if not groups:
        return ()
    labels = Labels(study)
    alike: dict[tuple[str, bool, str, str], list[Group]] = {}
    for group in groups:
        if group.arm == ALL:
            name = group.population if group.subgroup == ALL else group.subgroup
            counts = [single(book.find(group, ALL, each), 0).text for each in ("n", "cannot_tell")]
            alike.setdefault((name, group.subgroup == ALL, counts[0], counts[1]), []).append(group)
    rows = [_population_row(labels, book, name, own) for (name, _, _, _), own in alike.items()]
    notes = (
        "Cannot tell: a value that the rule needs is missing; such a subject is not counted as a member.",
        *caution_of_subgroups(labels, [group.subgroup for group in groups]),
    )
    heads = ("Name", "Kind", "Rule", "n", "Cannot tell")
    return (
        TableSpec(
            "table-populations", "subjects", "Analysis populations", heads, tuple(rows), notes, is_text=True
        ),
    )


def build_disposition_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify what became of the subjects, one column an arm."""
    groups = list(book.of("disposition"))
    if not groups:
        return ()
    arms = list(dict.fromkeys(group.arm for group in groups))
    stages = dict.fromkeys((group.variable, group.category) for group in groups)
    told = {group.variable for group in groups for number in book.all(group) if number.value is not None}
    if not told - {"screened", "consented", "enrolled"}:
        return ()  # nothing is known of what became of the subjects
    rows = tuple(
        TableRow(
            words(stage_label(*stage)),
            tuple(_stage_cell(book, groups, stage, arm) for arm in arms),
            indent=int(stage[0] == "left_early" and bool(stage[1])),
        )
        for stage in stages
    )
    used = [number for group in groups for number in book.all(group)]
    of_whom = () if book.has_one_subject else (_disposition_note(groups),)
    notes = (*of_whom, *describe_basis(Labels(study), used))
    heads = ("", *("n/N (%)" if len(arms) == 1 else arm_label(study, arm) for arm in arms))
    return (TableSpec("table-disposition", "subjects", "Disposition", heads, rows, notes),)


def stage_label(stage: str, category: str = "") -> str:
    """Give the printed name of a stage of the flow.

    Examples
    --------
    >>> stage_label("completed"), stage_label("completed", "not_treated")
    ('Completed follow-up', 'Not treated: completed follow-up')
    """
    printed = DISPOSITION.get(stage, humanise(stage))
    if stage == "left_early" and category:
        return f"Reason: {category}"
    return f"{humanise(category)}: {in_sentence(printed)}" if category else printed


def _disposition_note(groups: Sequence[Group]) -> str:
    """Say whom the ends of participation are counted among."""
    last = [group for group in groups if group.variable in {"completed", "died"} and not group.category]
    ends = {group.population for group in last}
    base = next(iter(ends - {EVERYBODY}), "")
    if not base:
        return "N: the subjects enrolled."
    return f"N: up to treatment the subjects enrolled; of how participation ended the population {base}."


def _stage_cell(book: NumberBook, groups: Sequence[Group], stage: tuple[str, str], arm: str) -> TableCell:
    """Print a stage of the flow; before enrolment there is nothing it could be a share of."""
    group = next((each for each in groups if (each.variable, each.category, each.arm) == (*stage, arm)), None)
    if group is None:
        return words("")
    if stage[0] in {"screened", "consented", "enrolled"}:
        return single(book.find(group, ALL, "count"), 0)
    return share_cell(book, group, ALL)


def build_eligibility_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify each criterion: met, not met, cannot tell."""
    groups = list(book.of("eligibility"))
    if not groups:
        return ()
    criteria = {each.id: each for each in study.eligibility.criteria}
    rows = []
    for group in groups:
        criterion = criteria.get(group.variable)
        text = criterion.text if criterion else "Every criterion that can be checked"
        rule = rule_words(Labels(study), criterion.rule) if criterion and criterion.rule else "–"
        label = criterion.id if criterion else "All"
        numbers = (
            count_cell(book.find(group, ALL, "count"), book.find(group, ALL, "percent")),
            single(book.find(group, ALL, "not_met"), 0),
            single(book.find(group, ALL, "cannot_tell"), 0),
        )
        rows.append(TableRow(words(label), (words(text), words(rule), *numbers)))
    heads = ("Criterion", "In words", "Rule", "Met, n/N (%)", "Not met", "Cannot tell")
    notes = ("A missing value gives “cannot tell”, never “not met”.",)
    title = "Eligibility, checked by rule"
    return (TableSpec("table-eligibility", "subjects", title, heads, tuple(rows), notes, is_text=True),)


def build_baseline_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the subjects before treatment: who they are, then every score and laboratory test."""
    labels = Labels(study)
    first = study.baseline_visit
    described = [group for group in book.of("baseline") if _is_everybody(group)]
    measured = [
        group for group in book.of("summary") if first is not None and _is_measured(book, group, first)
    ]
    if not described and not measured:
        return ()
    rows = _described_rows(labels, book, described)
    order = [*study.instrument_names, *study.lab_names]
    scores = sorted(measured, key=lambda group: _place(order, group.variable))
    if scores and first is not None:
        rows.append(heading("At the baseline visit"))
        rows += [row for group in scores for row in _measured_rows(labels, book, group, first)]
    used: list[Number] = [number for group in described for number in book.all(group)]
    used += [number for group in scores for number in book.all(group) if number.visit == first]
    mean = mean_words("Mean ± SD or n/N (%)", of_one=book.has_one_subject)
    heads = (_everybody_head(labels, book, described), "n", mean, "Median (Q1, Q3)", "Range")
    has_titre = any(is_titre_of(study, group.variable) for group in scores) and not book.has_one_subject
    titres = (TITRES_AT_BASELINE,) if has_titre else ()
    notes = (*titres, *describe_basis(labels, used), *withheld_notes(labels, book))
    title = "The subject at baseline" if book.has_one_subject else "Subjects at baseline"
    return (TableSpec("table-baseline", "baseline", title, heads, tuple(rows), notes),)


def _everybody_head(labels: Labels, book: NumberBook, described: Sequence[Group]) -> str:
    """Say over the labels how many the table is of; nothing where no share says it, or of one subject."""
    counts = (book.find(group, book.visits(group)[0], "count") for group in described if group.category)
    size = next((each.denominator for each in counts if each is not None and each.denominator), None)
    return "" if size is None or book.has_one_subject else f"{labels.population(EVERYBODY)}, N = {size}"


def _place(order: Sequence[str], name: str) -> int:
    """Give the place of a variable in the study file; what it does not name comes last."""
    return order.index(name) if name in order else len(order)


def _is_everybody(group: Group) -> bool:
    """Tell whether a group is all subjects of the data, undivided."""
    return (group.population, group.subgroup, group.arm, group.endpoint) == (EVERYBODY, ALL, ALL, "")


def _is_measured(book: NumberBook, group: Group, visit: str) -> bool:
    return _is_everybody(group) and book.find(group, visit, "mean") is not None


def _described_rows(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> list[TableRow]:
    rows: list[TableRow] = []
    named: set[str] = set()
    for group in without_single_site(book, groups):
        name, category = group.variable, group.category
        if not category:
            rows += _measured_rows(labels, book, group, book.visits(group)[0], indent=0)
            continue
        if name not in named:
            rows.append(TableRow(words(labels.variable(name)), tuple(words("") for _ in range(4))))
            named.add(name)
        visit = book.visits(group)[0]
        count = share_cell(book, group, visit)
        rows.append(
            TableRow(
                words(_category(labels, name, category)), (words(""), count, words(""), words("")), indent=1
            )
        )
    return rows


def without_single_site(book: NumberBook, groups: Sequence[Group]) -> Iterator[Group]:
    """Leave out the sites where everybody is of one of them, which the title block counts.

    Parameters
    ----------
    book : the numbers of a run
    groups : what is described at baseline

    Yields
    ------
    Group : in the same order
    """
    counts = [
        book.find(group, book.visits(group)[0], "count")
        for group in groups
        if group.variable == "site" and group.category
    ]
    is_single = any(each is not None and each.value == each.denominator for each in counts)
    yield from (group for group in groups if group.variable != "site" or not is_single)


def _category(labels: Labels, name: str, category: str) -> str:
    if name == "site":
        named = [site.name for site in labels.study.sites if site.id == category]
        return f"{category}, {named[0]}" if named else category
    return humanise(category)


def _measured_rows(
    labels: Labels, book: NumberBook, group: Group, visit: str, *, indent: int = 1
) -> list[TableRow]:
    if is_titre_of(labels.study, group.variable):
        titre = single(book.find(group, visit, "geometric_mean"), 0)
        blank = words("")
        name = titre_name(labels, group.variable, of_one=book.has_one_subject)
        return [
            TableRow(
                words(name), (single(book.find(group, visit, "n"), 0), titre, blank, blank), indent=indent
            )
        ]
    lines = {line.label: line.cells.get(visit) for line in describe_lines(book, group)}
    mean = mean_words("Mean ± SD", of_one=book.has_one_subject)
    cells = tuple(lines.get(name) or words("") for name in ("n", mean, "Median (Q1, Q3)", "Range"))
    return [TableRow(words(labels.variable_with_unit(group.variable)), cells, indent=indent)]
