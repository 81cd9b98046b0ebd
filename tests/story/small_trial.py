"""A complete trial of four subjects, small enough to work out by hand.

SLEDAI-2K: 10, 12, 8, 7 at baseline; 6, 8, 8 at month 3; 4, 8, 2 at month 6; subject S4 withdrew on day 60.
"""

from pathlib import Path

from funis.catalogue.registry import definition

STUDY = """
[study]
id = "SMALL"
title = "A small trial"
condition = "sle"
design = "single_arm"

[eligibility]
inclusion = [{id = "I1", text = "Age 16 years or more", rule = "age >= 16"}]

[[infusions]]
day = 0
cells_per_kg = 1e6
tolerance_percent = 20

[[visits]]
name = "baseline"
day = 0
window = [-14, 0]
forms = ["sledai_2k", "labs"]

[[visits]]
name = "month_3"
day = 90
window = [-21, 21]
forms = ["sledai_2k", "labs", "safety_questions"]

[[visits]]
name = "month_6"
day = 180
window = [-30, 30]
forms = ["sledai_2k", "labs", "safety_questions"]

[[labs]]
test = "proteinuria_24h"
unit = "g/24h"

[[labs]]
test = "anti_dsdna"
unit = "IU/mL"

[populations]
treated = "first_infusion_date IS NOT NULL"

[subgroups]
lupus_nephritis = "baseline_proteinuria_24h > 0.5"

[[endpoints]]
id = "sledai"
kind = "change"
variable = "sledai_2k"
at = ["month_3", "month_6"]
population = "treated"
subgroups = ["lupus_nephritis"]
methods = ["paired_t", "wilcoxon"]
adjust = "holm"

[[endpoints]]
id = "sledai_locf"
kind = "change"
variable = "sledai_2k"
at = ["month_3", "month_6"]
methods = ["sign_test"]
missing_outcome = "locf"

[[endpoints]]
id = "staying"
kind = "time_to_event"
event = "withdrawal"
"""

ITEMS = {
    ("S1", "baseline", "2020-01-01"): ("arthritis", "rash", "proteinuria"),
    ("S1", "month_3", "2020-03-31"): ("rash", "proteinuria"),
    ("S1", "month_6", "2020-06-29"): ("proteinuria",),
    ("S2", "baseline", "2020-01-01"): ("seizure", "arthritis"),
    ("S2", "month_3", "2020-03-31"): ("seizure",),
    ("S2", "month_6", "2020-06-29"): ("seizure",),
    ("S3", "baseline", "2020-01-01"): ("seizure",),
    ("S3", "month_3", "2020-03-31"): ("seizure",),
    ("S3", "month_6", "2020-06-29"): ("rash",),
    ("S4", "baseline", "2020-01-01"): ("arthritis", "rash", "fever"),
}

TABLES = {
    "subjects": """subject,site,sex,age,consent_date,weight_kg
S1,01,female,30,2019-12-20,50
S2,01,female,40,2019-12-20,50
S3,02,male,,2019-12-20,50
S4,02,female,15,2019-12-20,50
""",
    "infusions": """subject,number,date,cells,weight_kg,reaction
S1,1,2020-01-01,5e7,50,none
S2,1,2020-01-01,5e7,50,none
S3,1,2020-01-01,6e7,50,none
S4,1,2020-01-01,7e7,50,none
""",
    "labs": """subject,visit,date,test,value,comparator,unit
S1,baseline,2020-01-01,proteinuria_24h,2000,,mg/24h
S1,month_6,2020-06-29,proteinuria_24h,0.5,,g/24h
S2,baseline,2020-01-01,proteinuria_24h,0.2,,g/24h
S4,baseline,2020-01-01,proteinuria_24h,0.4,,g/24h
S1,baseline,2020-01-01,anti_dsdna,40,,IU/mL
S2,baseline,2020-01-01,anti_dsdna,30,,IU/mL
S3,baseline,2020-01-01,anti_dsdna,10,<,IU/mL
""",
    "adverse_events": """subject,term,start,end,grade,serious,related,outcome
S2,Herpes zoster,2020-02-01,2020-02-10,2,0,0,recovered
S2,herpes zoster,2020-05-01,2020-05-10,2,0,0,recovered
S4,Pneumonia,2020-02-20,2020-03-01,3,1,0,recovered
""",
    "safety_questions": """subject,visit,date,asked,any_event
S1,month_3,2020-03-31,1,0
S2,month_3,2020-03-31,1,1
S3,month_3,2020-03-31,1,0
S1,month_6,2020-06-29,1,0
S2,month_6,2020-06-29,1,1
S3,month_6,2020-06-29,0,
""",
    "disposition": """subject,status,date
S1,completed,2020-06-29
S2,completed,2020-06-29
S3,completed,2020-06-29
S4,withdrew,2020-03-01
""",
}


def write_small_trial(folder: Path) -> Path:
    """Write study.toml and the tables; the total of S1 at month 6 is written down wrongly (5 for 4)."""
    data = folder / "data"
    data.mkdir(parents=True)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    for name, text in TABLES.items():
        (data / f"{name}.csv").write_text(text, encoding="utf-8")
    names = [item.name for item in definition("sledai_2k").items]
    lines = [",".join(["subject", "visit", "date", *names, "sledai_2k_recorded"])]
    for (subject, visit, date), present in ITEMS.items():
        marks = ["1" if name in present else "0" for name in names]
        recorded = "5" if (subject, visit) == ("S1", "month_6") else ""
        lines.append(",".join([subject, visit, date, *marks, recorded]))
    (data / "sledai_2k.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder
