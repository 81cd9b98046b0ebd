"""Findings in equations, in whom an instrument is for, and in columns beside a score: each must be refused."""

from pathlib import Path

import polars as pl
import pytest

import funis
from funis.catalogue.registry import DEFINITIONS, read_definition_file
from funis.errors import DefinitionError

FINDINGS = [
    ("egfr_ckd_epi_2021", "age >= 18", "years >= 18", "must compare an item"),
    ("egfr_ckd_epi_2021", 'applies = "age >= 18"', 'applies = "rise of age >= 18"', "must compare an item"),
    ("egfr_ckd_epi_2021", "base = 0.9938", "base = -0.9938", "must be above 0"),
    ("egfr_ckd_epi_2021", 'item = "age", base', 'item = "ages", base', "there is no such item"),
    ("egfr_ckd_epi_2021", '{times = 1.012, if = {sex = "female"}', '{times = 1.012, if = {sex = "woman"}', "no such value"),
    ("egfr_ckd_epi_2021", "times = 1.012", "times = 1.012, power = 2", "needs one of power, base and times"),
    ("egfr_ckd_epi_2021", "over = 0.7, at_most", "divided_by = 0.7, at_most", "there is no key 'divided_by'"),
    ("egfr_ckd_epi_2021", "over = 0.7, at_most", "over = 0, at_most", "must be above 0"),
    ("egfr_ckd_epi_2021", 'kind    = "value"', 'kind    = "sum"', "needs kind value"),
    ("egfr_ckd_epi_2009", "where = {race_coefficient = true}", "where = {race = true}", "no such choice"),
    ("focus_score", "routes = [", "notes_of = [", "there is no key 'notes_of'"),
    ("focus_score", '{item = "foci", factor', '{item = "focus", factor', "is not defined"),
    ("schirmer", 'how = "minimum"', 'how = "least"', "no such way"),
    ("schirmer", "schirmer_worst <= 5", "schirmer_least <= 5", "compares a column that is not there"),
    ("schirmer", 'name = "worst", how', 'name = "right", how', "nothing to join"),
    ("ocular_staining_score", "highest = 12", "highest = 24", "the items reach 0 to 12"),
    ("ocular_staining_score", 'system = "left", points = 1, label = "one', 'system = "middle", points = 1, label = "one', "no such system"),
    ("bilag_classic_renal", "nephrotic_syndrome_is_feature = true}", "nephrotic_is_feature = true}", "no such choice"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "old", "new", "message"), FINDINGS, ids=[f"{n}" for n in range(len(FINDINGS))]
)
def test_a_finding_is_refused(name: str, old: str, new: str, message: str, tmp_path: Path) -> None:
    text = (DEFINITIONS / f"{name}.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / f"{name}.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError, match=message):
        read_definition_file(path)


def test_an_equation_is_printed_with_its_working() -> None:
    frame = pl.DataFrame({"creatinine_mg_dl": [1.0], "age": [50], "sex": ["M"]})
    text = str(funis.explain(frame, "egfr_ckd_epi_2009"))
    assert "Equation: the product of\n  141\n" in text
    assert "1.159" not in text
    assert "1.159" in str(
        funis.explain(
            frame.with_columns(is_black=0), "egfr_ckd_epi_2009", parameters={"race_coefficient": True}
        )
    )
    child = str(funis.explain(frame.with_columns(age=15), "egfr_ckd_epi_2009"))
    assert "the instrument does not apply to this subject" in child


def test_columns_beside_a_score_are_printed() -> None:
    text = str(funis.explain(pl.DataFrame({"right_mm": [5], "left_mm": [12]}), "schirmer"))
    assert "schirmer_worst: 5" in text
    assert "schirmer_positive: 1" in text
    assert "Total: 8.5" in text
