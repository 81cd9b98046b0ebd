"""What one changed value does to a report, in lines for a reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from funis.errors import Finding
from funis.reporting.impact import HOW, Impact, NumberChange

_EMPTY = "(empty)"


def say_impact(impact: Impact, place: str, was: str, now: str) -> str:
    """Say what a changed value does.

    Parameters
    ----------
    impact : the comparison
    place : the changed cell
    was, now : what it held, and what stands there instead

    Examples
    --------
    >>> kinds = ("changed", "appeared", "vanished", "unrounded", "new_findings", "gone_findings")
    >>> nothing = Impact(numbers=7, **dict.fromkeys(kinds, ()))
    >>> print(say_impact(nothing, "labs.csv line 7, value", "3", "4"))
    labs.csv line 7, value: 3 -> 4 (in memory; no file was changed)
    0 of 7 numbers differ as printed, 0 below the printed digits. 0 appear, 0 vanish.
    """
    return "\n".join(_lines(impact, f"{place}: {was or _EMPTY} -> {now or _EMPTY}"))


def _lines(impact: Impact, head: str) -> Iterator[str]:
    yield f"{head} (in memory; no file was changed)"
    yield (
        f"{len(impact.changed)} of {impact.numbers} numbers differ as printed, {len(impact.unrounded)} below "
        f"the printed digits. {len(impact.appeared)} appear, {len(impact.vanished)} vanish."
    )
    printed = [each for each in impact.changed if each.places]
    yield from _group("In the main part", [each for each in printed if each.is_main])
    yield from _group("In the supplement", [each for each in printed if not each.is_main])
    yield from _group("In results.csv alone", [each for each in impact.changed if not each.places])
    yield from _group("Appear", impact.appeared)
    yield from _group("Vanish", impact.vanished)
    yield from _findings("Findings that appear", impact.new_findings)
    yield from _findings("Findings that vanish", impact.gone_findings)
    used = dict.fromkeys(each.how for each in (*impact.changed, *impact.appeared, *impact.vanished))
    if used:
        yield ""
        yield from (f"{name}: {HOW[name]}" for name in HOW if name in used)


def _group(title: str, changes: Sequence[NumberChange]) -> Iterator[str]:
    if not changes:
        return
    yield ""
    yield f"{title}: {len(changes)}"
    for each in changes:
        texts = " -> ".join(text or "–" for text in (each.old, each.new))
        where = f" [{', '.join(each.places)}]" if each.places else ""
        yield f"  {texts}  {each.words}{where} ({each.how})"
        yield f"      {each.id}"


def _findings(title: str, findings: Iterable[Finding]) -> Iterator[str]:
    listed = [f"  {finding}" for finding in findings]
    if listed:
        yield ""
        yield f"{title}: {len(listed)}"
        yield from listed
