# Reference values of the pooling engine from R metafor and lme4.
#
#   Rscript reference.R tables.csv hazards.csv reference.csv   the committed, made-up tables
#   Rscript reference.R --metadat FOLDER                       metadat's tables, written there too
#
# Output: one row per value: table, analysis, quantity, value. Tolerances of the iterative fits are
# tightened far below the defaults, so that the comparison measures our error and not theirs.
suppressMessages({library(metafor); library(lme4)})

tight <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)
glmm_control <- glmerControl(
  optimizer = "bobyqa", check.conv.singular = "ignore",
  optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e5))

found <- list()
keep <- function(table, analysis, ...) {
  values <- c(...)
  found[[length(found) + 1]] <<- data.frame(
    table = table, analysis = analysis, quantity = names(values),
    value = sprintf("%.15g", unname(values)))
}

pooled <- function(table, analysis, fit, transf, targs = NULL) {
  shown <- if (is.null(targs)) predict(fit, transf = transf) else
    predict(fit, transf = transf, targs = targs)
  keep(table, analysis, estimate = shown$pred, ci_low = shown$ci.lb, ci_high = shown$ci.ub,
       prediction_low = shown$pi.lb, prediction_high = shown$pi.ub,
       model_estimate = c(fit$beta), standard_error = fit$se[1],
       tau2 = fit$tau2, i2 = fit$I2 / 100, h2 = fit$H2, q = fit$QE, q_p = fit$QEp)
}

inverse_variance <- function(table, name, y, v, transf, targs = NULL) {
  for (tau in c("DL", "REML", "PM")) for (ci in c("z", "knha", "adhoc")) {
    fit <- rma(y, v, method = tau, test = ci, control = tight)
    pooled(table, paste(name, tolower(tau), ci, sep = "/"), fit, transf, targs)
  }
  for (i in seq_along(y)) {
    fit <- rma(y[-i], v[-i], method = "REML", control = tight)
    keep(table, paste0(name, "/without-", i), model_estimate = c(fit$beta),
         standard_error = fit$se, tau2 = fit$tau2)
  }
}

regression <- function(table, name, y, v, moderator) {
  for (tau in c("DL", "REML", "PM")) for (ci in c("z", "knha", "adhoc")) {
    fit <- rma(y, v, mods = ~ moderator, method = tau, test = ci, control = tight)
    keep(table, paste(name, "regression", tolower(tau), ci, sep = "/"),
         intercept = fit$beta[1], slope = fit$beta[2], intercept_se = fit$se[1],
         slope_se = fit$se[2], slope_p = fit$pval[2], tau2 = fit$tau2, i2 = fit$I2 / 100,
         q = fit$QE, q_moderators = fit$QM, q_moderators_p = fit$QMp)
  }
}

subgroups <- function(table, name, y, v, group) {
  parts <- lapply(split(seq_along(y), group), function(i)
    rma(y[i], v[i], method = "REML", control = tight))
  between <- rma(sapply(parts, function(f) c(f$beta)), sapply(parts, function(f) f$se^2),
                 mods = ~ names(parts), method = "FE")
  keep(table, paste0(name, "/subgroups"), q = between$QM, q_p = between$QMp,
       setNames(sapply(parts, function(f) c(f$beta)), paste0("model_estimate_", names(parts))))
}

glmm <- function(table, d) {
  observed <- data.frame(events = d$events, missed = d$n - d$events, study = seq_along(d$n),
                         group = d$group, moderator = d$moderator)
  fit <- suppressWarnings(rma.glmm(measure = "PLO", xi = d$events, ni = d$n, nAGQ = 7))
  fit$QE <- fit$QE.LRT
  fit$QEp <- fit$QEp.LRT
  pooled(table, "glmm-metafor", fit, transf.ilogit)
  sharp <- suppressWarnings(glmer(cbind(events, missed) ~ 1 + (1 | study), observed, binomial,
                                  nAGQ = 7, control = glmm_control))
  keep(table, "glmm-lme4", model_estimate = unname(fixef(sharp)),
       standard_error = sqrt(vcov(sharp)[1, 1]), tau2 = VarCorr(sharp)[[1]][1])
  if (nrow(d) < 5) return(invisible())
  fit <- suppressWarnings(glmer(cbind(events, missed) ~ moderator + (1 | study), observed,
                                binomial, nAGQ = 7, control = glmm_control))
  keep(table, "glmm-lme4/regression", intercept = unname(fixef(fit)[1]),
       slope = unname(fixef(fit)[2]), slope_se = sqrt(vcov(fit)[2, 2]),
       tau2 = VarCorr(fit)[[1]][1])
  fit <- suppressWarnings(glmer(cbind(events, missed) ~ group + (1 | study), observed, binomial,
                                nAGQ = 7, control = glmm_control))
  test <- anova(sharp, fit)
  keep(table, "glmm-lme4/subgroups", q = test$Chisq[2], q_p = test[["Pr(>Chisq)"]][2])
}

proportions <- function(table, d) {
  logit <- escalc(measure = "PLO", xi = d$events, ni = d$n)
  arcsine <- escalc(measure = "PFT", xi = d$events, ni = d$n)
  for (m in c("PR", "PLN", "PLO", "PFT")) {
    e <- escalc(measure = m, xi = d$events, ni = d$n)
    keep(table, paste0("escalc-", m), setNames(e$yi, paste0("y", seq_along(e$yi))),
         setNames(e$vi, paste0("v", seq_along(e$vi))))
  }
  inverse_variance(table, "logit", logit$yi, logit$vi, transf.ilogit)
  inverse_variance(table, "freeman-tukey", arcsine$yi, arcsine$vi, transf.ipft.hm,
                   list(ni = d$n))
  if (nrow(d) >= 5) {
    regression(table, "logit", logit$yi, logit$vi, d$moderator)
    subgroups(table, "logit", logit$yi, logit$vi, d$group)
  }
  glmm(table, d)
}

ratios <- function(table, y, v, moderator) {
  inverse_variance(table, "log-ratio", y, v, exp)
  regression(table, "log-ratio", y, v, moderator)
}

arguments <- commandArgs(trailingOnly = TRUE)
if (arguments[1] == "--metadat") {
  folder <- arguments[2]
  b <- dat.debruin2009; p <- dat.pritz1997; v <- dat.bcg
  rows <- rbind(
    data.frame(table = "debruin2009", study = seq_len(nrow(b)), events = b$xi, n = b$ni,
               group = as.character(b$scq > median(b$scq)), moderator = b$scq),
    data.frame(table = "pritz1997", study = p$study, events = p$xi, n = p$ni,
               group = rep(c("a", "b"), length.out = nrow(p)), moderator = seq_len(nrow(p))),
    data.frame(table = "bcg", study = v$trial, events = v$tpos, n = v$tpos + v$tneg,
               group = v$alloc, moderator = v$ablat))
  write.csv(rows, file.path(folder, "tables.csv"), row.names = FALSE)
  e <- escalc(measure = "RR", ai = v$tpos, bi = v$tneg, ci = v$cpos, di = v$cneg)
  half <- qnorm(0.975) * sqrt(e$vi)
  hazards <- data.frame(table = "bcg-ratios", study = v$trial, hr = exp(e$yi),
                        ci_low = exp(e$yi - half), ci_high = exp(e$yi + half),
                        moderator = v$ablat)
  write.csv(hazards, file.path(folder, "hazards.csv"), row.names = FALSE)
  output <- file.path(folder, "reference.csv")
} else {
  rows <- read.csv(arguments[1]); hazards <- read.csv(arguments[2]); output <- arguments[3]
}
for (name in unique(rows$table)) proportions(name, rows[rows$table == name, ])
for (name in unique(hazards$table)) {
  d <- hazards[hazards$table == name, ]
  ratios(name, log(d$hr), ((log(d$ci_high) - log(d$ci_low)) / (2 * qnorm(0.975)))^2, d$moderator)
}
write.csv(do.call(rbind, found), output, row.names = FALSE, quote = FALSE)
