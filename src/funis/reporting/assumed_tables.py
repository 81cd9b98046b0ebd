"""Regression to the mean from assumed populations: what must be believed for how large a change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from funis.catalogue.model_tables import PopulationPreset
from funis.catalogue.registry import population_table
from funis.documents.table import EMPTY, Inline, TableCell, TableRow, TableSpec, heading, joined, words
from funis.reporting.labels import Labels, with_groups
from funis.reporting.number_book import Group, Number, NumberBook, bound
from funis.results import ALL
from funis.study.model import Study

_CORRELATIONS = ("correlation_0.4", "correlation_0.6", "correlation_0.8")
_OTHER = ("correlation_of_preset", "correlation_observed")
_HEADS = (
    "Population before the rule", "Share that enters", "Mean of those who enter",
    "r = 0.4", "r = 0.6", "r = 0.8", "Another r",
)  # fmt: skip


def build_assumed_tables(study: Study, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify one table a variable whose regression to the mean cannot be estimated from its own baseline."""
    labels = Labels(study)
    gathered: dict[tuple[str, str, str, str], list[Group]] = {}
    for group in book.of("regression_assumed"):
        gathered.setdefault((group.measure, group.endpoint, group.population, group.subgroup), []).append(
            group
        )
    return tuple(_table(labels, book, groups) for groups in gathered.values())


def _table(labels: Labels, book: NumberBook, groups: Sequence[Group]) -> TableSpec:
    first = groups[0]
    presets = {preset.name: preset for preset in population_table().presets}
    grid = [group for group in groups if group.category not in presets]
    named = [group for group in groups if group.category in presets]
    rows = [
        heading("Grid of assumed populations"),
        *(_row(book, each, words(_grid_words(each.category))) for each in grid),
    ]
    if named:
        rows.append(heading("Published populations"))
        rows += [
            _row(book, each, _preset_cell(book, each, _marked(presets[each.category]))) for each in named
        ]
    name = with_groups(labels.variable_with_unit(first.measure), labels.within(first.subgroup, ALL))
    ending = "" if first.subgroup == ALL else f"-{first.subgroup}"
    return TableSpec(
        f"table-regression-assumed-{first.endpoint}-{first.measure}{ending}",
        "regression-to-mean",
        f"{name}: change expected without any effect, from assumed populations",
        _HEADS,
        tuple(rows),
        (
            *_notes(book, first),
            *_assumed_note(presets[each.category] for each in named),
            *_sources(presets[each.category] for each in named),
        ),
    )


def _marked(preset: PopulationPreset) -> str:
    """Print the name of a preset, with the mark of an assumption where its limit is one."""
    return f"{preset.label} †" if preset.is_limit_assumed else preset.label


def _assumed_note(presets: Iterable[PopulationPreset]) -> Iterable[str]:
    if any(preset.is_limit_assumed for preset in presets):
        yield (
            "† The limit of the entry rule is assumed: it was read in no source, and the population before "
            "the rule rests on it."
        )


def _grid_words(category: str) -> str:
    """Put the name of a population of the grid into words.

    Examples
    --------
    >>> _grid_words("mean_6_SD_4")
    'Mean 6, SD 4'
    """
    return category.replace("_SD_", ", SD ").replace("mean_", "Mean ")


def _preset_cell(book: NumberBook, group: Group, label: str) -> TableCell:
    mean, sd = (bound(book.find(group, ALL, name), 1) for name in ("population_mean", "population_sd"))
    return joined(f"{label}: mean ", mean, ", SD ", sd)


def _row(book: NumberBook, group: Group, name: TableCell) -> TableRow:
    share, mean = (bound(book.find(group, ALL, each), 1) for each in ("share_entering", "mean_entering"))
    cells = (
        joined(share, "%") if share else EMPTY,
        joined(mean),
        *(joined(bound(book.find(group, ALL, "estimate", method), 1)) for method in _CORRELATIONS),
        _other(book, group),
    )
    return TableRow(name, cells, indent=1)


def _other(book: NumberBook, group: Group) -> TableCell:
    """Print the change with the correlation of the preset's source, and with the one observed."""
    parts: list[Inline | str | None] = []
    for method in _OTHER:
        change = bound(book.find(group, ALL, "estimate", method), 1)
        if change is None:
            continue
        own = bound(book.find(group, ALL, "correlation"), 2) if method == "correlation_of_preset" else None
        parts += ["; " if parts else "", change, *((" (r = ", own, ")") if own else (" (observed r)",))]
    return joined(*parts) if parts else EMPTY


def _notes(book: NumberBook, group: Group) -> Iterable[str]:
    limit = _find(book, group, "limit")
    mean = _find(book, group, "mean")
    at = f" {limit.text}" if limit is not None else ""
    yield (
        "Not an estimate: what must be believed for how large a change. The baseline of the trial cannot "
        f"come from a normal population cut at{at}. So populations are assumed: normal, cut at the same "
        "limit, with correlation r between two visits without effect. Change: −(1 − r) times the distance "
        "between the mean of those who enter and that of the population."
    )
    if mean is not None:
        yield (
            f"The mean of those who entered the trial was {mean.text}: a row whose mean of those who enter "
            "is far from it describes another trial."
        )


def _find(book: NumberBook, group: Group, statistic: str) -> Number | None:
    own = group._replace(analysis="regression_to_mean", category="")
    return book.find(own, ALL, statistic)


def _sources(presets: Iterable[PopulationPreset]) -> Iterable[str]:
    for preset in presets:
        yield f"{preset.label}: {preset.source}; {preset.certainty}."
