"""The audited tables as triggers need them: read from the models, so that none is forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps

from funis.capture.models.audited import Audited

#: Tables beside the models that only triggers and `trail` touch.
TRAIL, CHAIN, ENTRY = "capture_trail", "capture_chain", "capture_entry"
TEXT, HIDDEN, REDACTION = "capture_text", "capture_hidden", "capture_redaction"


@dataclass(frozen=True, slots=True)
class AuditedTable:
    """One audited table.

    Attributes
    ----------
    name : of the table
    columns : whose values the trail shows, by name
    truths : those that hold true or false, which SQLite keeps as 1 and 0
    fixed : columns that never change
    hidden : columns that the trail does not show
    secret : columns of which the trail says only that they changed
    texts : columns in which somebody writes freely
    document : column whose items the trail shows one by one; empty: none
    append_only : a row is never changed
    chain_word, chain_column : the chain of a row is ``word:value``; no column: the word alone
    """

    name: str
    columns: tuple[str, ...]
    truths: frozenset[str]
    fixed: tuple[str, ...]
    hidden: tuple[str, ...]
    secret: tuple[str, ...]
    texts: tuple[str, ...]
    document: str
    append_only: bool
    chain_word: str
    chain_column: str

    @property
    def redactable(self) -> frozenset[str]:
        """Give the columns that a redaction may change though they are fixed."""
        return frozenset(self.texts) | ({self.document} - {""})


def audited_models() -> list[type[Audited]]:
    """Give the models whose rows the trail follows, by table name."""
    found = [model for model in apps.get_app_config("capture").get_models() if issubclass(model, Audited)]
    return sorted(found, key=lambda model: model._meta.db_table)


def audited_tables() -> list[AuditedTable]:
    """Read what the triggers of each audited table need."""
    return [_read(model) for model in audited_models()]


def _read(model: type[Audited]) -> AuditedTable:
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    hidden = {"id", "revision", *model.secret, *model.derived} | ({model.document} - {""})
    column, word = model.chained_by
    return AuditedTable(
        name=model._meta.db_table,
        columns=tuple(name for name in names if name not in hidden),
        truths=frozenset(field.attname for field in fields if field.get_internal_type() == "BooleanField"),
        # What happened is fixed whole: of it a redaction alone changes anything, and that the texts alone.
        fixed=tuple(name for name in names if name != "revision") if model.append_only else model.fixed,
        hidden=tuple(sorted(hidden)),
        secret=model.secret,
        texts=model.texts,
        document=model.document,
        append_only=model.append_only,
        chain_word=word,
        chain_column=column,
    )
