/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the study claimed, and what came of it. */
#include "registry_text.h"
#include "section.h"

static void write_tests(struct str *out, const struct registry *registry)
{
    for (size_t i = 0; i < registry->n_claims; i++) {
        const struct registry_test *t = registry_told_by(registry, &registry->claims[i]);
        str_addf(out, "\n### %s\n\n", t->hypothesis->id);
        registry_write_claim(out, t->hypothesis);
        str_add(out, "\n\n");
        registry_write_verdict(out, t);
        str_add(out, "\n\n");
        registry_write_pairs(out, t);
    }
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    struct registry registry = {0};

    (void)store;
    (void)err;
    if (facts->record->study.n_hypotheses == 0) {
        str_add(out, "The study states no hypotheses.\n");
        return 0;
    }
    registry_add(&registry, facts->record);
    registry_settle(&registry);
    str_add(out,
            "Each was tested in pairs on seeds of its own, in both directions. The effect is how "
            "much better the first experiment is than the one behind it; positive is as "
            "claimed.\n\n");
    registry_write_table(out, &registry, false);
    write_tests(out, &registry);
    registry_clear(&registry);
    return 0;
}

const struct section section_hypotheses = {
    .name = "hypotheses",
    .title = "What was claimed, and is it true?",
    .write = write,
};
