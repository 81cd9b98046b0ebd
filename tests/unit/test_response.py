"""MCR, PCR and relapse: the worked courses of the two lupus definitions, and what missing data do."""

import polars as pl
import pytest

from funis.errors import ColumnError, ShapeError, UnknownNameError, ValueRangeError
from funis.responses.relapse_counts import count_relapses
from funis.responses.respond import respond, respond_with_and_without
from funis.responses.timeline import build_timelines

SYSTEMS = (
    "constitutional",
    "mucocutaneous",
    "neuropsychiatric",
    "musculoskeletal",
    "cardiorespiratory",
    "gastrointestinal",
    "ophthalmic",
    "renal",
    "haematological",
)
DAYS = {"baseline": 0, "month_1": 30, "month_3": 90, "month_6": 180, "month_9": 270, "month_12": 360}
WEEKS = ("baseline", "week_12", "week_24", "week_36", "week_52")


def timeline(subject: str, **visits: str) -> list[dict[str, object]]:
    """Rows of one subject: each visit as 'renal A, skin B'; every other system E."""
    rows: list[dict[str, object]] = []
    for name, text in visits.items():
        day = DAYS.get(name)
        if day is None:
            day = 7 * int(name.removeprefix("week_"))
        grades: dict[str, str | None] = dict.fromkeys(SYSTEMS, "E")
        for part in filter(None, text.split(", ")):
            system, grade = part.split(" ")
            full = {"skin": "mucocutaneous", "haem": "haematological", "msk": "musculoskeletal"}
            grades[full.get(system, system)] = None if grade == "?" else grade
        row: dict[str, object] = {"subject": subject, "visit": name, "day": day}
        rows.append(row | {f"bilag_2004_{system}": grade for system, grade in grades.items()})
    return rows


def one(
    rows: list[dict[str, object]], name: str = "ucmsc_bilag_response", **parameters: object
) -> dict[str, object]:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return respond(frame, name, parameters=parameters).row(0, named=True)  # type: ignore[arg-type]


# --- the operational definition -------------------------------------------------------------------


def test_complete_course_is_a_sustained_major_response() -> None:
    row = one(timeline("1", baseline="renal A", month_6="renal C", month_9="renal C", month_12="renal C"))
    assert (row["response"], row["relapse"], row["sustained"]) == ("MCR", "no", "yes")


def test_late_b_is_a_relapse_of_a_major_response() -> None:
    rows = timeline("1", baseline="renal A", month_6="renal C", month_9="renal C", month_12="renal B")
    row = one(rows)
    assert (row["response"], row["relapse"]) == ("MCR", "yes")
    assert (row["relapse_visit"], row["relapse_day"], row["sustained"]) == ("month_12", 360.0, "no")
    assert "renal C -> B" in str(row["relapse_reason"])
    explorer = one(rows, "explorer_response")
    # 180 days without a new A or B: rule 1 holds although the major response was lost.
    assert (explorer["response"], explorer["rule"]) == ("PCR", "1")


def test_one_b_is_a_partial_response() -> None:
    rows = timeline(
        "1", baseline="renal A, haem B", month_6="renal B, haem D", month_9="renal B, haem D",
        month_12="renal B, haem D",
    )  # fmt: skip
    row = one(rows)
    assert (row["response"], row["relapse"], row["sustained"]) == ("PCR", "no", "yes")


@pytest.mark.parametrize(
    ("baseline", "month_6", "expected"),
    [
        ("renal A, skin A", "renal B, skin B", "PCR"),  # two A at baseline: two B allowed
        ("renal A, skin B, msk B", "renal B, skin B", "PCR"),  # one A with two B
        ("renal B, skin B, msk B, haem B", "renal B, skin B", "PCR"),  # four B
        ("renal A, skin B", "renal B, skin B", "none"),  # one A with one B: one B allowed
        ("renal B, skin B, msk B", "renal B, skin B", "none"),  # three B: one B allowed
        ("renal A, skin A", "renal B, skin B, msk B", "none"),  # three B
        ("renal A", "renal A", "none"),
        ("renal A", "skin A", "none"),
        ("renal A", "renal D", "MCR"),
        ("renal A", "skin B", "PCR"),  # the one B may be a new one
    ],
)
def test_state_at_month_6_gives_the_class(baseline: str, month_6: str, expected: str) -> None:
    assert one(timeline("1", baseline=baseline, month_6=month_6, month_12=""))["response"] == expected


def test_partial_response_relapses_with_an_a() -> None:
    row = one(timeline("1", baseline="renal A", month_6="renal B", month_9="renal A", month_12="renal B"))
    assert (row["response"], row["relapse"], row["relapse_visit"]) == ("PCR", "yes", "month_9")


def test_first_relapse_counts() -> None:
    row = one(timeline("1", baseline="renal A", month_6="", month_9="renal B", month_12="renal A"))
    assert (row["relapse_visit"], row["relapse_day"]) == ("month_9", 270.0)


def test_improvement_from_a_to_b_is_no_new_b() -> None:
    rows = timeline("1", baseline="renal B", month_6="renal B", month_9="renal B", month_12="renal C")
    assert one(rows)["relapse"] == "no"


def test_severe_flare_on_the_way_bars_the_major_response() -> None:
    rows = timeline("1", baseline="renal A", month_3="skin B, haem B", month_6="", month_12="")
    row = one(rows)
    assert (row["response"], row["no_severe_flare"]) == ("PCR", "no")
    moderate = one(timeline("1", baseline="renal A", month_3="skin B", month_6="", month_12=""))
    assert moderate["response"] == "MCR"


def test_death_without_grades_is_no_response() -> None:
    rows = [row | {"death_day": 192} for row in timeline("1", baseline="renal A", month_3="renal B")]
    row = one(rows)
    assert (row["response"], row["responder"], row["relapse"]) == ("none", "no", None)
    assert "died" in str(row["reason"])


def test_subject_known_only_by_death_is_reported() -> None:
    frame = pl.DataFrame(timeline("1", baseline="renal A", month_6="renal C", month_12=""))
    deaths = pl.DataFrame({"subject": ["9"], "status": ["died"], "day": [7]})
    answer = respond(frame, "ucmsc_bilag_response", disposition=deaths)
    assert answer.select("subject", "response").rows() == [("1", "MCR"), ("9", "none")]


def test_death_after_the_response_ends_it_without_relapse() -> None:
    rows = timeline("1", baseline="renal A", month_6="renal C")
    row = one([row | {"death_day": 256} for row in rows])
    assert (row["response"], row["relapse"], row["sustained"]) == ("MCR", "no", "no")


def test_records_after_death_are_not_used() -> None:
    rows = timeline("1", baseline="renal A", month_3="renal C", month_6="renal C", month_12="")
    assert one([row | {"death_day": 100} for row in rows])["response"] == "none"


def test_missing_month_6_cannot_be_told() -> None:
    others = timeline("2", baseline="renal A", month_6="renal C", month_12="")
    row = one(timeline("1", baseline="renal A", month_12="") + others)
    assert (row["response"], row["responder"], row["relapse"]) == (
        "cannot tell",
        "cannot tell",
        "cannot tell",
    )
    assert "month_6" in str(row["reason"])
    counted = one(timeline("1", baseline="renal A", month_12="") + others, missing_response="nonresponder")
    assert (counted["response"], counted["responder"]) == ("none", "no")


def test_one_missing_system_leaves_only_what_it_can_change() -> None:
    row = one(timeline("1", baseline="renal A", month_6="renal C, skin ?", month_12=""))
    assert (row["response"], row["responder"]) == ("cannot tell", "cannot tell")
    settled = one(timeline("1", baseline="renal A", month_6="renal A, skin ?", month_12=""))
    assert settled["response"] == "none"  # whatever the skin was


def test_system_never_graded_is_missing_not_quiet() -> None:
    row = one(timeline("1", baseline="renal A, skin ?", month_6="skin ?", month_12="skin ?"))
    assert row["response"] == "cannot tell"
    assert "mucocutaneous" in str(row["reason"])


def test_no_grade_at_all_cannot_be_told() -> None:
    rows: list[dict[str, object]] = [
        {"subject": "1", "visit": visit, "bilag_2004_renal": None} for visit in ("baseline", "month_6")
    ]
    assert one(rows)["response"] == "cannot tell"


def test_bounds_that_say_nothing_are_no_measurement() -> None:
    rows = timeline("1", baseline="renal A", month_6="", month_12="")
    for system in SYSTEMS:
        rows[1] |= {
            f"bilag_2004_{system}": None,
            f"bilag_2004_{system}_lower": "D",
            f"bilag_2004_{system}_upper": "A",
        }
    row = one(rows)
    assert row["response"] == "cannot tell"
    assert "nothing was measured at month_6" in str(row["reason"])


def test_bounds_settle_what_they_can() -> None:
    rows = timeline("1", baseline="renal A", month_6="renal ?", month_9="", month_12="")
    for row in rows:
        row["bilag_2004_renal_lower"] = "D" if row["visit"] == "month_6" else None
        row["bilag_2004_renal_upper"] = "C" if row["visit"] == "month_6" else None
    assert one(rows)["response"] == "MCR"
    for row in rows:
        row["bilag_2004_renal_upper"] = "B" if row["visit"] == "month_6" else None
    answer = one(rows)
    assert (answer["response"], answer["responder"]) == ("cannot tell", "yes")  # MCR or PCR
    assert "MCR or PCR" in str(answer["reason"])


def test_visit_missing_before_or_after_leaves_the_answer_open() -> None:
    whole = timeline("2", baseline="renal A", month_3="", month_6="", month_9="", month_12="")
    before = one(timeline("1", baseline="renal A", month_6="", month_9="", month_12="") + whole)
    assert (before["response"], before["responder"]) == ("cannot tell", "yes")
    gap = timeline("1", baseline="renal A", month_3="", month_6="", month_12="") + whole
    assert one(gap)["relapse"] == "cannot tell"
    assert one(gap, missing_visit="neighbours")["relapse"] == "no"
    assert one(gap, missing_visit="ignore")["sustained"] == "yes"


def test_end_of_follow_up_before_the_horizon_leaves_relapse_open() -> None:
    row = one(timeline("1", baseline="renal A", month_6="", month_9=""))
    assert (row["response"], row["relapse"], row["sustained"]) == ("MCR", "cannot tell", "cannot tell")


@pytest.mark.parametrize("day", [320, 400])
def test_visit_of_the_horizon_counts_on_whatever_day_it_fell(day: int) -> None:
    rows = timeline("2", baseline="", month_6="", month_12="") + timeline(
        "3", baseline="", month_6="", month_12=""
    )
    for grade, expected in (("renal C", ("no", "yes")), ("renal B", ("yes", "no"))):
        late = timeline("1", baseline="renal A", month_6="", month_12=grade)
        late[2]["day"] = day
        row = one(late + rows)
        assert (row["relapse"], row["sustained"]) == expected


def test_visit_outside_the_window_is_not_month_6() -> None:
    rows = timeline("1", baseline="renal A", month_6="", month_12="")
    rows[1]["day"] = 211
    assert one(rows)["response"] == "cannot tell"
    rows[1]["day"] = 210
    assert one(rows)["response"] == "MCR"
    rows[1]["day"] = 211
    assert one(rows, response_visit="month_6")["response"] == "MCR"  # the study's own window governs


def test_unscheduled_visit_counts_unless_told_otherwise() -> None:
    rows = timeline("1", baseline="renal A", month_6="", month_9="", month_12="")
    rows.append(rows[1] | {"visit": "unscheduled_1", "day": 230, "bilag_2004_renal": "A"})
    row = one(rows)
    assert (row["relapse"], row["relapse_visit"], row["relapse_day"]) == ("yes", "unscheduled_1", 230.0)
    assert one(rows, unscheduled=False)["relapse"] == "no"


# --- EXPLORER --------------------------------------------------------------------------------------


def explorer(*states: str, **parameters: object) -> tuple[object, object]:
    row = one(timeline("1", **dict(zip(WEEKS, states, strict=False))), "explorer_response", **parameters)
    return row["response"], row["rule"]


def test_explorer_courses() -> None:
    start = "msk A, skin B"
    assert explorer(start, "", "msk C, skin C", "", "") == ("MCR", None)
    assert explorer(start, "renal B", "msk C", "", "") == ("MCR", None)  # a moderate flare before week 24
    assert explorer(start, "renal B, cardiorespiratory B", "", "", "") == ("PCR", "1")
    assert explorer(start, "", "", "skin B", "") == ("NCR", None)  # 12 weeks are not 16
    assert explorer(start, "", "skin B", "skin B", "skin B") == ("PCR", "2")
    assert explorer("msk A, skin A, renal B", "", "msk B, renal B", "msk B", "") == ("PCR", "3")
    assert explorer("msk A, renal B", "", "msk B, renal B", "msk B", "") == ("NCR", None)
    assert explorer(start, "", "skin A", "", "") == ("NCR", None)


def test_explorer_withdrawal_is_no_response() -> None:
    rows = timeline("1", baseline="msk A", week_12="msk C", week_20="msk C")
    assert one(rows, "explorer_response")["response"] == "NCR"
    rows = timeline("1", baseline="msk A", week_24="", week_36="", week_52="")
    told = [row | {"withdrawal_day": 200} for row in rows]
    assert one(told, "explorer_response")["response"] == "NCR"
    treated = [row | {"prohibited_day": 200} for row in rows]
    assert one(treated, "explorer_response")["response"] == "NCR"


def test_explorer_sixteen_weeks_or_four_months() -> None:
    rows = timeline("1", baseline="msk A", week_24="", week_40="skin B", week_52="")
    assert one(rows, "explorer_response")["response"] == "PCR"  # 280 - 168 = 112 days
    assert one(rows, "explorer_response", maintained_days=120)["response"] == "NCR"


def test_explorer_returning_b_is_a_choice() -> None:
    rows = timeline("1", baseline="skin B, msk A", week_24="skin C", week_36="skin B", week_52="skin C")
    assert one(rows, "explorer_response")["response"] == "NCR"
    assert one(rows, "explorer_response", returning_b_is_new=False)["response"] == "MCR"


def test_explorer_gaps() -> None:
    whole = [row for n in "23" for row in timeline(n, **dict.fromkeys((*WEEKS, "week_44"), ""))]
    gap = timeline("1", baseline="msk A", week_12="", week_24="", week_44="", week_52="")
    assert one(gap + whole, "explorer_response")["response"] == "MCR"
    two = timeline("1", baseline="msk A", week_12="", week_24="", week_52="")
    assert one(two + whole, "explorer_response")["response"] == "NCR"
    assert one(two + whole, "explorer_response", two_missing="cannot_tell")["response"] == "cannot tell"


# --- relapse with every denominator ---------------------------------------------------------------


def cohort_of(responders: int, at_9: int, at_12: int, enrolled: int) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    for number in range(enrolled):
        if number >= responders:
            states = {"month_6": "renal A", "month_9": "renal A", "month_12": "renal A"}
        elif number < at_9:
            states = {"month_6": "", "month_9": "renal B", "month_12": ""}
        elif number < at_9 + at_12:
            states = {"month_6": "", "month_9": "", "month_12": "renal B"}
        else:
            states = {"month_6": "", "month_9": "", "month_12": ""}
        rows += timeline(f"{number:02d}", baseline="renal A", **states)
    return pl.DataFrame(rows)


@pytest.mark.parametrize(
    ("responders", "visit", "denominator", "count", "n"),
    [
        # 3 of 29, then 4 of the 26 still at risk, 7 of 29 in all
        (29, "month_9", "responders", 3, 29),
        (29, "month_12", "at_risk", 4, 26),
        (29, "all", "responders", 7, 29),
        # 24 responders: 12.5 %, 16.7 %, 29.2 %
        (24, "month_9", "responders", 3, 24),
        (24, "month_12", "responders", 4, 24),
        (24, "all", "responders", 7, 24),
        # 40 enrolled: 7.5 %, 10.0 %, 17.5 %
        (24, "month_9", "enrolled", 3, 40),
        (24, "month_12", "enrolled", 4, 40),
        (24, "all", "enrolled", 7, 40),
        (24, "month_12", "at_risk", 4, 21),
        (24, "all", "at_risk", 7, 24),
    ],
)
def test_relapses_over_every_denominator(
    responders: int, visit: str, denominator: str, count: int, n: int
) -> None:
    answer = respond(cohort_of(responders, 3, 4, 40), "ucmsc_bilag_response")
    counts = count_relapses(answer, {"month_9": 270, "month_12": 360})
    found = counts.filter(visit=visit, denominator=denominator)
    assert found.select("count", "n").rows() == [(count, n)]


def test_responder_who_died_is_no_longer_at_risk() -> None:
    frame = cohort_of(3, 0, 1, 3).filter(~((pl.col("subject") == "02") & (pl.col("day") > 180)))
    deaths = pl.DataFrame({"subject": ["02"], "death_day": [200]})
    answer = respond(frame, "ucmsc_bilag_response", disposition=deaths)
    counts = count_relapses(answer, {"month_9": 270, "month_12": 360}).filter(denominator="at_risk")
    assert counts.select("visit", "count", "n").rows() == [
        ("month_9", 0, 2),
        ("month_12", 1, 2),
        ("all", 1, 2),
    ]


def test_relapse_between_visits_belongs_to_the_next() -> None:
    rows = timeline("1", baseline="renal A", month_6="", month_9="", month_12="renal B")
    rows.append(rows[1] | {"visit": "unscheduled_1", "day": 300, "bilag_2004_renal": "A"})
    counts = count_relapses(
        respond(pl.DataFrame(rows), "ucmsc_bilag_response"), {"month_9": 270, "month_12": 360}
    )
    assert counts.filter(denominator="responders").get_column("count").to_list() == [0, 1, 1]


def test_relapse_on_a_scheduled_day_belongs_to_that_visit() -> None:
    rows = timeline("1", baseline="renal A", month_6="", month_12="renal B")
    rows.append(rows[1] | {"visit": "unscheduled_1", "day": 270, "bilag_2004_renal": "A"})
    counts = count_relapses(
        respond(pl.DataFrame(rows), "ucmsc_bilag_response"), {"month_9": 270, "month_12": 360}
    )
    assert counts.filter(denominator="responders").get_column("count").to_list() == [1, 0, 1]


def test_columns_without_any_value_may_be_of_any_type() -> None:
    # What other tools give for a column that is empty throughout: numbers for text and text for numbers.
    frame = pl.DataFrame(
        {"responder": ["yes"], "relapse": ["no"], "relapse_visit": [None], "relapse_day": [None]}
        | {"followed_to_day": [360.0]},
        schema_overrides={"relapse_visit": pl.Float64, "relapse_day": pl.String},
    )
    counts = count_relapses(frame, {"month_9": 270, "month_12": 360}).filter(denominator="at_risk")
    assert counts.select("visit", "count", "n").rows() == [
        ("month_9", 0, 1), ("month_12", 0, 1), ("all", 0, 1),
    ]  # fmt: skip


# --- refusals ---------------------------------------------------------------------------------------


def test_refusals_say_what_is_wrong() -> None:
    rows = timeline("1", baseline="renal A", month_6="")
    frame = pl.DataFrame(rows)
    with pytest.raises(UnknownNameError, match="Did you mean 'ucmsc_bilag_response'"):
        respond(frame, "ucmsc_bilag_respons")
    with pytest.raises(UnknownNameError, match="response_day"):
        respond(frame, "ucmsc_bilag_response", parameters={"respons_day": 170})
    with pytest.raises(ValueRangeError, match="'cannot_tell', 'nonresponder'"):
        respond(frame, "ucmsc_bilag_response", parameters={"missing_response": "zero"})
    with pytest.raises(ColumnError, match="bilag_classic_<system>"):
        respond(frame, "ucmsc_bilag_response", parameters={"instrument": "bilag_classic"})
    with pytest.raises(ColumnError, match="'patient'"):
        respond(frame, "ucmsc_bilag_response", subject="patient")
    with pytest.raises(ShapeError, match="more than once"):
        respond(pl.concat([frame, frame]), "ucmsc_bilag_response")
    with pytest.raises(ValueRangeError, match="subject 1, visit month_6"):
        respond(frame.with_columns(bilag_2004_renal=pl.Series(["A", "F"])), "ucmsc_bilag_response")
    with pytest.raises(UnknownNameError, match="month_7"):
        respond(frame, "ucmsc_bilag_response", parameters={"response_visit": "month_7"})


# --- frames of every kind ---------------------------------------------------------------------------


def test_frames_of_other_kinds_give_the_same_answers() -> None:
    duckdb = pytest.importorskip("duckdb")
    rows = timeline("1", baseline="renal A", month_6="renal C, skin ?", month_9="", month_12="renal B")
    rows += timeline("2", baseline="renal A", month_6="renal C", month_9="", month_12="renal B")
    frame = pl.DataFrame(rows).with_columns(pl.col("day").cast(pl.Float64))
    wanted = respond(frame, "ucmsc_bilag_response")
    assert wanted.get_column("response").to_list() == ["cannot tell", "MCR"]
    pandas = respond(frame.to_pandas(), "ucmsc_bilag_response")
    assert type(pandas).__module__.startswith("pandas")
    assert pl.from_pandas(pandas).select("response", "reason").equals(wanted.select("response", "reason"))
    arrow = respond(frame.to_arrow(), "ucmsc_bilag_response")
    assert pl.DataFrame(arrow).equals(wanted)
    assert respond(frame.lazy(), "ucmsc_bilag_response").collect().equals(wanted)
    with duckdb.connect() as connection:
        connection.register("visits", frame.to_arrow())
        answer = respond(connection.table("visits"), "ucmsc_bilag_response")
        assert isinstance(answer, duckdb.DuckDBPyRelation)
        assert answer.pl().equals(wanted)


def test_study_numbers_keep_their_type() -> None:
    rows = timeline("10", baseline="renal A", month_6="", month_12="") + timeline(
        "9", baseline="renal A", month_6=""
    )
    frame = pl.DataFrame(rows).with_columns(pl.col("subject").cast(pl.Int64)).rename({"subject": "person"})
    answer = respond(frame, "ucmsc_bilag_response", subject="person")
    assert answer.get_column("person").to_list() == [9, 10]
    assert answer.get_column("sustained").to_list() == ["cannot tell", "yes"]


def test_not_a_number_is_missing() -> None:
    rows = timeline("1", baseline="renal A", month_6="renal C", month_12="")
    frame = pl.DataFrame(rows).with_columns(sledai_2k=pl.Series([8.0, float("nan"), 4.0]))
    parameters = {"sledai": "sledai_2k", "response_visit": "month_6"}
    row = respond(frame.with_columns(pga=pl.lit(1.0)), "sri_4", parameters=parameters).row(0, named=True)
    assert (row["response"], row["sledai_fall"]) == ("cannot tell", "cannot tell")


@pytest.mark.parametrize("confirmed", [False, True])
def test_both_answers_about_missing_responses_are_those_of_asking_twice(confirmed: bool) -> None:  # noqa: FBT001
    visits = {"baseline": "renal A", "month_3": "renal B", "month_6": "renal C", "month_9": "renal C"}
    without = {name: grades for name, grades in visits.items() if name != "month_6"}
    gone = {name: grades for name, grades in visits.items() if name in {"baseline", "month_6"}}
    unknown = ", ".join(f"{system} ?" for system in SYSTEMS)
    rows = [
        *timeline("1", **visits), *timeline("2", **without), *timeline("3", **gone),
        *timeline("4", **(visits | {"month_6": unknown})), *timeline("5", **(visits | {"month_3": unknown})),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, infer_schema_length=None)
    for rule in ("nonresponder", "cannot_tell"):
        asked: dict[str, str | bool] = {
            "response_visit": "month_6",
            "confirmed": confirmed,
            "missing_response": rule,
        }
        found = respond_with_and_without(build_timelines(frame), "ucmsc_bilag_response", asked)
        alone: dict[str, str | bool] = {**asked, "missing_response": "cannot_tell"}
        for answers, parameters in zip(found, (asked, alone), strict=True):
            assert answers.equals(respond(frame, "ucmsc_bilag_response", parameters=parameters))
    # Subjects 2 and 4 have no grade at month 6: they are counted as none by the rule alone.
    by_rule, alone_told = (
        found_one["responder"].to_list()
        for found_one in respond_with_and_without(
            build_timelines(frame),
            "ucmsc_bilag_response",
            {"response_visit": "month_6", "missing_response": "nonresponder"},
        )
    )
    assert by_rule == ["yes", "no", "yes", "no", "yes"]
    assert alone_told == ["yes", "cannot tell", "yes", "cannot tell", "yes"]
