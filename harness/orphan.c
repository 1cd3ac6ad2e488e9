/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "orphan.h"

/* What is left where a program was killed while it made something (store.c, migrate.c, ledger.c,
 * file.c). */
static const char *const unfinished[] = {"study.db.new*", "study.db.v*.bak.new*", "repo.tmp.*",
                                         "*.part", NULL};

/* The entries of a folder in a fixed order; a folder that is not there has none. */
static int entries(struct dirent ***out, const char *dir)
{
    int n = scandir(dir, out, NULL, alphasort);

    return n < 0 ? 0 : n;
}

static void entries_free(struct dirent **names, int n)
{
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static bool is_unfinished(const char *name)
{
    for (size_t i = 0; unfinished[i] != NULL; i++)
        if (fnmatch(unfinished[i], name, 0) == 0)
            return true;
    return false;
}

/* "77", "77-repeat": is there such a run of the experiment? */
static bool is_run(const struct record *record, unsigned long long experiment, const char *name)
{
    size_t digits = strspn(name, "0123456789");
    char seed_text[16];
    unsigned long long seed;

    snprintf(seed_text, sizeof seed_text, "%.*s", digits < 15 ? (int)digits : 15, name);
    if (!integer_read(&seed, seed_text, UINT32_MAX))
        return false;
    for (int v = 0; variant_names[v] != NULL; v++) {
        bool own = v == RUN_OWN;
        const char *rest = name + digits;
        if (own ? *rest != '\0' : *rest != '-' || strcmp(rest + 1, variant_names[v]) != 0)
            continue;
        return record_variant(record, (int64_t)experiment, (enum run_variant)v, (uint32_t)seed) !=
               NULL;
    }
    return false;
}

/* A run's own folder, or the one beside it in which it was judged. */
static bool is_of_run(const struct record *record, unsigned long long experiment, const char *name)
{
    const char *end = strstr(name, PLACE_JUDGED);
    size_t len =
        end != NULL && strcmp(end, PLACE_JUDGED) == 0 ? (size_t)(end - name) : strlen(name);
    char *run = mem_strndup(name, len);
    bool found = is_run(record, experiment, run);

    free(run);
    return found;
}

typedef int path_seer(void *context, const char *path, struct err *err);

/* Orphans among the seeds of one experiment. */
static int each_seed(const struct record *record, const char *dir, const char *name, path_seer *see,
                     void *context, struct err *err)
{
    char *path = path_join(dir, name);
    unsigned long long experiment;
    bool known = integer_read(&experiment, name, record->n_experiments) && experiment > 0;
    struct dirent **names = NULL;
    int rc = 0;

    if (!known) {
        rc = see(context, path, err);
        free(path);
        return rc;
    }
    int n = entries(&names, path);
    for (int i = 0; i < n && rc == 0; i++) {
        if (is_dots(names[i]->d_name) || is_of_run(record, experiment, names[i]->d_name))
            continue;
        char *seed = path_join(path, names[i]->d_name);
        rc = see(context, seed, err);
        free(seed);
    }
    entries_free(names, n);
    free(path);
    return rc;
}

static int each_run(const struct place *place, const struct record *record, path_seer *see,
                    void *context, struct err *err)
{
    char *dir = path_join(place->run_dir, "runs");
    struct dirent **names = NULL;
    int n = entries(&names, dir), rc = 0;

    for (int i = 0; i < n && rc == 0; i++)
        if (!is_dots(names[i]->d_name))
            rc = each_seed(record, dir, names[i]->d_name, see, context, err);
    entries_free(names, n);
    free(dir);
    return rc;
}

static int each_unfinished(const struct place *place, path_seer *see, void *context,
                           struct err *err)
{
    struct dirent **names = NULL;
    int n = entries(&names, place->run_dir), rc = 0;

    for (int i = 0; i < n && rc == 0; i++) {
        if (!is_unfinished(names[i]->d_name))
            continue;
        char *path = path_join(place->run_dir, names[i]->d_name);
        rc = see(context, path, err);
        free(path);
    }
    entries_free(names, n);
    return rc;
}

static int each_orphan(const struct place *place, const struct record *record, path_seer *see,
                       void *context, struct err *err)
{
    int rc = each_unfinished(place, see, context, err);

    return rc != 0 ? rc : each_run(place, record, see, context, err);
}

/* --- finding --------------------------------------------------------------------------------- */

static int take_first(void *context, const char *path, struct err *err)
{
    char **out = context;

    (void)err;
    *out = mem_strdup(path);
    return 1;
}

int orphan_find(char **out, const struct place *place, const struct record *record, struct err *err)
{
    *out = NULL;
    return each_orphan(place, record, take_first, out, err) < 0 ? -1 : 0;
}

/* --- putting away ---------------------------------------------------------------------------- */

int trash_put(const struct place *place, const char *path, struct err *err)
{
    char *trash = path_join(place->run_dir, "trash");
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    int rc = file_mkdirs(trash, err);

    for (int i = 1; rc == 0; i++) {
        char *to = mem_printf("%s/%d-%s", trash, i, name);
        bool taken = file_exists(to);
        if (!taken && rename(path, to) != 0)
            rc = err_sys(err, "cannot move '%s' to '%s'", path, to);
        free(to);
        if (!taken)
            break;
    }
    free(trash);
    return rc;
}

struct put_away {
    const struct place *place;
    size_t n;
};

static int put_away(void *context, const char *path, struct err *err)
{
    struct put_away *put = context;

    if (trash_put(put->place, path, err) != 0)
        return -1;
    put->n++;
    return 0;
}

int orphan_put_away(size_t *n, const struct place *place, const struct record *record,
                    struct err *err)
{
    struct put_away put = {.place = place};
    int rc = each_orphan(place, record, put_away, &put, err);

    *n = put.n;
    return rc;
}
