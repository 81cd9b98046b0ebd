"""What stands under the title: of how many, where, when, and what the study file does not state."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest

from funis.analysis.analyse import analyse
from funis.data.tables import read_tables
from funis.documents.document import Document
from funis.documents.html import render_page
from funis.documents.markdown import render_markdown
from funis.reporting.number_book import read_numbers
from funis.reporting.title_block import size_of
from funis.reporting.trial_document import build_document
from funis.results import NumberList, Place
from funis.study.read import read_study

from .report_kinds import analysed, make_study


@cache
def page(kind: str, more: str = "", drop: str = "") -> Document:
    if not more and not drop:
        return build_document(*analysed(kind))
    with TemporaryDirectory() as place:
        folder = make_study(kind, Path(place) / kind)
        file = folder / "study.toml"
        text = file.read_text(encoding="utf-8").replace("alpha = 0.05", f"alpha = 0.05\n{more}", 1)
        file.write_text(text, encoding="utf-8")
        if drop:
            subjects = folder / "data" / "subjects.csv"
            pl.read_csv(subjects).drop(drop).write_csv(subjects)
        study = read_study(folder)
        return build_document(study, analyse(study, read_tables(folder, study)))


def facts(document: Document) -> dict[str, str]:
    return {name: "".join(part.text for part in value) for name, value in document.facts}


@cache
def column(kind: str, table: str, name: str) -> list[str]:
    with TemporaryDirectory() as place:
        folder = make_study(kind, Path(place) / kind)
        return sorted(pl.read_csv(folder / "data" / f"{table}.csv")[name].drop_nulls().to_list())


def test_the_title_block_says_how_many_where_when_and_what_is_not_stated() -> None:
    entered = column("sle", "subjects", "consent_date")
    assert facts(page("sle")) == {
        "Subjects": "N = 40 treated",
        "Centres": "4",
        "Registration": "not stated",
        "Protocol and analysis plan": "not stated",
        "Funding": "not stated",
        "Subjects entered": f"{entered[0]} to {entered[-1]}",
        "Data cut": "2011-02-08",
    }


def test_what_the_study_file_states_is_printed() -> None:
    more = 'registration = "NCT00000000"\nprotocol = "Version 2.0, 1 March 2008"\nfunding = "A foundation"\n'
    found = facts(page("sle", more))
    assert found["Registration"] == "NCT00000000"
    assert found["Protocol and analysis plan"] == "Version 2.0, 1 March 2008"
    assert found["Funding"] == "A foundation"


def test_without_consent_the_first_infusion_is_the_entry() -> None:
    # Both infusions are dated; the earlier one of each subject is the first.
    with TemporaryDirectory() as place:
        folder = make_study("sle", Path(place) / "sle")
        infusions = sorted(pl.read_csv(folder / "data" / "infusions.csv").filter(number=1)["date"].to_list())
    assert facts(page("sle", "", "consent_date"))["Subjects entered"] == f"{infusions[0]} to {infusions[-1]}"


def test_one_subject_entered_on_one_day() -> None:
    found = facts(page("one_subject"))
    assert found["Subjects"] == "N = 1 treated"
    assert found["Subjects entered"] == column("sle", "subjects", "consent_date")[0]


def test_the_number_of_subjects_opens_its_result_in_every_kind_of_file() -> None:
    document = page("sle")
    name = "population.treated.subjects.n"
    assert [part.id for _, value in document.facts for part in value if part.id] == [name]
    assert document.ids[0] == name
    assert name in document.numbers["numbers"]
    head = render_page(document).partition("</header>")[0]
    assert f'data-id="{name}">40</button>' in head
    assert "Subjects: N = [40]" in render_markdown(document).replace("\\", "")


@pytest.mark.parametrize(
    ("treated", "expected"), [(40, ("treated", 40)), (0, ("enrolled", 41)), (None, ("enrolled", 41))]
)
def test_the_treated_count_and_everybody_where_nobody_was(
    treated: int | None, expected: tuple[str, int]
) -> None:
    numbers = NumberList()
    sizes = {"enrolled": 41, "older": 50} | ({"treated": treated} if treated is not None else {})
    for population, size in sizes.items():
        place = Place(analysis="population", variable="subjects", population=population, n=size)
        numbers.add(place, "n", size)
    found = size_of(read_numbers(numbers.frame()))
    assert found is not None
    assert (found.population, found.value) == expected
    assert size_of(read_numbers(NumberList().frame())) is None
