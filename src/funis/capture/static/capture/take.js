// A laboratory result that a person takes into a field of the form: it is entered as if it had been typed, and marked.
import { writeField } from "./fields.js";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-take]");
  const field = button?.closest("[data-item]");
  if (!field || !writeField(field, button.dataset.take)) return;
  const mark = document.createElement("p");
  mark.className = "repeated";
  mark.textContent = button.dataset.taken;
  field.querySelector("[data-said]")?.append(mark);
});
