"""Running text as WordprocessingML: runs, fields, bookmarks, paragraphs, each with a style by its name."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from funis.letters import replace_forbidden


def escape_text(text: str) -> str:
    """Write words so that XML reads them as they are.

    Examples
    --------
    >>> escape_text("a < b & c")
    'a &lt; b &amp; c'
    """
    return escape(replace_forbidden(text))


def run(text: str, style: str = "") -> str:
    """Write a run of words; a break of line in it is one.

    Parameters
    ----------
    text : the words
    style : id of a character style; empty for none

    Examples
    --------
    >>> run("n = 40")
    '<w:r><w:t xml:space="preserve">n = 40</w:t></w:r>'
    """
    look = f'<w:rPr><w:rStyle w:val="{style}"/></w:rPr>' if style else ""
    words = escape_text(text).replace("\n", '</w:t><w:br/><w:t xml:space="preserve">')
    return f'<w:r>{look}<w:t xml:space="preserve">{words}</w:t></w:r>'


def paragraph(content: str, style: str, *, is_kept: bool = False) -> str:
    """Write a paragraph.

    Parameters
    ----------
    content : its runs, as XML
    style : id of its style
    is_kept : whether it stays on the page of what follows
    """
    kept = "<w:keepNext/>" if is_kept else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{kept}</w:pPr>{content}</w:p>'


def field(instruction: str, cached: str) -> str:
    """Write a field with the words that are shown until it is brought up to date.

    Parameters
    ----------
    instruction : such as ``SEQ Table``
    cached : words

    Examples
    --------
    >>> field("PAGE", "1")[:42]
    '<w:fldSimple w:instr=" PAGE "><w:r><w:t xm'
    """
    return f"<w:fldSimple w:instr={quoteattr(f' {instruction} ')}>{run(cached)}</w:fldSimple>"


def bookmark(name: str, number: int, content: str) -> str:
    """Set a bookmark around what is referred to.

    Parameters
    ----------
    name : at most 40 characters, letters, digits and underscores
    number : of the bookmark in the file
    content : as XML
    """
    return f'<w:bookmarkStart w:id="{number}" w:name="{name}"/>{content}<w:bookmarkEnd w:id="{number}"/>'


def link(anchor: str, content: str) -> str:
    """Lead from words to a bookmark of the file."""
    return f'<w:hyperlink w:anchor="{anchor}" w:history="1">{content}</w:hyperlink>'


def control(key: str, number: int, content: str, *, is_run: bool) -> str:
    """Put a number or a row of numbers into a content control.

    Parameters
    ----------
    key : its tag
    number : of the control in the file
    content : a run, or a row of a table
    is_run : whether it holds words alone
    """
    kind = "<w:text/>" if is_run else ""
    return (
        f'<w:sdt><w:sdtPr><w:tag w:val="{key}"/><w:id w:val="{number}"/>{kind}</w:sdtPr>'
        f"<w:sdtContent>{content}</w:sdtContent></w:sdt>"
    )
