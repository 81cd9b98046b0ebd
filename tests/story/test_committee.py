"""Outcomes of a committee by hand: two readers, a scale of three, visit of month 6.

S1  good, good                     agree
S2  good, fair, consensus fair     differ, settled: fair
S3  fair, poor                     differ, no consensus: cannot be told
S4  poor, poor                     agree
S5  good                           one reading: not by all, cannot be told
S6  no reading

By all: S1 to S4, of whom 2 agree. Table of pairs good-good 1, good-fair 1, fair-poor 1, poor-poor 1: seen 0.5; margins
(2, 1, 1) and (1, 1, 2), by chance (2 + 1 + 2) / 16 = 0.3125; kappa 0.1875 / 0.6875 = 0.27. Linear weights: seen 0.75; by
chance (2 + 1 + 2) / 16 + half of (2 + 1 + 2 + 1) / 16 = 0.5; kappa 0.5. Quadratic weights: seen 0.5 + 0.5 x 0.75 = 0.875; by
chance 5 / 16 + 0.75 x 6 / 16 = 0.59375; kappa 0.28125 / 0.40625 = 0.69.
"""

from typing import Any

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import Tables, tables_from_frames
from funis.errors import StudyError
from funis.reporting.committee_tables import build_committee_tables
from funis.reporting.number_book import read_numbers
from funis.reporting.report import render_html
from funis.study.check import check_study
from funis.study.model import Study
from funis.study.read import read_study

READ: tuple[tuple[str, str, str, str | None], ...] = (
    ("S1", "first", "R1", "good"), ("S1", "second", "R2", "good"),
    ("S2", "first", "R1", "good"), ("S2", "second", "R2", "fair"), ("S2", "consensus", "R3", "fair"),
    ("S3", "first", "R1", "fair"), ("S3", "second", "R2", "poor"),
    ("S4", "first", "R1", "poor"), ("S4", "second", "R2", "poor"),
    ("S5", "first", "R1", "good"),
)  # fmt: skip
QUESTION = {
    "id": "response",
    "label": "Renal response",
    "outcomes": ("good", "fair", "poor"),
    "ordered": True,
}


def make_study(**changed: Any) -> Study:
    return Study.model_validate(
        {
            "study": {"id": "C", "title": "Committee", "condition": "sle", "design": "parallel"},
            "arms": (
                {"id": "cells", "name": "Cells"},
                {"id": "usual", "name": "Usual care", "control": True},
            ),
            "visits": (
                {"name": "baseline", "day": 0, "window": (-1, 0)},
                {"name": "month_6", "day": 180, "window": (-30, 30), "label": "Month 6"},
            ),
            "infusions": ({"day": 0, "cells_per_kg": 1e6},),
            "adjudications": ({**QUESTION, **changed},),
        }
    )


def read_rows(study: Study, read: Any = READ, **more: Any) -> Tables:
    names = [f"S{number}" for number in range(1, 7)]
    return tables_from_frames(
        study,
        {
            "subjects": [
                {"subject": name, "consent_date": "2019-12-20", "arm": "cells" if name in "S1 S2 S3" else "usual"}
                for name in names
            ],
            "adjudications": [
                {"subject": subject, "visit": "month_6", "question": "response", "reading": reading,
                 "reader": reader, "outcome": outcome, "blinded": 1, "read_on": "2020-08-01", **more}
                for subject, reading, reader, outcome in read
            ],
        },
    )  # fmt: skip


def printed(study: Study, tables: Tables) -> dict[str, list[str]]:
    (table,) = build_committee_tables(study, read_numbers(analyse(study, tables).numbers))
    return {row.stub.text: [cell.text for cell in row.cells] for row in table.rows}


def test_agreement_and_outcomes_by_hand() -> None:
    study = make_study()
    found = printed(study, read_rows(study))
    assert found["Readers agree"][0] == "2/4; 6.8 to 93.2%"
    # The squares of kappa: p_ij [w_ij (1 - p_e) - (m_i. + m_.j)(1 - p_o)]^2 of the four pairs, m (1/4, 1/4, 1/2) of the
    # first and (1/2, 1/4, 1/4) of the second: 1/4 [(0.6875 - 0.375)^2 + 0.25^2 + 0.25^2 + (0.6875 - 0.375)^2] = 0.080078,
    # less (0.15625 - 0.625 + 0.5)^2 = 0.000977; root of 0.079102 / 4 over 0.6875^2 = 0.2975.
    assert found["Cohen’s kappa"][0] == "0.27 (−0.31 to 0.86; SE 0.30)"
    assert found["Weighted kappa, linear weights"][0].startswith("0.50 (")
    assert found["Weighted kappa, quadratic weights"][0].startswith("0.69 (")
    assert found["Differing readings with a consensus"][0] == "1/2"
    assert found["Not judged by every reader"][0] == "1"
    # Told of S1, S2 and S4: good, fair, poor.
    assert [cell[:3] for cell in found["Outcome: good"]] == ["1/3", "1/2", "0/1"]
    assert [cell[:3] for cell in found["Outcome: fair"]] == ["1/3", "1/2", "0/1"]
    assert [cell[:3] for cell in found["Outcome: poor"]] == ["1/3", "0/2", "1/1"]
    assert found["Outcome cannot be told"] == ["2", "1", "1"]


def test_without_a_scale_no_weights_and_a_full_agreement_has_no_kappa() -> None:
    study = make_study(ordered=False)
    same = [row for row in READ if row[0] == "S1"]
    found = printed(study, read_rows(study, same))
    assert found["Cohen’s kappa"][0] == "cannot tell"
    assert not any(name.startswith("Weighted") for name in found)


def test_three_readers() -> None:
    study = make_study(readings=3)
    found = printed(
        study, read_rows(study, [*READ, ("S1", "third", "R3", "good"), ("S4", "third", "R3", "fair")])
    )
    # S1 1, S4 1/3: seen 2/3. Answers 3 good, 1 fair, 2 poor of 6: 14/36. (2/3 - 7/18) / (11/18) = 5/11.
    assert found["Fleiss’ kappa of three readers"][0].startswith("0.45")
    assert found["Readers agree"][0].startswith("1/2")


@pytest.mark.parametrize(
    ("changed", "more", "code", "level"),
    [
        ((("S1", "first", "R1", "excellent"),), {}, "unknown_outcome", "error"),
        ((("S1", "first", "R1", "good"),), {"question": "relapse"}, "unknown_question", "error"),
        ((("S1", "first", "R1", "good"),), {"blinded": 0}, "reader_not_blinded", "warning"),
        ((("S1", "first", "R1", "good"), ("S1", "second", "R1", "fair")), {}, "one_reader", "error"),
        ((("S1", "first", "R1", "good"), ("S1", "second", "R2", "fair")), {}, "no_consensus", "query"),
    ],
)
def test_readings_that_cannot_count(changed: Any, more: dict[str, Any], code: str, level: str) -> None:
    study = make_study()
    found = {
        each.code: each
        for each in read_rows(study, changed, **more).findings
        if each.table == "adjudications"
    }
    assert found[code].level == level
    if level == "error":
        assert printed(
            study, read_rows(study, [*changed, *READ[5:]], **more) if not more else read_rows(study)
        )


def test_a_reading_by_the_same_reader_is_left_out_of_the_agreement() -> None:
    study = make_study()
    found = printed(study, read_rows(study, (("S1", "first", "R1", "good"), ("S1", "second", "R1", "good"))))
    assert found["Not judged by every reader"][0] == "1"


def test_an_outcome_of_the_committee_is_an_endpoint() -> None:
    column = {"name": "renal", "kind": "adjudicated", "question": "response", "outcomes": ("good", "fair")}
    endpoint = {
        "id": "renal", "kind": "response", "definition": "measured_response", "at": ("month_6",),
        "parameters": {"measured": "renal", "compare": "at_least", "limit": 1},
    }  # fmt: skip
    study = make_study().model_copy(deep=True)
    given = study.model_dump(by_alias=True, exclude_unset=True)
    whole = {"labs": ({"test": "c3", "unit": "g/L"},), "visit_columns": (column,), "endpoints": (endpoint,)}
    study = Study.model_validate({**given, **whole})
    assert check_study(study) == []
    tables = read_rows(study)
    labs = [
        {"subject": f"S{number}", "visit": visit, "date": date, "test": "c3", "value": 1, "unit": "g/L"}
        for number in range(1, 7)
        for visit, date in (("baseline", "2020-01-01"), ("month_6", "2020-06-29"))
    ]
    rows = {
        name: frame.drop("_file", "_line")
        for name, frame in tables.frames.items()
        if frame.height and name != "labs"
    }
    infusions = [{"subject": f"S{number}", "number": 1, "date": "2020-01-01"} for number in range(1, 7)]
    found = analyse(study, tables_from_frames(study, {**rows, "labs": labs, "infusions": infusions}))
    said = found.listings["responses_all"].select("subject", "response").rows()
    told = {
        "S1": "yes",
        "S2": "yes",
        "S3": "cannot tell",
        "S4": "no",
        "S5": "cannot tell",
        "S6": "cannot tell",
    }
    assert dict(said) == told
    for changed, key in (
        ({"question": "relapse"}, "question"),
        ({"outcomes": ("best",)}, "outcomes"),
        ({"outcomes": ()}, "outcomes"),
    ):
        wrong = Study.model_validate({**given, **whole, "visit_columns": ({**column, **changed},)})
        assert [each.key for each in check_study(wrong)] == [("visit_columns", 0, key)]


def test_the_report_prints_the_table() -> None:
    study = make_study()
    page = render_html(study, analyse(study, read_rows(study)))
    assert "Outcomes of the committee" in page


def test_outcomes_that_cannot_be_told_apart_are_refused(tmp_path: Any) -> None:
    assert [each.message for each in check_study(make_study(outcomes=("good",)))] == [
        "Readers need two outcomes to choose from."
    ]
    assert "twice" in check_study(make_study(outcomes=("good", "good")))[0].message
    text = '[study]\nid = "C"\ntitle = "C"\ncondition = "sle"\ndesign = "observational"\n\n[[adjudications]]\nid = "a"\n'
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="outcomes"):
        read_study(tmp_path)
