/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files that the trainer reads, damaged at random from a fixed seed: each ends with success or with
 * one line and a code for bad input, within its bounds (`make check SAN=1` looks).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint.h"
#include "config.h"
#include "data.h"
#include "json.h"
#include "scratch.h"
#include "state.h"
#include "tokenizer.h"
#include "trainer.h"

#define ROUNDS 1000 /* mutations of each file */
#define VOCAB  61

static const char config_text[] =
    "{\"dim\": 8, \"layers\": 1, \"heads\": 2, \"kv_heads\": 1, \"hidden\": 8, \"seq\": 8,"
    " \"batch\": 2, \"vocab\": 61, \"steps\": 3, \"data\": \".\", \"model\": \"qwen3\"}";

/* A folder with one file of each kind, whole. */
struct place {
    char *dir;
    struct config config;
    struct trainer *trainer;
    json_t *identity;
};

/* --- the readers: 0, or -1 with err set --- */

static int read_model(const struct place *p, struct err *err)
{
    struct model model;
    real *weights = NULL;
    int rc = checkpoint_read_shape(&model, p->dir, 0, err);

    if (rc == 0)
        rc = checkpoint_read_weights(&weights, &model, p->dir, err);
    free(weights);
    model_clear(&model);
    return rc;
}

static int read_state(const struct place *p, struct err *err)
{
    char *path = path_join(p->dir, "train.state");
    struct progress progress;
    int rc = state_read(&progress, p->trainer, path, p->identity, err);

    free(path);
    return rc;
}

static int read_data(const struct place *p, struct err *err)
{
    struct data data;
    int rc = data_open(&data, p->dir, 0, err);

    for (int i = 0; rc == 0 && i < SPLITS; i++)
        for (size_t k = 0; k < data.split[i].n; k++)
            assert_true(token_at(&data.split[i], k) < data.vocab);
    data_close(&data);
    return rc;
}

static int read_config(const struct place *p, struct err *err)
{
    char *path = path_join(p->dir, "config.json");
    struct config config;
    int rc;

    config_init(&config);
    rc = config_read(&config, path, err);
    config_clear(&config);
    free(path);
    return rc;
}

static int read_tokenizer(const struct place *p, struct err *err)
{
    struct tokenizer *tokenizer = NULL;
    struct ids ids = {0};
    int rc = tokenizer_open(&tokenizer, p->dir, err);

    if (rc == 0)
        rc = tokenizer_encode(&ids, tokenizer, "night\377 shift", 12, err);
    ids_clear(&ids);
    tokenizer_free(tokenizer);
    return rc;
}

static const struct {
    const char *name;
    int (*read)(const struct place *p, struct err *err);
    size_t from, to; /* which bytes are damaged most: the part that tells how to read the rest */
} kinds[] = {
    {"model.safetensors", read_model, 0, 1600},
    {"model.json", read_model, 0, 900},
    {"train.state", read_state, 0, 1900},
    {"meta.json", read_data, 0, 120},
    {"train.bin", read_data, 0, 400},
    {"config.json", read_config, 0, 200},
    {"tokenizer.json", read_tokenizer, 0, 4000},
};

/* --- a place --- */

static void write_tokenizer(const char *dir)
{
    const struct merge merges[] = {{'n', 'i', 256}, {'g', 'h', 257}, {256, 257, 258}};
    struct tokenizer *tokenizer;
    struct str text = {0};
    struct err err = {0};

    assert_int_equal(tokenizer_new(&tokenizer, split_pattern_find("gpt2"), merges, 3, &err), 0);
    tokenizer_write(&text, tokenizer);
    scratch_write(dir, "tokenizer.json", text.at, text.len);
    str_clear(&text);
    tokenizer_free(tokenizer);
}

static void write_files(struct place *p)
{
    static const char meta[] = "{\"vocab\": 61, \"token_bits\": 16, \"bytes_per_token\": {\"val\": "
                               "2.5}, \"tokens\": {\"train\": 200, \"val\": 80}}";
    const struct progress progress = {.steps = 3, .done = 1, .told = 0};
    char *state = path_join(p->dir, "train.state");
    struct err err = {0};

    scratch_tokens(p->dir, "train.bin", 200, VOCAB, 0);
    scratch_tokens(p->dir, "val.bin", 80, VOCAB, 1);
    scratch_write(p->dir, "meta.json", meta, strlen(meta));
    scratch_write(p->dir, "config.json", config_text, strlen(config_text));
    write_tokenizer(p->dir);
    assert_int_equal(checkpoint_write(p->dir, &p->trainer->model, p->trainer->weights, NULL, &err),
                     0);
    assert_int_equal(state_write(state, p->identity, &progress, p->trainer, &err), 0);
    free(state);
}

static int set_up(void **state)
{
    struct place *p = mem_new(1, sizeof *p);
    json_t *object = json_loads(config_text, 0, NULL);
    struct err err = {0};

    p->dir = scratch_new();
    config_init(&p->config);
    p->identity = json_pack("{s:{s:i}}", "config", "dim", 8);
    if (config_take(&p->config, object, "test", &err) != 0 ||
        trainer_open(&p->trainer, &p->config, VOCAB, 1, 1, &err) != 0)
        fail_msg("%s", err.text);
    json_decref(object);
    trainer_start(p->trainer);
    write_files(p);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place *p = *state;

    trainer_close(p->trainer);
    json_decref(p->identity);
    config_clear(&p->config);
    scratch_remove(p->dir);
    free(p);
    return 0;
}

/* --- damage --- */

/* Some bytes of [from, to) changed, moved, taken out, or the end cut off; the new length. */
static size_t damage(char *bytes, size_t len, size_t from, size_t to, struct rng *rng)
{
    static const char telling[] = "0123456789-.eE\"{}[],:\\\377 \n";
    size_t end = to < len ? to : len, at = from + (size_t)rng_below(rng, end - from);
    size_t n = 1 + (size_t)rng_below(rng, 8), left = len - at;

    n = n < left ? n : left;
    switch (rng_below(rng, 6)) {
    case 0:
        bytes[at] = (char)((unsigned char)bytes[at] ^ 1u << rng_below(rng, 8));
        return len;
    case 1:
        bytes[at] = telling[rng_below(rng, sizeof telling - 1)];
        return len;
    case 2:
        memset(bytes + at, rng_below(rng, 2) == 0 ? 0 : 0xff, n);
        return len;
    case 3:
        memmove(bytes + at, bytes + at + n, left - n);
        return len - n;
    case 4:
        memmove(bytes + at, bytes + rng_below(rng, len - n + 1), n);
        return len;
    default:
        return (size_t)rng_below(rng, len);
    }
}

static void check_kind(const struct place *p, size_t kind)
{
    char *path = path_join(p->dir, kinds[kind].name), *whole, *bytes;
    size_t len, refused = 0;
    struct err err = {0};

    if (file_read(&whole, &len, path, 1 << 22, &err) != 0 || kinds[kind].read(p, &err) != 0)
        fail_msg("%s: %s", kinds[kind].name, err.text);
    bytes = mem_new(len, 1);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        size_t now = len, times;
        struct rng rng;
        rng_init(&rng, 1, kinds[kind].name, round);
        memcpy(bytes, whole, len);
        times = 1 + (size_t)rng_below(&rng, 3);
        for (size_t i = 0; i < times && now > kinds[kind].from + 16; i++)
            now = damage(bytes, now, kinds[kind].from, kinds[kind].to, &rng);
        /* gone first: some file systems flush a file that takes another's place */
        if (file_remove(path, &err) != 0 || file_write_unsynced(path, bytes, now, &err) != 0)
            fail_msg("%s", err.text);
        err = (struct err){0};
        if (kinds[kind].read(p, &err) == 0)
            continue;
        refused++;
        if (err.code != ERR_USAGE || err.text[0] == '\0' || strchr(err.text, '\n') != NULL)
            fail_msg("%s, round %d: code %d, '%s'", kinds[kind].name, (int)round, err.code,
                     err.text);
    }
    assert_true(refused > ROUNDS / 4 && refused <= ROUNDS);
    scratch_write(p->dir, kinds[kind].name, whole, len);
    assert_int_equal(kinds[kind].read(p, &err), 0);
    free(bytes);
    free(whole);
    free(path);
}

static void damaged_files_are_read_or_refused_within_their_bounds(void **state)
{
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++)
        check_kind(*state, kind);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_files_are_read_or_refused_within_their_bounds),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
