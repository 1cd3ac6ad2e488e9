/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Weights that are read where they stand: the same bits as loaded ones, and what a bad file does.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "block.h"
#include "checkpoint.h"
#include "format.h"
#include "product.h"
#include "rng.h"
#include "scratch.h"

/* Two layers of llama: 4 MiB of binary32, of which the last page alone holds the end. */
static const struct shape shape = {.dim = 128,
                                   .layers = 2,
                                   .heads = 4,
                                   .kv_heads = 2,
                                   .hidden = 384,
                                   .vocab = 4096,
                                   .seq = 16,
                                   .rope_theta = 1e4,
                                   .norm_eps = 1e-6};
static const struct format_hints no_hints;

static void open_file(struct model_file *in, const char *path)
{
    struct err err = {0};

    if (model_file_open(in, path, &no_hints, &err) != 0)
        fail_msg("%s", err.text);
}

/* A folder as `train` leaves it. */
static void make_model(const char *dir, const char *arch)
{
    struct model model;
    struct err err = {0};
    real *weights;

    assert_int_equal(file_mkdirs(dir, &err), 0);
    assert_int_equal(model_init(&model, architecture_find(arch), &shape, &err), 0);
    weights = block_new(model.n_weights);
    model_start(&model, weights, 7, 0.02);
    assert_int_equal(checkpoint_write(dir, &model, weights, NULL, &err), 0);
    free(weights);
    model_clear(&model);
}

static void convert(const char *from, const char *to, const char *type)
{
    struct format_job job = {.path = to, .dtype = dtype_find(type)};
    struct model_file in;
    struct err err = {0};
    real *weights;

    open_file(&in, from);
    assert_int_equal(model_file_weights(&weights, &in, &err), 0);
    job.from = &in;
    job.weights = weights;
    if (format_of_suffix(to)->write(&job, &err) != 0)
        fail_msg("%s", err.text);
    free(weights);
    model_file_close(&in);
}

static bool is_in_file(const struct weights *w, const real *at)
{
    for (size_t i = 0; i < w->n_maps; i++) {
        const char *from = w->maps[i].at, *place = (const char *)at;
        if (from != NULL && place >= from && place < from + w->maps[i].bytes)
            return true;
    }
    return false;
}

/* Every tensor has the bits of the loaded one; tells how many stand in the file. */
static size_t check_view(const char *path)
{
    struct model_file in;
    struct weights w;
    struct err err = {0};
    size_t mapped = 0;
    real *weights;

    open_file(&in, path);
    assert_int_equal(model_file_weights(&weights, &in, &err), 0);
    if (model_file_view(&w, &in, &err) != 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < in.model.n_tensors; i++) {
        const struct tensor *t = &in.model.tensors[i];
        assert_memory_equal(w.at[i], weights + t->at, tensor_size(t) * sizeof *weights);
        mapped += is_in_file(&w, w.at[i]);
    }
    weights_clear(&w);
    free(weights);
    model_file_close(&in);
    return mapped;
}

/* Two tensors around the layers (the head is tied nowhere here: three), nine in each layer. */
enum { TENSORS = 3 + 2 * 9 };

static void what_stands_as_it_is_wanted_is_mapped(void **state)
{
    static const struct {
        const char *arch, *file, *type;
        size_t mapped;
    } cases[] = {
        {"llama", "out.safetensors", "f32", TENSORS},
        {"llama", "folder", "f32", TENSORS},
        {"llama", "out.gguf", "f32", TENSORS - 2 * 2}, /* queries and keys stand in another order */
        {"qwen2", "out.gguf", "f32", TENSORS + 2 * 3},
        {"llama", "out.safetensors", "f16", 2 * 2 + 1}, /* gains stay binary32 */
        {"llama", "out.gguf", "q8_0", 2 * 2 + 1},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *dir = scratch_new(), *own = path_join(dir, "own"),
             *to = path_join(dir, cases[i].file);
        make_model(own, cases[i].arch);
        assert_int_equal(check_view(own),
                         strcmp(cases[i].arch, "llama") == 0 ? TENSORS : TENSORS + 6);
        convert(own, to, cases[i].type);
        assert_int_equal(check_view(to), cases[i].mapped);
        free(to);
        free(own);
        scratch_remove(dir);
    }
}

/* One blank more in the header: no number stands on a multiple of its size. */
static void numbers_off_their_size_are_copied(void **state)
{
    char *dir = scratch_new(), *own = path_join(dir, "own"),
         *path = path_join(dir, "odd.safetensors");
    struct err err = {0};
    uint64_t length;
    char *text, *odd;
    size_t len;

    (void)state;
    make_model(own, "llama");
    convert(own, path, "f32");
    assert_int_equal(file_read(&text, &len, path, 64 << 20, &err), 0);
    memcpy(&length, text, 8);
    odd = mem_new(len + 1, 1);
    memcpy(odd, text, 8 + length);
    odd[8 + length] = ' ';
    memcpy(odd + 9 + length, text + 8 + length, len - 8 - length);
    length++;
    memcpy(odd, &length, 8);
    assert_int_equal(file_write(path, odd, len + 1, &err), 0);
    assert_int_equal(check_view(path), 0);
    free(odd);
    free(text);
    free(path);
    free(own);
    scratch_remove(dir);
}

static void a_flipped_bit_of_a_folder_of_ours_is_refused(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "model.safetensors"), *text;
    struct model_file in;
    struct weights w;
    struct err err = {0};
    size_t len;

    (void)state;
    make_model(dir, "llama");
    assert_int_equal(file_read(&text, &len, path, 64 << 20, &err), 0);
    text[len / 2] ^= 1;
    assert_int_equal(file_write(path, text, len, &err), 0);
    open_file(&in, dir);
    assert_int_equal(model_file_view(&w, &in, &err), -1);
    assert_int_equal(err.code, ERR_USAGE);
    assert_non_null(strstr(err.text, "is damaged"));
    weights_clear(&w);
    model_file_close(&in);
    free(text);
    free(path);
    scratch_remove(dir);
}

static void a_file_cut_short_before_it_is_mapped_is_an_error(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "model.safetensors");
    struct model_file in;
    struct weights w;
    struct err err = {0};

    (void)state;
    make_model(dir, "llama");
    open_file(&in, dir);
    assert_int_equal(truncate(path, 4096), 0);
    assert_int_equal(model_file_view(&w, &in, &err), -1);
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_non_null(strstr(err.text, "became shorter"));
    weights_clear(&w);
    model_file_close(&in);
    free(path);
    scratch_remove(dir);
}

/* In a process of its own: what it looks at is gone. */
static void look_at_lost_page(const char *dir, const char *path, int out)
{
    struct model_file in;
    struct weights w;
    struct err err = {0};
    volatile real seen;

    open_file(&in, dir);
    if (dup2(out, STDERR_FILENO) < 0 || model_file_view(&w, &in, &err) != 0 ||
        truncate(path, 4096) != 0)
        _exit(99);
    seen = w.at[in.model.n_tensors - 1][0];
    _exit(seen == 0 ? 98 : 97);
}

static void a_file_cut_short_while_it_is_mapped_ends_the_program_with_one_line(void **state)
{
    char *dir = scratch_new(), *path = path_join(dir, "model.safetensors"), said[256] = "";
    int pipes[2], status;
    ssize_t n;
    pid_t pid;

    (void)state;
    make_model(dir, "llama");
    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0)
        look_at_lost_page(dir, path, pipes[1]);
    close(pipes[1]);
    n = read(pipes[0], said, sizeof said - 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(n > 0 && said[n - 1] == '\n' && strchr(said, '\n') == said + n - 1);
    assert_non_null(strstr(said, "became shorter"));
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), ERR_ENVIRONMENT);
    close(pipes[0]);
    free(path);
    scratch_remove(dir);
}

/* Up to eight rows share one reading of the matrix, and no rounding. */
static void a_few_rows_are_each_what_they_are_alone(void **state)
{
    enum { IN = 203, OUTS = 37, ROWS = 8 };
    real *x = mem_new(ROWS * IN, sizeof *x), *w = mem_new((size_t)OUTS * IN, sizeof *w);
    real together[ROWS * OUTS], alone[OUTS];
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, "rows", 0);
    for (size_t i = 0; i < ROWS * IN; i++)
        x[i] = (real)rng_normal(&rng);
    for (size_t i = 0; i < (size_t)OUTS * IN; i++)
        w[i] = (real)rng_normal(&rng);
    for (size_t rows = 1; rows <= ROWS; rows++)
        for (int beta = 0; beta < 2; beta++) {
            for (size_t i = 0; i < rows * OUTS; i++)
                together[i] = (real)i;
            product(together, OUTS, x, w, rows, OUTS, IN, 0.5f, (real)beta);
            for (size_t i = 0; i < rows; i++) {
                for (size_t o = 0; o < OUTS; o++)
                    alone[o] = (real)(i * OUTS + o);
                product(alone, OUTS, x + i * IN, w, 1, OUTS, IN, 0.5f, (real)beta);
                assert_memory_equal(together + i * OUTS, alone, sizeof alone);
            }
        }
    free(x);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_as_it_is_wanted_is_mapped),
        cmocka_unit_test(numbers_off_their_size_are_copied),
        cmocka_unit_test(a_flipped_bit_of_a_folder_of_ours_is_refused),
        cmocka_unit_test(a_file_cut_short_before_it_is_mapped_is_an_error),
        cmocka_unit_test(a_file_cut_short_while_it_is_mapped_ends_the_program_with_one_line),
        cmocka_unit_test(a_few_rows_are_each_what_they_are_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
