// Open queries beside the fields of a form, asked for anew when what was typed has reached the server.
// The form gives data-queries-url; the answer is {queries: {item: [{text, state, address}]}}.
const WAIT = 1200;
const timers = new WeakMap();

/** Ask for the queries of a form once nothing has been saved for a moment. */
export function askSoon(form) {
  if (!form.dataset.queriesUrl) return;
  // Until the server has told them anew, marks of what was saved are not shown: they may have fallen.
  for (const mark of form.querySelectorAll('[data-state="saved"] .source-mark')) delete mark.dataset.fresh;
  clearTimeout(timers.get(form));
  timers.set(form, setTimeout(() => void askNow(form), WAIT));
}

async function askNow(form) {
  // Without an answer the queries stay as they are: the next save asks again.
  const answer = await fetch(form.dataset.queriesUrl, { headers: { Accept: "application/json" } }).catch(() => null);
  if (!answer?.ok) return;
  const { queries, marks } = await answer.json();
  for (const field of form.querySelectorAll("[data-item]")) {
    showQueries(field, queries[field.dataset.item] ?? []);
    showMark(field, marks[field.dataset.item]);
  }
}

function showMark(field, found) {
  const mark = field.querySelector(".source-mark");
  if (!mark) return;
  mark.className = `source-mark ${found?.state ?? ""}`;
  mark.textContent = found?.text ?? "";
  mark.dataset.fresh = "";
}

function showQueries(field, found) {
  const box = field.querySelector("[data-said]");
  if (!box) return;
  for (const old of box.querySelectorAll(":scope > .query")) old.remove();
  for (const { text, state, address } of found) {
    const [line, head, link] = ["p", "strong", "a"].map((name) => document.createElement(name));
    line.className = "query";
    link.href = address;
    link.textContent = state;
    head.append(link, ":");
    line.append(head, ` ${text}`);
    box.append(line);
  }
}
