"""Analytes typed a second time: what one of each unit is, what a value can be, and how units are written."""

from fractions import Fraction

import pytest

from funis.catalogue.read_analytes import is_loinc
from funis.catalogue.registry import analyte_table

# What one of a unit is in the unit the analyte is stored in; a product or quotient where the paper gives one.
# Molar masses in g/mol: creatinine 113.12, urea 60.06, bilirubin 584.7; two nitrogen atoms of 14.007 a urea.
ONE_IS = """
creatinine umol/L: mg/dL 88.42, mg/L 8.842, mmol/L 1000
urea mmol/L: mg/dL 10/60.06, g/L 1000/60.06
urea_nitrogen mmol/L: mg/dL 0.357
albumin g/L: g/dL 10
c3 g/L: mg/dL 1/100, mg/L 1/1000
c4 g/L: mg/dL 1/100, mg/L 1/1000
ch50 U/mL
haemoglobin g/L: g/dL 10, mmol/L 10/0.6206
platelets 10^9/L: /mm3 1/1000, /uL 1/1000, 10^3/uL 1, 10^3/mm3 1
wbc 10^9/L: /mm3 1/1000, /uL 1/1000, 10^3/uL 1, 10^3/mm3 1
neutrophils 10^9/L: /mm3 1/1000, /uL 1/1000, 10^3/uL 1, 10^3/mm3 1
lymphocytes 10^9/L: /mm3 1/1000, /uL 1/1000, 10^3/uL 1, 10^3/mm3 1
upcr mg/mmol: mg/mg 113.1, g/g 113.1, mg/g 0.1131, g/mmol 1000
acr mg/mmol: mg/mg 113.1, g/g 113.1, mg/g 0.1131, g/mmol 1000
proteinuria_24h g/24h: mg/24h 1/1000
gfr mL/min/1.73m2: mL/s/1.73m2 60
anti_dsdna IU/mL: kU/L 1, kIU/L 1
ana titre
anti_ssa U/mL: kU/L 1
anti_ssb U/mL: kU/L 1
rheumatoid_factor IU/mL: kIU/L 1
igg g/L: mg/dL 1/100, g/dL 10
bilirubin umol/L: mg/dL 17.1
alt U/L
ast U/L
crp mg/L: mg/dL 10
creatine_kinase U/L
th17 %: fraction 100
treg %: fraction 100
tgf_beta pg/mL: ng/mL 1000, ng/L 1
il_17 pg/mL: ng/mL 1000, ng/L 1
unstimulated_flow mL/min: mL/5 min 1/5, mL/6 min 1/6, mL/10 min 1/10, mL/15 min 1/15, g/min 1
stimulated_flow mL/min: mL/5 min 1/5, mL/6 min 1/6, mL/10 min 1/10, mL/15 min 1/15, g/min 1
vas_patient mm: cm 10
vas_physician mm: cm 10
weight kg: g 1/1000, lb 0.45359237
height cm: m 100, in 2.54
temperature degC: degF 1/1.8
systolic_bp mmHg: kPa 1000000/133322
diastolic_bp mmHg: kPa 1000000/133322
age years: months 1/12
urine_dipstick +
urine_red_cells /hpf
urine_white_cells /hpf
"""
# Doses in mg that equal 5 mg of prednisone.
DRUGS = {"prednisolone": 5, "methylprednisolone": 4, "hydrocortisone": 20, "deflazacort": 6}
STRONG_DRUGS = {"dexamethasone": Fraction("0.75"), "betamethasone": Fraction("0.75")}
# Lowest and highest possible value; where a question is asked, lowest and highest that need none, and what it says.
CAN_BE = """
creatinine 8 to 7000; 20 to 1500; low: mg/dL labelled umol/L
urea 0.1 to 200
urea_nitrogen 0.1 to 200; 0.5 to 60; high: mg/dL labelled mmol/L
albumin 1 to 100; 8 to 70; low: g/dL labelled g/L; high: another unit
c3 0 to 10; 0.02 to 5; high: mg/dL labelled g/L
c4 0 to 5; 0.002 to 2; high: mg/dL labelled g/L
ch50 0 to 1000
proteinuria_24h 0 to 50; 0 to 5; high: mg labelled g
haemoglobin 20 to 300; 30 to 220; low: g/dL labelled g/L
platelets 0 to 3000; 1 to 1500; high: count per microlitre labelled 10^9/L
wbc 0 to 500; 0.1 to 100; high: count per microlitre labelled 10^9/L
neutrophils 0 to 500; 0 to 80; high: count per microlitre labelled 10^9/L
lymphocytes 0 to 500; 0 to 50; high: count per microlitre labelled 10^9/L
upcr 0 to 10000; 0 to 3000; high: mg/g labelled mg/mmol
acr 0 to 10000; 0 to 2500; high: mg/g labelled mg/mmol
gfr 0 to 400; 3 to 200
ana 0 to 10000000; 10 to 100000; low: reciprocal of the titre
anti_dsdna 0 to 1000000; 0 to 10000
anti_ssa 0 to 1000000
anti_ssb 0 to 1000000
rheumatoid_factor 0 to 100000
igg 0 to 200
bilirubin 0 to 2000
alt 0 to 100000
ast 0 to 100000
crp 0 to 2000
creatine_kinase 0 to 10000000
th17 0 to 100; 0 to 30
treg 0 to 100; 0 to 50
tgf_beta 0 to 10000000
il_17 0 to 10000000
unstimulated_flow 0 to 5
stimulated_flow 0 to 10
vas_patient 0 to 100
vas_physician 0 to 100
weight 1 to 400
height 30 to 260
temperature 25 to 47
glucocorticoid 0 to 20000
systolic_bp 40 to 320
diastolic_bp 10 to 220
age 0 to 120
urine_dipstick 0 to 4
urine_red_cells 0 to 100000
urine_white_cells 0 to 100000
"""
USUAL_TESTS = """
creatinine urea_nitrogen albumin c3 c4 haemoglobin platelets wbc neutrophils lymphocytes upcr acr
proteinuria_24h gfr anti_dsdna ana anti_ssa anti_ssb th17 treg tgf_beta il_17
"""
WRITTEN = """
g/L: g/l
g/24h: g/d | g/day | g/24hr | g/24hrs | g/24hours
mg/24h: mg/d | mg/day | mg a day | mg/24hr | mg/24hrs | mg/24hours
10^9/L: G/L | G/l | Gpt/L | Gpt/l
10^3/uL: K/uL | k/uL | Thou/uL | thousand/uL | 1000/uL | tsd/uL
10^3/mm3: K/mm3 | k/mm3 | Thou/mm3 | 1000/mm3 | 10^3/cmm
/uL: cells/uL | #/uL
/mm3: cells/mm3 | /cmm | cells/cmm
mg/mmol: mg/mmolCr | mg/mmolcreatinine | mg/mmolcreat
mg/mg: mg/mgCr | mg/mgcreatinine | mg/mgcreat
mg/g: mg/gCr | mg/gcreatinine | mg/gcreat
g/g: g/gCr | g/gcreatinine | g/gcreat
mL/min/1.73m2: mL/min/{1.73_m2} | mL/min/{1.73m2} | mL/min/1.73.m2 | mL/min/1.73m^2 | mL/min/1.73sqm | mL/min/173.10^-2.m2
mL/s/1.73m2: mL/s/{1.73_m2} | mL/s/{1.73m2} | mL/s/1.73.m2 | mL/s/1.73m^2
degC: Cel | °C | C
degF: °F | F
titre: {titer} | {titre} | titer | 1/titer | 1:
AU/mL: [arb'U]/mL | arbU/mL
index: {index} | {ratio} | ratio
in: [in_i] | inch | inches
lb: [lb_av] | lbs
%: percent
mmHg: mm[Hg]
mm/5 min: mm in 5 min
/hpf: /[HPF] | per field | per hpf | cells/hpf
"""
# Units of a laboratory's own: an antibody is so many of its units, and no standard says what one of another's is.
OWN = {
    "anti_dsdna": ("U/mL", "U/L", "AU/mL", "RU/mL", "index"),
    "anti_ssa": ("U/L", "AU/mL", "RU/mL", "index"),
    "anti_ssb": ("U/L", "AU/mL", "RU/mL", "index"),
}
MOLAR = {"creatinine": ("mg/dL", "113.12", 10_000), "bilirubin": ("mg/dL", "584.7", 10_000)}


def exact(text: str) -> Fraction:
    """Read a number or a quotient, as in ``10/60.06``."""
    above, _, below = text.partition("/")
    return Fraction(above) / Fraction(below or "1")


def lines(text: str) -> list[str]:
    return text.strip().splitlines()


def test_every_analyte_its_unit_and_conversions() -> None:
    wanted: dict[str, tuple[str, dict[str, Fraction]]] = {}
    for line in lines(ONE_IS):
        head, _, rest = line.partition(": ")
        name, unit = head.split(" ")
        others = (part.rpartition(" ") for part in rest.split(", ") if part)
        wanted[name] = unit, {other: exact(factor) for other, _, factor in others}
    doses = {f"mg {drug}": Fraction(5) / dose for drug, dose in (DRUGS | STRONG_DRUGS).items()}
    wanted["glucocorticoid"] = "mg prednisone", doses
    found = analyte_table().analytes
    assert {name: (one.unit, {c.unit: c.factor for c in one.others}) for name, one in found.items()} == wanted


def test_only_degrees_have_an_offset() -> None:
    offsets = {
        (name, other.unit): other.offset
        for name, one in analyte_table().analytes.items()
        for other in one.others
        if other.offset
    }
    assert offsets == {("temperature", "degF"): -Fraction(32) / Fraction("1.8")}


@pytest.mark.parametrize("name", MOLAR)
def test_factors_agree_with_molar_masses(name: str) -> None:
    unit, mass, scale = MOLAR[name]
    factor = next(other.factor for other in analyte_table().analytes[name].others if other.unit == unit)
    assert float(factor) == pytest.approx(scale / float(mass), rel=3e-4)  # as rounded in print


def ends(text: str) -> tuple[float, float]:
    """Read two numbers, as in ``0 to 50``."""
    low, high = map(float, text.split(" to "))
    return low, high


def test_what_a_value_can_be() -> None:
    wanted = {}
    for line in lines(CAN_BE):
        first, *more = line.split("; ")
        name, possible = first.split(" ", 1)
        hints = dict(hint.split(": ") for hint in more[1:])
        wanted[name] = ends(possible), ends(more[0]) if more else None, hints
    found = {}
    for name, one in analyte_table().analytes.items():
        limits = one.plausible
        assert limits is not None, name
        assert len(limits.reason.split()) > 2, name
        said = {"low": limits.hint_low, "high": limits.hint_high}
        short = {
            side: text.removeprefix("Is it ").removeprefix("a ").removeprefix("the ").removeprefix("in ")
            for side, text in said.items()
            if text
        }
        spelled = {
            side: text.removesuffix("?").replace(", labelled", " labelled") for side, text in short.items()
        }
        found[name] = limits.possible, limits.usual, spelled
    assert found == wanted


def test_usual_laboratory_tests() -> None:
    usual = {name for name, one in analyte_table().analytes.items() if one.is_laboratory}
    assert usual == set(USUAL_TESTS.split())


def test_spellings() -> None:
    wanted = {
        name: unit
        for unit, _, names in (line.partition(": ") for line in lines(WRITTEN))
        for name in names.split(" | ")
    }
    assert dict(analyte_table().spellings) == wanted


def test_units_of_the_laboratory_s_own_and_other_columns() -> None:
    found = analyte_table().analytes
    assert {name: one.arbitrary for name, one in found.items() if one.arbitrary} == OWN
    assert {name: one.columns for name, one in found.items() if one.columns} == {"gfr": ("pre_flare_gfr",)}


# LOINC, short name of SDTM and concept of the NCI Thesaurus: CDISC Biomedical Concepts and the HL7 Vulcan schedule
# guide for those with a concept, public code lists for the others.
CODES = """
creatinine 2160-0 14682-9 35203-9 CREAT C64547
urea_nitrogen 3094-0 C125949
albumin 1751-7 ALB C64431
c3 4485-9
c4 4498-2
haemoglobin 718-7 HGB C64848
platelets 26515-7 777-3 PLAT C51951
wbc 26464-8 6690-2 WBC C51948
neutrophils 26499-4 NEUT C63321
lymphocytes 26474-7 LYM C51949
upcr 2890-2
acr 9318-7
proteinuria_24h 2889-4
anti_dsdna 5130-0
ana 5048-4
rheumatoid_factor 11572-5
igg 2465-3
bilirubin 1975-2
alt 1742-6 ALT C64433
ast 1920-8 AST C64467
crp 30522-7 C64548
"""


def test_codes() -> None:
    found = {}
    for name, one in analyte_table().analytes.items():
        if one.codes is not None:
            codes = one.codes
            found[name] = [*codes.loinc, *(code for code in (codes.cdisc, codes.nci) if code)]
            assert codes.certainty == ("confirmed" if codes.nci else "agreeing")
            assert codes.source
    assert found == {line.split()[0]: line.split()[1:] for line in lines(CODES)}


@pytest.mark.parametrize(
    ("code", "is_one"),
    [("718-7", True), ("718-6", False), ("2160-0", True), ("26515-7", True), ("7187", False)],
)
def test_check_digits(code: str, *, is_one: bool) -> None:
    # The last digit: every second digit from the right doubled, the sum brought to ten.
    assert is_loinc(code) == is_one


def test_below_what_a_unit_is_not_sure() -> None:
    # KDIGO 2012, table 7: protein to creatinine below 15 mg/mmol is normal to mildly increased.
    found = {name: one.plausible for name, one in analyte_table().analytes.items()}
    sure = {name: each.unsure_below for name, each in found.items() if each is not None}
    assert {name: below for name, below in sure.items() if below is not None} == {"upcr": 15.0}


def test_below_what_no_group_has_its_mean() -> None:
    # Healthy adults: 25 to 90 mg a day by electrophoresis, 28 to 141 and 40 to 150 mg by dyes and biuret.
    found = {
        name: one.plausible for name, one in analyte_table().analytes.items() if one.plausible is not None
    }
    lowest = {name: each.lowest_mean for name, each in found.items() if each.lowest_mean is not None}
    assert lowest == {"proteinuria_24h": 0.01}
    assert all(found[name].mean_reason for name in lowest)
