# Rscript make.R   (R 4.2.2, nlme 3.1-162, clubSandwich 0.5.8, emmeans 1.8.4-1)
# input.csv: 40 subjects x 5 visits, simulated, 14 outcomes missing (the same file as ../mmrm_r/s40x5.csv, plus a weight).
library(nlme); library(clubSandwich); library(emmeans)
d <- read.csv("input.csv", stringsAsFactors = FALSE)
d$visit <- factor(d$visit); d$arm <- factor(d$arm, levels = c("PBO", "MSC"))
d <- d[!is.na(d$y), ]; d$t <- as.integer(d$visit); d <- d[order(d$id, d$t), ]
d$inverse <- 1 / d$w
ctl <- glsControl(msTol = 1e-13, tolerance = 1e-11, msMaxIter = 1000, maxIter = 1000, opt = "nlminb")
form <- y ~ arm * visit + base
number <- function(x) sprintf("%.12g", x)
by_visit <- varIdent(form = ~ 1 | visit)
fits <- list(
  ar1 = function(m) gls(form, d, correlation = corAR1(form = ~ t | id), method = m, control = ctl),
  ar1h = function(m) gls(form, d, correlation = corAR1(form = ~ t | id), weights = by_visit, method = m, control = ctl),
  cs = function(m) gls(form, d, correlation = corCompSymm(form = ~ t | id), method = m, control = ctl),
  csh = function(m) gls(form, d, correlation = corCompSymm(form = ~ t | id), weights = by_visit, method = m, control = ctl),
  toep = function(m) gls(form, d, correlation = corARMA(form = ~ t | id, p = 4), method = m, control = ctl),
  toeph = function(m) gls(form, d, correlation = corARMA(form = ~ t | id, p = 4), weights = by_visit, method = m, control = ctl),
  us = function(m) gls(form, d, correlation = corSymm(form = ~ t | id), weights = by_visit, method = m, control = ctl),
  sp_exp = function(m) gls(form, d, correlation = corExp(form = ~ t | id), method = m, control = ctl),
  ar1_weighted = function(m) gls(form, d, correlation = corAR1(form = ~ t | id), weights = varFixed(~ inverse), method = m, control = ctl))
out <- robust <- means <- NULL
for (n in names(fits)) for (m in c("REML", "ML")) {
  f <- tryCatch(fits[[n]](m), error = function(e) { message(n, " ", m, ": ", conditionMessage(e)); NULL })
  if (is.null(f)) next
  out <- rbind(out, data.frame(covariance = n, method = m, term = names(coef(f)), estimate = number(coef(f)),
    se = number(sqrt(diag(f$varBeta))), log_likelihood = number(as.numeric(logLik(f)))))
  if (m == "REML" && n %in% c("ar1", "us")) for (type in c("CR0", "CR3"))
    robust <- rbind(robust, data.frame(covariance = n, type = type, term = names(coef(f)),
      se = number(sqrt(diag(as.matrix(vcovCR(f, cluster = d$id, type = type)))))))
  if (m == "REML" && n == "ar1") for (w in c("equal", "proportional")) {
    e <- as.data.frame(emmeans(f, ~ arm, data = d, weights = w, mode = "df.error"))
    means <- rbind(means, data.frame(weights = w, arm = e$arm, estimate = number(e$emmean), se = number(e$SE)))
  }
}
write.csv(out, "expected.csv", row.names = FALSE, quote = FALSE)
write.csv(robust, "expected_sandwich.csv", row.names = FALSE, quote = FALSE)
write.csv(means, "expected_means.csv", row.names = FALSE, quote = FALSE)
