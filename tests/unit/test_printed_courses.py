"""The worked examples that come with the definitions, each under its own number, as printed: flares and courses.

Inputs and expected classes are those of the printed tables; nothing here was computed by funis first.
"""

from typing import Any

import polars as pl
import pytest

from funis.responses.respond import respond
from funis.responses.responder_index import index_items, score_responder_index

CLASSIC = (
    "general",
    "mucocutaneous",
    "neurological",
    "musculoskeletal",
    "cardiovascular_respiratory",
    "vasculitis",
    "renal",
    "haematology",
)
SHORT = {"skin": "mucocutaneous", "msk": "musculoskeletal", "haem": "haematology"}
CARDIO = "cardiovascular_respiratory"


def table(visits: dict[int, dict[str, Any]], **events: Any) -> pl.DataFrame:
    """Rows of one subject by study day; the first visit is the baseline."""
    rows = []
    for day, values in visits.items():
        name = "baseline" if day == 0 else f"day_{day}"
        rows.append({"subject": "1", "visit": name, "day": day, **values, **events})
    return pl.DataFrame(rows, infer_schema_length=None)


def ask(frame: pl.DataFrame, name: str, **parameters: Any) -> dict[str, Any]:
    return respond(frame, name, parameters=parameters).row(0, named=True)


def grades(text: str) -> dict[str, str]:
    """'msk A, skin B': grades of the classic index, every other system E."""
    found = dict.fromkeys(CLASSIC, "E")
    for part in filter(None, text.split(", ")):
        system, grade = part.split(" ")
        full = {"cardio": CARDIO, **SHORT}.get(system, system)
        found[full] = grade
    return {f"bilag_classic_{system}": grade for system, grade in found.items()}


# --- SELENA-SLEDAI flare index ---------------------------------------------------------------------

CALM = {"selena_sledai": 4, "pga": 1.0, "prednisone": 10, "weight_kg": 60, "platelets": 200}
SEVERE, MILD, NONE = "severe", "mild_moderate", "none"


@pytest.mark.parametrize(
    ("before", "now", "original", "modified"),
    [
        pytest.param({"selena_sledai": 4}, {"selena_sledai": 7}, MILD, MILD, id="SFI-01"),
        pytest.param({"selena_sledai": 8}, {"selena_sledai": 14}, SEVERE, MILD, id="SFI-02"),
        pytest.param({"selena_sledai": 11}, {"selena_sledai": 13}, SEVERE, NONE, id="SFI-03"),
        pytest.param({"prednisone": 10}, {"prednisone": 35}, SEVERE, SEVERE, id="SFI-05"),
        pytest.param({"pga": 1.0}, {"pga": 2.0}, MILD, MILD, id="SFI-06 by 1.0"),
        pytest.param({"pga": 1.6}, {"pga": 2.6}, SEVERE, SEVERE, id="SFI-06 to 2.6"),
        pytest.param({"pga": 0.5}, {"pga": 1.4}, NONE, NONE, id="SFI-06 by 0.9"),
        pytest.param({}, {"added_hydroxychloroquine": 1}, MILD, MILD, id="SFI-07 hydroxychloroquine"),
        pytest.param({}, {"new_azathioprine": 1}, SEVERE, SEVERE, id="SFI-07 azathioprine"),
        pytest.param(
            {"selena_sledai": 10}, {"selena_sledai": 12, "pga": 1.5}, NONE, NONE, id="SFI-09"
        ),
    ],
)  # fmt: skip
def test_selena_flare_index(
    before: dict[str, Any], now: dict[str, Any], original: str, modified: str
) -> None:
    frame = table({0: CALM | before, 90: CALM | before | now})
    assert ask(frame, "selena_flare_index")["response"] == original
    assert ask(frame, "selena_flare_index_modified")["response"] == modified


# --- S2K RI-50 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param({"arthritis": 8}, {"arthritis": 4}, 2, id="RI-01"),
        pytest.param({"arthritis": 8, "rash": 1}, {"arthritis": 3, "rash": 1}, 4, id="RI-02"),
        pytest.param({"arthritis": 8}, {"arthritis": 5}, 4, id="RI-03"),
        pytest.param({"proteinuria": 4.0}, {"proteinuria": 2.0}, 2, id="RI-05"),
    ],
)
def test_responder_index(before: dict[str, float], now: dict[str, float], expected: float) -> None:
    columns = {"arthritis": "inflamed_joints", "proteinuria": "proteinuria_24h", "rash": "rash_extent"}
    rows = {}
    for day, shown in ((0, before), (90, now)):
        items = {item.item: int(item.item in shown) for item in index_items()}
        measured = {columns[item]: value for item, value in shown.items()}
        rows[day] = {**items, **measured, "rash_improved": 0}  # the rash is unchanged
    scored = score_responder_index(table(rows))
    assert scored.get_column("s2k_ri_50").to_list()[1] == expected


# --- BILAG flares ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "now", "bilag", "explorer"),
    [
        pytest.param("skin C", "skin B", "mild", "moderate", id="FLR-01"),
        pytest.param("renal B", "renal A", "severe", "severe", id="FLR-02"),
        pytest.param("msk A", "msk B", "none", "none", id="FLR-03"),
        pytest.param("skin C, msk D", "skin B, msk B", "moderate", "severe", id="FLR-05"),
        pytest.param("", "cardio A", "severe", "severe", id="FLR-06"),
    ],
)
def test_bilag_flares(before: str, now: str, bilag: str, explorer: str) -> None:
    frame = table({0: grades(before), 90: grades(now)})
    assert ask(frame, "bilag_2004_flare", instrument="bilag_classic")["response"] == bilag
    assert ask(frame, "explorer_flare", instrument="bilag_classic")["response"] == explorer


# --- the umbilical-cord trial ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timeline", "response", "relapse", "sustained"),
    [
        pytest.param(
            {0: "renal A", 180: "renal C", 270: "renal C", 360: "renal C"}, "MCR", None, "yes", id="UCM-01"
        ),
        pytest.param(
            {0: "renal A", 180: "renal C", 270: "renal C", 360: "renal B"}, "MCR", 360, "no", id="UCM-02"
        ),
        pytest.param(
            {0: "renal A, haem B", 180: "renal B, haem D", 270: "renal B, haem D", 360: "renal B, haem D"},
            "PCR", None, "yes", id="UCM-03",
        ),
        pytest.param(
            {0: "renal A, skin A", 180: "renal B, skin B", 270: "renal B, skin B", 360: "renal B, skin B"},
            "PCR", None, "yes", id="UCM-05",
        ),
        pytest.param(
            {0: "renal A", 180: "renal B", 270: "renal A", 360: "renal A"}, "PCR", 270, "no", id="UCM-06"
        ),
    ],
)  # fmt: skip
def test_operational_response(
    timeline: dict[int, str], response: str, relapse: int | None, sustained: str
) -> None:
    frame = table({day: grades(text) for day, text in timeline.items()})
    row = ask(frame, "ucmsc_bilag_response", instrument="bilag_classic")
    assert (row["response"], row["relapse_day"], row["sustained"]) == (response, relapse, sustained)


def test_ucm_02_by_explorer() -> None:
    timeline = {0: "renal A", 180: "renal C", 270: "renal C", 360: "renal B"}
    frame = table({day: grades(text) for day, text in timeline.items()})
    row = ask(frame, "explorer_response", instrument="bilag_classic")
    assert (row["response"], row["rule"]) == ("PCR", "1")


def test_ucm_07_died_without_a_grade_at_six_months() -> None:
    frame = table({0: grades("renal A"), 90: grades("renal B")}, death_day=192)
    row = ask(frame, "ucmsc_bilag_response", instrument="bilag_classic", response_day=180)
    assert (row["response"], row["responder"]) == ("none", "no")


# --- EXPLORER --------------------------------------------------------------------------------------

WEEK = 7
GOOD = {24: "msk C, skin C", 36: "msk C, skin C", 52: "msk C, skin C"}


@pytest.mark.parametrize(
    ("timeline", "response", "rule"),
    [
        pytest.param({0: "msk A, skin B", 12: "msk B, skin B", **GOOD}, "MCR", None, id="EXP-01"),
        pytest.param({0: "msk A, skin B", 12: "msk B, skin B, renal B", **GOOD}, "MCR", None, id="EXP-02"),
        pytest.param(
            {0: "msk A, skin B", 12: "msk B, skin B, renal B, cardio B", **GOOD}, "PCR", "1", id="EXP-03"
        ),
        pytest.param(
            {0: "msk A, skin B", 12: "msk C", 24: "", 36: "skin B", 52: ""}, "NCR", None, id="EXP-05"
        ),
        pytest.param(
            {0: "msk A, skin B", 12: "skin B", 24: "skin B", 36: "skin B", 52: "skin B"},
            "PCR", "2", id="EXP-06",
        ),
        pytest.param(
            {0: "msk A, renal A, skin B", 12: "msk B, renal B", 24: "msk B, renal B", 36: "msk B, renal B",
             52: "msk B, renal B"},
            "PCR", "3", id="EXP-07",
        ),
        pytest.param(
            {0: "msk A, skin B", 12: "msk A", 24: "msk A", 36: "msk A", 52: "msk A"}, "NCR", None, id="EXP-09"
        ),
    ],
)  # fmt: skip
def test_explorer(timeline: dict[int, str], response: str, rule: str | None) -> None:
    frame = table({WEEK * week: grades(text) for week, text in timeline.items()})
    weeks = {"response_day": 168, "horizon_day": 364}
    row = ask(frame, "explorer_response", instrument="bilag_classic", **weeks)
    assert (row["response"], row["rule"]) == (response, rule)


def test_exp_10_withdrew_at_week_20() -> None:
    frame = table({0: grades("msk A, skin B"), 84: grades("msk C")}, withdrawal_day=140)
    weeks = {"response_day": 168, "horizon_day": 364}
    row = ask(frame, "explorer_response", instrument="bilag_classic", **weeks)
    assert (row["response"], row["responder"]) == ("NCR", "no")
