/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "mem.h"
#include "pack.h"
#include "str.h"

enum {
    LEAST_BYTES = 64,      /* shorter ones are not packed */
    MOST_PATTERNS = 64,    /* of one kind */
    MOST_BYTES = 16 << 20, /* of a text, as of every value of the record */
    LEVEL = 6,             /* of Zstandard: beyond it texts of a kilobyte hardly get smaller */
    MAGIC = 4,
    ID_MOST = 10 /* bytes */
};

static const unsigned char magic[MAGIC] = {0x28, 0xb5, 0x2f, 0xfd};

struct pattern {
    int64_t id;
    char *text;
    size_t len;
};

struct packer {
    struct pattern *patterns;
    size_t n;
    ZSTD_CCtx *deflate;
    ZSTD_DCtx *inflate;
};

static struct packer *packer_of(struct store *store)
{
    if (store->packer == NULL)
        store->packer = mem_new(1, sizeof *store->packer);
    return store->packer;
}

void pack_forget(struct store *store)
{
    struct packer *packer = store->packer;

    if (packer == NULL)
        return;
    for (size_t i = 0; i < packer->n; i++)
        free(packer->patterns[i].text);
    free(packer->patterns);
    packer->patterns = NULL;
    packer->n = 0;
}

void pack_clear(struct store *store)
{
    pack_forget(store);
    if (store->packer != NULL) {
        ZSTD_freeCCtx(store->packer->deflate);
        ZSTD_freeDCtx(store->packer->inflate);
    }
    free(store->packer);
    store->packer = NULL;
}

/* --- patterns ------------------------------------------------------------------------------- */

static const struct pattern *remember(struct packer *packer, int64_t id, char *text, size_t len)
{
    packer->patterns = mem_room(packer->patterns, packer->n, sizeof *packer->patterns);
    packer->patterns[packer->n] = (struct pattern){id, text, len};
    return &packer->patterns[packer->n++];
}

/* NULL where there is none of that id. */
static const struct pattern *find_pattern(struct store *store, int64_t id)
{
    struct packer *packer = packer_of(store);
    struct err ignored = {0};
    struct query q;

    for (size_t i = packer->n; i > 0; i--)
        if (packer->patterns[i - 1].id == id)
            return &packer->patterns[i - 1];
    query_begin(&q, store, "SELECT text FROM pattern WHERE id = ?");
    query_put_int(&q, id);
    if (query_next(&q, &ignored) != 1)
        return NULL;
    char *text = query_get_text(&q);
    query_end(&q);
    return text != NULL ? remember(packer, id, text, strlen(text)) : NULL; /* NULL: damaged */
}

const char *pack_pattern(struct store *store, int64_t id)
{
    const struct pattern *pattern = find_pattern(store, id);

    return pattern != NULL ? pattern->text : NULL;
}

/* The newest of a kind, and how many there are; 0: none. */
static int newest_pattern(struct store *store, int64_t *id, int64_t *n, const char *kind,
                          struct err *err)
{
    struct query q;

    query_begin(&q, store, "SELECT ifnull(max(id), 0), count(*) FROM pattern WHERE kind = ?");
    query_put_text(&q, kind);
    if (query_next(&q, err) != 1)
        return -1;
    *id = query_get_int(&q);
    *n = query_get_int(&q);
    query_end(&q);
    return 0;
}

static int add_pattern(struct store *store, int64_t *id, const char *kind, const char *text,
                       struct err *err)
{
    struct query q;

    query_begin(&q, store, "INSERT INTO pattern (kind, text) VALUES (?, ?)");
    query_put_text(&q, kind);
    query_put_text(&q, text);
    if (query_run(&q, err) != 0)
        return -1;
    *id = sqlite3_last_insert_rowid(store->db);
    return 0;
}

/* --- packing -------------------------------------------------------------------------------- */

static size_t write_id(unsigned char out[ID_MOST], int64_t id)
{
    uint64_t rest = (uint64_t)id;
    size_t n = 0;

    for (; rest >= 0x80; rest >>= 7)
        out[n++] = (unsigned char)(rest | 0x80);
    out[n++] = (unsigned char)rest;
    return n;
}

/* Bytes that were read; 0 where there is no id. */
static size_t read_id(int64_t *id, const unsigned char *bytes, size_t len)
{
    uint64_t value = 0;

    for (size_t n = 0; n < len && n < ID_MOST - 1; n++) {
        value |= (uint64_t)(bytes[n] & 0x7f) << 7 * n;
        if (bytes[n] < 0x80) {
            *id = (int64_t)value;
            return n + 1;
        }
    }
    return 0;
}

/* *out is empty where it cannot be done. */
static void pack_by(struct str *out, struct store *store, int64_t id, const char *text, size_t len)
{
    struct packer *packer = packer_of(store);
    const struct pattern *pattern = find_pattern(store, id);
    size_t room = ZSTD_compressBound(len);
    unsigned char *frame = mem_new(room, 1), head[ID_MOST];

    str_clear(out);
    if (packer->deflate == NULL)
        packer->deflate = ZSTD_createCCtx();
    if (pattern != NULL && packer->deflate != NULL) {
        size_t n = ZSTD_compress_usingDict(packer->deflate, frame, room, text, len, pattern->text,
                                           pattern->len, LEVEL);
        if (!ZSTD_isError(n) && n > MAGIC) {
            str_addn(out, (char *)head, write_id(head, id));
            str_addn(out, (char *)frame + MAGIC, n - MAGIC);
        }
    }
    free(frame);
}

/* By the newest pattern, or by itself as the next one where that does not fit. */
static int pack(struct str *out, struct store *store, const char *kind, const char *text,
                size_t len, struct err *err)
{
    int64_t id, n;

    if (newest_pattern(store, &id, &n, kind, err) != 0)
        return -1;
    if (id > 0)
        pack_by(out, store, id, text, len);
    if ((out->len > 0 && out->len <= len * 2 / 5) || n >= MOST_PATTERNS)
        return 0;
    if (add_pattern(store, &id, kind, text, err) != 0)
        return -1;
    pack_by(out, store, id, text, len);
    return 0;
}

static void packed(sqlite3_context *context, int n, sqlite3_value **values)
{
    struct store *store = sqlite3_user_data(context);
    const char *kind = (const char *)sqlite3_value_text(values[0]);
    const char *text = (const char *)sqlite3_value_text(values[1]);
    struct str out = {0};
    struct err err = {0};

    (void)n;
    if (kind == NULL || text == NULL)
        return; /* of NULL: NULL */
    size_t len = (size_t)sqlite3_value_bytes(values[1]);
    if (len >= LEAST_BYTES && strlen(text) == len && pack(&out, store, kind, text, len, &err) != 0)
        sqlite3_result_error(context, err.text, -1);
    else if (out.len > 0 && out.len < len)
        sqlite3_result_blob64(context, out.at, out.len, SQLITE_TRANSIENT);
    else
        sqlite3_result_value(context, values[1]);
    str_clear(&out);
}

/* --- unpacking ------------------------------------------------------------------------------ */

/* The frame with its magic number, unpacked; NULL where it is none.  The caller frees. */
static char *inflate(struct packer *packer, const struct pattern *pattern, const char *frame,
                     size_t n, size_t *len)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame, n);

    if (packer->inflate == NULL)
        packer->inflate = ZSTD_createDCtx();
    if (packer->inflate == NULL || size > MOST_BYTES) /* the codes for errors are huge */
        return NULL;
    char *text = mem_new((size_t)size + 1, 1);
    *len = ZSTD_decompress_usingDict(packer->inflate, text, (size_t)size, frame, n, pattern->text,
                                     pattern->len);
    if (!ZSTD_isError(*len) && *len == size)
        return text;
    free(text);
    return NULL;
}

static char *unpack(struct store *store, const unsigned char *bytes, size_t n, size_t *len)
{
    int64_t id = 0;
    size_t head = read_id(&id, bytes, n);
    const struct pattern *pattern = head > 0 ? find_pattern(store, id) : NULL;

    if (pattern == NULL)
        return NULL;
    char *frame = mem_new(MAGIC + n - head, 1);
    memcpy(frame, magic, MAGIC);
    memcpy(frame + MAGIC, bytes + head, n - head);
    char *text = inflate(packer_of(store), pattern, frame, MAGIC + n - head, len);
    free(frame);
    return text;
}

static void unpacked(sqlite3_context *context, int n, sqlite3_value **values)
{
    size_t len = 0;

    (void)n;
    if (sqlite3_value_type(values[0]) != SQLITE_BLOB) {
        sqlite3_result_value(context, values[0]);
        return;
    }
    const unsigned char *bytes = sqlite3_value_blob(values[0]);
    char *text =
        unpack(sqlite3_user_data(context), bytes, (size_t)sqlite3_value_bytes(values[0]), &len);
    if (text != NULL)
        sqlite3_result_text64(context, text, len, free, SQLITE_UTF8);
    else
        sqlite3_result_error(context, "a packed text cannot be read", -1);
}

int pack_add_functions(struct store *store, struct err *err)
{
    const int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
    int rc = sqlite3_create_function(store->db, "packed", 2, flags, store, packed, NULL, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_create_function(store->db, "unpacked", 1, flags, store, unpacked, NULL, NULL);
    return rc == SQLITE_OK ? 0 : store_error(store, rc, err);
}
