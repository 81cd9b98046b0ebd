# Rscript make.R   (R 4.2.2, lme4 1.1-31, lmerTest 3.1-3, pbkrtest 0.5.2)
suppressMessages({library(lme4); library(lmerTest)})
out <- NULL
for (set in c("unbalanced", "two_visits")) {
  d <- read.csv(paste0(set, ".csv"), stringsAsFactors = TRUE)
  form <- if (set == "two_visits") y ~ arm + visit + base + (1 | id) else y ~ arm * visit + base + (1 | id)
  fit <- lmerTest::lmer(form, d, control = lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12)))
  for (df in c("Satterthwaite", "Kenward-Roger")) {
    z <- coef(summary(fit, ddf = df))
    out <- rbind(out, data.frame(set, df = tolower(df), term = rownames(z), estimate = sprintf("%.12g", z[, 1]),
      se = sprintf("%.12g", z[, 2]), dof = sprintf("%.12g", z[, 3]), log_likelihood = sprintf("%.12g", logLik(fit))))
  }
}
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
