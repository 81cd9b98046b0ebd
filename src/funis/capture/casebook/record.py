"""The end of a case book: checks at the bedside, queries, signatures, locks, corrections, trail, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from funis.capture.casebook.forms import signature_line, title_of
from funis.capture.casebook.reviewed import CorrectedValue, Reviewed
from funis.capture.casebook.values import item_label, item_value
from funis.capture.casebook.wording import BookWords
from funis.capture.conduct.locks import STATES as LOCK_STATES
from funis.capture.conduct.locks import standings_of_subject
from funis.capture.forms.plan_parts import FormPlan
from funis.capture.models import BedsideCheck, Form, Query, Subject
from funis.capture.models.infusions import CHECK_OUTCOMES
from funis.capture.monitoring.query_steps import STATES, STEPS
from funis.capture.study_in_force import newest_version, plan_of
from funis.documents.document import Block, ItemList, Paragraph, Section, plain
from funis.documents.table import TableSpec, text_rows


def record_sections(
    subject: Subject,
    forms: Sequence[Form],
    reviewed: Reviewed,
    visits: Mapping[str, str],
    t: BookWords,
) -> Iterator[Section]:
    """Give the sections behind the forms.

    Parameters
    ----------
    subject : the subject
    forms : all forms of the subject
    reviewed : what was said of them
    visits : label of each planned visit by its name
    t : the language
    """
    titles = {form.pk: title_of(form, t) for form in forms}
    yield _section("checks", t("Checks at the bedside"), _checks(subject, t), t)
    yield _section("queries", t("Queries"), _queries(reviewed.queries, titles, visits, t), t)
    yield _section("signatures", t("Signatures"), _signatures(reviewed, forms, titles, t), t)
    yield _section("locks", t("Freeze and lock"), _locks(subject, titles, t), t)
    yield _section("corrections", t("Corrections"), _corrections(reviewed.corrections, t), t)
    yield _section("trail", t("Trail"), _trail(reviewed, t), t)
    yield _section("versions", t("Study file and definitions"), _versions(forms, t), t)


def _section(name: str, title: str, blocks: Iterator[Block], t: BookWords) -> Section:
    return Section(name, title, tuple(blocks) or (Paragraph(plain(t("None."))),))


def _table(name: str, heads: Sequence[str], rows: Sequence[Sequence[str]], t: BookWords) -> TableSpec:
    return TableSpec(
        f"all-{name}", name, f"{len(rows)}", tuple(heads), text_rows(rows), is_text=True,
        is_upright=True, label=t("Number of rows"),
    )  # fmt: skip


def _when(at: str) -> str:
    return f"{at[:19].replace('T', ' ')} UTC" if at else "–"


def _checks(subject: Subject, t: BookWords) -> Iterator[Block]:
    rows = [
        (
            str(each.number), _when(each.at), each.unit.code, f"{each.first}, {each.second}",
            t(CHECK_OUTCOMES[each.outcome]),
            " ".join(filter(None, (each.approver, each.override_reason))) or "–",
        )
        for each in BedsideCheck.objects.filter(subject=subject).select_related("unit").order_by("at", "pk")
    ]  # fmt: skip
    if rows:
        yield _table(
            "checks", t.all("Infusion", "Time (UTC)", "Bag", "By", "Outcome", "Overridden by"), rows, t
        )


def _queries(
    queries: Sequence[Query], titles: Mapping[str, str], visits: Mapping[str, str], t: BookWords
) -> Iterator[Block]:
    rows = []
    for query in queries:
        thread = [
            ": ".join(filter(None, (f"{_when(each.at)} {each.author}", t(STEPS[each.step].words), each.text)))
            for each in sorted(query.messages.all(), key=lambda each: (each.at, each.pk))
        ]
        visit = visits.get(query.visit, query.visit)
        place = " · ".join(
            filter(None, (titles.get(query.row_key, query.form_name), visit, _item_of(query, t)))
        )
        said = filter(None, (t.name_finding(query.code), query.text, *thread))
        rows.append((place, t(STATES[query.state]), "\n".join(said)))
    if rows:
        yield TableSpec(
            "all-queries", "queries", f"{len(rows)}", (t("Item"), t("Status"), t("Thread")), text_rows(rows),
            is_text=True, is_upright=True, widths=(26, 14, 60), label=t("Number of rows"),
        )  # fmt: skip


def _item_of(query: Query, t: BookWords) -> str:
    """Name the item of a query as its form does; what no form has by its own name."""
    plan = plan_of(newest_version()).by_name.get(query.form_name)
    return item_label(plan, query.item, t) if plan else query.item


def _signatures(
    reviewed: Reviewed, forms: Sequence[Form], titles: Mapping[str, str], t: BookWords
) -> Iterator[Block]:
    plans = {form.pk: plan_of(form.version).form(form.name) for form in forms}
    for each in reviewed.signatures:
        yield Paragraph(plain(signature_line(each, t)))
        signed = ", ".join(
            f"{titles.get(form, form)} ({t('revision')} {revision})" for form, revision in each.forms.items()
        )
        method = t("by passkey") if each.row.method == "passkey" else t("by password and code")
        changed = [
            f"{t('changed since')}: {titles.get(change.form, change.form)}, "
            f"{_changed(plans[change.form], change.item, (change.old, change.new), t)}, "
            f"{change.by}, {_when(change.at)} ({change.reason})"
            for change in each.changes
        ]
        facts = (
            each.row.statement,
            f"{method} · {t('Hash of the content')} {each.row.content_hash}",
            f"{t('Forms signed')}: {signed}",
            *each.faults,
            *changed,
        )
        yield ItemList(tuple(plain(fact) for fact in facts))


def _changed(plan: FormPlan, item: str, values: tuple[object, object], t: BookWords) -> str:
    return f"{item_label(plan, item, t)}: {_arrow(plan, item, values, t)}"


def _arrow(plan: FormPlan, item: str, values: tuple[object, object], t: BookWords) -> str:
    return " → ".join(item_value(plan, item, value, t) or "–" for value in values)


def _locks(subject: Subject, titles: dict[str, str], t: BookWords) -> Iterator[Block]:
    rows = [
        (titles.get(each.target, t(each.scope.capitalize())), t(LOCK_STATES[each.state]), each.by,
         _when(each.at), each.reason)
        for each in standings_of_subject(subject).values()
    ]  # fmt: skip
    if rows:
        yield _table("locks", t.all("What", "Status", "By", "Time (UTC)", "Reason"), rows, t)


def _corrections(found: Sequence[CorrectedValue], t: BookWords) -> Iterator[Block]:
    rows = []
    for each in found:
        plan = plan_of(each.form.version).form(each.form.name)
        label = item_label(plan, each.item, t)
        visit = f"{each.form.visit.date} · " if each.form.visit else ""
        rows.append(
            (
                _when(each.change.at), each.change.actor, f"{visit}{title_of(each.form, t)}: {label}",
                _arrow(plan, each.item, (each.old, each.new), t), each.change.reason,
            )
        )  # fmt: skip
    if rows:
        yield TableSpec(
            "all-corrections", "corrections", f"{len(rows)}",
            tuple(map(t, ("Time (UTC)", "By", "Item", "Old → new", "Reason"))), text_rows(rows),
            is_text=True, is_upright=True, widths=(16, 13, 31, 20, 20), label=t("Number of rows"),
        )  # fmt: skip


def _trail(reviewed: Reviewed, t: BookWords) -> Iterator[Block]:
    """Count the rows of the trail by what was written, with the first and the last."""
    counted: dict[tuple[str, str], list[str]] = {}
    for change in reviewed.history:
        counted.setdefault((change.table.removeprefix("capture_"), change.kind), []).append(change.at)
    rows = [
        (table or "–", kind, str(len(times)), _when(times[0]), _when(times[-1]))
        for (table, kind), times in sorted(counted.items())
    ]
    yield _table("trail", t.all("Table", "What was done", "Rows", "First", "Last"), rows, t)
    people = sorted({change.actor for change in reviewed.history})
    yield Paragraph(plain(f"{t('Logins')}: {', '.join(people)}"))


def _versions(forms: Sequence[Form], t: BookWords) -> Iterator[Block]:
    versions = {form.version.number: form.version for form in forms}
    rows = [
        (str(number), versions[number].sha256, str(sum(form.version.number == number for form in forms)))
        for number in sorted(versions)
    ]
    yield _table("files", t.all("Study version", "SHA-256", "Forms"), rows, t)
    pins = {
        (form.version.number, form.name): plan_of(form.version).form(form.name).definition for form in forms
    }
    listed = [
        (
            str(number), f"{pin.name} {pin.version}", pin.missing,
            ", ".join(f"{name} = {value}" for name, value in pin.parameters) or "–", pin.sha256[:16],
        )
        for (number, _), pin in sorted(pins.items())
        if pin is not None
    ]  # fmt: skip
    if listed:
        yield TableSpec(
            "all-definitions", "versions", f"{len(listed)}",
            t.all("Study version", "Definition", "Missing items", "Parameters", "SHA-256"),
            text_rows(listed), is_text=True, is_upright=True, widths=(10, 22, 12, 38, 18),
            label=t("Number of rows"),
        )  # fmt: skip
