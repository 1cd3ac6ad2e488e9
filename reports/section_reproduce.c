/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command that runs each row again. */
#include <inttypes.h>
#include <stdlib.h>

#include "markdown.h"
#include "section.h"
#include "store_audit.h"
#include "thin.h"

static void write_command(struct str *out, const struct record *record, int64_t experiment)
{
    const char *commit = record_commit(record, experiment);

    str_addf(out, "nightshift reproduce runs/%s %" PRId64, record->study.name, experiment);
    if (commit != NULL)
        str_addf(out, "  # or: nightshift reproduce --ref %.12s", commit);
    str_add(out, "\n");
}

/* One run a night is repeated by itself. */
static int write_replays(struct str *out, struct store *store, struct err *err)
{
    int64_t n, alarms;
    char *last;

    if (store_count_replays(store, &n, &alarms, &last, err) != 0)
        return -1;
    if (alarms > 0) {
        str_addf(out,
                 "**Alarm: of %" PRId64 " run%s that %s repeated at the end of a night, %" PRId64
                 " came out otherwise.** The last: ",
                 n, n == 1 ? "" : "s", n == 1 ? "was" : "were", alarms);
        markdown_text(out, last);
        str_add(out, "\n\n");
    } else if (n > 0) {
        str_addf(out, "%" PRId64 " run%s repeated at the end of a night: bit for bit the same.\n\n",
                 n, n == 1 ? " was" : "s were");
    }
    free(last);
    return 0;
}

static int write(struct str *out, const struct facts *facts, struct store *store, struct err *err)
{
    const struct record *record = facts->record;
    struct thin thin;

    if (write_replays(out, store, err) != 0)
        return -1;
    if (record->n_decisions == 0) {
        str_add(out, "Nothing has been decided yet.\n");
        return 0;
    }
    str_add(out, "In the folder of the study file, one line a decided experiment; each of its runs "
                 "is repeated and compared bit for bit. The second form needs git alone.\n\n");
    thin_choose(&thin, record, THIN_TABLE);
    thin_write(out, &thin);
    str_add(out, thin.n < thin.all ? "The others in the same way, by their number.\n\n" : "");
    str_add(out, "```sh\n");
    for (size_t i = 0; i < record->n_experiments; i++)
        if (record->experiments[i].decision > 0 && thin_shows(&thin, i))
            write_command(out, record, record->experiments[i].id);
    str_add(out, "```\n");
    thin_clear(&thin);
    return 0;
}

const struct section section_reproduce = {
    .name = "reproduce",
    .title = "How is it run again?",
    .write = write,
};
