/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "pool.h"
#include "safetensors.h"
#include "safetensors_header.h"

int safetensors_read(const struct model *model, real *weights, const char *path, struct err *err)
{
    struct storage s = {0};
    struct pool *pool = NULL;
    int rc = -1;

    if (storage_open(&s, path, err) == 0 && safetensors_header(&s, 0, NULL, err) == 0 &&
        storage_check(&s, model, &naming_own, err) == 0 && pool_open(&pool, 1, err) == 0)
        rc = storage_load(weights, &s, model, &naming_own, pool, err);
    pool_close(pool);
    storage_clear(&s);
    return rc;
}

static void add_entry(struct str *text, const struct outgoing *o, const struct tensor *t,
                      uint64_t from)
{
    uint64_t to = from + outgoing_bytes(o, t);
    char name[STORED_NAME];

    o->naming->name(name, t);
    str_addf(text, ",\"%s\":{\"dtype\":\"%s\",\"shape\":[", name,
             outgoing_dtype(o, t)->safetensors);
    if (tensor_is_matrix(t))
        str_addf(text, "%d,", t->rows);
    str_addf(text, "%d],\"data_offsets\":[%llu,%llu]}", t->cols, (unsigned long long)from,
             (unsigned long long)to);
}

#define LINE 64 /* bytes */

/*
 * Length and header, blanks behind it so that the numbers begin on a cache line: the format wants a
 * multiple of eight, and who maps the file reads whole lines.
 */
static void make_header(struct str *out, const struct outgoing *o, const char *key,
                        const char *value)
{
    uint8_t length[SAFETENSORS_PREFIX];
    struct str text = {0};
    uint64_t from = 0;

    str_add(&text, "{\"__metadata__\":{\"format\":\"pt\"");
    if (key != NULL) {
        str_addf(&text, ",\"%s\":", key);
        json_write_string(&text, value);
    }
    str_add(&text, "}");
    for (size_t i = 0; i < o->model->n_tensors; i++) {
        add_entry(&text, o, &o->model->tensors[i], from);
        from += outgoing_bytes(o, &o->model->tensors[i]);
    }
    str_add(&text, "}");
    while ((SAFETENSORS_PREFIX + text.len) % LINE != 0)
        str_add(&text, " ");
    for (size_t i = 0; i < SAFETENSORS_PREFIX; i++)
        length[i] = (uint8_t)((uint64_t)text.len >> 8 * i);
    str_addn(out, (const char *)length, SAFETENSORS_PREFIX);
    str_addn(out, text.at, text.len);
    str_clear(&text);
}

static int write_all(struct out_file *out, const struct outgoing *o, const char *key,
                     const char *value, struct err *err)
{
    struct str header = {0};
    int rc;

    make_header(&header, o, key, value);
    rc = out_file_add(out, header.at, header.len, err);
    str_clear(&header);
    for (size_t i = 0; rc == 0 && i < o->model->n_tensors; i++)
        rc = outgoing_write(out, o, &o->model->tensors[i], err);
    return rc;
}

int safetensors_write_as(const char *path, const struct outgoing *o, const char *key,
                         const char *value, struct err *err)
{
    struct out_file out;

    if (out_file_open(&out, path, err) == 0 && write_all(&out, o, key, value, err) == 0)
        return out_file_finish(&out, err);
    out_file_drop(&out);
    return -1;
}

int safetensors_write(const char *path, const struct model *model, const real *weights,
                      struct err *err)
{
    const struct outgoing o = {
        .model = model, .weights = weights, .naming = &naming_own, .dtype = dtypes};

    return safetensors_write_as(path, &o, NULL, NULL, err);
}
