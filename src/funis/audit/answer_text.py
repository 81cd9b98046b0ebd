"""The findings of an audit as lines for a reader: by class, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill, shorten
from typing import Final

from funis.audit.findings import CLASSIFICATIONS, CONSISTENT, AuditFinding
from funis.audit.papers import READING, PaperAudit

HEADS: Final = {
    "inconsistent as printed": "Inconsistent as printed: no data can give these figures",
    "unexplained": "Unexplained: data can give these figures, but not as the text suggests",
    "consistent": "Consistent",
    "not checkable": "Not checkable: something a check needs is not printed, or was not understood",
}
"""What each class means, as a heading."""

CAUTION: Final = (
    "Figures that do not fit have many plain reasons: another number of subjects, a slip in typing, rounding "
    "on the way, a value carried forward, or a sentence this program misread. Ask before you conclude."
)
_WIDTH: Final = 110


def write_answer(found: PaperAudit) -> str:
    """Write the findings for a reader.

    Parameters
    ----------
    found : the audit

    Returns
    -------
    str : lines; classes that hold nothing are left out

    Examples
    --------
    >>> print(write_answer(PaperAudit((), ())).splitlines()[-1])
    0 inconsistent as printed, 0 unexplained, 0 consistent, 0 not checkable
    """
    lines = [_name_paper(found, place) for place in range(len(found.papers))]
    for name in CLASSIFICATIONS:
        held = [each for each in found.findings if each.classification == name]
        if held:
            lines += ["", HEADS[name], *_list(name, held)]
    if any(each.level != "note" for each in found.findings):
        lines += ["", fill(CAUTION, _WIDTH)]
    lines += ["", count_classes(found)]
    return "\n".join(lines).lstrip("\n")


def count_classes(found: PaperAudit) -> str:
    """Count the findings of each class in words."""
    counts = [sum(each.classification == name for each in found.findings) for name in CLASSIFICATIONS]
    return ", ".join(f"{count} {name}" for count, name in zip(counts, CLASSIFICATIONS, strict=True))


def describe_paper(found: PaperAudit, place: int) -> str:
    """Say what was read of one report: how many figures, in how many sentences and rows."""
    paper = found.papers[place]
    figures = f"{len(paper.figures)} figure{'' if len(paper.figures) == 1 else 's'}"
    if paper.source is None:
        return f"{figures} given in a file of figures"
    passages = {each.place.sentence for each in paper.figures}
    missed = sum(len(each.pieces) for each in paper.not_understood)
    where = "sentence or row" if len(passages) == 1 else "sentences or rows"
    others = f"{missed} other number{'' if missed == 1 else 's'}"
    return f"{figures} read in {len(passages)} {where}; {others} not checked"


def _name_paper(found: PaperAudit, place: int) -> str:
    return f"{found.papers[place].name}: {describe_paper(found, place)}"


def _list(name: str, held: list[AuditFinding]) -> Iterator[str]:
    for each in held:
        if name == CONSISTENT or each.check == READING:
            text = f"{each.check}: {each.statement} {each.arithmetic if name == CONSISTENT else ''}".rstrip()
            yield fill(text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
            if each.check == READING and each.sentence:
                where = f"On {each.pages}: " if each.pages else ""
                yield f"    {where}“{shorten(each.sentence, 100, placeholder=' …')}”"
            continue
        yield ""
        yield fill(f"{each.check}: {each.statement}", _WIDTH, initial_indent="  ", subsequent_indent="    ")
        said = (
            (
                f"Printed on {each.pages}" if each.pages else "Printed",
                f"“{each.sentence}”" if each.sentence else "",
            ),
            ("Working", each.arithmetic),
            ("How sure", each.certainty),
            ("To ask", each.ask),
        )
        for head, words in said:
            if words:
                yield fill(
                    f"{head}: {words}",
                    _WIDTH,
                    initial_indent="    ",
                    subsequent_indent="      ",
                    break_long_words=False,
                )
