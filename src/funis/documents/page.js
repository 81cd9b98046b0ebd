// Opens the panel that says where a number comes from. Everything it shows stands in this file; nothing is fetched.
(() => {
  "use strict";
  const LIMIT = 200;
  document.documentElement.classList.add("has-script");
  const panel = document.getElementById("origin");
  const body = panel.querySelector(".body");
  const title = panel.querySelector("h2");
  let book = null;
  let opener = null;

  const read = () => {
    book ??= JSON.parse(document.getElementById("numbers").textContent);
    return book;
  };
  const make = (name, text, kind) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (kind) node.className = kind;
    return node;
  };

  // "0-3,7" -> [0, 1, 2, 3, 7]
  const spread = (ranges) => {
    const places = [];
    for (const range of ranges.split(",")) {
      if (!range) continue;
      const [first, last] = range.split("-").map(Number);
      for (let place = first; place <= (last ?? first); place += 1) places.push(place);
    }
    return places;
  };

  const record = (id) => {
    const { columns, numeric, strings, places, numbers } = read();
    if (!numbers[id]) return null;
    const [place, ...own] = numbers[id];
    const cells = [...places[place], ...own];
    const found = { id };
    columns.forEach((name, at) => {
      const cell = cells[at] ?? null;
      found[name] = cell === null || numeric.includes(name) ? cell : strings[cell];
    });
    return found;
  };

  const said = (name) => read().words?.[name] ?? name;
  const word = (kind, name) => (name ? read().labels[kind]?.[name] ?? name : "");

  const heading = (number) => {
    let text = word("statistics", number.statistic) || number.analysis;
    const breathe = () => (text.includes(", ") ? "," : "");
    if (number.variable) text += `${breathe()} ${read().labels.joiners?.[number.statistic] ?? said("of")} ${word("phrases", number.variable)}`;
    if (number.category) text += `, ${number.category}`;
    if (number.visit) text += `${breathe()} ${said("at")} ${word("visit_phrases", number.visit)}`;
    return text.charAt(0).toUpperCase() + text.slice(1);
  };

  // a number has an address of its own, for a link from another page or in a letter
  const NAMED = "#number=";
  const address = (id) => NAMED + encodeURIComponent(id);
  const named = () => {
    if (!location.hash.startsWith(NAMED)) return null;
    const written = location.hash.slice(NAMED.length);
    try {
      return decodeURIComponent(written);
    } catch {
      return written;
    }
  };

  const facts = (number) => {
    const list = make("dl");
    const say = (name, value) => {
      if (value === null || value === undefined || value === "") return;
      list.append(make("dt", said(name)), make("dd", String(value)));
    };
    say("unrounded", number.value);
    if (number.value === null) say("printed", number.text);
    say("endpoint", word("endpoints", number.endpoint));
    say("population", word("populations", number.population));
    say("subgroup", word("populations", number.subgroup));
    say("estimand", number.estimand);
    say("arm", number.arm);
    say("contrast", number.contrast);
    say("category", number.category);
    say("parameter", number.parameter);
    say("cluster", number.cluster);
    say("n", number.n);
    say("denominator", number.denominator);
    say("method", word("methods", number.method) || word("statistics", number.statistic));
    say("adjustment", word("methods", number.adjustment));
    say("delta", number.delta);
    say("missing", word("missing", number.missing));
    say("missing_outcome", word("missing", number.missing_outcome));
    say("status", number.status);
    // a page may have further facts of its own, some of them written as a program writes
    for (const name of read().further ?? []) {
      say(name, number[name]);
      if (read().code?.includes(name) && number[name]) list.lastElementChild.replaceChildren(make("code", number[name]));
    }
    const id = make("dd");
    const link = make("a");
    link.href = address(number.id);
    link.append(make("code", number.id));
    id.append(link);
    list.append(make("dt", said("id")), id);
    return list;
  };

  // who of the population has no value here, why, and the bounds of a score that is not known
  const absent = (number) => {
    const places = spread(read().sources[`${number.source}/missing`] ?? "");
    if (!places.length) return [];
    const { atoms, strings } = read();
    const table = make("table", undefined, "absent");
    const head = table.createTHead().insertRow();
    for (const name of ["subject", "reason", "place"]) {
      const cell = make("th", said(name));
      cell.scope = "col";
      head.append(cell);
    }
    table.createTBody().append(
      ...places.map((place) => {
        const cells = make("tr");
        const subject = make("th", strings[atoms.subject[place]]);
        subject.scope = "row";
        const file = strings[atoms.file[place]];
        const line = atoms.line[place];
        cells.append(subject, make("td", strings[atoms.value[place]]), make("td", line === null ? file : `${file}:${line}`, "place"));
        return cells;
      }),
    );
    const named = places.filter((place) => strings[atoms.subject[place]]).length;
    return [make("h3", `${said("absent")} (${named})`), table];
  };

  const row = (hasVariable) => (place) => {
    const { atoms, strings } = read();
    const text = (name) => strings[atoms[name][place]];
    const line = atoms.line[place];
    const cells = make("tr");
    const subject = make("th", text("subject"));
    subject.scope = "row";
    cells.append(subject, make("td", word("visits", text("visit"))));
    if (hasVariable) cells.append(make("td", word("variables", text("variable"))));
    cells.append(make("td", text("value"), "value"));
    cells.append(make("td", line === null ? text("file") : `${text("file")}:${line}`, "place"));
    return cells;
  };

  const values = (number) => {
    const places = spread(read().sources[number.source] ?? "");
    const part = make("div");
    if (!places.length) {
      part.append(make("p", said("no_values"), "empty"));
      return part;
    }
    const { atoms, strings } = read();
    const variables = new Set(places.map((place) => strings[atoms.variable[place]]));
    const hasVariable = variables.size > 1;
    const draw = row(hasVariable);
    const above = hasVariable ? said("values") : said("values_of").replace("{variable}", () => word("phrases", [...variables][0]));
    const whole = read().cut?.[number.source];
    part.append(make("h3", `${above} (${whole ?? places.length})`));
    if (whole) {
      const where = make("p", said("cut").replace("{count}", whole).replace("{source}", ""));
      where.append(make("code", number.source));
      part.append(where);
    }
    const table = make("table");
    const head = table.createTHead().insertRow();
    for (const name of ["subject", "visit", ...(hasVariable ? ["variable"] : []), "value", "place"]) {
      const cell = make("th", said(name));
      cell.scope = "col";
      head.append(cell);
    }
    const rows = table.createTBody();
    rows.append(...places.slice(0, LIMIT).map(draw));
    part.append(table);
    if (places.length > LIMIT) {
      const more = make("button", said("show_all").replace("{count}", places.length), "plain more");
      more.addEventListener("click", () => {
        rows.append(...places.slice(LIMIT).map(draw));
        more.remove();
      });
      part.append(more);
    }
    return part;
  };

  const unmark = () => document.querySelectorAll(".n.is-open").forEach((node) => node.classList.remove("is-open"));

  // the page makes room for the panel; what the reader looks at stays where it is
  const makeRoom = (isOpen, node) => {
    const before = node?.getBoundingClientRect().top ?? 0;
    document.body.classList.toggle("has-origin", isOpen);
    panel.hidden = !isOpen;
    const after = node?.getBoundingClientRect().top ?? 0;
    scrollBy({ top: after - before, behavior: "instant" });
    if (isOpen) node?.closest(".scroll")?.scrollBy({ left: overhang(node), behavior: "instant" });
  };
  const overhang = (node) => Math.max(0, node.getBoundingClientRect().right - node.closest(".scroll").getBoundingClientRect().right + 12);

  const close = () => {
    makeRoom(false, opener);
    unmark();
    opener?.focus({ preventScroll: true });
    opener = null;
  };

  const show = (node, head, ...content) => {
    unmark();
    opener = node;
    node?.classList.add("is-open");
    title.textContent = head;
    body.replaceChildren(...content);
    makeRoom(true, node);
    panel.scrollTop = 0;
    title.focus({ preventScroll: true });
  };

  const also = (node) => (node?.dataset.also ?? "").split("\n").filter(Boolean);
  // a number that is printed once for several equal results opens each of them
  const alike = (node, number) => {
    const others = also(node);
    if (!others.length) return [];
    const list = make("ul", undefined, "alike");
    for (const id of [node.dataset.id, ...others]) {
      const other = record(id);
      if (!other) continue;
      const choose = make("button", id, "plain");
      if (id === number.id) choose.setAttribute("aria-current", "true");
      choose.addEventListener("click", () => explain(node, other, other.text));
      const item = make("li");
      item.append(choose);
      list.append(item);
    }
    return [make("h3", `${said("alike")} (${list.children.length})`), list];
  };

  const explain = (node, number, text) =>
    show(node, heading(number), make("p", text, "big"), facts(number), ...alike(node, number), values(number), ...absent(number));

  // words that stand for several numbers are no number
  const printed = (node, number) => (also(node).length ? number.text : node.textContent.trim());

  const open = (node) => {
    const number = record(node.dataset.id);
    if (number) explain(node, number, printed(node, number));
  };

  // the flow of subjects is drawn twice, for a broad and for a narrow screen: one of them is on the page
  const isShown = (node) => {
    const drawn = node.closest(".chart-broad, .chart-narrow");
    return !drawn || getComputedStyle(drawn).display !== "none";
  };

  // the number that the address names: where it is printed it comes into sight, folds around it opened
  const openNamed = () => {
    const id = named();
    if (id === null) return;
    // a browser that puts a reloaded page back where it stood would move the number out of sight again
    history.scrollRestoration = "manual";
    const number = record(id);
    if (!number) {
      show(null, said("unknown"), make("p", said("unknown_why")), make("code", id));
      return;
    }
    const node =
      [...document.querySelectorAll(`[data-id="${CSS.escape(id)}"]`)].find(isShown) ??
      [...document.querySelectorAll("[data-also]")].find((each) => also(each).includes(id));
    if (!node) {
      explain(null, number, number.text);
      return;
    }
    for (let fold = node.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    // on a narrow screen the panel covers the lower part of the page
    const isNarrow = matchMedia("(max-width: 640px)").matches;
    node.scrollIntoView({ block: isNarrow ? "start" : "center", behavior: "instant" });
    explain(node, number, printed(node, number));
  };

  const step = (node, key) => {
    const row = node.closest("tr");
    if (!row) return null;
    const inRow = [...row.querySelectorAll(".n")];
    if (key === "ArrowRight") return inRow[inRow.indexOf(node) + 1];
    if (key === "ArrowLeft") return inRow[inRow.indexOf(node) - 1];
    const column = node.closest("td, th").cellIndex;
    for (let next = row; next; ) {
      next = key === "ArrowDown" ? next.nextElementSibling : next.previousElementSibling;
      const found = next?.cells[column]?.querySelector(".n");
      if (found) return found;
    }
    return null;
  };

  document.addEventListener("click", (event) => {
    const node = event.target.closest("[data-id]");
    if (node) open(node);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) return close();
    const node = event.target.closest?.("[data-id]");
    if (!node) return;
    if ((event.key === "Enter" || event.key === " ") && node.tagName !== "BUTTON") {
      event.preventDefault();
      open(node);
    }
    if (event.key.startsWith("Arrow")) {
      const next = step(node, event.key);
      if (next) {
        event.preventDefault();
        next.focus();
      }
    }
  });
  panel.querySelector(".close").addEventListener("click", close);
  addEventListener("hashchange", openNamed);
  openNamed();

  // on a narrow screen the contents are folded, so that the results come first
  const list = document.querySelector("nav.contents details");
  const narrow = matchMedia("(max-width: 899px)");
  const fold = () => {
    if (list) list.open = !narrow.matches;
  };
  narrow.addEventListener("change", fold);
  fold();

  // the contents follow the reader
  const links = new Map([...document.querySelectorAll("nav.contents a")].map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        links.forEach((link) => link.removeAttribute("aria-current"));
        links.get(entry.target.id)?.setAttribute("aria-current", "true");
      }
    },
    { rootMargin: "-10% 0px -80% 0px" },
  );
  links.forEach((_, id) => {
    const section = document.getElementById(id);
    if (section) watch.observe(section);
  });

  // paper has no fold: open what is folded, fold it again afterwards
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    folded.forEach((part) => { part.open = true; });
  });
  addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));
})();
