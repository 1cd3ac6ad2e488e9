/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was confirmed: the baseline and the config found, on seeds that no decision has seen. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "found.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"
#include "section.h"
#include "test_split.h"

const struct decision *found_confirmation(const struct record *record, int64_t best, size_t *n)
{
    const struct decision *found = NULL;

    *n = 0;
    for (size_t i = record->n_decisions; i > 0; i--) {
        const struct decision *d = &record->decisions[i - 1];
        if (d->kind != DECISION_CONFIRM || (best > 0 && d->experiment != best))
            continue;
        if (found == NULL)
            found = d;
        *n += d->experiment == found->experiment;
    }
    return found;
}

static int write_test_split(struct str *out, const struct facts *facts, const struct decision *d,
                            struct store *store, struct err *err)
{
    struct effect e;
    size_t n;

    if (test_split_measure(&e, &n, facts->record, d, store, err) != 0)
        return -1;
    if (n == 0)
        return 0;
    str_add(out, "On the test split, which nothing else has seen (test\\_loss of the same runs): ");
    if (!claim_write(out, &e))
        str_add(out, "no difference can be claimed");
    str_addf(out, ", %zu seed%s.\n\n", n, n == 1 ? "" : "s");
    return 0;
}

static void write_refusal(struct str *out, const struct decision *d)
{
    str_addf(out, "**Not confirmed**: ");
    if (d->verdict == OUTCOME_FAILED || d->n < 2)
        markdown_text(out, d->reason != NULL ? d->reason : "it failed");
    else
        str_addf(out,
                 "on %d fresh seeds the 95 %% interval of experiment %" PRId32
                 " against the baseline holds zero, so no difference can be claimed",
                 d->n, d->experiment);
    str_add(out, ".\n\n");
}

static void write_promise(struct str *out, const struct facts *facts, const struct decision *d)
{
    struct effect measured = claim_effect(d), *steps;
    size_t n = found_steps(&steps, facts->record);

    if (d->experiment == facts_verified(facts) && claim_optimism(out, &measured, steps, n))
        str_add(out, "\n\n");
    free(steps);
}

int found_write_confirmation(struct str *out, const struct facts *facts, const struct decision *d,
                             size_t n, struct store *store, struct err *err)
{
    bool verified = facts->record->experiments[d->experiment - 1].verified;

    if (found_headline(out, facts, d))
        str_addf(out,
                 ", on %d fresh seeds that no decision has seen: experiment %" PRId32
                 " against the baseline%s.\n\n",
                 d->n, d->experiment, verified ? ", verified before" : "");
    else
        write_refusal(out, d);
    if (n > 1)
        str_addf(out, "This is the newest of %zu confirmations; all stand in the history.\n\n", n);
    write_promise(out, facts, d);
    return write_test_split(out, facts, d, store, err);
}
