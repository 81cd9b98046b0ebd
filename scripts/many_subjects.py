"""A trial of many subjects, filled in a minute: those of the demonstration, copied by the database itself.

Copied is what the lists of pages read: subjects, consents, visits, forms without single laboratory values,
queries, verification, safety, locks, decisions, and what is counted of them. The copies have no rows in the
trail, so such a database is for timing alone; the verification of its trail would name every copy. Of one
subject the history is long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.backends.signals import connection_created

from funis.capture.configuration import Configuration
from funis.capture.serve import fill_demo
from funis.demo.running import amended_text, reconstruct_running
from funis.study.today import read_clock

if TYPE_CHECKING:
    from django.db.models import Model

COPIED = (
    *("Subject", "Consent", "SubjectVisit", "Form", "SubjectLock", "Query", "QueryMessage"),
    "CheckedSubject",
    *("SafetyClock", "SafetyReport", "Screening", "SubjectSummary", "AwaitedVisit", "UnaskedVisit"),
    "FormVerification",
)
NAMED_BY_TEXT = {("Query", "about"), ("Query", "row_key"), ("SubjectLock", "target")}
"""Columns that name a row without referring to it, or name something else."""
HISTORY = 6_000
"""Rows of the trail of the subject with the longest history."""
SERIOUS_EVERY = 20
"""Of every so many copies one has the serious events: in most trials few of them wait for a report."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How a database says what the copies need: numbers from 1, and the id of a copy."""

    numbers: str
    copied: str


SPEECHES = {
    "postgresql": Speech("generate_series(1, {0}) AS k(n)", "lpad(to_hex(k.n), 8, '0') || substr({0}, 9)"),
    "sqlite": Speech(
        "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {0}) "
        "SELECT n FROM c) AS k",
        "printf('%08x', k.n) || substr({0}, 9)",
    ),
}


def fill_many(folder: Path, subjects: int, superuser: str = "") -> Configuration:
    """Prepare the demonstration and copy its subjects.

    Parameters
    ----------
    folder : new; DATABASE_URL and DATABASE_OWNER_URL name a PostgreSQL database, else it is SQLite
    subjects : how many there are at least
    superuser : address under which PostgreSQL leaves triggers out
    """
    made = reconstruct_running(folder, read_clock().date())
    if superuser:
        connection_created.connect(_see_every_site, dispatch_uid="many subjects")
    configuration, _ = fill_demo(made.resolve(), amended_text)
    from funis.capture.models import Subject
    from funis.capture.overview.summaries import refresh_all

    _as_server(refresh_all)
    copies = -(-subjects // _as_server(Subject.objects.count)) - 1
    with _superuser_statements(superuser) if superuser else _statements_without_triggers() as execute:
        speech = SPEECHES["postgresql" if superuser else "sqlite"]
        for text in make_copies(speech, copies):
            execute(text)
    return configuration


def _see_every_site(sender: object, connection: Any, **_: object) -> None:  # noqa: ARG001
    """Let what is done outside a page see every site; a page tells the database its own all the same."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('funis.sites', '*', false)")


def _as_server(work: Callable[[], Any]) -> Any:
    from funis.capture.context import SERVER, Acting, acting

    with acting(Acting(SERVER, "a trial of many subjects", sites=None)):
        return work()


@contextmanager
def _superuser_statements(address: str) -> Iterator[Callable[[str], Any]]:
    import psycopg

    with psycopg.connect(address) as opened:
        opened.execute("SET session_replication_role = replica")
        yield lambda text: opened.execute(text.encode())
    with psycopg.connect(address, autocommit=True) as opened:
        opened.execute("VACUUM ANALYZE")


@contextmanager
def _statements_without_triggers() -> Iterator[Callable[[str], Any]]:
    """Give how statements run; the triggers are gone meanwhile, and made again as they were."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        triggers = list(cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        for name, _ in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield cursor.execute
        for _, text in triggers:
            cursor.execute(text)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def make_copies(speech: Speech, copies: int) -> Iterator[str]:
    """Give the statements that copy every subject so many times."""
    from django.apps import apps

    models = [apps.get_model("capture", name) for name in COPIED]
    for model in models:
        yield _copy(model, set(models), speech, copies)
    numbers = speech.numbers.format(copies)
    key = speech.copied.format("substr(id, 9)")
    yield (
        # Of a trial of this size few subjects were written to in the last hour.
        f"INSERT INTO capture_chain (id, seq, head, at) SELECT 'subject:' || {key}, seq, head, "  # noqa: S608
        "'2020-01-01T00:00:00.000000Z' "
        f"FROM capture_chain, {numbers} WHERE id LIKE 'subject:%'"
    )
    longest = (
        "SELECT chain FROM capture_trail WHERE chain LIKE 'subject:%' GROUP BY chain ORDER BY count(*) DESC"
    )
    whole = f"SELECT count(*) FROM capture_trail WHERE chain = ({longest} LIMIT 1)"  # noqa: S608
    yield (
        "INSERT INTO capture_trail (chain, seq, payload, hash) "  # noqa: S608
        f"SELECT chain, seq + k.n * ({whole}), payload, hash "
        f"FROM capture_trail, {speech.numbers.format(HISTORY)} "
        f"WHERE chain = ({longest} LIMIT 1) AND (k.n + 1) * ({whole}) <= {HISTORY}"
    )


def _copy(model: type[Model], copied: set[type[Model]], speech: Speech, copies: int) -> str:
    """Give the statement that copies the rows of a table, ids and what refers to copied rows made anew."""
    names, values = list[str](), list[str]()
    for field in model._meta.concrete_fields:
        name = str(field.column)
        value = f"t.{name}"
        if field.get_internal_type() == "BigAutoField":
            continue
        is_key = field.primary_key and not field.is_relation
        if is_key or field.related_model in copied:
            value = speech.copied.format(value)
        elif (model.__name__, name) in NAMED_BY_TEXT:
            value = f"CASE WHEN length({value}) = 36 THEN {speech.copied.format(value)} ELSE {value} END"
        elif (model.__name__, name) in {("Subject", "number"), ("UnaskedVisit", "number")}:
            value = f"{value} || '-' || k.n"
        names.append(name)
        values.append(value)
    table = model._meta.db_table
    where = {
        "Form": "t.name <> 'labs' "
        "AND (k.n % {0} = 0 OR t.id NOT IN (SELECT form_id FROM capture_safetyclock))",
        "SafetyClock": "k.n % {0} = 0",
        "SafetyReport": "k.n % {0} = 0",
        "FormVerification": "t.form_id IN (SELECT id FROM capture_form WHERE name <> 'labs')",
    }.get(model.__name__, "true").format(SERIOUS_EVERY)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {', '.join(values)} "  # noqa: S608
        f"FROM {table} t, {speech.numbers.format(copies)} WHERE {where}"
    )
