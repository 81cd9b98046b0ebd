# Writes input.csv and expected.csv. Run in this folder: Rscript make.R
suppressMessages({library(survival); library(cmprsk)})
set.seed(1958)
small <- data.frame(time = c(1, 2, 2, 3, 4, 5, 6, 6, 7, 8, 9, 10), cause = c(1, 2, 0, 1, 1, 0, 2, 1, 0, 1, 2, 0),
  group = rep(c("a", "b"), 6), stratum = rep(c("x", "y", "z"), each = 4))
n <- 60
large <- data.frame(time = ceiling(rexp(n, 1 / 200)), cause = sample(0:2, n, TRUE, c(.4, .4, .2)),
  group = sample(c("a", "b", "c"), n, TRUE), stratum = sample(c("x", "y"), n, TRUE))
all_events <- data.frame(time = c(2, 3, 3, 5, 8, 9), cause = 1, group = rep(c("a", "b"), each = 3), stratum = "x")
sets <- list(small = small, large = large, all_events = all_events)
write.csv(do.call(rbind, lapply(names(sets), function(s) cbind(set = s, sets[[s]]))), "input.csv", row.names = FALSE, quote = FALSE)
rows <- list()
add <- function(set, what, at, value) rows[[length(rows) + 1]] <<- data.frame(set, what, at, value = formatC(as.numeric(value), digits = 15, format = "g"))
for (s in names(sets)) {
  d <- sets[[s]]
  f <- survfit(Surv(time, cause == 1) ~ 1, data = d, conf.type = "log-log")
  add(s, "survival", f$time, f$surv); add(s, "lower", f$time, f$lower); add(s, "upper", f$time, f$upper)
  add(s, "at_risk", f$time, f$n.risk); add(s, "events", f$time, f$n.event); add(s, "standard_error", f$time, f$std.err * f$surv)
  q <- quantile(f, c(.25, .5)); add(s, "quantile", c(.25, .5), q$quantile); add(s, "quantile_lower", c(.25, .5), q$lower); add(s, "quantile_upper", c(.25, .5), q$upper)
  horizon <- if (s == "large") 150 else 8
  m <- summary(f, rmean = horizon)$table
  add(s, "rmst", horizon, m["rmean"]); add(s, "rmst_se", horizon, m["se(rmean)"])
  g <- survdiff(Surv(time, cause == 1) ~ group, data = d); add(s, "log_rank", 0, g$chisq); add(s, "log_rank_expected", seq_along(g$exp), g$exp)
  if (s != "all_events") {
    g <- survdiff(Surv(time, cause == 1) ~ group + strata(stratum), data = d); add(s, "log_rank_strata", 0, g$chisq)
    j <- survfit(Surv(time, factor(cause)) ~ 1, data = d)
    for (k in 1:2) {
      add(s, paste0("incidence_", k), j$time, j$pstate[, k + 1]); add(s, paste0("incidence_se_", k), j$time, j$std.err[, k + 1])
      c0 <- timepoints(cuminc(d$time, d$cause), j$time[j$time <= max(d$time[d$cause > 0])])
      add(s, paste0("cuminc_", k), as.numeric(colnames(c0$est)), c0$est[k, ])
    }
  }
}
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
