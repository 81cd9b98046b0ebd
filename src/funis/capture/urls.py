"""Where Django looks for the pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from funis.capture.api.application import api
from funis.capture.pages.addresses import PAGES

urlpatterns: list[URLPattern | URLResolver] = [*PAGES, path("api/", api.urls)]
handler404 = "funis.capture.people.access.no_such_page"
