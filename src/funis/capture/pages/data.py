"""Page of the whole: the export of the data folder."""

from __future__ import annotations

from django.http import HttpResponse

from funis.capture.exchange.export import count_rows, export_tables, pack_tables
from funis.capture.monitoring.automatic import check_everything
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import started_with
from funis.capture.trail.events import record_event


@asks("export data", "GET", "POST")
def export(asked: PageRequest) -> HttpResponse:
    """Give the data folder as one file; that it was taken stands in the trail."""
    if asked.request.method == "GET":
        return draw(asked, "export.html")
    check_everything()
    tables = export_tables()
    packed = pack_tables(tables)
    record_event("exported", "system", {"tables": count_rows(tables)})
    answer = HttpResponse(packed, content_type="application/zip")
    name = "".join(letter if letter.isalnum() else "-" for letter in started_with().trial.id)
    answer["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return answer
