/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gguf.h"
#include "mem.h"
#include "str.h"

#define BUFFER    ((size_t)64 << 10)
#define DIM_MOST  ((uint64_t)1 << 32)
#define VALUE_MIN 13 /* bytes of the shortest value: an empty key, a type, a byte */
#define INFO_MIN  32 /* of the shortest tensor: an empty name, one dimension */

/* Bytes of an element; 0 where that varies. */
static const uint8_t type_bytes[GGUF_TYPES] = {
    [GGUF_U8] = 1,  [GGUF_I8] = 1,   [GGUF_U16] = 2, [GGUF_I16] = 2, [GGUF_U32] = 4, [GGUF_I32] = 4,
    [GGUF_F32] = 4, [GGUF_BOOL] = 1, [GGUF_U64] = 8, [GGUF_I64] = 8, [GGUF_F64] = 8,
};

/* Reads a file forwards, a buffer at a time. */
struct reader {
    const struct storage *s;
    size_t file;
    uint64_t at, end; /* of what is read next; of the file */
    uint64_t from;    /* what the buffer holds: n bytes from here on */
    size_t n;
    uint8_t *buffer;
};

static void reader_init(struct reader *r, const struct storage *s, size_t file, uint64_t at)
{
    *r = (struct reader){
        .s = s, .file = file, .at = at, .end = s->files[file].bytes, .buffer = mem_new(BUFFER, 1)};
}

static const char *path_of(const struct reader *r)
{
    return r->s->files[r->file].path;
}

static int cut_short(const struct reader *r, struct err *err)
{
    return err_usage(err, "%s was cut short: at byte %llu of %llu its header goes on", path_of(r),
                     (unsigned long long)r->at, (unsigned long long)r->end);
}

static int fill(struct reader *r, struct err *err)
{
    uint64_t left = r->end - r->at;

    r->from = r->at;
    r->n = left < BUFFER ? (size_t)left : BUFFER;
    return storage_read(r->buffer, r->s, r->file, r->from, r->n, err);
}

/* The next n <= BUFFER bytes, borrowed until the next call; NULL with err set. */
static const uint8_t *take(struct reader *r, size_t n, struct err *err)
{
    const uint8_t *at;

    if (n > r->end - r->at) {
        cut_short(r, err);
        return NULL;
    }
    if (r->at < r->from || r->at + n > r->from + r->n)
        if (fill(r, err) != 0)
            return NULL;
    at = r->buffer + (r->at - r->from);
    r->at += n;
    return at;
}

static int skip(struct reader *r, uint64_t n, struct err *err)
{
    if (n > r->end - r->at)
        return cut_short(r, err);
    r->at += n;
    return 0;
}

static uint64_t little_endian(const uint8_t *p, size_t n)
{
    uint64_t x = 0;

    while (n-- > 0)
        x = x << 8 | p[n];
    return x;
}

static int read_u32(uint32_t *out, struct reader *r, struct err *err)
{
    const uint8_t *p = take(r, 4, err);

    if (p == NULL)
        return -1;
    *out = (uint32_t)little_endian(p, 4);
    return 0;
}

static int read_u64(uint64_t *out, struct reader *r, struct err *err)
{
    const uint8_t *p = take(r, 8, err);

    if (p == NULL)
        return -1;
    *out = little_endian(p, 8);
    return 0;
}

/* A key or a tensor's name, terminated. */
static int read_name(char out[STORED_NAME], struct reader *r, struct err *err)
{
    const uint8_t *p;
    uint64_t len;

    if (read_u64(&len, r, err) != 0)
        return -1;
    if (len >= STORED_NAME)
        return err_usage(err, "%s: a name of %llu bytes at byte %llu", path_of(r),
                         (unsigned long long)len, (unsigned long long)r->at);
    p = take(r, (size_t)len, err);
    if (p == NULL || storage_check_name((const char *)p, (size_t)len, path_of(r), err) != 0)
        return -1;
    memcpy(out, p, (size_t)len);
    out[len] = '\0';
    return 0;
}

static int skip_text(struct reader *r, struct err *err)
{
    uint64_t len;

    return read_u64(&len, r, err) != 0 ? -1 : skip(r, len, err);
}

static int skip_elements(struct reader *r, enum gguf_type type, uint64_t count, struct err *err)
{
    if (type != GGUF_TEXT) {
        if (count > (r->end - r->at) / type_bytes[type])
            return cut_short(r, err);
        return skip(r, count * type_bytes[type], err);
    }
    if (count > (r->end - r->at) / 8)
        return cut_short(r, err);
    for (uint64_t i = 0; i < count; i++)
        if (skip_text(r, err) != 0)
            return -1;
    return 0;
}

static int read_type(enum gguf_type *out, struct reader *r, const char *key, struct err *err)
{
    uint32_t type;

    if (read_u32(&type, r, err) != 0)
        return -1;
    if (type >= GGUF_TYPES)
        return err_usage(err, "%s: value '%s' is of no known type: %u", path_of(r), key, type);
    *out = (enum gguf_type)type;
    return 0;
}

/* Type and place of one value; its bytes are passed over. */
static int read_value(struct gguf *g, struct reader *r, struct err *err)
{
    char key[STORED_NAME];
    struct gguf_value v = {.count = 1};

    if (read_name(key, r, err) != 0 || read_type(&v.type, r, key, err) != 0)
        return -1;
    v.element = v.type;
    if (v.type == GGUF_ARRAY) {
        if (read_type(&v.element, r, key, err) != 0 || read_u64(&v.count, r, err) != 0)
            return -1;
        if (v.element == GGUF_ARRAY)
            return err_usage(err, "%s: value '%s' is an array of arrays", path_of(r), key);
    }
    v.at = r->at;
    if (skip_elements(r, v.element, v.count, err) != 0)
        return -1;
    v.key = mem_strdup(key);
    g->values = mem_room(g->values, g->n, sizeof v);
    g->values[g->n++] = v;
    return 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct gguf_value *)a)->key, ((const struct gguf_value *)b)->key);
}

static int read_values(struct gguf *g, struct reader *r, uint64_t count, struct err *err)
{
    if (count > GGUF_VALUES_MOST || count > (r->end - r->at) / VALUE_MIN)
        return err_usage(err, "%s: %llu values of metadata are more than it can hold", path_of(r),
                         (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++)
        if (read_value(g, r, err) != 0)
            return -1;
    if (g->n > 1)
        qsort(g->values, g->n, sizeof *g->values, by_key);
    for (size_t i = 1; i < g->n; i++)
        if (strcmp(g->values[i - 1].key, g->values[i].key) == 0)
            return err_usage(err, "%s: value '%s' stands twice", path_of(r), g->values[i].key);
    return 0;
}

static int read_alignment(struct gguf *g, struct err *err)
{
    const struct gguf_value *v = gguf_find(g, "general.alignment");

    g->alignment = GGUF_ALIGNMENT;
    if (v != NULL && v->type != GGUF_U32)
        return err_usage(err, "%s: general.alignment is no u32", g->storage->files[g->file].path);
    if (gguf_whole(&g->alignment, g, "general.alignment", err) != 0)
        return -1;
    if (g->alignment < 1 || g->alignment > 4096 || (g->alignment & (g->alignment - 1)) != 0)
        return err_usage(err, "%s: general.alignment %llu is no power of two up to 4096",
                         g->storage->files[g->file].path, (unsigned long long)g->alignment);
    return 0;
}

/* Dimensions come innermost first, and are kept outermost first. */
static int read_dims(struct stored *t, struct reader *r, struct err *err)
{
    uint32_t n;

    if (read_u32(&n, r, err) != 0)
        return -1;
    if (n < 1 || n > STORED_DIMS)
        return err_usage(err, "%s: tensor '%s' has %u dimensions", path_of(r), t->name, n);
    t->n_dims = n;
    for (size_t i = n; i-- > 0;) {
        if (read_u64(&t->dims[i], r, err) != 0)
            return -1;
        if (t->dims[i] < 1 || t->dims[i] > DIM_MOST)
            return err_usage(err, "%s: tensor '%s' has a dimension of %llu", path_of(r), t->name,
                             (unsigned long long)t->dims[i]);
    }
    return 0;
}

/* t->at is the offset, which counts from where the numbers begin. */
static int read_info(struct stored *t, char name[STORED_NAME], const struct gguf *g,
                     struct reader *r, struct err *err)
{
    uint32_t type;

    *t = (struct stored){.name = name, .file = r->file};
    if (read_name(name, r, err) != 0 || read_dims(t, r, err) != 0 || read_u32(&type, r, err) != 0 ||
        read_u64(&t->at, r, err) != 0)
        return -1;
    t->dtype = dtype_of_ggml(type);
    if (t->dtype == NULL)
        return err_usage(err, "%s: tensor '%s' is of type %u, which is not known here", path_of(r),
                         name, type);
    if (t->at % g->alignment != 0)
        return err_usage(err, "%s: tensor '%s': offset %llu is no multiple of %llu", path_of(r),
                         name, (unsigned long long)t->at, (unsigned long long)g->alignment);
    return 0;
}

/* The list is walked twice: where the numbers begin is known at its end. */
static int read_infos(struct storage *s, const struct gguf *g, struct reader *r, uint64_t count,
                      struct err *err)
{
    char name[STORED_NAME];
    struct stored t;
    uint64_t list = r->at, data;

    if (count > STORED_MOST || count > (r->end - r->at) / INFO_MIN)
        return err_usage(err, "%s: %llu tensors are more than it can hold", path_of(r),
                         (unsigned long long)count);
    for (uint64_t i = 0; i < count; i++)
        if (read_info(&t, name, g, r, err) != 0)
            return -1;
    data = r->at + (g->alignment - r->at % g->alignment) % g->alignment;
    r->at = list;
    for (uint64_t i = 0; i < count; i++) {
        if (read_info(&t, name, g, r, err) != 0)
            return -1;
        if (__builtin_add_overflow(t.at, data, &t.at))
            return err_usage(err, "%s: tensor '%s' lies beyond the file", path_of(r), name);
        if (storage_add(s, &t, err) != 0)
            return -1;
    }
    if (storage_check_names(s, err) != 0)
        return -1;
    return storage_check_places(s, r->file, data, false, err);
}

static int read_start(struct gguf *g, uint64_t counts[2], struct reader *r, struct err *err)
{
    const uint8_t *magic = take(r, 4, err);

    if (magic == NULL)
        return -1;
    if (memcmp(magic, "GGUF", 4) != 0)
        return err_usage(err, "%s is no GGUF file", path_of(r));
    if (read_u32(&g->version, r, err) != 0)
        return -1;
    if (g->version < 2 || g->version > 3)
        return err_usage(err, "%s: GGUF version %u is neither 2 nor 3", path_of(r), g->version);
    return read_u64(&counts[0], r, err) != 0 ? -1 : read_u64(&counts[1], r, err);
}

int gguf_read(struct gguf *out, struct storage *s, size_t file, struct err *err)
{
    struct reader r;
    uint64_t counts[2] = {0}; /* tensors, values */
    int rc = -1;

    *out = (struct gguf){.storage = s, .file = file};
    reader_init(&r, s, file, 0);
    if (read_start(out, counts, &r, err) == 0 && read_values(out, &r, counts[1], err) == 0 &&
        read_alignment(out, err) == 0)
        rc = read_infos(s, out, &r, counts[0], err);
    free(r.buffer);
    return rc;
}

void gguf_clear(struct gguf *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->values[i].key);
    free(g->values);
    *g = (struct gguf){0};
}

const struct gguf_value *gguf_find(const struct gguf *g, const char *key)
{
    const struct gguf_value wanted = {.key = (char *)(uintptr_t)key};

    return g->n == 0 ? NULL : bsearch(&wanted, g->values, g->n, sizeof wanted, by_key);
}

/* --- values ------------------------------------------------------------------------------------
 */

static int wrong_type(const struct gguf *g, const char *key, const char *wanted, struct err *err)
{
    return err_usage(err, "%s: value '%s' is no %s", g->storage->files[g->file].path, key, wanted);
}

/* The bytes of a number; 1 where the value is missing, -1 where it is a text or an array. */
static int scalar(uint8_t out[8], const struct gguf_value **v, const struct gguf *g,
                  const char *key, const char *wanted, struct err *err)
{
    *v = gguf_find(g, key);
    if (*v == NULL)
        return 1;
    if (type_bytes[(*v)->type] == 0)
        return wrong_type(g, key, wanted, err);
    return storage_read(out, g->storage, g->file, (*v)->at, type_bytes[(*v)->type], err);
}

int gguf_whole(uint64_t *out, const struct gguf *g, const char *key, struct err *err)
{
    const struct gguf_value *v;
    uint8_t bytes[8] = {0};
    int rc = scalar(bytes, &v, g, key, "whole number", err);
    bool is_signed;
    uint64_t x;

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (v->type == GGUF_F32 || v->type == GGUF_F64 || v->type == GGUF_BOOL)
        return wrong_type(g, key, "whole number", err);
    x = little_endian(bytes, type_bytes[v->type]);
    is_signed =
        v->type == GGUF_I8 || v->type == GGUF_I16 || v->type == GGUF_I32 || v->type == GGUF_I64;
    if (is_signed && x >> (8 * type_bytes[v->type] - 1) != 0)
        return wrong_type(g, key, "positive whole number", err);
    *out = x;
    return 0;
}

/* The shortest decimal that is this binary32: 1e-5 was meant, and not 9.99999974737875e-06. */
static double as_meant(float x)
{
    char text[NUMBER_TEXT];
    double shorter;

    for (int digits = 1; digits < 9; digits++)
        if (number_read(&shorter, number_short(text, (double)x, digits)) && (float)shorter == x)
            return shorter;
    return (double)x;
}

int gguf_number(double *out, const struct gguf *g, const char *key, struct err *err)
{
    const struct gguf_value *v;
    uint8_t bytes[8] = {0};
    int rc = scalar(bytes, &v, g, key, "number", err);
    float single;

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (v->type == GGUF_F32) {
        memcpy(&single, bytes, sizeof single);
        *out = as_meant(single);
    } else if (v->type == GGUF_F64) {
        memcpy(out, bytes, sizeof *out);
    } else {
        return wrong_type(g, key, "number", err);
    }
    return isfinite(*out) ? 0 : wrong_type(g, key, "finite number", err);
}

int gguf_bool(bool *out, const struct gguf *g, const char *key, struct err *err)
{
    const struct gguf_value *v;
    uint8_t bytes[8] = {0};
    int rc = scalar(bytes, &v, g, key, "truth value", err);

    if (rc != 0)
        return rc < 0 ? -1 : 0;
    if (v->type != GGUF_BOOL || bytes[0] > 1)
        return wrong_type(g, key, "truth value", err);
    *out = bytes[0] == 1;
    return 0;
}

int gguf_text(char **out, const struct gguf *g, const char *key, struct err *err)
{
    const struct gguf_value *v = gguf_find(g, key);
    uint8_t bytes[8] = {0};
    uint64_t len;

    if (v == NULL)
        return 0;
    if (v->type != GGUF_TEXT)
        return wrong_type(g, key, "text", err);
    if (storage_read(bytes, g->storage, g->file, v->at, 8, err) != 0)
        return -1;
    len = little_endian(bytes, 8);
    if (len > GGUF_TEXT_MOST)
        return wrong_type(g, key, "text that is short enough", err);
    *out = mem_new((size_t)len + 1, 1);
    return storage_read(*out, g->storage, g->file, v->at + 8, len, err);
}

static int next_text(void *context, size_t i, struct reader *r,
                     int (*each)(void *, size_t, const char *, size_t, struct err *),
                     struct err *err)
{
    const uint8_t *bytes;
    uint64_t len;

    if (read_u64(&len, r, err) != 0)
        return -1;
    if (len > BUFFER)
        return err_usage(err, "%s: a token of %llu bytes", path_of(r), (unsigned long long)len);
    bytes = take(r, (size_t)len, err);
    if (bytes == NULL)
        return -1;
    return each(context, i, (const char *)bytes, (size_t)len, err);
}

int gguf_texts(const struct gguf *g, const char *key,
               int (*each)(void *, size_t, const char *, size_t, struct err *), void *context,
               struct err *err)
{
    const struct gguf_value *v = gguf_find(g, key);
    struct reader r;
    int rc = 0;

    if (v == NULL || v->type != GGUF_ARRAY || v->element != GGUF_TEXT)
        return wrong_type(g, key, "array of texts", err);
    reader_init(&r, g->storage, g->file, v->at);
    for (uint64_t i = 0; rc == 0 && i < v->count; i++)
        rc = next_text(context, (size_t)i, &r, each, err);
    free(r.buffer);
    return rc;
}

int gguf_integers(int32_t **out, size_t *n, const struct gguf *g, const char *key, struct err *err)
{
    const struct gguf_value *v = gguf_find(g, key);

    *out = NULL;
    *n = 0;
    if (v == NULL)
        return 0;
    if (v->type != GGUF_ARRAY || (v->element != GGUF_I32 && v->element != GGUF_U32))
        return wrong_type(g, key, "array of 32-bit integers", err);
    *n = (size_t)v->count;
    *out = mem_new(*n, sizeof **out);
    return storage_read(*out, g->storage, g->file, v->at, v->count * sizeof **out, err);
}
