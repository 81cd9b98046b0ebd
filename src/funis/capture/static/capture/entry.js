// Entry on a form: what is typed goes into the queue, what the server says of it stands beside the field.
// The page gives, in <meta>: funis-queue-key, csrf-token (a csrftoken cookie comes first), login-url, entry-words;
// on the form, beside data-form and data-revision: data-save-url; for the score data-script, data-visit (subject and
// day of this visit), data-visits (the others, with their items) and data-report-url. An answer never touches the
// control that is being edited: only its status, the panel of the score and the queries.
import { changesOf, isSameScore, readField, showScore, takeAsSeen } from "./fields.js";
import { askSoon } from "./queries.js";
import { Queue } from "./queue.js";

const meta = (name) => document.querySelector(`meta[name="${name}"]`)?.content ?? "";
const WORDS = {
  unsent: "{n} not yet on the server", none: "Everything is on the server", open: "{n} need your answer",
  kept: "kept here, not yet on the server", saved: "saved", refused: "Not saved", check: "Please check",
  found: "found", allowed: "allowed",
  conflict: "Somebody else changed this", yours: "yours", theirs: "theirs", mine: "Save mine", take: "Take theirs",
  ended: "Your session has ended. What you entered is kept here.", login: "Log in again",
  broken: "This browser cannot keep entries. Do not go on.", stopped: "The server does not take this entry",
  leave: "{n} entries are not yet on the server. Delete them and log out?", empty: "empty", to: "to",
  ...JSON.parse(meta("entry-words") || "{}"),
};
const readToken = () => /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? meta("csrf-token");
const forms = [...document.querySelectorAll("form[data-save-url]")];
const formOf = (entry) => forms.find((form) => form.dataset.form === entry.form);
const guesses = new Map();
// The newest entry of each item: what became of an earlier one says nothing of the value that stands there now.
const newest = new Map();
let queue;
let unsent = 0;
// Entries that are on their way to the disk: no list has them yet, and they are not on the server.
let keeping = 0;
let counted = 0;
let isFilling = false;

const bar = document.querySelector("[data-unsent]") ?? document.body.appendChild(make("p", "unsent"));
bar.setAttribute("role", "status");

function make(name, kind, text = "") {
  const node = document.createElement(name);
  if (kind) node.className = kind;
  node.textContent = text;
  return node;
}

function fieldOf(form, key) {
  const named = (name) => form.querySelector(`[data-item="${CSS.escape(name)}"]`);
  return named(key) ?? named(key.replace(/_(not_done|not_done_reason|attributed)$/, ""));
}

function say(field, kind, ...parts) {
  if (!field) return;
  let box = field.querySelector(`[data-said] > [data-of="entry"]`);
  if (!box) box = (field.querySelector("[data-said]") ?? field).appendChild(make("div"));
  box.dataset.of = "entry";
  box.className = kind;
  field.dataset.state = kind;
  box.replaceChildren(...parts);
}

const nameOf = (entry, key) => `${entry.form} ${key}`;
const remember = (entry) => Object.keys(entry.changes).forEach((key) => newest.set(nameOf(entry, key), entry.key));
const isNewest = (entry, key) => (newest.get(nameOf(entry, key)) ?? entry.key) === entry.key;

const shown = (value) => (value === null || value === undefined ? WORDS.empty : String(value));

async function count() {
  const turn = ++counted;
  const entries = await queue.list();
  // A later count knows more: what this one has read may be older than what stands in the bar.
  if (turn !== counted) return;
  const open = entries.filter((entry) => entry.stopped).length;
  tellCounts(entries.length - open + keeping, open);
}

function tellCounts(waiting, open) {
  unsent = waiting;
  const words = [unsent ? WORDS.unsent.replace("{n}", unsent) : WORDS.none];
  if (open) words.push(WORDS.open.replace("{n}", open));
  bar.textContent = words.join(" · ");
  bar.dataset.count = unsent;
  bar.dataset.open = open;
}

async function enter(form, field) {
  const changes = changesOf(field);
  if (!Object.keys(changes).length) return;
  const replaces = Object.values(changes).some(({ old }) => old !== null);
  const reason = replaces ? await askReason() : "";
  if (reason === null) {
    for (const [key, { old }] of Object.entries(changes)) fill(form, key, old);
    void score(form);
    return;
  }
  // From here on this is what was seen: the next change is one against it, also one made while a reason was asked.
  for (const [key, change] of Object.entries(changes)) rewriteSeen(field, key, change.new);
  const entry = {
    key: crypto.randomUUID(), form: form.dataset.form, url: form.dataset.saveUrl, changes,
    reason, entered_at: new Date().toISOString(),
  };
  keeping += 1;
  tellCounts(unsent + 1, Number(bar.dataset.open ?? 0));
  remember(entry);
  say(field, "entered");
  try {
    // First the disk; the score is made of what stands on the form now, while the disk is at work.
    const kept = queue.keep(entry);
    guesses.set(entry.key, score(form));
    await kept;
    await settled(form, Object.keys(changes), entry.key);
    keeping -= 1;
    await count();
  } catch (error) {
    say(field, "broken", WORDS.broken);
    bar.textContent = WORDS.broken;
    throw error;
  }
}

/** Ask why a value that stood there is another now; null takes the change back. */
function askReason() {
  const asked = document.querySelector("dialog[data-reason]");
  if (!asked) return Promise.resolve("");
  const given = asked.querySelector("input");
  return new Promise((resolve) => {
    asked.onclose = () => resolve((asked.returnValue === "ok" && given.value.trim()) || null);
    asked.returnValue = "";
    asked.showModal();
    given.select();
  });
}

/** Drop what was still open for items that have been entered anew or settled. */
async function settled(form, keys, but) {
  for (const entry of await queue.list()) {
    if (!entry.stopped || entry.form !== form.dataset.form || entry.key === but) continue;
    const left = (list) => (list ?? []).filter(({ item }) => !keys.includes(item));
    const stopped = { ...entry.stopped, refused: left(entry.stopped.refused), conflicts: left(entry.stopped.conflicts) };
    if (stopped.refused.length + stopped.conflicts.length) await queue.replace({ ...entry, stopped });
    else if (!entry.stopped.status) await queue.remove(entry.place);
  }
}

/** Enter what was changed before this script listened: on a slow line a page can be filled before that. */
async function enterEarlier() {
  const fields = forms.flatMap((form) => [...form.querySelectorAll("[data-item]")].map((field) => [form, field]));
  for (const [form, field] of fields) {
    const typed = document.activeElement;
    // Where somebody types, the change is told when the field is left.
    if (typed?.matches('input[type="text"], input:not([type]), textarea') && field.contains(typed)) continue;
    const entered = enter(form, field);
    if (document.querySelector("dialog[data-reason][open]")) await entered;
  }
}

/** Show what was saved and is asked about; what was said before of the fields that were judged goes. */
function showWarnings(form, entry, answer) {
  const asked = answer.warnings ?? [];
  const judged = [...Object.keys(entry.changes), ...asked.map(({ item }) => item)].map((key) => fieldOf(form, key));
  // A field that offers terms is judged together with every other one of its form.
  const whole = judged.some((field) => field?.querySelector("[list]")) ? [form] : judged;
  for (const part of whole) for (const each of part?.querySelectorAll("[data-said] > p.warning") ?? []) each.remove();
  for (const { item, allowed, fix } of asked) {
    const line = make("p", "warning");
    line.append(make("strong", "", `${WORDS.check}: `), `${allowed} ${fix ?? ""}`);
    fieldOf(form, item)?.querySelector("[data-said]")?.append(line);
  }
}

function showAnswer(form, entry, answer) {
  const named = [...(answer.refused ?? []), ...(answer.conflicts ?? [])].map(({ item }) => item);
  for (const key of Object.keys(entry.changes)) {
    if (!isNewest(entry, key)) continue;
    if (answer.status !== undefined) say(fieldOf(form, key), "stopped", `${WORDS.stopped} (${answer.status})`);
    else if (!named.includes(key)) say(fieldOf(form, key), "saved", WORDS.saved);
  }
  if (answer.status === undefined) showWarnings(form, entry, answer);
  for (const { item, found, allowed, fix } of answer.refused ?? []) {
    const field = fieldOf(form, item);
    if (field) rewriteSeen(field, item, entry.changes[item]?.old ?? null, entry.changes[item]?.new);
    const why = `${WORDS.found} ${shown(found)}; ${WORDS.allowed} ${allowed}. ${fix ?? ""}`;
    say(field, "refused", make("strong", "", `${WORDS.refused}: `), why);
  }
  for (const conflict of answer.conflicts ?? []) showConflict(form, conflict);
}

function rewriteSeen(field, key, value, unless = undefined) {
  const seen = JSON.parse(field.dataset.seen);
  // Whoever has typed on since then has another value in view.
  if (unless !== undefined && String(seen[key] ?? null) !== String(unless)) return;
  field.dataset.seen = JSON.stringify({ ...seen, [key]: value });
}

function showConflict(form, { item, yours, theirs, by, at }) {
  const field = fieldOf(form, item);
  if (!field) return;
  rewriteSeen(field, item, theirs);
  const list = make("dl");
  list.append(make("dt", "", WORDS.yours), make("dd", "yours", shown(yours)));
  list.append(make("dt", "", `${WORDS.theirs} (${by}, ${at})`), make("dd", "theirs", shown(theirs)));
  const mine = make("button", "mine", WORDS.mine);
  const take = make("button", "take", WORDS.take);
  mine.type = take.type = "button";
  const choose = async (value) => {
    fill(form, item, value);
    say(field, "", "");
    if (Object.keys(changesOf(field)).length) await enter(form, field);
    await settled(form, [item]);
    await count();
  };
  mine.addEventListener("click", () => choose(yours));
  take.addEventListener("click", () => choose(theirs));
  say(field, "conflict", make("strong", "", WORDS.conflict), list, mine, take);
}

/** Put a value into its controls without entering it anew. */
function fill(form, key, value) {
  const text = value === null || value === undefined ? "" : String(value);
  const item = key.replace(/_not_done$/, "");
  isFilling = true;
  for (const control of form.querySelectorAll(`[name="${CSS.escape(key)}"]`)) {
    if (control.type === "radio") control.checked = control.value === text;
    else if (control.type === "checkbox") control.checked = text !== "" && (key !== item || control.value === text);
    else control.value = text;
  }
  const notDone = key === item ? null : form.querySelector(`[type="radio"][name="${CSS.escape(item)}"][value="ND"]`);
  if (notDone && value) notDone.checked = true;
  isFilling = false;
}

async function score(form) {
  if (!form.dataset.script) return null;
  const values = Object.assign({}, ...[...form.querySelectorAll("[data-item]")].map(readField));
  try {
    const { MADE, score: run } = await import(form.dataset.script);
    const visit = JSON.parse(form.dataset.visit);
    for (const column of MADE.columns) {
      const value = values[column];
      visit[column] = typeof value === "string" && /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value) ? Number(value) : value;
    }
    const visits = [...JSON.parse(form.dataset.visits ?? "[]"), visit];
    const found = run(visits).at(-1);
    showScores(form, found);
    return found;
  } catch (error) {
    // A value that is refused has no score; what is wrong with it the server says in words.
    showScores(form, null);
    if (error.name !== "RefusedError") console.error(error);
    return null;
  }
}

function showScores(form, scores) {
  for (const cell of form.querySelectorAll("[data-column]")) {
    if (scores === null || cell.dataset.column in scores) {
      cell.textContent = showScore(scores?.[cell.dataset.column]) ?? (cell.dataset.column.endsWith("_rule") ? "" : "–");
    }
  }
  const name = form.querySelector("[data-score]")?.dataset.score;
  const [low, high] = [scores?.[`${name}_lower`], scores?.[`${name}_upper`]];
  const bounds = form.querySelector("[data-bounds]");
  const isOpen = scores && scores[name] === null && low !== null && low !== undefined;
  if (bounds) bounds.textContent = isOpen ? `${showScore(low)} ${WORDS.to} ${showScore(high)}` : "";
}

async function takeScores(form, entry, answer) {
  const guess = await guesses.get(entry.key);
  guesses.delete(entry.key);
  const isAlone = Number(answer.revision) === Number(form.dataset.revision) + 1;
  if (answer.revision !== undefined) form.dataset.revision = answer.revision;
  if (!answer.scores) return;
  const isLast = !(await queue.list()).some((one) => one.form === entry.form && !one.stopped);
  if (isLast) showScores(form, answer.scores);
  // Where others have changed items since, the two were made of different values.
  const isComparable = guess && isAlone && !answer.refused?.length && !answer.conflicts?.length;
  const differing = isComparable ? Object.keys(guess).filter((key) => key in answer.scores && !isSameScore(guess[key], answer.scores[key])) : [];
  if (!differing.length || !form.dataset.reportUrl) return;
  const pick = (scores) => Object.fromEntries(differing.map((key) => [key, scores[key]]));
  const report = { key: entry.key, form: entry.form, script: form.dataset.script, page: pick(guess), server: pick(answer.scores) };
  const headers = { "Content-Type": "application/json", "X-CSRFToken": readToken() };
  await fetch(form.dataset.reportUrl, { method: "POST", headers, body: JSON.stringify(report) }).catch(() => {});
}

async function hear({ kind, entry, answer, error }) {
  const form = entry && formOf(entry);
  if (kind === "broken") bar.textContent = `${WORDS.broken} ${error}`;
  else await count();
  if (kind === "ended") showEnded();
  else if (kind === "answered") document.querySelector("[data-ended]")?.remove();
  if (!form) return;
  if (kind === "kept") {
    for (const key of Object.keys(entry.changes)) if (isNewest(entry, key)) say(fieldOf(form, key), "kept", WORDS.kept);
  }
  if (kind !== "answered" && kind !== "stopped") return;
  showAnswer(form, entry, answer);
  if (kind === "answered") {
    await takeScores(form, entry, answer);
    askSoon(form);
  }
}

function showEnded() {
  if (document.querySelector("[data-ended]")) return;
  const banner = make("div", "ended", `${WORDS.ended} `);
  banner.dataset.ended = "";
  banner.setAttribute("role", "alert");
  const link = make("a", "", WORDS.login);
  link.href = meta("login-url") || "/";
  // In a tab of its own: this page, and what is typed on it, stay.
  link.target = "_blank";
  banner.append(link);
  document.body.prepend(banner);
}

async function logOut(event) {
  const leaving = event.currentTarget;
  event.preventDefault();
  const entries = await queue.list();
  if (entries.length && !confirm(WORDS.leave.replace("{n}", entries.length))) return;
  await queue.remove(...entries.map((entry) => entry.place));
  unsent = 0;
  if (leaving instanceof HTMLFormElement) leaving.submit();
  else location.assign(leaving.href);
}

async function start() {
  queue = await Queue.open({ secret: meta("funis-queue-key"), token: readToken, hear });
  for (const entry of await queue.list()) {
    const form = formOf(entry);
    if (!form || (entry.stopped && entry.stopped.status === undefined)) {
      if (form) showAnswer(form, entry, entry.stopped);
      continue;
    }
    remember(entry);
    for (const [key, change] of Object.entries(entry.changes)) fill(form, key, change.new);
    for (const key of Object.keys(entry.changes)) {
      const field = fieldOf(form, key);
      if (field) takeAsSeen(field);
      say(field, entry.stopped ? "stopped" : "kept", entry.stopped ? WORDS.stopped : WORDS.kept);
    }
  }
  // On the document, after the form's own scripts: what they change beside a value belongs to the same entry.
  document.addEventListener("change", ({ target }) => {
    const [form, field] = [target.closest("form[data-save-url]"), target.closest("[data-item]")];
    if (form && field && !isFilling) void enter(form, field);
  });
  for (const form of forms) form.addEventListener("input", () => void score(form));
  for (const way of document.querySelectorAll("[data-logout]")) {
    way.addEventListener(way instanceof HTMLFormElement ? "submit" : "click", logOut);
  }
  addEventListener("beforeunload", (event) => {
    const field = document.activeElement?.closest?.("[data-item]");
    if (unsent || (field && Object.keys(changesOf(field)).length)) event.preventDefault();
  });
  void enterEarlier();
  await count();
  // Not before: an entry that were sent and gone while the form is filled would be missing on it.
  queue.wake();
  document.documentElement.dataset.entry = "ready";
}

start().catch((error) => {
  bar.textContent = `${WORDS.broken} ${error}`;
  throw error;
});
