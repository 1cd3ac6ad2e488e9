/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How much memory a run may have, and that the count of what it needs never wraps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "block.h"
#include "check.h"
#include "config.h"
#include "memory.h"
#include "scratch.h"
#include "trainer.h"

/* A file below `dir`, with the folders that it lies in. */
static void put(const char *dir, const char *name, const char *text)
{
    char *path = path_join(dir, name), *folder = path_dir(path);
    struct err err = {0};

    if (file_mkdirs(folder, &err) != 0)
        fail_msg("%s", err.text);
    scratch_write(folder, strrchr(path, '/') + 1, text, strlen(text));
    free(folder);
    free(path);
}

static void the_smallest_limit_of_the_groups_counts(void **state)
{
    static const struct {
        const char *membership;
        double limit;
    } cases[] = {
        {"0::/a/b\n", 3000},
        {"0::/a\n", 5000},
        {"0::/\n", INFINITY},
        {"0::/other\n", INFINITY},
        {"", INFINITY},
        {"nonsense\n:\n::\n\n", INFINITY},
        {"0::/a/c\n", 5000}, /* "max" in the group itself */
        {"4:memory:/job\n0::/\n", 700},
        {"3:cpu,memory:/job\n", 700},
        {"3:cpu,memory:/elsewhere\n", 900}, /* a container sees its own group as the root */
        {"3:cpuset:/job\n", INFINITY},
        {"5:no_memory:/job\n", INFINITY},
    };
    char *dir = scratch_new(), *membership = path_join(dir, "self");

    (void)state;
    put(dir, "a/memory.max", "5000\n");
    put(dir, "a/b/memory.max", "3000\n");
    put(dir, "a/c/memory.max", "max\n");
    put(dir, "memory/memory.limit_in_bytes", "900\n");
    put(dir, "memory/job/memory.limit_in_bytes", "700\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double limit;
        put(dir, "self", cases[i].membership);
        limit = memory_cgroup_limit(membership, dir);
        if (limit != cases[i].limit)
            fail_msg("'%s': %g instead of %g", cases[i].membership, limit, cases[i].limit);
    }
    assert_true(isinf(memory_cgroup_limit("/nowhere", dir)));
    free(membership);
    scratch_remove(dir);
}

static void a_limit_of_address_space_counts_and_is_named(void **state)
{
    struct rlimit limit, small;
    struct err err = {0};
    char last;

    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its shadow takes terabytes of address space */
#endif
    assert_true(memory_there(1).bytes > 0 && isfinite(memory_there(1).bytes));
    assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
    small = limit;
    small.rlim_cur = (rlim_t)1 << 30; /* which many more threads than one may not share */
    assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
    assert_true(memory_there(1).bytes < 0x1p30 - 0x1p28);
    assert_true(memory_there(64).bytes == 0);
    assert_int_equal(block_check_memory(0x1p33, 1, &err), -1);
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
    assert_int_equal(err.code, ERR_USAGE);
    assert_int_equal(sscanf(err.text,
                            "this run needs 8.00 GiB of memory, and its limit of address "
                            "space allows 0.%*u Gi%c",
                            &last),
                     1);
}

static void config_of(struct config *config, const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    struct err err = {0};

    config_init(config);
    if (config_take(config, object, text, &err) != 0)
        fail_msg("%s", err.text);
    json_decref(object);
}

/*
 * The weights are small; activations are what is absurd.  A size_t of reals is 6.9e10 GiB at most,
 * so a count that wraps tells less than the second case's 2^69 of gate and up alone.
 */
static void memory_that_no_size_t_holds_is_refused_before_any_is_taken(void **state)
{
    static const struct {
        const char *text;
        double least; /* [GiB] */
    } cases[] = {
        {"{\"dim\": 16, \"heads\": 1, \"batch\": 1048576, \"seq\": 1048576, \"micro_batch\": "
         "1048576}",
         1e6},
        {"{\"dim\": 2, \"heads\": 1, \"layers\": 1024, \"hidden\": 262144, \"batch\": 1048576,"
         " \"seq\": 1048576, \"micro_batch\": 1048576}",
         1e12},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        struct trainer *t = NULL;
        struct err err = {0};
        double gib = 0;
        config_of(&config, cases[i].text);
        assert_int_equal(trainer_open(&t, &config, 97, 2, 1, &err), -1);
        assert_int_equal(err.code, ERR_USAGE);
        assert_int_equal(sscanf(err.text, "this run needs %lf GiB of memory, and ", &gib), 1);
        if (!(gib >= cases[i].least))
            fail_msg("%s: %s", cases[i].text, err.text);
        config_clear(&config);
    }
}

static void what_grows_by_the_row_is_counted_as_it_is(void **state)
{
    struct config config;
    struct shape shape;
    struct model model;
    struct err err = {0};

    (void)state;
    config_of(&config, "{\"dim\": 24, \"heads\": 3, \"kv_heads\": 1, \"model\": \"qwen3\"}");
    shape = config_shape(&config, 997);
    assert_int_equal(model_init(&model, architecture_find("qwen3"), &shape, &err), 0);
    for (size_t rows = 1; rows < (size_t)1 << 30; rows = 3 * rows + 1)
        for (int gradient = 0; gradient < 2; gradient++)
            assert_close(model_scratch(&model, rows, gradient == 1),
                         (double)model.arch->scratch(&model, rows, gradient == 1), 1e-3, 0);
    model_clear(&model);
    config_clear(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_limit_of_the_groups_counts),
        cmocka_unit_test(a_limit_of_address_space_counts_and_is_named),
        cmocka_unit_test(memory_that_no_size_t_holds_is_refused_before_any_is_taken),
        cmocka_unit_test(what_grows_by_the_row_is_counted_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
