"""How a dose of a glucocorticoid is written, typed a second time, and what it is in mg of prednisone a day."""

from fractions import Fraction

import pytest

from funis.catalogue.registry import glucocorticoid_table
from funis.scoring.steroids import prednisone_equivalent

# mg of prednisone a day that 10 of each unit are.
UNITS = {
    ("mg/day", "mg", "mg/d", "mg daily", "mg per day", "mg once daily", "mg qd", "mg/24h"): Fraction(1),
    ("mg twice daily", "mg bid", "mg b.i.d."): Fraction(2),
    (
        "mg/2 days",
        "mg every other day",
        "mg alternate days",
        "mg on alternate days",
        "mg qod",
        "mg eod",
    ): Fraction(1, 2),
    ("mg/3 days",): Fraction(1, 3),
    ("mg/week", "mg weekly", "mg per week"): Fraction(1, 7),
    ("g/day", "g", "g/d", "g daily"): Fraction(1000),
}
ROUTES = {
    "daily": {"oral", "", "po", "p.o.", "by mouth", "peroral", "per os", "oral tablet"},
    "pulse": {"intravenous", "iv", "i.v.", "by vein", "infusion", "intravenous infusion"},
}
OTHER_NAMES = {
    "deltacortisone": "prednisone",
    "prednisolone acetate": "prednisolone",
    "prednisolone sodium phosphate": "prednisolone",
    "methyl-prednisolone": "methylprednisolone",
    "methyl prednisolone": "methylprednisolone",
    "methylprednisolone sodium succinate": "methylprednisolone",
    "cortisol": "hydrocortisone",
    "hydrocortisone sodium succinate": "hydrocortisone",
    "dexamethasone sodium phosphate": "dexamethasone",
}
# 10 mg a day of each drug, as prednisone: 5 mg of prednisone equal 5, 5, 4, 20, 6, 0.75 and 0.75.
TEN_MG = {
    "prednisone": 10.0,
    "prednisolone": 10.0,
    "methylprednisolone": 12.5,
    "hydrocortisone": 2.5,
    "deflazacort": 25 / 3,
    "dexamethasone": 200 / 3,
    "betamethasone": 200 / 3,
}


def test_units() -> None:
    wanted = {name: factor for names, factor in UNITS.items() for name in names}
    assert dict(glucocorticoid_table().units) == wanted


def test_routes() -> None:
    wanted = {name: kind for kind, names in ROUTES.items() for name in names}
    assert dict(glucocorticoid_table().routes) == wanted


def test_names() -> None:
    drugs = glucocorticoid_table().drugs
    assert {name: drug.drug for name, drug in drugs.items() if name != drug.drug} == OTHER_NAMES
    assert glucocorticoid_table().source


@pytest.mark.parametrize(("drug", "prednisone"), TEN_MG.items())
def test_ten_mg(drug: str, prednisone: float) -> None:
    assert prednisone_equivalent(10, drug) == pytest.approx(prednisone, rel=1e-12)


def test_only_betamethasone_has_a_range() -> None:
    spread = {d.drug for d in glucocorticoid_table().drugs.values() if d.lowest != d.highest}
    assert spread == {"betamethasone"}
