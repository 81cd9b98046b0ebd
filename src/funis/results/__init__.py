"""The list of computed numbers: one row a number, each with its place, its basis and its source.

Everything that is printed, drawn or exported is selected from this list. A row says which number it
is (``key``), how it was computed (method, missing-data policy), on how many subjects, and by ``source``
which recorded values it rests on. Numbers are rounded and formatted only in this package (``text``), half
away from zero. The names below are its entry points.
"""

from funis.results.everything import InputRecord, Provenance, Results
from funis.results.key import (
    ALL,
    Place,
    build_id,
    join_exactly,
    name_at_most,
    name_change,
    name_shift,
    name_sustained,
    tell_apart,
)
from funis.results.number_list import NUMBER_COLUMNS, NumberList
from funis.results.sources import ABSENT, SOURCE_COLUMNS, SourceList
from funis.results.text import (
    NOT_AVAILABLE,
    NOT_COLLECTED,
    choose_decimals,
    count_decimals,
    exact_mean,
    format_column,
    format_count,
    format_dose,
    format_interval,
    format_mean_sd,
    format_millions,
    format_number,
    format_p,
    format_shortest,
    trim,
)
from funis.results.write import write_results

__all__ = [
    "ABSENT",
    "ALL",
    "NOT_AVAILABLE",
    "NOT_COLLECTED",
    "NUMBER_COLUMNS",
    "SOURCE_COLUMNS",
    "InputRecord",
    "NumberList",
    "Place",
    "Provenance",
    "Results",
    "SourceList",
    "build_id",
    "choose_decimals",
    "count_decimals",
    "exact_mean",
    "format_column",
    "format_count",
    "format_dose",
    "format_interval",
    "format_mean_sd",
    "format_millions",
    "format_number",
    "format_p",
    "format_shortest",
    "join_exactly",
    "name_at_most",
    "name_change",
    "name_shift",
    "name_sustained",
    "tell_apart",
    "trim",
    "write_results",
]
