/* SPDX-License-Identifier: GPL-3.0-or-later */
/* storage_load.c - tensors of files become numbers in memory, a piece at a time on all threads. */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "storage.h"

#define PIECE ((size_t)4 << 20) /* bytes of a file that a thread takes at once */

/* Some rows of one tensor. */
struct part {
    const struct tensor *tensor;
    const struct stored *stored;
    float *to;          /* where the tensor goes */
    size_t first, rows; /* in the file's order */
};

struct loading {
    const struct storage *s;
    const struct model *model;
    const struct naming *naming;
    struct part *parts;
    size_t n;
    uint8_t **bytes;  /* [threads] of a part, as the file has them */
    float **numbers;  /* [threads] of a part, in the file's order of rows */
    struct err *errs; /* [n] */
};

static size_t rows_of_piece(const struct stored *t, size_t rows)
{
    size_t row = (size_t)(t->bytes / rows), fit = PIECE / (row > 0 ? row : 1);

    return fit < 1 ? 1 : fit < rows ? fit : rows;
}

static void list_parts(struct loading *l, const struct tensor *t, float *to)
{
    char name[STORED_NAME];
    const struct stored *stored;
    size_t rows = (size_t)t->rows, step;

    l->naming->name(name, t);
    stored = storage_find(l->s, name);
    step = rows_of_piece(stored, rows);
    for (size_t first = 0; first < rows; first += step) {
        l->parts = mem_room(l->parts, l->n, sizeof *l->parts);
        l->parts[l->n++] =
            (struct part){t, stored, to, first, rows - first < step ? rows - first : step};
    }
}

static size_t part_numbers(const struct part *p)
{
    return p->rows * (size_t)p->tensor->cols;
}

/* Rows in the file's order go to where they belong. */
static void place_rows(float *tensor, const float *from, const struct part *p, size_t width)
{
    size_t cols = (size_t)p->tensor->cols;

    for (size_t i = 0; i < p->rows; i++)
        memcpy(tensor + interleaved_row(p->first + i, width) * cols, from + i * cols,
               cols * sizeof *from);
}

static void load_part(void *arg, size_t worker, size_t index)
{
    const struct loading *l = arg;
    const struct part *p = &l->parts[index];
    size_t n = part_numbers(p), cols = (size_t)p->tensor->cols;
    uint64_t row = p->stored->bytes / (uint64_t)p->tensor->rows,
             at = p->stored->at + row * p->first;
    bool turned = l->naming->interleaved(l->model, p->tensor);
    float *to = p->to + p->first * cols;
    uint8_t *bytes = l->bytes[worker];

    if (turned)
        to = l->numbers[worker];
    if (p->stored->dtype == dtypes) /* binary32 is read into its place */
        bytes = (uint8_t *)to;
    if (storage_read(bytes, l->s, p->stored->file, at, row * p->rows, &l->errs[index]) != 0)
        return;
    if (p->stored->dtype != dtypes)
        p->stored->dtype->decode(to, bytes, n / p->stored->dtype->block);
    if (turned)
        place_rows(p->to, to, p, (size_t)l->model->shape.head_dim);
}

static void take_buffers(struct loading *l, size_t threads)
{
    size_t most = 1;

    for (size_t i = 0; i < l->n; i++)
        if (part_numbers(&l->parts[i]) > most)
            most = part_numbers(&l->parts[i]);
    l->bytes = mem_new(threads, sizeof *l->bytes);
    l->numbers = mem_new(threads, sizeof *l->numbers);
    for (size_t i = 0; i < threads; i++) {
        l->bytes[i] = mem_new(most, sizeof(float)); /* no format takes more */
        l->numbers[i] = mem_new(most, sizeof(float));
    }
}

static int finish(struct loading *l, size_t threads, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < l->n && rc == 0; i++)
        if (l->errs[i].code != 0) {
            *err = l->errs[i];
            rc = -1;
        }
    for (size_t i = 0; i < threads; i++) {
        free(l->bytes[i]);
        free(l->numbers[i]);
    }
    free(l->bytes);
    free(l->numbers);
    free(l->errs);
    free(l->parts);
    return rc;
}

int storage_load_some(float *const *to, const struct storage *s, const struct model *model,
                      const struct naming *naming, struct pool *pool, struct err *err)
{
    struct loading l = {.s = s, .model = model, .naming = naming};
    size_t threads = pool_threads(pool);

    for (size_t i = 0; i < model->n_tensors; i++)
        if (to[i] != NULL)
            list_parts(&l, &model->tensors[i], to[i]);
    take_buffers(&l, threads);
    l.errs = mem_new(l.n, sizeof *l.errs);
    pool_run(pool, load_part, &l, l.n);
    return finish(&l, threads, err);
}

int storage_load(float *weights, const struct storage *s, const struct model *model,
                 const struct naming *naming, struct pool *pool, struct err *err)
{
    float **to = mem_new(model->n_tensors, sizeof *to);
    int rc;

    for (size_t i = 0; i < model->n_tensors; i++)
        to[i] = weights + model->tensors[i].at;
    rc = storage_load_some(to, s, model, naming, pool, err);
    free(to);
    return rc;
}
