# Writes expected.csv. Run in this folder: Rscript make.R
suppressMessages(library(mice))
rows <- list()
sets <- list(few = list(q = c(-4.1, -3.6, -5.2, -4.4, -3.9), u = c(.81, .77, .9, .85, .79)), many = list(q = sin(1:20), u = 1 + cos(1:20) / 4), alike = list(q = c(2, 2.1, 1.9), u = c(1, 1.1, .9)))
for (s in names(sets)) for (n in c(40, 23, Inf)) {
  q <- sets[[s]]$q; u <- sets[[s]]$u
  r <- pool.scalar(q, u, n = n, k = 1)
  rows[[length(rows) + 1]] <- data.frame(set = s, complete_df = n - 1, q = paste(formatC(q, digits = 16, format = "g"), collapse = " "), u = paste(formatC(u, digits = 16, format = "g"), collapse = " "),
    estimate = formatC(r$qbar, digits = 14, format = "g"), se = formatC(sqrt(r$t), digits = 14, format = "g"), df = formatC(r$df, digits = 14, format = "g"), fmi = formatC(r$fmi, digits = 14, format = "g"))
}
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
