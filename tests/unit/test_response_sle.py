"""SRI, BICLA, LLDAS, DORIS and the renal responses: worked examples, limits, missing values."""

from typing import Any

import polars as pl
import pytest

from funis.catalogue.registry import definition, response_definition
from funis.responses.respond import respond, respond_by_visit

QUIET = {f"bilag_2004_{system}": "E" for system in definition("bilag_2004").systems}
BASE: dict[str, Any] = QUIET | {
    "sledai_2k": 10,
    "pga": 1.8,
    "bilag_2004_musculoskeletal": "A",
    "bilag_2004_mucocutaneous": "B",
    "bilag_2004_renal": "E",
    "bilag_2004_haematological": "D",
}
NOW: dict[str, Any] = BASE | {"pga": 1.5}
MSK, SKIN, RENAL, HAEM = (
    f"bilag_2004_{system}" for system in ("musculoskeletal", "mucocutaneous", "renal", "haematological")
)


def ask(name: str, *visits: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    names = ("baseline", "month_6", "month_9")
    rows = [{"subject": "1", "visit": v, **values} for v, values in zip(names, visits, strict=False)]
    return respond(pl.DataFrame(rows, infer_schema_length=None), name, parameters=parameters).row(
        0, named=True
    )


@pytest.mark.parametrize(
    ("now", "sri", "bicla"),
    [
        ({"sledai_2k": 6, MSK: "B", SKIN: "C"}, "yes", "yes"),
        ({"sledai_2k": 7, MSK: "B", SKIN: "C"}, "no", "yes"),  # -3 points only; BICLA asks for no rise
        ({"sledai_2k": 6, "pga": 2.09, MSK: "C", SKIN: "C"}, "yes", "yes"),
        ({"sledai_2k": 6, "pga": 2.1, MSK: "C", SKIN: "C"}, "no", "no"),  # +0.30 is worse
        ({"sledai_2k": 6, MSK: "C", SKIN: "B"}, "yes", "no"),
        ({"sledai_2k": 6, MSK: "B", SKIN: "C", RENAL: "B"}, "yes", "yes"),
        ({"sledai_2k": 6, MSK: "B", SKIN: "C", RENAL: "B", HAEM: "B"}, "no", "no"),
        ({"sledai_2k": 6, MSK: "B", SKIN: "C", RENAL: "A"}, "no", "no"),
        ({"sledai_2k": 6, MSK: "A", SKIN: "C"}, "yes", "no"),  # the old A is not new
        ({"sledai_2k": 11, MSK: "C", SKIN: "C"}, "no", "no"),
        ({"sledai_2k": 6, MSK: "B", SKIN: "C", "new_immunosuppressant": 1}, "no", "no"),
        ({"sledai_2k": 6, MSK: "B", SKIN: "C", "rescue_medication": True}, "no", "no"),
        ({"sledai_2k": 6, MSK: "B", SKIN: "C", "pga": None}, "cannot tell", "cannot tell"),
        ({"sledai_2k": None, MSK: "B", SKIN: "C", RENAL: "A"}, "no", "no"),  # settled without the score
        ({"sledai_2k": 6, MSK: "B", SKIN: "C", HAEM: None}, "yes", "cannot tell"),
    ],
)
def test_sri_4_and_bicla(now: dict[str, Any], sri: str, bicla: str) -> None:
    if now.get(HAEM, "D") is None:
        sri = "cannot tell"  # the unknown grade could be a new A
    assert ask("sri_4", BASE, NOW | now)["response"] == sri
    assert ask("bicla", BASE, NOW | now)["response"] == bicla


def test_sri_points() -> None:
    now = NOW | {"sledai_2k": 4, MSK: "B", SKIN: "C"}
    found = [ask(f"sri_{points}", BASE, now)["response"] for points in (5, 6, 7, 8)]
    assert found == ["yes", "yes", "no", "no"]


def test_sri_on_other_scales_of_the_assessment() -> None:
    now = NOW | {"sledai_2k": 6, MSK: "C", SKIN: "C"}
    for rise, expected in ((9.9, "yes"), (10, "no")):
        row = ask("sri_4", BASE | {"pga": 60}, now | {"pga": 60 + rise}, pga_scale=100)
        assert row["response"] == expected


def test_treatment_never_recorded_is_said() -> None:
    row = ask("sri_4", BASE, NOW | {"sledai_2k": 6, MSK: "C", SKIN: "C"})
    assert row["treatment_failure"] == "not recorded"
    assert "rescue medication" in row["reason"]
    assert "taken as none" in row["reason"]


def test_failure_stays_failure() -> None:
    good = NOW | {"sledai_2k": 6, MSK: "C", SKIN: "C", "rescue_medication": 0}
    assert (
        ask("sri_4", BASE | {"rescue_medication": 0}, good | {"rescue_medication": 1}, good)["response"]
        == "no"
    )
    assert ask("sri_4", BASE | {"rescue_medication": 0}, good, good)["response"] == "yes"
    unknown = ask("sri_4", BASE | {"rescue_medication": 0}, good | {"rescue_medication": None}, good)
    assert unknown["response"] == "cannot tell"


def test_sri_has_a_steroid_rule_where_the_trial_has_one() -> None:
    start, now = BASE | {"prednisone": 10}, NOW | {"sledai_2k": 6, MSK: "C", SKIN: "C"}
    options = {"steroid_rise_fails": True, "prednisone_rise_limit": 2.5}
    for dose, expected in ((12.5, "yes"), (12.6, "no"), (None, "cannot tell"), (5, "yes")):
        assert ask("sri_4", start, now | {"prednisone": dose}, **options)["response"] == expected
        assert ask("sri_4", start, now | {"prednisone": dose})["response"] == "yes"
        assert (
            ask("sri_5", start, now | {"prednisone": dose, "sledai_2k": 5}, **options)["response"] == expected
        )


def test_bicla_steroid_limit() -> None:
    now = NOW | {"sledai_2k": 6, MSK: "C", SKIN: "C", "prednisone": 12.5}
    assert ask("bicla", BASE | {"prednisone": 10}, now)["response"] == "no"
    assert ask("bicla", BASE | {"prednisone": 10}, now, prednisone_rise_limit=2.5)["response"] == "yes"


@pytest.mark.parametrize(
    ("scale", "before", "now", "below", "at_limit"),
    [
        (3, 1.80, 2.09, "yes", "yes"),
        (3, 1.80, 2.10, "no", "yes"),  # 10 % of the scale
        (3, 1.80, 2.11, "no", "no"),
        (100, 60, 70, "no", "yes"),
        (100, 60, 69.9, "yes", "yes"),
        (10, 6.0, 7.1, "no", "no"),
    ],
)
def test_bicla_pga_limit_is_a_choice(
    scale: int, before: float, now: float, below: str, at_limit: str
) -> None:
    better = NOW | {"sledai_2k": 6, MSK: "C", SKIN: "C", "pga": now}
    start = BASE | {"pga": before}
    assert ask("bicla", start, better, pga_scale=scale)["response"] == below
    assert ask("bicla", start, better, pga_scale=scale, pga_at_limit=True)["response"] == at_limit


def test_bicla_needs_an_a_or_b_at_baseline() -> None:
    quiet = BASE | {MSK: "C", SKIN: "D"}
    row = ask("bicla", quiet, quiet)
    assert (row["response"], row["responder"]) == ("not_evaluable", "no")
    assert ask("bicla", quiet | {MSK: None}, quiet)["response"] == "cannot tell"


def test_withdrawal_is_no_response() -> None:
    now = NOW | {"sledai_2k": 6, MSK: "C", SKIN: "C", "withdrawal_day": 100}
    assert ask("sri_4", BASE, now)["response"] == "no"
    now["withdrawal_day"] = 181
    assert ask("sri_4", BASE, now)["response"] == "yes"


def test_withdrawal_where_the_visit_judged_is_missing_counts_by_its_planned_day() -> None:
    # The last visit, month 9 (day 270), is judged; this subject was seen at baseline only.
    others = [
        {"subject": "2", "visit": name, "day": day, **BASE}
        for name, day in (("baseline", 0), ("month_9", 270))
    ]
    for day, expected in ((269, "no"), (271, "cannot tell")):
        own = {"subject": "1", "visit": "baseline", "day": 0, **BASE, "withdrawal_day": day}
        frame = pl.DataFrame([own, *others], infer_schema_length=None)
        row = respond(frame, "sri_4", parameters={"missing_response": "cannot_tell"}).row(0, named=True)
        assert row["response"] == expected


def test_withdrawal_on_the_day_of_the_visit_takes_nothing_from_what_was_measured() -> None:
    good = NOW | {"sledai_2k": 6, MSK: "C", SKIN: "C", "withdrawal_day": 180}
    assert ask("sri_4", BASE, good)["response"] == "yes"
    nothing = dict.fromkeys(BASE) | {"withdrawal_day": 180}
    assert ask("sri_4", BASE, nothing, missing_response="cannot_tell")["response"] == "no"


# --- low disease activity and remission -----------------------------------------------------------

ITEMS = response_definition("lldas").sets["sledai_items"]


def state(total: int, *items: str, pga: float = 0.4, prednisone: float = 5, **more: Any) -> dict[str, Any]:
    recorded = {item: int(item in items) for item in ITEMS}
    return {**recorded, "sledai_2k": total, "pga": pga, "prednisone": prednisone, **more}


@pytest.mark.parametrize(
    ("before", "now", "lldas", "doris"),
    [
        (("low_complement", "increased_dna_binding"),
         state(4, "low_complement", "increased_dna_binding", mycophenolate_mofetil=2000), "yes", "yes"),
        (("arthritis",), state(4, "arthritis", pga=0.8, prednisone=7.5), "yes", "no"),
        (("proteinuria",), state(4, "proteinuria", pga=0.5), "no", "no"),
        ((), state(0, pga=0.5), "yes", "no"),
        ((), state(0, pga=0.2, prednisone=7.5), "yes", "no"),
        ((), state(2, "rash", pga=0.6), "no", "no"),
        (("rash",), state(2, "rash", pga=1.0, prednisone=7.5), "yes", "no"),
        (("rash",), state(2, "rash", pga=1.01), "no", "no"),
        (("rash",), state(2, "rash", prednisone=7.51), "no", "no"),
        ((), state(0, pga=0.49, prednisone=5), "yes", "yes"),
        ((), state(0, methotrexate=31), "no", "yes"),
        ((), state(0, active_haemolysis=1), "no", "yes"),
        ((), state(0, investigational_drug=1), "no", "yes"),
        ((), state(0, treatment_not_tolerated=1), "no", "yes"),
        ((), state(0, unstable_immunosuppressant=1), "yes", "no"),
        ((), state(0, unstable_immunosuppressant=0, treatment_not_tolerated=0), "yes", "yes"),
        (("arthritis",), state(5, "arthritis", "thrombocytopenia"), "no", "no"),
    ],
)  # fmt: skip
def test_low_activity_and_remission(
    before: tuple[str, ...], now: dict[str, Any], lldas: str, doris: str
) -> None:
    start = state(4, *before)
    assert ask("lldas", start, now)["response"] == lldas
    assert ask("doris_2021", start, now)["response"] == doris


def test_low_activity_looks_at_all_24_items() -> None:
    assert len(ITEMS) == 24


def test_lldas_options() -> None:
    start, now = state(0), state(0, study_product=1)
    assert ask("lldas", start, now)["response"] == "yes"
    assert ask("lldas", start, now, study_product_counts=True)["response"] == "no"
    graded = [state(0) | QUIET | {SKIN: grade} for grade in ("C", "B")]
    assert ask("lldas", *graded, new_feature_rule="bilag")["response"] == "no"
    assert ask("lldas", *graded[:1] * 2, new_feature_rule="bilag")["response"] == "yes"
    assert ask("lldas", start, state(0, sfi_flare=1), new_feature_rule="flare_index")["response"] == "no"


def test_doris_steroid_limit_is_a_choice() -> None:
    quiet = state(0, pga=0.1, prednisone=5)
    assert ask("doris_2021", quiet, quiet)["response"] == "yes"
    assert ask("doris_2021", quiet, quiet, steroid_at_limit=False)["response"] == "no"


def test_states_need_every_element() -> None:
    quiet = state(2, "rash")
    assert ask("lldas", quiet, quiet | {"prednisone": None})["response"] == "cannot tell"
    assert ask("lldas", quiet, quiet | {"fever": None})["response"] == "cannot tell"
    # Without a visit before, new features cannot be determined.
    assert ask("lldas", quiet)["response"] == "cannot tell"
    partly = state(3, "rash", "thrombocytopenia") | {"low_complement": None}
    assert ask("doris_2021", quiet, partly)["response"] == "no"  # 3 points cannot all be serology


# --- kidney ----------------------------------------------------------------------------------------


def kidney(upcr: float | None, **more: Any) -> dict[str, Any]:
    return {"upcr": upcr, **more}


@pytest.mark.parametrize(
    ("now", "perr", "crr"),
    [
        (kidney(0.45, gfr=85, pre_flare_gfr=92, prednisone=5), "yes", "yes"),
        (kidney(0.70, gfr=58, pre_flare_gfr=70, prednisone=5), "yes", "no"),
        (kidney(0.71, gfr=95, pre_flare_gfr=95, prednisone=5), "no", "no"),
        (kidney(0.5, gfr=95, pre_flare_gfr=95, prednisone=5), "yes", "no"),
        (kidney(0.4, gfr=59, pre_flare_gfr=73.75, prednisone=10), "yes", "no"),  # exactly 20 % below
        (kidney(0.4, gfr=58.9, pre_flare_gfr=73.75, prednisone=10), "no", "no"),
        (kidney(0.4, gfr=81, pre_flare_gfr=90, prednisone=10), "yes", "yes"),  # exactly 10 % below
        (kidney(0.4, gfr=95, pre_flare_gfr=None, prednisone=10.1), "no", "no"),
        (kidney(0.4, gfr=50, pre_flare_gfr=None, prednisone=5), "cannot tell", "cannot tell"),
        (kidney(0.4, gfr=95, pre_flare_gfr=None, prednisone=5), "yes", "yes"),
    ],
)
def test_bliss_ln(now: dict[str, Any], perr: str, crr: str) -> None:
    start = kidney(3.0, gfr=70, pre_flare_gfr=now["pre_flare_gfr"], prednisone=20)
    for name, expected in (("bliss_ln_perr", perr), ("bliss_ln_crr", crr)):
        assert ask(name, start, now, upcr_unit="mg/mg", confirmed=False)["response"] == expected


@pytest.mark.parametrize(
    ("month_6", "month_9", "expected"),
    [
        (10, 10, "yes"),
        (10.1, 10, "no"),  # above the limit after week 24, lowered again
        (10, 10.1, "no"),
        (None, 10, "cannot tell"),
        (None, 11, "no"),
    ],
)
def test_bliss_ln_looks_at_every_dose_from_week_24(
    month_6: float | None, month_9: float, expected: str
) -> None:
    visits = [{"upcr": 0.4, "gfr": 95, "prednisone": dose} for dose in (40, month_6, month_9)]
    for name in ("bliss_ln_perr", "bliss_ln_crr"):
        row = ask(name, *visits, upcr_unit="mg/mg")
        assert row["response"] == expected
        # from day 200 on only month 9 (day 270) is looked at
        later = ask(name, *visits, upcr_unit="mg/mg", from_day=200, confirmed=False)
        assert later["response"] == ("yes" if month_9 <= 10 else "no")


def test_a_dose_that_was_not_recorded_is_named() -> None:
    visits = [{"upcr": 0.4, "gfr": 95, "prednisone": dose} for dose in (40, None, 10)]
    reason = ask("bliss_ln_crr", *visits, upcr_unit="mg/mg")["reason"]
    # week 24 is day 168
    assert "highest prednisone 10 to ? from day 168, not recorded at month_6." in reason


def test_units_of_protein_to_creatinine() -> None:
    now = {"gfr": 95, "prednisone": 5}
    # 0.7 mg/mg are 700 mg/g; 79.1 mg/mmol are 0.699 mg/mg, 79.2 are 0.700128 mg/mg
    for value, unit, expected in ((700, "mg/g", "yes"), (79.1, "mg/mmol", "yes"), (79.2, "mg/mmol", "no")):
        options = {"upcr_unit": unit, "confirmed": False}
        assert ask("bliss_ln_perr", {"upcr": 999}, {"upcr": value, **now}, **options)["response"] == expected


def test_confirmation_at_the_visit_before() -> None:
    # The trial judged weeks 100 and 104 together: two visits in a row, unless a study says otherwise.
    start, good, bad = ({"upcr": u, "gfr": 95, "prednisone": 5} for u in (3.0, 0.4, 0.9))
    for name in ("bliss_ln_perr", "bliss_ln_crr"):
        options = {"upcr_unit": "mg/mg"}
        assert ask(name, start, good, good, **options)["response"] == "yes"
        assert ask(name, start, bad, good, **options)["response"] == "no"
        assert ask(name, start, good, bad, **options)["response"] == "no"
        assert ask(name, start, good, **options)["response"] == "cannot tell"
        assert ask(name, start, bad, **options)["response"] == "no"
        assert ask(name, start, bad, good, **options, confirmed=False)["response"] == "yes"
        assert ask(name, start, good, **options, confirmed=False)["response"] == "yes"


def lunar(upcr: float, creatinine: float = 80, cells: float = 2, casts: int = 0) -> dict[str, Any]:
    return {"upcr": upcr, "creatinine": creatinine, "urine_red_cells": cells, "red_cell_casts": casts}


@pytest.mark.parametrize(
    ("start", "now", "expected"),
    [
        (lunar(4.0), lunar(1.9, 88), "PRR"),  # -52.5 %, not above 3.0, creatinine 110 %
        (lunar(2.0), lunar(1.0), "none"),  # must be below 1.0
        (lunar(2.0), lunar(0.99), "PRR"),
        (lunar(6.0), lunar(3.0), "PRR"),  # -50 %, 3.0 allowed from above 3.0
        (lunar(2.0), lunar(0.49), "CRR"),
        (lunar(2.0), lunar(0.5), "PRR"),
        (lunar(2.0), lunar(0.4, 92), "CRR"),  # 115 %
        (lunar(2.0), lunar(0.4, 92.1), "none"),
        (lunar(2.0, cells=10), lunar(0.4, cells=5), "PRR"),  # 5 cells are not fewer than 5
        (lunar(2.0, cells=10), lunar(0.4, cells=16), "none"),
        (lunar(2.0), lunar(0.4, casts=1), "none"),
        (lunar(2.0, cells=0), lunar(0.9, cells=0), "PRR"),
    ],
)
def test_lunar(start: dict[str, Any], now: dict[str, Any], expected: str) -> None:
    assert ask("lunar_renal_response", start, now, upcr_unit="mg/mg")["response"] == expected


def test_lunar_with_the_laboratorys_limit() -> None:
    row = ask(
        "lunar_renal_response", lunar(2.0), lunar(0.4, 100), upcr_unit="mg/mg", creatinine_upper_limit=106
    )
    assert row["response"] == "CRR"


@pytest.mark.parametrize(
    ("before", "after", "either", "by_baseline"),
    [
        (150, 150, "CRR", "PRR"),  # above the limit of 106 at baseline and still: kept, but not normal
        (150, 107, "CRR", "PRR"),
        (150, 106, "CRR", "CRR"),
        (106, 121.9, "CRR", "CRR"),  # normal at baseline: 115 % are allowed
        (106, 122, "none", "none"),
        (80, 100, "CRR", "none"),  # normal, but 125 % of baseline
    ],
)
def test_lunar_creatinine_by_baseline(before: float, after: float, either: str, by_baseline: str) -> None:
    start, now = lunar(2.0, before), lunar(0.4, after)
    limit = {"upcr_unit": "mg/mg", "creatinine_upper_limit": 106}
    strict = {"upcr_unit": "mg/mg", "creatinine_rule": "by_baseline"}
    assert ask("lunar_renal_response", start, now, **limit)["response"] == either
    assert ask("lunar_renal_response", start, now, **(limit | strict))["response"] == by_baseline
    sampled = start | {"creatinine_high": 106}, now | {"creatinine_high": 106}
    assert ask("lunar_renal_response", *sampled, **strict)["response"] == by_baseline
    row = ask("lunar_renal_response", start, now, **strict)  # no limit, no answer
    assert row["response"] == row["creatinine_by_baseline"] == "cannot tell"
    assert "upper limit not recorded" in row["reason"]


@pytest.mark.parametrize(
    ("upcr", "gfr", "expected"),
    [(49, 81, "complete"), (50, 90, "partial"), (150, 90, "partial"), (151, 90, "none"), (40, 80, "none")],
)
def test_eular_2012(upcr: float, gfr: float, expected: str) -> None:
    start = {"upcr": 300, "gfr": 70}
    assert ask("eular_2012_renal_response", start, {"upcr": upcr, "gfr": gfr})["response"] == expected


@pytest.mark.parametrize(
    ("upcr", "gfr", "prednisone", "expected"),
    [
        (0.5, 60, 10, "CRR"),
        (0.51, 60, 10, "PRR"),
        (0.5, 56, 10, "CRR"),
        (0.5, 55.9, 10, "PRR"),
        (1.6, 90, 5, "none"),
    ],
)
def test_aurora(upcr: float, gfr: float, prednisone: float, expected: str) -> None:
    start = {"upcr": 3.0, "gfr": 70, "prednisone": 25}
    now = {"upcr": upcr, "gfr": gfr, "prednisone": prednisone}
    options = {"upcr_unit": "mg/mg", "steroid_rule": "visit_dose"}
    assert ask("aurora_renal_response", start, now, **options)["response"] == expected


@pytest.mark.parametrize(
    ("month_6", "month_9", "at_visit", "confirmed"),
    [
        (70, 55, "PRR", "CRR"),  # fell by 21 % once
        (55, 55, "PRR", "PRR"),
        (56, 55, "PRR", "CRR"),  # by exactly 20 % at month 6
        (40, 56, "CRR", "CRR"),
        (None, 55, "PRR", "cannot tell"),
        (None, 56, "CRR", "CRR"),
        (40, 60, "CRR", "CRR"),
    ],
)
def test_aurora_confirmed_fall(month_6: float | None, month_9: float, at_visit: str, confirmed: str) -> None:
    visits = [{"upcr": 3.0, "gfr": 70.0, "prednisone": 5}]
    visits += [{"upcr": 0.4, "gfr": gfr, "prednisone": 5} for gfr in (month_6, month_9)]  # type: ignore[dict-item]
    options = {"upcr_unit": "mg/mg", "steroid_rule": "visit_dose"}
    assert ask("aurora_renal_response", *visits, **options)["response"] == at_visit
    found = ask("aurora_renal_response", *visits, **options, gfr_fall="confirmed")["response"]
    assert found == confirmed
    # without a visit between nothing confirms a fall
    two = ask("aurora_renal_response", visits[0], visits[2], **options, gfr_fall="confirmed")["response"]
    assert two == ("cannot tell" if month_9 < 56 else "CRR")


@pytest.mark.parametrize(
    ("upcr", "gfr", "cells", "prednisone", "expected"),
    [
        (0.49, 80, 9, 10, "CR"),
        (0.49, 80, 10, 10, "PR"),
        (0.49, 79.9, 9, 10, "none"),
        (1.5, 80, 9, 10, "PR"),
        (1.51, 120, 9, 10, "none"),
        (0.49, 120, 9, 10.5, "none"),
    ],
)
def test_msc_role(upcr: float, gfr: float, cells: float, prednisone: float, expected: str) -> None:
    start = {"upcr": 3.0, "gfr": 100, "prednisone": 20, "urine_red_cells": 20, "red_cell_casts": 0}
    now = {"upcr": upcr, "gfr": gfr, "prednisone": prednisone, "urine_red_cells": cells, "red_cell_casts": 0}
    assert ask("msc_role_renal_response", start, now, upcr_unit="mg/mg")["response"] == expected


def test_every_visit_at_once() -> None:
    rows = [
        {"subject": "1", "visit": v, "upcr": u, "gfr": 95, "prednisone": 5}
        for v, u in (("baseline", 3.0), ("month_6", 0.9), ("month_12", 0.5))
    ]
    told: dict[str, str | bool] = {"upcr_unit": "mg/mg", "confirmed": False}
    found = respond_by_visit(pl.DataFrame(rows), "bliss_ln_perr", parameters=told)
    assert found.select("response_visit", "response").rows() == [("month_6", "no"), ("month_12", "yes")]
