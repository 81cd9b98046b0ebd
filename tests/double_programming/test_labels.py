"""A label stands beside what it names: it fits its own row better than any other label, and prints its limit."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import pytest

import funis
from funis.catalogue.model_response import Phrase, PrintedCriterion
from funis.catalogue.registry import criteria_set, criteria_sets, response_definition, responses

# Words of our labels for names that do not contain them.
ALSO = {
    "pyrexia": "fever", "acr": "albumin", "upcr": "protein", "wbc": "white leucocytes", "ttp": "thrombotic",
    "neurological": "nervous", "cardiovascular": "heart", "respiratory": "lungs", "renal": "kidney tubular protein",
    "haematology": "blood", "constitutional": "fever weight", "articular": "joint", "cutaneous": "erythema",
    "pulmonary": "bronchial", "muscular": "myositis", "haematological": "cytopenia", "organic": "altered mental",
    "visual": "retinal", "cva": "cerebrovascular", "arthritis": "joints", "myositis": "proximal weakness",
    "hematuria": "red", "pyuria": "white", "alopecia": "hair", "thrombocytopenia": "platelets",
    "leukopenia": "leucocytes leukocytes", "biological": "clonal", "confluent": "run together", "complement": "C3",
    "dna": "dsDNA", "vasculitis": "purpura", "ocular": "corneal eyes schirmer", "cns": "nervous",
    "minutes": "time", "insomnia": "sleeplessness", "akathisia": "restlessness", "nasal": "nose",
    "hypotension": "blood pressure low", "tachycardia": "rate", "hypertension": "blood pressure high",
    "skin": "rash", "dyspnoea": "breathlessness", "anorexia": "appetite", "cardiac": "heart failure",
    "mm": "millimetres", "cm": "centimetres",
    "photosensitivity": "sunlight", "serositis": "pleuritis", "neurologic": "seizures", "immunologic": "dsDNA",
    "entry": "dryness antinuclear", "oral": "mouth nose", "histopathology": "focus", "autoantibodies": "SSA",
    "flow": "saliva", "malar": "cheeks", "aids": "AIDS", "volume": "volume collected",
    "lymphadenopathy": "lymph", "gfr": "GFR", "antinuclear": "antinuclear",
    "pga": "scale", "foci": "whole section", "lymph": "lymph",
    "nervous": "neuropathy", "system": "neuropathy", "ml": "volume",
    "orientation": "hospital", "grade": "ICE", "consciousness": "depressed", "crs": "fever hypoxia hypotension",
    "icans": "seizure", "v": "front", "erythema": "redness", "pulp": "finger",
    "major": "limb", "bowel": "resection", "pancreas": "enzymes", "muscle": "atrophy",
    "cognition": "psychosis", "myelitis": "transverse", "glomerulosclerosis": "glomeruli",
    "deposits": "loops thrombi", "karyorrhexis": "neutrophils", "mcp": "knuckle", "pip": "finger", "ip": "middle",
}  # fmt: skip
NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 100: "doubled", 50: "half halved", 200: "doubled"}
# What a phrase looks at, in words of which one must stand in its label.
COLUMNS = {
    "upcr": "protein", "gfr": "filtration", "prednisone": "prednisone steroid", "pga": "assessment",
    "sledai": "score", "creatinine": "creatinine", "urine_red_cells": "red cells", "red_cell_casts": "cast",
    "platelets": "platelets", "haemoglobin": "haemoglobin", "esspri": "esspri", "essdai": "essdai score",
    "clinessdai": "clinessdai", "schirmer": "schirmer", "ocular_staining_score": "staining", "index": "index",
    "unstimulated_flow": "saliva", "salivary_ultrasound": "ultrasound", "rheumatoid_factor": "rheumatoid",
    "igg": "igg", "hydroxychloroquine": "hydroxychloroquine", "methotrexate": "methotrexate",
    "azathioprine": "azathioprine", "mycophenolate_mofetil": "mofetil", "mycophenolic_acid": "mycophenolic",
    "leflunomide": "leflunomide", "investigational_drug": "investigation", "study_product": "study product",
    "treatment_failure": "treatment failure", "rescue_medication": "rescue", "acanthocytes": "acanthocytes",
    "new_immunosuppressant": "immunosuppressant", "active_haemolysis": "haemolytic", "hospitalised": "hospital",
    "white_cell_casts": "white-cell", "sfi_flare": "flare", "treatment_not_tolerated": "tolerated",
    "unstable_immunosuppressant": "not stable", "mild_manifestations": "skin", "severe_manifestations": "cns",
    "mild_drugs": "nsaid", "severe_drugs": "cyclophosphamide", "major_organ": "brain", "haemolysis_gi": "haemolytic",
    "sledai_items": "item", "clinical_domains": "domain", "steroid_days_above": "above 10",
    "steroid_longest_run_above": "above 10", "steroid_days_within": "10 mg or less",
    "steroid_longest_run_within": "10 mg or less", "clasi_activity": "clasi",
    "swollen_joints_28": "swollen", "immunosuppressant": "immunosuppressant", "tender_joints_28": "tender",
    "pain_vas": "pain", "fatigue_vas": "fatigue", "sf_36_physical": "physical", "sf_36_mental": "mental",
}  # fmt: skip
GRADES = {
    "with_a": "at A", "with_b": "at B|one B|two B", "new_a": "new BILAG A", "new_b": "new BILAG B|new B",
    "unimproved": "is now B or less", "severe_flares_before": "severe flare", "flares_after": "to the horizon",
    "flare_free_days": "consecutive", "relapses_before": "no relapse", "baseline_a": "one A|two A", "baseline_b": "two B|four B",
    "new_a_since_previous": "new A|new BILAG A|^A after", "new_b_since_previous": "new B|BILAG A or B|^B after",
    "new_c_since_previous": "^C after|, or C after",
}  # fmt: skip
DIRECTIONS = {
    "rise": "ris|higher|up by|steroid increase|above baseline", "fall": "fall|fell|down", "percent_fall": "fall|halved",
    "percent_rise": "ris|above baseline", "rise_since_previous": "ris|raised", "percent_below": "below",
    "fall_since_previous": "fall", "percent_of_baseline": "baseline|doubled|halved", "per_kg": "kg",
}  # fmt: skip


def words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Za-z0-9]{2,}", text)}


def fit(name: str, label: str) -> int:
    """Count the parts of a name that a label contains, by their first four letters or by another word."""
    there = words(label)
    found = 0
    for part in name.split("_"):
        stands = [word for word in there if word[:4] == part[:4] and min(len(word), len(part)) > 1]
        found += bool(stands) or bool(there & words(ALSO.get(part, "")))
    return found


def assert_labels_fit(rows: list[tuple[str, str]]) -> None:
    for name, label in rows:
        own = fit(name, label)
        assert own > 0, f"{name}: {label!r} names none of its words"
        better = [other for other, text in rows if fit(name, text) > own]
        assert not better, f"{name}: the label of {better[0]} fits better than {label!r}"


@pytest.mark.parametrize("name", funis.definitions())
def test_items(name: str) -> None:
    assert_labels_fit([(item.name, item.label) for item in funis.definition(name).items])


@pytest.mark.parametrize("name", funis.definitions())
def test_proposals(name: str) -> None:
    """What no source prints is our own proposal, and says so; so does a point that was not read in the paper."""
    found = funis.definition(name)
    assert found.is_proposal == (name == "tess_modified")
    assert bool(found.certainty) == (name in NOT_READ_IN_THE_PAPER)


NOT_READ_IN_THE_PAPER = {
    "tess_modified", "sdi", "nih_activity_index", "magic_gvhd", "icaht_early", "icaht_late", "omeract_ultrasound",
    "sle_das", "eq_5d_5l_china", "eq_5d_5l_england", "lupusqol", "osdi",
}  # fmt: skip


# Where one version words a row otherwise than SLEDAI-2K does, in words that tell the two apart.
REWORDED = {
    "sledai": {"proteinuria": "new or risen", "rash": "new or back", "alopecia": "new or back", "mucosal_ulcers": "new or back"},
    "selena_sledai": {
        "visual_disturbance": "scleral", "cranial_nerve": "vertigo", "proteinuria": "new or risen",
        "pleurisy": "or rub, or effusion, or new thickening", "pericarditis": "or rub, or effusion, or ECG",
    },
}  # fmt: skip
REWORDED["selena_sledai_2k_proteinuria"] = REWORDED["selena_sledai"] | {"proteinuria": "above 0.5 g in 24 h"}
FAMILY = [name for name in funis.definitions() if "sledai" in name]


@pytest.mark.parametrize("name", FAMILY)
def test_rows_that_a_version_words_otherwise(name: str) -> None:
    """What a version does not word otherwise is printed as SLEDAI-2K prints it."""
    usual = {item.name: item.label for item in funis.definition("sledai_2k").items}
    reworded = REWORDED.get(name, {})
    for item in funis.definition(name).items:
        if item.name in reworded:
            assert reworded[item.name] in item.label, item.name
        elif name != "selena_sledai" or item.name not in ("seizure", "cva"):
            assert item.label == usual[item.name], item.name


def typed_levels(name: str) -> dict[str, list[str]]:
    path = Path(__file__).parent / "instruments" / "levels.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["instrument"] == name]
    return {row["item"]: [row[key] for key in ("low", "moderate", "high") if row[key]] for row in rows}


@pytest.mark.parametrize("name", funis.definitions())
def test_levels_are_worded_in_their_order(name: str) -> None:
    """ClinESSDAI takes its levels from ESSDAI; the two eyes and the two glands share theirs."""
    typed = typed_levels("essdai" if name == "clinessdai" else name)
    worded = set()
    for item in funis.definition(name).items:
        key = item.name.removesuffix("_right").removesuffix("_left")
        wanted = typed.get(item.name, typed.get(key, []))
        if wanted:
            worded.add(key)
        assert bool(wanted) == bool(item.level_labels), item.name
        for words_of_level, label in zip(wanted, item.level_labels, strict=False):
            assert words_of_level in label, item.name
    assert worded == set(typed) - ({"biological"} if name == "clinessdai" else set())


@pytest.mark.parametrize("name", criteria_sets())
def test_criteria(name: str) -> None:
    assert_labels_fit([(row.criterion.id, row.criterion.label) for row in criteria_set(name).rows])


def has_number(limit: Decimal, label: str) -> bool:
    printed = {Decimal(text) for text in re.findall(r"\d+(?:\.\d+)?", label)}
    spelled = words(NUMBERS.get(int(limit), "")) if limit == int(limit) else set()
    # Protein limits stand in mg/mg and are printed in mg/g where the paper does.
    return bool({limit, limit * 1000} & printed) or bool(spelled & words(label))


def finding_of(phrase: Phrase, label: str) -> str:
    if isinstance(phrase.limit, Decimal) and phrase.limit and not has_number(phrase.limit, label):
        is_there = phrase.limit == 1 and phrase.measure in ("items_present", "now", *GRADES)
        below = phrase.symbol == "<" and has_number(
            phrase.limit - 1, label
        )  # at most 2 days are fewer than 3
        if not is_there and not below:
            return f"the limit {phrase.limit} is not printed"
    lower = label.lower()
    if phrase.measure in GRADES:
        pattern = GRADES[phrase.measure]
        return "" if re.search(pattern, label, re.IGNORECASE) else f"none of {pattern!r}"
    column = phrase.given[0]
    wanted = [*COLUMNS.get(column, "").split(), column.replace("_", " ")]
    if not any(word in lower for word in wanted):
        return f"none of {wanted} for {column}"
    pattern = DIRECTIONS.get(phrase.measure, "")
    return "" if re.search(pattern, lower) else f"none of {pattern!r}"


def findings_of(row: PrintedCriterion) -> list[str]:
    return [
        f"{row.id}: {finding} in {row.label!r}"
        for phrase in row.phrases
        if (finding := finding_of(phrase, row.label))
    ]


@pytest.mark.parametrize("name", responses())
def test_responses_print_what_they_compare(name: str) -> None:
    assert [finding for row in response_definition(name).criteria for finding in findings_of(row)] == []


# How the report says that an event decided, and how the rules of the renal system are told apart.
EVENTS = {"death": "died", "withdrawal": "withdrew", "prohibited": "treatment not allowed"}
RENAL = {
    ("A", 1, 2): "two or more severe", ("A", 1, 1): "one of them", ("B", 1, 1): "one severe feature",
    ("B", 2, 1): "proteinuria", ("B", 3, 1): "rising creatinine", ("C", 1, 1): "mild or stable proteinuria",
    ("C", 2, 1): "rising blood pressure",
}  # fmt: skip
BLOOD = {"haemoglobin": "haemoglobin", "wbc": "white", "neutrophils": "neutro", "lymphocytes": "lympho"}


@pytest.mark.parametrize("name", responses())
def test_events_that_decide(name: str) -> None:
    for failure in response_definition(name).failures:
        assert failure.label.startswith(EVENTS[failure.event])


@pytest.mark.parametrize("name", ["bilag_2004", "bilag_classic_renal"])
def test_rules_say_what_they_ask(name: str) -> None:
    for rule in funis.definition(name).rules:
        if rule.system == "renal":
            assert RENAL[rule.grade, rule.clause, rule.at_least] in rule.label
        elif rule.when is not None:
            limit = Decimal(str(rule.when.terms[0].limit))
            printed = {Decimal(text) for text in re.findall(r"\d+(?:\.\d+)?", rule.label)}
            # Below 10 is printed as 8 to 9.9, below 50 as 25 to 49.
            assert printed & {limit, limit - 1, limit - Decimal("0.1")}, rule.label
            assert BLOOD.get(rule.when.names[0], "platelets") in rule.label
        elif rule.with_level in ("active", "improving", "present"):
            assert rule.with_level in rule.label, rule.label
    for feature in funis.definition(name).features:
        assert fit(feature.name, feature.label) > 0, feature.label


@pytest.mark.parametrize("name", funis.definitions())
def test_factors_flags_and_changes_say_what_they_are(name: str) -> None:
    definition = funis.definition(name)
    for factor in definition.factors:
        printed = {float(text) for text in re.findall(r"-?\d+(?:\.\d+)?", factor.label)}
        numbers = {value for value in (factor.power, factor.base, factor.times) if value is not None}
        assert numbers <= printed | {1, -1}, factor.label
        assert not factor.item or factor.item.split("_")[0] in factor.label, factor.label
        assert factor.item or factor.times or "creatinine" in factor.label, factor.label
        for column, value in factor.when_item:
            assert {"female": "women", "male": ", men", "1": "Black"}[str(value)] in factor.label, column
    for flag in definition.flags:
        limit = Decimal(str(flag.when.terms[0].limit))
        assert flag.label == "active disease" or has_number(limit, flag.label), flag.label
        words_of_sign = {"<": "below", "<=": "or less", ">=": "or more", ">": "above"}
        assert flag.label == "active disease" or words_of_sign[flag.when.terms[0].operator] in flag.label
    for item in definition.items:
        if item.name.endswith("_change"):
            assert re.search("new|worse|larger|back", item.label), item.label
        ending = item.name.rpartition("_")[2]
        assert ending not in ("severe", "mild", "right", "left") or ending in item.label, item.label
