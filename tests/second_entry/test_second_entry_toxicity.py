"""Laboratory limits typed a second time, as the printed table runs: one line per term and kind of baseline."""

import csv
from pathlib import Path

from funis.instruments.glucocorticoids import glucocorticoid_table
from funis.instruments.toxicity_table import GradeRow, ToxicityTerm, toxicity_table

FOLDER = Path(__file__).parent
WHOM = {"": "", "baseline not above ULN": "normal", "baseline above ULN": "abnormal"}
LOW = {"haemoglobin", "platelets", "wbc", "neutrophils", "lymphocytes", "albumin"}


def spell(row: GradeRow) -> str:
    limit = row.text.removeprefix(f"value {row.operator} ").replace(" x ", " ")
    return f"from {limit}" if row.operator == ">=" else limit


def cell(term: ToxicityTerm, whom: str, grade: int) -> str:
    own = [spell(row) for row in term.rows if row.grade == grade and WHOM[row.whom] == whom]
    return " or ".join(own) or ("clinical" if grade in term.clinical else "")


def test_limits_agree_with_the_second_entry() -> None:
    lines = (FOLDER / "ctcae_5.csv").read_text(encoding="utf-8").splitlines()
    typed = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    found = []
    for term in toxicity_table("5.0").terms.values():
        for whom in dict.fromkeys(WHOM[row.whom] for row in term.rows):
            grades = {f"g{grade}": cell(term, whom, grade) for grade in (1, 2, 3, 4)}
            found.append({"test": term.test, "baseline": whom, **grades})
    assert found == typed


def test_low_terms_fall_and_high_terms_rise() -> None:
    for version in ("5.0", "6.0"):
        for term in toxicity_table(version).terms.values():
            directions = {row.operator[0] for row in term.rows}
            assert directions == ({"<"} if term.test in LOW else {">"})


def test_equivalent_doses_typed_twice() -> None:
    # Prednisone 5 = prednisolone 5 = methylprednisolone 4 = hydrocortisone 20 = deflazacort 6 = dexamethasone 0.75.
    typed = {
        "prednisone": 5, "prednisolone": 5, "methylprednisolone": 4, "hydrocortisone": 20, "deflazacort": 6,
        "dexamethasone": 0.75, "betamethasone": 0.75,
    }  # fmt: skip
    found = {drug.drug: float(drug.equals_5_mg) for drug in glucocorticoid_table().drugs.values()}
    assert found == typed
    betamethasone = glucocorticoid_table().drugs["betamethasone"]
    assert (float(betamethasone.lowest), float(betamethasone.highest)) == (0.6, 0.75)
