"""Every colour of a document, named by what it says: figures, flow charts and the page read this one table.

The hues are those of Okabe and Ito 2008, told apart with every common kind of colour vision. Another theme is
another table: no colour is written anywhere else, and a test looks for one.
"""

from __future__ import annotations

_BLUE, _ORANGE, _GREEN, _VERMILION, _SKY, _PURPLE, _YELLOW = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#D55E00",
    "#56B4E9",
    "#CC79A7",
    "#F0E442",
)

# --- paper and ink -------------------------------------------------------------------------------------

PAPER = "#fff"
INK, LEAD, MUTED = "#1c2126", "#343b43", "#565f69"
RULE, FAINT, OUTLINE = "#d5dae0", "#f5f7f9", "#8a939c"
#: What can be clicked, and what has been.
ACCENT, OPENED = "#005a8f", "#ffe9b8"
#: What kind of data this is, where they are not those of patients.
WARNING_INK, WARNING_PAPER, WARNING_RULE, WARNING_HEAD = "#5f3b00", "#fff5dc", "#e69f00", "#8a4b00"
ERROR = "#a33b00"
#: What must not be used at all.
ERROR_INK, ERROR_PAPER = "#7a1420", "#fbe3e4"
SHADOW, SHADOW_BELOW = "rgb(20 30 40 / 12%)", "rgb(20 30 40 / 18%)"

# --- figures -------------------------------------------------------------------------------------------

GRID = "#ebeef1"
#: A mean or an estimate with its interval; each subject behind it, and alone.
ESTIMATE, SUBJECT_BEHIND, SUBJECT_ALONE = _BLUE, "#9AA5AF", "#5B7F99"
#: Groups that are compared, such as arms.
GROUPS = (_BLUE, _VERMILION, _GREEN, _PURPLE, _ORANGE)
#: Lines of reference, drawn beside an estimate.
REFERENCES = (_VERMILION, _ORANGE, _GREEN, _PURPLE)
#: Classes of an answer, best first; the class of those who did not answer; a class beyond the last.
CLASSES, NO_CLASS, SPARE_CLASS = (_BLUE, _SKY, _GREEN, _PURPLE, _YELLOW), "#C9CED4", "#8A939C"
#: Five ranks from most to least active, falling in darkness, so that the order survives a grey copy.
RANKS = ("#7A2E00", "#D55E00", "#F0B25A", "#CFE3F0", "#F0F3F6")
UNKNOWN_RULE = "#8A939C"
#: What happens to a subject: a good turn and half of one, a bad turn, harm, serious harm.
FOLLOW_UP = "#DDE3E9"
BETTER, PARTLY_BETTER, WORSE, HARM, SERIOUS_HARM = _BLUE, _SKY, _VERMILION, _ORANGE, _PURPLE

#: Variables of the style sheet; the page gets them from here.
CSS_VARIABLES: dict[str, str] = {
    "paper": PAPER,
    "ink": INK,
    "lead": LEAD,
    "muted": MUTED,
    "rule": RULE,
    "faint": FAINT,
    "accent": ACCENT,
    "opened": OPENED,
    "warning-ink": WARNING_INK,
    "warning-paper": WARNING_PAPER,
    "warning-rule": WARNING_RULE,
    "warning-head": WARNING_HEAD,
    "error": ERROR,
    "error-ink": ERROR_INK,
    "error-paper": ERROR_PAPER,
    "shadow": SHADOW,
    "shadow-below": SHADOW_BELOW,
}


def write_css_variables() -> str:
    """Write the colours as variables of a style sheet.

    Examples
    --------
    >>> write_css_variables().splitlines()[:2]
    [':root {', '  --paper: #fff;']
    """
    lines = "".join(f"  --{name}: {colour};\n" for name, colour in CSS_VARIABLES.items())
    return f":root {{\n{lines}}}"


def ink_on(colour: str) -> str:
    """Choose the colour of words on a coloured ground: ink or paper, whichever stands out more.

    Parameters
    ----------
    colour : the ground, as ``#rgb`` or ``#rrggbb``

    Examples
    --------
    >>> ink_on("#0072B2") == PAPER, ink_on("#F0E442") == INK
    (True, True)
    """
    return max((INK, PAPER), key=lambda each: contrast(each, colour))


def contrast(first: str, second: str) -> float:
    """Compute the contrast of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").

    Examples
    --------
    >>> round(contrast("#000", "#ffffff"), 3), round(contrast("#777777", "#fff"), 2)
    (21.0, 4.48)
    """
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Compute the relative luminance of a colour, 0 to 1 (WCAG 2.2, "relative luminance")."""
    digits = colour.removeprefix("#")
    whole = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    shares = (int(whole[place : place + 2], 16) / 255 for place in (0, 2, 4))
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
