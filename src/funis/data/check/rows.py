"""Which rows can be used at all: subjects, visits, tests and sites that exist, each row once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache

import polars as pl

from funis.data.check.row_findings import row_finding, rows_where
from funis.errors import Finding, Level
from funis.frames.verbs import Verbs, verbs_of
from funis.schema import Table, is_unscheduled
from funis.shown import find_identities, is_identity, is_word, show_code
from funis.study.model import Study

_GAPS = re.compile(r"[\s.-]+")
_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")

_DECLARED = frozenset({"visit", "test"})
_NEW_TEST = "A further test needs its own [[labs]] in study.toml, with test and unit."


@dataclass(slots=True)
class Sieve:
    """Rows of one table on their way through the checks; what cannot be used is left out."""

    table: Table
    frame: pl.DataFrame
    findings: list[Finding] = field(default_factory=list)
    whole: pl.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        # A row that is left out for one cell is looked at for its others in the same run.
        self.whole = self.frame

    def drop_unknown(self, column: str, known: Sequence[str], what: str, *, fix: str = "") -> None:
        """Leave out rows that name something that does not exist; say what else could be done about it."""
        if column not in self.whole.columns or self.whole.is_empty():
            return
        if set(self.whole[column].drop_nulls().unique().to_list()) <= set(known):
            return
        name = verbs_of(self.whole).col(column)
        wrong = name.is_not_null() & ~name.is_in(list(known))
        for row in rows_where(self.whole, wrong):
            near = _nearest(row[column], [*known, "unscheduled"] if column == "visit" else known)
            hint = f"The nearest is '{near}'. " if near else ""
            listed = f"Known: {', '.join(known)}." if 0 < len(known) <= 12 else f"{len(known)} are known."
            if column in _DECLARED:
                listed += f" Other words for them are declared in [import.codes.{column}]."
            self.findings.append(
                row_finding(
                    "error",
                    f"unknown_{column}",
                    self.table.name,
                    row,
                    column=column,
                    message=f"There is no {what} of this name; the row is left out.",
                    fix=" ".join(filter(None, (hint.strip(), listed, fix))),
                )
            )
        self.frame = self.frame.filter(~wrong)

    def drop_identities(self) -> None:
        """Leave out subjects whose number reads as a name, a date, a telephone or a card number."""
        numbers = [each for each in self.frame["subject"].to_list() if each is not None]
        named = find_identities(numbers)
        self._say_of(
            named,
            "error",
            "identifying_number",
            "The subject's number reads as a name, a date, a telephone or a card number; "
            "everything of this subject is left out.",
            "Give the subject a number of the study, the same in every table.",
        )
        words = [] if named else [each for each in dict.fromkeys(numbers) if is_word(each)]
        self._say_of(
            words,
            "query",
            "number_without_digit",
            "The subject's number is a word, which the report prints as it stands.",
            "If it is a name, give the subject a number of the study, the same in every table.",
        )
        if named:
            self.frame = self.frame.filter(~verbs_of(self.frame).col("subject").is_in(named))

    def _say_of(self, numbers: Sequence[str], level: Level, code: str, message: str, fix: str) -> None:
        """Say something of each subject that has one of these numbers, and show none of them."""
        if not numbers:
            return
        for row in rows_where(self.frame, verbs_of(self.frame).col("subject").is_in(numbers)):
            said = {"column": "subject", "value": "", "message": message, "fix": fix}
            self.findings.append(row_finding(level, code, self.table.name, {**row, "subject": ""}, **said))

    def drop_empty(self) -> None:
        """Leave out rows whose key is empty; the cells were reported when they were typed."""
        filled = [column.name for column in self.table.columns if column.filled]
        if not any(self.frame[name].null_count() for name in filled):
            return
        ops = verbs_of(self.frame)
        self.frame = self.frame.filter(ops.all_horizontal([ops.col(name).is_not_null() for name in filled]))

    def drop_repeated(self) -> None:
        """Leave out rows that repeat the key of an earlier row."""
        key = [name for name in self.table.key if name in self.frame.columns]
        if not key or self.frame.is_empty():
            return
        # A visit's date only tells apart rows that its name does not.
        names = [name for name in key if "visit" not in key or name not in {"date", "day"}]
        ops = verbs_of(self.frame)
        if self.frame.select(_stand_once(ops, tuple(names))).item():
            return
        if "visit" in key:
            key = self._key_of_visit(key)
        marked = self.frame.with_columns(ops.col("_line").first().over(key).alias("_first"))
        repeated = marked.filter(ops.col("_line") != ops.col("_first"))
        named = [name for name in self.table.key if name not in {"date", "day"}]
        for row in repeated.iter_rows(named=True):
            words = ", ".join(f"{name} '{row[name]}'" for name in named if _is_shown(name, row[name]))
            is_end = self.table.name == "disposition"
            is_visit = "visit" in named and not is_unscheduled(row["visit"])
            other = ", or call the visit of the repeat 'unscheduled' and give it its date" if is_visit else ""
            self.findings.append(
                row_finding(
                    "error",
                    "disposition_contradiction" if is_end else "duplicate_row",
                    self.table.name,
                    row,
                    column="status" if is_end else named[-1],
                    message=f"{words or 'It'} stands in line {row['_first']} already; this row is left out.",
                    fix=f"Keep one row for each{other}.",
                )
            )
        kept = marked.filter(ops.col("_line") == ops.col("_first"))
        self.frame = kept.drop("_once", "_first", strict=False)

    def _key_of_visit(self, key: Sequence[str]) -> list[str]:
        """Planned visits happen once; unscheduled ones are told apart by their date or day."""
        ops = verbs_of(self.frame)
        unscheduled = ops.col("visit").str.starts_with("unscheduled")
        written = [ops.col(name).cast(ops.String) for name in ("date", "day")]
        when = ops.concat_str(*written, ignore_nulls=True)
        self.frame = self.frame.with_columns(_once=ops.when(unscheduled).then(when).otherwise(ops.lit("")))
        return [name for name in key if name not in {"date", "day"}] + ["_once"]


@lru_cache(maxsize=64)
def _stand_once(ops: Verbs, names: tuple[str, ...]) -> pl.Expr:
    """Tell whether no row repeats the cells of another."""
    return ops.struct(names).is_first_distinct().all()


def _is_shown(column: str, value: object) -> bool:
    """Say whether a part of a key may stand in a message; tests and visits are those of the study file."""
    if column in {"lot", "donor"}:
        return bool(show_code(str(value)))
    return column not in {"subject", "visit"} or not is_identity(str(value))


def _nearest(name: str, known: Sequence[str]) -> str:
    """Give the nearest known name; zeros, capitals and spaces make the smallest difference."""
    plain = {each: _plain(each) for each in known}
    same = [each for each in known if plain[each] == _plain(name)]
    near = get_close_matches(_plain(name), list(plain.values()), n=1, cutoff=0.5)
    return (
        next((each for each in same or known if not near or plain[each] in near), "") if same or near else ""
    )


def _plain(name: str) -> str:
    return _ZEROS.sub("", _GAPS.sub("_", name.strip().lower()))


def sift_tables(
    study: Study, frames: Mapping[str, pl.DataFrame], tables: Mapping[str, Table]
) -> tuple[dict[str, pl.DataFrame], list[Finding]]:
    """Leave out the rows that cannot be used and say why.

    Parameters
    ----------
    study : the study
    frames : typed tables by name
    tables : what their columns are

    Returns
    -------
    tuple
        The tables without those rows; an error for each row left out.
    """
    kept: dict[str, pl.DataFrame] = {}
    findings: list[Finding] = []
    subjects: list[str] = []
    for name in sorted(frames, key=lambda each: each != "subjects"):
        sieve = Sieve(tables[name], frames[name])
        sieve.drop_empty()
        if name == "subjects":
            sieve.drop_identities()
        if name != "subjects" and "subject" in tables[name].by_name and not subjects:
            # Without any subject one finding says enough; one for each row would hide it.
            sieve.frame = sieve.frame.clear()
        elif name != "subjects" and "subject" in tables[name].by_name:
            sieve.drop_unknown("subject", subjects, "subject in the table subjects")
        if "visit" in tables[name].by_name and not study.has_open_visits:
            seen = [visit for visit in frames[name]["visit"].drop_nulls().unique() if is_unscheduled(visit)]
            sieve.drop_unknown("visit", [*study.visit_names, *sorted(seen)], "visit in the study file")
        if name == "labs":
            sieve.drop_unknown("test", study.lab_names, "laboratory test in the study file", fix=_NEW_TEST)
        sieve.drop_repeated()
        kept[name] = sieve.frame
        findings += sieve.findings
        if name == "subjects":
            subjects = sieve.frame["subject"].to_list()
    return {name: kept[name] for name in frames}, findings
