/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>

#include "fate.h"
#include "mem.h"

static const struct {
    char mark;
    const char *name;
} fates[FATES] = {
    [FATE_BASELINE] = {'=', "baseline"},  [FATE_VERIFIED] = {'+', "verified"},
    [FATE_MOVED] = {'>', "head moved"},   [FATE_REVERTED] = {'-', "reverted"},
    [FATE_FAILED] = {'x', "failed"},      [FATE_PLACEBO] = {'o', "placebo"},
    [FATE_CLAIMED] = {'?', "hypothesis"}, [FATE_PENDING] = {'.', "pending"},
};

enum fate fate_of(const struct record *record, int64_t experiment)
{
    const struct experiment *e = &record->experiments[experiment - 1];
    const struct decision *d = record_decision(record, experiment);

    if (e->purpose == PURPOSE_HYPOTHESIS && e->decision > 0)
        return FATE_CLAIMED;
    if (d == NULL)
        return FATE_PENDING;
    if (d->verdict == OUTCOME_FAILED)
        return FATE_FAILED;
    if (e->purpose == PURPOSE_PLACEBO)
        return FATE_PLACEBO;
    if (e->purpose == PURPOSE_BASELINE)
        return FATE_BASELINE;
    if (e->verified)
        return FATE_VERIFIED;
    return d->verdict == OUTCOME_KEEP ? FATE_MOVED : FATE_REVERTED;
}

char fate_mark(enum fate fate)
{
    return fates[fate].mark;
}

const char *fate_name(enum fate fate, const struct study *study)
{
    bool untested = fate == FATE_MOVED && study->procedure == PROCEDURE_GREEDY;

    return untested ? "kept (never tested)" : fates[fate].name;
}

char *fate_text(const struct record *record, int64_t experiment)
{
    enum fate fate = fate_of(record, experiment);
    const struct decision *d = record_decision(record, experiment);
    bool lucky = fate == FATE_PLACEBO && d->verdict == OUTCOME_KEEP;

    return mem_printf("%c %s%s", fates[fate].mark, fate_name(fate, &record->study),
                      lucky ? ", taken for better" : "");
}

static void count_test(struct tally *out, const struct decision *d)
{
    if (d->kind == DECISION_CONFIRM)
        out->confirmations++;
    if (d->kind != DECISION_VERIFY)
        return;
    out->tests++;
    out->keeps += d->verified;
    out->last_level = d->alpha;
    if (out->tests == 1)
        out->first_level = d->alpha;
}

void tally_count(struct tally *out, const struct record *record)
{
    *out = (struct tally){.first_level = NAN, .last_level = NAN};
    for (size_t i = 0; i < record->n_experiments; i++) {
        const struct experiment *e = &record->experiments[i];
        out->fate[fate_of(record, e->id)]++;
        out->proposals += e->decision > 0 && e->purpose != PURPOSE_BASELINE &&
                          e->purpose != PURPOSE_PLACEBO && e->purpose != PURPOSE_HYPOTHESIS;
    }
    for (size_t i = 0; i < record->n_decisions; i++)
        count_test(out, &record->decisions[i]);
}

void tally_write(struct str *out, const struct tally *tally, const struct study *study)
{
    const char *lead = "";

    for (int i = 0; i < FATES; i++) {
        if (tally->fate[i] == 0)
            continue;
        str_addf(out, "%s%" PRId64 " %s", lead, tally->fate[i], fate_name((enum fate)i, study));
        lead = ", ";
    }
}
