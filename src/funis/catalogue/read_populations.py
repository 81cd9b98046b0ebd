"""Builds the table of populations before an entry rule from its file."""

from __future__ import annotations

from typing import Final

from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile
from funis.catalogue.model_tables import PopulationGrid, PopulationPreset, PopulationTable

Place = tuple[str, int | None, str]
# Keys of each table: those of every row, then those that may be left out.
_KEYS: Final = {
    "grids": (("grid", "instruments", "means", "sds"), ()),
    "presets": (
        ("preset", "label", "instruments", "mean", "sd", "subjects", "source", "certainty"),
        ("limit", "limit_assumed", "correlation"),
    ),
}


def read_populations(file: DefinitionFile) -> PopulationTable:
    """Build the table, or keep every finding of its file.

    Parameters
    ----------
    file : an opened file of kind ``populations``

    Raises
    ------
    DefinitionError : holds every finding
    """
    file.refuse_unknown_keys(NO_PLACE, file.content, ("kind", "source", *_KEYS))
    _check_words(file, NO_PLACE, file.content, ("source",))
    for table, (required, optional) in _KEYS.items():
        for number, row in enumerate(file.rows(table), 1):
            place = (table, number, str(row.get(required[0], "")))
            file.refuse_unknown_keys(place, row, required, optional)
            _check_row(file, place, row)
            if table == "presets":
                _check_words(file, place, row, ("label", "source", "certainty"))
    file.stop_at_findings()
    grids = {
        name: PopulationGrid(tuple(map(float, row["means"])), tuple(map(float, row["sds"])))
        for row in file.rows("grids")
        for name in row["instruments"]
    }
    presets = tuple(
        PopulationPreset(
            name=row["preset"],
            label=row["label"],
            instruments=tuple(row["instruments"]),
            mean=float(row["mean"]),
            sd=float(row["sd"]),
            limit=float(row["limit"]) if "limit" in row else None,
            correlation=float(row["correlation"]) if "correlation" in row else None,
            subjects=row["subjects"],
            source=row["source"],
            certainty=row["certainty"],
            is_limit_assumed=bool(row.get("limit_assumed", False)),
        )
        for row in file.rows("presets")
    )
    return PopulationTable(grids, presets)


def _check_words(file: DefinitionFile, place: Place, row: Content, keys: tuple[str, ...]) -> None:
    for key in keys:
        if not str(row.get(key, "")).strip():
            file.refuse(place, key, row.get(key, ""), "is printed and holds no words", "Write it.")


def _check_row(file: DefinitionFile, place: tuple[str, int, str], row: Content) -> None:
    """Refuse spreads of 0 or less, a limit that is not below the mean, and correlations that cannot be."""
    for key in ("sd", "subjects"):
        if key in row and not row[key] > 0:
            file.refuse(place, key, row[key], "must be above 0", "Correct it.")
    if any(not spread > 0 for spread in row.get("sds", ())):
        file.refuse(place, "sds", row["sds"], "must be above 0", "Correct it.")
    if not 0 <= row.get("correlation", 0) <= 1:
        file.refuse(place, "correlation", row["correlation"], "must lie between 0 and 1", "Correct it.")
    if "limit" in row and (isinstance(row["limit"], str) or not row["limit"] < row.get("mean", 0)):
        file.refuse(place, "limit", row["limit"], "must be a number below the mean", "Correct it.")
    assumed = row.get("limit_assumed", False)
    if not isinstance(assumed, bool) or (assumed and "limit" not in row):
        file.refuse(place, "limit_assumed", assumed, "must be true or false, beside a limit", "Correct it.")
