"""Data from which little can be said: no spread, one subject, nobody or everybody responding, no visit.

Nothing may crash, no "not a number" may be printed, and a declared policy must be what was done.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection
from pathlib import Path

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.catalogue.registry import definition
from funis.data.tables import read_tables
from funis.reporting.report import render_html
from funis.results import Results
from funis.study.read import read_study

STUDY = (
    """
[study]
id = "D"
title = "Degenerate"
condition = "sle"
design = "single_arm"
[[infusions]]
day = 0
"""
    + "".join(
        f'[[visits]]\nname = "{name}"\nday = {day}\nwindow = [{-14 if day == 0 else -30}, {0 if day == 0 else 30}]\n'
        for name, day in (("baseline", 0), ("month_6", 180), ("month_9", 270), ("month_12", 360))
    )
    + """
[instruments.vas_physician]
[instruments.bilag_2004]
[populations]
treated = "first_infusion_date IS NOT NULL"
[subgroups]
nobody = "baseline_vas_physician > 99"
[[endpoints]]
id = "vas"
kind = "change"
variable = "vas_physician"
at = ["month_6", "month_9", "month_12"]
population = "treated"
subgroups = ["nobody"]
methods = ["paired_t", "wilcoxon", "sign_test", "bootstrap"]
adjust = "holm"
[[endpoints]]
id = "systems"
kind = "systems"
variable = "bilag_2004"
at = ["month_6", "month_12"]
population = "treated"
[[endpoints]]
id = "response"
kind = "response"
definition = "ucmsc_bilag_response"
at = "month_6"
population = "treated"
missing_outcome = "nonresponder"
[[endpoints]]
id = "relapse"
kind = "relapse"
definition = "ucmsc_bilag_response"
at = ["month_9", "month_12"]
population = "treated"
[[endpoints]]
id = "time"
kind = "time_to_event"
event = "relapse"
origin = "response"
definition = "ucmsc_bilag_response"
population = "treated"
"""
)
DAYS = {"baseline": 0, "month_6": 180, "month_9": 270, "month_12": 360}
#: Values that make every system gradable; the renal and the blood values are unremarkable.
QUIET = {
    "systolic_bp": 110, "diastolic_bp": 70, "proteinuria_24h": 0.1, "creatinine": 70, "urine_dipstick": 0,
    "haemoglobin": 13, "wbc": 6, "neutrophils": 4, "lymphocytes": 2, "platelets": 250,
}  # fmt: skip
Active = Callable[[int, str], bool]


def _write(
    folder: Path, n: int, value: Callable[[int, str], int], active: Active, *, unseen: Collection[str] = (),
    unmeasured: Collection[int] = (),
) -> Path:  # fmt: skip
    """Write a study of n subjects; ``active`` has a severe rash, ``unmeasured`` lack the renal values."""
    (folder / "data").mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    bilag = definition("bilag_2004")
    # Nobody was affected before the study: 0 in all of these.
    names = [*(item.name for item in bilag.items), *(f"{system}_ever" for system in bilag.systems)]
    rows: dict[str, list[str]] = {
        "subjects": ["subject,sex,age,consent_date"],
        "infusions": ["subject,number,date"],
        "vas_physician": ["subject,visit,date,reading_mm"],
        "bilag_2004": ["subject,visit,date," + ",".join(names)],
        "adverse_events": ["subject,term,start,end,grade,serious,related,outcome"],
    }
    for i in range(n):
        rows["subjects"].append(f"S{i},female,30,2020-01-01")
        rows["infusions"].append(f"S{i},1,2020-01-10")
        for visit in (name for name in DAYS if name not in unseen):
            date = dt.date(2020, 1, 10) + dt.timedelta(days=DAYS[visit])
            cells = dict.fromkeys(names, "0") | {
                name: str(each) for name, each in QUIET.items() if name in names
            }
            for name in {"acr", "upcr", "gfr"} & set(names):
                cells[name] = ""
            if active(i, visit):
                cells["skin_eruption_severe"] = "4"
            if i in unmeasured and visit == "month_6":
                cells |= dict.fromkeys(("proteinuria_24h", "urine_dipstick", "creatinine"), "")
            rows["vas_physician"].append(f"S{i},{visit},{date},{value(i, visit)}")
            rows["bilag_2004"].append(f"S{i},{visit},{date}," + ",".join(cells[name] for name in names))
    for name, lines in rows.items():
        (folder / "data" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _analyse(folder: Path, *, is_printed: bool = False) -> Results:
    """Analyse, print where asked, and refuse any number that is none."""
    study = read_study(folder)
    results = analyse(study, read_tables(folder, study))
    values = results.numbers["value"].drop_nulls()
    assert values.is_finite().all()
    texts = results.numbers["text"].drop_nulls()
    assert not texts.str.contains(r"(?i)\b(nan|inf)\b").any()
    if not is_printed:
        return results
    page = re.sub(r"<script.*?</script>", "", render_html(study, results), flags=re.DOTALL)
    assert not re.search(r">[^<]*\b(?:NaN|nan|inf|Infinity)\b[^<]*<", page)
    return results


def _counts(results: Results, endpoint: str = "response") -> dict[str, tuple[float | None, int]]:
    found = results.select(statistic="count", endpoint=endpoint)
    names = [category or variable for variable, category in found.select("variable", "category").rows()]
    return dict(zip(names, zip(found["value"], found["denominator"], strict=True), strict=True))


def falling(i: int, visit: str) -> int:
    return 50 + i if visit == "baseline" else 40 + i * i % 7


def at_baseline(_: int, visit: str) -> bool:
    return visit == "baseline"


def test_values_without_spread_have_no_interval_and_no_t_test(tmp_path: Path) -> None:
    results = _analyse(_write(tmp_path / "d", 6, lambda _, __: 50, at_baseline), is_printed=True)
    change = results.select(analysis="change", variable="vas_physician_change", visit="month_6")
    stated = dict(zip(change["statistic"], change["value"], strict=True))
    assert (stated["mean"], stated["sd"], stated["lower"], stated["upper"]) == (0.0, 0.0, None, None)
    tests = results.select(analysis="test", visit="month_6", statistic="p", subgroup="all")
    found = {row["method"]: (row["value"], row["text"]) for row in tests.iter_rows(named=True)}
    assert found["paired_t"] == (None, "– (all values are equal)")
    # No pair moved: nothing speaks against no change.
    assert found["wilcoxon"][0] == found["sign_test"][0] == 1.0


def test_one_subject_has_no_spread(tmp_path: Path) -> None:
    results = _analyse(_write(tmp_path / "d", 1, falling, at_baseline), is_printed=True)
    change = results.select(analysis="change", variable="vas_physician_change", visit="month_6")
    stated = dict(zip(change["statistic"], change["value"], strict=True))
    assert stated["mean"] == -10.0
    assert stated["sd"] is stated["lower"] is stated["upper"] is None


@pytest.mark.parametrize("unseen", [("month_6",), ("month_6", "month_9", "month_12")])
def test_nobody_seen_at_the_visit_of_the_response(unseen: tuple[str, ...], tmp_path: Path) -> None:
    results = _analyse(_write(tmp_path / "d", 6, falling, at_baseline, unseen=unseen), is_printed=True)
    assert _counts(results)["cannot tell"] == (6.0, 6)
    assert set(results.listings["responses"]["reason"]) == {"nobody was seen at month_6"}


def test_nobody_responds(tmp_path: Path) -> None:
    results = _analyse(_write(tmp_path / "d", 6, falling, lambda _, __: True))
    assert _counts(results)["responder"] == (0.0, 6)
    # R 4.2.2: binom.test(0, 6)$conf.int is 0 to 0.4592581.
    upper = results.select(endpoint="response", statistic="upper", method="clopper_pearson")
    first = upper.filter(pl.col("category") == "responder")["value"][0]
    assert first == pytest.approx(45.92581, abs=1e-5)
    assert results.select(endpoint="time", statistic="n")["value"].to_list() == [0.0]


def test_everybody_responds_and_stays_so(tmp_path: Path) -> None:
    results = _analyse(_write(tmp_path / "d", 6, falling, at_baseline))
    assert _counts(results)["responder"] == _counts(results)["ucmsc_bilag_response_sustained"] == (6.0, 6)
    assert set(results.select(endpoint="time", statistic="survival")["value"]) == {1.0}
    limits = results.numbers.filter(
        (pl.col("endpoint") == "time") & pl.col("statistic").is_in(["lower", "upper"])
    )
    assert limits["value"].null_count() == limits.height


def test_everybody_relapses_at_once(tmp_path: Path) -> None:
    results = _analyse(_write(tmp_path / "d", 6, falling, lambda _, visit: visit != "month_6"))
    survival = results.select(endpoint="time", statistic="survival")
    assert survival["value"].to_list()[0] == 0.0
    assert set(results.select(endpoint="relapse", visit="month_12", population="at_risk")["denominator"]) == {
        0
    }


def test_a_response_that_cannot_be_told_is_a_failure_where_the_plan_says_so(tmp_path: Path) -> None:
    """Two of six lack what the renal grade needs at month 6: 4/6, not 4/4."""
    folder = _write(tmp_path / "d", 6, falling, at_baseline, unmeasured={1, 4})
    results = _analyse(folder)
    assert _counts(results)["responder"] == (4.0, 6)
    assert _counts(results)["cannot tell"] == (0.0, 6)
    reasons = results.listings["responses"].filter(pl.col("subject") == "S1")["reason"]
    assert reasons[0].endswith("counted as no response.")
    text = (folder / "study.toml").read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.replace("nonresponder", "observed"), encoding="utf-8")
    assert _counts(_analyse(folder))["responder"] == (4.0, 4)


def test_no_subject_at_all(tmp_path: Path) -> None:
    results = _analyse(_write(tmp_path / "d", 0, falling, at_baseline), is_printed=True)
    assert _counts(results)["responder"] == (None, 0)
