"""Run the plan of a study over its data: scores, responses, populations, statistics -> results.

The rows of the list of numbers, by ``analysis`` (see ``results.py`` for the columns). ``subgroup``,
``arm`` and ``visit`` are ``all`` where not divided; a category stands after the variable's name, as in
``sex: female``; ``population`` is ``enrolled`` for every subject of the data.

================  ================================================  ==========================================
analysis          variable                                          statistics
================  ================================================  ==========================================
population        subjects                                          n (members), cannot_tell
disposition       screened consented enrolled eligible treated      count, percent of enrolled
                  completed ongoing withdrew lost died
eligibility       id of the criterion; ``eligible``                 count (met), percent, not_met, cannot_tell
baseline          age, weight_kg, height_cm,                        n mean sd median q1 q3 min max
                  disease_duration_years
                  ``sex: female``, ``site: 01``                     count, percent
summary           every score and lab, by visit (baseline too)      n mean sd se lower upper median q1 q3 min max
                                                                    censored, geometric_mean (skewed labs)
change            ``<variable>_change`` by visit                    n mean sd se lower upper median q1 q3 min max
test              ``<variable>_change`` by visit; endpoint id;      n estimate lower upper statistic df p
                  method paired_t wilcoxon sign_test bootstrap      p_adjusted (method as ``paired_t, holm``)
mmrm              ``<variable>_change`` by visit; endpoint id       n estimate se lower upper df p
systems           ``bilag_2004_renal: A`` by visit                  count, percent
                  ``bilag_2004_renal`` by visit; endpoint id        n improved worsened unchanged p p_adjusted
response          ``<definition>: MCR``, ``...: responder``,        count, percent, lower and upper by
                  ``...: sustained``, ``...: cannot tell``          clopper_pearson and wilson
relapse           relapse; population is the denominator:           count, percent, lower and upper by
                  enrolled, responders, at_risk; visit or all       clopper_pearson and wilson
time_to_event     relapse, death ... at the planned visits          survival, lower, upper, at_risk, events;
                                                                    n, events, median over all
adverse_events    any, serious, related, grade_3_or_more, fatal,    count and percent of subjects, events
                  ``term: herpes zoster``, ``grade: 3``
                  asked, by visit and over all                      count, percent of subjects due
exposure          cells, cells_per_kg, day, weight_kg; visit        n mean sd median q1 q3 min max
                  infusion_1, infusion_2, all (sum)
                  infused, within_dose, reaction; ``lots``          count, percent
faults            error, warning, query; ``error: code``            count
================  ================================================  ==========================================
"""
