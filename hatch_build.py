"""Puts the documentation site into the wheel where it was built before: ``make wheel`` does both.

Without it the wheel is whole all the same; ``funis docs`` then says how the site is built.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds ``build/site/html`` as ``funis/manual``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the folder for the wheel that is about to be built; an editable installation needs no copy."""
        site = Path(self.root) / "build" / "site" / "html"
        if version == "standard" and (site / "index.html").is_file():
            build_data["force_include"][str(site)] = "funis/manual"
