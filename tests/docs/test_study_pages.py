"""The page of the study file says the keys of every kind of endpoint, and its examples are what it says."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

from funis.errors import StudyError
from funis.study.check import KEYS_OF_KIND
from funis.study.model import Endpoint
from funis.study.read import read_study

sys.path[:0] = [str(Path(__file__).parents[2] / "docs")]
pages = import_module("pages_of_the_study_file")
EXAMPLES_OF_SECTIONS: dict[str, tuple[str, str]] = pages.EXAMPLES_OF_SECTIONS
EXAMPLES_OF_COURSES: tuple[tuple[str, str, str], ...] = pages.EXAMPLES_OF_COURSES
TRIAL = '[study]\nid = "X"\ntitle = "X"\ncondition = "sle"\ndesign = "observational"\n'


def test_every_kind_of_endpoint_says_its_keys() -> None:
    kinds = Endpoint.model_json_schema()["properties"]["kind"]["enum"]
    assert set(kinds) == set(KEYS_OF_KIND)


@pytest.mark.parametrize("section", EXAMPLES_OF_SECTIONS)
def test_examples_of_a_section_are_read_and_refused(section: str, tmp_path: Path) -> None:
    read, refused = EXAMPLES_OF_SECTIONS[section]
    file = tmp_path / "study.toml"
    trial = TRIAL.replace("observational", "parallel") if "[[arms]]" in read else TRIAL
    trial = trial.replace("observational", "single_arm") if "[re_randomisation]" in read else trial
    file.write_text(f"{trial}\n{read}\n", encoding="utf-8")
    assert read_study(file).trial.id == "X"
    file.write_text(f"{trial}\n{refused}\n", encoding="utf-8")
    with pytest.raises(StudyError):
        read_study(file)


@pytest.mark.parametrize(("read", "refused"), [each[1:] for each in EXAMPLES_OF_COURSES])
def test_examples_of_courses_are_read_and_refused(read: str, refused: str, tmp_path: Path) -> None:
    names = {"baseline": 0, "month_6": 180, "month_9": 270}
    visits = "".join(f'\n[[visits]]\nname = "{name}"\nday = {day}\n' for name, day in names.items())
    lost = (
        '[[endpoints]]\nid = "lost"\nkind = "relapse"\ndefinition = "ucmsc_bilag_response"\nat = "month_9"\n'
    )
    file = tmp_path / "study.toml"
    for keys, is_read in ((read, True), (refused, False)):
        infusions = f"infusions = [{{day = 0}}, {{{keys}}}]\n"
        file.write_text(f"{infusions}{TRIAL}{visits}\n{lost}\n[instruments.sledai_2k]\n", encoding="utf-8")
        if is_read:
            assert len(read_study(file).infusions) == 2
        else:
            with pytest.raises(StudyError) as caught:
                read_study(file)
            assert all(each.column.startswith("infusions[2]") for each in caught.value.findings)
