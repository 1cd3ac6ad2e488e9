/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "safetensors_header.h"
#include "str.h"

/* Where reading stands in the header. */
struct cursor {
    const char *text;
    size_t at, len;
    const char *path;
    uint64_t data; /* where the numbers begin in the file */
};

static int malformed(const struct cursor *c, const char *wanted, struct err *err)
{
    return err_usage(err, "%s: byte %zu of the header: %s was expected", c->path, c->at, wanted);
}

static void skip_blanks(struct cursor *c)
{
    while (c->at < c->len && strchr(" \t\r\n", c->text[c->at]) != NULL && c->text[c->at] != '\0')
        c->at++;
}

/* The next character that is no blank; 0 at the end. */
static char peek(struct cursor *c)
{
    skip_blanks(c);
    return c->at < c->len ? c->text[c->at] : '\0';
}

static int expect(struct cursor *c, char wanted, struct err *err)
{
    char text[] = {'\'', wanted, '\'', '\0'};

    if (peek(c) != wanted)
        return malformed(c, text, err);
    c->at++;
    return 0;
}

/* Takes `mark` where it comes next. */
static bool took(struct cursor *c, char mark)
{
    if (peek(c) != mark)
        return false;
    c->at++;
    return true;
}

/*
 * A string: its first byte in the header and its length, escapes as they are written.  Names of
 * tensors have none (which storage_check_name() sees to, a backslash being refused below).
 */
static int read_string(const char **out, size_t *len, struct cursor *c, struct err *err)
{
    size_t from;

    if (expect(c, '"', err) != 0)
        return -1;
    from = c->at;
    while (c->at < c->len && c->text[c->at] != '"') {
        if ((unsigned char)c->text[c->at] < 0x20)
            return malformed(c, "a printable character", err);
        c->at += c->text[c->at] == '\\' ? 2 : 1;
    }
    if (c->at >= c->len)
        return malformed(c, "the end of a string", err);
    *out = c->text + from;
    *len = c->at - from;
    c->at++;
    return 0;
}

static int read_key(const char **out, size_t *len, struct cursor *c, struct err *err)
{
    return read_string(out, len, c, err) != 0 ? -1 : expect(c, ':', err);
}

static int read_whole(uint64_t *out, struct cursor *c, struct err *err)
{
    char first = peek(c);
    size_t from = c->at;

    *out = 0;
    for (; c->at < c->len && c->text[c->at] >= '0' && c->text[c->at] <= '9'; c->at++)
        if (__builtin_mul_overflow(*out, (uint64_t)10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(c->text[c->at] - '0'), out))
            return malformed(c, "a number below 2^64", err);
    if (c->at == from || (first == '0' && c->at > from + 1))
        return malformed(c, "a whole number", err);
    return 0;
}

/* [a, b, …] of at most `most` numbers. */
static int read_list(uint64_t *out, size_t *n, size_t most, struct cursor *c, struct err *err)
{
    *n = 0;
    if (expect(c, '[', err) != 0)
        return -1;
    if (took(c, ']'))
        return 0;
    do {
        if (*n == most)
            return malformed(c, "']'", err);
        if (read_whole(&out[(*n)++], c, err) != 0)
            return -1;
    } while (took(c, ','));
    return expect(c, ']', err);
}

/* What an entry has told so far. */
struct told {
    struct stored t;
    uint64_t offsets[2];
    bool dtype, shape, place;
};

static int read_dtype(struct told *told, struct cursor *c, struct err *err)
{
    const char *text;
    size_t len;

    if (read_string(&text, &len, c, err) != 0)
        return -1;
    told->t.dtype = dtype_of_safetensors(text, len);
    if (told->t.dtype == NULL)
        return err_usage(err, "%s: tensor '%s' is of dtype '%.*s', which is not F32, F16 or BF16",
                         c->path, told->t.name, (int)(len < 16 ? len : 16), text);
    return 0;
}

static bool is(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static int read_member(struct told *told, struct cursor *c, struct err *err)
{
    const char *key;
    size_t len, n;

    if (read_key(&key, &len, c, err) != 0)
        return -1;
    if (is(key, len, "dtype") && !told->dtype) {
        told->dtype = true;
        return read_dtype(told, c, err);
    }
    if (is(key, len, "shape") && !told->shape) {
        told->shape = true;
        return read_list(told->t.dims, &told->t.n_dims, STORED_DIMS, c, err);
    }
    if (is(key, len, "data_offsets") && !told->place) {
        told->place = true;
        if (read_list(told->offsets, &n, 2, c, err) != 0)
            return -1;
        return n == 2 ? 0 : malformed(c, "two offsets", err);
    }
    return malformed(c, "one dtype, one shape and one data_offsets", err);
}

/* Offsets count from behind the header, and must be those of the shape. */
static int add_tensor(struct storage *s, struct told *told, const struct cursor *c, struct err *err)
{
    if (told->t.n_dims == 0) {
        told->t.n_dims = 1;
        told->t.dims[0] = 1;
    }
    if (told->offsets[1] < told->offsets[0] ||
        __builtin_add_overflow(c->data, told->offsets[0], &told->t.at))
        return err_usage(err, "%s: tensor '%s' ends before it begins", c->path, told->t.name);
    if (storage_add(s, &told->t, err) != 0)
        return -1;
    if (s->tensors[s->n - 1].bytes != told->offsets[1] - told->offsets[0])
        return err_usage(err, "%s: tensor '%s' has %llu bytes, and its shape wants %llu", c->path,
                         told->t.name, (unsigned long long)(told->offsets[1] - told->offsets[0]),
                         (unsigned long long)s->tensors[s->n - 1].bytes);
    return 0;
}

static int read_tensor(struct storage *s, size_t file, const char *name, size_t len,
                       struct cursor *c, struct err *err)
{
    char text[STORED_NAME];
    struct told told = {.t = {.name = text, .file = file}};

    if (storage_check_name(name, len, c->path, err) != 0)
        return -1;
    if (memchr(name, '\\', len) != NULL)
        return malformed(c, "a name without escapes", err);
    memcpy(text, name, len);
    text[len] = '\0';
    if (expect(c, '{', err) != 0)
        return -1;
    do {
        if (read_member(&told, c, err) != 0)
            return -1;
    } while (took(c, ','));
    if (!told.dtype || !told.shape || !told.place)
        return malformed(c, "a dtype, a shape and data_offsets", err);
    return expect(c, '}', err) != 0 ? -1 : add_tensor(s, &told, c, err);
}

static int keep_metadata(struct metadata *m, const char *key, size_t key_len, const char *value,
                         size_t len, const struct cursor *c, struct err *err)
{
    if (m == NULL || !is(key, key_len, m->key))
        return 0;
    if (m->value != NULL)
        return malformed(c, "a key that stands once", err);
    m->value = mem_strndup(value, len);
    return 0;
}

static int read_metadata(struct metadata *m, struct cursor *c, struct err *err)
{
    const char *key, *value;
    size_t key_len, len;

    if (expect(c, '{', err) != 0)
        return -1;
    if (took(c, '}'))
        return 0;
    do {
        if (read_key(&key, &key_len, c, err) != 0 || read_string(&value, &len, c, err) != 0 ||
            keep_metadata(m, key, key_len, value, len, c, err) != 0)
            return -1;
    } while (took(c, ','));
    return expect(c, '}', err);
}

static int read_entries(struct storage *s, size_t file, struct metadata *m, struct cursor *c,
                        struct err *err)
{
    bool had_metadata = false;
    const char *name = "";
    size_t len = 0;
    int rc;

    if (took(c, '}'))
        return 0;
    do {
        if (read_key(&name, &len, c, err) != 0)
            return -1;
        if (!is(name, len, "__metadata__"))
            rc = read_tensor(s, file, name, len, c, err);
        else
            rc = had_metadata ? malformed(c, "one __metadata__", err) : read_metadata(m, c, err);
        had_metadata = had_metadata || is(name, len, "__metadata__");
        if (rc != 0)
            return -1;
    } while (took(c, ','));
    return expect(c, '}', err);
}

/* Blanks may stand behind the object and nothing else; it begins with its brace. */
static int read_header(struct storage *s, size_t file, struct metadata *m, struct cursor *c,
                       struct err *err)
{
    if (c->len == 0 || c->text[0] != '{')
        return malformed(c, "'{'", err);
    c->at = 1;
    if (read_entries(s, file, m, c, err) != 0)
        return -1;
    return peek(c) == '\0' && c->at == c->len ? 0 : malformed(c, "the end of the header", err);
}

static uint64_t little_endian(const uint8_t *p)
{
    uint64_t x = 0;

    for (int i = 7; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

int safetensors_header(struct storage *s, size_t file, struct metadata *m, struct err *err)
{
    const char *path = s->files[file].path;
    uint64_t bytes = s->files[file].bytes, len;
    uint8_t prefix[SAFETENSORS_PREFIX];
    char *text;
    int rc;

    if (bytes < SAFETENSORS_PREFIX)
        return err_usage(err, "%s is no safetensors file: it has %llu bytes", path,
                         (unsigned long long)bytes);
    if (storage_read(prefix, s, file, 0, SAFETENSORS_PREFIX, err) != 0)
        return -1;
    len = little_endian(prefix);
    if (len > SAFETENSORS_HEADER_MOST || len > bytes - SAFETENSORS_PREFIX)
        return err_usage(err,
                         "%s is no safetensors file, or was cut short: a header of %llu bytes "
                         "in a file of %llu",
                         path, (unsigned long long)len, (unsigned long long)bytes);
    text = mem_new((size_t)len + 1, 1);
    struct cursor c = {text, 0, (size_t)len, path, SAFETENSORS_PREFIX + len};
    rc = storage_read(text, s, file, SAFETENSORS_PREFIX, len, err);
    if (rc == 0)
        rc = read_header(s, file, m, &c, err);
    if (rc == 0)
        rc = storage_check_names(s, err);
    if (rc == 0)
        rc = storage_check_places(s, file, c.data, true, err);
    free(text);
    return rc;
}
