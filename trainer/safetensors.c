/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "json.h"
#include "mem.h"
#include "safetensors.h"

#define PREFIX      ((size_t)8)         /* bytes: the header's length */
#define HEADER_MOST ((size_t)100 << 20) /* as the reference implementation limits it */

/* A mapped file and its parsed header. */
struct opened {
    const char *path;
    const uint8_t *map;
    size_t bytes;
    json_t *header;
    const uint8_t *data; /* behind the header */
    size_t data_bytes;
};

static uint64_t little_endian(const uint8_t *p)
{
    uint64_t x = 0;

    for (int i = 7; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

static int map_file(struct opened *in, struct err *err)
{
    int fd = open(in->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = -1;
    struct stat st;
    void *map;

    if (fd < 0 || fstat(fd, &st) != 0) {
        err_sys(err, "%s", in->path);
        goto out;
    }
    if (!S_ISREG(st.st_mode) || (size_t)st.st_size < PREFIX) {
        err_usage(err, "%s is no safetensors file", in->path);
        goto out;
    }
    map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        err_sys(err, "%s", in->path);
        goto out;
    }
    in->map = map;
    in->bytes = (size_t)st.st_size;
    rc = 0;
out:
    if (fd >= 0)
        close(fd);
    return rc;
}

static int open_weights(struct opened *in, struct err *err)
{
    uint64_t header;

    if (map_file(in, err) != 0)
        return -1;
    header = little_endian(in->map);
    if (header > HEADER_MOST || header > in->bytes - PREFIX)
        return err_usage(err, "%s is no safetensors file, or was cut short", in->path);
    if (json_read(&in->header, (const char *)in->map + PREFIX, (size_t)header, in->path, err) != 0)
        return -1;
    if (!json_is_object(in->header))
        return err_usage(err, "%s: the header is no object", in->path);
    in->data = in->map + PREFIX + header;
    in->data_bytes = in->bytes - PREFIX - (size_t)header;
    return 0;
}

static void close_weights(struct opened *in)
{
    json_decref(in->header);
    if (in->map != NULL)
        munmap((void *)(uintptr_t)in->map, in->bytes);
}

static bool shape_is(const json_t *shape, const struct tensor *t)
{
    size_t dims = json_array_size(shape);
    json_int_t last = json_integer_value(json_array_get(shape, dims - 1));

    if (dims == 1)
        return t->rows == 1 && last == t->cols;
    return dims == 2 && json_integer_value(json_array_get(shape, 0)) == t->rows && last == t->cols;
}

static int read_tensor(real *out, const struct tensor *t, const struct opened *in, struct err *err)
{
    const json_t *entry = json_object_get(in->header, t->name);
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    json_int_t from = json_integer_value(json_array_get(offsets, 0));
    json_int_t to = json_integer_value(json_array_get(offsets, 1));

    assert(in->data != NULL);
    if (entry == NULL)
        return err_usage(err, "%s: no tensor '%s'", in->path, t->name);
    if (dtype == NULL || strcmp(dtype, "F32") != 0)
        return err_usage(err, "%s: tensor '%s' is not of dtype F32", in->path, t->name);
    if (!shape_is(json_object_get(entry, "shape"), t))
        return err_usage(err, "%s: tensor '%s' is not [%d, %d]", in->path, t->name, t->rows,
                         t->cols);
    if (from < 0 || to < from || (uint64_t)to > in->data_bytes ||
        (uint64_t)(to - from) != tensor_size(t) * sizeof *out)
        return err_usage(err, "%s: tensor '%s' lies outside the file", in->path, t->name);
    memcpy(out, in->data + from, tensor_size(t) * sizeof *out);
    return 0;
}

static int refuse_strangers(const struct model *model, const struct opened *in, struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach (in->header, name, value) {
        if (strcmp(name, "__metadata__") == 0 || model_find(model, name) != NULL)
            continue;
        if (strcmp(name, "lm_head.weight") != 0 || !model->shape.tied)
            return err_usage(err, "%s: tensor '%s' is none of this model's", in->path, name);
    }
    return 0;
}

int safetensors_read(const struct model *model, real *weights, const char *path, struct err *err)
{
    struct opened in = {.path = path};
    int rc = -1;

    if (open_weights(&in, err) != 0 || refuse_strangers(model, &in, err) != 0)
        goto out;
    for (size_t i = 0; i < model->n_tensors; i++)
        if (read_tensor(weights + model->tensors[i].at, &model->tensors[i], &in, err) != 0)
            goto out;
    rc = 0;
out:
    close_weights(&in);
    return rc;
}

/* Length and header, blanks behind it so that the numbers begin on a multiple of eight. */
static void make_header(struct str *out, const struct model *model)
{
    uint8_t length[PREFIX];
    struct str text = {0};

    str_add(&text, "{\"__metadata__\":{\"format\":\"pt\"}");
    for (size_t i = 0; i < model->n_tensors; i++) {
        const struct tensor *t = &model->tensors[i];
        size_t from = t->at * sizeof(real), to = from + tensor_size(t) * sizeof(real);
        str_addf(&text, ",\"%s\":{\"dtype\":\"F32\",\"shape\":[", t->name);
        if (tensor_is_matrix(t))
            str_addf(&text, "%d,", t->rows);
        str_addf(&text, "%d],\"data_offsets\":[%zu,%zu]}", t->cols, from, to);
    }
    str_add(&text, "}");
    while (text.len % PREFIX != 0)
        str_add(&text, " ");
    for (size_t i = 0; i < PREFIX; i++)
        length[i] = (uint8_t)((uint64_t)text.len >> 8 * i);
    str_addn(out, (const char *)length, PREFIX);
    str_addn(out, text.at, text.len);
    str_clear(&text);
}

static int write_all(int fd, const char *path, const struct model *model, const real *weights,
                     struct err *err)
{
    struct str header = {0};
    int rc = -1;

    make_header(&header, model);
    if (fd_write(fd, header.at, header.len, path, err) != 0 ||
        fd_write(fd, weights, model->n_weights * sizeof *weights, path, err) != 0)
        goto out;
    rc = fsync(fd) == 0 ? 0 : err_sys(err, "%s", path);
out:
    str_clear(&header);
    return rc;
}

int safetensors_write(const char *path, const struct model *model, const real *weights,
                      struct err *err)
{
    char *temporary = mem_printf("%s.new", path), *dir = path_dir(path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), rc = -1;

    if (fd < 0) {
        err_sys(err, "%s", temporary);
        goto out;
    }
    rc = write_all(fd, temporary, model, weights, err);
    if (close(fd) != 0 && rc == 0)
        rc = err_sys(err, "%s", temporary);
    if (rc == 0 && rename(temporary, path) != 0)
        rc = err_sys(err, "%s", path);
    if (rc != 0)
        (void)unlink(temporary);
    else
        rc = file_sync_dir(dir, err);
out:
    free(dir);
    free(temporary);
    return rc;
}
