// Keys of the laboratory grid: Enter and the arrows up and down go to the same field of the next or previous result.
const rows = [...document.querySelectorAll("form.grid-row")];
const STEPS = { Enter: 1, ArrowDown: 1, ArrowUp: -1 };

document.addEventListener("keydown", (event) => {
  const control = event.target;
  const row = control.closest?.("form.grid-row");
  if (!row || event.isComposing || event.keyCode === 229 || !(event.key in STEPS)) return;
  if (control instanceof HTMLSelectElement && event.key !== "Enter") return;
  const next = rows[rows.indexOf(row) + STEPS[event.key]];
  event.preventDefault();
  event.stopPropagation();
  next?.querySelector(`[name="${CSS.escape(control.name)}"]`)?.focus();
}, true);
