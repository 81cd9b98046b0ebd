// Keys of the page on which a monitor ticks items: arrows move between the boxes, "a" ticks all that is to be verified.
const boxes = [...document.querySelectorAll('[data-verify] input[type="checkbox"]:not(:disabled)')];
const tickAll = () => { for (const box of boxes) box.checked ||= ["due", "fallen"].includes(box.dataset.state); };
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey || !boxes.length) return;
  if (event.key in STEPS) {
    const next = boxes[boxes.indexOf(document.activeElement) + STEPS[event.key]] ?? (boxes.includes(document.activeElement) ? null : boxes[0]);
    next?.focus();
    event.preventDefault();
  } else if (event.key === "a") {
    tickAll();
  }
});
document.querySelector("[data-tick-all]")?.addEventListener("click", tickAll);
boxes[0]?.focus();
