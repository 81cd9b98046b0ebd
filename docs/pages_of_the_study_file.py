"""The reference pages of the study file and the data tables, made from the models and the schema."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from funis.adjudication_table import NAMED_TABLES
from funis.catalogue.registry import criteria_sets
from funis.schema import NOT_DONE, Column
from funis.study.check import KEYS_OF_KIND
from funis.study.days import EVENTS
from funis.study.intercurrent import MEANINGS
from funis.study.model import (
    InstrumentChoice,
    Study,
)
from funis.study.printed_names import FIXED, MAIN_SECTIONS, NAMED, NUMBERED
from funis.study.rule_tree import FUNCTIONS, MAX_LENGTH, MAX_LEVELS
from funis.study.sections import SECTION_MODELS

_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("[study]", SECTION_MODELS["study",]),
    ("[[sites]]", SECTION_MODELS["sites",]),
    ("[[arms]]", SECTION_MODELS["arms",]),
    ("[randomisation]", SECTION_MODELS["randomisation",]),
    ("[re_randomisation]", SECTION_MODELS["re_randomisation",]),
    ("[[people]]", SECTION_MODELS["people",]),
    ("[eligibility]", SECTION_MODELS["eligibility",]),
    ("eligibility: inclusion, exclusion", SECTION_MODELS["eligibility", "inclusion"]),
    ("[product]", SECTION_MODELS["product",]),
    ("[[product.tests]]", SECTION_MODELS["product", "tests"]),
    ("[donor]", SECTION_MODELS["donor",]),
    ("[[donor.tests]]", SECTION_MODELS["donor", "tests"]),
    ("[[infusions]]", SECTION_MODELS["infusions",]),
    ("[[visits]]", SECTION_MODELS["visits",]),
    ("[monitoring]", SECTION_MODELS["monitoring",]),
    ("[[stopping]]", SECTION_MODELS["stopping",]),
    ("[[event_groups]]", SECTION_MODELS["event_groups",]),
    ("[instruments.NAME]", InstrumentChoice),
    ("[[labs]]", SECTION_MODELS["labs",]),
    ("[[lab_limits]]", SECTION_MODELS["lab_limits",]),
    ("[[columns]]", SECTION_MODELS["columns",]),
    ("[[adjudications]]", SECTION_MODELS["adjudications",]),
    ("[[visit_columns]]", SECTION_MODELS["visit_columns",]),
    ("[[endpoints]]", SECTION_MODELS["endpoints",]),
    ("[endpoints.imputation]", SECTION_MODELS["endpoints", "imputation"]),
    ("[[estimands]]", SECTION_MODELS["estimands",]),
    ("estimands: intercurrent_events", SECTION_MODELS["estimands", "intercurrent_events"]),
    ("[intercurrent_events]", SECTION_MODELS["intercurrent_events",]),
    ("[[sensitivity]]", SECTION_MODELS["sensitivity",]),
    ("[multiplicity]", SECTION_MODELS["multiplicity",]),
    ("[import]", SECTION_MODELS["import",]),
    ("[deviations]", SECTION_MODELS["deviations",]),
    ("[report]", SECTION_MODELS["report",]),
    ("[source]", SECTION_MODELS["source",]),
)
_FRONT = """# The study file

`study.toml` says what the trial is. Three of them to start from are written by `funis new`; `funis check`
reports every finding of one at once, with its line and the nearest right name. This page is made from the
models that read the file.

Texts stand in quotes, numbers do not, lists stand in `[ ]`. A key that is not listed here is refused.
"""
_IMPORT = """## Sheets of a clinic

`[import]` says how sheets are written that follow their own ways. Cells are translated while they are read;
the files stay as they are, and a finding quotes the sheet: its line, the text of its cell, the name of its
column. A cell that still has two readings is never guessed. It is a finding.

| what it is about | read | refused |
|---|---|---|
{examples}

Names of sheets, files and columns are compared without regard to capitals, spaces, hyphens and the width of
letters, with or without `[import]`. Words and codes are compared in the same way. The words for present and
absent are read in columns of 0 and 1 and as positive and negative, nowhere else; a concentration has no such
word. A word for not done empties a cell that cannot hold `ND`. Frames given from Python are not translated:
they hold the names and values of the tables.

"""
EXAMPLES_OF_IMPORT: tuple[tuple[str, str, str], ...] = (
    ("order of a date", 'date_order = "dmy"', 'date_order = "dym"'),
    ("years of two digits", "years_from = 1930", "years_from = 30"),
    ("dates as day numbers", "day_numbers = 1900", "day_numbers = 1970"),
    ("decimal mark", 'decimal = ",", separator = ";"', 'decimal = ",", separator = ","'),
    ("cells of CSV files", 'separator = "\\t"', 'separator = "#"'),
    ("encoding of CSV files", 'encoding = "gb18030"', 'encoding = "ansi"'),
    ("words for 1", 'present = ["+", "阳性"]', 'present = ["+"], absent = ["+"]'),
    ("words for 0", 'absent = ["neg", "-"]', "absent = [0]"),
    ("words for not done", 'not_done = ["n.d."]', "not_done = true"),
    ("words for missing", 'missing = ["k.A."]', 'missing = ["k.A."], not_done = ["k.A."]'),
    ("sheet or file of a table", 'tables = {labs = "Labor"}', 'tables = {laboratory = "Labor"}'),
    ("row of the header", "header_rows = {labs = 3}", "header_rows = {labs = 0}"),
    (
        "names of columns",
        'columns = {subjects = {subject = "Patient ID"}}',
        'columns = {subjects = {patient = "Patient ID"}}',
    ),
    ("codes", 'codes = {sex = {"1" = "male", "女" = "female"}}', 'codes = {sex = {"1" = "man"}}'),
)
"""Of each key of ``[import]`` what it is about, one example that is read and one that is refused."""
_ARMS = (
    '[[visits]]\nname = "baseline"\nday = 0\n\n'
    '[[arms]]\nid = "cells"\nname = "Cells"\n\n[[arms]]\nid = "placebo"\nname = "Placebo"\ncontrol = true\n\n'
)
_AT_RELAPSE = (
    '[[visits]]\nname = "baseline"\nday = 0\n\n[[visits]]\nname = "month_9"\nday = 270\n\n'
    '[[endpoints]]\nid = "lost"\nkind = "relapse"\ndefinition = "ucmsc_bilag_response"\nat = "month_9"\n\n'
    '[[infusions]]\nday = 0\n\n[[infusions]]\nwhen = "relapse"\nday = 0\n\n'
    '[re_randomisation]\nat = "relapse"\nmethod = "blocks"\nratio = {again = 1, standard = 1}\n'
)
EXAMPLES_OF_SECTIONS: dict[str, tuple[str, str]] = {
    "[re_randomisation]": (f'{_AT_RELAPSE}control = "standard"', f'{_AT_RELAPSE}control = "placebo"'),
    "[randomisation]": (
        f'{_ARMS}[randomisation]\nmethod = "blocks"\nstrata = ["site"]\nratio = {{cells = 2, placebo = 1}}',
        f'{_ARMS}[randomisation]\nmethod = "blocks"\nstrata = ["site"]\nratio = {{cells = 1}}',
    ),
    "[monitoring]": (
        '[monitoring]\ncritical = ["adverse_events", "subjects.sex"]\nshare_percent = 20\nseed = 17',
        '[monitoring]\ncritical = ["adverse_event"]',
    ),
    "[[stopping]]": (
        (
            '[[stopping]]\nid = "serious_infection"\n'
            "counts = \"serious = 1 AND organ_class = 'Infections'\"\n"
            'rule = "events >= 2"\naction = "pause"\n\n'
            '[[stopping]]\nid = "severe"\ncounts = "grade >= 3 AND related = 1"\n'
            "looks = [5, 10]\nlimits = [1, 2]\n\n"
            '[[event_groups]]\nid = "cytokine_release"\nterms = ["Cytokine release syndrome"]\n\n'
            '[[stopping]]\nid = "release"\nevent_group = "cytokine_release"\nrule = "subjects >= 2"'
        ),
        '[[stopping]]\nid = "severe"\nlooks = [5, 10]\nlimits = [1]',
    ),
    "[[lab_limits]]": (
        (
            '[[labs]]\ntest = "igg"\nunit = "g/L"\n\n'
            '[[lab_limits]]\nid = "severe_low_igg"\ntest = "igg"\nbelow = 4'
        ),
        '[[labs]]\ntest = "igg"\nunit = "g/L"\n\n[[lab_limits]]\nid = "low_igg"\ntest = "igg"',
    ),
    "[[adjudications]]": (
        (
            '[[adjudications]]\nid = "renal_response"\noutcomes = ["complete", "partial", "none"]\n'
            "ordered = true"
        ),
        '[[adjudications]]\nid = "renal_response"\noutcomes = ["complete"]',
    ),
    "[[visit_columns]]": (
        (
            '[[visit_columns]]\nname = "prednisone"\nkind = "glucocorticoid_dose"\n\n'
            '[[visit_columns]]\nname = "rescue_medication"\nkind = "drugs_begun"\n'
            'drugs = ["methylprednisolone", "rituximab"]'
        ),
        '[[visit_columns]]\nname = "rescue_medication"\nkind = "drugs_begun"',
    ),
    "[[event_groups]]": (
        (
            '[[event_groups]]\nid = "infusion_reaction"\n'
            'terms = ["infusion related reaction", "allergic reaction", "anaphylaxis"]\nwithin_days = 1\n\n'
            '[[event_groups]]\nid = "serious_infection"\n'
            'organ_classes = ["infections and infestations"]\ncounts = "serious = 1"'
        ),
        '[[event_groups]]\nid = "serious_infection"\ncounts = "seriousness = 1"',
    ),
    "[source]": (
        '[source]\ncitation = "A. Example et al., J Example 2026;1:1"\nstatements = "statements.toml"',
        '[source]\nstatements = "statements.toml"',
    ),
    "[[infusions]]": (
        (
            '[[visits]]\nname = "baseline"\nday = 0\n\n[[visits]]\nname = "month_6"\nday = 180\n\n'
            "[[infusions]]\nday = 0\ncells_per_kg = 1e6\n\n"
            '[[infusions]]\nwhen = "month_6"\nday = 0\ncells_per_kg = 1e6'
        ),
        (
            '[[visits]]\nname = "baseline"\nday = 0\n\n[[visits]]\nname = "month_6"\nday = 180\n\n'
            "[[infusions]]\nday = 0\ncells_per_kg = 1e6\n\n"
            '[[infusions]]\nwhen = "month_6"\nday = 180\ncells_per_kg = 1e6'
        ),
    ),
    "[[people]]": (
        '[[people]]\nname = "A. Example"\nrole = "statistician"\ndisclosure = "none"',
        '[[people]]\nrole = "statistician"\ndisclosure = "none"',
    ),
}
"""Of a section, one example that is read and one that is refused."""
EXAMPLES_OF_REPORT: tuple[tuple[str, str, str], ...] = (
    ("house style", 'style = "lancet"', 'style = "lancett"'),
    ("decimals of a variable", "decimals = {age = 0}", "decimals = {age = 9}"),
    ("order of the main part", 'main = ["key_results", "safety", "..."]', 'main = ["safety", "..."]'),
    (
        "sections of the main part",
        'main = ["key_results", "response", "quality", "limits"]',
        'main = ["key_results", "response"]',
    ),
    (
        "tables and figures of a section",
        'main = ["key_results", "flow", "figure-flow", "table-disposition", "..."]',
        'main = ["key_results", "flow", "table-dispositions", "..."]',
    ),
    ("own title", 'titles = {"table-baseline" = "Patients"}', 'titles = {"table-baseline" = ""}'),
    (
        "own footnote",
        'footnotes = {"table-baseline" = "Weight as told by the patient."}',
        'footnotes = {"baseline" = "Weight as told by the patient."}',
    ),
)
"""Of each choice of parts and words in ``[report]`` one example that is read and one that is refused."""
EXAMPLES_OF_COURSES: tuple[tuple[str, str, str], ...] = (
    ("a course at a visit, for everybody", 'when = "month_6", day = 0', 'when = "month_5", day = 0'),
    ("a course at relapse", 'when = "relapse", day = 0', 'when = "relapsed", day = 0'),
    (
        "which relapse",
        'when = "relapse", relapse = "lost", day = 0',
        'when = "month_6", relapse = "lost", day = 0',
    ),
    (
        "a course by a rule",
        'when = "rule", rule = "sledai_2k >= lowest_sledai_2k + 4", day = 0',
        'when = "rule", rule = "sledai >= 10", day = 0',
    ),
    (
        "when it may begin",
        'when = "relapse", day = 0, window = [0, 56]',
        'when = "relapse", day = 0, window = [7, 56]',
    ),
    ("its days", 'when = "month_6", day = 0', 'when = "month_6", day = 180'),
)
"""Of a later course of treatment one example of its first infusion that is read and one that is refused."""
_COURSES = """## Courses of treatment

The infusions without `when` are the first treatment, course 1. Those with one `when` are a later course: at a
visit, for everybody; at relapse, once for whoever relapses; or by a rule, once for whoever meets it. Its days
count from its own first infusion, and so do its baseline and its visits in the report. With visits of months
6 and 9, SLEDAI-2K, and an endpoint `lost` of kind relapse:

| what it is about | read | refused |
|---|---|---|
{examples}

A recorded infusion opens the next course of its subject where the running course has had all its planned
infusions, or where its day is nearer to the first day on which a later course can be due than to the planned
day of the running course's next infusion. Where a course at a visit and one at relapse, or by a rule, are
planned, it is the one in whose window it lies, else the other. The column `course` of `infusions` says it
where that is not so.

The rule of a course is one as everywhere in the study file, asked of each visit after the first treatment
that has any of what it names; the course is due from the first visit at which it holds. Beside what is found
at the visit it may name the baseline (`baseline_anti_dsdna`) and the lowest so far (`lowest_anti_dsdna`: of
the baseline and the earlier visits after it). The rise of a biomarker is
`anti_dsdna >= 2 * lowest_anti_dsdna`. Where something that it needs is not recorded, the rule cannot be told,
and nobody counts as one who met it.

The endpoints of the first treatment use what was recorded after a later course as it is, and a relapse counts
whenever it is found. An estimand says otherwise with the intercurrent event `reinfusion`.

"""
_REPORT = """## Parts of the report

`[report]` chooses which sections, tables and figures make the main part, in which order, and says titles and
footnotes of the study's own. No choice changes a number or its id; what leaves the main part stands in the
supplement. The key results open every report, and data quality and limits are never moved behind it.

| what it is about | read | refused |
|---|---|---|
{examples}

Sections of the main part: {sections}. Tables and figures are named as in a link to them:

| name | what it shows |
|---|---|
{names}

A name in capitals stands for a name of the study file; a subgroup stands behind it with a hyphen.
"""
_RULES = """## Rules

A rule is an SQL condition over one row, for example `age >= 16 AND sex = 'female'`. It may use comparisons,
`AND`, `OR`, `NOT`, `IN`, `BETWEEN`, `IS NULL`, `CASE`, `+ - * /` and the functions {functions}. Texts stand
in single quotes, dates are written `DATE '2020-01-31'`, a column whose name is a word of the language stands
in double quotes. Where something is missing, or is divided by zero, the answer is *cannot tell*, which is
neither yes nor no. A rule has at most {characters} characters and {levels} levels of brackets.

Populations, subgroups and eligibility see one row a subject:

* the columns of the table `subjects`, and those of `[[columns]]`; `age` is in completed years at consent
* dates: {dates}
* study days: {days}
* `infusions_received`, `disposition_status`
* `drugs_failed`: how many distinct drugs had failed before day 0, by the table `medications`: a course that
  began before it had the response `none` or `partial`. `intolerance` is not counted: what the drug would have
  done is not known. Cannot tell where no course before day 0 is recorded, and where one without a response,
  a first day or a name may be one more
* `days_<earlier>_to_<later>` for any two of {events}, in this order: dates are not subtracted in a rule
* `baseline_<set>` for each set of classification criteria ({sets}): `'met'` or `'not met'`; where it cannot
  be told there is no value, so that a rule cannot tell either. The criteria are judged from columns of
  `subjects` in `[[columns]]` that have their names (1 shown, 0 not shown), from the instruments of the study,
  from its laboratory tests, and from the side of the laboratory's own limit on which a test lies: `anti_ssa`
  above it is `anti_ssa_positive`, `c3` below it is `low_c3`
* `baseline_<score>`, `baseline_<test>` and, for graded instruments, `baseline_<score>_<system>`

The study day of the first infusion is 0. A baseline is the last value on day 0 or before; a value of day 0
itself counts as taken before the infusion. Eligibility sees only what is known before the first infusion.
Release criteria of the product see the columns of the table `lots`, rules of the donor those of `donors`; a
rule of a test sees its `result` alone.
"""
_NAMED_TABLES = """# The tables of the data folder

One table a file in `data/`, as CSV (UTF-8, commas, decimal points) or Parquet, or one Excel workbook with a
sheet a table. Dates are written YYYY-MM-DD. An empty cell is missing; `{not_done}` says that a measure was
not done; neither is zero. Where the data carry no dates, `day` takes the place of `date`. Columns named
`comment` or `notes` are for people and are not read. This page is made from the descriptions that read the
files.
"""
_INSTRUMENTS = """## One table for each instrument

The table has the name of the instrument, for example `sledai_2k`, and one row for each subject and visit.

| column | meaning |
|---|---|
| `subject`, `visit`, `date` or `day` | as above |
| the items | the names and levels on the page of the instrument, `{not_done}` where not done |
| `<item>_attributed` | 1 due to the disease, 0 present but not due to it: counted as absent |
| `<system>_ever` | 1 when a graded system was affected before the study, 0 when not; without it D or E |
| `<instrument>_recorded` | the total that somebody wrote down, to compare |
| `window_days`, `rater` | days the assessment looks back; code of the person who rated |

Measured quantities that decide an item (platelets for thrombocytopenia) may stand in the same row or in
`labs`; the laboratory fills an item that is empty, and a disagreement is reported.
"""


def render_study_page() -> str:
    """Render the reference of the study file.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> render_study_page().splitlines()[0]
    '# The study file'
    """
    parts = [_FRONT]
    parts += [f"## `{title}`\n\n{_keys(model)}{_examples(title)}" for title, model in _SECTIONS]
    for name in ("populations", "subgroups"):
        parts.append(f"## `[{name}]`\n\n{Study.model_fields[name].description}\n")
    examples = (f"| {what} | `{read}` | `{refused}` |" for what, read, refused in EXAMPLES_OF_IMPORT)
    courses = (f"| {what} | `{read}` | `{refused}` |" for what, read, refused in EXAMPLES_OF_COURSES)
    parts.append(_COURSES.format(examples="\n".join(courses)))
    parts.append(_IMPORT.format(examples="\n".join(examples)))
    parts.append(_report())
    parts.append("## Intercurrent events\n\n" + _events())
    parts.append("## Keys of each kind of endpoint\n\n" + _kinds())
    parts.append(
        _RULES.format(
            characters=f"{MAX_LENGTH:,}",
            levels=MAX_LEVELS,
            functions=", ".join(f"`{name}`" for name in FUNCTIONS),
            dates=", ".join(f"`{event}_date`" for event in EVENTS),
            days=", ".join(f"`{event}_day`" for event in EVENTS[3:]),
            events=", ".join(f"`{event}`" for event in EVENTS),
            sets=", ".join(f"`{name}`" for name in criteria_sets()),
        )
    )
    return "\n".join(parts)


def render_tables_page() -> str:
    """Render the reference of the data tables.

    Returns
    -------
    str
        Markdown.

    Examples
    --------
    >>> "## `infusions`" in render_tables_page()
    True
    """
    parts = [_NAMED_TABLES.format(not_done=NOT_DONE)]
    for table in NAMED_TABLES.values():
        rows = [f"| `{column.name}` | {_kind(column)} | {column.meaning} |" for column in table.columns]
        head = [f"## `{table.name}`", "", f"One row for each {table.row}.", "", "| column | kind | meaning |"]
        parts.append("\n".join([*head, "|---|---|---|", *rows]) + "\n")
    parts.append(_INSTRUMENTS.format(not_done=NOT_DONE))
    return "\n".join(parts)


def _keys(model: type[BaseModel]) -> str:
    """Render the keys of one section as a table."""
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    rows = ["| key | type | default | meaning |", "|---|---|---|---|"]
    for name, key in schema["properties"].items():
        default = "required" if name in required else _default(key.get("default"))
        meaning = str(key.get("description", "")).replace("|", "\\|")
        rows.append(f"| `{name}` | {_type(key)} | {default} | {meaning} |")
    return "\n".join(rows) + "\n"


def _examples(title: str) -> str:
    """Show what is read of a section, and what is refused."""
    if title not in EXAMPLES_OF_SECTIONS:
        return ""
    read, refused = EXAMPLES_OF_SECTIONS[title]
    return f"\nRead:\n\n```\n{read}\n```\n\nRefused:\n\n```\n{refused}\n```\n"


def _type(key: dict[str, Any]) -> str:
    """Say the type of a key in words."""
    if "enum" in key:
        return " or ".join(f"`{each}`" for each in key["enum"])
    if "anyOf" in key:
        return " or ".join(dict.fromkeys(_type(each) for each in key["anyOf"] if each.get("type") != "null"))
    if "$ref" in key:
        return "section"
    words = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
    if key.get("type") == "array":
        inner = key.get("items", {})
        if "prefixItems" in key:
            return "two whole numbers"
        return "list of tables" if "$ref" in inner else f"list of {_type(inner)}"
    return words.get(str(key.get("type")), "table of keys")


def _default(value: object) -> str:
    if value in (None, "", [], {}, ()):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _kinds() -> str:
    rows = ["| kind | keys besides id, kind, label, role, at, population, subgroups |", "|---|---|"]
    rows += [f"| `{kind}` | {', '.join(f'`{key}`' for key in keys)} |" for kind, keys in KEYS_OF_KIND.items()]
    return "\n".join(rows) + "\n"


def _report() -> str:
    """Name what a report can hold, with examples of each choice."""
    from pages_of_house_styles import describe_styles

    examples = (f"| {what} | `{read}` | `{refused}` |" for what, read, refused in EXAMPLES_OF_REPORT)
    several = {f"{start}-{2 if start in FIXED else 1}": shown for start, shown in NUMBERED.items()}
    rows = (f"| `{name}` | {shown} |" for name, shown in (FIXED | several | NAMED).items())
    sections = ", ".join(f"`{name}`" for name in MAIN_SECTIONS)
    parts = _REPORT.format(examples="\n".join(examples), sections=sections, names="\n".join(rows))
    return parts + describe_styles()


def _events() -> str:
    """Say how each intercurrent event is found in the data."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in MEANINGS.items()]
    return "\n".join(["| event | found in the data as |", "|---|---|", *rows]) + "\n"


def _kind(column: Column) -> str:
    """Say the kind of a column with its unit, its levels and whether it must be filled."""
    kind = {"flag": "0 or 1", "integer": "whole number"}.get(column.kind, column.kind)
    words = [", ".join(f"`{each}`" for each in column.allowed) or kind]
    words += [column.unit] if column.unit else []
    words += [f"or `{NOT_DONE}`"] if column.not_done else []
    words += ["required"] if column.filled or column.required else []
    return ", ".join(words).replace("|", "\\|")
