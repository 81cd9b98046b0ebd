"""Names of columns: one that is nearly read, or that would be written over, is told on every engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import funis
from funis.errors import MisspeltColumnError, ShapeError, TakenColumnError
from funis.near_names import find_misspelt
from funis.scoring.score_file import score_file

pytestmark = pytest.mark.filterwarnings("ignore")

ITEMS: dict[str, list[Any]] = {item.name: [0, 0] for item in funis.definition("sledai_2k").items}
VISITS: dict[str, list[Any]] = {
    "subject": ["1", "1"],
    "visit": ["baseline", "month_6"],
    "sledai_2k": [12, 4],
    "pga": [2.0, 1.0],
    **{f"bilag_2004_{system}": ["E", "E"] for system in funis.definition("bilag_2004").systems},
}
PEOPLE: dict[str, list[Any]] = {"subject": ["1", "2"], "ana": [160, 160], "fever": [1, 0]}
LABS: dict[str, list[Any]] = {"test": ["platelets"] * 2, "value": [49.0, 200.0], "low": [150.0] * 2}
INDEX: dict[str, list[Any]] = {"subject": ["1", "1"], "visit": ["baseline", "month_6"], **ITEMS}


def to_duckdb(frame: pl.DataFrame) -> Any:
    return pytest.importorskip("duckdb").connect().from_arrow(frame.to_arrow())


ENGINES: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": to_duckdb,
}
every_engine = pytest.mark.parametrize("engine", ENGINES)
ASKED: dict[str, tuple[dict[str, list[Any]], Callable[[Any], Any]]] = {
    "score": (ITEMS, lambda frame: funis.score(frame, "sledai_2k")),
    "respond": (VISITS, lambda frame: funis.respond(frame, "sri_4")),
    "respond_by_visit": (VISITS, lambda frame: funis.respond_by_visit(frame, "sri_4")),
    "multiverse": (VISITS, lambda frame: funis.multiverse(frame, definitions=["sri_4"])),
    "classify": (PEOPLE, lambda frame: funis.classify(frame, "eular_acr_2019")),
    "index": (INDEX, funis.score_responder_index),
    "toxicity": (LABS, funis.grade_toxicity),
}
SLIPS = [
    ("score", "seizure", "sezure"),
    ("score", "proteinuria", "protienuria"),
    ("score", "rash", "Rash"),
    ("score", "low_complement", "low complement"),
    ("score", "increased_dna_binding", "increased_dna_bindng"),
    ("respond", "pga", "PGA"),
    ("respond", "sledai_2k", "SLEDAI-2K"),
    ("respond", "bilag_2004_renal", "bilag_2004_reanl"),
    ("respond_by_visit", "bilag_2004_renal", "bilag_2004_rena"),
    ("multiverse", "bilag_2004_renal", "bilag_2004_renals"),
    ("classify", "fever", "fevr"),
    ("index", "arthritis", "artrhitis"),
    ("toxicity", "low", "Low"),
]


@every_engine
@pytest.mark.parametrize(("asked", "name", "slip"), SLIPS)
def test_a_misspelt_column_is_told(engine: str, asked: str, name: str, slip: str) -> None:
    columns, ask = ASKED[asked]
    renamed = {slip if each == name else each: cells for each, cells in columns.items()}
    with pytest.raises(MisspeltColumnError, match=f"found '{slip}', read is '{name}'") as told:
        ask(ENGINES[engine](pl.DataFrame(renamed)))
    assert told.value.found == {slip: name}


@every_engine
@pytest.mark.parametrize(
    ("asked", "slip"),
    [
        ("score", "sezure_attributed"),
        ("score", "rash_attribted"),
        ("respond", "rescue_medicaton"),
        ("respond", "Day"),
        ("toxicity", "units"),
        ("index", "arthritis_improvd"),
    ],
)
def test_so_is_one_that_need_not_be_there(engine: str, asked: str, slip: str) -> None:
    columns, ask = ASKED[asked]
    with pytest.raises(MisspeltColumnError, match=f"found '{slip}', read is "):
        ask(ENGINES[engine](pl.DataFrame(columns | {slip: [0, 0]})))


@every_engine
@pytest.mark.parametrize("asked", ASKED)
def test_columns_of_other_names_are_allowed(engine: str, asked: str) -> None:
    columns, ask = ASKED[asked]
    more: dict[str, list[Any]] = {
        "site": ["a", "b"], "centre_no": [1, 2], "rash_note": ["", ""], "initials": ["x", "y"], "seizures_ever": [0, 0],
        "arthritis_severe": [0, 0], "visit_1": [0, 0], "c4": [0.2, 0.2], "my_score": [1, 2], "haemoglobin": [None, None],
    }  # fmt: skip
    if asked == "multiverse":
        more.pop("haemoglobin")
    ask(ENGINES[engine](pl.DataFrame(columns | more)))


def test_few_visits_and_files_are_told_alike(tmp_path: Path) -> None:
    renamed = {"sezure" if name == "seizure" else name: cells for name, cells in ITEMS.items()}
    visit = {"subject": "1", "day": 0} | {name: cells[0] for name, cells in renamed.items()}
    with pytest.raises(MisspeltColumnError, match="found 'sezure', read is 'seizure'"):
        funis.scorer("sledai_2k")([visit])
    file = tmp_path / "visits.csv"
    pl.DataFrame(renamed).write_csv(file)
    with pytest.raises(MisspeltColumnError, match="found 'sezure', read is 'seizure'"):
        score_file("sledai_2k", file, tmp_path / "scored.csv")
    assert not (tmp_path / "scored.csv").exists()


@pytest.mark.parametrize(
    ("name", "wanted", "is_near"),
    [
        ("sezure", "seizure", True),  # a letter left out
        ("seizzure", "seizure", True),  # one too many
        ("seixure", "seizure", True),  # another one
        ("seiuzre", "seizure", True),  # two exchanged
        ("szeure", "seizure", False),  # two slips in seven letters
        ("proteinuira_24h", "proteinuria_24h", True),
        ("protienuira_24h", "proteinuria_24h", True),  # two slips in a long name
        ("protienuira_24", "proteinuria_24h", False),  # three
        ("proteinuria_12h", "proteinuria_24h", False),  # numbers tell columns apart
        ("c4", "c3", False),
        ("never", "fever", False),  # another first letter in a short name
        ("eizuree", "seizure", False),
        ("roteinuria", "proteinuria", True),
        ("pg", "pga", False),
        ("pga ", "pga", True),
        ("rahs", "rash", True),
        ("rsh", "rash", False),  # three letters
        ("ras", "rash", False),
    ],
)
def test_what_is_near(name: str, wanted: str, is_near: bool) -> None:  # noqa: FBT001
    assert find_misspelt((name,), (wanted,)) == (((name, wanted),) if is_near else ())


def test_the_beginning_of_a_name_is_near_where_that_is_asked() -> None:
    assert find_misspelt(("stat",), ("status",)) == ()
    assert find_misspelt(("stat", "sta"), ("status",), begun=True) == (("stat", "status"),)


@every_engine
@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ("score", "sledai_2k"),
        ("score", "sledai_2k_upper"),
        ("score", "sledai_2k_status"),
        ("index", "s2k_ri_50_lower"),
        ("toxicity", "grade"),
    ],
)
def test_a_column_that_would_be_written_over_is_told(engine: str, asked: str, taken: str) -> None:
    columns, ask = ASKED[asked]
    with pytest.raises(TakenColumnError, match=f"adds '{taken}', which the frame has already") as told:
        ask(ENGINES[engine](pl.DataFrame(columns | {taken: [5, 5]})))
    assert told.value.taken == (taken,)
    assert ("sledai_2k_recorded" in str(told.value)) == (taken == "sledai_2k")


@every_engine
@pytest.mark.parametrize("asked", ["respond", "respond_by_visit"])
def test_two_visits_of_one_day_are_told(engine: str, asked: str) -> None:
    columns, ask = ASKED[asked]
    with pytest.raises(ShapeError, match="Subject 1 has more than one visit on day 7: baseline, month_6"):
        ask(ENGINES[engine](pl.DataFrame(columns | {"day": [7, 7]})))
    ask(ENGINES[engine](pl.DataFrame(columns | {"day": [7, 8]})))


def test_two_visits_of_one_day_show_no_name() -> None:
    columns, ask = ASKED["respond"]
    named = {"subject": ["Zhang Wei"] * 2, "day": [7, 7]}
    with pytest.raises(ShapeError, match=r"^A subject that is not shown has more than one visit on day 7"):
        ask(pl.DataFrame(columns | named))
