"""A published text as it was read: letters, sentences and rows of tables, each with its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """One cell of a row: where it stands in the text, and what stands above it.

    Attributes
    ----------
    start, end : offsets in the text of the source
    head : words of the column's head, those of several lines joined; empty where the table has none
    """

    start: int
    end: int
    head: str = ""


@dataclass(frozen=True, slots=True)
class TextPassage:
    """A sentence, or a row of a table.

    Attributes
    ----------
    start, end : offsets in the text of the source; ``text[start:end]`` is what was printed
    page : number of the page, from 1; None where the file has no pages
    cells : of a row of a table, from left to right; empty for a sentence
    is_head : whether it is a row of heads
    table : number of the table it stands in, from 1; 0 for a sentence
    turns : where a sentence runs over to other pages: offset in the text of the source, and the page that
        begins there
    """

    start: int
    end: int
    page: int | None = None
    cells: tuple[PrintedCell, ...] = ()
    is_head: bool = False
    table: int = 0
    turns: tuple[tuple[int, int | None], ...] = ()

    @property
    def is_row(self) -> bool:
        """Tell whether it is a row of a table."""
        return bool(self.table)


@dataclass(frozen=True, slots=True)
class SourceText:
    """A published text.

    Attributes
    ----------
    name : of the file
    text : every letter that was read, in reading order
    passages : in order; they do not overlap
    """

    name: str
    text: str
    passages: tuple[TextPassage, ...]

    def words_of(self, passage: TextPassage) -> str:
        r"""Give a passage on one line.

        Examples
        --------
        >>> SourceText("a.txt", "40 were\nenrolled.", (whole := TextPassage(0, 17),)).words_of(whole)
        '40 were enrolled.'
        """
        return " ".join(self.text[passage.start : passage.end].split())

    def page_at(self, passage: TextPassage, place: int) -> int | None:
        r"""Give the page on which a letter of a passage stands.

        Parameters
        ----------
        passage : a sentence may begin on one page and end on the next
        place : letters from the beginning of the passage

        Examples
        --------
        >>> broken = TextPassage(0, 17, 2, turns=((8, 3),))
        >>> source = SourceText("a.pdf", "40 were\nenrolled.", (broken,))
        >>> source.page_at(broken, 0), source.page_at(broken, 8)
        (2, 3)
        """
        pages = [page for turn, page in passage.turns if turn <= passage.start + place]
        return pages[-1] if pages else passage.page


@dataclass(frozen=True, slots=True)
class TextLine:
    """One piece of a file in reading order, before it is cut into passages.

    Attributes
    ----------
    text : running text; a paragraph may take several pieces
    ends_paragraph : whether the next piece begins another paragraph
    page : number of the page, from 1; None where the file has no pages
    cells : of a row of a table: words and whether they are a head; empty for running text
    table : number of the table, from 1; 0 for running text
    """

    text: str
    ends_paragraph: bool = False
    page: int | None = None
    cells: tuple[tuple[str, bool], ...] = ()
    table: int = 0
