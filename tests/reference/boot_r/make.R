# Writes input.csv, replicates.csv and expected.csv. Run in this folder: Rscript make.R
library(boot)
set.seed(1987)
x <- c(-8, -3, -5, -1, 0, -6, -2, -4, 3, -7, -10, -2, -1, -5, -21)
write.csv(data.frame(value = x), "input.csv", row.names = FALSE)
rows <- list(); reps <- list()
for (name in c("mean", "median_ratio", "sd")) {
  f <- switch(name, mean = function(d, i) mean(d[i]), median_ratio = function(d, i) median(d[i]) / (1 + mean(abs(d[i]))), sd = function(d, i) sd(d[i]))
  b <- boot(x, f, R = 1999)
  # influences as (n - 1) (mean of leave-one-out estimates - own estimate), as Efron 1987 has them
  loo <- sapply(seq_along(x), function(j) f(x[-j], seq_len(length(x) - 1)))
  L <- (length(x) - 1) * (mean(loo) - loo)
  ci <- boot.ci(b, conf = c(.9, .95), type = c("basic", "perc", "bca"), L = L)
  reps[[name]] <- data.frame(statistic = name, t = formatC(as.vector(b$t), digits = 16, format = "g"))
  for (kind in c("basic", "percent", "bca")) for (r in 1:2)
    rows[[length(rows) + 1]] <- data.frame(statistic = name, method = c(basic = "basic", percent = "percentile", bca = "bca")[[kind]],
      level = ci[[kind]][r, 1], estimate = formatC(b$t0, digits = 16, format = "g"), lower = formatC(ci[[kind]][r, 4], digits = 15, format = "g"), upper = formatC(ci[[kind]][r, 5], digits = 15, format = "g"))
  rows[[length(rows) + 1]] <- data.frame(statistic = name, method = "influence", level = seq_along(L), estimate = formatC(L, digits = 15, format = "g"), lower = NA, upper = NA)
}
write.csv(do.call(rbind, reps), "replicates.csv", row.names = FALSE, quote = FALSE)
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
