/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Objects as one pack: written, indexed, hashed and synced by libgit2, composed here, since its own
 * builder packs what a commit reaches, and that is the whole history.
 *
 * Format (git's gitformat-pack): "PACK", version 2 and the number of objects as 32 bits big-endian;
 * each object a header of its type and length and its zlib stream; the SHA-1 of all that.
 */
#include <stdlib.h>
#include <string.h>

#include <git2/sys/odb_backend.h>
#include <openssl/evp.h>
#include <zlib.h>

#include "ledger_part.h"
#include "mem.h"

/* A pack, being written. */
struct pack {
    git_odb_writepack *to;
    git_indexer_progress progress;
    EVP_MD_CTX *sha1;
};

static int add_bytes(struct pack *pack, const void *bytes, size_t len, struct err *err)
{
    if (EVP_DigestUpdate(pack->sha1, bytes, len) != 1)
        return err_environment(err, "cannot hash a git pack");
    if (pack->to->append(pack->to, bytes, len, &pack->progress) != 0)
        return ledger_error(err, "cannot write a git pack");
    return 0;
}

static int add_head(struct pack *pack, size_t n, struct err *err)
{
    const unsigned char head[] = {'P',
                                  'A',
                                  'C',
                                  'K',
                                  0,
                                  0,
                                  0,
                                  2,
                                  (unsigned char)(n >> 24),
                                  (unsigned char)(n >> 16),
                                  (unsigned char)(n >> 8),
                                  (unsigned char)n};

    return add_bytes(pack, head, sizeof head, err);
}

/* Type and the length's low four bits, then seven bits a byte; the top bit says that more follow.
 * libgit2 numbers the types as packs do. */
static int add_object_head(struct pack *pack, const struct object *object, struct err *err)
{
    unsigned char head[16];
    size_t n = 0, left = object->len >> 4;
    unsigned byte = (unsigned)object->type << 4 | (unsigned)(object->len & 15);

    for (; left > 0; left >>= 7) {
        head[n++] = (unsigned char)(byte | 0x80);
        byte = (unsigned)(left & 0x7f);
    }
    head[n++] = (unsigned char)byte;
    return add_bytes(pack, head, n, err);
}

static int add_object(struct pack *pack, const struct object *object, struct err *err)
{
    uLongf len = compressBound(object->len);
    Bytef *bytes = mem_new(len, 1);
    int rc = add_object_head(pack, object, err);

    if (rc == 0 && compress(bytes, &len, (const Bytef *)object->bytes, object->len) != Z_OK)
        rc = err_environment(err, "cannot compress a git object");
    if (rc == 0)
        rc = add_bytes(pack, bytes, len, err);
    free(bytes);
    return rc;
}

/* The checksum is no part of what it sums up. */
static int finish(struct pack *pack, struct err *err)
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_DigestFinal_ex(pack->sha1, sum, &len) != 1)
        return err_environment(err, "cannot hash a git pack");
    if (pack->to->append(pack->to, sum, len, &pack->progress) != 0 ||
        pack->to->commit(pack->to, &pack->progress) != 0)
        return ledger_error(err, "cannot write a git pack");
    return 0;
}

static int open_pack(struct pack *pack, struct ledger *ledger, struct err *err)
{
    pack->sha1 = EVP_MD_CTX_new();
    if (pack->sha1 == NULL || EVP_DigestInit_ex(pack->sha1, EVP_sha1(), NULL) != 1) {
        err_environment(err, "cannot hash a git pack");
        return -1;
    }
    if (git_odb_write_pack(&pack->to, ledger->odb, NULL, NULL) != 0 || pack->to == NULL) {
        ledger_error(err, "cannot write to the git repository '%s'",
                     git_repository_path(ledger->repo));
        return -1;
    }
    return 0;
}

static int write_pack(struct ledger *ledger, const struct object *const *objects, size_t n,
                      struct err *err)
{
    struct pack pack = {.to = NULL};
    int rc = open_pack(&pack, ledger, err);

    if (rc == 0)
        rc = add_head(&pack, n, err);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = add_object(&pack, objects[i], err);
    if (rc == 0)
        rc = finish(&pack, err);
    if (pack.to != NULL)
        pack.to->free(pack.to);
    EVP_MD_CTX_free(pack.sha1);
    return rc;
}

/* Those that are there and whole are left out; a damaged loose one would hide the packed one. */
static int find_missing(const struct object **out, size_t *n_out, struct ledger *ledger,
                        const struct object *const *objects, size_t n, struct err *err)
{
    *n_out = 0;
    for (size_t i = 0; i < n; i++) {
        bool there = git_odb_exists_ext(ledger->odb, &objects[i]->id, GIT_ODB_LOOKUP_NO_REFRESH);
        if (there && object_is_whole(ledger, objects[i]))
            continue;
        if (there && object_remove_damaged(ledger, objects[i], err) != 0)
            return -1;
        out[(*n_out)++] = objects[i];
    }
    return 0;
}

int objects_publish_packed(struct ledger *ledger, const struct object *const *objects, size_t n,
                           struct err *err)
{
    const struct object **missing = mem_new(n, sizeof(const struct object *));
    size_t n_missing;
    int rc = find_missing(missing, &n_missing, ledger, objects, n, err);

    if (rc == 0 && n_missing > 0)
        rc = write_pack(ledger, missing, n_missing, err);
    if (rc == 0 && n_missing > 0 && git_odb_refresh(ledger->odb) != 0)
        rc = ledger_error(err, "cannot read the git repository '%s' again",
                          git_repository_path(ledger->repo));
    for (size_t i = 0; i < n_missing && rc == 0; i++)
        if (!object_is_whole(ledger, missing[i]))
            rc = object_damaged(ledger, missing[i], err);
    free(missing);
    return rc;
}
