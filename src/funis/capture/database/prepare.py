"""Prepare a database: tables, triggers, rights; nothing is lost when it is prepared again."""

from __future__ import annotations

from django.core.management import call_command
from django.db import connection, transaction

from funis.capture.context import SERVER, Acting, acting
from funis.capture.database import postgresql_triggers, save_statements, sqlite_triggers
from funis.capture.database.audited_tables import TRAIL, audited_tables
from funis.capture.database.fingerprint import read_fingerprint
from funis.capture.database.row_security import make_policies
from funis.capture.trail.events import record_event
from funis.capture.trail.rows import read_rows
from funis.capture.trail.verify import last_schema
from funis.errors import ValueRangeError

#: Tables without data of the trial: who is at the door, what was answered, how far the checks have seen.
OTHERS = (
    "django_session",
    "capture_requestkey",
    "capture_checkedsubject",
    "capture_subjectsummary",
    "capture_awaitedvisit",
    "capture_unaskedvisit",
    "capture_signingnonce",
    "django_content_type",
    "auth_permission",
    "django_migrations",
)


def prepare_database(study: str, role: str = "") -> None:
    """Make or renew tables, triggers and rights; the schema that results is an event of the trail.

    Parameters
    ----------
    study : id of the study, part of the first link of every chain
    role : name of the PostgreSQL role under which the server works; empty on SQLite
    """
    call_command("migrate", verbosity=0, interactive=False)
    with transaction.atomic():
        if connection.vendor == "postgresql":
            _prepare_postgresql(study, role)
        else:
            _prepare_sqlite(study)
    with acting(Acting(SERVER, "database prepared", sites=None)):
        record_event("prepared", "system", {"schema": read_fingerprint()})


def refuse_altered() -> None:
    """Refuse a database whose schema is not as this server left it: a trigger that is gone writes no trail.

    Raises
    ------
    ValueRangeError : it was altered; it is not mended, so that nobody overlooks it
    """
    if TRAIL not in connection.introspection.table_names():
        return
    with acting(Acting(SERVER, sites=None)):
        prepared = last_schema(read_rows("system"))
    if prepared and prepared != read_fingerprint():
        raise ValueRangeError(
            "database",
            "triggers, functions or tables that are not as they were left",
            "the schema of this server",
            "Find out who changed it; funis audit-trail verify names what else is not as it was.",
        )


def refuse_owner() -> None:
    """Refuse to work under a role that owns the tables, or that passes their policies.

    It could switch the trail off, and would see the rows of every site.

    Raises
    ------
    ValueRangeError : the role of the connection owns the trail, or sees the rows of every site
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, c.relowner, 'MEMBER'), r.rolsuper OR r.rolbypassrls "
            "FROM pg_class c, pg_roles r WHERE c.relname = %s AND r.rolname = current_user",
            [TRAIL],
        )
        found = cursor.fetchone()
    if found is None:
        raise ValueRangeError(
            "database",
            "no tables",
            "one that its owner prepared",
            "Give the address of its owner as DATABASE_OWNER_URL.",
        )
    if any(found):
        raise ValueRangeError(
            "DATABASE_URL",
            "the role that owns the tables" if found[0] else "a role that passes row security",
            "a role of its own for the server",
            "Give the owner's address as DATABASE_OWNER_URL, and another role in DATABASE_URL.",
        )


def _prepare_sqlite(study: str) -> None:
    with connection.cursor() as cursor:
        for text in sqlite_triggers.TABLES:
            cursor.execute(text)
        for name, text in sqlite_triggers.make_triggers(audited_tables(), study):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute(text)


def _prepare_postgresql(study: str, role: str) -> None:
    tables = audited_tables()
    with connection.cursor() as cursor:
        functions = (*postgresql_triggers.make_functions(study), *save_statements.make_functions())
        for text in (*postgresql_triggers.TABLES, *functions):
            cursor.execute(text)
        for table, name, text in postgresql_triggers.make_triggers(tables):
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
            cursor.execute(text)
        for table, name, text in make_policies():
            cursor.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            cursor.execute(f"DROP POLICY IF EXISTS {name} ON {table}")
            cursor.execute(text)
        if role:
            for text in postgresql_triggers.make_rights(tables, list(OTHERS), role):
                cursor.execute(text)
