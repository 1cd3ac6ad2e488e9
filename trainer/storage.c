/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem.h"
#include "storage.h"
#include "str.h"

#define PIECE     ((size_t)4 << 20) /* bytes read at once */
#define SIZE_LAST ((uint64_t)1 << 62)

void storage_clear(struct storage *s)
{
    for (size_t i = 0; i < s->n_files; i++) {
        close(s->files[i].fd);
        free(s->files[i].path);
    }
    for (size_t i = 0; i < s->n; i++)
        free(s->tensors[i].name);
    free(s->files);
    free(s->tensors);
    *s = (struct storage){0};
}

int storage_open(struct storage *s, const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0)
        return errno == ENOENT ? err_usage(err, "%s: no such file", path)
                               : err_sys(err, "%s", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_usage(err, "%s is no regular file", path);
    }
    s->files = mem_room(s->files, s->n_files, sizeof *s->files);
    s->files[s->n_files++] = (struct storage_file){mem_strdup(path), fd, (uint64_t)st.st_size};
    return 0;
}

int storage_read(void *out, const struct storage *s, size_t file, uint64_t at, uint64_t n,
                 struct err *err)
{
    const struct storage_file *f = &s->files[file];
    char *to = out;

    if (at > f->bytes || n > f->bytes - at)
        return err_usage(err, "%s was cut short: %llu bytes from %llu on are not in its %llu",
                         f->path, (unsigned long long)n, (unsigned long long)at,
                         (unsigned long long)f->bytes);
    while (n > 0) {
        ssize_t got = pread(f->fd, to, n < PIECE ? (size_t)n : PIECE, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(err, "%s", f->path);
        if (got == 0)
            return err_environment(err, "%s became shorter while it was read", f->path);
        to += got;
        at += (uint64_t)got;
        n -= (uint64_t)got;
    }
    return 0;
}

int storage_check_name(const char *name, size_t len, const char *path, struct err *err)
{
    struct str shown = {0};
    bool fine = len > 0 && len < STORED_NAME;
    uint32_t code = 0;

    for (size_t at = 0, n; fine && at < len; at += n) {
        n = utf8_read(&code, name + at, len - at);
        fine = n > 0 && code >= 0x20 && code != 0x7f && (code < 0x80 || code > 0x9f);
    }
    if (fine)
        return 0;
    str_add_printable(&shown, name, len, 40);
    err_usage(err, "%s: '%s' of %zu bytes is no name", path, str_text(&shown), len);
    str_clear(&shown);
    return -1;
}

/* Numbers of a tensor, and of one row (its innermost dimension); false beyond SIZE_LAST. */
static bool count_numbers(uint64_t *n, const struct stored *t)
{
    *n = 1;
    if (t->n_dims < 1 || t->n_dims > STORED_DIMS)
        return false;
    for (size_t i = 0; i < t->n_dims; i++)
        if (t->dims[i] < 1 || __builtin_mul_overflow(*n, t->dims[i], n) || *n > SIZE_LAST)
            return false;
    return true;
}

int storage_add(struct storage *s, const struct stored *tensor, struct err *err)
{
    const struct storage_file *f = &s->files[tensor->file];
    struct stored t = *tensor;
    uint64_t n;

    if (s->n >= STORED_MOST)
        return err_usage(err, "%s: more than %d tensors", f->path, STORED_MOST);
    if (!count_numbers(&n, &t))
        return err_usage(err, "%s: tensor '%s' has no shape that can be", f->path, t.name);
    if (t.dims[t.n_dims - 1] % t.dtype->block != 0)
        return err_usage(err, "%s: tensor '%s': rows of %llu are no whole blocks of %s", f->path,
                         t.name, (unsigned long long)t.dims[t.n_dims - 1], t.dtype->name);
    if (!dtype_size(&t.bytes, t.dtype, n) || t.at > f->bytes || t.bytes > f->bytes - t.at)
        return err_usage(err, "%s: tensor '%s' lies outside the file: %llu of %s at %llu of %llu",
                         f->path, t.name, (unsigned long long)n, t.dtype->name,
                         (unsigned long long)t.at, (unsigned long long)f->bytes);
    t.name = mem_strdup(tensor->name);
    s->tensors = mem_room(s->tensors, s->n, sizeof t);
    s->tensors[s->n++] = t;
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct stored *)a)->name, ((const struct stored *)b)->name);
}

int storage_check_names(struct storage *s, struct err *err)
{
    if (s->n > 1)
        qsort(s->tensors, s->n, sizeof *s->tensors, by_name);
    for (size_t i = 1; i < s->n; i++)
        if (strcmp(s->tensors[i - 1].name, s->tensors[i].name) == 0)
            return err_usage(err, "%s: tensor '%s' stands twice", s->files[s->tensors[i].file].path,
                             s->tensors[i].name);
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct stored *x = *(const struct stored *const *)a;
    const struct stored *y = *(const struct stored *const *)b;

    return x->at != y->at ? (x->at < y->at ? -1 : 1) : strcmp(x->name, y->name);
}

static const struct stored **in_order(size_t *n, const struct storage *s, size_t file)
{
    const struct stored **list = mem_new(s->n, sizeof(void *));

    *n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->tensors[i].file == file)
            list[(*n)++] = &s->tensors[i];
    if (*n > 1)
        qsort(list, *n, sizeof(void *), by_place);
    return list;
}

int storage_check_places(const struct storage *s, size_t file, uint64_t from, bool tiled,
                         struct err *err)
{
    const struct storage_file *f = &s->files[file];
    const struct stored **list;
    uint64_t end = from;
    size_t n;
    int rc = 0;

    list = in_order(&n, s, file);
    for (size_t i = 0; rc == 0 && i < n; end = list[i]->at + list[i]->bytes, i++) {
        if (list[i]->at < end)
            rc = err_usage(err, "%s: tensor '%s' overlaps what stands in front of it", f->path,
                           list[i]->name);
        else if (tiled && list[i]->at > end)
            rc = err_usage(err, "%s: nothing tells what stands in front of tensor '%s'", f->path,
                           list[i]->name);
    }
    if (rc == 0 && tiled && end != f->bytes)
        rc = err_usage(err, "%s: %llu bytes behind the last tensor", f->path,
                       (unsigned long long)(f->bytes - end));
    free(list);
    return rc;
}

const struct stored *storage_find(const struct storage *s, const char *name)
{
    size_t low = 0, high = s->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(name, s->tensors[middle].name);
        if (order == 0)
            return &s->tensors[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* --- against a model ---------------------------------------------------------------------------
 */

static void own_name(char out[STORED_NAME], const struct tensor *t)
{
    snprintf(out, STORED_NAME, "%s", t->name);
}

static bool never(const struct model *model, const struct tensor *t)
{
    (void)model;
    (void)t;
    return false;
}

/* Older files have the angles of the rotary embedding too. */
static bool own_spare(const char *name)
{
    static const char angles[] = ".rotary_emb.inv_freq";
    size_t len = strlen(name);

    return len >= sizeof angles && strcmp(name + len - (sizeof angles - 1), angles) == 0;
}

const struct naming naming_own = {own_name, never, own_spare};

size_t interleaved_row(size_t row, size_t width)
{
    size_t in_head = row % width;

    return row - in_head + in_head / 2 + (in_head % 2 == 0 ? 0 : width / 2);
}

static bool shape_is(const struct stored *stored, const struct tensor *t)
{
    const uint64_t *dims = stored->dims;

    if (stored->n_dims == 1)
        return t->rows == 1 && dims[0] == (uint64_t)t->cols;
    return stored->n_dims == 2 && dims[0] == (uint64_t)t->rows && dims[1] == (uint64_t)t->cols;
}

static const char *path_of(const struct storage *s)
{
    return s->n_files > 0 ? s->files[s->n_files - 1].path : "";
}

static int check_tensor(const struct storage *s, const struct tensor *t,
                        const struct naming *naming, struct err *err)
{
    char name[STORED_NAME];
    const struct stored *stored;

    naming->name(name, t);
    stored = storage_find(s, name);
    if (stored == NULL)
        return err_usage(err, "%s: no tensor '%s'", path_of(s), name);
    if (!shape_is(stored, t))
        return err_usage(err, "%s: tensor '%s' is not [%d, %d]", s->files[stored->file].path, name,
                         t->rows, t->cols);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The file's names of a model's tensors, sorted; the caller frees each and all. */
static char **names_of(const struct model *model, const struct naming *naming)
{
    char **names = mem_new(model->n_tensors, sizeof *names), name[STORED_NAME];

    for (size_t i = 0; i < model->n_tensors; i++) {
        naming->name(name, &model->tensors[i]);
        names[i] = mem_strdup(name);
    }
    qsort(names, model->n_tensors, sizeof *names, by_text);
    return names;
}

static bool is_spare(const char *name, const struct model *model, const struct naming *naming)
{
    const struct tensor head = {.name = "lm_head.weight"};
    char head_name[STORED_NAME];

    naming->name(head_name, &head);
    return (model->shape.tied && strcmp(name, head_name) == 0) || naming->spare(name);
}

static int refuse_strangers(const struct storage *s, const struct model *model,
                            const struct naming *naming, struct err *err)
{
    char **names = names_of(model, naming);
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < s->n; i++) {
        const struct stored *t = &s->tensors[i];
        if (bsearch(&t->name, names, model->n_tensors, sizeof *names, by_text) == NULL &&
            !is_spare(t->name, model, naming))
            rc = err_usage(err, "%s: tensor '%s' is none of this model's", s->files[t->file].path,
                           t->name);
    }
    for (size_t i = 0; i < model->n_tensors; i++)
        free(names[i]);
    free(names);
    return rc;
}

int storage_check(const struct storage *s, const struct model *model, const struct naming *naming,
                  struct err *err)
{
    for (size_t i = 0; i < model->n_tensors; i++)
        if (check_tensor(s, &model->tensors[i], naming, err) != 0)
            return -1;
    return refuse_strangers(s, model, naming, err);
}
