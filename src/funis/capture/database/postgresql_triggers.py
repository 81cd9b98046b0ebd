"""Triggers of PostgreSQL that write the trail, and the rights of the role under which the server works."""

from __future__ import annotations

from collections.abc import Iterator

from funis.capture.database.audited_tables import CHAIN, REDACTION, TEXT, TRAIL, AuditedTable
from funis.capture.database.hidden_texts import FORMAT, KEY
from funis.capture.database.save_statements import CALLED

TABLES = (
    f"""CREATE TABLE IF NOT EXISTS {CHAIN} (
  id text PRIMARY KEY, seq bigint NOT NULL, head text NOT NULL, at text NOT NULL
)""",
    f"""CREATE TABLE IF NOT EXISTS {TRAIL} (
  chain text NOT NULL, seq bigint NOT NULL, payload text NOT NULL, hash text NOT NULL,
  PRIMARY KEY (chain, seq)
)""",
    f"""CREATE TABLE IF NOT EXISTS {TEXT} (
  chain text NOT NULL, seq bigint NOT NULL, texts text NOT NULL, PRIMARY KEY (chain, seq)
)""",
    # As it was before texts stood beside the payload.
    "DROP FUNCTION IF EXISTS capture_append(text, text, text, text, bigint, jsonb, jsonb)",
)

#: Functions by name; all run as the owner, with a search path that nobody else can write to.
_SAFE = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp"


def _typed_in(path: str) -> str:
    """Give the path of values in which a text may stand; `strict`: an array is not taken for its parts."""
    kinds = " || ".join(f'@.type() == "{kind}"' for kind in ("string", "object", "array"))
    return f"'strict {path} ? ({kinds})'::jsonpath"


#: Marks an advisory lock as the moment, in microseconds, before which its transaction wrote nothing.
_BEGAN = 1013

#: The moment up to which the trail is whole for whoever reads after it: no transaction that is still open
#: wrote anything dated before. The clock is read first: what is not open by then is over, or begins later.
_UNTIL = f"""CREATE OR REPLACE FUNCTION capture_until() RETURNS text LANGUAGE plpgsql AS $$
DECLARE moment timestamptz := clock_timestamp(); oldest bigint;
BEGIN
  SELECT min((l.classid::bigint & 1048575) << 32 | l.objid::bigint) INTO oldest FROM pg_locks l
    WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.classid::bigint >> 20 = {_BEGAN}
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database());
  moment := least(moment, timestamptz 'epoch' + (oldest - 1) * interval '1 microsecond');
  RETURN to_char(moment AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
END $$"""

#: Commitments in place of texts: of all values, or of those of some names; of a change, old and new.
_HIDE = f"""CREATE OR REPLACE FUNCTION capture_hide(
  said jsonb, names text[], is_pair boolean, known jsonb, OUT texts jsonb, OUT hidden jsonb
) LANGUAGE plpgsql AS $$
DECLARE k text; n text; v jsonb; salt text; committed text;
BEGIN
  hidden := said;
  texts := known;
  FOR k, n, v IN
    SELECT e.key, NULL, e.value FROM jsonb_each(said) e WHERE NOT is_pair
    UNION ALL SELECT e.key, (p.n - 1)::text, p.value
      FROM jsonb_each(said) e, jsonb_array_elements(e.value) WITH ORDINALITY AS p (value, n) WHERE is_pair
  LOOP
    CONTINUE WHEN (names IS NOT NULL AND NOT k = ANY (names))
      OR jsonb_typeof(v) NOT IN ('string', 'object', 'array') OR v = '""';
    salt := replace(gen_random_uuid()::text, '-', '');
    committed := encode(sha256(convert_to(salt || v::text, 'UTF8')), 'hex');
    texts := texts || jsonb_build_object(committed, jsonb_build_array(salt, v::text));
    hidden := jsonb_set(hidden, CASE WHEN n IS NULL THEN ARRAY[k] ELSE ARRAY[k, n] END,
      jsonb_build_object('{KEY}', committed));
  END LOOP;
END $$"""

_APPEND = f"""CREATE OR REPLACE FUNCTION capture_append(
  entry_kind text, entry_chain text, row_table text, row_id text, row_revision bigint,
  changes jsonb, data jsonb, typed text[]
) RETURNS void {_SAFE} AS $$
DECLARE
  actor text := nullif(current_setting('funis.actor', true), '');
  reason text := coalesce(current_setting('funis.reason', true), '');
  redaction text := coalesce(current_setting('funis.redaction', true), '');
  number bigint; before text; moment text; payload text; hashed text; texts jsonb := '{{}}';
  why jsonb := '""'; salt text; committed text; is_pair boolean := entry_kind = 'changed';
BEGIN
  IF actor IS NULL THEN RAISE EXCEPTION 'no actor: write refused'; END IF;
  -- Once in a transaction, and before its first moment is read: see capture_until.
  IF coalesce(current_setting('funis.began', true), '') = '' THEN
    PERFORM pg_advisory_xact_lock_shared(
      ({_BEGAN}::bigint << 52) | (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
    PERFORM set_config('funis.began', 'yes', true);
  END IF;
  moment := to_char(clock_timestamp() AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
  LOOP
    SELECT c.seq + 1, c.head, greatest(c.at COLLATE "C", moment) INTO number, before, moment
      FROM {CHAIN} c WHERE c.id = entry_chain FOR UPDATE;
    EXIT WHEN FOUND;
    INSERT INTO {CHAIN} (id, seq, head, at) VALUES (entry_chain, 0,
      encode(sha256(convert_to('funis' || __STUDY__ || entry_chain, 'UTF8')), 'hex'), '')
      ON CONFLICT DO NOTHING;
    moment := to_char(clock_timestamp() AT TIME ZONE 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
  END LOOP;
  IF typed IS NULL OR cardinality(typed) > 0 THEN
    SELECT h.texts, h.hidden INTO texts, changes FROM capture_hide(changes, typed, is_pair, texts) h;
  END IF;
  -- Most documents hold numbers alone: then nothing is taken apart.
  IF jsonb_path_exists(data, CASE WHEN is_pair THEN {_typed_in("$.*[*]")} ELSE {_typed_in("$.*")} END) THEN
    SELECT h.texts, h.hidden INTO texts, data FROM capture_hide(data, NULL, is_pair, texts) h;
  END IF;
  IF reason <> '' THEN
    salt := replace(gen_random_uuid()::text, '-', '');
    committed := encode(sha256(convert_to(salt || to_jsonb(reason)::text, 'UTF8')), 'hex');
    texts := texts || jsonb_build_object(committed, jsonb_build_array(salt, to_jsonb(reason)::text));
    why := jsonb_build_object('{KEY}', committed);
  END IF;
  IF redaction <> '' AND NOT capture_redacting(entry_chain) THEN redaction := ''; END IF;
  payload := jsonb_build_object('v', {FORMAT}, 'chain', entry_chain, 'seq', number, 'at', moment,
    'kind', entry_kind, 'actor', actor, 'address', coalesce(current_setting('funis.address', true), ''),
    'reason', why, 'redaction', redaction,
    'table', row_table, 'row', row_id, 'revision', row_revision, 'changes', changes, 'data', data)::text;
  hashed := encode(sha256(convert_to(before || payload, 'UTF8')), 'hex');
  INSERT INTO {TRAIL} (chain, seq, payload, hash) VALUES (entry_chain, number, payload, hashed);
  UPDATE {CHAIN} SET seq = number, head = hashed, at = moment WHERE id = entry_chain;
  IF texts <> '{{}}' THEN
    INSERT INTO {TEXT} (chain, seq, texts) VALUES (entry_chain, number, texts::text);
  END IF;
END $$"""

#: Whether a redaction of a chain is being carried out, by the second of two people.
_REDACTING = f"""CREATE OR REPLACE FUNCTION capture_redacting(of_chain text) RETURNS boolean {_SAFE} AS $$
DECLARE told text := coalesce(current_setting('funis.redaction', true), '');
BEGIN
  IF told = '' THEN RETURN false; END IF;
  RETURN EXISTS (SELECT 1 FROM {REDACTION} r WHERE r.id = told AND r.chain = of_chain
    AND r.state = 'confirmed' AND r.confirmed_by = current_setting('funis.actor', true)
    AND r.confirmed_by <> r.asked_by);
END $$"""

#: The one way in which a text of the trail is taken out; the server may call it.
_TAKE_OUT = f"""CREATE OR REPLACE FUNCTION capture_take_out(
  of_chain text, of_seq bigint, was text, salt text, remainder text
) RETURNS void {_SAFE} AS $$
DECLARE told text := current_setting('funis.redaction', true);
BEGIN
  IF NOT capture_redacting(of_chain) THEN
    RAISE EXCEPTION 'a text of the trail is taken out by two people'; END IF;
  UPDATE {TEXT} SET texts = (texts::jsonb || jsonb_build_object(was,
    jsonb_build_array(salt, remainder, told)))::text
    WHERE chain = of_chain AND seq = of_seq AND jsonb_exists(texts::jsonb, was);
  IF NOT FOUND THEN RAISE EXCEPTION 'no such text'; END IF;
  PERFORM capture_append('redacted', of_chain, '{REDACTION}', told, 0, jsonb_build_object('seq', of_seq,
    'from', was, 'to', encode(sha256(convert_to(salt || remainder, 'UTF8')), 'hex')), '{{}}', '{{}}');
END $$"""

_RECORD = f"""CREATE OR REPLACE FUNCTION capture_record() RETURNS trigger {_SAFE} AS $$
DECLARE
  word text := TG_ARGV[0]; by_column text := TG_ARGV[1]; document text := TG_ARGV[2];
  secret text[] := string_to_array(TG_ARGV[3], ','); hidden text[] := string_to_array(TG_ARGV[4], ',');
  fixed text[] := string_to_array(TG_ARGV[5], ','); typed text[] := string_to_array(TG_ARGV[6], ',');
  row_new jsonb := to_jsonb(NEW); row_old jsonb := '{{}}';
  chain text; changes jsonb; data jsonb := '{{}}'; k text;
BEGIN
  chain := CASE WHEN by_column = '' THEN word ELSE
    (CASE WHEN word = '' THEN '' ELSE word || ':' END) || coalesce(row_new ->> by_column, '') END;
  IF TG_OP = 'INSERT' THEN
    IF NEW.revision <> 1 THEN RAISE EXCEPTION 'a row is inserted once, as revision 1'; END IF;
    changes := row_new - hidden;
    FOREACH k IN ARRAY secret LOOP changes := changes || jsonb_build_object(k, 'set'); END LOOP;
    IF document <> '' THEN data := row_new -> document; END IF;
    PERFORM capture_append('inserted', chain, TG_TABLE_NAME, NEW.id, 1, changes, data, typed);
    RETURN NULL;
  END IF;
  row_old := to_jsonb(OLD);
  IF coalesce(current_setting('funis.reason', true), '') = '' THEN
    RAISE EXCEPTION 'a change needs a reason'; END IF;
  IF NEW.revision <> OLD.revision + 1 THEN RAISE EXCEPTION 'revision'; END IF;
  IF coalesce(current_setting('funis.redaction', true), '') <> '' AND capture_redacting(chain) THEN
    fixed := ARRAY(SELECT unnest(fixed) EXCEPT SELECT unnest(typed || document)); END IF;
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
  PERFORM capture_append('changed', chain, TG_TABLE_NAME, NEW.id, NEW.revision, changes, data, typed);
  RETURN NULL;
END $$"""

#: What happens beside rows (a login, an export): the one function that the server may call itself.
_EVENT = f"""CREATE OR REPLACE FUNCTION capture_event(entry_kind text, entry_chain text, details jsonb)
RETURNS void {_SAFE} AS $$
BEGIN
  IF entry_kind IN ('inserted', 'changed', 'redacted') THEN
    RAISE EXCEPTION 'rows are recorded by their triggers'; END IF;
  PERFORM capture_append(entry_kind, entry_chain, '', '', 0, details, '{{}}',
    CASE WHEN entry_chain = 'system' THEN ARRAY[]::text[] END);
END $$"""

_REFUSE_CHANGE = f"""CREATE OR REPLACE FUNCTION capture_refuse_change() RETURNS trigger {_SAFE} AS $$
BEGIN
  IF capture_redacting(TG_ARGV[1] || coalesce(to_jsonb(NEW) ->> TG_ARGV[2], '')) THEN RETURN NEW; END IF;
  RAISE EXCEPTION '%', TG_ARGV[0];
END $$"""

_REFUSE = f"""CREATE OR REPLACE FUNCTION capture_refuse() RETURNS trigger {_SAFE} AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0]; END $$"""


def make_functions(study: str) -> list[str]:
    """Give the functions, in the order in which they can be made.

    Parameters
    ----------
    study : id of the study, part of the first link of every chain
    """
    append = _APPEND.replace("__STUDY__", _text(study))
    return [_HIDE, _UNTIL, _REDACTING, append, _TAKE_OUT, _RECORD, _EVENT, _REFUSE, _REFUSE_CHANGE]


def make_triggers(tables: list[AuditedTable]) -> Iterator[tuple[str, str, str]]:
    """Give the table, the name and the text of every trigger."""
    yield (
        TEXT,
        f"{TEXT}_change",
        _guard_change(TEXT, f"{TEXT}_change", "a text is taken out by two people", "chain"),
    )
    for name, events in ((TRAIL, "UPDATE OR DELETE"), (CHAIN, "DELETE"), (TEXT, "DELETE")):
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
            chain = f"{table.chain_word}:" if table.chain_word else ""
            why = "what happened is not changed"
            yield table.name, name, _guard_change(table.name, name, why, table.chain_column, chain)
        name = f"{table.name}_no_truncate"
        yield table.name, name, _guard(name, f"BEFORE TRUNCATE ON {table.name}", "no row is deleted")
        name = f"{table.name}_recorded"
        yield table.name, name, _recorded(table, name)


def _guard(name: str, when: str, why: str) -> str:
    return f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION capture_refuse({_text(why)})"


def _guard_change(table: str, name: str, why: str, column: str, word: str = "") -> str:
    """Refuse a change of what never changes, but by a redaction of its chain."""
    given = ", ".join(_text(each) for each in (why, word, column))
    when = f"BEFORE UPDATE ON {table} FOR EACH ROW"
    return f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION capture_refuse_change({given})"


def _recorded(table: AuditedTable, name: str) -> str:
    words = (
        table.chain_word,
        table.chain_column,
        table.document,
        ",".join(table.secret),
        ",".join(table.hidden),
        ",".join(table.fixed),
        ",".join(table.texts),
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
    yield f"GRANT EXECUTE ON FUNCTION capture_until() TO {_name(role)}"
    taking_out = "capture_take_out(text, bigint, text, text, text)"
    yield f"GRANT EXECUTE ON FUNCTION {taking_out} TO {_name(role)}"
    for each in CALLED:
        yield f"GRANT EXECUTE ON FUNCTION {each} TO {_name(role)}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {_name(role)}"
    yield f"GRANT USAGE ON SCHEMA public TO {_name(role)}"
    yield f"GRANT SELECT ON {TRAIL}, {CHAIN}, {TEXT} TO {_name(role)}"
    for table in tables:
        yield f"GRANT SELECT, INSERT, UPDATE ON {table.name} TO {_name(role)}"
    for each in others:
        yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON {_name(each)} TO {_name(role)}"
    yield f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_name(role)}"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
