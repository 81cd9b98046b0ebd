"""How each statistical method is named, and what is said of it under a table that prints it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MethodWords:
    """The words of a method.

    Attributes
    ----------
    label : its printed name
    note : what stands under a table with numbers of it; empty where the name says all
    """

    label: str
    note: str = ""


METHODS: dict[str, MethodWords] = {
    "describe": MethodWords("Descriptive"),
    "paired_t": MethodWords(
        "Paired t test",
        "Paired t test: two-sided, n − 1 degrees of freedom, on subjects with both values.",
    ),
    "wilcoxon": MethodWords(
        "Wilcoxon signed-rank test",
        "Wilcoxon signed-rank test: two-sided, zero differences dropped, subjects with both values; exact "
        "given the ties up to 200 subjects, above that normal approximation with continuity correction. "
        "Hodges-Lehmann change: median of the averages of all pairs of changes, zero changes included; its "
        "interval has at least the stated level. The test leaves out a change of 0, which points in neither "
        "direction; the estimate keeps it, since a change of 0 is a change, and without it the estimate "
        "would move away from 0.",
    ),
    "wilcoxon_signed_rank": MethodWords("Wilcoxon signed-rank test"),
    "wilcoxon_exact": MethodWords("Wilcoxon signed-rank test, exact"),
    "sign_test": MethodWords(
        "Sign test",
        "Sign test: two-sided, exact binomial, ties dropped.",
    ),
    "mmrm": MethodWords(
        "Mixed model for repeated measures",
        "Mixed model for repeated measures, restricted maximum likelihood.",
    ),
    "bootstrap": MethodWords(
        "Bootstrap, BCa",
        "Bootstrap: bias-corrected and accelerated interval of the mean change.",
    ),
    "permutation": MethodWords(
        "Permutation test",
        "Permutation test: two-sided, of the mean, over all ways the signs of the changes (between arms: the "
        "subjects) could have fallen.",
    ),
    "clopper_pearson": MethodWords(
        "Clopper-Pearson",
        "Clopper-Pearson: exact interval of a proportion.",
    ),
    "exact_poisson": MethodWords(
        "Exact Poisson",
        "Exact Poisson: Garwood’s interval of a rate.",
    ),
    "negative_binomial": MethodWords(
        "Negative binomial",
        "Negative binomial: rates of events that recur, with the logarithm of the time as offset and one "
        "dispersion for all arms compared, by maximum likelihood.",
    ),
    "wilson": MethodWords(
        "Wilson",
        "Wilson: score interval of a proportion.",
    ),
    "jeffreys": MethodWords("Jeffreys"),
    "mid_p": MethodWords("Mid-P"),
    "holm": MethodWords("Holm"),
    "hochberg": MethodWords("Hochberg"),
    "hommel": MethodWords("Hommel"),
    "kaplan_meier": MethodWords(
        "Kaplan-Meier",
        "Kaplan-Meier estimate; interval on the log-log scale.",
    ),
    "kaplan_meier_visits_on_planned_days": MethodWords(
        "Kaplan-Meier, visits on planned days",
        "Kaplan-Meier estimate; interval on the log-log scale. "
        "The event is found at visits: its true day lies between two of them and is not known "
        "(interval-censored). It is counted on the planned day of the visit at which it was found, and so is "
        "the end of observation; the curve says when it was found, not when it happened. A subject is "
        "censored at the last visit, at withdrawal, and at death where death is not the event.",
    ),
    "aalen_johansen": MethodWords(
        "Aalen-Johansen",
        "Cumulative incidence (Aalen-Johansen): share of all subjects that has had the event, with death as "
        "a competing event; delta-method interval on the log(-log) scale. One minus the Kaplan-Meier "
        "estimate, which counts death as the end of observation, is never lower. A death without a known day "
        "counts on the last day seen.",
    ),
    "restricted_mean": MethodWords(
        "Restricted mean time free of the event",
        "Mean time free of the event: area under the Kaplan-Meier curve from the origin to the planned day "
        "of the visit named, normal interval.",
    ),
    "student_t": MethodWords("Student t interval of the mean"),
    "signed_rank_pratt": MethodWords(
        "Signed-rank test for ordered grades, Pratt",
        "Signed-rank test for ordered categories: two-sided, exact up to 200 subjects, unchanged pairs "
        "ranked (Pratt). Share worse minus better: of all subjects graded at both visits, with Newcombe’s "
        "interval for paired proportions.",
    ),
    "bonferroni": MethodWords("Bonferroni"),
    "type_7": MethodWords("Quantile, type 7"),
    "correlation_0.4": MethodWords("Regression to the mean, correlation 0.4 between visits"),
    "correlation_0.6": MethodWords("Regression to the mean, correlation 0.6 between visits"),
    "correlation_0.8": MethodWords("Regression to the mean, correlation 0.8 between visits"),
    "correlation_observed": MethodWords("Regression to the mean, correlation observed before treatment"),
    "random_intercept": MethodWords("Random intercept, restricted maximum likelihood"),
    "mean": MethodWords("Mean"),
    "share": MethodWords("Share of subjects"),
    "rank_sum": MethodWords("Wilcoxon rank-sum test"),
    "log_rank": MethodWords("Log-rank test"),
    "multiple_imputation": MethodWords("Multiple imputation, missing at random"),
    "j2r": MethodWords("Multiple imputation, jump to reference"),
    "cr": MethodWords("Multiple imputation, copy reference"),
    "cir": MethodWords("Multiple imputation, copy increments in reference"),
    "by_ending": MethodWords("Multiple imputation by how participation ended"),
    "welch": MethodWords("Welch two-sample t test"),
    "binomial": MethodWords("Exact binomial test"),
    "binomial_greater": MethodWords("Exact one-sided binomial test"),
    "fisher": MethodWords("Fisher exact test"),
    "mcnemar": MethodWords(
        "McNemar test, exact",
        "McNemar test: two-sided, exact binomial on the subjects whose response changed.",
    ),
    "mcnemar_mid": MethodWords(
        "McNemar test, mid-P",
        "McNemar test, mid-P: of the outcomes as likely as the one seen half is counted; less conservative, "
        "and its level is not guaranteed.",
    ),
    "cochran_q": MethodWords(
        "Cochran’s Q test",
        "Cochran’s Q test: all visits at once, exact by shuffling the responses of each subject over the "
        "visits while these can be counted, above that chi-square.",
    ),
    "newcombe_paired": MethodWords("Newcombe, paired proportions"),
    "newcombe": MethodWords("Newcombe"),
    "fixed_sequence": MethodWords("fixed sequence"),
    "serial_holm": MethodWords("serial gatekeeping, Holm within families"),
    "graph": MethodWords("graphical gatekeeping"),
}
