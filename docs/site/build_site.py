"""Build the documentation site into ``build/site/html``: ``make docs``.

The Markdown pages under ``docs`` stay as they are: they read well beside the code and their blocks run in
the tests. Here they are laid out for Sphinx together with the pages of the project's root, the notebook and
the public functions, built with every warning as an error, and what came out is looked through for requests
to foreign hosts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

SITE = Path(__file__).resolve().parent
DOCS = SITE.parent
ROOT = DOCS.parent
PROJECT_PAGES = (
    "CHANGELOG.md", "CONTRIBUTING.md", "DIVERGENCES.md", "HAZARDS.md", "SECURITY.md",
)  # fmt: skip
"""Pages of the project's root that become pages of the site, in their order."""
LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)([^)#\s]+)")
FETCHING = {"src", "srcset", "poster", "data", "action", "formaction"}
"""Attributes that make a browser ask for something when the page is opened."""
FETCHED_LINKS = {"stylesheet", "icon", "preload", "prefetch", "modulepreload", "manifest", "preconnect"}
FOREIGN = re.compile(r"^\s*(?:https?:)?//", re.IGNORECASE)
FOREIGN_STYLE = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])\s*(?:https?:)?//", re.IGNORECASE)
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Begin", ("for-clinicians", "for-statisticians", "tutorial", "glossary")),
    ("How to", ("howto/*",)),
    ("Methods", ("methods/*",)),
    (
        "Reference",
        (
            "reference/instruments/index", "reference/responses/index", "reference/study-file",
            "reference/data-tables", "reference/analytes", "reference/results", "reference/commands",
            "reference/python", "reference/errors", "versioning",
        ),
    ),
    ("Why it is as it is", ("decisions/*",)),
    ("Project", tuple(f"project/{Path(name).stem}" for name in PROJECT_PAGES)),
)  # fmt: skip


def lay_out(target: Path) -> None:
    """Write every source page into `target`, links between them adjusted to where they now stand."""
    shutil.rmtree(target, ignore_errors=True)
    for page in find_pages():
        place = target / placed(page)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(relinked(page, page.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copytree(DOCS / "images", target / "images")
    shutil.copytree(SITE / "static", target / "static")
    shutil.copy(SITE / "conf.py", target / "conf.py")
    for notebook in sorted((DOCS / "notebooks").glob("*.ipynb")):
        place = target / "howto" / f"{notebook.stem}.md"
        place.write_text(render_notebook(json.loads(notebook.read_text(encoding="utf-8"))), encoding="utf-8")
    (target / "reference" / "python.md").write_text(render_functions(), encoding="utf-8")
    add_contents(target)


def find_pages() -> list[Path]:
    """Find the Markdown pages that the site shows."""
    return [*sorted(DOCS.rglob("*.md")), *(ROOT / name for name in PROJECT_PAGES)]


def placed(page: Path) -> Path:
    """Give the place of a page inside the site's sources."""
    return page.relative_to(DOCS) if DOCS in page.parents else Path("project") / page.name


def relinked(page: Path, text: str) -> str:
    """Adjust the links of a page to the places that pages have inside the site."""

    def adjust(found: re.Match[str]) -> str:
        linked = (page.parent / found.group(1)).resolve()
        if linked.suffix == ".ipynb":
            linked = DOCS / "howto" / f"{linked.stem}.md"
        elif DOCS not in linked.parents and linked.name not in PROJECT_PAGES:
            raise SystemExit(
                f"{page.relative_to(ROOT)} links to {found.group(1)}, which the site does not have"
            )
        return Path(os.path.relpath(placed(linked), placed(page).parent)).as_posix()

    return LINK.sub(adjust, text)


def render_notebook(notebook: dict[str, list[dict[str, object]]]) -> str:
    """Render a notebook as a page: its prose, its code and what the code printed."""
    parts: list[str] = []
    for cell in notebook["cells"]:
        text = "".join(map(str, _listed(cell["source"])))
        if cell["cell_type"] == "markdown":
            parts.append(text)
            continue
        parts.append(f"```python\n{text}\n```")
        printed = "".join(_outputs(cell))
        if printed:
            parts.append(f"```text\n{printed.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def _outputs(cell: dict[str, object]) -> Iterator[str]:
    for output in _listed(cell["outputs"]):
        assert isinstance(output, dict)
        yield from output.get("text", []) or output.get("data", {}).get("text/plain", [])


def _listed(value: object) -> list[object]:
    assert isinstance(value, list)
    return value


def render_functions() -> str:
    """Render the page of public names; Sphinx fills it from their docstrings."""
    import funis

    names = sorted(name for name in funis.__all__ if not name.startswith("_"))
    parts = ["# Python", "What `import funis` offers. The example of each function runs in the tests."]
    for name in names:
        found = getattr(funis, name)
        # A room that is used by its own name, such as funis.design, stands with what it offers.
        is_room = isinstance(found, ModuleType) and not callable(found)
        for full in [f"{name}.{each}" for each in sorted(found.__all__)] if is_room else [name]:
            kind = "autoclass" if isinstance(found, type) else "autofunction"
            parts.append(f"## {full}\n\n```{{eval-rst}}\n.. {kind}:: funis.{full}\n```")
    return "\n\n".join(parts) + "\n"


def add_contents(target: Path) -> None:
    """Append the site's contents to the start page, and the pages of a folder to its index."""
    blocks = [_toctree(entries, caption) for caption, entries in SECTIONS]
    _append(target / "index.md", blocks)
    for folder in ("instruments", "responses"):
        _append(target / "reference" / folder / "index.md", [_toctree(["*"], "")])


def _append(page: Path, blocks: Sequence[str]) -> None:
    page.write_text("\n\n".join([page.read_text(encoding="utf-8"), *blocks]) + "\n", encoding="utf-8")


def _toctree(entries: Sequence[str], caption: str) -> str:
    heads = [":hidden:", ":glob:", ":titlesonly:", *([f":caption: {caption}"] if caption else [])]
    return "\n".join(["```{toctree}", *heads, "", *entries, "```"])


class Requests(HTMLParser):
    """Collects what a browser would fetch for one page."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the addresses of one element."""
        given = {name: value or "" for name, value in attrs}
        self.addresses += [value for name, value in given.items() if name in FETCHING]
        if tag == "link" and FETCHED_LINKS & set(given.get("rel", "").split()):
            self.addresses.append(given.get("href", ""))


def find_foreign_requests(folder: Path) -> list[str]:
    """Name every file of a built site that asks a foreign host for something."""
    found: list[str] = []
    for page in sorted(folder.rglob("*.html")):
        parser = Requests()
        text = page.read_text(encoding="utf-8")
        parser.feed(text)
        found += [f"{page.name}: {each}" for each in parser.addresses if FOREIGN.match(each)]
        found += [f"{page.name}: {each.group()}" for each in FOREIGN_STYLE.finditer(text)]
    for style in sorted(folder.rglob("*.css")):
        found += [
            f"{style.name}: {each.group()}"
            for each in FOREIGN_STYLE.finditer(style.read_text(encoding="utf-8"))
        ]
    return found


def build_site(build: Path) -> Path:
    """Build the site; give the folder of its pages.

    Raises
    ------
    SystemExit
        Sphinx warned (a link leads nowhere, a page stands in no list), or a page asks a foreign host.
    """
    source, html = build / "source", build / "html"
    lay_out(source)
    shutil.rmtree(html, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-b", "html"]
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    done = subprocess.run(
        [*command, "-d", str(build / "doctrees"), str(source), str(html)], check=False, env=environment
    )
    if done.returncode:
        raise SystemExit("The documentation site was not built: see the warnings above.")
    for left in (html / ".buildinfo", html / "objects.inv", *html.rglob("*.map")):
        left.unlink(missing_ok=True)
    foreign = find_foreign_requests(html)
    if foreign:
        raise SystemExit("Pages ask foreign hosts:\n" + "\n".join(foreign))
    return html


def main() -> None:
    """Build the site and say where it is and how large."""
    parser = argparse.ArgumentParser(description="Build the documentation site.")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "site", help="folder to build in")
    html = build_site(parser.parse_args().build)
    files = [path for path in html.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    print(f"{html / 'index.html'}: {len(files)} files, {size:.1f} MB")


if __name__ == "__main__":
    main()
