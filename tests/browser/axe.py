"""Pages under axe-core 4.14.1: every rule (WCAG 2.2 A and AA, and its best practices), each look measured once.

Whether words are told from their ground is a matter of colours and sizes. A report has thousands of cells that look
alike, and axe-core takes most of its time to measure each: here the rule asks one element of each look. What a look
is made of is what the rule computes with; `test_axe.py` plants a cell that differs in each part of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

SOURCE = Path(__file__).with_name("axe_core") / "axe.min.js"
#: Marks the first element of each look: what it and all around it paint, and how its letters are drawn.
_MARK = """() => {
  const OWN = ["color", "fontSize", "fontWeight", "textShadow", "webkitTextStrokeWidth", "webkitTextStrokeColor"];
  const PAINTS = ["backgroundColor", "backgroundImage", "backgroundSize", "backgroundPosition", "backgroundClip",
    "opacity", "filter", "mixBlendMode", "position", "visibility", "display", "overflow"];
  const looks = new Map(), grounds = new Map([[null, 0]]), seen = new Set();
  const number = (words) => { if (!looks.has(words)) looks.set(words, looks.size + 1); return looks.get(words); };
  // In the order of the document: what is around an element came before it.
  for (const node of document.documentElement.querySelectorAll("*")) {
    const style = getComputedStyle(node), has = (names) => names.map((name) => style[name]).join("|");
    const ground = number(`${grounds.get(node.parentElement) ?? 0}|${node.tagName}|${has(PAINTS)}`);
    grounds.set(node, ground);
    const look = `${ground}|${has(OWN)}|${node.disabled ?? ""}|${node.getAttribute("aria-disabled") ?? ""}`;
    const writes = [...node.childNodes].some((each) => each.nodeType === Node.TEXT_NODE && each.data.trim());
    if ((writes && !seen.has(look)) || node.matches("input, select, textarea")) {
      seen.add(look);
      node.setAttribute("data-look", "");
    }
  }
}"""
_RUN = """async () => {
  axe.configure({rules: [{id: "color-contrast", selector: "[data-look]"}]});
  const found = (await axe.run(document, {resultTypes: ["violations"]})).violations;
  document.querySelectorAll("[data-look]").forEach((each) => each.removeAttribute("data-look"));
  return found;
}"""


def find_violations(page: Page) -> list[str]:
    """Give what axe-core finds on the page as it stands: each rule with its first elements."""
    page.evaluate(SOURCE.read_text(encoding="utf-8"))
    page.evaluate(_MARK)
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return [f"{each['id']}: {[node['html'][:160] for node in each['nodes'][:3]]}" for each in found]
