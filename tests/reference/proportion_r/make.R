# Writes expected.csv. Run in this folder: Rscript make.R
rows <- list()
add <- function(method, k, n, level, lower, upper)
  rows[[length(rows) + 1]] <<- data.frame(method, k, n, level, lower = formatC(lower, digits = 15, format = "g"),
    upper = formatC(upper, digits = 15, format = "g"))
for (c0 in list(c(14, 40), c(15, 40), c(29, 40), c(0, 40), c(0, 24), c(5, 6), c(7, 29), c(3, 29), c(24, 24), c(1, 3), c(437, 1000)))
  for (level in c(.95, .9)) {
    k <- c0[1]; n <- c0[2]; a <- (1 - level) / 2
    e <- binom.test(k, n, conf.level = level)$conf.int; add("clopper_pearson", k, n, level, e[1], e[2])
    w <- suppressWarnings(prop.test(k, n, conf.level = level, correct = FALSE))$conf.int; add("wilson", k, n, level, w[1], w[2])
    add("jeffreys", k, n, level, if (k == 0) 0 else qbeta(a, k + .5, n - k + .5), if (k == n) 1 else qbeta(1 - a, k + .5, n - k + .5))
    below <- function(p) pbinom(k - 1, n, p) + dbinom(k, n, p) / 2
    root <- function(target) uniroot(function(p) below(p) - target, c(0, 1), tol = 1e-15)$root
    add("mid_p", k, n, level, if (k == 0) 0 else root(1 - a), if (k == n) 1 else root(a))
  }
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
