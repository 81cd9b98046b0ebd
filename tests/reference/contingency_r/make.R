# Writes expected.csv. Run in this folder: Rscript make.R
suppressMessages(library(coin))
rows <- list()
add <- function(test, case, alternative, p, statistic = NA)
  rows[[length(rows) + 1]] <<- data.frame(test, case, alternative, quantity = c("p", "statistic"),
    value = trimws(formatC(c(p, statistic), digits = 15, format = "g")))
sides <- c("two.sided", "less", "greater")
for (c0 in list(c(29, 40, .5), c(3, 40, .163), c(0, 24, .1), c(24, 24, .8), c(7, 29, .4), c(14, 40, .398)))
  for (a in sides) add("binomial", paste(c0, collapse = " "), a, binom.test(c0[1], c0[2], c0[3], alternative = a)$p.value)
for (c0 in list(c(3, 4, 1, 4), c(12, 20, 5, 22), c(0, 9, 4, 8), c(14, 40, 15, 40), c(28, 81, 40, 68)))
  for (a in sides) {
    m <- matrix(c(c0[1], c0[2] - c0[1], c0[3], c0[4] - c0[3]), 2)
    add("fisher", paste(c0, collapse = " "), a, fisher.test(m, alternative = a)$p.value)
  }
# McNemar by its discordant pairs: gained, lost
for (c0 in list(c(0, 5), c(2, 9), c(6, 6), c(1, 12), c(0, 1))) {
  n <- sum(c0); k <- min(c0)
  add("mcnemar", paste(c0, collapse = " "), "two.sided", binom.test(c0[1], n)$p.value)
  # Fagerland and others 2013: exact P minus the chance of the observed count; 1 - half of that chance for a tie
  mid <- if (c0[1] == c0[2]) 1 - dbinom(k, n, .5) / 2 else 2 * pbinom(k, n, .5) - dbinom(k, n, .5)
  add("mcnemar_mid", paste(c0, collapse = " "), "two.sided", mid)
}
set.seed(7)
tables <- list(four = matrix(rbinom(18 * 4, 1, rep(c(.75, .6, .5, .4), each = 18)), 18), three = matrix(rbinom(9 * 3, 1, rep(c(.8, .5, .3), each = 9)), 9))
long <- list()
for (name in names(tables)) {
  m <- tables[[name]]
  d <- data.frame(y = factor(as.vector(m)), visit = factor(as.vector(col(m))), subject = factor(as.vector(row(m))))
  t <- symmetry_test(y ~ visit | subject, data = d, teststat = "quadratic")
  add("cochran_q", name, "two.sided", as.numeric(pvalue(t)), as.numeric(statistic(t)))
  long[[name]] <- data.frame(table = name, subject = as.vector(row(m)), visit = as.vector(col(m)), answer = as.vector(m))
}
write.csv(do.call(rbind, long), "input.csv", row.names = FALSE, quote = FALSE)
# Exact Cochran's Q of table "three" by listing every arrangement within subjects
m <- tables$three; rows_moved <- m[rowSums(m) %in% 1:2, , drop = FALSE]
sums <- list(c(0, 0, 0)); chance <- 1
for (i in seq_len(nrow(rows_moved))) {
  k <- sum(rows_moved[i, ]); places <- combn(3, k)
  new <- list(); newchance <- c()
  for (s in seq_along(sums)) for (j in seq_len(ncol(places))) {
    v <- sums[[s]]; v[places[, j]] <- v[places[, j]] + 1
    new[[length(new) + 1]] <- v; newchance <- c(newchance, chance[s] / ncol(places))
  }
  key <- sapply(new, paste, collapse = " "); agg <- tapply(newchance, key, sum)
  sums <- lapply(names(agg), function(z) as.numeric(strsplit(z, " ")[[1]])); chance <- as.numeric(agg)
}
observed <- sum(colSums(rows_moved)^2)
add("cochran_exact", "three", "two.sided", sum(chance[sapply(sums, function(v) sum(v^2)) >= observed]))
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
