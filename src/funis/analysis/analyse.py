"""Run the plan of a study over its data: scores, responses, populations, statistics -> results.

The rows of the list of numbers, by ``analysis`` (see ``funis.results`` for the columns). ``subgroup``,
``arm`` and ``visit`` are ``all`` where not divided; ``population`` is ``enrolled`` for every subject of the
data. Behind a variable stand, in brackets, the other columns of the key that are filled.

================  ================================================  ==========================================
analysis          variable                                          statistics
================  ================================================  ==========================================
population        subjects                                          n (members), cannot_tell
disposition       enrolled consented eligible treated               count, percent of enrolled; asked
                  completed ongoing withdrew lost died              count, percent of the treated whose end is
                  not_recorded not_reached                          recorded; asked (of how many that is)
                  (category not_treated: the others)
follow_up         follow_up_years of the treated, from day 0        n mean sd median q1 q3 min max,
                                                                    person_years
                  adverse_events of those asked                     n events person_years; estimate lower
                                                                    upper by exact_poisson
eligibility       id of the criterion; ``eligible``                 count (met), percent, not_met, cannot_tell
baseline          age, weight_kg, height_cm,                        n mean sd median q1 q3 min max
                  disease_duration_years
                  sex, site (category)                              count, percent
summary           every score and lab, by visit (baseline too)      n mean sd se lower upper median ...
                                                                    censored, geometric_mean (skewed labs)
change            ``<variable>_change`` by visit                    n mean sd se lower upper median ...
test              ``<variable>_change`` by visit; endpoint id;      estimate lower upper statistic df p
                  method paired_t wilcoxon sign_test bootstrap      p_adjusted (adjustment); draws of a
                  permutation                                       permutation that could not be counted
mmrm              ``<variable>_change`` by visit; endpoint id       n estimate se lower upper df p
comparison        ``<variable>_change``, definition (responder),    n_first n_second estimate lower upper p
                  event; contrast is the control arm                by welch, rank_sum, permutation, fisher,
                                                                    log_rank
regression_to_    ``<variable>_change``; what an entry rule on the  limit mean sd correlation estimate lower
mean              baseline alone would do                           upper by correlation_0.4 ... 0.8, observed
influence         ``<variable>_change`` by visit (cluster:          estimate; lower, upper: range without
                  subject, site, lot, donor)                        one; p_highest most_influential
site_effects      ``<variable>_change`` (cluster)                   between_sd within_sd icc lower upper p
diagnostics       ``<variable>_change`` (parameter: ``UN(1,1)``,    converged aic bic qq_correlation skewness
                  or the visit a correlation is with)               estimate se residual_sd correlation
systems           ``bilag_2004_renal`` by visit (category A ... E)  count, percent
                  ``bilag_2004_renal`` by visit; endpoint id        n improved worsened unchanged p p_adjusted
response          definition (category: its classes, open_class,    count, percent, lower and upper by
                  responder, cannot tell);                          clopper_pearson and wilson
                  ``<definition>_sustained``
co_primary        endpoint id; primary_endpoints (together)         level p passed; count, passed
performance_goal  definition (category: responder) by visit         goal, lower, p, met; count, percent
response_over_    definition (category: responder) by later visit   gained lost estimate lower upper p
visits            by mcnemar, mcnemar_mid; over all by cochran_q    statistic df p
durability        definition (category: responder) by later visit;  count, percent, lower and upper by
                  population is that of the endpoint, responders    clopper_pearson and wilson; imputed,
                  (at the first visit)                              cannot_tell (left out)
                  definition (category: ``MCR``; ``MCR to none``)   n at the first visit; count
time_in_state     definition (category: share, longest_days)         n mean sd median q1 q3 min max
                  half_or_more                                      count, percent, lower, upper
flare_count       the same, by visit                                at_risk competing_events estimate
                                                                    lower upper
event_rate        definition of flares (category: any, a class);    events person_years cannot_tell; a year
                  endpoint id; contrast is the control arm          or ratio: estimate lower upper by exact_
                                                                    poisson, negative_binomial; p
relapse           relapse; population is the denominator: that of   count, percent, lower and upper by
                  the endpoint, responders, at_risk; visit or all   clopper_pearson and wilson; imputed,
                                                                    cannot_tell (left out)
time_to_event     relapse, death ... at the planned visits          survival, lower, upper, at_risk, events;
                                                                    n, events, median over all;
                                                                    restricted_mean se lower upper horizon;
                                                                    incidence lower upper competing_events
adverse_events    any, serious, related, related_serious,           count and percent of subjects, events
                  no_further_infusion, grade_3_or_more, fatal,
                  term, organ_class, grade, causality,
                  event_group (category)
                  term_grade_3, organ_class_serious ...             count (at the worst grade)
                  asked, by visit and over all                      count, percent of subjects due
lab_shift         ``<lab>_from_0``, ``_1_or_more``, ``_not_known``  count of those with the baseline grade
                  (category: worst grade 0 to 4, cannot_tell,
                  missing); ``<lab>_worsened``                      count, cannot_tell; ``_not_measured``
adjudication      question (category: agreed, settled, an outcome)  count, percent, lower and upper
                  kappa, kappa_linear, kappa_quadratic, _fleiss     estimate lower upper se; n
lab_limit         limit of the study file (category: none,          count, percent, lower and upper
                  at_baseline)
toxicity_grade    ``<grading>_worst`` (category: 0 to 4, cannot_    count, percent; asked: of how many known
                  tell); ``_any_grade``, ``_grade_3_or_more``       the same, lower and upper
deviation         code of a check (category: criterion); any,       count, percent of the treated
                  important
exposure          cells, cells_per_kg, day, weight_kg; visit        n mean sd median q1 q3 min max
                  infusion_1, course_2_infusion_1, course_2, all
                  infused, within_dose, reaction; ``lots``          count, percent
                  ``when`` (category: what began it)                count, percent
course            a measure at the baseline of a course, and its    n mean sd lower upper median q1 q3
                  change at visits counted from it (category: the   min max
                  course; subgroup: who had the later one)
                  definition (category: its classes, responder,     count, percent, lower and upper by
                  cannot tell); ``retreated_before`` by visit       clopper_pearson and wilson
                  ``condition_met``, ``retreated_when_met`` ...     count, percent
                  (category: relapse, rule);
                  ``allocated_at_relapse``, ``retreated_in_arm``
                  (category: the arm)
at_relapse        definition (category: responder, cannot tell,     count, percent, lower and upper by
                  not_due) by visit counted from the relapse, of    clopper_pearson and wilson
                  each arm it was allocated to
                  ``<variable>_change`` of each arm, the same       n mean sd se lower upper median ...
                  both, with the contrast                           as comparison
product           donors, lots, infusions; traced_to_lot,           count, percent of donors, lots, infusions;
                  unbroken; ``lot_passage``, ``donor_hiv`` ...      n mean sd median q1 q3 min max
                  (category: a result; infusions_of_lot: the lot)
glucocorticoid    prednisone (category: at_most_7.5, at_most_5,     n mean sd median q1 q3 min max
                  none, raised, raised_since_last) by visit,        cannot_tell; count, percent of known
                  the first two in a lupus trial
concomitant       known, on by visit, started, stopped (category:   count, percent of those known
                  the drug as recorded; none: any of them)
drugs             asked: about other drugs at least once, or one    count, percent
                  is recorded
findings          error, warning, query (category: code)            count
completeness      score or test by planned visit and over all;      count, percent of values due
                  values: of all of them
size              harm_missed: rarer than this it can be missed;    percent; count
                  tests that were made
================  ================================================  ==========================================
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from funis.analysis import summary as analysis_summary
from funis.analysis.absent_values import list_absent
from funis.analysis.after_allocation import compare_allocated
from funis.analysis.baseline_split import describe_split
from funis.analysis.cell_product import describe_product
from funis.analysis.cohorts import derive_populations
from funis.analysis.committee import count_adjudications
from funis.analysis.completeness import count_completeness
from funis.analysis.concomitant import count_concomitant
from funis.analysis.course_efficacy import describe_courses
from funis.analysis.course_frame import add_courses
from funis.analysis.courses_checked import check_courses
from funis.analysis.deviations import count_deviations
from funis.analysis.disposition import count_disposition
from funis.analysis.exposure import describe_exposure
from funis.analysis.findings import check_scored, count_findings, count_recorded_totals
from funis.analysis.follow_up import describe_follow_up
from funis.analysis.glucocorticoid import describe_glucocorticoid
from funis.analysis.lab_limits import count_lab_limits
from funis.analysis.lab_shifts import count_lab_shifts
from funis.analysis.limits_of_size import describe_size
from funis.analysis.observations import (
    Scored,
    gather_grades,
    gather_values,
    long_scores,
    score_instruments,
    visit_frame,
)
from funis.analysis.one_endpoint import analyse_endpoint
from funis.analysis.origin import find_origin
from funis.analysis.outcome_subgroups import form_outcome_subgroups
from funis.analysis.panel import OBSERVATION_COLUMNS, Layout, build_panel
from funis.analysis.recorded_responses import mark_responses
from funis.analysis.run import DECIMALS_OF_PEOPLE, Run
from funis.analysis.safety_counts import count_adverse_events
from funis.analysis.system_grades import count_grades
from funis.analysis.toxicity_grades import count_toxicity_grades
from funis.arguments import STUDY, TABLES, takes
from funis.data.tables import Tables
from funis.errors import Finding
from funis.results import Results
from funis.study.courses import conditional_courses
from funis.study.days import derive_subject_frame, derive_visit_order
from funis.study.model import Study
from funis.study.time_bands import BAND_NAMES, find_band

_log = logging.getLogger(__name__)


@takes(study=STUDY, tables=TABLES)
def analyse(study: Study, tables: Tables) -> Results:
    """Run the whole plan of a study over its data.

    Parameters
    ----------
    study : as ``funis.read_study`` gives it
    tables : as ``funis.read_tables`` or ``funis.tables_from_frames`` gives it;
        values at error level are already left out

    Returns
    -------
    Results : one row a number, each with the recorded values it rests on; listings, findings, provenance

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from funis.data.new_study import new_study
    >>> from funis.study.read import read_study
    >>> from funis.data.tables import read_tables
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = new_study("sle", Path(place) / "trial")
    ...     study = read_study(folder)
    ...     results = analyse(study, read_tables(folder, study))
    >>> results.value("population.enrolled.subjects.n")
    0.0
    """
    scored = score_instruments(study, tables)
    visits = visit_frame(study, tables, scored)
    run = form_outcome_subgroups(start_run(study, tables, scored), visits)
    analysis_summary.describe_populations(run)
    analysis_summary.describe_baseline(run)
    eligible = analysis_summary.describe_eligibility(run)
    count_disposition(run, eligible)
    describe_follow_up(run)
    analysis_summary.summarise_variables(run)
    _summarise_bands(run, study, tables, scored)
    count_grades(run)
    for endpoint in study.endpoints:
        analyse_endpoint(run, endpoint, visits)
    count_adjudications(run)
    describe_split(run, visits)
    gaps = _analyse_beyond(run, visits)
    count_adverse_events(run)
    count_lab_shifts(run)
    count_lab_limits(run)
    count_toxicity_grades(run, scored)
    describe_exposure(run)
    describe_courses(run, tables, scored, visits)
    if study.re_randomisation is not None:
        compare_allocated(
            run, visits, (gather_values(study, tables, scored), gather_grades(scored)), study.endpoints
        )
    describe_glucocorticoid(run)
    count_concomitant(run)
    gaps = (*gaps, *check_courses(run, visits))
    findings = (*tables.findings, *check_scored(study, run.subject_frame, scored, tables.findings), *gaps)
    count_findings(run, findings)
    count_deviations(run, findings)
    describe_product(run, findings)
    count_recorded_totals(run, scored, findings)
    count_completeness(run)
    describe_size(run)
    numbers = mark_responses(run, run.numbers.frame())
    _log.info("computed %d numbers, %d findings", numbers.height, len(findings))
    return Results(
        numbers=numbers,
        sources=run.sources.keep(run.observations(), list_absent(run, scored)),
        provenance=find_origin(study, tables, run.subject_frame),
        listings=run.listings | _listings(run, scored),
        findings=findings,
    )


def _analyse_beyond(run: Run, visits: pl.DataFrame) -> tuple[Finding, ...]:
    """Compute estimands, sensitivity tables and gatekeeping; give what the estimands say nothing about."""
    from funis.analysis.sensitivity import analyse_sensitivity

    gaps: tuple[Finding, ...] = ()
    if run.study.estimands:
        from funis.analysis.estimands import estimate_estimands

        gaps = estimate_estimands(run, visits)
    analyse_sensitivity(run, visits)
    if run.study.multiplicity is not None:
        from funis.analysis.multiplicity import adjust_endpoints

        adjust_endpoints(run, visits)
    if run.study.co_primary is not None:
        from funis.analysis.co_primary import judge_primary_endpoints

        judge_primary_endpoints(run, visits)
    return gaps


def find_gaps(study: Study, tables: Tables) -> tuple[Finding, ...]:
    """Find intercurrent events that an estimand has no strategy for, and courses that are not due.

    Parameters
    ----------
    study, tables : as for `analyse`

    Returns
    -------
    tuple of Finding : none where the study file has no estimand, and no course at relapse or by a rule
    """
    by_condition = conditional_courses(study)
    if not study.estimands and not by_condition:
        return ()
    from funis.analysis.estimands import find_silent_events

    scored = score_instruments(study, tables)
    run = start_run(study, tables, scored)
    courses = check_courses(run, visit_frame(study, tables, scored)) if by_condition else ()
    return (*find_silent_events(run), *courses)


# --- beginning and end ---------------------------------------------------------------------------


def start_run(study: Study, tables: Tables, scored: Mapping[str, Scored]) -> Run:
    """Derive the subject frame, the panel and the populations."""
    values, grades = gather_values(study, tables, scored), gather_grades(scored)
    subject_frame = derive_subject_frame(study, tables.frames, long_scores(scored))
    missing = {name: policy for each in scored.values() for name, policy in each.policies().items()}
    return arrange_run(study, tables.frames, subject_frame, (values, grades), missing)


def arrange_run(
    study: Study,
    tables: Mapping[str, pl.DataFrame],
    subject_frame: pl.DataFrame,
    gathered: tuple[pl.DataFrame, pl.DataFrame],
    missing: Mapping[str, str],
) -> Run:
    """Arrange what was gathered of some subjects as a run.

    Parameters
    ----------
    study : the plan
    tables : the checked tables of these subjects
    subject_frame : their rows, as ``funis.study.days.derive_subject_frame`` gives them
    gathered : their values and their grades, as `gather_values` and `gather_grades` give them
    missing : missing-data policy of each variable
    """
    panel = build_panel(_layout(study, tables, subject_frame), *gathered)
    others, frames, subject_rows = _other_observations(tables, subject_frame, panel.observations.height)
    panel = replace(panel, observations=pl.concat([panel.observations, *others]))
    return Run(
        study=study,
        frames=frames,
        subject_frame=subject_frame,
        panel=panel,
        populations=derive_populations(study, subject_frame),
        missing=missing,
        subject_rows=subject_rows,
        decimals=DECIMALS_OF_PEOPLE | study.report.decimals,
        seen=_seen(tables),
    )


def _layout(study: Study, tables: Mapping[str, pl.DataFrame], subject_frame: pl.DataFrame) -> Layout:
    visits = derive_visit_order(study, tables)
    planned = {visit.name: float(visit.day) for visit in study.visits}
    return Layout(
        subjects=tuple(subject_frame["subject"]),
        visits=visits,
        planned=tuple(planned.get(name, np.nan) for name in visits),
        baseline=study.baseline_visit,
    )


def _other_observations(
    frames: Mapping[str, pl.DataFrame], subject_frame: pl.DataFrame, next_row: int
) -> tuple[list[pl.DataFrame], dict[str, pl.DataFrame], np.typing.NDArray[np.int64]]:
    """Make observations of what is not measured at a visit, so that these counts have sources too.

    Returns the observations, the tables with their row in ``_row``, and the rows of the subjects.
    """
    texts = {
        "adverse_events": (pl.col("term"), pl.col("grade")),
        "infusions": (pl.concat_str([pl.lit("infusion "), pl.col("number")]), pl.col("cells")),
        "safety_questions": (pl.lit("asked"), pl.col("asked")),
        "medications": (pl.concat_str([pl.lit("drug "), pl.col("drug")]), pl.col("dose")),
    }
    found = [_as_observations(subject_frame, pl.lit("subject"), pl.lit(None))]
    numbered = dict(frames)
    subject_rows = np.arange(next_row, next_row + subject_frame.height)
    next_row += subject_frame.height
    for name, (variable, value) in texts.items():
        frame = frames.get(name)
        if frame is None:
            continue
        found.append(_as_observations(frame, variable, value))
        numbered[name] = frame.with_columns(pl.Series("_row", np.arange(next_row, next_row + frame.height)))
        next_row += frame.height
    return found, numbered, subject_rows


def _as_observations(frame: pl.DataFrame, variable: pl.Expr, value: pl.Expr) -> pl.DataFrame:
    visit = pl.col("visit") if "visit" in frame.columns else pl.lit("")
    day = next((pl.col(name) for name in ("day", "start_day") if name in frame.columns), pl.lit(None))
    made = frame.select(
        "subject",
        visit.alias("visit"),
        day.cast(pl.Float64).alias("day"),
        variable.cast(pl.String).alias("variable"),
        variable.cast(pl.String).alias("measure"),
        value.cast(pl.Float64).alias("value"),
        value.cast(pl.String).fill_null("").alias("text"),
        pl.lit(0, pl.Int8).alias("censored"),
        pl.col("_file").alias("file"),
        pl.col("_line").alias("line"),
    )
    return made.select(list(OBSERVATION_COLUMNS))


def _seen(frames: Mapping[str, pl.DataFrame]) -> frozenset[tuple[str, str]]:
    """Gather every subject and visit that anything was recorded of, except the questions themselves."""
    pairs: set[tuple[str, str]] = set()
    for name, frame in frames.items():
        if name == "safety_questions" or not {"subject", "visit"} <= set(frame.columns):
            continue
        attended = (
            frame.filter(pl.col("attended").fill_null(1) != 0) if "attended" in frame.columns else frame
        )
        pairs.update(attended.select("subject", "visit").drop_nulls().unique().iter_rows())
    return frozenset(pairs)


def _summarise_bands(run: Run, study: Study, tables: Tables, scored: Mapping[str, Scored]) -> None:
    """Summarise a cohort without planned visits by bands of time; the last value in a band counts."""
    if not study.has_open_visits:
        return
    banded = []
    for frame in (gather_values(study, tables, scored), gather_grades(scored)):
        known = frame.filter(pl.col("day").is_not_null())
        names = [BAND_NAMES[find_band(day)] for day in known["day"]]
        band = pl.Series("visit", names, dtype=pl.String)
        banded.append(known.with_columns(band))
    used = [name for name in BAND_NAMES if (banded[0]["visit"] == name).any()]
    layout = replace(run.panel.layout, visits=tuple(used), planned=(np.nan,) * len(used), baseline=None)
    within = replace(run, panel=build_panel(layout, banded[0], banded[1]))
    for cohort in run.populations.every_arm():
        for name in within.panel.matrices:
            analysis_summary.summarise_levels(within, cohort, name)


def _listings(run: Run, scored: Mapping[str, Scored]) -> dict[str, pl.DataFrame]:
    """Gather the data of figures and listings."""
    columns = ["subject", "visit", "day", "variable", "value", "text", "censored"]
    levels = run.panel.observations.filter(pl.col("variable").is_in(list(run.panel.matrices)))
    found = {"scores": levels.select(columns), "grades": _list_grades(scored)}
    if len(run.left_out):
        found["influence"] = run.left_out.frame()
    for name in ("infusions", "adverse_events", "disposition", "medications", "visits"):
        frame = run.frame(name)
        if frame is not None:
            shown = frame.select(each for each in frame.columns if each != "_row")
            if name == "adverse_events":
                shown = shown.with_columns(pl.col("start_day").cast(pl.Float64).alias("day"))
            if name == "infusions":
                shown = add_courses(run.study, shown)
            found[name] = shown.rename({"_file": "file", "_line": "line"})
    return found


def _list_grades(scored: Mapping[str, Scored]) -> pl.DataFrame:
    parts = [
        pl.DataFrame(
            schema={"subject": pl.String, "visit": pl.String, "day": pl.Float64, "instrument": pl.String,
                    "system": pl.String, "grade": pl.String, "rule": pl.String}
        )
    ]  # fmt: skip
    for name, each in scored.items():
        for column, system in zip(each.definition.grade_columns, each.definition.systems, strict=False):
            rule = pl.col(f"{column}_rule") if f"{column}_rule" in each.frame.columns else pl.lit("")
            parts.append(
                each.frame.select(
                    "subject",
                    "visit",
                    pl.col("day").cast(pl.Float64),
                    pl.lit(name).alias("instrument"),
                    pl.lit(system).alias("system"),
                    pl.col(column).alias("grade"),
                    rule.cast(pl.String).alias("rule"),
                )
            )
    return pl.concat(parts)
