/* SPDX-License-Identifier: GPL-3.0-or-later */
/* I7 to I10: git, as it is on disk, against the record. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_part.h"
#include "ledger_walk.h"
#include "mem.h"
#include "trial.h"

/* The planned commits of one of our two refs, oldest first. */
struct line {
    char ref[160], tip[41];
    const struct outbox **rows; /* [n], borrowed */
    size_t n, n_done;
};

static int read_line(struct line *out, const struct patient *p, bool log, struct err *err)
{
    const struct record *r = p->record;

    *out = (struct line){.rows = NULL};
    ledger_ref_name(out->ref, r->study.name, log);
    for (size_t i = 0; i < r->n_outbox; i++) {
        if (strcmp(r->outbox[i].ref, out->ref) != 0)
            continue;
        out->rows = mem_room(out->rows, out->n, sizeof(const struct outbox *));
        out->rows[out->n++] = &r->outbox[i];
        out->n_done += r->outbox[i].done;
    }
    return p->ledger != NULL ? ledger_tip(p->ledger, out->tip, out->ref, err) : 0;
}

static bool has_commit(const struct line *line, const char *commit)
{
    for (size_t i = line->n; i > 0; i--)
        if (strcmp(line->rows[i - 1]->commit, commit) == 0)
            return true;
    return false;
}

/* The newest commit that must stand; a pending one may. */
static const char *last_done(const struct line *line)
{
    for (size_t i = line->n; i > 0; i--)
        if (line->rows[i - 1]->done)
            return line->rows[i - 1]->commit;
    return "";
}

static bool is_at_place(const struct line *line)
{
    return strcmp(line->tip, last_done(line)) == 0 ||
           (line->n > line->n_done && strcmp(line->tip, line->rows[line->n - 1]->commit) == 0);
}

/* Steps from the tip down to one of our commits; -1 where none is met. */
static long foreign_commits(const struct patient *p, const struct line *line, char first[41])
{
    enum { FAR = 100000 };
    struct err ignored = {0};
    char at[41], next[41];

    memcpy(at, line->tip, sizeof at);
    memcpy(first, line->tip, sizeof at);
    for (long n = 0; n < FAR && at[0] != '\0'; n++) {
        if (has_commit(line, at))
            return n;
        if (ledger_parent(p->ledger, next, at, &ignored) != 0)
            return -1;
        memcpy(at, next, sizeof at);
    }
    return -1;
}

/* --- I7 -------------------------------------------------------------------------------------- */

static void check_ref(struct finding *out, const struct patient *p, const struct line *line)
{
    char first[41];

    if (p->running || is_at_place(line))
        return;
    if (line->tip[0] != '\0' && !has_commit(line, line->tip) && foreign_commits(p, line, first) > 0)
        return; /* somebody's commits stand on ours: I9 */
    const char *last = last_done(line);
    str_addf(&out->violated, "'%s' is at %s, the record says %s", line->ref,
             line->tip[0] != '\0' ? line->tip : "nothing", last[0] != '\0' ? last : "nothing");
}

static void check_counts(struct finding *out, const struct patient *p, const struct line *line,
                         bool log)
{
    size_t wanted = 0, pending = 0;

    for (size_t i = 0; i < p->record->n_decisions; i++)
        wanted += log || p->record->decisions[i].verified;
    if (line->n < wanted)
        str_addf(&out->violated, "%zu commits are planned for '%s', where %zu decisions need one",
                 line->n, line->ref, wanted);
    for (size_t i = 0; i < line->n && out->violated.len == 0; i++) {
        if (line->rows[i]->done && pending > 0)
            str_addf(&out->violated, "commit %s is done, but one before it is not",
                     line->rows[i]->commit);
        pending += !line->rows[i]->done;
    }
    if (pending > 0 && !p->running && out->note.len == 0)
        str_addf(&out->note, "%zu commits are not published yet; `nightshift run` does it",
                 pending);
}

int check_refs(struct finding *out, const struct patient *p, struct err *err)
{
    if (p->no_ledger != NULL)
        str_add(&out->violated, p->no_ledger);
    else if (p->ledger == NULL && p->record->n_outbox > 0)
        str_add(&out->violated, "the git repository is gone");
    for (int log = 1; log >= 0 && p->ledger != NULL && out->violated.len == 0; log--) {
        struct line line;
        if (read_line(&line, p, log == 1, err) != 0)
            str_add(&out->violated, err->text);
        else
            check_counts(out, p, &line, log == 1);
        if (out->violated.len == 0)
            check_ref(out, p, &line);
        free(line.rows);
    }
    return 0;
}

/* --- I8 -------------------------------------------------------------------------------------- */

/* What the bytes of a commit begin with. */
static bool says_tree_and_parent(const char *bytes, size_t len, const struct outbox *row)
{
    char wanted[128];
    int n = snprintf(wanted, sizeof wanted, "tree %s\n", row->tree);

    if (row->parent[0] != '\0')
        n += snprintf(wanted + n, sizeof wanted - (size_t)n, "parent %s\n", row->parent);
    return len > (size_t)n && memcmp(bytes, wanted, (size_t)n) == 0 &&
           (row->parent[0] != '\0' || strncmp(bytes + n, "parent ", 7) != 0);
}

/* Of a published commit its id is the hash; of one that is not, the bytes stand in the record. */
static int compare_bytes(struct str *found, const struct patient *p, const struct outbox *row,
                         struct err *err)
{
    char *stored = NULL, *is = NULL;
    size_t n_stored, n_is;
    int rc = store_intent(p->store, &stored, &n_stored, row->decision, row->ref, err);

    if (rc == 0 && ledger_commit_bytes(p->ledger, &is, &n_is, row->commit, err) != 0)
        str_add(found, err->text);
    else if (rc == 0 && is == NULL)
        str_addf(found, "commit %s of decision %lld is not there", row->commit,
                 (long long)row->decision);
    else if (rc == 0 && (!says_tree_and_parent(is, n_is, row) ||
                         (stored != NULL && (n_is != n_stored || memcmp(is, stored, n_is) != 0))))
        str_addf(found, "commit %s has other bytes than were planned", row->commit);
    free(stored);
    free(is);
    return rc;
}

static void compare_trailer(struct str *found, const struct patient *p, const struct outbox *row,
                            const char *key, const char *wanted)
{
    struct err err = {0};
    char *is = NULL;

    if (ledger_trailer(p->ledger, &is, row->commit, key, &err) != 0)
        str_add(found, err.text);
    else if (strcmp(is, wanted) != 0)
        str_addf(found, "commit %s says '%s: %s', the record %s", row->commit, key, is, wanted);
    free(is);
}

/* config.yaml is that of the incumbent after the decision. */
static void compare_config(struct str *found, const struct patient *p, const struct outbox *row)
{
    const struct decision *d = &p->record->decisions[row->decision - 1];
    int64_t incumbent = d->incumbent > 0 ? d->incumbent : d->experiment;
    struct str wanted = {0};
    struct err err = {0};
    char *is = NULL;
    size_t len;

    trial_write_yaml(&wanted, &p->record->study.space,
                     p->record->experiments[incumbent - 1].config);
    if (ledger_read(p->ledger, &is, &len, row->commit, "config.yaml", &err) != 0)
        str_add(found, err.text);
    else if (strcmp(is, str_text(&wanted)) != 0)
        str_addf(found, "config.yaml of commit %s is not experiment %lld", row->commit,
                 (long long)incumbent);
    free(is);
    str_clear(&wanted);
}

static int check_commit(struct str *found, const struct patient *p, const struct outbox *row,
                        const char *parent, struct err *err)
{
    const struct decision *d = &p->record->decisions[row->decision - 1];
    char experiment[24];

    if (strcmp(row->parent, parent) != 0) {
        str_addf(found, "commit %s was planned behind %s, not behind the one before it",
                 row->commit, row->parent[0] != '\0' ? row->parent : "nothing");
        return 0;
    }
    if (compare_bytes(found, p, row, err) != 0)
        return -1;
    snprintf(experiment, sizeof experiment, "%lld", (long long)d->experiment);
    if (found->len == 0)
        compare_trailer(found, p, row, "Nightshift-Experiment", experiment);
    if (found->len == 0)
        compare_trailer(found, p, row, "Nightshift-Config",
                        p->record->experiments[d->experiment - 1].sha);
    if (found->len == 0)
        compare_config(found, p, row);
    return 0;
}

int check_commits(struct finding *out, const struct patient *p, struct err *err)
{
    int rc = 0;

    for (int log = 1; log >= 0 && p->ledger != NULL && rc == 0; log--) {
        struct line line;
        rc = read_line(&line, p, log == 1, err);
        for (size_t i = 0; i < line.n && rc == 0 && out->violated.len == 0; i++)
            if (line.rows[i]->done)
                rc = check_commit(&out->violated, p, line.rows[i],
                                  i > 0 ? line.rows[i - 1]->commit : "", err);
        free(line.rows);
    }
    return rc;
}

/* --- I9 -------------------------------------------------------------------------------------- */

/* From the tip back to the first commit: ours, one by one, and nothing else. */
static void walk(struct str *found, const struct patient *p, const struct line *line)
{
    struct err err = {0};
    char at[41], next[41];
    size_t i = line->n;

    while (i > 0 && strcmp(line->rows[i - 1]->commit, line->tip) != 0)
        i--; /* pending ones */
    for (memcpy(at, line->tip, sizeof at); i > 0 && found->len == 0; i--) {
        if (strcmp(at, line->rows[i - 1]->commit) != 0)
            str_addf(found, "behind '%s' stands commit %s, which the record does not know",
                     line->ref, at);
        else if (ledger_parent(p->ledger, next, at, &err) != 0)
            str_add(found, err.text);
        memcpy(at, next, sizeof at);
    }
    if (found->len == 0 && at[0] != '\0')
        str_addf(found, "'%s' does not begin with our first commit", line->ref);
}

/* A planned commit on a ref that is none of our two is reached by nobody. */
static void check_strays(struct str *found, const struct record *record)
{
    char ours[2][160];

    for (int log = 0; log < 2; log++)
        ledger_ref_name(ours[log], record->study.name, log == 1);
    for (size_t i = 0; i < record->n_outbox && found->len == 0; i++) {
        const struct outbox *row = &record->outbox[i];
        if (strcmp(row->ref, ours[0]) != 0 && strcmp(row->ref, ours[1]) != 0)
            str_addf(found, "commit %s was planned for '%s', which is not of this study",
                     row->commit, row->ref);
    }
}

int check_reach(struct finding *out, const struct patient *p, struct err *err)
{
    char first[41];
    int rc = 0;

    check_strays(&out->violated, p->record);
    for (int log = 1; log >= 0 && p->ledger != NULL && !p->running && rc == 0; log--) {
        struct line line;
        rc = read_line(&line, p, log == 1, err);
        long foreign = rc == 0 && line.tip[0] != '\0' ? foreign_commits(p, &line, first) : 0;
        if (foreign != 0 && out->violated.len == 0)
            str_addf(&out->violated,
                     "'%s' has %ld commit%s on top that the record does not know: %s", line.ref,
                     foreign, foreign == 1 ? "" : "s", first);
        else if (rc == 0 && p->deep && line.tip[0] != '\0' && out->violated.len == 0)
            walk(&out->violated, p, &line);
        free(line.rows);
    }
    return rc;
}

/* --- I10 ------------------------------------------------------------------------------------- */

int check_objects(struct finding *out, const struct patient *p, struct err *err)
{
    int rc = 0;

    for (int log = 1; log >= 0 && p->ledger != NULL && rc == 0; log--) {
        struct line line;
        rc = read_line(&line, p, log == 1, err);
        if (rc != 0)
            rc = 0; /* the ref cannot be read: I7 */
        for (size_t i = 0; i < line.n && out->violated.len == 0; i++)
            if (line.rows[i]->done)
                ledger_check_objects(p->ledger, &out->violated, line.rows[i]->commit,
                                     line.rows[i]->parent);
        free(line.rows);
    }
    return rc;
}
