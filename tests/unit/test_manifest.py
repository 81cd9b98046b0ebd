"""Published beside computed: which number a figure selects, and when the two agree."""

from pathlib import Path

import polars as pl
import pytest

from funis.demo.manifest import (
    ComparedFigure,
    ManifestError,
    compare_with_published,
    parse_manifest,
    read_manifest,
    render_comparison,
)
from funis.errors import UnknownNameError
from funis.results import NumberList, Place


def numbers(**means: float) -> pl.DataFrame:
    """The mean of one score at each visit."""
    collected = NumberList()
    for visit, mean in means.items():
        collected.add(Place(analysis="summary", variable="sledai_2k", visit=visit), "mean", mean)
    return collected.frame()


def compare(row: str, frame: pl.DataFrame) -> ComparedFigure:
    manifest = parse_manifest(
        f'figures = [{{id = "f", {row}}}]\n[select]\n'
        'analysis = "summary"\nvariable = "sledai_2k"\nstatistic = "mean"',
        "test",
    )
    (comparison,) = compare_with_published(frame, manifest)
    return comparison


@pytest.mark.parametrize(
    ("printed", "value", "agrees"),
    [
        ("10.83", 10.825, True),  # a tie goes away from zero
        ("10.82", 10.825, False),
        ("10.8", 10.825, True),  # only what is printed is compared
        ("6.30", 6.3, True),
        ("6.31", 6.3, False),
        ("7", 7.4, True),
    ],
)
def test_a_figure_must_be_met_to_its_printed_decimals(printed: str, value: float, agrees: bool) -> None:  # noqa: FBT001
    found = compare(f'visit = "baseline", printed = "{printed}"', numbers(baseline=value))
    assert found.agrees is agrees
    assert found.published == printed


@pytest.mark.parametrize(
    ("row", "agrees"),
    [
        ('relation = "falls", visits = ["a", "b", "c"]', True),  # 5 and 4 are both below 6
        ('relation = "falls", visits = ["b", "a"]', False),
        ('relation = "rises", visits = ["b", "a"]', True),
        ('relation = "keeps falling", visits = ["a", "b", "c"]', False),  # 6, 4, 5
        ('relation = "keeps falling", visits = ["a", "c", "b"]', True),
        ('relation = "keeps rising", visits = ["b", "c", "a"]', True),
        ('relation = "lowest at", printed = "b", visits = ["a", "b", "c"]', True),
        ('relation = "lowest at", printed = "c", visits = ["a", "b", "c"]', False),
        ('relation = "highest at", printed = "a", visits = ["a", "b", "c"]', True),
        ('relation = "not above", visits = ["c", "b"]', True),
        ('relation = "not above", visits = ["b", "c"]', False),
        ('relation = "<", printed = "6", visit = "a"', False),  # 6 is not below 6
        ('relation = ">=", printed = "6", visit = "a"', True),
        ('relation = ">", printed = "6", visit = "a"', False),
    ],
)
def test_directions_and_limits(row: str, agrees: bool) -> None:  # noqa: FBT001
    assert compare(row, numbers(a=6.0, b=4.0, c=5.0)).agrees is agrees


def test_a_tie_is_neither_lowest_nor_falling() -> None:
    frame = numbers(a=5.0, b=5.0)
    assert not compare('relation = "lowest at", printed = "b", visits = ["a", "b"]', frame).agrees
    assert not compare('relation = "falls", visits = ["a", "b"]', frame).agrees


def test_a_number_that_was_not_computed_does_not_agree() -> None:
    found = compare('visit = "month_3", printed = "7.43"', numbers(baseline=7.43))
    assert not found.agrees
    assert found.computed == "no such number was computed"


def test_a_number_that_could_not_be_estimated_does_not_agree() -> None:
    found = compare('visit = "baseline", printed = "0.00"', numbers(baseline=float("nan")))
    assert not found.agrees
    assert found.computed == "the number could not be estimated"


def test_two_numbers_that_fit_do_not_agree() -> None:
    collected = NumberList()
    for method in ("wilson", "clopper_pearson"):
        place = Place(analysis="summary", variable="sledai_2k", visit="baseline")
        collected.add(place, "lower", 1.0, method=method)
    found = compare('statistic = "lower", visit = "baseline", printed = "1"', collected.frame())
    assert not found.agrees
    assert found.computed == "2 numbers fit"
    named = 'statistic = "lower", visit = "baseline", method = "wilson", printed = "1"'
    assert compare(named, collected.frame()).agrees


def test_a_subgroup_is_selected_only_when_it_is_named() -> None:
    collected = NumberList()
    place = Place(analysis="summary", variable="sledai_2k", visit="baseline", subgroup="lupus_nephritis")
    collected.add(place, "mean", 2.0)
    assert not compare('visit = "baseline", printed = "2"', collected.frame()).agrees
    assert compare(
        'visit = "baseline", subgroup = "lupus_nephritis", printed = "2"', collected.frame()
    ).agrees


def test_a_factor_turns_the_number_into_the_printed_unit() -> None:
    assert compare('visit = "baseline", printed = "0.63", factor = 10', numbers(baseline=0.063)).agrees


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        ('relation = "fall", visits = ["a"]', UnknownNameError, "Did you mean 'falls'"),
        ('printed = "1", visti = "a"', UnknownNameError, "Did you mean 'visit'"),
        ('relation = "falls", printed = "1"', ManifestError, "a direction needs 'visits'"),
        ('visit = "a"', ManifestError, "any other relation needs 'printed'"),
        ('relation = "lowest at", printed = "z", visits = ["a", "b"]', ManifestError, "'z' is not among"),
    ],
)
def test_a_manifest_that_says_nothing_clear_is_refused(
    row: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        compare(row, numbers(a=1.0))


def test_an_id_stands_once() -> None:
    row = '{id = "f", analysis = "summary", variable = "x", statistic = "n", printed = "1"}'
    with pytest.raises(ManifestError, match="the id 'f' stands twice"):
        parse_manifest(f"figures = [{row}, {row}]", "test")


def test_manifests_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('figures = [{id = "n", analysis = "a", variable = "v", statistic = "n", printed = "3"}]')
    assert read_manifest(path).figures[0].printed == "3"
    assert read_manifest("sle").name == "sle"
    with pytest.raises(UnknownNameError, match="Did you mean 'sle'"):
        read_manifest("sles")


def test_the_printed_comparison_names_what_differs() -> None:
    rows = (
        ComparedFigure("a", "10.83", "=", "10.83", True, ""),  # noqa: FBT003
        ComparedFigure("b", "7.43", "=", "7.44", False, ""),  # noqa: FBT003
    )
    lines = render_comparison(rows).splitlines()
    assert lines[2].split() == ["a", "10.83", "10.83", "agrees"]
    assert lines[3].split() == ["b", "7.43", "7.44", "DIFFERS"]
    assert lines[-1] == "1 of 2 published figures agree."


# The figures of the lupus abstract, typed a second time from the publication's list of figures.
SLE_PUBLISHED = {
    "mcr_count": "14", "mcr_percent": "35.0", "pcr_count": "15", "pcr_percent": "37.5",
    "relapse_month_9_count": "3", "relapse_month_9_percent": "7.5",
    "relapse_month_12_count": "4", "relapse_month_12_percent": "10",
    "sledai_baseline_mean": "10.83", "sledai_baseline_sd": "4.63",
    "sledai_month_3_mean": "7.43", "sledai_month_3_sd": "3.93",
    "sledai_month_6_mean": "6.30", "sledai_month_6_sd": "3.63",
    "sledai_month_9_mean": "6.40", "sledai_month_9_sd": "3.84",
    "sledai_month_12_mean": "6.48", "sledai_month_12_sd": "3.52",
    "proteinuria_baseline_mean": "2.24", "proteinuria_baseline_sd": "1.43",
    "proteinuria_month_9_mean": "1.24", "proteinuria_month_9_sd": "1.09",
    "proteinuria_month_12_mean": "1.41", "proteinuria_month_12_sd": "1.33",
}  # fmt: skip


def test_the_lupus_manifest_holds_the_published_figures() -> None:
    figures = {figure.id: figure for figure in read_manifest("sle").figures}
    assert {name: figures[name].printed for name in SLE_PUBLISHED} == SLE_PUBLISHED
    assert {figures[name].relation for name in SLE_PUBLISHED} == {"="}


SJOGREN_PUBLISHED = {
    "subjects": "24", "female": "23", "male": "1", "age_mean": "45", "age_min": "27", "age_max": "68",
    "ssdai_baseline_mean": "5.63", "ssdai_baseline_sd": "1.44",
    "ssdai_month_1_mean": "4.33", "ssdai_month_1_sd": "1.79",
    "ssdai_month_3_mean": "4.08", "ssdai_month_3_sd": "1.44",
    "ssdai_month_6_mean": "3.46", "ssdai_month_6_sd": "1.18",
    "ssdai_month_12_mean": "3.08", "ssdai_month_12_sd": "1.21",
    "unstimulated_flow_baseline_mean": "0.63", "unstimulated_flow_baseline_sd": "0.73",
    "unstimulated_flow_week_2_mean": "1.00", "unstimulated_flow_week_2_sd": "0.78",
    "unstimulated_flow_month_1_mean": "1.26", "unstimulated_flow_month_1_sd": "1.02",
    "stimulated_flow_week_2_p": "0.008", "stimulated_flow_month_1_p": "0.043",
    "stimulated_flow_month_3_p": "0.016", "stimulated_flow_month_6_p": "0.017",
    "stimulated_flow_month_12_p": "0.016", "anti_ssa_n": "5", "anti_ssb_n": "5", "stimulated_flow_n": "11",
}  # fmt: skip


def test_the_sjogren_manifest_holds_the_published_figures() -> None:
    figures = {figure.id: figure for figure in read_manifest("sjogren").figures}
    assert {name: figures[name].printed for name in SJOGREN_PUBLISHED} == SJOGREN_PUBLISHED
    assert {figures[name].relation for name in SJOGREN_PUBLISHED} == {"="}
