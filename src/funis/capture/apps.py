"""What Django knows of the capture server."""

from __future__ import annotations

from django.apps import AppConfig


class CaptureConfig(AppConfig):
    """The one application of the server."""

    name = "funis.capture"
    label = "capture"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Prepare every connection before its first statement."""
        from funis.capture.database.connections import listen

        listen()
