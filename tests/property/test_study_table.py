"""Whatever stands in a table of studies: it is read, or refused with findings; what is asked of it, too."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from funis.audit.pool.choice import MEASURES, SCALES, PoolChoice
from funis.audit.pool.conversion import MEDIANS
from funis.audit.pool.pooled import pool_studies
from funis.audit.pool.records import as_record
from funis.audit.pool.study_table import StudyRow, parse_study_table
from funis.audit.pool.text import write_text
from funis.errors import FunisError

NAME = st.sampled_from(["", "A", "B", "C", "a", "cells", "placebo", "baseline"])
ROW = st.builds(
    lambda study, arm, time, n, mean, sd, events, kind, sd_is, of_median: StudyRow(
        study, arm, "SLEDAI", time, n, mean, sd, None if n is None or events is None else min(events, n), "", kind, sd_is, **of_median
    ),
    NAME.filter(bool), NAME, NAME, st.none() | st.integers(1, 200), st.none() | st.floats(-50, 50), st.none() | st.floats(0.01, 40),
    st.none() | st.integers(0, 200), st.sampled_from(["value", "change"]), st.sampled_from(["", "sd", "se"]),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("median", "q1", "q3", "minimum", "maximum"), st.floats(-50, 50))),
)  # fmt: skip


@given(
    text=st.text(max_size=200)
    | st.lists(
        st.sampled_from(["study", "arm", "outcome", "time", "n", "mean", "1", ",", "\n", '"', "−2"]),
        max_size=60,
    ).map("".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(FunisError):
        assert parse_study_table(text, "t.csv")


@given(
    rows=st.lists(ROW, min_size=1, max_size=12),
    measure=st.sampled_from(MEASURES),
    scale=st.sampled_from(SCALES),
    model=st.sampled_from(["random", "fixed"]),
    arms=st.sampled_from([("", ""), ("cells", "placebo"), ("cells", "")]),
    time=st.sampled_from(["", "a"]),
    medians=st.sampled_from(MEDIANS),
)
def test_any_question_is_answered_or_refused_in_words(
    rows: list[StudyRow], measure: str, scale: str, model: str, arms: tuple[str, str], time: str, medians: str
) -> None:
    asked = PoolChoice(
        measure,
        time=time,
        arm=arms[0],
        against=arms[1],
        correlation=0.5,
        scale=scale,
        model=model,
        medians=medians,
    )
    try:
        found = pool_studies(rows, asked)
    except FunisError:
        return
    studies = [each.row.study for each in found.chosen.taken] + [each.study for each in found.chosen.left_out]
    assert sorted(studies) == sorted({row.study for row in rows})
    assert write_text(found)
    assert as_record(found)["studies_in_table"] == len(studies)
