"""Triggers of PostgreSQL that write the trail, and the rights of the role under which the server works."""

from __future__ import annotations

from collections.abc import Iterator

from funis.capture.database.audited_tables import CHAIN, TRAIL, AuditedTable

TABLES = (
    f"""CREATE TABLE IF NOT EXISTS {CHAIN} (
  id text PRIMARY KEY, seq bigint NOT NULL, head text NOT NULL, at text NOT NULL
)""",
    f"""CREATE TABLE IF NOT EXISTS {TRAIL} (
  chain text NOT NULL, seq bigint NOT NULL, payload text NOT NULL, hash text NOT NULL,
  PRIMARY KEY (chain, seq)
)""",
)

#: Functions by name; all run as the owner, with a search path that nobody else can write to.
_SAFE = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"

_APPEND = f"""CREATE OR REPLACE FUNCTION capture_append(
  entry_kind text, entry_chain text, row_table text, row_id text, row_revision bigint,
  changes jsonb, data jsonb
) RETURNS void {_SAFE} AS $$
DECLARE
  actor text := nullif(current_setting('funis.actor', true), '');
  number bigint; before text; moment text; payload text; hashed text;
BEGIN
  IF actor IS NULL THEN RAISE EXCEPTION 'no actor: write refused'; END IF;
  moment := to_char(clock_timestamp() AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
  INSERT INTO {CHAIN} (id, seq, head, at) VALUES (entry_chain, 0,
    encode(sha256(convert_to('funis' || __STUDY__ || entry_chain, 'UTF8')), 'hex'), '')
    ON CONFLICT DO NOTHING;
  UPDATE {CHAIN} SET seq = seq + 1, at = greatest(at COLLATE "C", moment) WHERE id = entry_chain
    RETURNING seq, head, at INTO number, before, moment;
  payload := jsonb_build_object('v', 1, 'chain', entry_chain, 'seq', number, 'at', moment, 'kind', entry_kind,
    'actor', actor, 'address', coalesce(current_setting('funis.address', true), ''),
    'reason', coalesce(current_setting('funis.reason', true), ''),
    'table', row_table, 'row', row_id, 'revision', row_revision, 'changes', changes, 'data', data)::text;
  hashed := encode(sha256(convert_to(before || payload, 'UTF8')), 'hex');
  INSERT INTO {TRAIL} (chain, seq, payload, hash) VALUES (entry_chain, number, payload, hashed);
  UPDATE {CHAIN} SET head = hashed WHERE id = entry_chain;
END $$"""

_RECORD = f"""CREATE OR REPLACE FUNCTION capture_record() RETURNS trigger {_SAFE} AS $$
DECLARE
  word text := TG_ARGV[0]; by_column text := TG_ARGV[1]; document text := TG_ARGV[2];
  secret text[] := string_to_array(TG_ARGV[3], ','); hidden text[] := string_to_array(TG_ARGV[4], ',');
  fixed text[] := string_to_array(TG_ARGV[5], ',');
  row_new jsonb := to_jsonb(NEW); row_old jsonb := '{{}}';
  chain text; changes jsonb; data jsonb := '{{}}'; k text;
BEGIN
  chain := CASE WHEN by_column = '' THEN word ELSE word || ':' || coalesce(row_new ->> by_column, '') END;
  IF TG_OP = 'INSERT' THEN
    IF NEW.revision <> 1 THEN RAISE EXCEPTION 'a row is inserted once, as revision 1'; END IF;
    changes := row_new - hidden;
    FOREACH k IN ARRAY secret LOOP changes := changes || jsonb_build_object(k, 'set'); END LOOP;
    IF document <> '' THEN data := row_new -> document; END IF;
    PERFORM capture_append('inserted', chain, TG_TABLE_NAME, NEW.id, 1, changes, data);
    RETURN NULL;
  END IF;
  row_old := to_jsonb(OLD);
  IF coalesce(current_setting('funis.reason', true), '') = '' THEN
    RAISE EXCEPTION 'a change needs a reason'; END IF;
  IF NEW.revision <> OLD.revision + 1 THEN RAISE EXCEPTION 'revision'; END IF;
  FOREACH k IN ARRAY fixed LOOP
    IF row_new -> k IS DISTINCT FROM row_old -> k THEN
      RAISE EXCEPTION 'a fixed column is not changed'; END IF;
  END LOOP;
  SELECT coalesce(jsonb_object_agg(n.key, jsonb_build_array(row_old -> n.key, n.value)), '{{}}') INTO changes
    FROM jsonb_each(row_new - hidden) n WHERE n.value IS DISTINCT FROM row_old -> n.key;
  FOREACH k IN ARRAY secret LOOP
    IF row_new -> k IS DISTINCT FROM row_old -> k THEN
      changes := changes || jsonb_build_object(k, jsonb_build_array('before', 'set')); END IF;
  END LOOP;
  IF document <> '' THEN
    SELECT coalesce(jsonb_object_agg(k2, jsonb_build_array(o, n)), '{{}}') INTO data FROM (
      SELECT coalesce(a.key, b.key) AS k2, a.value AS o, b.value AS n
      FROM jsonb_each(row_old -> document) a FULL JOIN jsonb_each(row_new -> document) b ON a.key = b.key
    ) AS pair WHERE o IS DISTINCT FROM n OR o::text IS DISTINCT FROM n::text;
  END IF;
  PERFORM capture_append('changed', chain, TG_TABLE_NAME, NEW.id, NEW.revision, changes, data);
  RETURN NULL;
END $$"""

#: What happens beside rows (a login, an export): the one function that the server may call itself.
_EVENT = f"""CREATE OR REPLACE FUNCTION capture_event(entry_kind text, entry_chain text, details jsonb)
RETURNS void {_SAFE} AS $$
BEGIN
  IF entry_kind IN ('inserted', 'changed') THEN RAISE EXCEPTION 'rows are recorded by their triggers'; END IF;
  PERFORM capture_append(entry_kind, entry_chain, '', '', 0, details, '{{}}');
END $$"""

_REFUSE = f"""CREATE OR REPLACE FUNCTION capture_refuse() RETURNS trigger {_SAFE} AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$"""


def make_functions(study: str) -> list[str]:
    """Give the functions, in the order in which they can be made.

    Parameters
    ----------
    study : id of the study, part of the first link of every chain
    """
    return [_APPEND.replace("__STUDY__", _text(study)), _RECORD, _EVENT, _REFUSE]


def make_triggers(tables: list[AuditedTable]) -> Iterator[tuple[str, str, str]]:
    """Give the table, the name and the text of every trigger."""
    for name, events in ((TRAIL, "UPDATE OR DELETE"), (CHAIN, "DELETE")):
        why = "the trail is not changed"
        yield name, f"{name}_rows", _guard(f"{name}_rows", f"BEFORE {events} ON {name} FOR EACH ROW", why)
        yield name, f"{name}_all", _guard(f"{name}_all", f"BEFORE TRUNCATE ON {name}", why)
    for table in tables:
        name = f"{table.name}_no_delete"
        yield (
            table.name,
            name,
            _guard(name, f"BEFORE DELETE ON {table.name} FOR EACH ROW", "no row is deleted"),
        )
        if table.append_only:
            name = f"{table.name}_no_update"
            when = f"BEFORE UPDATE ON {table.name} FOR EACH ROW"
            yield table.name, name, _guard(name, when, "what happened is not changed")
        name = f"{table.name}_no_truncate"
        yield table.name, name, _guard(name, f"BEFORE TRUNCATE ON {table.name}", "no row is deleted")
        name = f"{table.name}_recorded"
        yield table.name, name, _recorded(table, name)


def _guard(name: str, when: str, why: str) -> str:
    return f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION capture_refuse({_text(why)})"


def _recorded(table: AuditedTable, name: str) -> str:
    words = (
        table.chain_word,
        table.chain_column,
        table.document,
        ",".join(table.secret),
        ",".join(table.hidden),
        ",".join(table.fixed),
    )
    when = f"AFTER INSERT OR UPDATE ON {table.name} FOR EACH ROW"
    return f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION capture_record({', '.join(map(_text, words))})"


def make_rights(tables: list[AuditedTable], others: list[str], role: str) -> Iterator[str]:
    """Give the rights of the role under which the server works: it neither deletes nor touches the trail.

    Parameters
    ----------
    tables : the audited tables
    others : tables that hold no data of the trial (sessions, answers to saves)
    role : name of the role
    """
    yield "REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC"
    yield f"GRANT EXECUTE ON FUNCTION capture_event(text, text, jsonb) TO {_name(role)}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {_name(role)}"
    yield f"GRANT USAGE ON SCHEMA public TO {_name(role)}"
    yield f"GRANT SELECT ON {TRAIL}, {CHAIN} TO {_name(role)}"
    for table in tables:
        yield f"GRANT SELECT, INSERT, UPDATE ON {table.name} TO {_name(role)}"
    for each in others:
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_name(each)} TO {_name(role)}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_name(role)}"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
