/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One minute: the claim, what was changed, whether to believe it, what it cost, what went wrong. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "change.h"
#include "clock.h"
#include "fate.h"
#include "found.h"
#include "markdown.h"
#include "mem.h"
#include "noise_floor.h"
#include "placebo.h"
#include "registry_text.h"
#include "say.h"
#include "section.h"
#include "spent.h"
#include "store_audit.h"
#include "uneven.h"

/* What the summary is about, found once. */
struct subject {
    const struct facts *facts;
    const struct record *record;
    struct tally tally;
    struct noise_floor floor;
    int64_t best;                     /* verified; 0: nothing */
    const struct decision *confirmed; /* NULL: not yet */
};

static const char *plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void write_fact(struct str *out, const char *what, struct str *text)
{
    markdown_cell(out, what);
    markdown_cell(out, str_text(text));
    markdown_end(out);
    str_clear(text);
}

/* --- the claim ------------------------------------------------------------------------------ */

static void write_confirmed(struct str *out, const struct subject *s)
{
    const struct decision *d = s->confirmed;

    if (!found_headline(out, s->facts, d)) {
        str_addf(out,
                 "**Experiment %" PRId32 " was not confirmed**: on %d fresh seed%s no difference "
                 "from the baseline can be claimed.",
                 d->experiment, d->n, plural(d->n));
        return;
    }
    str_addf(out, ", %d fresh seed%s, %s.", d->n, plural(d->n),
             s->record->experiments[d->experiment - 1].verified ? "verified and confirmed"
                                                                : "confirmed");
}

static void write_verified(struct str *out, const struct subject *s)
{
    const struct decision *d = found_last_step(s->record);

    if (d == NULL || !found_headline(out, s->facts, d)) {
        str_addf(out, "**Experiment %" PRId64 " was kept by a test**; what it gains is not known.",
                 s->best);
        return;
    }
    str_addf(out, ", %d pair%s of fresh seeds, verified, not confirmed yet.", d->n, plural(d->n));
    if (d->against != facts_baseline(s->facts))
        str_addf(out, " This is the last of %" PRId64 " verified steps.", s->tally.keeps);
}

static void write_nothing(struct str *out, const struct subject *s)
{
    if (s->tally.proposals == 0)
        str_add(out, "**Nothing yet**: no proposal has been decided.");
    else if (s->record->study.procedure == PROCEDURE_GREEDY)
        str_addf(out,
                 "**Nothing can be claimed**: %" PRId64 " keep%s by one run each, and no test.",
                 s->tally.fate[FATE_MOVED], plural(s->tally.fate[FATE_MOVED]));
    else
        str_addf(out, "**Nothing in %" PRId64 " proposal%s was shown to be better.**",
                 s->tally.proposals, plural(s->tally.proposals));
}

static void write_claim(struct str *out, const struct subject *s)
{
    int64_t baseline = facts_baseline(s->facts);
    enum outcome began = facts_outcome(s->facts, baseline);
    size_t before = out->len;

    if (began == OUTCOME_FAILED)
        str_add(out, "**The baseline failed**: there is nothing to compare with.");
    else if (began == OUTCOME_PENDING)
        str_add(out, "**The baseline has not ended yet.**");
    else if (s->confirmed != NULL)
        write_confirmed(out, s);
    else if (s->best > 0)
        write_verified(out, s);
    else if (s->tally.proposals > 0 || s->record->study.n_hypotheses == 0)
        write_nothing(out, s);
    if (began == OUTCOME_KEEP && s->record->study.n_hypotheses > 0) {
        str_add(out, out->len > before ? "\n\n" : "");
        registry_write_outcome(out, s->record);
    }
    str_add(out, "\n\n");
}

/* --- facts ---------------------------------------------------------------------------------- */

static void write_changed(struct str *out, const struct subject *s)
{
    struct str text = {0};
    int64_t shown = s->confirmed != NULL ? s->confirmed->experiment : s->best;

    if (shown == 0 || shown == facts_baseline(s->facts))
        return;
    char *change = change_describe(s->record, facts_baseline(s->facts), shown);
    str_addf(&text, "%s (experiment %" PRId64 ")", change, shown);
    free(change);
    write_fact(out, "Changed", &text);
}

static int write_belief(struct str *out, const struct subject *s, struct store *store,
                        struct err *err)
{
    struct placebo_rates own, pooled;
    struct str text = {0};
    size_t unread;

    placebo_count(&own, s->record);
    if (placebo_pool(&pooled, &unread, s->record, store, err) != 0)
        return -1;
    if (isfinite(s->floor.visible) && s->record->study.procedure != PROCEDURE_GREEDY) {
        str_add(&text, "noise: one paired difference has an SD of ");
        say_rough(&text, noise_floor_sd(&s->floor));
        str_add(&text, ", so a gain of ");
        say_rough(&text, s->floor.visible);
        str_add(&text, " is seen in 4 of 5 tests; ");
    }
    str_addf(&text, "%" PRId64 " verification%s, %" PRId64 " kept", s->tally.tests,
             plural(s->tally.tests), s->tally.keeps);
    str_add(&text, "; placebos that a test took for better: ");
    placebo_write(&text, &pooled.test);
    if (pooled.test.decided > own.test.decided)
        str_add(&text, ", with the studies beside it");
    write_fact(out, "Believe it?", &text);
    return 0;
}

static void write_spent(struct str *out, const struct subject *s)
{
    char duration[CLOCK_TEXT];
    struct spent spent;
    struct str text = {0};

    spent_count(&spent, s->record);
    str_addf(&text, "%zu run%s", spent.runs, plural((int64_t)spent.runs));
    if (isfinite(spent.elapsed_s)) {
        duration_text(duration, spent.elapsed_s);
        str_addf(&text, " in %s", duration);
    }
    if (isfinite(spent.cpu_s)) {
        duration_text(duration, spent.cpu_s);
        str_addf(&text, ", %s of processor time", duration);
    }
    write_fact(out, "Cost", &text);
}

static size_t count_failed(const struct record *record)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        n += run_is_failure(record, &record->runs[i]);
    return n;
}

/* "12 runs failed (9 exit, 3 oom)" */
static void write_failed(struct str *out, const struct record *record)
{
    size_t all = count_failed(record), named = 0;

    if (all == 0)
        return;
    str_addf(out, "%zu run%s failed (", all, plural((int64_t)all));
    for (int class = CLASS_EXIT; class < CLASS_INTERRUPTED; class ++) {
        size_t n = 0;
        for (size_t i = 0; i < record->n_runs; i++)
            n += (int)record->runs[i].class == class && run_is_failure(record, &record->runs[i]);
        if (n > 0)
            str_addf(out, "%s%zu %s", named++ > 0 ? ", " : "", n, class_names[class]);
    }
    str_add(out, "); ");
}

static int write_wrong(struct str *out, const struct subject *s, struct store *store,
                       struct err *err)
{
    struct str text = {0};
    int64_t replays, alarms;
    char *last;
    size_t uneven = uneven_count(s->record, NULL);

    if (store_count_replays(store, &replays, &alarms, &last, err) != 0)
        return -1;
    free(last);
    write_failed(&text, s->record);
    if (alarms > 0)
        str_addf(&text, "%" PRId64 " run%s came out otherwise when repeated; ", alarms,
                 plural(alarms));
    if (s->floor.audited && s->floor.audit.repeated && !s->floor.audit.deterministic)
        str_add(&text, "the trainer is not deterministic; ");
    if (uneven > 0)
        str_addf(&text, "%zu run%s had an uneven speed and ran again; ", uneven,
                 plural((int64_t)uneven));
    if (text.len > 2)
        text.at[text.len -= 2] = '\0';
    else
        str_add(&text, "nothing");
    write_fact(out, "Went wrong", &text);
    return 0;
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    static const char *const heads[] = {"", ""};
    struct subject s = {.facts = facts, .record = facts->record, .best = facts_verified(facts)};
    size_t n;

    tally_count(&s.tally, facts->record);
    s.confirmed = found_confirmation(facts->record, s.best, &n);
    if (noise_floor_measure(&s.floor, facts, err) != 0)
        return -1;
    write_claim(out, &s);
    markdown_head(out, heads, "ll");
    write_changed(out, &s);
    if (write_belief(out, &s, store, err) != 0)
        return -1;
    write_spent(out, &s);
    return write_wrong(out, &s, store, err);
}

const struct section section_summary = {
    .name = "summary",
    .title = "In one minute",
    .empty = "Nothing has run yet.",
    .write = write,
};
