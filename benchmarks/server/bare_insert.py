"""The least that a save could cost: one row put into one table by Django, no person, no trail, no score.

Served by the same program as the server, it is what the time of a save is held against.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from funis.capture.configuration import Configuration, read_database

FOLDER = Path(os.environ["FUNIS_BARE_FOLDER"])
if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="bare_insert",
        SECRET_KEY="of a benchmark",  # noqa: S106
        INSTALLED_APPS=[],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        DATABASES={"default": read_database(Configuration(FOLDER, os.environ.get("DATABASE_URL", "")))},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()


class Bare(models.Model):
    """A form as one document."""

    data = models.JSONField()

    class Meta:
        """Where it stands."""

        app_label = "bare"


def make_table() -> None:
    """Make the table; ``python bare_insert.py``."""
    with connection.schema_editor() as editor:
        editor.create_model(Bare)


@csrf_exempt
def save(request: HttpRequest, key: str) -> HttpResponse:
    """Put a row; the answer has the shape of a save's."""
    with transaction.atomic():
        row = Bare._default_manager.create(data=json.loads(request.body))
    return JsonResponse({"receipt": {"chain": key, "seq": row.pk}})


def health(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Say that it is ready."""
    return HttpResponse("ready")


urlpatterns = [path("forms/<str:key>/save", save), path("health", health)]
application = get_wsgi_application()


if __name__ == "__main__":
    make_table()
