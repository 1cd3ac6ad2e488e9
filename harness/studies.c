/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "studies.h"

static bool is_open(const struct studies *studies, const char *run_dir)
{
    for (size_t i = 0; i < studies->n; i++)
        if (strcmp(studies->views[i].place.run_dir, run_dir) == 0)
            return true;
    return false;
}

/* The facts of a view point to its record, so a view may not move once it is open. */
static int add(struct studies *out, const char *word, const char *dir, unsigned parts,
               struct err *err)
{
    struct view *view = &out->views[out->n];

    if (view_open_parts(view, word, dir, parts, err) != 0)
        return -1;
    if (is_open(out, view->place.run_dir))
        view_close(view);
    else
        out->n++;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->run_dir, y->run_dir);
}

static int open_words(struct studies *out, const char *const *words, size_t n, const char *dir,
                      unsigned parts, struct err *err)
{
    out->views = mem_new(n, sizeof *out->views);
    for (size_t i = 0; i < n; i++)
        if (add(out, words[i], dir, parts, err) != 0)
            return -1;
    return 0;
}

/* All that lie below this folder, in the order of their names. */
static int open_here(struct studies *out, unsigned parts, struct err *err)
{
    struct place *places = NULL;
    size_t n = 0;
    int rc = place_find_all(&places, &n, err);

    if (rc == 0 && n > 1)
        qsort(places, n, sizeof *places, by_name);
    out->views = mem_new(n, sizeof *out->views);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = add(out, places[i].run_dir, NULL, parts, err);
    for (size_t i = 0; i < n; i++)
        place_clear(&places[i]);
    free(places);
    return rc;
}

int studies_open(struct studies *out, const struct arguments *arguments, const char *dir,
                 unsigned parts, struct err *err)
{
    const char *none[] = {NULL};
    int rc;

    *out = (struct studies){0};
    if (dir != NULL && arguments->n_words > 1)
        return err_usage(err, "--dir goes with one study, not with %zu", arguments->n_words);
    if (dir != NULL && arguments->n_words == 0)
        rc = open_words(out, none, 1, dir, parts, err);
    else if (arguments->n_words > 0)
        rc = open_words(out, (const char *const *)arguments->words, arguments->n_words, dir, parts,
                        err);
    else
        rc = open_here(out, parts, err);
    if (rc != 0)
        studies_close(out);
    return rc;
}

void studies_close(struct studies *studies)
{
    for (size_t i = 0; i < studies->n; i++)
        view_close(&studies->views[i]);
    free(studies->views);
    *studies = (struct studies){0};
}
