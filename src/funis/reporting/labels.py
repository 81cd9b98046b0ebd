"""The printed word for every name that stands in a result: variables, visits, statistics, methods, systems.

One place, so that a table, a figure and the panel behind a number say the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from funis.catalogue.instrument_tables import graded_instruments, organ_systems
from funis.catalogue.registry import (
    analyte_table,
    definition,
    definitions,
    response_definition,
    responses,
)
from funis.reporting.method_words import METHODS
from funis.results import ALL, name_change, name_sustained
from funis.study.model import Study
from funis.study.populations import populations_of

VARIABLES: dict[str, str] = {
    "age": "Age",
    "sex": "Sex",
    "site": "Site",
    "weight_kg": "Weight",
    "follow_up_years": "Follow-up",
    "disease_duration_years": "Disease duration",
    "prednisone": "Glucocorticoid dose as prednisone",
    "drugs_failed": "Drugs that failed before the first infusion",
}

UNITS: dict[str, str] = {
    "age": "years",
    "weight_kg": "kg",
    "disease_duration_years": "years",
    "cells_per_kg": "cells/kg",
    "follow_up_years": "years",
    "prednisone": "mg/day",
}

STATISTICS: dict[str, str] = {
    "n": "number of subjects",
    "mean": "mean",
    "sd": "standard deviation",
    "se": "standard error",
    "median": "median",
    "q1": "first quartile",
    "q3": "third quartile",
    "min": "minimum",
    "max": "maximum",
    "lower": "lower limit of the interval",
    "upper": "upper limit of the interval",
    "conditional_se": "standard error with the baselines held",
    "conditional_lower": "lower limit of the interval with the baselines held",
    "conditional_upper": "upper limit of the interval with the baselines held",
    "count": "count",
    "percent": "percentage",
    "p": "P value, unadjusted",
    "p_adjusted": "P value, adjusted for multiplicity",
    "p_exact_least": "smallest P value of an exact test with so few subjects",
    "zero_changes": "changes of 0",
    "statistic": "test statistic",
    "df": "degrees of freedom",
    "estimate": "estimate",
    "survival": "probability of remaining free of the event",
    "at_risk": "number at risk",
    "events": "number of events",
    "person_years": "years of follow-up, of all subjects together",
    "geometric_mean": "geometric mean",
    "censored": "values beyond a limit of the assay",
    "gained": "subjects from no response to a response",
    "lost": "subjects from a response to none",
    "improved": "subjects improved",
    "worsened": "subjects worsened",
    "unchanged": "subjects unchanged",
    "fraction_missing": "share of information lost to missing values",
    "tipping_point": "shift of the imputed values at which significance is lost",
    "covariance": "covariance that was fitted",
    "not_met": "subjects who do not meet the criterion",
    "shared_slope": "the formula of the study file gives baseline one slope at all visits",
    "level": "level that P is compared with",
    "passed": "verdict: 1 passed, 0 not",
    "cannot_tell": "subjects for whom it cannot be determined",
    "count_lowest": "lowest possible number: if nobody who cannot be told, or was imputed, were counted",
    "count_highest": "highest possible number: if everybody who cannot be told, or was imputed, were counted",
    "imputed": "subjects counted by the rule for missing outcomes",
    "asked": "subjects who were asked, or of whom it is recorded",
    "limit": "limit of the entry rule",
    "correlation": "correlation",
    "population_mean": "mean before the entry rule",
    "population_sd": "standard deviation before the entry rule",
    "mean_entering": "expected mean of those who enter",
    "share_entering": "share that meets the entry rule",
    "most_influential": "estimate without the most influential",
    "most_influential_label": "the most influential",
    "p_highest": "largest P value without one",
    "between_sd": "standard deviation between groups",
    "within_sd": "standard deviation within groups",
    "icc": "share of variance between groups",
    "groups": "number of groups",
    "converged": "status of the fit",
    "minus_2_log_likelihood": "−2 log-likelihood",
    "aic": "Akaike’s criterion",
    "bic": "Schwarz’s criterion",
    "observations": "number of observations",
    "qq_correlation": "Q-Q correlation",
    "skewness": "skewness",
    "largest_residual": "largest normalised residual",
    "residual_sd": "standard deviation of the residuals",
    "sd_over_mean": "standard deviation over mean",
    "n_first": "number of subjects in the arm",
    "n_second": "number of subjects in the control arm",
    "events_first": "events in the arm",
    "events_second": "events in the control arm",
    "expected_first": "events expected in the arm",
    "expected_second": "events expected in the control arm",
    "goal": "performance goal",
    "met": "whether the performance goal was met",
    "draws": "arrangements drawn at random",
    "p_error": "standard error of P by drawing at random",
    "incidence": "share that has had the event, with death as a competing event",
    "competing_events": "deaths before the event so far",
    "restricted_mean": "mean time free of the event, days",
    "planned_time": "planned day of the visit, counted from the origin",
    "horizon": "end of the time considered, days from the origin",
}


_OR_RECORDED = "where no item is there, the total or grade that was written down is taken as recorded"

MISSING: dict[str, str] = {
    "strict": "a score with an unknown item that could change it is not used",
    "absent": "an item that was not recorded counts as absent",
    "worst": "an item that was not recorded counts as the most active level",
    "locf": "an item that was not recorded is carried forward from the visit before",
    "as_recorded": "the total or grade was written down without its items, and is taken as recorded; "
    "nobody can check it",
    "strict_or_recorded": f"a score with an unknown item that could change it is not used; {_OR_RECORDED}",
    "absent_or_recorded": f"an item that was not recorded counts as absent; {_OR_RECORDED}",
    "worst_or_recorded": f"an item that was not recorded counts as the most active level; {_OR_RECORDED}",
    "locf_or_recorded": f"an item that was not recorded is carried forward; {_OR_RECORDED}",
    "observed": "subjects without the value at a visit are left out of that visit",
    "nonresponder": "a subject whose response is not known counts as a non-responder",
    "baseline": "a missing change counts as no change",
    "best": "a missing response counts as a response (in the control arm as none)",
    "multiple_imputation": "a missing change is drawn many times, missing at random",
    "j2r": "a missing change is drawn by jump to reference",
    "cr": "a missing change is drawn by copy reference",
    "cir": "a missing change is drawn by copy increments in reference",
    "by_ending": "a missing change is drawn by a strategy for how participation ended (see the methods)",
}

MISSING_OUTCOME: dict[str, str] = {
    "observed": "subjects without the outcome at a visit are left out of that visit",
    "nonresponder": "a subject without the outcome counts as a non-responder",
    "worst": "a missing outcome is replaced by the worst possible one",
    "locf": "a missing outcome is replaced by the last one observed",
    "multiple_imputation": "a missing change is drawn many times, missing at random (multiple imputation)",
    "j2r": "a missing change is drawn by reference to the control arm (jump to reference)",
    "cr": "a missing change is drawn by reference to the control arm (copy reference)",
    "cir": "a missing change is drawn by reference to the control arm (copy increments in reference)",
    "by_ending": "a missing change is drawn by the strategy for how participation ended",
}

MISSING_RELAPSE: dict[str, str] = {
    "left_out": "is left out of numerator and denominator",
    "none": "counts as none",
    "relapse": "counts as a relapse at the first visit at which it is not known",
}

DEGREES: dict[str, str] = {
    "satterthwaite": "Satterthwaite",
    "kenward-roger": "Kenward-Roger",
    "kenward-roger-linear": "Kenward-Roger, linear",
    "kenward-roger-mmrm": "Kenward-Roger on Cholesky parameters",
    "between-within": "between-within",
    "residual": "residual",
}
COVARIANCES: dict[str, str] = {
    "us": "unstructured",
    "toep": "Toeplitz",
    "toeph": "heterogeneous Toeplitz",
    "ar1": "first-order autoregressive",
    "ar1h": "heterogeneous first-order autoregressive",
    "cs": "compound symmetry",
    "csh": "heterogeneous compound symmetry",
    "ad": "ante-dependence",
    "adh": "heterogeneous ante-dependence",
    "sp_exp": "spatial exponential",
    "sp_gau": "spatial Gaussian",
}

FINDING_LEVELS: dict[str, str] = {
    "error": "Errors: the value is left out of the analysis",
    "warning": "Warnings: the value is used, and should be looked at",
    "query": "Queries: a question to the site",
}


def format_unit(unit: str) -> str:
    """Print a unit as it is written by hand.

    Examples
    --------
    >>> format_unit("10^9/L"), format_unit("umol/L"), format_unit("mL/min/1.73m2")
    ('10⁹/L', 'µmol/L', 'mL/min/1.73 m²')
    """
    raised = unit.replace("10^9", "10⁹").replace("10^6", "10⁶").replace("1.73m2", "1.73 m²")
    return "µ" + raised[1:] if raised.startswith(("umol", "ug")) else raised


def behind_number(unit: str) -> str:
    """Give what stands behind a number for its unit, with the space or the sign between them.

    Examples
    --------
    >>> [f"80{behind_number(unit)}" for unit in ("%", "g/L", "10⁹/L", "")]
    ['80%', '80 g/L', '80 × 10⁹/L', '80']
    """
    if unit in {"", "%"}:
        return unit
    return f" × {unit}" if unit.startswith("10") else f" {unit}"


def humanise(name: str) -> str:
    """Turn a snake-case name into words, first letter capital.

    Examples
    --------
    >>> humanise("month_6")
    'Month 6'
    """
    words = words_of_name(name)
    return words[:1].upper() + words[1:]


def words_of_name(name: str) -> str:
    """Turn a snake-case name into words within a sentence.

    Examples
    --------
    >>> words_of_name("response_without_rescue")
    'response without rescue'
    """
    return name.replace("_", " ").strip()


@cache
def grade_columns() -> dict[str, tuple[str, str]]:
    """Give the instrument and the organ system of each column of grades, in printed order."""
    return {f"{name}_{each}": (name, each) for name in graded_instruments() for each in organ_systems(name)}


@cache
def system_labels() -> dict[str, str]:
    """Give the printed name of each organ system that an instrument grades, in printed order."""
    return {system: humanise(system) for _, system in grade_columns().values()}


@cache
def label_of_definition(name: str) -> str:
    """Ask the catalogue for a title or a label; a name that it does not know is put into words."""
    analyte = analyte_table().analytes.get(name)
    if analyte is not None:
        return analyte.label
    if name in definitions():
        return definition(name).label
    return response_definition(name).label if name in responses() else humanise(name)


@cache
def _unit_of_definition(name: str) -> str:
    """Ask the catalogue for the unit of a score, empty where it has none or does not know the name."""
    return definition(name).unit if name in definitions() else ""


def listed(names: Sequence[str]) -> str:
    """Join words as a sentence does.

    Examples
    --------
    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""


#: Names keep their capital inside a sentence: of people, of kinds of cells, of scales named by themselves.
_NAMES = (
    "Aalen",
    "Bonferroni",
    "Clopper",
    "Cochran",
    "Composite of Relevant",
    "Fisher",
    "Hochberg",
    "Holm",
    "Hommel",
    "Jeffreys",
    "Kaplan",
    "Lupus Low",
    "McNemar",
    "Newcombe",
    "Schirmer",
    "Sjogren",
    "Sjögren",
    "Student",
    "Treatment Emergent",
    "Treg",
    "Welch",
    "Wilcoxon",
    "Wilson",
)


def with_groups(name: str, groups: Sequence[str]) -> str:
    """Give a name with the groups it is about in brackets, in those the name ends with where it has some.

    Parameters
    ----------
    name : printed name of a measure, an endpoint or what is counted
    groups : as `Labels.within` names them; none where not divided

    Examples
    --------
    >>> with_groups("SSDAI", ["men", "cells"]), with_groups("SLEDAI (version not stated)", ["cells"])
    ('SSDAI (men, cells)', 'SLEDAI (version not stated; cells)')
    """
    said = ", ".join(groups)
    if not said:
        return name
    return f"{name[:-1]}; {said})" if name.endswith(")") else f"{name} ({said})"


def in_sentence(words: str) -> str:
    """Put a name into a sentence: small first letter, except names, abbreviations and words with a figure.

    Examples
    --------
    >>> in_sentence("Paired t test"), in_sentence("Wilcoxon signed-rank test"), in_sentence("SLEDAI-2K")
    ('paired t test', 'Wilcoxon signed-rank test', 'SLEDAI-2K')
    >>> in_sentence("Th17 cells"), in_sentence("Treg cells"), in_sentence("White cells")
    ('Th17 cells', 'Treg cells', 'white cells')
    """
    first = words.split(" ", maxsplit=1)[0].split("-", maxsplit=1)[0]
    is_word = first[1:].islower() and first.replace("’", "").replace("'", "").strip(",:").isalpha()
    return words[:1].lower() + words[1:] if is_word and not words.startswith(_NAMES) else words


def capital(text: str) -> str:
    """Begin a sentence or a head with a capital letter.

    Examples
    --------
    >>> capital("mean of SLEDAI")
    'Mean of SLEDAI'
    """
    return text[:1].upper() + text[1:]


def method_label(name: str) -> str:
    """Give the printed name of a statistical method."""
    found = METHODS.get(name)
    return humanise(name) if found is None else found.label


@dataclass(frozen=True)
class Labels:
    """The printed words of one study: its own labels first, then those of funis.

    Examples
    --------
    >>> from funis.study.model import Study
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> labels = Labels(Study.model_validate({"study": trial}))
    >>> labels.variable("bilag_2004_renal"), labels.variable("sledai_2k_change", "sledai_2k")
    ('BILAG-2004, renal', 'Change in SLEDAI-2K')
    """

    study: Study

    def variable(self, name: str, measure: str = "") -> str:
        """Give the printed name of a variable, without its unit.

        Parameters
        ----------
        name : the variable
        measure : what was measured or judged, where the variable is derived of it (a change)
        """
        if measure and name == name_change(measure):
            return f"Change in {in_sentence(self.variable(measure))}"
        if measure and name == name_sustained(measure):
            return f"{self.variable(measure)}, sustained"
        own = self._own(name)
        if own:
            return own
        if name in VARIABLES:
            return VARIABLES[name]
        if name in grade_columns():
            instrument, system = grade_columns()[name]
            words = self._own(instrument) or definition(instrument).title
            return f"{words}, {system_labels()[system].lower()}"
        return label_of_definition(name)

    def _own(self, name: str) -> str:
        """Give the label the study file sets, empty where it sets none."""
        if name in self.study.instruments:
            return self.study.instruments[name].label
        labs = [lab.label for lab in self.study.labs if lab.test == name]
        columns = [column.label for column in self.study.columns if column.name == name]
        return next((label for label in (*labs, *columns) if label), "")

    def unit(self, name: str) -> str:
        """Give the unit a measure is printed in, empty for a score."""
        for lab in self.study.labs:
            if lab.test == name:
                return f"log2 of {lab.unit}/10" if lab.scale == "log2" else lab.unit
        for column in self.study.columns:
            if column.name == name:
                return column.unit
        choice = self.study.instruments.get(name)
        return (choice.unit if choice is not None else "") or UNITS.get(name) or _unit_of_definition(name)

    def variable_with_unit(self, name: str, measure: str = "") -> str:
        """Give the printed name of a variable with its unit."""
        unit = format_unit(self.unit(measure or name))
        words = self.variable(name, measure)
        return f"{words}, {unit}" if unit else words

    def within(self, subgroup: str, arm: str, contrast: str = "") -> list[str]:
        """Name the subgroup and the arm that numbers are about, small; none where not divided."""
        names = [self.population(subgroup).lower()] if subgroup not in {ALL, ""} else []
        names += [self.arm(arm)] if arm not in {ALL, ""} else []
        if contrast:
            names[-1] += f" minus {self.arm(contrast)}"
        return names

    def subgroup_behind(self, subgroup: str) -> str:
        """Give what stands behind the name of an arm: a comma and the subgroup; nothing where not divided."""
        return "" if subgroup in {ALL, ""} else f", {in_sentence(self.population(subgroup))}"

    def arm(self, name: str) -> str:
        """Give the printed name of an arm, as it stands in a sentence."""
        return in_sentence(next((arm.name for arm in self.study.arms if arm.id == name), humanise(name)))

    def visit(self, name: str) -> str:
        """Give the printed name of a visit: the study file's label, else words made of the name."""
        for visit in self.study.visits:
            if visit.name == name:
                return visit.printed
        return humanise(name)

    def population(self, name: str) -> str:
        """Give the printed name of a population or subgroup."""
        return humanise(name)

    def population_rule(self, name: str) -> str:
        """Give the rule of a population or subgroup, empty where it needs none."""
        return populations_of(self.study).get(name) or self.study.subgroups.get(name) or ""

    def endpoint(self, name: str) -> str:
        """Give the printed name of an endpoint; the id in words where the study file has no such row."""
        for endpoint in self.study.endpoints:
            if endpoint.id == name:
                return endpoint.printed
        return humanise(name)
