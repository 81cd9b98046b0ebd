"""What a study file chooses of its report: order of the parts, titles and footnotes, and no number by it."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from funis.documents.document import Document
from funis.documents.figure import FigureSpec
from funis.documents.flow_chart import FlowChart
from funis.documents.table import TableSpec
from funis.errors import StudyError
from funis.reporting.arrangement import MAIN
from funis.reporting.report_figures import build_figures
from funis.reporting.report_tables import build_tables
from funis.reporting.trial_document import build_document
from funis.study.printed_names import FIXED, MAIN_SECTIONS, NUMBERED, is_printed, printed_names
from funis.study.read import read_study
from funis.study.report_choices import ReportChoices

from .report_kinds import analysed

ROOT = Path(__file__).resolve().parents[2]
HEAD = '[study]\nid = "B"\ntitle = "B"\ncondition = "sle"\ndesign = "observational"\n'


def document(**choices: Any) -> Document:
    study, results = analysed("sle")
    chosen = study.model_copy(update={"report": ReportChoices.model_validate(choices)})
    return build_document(chosen, results)


def shown(page: Document, section: str) -> list[str]:
    found = next(each for each in page.sections if each.id == section)
    return [each.id for each in found.all_blocks if isinstance(each, TableSpec | FigureSpec | FlowChart)]


def table_of(page: Document, name: str) -> TableSpec:
    blocks = (block for each in page.sections for block in each.all_blocks)
    return next(block for block in blocks if isinstance(block, TableSpec) and block.id == name)


def names(page: Document) -> list[str]:
    return [each.id for each in page.sections]


def refused(lines: str, folder: Path) -> str:
    (folder / "study.toml").write_text(f"{HEAD}[report]\n{lines}\n", encoding="utf-8")
    with pytest.raises(StudyError) as found:
        read_study(folder)
    return str(found.value)


USUAL = ["key-results", "subjects", "endpoints", "baseline", "response", "activity", "glucocorticoid"]
USUAL += ["exposure", "safety", "methods", "quality", "limits"]


def test_the_names_of_the_study_file_are_those_of_the_sections() -> None:
    assert list(MAIN) == list(MAIN_SECTIONS.values())


def test_nothing_chosen_is_the_usual_order_and_so_is_the_sign_for_the_rest() -> None:
    usual = document()
    assert [each.id for each in usual.main] == USUAL
    assert document(main=("key_results", "...")) == usual


def test_sections_stand_in_the_order_asked_for_and_the_rest_in_its_own() -> None:
    page = document(main=("key_results", "...", "safety", "flow"))
    expected = [name for name in USUAL if name not in {"safety", "subjects"}] + ["safety", "subjects"]
    assert [each.id for each in page.main] == expected
    assert shown(page, "safety") == shown(document(), "safety")


def test_a_section_that_is_not_named_is_whole_behind_the_supplement() -> None:
    page = document(main=("key_results", "endpoints", "response", "quality", "limits"))
    assert [each.id for each in page.main] == ["key-results", "endpoints", "response", "quality", "limits"]
    moved = {each.id: each for each in page.supplement if each.id in USUAL}
    usual = {each.id: each for each in document().main}
    # S19 is the last code of every supplement; what was moved is counted on without a gap.
    assert [(name, section.code) for name, section in moved.items()] == [
        ("subjects", "S20"),
        ("baseline", "S21"),
        ("activity", "S22"),
        ("glucocorticoid", "S23"),
        ("exposure", "S24"),
        ("safety", "S25"),
        ("methods", "S26"),
    ]
    assert names(page)[-7:] == list(moved)
    assert moved["methods"].blocks == usual["methods"].blocks
    assert moved["safety"].title == "Safety"


def test_a_section_with_tables_holds_them_alone_and_in_their_order() -> None:
    page = document(
        main=("key_results", "...", "response", "figure-swimmer", "table-systems", "table-main-response")
    )
    assert shown(page, "response") == ["figure-swimmer", "table-systems", "table-main-response"]
    others = [name for name in shown(document(), "response") if name not in shown(page, "response")]
    assert others
    assert shown(page, "response-others") == others
    rest = next(each for each in page.sections if each.id == "response-others")
    assert (rest.code, rest.title) == ("S20", "Response and relapse: further tables and figures")
    # Of the systems' section the other table and figure stay where they were.
    assert "table-systems" not in shown(page, "systems")
    assert shown(page, "systems") == [
        name for name in shown(document(), "systems") if name != "table-systems"
    ]
    labels = page.register.labels
    assert labels["table-systems"] == f"Table {int(labels['table-main-response'].split()[1]) - 1}"


def test_what_could_not_be_assessed_stays_with_the_key_results() -> None:
    study, results = analysed("wrecked")
    usual = shown(build_document(study, results), "key-results")
    choices = ReportChoices(main=("key_results", "table-disposition", "..."))
    page = build_document(study.model_copy(update={"report": choices}), results)
    assert shown(page, "key-results") == [*usual, "table-disposition"]


def test_a_name_that_this_report_has_nothing_for_is_no_gap() -> None:
    page = document(main=("key_results", "flow", "figure-flow", "table-deviations", "..."))
    assert shown(page, "subjects") == ["figure-flow"]


def test_choices_change_no_id_no_value_and_no_printed_number() -> None:
    usual = document()
    page = document(
        main=(
            "key_results",
            "safety",
            "baseline",
            "table-baseline",
            "table-eligibility",
            "quality",
            "limits",
        ),
        titles={"table-baseline": "Patients", "safety": "Harms"},
        footnotes={"table-baseline": "Ours."},
    )
    assert set(page.ids) == set(usual.ids)
    assert page.numbers == usual.numbers
    tables = {
        block.id: block.rows
        for each in page.sections
        for block in each.all_blocks
        if isinstance(block, TableSpec)
    }
    for each in usual.sections:
        for block in each.all_blocks:
            # The checklist says in which section an item stands: that is what was chosen.
            if isinstance(block, TableSpec) and block.id != "table-checklist":
                assert tables[block.id] == block.rows


def test_titles_and_footnotes_of_the_study_file_are_printed_and_none_is_lost() -> None:
    page = document(
        titles={
            "table-baseline": "Patients before the cells",
            "figure-flow": "Who took part",
            "safety": "Harms",
        },
        footnotes={"table-baseline": ("First.", "Second."), "figure-flow": "Third."},
    )
    section = next(each for each in page.main if each.id == "safety")
    assert section.title == "Harms"
    table, usual = table_of(page, "table-baseline"), table_of(document(), "table-baseline")
    assert table.title == "Patients before the cells"
    assert table.footnotes == (*usual.footnotes, "First.", "Second.")
    flow = next(each for each in page.main if each.id == "subjects")
    chart = next(block for block in flow.all_blocks if isinstance(block, FlowChart))
    assert chart.title == "Who took part"
    assert chart.footnotes[-1] == "Third."
    assert page.register.labels["table-baseline"] == "Table 1"
    entry = next(each for each in page.register.entries if each.id == "table-baseline")
    assert entry.title == "Patients before the cells"


@pytest.mark.parametrize("kind", ["sle", "sjogren", "two_arms", "wrecked", "no_response_known"])
def test_every_table_and_figure_that_is_made_has_a_name(kind: str) -> None:
    study, results = analysed(kind)
    made = [table.id for table in build_tables(study, results)]
    made += [figure.id for figure in build_figures(study, results)]
    assert [name for name in made if not is_printed(study, name)] == []


def test_every_fixed_name_is_made_somewhere() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src" / "funis" / "reporting").glob("*.py")
    )
    levels = {f"table-findings-{level}" for level in ("error", "warning", "query")}
    assert [name for name in FIXED if f'"{name}' not in source and name not in levels] == []
    assert [name for name in NUMBERED if f'"{name}' not in source] == []


@pytest.mark.parametrize(
    ("name", "is_known"),
    [
        ("table-main-measure-1", True),
        ("table-main-measure-12", True),
        ("table-main-measure-0", False),
        ("table-main-measure-01", False),
        ("table-main-measure", False),
        ("table-event-terms", True),
        ("table-event-terms-1", False),
        ("table-event-terms-2", True),
        ("table-baseline-2", False),
        ("table-sledai_change", True),
        ("table-sensitivity-response", True),
        ("table-response-ucmsc_bilag_response", True),
        ("figure-regression-proteinuria_change-proteinuria_24h-lupus_nephritis", True),
        ("figure-regression-proteinuria_change-proteinuria_24h-haematological", False),
        ("table-nothing", False),
    ],
)
def test_names_are_known_with_their_numbers(name: str, *, is_known: bool) -> None:
    study, _ = analysed("sle")
    assert is_printed(study, name) is is_known


def test_no_name_stands_twice() -> None:
    listed = printed_names(analysed("sle")[0])
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('main = ["key_results", "safetyy", "..."]', "The nearest is 'safety'"),
        ('main = ["key_results", "safetyy", "..."]', "Sections: key_results, flow, endpoints"),
        ('main = ["key_results", "flow", "table-basline", "..."]', "The nearest is 'table-baseline'"),
        ('main = ["key_results", "flow", "table-basline", "..."]', "Tables and figures: table-unassessed, "),
        ('main = ["key_results", "safety", "safety", "..."]', "given twice"),
        ('main = ["key_results", "...", "..."]', "given twice"),
        ('main = ["safety", "..."]', "opens with its key results"),
        ('main = ["...", "key_results"]', "opens with its key results"),
        ('main = ["key_results", "...", "table-baseline"]', "stands behind '...'"),
        ('main = ["key_results", "limits"]', "holds the section 'quality'"),
        ('main = ["key_results", "quality"]', "holds the section 'limits'"),
        ('titles = {"table-basline" = "A"}', "The nearest is 'table-baseline'"),
        ('titles = {"table-baseline" = ""}', "titles"),
        ('footnotes = {"safety" = "A"}', "A report has no table or figure of this name"),
        ('footnotes = {"table-baseline" = ["A", ""]}', "footnotes"),
    ],
)
def test_a_choice_that_fits_nothing_is_refused_with_what_would(lines: str, said: str, tmp_path: Path) -> None:
    assert said in refused(lines, tmp_path)


def examples() -> tuple[tuple[str, str, str], ...]:
    place = ROOT / "docs" / "pages_of_the_study_file.py"
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: tuple[tuple[str, str, str], ...] = module.EXAMPLES_OF_REPORT
    return found


@pytest.mark.parametrize(("what", "read", "wrong"), examples(), ids=[each[0] for each in examples()])
def test_the_examples_of_the_reference_are_read_and_refused(
    what: str, read: str, wrong: str, tmp_path: Path
) -> None:
    (tmp_path / "study.toml").write_text(f"{HEAD}[report]\n{read}\n", encoding="utf-8")
    assert read_study(tmp_path).report != ReportChoices(), what
    assert refused(wrong, tmp_path)
