"""The results as one JSON file of the CDISC Analysis Results Standard 1.0 (ARS).

Source: CDISC, Analysis Results Standard, version 1.0, 2024: logical model (classes, slots, terms).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from funis.documents.document import Document
from funis.reporting.ars_analyses import SPONSOR_TERMS, build_analyses
from funis.reporting.ars_groups import Entry, build_groupings, build_sets, build_subsets
from funis.reporting.ars_outputs import FILE_TERMS, build_contents, build_outputs
from funis.reporting.labels import Labels
from funis.reporting.number_book import every_number
from funis.results import Results, join_exactly
from funis.study.model import Study

#: Where the file stands in the folder of a report.
ARS_FILE = "ars.json"


def render_ars(study: Study, results: Results, document: Document, formats: Iterable[str] = ()) -> str:
    """Write results and report as a reporting event of ARS.

    Parameters
    ----------
    study : the study file
    results : what the report was made from, withheld results marked
    document : the report
    formats : kinds of file that the report is written as

    Returns
    -------
    str : JSON in one line, in the order in which the results were computed

    Examples
    --------
    >>> import polars as pl
    >>> from funis.results import NumberList, Place, Provenance
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> study = Study.model_validate({"study": trial})
    >>> numbers = NumberList()
    >>> numbers.add(Place(analysis="summary", variable="ssdai", n=3), "mean", 7.425)
    >>> origin = Provenance(version="0", study="X", title="X")
    >>> results = Results(numbers=numbers.frame(), sources=pl.DataFrame(), provenance=origin)
    >>> event = json.loads(render_ars(study, results, Document("X")))
    >>> event["analyses"][0]["results"][-1]
    {'operationId': 'M.summary.mean', 'rawValue': '7.425', 'formattedValue': '7.43'}
    """
    labels = Labels(study)
    numbers = tuple(every_number(results.numbers))
    made = build_analyses(labels, numbers, f"funis {results.provenance.version}")
    trial = study.trial
    event: Entry = {
        "id": join_exactly("RE", trial.id),
        "name": trial.title,
        "label": trial.id,
        **_said(document),
        "mainListOfContents": build_contents(document, made.analyses, made.of_result),
        "referenceDocuments": list(_documents(study, results)),
        "terminologyExtensions": _terms(),
        "analysisSets": build_sets(labels, numbers),
        "dataSubsets": build_subsets(labels, numbers),
        "analysisGroupings": build_groupings(labels, numbers),
        "methods": made.methods,
        "analyses": made.analyses,
        "outputs": build_outputs(document, formats),
    }
    told = {key: value for key, value in event.items() if value != []}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"


def _said(document: Document) -> Entry:
    """Give what must be in sight on every page of the report."""
    words = " ".join(f"{notice.title} {notice.text}".strip() for notice in document.notices)
    return {"description": words} if words else {}


def _documents(study: Study, results: Results) -> Iterator[Entry]:
    """Name what the file rests on: results and sources beside it, the study file, texts, every input file."""
    beside = {
        "results.csv": "Every result with its id, n, denominator, status and key of its recorded values",
        "sources.parquet": "The recorded values behind each key, with file and line",
    }
    for name, words in beside.items():
        yield {"id": join_exactly("RD", name), "name": name, "description": words, "location": name}
    texts = {"protocol": study.trial.protocol, "source": study.trial.source}
    for name, text in texts.items():
        if text:
            yield {"id": join_exactly("RD", name), "name": text}
    for file in results.provenance.files:
        words = f"Input file, SHA-256 {file.sha256}"
        yield {"id": join_exactly("RD", "input", file.name), "name": file.name, "description": words}


def _terms() -> list[Entry]:
    """Describe the terms that the file adds to those of ARS."""
    files = ((name, "OutputFileTypeEnum", *words) for name, *words in FILE_TERMS.values())
    extended: dict[str, list[Entry]] = {}
    for name, enumeration, value, words in (*SPONSOR_TERMS, *files):
        term = {"id": name, "submissionValue": value, "description": words}
        extended.setdefault(enumeration, []).append(term)
    return [
        {"id": join_exactly("T", name), "enumeration": name, "sponsorTerms": terms}
        for name, terms in extended.items()
    ]
