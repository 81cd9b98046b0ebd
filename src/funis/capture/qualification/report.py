"""The report of a qualification as a document and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from funis.capture.qualification.run import (
    FAILED,
    NOT_RUN,
    NOT_SHOWN,
    SHOWN,
    SHOWN_IN_PART,
    TESTED,
    TESTED_IN_PART,
    CheckOutcome,
    QualifiedStatement,
)
from funis.documents.document import Document, Paragraph, Section, plain
from funis.documents.numbering import number_sections
from funis.documents.table import TableSpec, text_rows
from funis.version import VERSION

_ORDER: Final = (SHOWN, SHOWN_IN_PART, TESTED, TESTED_IN_PART, NOT_RUN, NOT_SHOWN, FAILED)
_LEAD: Final = (
    "Checks were run in a scratch trial that was made of this study file by this program on this machine, "
    "in a database of the kind that the server uses, and thrown away. Tests stand in the test suite of the "
    "source and were not run here: their result is that of the release. A team with procedures complies with "
    "rules; a program does not. Sources are marked r where the rule itself was read, s where a secondary "
    "source was, k where the statement is to be checked before it is quoted."
)


def describe_qualification(
    facts: Mapping[str, str], statements: Sequence[QualifiedStatement], found: Mapping[str, CheckOutcome]
) -> Document:
    """Lay the report out.

    Parameters
    ----------
    facts : of the installation, by name
    statements : each with what shows it
    found : outcome of every check by its name
    """
    counted = Counter(each.outcome for each in statements)
    summary = "; ".join(f"{name}: {counted[name]} of {len(statements)}" for name in _ORDER)
    sections, register = number_sections(
        (
            Section("summary", "Summary", (Paragraph(plain(f"{summary}.")), Paragraph(plain(_LEAD)))),
            Section(
                "installation", "Installation", (_table("facts", ("What", "Found"), list(facts.items())),)
            ),
            Section("statements", "Statements", (_statements(statements),)),
            Section("checks", "Checks that were run", (_checks(found),)),
        )
    )
    return Document(
        "Qualification of an installation",
        sections,
        kicker=f"funis {VERSION}",
        running_head="Qualification of an installation",
        running_foot=facts.get("Made", ""),
        generator=f"funis {VERSION}",
        register=register,
    )


def _table(name: str, heads: tuple[str, ...], rows: Sequence[Sequence[str]]) -> TableSpec:
    title = name.capitalize()
    return TableSpec(
        name, name, title, heads, text_rows(rows), is_text=True, is_upright=True, is_stacked=True
    )


def _statements(statements: Sequence[QualifiedStatement]) -> TableSpec:
    rows = []
    for each in statements:
        shown = [f"{check.name}: {check.outcome}" for check in each.checks]
        shown += [f"{test}: not run here" for test in each.tests]
        shown += [f"Not shown: {each.lacks}"] if each.lacks else []
        rows.append((str(each.number), each.text, each.source, each.outcome, "; ".join(shown)))
    return _table("all-statements", ("No.", "Statement", "Source", "Outcome", "Shown by"), rows)


def _checks(found: Mapping[str, CheckOutcome]) -> TableSpec:
    rows = [(each.name, each.what, each.outcome, each.found) for each in found.values()]
    return _table("all-checks", ("Check", "What it does", "Outcome", "Found"), rows)


def write_qualification(
    facts: Mapping[str, str], statements: Sequence[QualifiedStatement], found: Mapping[str, CheckOutcome]
) -> str:
    """Write the report as JSON; the arguments are those of `describe_qualification`."""
    said = {
        "v": 1,
        "funis": VERSION,
        "installation": dict(facts),
        "counts": dict(Counter(each.outcome for each in statements)),
        "statements": [asdict(each) | {"outcome": each.outcome} for each in statements],
        "checks": [asdict(each) for each in found.values()],
    }
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"
