"""Redaction: words that were typed by mistake, such as a name, are taken out by two people.

What is taken out are words, not values: the rest of a text stays. The row of today gets a text without them
by an ordinary change; of every text of the trail that held them the side table keeps what is left. The
payloads, their hashes and the chain stay as they are, and for each text the database itself writes into the
chain which commitment was replaced by which.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, models

from funis.capture.context import because, moment, redacting, who_acts
from funis.capture.database.audited_tables import TEXT, audited_models
from funis.capture.database.hidden_texts import (
    Texts,
    new_salt,
    replace_strings,
    strings_in,
    write_value,
)
from funis.capture.document import read_document, write_document
from funis.capture.models import Redaction, RequestKey, Subject
from funis.capture.models.audited import Audited
from funis.capture.models.locks import REASON_LENGTH
from funis.capture.study_in_force import today
from funis.capture.trail.replay import replay
from funis.capture.trail.rows import Row, read_rows
from funis.errors import ValueRangeError

ASKED, CONFIRMED, DONE, TAKEN_BACK = "asked", "confirmed", "done", "taken_back"
STATES: Final[Mapping[str, str]] = {
    ASKED: "Asked for",
    CONFIRMED: "Confirmed",
    DONE: "Taken out",
    TAKEN_BACK: "Taken back",
}
"""Every state of a redaction, with the printed words."""

_SHORTEST: Final = 2
_LONGEST: Final = 200
_NAMED: Final = 10
_LETTER: Final = r"[^\W\u2e80-\uffff]"
"""A letter or figure of a script that sets blanks between words: Chinese sets none."""


@dataclass(frozen=True, slots=True)
class FoundWords:
    """Where words stand.

    Attributes
    ----------
    table, row : of the row that was written; empty: an event beside rows
    seq : number in the chain
    names : columns and items that hold the words; ``reason`` is that of the change
    is_fixed : they stand in the hashed payload itself, as in a column without free text
    """

    table: str
    row: str
    seq: int
    names: tuple[str, ...]
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class Copies:
    """How many exports and backups were made before a moment: they hold the words still."""

    exports: int
    backups: int


def count_copies(moment_: str) -> Copies:
    """Count the exports and the backups that the trail tells of before a moment (UTC)."""
    kinds = [said["kind"] for row in read_rows("system") if (said := row.said)["at"] < moment_]
    return Copies(kinds.count("exported"), kinds.count("backed up"))


def mark_of(day: str) -> str:
    """Give what stands in place of words that were taken out.

    Examples
    --------
    >>> mark_of("2026-03-01")
    '[redacted on 2026-03-01]'
    """
    return f"[redacted on {day}]"


def find_words(words: str) -> re.Pattern[str]:
    """Give the pattern that finds words, as whole words, whatever their capitals and blanks.

    Examples
    --------
    >>> bool(find_words("Li Wei").search("seen by li  wei's sister")), bool(find_words("Li").search("clinic"))
    (True, False)
    """
    text = words.strip()
    before = f"(?<!{_LETTER})" if re.match(_LETTER, text) else ""
    after = f"(?!{_LETTER})" if re.match(_LETTER, text[-1:]) else ""
    inside = r"\s+".join(re.escape(part) for part in text.split())
    return re.compile(before + inside + after, re.IGNORECASE)


def find_places(chain: str, words: str) -> list[FoundWords]:
    """Find where words stand in a chain, the oldest first.

    Parameters
    ----------
    chain : such as ``subject:ID``
    words : what is looked for
    """
    pattern = find_words(words)
    return [place for row in read_rows(chain) if (place := _place(row, pattern)) is not None]


def _place(row: Row, pattern: re.Pattern[str]) -> FoundWords | None:
    said, hashed = row.said, row.hashed
    names = tuple(name for name, value in _parts(said) if _holds(value, pattern))
    if not names:
        return None
    is_fixed = any(_holds(value, pattern) for _, value in _parts(hashed))
    return FoundWords(str(said["table"]).removeprefix("capture_"), str(said["row"]), row.seq, names, is_fixed)


def _parts(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from said["changes"].items()
    yield from said["data"].items()
    yield "reason", said["reason"]


def _holds(value: Any, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(text) for text in strings_in(value))


# --- the two people -----------------------------------------------------------------------------------


def ask_for_redaction(subject: Subject, words: str, reason: str) -> Redaction:
    """Ask, as the first of two people, that words are taken out of everything that is kept of a subject.

    Parameters
    ----------
    subject : the subject
    words : exactly what is taken out, such as a name; the rest of each text stays
    reason : why

    Raises
    ------
    ValueRangeError : no reason, the words are too short or stand nowhere, a request waits already, or they
        stand where nobody takes them out
    """
    chain, words, reason = f"subject:{subject.pk}", " ".join(words.split()), _checked(reason)
    if not _SHORTEST <= len(words) <= _LONGEST or set(words) & set('"\\'):
        allowed = f"{_SHORTEST} to {_LONGEST} characters, without quotation marks"
        raise ValueRangeError("words", f"{len(words)} characters", allowed)
    if Redaction._default_manager.filter(chain=chain, state=ASKED).exists():
        raise ValueRangeError(
            "redaction", "a request that waits", "none", "Confirm it or take it back first."
        )
    places = find_places(chain, words)
    if not places:
        raise ValueRangeError("words", "none that stand here", "words that stand in a text of this subject")
    fixed = [f"{place.seq} ({', '.join(place.names)})" for place in places if place.is_fixed]
    if fixed:
        raise ValueRangeError(
            "words", f"in {len(fixed)} places without free text", "words that stand in free text alone",
            f"Nobody can take them out of these rows of the trail: {', '.join(fixed[:_NAMED])}.",
        )  # fmt: skip
    made = Redaction(
        subject=subject, site=subject.site, chain=chain, words=words, asked_by=_actor(), asked_at=moment(),
        asked_reason=reason,
    )  # fmt: skip
    made.save()
    return made


def confirm_redaction(redaction: Redaction, reason: str) -> Redaction:
    """Confirm, as the second of two people, and take the words out within this transaction.

    Raises
    ------
    ValueRangeError : no reason, nothing waits, the same person asked, or a row that holds the words is closed
    """
    reason = _checked(reason)
    _refuse_settled(redaction)
    if redaction.asked_by == _actor():
        raise ValueRangeError("second person", "who asked", "another person")
    pattern, mark = find_words(redaction.words), mark_of(today().isoformat())
    redaction.state, redaction.confirmed_by = CONFIRMED, _actor()
    redaction.confirmed_at, redaction.confirmed_reason = moment(), reason
    with because("redaction confirmed"):
        redaction.save()
    with redacting(redaction.pk), because("words taken out by two people"):
        rows = _change_rows(redaction.chain, pattern, mark)
        _change_answers(redaction.words, pattern, mark)
        texts = _take_out(redaction, pattern, mark)
    found = Redaction._default_manager.get(pk=redaction.pk)
    found.state, found.rows, found.texts_taken = DONE, rows, texts
    with because("redaction done"):
        found.save()
    return found


def take_back_redaction(redaction: Redaction, reason: str) -> None:
    """Take a request back; the words stay where they are.

    Raises
    ------
    ValueRangeError : no reason, or nothing waits
    """
    reason = _checked(reason)
    _refuse_settled(redaction)
    redaction.state, redaction.confirmed_by = TAKEN_BACK, _actor()
    redaction.confirmed_at, redaction.confirmed_reason = moment(), reason
    with because(reason):
        redaction.save()


def _refuse_settled(redaction: Redaction) -> None:
    if redaction.state != ASKED:
        raise ValueRangeError("redaction", redaction.state.replace("_", " "), "a request that waits")


def _checked(reason: str) -> str:
    if not reason.strip():
        raise ValueRangeError("reason", "nothing", "why the words are taken out")
    if len(reason) > REASON_LENGTH:
        raise ValueRangeError("reason", f"{len(reason)} characters", f"at most {REASON_LENGTH}")
    return reason.strip()


def _actor() -> str:
    who = who_acts()
    return who.actor if who else ""


# --- taking out ---------------------------------------------------------------------------------------


def _change_rows(chain: str, pattern: re.Pattern[str], mark: str) -> int:
    """Take the words out of the rows of today, the request itself among them; count the rows."""
    tables = {model._meta.db_table: model for model in audited_models()}
    changed = 0
    for (table, key), (_, columns, data) in replay(read_rows(chain)).items():
        model = tables[table]
        names = [name for name in model.texts if _holds(columns.get(name), pattern)]
        if names or _holds(data, pattern):
            row = model._default_manager.get(pk=key)
            _change_row(row, names, pattern, mark)
            row.save()
            changed += 1
    return changed


def _change_row(row: Audited, names: list[str], pattern: re.Pattern[str], mark: str) -> None:
    for name in names:
        text = pattern.sub(mark, getattr(row, name))
        field = row._meta.get_field(name)
        longest = field.max_length if isinstance(field, models.Field) else None
        setattr(row, name, mark if longest and len(text) > longest else text)
    if row.document:
        setattr(row, row.document, replace_strings(getattr(row, row.document), _put(pattern, mark)))


def _change_answers(words: str, pattern: re.Pattern[str], mark: str) -> None:
    """Take the words out of the answers that are kept so that a save that is sent again gets the same one."""
    for kept in RequestKey.objects.filter(answer__icontains=words.split(maxsplit=1)[0]):
        answer = write_document(replace_strings(read_document(kept.answer), _put(pattern, mark)))
        if answer != kept.answer:
            kept.answer = answer
            kept.save()


def _take_out(redaction: Redaction, pattern: re.Pattern[str], mark: str) -> int:
    """Leave of each text of the trail that held the words what is left of it; count the texts."""
    taken = 0
    for row in [each for each in read_rows(redaction.chain) if each.texts]:
        texts: Texts = json.loads(row.texts)
        for committed, (_, text, *_) in texts.items():
            value = read_document(f'{{"":{text}}}')[""]
            if _holds(value, pattern):
                left = write_value(replace_strings(value, _put(pattern, mark)))
                _write_text(row, texts, committed, [new_salt(), left, redaction.pk])
                taken += 1
    return taken


def _write_text(row: Row, texts: Texts, committed: str, left: list[str]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            values: list[str | int] = [row.chain, row.seq, committed, *left[:2]]
            cursor.execute("SELECT capture_take_out(%s, %s, %s, %s, %s)", values)
            return
        texts[committed] = left
        stored = json.dumps(texts, ensure_ascii=False)
        values = [stored, row.chain, row.seq]
        cursor.execute(f"UPDATE {TEXT} SET texts = %s WHERE chain = %s AND seq = %s", values)  # noqa: S608


def _put(pattern: re.Pattern[str], mark: str) -> Callable[[str], str]:
    return lambda text: pattern.sub(mark, text)
