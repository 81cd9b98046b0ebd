"""End points of registered trials, written as study files, answered for subjects made by hand.

What each subject should get stands in the words of the trial's own end point beside it. Scores are recorded totals and
grades; study day 0 is 2020-01-01.
"""

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from funis.analysis.analyse import analyse
from funis.cli.application import app
from funis.data.new_study import write_empty_tables
from funis.data.tables import read_tables, tables_from_frames
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html
from funis.reporting.safety_tables import build_adverse_event_tables
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

TRIALS = Path(__file__).parents[2] / "examples" / "trials"
NAMES = sorted(path.name for path in TRIALS.iterdir() if path.is_dir())
SYSTEMS = (
    "constitutional", "mucocutaneous", "neuropsychiatric", "musculoskeletal", "cardiorespiratory",
    "gastrointestinal", "ophthalmic", "renal", "haematological",
)  # fmt: skip
Rows = dict[str, list[dict[str, Any]]]


def on(day: int) -> str:
    return (date(2020, 1, 1) + timedelta(days=day)).isoformat()


def grades(**changed: str) -> dict[str, str]:
    return {f"bilag_2004_{system}": changed.get(system, "E") for system in SYSTEMS}


def total(name: str, subject: str, visit: str, day: int, value: float) -> tuple[str, dict[str, Any]]:
    column = {"pga": "pga_0_3", "vas_physician": "reading_mm", "vas_patient": "reading_mm"}.get(name, name)
    column = {"stimulated_flow": "ml_per_min"}.get(name, column)
    return name, {"subject": subject, "visit": visit, "date": on(day), column: value}


def course(subject: str, drug: str, start: int, end: int | None, dose: float = 0.0) -> dict[str, Any]:
    last = {} if end is None else {"end": on(end)}
    return {"subject": subject, "drug": drug, "dose": dose, "unit": "mg/day", "start": on(start), **last}


def people(arms: dict[str, str | None], last: int) -> Rows:
    """Give subjects with consent, one infusion and completion."""
    return {
        "subjects": [
            {"subject": name, "consent_date": on(-20), **({"arm": arm} if arm else {})}
            for name, arm in arms.items()
        ],
        "infusions": [{"subject": name, "number": 1, "date": on(0)} for name in arms],
        "disposition": [{"subject": name, "status": "completed", "date": on(last)} for name in arms],
    }


def answers(results: Results) -> dict[str, dict[str, str]]:
    """Give the class of each subject by endpoint and visit."""
    found: dict[str, dict[str, str]] = {}
    for row in results.listings["responses_all"].iter_rows(named=True):
        found.setdefault(f"{row['endpoint']} {row['visit']}", {})[row["subject"]] = row["response"]
    return found


@pytest.fixture(scope="module")
def studies() -> dict[str, Study]:
    return {name: read_study(TRIALS / name) for name in NAMES}


def test_there_are_six() -> None:
    assert len(NAMES) == 6


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_without_data_is_checked_and_reported(
    name: str, studies: dict[str, Study], tmp_path: Path
) -> None:
    study = studies[name]
    text = (TRIALS / name / "study.toml").read_text(encoding="utf-8")
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    (tmp_path / "data").mkdir()
    write_empty_tables(tmp_path / "data", study)
    assert CliRunner().invoke(app, ["check", str(tmp_path), "--json"]).exit_code == 0
    page = render_html(study, analyse(study, read_tables(tmp_path, study)))
    assert study.trial.registration in page
    # Every registered end point stands at the head of the file, and those that are expressed in the plan below it.
    head = [line.split("|")[2].strip() for line in text.splitlines() if line.startswith("# |")][2:]
    named = {
        word.strip(";,") for cell in head if not cell.startswith("not expressed") for word in cell.split()
    }
    plan = tomllib.loads(text)
    ids = {each["id"] for each in (*plan["endpoints"], *plan["event_groups"])}
    assert {each.id for each in study.endpoints if each.role == "primary"} <= named
    assert {each.id for each in study.endpoints if each.kind in {"response", "change"}} & named <= ids


# --- TULIP-2 -------------------------------------------------------------------------------------


def tulip_rows() -> Rows:
    """Four subjects with an A in the joints, 10 mg, CLASI 12 and 8 joints of each at the start.

    T1  better in everything: B, then C; 7.5 mg from week 36 on; CLASI 6 at week 12; 4 joints at week 52
    T2  the same with a pulse of methylprednisolone on day 100: rescue                       no response anywhere
    T3  the same, but 10 mg from day 310 to 330 (week 44 to 47); a new B in skin and kidneys at week 8
    T4  the same, but the joints stay at A, CLASI 7, 5 tender joints; began with 5 mg
    """
    rows = people({"T1": "anifrolumab", "T2": "anifrolumab", "T3": "placebo", "T4": "placebo"}, 364)
    for name in ("T1", "T2", "T3", "T4"):
        for week in range(0, 53, 4):
            visit, day = ("baseline", 0) if week == 0 else (f"week_{week}", 7 * week)
            joints = "A" if week == 0 or name == "T4" else "C"
            others = {"mucocutaneous": "B", "renal": "B"} if (name, week) == ("T3", 8) else {}
            for table, row in (
                ("bilag_2004", {**grades(musculoskeletal=joints, **others)}),
                ("sledai_2k", {"sledai_2k": 10 if week == 0 else 4}),
                ("pga", {"pga_0_3": 2.0 if week == 0 else 1.0}),
                ("clasi_activity", {"clasi_activity": 12 if week == 0 else 7 if name == "T4" else 6}),
                ("swollen_joints_28", {"swollen_joints_28": 8 if week == 0 else 4}),
                ("tender_joints_28", {"tender_joints_28": 8 if week == 0 else 5 if name == "T4" else 4}),
            ):
                rows.setdefault(table, []).append({"subject": name, "visit": visit, "date": on(day), **row})
    first = {"T1": 10.0, "T2": 10.0, "T3": 10.0, "T4": 5.0}
    rows["medications"] = [
        *(course(name, "prednisone", -60, 252 - 7, dose) for name, dose in first.items()),
        *(course(name, "prednisone", 252 - 6, 309, min(dose, 7.5)) for name, dose in first.items()),
        *(
            course(name, "prednisone", 310, 330, 10.0 if name == "T3" else min(dose, 7.5))
            for name, dose in first.items()
        ),
        *(course(name, "prednisone", 331, None, min(dose, 7.5)) for name, dose in first.items()),
        {**course("T2", "Methylprednisolone", 100, 102, 500.0), "route": "intravenous"},
    ]
    return rows


@pytest.fixture(scope="module")
def tulip(studies: dict[str, Study]) -> Results:
    study = studies["anifrolumab_tulip_2"]
    return analyse(study, tables_from_frames(study, tulip_rows()))


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        # every A at B or better, no new A, at most one new B, SLEDAI and assessment not worse, no treatment not allowed
        ("bicla week_52", {"T1": "yes", "T2": "no", "T3": "yes", "T4": "no"}),
        # at most 7.5 mg from week 40 on, of those who began with 10 mg or more; week 48 is day 336, week 44 day 308
        ("steroid_reduction week_52", {"T1": "yes", "T2": "no", "T3": "yes", "T4": "not_evaluable"}),
        # half of 12 is 6; 7 is a fall by 42 %
        ("clasi_50 week_12", {"T1": "yes", "T2": "yes", "T3": "yes", "T4": "no"}),
        # swollen and tender both by half
        ("joints week_52", {"T1": "yes", "T2": "no", "T3": "yes", "T4": "no"}),
        # SLEDAI falls by 6
        ("sri_4 week_52", {"T1": "yes", "T2": "no", "T3": "yes", "T4": "yes"}),
        # two new B against the visit before; C after A is none
        ("flares week_8", {"T1": "none", "T2": "none", "T3": "severe", "T4": "none"}),
        ("flares week_12", dict.fromkeys(("T1", "T2", "T3", "T4"), "none")),
    ],
)  # fmt: skip
def test_tulip_2(endpoint: str, expected: dict[str, str], tulip: Results) -> None:
    assert answers(tulip)[endpoint] == expected


# --- REGENCY -------------------------------------------------------------------------------------


def regency_rows() -> Rows:
    """Filtration follows from creatinine, age and sex: a woman of 30 has about 115 at 0.7, 69 at 1.1 mg/dL.

    R1  protein/creatinine 0.4, creatinine unchanged, 5 mg                     complete, with low dose, protein
    R2  0.4, 10 mg at week 70                                                  complete, not with low dose, protein
    R3  0.7                                                                    not complete; below 0.8
    R4  0.4, creatinine 1.1 from 0.7: filtration below 85 %                    not complete; below 0.8
    R5  0.4, rituximab on day 200                                              rescue: none
    R6  0.5                                                                    not below 0.5; below 0.8
    """
    ratios = {"R1": 0.4, "R2": 0.4, "R3": 0.7, "R4": 0.4, "R5": 0.4, "R6": 0.5}
    rows = people(dict.fromkeys(ratios, "obinutuzumab"), 532)
    rows["subjects"] = [{**row, "sex": "female", "age": 30} for row in rows["subjects"]]
    for name, ratio in ratios.items():
        for visit, week in (("baseline", 0), ("week_64", 64), ("week_70", 70), ("week_76", 76)):
            at = {"subject": name, "visit": visit, "date": on(7 * week)}
            creatinine = 1.1 if name == "R4" and week else 0.7
            protein = ratio if week else 3.0
            rows.setdefault("labs", []).extend(
                {**at, "test": test, "value": value, "unit": unit}
                for test, value, unit in (("upcr", protein, "mg/mg"), ("creatinine", creatinine, "mg/dL"))
            )
            rows.setdefault("egfr_ckd_epi_2009", []).append(at | {"female": 1, "age": 30, "black": 0})
    rows["medications"] = [
        *(course(name, "prednisone", -30, 489, 5.0) for name in ratios),
        *(course(name, "prednisone", 490, 491, 10.0 if name == "R2" else 5.0) for name in ratios),
        *(course(name, "prednisone", 492, None, 5.0) for name in ratios),
        course("R5", "rituximab", 200, 200),
    ]
    return rows


def test_regency(studies: dict[str, Study]) -> None:
    study = studies["obinutuzumab_regency"]
    found = answers(analyse(study, tables_from_frames(study, regency_rows())))
    assert found["complete_renal_response week_76"] == {
        "R1": "yes", "R2": "yes", "R3": "no", "R4": "no", "R5": "no", "R6": "no",
    }  # fmt: skip
    assert found["complete_renal_response_low_dose week_76"] == {
        "R1": "yes", "R2": "no", "R3": "no", "R4": "no", "R5": "no", "R6": "no",
    }  # fmt: skip
    assert found["protein_response week_76"] == {
        "R1": "yes", "R2": "yes", "R3": "yes", "R4": "yes", "R5": "no", "R6": "yes",
    }  # fmt: skip


# --- NEPTUNUS-2 ----------------------------------------------------------------------------------


def neptunus_rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Scores at the start and at week 48, of ESSDAI at week 24, too.

    N1  ESSDAI 12, 9, 4; ESSPRI 7 to 6          3 points or more at both visits; below 5; 1 point
    N2  ESSDAI 12, 10, 5; ESSPRI 7 to 6.2       2 points at week 24, 7 at week 48; not below 5; 0.8 points, 11 %
    N3  ESSDAI 8, 8, 6; ESSPRI 5 to 4.25        2 points; 15 % of 5 is 0.75
    """
    essdai = {"N1": (12, 9, 4), "N2": (12, 10, 5), "N3": (8, 8, 6)}
    esspri = {"N1": (7.0, 6.0), "N2": (7.0, 6.2), "N3": (5.0, 4.25)}
    for name, values in essdai.items():
        for (visit, week), value in zip(
            (("baseline", 0), ("week_24", 24), ("week_48", 48)), values, strict=True
        ):
            yield total("essdai", name, visit, 7 * week, value)
    for name, pair in esspri.items():
        for (visit, week), number in zip((("baseline", 0), ("week_48", 48)), pair, strict=True):
            yield total("esspri", name, visit, 7 * week, number)
            yield total("stimulated_flow", name, visit, 7 * week, 0.5 if week == 0 else 0.8)
            yield total("vas_physician", name, visit, 7 * week, 50 if week == 0 else 30)
            at = {"subject": name, "visit": visit, "date": on(7 * week), "unit": "points"}
            yield "labs", at | {"test": "facit_fatigue", "value": 20 if week == 0 else 26}


def test_neptunus_2(studies: dict[str, Study]) -> None:
    study = studies["ianalumab_neptunus_2"]
    rows = people({"N1": "monthly", "N2": "quarterly", "N3": "placebo"}, 336)
    for table, row in neptunus_rows():
        rows.setdefault(table, []).append(row)
    rows["medications"] = [
        course(name, "hydroxychloroquine", -90, None, 400.0) for name in ("N1", "N2", "N3")
    ]
    results = analyse(study, tables_from_frames(study, rows))
    found = answers(results)
    assert found["essdai_response week_24"] == {"N1": "yes", "N2": "no", "N3": "no"}
    assert found["essdai_response week_48"] == {"N1": "yes", "N2": "yes", "N3": "no"}
    assert found["essdai_low week_48"] == {"N1": "yes", "N2": "no", "N3": "no"}
    assert found["esspri_response week_48"] == {"N1": "yes", "N2": "no", "N3": "yes"}
    value = results.value
    # -8, -7, -2: mean -17/3
    assert value("change.treated.week_48.essdai_change.mean") == pytest.approx(-17 / 3)
    assert value("change.treated.week_48.facit_fatigue_change.mean") == 6
    assert value("change.treated.week_48.stimulated_flow_change.mean") == pytest.approx(0.3)
    assert value("change.treated.week_48.vas_physician_change.mean") == pytest.approx(-20)


# --- DAHLIAS -------------------------------------------------------------------------------------


def dahlias_rows() -> Iterator[tuple[str, dict[str, Any]]]:
    """Scores at the start and at week 24.

    D1  ESSDAI 12 to 8, ClinESSDAI 11 to 7, ESSPRI 7 to 5         4 points: a response
    D2  ESSDAI 12 to 9, ClinESSDAI 11 to 8, ESSPRI 6 to 6         3 points: none
    D3  ESSDAI 8 to 4, then rituximab on day 100                  rescue: none
    """
    scores = {
        "D1": {"essdai": (12, 8), "clinessdai": (11, 7), "esspri": (7.0, 5.0)},
        "D2": {"essdai": (12, 9), "clinessdai": (11, 8), "esspri": (6.0, 6.0)},
        "D3": {"essdai": (8, 4), "clinessdai": (8, 6), "esspri": (5.0, 4.0)},
    }
    for name, each in scores.items():
        for instrument, pair in each.items():
            for (visit, week), value in zip((("baseline", 0), ("week_24", 24)), pair, strict=True):
                yield total(instrument, name, visit, 7 * week, value)


def test_dahlias(studies: dict[str, Study]) -> None:
    study = studies["nipocalimab_dahlias"]
    rows = people({"D1": "nipocalimab_15", "D2": "nipocalimab_5", "D3": "placebo"}, 168)
    for table, row in dahlias_rows():
        rows.setdefault(table, []).append(row)
    rows["medications"] = [
        *(course(name, "hydroxychloroquine", -90, None, 400.0) for name in ("D1", "D2", "D3")),
        course("D3", "rituximab", 100, 100, 1000.0),
    ]
    results = analyse(study, tables_from_frames(study, rows))
    assert answers(results)["essdai_response week_24"] == {"D1": "yes", "D2": "no", "D3": "no"}
    # -4, -3 and -2; -2, 0 and -1
    assert results.value("change.treated.week_24.clinessdai_change.mean") == pytest.approx(-3)
    assert results.value("change.treated.week_24.esspri_change.mean") == pytest.approx(-1)


# --- CD19 CAR T cells ----------------------------------------------------------------------------


def car_t_rows() -> Rows:
    """Four subjects: SLEDAI 12 at the start, 4 at month 3; 0 at month 6 but for C4, who has 10.

    C1  no drug from day -3 on                         SRI-4 at both; remission off treatment at month 6
    C2  prednisone 5 mg                                SRI-4 at both; no such remission
    C3  mycophenolate begun on day 150                 a new immunosuppressant: SRI-4 at month 3 alone
    C4  grade 3 and related on day 28                  dose-limiting toxicity; SLEDAI falls by 2 at month 6: no
    """
    names = ("C1", "C2", "C3", "C4")
    rows = people(dict.fromkeys(names), 360)
    for name in names:
        for visit, day, score in (
            ("baseline", 0, 12),
            ("month_3", 90, 4),
            ("month_6", 180, 10 if name == "C4" else 0),
        ):
            for table, row in (
                ("sledai_2k", {"sledai_2k": score}),
                ("bilag_2004", grades(musculoskeletal="A" if day == 0 else "D")),
                ("pga", {"pga_0_3": 2.0 if day == 0 else 0.2}),
            ):
                rows.setdefault(table, []).append({"subject": name, "visit": visit, "date": on(day), **row})
    rows["medications"] = [
        *(course(name, "prednisone", -60, -3, 15.0) for name in names),
        course("C2", "prednisone", 0, None, 5.0),
        course("C3", "Mycophenolate mofetil", 150, None, 1000.0),
    ]
    rows["safety_questions"] = [
        {"subject": name, "visit": "day_28", "date": on(28), "asked": 1, "any_event": 1} for name in names
    ]
    rows["adverse_events"] = [
        {"subject": "C4", "term": "Hypotension", "start": on(28), "grade": 3, "serious": 1, "related": 1},
        {"subject": "C1", "term": "Hypotension", "start": on(29), "grade": 3, "serious": 1, "related": 1},
        {"subject": "C2", "term": "Cough", "start": on(12), "grade": 1, "serious": 0, "related": 1,
         "organ_class": "Respiratory"},
    ]  # fmt: skip
    return rows


def test_cd19_car_t(studies: dict[str, Study]) -> None:
    study = studies["cd19_car_t_nct06585514"]
    results = analyse(study, tables_from_frames(study, car_t_rows()))
    found = answers(results)
    assert found["sri_4 month_3"] == {"C1": "yes", "C2": "yes", "C3": "yes", "C4": "yes"}
    assert found["sri_4 month_6"] == {"C1": "yes", "C2": "yes", "C3": "no", "C4": "no"}
    # Serology alone is not recorded in a total, so that "clinical" activity is known only where the total is 0.
    off = found["remission_off_treatment month_6"]
    assert (off["C1"], off["C2"], off["C3"]) == ("yes", "no", "no")
    (table, *_) = build_adverse_event_tables(study, read_numbers(results.numbers))
    printed = {row.stub.text: row.cells[0].text for row in table.rows if row.cells}
    # Day 28 is within 28 days, day 29 is not; both are within 30.
    assert printed["Dose-limiting toxicity within 28 days"].startswith("1/4")
    assert printed["Any event within 30 days"].startswith("3/4")


# --- umbilical-cord mesenchymal stem cells -------------------------------------------------------


def msc_rows() -> Rows:
    """Four infused subjects with an A in kidney and skin at the start.

    M1  both quiet from month 1 on                                                   major response
    M2  kidney at B at month 3, skin quiet                                           partial response
    M3  kidney still at A                                                            none
    M4  as M1, but died on day 60 of an event of grade 5 that began on day 31        none
    """
    names = ("M1", "M2", "M3", "M4")
    rows = people(dict.fromkeys(names), 360)
    rows["disposition"][3] |= {"status": "died", "date": on(60)}
    for name in names:
        for visit, day in (("baseline", 0), ("month_1", 30), ("month_3", 90), ("month_6", 180)):
            if name == "M4" and day > 60:
                continue
            kidney = {"M2": "B", "M3": "A"}.get(name, "D")
            found = (
                grades(renal="A", mucocutaneous="A") if day == 0 else grades(renal=kidney, mucocutaneous="D")
            )
            rows.setdefault("bilag_2004", []).append(
                {"subject": name, "visit": visit, "date": on(day), **found}
            )
    rows["safety_questions"] = [
        {"subject": name, "visit": "day_10", "date": on(10), "asked": 1, "any_event": 1} for name in names
    ]
    rows["adverse_events"] = [
        {"subject": "M1", "term": "Fever", "start": on(0), "grade": 1, "serious": 0, "related": 1},
        {"subject": "M1", "term": "Lung infection", "start": on(10), "grade": 3, "serious": 1, "related": 0},
        {"subject": "M2", "term": "Lung infection", "start": on(11), "grade": 3, "serious": 1, "related": 0},
        {"subject": "M4", "term": "Sepsis", "start": on(31), "grade": 5, "serious": 1, "related": 0},
    ]  # fmt: skip
    return rows


def test_uc_msc(studies: dict[str, Study]) -> None:
    study = studies["uc_msc_nct03562065"]
    results = analyse(study, tables_from_frames(study, msc_rows()))
    found = answers(results)["clinical_response month_3"]
    assert found == {"M1": "MCR", "M2": "PCR", "M3": "none", "M4": "none"}
    (table, *_) = build_adverse_event_tables(study, read_numbers(results.numbers))
    printed = {row.stub.text: row.cells[0].text.partition(";")[0] for row in table.rows if row.cells}
    # Day 10 is within ten days, day 11 is not; day 31 is beyond month 1.
    assert printed["Any event up to day 10"] == "1/4"
    assert printed["Grade 3 or more up to day 10"] == "1/4"
    assert printed["Grade 3 or more up to month 1"] == "2/4"
    assert printed["Grade 3 or more up to month 3"] == "3/4"
    assert [rule.event_group for rule in study.stopping] == ["not_tolerated_10"]
