"""Response rates under estimands and rules for missing responses; gatekeeping of the two primary endpoints.

The reconstructed lupus trial: 29 of 40 respond at month 6 (14 major, 15 partial), nobody leaves before.
"""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.analysis.multiplicity import adjust_together
from funis.data.tables import read_tables
from funis.demo.reconstruct import reconstruct
from funis.reporting.report_tables import build_tables
from funis.results import Results
from funis.study.estimand import Multiplicity
from funis.study.read import read_study

ESTIMANDS = """
[intercurrent_events]
rescue_medication = ["Rituximab"]

[[estimands]]
id = "failing"
endpoint = "response"
treatment = "cells added to standard treatment"
summary = "response rate"
intercurrent_events = [{event = "rescue_medication", strategy = "composite"}]

[[estimands]]
id = "before"
endpoint = "response"
treatment = "cells added to standard treatment"
summary = "response rate"
intercurrent_events = [{event = "rescue_medication", strategy = "while_on_treatment"}]

[multiplicity]
method = "holm"
endpoints = ["response", "sledai_change"]
visits = {sledai_change = "month_6"}
"""


@pytest.fixture(scope="module")
def lupus(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two responders are given rituximab ten days after the infusion, a third has no BILAG after baseline."""
    folder = reconstruct("sle", tmp_path_factory.mktemp("estimands") / "sle")
    study = read_study(folder)
    responders = (
        analyse(study, read_tables(folder, study)).listings["responses"].filter(pl.col("responder") == "yes")
    )["subject"].to_list()
    data = folder / "data"
    infusions = pl.read_csv(data / "infusions.csv", infer_schema=False)
    first = dict(infusions.filter(pl.col("number") == "1").select("subject", "date").iter_rows())
    rows = [
        f"{name},rituximab,{date.fromisoformat(first[name]) + timedelta(days=10)}" for name in responders[:2]
    ]
    (data / "medications.csv").write_text("subject,drug,start\n" + "\n".join(rows) + "\n", encoding="utf-8")
    bilag = pl.read_csv(data / "bilag_2004.csv", infer_schema=False)
    gone = (pl.col("subject") == responders[2]) & (pl.col("visit") != "baseline")
    bilag.filter(~gone).write_csv(data / "bilag_2004.csv")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    text = text.replace('id = "response"', 'id = "response"\nnull_rate = 0.5', 1)
    text = text.replace('at = ["month_6", "month_12"]', 'at = "month_6"')
    text = text.replace("response_month_6_responder", "response_responder")
    (folder / "study.toml").write_text(text + ESTIMANDS, encoding="utf-8")
    changed = read_study(folder)
    return analyse(changed, read_tables(folder, changed))


def texts(results: Results, analysis: str, *names: str, statistic: str = "estimate") -> dict[object, str]:
    """Give the texts of an analysis by the columns named."""
    rows = results.numbers.filter(pl.col("analysis") == analysis, pl.col("statistic") == statistic)
    return dict(zip(rows.select(names).rows(), rows["text"], strict=True))


def test_a_composite_event_makes_a_non_responder(lupus: Results) -> None:
    """29 less two with rescue, less the one whose response is not known (a non-responder): 26 of 40."""
    found = texts(lupus, "estimand", "estimand", "variable")
    assert found["failing", "ucmsc_bilag_response"] == "26/40 (65.0%)"
    # On day 10 no visit has been made yet: before the rescue nobody has responded.
    assert found["before", "ucmsc_bilag_response"] == "26/40 (65.0%)"
    counts = texts(lupus, "estimand", "estimand", "variable", statistic="count")
    # Nobody was asked about drugs: what is recorded has no denominator.
    assert counts["failing", "rescue_medication"] == "2"


def test_each_rule_for_missing_responses(lupus: Results) -> None:
    assert texts(lupus, "sensitivity", "method", "missing_outcome") == {
        ("clopper_pearson", "observed"): "28/39 (71.8%)",
        ("clopper_pearson", "nonresponder"): "28/40 (70.0%)",
        ("clopper_pearson", "worst"): "28/40 (70.0%)",
        ("clopper_pearson", "best"): "29/40 (72.5%)",
    }


def test_the_primary_endpoints_share_the_level(lupus: Results) -> None:
    """28 of 40 against one half: exact P = 2 * P(X <= 12); the larger of the two stays under Holm."""
    rows = lupus.numbers.filter(pl.col("analysis") == "multiplicity", pl.col("endpoint") == "response")
    chance = sum(choose(40, k) for k in range(13)) / 2**40 * 2
    assert rows.filter(pl.col("statistic") == "p")["value"][0] == pytest.approx(chance)
    assert rows.filter(pl.col("statistic") == "p_adjusted")["value"][0] == pytest.approx(chance)
    assert rows.select("method", "adjustment").rows() == [("binomial", ""), ("binomial", "holm")]


def choose(n: int, k: int) -> int:
    ways = 1
    for i in range(k):
        ways = ways * (n - i) // (i + 1)
    return ways


def test_every_printed_number_has_a_result(lupus: Results, tmp_path: Path) -> None:
    folder = reconstruct("sle", tmp_path / "sle")
    (folder / "study.toml").write_text(
        (folder / "study.toml").read_text(encoding="utf-8") + ESTIMANDS.partition("[multiplicity]")[0],
        encoding="utf-8",
    )
    ids = set(lupus.numbers["id"])
    tables = [
        table
        for table in build_tables(read_study(folder), lupus)
        if table.section in {"estimands", "sensitivity"}
    ]
    assert {table.section for table in tables} == {"estimands", "sensitivity"}
    assert all(set(table.ids) <= ids for table in tables)


@pytest.mark.parametrize(
    ("plan", "p", "expected"),
    [
        # Holm: 3 x 0.01, then 2 x 0.03 = 0.06, then the larger of 0.04 and 0.06.
        ({"method": "holm"}, [0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),
        # Hochberg: 0.04, then min(0.04, 2 x 0.03), then min(0.04, 3 x 0.01).
        ({"method": "hochberg"}, [0.01, 0.04, 0.03], [0.03, 0.04, 0.04]),
        ({"method": "hommel"}, [0.01, 0.04, 0.03], [0.03, 0.04, 0.04]),
        ({"method": "fixed_sequence"}, [0.01, 0.2, 0.001], [0.01, 0.2, 0.2]),
        # Half of alpha each for a and b; both pass all to c, and c takes 0.03 / (1/2): 0.06.
        (
            {
                "method": "graph",
                "weights": (0.5, 0.5, 0.0),
                "transitions": ((0.0, 0.0, 1.0), (0.0, 0.0, 1.0), (0.0, 0.0, 0.0)),
            },
            [0.01, 0.2, 0.03],
            [0.02, 0.4, 0.06],
        ),
    ],
    ids=["holm", "hochberg", "hommel", "fixed_sequence", "graph"],
)
def test_adjustment_by_hand(plan: dict[str, object], p: list[float], expected: list[float]) -> None:
    made = Multiplicity.model_validate({"endpoints": ("a", "b", "c"), **plan})
    assert adjust_together(made, p) == pytest.approx(expected)


def test_families_open_one_after_the_other() -> None:
    """The first has 0.04; within the second Holm gives 0.02 and 0.03, held at 0.04 by the gate."""
    plan = Multiplicity(method="holm", families=(("a",), ("b", "c")))
    assert adjust_together(plan, [0.04, 0.01, 0.03]) == pytest.approx([0.04, 0.04, 0.04])
