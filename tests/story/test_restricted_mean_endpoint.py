"""The restricted mean time from the study file to the report, worked out by hand.

The small trial (`small_trial.py`): S1, S2 and S3 are followed to day 180, S4 withdraws on day 60.
"""

import math
import sys
from importlib import import_module
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.errors import StudyError
from funis.reporting.methods_text import build_methods
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

sys.path.insert(0, str(Path(__file__).parent))
write_small_trial = import_module("small_trial").write_small_trial


def run(folder: Path, horizon: str, event: str = "withdrawal") -> tuple[Study, Results]:
    write_small_trial(folder)
    path = folder / "study.toml"
    text = path.read_text(encoding="utf-8")
    old = 'event = "withdrawal"\n'
    assert old in text
    text = text.replace(old, f'event = "{event}"\nrestricted_mean = "{horizon}"\n')
    path.write_text(text, encoding="utf-8")
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def found(results: Results) -> dict[str, float]:
    rows = results.numbers.filter(pl.col("method") == "restricted_mean", pl.col("arm") == "all")
    return dict(rows.select("statistic", "value").iter_rows())


def printed(study: Study, results: Results) -> str:
    table = next(each for each in build_tables(study, results) if each.id == "table-time-to-event")
    cells = [cell for row in table.rows for cell in (row.stub, *row.cells)]
    words = ["".join(part if isinstance(part, str) else part.text for part in cell.parts) for cell in cells]
    return "\n".join([*words, *table.footnotes])


def test_area_under_the_curve(tmp_path: Path) -> None:
    study, results = run(tmp_path / "t", "month_3")
    # The curve is 1 to day 60 and 3/4 after it: 60 + 3/4 * 30 = 82.5. One event among 4 at risk, and an
    # area of 22.5 to its right: variance 22.5^2 * 1 / (4 * 3).
    error = 22.5 / math.sqrt(12)
    limits = {"lower": 82.5 - 1.959964 * error, "upper": 82.5 + 1.959964 * error}
    assert found(results) == pytest.approx({"restricted_mean": 82.5, "se": error, "horizon": 90, **limits})
    table = printed(study, results)
    assert "Mean time free of the event, days, up to month 3\n" in table
    assert "82.5 (69.8 to 95.2)" in table
    # The curve at the same visit keeps its own interval: 0.75 ** exp(-+1.96 * sqrt(1/12) / ln(4/3)).
    wide = math.exp(1.959964 * math.sqrt(1 / 12) / math.log(4 / 3))
    assert f"75.0% ({100 * 0.75**wide:.1f} to {100 * 0.75 ** (1 / wide):.1f}%)" in table
    assert "area under the Kaplan-Meier curve" in table
    assert "restricted mean time free of the event" in build_methods(study)[-1].paragraphs[0]


def test_beyond_the_follow_up_it_is_not_estimated(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    write_small_trial(folder)
    path = folder / "study.toml"
    late = '[[visits]]\nname = "month_12"\nday = 365\nforms = ["sledai_2k"]\n\n[[labs]]\ntest = "proteinuria_24h"'
    text = path.read_text(encoding="utf-8").replace('[[labs]]\ntest = "proteinuria_24h"', late)
    text = text.replace('event = "withdrawal"\n', 'event = "withdrawal"\nrestricted_mean = "month_12"\n')
    path.write_text(text, encoding="utf-8")
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    assert found(results) == {"restricted_mean": None}
    assert "(the curve is known to day 180 only)" in printed(study, results)


@pytest.mark.parametrize(
    ("horizon", "said"), [("month_4", "month_4"), ("baseline", "This visit is not after the origin")]
)
def test_a_wrong_horizon_is_a_finding(tmp_path: Path, horizon: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        run(tmp_path / "t", horizon)
