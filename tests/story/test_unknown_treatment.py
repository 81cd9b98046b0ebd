"""Where nobody is known to be treated, no column of a page is taken for another, and whom a rule leaves open is counted."""

import json
from pathlib import Path

import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.documents.figure import FigureSpec
from funis.documents.table import TableSpec
from funis.reporting.trial_document import build_document
from funis.results import Results
from funis.study.model import Study
from funis.study.read import read_study

from .small_trial import write_small_trial

SAFETY = """
[[endpoints]]
id = "safety"
kind = "adverse_events"

[[endpoints]]
id = "safety_of_the_treated"
kind = "adverse_events"
population = "treated"
"""


@pytest.fixture(params=["with infusions", "without infusions"])
def trial(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Study, Results]:
    folder = write_small_trial(tmp_path / "trial")
    with (folder / "study.toml").open("a", encoding="utf-8") as file:
        file.write(SAFETY)
    if request.param == "without infusions":
        (folder / "data" / "infusions.csv").unlink()
    study = read_study(folder)
    return request.param, study, analyse(study, read_tables(folder, study))


def test_no_two_columns_of_a_table_have_one_head(trial: tuple[str, Study, Results]) -> None:
    _, study, results = trial
    document = build_document(study, results)
    blocks = [block for section in document.sections for block in section.all_blocks]
    tables = [block for block in blocks if isinstance(block, TableSpec)]
    assert {"table-adverse-events", "table-asked"} <= {table.id for table in tables}
    for table in tables:
        spans = [words for words, size in table.spanners for _ in range(size)] or [""] * len(table.heads)
        heads = list(zip(spans, table.heads, strict=True))
        assert len(set(heads)) == len(heads), (table.id, heads)


def test_who_may_belong_to_population_and_subgroup_is_counted(trial: tuple[str, Study, Results]) -> None:
    # Proteinuria above 0.5 g/24h: S1 yes, S2 and S4 no, S3 not measured.
    kind, _, results = trial

    def told(population: str) -> tuple[float | None, float]:
        rows = results.select(analysis="population", population=population, subgroup="lupus_nephritis")
        found = dict(rows.select("statistic", "value").iter_rows())
        return found["n"], found["cannot_tell"]

    assert told("enrolled") == (1, 1)
    # Where nobody's treatment is known, S1 and S3 may be treated subjects with nephritis; the others are none.
    assert told("treated") == ((1, 1) if kind == "with infusions" else (None, 2))


def test_only_members_of_a_population_are_drawn(tmp_path: Path) -> None:
    folder = write_small_trial(tmp_path / "trial")
    study = read_study(folder)
    tables = folder / "data" / "infusions.csv"
    for treated in (["S1", "S2", "S3", "S4"], ["S1", "S3"], []):
        rows = tables.read_text(encoding="utf-8").splitlines()
        kept = [rows[0], *(row for row in rows[1:] if row[:2] in treated)]
        tables.write_text("\n".join(kept) + "\n", encoding="utf-8")
        results = analyse(study, read_tables(folder, study))
        figures = {each.id: each for each in build_document(study, results).figures}
        # The one endpoint is of the treated, the other of everybody.
        assert drawn(figures.get("figure-sledai")) == set(treated)
        assert drawn(figures["figure-sledai_locf"]) == {"S1", "S2", "S3", "S4"}


def drawn(figure: FigureSpec | None) -> set[str]:
    """Name the subjects whose lines a figure draws."""
    spec = "" if figure is None else json.dumps(figure.spec)
    return {each for each in ("S1", "S2", "S3", "S4") if f'"{each}"' in spec}
