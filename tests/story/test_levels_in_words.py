"""Every page says the level that its intervals have: 90 % in a study whose alpha is 0.1, and nowhere 95 %."""

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.documents.document import Document
from funis.documents.figure import FigureSpec
from funis.documents.html import render_page
from funis.documents.table import TableSpec
from funis.reporting.interval_levels import level_notes, levels_text, own_levels_words
from funis.reporting.labels import Labels
from funis.reporting.report_tables import build_tables
from funis.reporting.trial_document import build_document
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

from .report_kinds import make_study

ESTIMAND = """
[[estimands]]
id = "whole"
endpoint = "ENDPOINT"
treatment = "cells"
summary = "mean change"
intercurrent_events = [{event = "withdrawal", strategy = "treatment_policy"}]
"""
FIRST_CHANGE = {"sjogren": "ssdai_change"}


@cache
def analysed(kind: str, replacements: tuple[tuple[str, str], ...] = ()) -> tuple[Study, Results]:
    with TemporaryDirectory() as place:
        folder = make_study(kind, Path(place) / kind)
        file = folder / "study.toml"
        text = file.read_text(encoding="utf-8")
        text += ESTIMAND.replace("ENDPOINT", FIRST_CHANGE.get(kind, "sledai_change"))
        for old, new in replacements:
            assert old in text, old
            text = text.replace(old, new, 1)
        file.write_text(text, encoding="utf-8")
        study = read_study(folder)
        return study, analyse(study, read_tables(folder, study))


WIDE = (("alpha = 0.05", "alpha = 0.1"),)


def everything(page: Document) -> str:
    """Give every word of a page: as it is rendered, of the figures before they are drawn, behind numbers."""
    blocks = [block for each in page.sections for block in each.all_blocks]
    drawn = [json.dumps(block.spec, ensure_ascii=False) for block in blocks if isinstance(block, FigureSpec)]
    bare = re.sub(r"<(style|script)\b.*?</\1>", " ", without_drawings(page), flags=re.DOTALL)
    numbers = json.dumps(page.numbers, ensure_ascii=False, default=str)
    return "\n".join([re.sub(r"<[^>]+>", " ", bare), *drawn, numbers])


def without_drawings(page: Document) -> str:
    def plain(block: Any) -> Any:
        return (
            replace(block, spec={"mark": "point", "data": {"values": []}})
            if isinstance(block, FigureSpec)
            else block
        )

    sections = tuple(
        replace(
            each,
            blocks=tuple(map(plain, each.blocks)),
            parts=tuple(replace(part, blocks=tuple(map(plain, part.blocks))) for part in each.parts),
        )
        for each in page.sections
    )
    return render_page(replace(page, sections=sections, numbers={}))


@pytest.mark.parametrize("kind", ["sle", "sjogren", "two_arms"])
def test_a_study_of_alpha_a_tenth_names_95_percent_nowhere(kind: str) -> None:
    study, results = analysed(kind, WIDE)
    assert study.trial.alpha == 0.1
    text = everything(build_document(study, results))
    assert re.findall(r".{40}(?<![\d.])95\s?(?:%|per ?cent).{20}", text) == []
    assert len(re.findall(r"(?<![\d.])90% CI", text)) > 10


def heads_of(kind: str, replacements: tuple[tuple[str, str], ...], name: str) -> TableSpec:
    study, results = analysed(kind, replacements)
    return next(table for table in build_tables(study, results) if table.id == name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("table-estimand-whole", "Estimate (90% CI)"),
        ("table-sensitivity-response", "Estimate (90% CI)"),
        ("table-site-effects", "Share between (90% CI)"),
        ("table-mmrm", "Mean change (90% CI)"),
        ("table-main-response", "% (90% CI)"),
        ("table-time-to-event", "Free of the event (90% CI)"),
    ],
)
def test_heads_name_the_level_of_the_study(name: str, said: str) -> None:
    assert said in heads_of("sle", WIDE, name).heads
    assert said.replace("90%", "95%") in heads_of("sle", (), name).heads


def test_what_was_expected_and_what_was_observed_name_their_levels() -> None:
    own = (('adjust = "holm"', 'adjust = "holm"\nlevel = 0.9'),)
    table = heads_of("sle", own, "table-regression-to-mean")
    titles = [row.stub.text for row in table.rows if row.is_heading]
    # The change expected is an interval of the endpoint, the mean observed one of the study.
    assert titles == ["Change expected without any effect (90% CI)", "Mean change observed (95% CI)"]


def test_a_table_of_endpoints_with_different_levels_names_both_and_says_whose_they_are() -> None:
    # The first endpoint that is adjusted is the change of SLEDAI.
    own = (('adjust = "holm"', 'adjust = "holm"\nlevel = 0.9'),)
    table = heads_of("sle", own, "table-site-effects")
    assert "Share between (90% or 95% CI)" in table.heads
    note = next(each for each in table.footnotes if each.startswith("Level of the intervals"))
    assert note.startswith("Level of the intervals: 90% for change of SLEDAI; 95% for change of total BILAG,")
    assert "Mean change (90% CI)" in heads_of("sle", own, "table-mmrm").heads


def test_the_table_of_response_names_the_levels_of_all_its_rows() -> None:
    own = (('role = "exploratory"\nmissing_outcome', 'role = "exploratory"\nlevel = 0.8\nmissing_outcome'),)
    table = heads_of("sle", own, "table-main-response")
    assert table.heads[2] == "% (95% or 80% CI)"
    assert (
        "Level of the intervals: 95% for clinical response; 80% for response by the rules of the "
        "EXPLORER trial." in table.footnotes
    )


def test_the_curve_beside_relapses_says_its_own_level() -> None:
    own = (('event = "relapse"', 'event = "relapse"\nlevel = 0.8'),)
    notes = heads_of("sle", own, "table-main-relapse").footnotes
    assert (
        "Level of the intervals: 95% for relapse after a response and clinical response; 80% for time from "
        "response to relapse." in notes
    )
    assert notes[0] == "n/N (%), over all visits with the exact 95% interval of responders (Clopper-Pearson)."


def test_means_of_a_visit_have_the_level_of_the_study_whatever_the_endpoint_has() -> None:
    own = (('adjust = "holm"', 'adjust = "holm"\nlevel = 0.9'),)
    study, results = analysed("sle", own)
    blocks = [block for each in build_document(study, results).sections for block in each.all_blocks]
    figure = next(
        block for block in blocks if isinstance(block, FigureSpec) and block.id == "figure-sledai_change"
    )
    assert "mean with 95% confidence interval" in figure.title
    assert any("mean and 95% confidence interval of the mean" in note for note in figure.footnotes)


def test_an_arm_is_compared_at_the_level_of_the_endpoint() -> None:
    own = (('role = "primary"\nmissing_outcome', 'role = "primary"\nlevel = 0.99\nmissing_outcome'),)
    table = heads_of("two_arms", own, "table-comparison")
    assert "Difference (99% or 95% CI)" in table.heads
    assert any(
        note.startswith("Level of the intervals: 99% for clinical response") for note in table.footnotes
    )


def test_levels_stand_once_in_the_order_of_the_endpoints() -> None:
    study, _ = analysed("sle", (('adjust = "holm"', 'adjust = "holm"\nlevel = 0.9'),))
    names = ["bilag_change", "sledai_change", "bilag_change"]
    assert levels_text(study, names) == "95% or 90%"
    assert levels_text(study, ["", "bilag_change"]) == "95%"
    labels = Labels(study)
    assert level_notes(labels, ["bilag_change", "", "antibodies"]) == ()
    assert level_notes(labels, names) == (
        "Level of the intervals: 95% for change of total BILAG; 90% for change of SLEDAI.",
    )
    assert own_levels_words(labels) == " (90% for change of SLEDAI)"
    assert own_levels_words(Labels(analysed("sle")[0])) == ""


def test_methods_name_the_level_of_each_kind_of_interval() -> None:
    own = (
        ('role = "primary"\nmissing_outcome', 'role = "primary"\nlevel = 0.99\nmissing_outcome'),
        ('adjust = "holm"', 'adjust = "holm"\nlevel = 0.9'),
    )
    text = everything(build_document(*analysed("sle", own)))
    assert "Proportions are given with exact 99% or 95% CI." in text
    assert "Intervals have level 95% (99% for clinical response; 90% for change of SLEDAI) and tests" in text
