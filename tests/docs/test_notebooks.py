"""Notebooks run from top to bottom, and what they show is what they print."""

import ast
import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def run_cell(text: str, names: dict[str, Any]) -> tuple[str, str]:
    """Run one cell as a notebook does; give what it printed and how its last expression reads."""
    tree = ast.parse(text)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed, shown = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), names)  # noqa: S102
        if isinstance(last, ast.Expr):
            shown = eval(compile(ast.Expression(last.value), "cell", "eval"), names)  # noqa: S307
    return printed.getvalue(), "" if shown is None else repr(shown)


def stored(cell: dict[str, Any]) -> tuple[str, str]:
    """Give the output that stands in the notebook."""
    printed = "".join("".join(each.get("text", [])) for each in cell["outputs"])
    shown = "".join("".join(each.get("data", {}).get("text/plain", [])) for each in cell["outputs"])
    return printed, shown


def test_there_is_a_notebook() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_print_what_stands_below_them(notebook: Path) -> None:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in cells:
        if cell["cell_type"] == "code":
            text = "".join(cell["source"])
            assert run_cell(text, names) == stored(cell), text
