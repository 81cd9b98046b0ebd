"""Worlds of trials in primary Sjogren's syndrome, and what is assumed of their patients.

The published trial (abstract of the ACR annual meeting 2012, 24 patients) prints mean and SD of SSDAI at five
visits, of unstimulated flow at three in 11 patients, and P values of stimulated flow. Of everything else it
prints a direction. It had no control arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from funis.simulate.trials.scenario import TrialAssumption, TrialScenario

_FITTED: Final = (
    "maximum likelihood to the published means of SSDAI (chi-square 0.82 on 1 degree of freedom), "
    "half-life and X50 held at the prior; covariance from the SDs with correlation 0.5"
)
_NO_RELAPSE: Final = {"prone": 0.0, "h0": 0.0, "beta": 0.0}
SJOGREN_SCENARIOS: Final = {
    each.name: each
    for each in (
        TrialScenario("slow", "a fast fall that needs no cells, and a slow one by the cells",
                      5.625, 0.758, 0.196, 0.0868, 9.0, 0.3, **_NO_RELAPSE, why=_FITTED),
        TrialScenario("null", "cells do nothing",
                      5.625, 0.0, 0.196, 0.0868, 9.0, 0.3, **_NO_RELAPSE,
                      why="as slow, without any effect of the imprint: entered by hand"),
        TrialScenario("harm", "cells make the disease more active, and turn every other change round",
                      5.625, -0.3, 0.196, 0.0868, 9.0, 0.3, **_NO_RELAPSE,
                      why="as slow, the effect turned round: entered by hand"),
    )
}  # fmt: skip
#: Study day and SD of SSDAI between patients, published; a straight line between, the last one after.
SSDAI_SDS: Final = ((0.0, 1.44), (30.0, 1.79), (90.0, 1.44), (180.0, 1.18), (360.0, 1.21))

_NO_FIGURE: Final = "no published figure; change it where your centres know better"
_DIRECTION: Final = "the published trial prints a direction only; the level is a guess"
SJOGREN_ASSUMPTIONS: Final = (
    TrialAssumption("alike", "correlation of SSDAI at two visits of a patient", 0.5,
                    "not identified by means and SDs; 0.39 to 0.57 follow from a lupus trial "
                    "(Liu 2011)", "assumed"),
    TrialAssumption("item_alike", "correlation of the liability to an item of SSDAI at two visits", 0.8,
                    _NO_FIGURE, "assumed"),
    TrialAssumption("age", "mean age, years; 18 to 80", 45.0, "published mean; 27 to 68", "published"),
    TrialAssumption("age_spread", "SD of age, years", 11.0, "in the range of 27 to 68", "assumed"),
    TrialAssumption("women", "share of women", 0.96, "23 of 24 of the published trial", "published"),
    TrialAssumption("flow", "mean unstimulated flow before, mL in 10 min", 0.63, "published, 11 patients",
                    "published"),
    TrialAssumption("flow_sd", "SD of unstimulated flow before; its logarithm is normal", 0.73,
                    "published, 11 patients", "published"),
    TrialAssumption("stimulated", "mean stimulated flow before, mL in 10 min", 3.4, _NO_FIGURE, "assumed"),
    TrialAssumption("stimulated_sd", "SD of stimulated flow before", 2.6, _NO_FIGURE, "assumed"),
    TrialAssumption("measured", "share of patients with saliva or sialography, where no visit lists the form",
                    11 / 24, "11 of 24 of the published trial", "published"),
    TrialAssumption("vas", "mean global assessment of the patient before, mm", 63.0,
                    "no level is published; it follows the mean activity of SSDAI", "assumed"),
    TrialAssumption("vas_between", "SD of the global assessment between patients, mm", 12.0, _NO_FIGURE,
                    "assumed"),
    TrialAssumption("vas_within", "SD of the global assessment between visits, mm", 6.0, _NO_FIGURE,
                    "assumed"),
    TrialAssumption("esspri_between", "SD of each scale of ESSPRI between patients", 1.8,
                    "not measured in the published trial", "assumed"),
    TrialAssumption("tess", "share of those with a symptom of the modified TESS before", 0.25, _DIRECTION,
                    "assumed"),
    TrialAssumption("tess_fall", "that share after cells that work, relative to before", 0.55, _DIRECTION,
                    "assumed"),
    TrialAssumption("better_gland", "parotid glands a stage better a year after cells that work", 0.7,
                    _DIRECTION, "assumed"),
    TrialAssumption("events", "adverse events, a month and patient", 0.0024,
                    "none in 24 patients over 12 months is as likely as not at this rate; up to "
                    "0.0104 is not "
                    "excluded (95%), and the report does not say how events were asked for", "derived"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FlowGain:
    """How much more saliva there is on a day, mL in 10 min.

    Attributes
    ----------
    day : after the first cells
    mean, sd : of the gain
    alike : correlation of the gain with the flow before
    """

    day: float
    mean: float
    sd: float
    alike: float


#: Weeks 2 and month 1 give the published means and SDs, with P below 0.001 of a paired t test.
UNSTIMULATED_GAINS: Final = (
    FlowGain(0, 0.0, 0.0, 0.0), FlowGain(14, 0.37, 0.24, 0.05), FlowGain(30, 0.63, 0.44, 0.49),
    FlowGain(90, 0.71, 0.46, 0.49), FlowGain(180, 0.78, 0.46, 0.49), FlowGain(360, 0.86, 0.46, 0.49),
)  # fmt: skip
#: Means are assumed; the SD is that of the published P value of a paired t test in 11 patients.
STIMULATED_GAINS: Final = (
    FlowGain(0, 0.0, 0.0, 0.0), FlowGain(14, 1.10, 1.105, 0.0), FlowGain(30, 0.95, 1.360, 0.0),
    FlowGain(90, 1.30, 1.490, 0.0), FlowGain(180, 1.40, 1.624, 0.0), FlowGain(360, 1.45, 1.662, 0.0),
)  # fmt: skip

#: How often an item of SSDAI is met, before its total is known: assumed.
SSDAI_SHARES: Final = {
    "fever": 0.06, "fatigue": 0.85, "fatigue_change": 0.6, "articular": 0.55,
    "salivary_swelling_change": 0.15,
    "vasculitis_change": 0.05, "pleuropulmonary": 0.02, "renal": 0.06, "peripheral_neuropathy": 0.1,
    "leukopenia_lymphopenia": 0.35, "lymph_node_spleen": 0.08,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SjogrenLab:
    """A test whose direction is published, and whose level is not.

    Attributes
    ----------
    test, unit : as the laboratory reports it
    mean, sd, within : level before, SD between patients and between visits
    change : after cells that work; it has come by `day` and stays
    day : after the first cells
    digits : decimals it reports
    """

    test: str
    unit: str
    mean: float
    sd: float
    within: float
    change: float
    day: float
    digits: int


SJOGREN_LABS: Final = (
    SjogrenLab("anti_ssa", "U/mL", 142.0, 36.0, 4.0, -33.0, 30, 1),
    SjogrenLab("anti_ssb", "U/mL", 96.0, 26.0, 3.0, -22.0, 30, 1),
    SjogrenLab("th17", "%", 2.9, 0.6, 0.5, -0.9, 30, 2),
    SjogrenLab("treg", "%", 3.6, 0.7, 0.6, 1.2, 30, 2),
    SjogrenLab("tgf_beta", "pg/mL", 310.0, 60.0, 40.0, 70.0, 30, 0),
    SjogrenLab("il_17", "pg/mL", 38.0, 8.0, 5.0, -9.0, 30, 1),
    SjogrenLab("parotid_duct_width", "mm", 3.5, 0.4, 0.15, -0.4, 360, 1),
    SjogrenLab("parotid_emptying", "%", 37.0, 6.0, 3.0, 12.0, 360, 0),
    SjogrenLab("wbc", "10^9/L", 5.5, 0.8, 0.3, 0.0, 30, 1),
    SjogrenLab("lymphocytes", "10^9/L", 1.7, 0.25, 0.1, 0.0, 30, 2),
)
#: Instruments whose items a virtual patient has.
SJOGREN_FORMS: Final = (
    "ssdai", "vas_patient", "esspri", "tess_modified", "sialography", "unstimulated_flow", "stimulated_flow",
)  # fmt: skip


def sjogren_assumed(key: str) -> float:
    """Give one assumed number of patients with Sjogren's syndrome.

    Examples
    --------
    >>> sjogren_assumed("flow")
    0.63
    """
    return next(each.value for each in SJOGREN_ASSUMPTIONS if each.key == key)
