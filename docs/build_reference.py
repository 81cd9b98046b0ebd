"""Write every generated page of the documentation again: ``make docs``.

`build_pages` gives all of them; a test compares them with what stands in the folder.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pages_of_instruments
import pages_of_responses
from funis.reporting.labels import STATISTICS
from funis.results import NUMBER_COLUMNS
from pages_of_analytes import render_analytes_page
from pages_of_the_study_file import render_study_page, render_tables_page

DOCS = Path(__file__).resolve().parent
SOURCE = DOCS.parent / "src" / "funis"


TEXTS = tomllib.loads((DOCS / "reference_texts.toml").read_text(encoding="utf-8"))
HEADS = ("column", "type", "meaning")


@dataclass(frozen=True)
class ErrorClass:
    """One class of exception as its source describes it."""

    name: str
    bases: tuple[str, ...]
    code: str
    when: str
    module: str


def build_pages() -> dict[Path, str]:
    """Give every generated page by its path inside ``docs``."""
    reference = Path("reference")
    pages = {
        reference / "study-file.md": render_study_page(),
        reference / "data-tables.md": render_tables_page(),
        reference / "commands.md": render_commands_page(),
        reference / "errors.md": render_errors_page(),
        reference / "results.md": render_results_page(),
        reference / "analytes.md": render_analytes_page(),
    }
    pages |= {
        reference / "instruments" / f"{name}.md": text for name, text in pages_of_instruments.pages().items()
    }
    pages |= {
        reference / "responses" / f"{name}.md": text for name, text in pages_of_responses.pages().items()
    }
    return pages


def find_errors() -> list[ErrorClass]:
    """Find every exception class of the package by reading its source, without importing it."""
    found: dict[str, ErrorClass] = {}
    known = {"Exception"}
    modules = sorted(SOURCE.rglob("*.py"), key=lambda path: (path.name != "errors.py", path))
    classes = [each for path in modules for each in _classes(path)]
    while True:
        before = len(found)
        for each in classes:
            if set(each.bases) & known:
                found.setdefault(each.name, each)
        known |= set(found)
        if len(found) == before:
            # Those that everybody may meet come first, the root of all before them.
            return sorted(
                found.values(), key=lambda each: (each.module != "funis.errors", each.name != "FunisError")
            )


def _classes(path: Path) -> Iterator[ErrorClass]:
    text = path.read_text(encoding="utf-8")
    if "class " not in text:
        return
    module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ClassDef):
            continue
        bases = tuple(base.id for base in node.bases if isinstance(base, ast.Name))
        lines = (ast.get_docstring(node) or "").splitlines()
        yield ErrorClass(node.name, bases, _code_of(node), lines[0] if lines else "", module)


def _code_of(node: ast.ClassDef) -> str:
    for each in node.body:
        target = (
            each.target
            if isinstance(each, ast.AnnAssign)
            else each.targets[0]
            if isinstance(each, ast.Assign)
            else None
        )
        value = getattr(each, "value", None)
        if isinstance(target, ast.Name) and target.id == "code" and isinstance(value, ast.Constant):
            return str(value.value)
    return ""


def render_errors_page() -> str:
    """Render the page of every exception class."""
    rows = [
        (
            f"`{each.name}`",
            f"`{each.code}`" if each.code else "",
            each.when,
            TEXTS["fixes"][each.name],
            f"`{each.module}`",
        )
        for each in find_errors()
    ]
    heads = ("class", "code", "when", "what to do", "module")
    return f"{TEXTS['fronts']['errors']}\n{_table(heads, rows)}"


def render_commands_page() -> str:
    """Render the page of every command from the application itself."""
    import typer

    from funis.cli import app

    front: str = TEXTS["fronts"]["commands"]
    return front + "".join(_render_commands(typer.main.get_command(app), "funis"))


def _render_commands(command: Any, name: str) -> Iterator[str]:
    shown = [each for each in command.params if each.name != "help"]
    arguments = [each for each in shown if each.param_type_name == "argument"]
    options = [each for each in shown if each.param_type_name == "option"]
    words = [name, *map(_argument, arguments)]
    yield f"\n## `{' '.join(words)}`\n\n{_unwrapped(command.help or '')}\n"
    rows = [
        (f"`{_argument(each)}`", "required" if each.required else "", each.help or "") for each in arguments
    ]
    rows += [(_spelled(each), _default(each), each.help or "") for each in options]
    if rows:
        yield f"\n{_table(('argument or option', 'default', 'meaning'), rows)}"
    for each in getattr(command, "commands", {}).values():
        yield from _render_commands(each, f"{name} {each.name}")


def _argument(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _spelled(option: Any) -> str:
    return ", ".join(f"`{word}`" for word in sorted(option.opts, key=len, reverse=True))


def _default(option: Any) -> str:
    if option.required:
        return "required"
    return "" if option.is_flag or option.default in (None, "") else f"`{option.default}`"


def _unwrapped(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).strip()


def render_results_page() -> str:
    """Render the page of the results: columns, analyses, statistics."""
    words = {"String": "text", "Float64": "number", "Int64": "whole number"}
    columns = [
        (f"`{name}`", words[str(kind)], TEXTS["columns"][name]) for name, kind in NUMBER_COLUMNS.items()
    ]
    parts = [
        TEXTS["fronts"]["results"],
        f"## Columns\n\n{_table(HEADS, columns)}",
        f"## Analyses\n\n{_table(('analysis', 'what it holds'), _named(TEXTS['analyses']))}",
        f"## Statistics\n\n{_table(('statistic', 'what it is'), _named(STATISTICS | TEXTS['statistics']))}",
        "## `sources.parquet`\n\nOne row for each number and each recorded value behind it.\n",
        _table(("column", "meaning"), _named(TEXTS["sources"])),
        "## `places.parquet`\n\nOne row for each number and each part of the report that prints it.\n",
        _table(("column", "meaning"), _named(TEXTS["places"])),
    ]
    return "\n".join(parts)


def _named(texts: Mapping[str, str]) -> list[tuple[str, ...]]:
    return [(f"`{name}`", text) for name, text in texts.items()]


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    cells = [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in (heads, *cells)]
    return "\n".join([lines[0], "|---" * len(heads) + "|", *lines[1:]]) + "\n"


def main() -> None:
    """Write every page and remove those whose definition is gone."""
    pages = build_pages()
    for name, text in pages.items():
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(text, encoding="utf-8")
    for folder in ("instruments", "responses"):
        for path in (DOCS / "reference" / folder).glob("*.md"):
            if path.relative_to(DOCS) not in pages:
                path.unlink()
    print(f"{len(pages)} pages written to {DOCS / 'reference'}")


if __name__ == "__main__":
    main()
