"""By which criteria the rebuilt subjects have primary Sjogren's syndrome: the findings behind it are assumed.

Source of the criteria: Vitali C et al. Ann Rheum Dis 2002;61:554-558, which the trial's registration names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from funis.demo.cohort import Cell
from funis.demo.integer_samples import Draws

#: Each item with the share of subjects that show it.
_SHARES: Final = {
    "ocular_symptoms": 0.92,
    "oral_symptoms": 0.96,
    "ocular_signs": 0.84,
    "histopathology": 0.80,
    "salivary_signs": 0.84,
    "autoantibodies": 0.75,
}
_NOT_BIOPSIED: Final = 0.25
_EXCLUSIONS: Final = (
    "head_neck_irradiation",
    "hepatitis_c",
    "aids",
    "lymphoma_before",
    "sarcoidosis",
    "graft_versus_host",
    "anticholinergic_drugs",
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a subject by measurements that the trial has published.

    Attributes
    ----------
    has_antibodies : anti-SSA/Ro and anti-SSB/La were measured, and are above the limit
    has_low_flow : salivary flow or sialography shows the glands
    """

    has_antibodies: bool
    has_low_flow: bool


def build_criteria(known: Sequence[Known], seed: int) -> tuple[dict[str, Cell], ...]:
    """Give the six items and the exclusions of every subject; everybody meets the criteria of 2002.

    A biopsy is lacking in some of those with antibodies.

    Parameters
    ----------
    known : of every subject
    seed : of the draws

    Returns
    -------
    one mapping a subject: column to 1, 0, or None where it was not done
    """
    draws = Draws(seed, "sjogren criteria")
    return tuple(_one_subject(each, draws) for each in known)


def _one_subject(known: Known, draws: Draws) -> dict[str, Cell]:
    cells: dict[str, Cell] = {item: int(draws.uniform() < share) for item, share in _SHARES.items()}
    cells["autoantibodies"] = int(known.has_antibodies or cells["autoantibodies"] == 1)
    cells["salivary_signs"] = int(known.has_low_flow or cells["salivary_signs"] == 1)
    is_biopsied = draws.uniform() >= _NOT_BIOPSIED
    if cells["autoantibodies"] == 1 and not is_biopsied:
        cells["histopathology"] = None
    elif cells["autoantibodies"] == 0:
        # Without an antibody the biopsy decides.
        cells["histopathology"] = 1
    # What is drawn too rarely to be enough is made up for: an eye that was tested, a gland, dry eyes.
    for item in ("ocular_signs", "salivary_signs", "ocular_symptoms", "oral_symptoms"):
        if sum(cells[each] == 1 for each in _SHARES) < 4:
            cells[item] = 1
    return cells | dict.fromkeys(_EXCLUSIONS, 0)
