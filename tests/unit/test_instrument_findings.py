"""One slip in a published instrument: every finding with its table, row, key and what stands there, and no other."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from funis.catalogue.check_instrument import check_instrument
from funis.catalogue.conditions import Condition, Term
from funis.catalogue.model_instrument import Definition, Range
from funis.catalogue.model_parameter import Parameter
from funis.catalogue.registry import definition

SLEDAI, BILAG = definition("sledai_2k"), definition("bilag_2004")
EYES, EGFR = definition("schirmer"), definition("egfr_ckd_epi_2021")
#: Compares what no instrument has; reads a parameter that none has.
ODD = Condition((Term("value", "no_such", ">", Decimal(1)),))
NAMED = Condition((Term("value", "inflamed_joints", ">", "no_such"),))
#: Row 9 of SLEDAI-2K, arthritis, is the first with a condition; row 2 of the rules of BILAG-2004 counts three items.
JOINTS = SLEDAI.items[8]


def part(found: Definition, table: str, number: int, **changed: Any) -> Definition:
    """Change one row of a table, numbered from 1."""
    rows = list(getattr(found, table))
    rows[number - 1] = replace(rows[number - 1], **changed)
    changes: dict[str, Any] = {table: tuple(rows)}
    return replace(found, **changes)


def more(found: Definition, table: str, row: Any) -> Definition:
    """Add a row."""
    changes: dict[str, Any] = {table: (*getattr(found, table), row)}
    return replace(found, **changes)


def told(found: Definition) -> list[str]:
    return [
        f"{each.table}:{'' if each.row is None else each.row} {each.name} {each.column} = {each.value}"
        for each in check_instrument(found)
    ]


SLIPS: list[tuple[Callable[[], Definition], list[str]]] = [
    # Items: order, names, systems, points. 24 items of SLEDAI-2K reach 105, without the 8 of psychosis 97.
    (lambda: part(SLEDAI, "items", 3, row=2), ["items:2 organic_brain_syndrome row = 2"]),
    (lambda: part(SLEDAI, "items", 2, row=1), ["items:1 psychosis row = 1"]),
    (lambda: part(SLEDAI, "items", 1, row=0), ["items:0 seizure row = 0"]),
    (lambda: part(SLEDAI, "items", 2, name="seizure"),
     ["items:1 seizure item = seizure", "items:2 seizure item = seizure", "range:  range = 0 to 105"]),
    (lambda: part(SLEDAI, "items", 3, name="Fits"), ["items:3 Fits item = Fits"]),
    (lambda: part(SLEDAI, "items", 3, system="renal"), ["items:3 organic_brain_syndrome system = renal"]),
    # The left eye, row 2, belongs nowhere: the mean of 35 mm and nothing is 17.5, and no row belongs to "left".
    (lambda: part(EYES, "items", 2, system=""),
     ["items:2 left_mm system = ", "range:  range = 0 to 35", "systems: left systems = left"]),
    (lambda: part(SLEDAI, "items", 1, points=(0.0, 8.0, 8.0)), ["items:1 seizure points = (0.0, 8.0, 8.0)"]),
    (lambda: part(SLEDAI, "items", 1, points=(8.0, 0.0)), ["items:1 seizure points = (8.0, 0.0)"]),
    (lambda: part(SLEDAI, "items", 9, when=JOINTS.when * 2), ["items:9 arthritis when = 2"]),
    # Conditions: what is no longer compared is told of the measures, whose first are the joints.
    (lambda: part(SLEDAI, "items", 9, when=((ODD,),)),
     ["items:9 arthritis when = no_such", "measures:1 inflamed_joints name = inflamed_joints"]),
    (lambda: part(SLEDAI, "items", 9, when=((NAMED,),)), ["items:9 arthritis when = no_such"]),
    (lambda: part(BILAG, "features", 2, when=ODD), ["features:2 severe_proteinuria when = no_such"]),
    (lambda: part(BILAG, "rules", 2, of_items=(), when=ODD), ["rules:2 constitutional when = no_such"]),
    (lambda: part(SLEDAI, "measures", 2, name="other"),
     ["items:12 hematuria when = urine_rbc", "measures:2 other name = other"]),
    # Choices.
    (lambda: more(SLEDAI, "parameters", Parameter("p", 3, (1, 2), "choice", minimum=0.0)), ["parameters: p default = 3"]),
    (lambda: more(SLEDAI, "parameters", Parameter("p", 2, (1, 2), "choice")), []),
    (lambda: more(SLEDAI, "parameters", Parameter("p", 3, (), "choice")), ["parameters: p default = 3"]),
    (lambda: more(SLEDAI, "parameters", Parameter("p", 3, (), "choice", minimum=0.0)), []),
    (lambda: part(BILAG, "features", 2, choice=(("no_such", True),)), ["features:2 severe_proteinuria if = no_such = True"]),
    (lambda: part(BILAG, "features", 2, choice=(("first_visit_proteinuria", "no_such"),)),
     ["features:2 severe_proteinuria if = first_visit_proteinuria = no_such"]),
    (lambda: part(BILAG, "features", 2, first_visit="no_such"), ["features:2 severe_proteinuria first_visit = no_such"]),
    (lambda: part(BILAG, "features", 2, previous_missing="no_such"),
     ["features:2 severe_proteinuria previous_missing = no_such"]),
    # Rules of grades.
    (lambda: part(BILAG, "rules", 2, system="no_such"), ["rules:2 no_such system = no_such"]),
    (lambda: part(BILAG, "rules", 2, grade="D"), ["rules:2 constitutional grade = D"]),
    (lambda: part(BILAG, "rules", 2, grade="C"), []),
    (lambda: part(BILAG, "rules", 2, of_items=("no_such", "pyrexia")), ["rules:2 constitutional of_items = no_such"]),
    (lambda: part(BILAG, "rules", 2, of_items=("pyrexia",)), ["rules:2 constitutional at_least = 2"]),
    (lambda: part(BILAG, "rules", 2, of_items=(), when=None), ["rules:2 constitutional of_items = "]),
    (lambda: part(BILAG, "rules", 2, when=Condition((Term("value", "wbc", ">", Decimal(1)),))), ["rules:2 constitutional of_items = "]),
    (lambda: part(BILAG, "rules", 2, at_least=0), ["rules:2 constitutional at_least = 0"]),
    (lambda: part(BILAG, "rules", 2, at_least=1), []),
    (lambda: part(BILAG, "rules", 2, at_least=3), []),
    (lambda: part(BILAG, "rules", 2, at_least=4), ["rules:2 constitutional at_least = 4"]),
    (lambda: part(BILAG, "rules", 2, with_level="sometimes"), ["rules:2 constitutional with_level = sometimes"]),
    (lambda: part(BILAG, "rules", 1, clause=0), ["rules: constitutional clause = 0"]),
    (lambda: more(BILAG, "rules", BILAG.rules[0]), [f"rules:{len(BILAG.rules) + 1}   = "]),
    (lambda: replace(BILAG, grade_points=()), ["range:  range = 0 to 108"]),
    # Without the grade A of a system being active gives no more than improving does, of five items in row 7.
    (lambda: replace(BILAG, rules=tuple(each for each in BILAG.rules if (each.system, each.grade) != ("mucocutaneous", "A"))),
     [f"rules:7 mucocutaneous with_level = {name}" for name in
      ("angio_oedema_severe", "major_cutaneous_vasculitis_thrombosis", "mucosal_ulceration_severe",
       "panniculitis_bullous_lupus_severe", "skin_eruption_severe")] + ["rules: mucocutaneous grade = A"]),
    # Features.
    (lambda: part(BILAG, "features", 2, only_without=("no_such",)), ["features:2 severe_proteinuria only_without = no_such"]),
    (lambda: part(BILAG, "features", 2, system="no_such"),
     ["features:2 severe_proteinuria system = no_such", "features:2 severe_proteinuria feature = severe_proteinuria"]),
    (lambda: more(BILAG, "features", BILAG.features[0]), [f"features:{len(BILAG.features) + 1}   = "]),
    # The range.
    (lambda: replace(SLEDAI, range=Range(0.0, 104.0)), ["range:  range = 0 to 104"]),
    (lambda: replace(SLEDAI, range=Range(1.0, 105.0)), ["range:  range = 1 to 105"]),
    # What is printed.
    (lambda: part(SLEDAI, "items", 3, label=SLEDAI.items[0].label),
     [f"items:3 organic_brain_syndrome label = {SLEDAI.items[0].label}"]),
    (lambda: part(SLEDAI, "items", 3, label=" "), ["items:3 organic_brain_syndrome label = "]),
    (lambda: part(SLEDAI, "items", 3, by="nobody"), ["items:3 organic_brain_syndrome by = nobody"]),
    (lambda: part(SLEDAI, "items", 3, level_labels=("one", "two")), ["items:3 organic_brain_syndrome level_labels = 2"]),
    (lambda: part(SLEDAI, "items", 3, level_labels=("",)), ["items:3 organic_brain_syndrome level_labels = 1"]),
    (lambda: part(SLEDAI, "items", 3, excludes=("drugs", " ")), ["items:3 organic_brain_syndrome excludes = ('drugs', ' ')"]),
    (lambda: part(SLEDAI, "measures", 2, minimum=5.0, maximum=5.0), ["measures:2 urine_rbc minimum = 5.0 to 5.0"]),
    (lambda: part(SLEDAI, "measures", 2, minimum=None), [f"measures:2 urine_rbc minimum = None to {SLEDAI.measures[1].maximum}"]),
    (lambda: part(SLEDAI, "measures", 2, unit=""), ["measures:2 urine_rbc unit = "]),
    (lambda: replace(SLEDAI, notes=("one", " ")), ["notes:2  notes = "]),
    (lambda: replace(SLEDAI, source=" "), ["file:  source = "]),
    (lambda: replace(SLEDAI, per_system=True), ["file:  per_system = true"]),
    (lambda: part(EYES, "flags", 1, when=ODD), ["flags:1 positive when = no_such"]),
    (lambda: part(EYES, "summaries", 1, how="sum"), ["summaries:1 worst how = sum"]),
    # The flag compares the summary by its name.
    (lambda: part(EYES, "summaries", 1, name="left"),
     ["summaries:1 left name = left", "flags:1 positive when = schirmer_worst"]),
    # Equations: a route divides by its item and, where it has one, by a second.
    (lambda: replace(EGFR, routes=()), ["factors:  factors = ", "routes:  routes = "]),
    (lambda: part(EGFR, "routes", 2, item="no_such"), ["routes:2 no_such item = no_such"]),
    (lambda: part(EGFR, "routes", 2, item=""), ["routes:2  item = "]),
    (lambda: part(EGFR, "routes", 2, per="no_such"), ["routes:2 no_such per = no_such"]),
    (lambda: part(EGFR, "routes", 2, per="age"), []),
    (lambda: replace(EGFR, applies=ODD), ["file:  applies = no_such > 1"]),
    (lambda: part(EGFR, "factors", 5, over=0.0), [f"factors:5 {EGFR.factors[4].label} over = 0.0"]),
    (lambda: part(EGFR, "factors", 5, base=0.0), [f"factors:5 {EGFR.factors[4].label} over = 1.0"]),
    (lambda: part(EGFR, "factors", 5, base=None), [f"factors:5 {EGFR.factors[4].label} power = []"]),
    (lambda: part(EGFR, "factors", 5, power=1.0), [f"factors:5 {EGFR.factors[4].label} power = [1.0, 0.9938]"]),
    (lambda: part(EGFR, "factors", 5, item="no_such"), [f"factors:5 {EGFR.factors[4].label} item = no_such"]),
    (lambda: part(EGFR, "factors", 6, when_item=(("sex", "other"),)), [f"factors:6 {EGFR.factors[5].label} if = other"]),
    (lambda: part(EGFR, "factors", 6, when_item=(("no_such", "female"),)), [f"factors:6 {EGFR.factors[5].label} item = no_such"]),
    (lambda: part(EGFR, "factors", 6, choice=(("no_such", True),)), [f"factors:6 {EGFR.factors[5].label} where = no_such = True"]),
    (lambda: part(BILAG, "items", 1, alternatives=("no_such",)), ["alternatives: no_such alternatives = no_such"]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(SLIPS)))
def test_one_slip_is_told_at_its_row_and_nothing_else(number: int) -> None:
    change, findings = SLIPS[number]
    assert told(change()) == findings
