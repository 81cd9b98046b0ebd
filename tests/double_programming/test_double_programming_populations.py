"""Populations before an entry rule, typed a second time from their sources."""

from funis.catalogue.registry import population_table

SLEDAI = ("sledai", "sledai_2k", "sledai_2k_30_day")
SELENA = ("selena_sledai", "selena_sledai_2k_proteinuria")


def test_grids() -> None:
    found = population_table().grids
    assert set(found) == {*SLEDAI, *SELENA}
    assert {(grid.means, grid.sds) for grid in found.values()} == {((4.0, 6.0, 8.0), (3.0, 4.0, 5.0))}


def test_presets() -> None:
    found = {
        preset.name: (
            set(preset.instruments), preset.mean, preset.sd, preset.limit, preset.correlation, preset.subjects
        )
        for preset in population_table().presets
    }  # fmt: skip
    assert found == {
        # public deposit: mean and SD of 924 visits, correlation of consecutive ones 60 to 120 days apart
        "gse65391": (set(SLEDAI), 6.40, 5.62, None, 0.61, 158),
        # 2,868 subjects, 10.2 (3.6); that they entered with 6 or more is assumed
        "belimumab": ({*SLEDAI, "selena_sledai"}, 10.2, 3.6, 5.5, None, 2868),
        # 40 subjects with 10.83 (4.63) without the one of 34, entered with more than 6
        "lupus_cells": (set(SLEDAI), 10.23, 2.74, 6.5, None, 39),
    }
    assert [preset.name for preset in population_table().presets] == ["gse65391", "belimumab", "lupus_cells"]


def test_words() -> None:
    printed = {preset.name: (preset.label, preset.source) for preset in population_table().presets}
    assert printed == {
        "gse65391": (
            "Children and adolescents with lupus at any visit",
            "GEO series GSE65391 (Banchereau R et al. Cell 2016;165:551-65)",
        ),
        "belimumab": (
            "Those who could enter four belimumab trials",
            "Pooled analysis of four belimumab trials, PubMed 39412507",
        ),
        "lupus_cells": (
            "The umbilical-cord cell trial without its one subject of 34 points",
            "Wang D et al. Arthritis Res Ther 2014;16:R79, Table 1, with the mean and SD of all 40",
        ),
    }
    assert [
        [word in preset.certainty for word in ("computed", "assumed", "worked out")]
        for preset in population_table().presets
    ] == [[True, False, False], [False, True, True], [False, False, True]]


def test_limits_that_no_source_was_read_for_are_named() -> None:
    assert {preset.name: preset.is_limit_assumed for preset in population_table().presets} == {
        "gse65391": False, "belimumab": True, "lupus_cells": False,
    }  # fmt: skip
    assert not any("memory" in preset.certainty for preset in population_table().presets)
