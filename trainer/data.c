/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data.h"
#include "file.h"
#include "json.h"
#include "mem.h"
#include "real.h"
#include "rng.h"

#define META_MOST ((size_t)1 << 20) /* bytes of meta.json */

const char *const split_names[SPLITS] = {"train", "val", "test"};

/* What meta.json says; zero or NAN where it does not. */
struct meta {
    size_t vocab, width;
    size_t tokens[SPLITS];
    double bytes_per_token[SPLITS];
};

static double number_in(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : otherwise;
}

static int meta_check(const struct meta *meta, double bits, double vocab, const char *path,
                      struct err *err)
{
    if (!(vocab >= 1 && vocab <= 0x1p31 && vocab == floor(vocab)))
        return err_usage(err, "%s: \"vocab\" is missing or no size", path);
    if (bits != 16 && bits != 32)
        return err_usage(err, "%s: \"token_bits\" is neither 16 nor 32", path);
    for (int i = 0; i < SPLITS; i++)
        if (meta->bytes_per_token[i] <= 0)
            return err_usage(err, "%s: \"bytes_per_token\" of %s is not positive", path,
                             split_names[i]);
    return 0;
}

static int meta_parse(struct meta *meta, const json_t *root, const char *path, struct err *err)
{
    double vocab = number_in(root, "vocab", 0);
    double bits = number_in(root, "token_bits", vocab > UINT16_VOCAB ? 32 : 16);

    for (int i = 0; i < SPLITS; i++) {
        double n = number_in(json_object_get(root, "tokens"), split_names[i], 0);
        meta->tokens[i] = n >= 1 && n < 0x1p53 ? (size_t)n : 0;
        meta->bytes_per_token[i] =
            number_in(json_object_get(root, "bytes_per_token"), split_names[i], (double)NAN);
    }
    if (meta_check(meta, bits, vocab, path, err) != 0)
        return -1;
    meta->vocab = (size_t)vocab;
    meta->width = (size_t)bits / 8;
    return 0;
}

/* A folder without meta.json leaves `meta` at what its options say. */
static int meta_read(struct meta *meta, const char *dir, struct err *err)
{
    char *path = path_join(dir, "meta.json"), *text = NULL;
    size_t len;
    json_t *root = NULL;
    int rc = -1;

    if (!file_exists(path)) {
        rc = 0;
        goto out;
    }
    if (file_read(&text, &len, path, META_MOST, err) != 0 ||
        json_read(&root, text, len, path, err) != 0 || meta_parse(meta, root, path, err) != 0)
        goto out;
    rc = 0;
out:
    json_decref(root);
    free(text);
    free(path);
    return rc;
}

static int map_open(void **map, size_t *bytes, int fd, const char *path, struct err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return err_sys(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_usage(err, "%s is not a regular file", path);
    if (st.st_size == 0)
        return err_usage(err, "%s is empty", path);
    *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (*map == MAP_FAILED) {
        *map = NULL;
        return err_sys(err, "%s", path);
    }
    *bytes = (size_t)st.st_size;
    return 0;
}

/* Maps a whole file of tokens of `width` bytes into split `which`. */
static int split_open(struct data *data, enum split which, const char *path, size_t width,
                      struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not keep us waiting */
    int rc;

    if (fd < 0)
        return errno == ENOENT ? err_usage(err, "%s: no such token file", path)
                               : err_sys(err, "%s", path);
    rc = map_open(&data->map[which], &data->map_bytes[which], fd, path, err);
    close(fd);
    if (rc != 0)
        return -1;
    if (data->map_bytes[which] % width != 0)
        return err_usage(err, "%s: %zu bytes are no whole number of tokens of %zu bytes", path,
                         data->map_bytes[which], width);
    data->split[which] = (struct tokens){
        .at = data->map[which], .n = data->map_bytes[which] / width, .width = width};
    return 0;
}

static size_t first_beyond(const struct tokens *tokens, size_t vocab)
{
    size_t i = 0;

    while (i < tokens->n && token_at(tokens, i) < vocab)
        i++;
    return i;
}

/* The quick look at a whole file; first_beyond() finds the place where there is something to say.
 */
KERNEL static uint32_t largest_token(const uint16_t *at, size_t n)
{
    uint32_t most = 0;

    for (size_t i = 0; i < n; i++)
        most = at[i] > most ? at[i] : most;
    return most;
}

static int split_check(const struct tokens *tokens, size_t vocab, const char *path, struct err *err)
{
    size_t at;

    assert(tokens->at != NULL);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (tokens->width == 2 &&
        largest_token((const uint16_t *)(const void *)tokens->at, tokens->n) < vocab)
        return 0;
#endif
    at = first_beyond(tokens, vocab);
    if (at < tokens->n)
        return err_usage(err, "%s: token %u at position %zu is not below the vocabulary of %zu",
                         path, token_at(tokens, at), at, vocab);
    return 0;
}

static int open_split_of_folder(struct data *data, enum split which, const char *dir,
                                const struct meta *meta, struct err *err)
{
    char name[16], *path;
    int rc = -1;

    snprintf(name, sizeof name, "%s.bin", split_names[which]);
    path = path_join(dir, name);
    if (which == SPLIT_TEST && !file_exists(path)) {
        rc = 0;
        goto out;
    }
    if (split_open(data, which, path, meta->width, err) != 0 ||
        split_check(&data->split[which], data->vocab, path, err) != 0)
        goto out;
    if (meta->tokens[which] != 0 && meta->tokens[which] != data->split[which].n) {
        err_usage(err, "%s holds %zu tokens, and meta.json says %zu", path, data->split[which].n,
                  meta->tokens[which]);
        goto out;
    }
    data->bytes_per_token[which] = meta->bytes_per_token[which];
    rc = 0;
out:
    free(path);
    return rc;
}

static int open_folder(struct data *data, const char *dir, struct meta *meta, struct err *err)
{
    size_t vocab = meta->vocab;

    if (meta_read(meta, dir, err) != 0)
        return -1;
    data->vocab = vocab > 0 ? vocab : meta->vocab;
    if (data->vocab == 0)
        return err_usage(err, "%s has no meta.json: set the option vocab", dir);
    for (int i = 0; i < SPLITS; i++)
        if (open_split_of_folder(data, (enum split)i, dir, meta, err) != 0)
            return -1;
    return 0;
}

static struct tokens part(const struct tokens *all, size_t from, size_t to)
{
    return (struct tokens){.at = all->at + from * all->width, .n = to - from, .width = all->width};
}

static int open_single(struct data *data, const char *path, size_t vocab, struct err *err)
{
    struct tokens all;
    size_t val, test;

    if (data_open_file(data, path, vocab, err) != 0)
        return -1;
    all = data->split[SPLIT_VAL];
    val = all.n / 10 * 9 + all.n % 10 * 9 / 10;
    test = val + (all.n - val) / 2;
    data->split[SPLIT_TRAIN] = part(&all, 0, val);
    data->split[SPLIT_VAL] = part(&all, val, test);
    data->split[SPLIT_TEST] = part(&all, test, all.n);
    return 0;
}

static void data_init(struct data *data, size_t vocab)
{
    *data = (struct data){.vocab = vocab};
    for (int i = 0; i < SPLITS; i++)
        data->bytes_per_token[i] = (double)NAN;
}

int data_open_file(struct data *data, const char *path, size_t vocab, struct err *err)
{
    data_init(data, vocab);
    if (vocab == 0)
        return err_usage(err, "%s is a file of tokens alone: set the option vocab", path);
    if (split_open(data, SPLIT_VAL, path, vocab > UINT16_VOCAB ? 4 : 2, err) != 0)
        return -1;
    return split_check(&data->split[SPLIT_VAL], vocab, path, err);
}

int data_open(struct data *data, const char *path, size_t vocab, struct err *err)
{
    struct meta meta = {.vocab = vocab, .width = vocab > UINT16_VOCAB ? 4 : 2};

    data_init(data, vocab);
    for (int i = 0; i < SPLITS; i++)
        meta.bytes_per_token[i] = (double)NAN;
    if (!file_exists(path))
        return err_usage(err, "%s: no such data", path);
    if (file_is_dir(path))
        return open_folder(data, path, &meta, err);
    return open_single(data, path, vocab, err);
}

void data_close(struct data *data)
{
    for (int i = 0; i < SPLITS; i++)
        if (data->map[i] != NULL)
            munmap(data->map[i], data->map_bytes[i]);
    *data = (struct data){0};
}

void tokens_copy(uint32_t *out, const struct tokens *tokens, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = token_at(tokens, first + i);
    for (size_t i = 0; tokens->compact != NULL && i < n; i++)
        out[i] = tokens->compact->row_of[out[i]];
}

void data_draw(size_t *starts, size_t n, const struct tokens *tokens, size_t seq, uint64_t seed,
               uint64_t step)
{
    struct rng rng;

    rng_init(&rng, seed, "data", step);
    for (size_t i = 0; i < n; i++)
        starts[i] = (size_t)rng_below(&rng, tokens->n - seq);
}
