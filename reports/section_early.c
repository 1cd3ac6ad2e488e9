/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What early_terminate saved, and how often it would have ended what the search kept. */
#include <inttypes.h>

#include "early_text.h"
#include "markdown.h"
#include "say.h"
#include "section.h"

static void write_row(struct str *out, const char *what, struct str *text)
{
    markdown_cell(out, what);
    markdown_cell(out, str_text(text));
    markdown_end(out);
    str_clear(text);
}

static void write_saved(struct str *out, const struct early_account *account)
{
    struct str text = {0};

    str_addf(&text, "%" PRId64 " of %" PRId64, account->ended, account->runs);
    write_row(out, "runs ended early", &text);
    say_rough(&text, account->saved);
    str_add(&text, " whole runs, ");
    say_rough(&text, 100 * early_share_saved(account));
    str_add(&text, " % of what all of them would have taken");
    write_row(out, "saved", &text);
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    static const char *const heads[] = {"what", "measured"};
    const struct early_rule *rule = &facts->record->study.early;
    struct early_account account;
    struct str text = {0};

    (void)store;
    (void)err;
    if (rule->kind == NULL) {
        str_add(out, "No run was ended early: the study has no `early_terminate`.\n");
        return 0;
    }
    record_early_account(&account, facts->record);
    markdown_head(out, heads, "ll");
    early_write_rule(&text, rule);
    write_row(out, "rule", &text);
    write_saved(out, &account);
    early_write_missed(&text, &account);
    write_row(out, "spared, and kept by the search after all, % [95 % interval]", &text);
    str_addf(out,
             "\nOne experiment in %d, drawn by its number, is never ended. Where the rule would "
             "have ended it, its own decision tells whether that had been wrong.\n",
             EARLY_SPARED);
    return 0;
}

const struct section section_early = {
    .name = "early",
    .title = "What did ending runs early save, and what did it miss?",
    .empty = "No run was ended early.",
    .write = write,
};
