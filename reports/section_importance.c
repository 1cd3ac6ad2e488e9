/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which parameters matter: shares of the variance, and pairs that matter together. */
#include <math.h>
#include <stdlib.h>

#include "importance.h"
#include "markdown.h"
#include "mem.h"
#include "say.h"
#include "section.h"

static const double LEAST_SHARE = 0.01; /* of a pair that is listed */
static const double LEAST_SAID = 1e-4;  /* below it, chance of rounding */

static void write_share(struct str *out, const struct fanova_value *share)
{
    struct str text = {0};

    if (share->high < LEAST_SAID)
        str_add(&text, "< 0.01 %");
    else
        say_share(&text, share->mean, share->low, share->high);
    markdown_take(out, str_take(&text));
    markdown_end(out);
}

static void write_mains(struct str *out, const struct importance *all, const struct space *space)
{
    static const char *const heads[] = {"parameter", "share of the variance [90 % interval]"};

    markdown_head(out, heads, "lr");
    for (size_t i = 0; i < all->n_params; i++) {
        markdown_cell(out, space->params[all->params[i].param].name);
        write_share(out, &all->params[i].share);
    }
    str_add(out, "\n");
}

static void write_pairs(struct str *out, const struct importance *all, const struct space *space)
{
    static const char *const heads[] = {"together, beyond what each does alone",
                                        "share of the variance [90 % interval]"};

    if (all->n_pairs == 0 || all->pairs[0].share.mean < LEAST_SHARE) {
        str_add(out, "No two parameters together explain 1 % more than each does alone.\n");
        return;
    }
    markdown_head(out, heads, "lr");
    for (size_t i = 0; i < all->n_pairs && all->pairs[i].share.mean >= LEAST_SHARE; i++) {
        markdown_take(out, mem_printf("%s × %s", space->params[all->pairs[i].a].name,
                                      space->params[all->pairs[i].b].name));
        write_share(out, &all->pairs[i].share);
    }
}

static void write_unknown(struct str *out, const struct importance *all)
{
    if (!isfinite(all->explained)) {
        str_addf(out,
                 "Not known: that takes %d experiments with a mean, in which a parameter varies; "
                 "there %s %zu.\n",
                 IMPORTANCE_LEAST, all->experiments == 1 ? "is" : "are", all->experiments);
        return;
    }
    str_add(out, "Not known: a forest of what was seen foretells ");
    say_rough(out, 100 * fmax(all->explained, 0));
    str_addf(
        out,
        " %% of the variance of what it has not seen, less than the %g %% below which there is "
        "nothing to divide.\n",
        100 * IMPORTANCE_EXPLAINED);
}

static void write_known(struct str *out, const struct importance *all, const struct space *space)
{
    str_addf(out,
             "Functional ANOVA on a random forest over the means of %zu experiments. It foretells ",
             all->experiments);
    say_rough(out, 100 * all->explained);
    str_add(out, " % of the variance of experiments that it has not seen; the shares divide what "
                 "it knows, over the whole space and not only where the search has been. They say "
                 "what the metric depends on, not what makes it better. ");
    if (all->fenced > 0)
        str_addf(out, "%zu mean%s far worse than the rest count%s as the worst that is not. ",
                 all->fenced, all->fenced == 1 ? "" : "s", all->fenced == 1 ? "s" : "");
    str_add(out, "The intervals tell how far the shares move when other experiments are drawn; "
                 "what the forest smooths away they do not see.\n\n");
    write_mains(out, all, space);
    write_pairs(out, all, space);
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    struct importance own;
    const struct importance *all = facts->importance;

    (void)store;
    (void)err;
    if (all == NULL) {
        importance_measure(&own, facts->record);
        all = &own;
    }
    if (all->known)
        write_known(out, all, &facts->record->study.space);
    else
        write_unknown(out, all);
    if (all == &own)
        importance_clear(&own);
    return 0;
}

const struct section section_importance = {
    .name = "importance",
    .title = "Which parameters matter?",
    .empty = "Nothing has run yet.",
    .write = write,
};
