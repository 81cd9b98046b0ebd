"""Row-level security of PostgreSQL, the second wall between sites: made from the models.

Whatever the server asks, it sees the rows of the sites that it has told the database for this transaction
(`context.acting`); before anything was told it sees none. The owner of the tables passes every policy: the
server must not work under his role.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from funis.capture.database.audited_tables import CHAIN, TEXT, TRAIL, audited_models

_TOLD = "(SELECT current_setting('funis.sites', true))"
_SITES = "(SELECT string_to_array(current_setting('funis.sites', true), ','))::text[]"


def models_with_site() -> list[type[models.Model]]:
    """Give the models whose rows carry a site, by table name."""
    found = [
        model
        for model in apps.get_app_config("capture").get_models()
        if any(field.attname == "site" for field in model._meta.concrete_fields)
    ]
    return sorted(found, key=lambda model: model._meta.db_table)


def make_policies() -> Iterator[tuple[str, str, str]]:
    """Give the table, the name and the text of every policy."""
    for model in models_with_site():
        table = model._meta.db_table
        name = f"{table}_of_site"
        yield table, name, _policy(name, table, _may_see("site"), _may_write(model))
    for table, column in ((TRAIL, "chain"), (TEXT, "chain"), (CHAIN, "id")):
        name = f"{table}_of_site"
        yield table, name, _policy(name, table, _may_see_chain(table, column), "false")


def _policy(name: str, table: str, seen: str, written: str) -> str:
    return f"CREATE POLICY {name} ON {table} USING ({seen}) WITH CHECK ({written})"


def _may_see(site: str) -> str:
    """Give the rule of a site; a row without one is of the whole trial, and seen by whoever acts."""
    return f"{_TOLD} = '*' OR {site} = ANY({_SITES}) OR ({site} = '' AND {_TOLD} <> '')"


def _may_write(model: type[models.Model]) -> str:
    """Give the rule of a new row: of a site that is seen, and of the site of its subject."""
    of_subject = next((field for field in model._meta.concrete_fields if field.attname == "subject_id"), None)
    if of_subject is None or of_subject.related_model is None:
        return _may_see("site")
    subjects, own = of_subject.related_model._meta.db_table, model._meta.db_table
    same = _exists(subjects, f"o.id = {own}.subject_id AND o.site = {own}.site")
    return f"({_may_see('site')}) AND ({own}.subject_id IS NULL OR {same})"


def _exists(table: str, which: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} AS o WHERE {which})"  # noqa: S608 - names of models


def _may_see_chain(table: str, column: str) -> str:
    """Give the rule of the trail: chains of a site, and of rows that carry a site, where these are seen.

    The other chains (people, the system, tables of the whole trial) are seen by whoever acts.
    """
    chain = f"{table}.{column}"
    arms = [f"WHEN 'site' THEN substr({chain}, 6) = ANY({_SITES})"]
    sited = {model._meta.db_table for model in models_with_site()}
    for model in audited_models():
        by_column, word = model.chained_by
        own = model._meta.db_table
        if by_column == "id" and own in sited:
            found = _exists(own, f"o.id = substr({chain}, {len(word) + 2})")
            arms.append(f"WHEN '{word}' THEN {found}")
    seen = f"CASE split_part({chain}, ':', 1) {' '.join(arms)} ELSE true END"
    return f"{_TOLD} = '*' OR ({_TOLD} <> '' AND {seen})"
