"""What an abstract of a trial is asked to say: the items of CONSORT for abstracts, and what answers each."""

from __future__ import annotations

from functools import cache

from funis.catalogue.table_file import TablePart, read_table_file


class AbstractItem(TablePart):
    """One item: number, name, the topics that speak to it, whether only randomised trials are asked."""

    number: int
    item: str
    topics: tuple[str, ...]
    randomised: bool


class AbstractItems(TablePart):
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
    return AbstractItems.model_validate(read_table_file("abstract_items"))
