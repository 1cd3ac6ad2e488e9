/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file.h"
#include "json.h"
#include "mem.h"
#include "placebo.h"
#include "proportion.h"
#include "say.h"

/* While a placebo waited its turn, the head may have moved: then the two are not equal. */
static bool is_equal_in_truth(const struct record *record, const struct decision *d)
{
    return d->against > 0 && strcmp(record->experiments[d->experiment - 1].sha,
                                    record->experiments[d->against - 1].sha) == 0;
}

void placebo_count(struct placebo_rates *out, const struct record *record)
{
    *out = (struct placebo_rates){0};
    for (size_t i = 0; i < record->n_decisions; i++) {
        const struct decision *d = &record->decisions[i];
        struct placebo_count *count = isfinite(d->alpha) ? &out->test : &out->head;
        if (d->kind != DECISION_PLACEBO || d->verdict == OUTCOME_FAILED ||
            !is_equal_in_truth(record, d))
            continue;
        count->decided++;
        count->kept += d->verdict == OUTCOME_KEEP;
        count->levels += isfinite(d->alpha) ? d->alpha : 0;
    }
    out->head_studies = out->head.decided > 0;
    out->test_studies = out->test.decided > 0;
}

static void add(struct placebo_count *sum, size_t *studies, const struct placebo_count *count)
{
    sum->decided += count->decided;
    sum->kept += count->kept;
    sum->levels += count->levels;
    *studies += count->decided > 0;
}

/* The procedure of a record, from its canonical text; false where that does not say. */
static bool has_procedure(struct store *store, const char *procedure)
{
    struct err ignored;
    char *spec = NULL;
    json_t *object = NULL;
    const char *name = NULL;

    if (store_get(store, &spec, "spec", &ignored) == 0 && spec != NULL &&
        json_read(&object, spec, strlen(spec), "spec", &ignored) == 0)
        name = json_string_value(json_object_get(json_object_get(object, "decision"), "procedure"));
    bool same = name != NULL && strcmp(name, procedure) == 0;
    json_decref(object);
    free(spec);
    return same;
}

/* One record beside ours; false where it cannot be read. */
static bool add_neighbour(struct placebo_rates *out, const char *db, const char *procedure)
{
    struct placebo_count head, test;
    struct store *store = NULL;
    struct err ignored;
    bool read = store_open(&store, db, STORE_READ, &ignored) == 0 &&
                store_count_placebos(store, &head, &test, &ignored) == 0;

    if (read) {
        add(&out->test, &out->test_studies, &test);
        if (has_procedure(store, procedure))
            add(&out->head, &out->head_studies, &head);
    }
    store_close(store);
    return read;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int pool_folder(struct placebo_rates *out, size_t *unread, const char *folder,
                       const char *own, const char *procedure, struct err *err)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);

    if (n < 0)
        return err_sys(err, "cannot list '%s'", folder);
    for (int i = 0; i < n; i++) {
        char *db = mem_printf("%s/%s/study.db", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && file_is_regular(db) && !is_same_file(db, own))
            *unread += !add_neighbour(out, db, procedure);
        free(db);
        free(entries[i]);
    }
    free(entries);
    return 0;
}

int placebo_pool(struct placebo_rates *out, size_t *unread, const struct record *record,
                 const struct store *store, struct err *err)
{
    char *own = realpath(store_path(store), NULL);

    *unread = 0;
    placebo_count(out, record);
    if (own == NULL)
        return err_sys(err, "cannot find '%s'", store_path(store));
    char *run_dir = path_dir(own), *folder = path_dir(run_dir);
    int rc = pool_folder(out, unread, folder, own, procedure_names[record->study.procedure], err);
    free(folder);
    free(run_dir);
    free(own);
    return rc;
}

void placebo_write(struct str *out, const struct placebo_count *count)
{
    double low, high;

    if (count->decided == 0) {
        str_add(out, "-");
        return;
    }
    proportion_interval(&low, &high, count->kept, count->decided, 0.95);
    str_addf(out, "%" PRId64 " of %" PRId64 ", ", count->kept, count->decided);
    say_share(out, (double)count->kept / (double)count->decided, low, high);
}
