"""Tables that a reader lays beside their sources: TOML files of the catalogue, and what their parts are."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

from pydantic import BaseModel, ConfigDict


class TablePart(BaseModel):
    """A part of such a table; it does not change, and has no key but those that are named."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def read_table_file(name: str) -> dict[str, Any]:
    """Read a table of the catalogue.

    Parameters
    ----------
    name : of the file, without its ending

    Examples
    --------
    >>> read_table_file("house_styles")["checked"].year > 2000
    True
    """
    text = (files("funis.catalogue") / f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
