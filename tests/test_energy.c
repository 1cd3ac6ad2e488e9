/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Energy: counters as files, one that wraps, and what the report says of it. */
#include "record_fixture.h"

#include "energy.h"
#include "section.h"
#include "store_audit.h"

static void set(const char *root, const char *package, const char *name, const char *text)
{
    struct err err = {0};
    char *dir = path_join(root, package), *path = path_join(dir, name);

    assert_int_equal(file_mkdirs(dir, &err), 0);
    assert_int_equal(file_write(path, text, strlen(text), &err), 0);
    free(path);
    free(dir);
}

static void counters_are_added_up_and_may_wrap(void **state)
{
    char root[] = "/tmp/nightXXXXXX";
    struct rapl rapl;
    struct err err = {0};

    (void)state;
    assert_non_null(mkdtemp(root));
    set(root, "intel-rapl:0", "max_energy_range_uj", "10000000\n");
    set(root, "intel-rapl:0", "energy_uj", "9000000\n");
    set(root, "intel-rapl:1", "max_energy_range_uj", "10000000\n");
    set(root, "intel-rapl:1", "energy_uj", "0\n");
    set(root, "intel-rapl:0:0", "energy_uj", "5\n"); /* a part of the first: not once more */
    rapl_begin(&rapl, root);
    assert_int_equal(rapl.n, 2);
    set(root, "intel-rapl:0", "energy_uj", "2000000\n"); /* 3 J on, beyond 10 */
    set(root, "intel-rapl:1", "energy_uj", "500000\n");
    rapl_sample(&rapl);
    assert_true(fabs(rapl.joules - 3.5) < 1e-12);
    rapl_sample(&rapl);
    assert_true(fabs(rapl.joules - 3.5) < 1e-12);
    assert_int_equal(file_remove(root, &err), 0);
}

static void without_counters_nothing_is_measured(void **state)
{
    char root[] = "/tmp/nightXXXXXX";
    struct rapl rapl;
    struct err err = {0};

    (void)state;
    assert_non_null(mkdtemp(root));
    set(root, "intel-rapl:0", "energy_uj", "rubbish\n");
    set(root, "intel-rapl:0", "max_energy_range_uj", "10\n");
    rapl_begin(&rapl, root);
    assert_int_equal(rapl.n, 0);
    assert_int_equal(file_remove(root, &err), 0);
}

static char *cost_section(const struct night *night)
{
    struct str text = {0};
    struct facts facts;
    struct err err = {0};

    facts_init(&facts, &night->record);
    for (size_t i = 0; sections[i] != NULL; i++)
        if (strcmp(sections[i]->name, "cost") == 0)
            assert_int_equal(section_write(&text, sections[i], &facts, night->store, &err), 0);
    facts_clear(&facts);
    return str_take(&text);
}

static void the_report_adds_up_what_sessions_told_and_else_has_a_dash(void **state)
{
    struct night night;
    struct str told = {0};
    struct err err = {0};

    (void)state;
    night_begin(&night, usual_study);
    night_baseline(&night);
    char *text = cost_section(&night);
    assert_non_null(strstr(text, "(RAPL) | - |"));
    free(text);
    energy_text(&told, 1.8e6, NAN, 60);
    assert_string_equal(str_text(&told), "{\"gpu_j\":null,\"package_j\":1800000,\"seconds\":60}");
    for (int i = 0; i < 2; i++)
        assert_int_equal(store_event_alone(night.store, "energy", 0, str_text(&told), &err), 0);
    text = cost_section(&night);
    assert_non_null(strstr(text, "(RAPL) | 1 kWh |"));
    assert_non_null(strstr(text, "(NVML) | - |"));
    free(text);
    str_clear(&told);
    night_end(&night);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_are_added_up_and_may_wrap),
        cmocka_unit_test(without_counters_nothing_is_measured),
        cmocka_unit_test(the_report_adds_up_what_sessions_told_and_else_has_a_dash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
