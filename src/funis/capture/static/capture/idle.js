// A session ends when nothing is done: the page warns two minutes before, and one press goes on. What happens in
// another window of the same browser counts, too: each notes the time of its last request.
const NOTED = "funis-last-request";
const dialog = document.querySelector("dialog[data-idle]");
// The server renews a session at most once a minute: so much earlier it may end.
const LASTS = (Number(dialog.dataset.idle) - 60) * 1000;
const WARNS = 120 * 1000;
const form = dialog.querySelector("form");

const note = () => localStorage.setItem(NOTED, String(Date.now()));
const rest = () => Number(localStorage.getItem(NOTED)) + LASTS - Date.now();

function look() {
  const left = rest();
  if (left <= 0) {
    form.hidden = true;
    dialog.querySelector("#idle-words").textContent = dialog.dataset.ended;
    dialog.querySelector("[data-again]").hidden = false;
  } else if (left > WARNS && !form.hidden && dialog.open) {
    dialog.close();
  }
  if (left <= WARNS && !dialog.open) dialog.showModal();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch(form.action, {
    method: "POST", body: new FormData(form), headers: { accept: "application/json" },
  });
  if (answer.ok) note();
  else localStorage.setItem(NOTED, "0");
  look();
});
note();
setInterval(look, 5000);
