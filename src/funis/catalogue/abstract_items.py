"""What an abstract of a trial is asked to say: the items of CONSORT for abstracts, and what answers each."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AbstractItem(_Row):
    """One item: number, name, the topics that speak to it, whether only randomised trials are asked."""

    number: int
    item: str
    topics: tuple[str, ...]
    randomised: bool


class AbstractItems(_Row):
    """The statement: its name, where it was published and read, its items in their order."""

    title: str
    source: str
    items: tuple[AbstractItem, ...]


@cache
def abstract_items() -> AbstractItems:
    """Give the statement on abstracts.

    Examples
    --------
    >>> abstract_items().title, len(abstract_items().items)
    ('CONSORT for abstracts', 17)
    """
    text = (files("funis.catalogue") / "abstract_items.toml").read_text(encoding="utf-8")
    return AbstractItems.model_validate(tomllib.loads(text))
