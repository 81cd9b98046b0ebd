"""Load a data folder into an empty server: whole or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from funis.capture.conduct.allocation.arms import seal_arm
from funis.capture.conduct.allocation.strata import read_strata
from funis.capture.conduct.locks import Scope, refuse_closed
from funis.capture.conduct.participation import END_FORM, status_by_end
from funis.capture.context import SERVER, moment
from funis.capture.entry.scores import score_forms
from funis.capture.exchange.records import read_records, write_records
from funis.capture.forms.plan_parts import FormPlan, StudyPlan
from funis.capture.forms.validation import check_changes
from funis.capture.models import (
    Allocation,
    Consent,
    Form,
    SafetyClock,
    StudyForm,
    StudyVersion,
    Subject,
    SubjectVisit,
)
from funis.capture.models.audited import Audited
from funis.capture.safety.clock import start_from_folder
from funis.capture.study_in_force import plan_of, study_of, today
from funis.data.tables import read_cells
from funis.errors import Finding, FindingsError, ValueRangeError
from funis.schema import NOT_DONE
from funis.study.allocated import allocation_plan

#: Columns of subjects that stand elsewhere than in a form.
_ELSEWHERE: Final = frozenset({"subject", "site", "consent_date"})
_BATCH: Final = 500


@dataclass(slots=True)
class Loading:
    """What is being loaded.

    Attributes
    ----------
    version, plan : of the study
    subjects, visits : made so far; visits by subject, name and date
    forms : made so far
    places : what was made of each row, by table and line, and subjects by number
    findings : every cell that no form takes
    """

    version: StudyVersion
    plan: StudyPlan
    subjects: dict[str, Subject] = field(default_factory=dict)
    visits: dict[tuple[str, str, str], SubjectVisit] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)
    study_forms: list[StudyForm] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    allocations: list[Allocation] = field(default_factory=list)
    places: dict[str, Audited] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


Row = Mapping[str, str | None]


def load_folder(folder: Path, version: StudyVersion) -> dict[str, int]:
    """Load the tables of a study folder, within a transaction in which somebody acts.

    Parameters
    ----------
    folder : with ``data`` inside
    version : of the study, in force at every site

    Returns
    -------
    dict : rows of each table

    Raises
    ------
    ValueRangeError : subjects are there already, or a site is closed to entry
    FindingsError : cells that no form takes, each with its place; nothing is loaded
    """
    if Subject.objects.exists():
        raise ValueRangeError(
            "server", "one that holds subjects", "one without subjects", "Load into a new folder."
        )
    for site in study_of(version).site_ids:
        refuse_closed(Scope(site))
    raw = read_cells(folder, study_of(version))
    loading = Loading(version, plan_of(version))
    loading.findings += [each for each in raw.findings if each.level == "error"]
    counted: dict[str, int] = {}
    rows = {name: list(table.frame.iter_rows(named=True)) for name, table in raw.tables.items()}
    for name in sorted(rows, key=lambda each: (each != "subjects", each != "visits", each)):
        for line, row in enumerate(rows[name], start=1):
            made = _take(loading, name, row, raw.tables[name].file)
            if made is not None:
                loading.places[f"{name}/{line}"] = made
        counted[name] = len(rows[name])
    if loading.findings:
        raise FindingsError(folder.name, loading.findings)
    loading.places |= loading.subjects
    records = read_records(folder, version, loading.places)
    given = {each.subject_id for each in records.get(Consent, ()) if isinstance(each, Consent)}
    loading.consents = [each for each in loading.consents if each.subject_id not in given]
    _score(loading)
    _write(loading)
    _allocate(loading)
    write_records(records, _BATCH)
    _start_clocks(loading)
    return counted


def _start_clocks(loading: Loading) -> None:
    """Start the clocks of serious events that say when the site became aware; those of the records stand."""
    carried = set(SafetyClock.objects.values_list("form_id", flat=True))
    for form in loading.forms:
        if form.pk not in carried:
            start_from_folder(form)


def _take(loading: Loading, name: str, row: Row, file: str) -> Audited | None:
    """Take one row of a table into what is being loaded; give what was made of it, none where nothing was."""
    if name == "subjects":
        return _take_subject(loading, row, file)
    if name == "visits":
        return _take_visit(loading, row)
    if loading.plan.form(name).scope == "study":
        return _take_study_row(loading, name, row, file)
    return _take_form(loading, name, row, file)


def _take_subject(loading: Loading, row: Row, file: str) -> Form | None:
    number, site = row["subject"] or "", row.get("site") or ""
    plan = loading.plan.form("subjects")
    if site not in study_of(loading.version).site_ids:
        allowed = ", ".join(study_of(loading.version).site_ids)
        loading.findings.append(
            _finding(plan.name, file, row, "site", site, f"Write the code of a site: {allowed}.")
        )
        return None
    subject = Subject(number=number, site=site)
    loading.subjects[number] = subject
    form = Form(subject=subject, site=site, name="subjects", version=loading.version)
    elsewhere = _ELSEWHERE | ({"arm"} if allocation_plan(study_of(loading.version)) else set())
    form.data = _document(loading, plan, {k: v for k, v in row.items() if k not in elsewhere}, row, file)
    loading.forms.append(form)
    if "arm" in elsewhere and row.get("arm"):
        _take_arm(loading, subject, row, file)
    if row.get("consent_date"):
        day = date.fromisoformat(str(row["consent_date"]))
        subject.status = "consented"
        loading.consents.append(
            Consent(
                subject=subject, site=site, document_version="as loaded", given_on=day, obtained_by="funis"
            )
        )
    return form


def _take_arm(loading: Loading, subject: Subject, row: Row, file: str) -> None:
    """Take the arm of a subject who was allocated before: sealed at once, in the order of the table."""
    arm, known = str(row["arm"]), [each.id for each in study_of(loading.version).arms]
    if arm not in known:
        fix = f"Write the id of an arm: {', '.join(known)}."
        loading.findings.append(_finding("subjects", file, row, "arm", arm, fix))
        return
    found = Allocation(
        subject=subject, site=subject.site, number=len(loading.allocations) + 1, version=loading.version,
        by=SERVER, at=moment(),
    )  # fmt: skip
    found.sealed, found.fingerprint = seal_arm(subject, arm)
    loading.allocations.append(found)


def _take_visit(loading: Loading, row: Row) -> SubjectVisit | None:
    subject = loading.subjects.get(row["subject"] or "")
    name = row.get("visit") or ""
    if subject is None:
        return None
    data = _plain({key: value for key, value in row.items() if key not in {"subject", "visit"}})
    return _add_visit(loading, subject, name, data)


def _add_visit(loading: Loading, subject: Subject, name: str, data: dict[str, Any]) -> SubjectVisit:
    number = 1 + sum(1 for key in loading.visits if key[:2] == (subject.number, name))
    visit = SubjectVisit(subject=subject, site=subject.site, name=name, number=number, data=data)
    loading.visits[subject.number, name, visit.date] = visit
    return visit


def _take_form(loading: Loading, name: str, row: Row, file: str) -> Form | None:
    plan = loading.plan.form(name)
    subject = loading.subjects.get(row["subject"] or "")
    if subject is None:
        fix = "Write the number of a subject that stands in subjects."
        loading.findings.append(_finding(name, file, row, "subject", row["subject"] or "", fix))
        return None
    keys = {each.name for each in plan.fields if each.role == "key"}
    form = Form(subject=subject, site=subject.site, name=name, version=loading.version)
    form.data = _document(loading, plan, {k: v for k, v in row.items() if k not in keys}, row, file)
    if plan.scope == "visit":
        form.visit = _visit_of(loading, subject, row.get("visit") or "", str(form.data.get("date") or ""))
    if "number" in keys and row.get("number"):
        form.number = int(str(row["number"]))
    if name == END_FORM:
        subject.status = status_by_end(form.data) or subject.status
    loading.forms.append(form)
    return form


def _visit_of(loading: Loading, subject: Subject, name: str, day: str) -> SubjectVisit:
    """Find the visit of a form: of its name and date, else of its name; one in no table is made."""
    found = loading.visits.get((subject.number, name, day))
    same = (
        [visit for key, visit in loading.visits.items() if key[:2] == (subject.number, name)]
        if found is None
        else []
    )
    return found or (same[0] if same else _add_visit(loading, subject, name, {"date": day} if day else {}))


def _take_study_row(loading: Loading, name: str, row: Row, file: str) -> StudyForm:
    plan = loading.plan.form(name)
    key = next(field.name for field in plan.fields if field.role == "key")
    data = _document(loading, plan, {k: v for k, v in row.items() if k != key}, row, file)
    made = StudyForm(name=name, code=row[key] or "", version=loading.version, data=data)
    loading.study_forms.append(made)
    return made


def _document(
    loading: Loading, plan: FormPlan, cells: Mapping[str, str | None], row: Row, file: str
) -> dict[str, Any]:
    """Read the cells of a row as the form reads what is typed; what it refuses is a finding."""
    typed = _not_done(plan, {key: value for key, value in _plain(cells).items() if key != "_line"})
    checked = check_changes(plan, {}, typed, today=today())
    for remark in checked.refusals:
        fix = f"{remark.to_do()} Allowed: {remark.allowed_words()}."
        loading.findings.append(_finding(plan.name, file, row, remark.key, remark.found, fix))
    return checked.document


def _plain(cells: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in cells.items() if value not in {None, ""}}


def _not_done(plan: FormPlan, cells: Mapping[str, Any]) -> dict[str, Any]:
    """Say *not done* as a form says it where a cell of a measure says it."""
    said = {key for key, value in cells.items() if value == NOT_DONE and f"{key}_not_done" in plan.keys}
    return {key: value for key, value in cells.items() if key not in said} | {
        f"{key}_not_done": True for key in said
    }


def _finding(table: str, file: str, row: Row, column: str, found: str, fix: str) -> Finding:
    line = row.get("_line")
    message = "The form does not take this."
    return Finding(
        "error", "not_taken", table, file, int(line) if line else None, column, found, message, fix
    )


def _score(loading: Loading) -> None:
    """Score every instrument of every subject, and number what repeats."""
    counted: dict[tuple[str, str, str], int] = defaultdict(int)
    own: dict[tuple[str, str], list[Form]] = defaultdict(list)
    for form in loading.forms:
        place = (form.subject_id, form.visit_id or "", form.name)
        counted[place] += 1
        if loading.plan.form(form.name).repeats and form.name != "infusions":
            form.number = counted[place]
        own[form.subject_id, form.name].append(form)
    for (_, name), forms in own.items():
        for form, scores in zip(forms, score_forms(loading.plan.form(name), forms), strict=True):
            form.scores = scores


def _write(loading: Loading) -> None:
    for model, rows in _in_order(loading):
        model._default_manager.bulk_create(rows, batch_size=_BATCH)


def _allocate(loading: Loading) -> None:
    """Write the allocations that were loaded; minimisation needs their strata, as the data have them."""
    study = study_of(loading.version)
    plan = allocation_plan(study)
    # Blocks begin anew after a load; minimisation goes on from who is there.
    for each in loading.allocations if plan and plan.method == "minimisation" else ():
        strata = read_strata(study, each.subject)
        each.data = {name: value for name, value in strata.items() if value is not None}
    Allocation.objects.bulk_create(loading.allocations, batch_size=_BATCH)


def _in_order(loading: Loading) -> Iterator[tuple[Any, list[Any]]]:
    yield Subject, list(loading.subjects.values())
    yield Consent, loading.consents
    yield SubjectVisit, list(loading.visits.values())
    yield Form, loading.forms
    yield StudyForm, loading.study_forms
