"""The application that a server of WSGI runs."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "funis.capture.settings")
application = get_wsgi_application()

# After the application: the thread asks the models.
from funis.capture.daily import start_daily_work  # noqa: E402

start_daily_work()
