"""Where Django looks for the pages."""

from __future__ import annotations

from funis.capture.pages.addresses import PAGES

urlpatterns = PAGES
handler404 = "funis.capture.people.access.no_such_page"
