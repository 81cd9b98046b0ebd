"""Which columns responses, criteria and the responder index read: a name that is nearly one is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from funis.catalogue.instrument_tables import systems_of_grades
from funis.catalogue.known_columns import is_known_column
from funis.catalogue.model_criteria import CriteriaSet
from funis.catalogue.model_parameter import ParameterValue
from funis.catalogue.model_responder_index import ResponderIndex
from funis.catalogue.model_response import GRADE_MEASURES, ResponseDefinition
from funis.near_names import refuse_misspelt

Asked = Iterable[tuple[ResponseDefinition, Mapping[str, ParameterValue]]]


def refuse_misspelt_visits(what: str, present: Sequence[str], asked: Asked, keys: Collection[str]) -> None:
    """Refuse a frame of visits with a column that nearly has a name that a response reads.

    Parameters
    ----------
    what : the beginning of the message
    present : names of the columns of the frame
    asked : each response with its parameters, settled
    keys : columns of subject, visit and day

    Raises
    ------
    MisspeltColumnError
    """
    wanted = [*keys, *(name for found, settled in asked for name in _read_by_response(found, settled))]
    refuse_misspelt(what, present, tuple(dict.fromkeys(wanted)), known=is_known_column)


def refuse_misspelt_criteria(found: CriteriaSet, present: Sequence[str], subject: str) -> None:
    """Do the same for a set of criteria."""
    names = [name for row in found.rows for phrase in row.criterion.phrases for name in phrase.given]
    wanted = (subject, *dict.fromkeys(names))
    refuse_misspelt(f"Classification by {found.name}", present, wanted, known=is_known_column)


def refuse_misspelt_index(found: ResponderIndex, present: Sequence[str], keys: Collection[str]) -> None:
    """Do the same for the responder index."""
    items = [name for one in found.items for name in (one.item, f"{one.item}_improved")]
    measures = [measure for one in found.items for measure in one.measures]
    limits = [measure.limit for measure in measures if isinstance(measure.limit, str) and measure.limit]
    wanted = (*keys, *items, *(measure.column for measure in measures), *limits)
    refuse_misspelt(found.title, present, tuple(dict.fromkeys(wanted)), known=is_known_column)


def _read_by_response(found: ResponseDefinition, settled: Mapping[str, ParameterValue]) -> Iterator[str]:
    """Name what the phrases of a response compare: columns, items of its sets, grades of its systems."""
    if found.reads_grades(settled):
        instrument = str(settled["instrument"])
        yield from (f"{instrument}_{system}" for system in systems_of_grades(instrument))
    phrases = [phrase for row in found.active(settled) for phrase in row.phrases]
    for phrase in (*phrases, *(need for need, _ in found.needs)):
        for name in () if phrase.measure in GRADE_MEASURES else phrase.given:
            yield from found.sets.get(name, (str(settled.get(name) or name),))
            if phrase.measure.endswith("of_upper_limit"):
                yield f"{settled.get(name) or name}_high"
