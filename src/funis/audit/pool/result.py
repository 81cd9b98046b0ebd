"""What is printed of studies combined: the effect of each, the answers and what is said beside them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from funis.audit.pool.choice import ChosenStudies, PoolChoice
from funis.stats.meta.asymmetry import Asymmetry
from funis.stats.meta.heterogeneity import Heterogeneity

#: Fewer studies tell an asymmetry from chance too rarely for a test (Sterne et al. 2011, BMJ 343: d4002).
ENOUGH: Final = 10


@dataclass(frozen=True, slots=True)
class StudyEffect:
    """The effect of one study on the scale that is printed, with its interval.

    Attributes
    ----------
    study, citation : as in the table
    subjects : of the arms used
    estimate, lower, upper : of ratios the ratio, of proportions the proportion
    weight : share in the combined effect; NaN where the model has no weights
    figures : what it is made of, in words
    lines : of the table
    converted : how means were made of printed medians; empty where all are printed
    on_scale, error : effect and standard error on the scale of the model; NaN where the model has none
    """

    study: str
    citation: str
    subjects: int
    estimate: float
    lower: float
    upper: float
    weight: float
    figures: str
    lines: tuple[int, ...]
    converted: str = ""
    on_scale: float = math.nan
    error: float = math.nan


@dataclass(frozen=True, slots=True)
class PooledAnswer:
    """One estimate with its interval, on the scale that is printed.

    Attributes
    ----------
    model : ``random``, ``fixed`` or ``mantel_haenszel``; also ``one_sample`` for all subjects as one
    estimate, lower, upper : combined
    p : two-sided, of no effect; NaN where none is tested
    prediction_lower, prediction_upper : NaN where there is none
    """

    model: str
    estimate: float
    lower: float
    upper: float
    p: float = math.nan
    prediction_lower: float = math.nan
    prediction_upper: float = math.nan


@dataclass(frozen=True, slots=True)
class AnswerAt:
    """The answer with one correlation of the values before and after.

    Attributes
    ----------
    correlation : that is assumed
    answer : by the model asked for
    tau2 : variance between studies that belongs to it
    """

    correlation: float
    answer: PooledAnswer
    tau2: float


@dataclass(frozen=True, slots=True)
class PoolResult:
    """Everything that is printed of studies combined.

    Attributes
    ----------
    chosen : the question, the studies that take part and those that do not
    effects : of each study that takes part
    main : as asked; None where one study is left, and nothing is combined
    beside : the other model, for comparison; None where there is none
    heterogeneity : how far the studies differ; None for one study and for exact likelihood
    tau2 : variance between studies on the scale of the model; None for one study
    variance_factor : of Hartung and Knapp; 1 where not used
    without : combined without each study in turn; empty with fewer than three
    likelihood_ratio_p : of the model of exact likelihood against one common proportion; NaN else
    common : fixed effect on the scale of the model; NaN for one study and for proportions
    asymmetry : Egger's test, of ten studies or more; None where it is not made
    by_correlation : the answer with other correlations; empty where every change is printed
    """

    chosen: ChosenStudies
    effects: tuple[StudyEffect, ...]
    main: PooledAnswer | None
    beside: PooledAnswer | None = None
    heterogeneity: Heterogeneity | None = None
    tau2: float | None = None
    variance_factor: float = 1.0
    without: tuple[PooledAnswer, ...] = ()
    likelihood_ratio_p: float = math.nan
    common: float = math.nan
    asymmetry: Asymmetry | None = None
    by_correlation: tuple[AnswerAt, ...] = ()

    @property
    def choice(self) -> PoolChoice:
        """Give the question with its names settled."""
        return self.chosen.choice

    @property
    def has_faults(self) -> bool:
        """Tell whether a study was left out for its figures."""
        return any(each.is_fault for each in self.chosen.left_out)
