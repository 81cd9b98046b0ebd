"""Laboratory limits typed a second time, as the printed table runs: one line per term and kind of baseline."""

from pathlib import Path

from funis.catalogue.model_tables import GradeRow, ToxicityTerm
from funis.catalogue.registry import glucocorticoid_table, toxicity_table

from .typed_tables import rows_of

FOLDER = Path(__file__).parent
WHOM = {
    "": "",
    "baseline not above ULN": "normal",
    "baseline above ULN": "abnormal",
    "baseline below LLN": "low",
}
LOW = {"haemoglobin", "platelets", "wbc", "neutrophils", "lymphocytes", "albumin"}


def spell(row: GradeRow) -> str:
    limit = row.text.removeprefix(f"value {row.operator} ").replace(" x ", " ")
    assert row.text == f"value {row.operator} {limit.replace(' ', ' x ')}"
    # A limit that is passed stands alone; one that is enough says so, whichever way the term runs.
    return f"from {limit}" if row.operator.endswith("=") else limit


def cell(term: ToxicityTerm, whom: str, grade: int) -> str:
    own = [spell(row) for row in term.rows if row.grade == grade and WHOM[row.whom] == whom]
    return " or ".join(own) or ("clinical" if grade in term.clinical else "")


def limits_of(version: str) -> list[dict[str, str]]:
    found = []
    for term in toxicity_table(version).terms.values():
        for whom in sorted({WHOM[row.whom] for row in term.rows}, key=list(WHOM.values()).index):
            grades = {f"g{grade}": cell(term, whom, grade) for grade in (1, 2, 3, 4)}
            found.append({"test": term.test, "baseline": whom, **grades})
    return found


def test_limits_agree_with_the_double_programming() -> None:
    assert limits_of("5.0") == rows_of(FOLDER / "ctcae_5.csv")


def test_version_6_differs_where_it_was_typed_and_nowhere_else() -> None:
    typed = rows_of(FOLDER / "ctcae_6.csv")
    changed = {row["test"] for row in typed}
    found = limits_of("6.0")
    assert sorted((row for row in found if row["test"] in changed), key=str) == sorted(typed, key=str)
    others = [row for row in rows_of(FOLDER / "ctcae_5.csv") if row["test"] not in changed]
    assert [row for row in found if row["test"] not in changed] == others


def test_terms_and_units_agree_with_the_double_programming() -> None:
    typed = rows_of(FOLDER / "ctcae_terms.csv")
    five = {row["test"]: (row["term"], row["unit"]) for row in typed if row["version"] == "5.0"}
    six = five | {row["test"]: (row["term"], row["unit"]) for row in typed if row["version"] == "6.0"}
    for version, wanted in (("5.0", five), ("6.0", six)):
        table = toxicity_table(version)
        assert {term.test: (term.term, term.unit) for term in table.terms.values()} == wanted
        assert table.version == version


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
