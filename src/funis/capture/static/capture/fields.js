// Fields of a form: what stands in them, and how a value is put there. Used by entry.js and keys.js.
// A field is an element with data-item; its keys are the item and, where they are asked, <item>_not_done,
// <item>_not_done_reason and <item>_attributed. An empty key is null.

/** Give what stands in a field: every key of it with its value, as the server is to store it. */
export function readField(field) {
  const name = field.dataset.item;
  const found = {};
  const controls = [...field.querySelectorAll("input, select, textarea")];
  for (const control of controls) {
    const key = control.name;
    if (control.type === "radio") {
      if (!(name in found)) found[name] = null;
      if (control.checked && control.value !== "ND") found[name] = codeOf(control.value, field);
      if (control.value === "ND") found[`${name}_not_done`] = control.checked ? true : null;
    } else if (control.type === "checkbox") {
      const stated = key.endsWith("_not_done") ? true : Number(control.value);
      found[key] = control.checked ? stated : null;
    } else {
      found[key] = control.value.trim() === "" ? null : control.value.trim();
    }
  }
  // What says something of a statement goes with it, as on the server.
  if (!found[`${name}_not_done`] && `${name}_not_done_reason` in found) found[`${name}_not_done_reason`] = null;
  if (found[name] === null && `${name}_attributed` in found) found[`${name}_attributed`] = null;
  return found;
}

/** Give the changes of a field against what was seen: {key: {old, new}}, what is sent beside it included. */
export function changesOf(field) {
  const seen = JSON.parse(field.dataset.seen);
  const changes = {};
  for (const [key, value] of Object.entries(readField(field))) {
    const old = seen[key] ?? null;
    if (String(old) !== String(value)) changes[key] = { old, new: value };
  }
  if (field.dataset.with && changes[field.dataset.item]?.new != null) {
    for (const [key, value] of Object.entries(JSON.parse(field.dataset.with))) {
      changes[key] ??= { old: null, new: value };
    }
  }
  return changes;
}

/** Give a score as the server prints it: three decimals at most, half away from zero, by its digits. */
export function showScore(score) {
  if (typeof score !== "number" || Number.isInteger(score) || /e/.test(String(score))) return score;
  const [whole, part] = String(Math.abs(score)).split(".");
  const rounded = BigInt(whole + part.padEnd(3, "0").slice(0, 3)) + (part[3] >= "5" ? 1n : 0n);
  const digits = String(rounded).padStart(4, "0");
  const text = `${digits.slice(0, -3)}.${digits.slice(-3)}`.replace(/\.?0+$/, "");
  return score < 0 && rounded ? `-${text}` : text;
}

/** Tell whether two scores are one: numbers are to nine decimals, as everywhere. */
export function isSameScore(one, other) {
  if (typeof one !== "number" || typeof other !== "number") return one === other;
  return Math.abs(one - other) < 5e-10;
}

/** Take the values of a field as seen, after the server has stored them. */
export function takeAsSeen(field) {
  field.dataset.seen = JSON.stringify(readField(field));
}

/** Choose a level by its value ("0" to "9", a letter, "ND"); null takes any choice back. Says whether it could. */
export function choose(field, value) {
  const options = [...field.querySelectorAll('input[type="radio"]')];
  const wanted = value === null ? null : options.find((each) => each.value.toUpperCase() === value.toUpperCase());
  if (value !== null && !wanted) return false;
  for (const each of options) each.checked = each === wanted;
  const told = wanted ?? options[0];
  if (!told) return false;
  if (wanted) wanted.focus();
  tell(told);
  return true;
}

/** Put a value into any field as if it had been typed; null empties it. */
export function writeField(field, value) {
  if (field.querySelector('input[type="radio"]')) return choose(field, value === null ? null : String(value));
  const control = field.querySelector("input:not([type=checkbox]), select, textarea");
  if (!control || control.disabled) return false;
  const notDone = field.querySelector(`input[name="${CSS.escape(field.dataset.item)}_not_done"]`);
  if (notDone) notDone.checked = false;
  control.value = value === null ? "" : String(value);
  tell(control);
  return true;
}

function tell(control) {
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

function codeOf(value, field) {
  return field.dataset.kind === "flag" || /^\d+$/.test(value) ? codeOrText(value) : value;
}

function codeOrText(value) {
  // "01" is the code of a site, not the number 1.
  return String(Number(value)) === value ? Number(value) : value;
}
