"""What every audited table has in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.db import models

from funis.capture.document import read_document, write_document
from funis.capture.identifiers import new_id
from funis.errors import ValueRangeError

if TYPE_CHECKING:
    DocumentText = models.TextField[Mapping[str, Any], dict[str, Any]]
else:
    DocumentText = models.TextField

KEY_LENGTH: Final = 36


class Audited(models.Model):
    """A row whose every state stands in the trail: triggers of the database write it.

    Attributes
    ----------
    id : key of the row, never used again
    revision : 1 for a new row, one more with each change; the database refuses any other step
    """

    id = models.CharField(primary_key=True, max_length=KEY_LENGTH, default=new_id, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)

    #: A row that says what happened: it is never changed.
    append_only: ClassVar[bool] = False
    #: Columns that never change once a row stands.
    fixed: ClassVar[tuple[str, ...]] = ()
    #: Columns whose values the trail must not show: it says that they changed.
    secret: ClassVar[tuple[str, ...]] = ()
    #: Columns that are computed from the others: the trail leaves them out, they can be computed again.
    derived: ClassVar[tuple[str, ...]] = ()
    #: Columns in which somebody writes freely: two people can take words out of them, and of `document`.
    texts: ClassVar[tuple[str, ...]] = ()
    #: Column whose items the trail shows one by one.
    document: ClassVar[str] = ""
    #: Work for which a scope must be open when a row of the trial is written: ``entry``, or ``review`` for
    #: what goes on while entry is frozen (queries, verification); empty: a lock does not concern the row.
    closed_to: ClassVar[str] = ""
    #: Column that says which chain a row belongs to, and the word before it.
    chained_by: ClassVar[tuple[str, str]] = ("", "system")

    class Meta:
        abstract = True

    def save(self, *args: Any, **named: Any) -> None:
        """Write the row; a change counts the revision up."""
        if not self._state.adding:
            self.revision += 1
            fields = named.get("update_fields")
            if fields is not None:
                named["update_fields"] = {*fields, "revision"}
        super().save(*args, **named)


class DocumentItem(models.Func):
    """One item of a document as the database reads it: its text, null where it is absent or null."""

    output_field = models.TextField()

    def __init__(self, item: str, column: str = "data") -> None:
        """Name the item, which is a name of ours, and the column of the document."""
        if not item.isidentifier():
            raise ValueRangeError("item", item, "the name of an item")
        super().__init__(models.F(column))
        self.item = item

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Write it for PostgreSQL."""
        return self.as_sql(compiler, connection, template=f"(%(expressions)s ->> '{self.item}')", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Write it for SQLite, where it would have the type of its value."""
        template = f"CAST(json_extract(%(expressions)s, '$.{self.item}') AS text)"
        return self.as_sql(compiler, connection, template=template, **context)


class DocumentField(DocumentText):
    """A flat JSON document; its numbers are kept as they were typed."""

    def db_type(self, connection: Any) -> str:
        """Give the type of the column: text, or PostgreSQL's binary JSON."""
        return "jsonb" if connection.vendor == "postgresql" else "text"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> str:  # noqa: ARG002
        """Say that the text is JSON."""
        return "%s::jsonb" if connection.vendor == "postgresql" else "%s"

    def from_db_value(self, value: str | None, *_: Any) -> dict[str, Any] | None:
        """Read the document."""
        return None if value is None else read_document(value)

    def to_python(self, value: Any) -> Any:
        """Read the document of a serialised row."""
        return read_document(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        """Write the document."""
        return value if value is None or isinstance(value, str) else write_document(value)
