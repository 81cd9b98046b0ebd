"""Pages of the whole: the cell product, and the export of the data folder."""

from __future__ import annotations

from django.http import HttpResponse

from funis.capture.exchange.export import count_rows, export_tables, pack_tables
from funis.capture.models import StudyForm
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import newest_version, plan_of, started_with
from funis.capture.trail.events import record_event


@asks("see product")
def show_product(asked: PageRequest) -> HttpResponse:
    """Show donors and lots as they were loaded."""
    plan = plan_of(newest_version())
    tables = [
        (form, list(StudyForm.objects.filter(name=form.name).order_by("code")))
        for form in plan.forms
        if form.scope == "study"
    ]
    return draw(asked, "product.html", tables=tables)


@asks("export data", "GET", "POST")
def export(asked: PageRequest) -> HttpResponse:
    """Give the data folder as one file; that it was taken stands in the trail."""
    if asked.request.method == "GET":
        return draw(asked, "export.html")
    tables = export_tables()
    packed = pack_tables(tables)
    record_event("exported", "system", {"tables": count_rows(tables)})
    answer = HttpResponse(packed, content_type="application/zip")
    name = "".join(letter if letter.isalnum() else "-" for letter in started_with().trial.id)
    answer["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return answer
