"""The styles of a Word file, by the names that a journal's template finds: nothing is formatted directly."""

from __future__ import annotations

from typing import Final, NamedTuple

from funis.documents.colours import (
    ACCENT,
    FAINT,
    INK,
    LEAD,
    MUTED,
    OUTLINE,
    WARNING_HEAD,
    WARNING_PAPER,
    WARNING_RULE,
)
from funis.documents.column_widths import PADDING
from funis.documents.rtf_text import twips

#: The typefaces: of most letters, and of Chinese ones.
_LATIN, _CHINESE = "Arial", "SimSun"
#: What Word calls a language that a document names without a country.
_REGIONS: Final = {"en": "en-GB"}
#: A property of paragraphs: its name and what it holds.
_Property = tuple[str, str]
#: The order that the standard gives the properties of a paragraph (ISO/IEC 29500-1, 17.3.1.26).
_ORDER: Final = (
    "keepNext", "keepLines", "numPr", "pBdr", "shd", "spacing", "ind", "contextualSpacing", "jc",
    "outlineLvl",
)  # fmt: skip


class _Style(NamedTuple):
    """A style of paragraphs, or of runs where its kind is character."""

    name: str
    size: float = 0
    look: tuple[_Property, ...] = ()
    based: str = "Normal"
    following: str = ""
    is_bold: bool = False
    colour: str = ""
    kind: str = "paragraph"

    @property
    def id(self) -> str:
        """Give the name by which paragraphs name the style: every name without its spaces."""
        return style_id(self.name)


def style_id(name: str, *, is_small: bool = False) -> str:
    """Give the id of a style.

    Parameters
    ----------
    name : of the style
    is_small : the variant in smaller letters, where it has one

    Examples
    --------
    >>> style_id("Funis Table Text"), style_id("Funis Table Text", is_small=True)
    ('FunisTableText', 'FunisTableTextSmall')
    """
    return f"{name.replace(' ', '')}{'Small' if is_small else ''}"


# --- properties ----------------------------------------------------------------------------------------


def _space(before: float, after: float, line: float = 1) -> _Property:
    height = f'w:line="{int(line * 240)}" w:lineRule="auto"'
    return "spacing", f'<w:spacing w:before="{twips(before)}" w:after="{twips(after)}" {height}/>'


def _edges(colour: str, *sides: str, width: int = 4, space: int = 1) -> _Property:
    drawn = "".join(
        f'<w:{side} w:val="single" w:sz="{width}" w:space="{space}" w:color="{_hex(colour)}"/>'
        for side in sides
    )
    return "pBdr", f"<w:pBdr>{drawn}</w:pBdr>"


def _fill(colour: str) -> _Property:
    return "shd", f'<w:shd w:val="clear" w:color="auto" w:fill="{_hex(colour)}"/>'


def _side(side: str) -> _Property:
    return "jc", f'<w:jc w:val="{side}"/>'


def _indent(left: float, right: float = 0) -> _Property:
    return "ind", f'<w:ind w:left="{twips(left)}" w:right="{twips(right)}"/>'


def _hex(colour: str) -> str:
    """Write a colour as Word does: six digits."""
    digits = colour.removeprefix("#")
    return (digits if len(digits) == 6 else "".join(2 * digit for digit in digits)).upper()


_NEXT: Final = ("keepNext", "<w:keepNext/>")
_LINES: Final = ("keepLines", "<w:keepLines/>")
_BOX: Final = ("top", "left", "bottom", "right")
_SIDES: Final = (*_BOX, "insideH", "insideV")
_CELL: Final = _space(1, 1)
_UNDER: Final = _edges(INK, "bottom")


# --- the styles ----------------------------------------------------------------------------------------


def _heading(level: int, size: float, before: float) -> _Style:
    look = (_NEXT, _LINES, _space(before, 4), ("outlineLvl", f'<w:outlineLvl w:val="{level - 1}"/>'))
    return _Style(f"Heading {level}", size, look, following="Body Text", is_bold=True)


def _in_cells(name: str, *look: _Property, is_bold: bool = False) -> tuple[_Style, _Style]:
    """Give a style of cells, and the same in smaller letters for tables that need them."""
    small = _Style(f"{name} Small", 8, based=name)
    return _Style(name, 9, (_CELL, *look), is_bold=is_bold), small


_STYLES: Final = (
    _Style("Title", 16, (_NEXT, _LINES, _space(0, 6)), following="Body Text", is_bold=True),
    _Style("Subtitle", 10, (_space(0, 4),), following="Body Text", colour=MUTED),
    _heading(1, 13, 11),
    _heading(2, 11.5, 12),
    _heading(3, 10, 10),
    _Style("Body Text", 9, (_space(0, 4, 1.05),)),
    _Style(
        "List Bullet",
        9,
        (
            ("numPr", '<w:numPr><w:numId w:val="1"/></w:numPr>'),
            _space(0, 3, 1.05),
            ("contextualSpacing", "<w:contextualSpacing/>"),
        ),
        based="Body Text",
    ),
    _Style("Caption", 9.5, (_NEXT, _LINES, _space(8, 3)), is_bold=True),
    _Style("Header", 8, colour=MUTED),
    _Style("Footer", 8, (_side("right"),), colour=MUTED),
    _Style("TOC Heading", 12, (_NEXT, _LINES, _space(12, 4)), is_bold=True),
    _Style("TOC 1", 8.5, (_space(0, 0),)),
    _Style("TOC 2", 8.5, (_space(0, 0), _indent(12))),
    _Style("Funis Fact", 9, (_space(0, 1),), colour=LEAD),
    _Style(
        "Funis Banner",
        10,
        (
            _NEXT,
            _edges(WARNING_RULE, *_BOX, width=8, space=4),
            _fill(WARNING_PAPER),
            _space(6, 6),
            _indent(6, 6),
        ),
    ),
    _Style("Funis Header Warning", 8, (_side("right"),), based="Header", is_bold=True, colour=WARNING_HEAD),
    _Style(
        "Funis Key Box",
        9,
        (_LINES, _edges(OUTLINE, *_BOX, space=4), _fill(FAINT), _space(0, 3, 1.05), _indent(6, 6)),
    ),
    _Style("Funis Figure", 9, (_NEXT, _space(4, 0))),
    _Style("Funis Table Gap", 1, (_space(0, 0),)),
    _Style("Funis Table Note", 8, (_space(0.5, 0),), colour=LEAD),
    *_in_cells("Funis Table Text"),
    *_in_cells("Funis Table Text Indented", _indent(9)),
    *_in_cells("Funis Table Text Indented Twice", _indent(18)),
    *_in_cells("Funis Table Number", _side("right")),
    *_in_cells("Funis Table Group", _NEXT, is_bold=True),
    *_in_cells("Funis Table Head", _NEXT, _UNDER, is_bold=True),
    *_in_cells("Funis Table Number Head", _NEXT, _UNDER, _side("right"), is_bold=True),
    *_in_cells("Funis Table Spanner", _NEXT, _UNDER, _side("center"), is_bold=True),
    _Style("Strong", based="", is_bold=True, kind="character"),
    _Style("Hyperlink", based="", colour=ACCENT, kind="character"),
    _Style("Funis Number", based="", kind="character"),
    _Style("Funis Code", based="", colour=LEAD, kind="character"),
)
#: Built in under another spelling of its name.
_BUILT_IN: Final = {"Caption": "caption", "Header": "header", "Footer": "footer"} | {
    name: name.lower() for name in ("Heading 1", "Heading 2", "Heading 3", "TOC 1", "TOC 2")
}


def write_styles(language: str) -> str:
    """Write the elements of the part that holds the styles, in one root.

    Parameters
    ----------
    language : of the document, as a BCP 47 tag

    Examples
    --------
    >>> 'w:eastAsia="zh-CN"' in write_styles("en")
    True
    """
    spoken = _REGIONS.get(language, language)
    fonts = f'w:ascii="{_LATIN}" w:hAnsi="{_LATIN}" w:cs="{_LATIN}" w:eastAsia="{_CHINESE}"'
    defaults = (
        f'<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts {fonts}/><w:color w:val="{_hex(INK)}"/>'
        f'<w:sz w:val="20"/><w:szCs w:val="20"/>'
        f'<w:lang w:val="{spoken}" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault>'
        f"<w:pPrDefault/></w:docDefaults>"
    )
    normal = (
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/><w:qFormat/>'
        "</w:style>"
        '<w:style w:type="character" w:default="1" w:styleId="DefaultParagraphFont">'
        '<w:name w:val="Default Paragraph Font"/><w:uiPriority w:val="1"/><w:semiHidden/></w:style>'
    )
    return f"{defaults}{normal}{_table_styles()}{''.join(map(_write, _STYLES))}"


def _table_styles() -> str:
    """Write the style of tables: a rule above and below, cells with room at their sides."""
    room = twips(PADDING)
    margins = f'<w:left w:w="{room}" w:type="dxa"/><w:right w:w="{room}" w:type="dxa"/>'
    every = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>' for side in _SIDES)
    rule = f'w:val="single" w:sz="8" w:space="0" w:color="{_hex(INK)}"'
    edges = "".join(
        f"<w:{side} {rule}/>" if side in {"top", "bottom"} else f'<w:{side} w:val="nil"/>' for side in _SIDES
    )
    return (
        '<w:style w:type="table" w:default="1" w:styleId="TableNormal"><w:name w:val="Normal Table"/>'
        '<w:uiPriority w:val="99"/><w:semiHidden/><w:tblPr><w:tblInd w:w="0" w:type="dxa"/>'
        f"<w:tblCellMar>{margins}</w:tblCellMar></w:tblPr></w:style>"
        '<w:style w:type="table" w:styleId="TableGrid"><w:name w:val="Table Grid"/>'
        '<w:basedOn w:val="TableNormal"/>'
        f"<w:tblPr><w:tblBorders>{every}</w:tblBorders></w:tblPr></w:style>"
        '<w:style w:type="table" w:customStyle="1" w:styleId="FunisTable"><w:name w:val="Funis Table"/>'
        f'<w:basedOn w:val="TableGrid"/><w:qFormat/><w:tblPr><w:tblBorders>{edges}</w:tblBorders></w:tblPr>'
        "</w:style>"
    )


def _write(style: _Style) -> str:
    own = ' w:customStyle="1"' if style.name.startswith("Funis") else ""
    based = f'<w:basedOn w:val="{style_id(style.based)}"/>' if style.based else ""
    following = f'<w:next w:val="{style_id(style.following)}"/>' if style.following else ""
    look = "".join(text for _, text in sorted(style.look, key=lambda each: _ORDER.index(each[0])))
    letters = "".join(
        (
            "<w:b/>" if style.is_bold else "",
            f'<w:color w:val="{_hex(style.colour)}"/>' if style.colour else "",
            f'<w:sz w:val="{int(style.size * 2)}"/><w:szCs w:val="{int(style.size * 2)}"/>'
            if style.size
            else "",
        )
    )
    return (
        f'<w:style w:type="{style.kind}"{own} w:styleId="{style.id}">'
        f'<w:name w:val="{_BUILT_IN.get(style.name, style.name)}"/>{based}{following}<w:qFormat/>'
        f"{f'<w:pPr>{look}</w:pPr>' if look else ''}"
        f"{f'<w:rPr>{letters}</w:rPr>' if letters else ''}</w:style>"
    )


#: The one kind of list: a bullet before each item.
NUMBERING: Final = (
    '<w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="singleLevel"/><w:lvl w:ilvl="0">'
    '<w:start w:val="1"/><w:numFmt w:val="bullet"/><w:pStyle w:val="ListBullet"/><w:lvlText w:val="•"/>'
    '<w:lvlJc w:val="left"/><w:pPr><w:ind w:left="284" w:hanging="227"/></w:pPr></w:lvl></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
)
