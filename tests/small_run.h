/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * small_run.h - whole runs of a very small model: data in a folder of their own, a config, what a
 * run prints.  Include after cmocka.h.
 */
#ifndef TESTS_SMALL_RUN_H
#define TESTS_SMALL_RUN_H

#include <fcntl.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "scratch.h"
#include "train.h"
#include "trainer.h"

#define VOCAB 61

/* A folder with data, made once: a few thousand tokens. */
struct fixture {
    char *dir, *data, *out;
};

static inline int set_up(void **state)
{
    struct fixture *f = mem_new(1, sizeof *f);
    struct err err = {0};

    f->dir = scratch_new();
    f->data = path_join(f->dir, "data");
    f->out = path_join(f->dir, "out");
    if (file_mkdirs(f->data, &err) != 0)
        fail_msg("%s", err.text);
    scratch_tokens(f->data, "train.bin", 6000, VOCAB, 0);
    scratch_tokens(f->data, "val.bin", 700, VOCAB, 1);
    scratch_tokens(f->data, "test.bin", 700, VOCAB, 2);
    *state = f;
    return 0;
}

static inline int tear_down(void **state)
{
    struct fixture *f = *state;

    free(f->out);
    free(f->data);
    scratch_remove(f->dir);
    free(f);
    return 0;
}

/* The smallest config that has everything: two layers, grouped queries, several micro-batches. */
static const char small_base[] =
    "{\"dim\": 16, \"layers\": 2, \"heads\": 2, \"kv_heads\": 1, \"hidden\": 24, \"seq\": 16,"
    " \"batch\": 6, \"micro_batch\": 2, \"vocab\": 61, \"steps\": 12, \"lr\": 0.01,"
    " \"init_std\": 0.1, \"log_every\": 3}";

/* The base config with some options changed; the caller clears it. */
static inline void config_with(struct config *config, const struct fixture *f, const char *changes)
{
    json_t *root = NULL, *over = NULL;
    struct err err = {0};

    config_init(config);
    if (json_read(&root, small_base, strlen(small_base), "base", &err) != 0 ||
        json_read(&over, changes, strlen(changes), changes, &err) != 0)
        fail_msg("%s", err.text);
    json_object_update(root, over);
    json_object_set_new(root, "data", json_string(f->data));
    if (config_take(config, root, changes, &err) != 0)
        fail_msg("%s", err.text);
    json_decref(over);
    json_decref(root);
}

/* A run with its standard output in a file; what it returned, and the text (caller frees). */
static inline int run_captured(char **text, const struct fixture *f, const struct config *config,
                               uint64_t seed, size_t threads, struct err *err)
{
    const struct train_request request = {.out = f->out, .seed = seed, .threads = threads};
    char *path = path_join(f->dir, "stdout");
    int kept = dup(1), to, rc;
    struct err other = {0};

    fflush(stdout);
    to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(kept >= 0 && to >= 0 && dup2(to, 1) == 1);
    rc = train(config, &request, err);
    fflush(stdout);
    assert_true(dup2(kept, 1) == 1);
    close(kept);
    close(to);
    if (file_read(text, NULL, path, 1 << 20, &other) != 0)
        fail_msg("%s", other.text);
    free(path);
    return rc;
}

/* The last record that has the key; its value, or NAN. */
static inline double last_number(const char *text, const char *key)
{
    double x = (double)NAN;
    char *copy = mem_strdup(text), *rest = copy, *line;

    while ((line = strsep(&rest, "\n")) != NULL) {
        json_t *record = json_loads(line, 0, NULL);
        const json_t *value = json_object_get(record, key);
        if (json_is_number(value))
            x = json_number_value(value);
        json_decref(record);
    }
    free(copy);
    return x;
}

static inline double val_loss_with(const struct fixture *f, const char *changes)
{
    struct config config;
    struct err err = {0};
    char *text;
    double loss;

    config_with(&config, f, changes);
    if (run_captured(&text, f, &config, 1, 2, &err) != 0)
        fail_msg("%s: %s", changes, err.text);
    loss = last_number(text, "val_loss");
    assert_true(isfinite(loss));
    free(text);
    config_clear(&config);
    return loss;
}

/* Lines of the curve alone: records without times and rates. */
static inline char *curve(const char *text)
{
    char *copy = mem_strdup(text), *rest = copy, *line;
    struct str kept = {0};

    while ((line = strsep(&rest, "\n")) != NULL)
        if (strstr(line, "\"train_loss\"") != NULL)
            str_addf(&kept, "%s\n", line);
    free(copy);
    return str_take(&kept);
}

static inline void hash_weights(char out[SHA256_TEXT], const struct fixture *f)
{
    char *path = path_join(f->out, "model.safetensors");
    struct err err = {0};

    if (sha256_file(out, NULL, path, &err) != 0)
        fail_msg("%s", err.text);
    free(path);
}

#endif
