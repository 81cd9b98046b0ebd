# Writes input.csv and expected.csv. Run in this folder: Rscript make.R
suppressMessages(library(lme4))
set.seed(1992)
sets <- list(
  balanced = data.frame(group = rep(letters[1:4], each = 6), value = round(rep(rnorm(4, 0, 2), each = 6) + rnorm(24, -4, 2), 3)),
  unbalanced = data.frame(group = rep(letters[1:5], c(2, 9, 4, 14, 1)), value = round(rep(rnorm(5, 0, 1.5), c(2, 9, 4, 14, 1)) + rnorm(30, -3, 3), 3)),
  alike = data.frame(group = rep(letters[1:4], each = 5), value = c(1, 5, 9, 3, 7, 2, 4, 8, 6, 5, 9, 1, 3, 7, 5.5, 4, 6, 2, 8, 5)))
write.csv(do.call(rbind, lapply(names(sets), function(s) cbind(set = s, sets[[s]]))), "input.csv", row.names = FALSE, quote = FALSE)
rows <- list()
add <- function(set, what, value) rows[[length(rows) + 1]] <<- data.frame(set, what, value = formatC(value, digits = 12, format = "g"))
for (s in names(sets)) {
  d <- sets[[s]]
  m <- suppressMessages(lmer(value ~ 1 + (1 | group), d, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-14))))
  v <- as.data.frame(VarCorr(m))
  add(s, "mean", fixef(m)); add(s, "standard_error", sqrt(as.matrix(vcov(m))[1, 1])); add(s, "between_sd", v$sdcor[1]); add(s, "within_sd", v$sdcor[2])
  a <- anova(lm(value ~ group, d)); add(s, "f", a$F[1]); add(s, "p", a$`Pr(>F)`[1])
}
# limits of the intraclass correlation, balanced: exact, Searle 1971, eq. 9.37
d <- sets$balanced; a <- anova(lm(value ~ group, d)); k <- 6
for (q in c(.975, .025)) { t <- a$F[1] / qf(q, 3, 20); add("balanced", if (q > .5) "icc_lower" else "icc_upper", max(0, (t - 1) / (t + k - 1))) }
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
