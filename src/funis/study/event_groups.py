"""Adverse events that a trial counts together: terms, organ classes, a rule, days after an infusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl
from pydantic import Field

from funis.study.part import Identifier, Names, StudyPart
from funis.study.rules import apply_rule

_RULED: Final = "counts"


class EventGroup(StudyPart):
    """Adverse events that are counted together: an entry of ``[[event_groups]]``."""

    id: Identifier = Field(description="Name of the group.")
    label: str = Field(default="", description="What is printed; made from the id when empty.")
    terms: Names = Field(
        default=(),
        description="Terms that count, as coded, or as reported where there is no code; capitals do not "
        "matter. With organ_classes: events of either.",
    )
    organ_classes: Names = Field(
        default=(), description="Organ classes that count, as in the column organ_class."
    )
    counts: str = Field(
        default="",
        description="Which of them count: SQL expression over the columns of adverse_events, such as grade "
        ">= 3; empty: all.",
    )
    within_days: int | None = Field(
        default=None,
        ge=0,
        description="Only events that began on the day of an infusion or at most so many days after one; "
        "absent: whenever they began.",
    )

    @property
    def printed(self) -> str:
        """Give the label, or the id in words."""
        return self.label or self.id.replace("_", " ").capitalize()

    @property
    def defined(self) -> str:
        """Say in words which events count.

        Examples
        --------
        >>> EventGroup(id="reaction", terms=("anaphylaxis", "fever"), within_days=1).defined
        'anaphylaxis, fever; begun up to 1 day after an infusion'
        """
        named = ", ".join((*self.terms, *(f"organ class {name}" for name in self.organ_classes)))
        days = "" if self.within_days is None else f"{self.within_days} day{'s' * (self.within_days != 1)}"
        within = f"begun up to {days} after an infusion" if days else ""
        return "; ".join(filter(None, (named, self.counts, within)))


def belongs_to_group(
    group: EventGroup, events: pl.DataFrame, infusion_days: Mapping[str, Sequence[float]]
) -> pl.Series:
    """Tell of each event whether it is of a group; null where that cannot be told.

    Parameters
    ----------
    group : of the study file
    events : the checked table ``adverse_events``
    infusion_days : study days on which each subject was infused; empty of one whose days are not recorded

    Returns
    -------
    polars.Series
        Boolean, one value an event.

    Examples
    --------
    >>> events = pl.DataFrame({"subject": ["1", "1", "2"], "term": ["Fever", "Cough", "fever"],
    ...     "preferred_term": [None, "Pyrexia", None], "organ_class": [None, None, None],
    ...     "start_day": [0.0, 0.0, None]}, schema_overrides={"organ_class": pl.String})
    >>> group = EventGroup(id="fever", terms="fever", within_days=1)
    >>> belongs_to_group(group, events, {"1": [0.0], "2": [0.0]}).to_list()
    [True, False, None]
    """
    parts = [_is_named(group, events)]
    if group.counts:
        parts.append(apply_rule(events, group.counts))
    if group.within_days is not None:
        pairs = zip(events["subject"], events["start_day"], strict=True)
        within = [_is_within(day, infusion_days.get(name), group.within_days) for name, day in pairs]
        parts.append(pl.Series(within, dtype=pl.Boolean))
    frame = pl.DataFrame([part.alias(f"{_RULED}_{place}") for place, part in enumerate(parts)])
    return frame.select(pl.all_horizontal(pl.all()).alias("is_of_group"))["is_of_group"]


def _is_named(group: EventGroup, events: pl.DataFrame) -> pl.Series:
    """Tell whether an event has a term or an organ class of the group; any has where it names none."""
    if not group.terms and not group.organ_classes:
        return pl.Series([True] * events.height, dtype=pl.Boolean)
    term = pl.coalesce(_plain("preferred_term"), _plain("term"))
    has_term = term.is_in([name.strip().lower() for name in group.terms])
    of_class = _plain("organ_class").is_in([name.strip().lower() for name in group.organ_classes])
    asked = has_term | of_class if group.organ_classes else has_term
    return events.select(asked.alias("named"))["named"]


def _plain(column: str) -> pl.Expr:
    """Give a text without the blanks around it, in small letters; nothing where it is empty."""
    text = pl.col(column).cast(pl.String).str.strip_chars().str.to_lowercase()
    return pl.when(text != "").then(text)


def _is_within(day: float | None, infused: Sequence[float] | None, days: int) -> bool | None:
    """Tell whether a day is that of an infusion, or at most so many days after one."""
    if infused is None:
        return False
    if day is None or not infused:
        return None
    return any(0 <= day - each <= days for each in infused)
