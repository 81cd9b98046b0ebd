// Keys of a form: digits and letters set a level, arrows go from item to item, n says not done, . repeats the value
// of the visit before (marked as such), Delete clears, ? shows the list. No key is taken from whoever is typing.
import { choose, writeField } from "./fields.js";

const TYPED_INTO = 'input:not([type="radio"], [type="checkbox"], [type="button"]), select, textarea';

for (const form of document.querySelectorAll("form.entry-form")) {
  form.addEventListener("keydown", (event) => onKey(form, event));
  form.addEventListener("change", onChange);
  form.addEventListener("input", onChange);
  form.addEventListener("click", onClick);
  // Text fields send by their own script: Enter would load another page.
  form.addEventListener("submit", (event) => event.preventDefault());
}
document.addEventListener("keydown", (event) => {
  const form = document.querySelector("form.entry-form");
  if (form && event.key === "?" && !isTaken(event) && !form.contains(event.target)) showKeys(form, event);
});

for (const form of document.querySelectorAll("form.entry-form")) standAtFirstOpen(form);

// A form of an instrument opens at its first item without an answer, so that digits work at once. The item itself
// has the focus, none of its choices: a screen reader tells its name, and the space bar scrolls and chooses nothing.
function standAtFirstOpen(form) {
  const isElsewhere = document.activeElement !== document.body || location.hash !== "";
  if (isElsewhere || !form.dataset.definition || form.querySelector("fieldset.all:disabled")) return;
  const field = [...form.querySelectorAll("[data-item]")].find((each) => each.checkVisibility() && isOpen(each));
  if (!field) return;
  if (field.dataset.kind === "date") return void field.querySelector("input").focus();
  field.tabIndex = -1;
  field.focus();
}

function isOpen(field) {
  if (field.dataset.kind === "date") return field.querySelector("input").value === "";
  return field.querySelector('input[type="radio"]') !== null && !field.querySelector('input[type="radio"]:checked');
}

function isTaken(event) {
  // While an input method composes, a key belongs to it (229 where a browser does not say so otherwise).
  if (event.isComposing || event.keyCode === 229) return true;
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  return event.target.closest?.(TYPED_INTO) != null || document.querySelector("dialog[open]") != null;
}

function onKey(form, event) {
  if (isTaken(event)) return;
  if (event.key === "?") return void showKeys(form, event);
  const field = event.target.closest("[data-item]");
  if (!field || field.closest("fieldset:disabled")) return;
  if (act(form, field, event.key)) event.preventDefault();
}

function act(form, field, key) {
  if (key === "ArrowDown") return move(form, field, 1);
  if (key === "ArrowUp") return move(form, field, -1);
  if (key === "Delete" || key === "Backspace") return clear(field);
  if (key === ".") return repeat(form, field);
  if (key.toLowerCase() === "n") return sayNotDone(field);
  if (/^[0-9]$/.test(key)) return choose(field, key);
  if (/^[a-e]$/i.test(key)) return choose(field, key);
  return false;
}

function move(form, field, step) {
  const fields = [...form.querySelectorAll("[data-item]")].filter((each) => each.checkVisibility());
  const next = fields[fields.indexOf(field) + step];
  if (!next) return true;
  const control = next.querySelector('input[type="radio"]:checked') ?? next.querySelector("input, select, textarea");
  control?.focus();
  return true;
}

function clear(field) {
  return field.querySelector('input[type="radio"]:checked') ? choose(field, null) : false;
}

function sayNotDone(field) {
  if (choose(field, "ND")) return true;
  const box = field.querySelector('input[type="checkbox"][name$="_not_done"]');
  if (!box || box.disabled) return false;
  box.click();
  return true;
}

function repeat(form, field) {
  const value = JSON.parse(field.dataset.previous ?? "null");
  if (value === null || !writeField(field, value)) return false;
  field.dataset.isRepeated = "true";
  const mark = document.createElement("p");
  mark.className = "repeated";
  mark.textContent = form.dataset.repeated;
  field.querySelector("[data-said]")?.append(mark);
  return true;
}

function onChange(event) {
  const field = event.target.closest("[data-item]");
  if (!field) return;
  delete field.dataset.isRepeated;
  field.querySelector("p.repeated")?.remove();
  // A value and not done exclude each other, as radio buttons do by themselves.
  if (event.target.type === "checkbox" && event.target.name.endsWith("_not_done") && event.target.checked) {
    const control = field.querySelector("input:not([type=checkbox]), select");
    if (control && !control.name.endsWith("_reason")) control.value = "";
  } else if (event.target.name === field.dataset.item && event.target.value !== "" && event.target.type !== "radio") {
    const box = field.querySelector('input[type="checkbox"][name$="_not_done"]');
    if (box) box.checked = false;
  }
}

function onClick(event) {
  if (event.target.closest("[data-keys-close]")) return void event.target.closest("dialog").close();
  const form = event.currentTarget;
  if (event.target.closest("[data-keys-help]")) return void form.querySelector("dialog[data-keys]").showModal();
  const button = event.target.closest("[data-clear]");
  if (!button) return;
  const field = button.closest("[data-item]");
  choose(field, null);
  field.querySelector('input[type="radio"]').focus();
}

function showKeys(form, event) {
  const list = form.querySelector("dialog[data-keys]");
  if (!list) return;
  event.preventDefault();
  list.showModal();
}
