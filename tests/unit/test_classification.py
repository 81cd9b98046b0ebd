"""Classification criteria: worked examples, limits, points, entry and exclusion."""

from typing import Any

import polars as pl
import pytest

from funis.catalogue.definition_file import DefinitionFile
from funis.catalogue.registry import criteria_set, criteria_sets, read_definition
from funis.errors import ColumnError, DefinitionError, UnknownNameError
from funis.responses.classify import classify


def ask(name: str, missing: Any = "absent", **shown: Any) -> dict[str, Any]:
    """Ask about one person with what is printed; what is not was looked for and is absent."""
    person = pl.DataFrame([{"subject": "1", **shown}])
    answer: dict[str, Any] = classify(person, name, missing=missing).row(0, named=True)
    return answer


@pytest.mark.parametrize(
    ("shown", "points", "expected"),
    [
        ({"ocular_symptoms": 1, "anti_ssa_positive": 1, "unstimulated_flow": 0.08}, 4, "yes"),
        ({"oral_symptoms": 1, "schirmer": 4, "ocular_staining_score": 6, "unstimulated_flow": 0.05,
          "anti_ssa_positive": 0}, 3, "no"),
        ({"anti_ssa_positive": 1, "unstimulated_flow": 0.1, "oral_symptoms": 1}, 4, "yes"),
        ({"anti_ssa_positive": 1, "unstimulated_flow": 0.11, "oral_symptoms": 1}, 3, "no"),
        ({"anti_ssa_positive": 1, "unstimulated_flow": 0.1, "oral_symptoms": 0}, 4, "no"),  # no entry
        ({"anti_ssa_positive": 1, "unstimulated_flow": 0.1, "oral_symptoms": 0, "essdai": 2}, 4, "yes"),
        ({"anti_ssa_positive": 1, "unstimulated_flow": 0.1, "oral_symptoms": 1, "igg4_disease": 1}, 4, "no"),
        ({"anti_ssa_positive": 0, "focus_score": 1.0, "schirmer_right": 5, "schirmer_left": 12,
          "oral_symptoms": 1}, 4, "yes"),
        ({"anti_ssa_positive": 1, "focus_score": 0.889, "schirmer_right": 6, "schirmer_left": 12,
          "oral_symptoms": 1}, 3, "no"),
        ({"anti_ssa_positive": 1, "focus_score": 12, "ocular_staining_right": 5, "schirmer_left": 0,
          "unstimulated_flow": 0.0, "oral_symptoms": 1}, 9, "yes"),
    ],
)  # fmt: skip
def test_acr_eular_2016(shown: dict[str, Any], points: int, expected: str) -> None:
    row = ask("acr_eular_2016", **shown)
    assert (row["points"], row["classified"]) == (points, expected)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"ocular_symptoms": 1, "oral_symptoms": 1, "ocular_signs": 1, "anti_ssa_positive": 1}, "yes"),
        ({"schirmer": 4, "unstimulated_flow": 0.05, "anti_ssa_positive": 0}, "no"),  # III and V only
        ({"ocular_symptoms": 1, "oral_symptoms": 1, "schirmer": 4, "unstimulated_flow": 0.1,
          "autoantibodies": 0, "focus_score": 0.5}, "no"),  # 4 of 6 without IV or VI
        ({"schirmer": 5, "unstimulated_flow": 0.1, "anti_ssb_positive": 1}, "yes"),  # 3 objective
        ({"schirmer": 5, "unstimulated_flow": 0.1, "anti_ssb_positive": 1, "sarcoidosis": 1}, "no"),
        ({"van_bijsterveld": 4, "focus_score": 1, "sialography_positive": 1}, "yes"),
        ({"van_bijsterveld": 3, "focus_score": 1, "sialography_positive": 1}, "no"),
    ],
)  # fmt: skip
def test_aecg_2002(shown: dict[str, Any], expected: str) -> None:
    assert ask("aecg_2002", **shown)["classified"] == expected


def test_aecg_2002_secondary() -> None:
    shown = {"connective_tissue_disease": 1, "oral_symptoms": 1, "schirmer": 3, "unstimulated_flow": 0.1}
    assert ask("aecg_2002_secondary", **shown)["classified"] == "yes"
    assert ask("aecg_2002_secondary", **shown | {"schirmer": 6})["classified"] == "no"
    assert ask("aecg_2002_secondary", **shown | {"oral_symptoms": 0})["classified"] == "no"
    # antibodies are not among the three signs
    assert ask("aecg_2002_secondary", **shown | {"schirmer": 6, "anti_ssa_positive": 1})["classified"] == "no"


@pytest.mark.parametrize(
    ("shown", "points", "expected"),
    [
        ({"ana": 160, "nephritis_class_3_or_4": 1}, 10, "yes"),
        ({"ana": 160, "wbc": 3.9, "low_c3": 1, "low_c4": 1, "antiphospholipid_positive": 1}, 9, "no"),
        ({"ana": 0, "anti_dsdna_positive": 1, "nephritis_class_3_or_4": 1}, 16, "no"),
        (
            {"ana": 80, "pericarditis": 1, "effusion": 1, "anti_dsdna_positive": 1, "anti_sm_positive": 1},
            12,
            "yes",
        ),
        ({"ana": 79, "pericarditis": 1, "effusion": 1, "anti_dsdna_positive": 1}, 12, "no"),
        ({"ana": 160, "low_c3": 1, "low_c4": 1, "anti_dsdna_positive": 1}, 10, "no"),  # nothing clinical
        ({"ana": 160, "low_c3": 1, "low_c4": 0, "anti_dsdna_positive": 1, "temperature": 38.3}, 9, "no"),
        ({"ana": 160, "low_c3": 1, "low_c4": 0, "anti_dsdna_positive": 1, "temperature": 38.4}, 11, "yes"),
        ({"ana": 160, "proteinuria_24h": 0.5, "joints": 1}, 6, "no"),
        ({"ana": 160, "proteinuria_24h": 0.51, "joints": 1}, 10, "yes"),
    ],
)
def test_eular_acr_2019(shown: dict[str, Any], points: int, expected: str) -> None:
    row = ask("eular_acr_2019", **shown)
    assert (row["points"], row["classified"]) == (points, expected)


def test_eular_acr_2019_at_its_highest() -> None:
    rows = criteria_set("eular_acr_2019").rows
    everything = {p.given[0]: 1 for row in rows for p in row.criterion.phrases} | {
        "ana": 640, "temperature": 40, "wbc": 1, "platelets": 10, "proteinuria_24h": 3,
    }  # fmt: skip
    assert ask("eular_acr_2019", **everything)["points"] == 51


def test_acr_1997() -> None:
    shown = {"malar_rash": 1, "arthritis": 1, "ana_positive": 1}
    row = ask("acr_1997", **shown, lymphopenia_occasions=1)
    assert (row["points"], row["classified"]) == (3, "no")
    row = ask("acr_1997", **shown, lymphopenia_occasions=2)
    assert (row["points"], row["classified"]) == (4, "yes")
    assert row["criteria_met"] == "malar_rash, arthritis, haematologic_disorder, antinuclear_antibody"
    assert ask("acr_1997", **shown, platelets=99)["classified"] == "yes"
    assert ask("acr_1997", **shown, platelets=100)["classified"] == "no"
    # two signs of one criterion are one criterion
    assert ask("acr_1997", malar_rash=1, ana_positive=1, pleuritis=1, pericarditis=1)["points"] == 3


def test_slicc_2012() -> None:
    clinical = {"acute_cutaneous": 1, "synovitis": 1, "alopecia": 1, "oral_ulcers": 1}
    assert ask("slicc_2012", **clinical)["classified"] == "no"  # nothing immunologic
    assert ask("slicc_2012", **clinical, low_c3=1)["classified"] == "yes"
    immunologic = {"ana_positive": 1, "anti_dsdna_positive": 1, "anti_sm_positive": 1, "low_c4": 1}
    assert ask("slicc_2012", **immunologic)["classified"] == "no"  # nothing clinical
    row = ask("slicc_2012", ana_positive=0, anti_dsdna_positive=1, nephritis_class_3_or_4=1)
    assert (row["classified"], row["rule"]) == ("yes", "biopsy-proven nephritis with anti-dsDNA")
    three = {"acute_cutaneous": 1, "ana_positive": 1, "direct_coombs": 1}
    assert ask("slicc_2012", **three, haemolytic_anaemia=0)["points"] == 3
    assert ask("slicc_2012", **three, haemolytic_anaemia=1)["points"] == 3  # Coombs then does not count


def test_missing_is_not_absent_unless_told() -> None:
    people = pl.DataFrame(
        {
            "subject": ["1", "2", "3"],
            "oral_symptoms": [1, 1, 1],
            "anti_ssa_positive": [None, None, 1],
            "unstimulated_flow": [0.05, 0.5, 0.05],
            "schirmer": [6.0, None, 6.0],
        }
    )
    found = classify(people, "acr_eular_2016").select("classified", "points", "points_upper").rows()
    # A focus score (3 points) and an ocular staining score (1) have no column: 4 points more for each of them.
    assert found == [("cannot tell", 1, 8), ("cannot tell", 0, 8), ("yes", 4, 8)]
    absent = classify(people, "acr_eular_2016", missing="absent")
    # the missing Schirmer of the second is not a Schirmer of 0 mm
    assert absent.select("classified", "points").rows() == [("no", 1), ("no", 0), ("yes", 4)]


def test_never_recorded_is_said() -> None:
    shown = {"oral_symptoms": 1, "anti_ssa_positive": 0}
    reason = ask("acr_eular_2016", **shown)["reason"]
    assert "never recorded and not counted: focus score, ocular staining" in reason
    assert reason.startswith("no: 0 points")
    row = ask("acr_eular_2016", missing="cannot_tell", **shown)
    assert (row["classified"], row["focus_score"], row["hepatitis_c"]) == (
        "cannot tell",
        "cannot tell",
        "not recorded",
    )
    assert (
        "never recorded: focus score, ocular staining, schirmer low, flow low; never recorded"
        in row["reason"]
    )
    assert "; never recorded and not counted: head neck irradiation, hepatitis c, aids" in row["reason"]


def test_a_column_that_is_not_there_is_missing_for_everybody() -> None:
    # Nine points and an ANA, nothing else looked for: nobody knows whether there was a tenth.
    shown = {"ana": 160, "arthritis": 1, "low_c3": 1}
    assert ask("eular_acr_2019", **shown)["classified"] == "no"
    absent = ask("eular_acr_2019", missing="cannot_tell", **shown)
    empty = ask("eular_acr_2019", missing="cannot_tell", **shown, fever=None, anti_sm_positive=None)
    assert absent["classified"] == "cannot tell"
    assert absent == empty


def test_what_is_shown_is_enough_where_nothing_excludes() -> None:
    shown = {"ocular_symptoms": 1, "anti_ssa_positive": 1, "unstimulated_flow": 0.08}
    assert ask("acr_eular_2016", missing="cannot_tell", **shown)["classified"] == "yes"
    assert ask("acr_eular_2016", missing="cannot_tell", **shown, hepatitis_c=None)["classified"] == "yes"
    assert ask("acr_eular_2016", missing="cannot_tell", **shown, hepatitis_c=1)["classified"] == "no"


def test_refusals() -> None:
    with pytest.raises(UnknownNameError, match="slicc_2012"):
        ask("slicc_2021", ana=1)
    with pytest.raises(ColumnError, match="malar_rash"):
        ask("acr_1997", rash=1)
    content = {"name": "x", "title": "x", "version": "1", "kind": "criteria", "source": "x"}
    rows = [{"id": "a", "groups": ["scored"]}, {"id": "a", "when": "a below 3", "groups": ["scored"]}]
    rules = [{"name": "r", "all": ["b"], "at_least": ["count(other) >= 2"], "oops": 1}]
    with pytest.raises(DefinitionError) as raised:
        read_definition(DefinitionFile("x.toml", {**content, "criteria": rows, "rules": rules}))
    told = str(raised.value)
    for words in (
        "Two criteria have this id",
        "closed grammar",
        "No criterion has this id",
        "known group",
        "oops",
    ):
        assert words in told


@pytest.mark.parametrize("name", criteria_sets())
def test_every_set_loads_with_source_and_labels(name: str) -> None:
    found = criteria_set(name)
    assert found.source
    assert all(row.criterion.label for row in found.rows)


def test_the_reason_tells_met_unknown_and_never_recorded_apart() -> None:
    """Of two subjects the second has no answer on anti-SSA; nobody was biopsied, and hepatitis C was never asked."""
    people = pl.DataFrame(
        {"subject": ["1", "2"], "oral_symptoms": [1, 1], "anti_ssa_positive": [1, None],
         "focus_score": [0.5, 0.5], "ocular_staining_score": [1, 1], "unstimulated_flow": [0.05, 0.05],
         "schirmer": [6.0, 6.0]}
    )  # fmt: skip
    first, second = classify(people, "acr_eular_2016")["reason"]
    never = "never recorded and not counted: head neck irradiation, hepatitis c, aids, sarcoidosis, amyloidosis, graft versus host, igg4 disease."
    assert first == f"yes (4 points): 4 points; met: entry suspicion, anti ssa, flow low; {never}"
    assert (
        second == f"cannot tell: 1 to 4 points; met: entry suspicion, flow low; not known: anti ssa; {never}"
    )
