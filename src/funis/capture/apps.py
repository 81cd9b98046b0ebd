"""What Django knows of the capture server."""

from __future__ import annotations

from django.apps import AppConfig


class CaptureConfig(AppConfig):
    """The one application of the server."""

    name = "funis.capture"
    label = "capture"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Prepare every connection before its first statement, and let every row ask the locks."""
        from funis.capture.conduct import locks
        from funis.capture.database import connections

        connections.listen()
        locks.listen()
