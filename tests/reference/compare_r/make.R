# Writes input.csv and expected.csv. Run in this folder: Rscript make.R
suppressMessages({library(exactRankTests); library(coin)})
set.seed(20140311)
samples <- list(
  untied = round(rnorm(15, -1, 2), 4),
  small = c(-1.3, -2.1, -0.4, -3.2, -5.5),
  ties = c(-1, -1, -2, 0, -3, -4, 2, 1, -6, -2, 3, -1, -5, -2),
  zeros = c(0, 0, 0, -1, -2, -2, -3, 1, 0, -4, -1),
  forty = as.numeric(rpois(40, 4) - rpois(40, 7)),
  fortynine = round(rnorm(49, 0.4, 1), 5),
  first = round(rnorm(12, 0, 1), 6),
  second = round(rnorm(17, 0.9, 2), 6),
  tied_first = c(1, 2, 2, 3, 5, 5, 7),
  tied_second = c(2, 3, 3, 4, 5, 8, 8, 9, 9)
)
input <- do.call(rbind, lapply(names(samples), function(s) data.frame(sample = s, value = samples[[s]])))
write.csv(input, "input.csv", row.names = FALSE, quote = FALSE)
rows <- list()
add <- function(test, sample, alternative, ...) {
  v <- list(...)
  rows[[length(rows) + 1]] <<- data.frame(test = test, sample = sample, alternative = alternative,
    quantity = names(v), value = sapply(v, function(x) formatC(x, digits = 15, format = "g", mode = "double")))
}
sides <- c("two.sided", "less", "greater")
for (s in c("untied", "small", "ties", "zeros", "forty", "fortynine")) {
  x <- samples[[s]]
  nonzero <- x[x != 0]
  whole <- if (all(x == round(x))) x else NULL
  for (a in sides) {
    t <- t.test(x, alternative = a)
    if (a == "two.sided") add("t", s, a, statistic = t$statistic, df = t$parameter, p = t$p.value,
      estimate = t$estimate, lower = t$conf.int[1], upper = t$conf.int[2]) else add("t", s, a, p = t$p.value)
    w <- wilcox.exact(x, alternative = a, exact = TRUE)   # zeros dropped
    add("signed_rank_exact", s, a, statistic = w$statistic, p = w$p.value)
    n <- suppressWarnings(wilcox.test(x, alternative = a, exact = FALSE, correct = TRUE))
    add("signed_rank_normal", s, a, statistic = n$statistic, p = n$p.value)
    if (s %in% c("untied", "fortynine") && a == "two.sided") {
      e <- wilcox.test(x, exact = TRUE, conf.int = TRUE)
      add("signed_rank_exact", s, a, estimate = e$estimate, lower = e$conf.int[1], upper = e$conf.int[2])
    }
    sides_coin <- c(two.sided = "two.sided", less = "less", greater = "greater")[[a]]
    c0 <- wilcoxsign_test(x ~ rep(0, length(x)), distribution = exact(), zero.method = "Pratt", alternative = sides_coin)
    add("signed_rank_pratt", s, a, p = as.numeric(pvalue(c0)))
    b <- binom.test(sum(x > 0), length(nonzero), alternative = a)
    add("sign", s, a, p = b$p.value, statistic = b$statistic)
    if (!is.null(whole)) add("permutation", s, a, p = perm.test(as.integer(whole), alternative = a, exact = TRUE)$p.value)
  }
}
for (pair in list(c("first", "second"), c("tied_first", "tied_second"))) {
  x <- samples[[pair[1]]]; y <- samples[[pair[2]]]; s <- paste(pair, collapse = "+")
  for (a in sides) {
    t <- t.test(x, y, alternative = a); add("welch", s, a, statistic = t$statistic, df = t$parameter, p = t$p.value)
    q <- t.test(x, y, alternative = a, var.equal = TRUE); add("student", s, a, statistic = q$statistic, df = q$parameter, p = q$p.value)
    if (a == "two.sided") {
      add("welch", s, a, lower = t$conf.int[1], upper = t$conf.int[2])
      add("student", s, a, lower = q$conf.int[1], upper = q$conf.int[2])
    }
    w <- wilcox.exact(x, y, alternative = a, exact = TRUE)
    add("rank_sum_exact", s, a, statistic = w$statistic, p = w$p.value)
    n <- suppressWarnings(wilcox.test(x, y, alternative = a, exact = FALSE, correct = TRUE))
    add("rank_sum_normal", s, a, statistic = n$statistic, p = n$p.value)
    if (s == "first+second" && a == "two.sided") {
      e <- wilcox.test(x, y, exact = TRUE, conf.int = TRUE)
      add("rank_sum_exact", s, a, estimate = e$estimate, lower = e$conf.int[1], upper = e$conf.int[2])
    }
    if (s != "first+second") add("permutation", s, a, p = perm.test(as.integer(x), as.integer(y), alternative = a, exact = TRUE)$p.value)
  }
}
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
