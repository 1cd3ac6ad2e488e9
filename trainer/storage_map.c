/* SPDX-License-Identifier: GPL-3.0-or-later */
/* storage_map.c - weights for reading alone, where they stand in their files. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "block.h"
#include "lost_page.h"
#include "mem.h"
#include "storage.h"

static const char cut_short[] =
    "nightshift-lm: a file of weights became shorter while it was read\n";

static const struct stored *stored_of(const struct storage *s, const struct naming *naming,
                                      const struct tensor *t)
{
    char name[STORED_NAME];

    naming->name(name, t);
    return storage_find(s, name);
}

static bool is_usable(const struct stored *stored, const struct model *model,
                      const struct naming *naming, const struct tensor *t)
{
    return stored->dtype == dtypes && stored->at % sizeof(float) == 0 &&
           !naming->interleaved(model, t);
}

/* Where that is impossible (a file system without maps) the file is read: *out stays NULL. */
static int map_file(struct mapping *out, const struct storage_file *f, struct err *err)
{
    struct stat st;
    void *at;

    if (fstat(f->fd, &st) != 0)
        return err_sys(err, "%s", f->path);
    if ((uint64_t)st.st_size < f->bytes)
        return err_environment(err, "%s became shorter while it was read", f->path);
    if (f->bytes == 0 || f->bytes > SIZE_MAX)
        return 0;
    at = mmap(NULL, (size_t)f->bytes, PROT_READ, MAP_PRIVATE, f->fd, 0);
    if (at == MAP_FAILED)
        return 0;
    (void)madvise(at, (size_t)f->bytes, MADV_HUGEPAGE); /* a wish that some file systems grant */
    *out = (struct mapping){at, (size_t)f->bytes};
    return 0;
}

/* Tensors that can be used where they stand; each file is mapped with the first of them. */
static int point_at_files(struct weights *w, const struct storage *s, const struct model *model,
                          const struct naming *naming, struct err *err)
{
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct stored *t = stored_of(s, naming, &model->tensors[i]);
        struct mapping *map = &w->maps[t->file];
        if (!is_usable(t, model, naming, &model->tensors[i]))
            continue;
        if (map->at == NULL && map_file(map, &s->files[t->file], err) != 0)
            return -1;
        if (map->at != NULL)
            w->at[i] = (const float *)(const void *)((const char *)map->at + t->at);
    }
    return 0;
}

/* Each of the others begins on a cache line of the block. */
static size_t room_for(const struct tensor *t)
{
    return (tensor_size(t) + LANES - 1) / LANES * LANES;
}

static size_t count_others(const struct weights *w, const struct model *model)
{
    size_t n = 0;

    for (size_t i = 0; i < model->n_tensors; i++)
        n += w->at[i] == NULL ? room_for(&model->tensors[i]) : 0;
    return n;
}

static void place_others(float **to, struct weights *w, const struct model *model)
{
    float *next = w->block;

    for (size_t i = 0; i < model->n_tensors; i++)
        if (w->at[i] == NULL) {
            w->at[i] = to[i] = next;
            next += room_for(&model->tensors[i]);
        }
}

/* On as many threads as there are processors. */
static int load_others(float *const *to, const struct storage *s, const struct model *model,
                       const struct naming *naming, struct err *err)
{
    struct pool *pool = NULL;
    int rc = pool_open(&pool, pool_processors(), err);

    if (rc == 0)
        rc = storage_load_some(to, s, model, naming, pool, err);
    pool_close(pool);
    return rc;
}

static int copy_others(struct weights *w, const struct storage *s, const struct model *model,
                       const struct naming *naming, struct err *err)
{
    size_t n = count_others(w, model);
    float **to;
    int rc;

    if (n == 0)
        return 0;
    if (block_check_memory((double)n * sizeof(float), pool_processors(), err) != 0)
        return -1;
    to = mem_new(model->n_tensors, sizeof *to);
    w->block = block_new(n);
    place_others(to, w, model);
    rc = load_others(to, s, model, naming, err);
    free(to);
    return rc;
}

int storage_map(struct weights *out, const struct storage *s, const struct model *model,
                const struct naming *naming, struct err *err)
{
    *out = (struct weights){.at = mem_new(model->n_tensors, sizeof *out->at),
                            .maps = mem_new(s->n_files, sizeof *out->maps),
                            .n_maps = s->n_files};
    if (lost_page_watch(cut_short, err) != 0 || point_at_files(out, s, model, naming, err) != 0)
        return -1;
    return copy_others(out, s, model, naming, err);
}
