"""Responses compared over visits, from the study file to the printed report; P is added up exactly."""

from fractions import Fraction
from math import comb

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.reporting.methods_text import build_methods
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

ENDPOINT = """
[[endpoints]]
id = "kept"
label = "Response kept"
kind = "response"
definition = "ucmsc_bilag_response"
at = ["month_6", "month_12"]
methods = ["mcnemar", "cochran_q"]
"""


@pytest.fixture(scope="module")
def lupus(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Results]:
    folder = reconstruct("sle", tmp_path_factory.mktemp("over_visits") / "sle")
    path = folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8") + ENDPOINT, encoding="utf-8")
    study = read_study(folder)
    return study, analyse(study, read_tables(folder, study))


def test_the_table_prints_who_changed_and_what_the_tests_say(lupus: tuple[Study, Results]) -> None:
    study, results = lupus
    listed = results.listings["responses_all"].filter(pl.col("endpoint") == "kept")
    by_visit = {
        visit: dict(listed.filter(pl.col("visit") == visit).select("subject", "responder").iter_rows())
        for visit in ("month_6", "month_12")
    }
    pairs = [(by_visit["month_6"][each], by_visit["month_12"][each]) for each in by_visit["month_6"]]
    known = [pair for pair in pairs if "cannot tell" not in pair]
    gained, lost = known.count(("no", "yes")), known.count(("yes", "no"))
    assert lost > 0, "the trial has relapses; without any change nothing is tested"
    changed, fewer = gained + lost, min(gained, lost)
    p = min(Fraction(1), Fraction(2 * sum(comb(changed, k) for k in range(fewer + 1)), 2**changed))
    table = next(each for each in build_tables(study, results) if each.id == "table-response-over-visits")
    rows = [[cell.text for cell in (row.stub, *row.cells)] for row in table.rows]
    assert rows[0][0].startswith("Response kept; population: ")
    pair, every = rows[1], rows[2]
    assert pair[0] == "Month 12 against month 6: McNemar test, exact"
    assert pair[1:4] == [str(len(known)), str(gained), str(lost)]
    assert pair[4].startswith(f"{100 * (gained - lost) / len(known):.1f} (".replace("-", "−"))
    found = results.numbers.filter(pl.col("analysis") == "response_over_visits", pl.col("statistic") == "p")
    values = dict(found.select("method", "value").iter_rows())
    assert values["mcnemar"] == pytest.approx(float(p))
    # Of two visits the test of all at once is the same test, and Q is (gained - lost)^2 / (gained + lost).
    assert values["cochran_q"] == pytest.approx(float(p))
    assert every[0] == "All visits together: Cochran’s Q test"
    assert every[4] == f"Q {(gained - lost) ** 2 / changed:.2f} (1 df)"
    assert every[5] == pair[5] != ""
    notes = " ".join(table.footnotes)
    assert "exact binomial on the subjects whose response changed" in notes
    assert "shuffling the responses of each subject" in notes


def test_methods_name_the_tests(lupus: tuple[Study, Results]) -> None:
    text = " ".join(
        paragraph
        for passage in build_methods(lupus[0])
        for paragraph in (*passage.paragraphs, *passage.items)
    )
    assert "Methods: McNemar test, exact and Cochran’s Q test" in text
    assert "by the subjects that changed (McNemar), of all at once by Cochran's Q." in text
