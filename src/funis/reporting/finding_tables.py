"""What was found wrong in the data, and what the report was made from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import polars as pl

from funis.documents.document import Prose, plain
from funis.documents.table import Inline, TableCell, TableRow, TableSpec, heading, text_rows, words
from funis.errors import LEVELS, Finding
from funis.reporting.causes import group_by_cause, group_by_file, lines_words
from funis.reporting.labels import FINDING_LEVELS, humanise, label_of_definition
from funis.reporting.number_book import Group, NumberBook, bound, share_cell, single
from funis.results import ALL, Results

#: A check that fails everywhere is read once, not a thousand times; `funis check` prints them all.
MOST_LISTED = 200

_PLURALS = {"error": "errors", "warning": "warnings", "query": "queries"}
#: Checks whose names in words say too little.
CHECKS: dict[str, str] = {
    "time_of_day": "Titre turned into a time of day by a spreadsheet",
    "lab_contradicts_item": "Laboratory contradicts an item of a score",
    "recorded_total_differs": "Recorded total differs from the items",
    "visit_gap": "Long gap between two visits",
    "odd_value": "Value nearly always a slip",
    "not_eligible": "Criterion of eligibility not met",
    "eligibility_unknown": "Criterion of eligibility cannot be judged",
}


def check_label(code: str) -> str:
    """Say what a check looks for.

    Examples
    --------
    >>> check_label("time_of_day"), check_label("unknown_visit")
    ('Titre turned into a time of day by a spreadsheet', 'Unknown visit')
    """
    return CHECKS.get(code) or humanise(code)


def _totals_table(results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Set recorded totals beside those of the items, open to the eye: a whole score rests on each."""
    groups = [group for group in book.of("findings") if group.variable != group.measure]
    differing = results.listings.get("recorded_totals", pl.DataFrame(schema={"instrument": pl.String}))
    rows: list[TableRow] = []
    for group in groups:
        name = group.measure
        number = book.find(group, ALL, "count")
        verb = words("differ" if number is not None and number.value is not None else "")
        cells = (words(""), share_cell(book, group, ALL, "recomputed"), verb)
        rows.append(
            TableRow(
                words(f"{label_of_definition(name)}, all visits with a recorded total", strong=True), cells
            )
        )
        rows += text_rows(
            (
                f"{row['subject']}, {humanise(row['visit']).lower()}",
                row["recorded"],
                row["computed"],
                f"{row['file']}:{row['line']}",
            )
            for row in differing.filter(pl.col("instrument") == name).iter_rows(named=True)
        )
    if not rows:
        return ()
    heads = ("Subject, visit", "Recorded", "Recomputed", "Place")
    note = (
        "Of the recorded totals that could be recomputed, those that the items do not give; where items are "
        "missing, a total cannot be. The items are analysed."
    )
    title = "Recorded totals beside those of the items"
    return (TableSpec("table-recorded-totals", "findings", title, heads, tuple(rows), (note,), is_text=True),)


def build_finding_tables(results: Results, book: NumberBook) -> tuple[TableSpec, ...]:
    """Specify the findings of the data: counts by check, then every place, folded by level."""
    totals = _totals_table(results, book)
    if not results.findings:
        return totals
    by_level: dict[str, list[Finding]] = defaultdict(list)
    for finding in results.findings:
        by_level[finding.level].append(finding)
    listed = [_listing(level, by_level[level]) for level in LEVELS if by_level[level]]
    use = use_of_values(results.findings)
    return (replace(_count_table(by_level, book), footnotes=(use,)), *totals, *listed)


def use_of_values(findings: Iterable[Finding]) -> str:
    """Say what becomes of what was found: errors are left out, but not for what was done.

    Examples
    --------
    >>> use_of_values(())
    'Values at error level are left out, all others used as recorded.'
    """
    said = "Values at error level are left out, all others used as recorded."
    kept = " Deviations at error level (what was done, not how it was written) leave nothing out."
    return said + kept if any(each.is_deviation for each in findings) else said


def _count_table(by_level: dict[str, list[Finding]], book: NumberBook) -> TableSpec:
    counted = {(group.variable, group.category): group for group in book.of("findings")}
    rows: list[TableRow] = []
    for level in LEVELS:
        if not by_level[level]:
            continue
        rows.append(heading(FINDING_LEVELS[level]))
        by_code: dict[str, list[Finding]] = defaultdict(list)
        for finding in by_level[level]:
            by_code[finding.code].append(finding)
        for code, findings in sorted(by_code.items(), key=lambda pair: (-len(pair[1]), pair[0])):
            tables = ", ".join(sorted({finding.table for finding in findings}))
            subjects = {finding.subject for finding in findings if finding.subject}
            cells = (
                words(tables),
                _count(book, counted.get((level, code)), len(findings)),
                words(str(len(subjects))),
            )
            rows.append(TableRow(words(check_label(code)), cells, indent=1))
    heads = ("Check", "Table", "Findings", "Subjects")
    return TableSpec("table-findings", "findings", "Findings in the data, by check", heads, tuple(rows))


def _count(book: NumberBook, group: Group | None, found: int) -> TableCell:
    number = book.find(group, ALL, "count") if group is not None else None
    return single(number, 0) if number is not None else words(str(found))


def _listing(level: str, findings: Sequence[Finding]) -> TableSpec:
    by_code: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_code[finding.code].append(finding)
    rows: list[TableRow] = []
    for code, group in by_code.items():
        rows.append(heading(f"{check_label(code)} ({len(group)})"))
        listed = [part for cause in group_by_cause(group) for part in group_by_file(cause)]
        rows += text_rows(map(_record, listed[:MOST_LISTED]))
        more = sum(map(len, listed[MOST_LISTED:]))
        if more:
            rows.append(heading(f"{more} more like these; funis check lists them all."))
    heads = ("Place", "Subject, visit", "Found", "What is wrong, and what would be right")
    title = f"{findings_in_words(level, len(findings))}, each with its place"
    return TableSpec(
        f"table-findings-{level}", "findings", title, heads, tuple(rows), is_text=True, is_collapsed=True
    )


def finding_words(results: Results, book: NumberBook) -> Prose:
    """Say how many findings of each level there are, each number bound to its result.

    Parameters
    ----------
    results : with the findings
    book : the numbers of `results`
    """
    if not results.findings:
        return plain("The checks found nothing in the data")
    counted = {group.variable: group for group in book.of("findings") if not group.category}
    levels = Counter(finding.level for finding in results.findings)
    said: list[Inline] = [Inline("The checks found ")]
    for place, level in enumerate(LEVELS):
        number = book.find(counted[level], ALL, "count") if level in counted else None
        said += [Inline(" and " if place == len(LEVELS) - 1 else ", ")] if place else []
        said += [bound(number, 0) or Inline(str(levels[level]))]
        said += [Inline(f" {level if levels[level] == 1 else _PLURALS[level]}")]
    causes = len(group_by_cause(results.findings))
    if causes < len(results.findings):
        said.append(Inline(f", of {causes} cause{'s' if causes > 1 else ''}"))
    return tuple(said)


def findings_in_words(level: str, count: int) -> str:
    """Say how many findings of a level there are.

    Examples
    --------
    >>> findings_in_words("query", 2), findings_in_words("error", 1)
    ('2 queries', '1 error')
    """
    return f"{count} {level if count == 1 else _PLURALS[level]}"


def _record(findings: Sequence[Finding]) -> tuple[str, str, str, str]:
    """Write the findings of one cause in one file: its lines, whose they are, what was found."""
    first = findings[0]
    lines = lines_words(findings)
    place = f"{first.file}:{lines}" if lines else first.file
    column = f", {first.column}" if first.column else ""
    visits = list(dict.fromkeys(each.visit for each in findings if each.visit))
    when = f"{len(visits)} visits" if len(visits) > 1 else "".join(visits)
    who = ", ".join(part for part in (first.subject, when) if part)
    return place + column, who, first.value, f"{first.message} {first.fix}".strip()


def build_file_tables(results: Results) -> tuple[TableSpec, ...]:
    """Specify the input files with the hash of their bytes."""
    files = results.provenance.files
    if not files:
        return ()
    rows = text_rows((file.name, str(file.rows), file.sha256) for file in files)
    notes = ("SHA-256 of the bytes of each file: a file that differs in one letter has another one.",)
    heads = ("File", "Rows", "SHA-256")
    return (
        TableSpec("table-files", "provenance", "Files and their hashes", heads, rows, notes, is_text=True),
    )
