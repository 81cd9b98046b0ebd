"""The permutation test from the study file to the report, worked out by hand.

The small trial (`small_trial.py`): SLEDAI-2K changes of S1 to S3 are -4, -4, 0 at month 3 and -6, -4, -6 at month 6.
"""

import sys
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.reporting.methods_text import build_methods
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.stats.tests import permutation
from funis.study.model import Study
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
write_small_trial = import_module("small_trial").write_small_trial

ENDPOINT = """
[[endpoints]]
id = "permuted"
kind = "change"
variable = "sledai_2k"
at = ["month_3", "month_6"]
methods = ["permutation"]
adjust = "holm"
"""
ARMS = """
[[arms]]
id = "cells"
name = "Cells"

[[arms]]
id = "usual"
name = "Usual care"
control = true
"""


def run(folder: Path, *, arms: bool = False) -> tuple[Study, Results]:
    write_small_trial(folder)
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8") + ENDPOINT
    if arms:
        text = text.replace('design = "single_arm"', 'design = "parallel"') + ARMS
        subjects = (folder / "data" / "subjects.csv").read_text(encoding="utf-8").splitlines()
        arm = ["arm", "cells", "cells", "usual", "usual"]
        lines = [f"{line},{each}" for line, each in zip(subjects, arm, strict=True)]
        (folder / "data" / "subjects.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def values(results: Results, analysis: str, statistic: str) -> dict[str, float]:
    """Give the value of a statistic at each visit, of the whole trial or of the difference of the arms."""
    rows = results.numbers.filter(
        pl.col("analysis") == analysis,
        pl.col("method") == "permutation",
        pl.col("endpoint") == "permuted",
        pl.col("statistic") == statistic,
        (pl.col("arm") == "all") if analysis == "test" else (pl.col("contrast") == "usual"),
    )
    return dict(rows.select("visit", "value").iter_rows())


def printed(study: Study, results: Results, table: str) -> str:
    found = next(each for each in build_tables(study, results) if each.id == table)
    cells = [cell for row in found.rows for cell in (row.stub, *row.cells)]
    words = ["".join(part if isinstance(part, str) else part.text for part in cell.parts) for cell in cells]
    return "\n".join([*words, *found.footnotes])


def test_signs_are_counted(tmp_path: Path) -> None:
    study, results = run(tmp_path / "t")
    # Month 3: both of +-4 +-4 alike in 2 of 4 ways. Month 6: all of +-6 +-4 +-6 alike in 2 of 8 ways.
    assert values(results, "test", "p") == pytest.approx({"month_3": 0.5, "month_6": 0.25})
    assert values(results, "test", "estimate") == pytest.approx({"month_3": -8 / 3, "month_6": -16 / 3})
    # Holm: twice the smaller P, and no adjusted P below it.
    assert values(results, "test", "p_adjusted") == pytest.approx({"month_3": 0.5, "month_6": 0.5})
    assert values(results, "test", "lower") == values(results, "test", "draws") == {}
    table = printed(study, results, "table-permuted")
    assert "P, permutation test\n" in table
    assert "P, permutation test, Holm\n" in table
    assert "every arrangement was counted; P is exact" in table
    assert "drawn" not in table
    statistics = build_methods(study)[-1].paragraphs[0]
    assert "every way the signs of the changes could have fallen" in statistics


def test_arms_are_shuffled(tmp_path: Path) -> None:
    study, results = run(tmp_path / "t", arms=True)
    # Month 3: S1 and S2 -4 against S3 0, difference -4. The other two choices of S3 give +2: 1 of 3.
    # Month 6: -6 and -4 against -6, difference +1; the other choices give +1 and -2: 3 of 3.
    assert values(results, "comparison", "estimate") == pytest.approx({"month_3": -4.0, "month_6": 1.0})
    assert values(results, "comparison", "p") == pytest.approx({"month_3": 1 / 3, "month_6": 1.0})
    table = printed(study, results, "table-comparison")
    assert "Permutation test" in table
    assert "every arrangement was counted; P is exact" in table


@pytest.mark.parametrize("arms", [False, True])
def test_what_cannot_be_counted_is_drawn_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, arms: bool
) -> None:
    for limit in ("MOST_COUNTED", "MOST_SPLIT", "MOST_LISTED"):
        monkeypatch.setattr(permutation, limit, 0)
    study, results = run(tmp_path / "t", arms=arms)
    analysis = "comparison" if arms else "test"
    exact = {"month_3": 1 / 3, "month_6": 1.0} if arms else {"month_3": 0.5, "month_6": 0.25}
    # 99,999 draws at P = 0.5 have a standard error of 0.0016.
    assert values(results, analysis, "p") == pytest.approx(exact, abs=0.007)
    assert values(results, analysis, "draws") == {"month_3": 99_999, "month_6": 99_999}
    # sqrt(1/3 x 2/3 / 99,999) = 0.0015; of P 1 there is none; sqrt(1/4 / 99,999) and sqrt(3/16 / 99,999).
    errors = {"month_3": 0.00149, "month_6": 0.0} if arms else {"month_3": 0.00158, "month_6": 0.00137}
    assert values(results, analysis, "p_error") == pytest.approx(errors, abs=2e-5)
    table = printed(study, results, "table-comparison" if arms else "table-permuted")
    assert ("SE of P 0.0015" if arms else "Standard error of P by drawing") in table
    assert "99999 arrangements were drawn at random with the seed of the analysis" in table
    assert ("99999 drawn" if arms else "Arrangements drawn at random") in table
    assert "P is exact" not in table
