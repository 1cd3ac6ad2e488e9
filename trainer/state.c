/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "json.h"
#include "mem.h"
#include "state.h"

#define MAGIC       "NSSTATE1"
#define WORD        ((size_t)8)
#define HASH        ((size_t)SHA256_TEXT - 1)
#define START       (2 * WORD + HASH) /* bytes before the header */
#define HEADER_MOST ((size_t)1 << 20)

/* --- writing ---------------------------------------------------------------------------------- */

static json_t *progress_value(const struct progress *p)
{
    json_t *out = json_object();

    json_object_set_new(out, "steps", json_integer(p->steps));
    json_object_set_new(out, "calibrated", json_boolean(p->calibrated));
    json_object_set_new(out, "done", json_integer(p->done));
    json_object_set_new(out, "told", json_integer(p->told));
    json_object_set_new(out, "loss_sum", json_number_or_null(p->loss_sum));
    json_object_set_new(out, "train_s", json_number_or_null(p->train_s));
    return out;
}

static void make_header(struct str *out, const json_t *identity, const struct progress *progress,
                        const struct trainer *t)
{
    struct trainer_block blocks[TRAINER_BLOCKS];
    size_t n = trainer_blocks(blocks, t);
    json_t *root = json_object(), *hashes = json_array();

    for (size_t i = 0; i < n; i++) {
        char hash[SHA256_TEXT];
        sha256_bytes(hash, blocks[i].at, blocks[i].n * sizeof(real));
        json_array_append_new(hashes, json_string(hash));
    }
    json_object_set_new(root, "blocks", hashes);
    json_object_set(root, "identity", (json_t *)(uintptr_t)identity);
    json_object_set_new(root, "progress", progress_value(progress));
    json_object_set_new(root, "reals", json_integer((json_int_t)trainer_reals(t)));
    json_write(out, root);
    json_decref(root);
}

static int write_start(int fd, const struct str *header, const char *path, struct err *err)
{
    char start[START + 1] = MAGIC;

    for (size_t i = 0; i < WORD; i++)
        start[WORD + i] = (char)((uint64_t)header->len >> 8 * i & 0xff);
    sha256_bytes(start + 2 * WORD, header->at, header->len);
    if (fd_write(fd, start, START, path, err) != 0)
        return -1;
    return fd_write(fd, header->at, header->len, path, err);
}

static int write_all(int fd, const struct str *header, const struct trainer *t, const char *path,
                     struct err *err)
{
    struct trainer_block blocks[TRAINER_BLOCKS];
    size_t n = trainer_blocks(blocks, t);

    if (write_start(fd, header, path, err) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (fd_write(fd, blocks[i].at, blocks[i].n * sizeof(real), path, err) != 0)
            return -1;
    return fsync(fd) == 0 ? 0 : err_sys(err, "cannot sync '%s'", path);
}

static int write_part(const char *part, const struct str *header, const struct trainer *t,
                      struct err *err)
{
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666), rc;

    if (fd < 0)
        return err_sys(err, "cannot write '%s'", part);
    rc = write_all(fd, header, t, part, err);
    if (close(fd) != 0 && rc == 0)
        rc = err_sys(err, "cannot write '%s'", part);
    return rc;
}

int state_remove(const char *path, struct err *err)
{
    char *part = mem_printf("%s.part", path);
    int rc = file_remove(part, err) == 0 ? file_remove(path, err) : -1;

    free(part);
    return rc;
}

int state_write(const char *path, const json_t *identity, const struct progress *progress,
                const struct trainer *t, struct err *err)
{
    char *part = mem_printf("%s.part", path), *dir = path_dir(path);
    struct str header = {0};
    int rc;

    make_header(&header, identity, progress, t);
    rc = write_part(part, &header, t, err);
    if (rc == 0 && rename(part, path) != 0)
        rc = err_sys(err, "cannot rename '%s' to '%s'", part, path);
    if (rc == 0)
        rc = file_sync_dir(dir, err);
    else
        (void)unlink(part);
    str_clear(&header);
    free(dir);
    free(part);
    return rc;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int damaged(const char *path, struct err *err)
{
    return err_usage(err, "%s is no state of a run, or is damaged", path);
}

static int read_header(json_t **out, FILE *file, const char *path, struct err *err)
{
    char start[START + 1] = "", hash[SHA256_TEXT], *text;
    uint64_t len = 0;
    int rc = -1;

    if (fread(start, START, 1, file) != 1 || memcmp(start, MAGIC, WORD) != 0)
        return damaged(path, err);
    for (size_t i = WORD; i-- > 0;)
        len = len << 8 | (unsigned char)start[WORD + i];
    if (len == 0 || len > HEADER_MOST)
        return damaged(path, err);
    text = mem_new((size_t)len + 1, 1);
    if (fread(text, (size_t)len, 1, file) == 1) {
        sha256_bytes(hash, text, (size_t)len);
        if (memcmp(hash, start + 2 * WORD, HASH) == 0)
            rc = json_read(out, text, (size_t)len, path, err);
        else
            damaged(path, err);
    } else {
        damaged(path, err);
    }
    free(text);
    return rc;
}

/* Names the first value that differs.  Texts are compared: 20 and 20.0 are one number. */
static int refuse_difference(const json_t *kept, const json_t *now, const char *path,
                             struct err *err)
{
    const char *key;
    json_t *value;
    int rc = 0;

    json_object_foreach ((json_t *)(uintptr_t)now, key, value) {
        const json_t *other = json_object_get(kept, key);
        struct str here = {0}, there = {0};
        if (json_is_object(value)) {
            rc = refuse_difference(other, value, path, err);
        } else {
            json_write(&here, value);
            if (other != NULL)
                json_write(&there, other);
            if (strcmp(str_text(&here), str_text(&there)) != 0)
                rc = err_usage(err, "%s is of another run: %s is %s there and %s here", path, key,
                               other != NULL ? str_text(&there) : "unknown", str_text(&here));
        }
        str_clear(&there);
        str_clear(&here);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int read_progress(struct progress *p, const json_t *value, const char *path, struct err *err)
{
    *p = (struct progress){
        .steps = json_integer_value(json_object_get(value, "steps")),
        .calibrated = json_is_true(json_object_get(value, "calibrated")),
        .done = json_integer_value(json_object_get(value, "done")),
        .told = json_integer_value(json_object_get(value, "told")),
        .loss_sum = json_number_value(json_object_get(value, "loss_sum")),
        .train_s = json_number_value(json_object_get(value, "train_s")),
    };
    if (p->told < 0 || p->done < p->told || p->steps < p->done || p->steps < 1)
        return damaged(path, err);
    return 0;
}

static int read_blocks(struct trainer *t, const json_t *header, FILE *file, const char *path,
                       struct err *err)
{
    struct trainer_block blocks[TRAINER_BLOCKS];
    const json_t *hashes = json_object_get(header, "blocks");
    size_t n = trainer_blocks(blocks, t), reals = trainer_reals(t);

    if (json_array_size(hashes) != n ||
        json_integer_value(json_object_get(header, "reals")) != (json_int_t)reals)
        return err_usage(err, "%s is of a model or an optimizer of another size", path);
    for (size_t i = 0; i < n; i++) {
        const char *kept = json_string_value(json_array_get(hashes, i));
        char hash[SHA256_TEXT];
        if (fread(blocks[i].at, sizeof(real), blocks[i].n, file) != blocks[i].n)
            return damaged(path, err);
        sha256_bytes(hash, blocks[i].at, blocks[i].n * sizeof(real));
        if (kept == NULL || strcmp(kept, hash) != 0)
            return damaged(path, err);
    }
    return fgetc(file) == EOF ? 0 : damaged(path, err);
}

int state_read(struct progress *progress, struct trainer *t, const char *path,
               const json_t *identity, struct err *err)
{
    FILE *file = NULL;
    json_t *header = NULL;
    int rc = -1;

    if (!file_is_regular(path))
        return err_usage(err, "%s: there is no state to resume", path);
    file = fopen(path, "re");
    if (file == NULL)
        return err_sys(err, "cannot read '%s'", path);
    if (read_header(&header, file, path, err) == 0 &&
        refuse_difference(json_object_get(header, "identity"), identity, path, err) == 0 &&
        read_progress(progress, json_object_get(header, "progress"), path, err) == 0 &&
        read_blocks(t, header, file, path, err) == 0) {
        trainer_continue(t, progress->done);
        rc = 0;
    }
    json_decref(header);
    fclose(file);
    return rc;
}
