"""Page of the whole: the export of the data folder."""

from __future__ import annotations

from django.http import HttpResponse

from funis.capture.exchange.export import export_files, pack_files, sight_of
from funis.capture.monitoring.automatic import check_everything
from funis.capture.pages.templates import draw
from funis.capture.people.access import PageRequest, asks
from funis.capture.study_in_force import read_moment, started_with
from funis.capture.trail.events import record_event


@asks("export data", "GET", "POST")
def export(asked: PageRequest) -> HttpResponse:
    """Give the data folder as one file; that it was taken stands in the trail."""
    if asked.request.method == "GET":
        return draw(asked, "export.html", is_blinded=asked.rights.is_blinded)
    check_everything()
    given = asked.request.POST.get("as_of", "").strip()
    as_of = read_moment(given) if given else ""
    sight = sight_of(shows_arms=not asked.rights.is_blinded)
    files, counted = export_files(as_of, sight)
    packed = pack_files(files)
    record_event("exported", "system", {"tables": counted, "as_of": as_of or None, "arms": sight})
    answer = HttpResponse(packed, content_type="application/zip")
    name = "".join(letter if letter.isalnum() else "-" for letter in started_with().trial.id)
    answer["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    return answer
