"""Words that are missing, rows that stand twice, limits reversed: each must be refused, in words that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from funis.catalogue.registry import DEFINITIONS, TABLES, read_definition_file
from funis.errors import DefinitionError

INSTRUMENTS = [
    ("ssdai", 'title   = "SSDAI"', 'title   = " "', "column 'title': is printed and holds no words"),
    ("ssdai", 'label = "palpable purpura new, worse or back"', 'label = ""', "row 6: has no label to print"),
    ("ssdai", 'label = "fatigue new or worse"', 'label = "fatigue that limits normal activities"', "'fatigue' has the same label"),
    ("ssdai", 'by = "subject",   label = "fatigue new', 'by = "clinic",   label = "fatigue new', "nobody of that name"),
    ("essdai", "minimum = 0, maximum = 28", "minimum = 28, maximum = 0", "needs a minimum below a maximum"),
    ("essdai", 'unit = "joints", label', 'unit = "", label', "needs a unit"),
    ("ssdai", 'name = "wbc",             unit = "10^9/L"', 'name = "wbc",             unit = "g/L"', "is no unit of wbc"),
    ("ssdai", 'label = "leucocytes"', 'label = "leucocytes", minimum = 0', "the table of analytes says what is possible"),
    ("sledai_2k", 'analyte = "urine_red_cells"', 'analyte = "urine_red_cell"', "there is no such analyte"),
    ("ssdai", 'notes   = [', 'notes   = ["", ', "a note holds no words"),
    ("schirmer", "digits  = 1", "digits  = 10", "cannot be printed so"),
    ("schirmer", 'systems = ["right", "left"]', 'systems = ["right", "left", "both"]', "no row belongs to it"),
    ("schirmer", "minimum = 0, maximum = 35}", "minimum = 0}", "needs unit and limits"),
    ("focus_score", "lowest = 0, highest = 50", "lowest = 50, highest = 0", "the lowest is not below the highest"),
    ("vas_patient", 'reversed_by = "scale_reversed"', 'reversed_by = "scale"', "no yes/no parameter"),
    ("bilag_2004", "within_months = 3", "within_months = -3", "months cannot be fewer than none"),
    ("bilag_2004", "within_months = 3, ", "", "a lookback window needs both"),
    ("bilag_2004", ', within_days = "biopsy_window_days"', "", "a lookback window needs both"),
    ("bilag_2004", 'within_days = "biopsy_window_days"', "within_days = -91", "days cannot be fewer than none"),
    ("bilag_2004", 'within_days = "biopsy_window_days"', 'within_days = "biopsy_days"', "no parameter that is a whole"),
    ("bilag_2004", "{A = 12, B = 8, C = 1, D = 0, E = 0}", "{A = 12, B = 8, C = 0, D = 1, E = 0}", "out of order"),
    ("bilag_2004", 'of_items = ["rising_creatinine"]', 'of_items = ["moderate_proteinuria"]', "no rule of renal counts it"),
    ("sledai", '{item = "rash",  ', '{item = "alopecia",  ', "the row stands twice"),
    ("clinessdai", 'missing  = "a score', 'missing  = ""\nwindow_ = "a score', "there is no key 'window_'"),
]  # fmt: skip
RESPONSES = [
    ("sri_4", ", factors = [1, 0.3, 0.03]", "", "one factor for each allowed value"),
    ("sri_4", "factors = [1, 0.3, 0.03]", "factors = [1, 0.3]", "one factor for each allowed value"),
    ("sri_4", "factors = [1, 0.3, 0.03]", "factors = [1, -0.3, 0.03]", "a number above 0"),
    ("kdigo_2012_relapse", "= 0.01}", "= 0}", "a number above 0"),
    ("sri_4", 'version   = "2009"', 'version   = ""', "This is printed and holds no words"),
    ("sri_4", 'name      = "sri_4"', 'name      = "sri"', "The name is not the file's"),
    ("sri_4", "new_a(instrument) <= 0", "new_a(instrument) < 0", "this never holds"),
    ("sri_4", "new_a(instrument) <= 0", "new_a(instrument) >= 0", "this always holds"),
    ("sri_4", "ever(rescue_medication) <= 0", "ever(rescue_medication) >= 0", "this always holds"),
    ("sri_4", "new_a(instrument)", "new_a(instruments)", "No parameter names these grade columns"),
    ("sri_4", 'label = "No new BILAG A against baseline"', 'label = ""', "needs an id and a label"),
    ("sri_4", "allowed = [3, 10, 100], ", "", "needs its allowed values"),
    ("sri_4", 'event  = "withdrawal"', 'event  = "death"', "The event stands twice"),
    ("sri_4", 'otherwise = "no"', 'otherwise = "yes"', "This class is what is left over"),
    ("star", "points = 5", "points = 0", "Nothing is asked for"),
    ("star", "points = 3\n", "points = -3\n", "Points cannot be fewer than none"),
    ("bilag_2004_flare", 'class     = "mild"', 'class     = "severe"', "Rules of one class stand together"),
    ("esspri_mcii", '["percent_fall(esspri) >= 15"]', '["fall(esspri) >= 1"]', "An alternative stands twice"),
]
CRITERIA = [
    ("slicc_2012", 'version = "2012"', 'version = ""', "This is printed and holds no words"),
    ("slicc_2012", 'groups = ["proof"]', "groups = []", "The criterion is in no group"),
    ("slicc_2012", 'label = "anti-Sm"', 'label = ""', "needs an id and a label"),
    ("slicc_2012", 'all      = ["biopsy_nephritis", "anti_dsdna"]', "all      = []", "asks for something"),
    ("eular_acr_2019", "points = 10", "points = -10", "Points cannot be fewer than none"),
]
TOXICITY = [
    ("ctcae_5", 'test = "ast",             term', 'test = "alt",             term', "the term stands twice"),
    ("ctcae_5", 'unit = "+"', 'unit = ""', "a term needs 'unit'"),
    ("ctcae_5", 'source  = "NCI', 'source  = ""\nversion_ = "NCI', "is printed and holds no words"),
]
DOSES = [
    ("glucocorticoids", "equals_5_mg = 6}", "equals_5_mg = -6}", "a dose is above 0"),
    ("glucocorticoids", "equals_5_mg = 6}", "names = []}", "the key 'equals_5_mg' is missing"),
    ("glucocorticoids", "[0.6, 0.75]", "[0.75, 0.6]", "not a range"),
    ("glucocorticoids", 'kind = "pulse"', 'kind = "pulses"', "no such kind"),
    ("glucocorticoids", 'names = ["cortisol"', 'names = ["prednisone"', "the name stands twice"),
]
ANALYTES = [
    ("analytes", "possible = [20, 300]", "possible = [300, 20]", "limits must rise"),
    ("analytes", "possible = [20, 300]", "possible = [20]", "limits must rise"),
    ("analytes", "possible = [20, 300]", "possible = [31, 300]", "limits must rise"),
    ("analytes", "possible = [20, 300]", "possible = [20, 219]", "limits must rise"),
    ("analytes", "usual = [30, 220]", "usual = [220, 220]", "limits must rise"),
    ("analytes", "usual = [30, 220], ", "", "a hint explains a value that is not usual"),
    ("analytes", 'reason = "Septic shock stays below 1000 mg/L."', 'reason = " "', "says what lies beyond"),
    ("analytes", '{analyte = "crp", possible', '{analyte = "crp_", possible', "there is no such analyte"),
    ("analytes", '{analyte = "crp", possible', '{analyte = "alt", possible', "the analyte stands twice"),
]
POPULATIONS = [
    ("populations", "sd = 5.62", "sd = 0", "must be above 0"),
    ("populations", "subjects = 158", "subjects = 0", "must be above 0"),
    ("populations", "sds = [3, 4, 5]", "sds = [3, 4, 0]", "must be above 0"),
    ("populations", "sds = [3, 4, 5]", 'sds = "3"', "must be a list of numbers"),
    ("populations", "correlation = 0.61", "correlation = 1.01", "must lie between 0 and 1"),
    ("populations", "correlation = 0.61", "correlation = -0.01", "must lie between 0 and 1"),
    ("populations", "limit = 5.5", "limit = 10.2", "must be a number below the mean"),
    ("populations", "limit_assumed = true", "limit_assumed = 1", "must be true or false, beside a limit"),
    (
        "populations",
        "limit = 5.5, limit_assumed = true",
        "limit_assumed = true",
        "must be true or false, beside a limit",
    ),
    ("populations", "limit = 5.5", 'limit = "6"', "must be a number below the mean"),
    ("populations", 'source = "GEO', 'source = " ", x_ = "GEO', "is printed and holds no words"),
    ("populations", 'source = "Each', 'source = ""\nx_ = "Each', "is printed and holds no words"),
    ("populations", "mean = 6.40, ", "", "the key 'mean' is missing"),
    ("populations", "kind   =", "colour = 1\nkind   =", "there is no key 'colour'"),
]
INDEX = [
    ("s2k_ri_50", 'item = "seizure"', 'item = "seizures"', "There is no such item"),
    ("s2k_ri_50", 'reading = "half_way", side = "low",  limit = "c3_low"', 'reading = "half_way"', "Write both or neither"),
    ("s2k_ri_50", 'reading = "both"', 'reading = "either"', "There is no such reading"),
    ("s2k_ri_50", 'measure = "seizure_count"', 'column = "seizure_count"', "there is no key 'column'"),
]  # fmt: skip


def check(path: Path, old: str, new: str, message: str, to: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    faulty = to / path.name
    faulty.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        read_definition_file(faulty)
    assert message in str(caught.value)
    assert path.name in str(caught.value)


DEFINED = [*INSTRUMENTS, *RESPONSES, *CRITERIA, *INDEX]


@pytest.mark.parametrize(("name", "old", "new", "message"), DEFINED, ids=[row[3] for row in DEFINED])
def test_definition(name: str, old: str, new: str, message: str, tmp_path: Path) -> None:
    check(DEFINITIONS / f"{name}.toml", old, new, message, tmp_path)


@pytest.mark.parametrize(("name", "old", "new", "message"), [*TOXICITY, *DOSES, *POPULATIONS, *ANALYTES])
def test_table(name: str, old: str, new: str, message: str, tmp_path: Path) -> None:
    check(TABLES / f"{name}.toml", old, new, message, tmp_path)
