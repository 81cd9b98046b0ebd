# Rscript make.R   (R 4.2.2, exactRankTests 0.8-35, survival 3.5-3): every number of the report from the tables alone.
suppressMessages({library(exactRankTests); library(survival)})
rows <- list()
add <- function(place, statistic, value, method = "") rows[[length(rows) + 1]] <<- data.frame(
  analysis = place[1], endpoint = place[2], population = place[3], subgroup = place[4], visit = place[5],
  variable = place[6], statistic = statistic, method = method, value = as.numeric(value))
read <- function(name) read.csv(file.path("input", "data", paste0(name, ".csv")), colClasses = "character",
  na.strings = c("", "ND"))
number <- as.numeric
describe <- function(place, x, interval = TRUE, geometric = NULL) {
  n <- length(x)
  add(place, "n", n); add(place, "mean", mean(x)); add(place, "sd", sd(x)); add(place, "median", median(x))
  add(place, "q1", quantile(x, 0.25)); add(place, "q3", quantile(x, 0.75)); add(place, "min", min(x)); add(place, "max", max(x))
  if (interval) { ci <- t.test(x)$conf.int; add(place, "se", sd(x) / sqrt(n))
    add(place, "lower", ci[1], "student_t"); add(place, "upper", ci[2], "student_t") }
  if (!is.null(geometric)) add(place, "geometric_mean", geometric)
}
at_limit <- "values beyond a limit at the limit"
describe_censored <- function(place, x, k) {
  add(place, "n", length(x)); add(place, "censored", k); add(place, "median", median(x), at_limit)
  add(place, "q1", quantile(x, 0.25), at_limit); add(place, "q3", quantile(x, 0.75), at_limit)
  add(place, "min", min(x), at_limit); add(place, "max", max(x), at_limit)
}
rate <- function(place, k, n, limits = FALSE) {
  add(place, "count", k); add(place, "percent", 100 * k / n)
  if (!limits) return(invisible())
  exact <- 100 * binom.test(k, n)$conf.int; score <- 100 * suppressWarnings(prop.test(k, n, correct = FALSE))$conf.int
  add(place, "lower", exact[1], "clopper_pearson"); add(place, "upper", exact[2], "clopper_pearson")
  add(place, "lower", score[1], "wilson"); add(place, "upper", score[2], "wilson")
}
# --- tables
subjects <- read("subjects"); id <- subjects$subject; infusions <- read("infusions"); visits <- read("visits")
seen <- c("baseline", "month_3", "month_6"); later <- seen[-1]
wide <- function(who, when, value) { m <- matrix(NA_real_, length(id), 3, dimnames = list(id, seen))
  m[cbind(match(who, id), match(when, seen))] <- value; m }
weights <- c(seizure = 8, psychosis = 8, organic_brain_syndrome = 8, visual_disturbance = 8, cranial_nerve = 8,
  lupus_headache = 8, cva = 8, vasculitis = 8, arthritis = 4, myositis = 4, urinary_casts = 4, hematuria = 4, proteinuria = 4,
  pyuria = 4, rash = 2, alopecia = 2, mucosal_ulcers = 2, pleurisy = 2, pericarditis = 2, low_complement = 2,
  increased_dna_binding = 2, fever = 1, thrombocytopenia = 1, leukopenia = 1)
scored <- read("sledai_2k")
value <- list(sledai_2k = wide(scored$subject, scored$visit, as.vector(sapply(scored[names(weights)], number) %*% weights)))
below <- list(sledai_2k = 0 * value$sledai_2k)
labs <- read("labs"); labs <- labs[!is.na(labs$value), ]
for (test in c("c3", "ana", "anti_dsdna")) { part <- labs[labs$test == test, ]; x <- number(part$value)
  value[[test]] <- wide(part$subject, part$visit, if (test == "ana") log2(x / 10) else x)
  below[[test]] <- wide(part$subject, part$visit, as.numeric(!is.na(part$comparator))) }
treated <- id %in% infusions$subject; low_c3 <- value$c3[, "baseline"] < 0.7; everybody <- rep(TRUE, length(id))
# --- who
for (p in list(list("enrolled", everybody), list("treated", treated))) {
  add(c("population", "", p[[1]], "all", "all", "subjects"), "n", sum(p[[2]]))
  add(c("population", "", p[[1]], "low_c3", "all", "subjects"), "n", sum(p[[2]] & low_c3)) 
  for (s in c("all", "low_c3")) add(c("population", "", p[[1]], s, "all", "subjects"), "cannot_tell", 0) }
for (p in list(list("enrolled", "all", everybody), list("treated", "all", treated), list("enrolled", "low_c3", low_c3))) {
  place <- function(v) c("baseline", "", p[[1]], p[[2]], "baseline", v); k <- p[[3]]
  age <- number(subjects$age)[k]; describe(place("age"), age[!is.na(age)], FALSE)
  describe(place("weight_kg"), number(subjects$weight_kg)[k], FALSE)
  for (name in c("sex", "site")) for (level in unique(subjects[[name]][k]))
    rate(place(paste0(name, ": ", level)), sum(subjects[[name]][k] == level), sum(k)) }
disposition <- read("disposition")
flow <- c(enrolled = 12, consented = sum(!is.na(subjects$consent_date)), not_treated = sum(!treated), treated = sum(treated))
for (name in names(flow)) rate(c("disposition", "", "enrolled", "all", "all", name), flow[[name]], 12)
was_treated <- treated[match(disposition$subject, id)]
for (s in unique(disposition$status[was_treated]))
  rate(c("disposition", "", "treated", "all", "all", s), sum(disposition$status == s & was_treated), sum(treated))
for (s in unique(disposition$status[!was_treated]))
  rate(c("disposition", "", "enrolled", "all", "all", paste0(s, ": not_treated")), sum(disposition$status == s & !was_treated), sum(!treated))
# --- values, changes, tests
change <- lapply(value, function(m) round(m - m[, "baseline"], 9))
unsure <- lapply(below, function(m) pmax(m, m[, "baseline"]))
geometric <- function(name, x) if (name == "ana") 10 * 2^mean(x) else if (name == "sledai_2k") NULL else exp(mean(log(x)))
course <- function(population, subgroup, k, name) for (visit in seen) {
  x <- value[[name]][k, visit]; ok <- !is.na(x); place <- c("summary", "", population, subgroup, visit, name)
  if (sum(below[[name]][k, visit][ok]) > 0) describe_censored(place, x[ok], sum(below[[name]][k, visit][ok]))
  else describe(place, x[ok], TRUE, geometric(name, x[ok]))
  if (visit == "baseline") next
  x <- change[[name]][k, visit]; ok <- !is.na(x); place <- c("change", "", population, subgroup, visit, paste0(name, "_change"))
  if (sum(unsure[[name]][k, visit][ok]) > 0) describe_censored(place, x[ok], sum(unsure[[name]][k, visit][ok]))
  else describe(place, x[ok])
}
for (name in names(value)) { course("enrolled", "all", everybody, name); course("treated", "all", treated, name) }
course("treated", "low_c3", treated & low_c3, "sledai_2k")
ranks_test <- function(place, x) {
  n <- length(x); walsh <- outer(x, x, "+") / 2; walsh <- sort(walsh[!lower.tri(walsh)])
  found <- wilcox.exact(x[x != 0], exact = TRUE); q <- qsignrank(0.025, n)
  add(place, "statistic", found$statistic, "wilcoxon"); add(place, "p", found$p.value, "wilcoxon")
  add(place, "estimate", median(walsh), "wilcoxon")
  add(place, "lower", if (q > 0) walsh[q] else NA, "wilcoxon")
  add(place, "upper", if (q > 0) walsh[n * (n + 1) / 2 + 1 - q] else NA, "wilcoxon")
  if (any(x == 0)) add(place, "zero_changes", sum(x == 0), "wilcoxon")
  found$p.value
}
t_test <- function(place, x) {
  found <- t.test(x); m <- "paired_t"
  add(place, "estimate", found$estimate, m); add(place, "lower", found$conf.int[1], m); add(place, "upper", found$conf.int[2], m)
  add(place, "statistic", found$statistic, m); add(place, "df", found$parameter, m); add(place, "p", found$p.value, m)
  least <- 2 / 2^length(x)  # the smallest P of an exact test: all changes in one direction
  if (found$p.value < least && least >= 0.001) add(place, "p_exact_least", least, m)
  found$p.value
}
signs_test <- function(place, x) {
  n <- length(x); q <- qbinom(0.025, n, 0.5); x <- sort(x); m <- "sign_test"; found <- binom.test(sum(x > 0), sum(x != 0))
  add(place, "statistic", sum(x > 0), m); add(place, "p", found$p.value, m); add(place, "estimate", median(x), m)
  add(place, "lower", if (q > 0) x[q] else NA, m); add(place, "upper", if (q > 0) x[n + 1 - q] else NA, m)
  found$p.value
}
compare <- function(endpoint, subgroup, k, name, test, method, adjust) {
  p <- c()
  for (visit in later) { x <- change[[name]][k, visit]; ok <- !is.na(x)
    place <- c("test", endpoint, "treated", subgroup, visit, paste0(name, "_change"))
    if (method == "paired_t" && sum(unsure[[name]][k, visit][ok]) > 0) { add(place, "p", NA, method); next }
    p[visit] <- test(place, x[ok]) }
  for (visit in names(p)) add(c("test", endpoint, "treated", subgroup, visit, paste0(name, "_change")), "p_adjusted",
    p.adjust(p, adjust)[visit], paste0(method, ", ", adjust))
}
for (s in list(list("all", treated), list("low_c3", treated & low_c3))) {
  compare("activity", s[[1]], s[[2]], "sledai_2k", t_test, "paired_t", "holm")
  compare("activity", s[[1]], s[[2]], "sledai_2k", ranks_test, "wilcoxon", "holm")
  compare("activity", s[[1]], s[[2]], "sledai_2k", signs_test, "sign_test", "holm") }
for (name in c("c3", "ana", "anti_dsdna")) {
  compare("labs", "all", treated, name, t_test, "paired_t", "hochberg")
  compare("labs", "all", treated, name, ranks_test, "wilcoxon", "hochberg") }
# --- survival: from the first infusion to death, else to the last day known
day0 <- as.Date(infusions$date); names(day0) <- infusions$subject; who <- id[treated]
end <- as.numeric(as.Date(disposition$date) - day0[disposition$subject]); names(end) <- disposition$subject
last <- tapply(as.numeric(as.Date(visits$date) - day0[visits$subject]), visits$subject, max)
left <- disposition$subject[disposition$status %in% c("withdrew", "lost", "died")]
time <- ifelse(who %in% left, end[who], pmax(end[who], last[who])); died <- who %in% disposition$subject[disposition$status == "died"]
curve <- survfit(Surv(time, died) ~ 1, conf.type = "log-log"); m <- "kaplan_meier"
place <- function(visit) c("time_to_event", "survival", "treated", "all", visit, "death")
add(place("all"), "n", length(who)); add(place("all"), "events", sum(died))
middle <- quantile(curve, 0.5)
add(place("all"), "median", middle$quantile, m); add(place("all"), "lower", middle$lower, m); add(place("all"), "upper", middle$upper, m)
for (v in list(list("month_3", 69, 111, 90), list("month_6", 150, 210, 180))) {
  add(place(v[[1]]), "planned_time", v[[4]])
  s <- summary(curve, times = min(v[[3]], max(time))); whole <- s$surv == 1
  add(place(v[[1]]), "survival", s$surv, m); add(place(v[[1]]), "lower", if (whole) NA else s$lower, m)
  add(place(v[[1]]), "upper", if (whole) NA else s$upper, m)
  add(place(v[[1]]), "at_risk", sum(time >= v[[2]])); add(place(v[[1]]), "events", sum(died & time <= v[[3]])) }
# --- safety
events <- read("adverse_events"); events <- events[events$subject %in% who, ]; n <- length(who)
events$term <- tolower(events$term); events$grade <- number(events$grade)
count_events <- function(variable, chosen, limits = FALSE, counted = chosen) {
  p <- c("adverse_events", "", "treated", "all", "all", variable)
  rate(p, length(unique(events$subject[counted])), n, limits); add(p, "events", sum(chosen)) }
count_events("any", rep(TRUE, nrow(events)), TRUE); count_events("serious", events$serious == "1", TRUE)
count_events("related", events$related == "1"); count_events("grade_3_or_more", events$grade >= 3)
count_events("fatal", events$outcome == "fatal" | events$grade == 5)
highest <- ave(events$grade, events$subject, FUN = max)
for (g in sort(unique(events$grade)))
  count_events(paste0("grade: ", g), events$grade == g, counted = events$grade == g & highest == g)
for (t in unique(events$term)) count_events(paste0("term: ", t), events$term == t)
questions <- read("safety_questions"); questions <- questions[questions$subject %in% who, ]; due <- asked <- 0
for (visit in later) {
  here <- unique(visits$subject[visits$visit == visit & visits$subject %in% who])
  k <- sum(questions$visit == visit & questions$asked == "1"); due <- due + length(here); asked <- asked + k
  rate(c("adverse_events", "", "treated", "all", visit, "asked"), k, length(here)) }
rate(c("adverse_events", "", "treated", "all", "all", "asked"), asked, due)
cells <- number(infusions$cells); weight <- number(infusions$weight_kg)
exposure <- function(visit, variable) c("exposure", "", "treated", "all", visit, variable)
for (visit in c("infusion_1", "all")) { describe(exposure(visit, "cells"), cells, FALSE)
  describe(exposure(visit, "cells_per_kg"), cells / weight, FALSE) }
describe(exposure("infusion_1", "day"), rep(0, n), FALSE); describe(exposure("infusion_1", "weight_kg"), weight, FALSE)
rate(exposure("infusion_1", "infused"), nrow(infusions), n); rate(exposure("all", "infusions: 1"), nrow(infusions), n)
rate(exposure("infusion_1", "reaction"), sum(infusions$reaction != "none"), n)
rate(exposure("infusion_1", "within_dose"), sum(abs(cells / weight / 1e6 - 1) <= 0.2 + 1e-12), n)
out <- do.call(rbind, rows); out$value <- ifelse(is.na(out$value), "", sprintf("%.15g", out$value))
write.csv(out, "expected.csv", row.names = FALSE, quote = TRUE)
