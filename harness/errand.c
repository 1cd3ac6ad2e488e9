/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "decision.h"
#include "errand.h"
#include "log.h"
#include "progress.h"
#include "site_session.h"
#include "str.h"

int errand_jobs(int *out, const struct command *command, const struct arguments *arguments,
                const struct study *study, struct err *err)
{
    const char *word = option_value(command, arguments, "jobs");
    unsigned long long n = study != NULL ? (unsigned long long)site_jobs(study) : 1;

    if (word != NULL && (!integer_read(&n, word, 1024) || n < 1))
        return err_usage(err, "%s: --jobs '%s' is not a whole number from 1 to 1024", command->name,
                         word);
    *out = (int)n;
    return 0;
}

int errand_baseline_failed(const struct record *record, const struct decision *decision,
                           struct err *err)
{
    struct str why = {0};

    if (decision_withdraws(decision)) /* its baseline's is the one that tells why */
        decision = &record->decisions[record->experiments[decision->against - 1].decision - 1];
    progress_add_failure(&why, record, decision);
    err_failed(err,
               "the baseline (experiment %lld) %s; mend the trainer or the start values and "
               "run again",
               (long long)decision->experiment, str_text(&why));
    str_clear(&why);
    return -1;
}

int errand_run(struct session *session, const struct errand *errand, int jobs, struct err *err)
{
    const struct record *record = &session->record;
    struct limits limits = {.errand = *errand, .seconds = INFINITY, .jobs = jobs};
    enum loop_end end;
    int signal = 0;

    if (loop_run(session, &limits, &end, &signal, err) != 0)
        return -1;
    if (end == LOOP_BASELINE)
        return errand_baseline_failed(record, &record->decisions[record->n_decisions - 1], err);
    if (end != LOOP_SIGNAL)
        return 0;
    log_info("stopped; the same command goes on");
    return 128 + signal;
}
