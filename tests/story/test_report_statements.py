"""What a reader may rely on in every report, statement by statement, in both rebuilt trials and other studies.

The number of a statement stands in the name of its test. Those that are held elsewhere, or by older tests:

1, 3, 37, 38    browser/test_report_pages.py and test_figures_measured.py (pages, Box 1, widths, heads)
10, 11, 12      test_same_numbers_in_all_files.py (numbers and numbering of page, Word file, PDF and RTF), test_printed_alike.py
13              test_same_numbers_in_all_files.py: references resolve. That each table is cited is not held: the main part
                shows its tables under the heading they belong to, and names few of them in sentences.
24, 25          test_decimals_of_a_variable.py (levels, changes, tests and influence have the decimals of the variable)
26, 27, 29      test_asked.py, test_always_asked.py (no zero without a question, how many visits were asked, not collected)
28              test_events_by_term.py (a column of those not graded)
34, 35          test_times_cite_their_lines.py (numbers at risk), unit/test_figures.py (the axis of time)
36              browser/test_figures_measured.py
39              test_congress_abstract.py (the limit by the rule of the congress)
40              below, and test_congress_abstract.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import pytest

from funis.documents.document import Box, Document, ItemList, Paragraph, Section
from funis.documents.flow_chart import FlowBox, FlowChart
from funis.documents.table import TableCell, TableSpec
from funis.reporting.as_recorded import mark_recorded
from funis.reporting.trial_document import build_document
from funis.reporting.withheld import withhold

from .report_kinds import KINDS, analysed

ITEMS = ["Patients", "Primary", "Durability", "Activity", "Harms", "Limits"]
NO_CONTROL = "There was no control group"
#: Words that claim an effect, which neither one arm nor a cohort can show.
CLAIMS = (
    r"\b(reduced|improved|led to|induced|effective|benefit|due to|caused|significant\w*|proved|safe|"
    r"well tolerated)\b"
)


@cache
def report(kind: str) -> Document:
    """Make the report of one kind of study, once."""
    study, results = analysed(kind)
    return build_document(mark_recorded(study, results), withhold(study, results))


def cells_of(table: TableSpec) -> Iterator[TableCell]:
    for row in table.rows:
        yield from (row.stub, *row.cells)


def words_of(section: Section) -> Iterator[str]:
    yield section.title
    for block in section.all_blocks:
        match block:
            case Paragraph():
                yield "".join(part.text for part in block.text)
            case ItemList():
                yield from ("".join(part.text for part in item) for item in block.items)
            case Box():
                yield block.title
                yield from (entry.name for entry in block.entries)
                yield from ("".join(part.text for part in text) for text in block.texts)
            case TableSpec():
                yield from (
                    block.title,
                    *block.heads,
                    *block.footnotes,
                    *(each.text for each in cells_of(block)),
                )
            case _:
                yield from (block.title, *block.footnotes)


def main_text(kind: str) -> str:
    document = report(kind)
    head = [
        document.title,
        document.kicker,
        *("".join(part.text for part in value) for _, value in document.facts),
    ]
    return "\n".join([*head, *(word for section in document.main for word in words_of(section))])


def main_tables(kind: str) -> list[TableSpec]:
    return [block for each in report(kind).main for block in each.all_blocks if isinstance(block, TableSpec)]


def box_of(kind: str, place: int) -> Box:
    boxes = [block for each in report(kind).main for block in each.all_blocks if isinstance(block, Box)]
    return boxes[place]


def item(kind: str, name: str) -> str:
    entry = next(each for each in box_of(kind, 0).entries if each.name == name)
    return "".join(part.text for part in entry.text)


every_kind = pytest.mark.parametrize("kind", KINDS)
with_response = pytest.mark.parametrize("kind", ["sle", "two_arms", "observational", "no_response_known"])


@every_kind
def test_statement_2_box_1_has_six_items_in_order(kind: str) -> None:
    box = box_of(kind, 0)
    assert box.label == "Box 1"
    assert [entry.name for entry in box.entries] == ITEMS
    assert all("".join(part.text for part in entry.text).strip("– ") for entry in box.entries)


@every_kind
def test_statement_4_the_endpoints_are_defined_in_words_before_their_results(kind: str) -> None:
    names = [section.id for section in report(kind).main]
    for later in {"response", "activity"} & set(names):
        assert names.index("endpoints") < names.index(later)
    assert box_of(kind, 1).label == "Box 2"


@with_response
def test_statement_5_a_definition_names_version_source_and_certainty(kind: str) -> None:
    said = " ".join(word for text in box_of(kind, 1).texts for word in [part.text for part in text])
    assert "Instruments: BILAG-2004 (form revision 1 Sep 2009)." in said
    assert re.search(r"Source: .*2014;16:R79", said)
    assert "Certainty: proposal of funis" in said


@every_kind
def test_statement_6_no_word_of_a_query_is_in_the_main_part(kind: str) -> None:
    assert re.findall(r"\b(SELECT|IS NOT NULL|IS NULL|IN \(|BETWEEN|NULL)\b", main_text(kind)) == []
    assert not re.search(r">=|<=|!=|==", main_text(kind))


@every_kind
def test_statement_7_no_token_with_an_underscore_is_in_the_main_part(kind: str) -> None:
    assert re.findall(r"\w*_\w*", main_text(kind)) == []


@every_kind
def test_statement_8_no_hash_path_or_version_of_software_is_in_the_main_part(kind: str) -> None:
    text = main_text(kind)
    assert re.findall(r"\b[0-9a-f]{12,}\b", text) == []
    assert re.findall(r"\b[\w/]+\.(?:csv|toml|parquet|py|html)\b", text) == []
    assert re.findall(r"\bfunis \d+\.\d", text) == []


@every_kind
def test_statement_9_a_number_of_a_result_has_its_id(kind: str) -> None:
    """A decimal number or a count over a denominator in a cell of the main part is bound to its result."""
    for table in main_tables(kind):
        for row in table.rows:
            for cell in row.cells:
                loose = [
                    part.text for part in cell.parts if not part.id and re.search(r"\d+[./]\d", part.text)
                ]
                assert loose == [], (table.id, cell.text)


@every_kind
def test_statement_14_every_percentage_stands_beside_its_n(kind: str) -> None:
    for table in main_tables(kind):
        for row in table.rows:
            line = " ".join(cell.text for cell in row.cells)
            if "%" in line and "Kaplan-Meier" not in row.stub.text:
                assert re.search(r"\d+/\d+", line), (table.id, row.stub.text, line)


def test_statement_15_of_few_patients_no_percentage_is_printed() -> None:
    assert re.findall(r"\d+/[1-9] \(\d", main_text("one_subject")) == []
    for name in ("Primary", "Durability", "Activity", "Harms"):
        assert "%" not in item("one_subject", name), name


@with_response
def test_statement_16_classes_and_cannot_tell_add_up_to_n(kind: str) -> None:
    table = next(each for each in main_tables(kind) if each.id == "table-main-response")
    counted = ("Major clinical response", "Partial clinical response", "No response", "Cannot tell",
               "Response of an open class")  # fmt: skip
    # Two visits, or two arms, stand beside each other; with bounds the visits stand below each other.
    columns = (0, 2) if table.spanners else (0,)
    found = [row.cells[place].text for row in table.rows if row.stub.text in counted for place in columns]
    assert sum(int(cell.split("/")[0]) for cell in found) == 40 * 2
    assert any(row.stub.text == "Any response" for row in table.rows)


def test_a_trial_of_two_arms_prints_differences_with_interval_and_p() -> None:
    """Each table of responses and of measures over time ends with the difference and its P; no P within an arm."""
    shown = [
        each
        # Measures of a subgroup stand in the supplement.
        for section in report("two_arms").sections
        for each in section.all_blocks
        if isinstance(each, TableSpec) and each.id.startswith(("table-main-response", "table-main-measure"))
    ]
    assert len(shown) >= 5
    for table in shown:
        assert table.heads[-2] == "Difference (95% CI)"
        assert [name for name, _ in table.spanners] == ["", "Cells", "Placebo", ""]
        assert len([head for head in table.heads if head.startswith("P")]) == 1
        told = [row.cells[-2] for row in table.rows if row.cells and row.cells[-2].text != "–"]
        assert told
        for cell in told:
            assert re.fullmatch(r"−?[\d.]+ \(−?[\d.]+ to −?[\d.]+\)", cell.text)
            assert all("A_-_B" in name for name in cell.ids)
            assert len(cell.ids) == 3


def count_of(box: FlowBox) -> int:
    return int("".join(part.text for part in box.count).split("=")[1])


def test_relapses_of_two_arms_stand_apart_and_add_up_to_all() -> None:
    table = next(each for each in main_tables("two_arms") if each.id == "table-main-relapse")
    blocks: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for row in table.rows:
        if row.is_heading:
            own = blocks.setdefault(row.stub.text, {})
        else:
            found = [re.match(r"(\d+)/(\d+)", cell.text) for cell in row.cells]
            own[row.stub.text] = [(int(each[1]), int(each[2])) for each in found if each is not None]
    assert list(blocks) == ["Cells", "Placebo", "All arms together"]
    for label, whole in blocks["All arms together"].items():
        arms = zip(blocks["Cells"][label], blocks["Placebo"][label], strict=True)
        assert [(a + c, b + d) for (a, b), (c, d) in arms] == whole
    # Seven relapsed among 29 responders, as the rebuilt abstract says; the odd subjects are in the first arm.
    assert blocks["All arms together"]["By month 12"] == [(7, 40), (7, 29)]
    assert [blocks[arm]["By month 12"][0][1] for arm in ("Cells", "Placebo")] == [20, 20]
    ids = [{part.id for cell in row.cells for part in cell.parts if part.id} for row in table.rows]
    assert len(set().union(*ids)) == sum(map(len, ids))
    single = next(each for each in main_tables("sle") if each.id == "table-main-relapse")
    assert not any(row.is_heading for row in single.rows)


@every_kind
def test_statement_17_boxes_of_the_flow_add_up(kind: str) -> None:
    """What a step has is what the next one has and those who left between; the arms make the whole."""
    charts = [
        block for each in report(kind).main for block in each.all_blocks if isinstance(block, FlowChart)
    ]
    assert len(charts) == 1
    chart = charts[0]
    assert len(chart.arms) == (2 if kind == "two_arms" else 0)
    assert not any("do not add up" in note for note in chart.footnotes)
    for steps in (chart.steps, *(arm.steps for arm in chart.arms)):
        counted = [step for step in steps if step.box.count]
        for step, following in pairwise(counted):
            assert count_of(step.box) == count_of(following.box) + sum(map(count_of, step.left))
    if chart.arms:
        assert count_of(chart.steps[-1].box) == sum(count_of(arm.steps[0].box) for arm in chart.arms) == 40
    else:
        assert count_of(chart.steps[0].box) == (
            24 if kind == "sjogren" else 1 if kind == "one_subject" else 40
        )


@pytest.mark.parametrize("kind", ["sle", "observational", "no_response_known"])
def test_statement_18_a_column_names_the_population_it_is_divided_by(kind: str) -> None:
    table = next(each for each in main_tables(kind) if each.id == "table-main-relapse")
    assert table.heads[1:] == ("Of all treated", "Of responders", "Of responders still at risk")
    over = {cell.text.split("/")[1].split(" ")[0] for row in table.rows[:2] for cell in row.cells[:1]}
    assert over == {"40" if kind != "no_response_known" else "35"}


@every_kind
def test_statement_19_each_interval_of_a_percentage_names_its_method_once(kind: str) -> None:
    """A table of the main part that prints exact intervals names Clopper-Pearson in its notes, and in one of them."""
    for table in main_tables(kind):
        exact = [name for cell in cells_of(table) for name in cell.ids if name.endswith(".clopper_pearson")]
        named = [note for note in table.footnotes if "Clopper-Pearson" in note]
        assert sum(note.count("Clopper-Pearson") for note in named) <= 1, table.id
        if exact:
            heads = [head for head in table.heads if "Clopper-Pearson" in head]
            assert len(named) + len(heads) >= 1, table.id


@with_response
def test_statement_20_only_the_planned_interval_stands_in_the_main_part(kind: str) -> None:
    text = main_text(kind)
    assert "Wilson" not in text
    assert "Clopper-Pearson" in text


@every_kind
def test_statement_21_no_p_of_zero_no_star_no_ns(kind: str) -> None:
    assert not re.search(r"\b0\.000\b|\bNS\b|\d\*", main_text(kind))


@every_kind
def test_statement_22_adjusted_and_raw_p_share_no_cell(kind: str) -> None:
    for table in main_tables(kind):
        for cell in cells_of(table):
            assert sum(".p." in name or ".p_adjusted." in name for name in cell.ids) <= 1, table.id


@every_kind
def test_statement_23_the_baseline_table_has_no_p(kind: str) -> None:
    for table in main_tables(kind):
        if table.id.startswith("table-baseline"):
            assert not any(re.match(r"P\b", head) for head in table.heads)


def test_statement_30_what_cannot_be_told_has_bounds() -> None:
    # 40 treated, 5 of them without grades: 26 responders among 35; between 26 and 31 among all 40.
    assert "26/35" in item("no_response_known", "Primary")
    assert "5 cannot be told: lowest 26/40, highest 31/40" in item("no_response_known", "Primary")
    table = next(each for each in main_tables("no_response_known") if each.id == "table-main-response")
    row = next(row for row in table.rows if row.stub.text == "Any response")
    assert row.cells[-1].text == "26/40 / 31/40"


def test_statement_31_equal_sensitivity_rows_are_one_sentence_and_differing_rows_a_table() -> None:
    def shown(kind: str) -> tuple[list[str], list[str]]:
        section = next(each for each in report(kind).supplement if each.id == "models")
        tables = [each.id for each in section.all_blocks if isinstance(each, TableSpec)]
        lines = [
            "".join(part.text for part in each.text)
            for each in section.all_blocks
            if isinstance(each, Paragraph)
        ]
        return [name for name in tables if "sensitivity" in name], lines

    tables, lines = shown("sle")
    assert tables == []
    assert (
        "Sensitivity analyses: clinical response, estimate (95% CI): all 8 analyses, over visits and "
        "populations, gave 29/40 (72.5%" in " ".join(lines)
    )
    assert shown("no_response_known")[0] == ["table-sensitivity-response"]


@pytest.mark.parametrize("kind", ["sle", "sjogren", "observational", "nobody_asked", "no_response_known"])
def test_statement_32_verbs_that_claim_an_effect_are_absent(kind: str) -> None:
    document = report(kind)
    said = [document.title, *("".join(part.text for part in text) for text in box_of(kind, 0).texts)]
    assert re.findall(CLAIMS, " ".join(said), flags=re.IGNORECASE) == []


@every_kind
def test_statement_33_without_a_control_group_box_1_says_so(kind: str) -> None:
    has_one_arm = kind not in {"two_arms", "observational"}
    assert (NO_CONTROL in item(kind, "Limits")) is has_one_arm


def test_harms_that_nobody_asked_about_are_not_a_zero() -> None:
    assert item("nobody_asked", "Harms") == (
        "Adverse events were not collected. This report cannot say whether any occurred."
    )
    assert "0/40" in item("sle", "Harms")
    assert "upper 95% limit 8.8%" in item("sle", "Harms")
    assert "14.2%" in item("sjogren", "Harms")


def test_a_withheld_primary_result_is_replaced_by_no_other() -> None:
    assert "withheld" in item("wrecked", "Primary")
    assert "29/40" not in main_text("wrecked")
    assert item("wrecked", "Durability") == "Durability: withheld for errors in the data."
    # Of 29 who responded 7 relapsed, so 22 are left; that 29 respond at month 12 too is another 7.
    said = item("sle", "Durability")
    assert said.startswith("7 of 29 responders relapsed by month 12 (24.1%")
    assert said.endswith(". 22 of 29 still responded at month 12.")


def newcombe(first: tuple[int, int], second: tuple[int, int]) -> tuple[float, float]:
    """Combine two Wilson intervals (Newcombe, Stat Med 1998;17:873-90, method 10), in percentage points."""
    ends = []
    for events, size in (first, second):
        z, share = 1.959964, events / size
        middle = share + z * z / (2 * size)
        half = z * (share * (1 - share) / size + z * z / (4 * size * size)) ** 0.5
        ends.append((share, (middle - half) / (1 + z * z / size), (middle + half) / (1 + z * z / size)))
    (p, low, high), (q, below, above) = ends
    apart = p - q
    return (
        100 * (apart - ((p - low) ** 2 + (above - q) ** 2) ** 0.5),
        100 * (apart + ((high - p) ** 2 + (q - below) ** 2) ** 0.5),
    )


@pytest.mark.parametrize("kind", ["two_arms", "randomised"])
def test_box_1_of_two_arms_says_the_result_of_each_arm_and_their_difference_first(kind: str) -> None:
    """All subjects of both arms together answer no question of a trial that compares them."""
    said = item(kind, "Primary")
    found = re.match(
        r"At month 6, a response \(UC-MSC BILAG response\): "
        r"Cells (\d+)/20 \([^)]*\), Placebo (\d+)/20 \([^)]*\); difference (−?[\d.]+) percentage points "
        r"\(95% CI (−?[\d.]+) to (−?[\d.]+); Cells minus Placebo\)\.",
        said,
    )
    assert found, said
    cells, placebo = int(found[1]), int(found[2])
    assert cells + placebo == 29  # the abstract: 14 and 15 of 40
    low, high = newcombe((cells, 20), (placebo, 20))
    numbers = [float(each.replace("−", "-")) for each in found.groups()[2:]]
    assert numbers == pytest.approx([5 * (cells - placebo), low, high], abs=0.051)
    lasting = item(kind, "Durability")
    shares = [(int(a), int(b)) for a, b in re.findall(r"(?:Cells|Placebo) (\d+)/(\d+)", lasting)]
    assert len(shares) == 4
    assert [sum(each) for each in zip(*shares[:2], strict=True)] == [7, 29]
    assert [sum(each) for each in zip(*shares[2:], strict=True)] == [22, 29]
    # None of 20: 1 − 0.025^(1/20) = 16.8%.
    none = "0/20 (upper 95% limit 16.8%)"
    assert item(kind, "Harms").startswith(
        f"Any adverse event: Cells {none}, Placebo {none}; patients were asked"
    )
    for name in ("Primary", "Durability", "Harms"):
        assert "/40" not in item(kind, name)


def test_box_1_calls_arms_formed_at_random_only_where_the_study_file_says_so() -> None:
    """“As treated” names an analysis, which nobody asked for here."""
    assert item("randomised", "Limits").startswith("Arms were formed at random.")
    assert item("two_arms", "Limits").startswith(
        "The study file does not say that arms were formed at random:"
    )
    for kind in ("randomised", "two_arms"):
        assert "as they were treated" not in item(kind, "Limits")


def test_the_methods_of_the_main_part_say_how_arms_are_compared() -> None:
    """They named tests within an arm alone, of which no P is printed where there are arms."""
    assert "Responses of the arms are compared by Fisher’s exact test" in main_text("two_arms")
    assert "Changes of the arms are compared by Welch’s t test" in main_text("two_arms")
    assert "of the arms are compared" not in main_text("sle")


@every_kind
def test_no_table_over_time_has_dashes_alone(kind: str) -> None:
    """One subject without nephritis had a table of nephritis without a number."""
    for table in main_tables(kind):
        if table.id.startswith("table-main-measure"):
            shown = [cell.text for row in table.rows for cell in row.cells]
            assert any(re.search(r"\d", text) for text in shown), table.title


def test_the_flow_of_a_withheld_result_counts_nobody_as_analysed_for_it() -> None:
    """Box 1 withheld the response, and the flow said that 40 were analysed for it."""
    chart = next(
        block for each in report("wrecked").main for block in each.all_blocks if isinstance(block, FlowChart)
    )
    assert not [step for step in chart.steps if step.box.title.startswith("Analysed for")]
    assert chart.steps[-1].box.title == "Clinical response: withheld for errors in the data"


@pytest.mark.parametrize("kind", ["sle", "sjogren"])
def test_statement_40_no_assumed_value_is_a_key_result_and_the_banner_is_on_every_page(kind: str) -> None:
    document = report(kind)
    said = ["".join(part.text for part in text) for text in box_of(kind, 0).texts]
    assert not any("†" in text for text in said)
    assert any(notice.title.startswith("Reconstructed") for notice in document.notices)
    # What stands at the head of each printed page.
    assert "Reconstructed from published figures" in document.margin_warning
