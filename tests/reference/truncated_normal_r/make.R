# Writes expected.csv. Run in this folder: Rscript make.R
library(truncnorm)
# From mean and standard deviation of a normal and its cut to those of the part above the cut.
cases <- expand.grid(mu = c(4, 6.9, 9), sigma = c(2.5, 4.5), limit = c(5.5, 6.5))
cases$mean <- mapply(function(m, s, c) etruncnorm(c, Inf, m, s), cases$mu, cases$sigma, cases$limit)
cases$sd <- mapply(function(m, s, c) sqrt(vtruncnorm(c, Inf, m, s)), cases$mu, cases$sigma, cases$limit)
cases$share <- 1 - pnorm(cases$limit, cases$mu, cases$sigma)
write.csv(format(cases, digits = 15), "expected.csv", row.names = FALSE, quote = FALSE)
