# Writes expected.csv. Run in this folder: Rscript make.R
families <- list(
  saliva = c(0.008, 0.043, 0.016, 0.017, 0.017),
  ties = c(0.01, 0.01, 0.04, 0.04, 0.2),
  rising = c(0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216),
  ends = c(0, 1, 0.5, 1e-12, 0.025),
  two = c(0.03, 0.04),
  one = 0.03
)
rows <- list()
for (f in names(families)) for (m in c("bonferroni", "holm", "hochberg", "hommel", "BH"))
  rows[[length(rows) + 1]] <- data.frame(family = f, method = m, p = families[[f]],
    adjusted = formatC(p.adjust(families[[f]], m), digits = 15, format = "g"))
write.csv(do.call(rbind, rows), "expected.csv", row.names = FALSE, quote = FALSE)
