"""The version of funis, that every report carries."""

from typing import Final

#: The version, as in pyproject.toml.
VERSION: Final = "0.1.0"
