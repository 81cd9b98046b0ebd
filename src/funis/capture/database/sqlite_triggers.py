"""Triggers of SQLite that write the trail.

SQLite has no variables in triggers: a row is handed to a view, whose own trigger puts commitments in place of
texts and hands it to a second one, whose trigger finds the chain, writes the payload, hashes it and moves the
head. Three functions must be given by the program that writes, ``funis_context``, ``funis_hide`` and
``funis_sha256``; a program that has none of them cannot write at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from funis.capture.database.audited_tables import (
    CHAIN,
    ENTRY,
    HIDDEN,
    REDACTION,
    TEXT,
    TRAIL,
    AuditedTable,
)
from funis.capture.database.hidden_texts import FORMAT

TABLES = (
    f"""CREATE TABLE IF NOT EXISTS {CHAIN} (
  id TEXT PRIMARY KEY, seq INTEGER NOT NULL, head TEXT NOT NULL, at TEXT NOT NULL
) WITHOUT ROWID""",
    f"""CREATE TABLE IF NOT EXISTS {TRAIL} (
  chain TEXT NOT NULL, seq INTEGER NOT NULL, payload TEXT NOT NULL, hash TEXT NOT NULL,
  PRIMARY KEY (chain, seq)
) WITHOUT ROWID""",
    f"""CREATE TABLE IF NOT EXISTS {TEXT} (
  chain TEXT NOT NULL, seq INTEGER NOT NULL, texts TEXT NOT NULL, PRIMARY KEY (chain, seq)
) WITHOUT ROWID""",
    f"DROP VIEW IF EXISTS {ENTRY}",
    f"DROP VIEW IF EXISTS {HIDDEN}",
    f"""CREATE VIEW {ENTRY} AS SELECT '' AS kind, '' AS chain, '' AS row_table, '' AS row_id,
  0 AS revision, '' AS changes, '' AS data, '' AS typed""",
    f"""CREATE VIEW {HIDDEN} AS SELECT '' AS kind, '' AS chain, '' AS row_table, '' AS row_id,
  0 AS revision, '' AS hidden""",
)


def make_triggers(tables: list[AuditedTable], study: str) -> Iterator[tuple[str, str]]:
    """Give the name and the text of every trigger.

    Parameters
    ----------
    tables : the audited tables
    study : id of the study, part of the first link of every chain
    """
    yield "capture_hide", _hide()
    yield "capture_append", _append(study)
    yield from _texts_are_kept()
    for action in ("UPDATE", "DELETE"):
        name = f"capture_trail_no_{action.lower()}"
        yield name, _refuse(name, f"BEFORE {action} ON {TRAIL}", "the trail is not changed")
    again = f"WHEN EXISTS (SELECT 1 FROM {TRAIL} WHERE chain = NEW.chain AND seq = NEW.seq)"
    name = "capture_trail_no_replace"
    yield name, _refuse(name, f"BEFORE INSERT ON {TRAIL} {again}", "the trail is not changed")
    yield (
        "capture_chain_no_delete",
        _refuse("capture_chain_no_delete", f"BEFORE DELETE ON {CHAIN}", "a chain is not removed"),
    )
    for table in tables:
        yield from _triggers_of(table)


def _hide() -> str:
    """Draw the salts once: what a trigger is handed is computed before it runs, and not again."""
    return f"""CREATE TRIGGER capture_hide INSTEAD OF INSERT ON {ENTRY} BEGIN
  SELECT RAISE(ABORT, 'no actor: write refused') WHERE funis_context('actor') IS NULL;
  INSERT INTO {HIDDEN} (kind, chain, row_table, row_id, revision, hidden)
    VALUES (NEW.kind, NEW.chain, NEW.row_table, NEW.row_id, NEW.revision, funis_hide(
      NEW.kind, NEW.changes, NEW.data, coalesce(NEW.typed, ''), coalesce(funis_context('reason'), '')));
END"""


def _texts_are_kept() -> Iterator[tuple[str, str]]:
    """Refuse to change a text of the trail but by a redaction, which stands in the trail itself."""
    why = "a text of the trail is taken out by two people"
    yield f"{TEXT}_no_delete", _refuse(f"{TEXT}_no_delete", f"BEFORE DELETE ON {TEXT}", why)
    again = f"WHEN EXISTS (SELECT 1 FROM {TEXT} WHERE chain = NEW.chain AND seq = NEW.seq)"
    yield f"{TEXT}_no_replace", _refuse(f"{TEXT}_no_replace", f"BEFORE INSERT ON {TEXT} {again}", why)
    moved = "NEW.chain IS NOT OLD.chain OR NEW.seq IS NOT OLD.seq"
    when = f"BEFORE UPDATE ON {TEXT} WHEN {moved} OR NOT {_redacting('NEW.chain')}"
    yield f"{TEXT}_no_update", _refuse(f"{TEXT}_no_update", when, why)
    name = f"{TEXT}_redacted"
    yield (
        name,
        f"""CREATE TRIGGER {name} AFTER UPDATE ON {TEXT} BEGIN
  INSERT INTO {ENTRY} (kind, chain, row_table, row_id, revision, changes, data, typed)
    SELECT 'redacted', NEW.chain, '{REDACTION}', funis_context('redaction'), 0,
      json_object('seq', NEW.seq, 'from', now.key,
        'to', funis_sha256(json_extract(now.value, '$[0]'), json_extract(now.value, '$[1]'))), '{{}}', ''
    FROM json_each(NEW.texts) AS now
    WHERE now.value IS NOT (SELECT was.value FROM json_each(OLD.texts) AS was WHERE was.key = now.key);
END""",
    )


def _redacting(chain: str) -> str:
    """Say whether a redaction of this chain is being carried out, by the second of two people."""
    return (
        f"EXISTS (SELECT 1 FROM {REDACTION} AS r WHERE r.id = funis_context('redaction') "
        f"AND r.chain = {chain} AND r.state = 'confirmed' AND r.confirmed_by = funis_context('actor') "
        "AND r.confirmed_by <> r.asked_by)"
    )


def _append(study: str) -> str:
    first = f"funis_sha256('funis', {_text(study)} || NEW.chain)"
    return f"""CREATE TRIGGER capture_append INSTEAD OF INSERT ON {HIDDEN} BEGIN
  INSERT INTO {CHAIN} (id, seq, head, at) SELECT NEW.chain, 0, {first}, ''
    WHERE NOT EXISTS (SELECT 1 FROM {CHAIN} WHERE id = NEW.chain);
  UPDATE {CHAIN} SET seq = seq + 1, at = max(at, funis_context('now')) WHERE id = NEW.chain;
  INSERT INTO {TRAIL} (chain, seq, payload, hash)
    SELECT id, seq, payload, funis_sha256(head, payload) FROM (
      SELECT id, seq, head, json_object('v', {FORMAT}, 'chain', id, 'seq', seq, 'at', at, 'kind', NEW.kind,
        'actor', funis_context('actor'), 'address', funis_context('address'),
        'reason', json(NEW.hidden -> '$.reason'), 'redaction',
        CASE WHEN {_redacting("NEW.chain")} THEN funis_context('redaction') ELSE '' END,
        'table', NEW.row_table, 'row', NEW.row_id, 'revision', NEW.revision,
        'changes', json(NEW.hidden -> '$.changes'), 'data', json(NEW.hidden -> '$.data')) AS payload
      FROM {CHAIN} WHERE id = NEW.chain);
  UPDATE {CHAIN} SET head = (SELECT hash FROM {TRAIL} WHERE chain = NEW.chain AND seq = {CHAIN}.seq)
    WHERE id = NEW.chain;
  INSERT INTO {TEXT} (chain, seq, texts) SELECT id, seq, NEW.hidden -> '$.texts' FROM {CHAIN}
    WHERE id = NEW.chain AND NEW.hidden -> '$.texts' <> '{{}}';
END"""


def _refuse(name: str, when: str, why: str) -> str:
    return f"CREATE TRIGGER {name} {when} BEGIN\n  SELECT RAISE(ABORT, '{why}');\nEND"


def _triggers_of(table: AuditedTable) -> Iterator[tuple[str, str]]:
    name = f"{table.name}_no_delete"
    yield name, _refuse(name, f"BEFORE DELETE ON {table.name}", "no row is deleted")
    name = f"{table.name}_no_replace"
    again = f"WHEN NEW.revision <> 1 OR EXISTS (SELECT 1 FROM {table.name} WHERE id = NEW.id)"
    yield (
        name,
        _refuse(name, f"BEFORE INSERT ON {table.name} {again}", "a row is inserted once, as revision 1"),
    )
    if {"subject_id", "site"} <= set(table.columns):
        name = f"{table.name}_of_site"
        other = "NEW.site <> (SELECT site FROM capture_subject WHERE id = NEW.subject_id)"
        why = "a row carries the site of its subject"
        yield name, _refuse(name, f"BEFORE INSERT ON {table.name} WHEN {other}", why)
    if table.append_only:
        name = f"{table.name}_no_update"
        when = f"BEFORE UPDATE ON {table.name} WHEN NOT {_redacting(_chain(table))}"
        yield name, _refuse(name, when, "what happened is not changed")
    yield f"{table.name}_may_change", _may_change(table)
    yield f"{table.name}_changed", _changed(table)
    yield f"{table.name}_inserted", _inserted(table)


def _may_change(table: AuditedTable) -> str:
    moved = " OR ".join(
        f"NEW.{column} IS NOT OLD.{column}" for column in table.fixed if column not in table.redactable
    )
    texts = [f"NEW.{column} IS NOT OLD.{column}" for column in table.fixed if column in table.redactable]
    if texts:
        moved += f" OR ({' OR '.join(texts)}) AND NOT {_redacting(_chain(table))}"
    return f"""CREATE TRIGGER {table.name}_may_change BEFORE UPDATE ON {table.name} BEGIN
  SELECT RAISE(ABORT, 'a change needs a reason') WHERE coalesce(funis_context('reason'), '') = '';
  SELECT RAISE(ABORT, 'revision') WHERE NEW.revision <> OLD.revision + 1;
  SELECT RAISE(ABORT, 'a fixed column is not changed') WHERE {moved};
END"""


def _inserted(table: AuditedTable) -> str:
    shown = [f"{_text(column)}, json({_value(table, column, 'NEW')})" for column in table.columns]
    shown += [f"{_text(column)}, 'set'" for column in table.secret]
    data = f"json(NEW.{table.document})" if table.document else "json('{}')"
    return f"""CREATE TRIGGER {table.name}_inserted AFTER INSERT ON {table.name} BEGIN
  INSERT INTO {ENTRY} (kind, chain, row_table, row_id, revision, changes, data, typed)
    VALUES ('inserted', {_chain(table)}, '{table.name}', NEW.id, 1, json_object({", ".join(shown)}), {data},
    '{",".join(table.texts)}');
END"""


def _changed(table: AuditedTable) -> str:
    rows = [
        f"SELECT {_text(name)} AS k, {_value(table, name, 'OLD')} AS o, {_value(table, name, 'NEW')} AS n"
        for name in table.columns
    ]
    rows += [
        f"SELECT {_text(name)}, json_quote('before'), json_quote('set') WHERE OLD.{name} IS NOT NEW.{name}"
        for name in table.secret
    ]
    changes = (
        "SELECT json_group_object(k, json_array(json(o), json(n))) FROM (\n      "
        + "\n      UNION ALL ".join(rows)
        + ") WHERE o IS NOT n"
    )
    return f"""CREATE TRIGGER {table.name}_changed AFTER UPDATE ON {table.name} BEGIN
  INSERT INTO {ENTRY} (kind, chain, row_table, row_id, revision, changes, data, typed)
    VALUES ('changed', {_chain(table)}, '{table.name}', NEW.id, NEW.revision,
    ({changes}),
    {_changed_items(table.document)},
    '{",".join(table.texts)}');
END"""


def _changed_items(document: str) -> str:
    """Compare item by item, as JSON text, so that a decimal stays as it was typed."""
    if not document:
        return "json('{}')"
    old, new = f"OLD.{document}", f"NEW.{document}"
    return f"""(SELECT json_group_object(k, json_array(json(o), json(n))) FROM (
      SELECT each.key AS k, {old} -> each.fullkey AS o, {new} -> each.fullkey AS n
        FROM json_each({new}) AS each
      UNION ALL
      SELECT each.key, {old} -> each.fullkey, NULL FROM json_each({old}) AS each
        WHERE {new} -> each.fullkey IS NULL) WHERE o IS NOT n)"""


def _value(table: AuditedTable, column: str, row: str) -> str:
    """Give a value as JSON text: a union forgets that a value is JSON, and true would become the word."""
    if column in table.truths:
        return f"CASE WHEN {row}.{column} THEN 'true' ELSE 'false' END"
    return f"json_quote({row}.{column})"


def _chain(table: AuditedTable) -> str:
    if not table.chain_word:
        return f"NEW.{table.chain_column}"
    return (
        f"'{table.chain_word}:' || coalesce(NEW.{table.chain_column}, '')"
        if table.chain_column
        else f"'{table.chain_word}'"
    )


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
