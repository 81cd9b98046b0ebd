"""What may be chosen for an analysis: the words that keys of an endpoint take."""

from __future__ import annotations

from typing import Literal

ParameterValue = bool | int | float | str
MissingPolicy = Literal["strict", "absent", "worst", "locf"]
EndpointKind = Literal[
    "response",
    "relapse",
    "change",
    "summary",
    "systems",
    "time_to_event",
    "adverse_events",
    "exposure",
    "disposition",
]
ChangeMethod = Literal["paired_t", "wilcoxon", "mmrm", "sign_test", "bootstrap", "permutation"]
VisitMethod = Literal["mcnemar", "mcnemar_mid", "cochran_q"]
Method = Literal[ChangeMethod, VisitMethod]
Adjustment = Literal["none", "holm", "hochberg", "hommel", "bonferroni"]
Covariance = Literal["us", "toep", "toeph", "ar1", "ar1h", "cs", "csh", "ad", "adh", "sp_exp", "sp_gau"]
DegreesOfFreedom = Literal[
    "satterthwaite",
    "kenward-roger",
    "kenward-roger-linear",
    "kenward-roger-mmrm",
    "between-within",
    "residual",
]
KindOfMeans = Literal["conditional", "unconditional"]
MissingOutcome = Literal[
    "observed", "nonresponder", "worst", "locf", "multiple_imputation", "j2r", "cr", "cir", "by_ending"
]
MissingRelapse = Literal["left_out", "none", "relapse"]
TimedEvent = Literal["relapse", "death", "response", "withdrawal", "loss"]
Origin = Literal["first_infusion", "response", "first_response", "consent"]
DESCRIBED_EVENT = (
    "Event of a time to event. loss: the first visit that shows the response no longer, counted from the "
    "first one that does (origin first_response): how long a state or response lasts."
)
"""What the key event of an endpoint means."""
