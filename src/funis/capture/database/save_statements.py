"""The statements of a save, by hand and with constant text, so that a database plans each of them once.

What they keep, each in its order:

1. The forms of the instrument are held before anything is read that a decision rests on: the same entry sent
   twice at once waits for the first and finds its answer; two people on one form are compared item by item
   with what stands there then, never with what stood there before they waited.
2. The row of the subject is held shared before the locks are read, so that a lock and a save cannot cross
   (`conduct.locks`). Nothing is held that saves of several subjects share.
3. *Open* is said only where nothing around the form is closed, the visits and forms of the subject included;
   all else is judged by `conduct.locks` itself.
4. The roles are read once more after the wait: one that has ended meanwhile lets nobody in.
5. A form is written from the revision that was held, or not at all. The database is told before who acts, and
   why; its triggers write the trail, and refuse what has no actor, no reason or another revision.
6. Queries are looked for after the form is written: one that was asked before that is told of the change.
7. The answer is kept under its key in the same transaction, with the place of the last row of the trail. It
   is kept at once only where nothing else follows from the save.

On PostgreSQL they are functions: two round trips instead of twenty. They run with the rights of who calls
them, so that row-level security holds inside. `capture_roles` alone runs as the owner, as roles at other
sites are hidden from a save: it gives the roles of one person and nothing else.
"""

from __future__ import annotations

from typing import Final

FORM_COLUMNS: Final = (
    *("id", "revision", "subject_id", "site", "visit_id", "name", "number", "version_id"),
    *("data", "scores"),
)
"""Columns of a form in the order in which they are read, which is that of the model."""
_NUMBERS: Final = frozenset({"revision", "number"})
_ASKED: Final = "q.kind = 'manual' AND q.state IN ('open', 'reopened')"

_ROLES: Final = """CREATE OR REPLACE FUNCTION capture_roles(of_person text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT coalesce(json_agg(
    json_build_array(r.role, r.site, r.since, r.until, r.needs_second, r.confirmed_by)
    ORDER BY r.id), '[]')::text
    FROM capture_roleheld r WHERE r.person_id = of_person);
END $$"""

_HOLD: Final = f"""CREATE OR REPLACE FUNCTION capture_hold(
  told_actor text, told_reason text, told_address text, told_sites text,
  of_form text, of_key text, of_person text
) RETURNS TABLE (
  {", ".join(f"{name} {'integer' if name in _NUMBERS else 'text'}" for name in FORM_COLUMNS)},
  answered text, is_open boolean, has_marks boolean, roles text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE of_subject text; of_name text; of_site text;
BEGIN
  PERFORM set_config('funis.actor', told_actor, true), set_config('funis.reason', told_reason, true),
    set_config('funis.address', told_address, true), set_config('funis.sites', told_sites, true),
    set_config('funis.redaction', '', true);
  SELECT f.subject_id, f.name, f.site INTO of_subject, of_name, of_site
    FROM capture_form f WHERE f.id = of_form;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM 1 FROM capture_form f WHERE f.subject_id = of_subject AND f.name = of_name
    ORDER BY f.id FOR UPDATE;
  PERFORM 1 FROM capture_subject s WHERE s.id = of_subject FOR SHARE;
  SELECT
    (SELECT k.answer FROM capture_requestkey k WHERE k.key = of_key AND k.person = of_person),
    (SELECT capture_roles(a.id) FROM capture_account a
      WHERE a.id = of_person AND a.is_active AND NOT a.locked),
    2 = (SELECT count(*) FROM capture_studylock l WHERE l.place IN ('', of_site) AND l.state = 'open')
      AND NOT EXISTS (SELECT 1 FROM capture_subjectlock l
        WHERE l.subject_id = of_subject AND l.state <> 'open'),
    EXISTS (SELECT 1 FROM capture_formverification v WHERE v.form_id = of_form)
    INTO answered, roles, is_open, has_marks;
  RETURN QUERY SELECT
    {", ".join(f"f.{name}" if name in _NUMBERS else f"f.{name}::text" for name in FORM_COLUMNS)},
    answered, is_open, has_marks, roles
    FROM capture_form f WHERE f.subject_id = of_subject AND f.name = of_name ORDER BY f.id;
END $$"""  # noqa: S608 - constant text

_WRITE: Final = f"""CREATE OR REPLACE FUNCTION capture_write(
  of_form text, held_revision integer, new_data jsonb, new_scores jsonb, told_reason text,
  of_key text, of_person text, answer_before text, answer_after text, told_time text, is_all boolean,
  OUT seq bigint, OUT hash text, OUT is_kept boolean
) LANGUAGE plpgsql AS $$
DECLARE of_subject text; before text := current_setting('funis.reason', true);
BEGIN
  PERFORM set_config('funis.reason', told_reason, true);
  UPDATE capture_form f SET revision = f.revision + 1, data = new_data, scores = new_scores
    WHERE f.id = of_form AND f.revision = held_revision RETURNING f.subject_id INTO of_subject;
  IF NOT FOUND THEN RAISE EXCEPTION 'the form is not as it was held'; END IF;
  PERFORM set_config('funis.reason', coalesce(before, ''), true);
  is_kept := is_all AND NOT EXISTS (SELECT 1 FROM capture_query q WHERE q.row_key = of_form AND {_ASKED});
  IF NOT is_kept THEN RETURN; END IF;
  SELECT c.seq, c.head INTO seq, hash FROM capture_chain c WHERE c.id = 'subject:' || of_subject;
  INSERT INTO capture_requestkey (key, person, at, answer) VALUES (of_key, of_person, clock_timestamp(),
    answer_before || '{{"chain":"subject:' || of_subject || '","hash":"' || hash || '","seq":' || seq
    || ',"time":"' || told_time || '"}}' || answer_after);
END $$"""  # noqa: S608 - constant text


def make_functions() -> list[str]:
    """Give the functions of PostgreSQL, in the order in which they can be made."""
    return [_ROLES, _HOLD, _WRITE]


CALL_HOLD: Final = "SELECT * FROM capture_hold($1, $2, $3, $4, $5, $6, $7)"
CALL_WRITE: Final = "SELECT * FROM capture_write($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
CALLED: Final = (
    "capture_roles(text)",
    "capture_hold(text, text, text, text, text, text, text)",
    "capture_write(text, integer, jsonb, jsonb, text, text, text, text, text, text, boolean)",
)
"""Functions that the server may call, as PostgreSQL names them."""

# SQLite has one writer at a time: whoever began to write holds everything, and reads what stands there.
LITE_ROLES: Final = (
    "(SELECT json_group_array(json_array(r.role, r.site, r.since, r.until, r.needs_second, r.confirmed_by)) "
    "FROM capture_roleheld r WHERE r.person_id = a.id)"
)
LITE_FORMS: Final = (
    f"SELECT {', '.join(f'f.{name}' for name in FORM_COLUMNS)} FROM capture_form o "  # noqa: S608
    "JOIN capture_form f ON f.subject_id = o.subject_id AND f.name = o.name WHERE o.id = ? ORDER BY f.id"
)
LITE_STANDING: Final = f"""SELECT
  (SELECT k.answer FROM capture_requestkey k WHERE k.key = ? AND k.person = ?),
  2 = (SELECT count(*) FROM capture_studylock l WHERE l.place IN ('', ?) AND l.state = 'open')
    AND NOT EXISTS (SELECT 1 FROM capture_subjectlock l WHERE l.subject_id = ? AND l.state <> 'open'),
  EXISTS (SELECT 1 FROM capture_formverification v WHERE v.form_id = ?),
  (SELECT {LITE_ROLES} FROM capture_account a WHERE a.id = ? AND a.is_active AND NOT a.locked)"""  # noqa: S608
LITE_WRITE: Final = (
    "UPDATE capture_form SET revision = revision + 1, data = ?, scores = ? "
    "WHERE id = ? AND revision = ? RETURNING id"
)
LITE_WRITTEN: Final = f"""SELECT EXISTS (SELECT 1 FROM capture_query q WHERE q.row_key = ? AND {_ASKED}),
  c.seq, c.head FROM capture_chain c WHERE c.id = ?"""  # noqa: S608
LITE_KEEP: Final = "INSERT INTO capture_requestkey (key, person, at, answer) VALUES (?, ?, ?, ?)"
