// A keypad of a telephone has digits and no hyphen: what is typed as 20261126 or 202611260930 is written as the
// field asks for it.
const WRITTEN = {
  "YYYY-MM-DD": [/^(\d{4})(\d{2})(\d{2})$/, "$1-$2-$3"],
  "YYYY-MM-DD hh:mm": [/^(\d{4})(\d{2})(\d{2}) ?(\d{2})(\d{2})$/, "$1-$2-$3 $4:$5"],
};

document.addEventListener("input", ({ target }) => {
  const [typed, shown] = WRITTEN[target.placeholder] ?? [];
  if (!typed?.test(target.value)) return;
  target.value = target.value.replace(typed, shown);
  // A value that a script has set changes nothing for the browser: say it.
  target.dispatchEvent(new Event("change", { bubbles: true }));
}, true);
