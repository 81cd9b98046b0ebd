"""What the catalogue holds: the one place that lists, finds and reads definition files, each file once.

A file in ``definitions`` or ``tables`` is in the catalogue; nothing else registers it. Its ``kind`` says
what it defines: an instrument (how its items become a score), a response, a set of classification criteria,
a responder index or a table.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import TypeVar, get_args

from funis.arguments import Text, takes
from funis.catalogue.check_forms import check_forms
from funis.catalogue.definition_file import NO_PLACE, Content, DefinitionFile, open_definition_file
from funis.catalogue.model_analytes import AnalyteTable
from funis.catalogue.model_criteria import CriteriaSet
from funis.catalogue.model_instrument import Definition, Kind
from funis.catalogue.model_responder_index import ResponderIndex
from funis.catalogue.model_response import ResponseDefinition
from funis.catalogue.model_tables import GlucocorticoidTable, PopulationTable, ToxicityTable
from funis.catalogue.read_analytes import read_analytes
from funis.catalogue.read_criteria import read_criteria
from funis.catalogue.read_glucocorticoids import read_glucocorticoids
from funis.catalogue.read_instrument import read_instrument
from funis.catalogue.read_populations import read_populations
from funis.catalogue.read_responder_index import read_responder_index
from funis.catalogue.read_response import read_response
from funis.catalogue.read_toxicity import read_toxicity
from funis.errors import UnknownNameError

DEFINITIONS = Path(__file__).parent / "definitions"
TABLES = Path(__file__).parent / "tables"
INSTRUMENT_KINDS: tuple[str, ...] = get_args(Kind)

Defined = (
    Definition
    | ResponseDefinition
    | CriteriaSet
    | ResponderIndex
    | ToxicityTable
    | GlucocorticoidTable
    | PopulationTable
    | AnalyteTable
)
_Model = TypeVar("_Model", bound=Defined)


@cache
def _files() -> dict[str, tuple[str, Path]]:
    """Kind and path of every file by name, in alphabetical order; only the line of the kind is looked at."""
    paths = sorted([*DEFINITIONS.glob("*.toml"), *TABLES.glob("*.toml")])
    return {path.stem: (_declared_kind(path), path) for path in paths}


def _declared_kind(path: Path) -> str:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            key, _, value = line.partition("=")
            if key.strip() == "kind":
                return value.split("#")[0].strip().strip('"')
    return ""


@cache
def names_of_kind(*kinds: str) -> tuple[str, ...]:
    """Name what the catalogue holds of some kinds, in alphabetical order."""
    return tuple(sorted(name for name, (kind, _) in _files().items() if kind in kinds))


def _open(what: str, name: str, kinds: tuple[str, ...], where: str = "") -> DefinitionFile:
    kind, path = _files().get(name, ("", Path()))
    if kind not in kinds:
        raise UnknownNameError(what, name, names_of_kind(*kinds), where)
    return open_definition_file(path)


def read_definition_file(path: Path) -> Defined:
    """Read any definition file into its frozen model; refuse what is not understood, all findings at once.

    Parameters
    ----------
    path : a TOML file; see ``CONTRIBUTING.md`` and the files of the catalogue for its keys

    Returns
    -------
    Definition, ResponseDefinition, CriteriaSet, ResponderIndex or one of the tables
        What the ``kind`` of the file says.

    Raises
    ------
    DefinitionError : holds every finding, each with file, line, row, key, what was found and what to do

    Examples
    --------
    >>> found = read_definition_file(DEFINITIONS / "ssdai.toml")
    >>> found.range.highest
    21.0
    """
    return read_definition(open_definition_file(path))


def read_definition(file: DefinitionFile) -> Defined:
    """Read an opened file into its frozen model; see `read_definition_file`."""
    file.keep(check_forms(file))
    file.stop_at_findings()
    readers, kind = _readers(), str(file.content.get("kind", ""))
    if kind not in readers:
        fix = f"Write one of {', '.join(readers)}."
        file.refuse(NO_PLACE, "kind", kind, "there is no such kind", fix)
        file.stop_at_findings()
    return readers[kind](file)


def _readers() -> dict[str, Callable[[DefinitionFile], Defined]]:
    """Give the reader of each kind of file, with what it asks of the rest of the catalogue."""
    instrument = partial(read_instrument, find=definition, find_analytes=analyte_table)
    return dict.fromkeys(INSTRUMENT_KINDS, instrument) | {
        "response": partial(read_response, find=_response_content, find_analytes=analyte_table),
        "criteria": read_criteria,
        "responder_index": partial(read_responder_index, find=definition),
        "toxicity": partial(read_toxicity, find=toxicity_table),
        "glucocorticoids": read_glucocorticoids,
        "populations": read_populations,
        "analytes": partial(read_analytes, find=glucocorticoid_table),
    }


def _read(model: type[_Model], what: str, name: str, *kinds: str) -> _Model:
    found = read_definition(_open(what, name, kinds))
    assert isinstance(found, model)  # the kind says which  # noqa: S101
    return found


@cache
def definitions() -> tuple[str, ...]:
    """Name every instrument that can be scored, in alphabetical order.

    Examples
    --------
    >>> "sledai_2k" in definitions()
    True
    """
    return names_of_kind(*INSTRUMENT_KINDS)


@takes(name=Text())
@cache
def definition(name: str) -> Definition:
    """Give the definition of one instrument.

    Parameters
    ----------
    name : one of `definitions()`, for example ``"bilag_2004"``

    Returns
    -------
    Definition : frozen; its `items` are in printed order

    Raises
    ------
    UnknownNameError : there is no such instrument; names the nearest
    DefinitionError : the file of the instrument has findings; holds all of them

    Examples
    --------
    >>> definition("sledai_2k").items[22].name
    'thrombocytopenia'
    """
    return _read(Definition, "instrument", name, *INSTRUMENT_KINDS)


def responses() -> tuple[str, ...]:
    """Name every response, in alphabetical order.

    Examples
    --------
    >>> "ucmsc_bilag_response" in responses()
    True
    """
    return names_of_kind("response")


@cache
def response_definition(name: str) -> ResponseDefinition:
    """Give one response.

    Parameters
    ----------
    name : one of `responses`

    Raises
    ------
    UnknownNameError : there is no such response
    DefinitionError : its file cannot be used; holds every finding

    Examples
    --------
    >>> response_definition("ucmsc_bilag_response").classes
    ('MCR', 'PCR', 'none')
    """
    return _read(ResponseDefinition, "response", name, "response")


def _response_content(name: str) -> Content:
    return _open("response", name, ("response",), "key 'rules_of'").content


def criteria_sets() -> tuple[str, ...]:
    """Name every set of classification criteria, in alphabetical order.

    Examples
    --------
    >>> criteria_sets()
    ('acr_1997', 'acr_eular_2016', 'aecg_2002', 'aecg_2002_secondary', 'eular_acr_2019', 'slicc_2012')
    """
    return names_of_kind("criteria")


@cache
def criteria_set(name: str) -> CriteriaSet:
    """Give one set of classification criteria.

    Raises
    ------
    UnknownNameError : there is no such set
    DefinitionError : its file cannot be used; holds every finding

    Examples
    --------
    >>> len(criteria_set("acr_1997").rows)
    11
    """
    return _read(CriteriaSet, "set of criteria", name, "criteria")


@cache
def responder_index(name: str) -> ResponderIndex:
    """Give one responder index.

    Raises
    ------
    UnknownNameError : there is no such index
    DefinitionError : its file cannot be used; holds every finding

    Examples
    --------
    >>> responder_index("s2k_ri_50").items[0].item
    'seizure'
    """
    return _read(ResponderIndex, "responder index", name, "responder_index")


def toxicity_versions() -> tuple[str, ...]:
    """Name the versions of the CTCAE whose laboratory limits are carried.

    Examples
    --------
    >>> toxicity_versions()
    ('5.0', '6.0')
    """
    return tuple(f"{name.removeprefix('ctcae_')}.0" for name in names_of_kind("toxicity"))


@cache
def toxicity_table(version: str = "5.0") -> ToxicityTable:
    """Give the limits of one version of the CTCAE.

    Parameters
    ----------
    version : one of `toxicity_versions()`

    Raises
    ------
    UnknownNameError : there is no such version
    DefinitionError : the file has findings; holds all of them

    Examples
    --------
    >>> toxicity_table("5.0").terms["platelets"].rows[3].text
    'value < 25'
    """
    if version not in toxicity_versions():
        raise UnknownNameError("CTCAE version", str(version), toxicity_versions())
    return _read(ToxicityTable, "table", f"ctcae_{version.partition('.')[0]}", "toxicity")


@cache
def glucocorticoid_table() -> GlucocorticoidTable:
    """Give the table of equivalent doses.

    Examples
    --------
    >>> float(glucocorticoid_table().drugs["methylprednisolone"].equals_5_mg)
    4.0
    """
    return _read(GlucocorticoidTable, "table", "glucocorticoids", "glucocorticoids")


@cache
def population_table() -> PopulationTable:
    """Give the populations that regression to the mean is estimated from by assumption.

    Examples
    --------
    >>> [preset.name for preset in population_table().presets]
    ['gse65391', 'belimumab', 'lupus_cells']
    """
    return _read(PopulationTable, "table", "populations", "populations")


@cache
def analyte_table() -> AnalyteTable:
    """Give the table of measured quantities: names, units, conversions, what a value can be.

    Examples
    --------
    >>> analyte_table().analytes["haemoglobin"].unit
    'g/L'
    """
    return _read(AnalyteTable, "table", "analytes", "analytes")
