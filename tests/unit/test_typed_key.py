"""A number's key is typed: no part of it, and no printed text, is taken apart to find another part.

The packages of analysis, results, reporting and documents are read as syntax trees. Whatever takes a string
apart, prints a number by a format of its own or rounds one must stand in a list below, with its reason.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "funis"
PACKAGES = ("analysis", "reporting", "results", "documents")

#: Methods of strings, columns and patterns that take a text apart or look for a part in it.
TAKING_APART = frozenset(
    {
        "partition", "rpartition", "split", "rsplit", "splitlines", "removesuffix", "removeprefix", "startswith",
        "endswith", "starts_with", "ends_with", "contains", "contains_any", "strip_prefix", "strip_suffix",
        "extract", "extract_all", "extract_groups", "split_exact", "splitn", "fullmatch", "match", "search",
        "findall", "finditer", "sub",
    }
)  # fmt: skip

#: What is taken apart all the same: package and function, and why it is no key and no printed number.
PARSES = {
    "analysis::_covariates": "a formula of the study file is a language of its own",
    "analysis::_names": "a formula of the study file is a language of its own",
    "analysis::name_reason": "sets one space between the words of a reason, which were typed by hand",
    "analysis::_plain_words": "sets one space between the words of a drug or a unit, which were typed by hand",
    "analysis::_drug_name": "sets one space between the words of a drug, which were typed by hand",
    "analysis::_columns_read": "finds the names of columns in a definition, wherever in it they stand",
    "analysis::significant": "prints, for the words of a trace",
    "analysis::_cut": "shortens a list of names for the screen",
    "reporting::read_numbers": "counts the decimals the analysis chose: no column of a number says them yet",
    "reporting::_notes": "sets an article before the name of an origin that has none",
    "reporting::_joined": "sets a semicolon where what is joined has commas",
    "reporting::_recorded": "words the name of a column that stands in a rule",
    "reporting::_compared_column": "words the name of a column that stands in a rule",
    "reporting::_by_its_end": "words the name of a column that stands in a rule",
    "reporting::behind_number": "a unit that begins with a power of ten is set off by a sign",
    "reporting::_column": "words the name of a column that stands in a rule",
    "reporting::order_numbered": "sorts the data's own visit names as people would",
    "reporting::_visit_mean": "an axis called Visit does not repeat the word at each tick",
    "reporting::format_unit": "writes a unit with Greek letters",
    "reporting::in_sentence": "sets the first letter of a name small",
    "reporting::explain_signs": "looks for signs in all that the tables of a report print",
    "reporting::short_visit": "abbreviates a word for an axis",
    "results::_cut_frame": "keeps the sources of those who are absent, which one place names by this ending",
    "results::_slug": "makes the id",
    "results::_exact": "makes the id",
    "results::format_column": "prints",
    "documents::render_page": "keeps a number and its bracket on one line of the page that it has written",
    "documents::margin_warning": "shortens a title for the margin of a page",
    "documents::_call": "reads an expression of a chart's specification, which is a language of its own",
    "documents::_draw": "refuses letters that may not stand in a drawing",
    "documents::_lay_paper": "lays a white sheet under a drawing that the engine wrote",
    "documents::_steps": "reads the path of a drawing, which is a language of its own",
    "documents::_write_spec": "refuses letters that would end the drawing engine",
    "documents::_luminance": "reads a colour",
    "documents::_ask": "reads lines from the drawing process",
    "documents::find_formats": "reads an option of the command line",
    "reporting::find_abstract_formats": "reads an option of the command line",
    "documents::place_drawing": "reads the drawing that it places",
    "documents::_without_roles": "reads the drawing that it is part of placing",
    "documents::compact_drawing": "makes a drawing smaller",
    "documents::_say_once": "makes a drawing smaller",
    "documents::escape": "escapes marks",
    "documents::resolve": "references between parts of a document have a notation of their own",
    "reporting::place": "ids of tables and figures, given in the same room, say where they stand",
    "reporting::_judged": "gives each class of a response its sentence, which begins with its name",
    "reporting::with_groups": "sets the punctuation: a name that ends with a bracket gets no second one",
    "reporting::_with_limits": "sets the punctuation: behind a bracket stands no second one",
    "reporting::_intervals": "sets the punctuation of a style around parts whose ids stay",
    "reporting::_letters": "writes the letter before a P value as the style does",
    "reporting::_said": "names means and P values in words as the style does",
    "reporting::_spreads": "sets the punctuation of a style around parts whose ids stay",
    "reporting::_without_name": "leaves out the name that stands over a sentence",
    "documents::wrap": "breaks the words of a drawing into lines",
    "documents::fix_lengths": "reads the drawing whose lines it measures",
    "documents::_image": "names the typefaces of a drawing that it places",
    "documents::_words": "breaks a word that is wider than its column",
    "documents::_explain": "reads what the typesetter says, which has no code for it",
    "documents::_letter": "reads the letter that the typesetter names",
    "documents::_fix_text": "reads the drawing whose lines it measures",
    "documents::pieces": "references between parts of a document have a notation of their own",
    "documents::_drop_spare_parts": "finds parts of a Word file by the last word of their kind",
    "documents::_end_section": "sets the properties of a section into its last paragraph",
    "documents::_hex": "writes a colour as Word does",
    "documents::_open": "finds the list of keys among the parts of a Word file",
    "documents::read_docx_numbers": "reads the keys of a row from the list of keys",
    "documents::_save": "packs pictures otherwise than the rest of a Word file",
    "documents::_set_properties": "finds dates among the properties of a Word file",
    "documents::_write": "a style of our own says so",
    "reporting::_changed_to": "reads the decimals of a number that somebody may have edited",
    "reporting::_is_printed": "reads a number that somebody may have edited",
    "reporting::_scale": "reads the decimals of a number that was printed",
    "reporting::_plain": "writes a number that somebody may have edited as it is compared",
    "documents::_need": "measures the words of a column",
    "documents::count_lines": "breaks the words of a cell into lines",
    "documents::_answer": "reads a question to the drawing process",
    "documents::_lighten": "makes the drawing of a picture faster to draw",
    "documents::draw_shape": "reads the size of the drawing that it measures",
    "reporting::time_axis": "writes the names of visits as months on an axis",
    "reporting::_write_sentence": "a sentence of a published text has places for its figures",
    "reporting::_name_figure": "a name with a comma in it goes on after one",
    "reporting::_plain_variable": "leaves out the remark that a study file sets behind a label",
    "reporting::_shorten": "ends a title at the head of a page with a whole word",
    "reporting::shorten": "finds the kind of a table by the id it was given",
    "reporting::say_proposals_of_figures": "finds the figure of an endpoint by the id it was given",
}

#: What formats or rounds outside `results/text.py`: positions in a drawing, days of a window.
ROUNDS = {
    "analysis::_titre": "takes the noise of a logarithm off a titre that is printed next",
    "analysis::default_grid": "whole and half populations to assume, before anything is computed from them",
    "documents::_as_drawing": "height of a drawing in pixels",
    "documents::_px": "positions in a drawing",
    "reporting::_time_axis": "ticks of an axis",
    "reporting::_in_units": "whether a tick stands on a whole month",
    "reporting::_intervals": "borders of the bars of a drawing",
    "reporting::_stack": "heights of the bars of a drawing",
    "reporting::_curve": "points of a drawing",
    "reporting::count_points": "points of a drawing",
    "reporting::thin_line": "which points of a line are drawn",
    "reporting::_row_axis": "places of bars in a drawing",
    "reporting::_strip_points": "strokes of a drawing that cannot be told apart",
    "reporting::find_agreeing": "takes the noise of a subtraction off a limit that is compared, not printed",
    "reporting::_visits": "whole days of a window, with their sign",
    "reporting::_scatter": "points of a drawing",
    "reporting::ticks": "ticks of an axis",
    "results::format_number": "the one place that prints",
    "documents::css_string": "escapes a letter for a style sheet",
    "documents::_length": "length of a line of words in a drawing",
    "documents::twips": "lengths on a page, in twentieths of a point",
    "documents::points": "lengths on a page",
    "documents::hatch": "places of strokes in a drawing",
    "reporting::_grade_grid": "heights of the rows of a drawing",
    "reporting::_place": "borders of the bars of a drawing",
    "reporting::_strips": "heights of the rows of a drawing",
    "reporting::_count_notes": "whole numbers that a drawing holds as others",
    "reporting::_name_layers": "heights of words in a drawing",
    "documents::_place_x": "points of a drawing",
    "documents::_place_y": "points of a drawing",
    "documents::_place_word": "places of words in a drawing",
    "documents::_line": "points of a drawing",
    "documents::_place_name": "places of words in a drawing",
    "documents::draw_small": "points of a drawing",
    "documents::draw_lines": "ticks of an axis",
    "documents::": "the path of a symbol",
    "documents::_draw_line": "places of lines in a drawing",
    "documents::_point_look": "sizes of points in a drawing",
    "documents::_symbol": "sizes in the legend of a drawing",
    "documents::_wide": "widths of lines in a drawing",
    "documents::_dashes": "lengths of dashes in a drawing",
    "documents::_opacity": "how much shines through in a drawing",
    "documents::_key": "tells values of an axis apart that differ by more than noise",
    "documents::_call": "a value of an axis, as the specification asks",
    "documents::_ticks": "ticks of an axis",
    "documents::draw_axis": "places of ticks in a drawing",
    "documents::drawn": "places in a drawing",
    "documents::extent_of_words": "heights of words in a drawing",
    "documents::foot": "heights of words in a drawing",
    "documents::list_ticks": "ticks of an axis",
    "documents::px": "positions in a drawing",
    "documents::reach": "ends of an axis",
    "documents::write_ticks": "ticks of an axis, which are whole steps",
    "documents::write_words": "sizes of letters in a drawing",
}


def calls() -> Iterator[tuple[str, ast.AST]]:
    """Give every node of the packages with its package and function."""
    for package in PACKAGES:
        for path in sorted((SOURCE / package).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            owner: dict[ast.AST, str] = {}
            for function in ast.walk(tree):
                if isinstance(function, ast.FunctionDef):
                    owner |= dict.fromkeys(ast.walk(function), function.name)
            for node in ast.walk(tree):
                yield f"{package}::{owner.get(node, '')}", node


def method_of(node: ast.AST) -> str:
    """Give the name of the method or function that a node calls, empty for other nodes."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def takes_apart(node: ast.AST) -> bool:
    if method_of(node) in TAKING_APART:
        return True
    # `": " in number.variable` looks into a text; `"mmrm" in endpoint.methods` asks a list.
    is_test = isinstance(node, ast.Compare) and any(isinstance(each, ast.In | ast.NotIn) for each in node.ops)
    left = node.left if isinstance(node, ast.Compare) else None
    return (
        is_test
        and isinstance(left, ast.Constant)
        and isinstance(left.value, str)
        and not left.value.replace("_", "").isalnum()
    )


def rounds(node: ast.AST) -> bool:
    return method_of(node) == "round" or (
        isinstance(node, ast.FormattedValue) and node.format_spec is not None
    )


@pytest.mark.parametrize(
    ("finds", "allowed"), [(takes_apart, PARSES), (rounds, ROUNDS)], ids=["parses", "rounds"]
)
def test_nothing_beyond_the_list(finds: object, allowed: dict[str, str]) -> None:
    assert callable(finds)
    found = {place for place, node in calls() if finds(node)}
    assert not found - set(allowed), "take the part from its column, or give the reason in the list"
    assert not set(allowed) - found, "these places are gone: take them off the list"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('variable.partition(": ")', True),
        ('variable.removesuffix("_change")', True),
        ('": " in group.variable', True),
        ('pl.col("arm").str.contains(" - ")', True),
        ('"mmrm" in endpoint.methods', False),
        ("group.category", False),
    ],
)
def test_what_counts_as_taking_apart(source: str, expected: bool) -> None:  # noqa: FBT001
    assert any(takes_apart(node) for node in ast.walk(ast.parse(source))) is expected
