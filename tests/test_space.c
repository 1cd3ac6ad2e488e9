/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "distribution.h"
#include "search_fixture.h"

/* --- distributions ---------------------------------------------------------------------------- */

static const struct {
    const char *distribution;
    double min, max, q;
} ranges[] = {
    {"uniform", -1, 3, 0},
    {"uniform", 0.9, 0.999, 0},
    {"uniform", 1e6, 1e6 + 1, 0},
    {"log_uniform_values", 1e-4, 1e-2, 0},
    {"log_uniform_values", 1, 1.0001, 0},
    {"log_uniform_values", 1e-20, 1e20, 0},
    {"q_uniform", 64, 256, 64},
    {"q_uniform", 0.1, 0.9, 0.1},
    {"q_uniform", -0.3, 0.3, 0.1},
    {"q_log_uniform_values", 64, 1024, 64},
    {"q_log_uniform_values", 1e-13, 8, 1},
    {"int_uniform", 1, 8, 0},
    {"int_uniform", -2, 1e9, 0},
    {"int_log_uniform_values", 1, 1000, 0},
    {"power_of_two", 16, 512, 0},
    {"power_of_two", 1, 0x1p40, 0},
};
enum { RANGES = sizeof ranges / sizeof *ranges };

static struct param make_param(const char *distribution, double min, double max, double q)
{
    struct param param = {.min = min, .max = max, .q = q};

    param.distribution = distribution_find(distribution);
    assert_non_null(param.distribution);
    return param;
}

static struct param range_param(size_t i)
{
    return make_param(ranges[i].distribution, ranges[i].min, ranges[i].max, ranges[i].q);
}

static void decode_reaches_both_ends_and_never_leaves_the_range(void **state)
{
    static const double first[] = {-1,   0.9, 1e6, 1e-4, 1,  1e-20, 64, 0.1,
                                   -0.3, 64,  1,   1,    -2, 1,     16, 1};
    (void)state;

    for (size_t i = 0; i < RANGES; i++) {
        struct param param = range_param(i);
        struct rng rng;
        rng_init(&rng, 1, "ends", i);
        assert_true(param_decode(&param, 0).number == first[i]);
        if (param_decode(&param, 1).number != param.max)
            fail_msg("range %zu: the end is %.17g", i, param_decode(&param, 1).number);
        assert_true(param_decode(&param, NAN).number == first[i]);
        assert_true(param_decode(&param, -3).number == first[i]);
        assert_true(param_decode(&param, 7).number == param.max);
        for (int k = 0; k < 2000; k++) {
            double x = param_decode(&param, rng_uniform(&rng)).number;
            assert_true(x >= param.min && x <= param.max);
        }
    }
}

static void encode_then_decode_gives_every_settled_value_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANGES; i++) {
        struct param param = range_param(i);
        struct rng rng;
        rng_init(&rng, 2, "round trip", i);
        for (int k = 0; k < 5000; k++) {
            struct value x = param_decode(&param, k < 2 ? k : rng_uniform(&rng));
            double unit = param_encode(&param, &x);
            assert_true(unit >= 0 && unit <= 1);
            struct value back = param_decode(&param, unit);
            if (back.number != x.number)
                fail_msg("%s: %.17g became %.17g", ranges[i].distribution, x.number, back.number);
        }
    }
}

static void decode_goes_up_with_the_unit(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANGES; i++) {
        struct param param = range_param(i);
        for (int k = 0; k < 1000; k++)
            assert_true(param_decode(&param, k / 1000.0).number <=
                        param_decode(&param, (k + 1) / 1000.0).number);
    }
}

static void values_have_short_spellings(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANGES; i++) {
        struct param param = range_param(i);
        struct rng rng;
        rng_init(&rng, 3, "spelling", i);
        for (int k = 0; k < 500; k++) {
            char text[NUMBER_TEXT];
            number_text(text, param_decode(&param, rng_uniform(&rng)).number);
            /* sign, point, exponent (5) and at most 13 digits: 17 would need more */
            if (strlen(text) > 20 || (i != 5 && strlen(text) > 15))
                fail_msg("%s: %s", ranges[i].distribution, text);
        }
    }
}

/* Pearson's statistic of `draws` values against cells that should be equally likely. */
static double chi_square(const struct param *param, int cells, int draws,
                         int (*cell)(const struct param *, double))
{
    int count[64] = {0};
    struct rng rng;
    double sum = 0, expected = (double)draws / cells;

    rng_init(&rng, 4, "chi", (uint64_t)cells);
    for (int k = 0; k < draws; k++) {
        int c = cell(param, param_decode(param, rng_uniform(&rng)).number);
        assert_in_range(c, 0, cells - 1);
        count[c]++;
    }
    for (int c = 0; c < cells; c++)
        sum += (count[c] - expected) * (count[c] - expected) / expected;
    return sum;
}

static int step_cell(const struct param *param, double x)
{
    return (int)lround((x - param->min) / (param->distribution->takes_q ? param->q : 1));
}

static int tenth_cell(const struct param *param, double x)
{
    return (int)fmin(9, 10 * (x - param->min) / (param->max - param->min));
}

static int log_tenth_cell(const struct param *param, double x)
{
    return (int)fmin(9, 10 * log(x / param->min) / log(param->max / param->min));
}

static void every_value_has_its_fair_share(void **state)
{
    /* The 99.9 % points of chi-square with 3, 7 and 9 degrees of freedom; the seed is fixed. */
    static const struct {
        const char *name;
        double min, max, q;
        int cells;
        int (*cell)(const struct param *, double);
        double limit;
    } cases[] = {
        {"q_uniform", 64, 256, 64, 4, step_cell, 16.3},
        {"int_uniform", 1, 8, 0, 8, step_cell, 24.3},
        {"uniform", -1, 3, 0, 10, tenth_cell, 27.9},
        {"log_uniform_values", 1e-4, 1e-2, 0, 10, log_tenth_cell, 27.9},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct param param = make_param(cases[i].name, cases[i].min, cases[i].max, cases[i].q);
        double chi = chi_square(&param, cases[i].cells, 20000, cases[i].cell);
        if (chi > cases[i].limit)
            fail_msg("%s: chi-square %.1f", cases[i].name, chi);
    }
}

static void log_whole_numbers_share_by_doublings_and_the_ends_are_whole(void **state)
{
    struct param param = make_param("int_log_uniform_values", 1, 15, 0);
    int count[16] = {0};
    enum { DRAWS = 60000 };
    (void)state;

    for (int k = 0; k < DRAWS; k++)
        count[(int)param_decode(&param, (k + 0.5) / DRAWS).number]++;
    for (int k = 1; k <= 15; k++) { /* the cell of k, from k - 1/2 to k + 1/2 of 1/2 to 15 1/2 */
        double share = log((k + 0.5) / (k - 0.5)) / log(15.5 / 0.5);
        assert_true(fabs(count[k] - share * DRAWS) <=
                    2); /* midpoints: at most one at each border */
    }
}

static void levels_are_counted_and_an_empty_range_has_none(void **state)
{
    static const struct {
        const char *name;
        double min, max, q, levels;
    } cases[] = {
        {"q_uniform", 64, 256, 64, 4},   {"q_uniform", 65, 127, 64, 0},
        {"q_uniform", 0.1, 0.3, 0.1, 3}, {"int_uniform", 1, 8, 0, 8},
        {"power_of_two", 5, 100, 0, 4},  {"power_of_two", 5, 7, 0, 0},
        {"int_uniform", 1.2, 1.8, 0, 0}, {"uniform", 0, 1, 0, INFINITY},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct param param = make_param(cases[i].name, cases[i].min, cases[i].max, cases[i].q);
        assert_true(param_levels(&param) == cases[i].levels);
    }
}

static void powers_of_two_have_cells_of_one_width_and_stand_by_their_exponents(void **state)
{
    struct param param = make_param("power_of_two", 5, 100, 0); /* 8 16 32 64 */
    int count[4] = {0};
    (void)state;

    for (int k = 0; k < 4000; k++) {
        double x = param_decode(&param, (k + 0.5) / 4000).number;
        assert_true(x == 8 || x == 16 || x == 32 || x == 64);
        count[(int)log2(x) - 3]++;
    }
    for (int k = 0; k < 4; k++) {
        struct value x = param_nth(&param, k);
        assert_int_equal(count[k], 1000);
        assert_true(x.number == 8 << k);
        assert_true(param_level(&param, &x) == k);
        assert_true(fabs(param_encode(&param, &x) - (k + 0.5) / 4) < 1e-15);
    }
}

static void an_ordinal_stands_by_the_place_in_its_list_and_a_choice_has_none(void **state)
{
    struct space space = {0};
    (void)state;

    struct param *sizes = add_ordinal(&space, "size", "medium tiny 7 true");
    for (int k = 0; k < 4; k++) {
        struct value value = param_nth(sizes, k);
        assert_true(value_same(&value, &sizes->values[k]));
        assert_true(param_level(sizes, &value) == k);
        assert_true(param_encode(sizes, &value) == (k + 0.5) / 4);
    }
    assert_false(param_is_choice(sizes));
    assert_true(param_is_choice(add_choice(&space, "optimizer", "adamw muon")));
    assert_false(param_is_choice(add_choice(&space, "tokens", "5")));
    assert_false(param_is_choice(add_number(&space, "lr", "uniform", 0, 1, 0, 0.5)));
    space_clear(&space);
}

static void combinations_are_counted_before_conditions_and_constraints(void **state)
{
    struct space space = {0};
    (void)state;

    assert_true(space_combinations(&space) == 1);
    add_choice(&space, "tokens", "5");
    add_ordinal(&space, "size", "s m l");
    add_number(&space, "batch", "power_of_two", 4, 32, 0, 8);
    only_when(&space, "size", "l");
    assert_true(space_combinations(&space) == 12);
    add_number(&space, "lr", "uniform", 0, 1, 0, 0.5);
    assert_true(isinf(space_combinations(&space)));
    space_clear(&space);
}

static void multiples_are_the_decimal_numbers_that_are_meant(void **state)
{
    struct param param = make_param("q_uniform", 0, 1, 0.1);
    char text[NUMBER_TEXT];
    (void)state;

    for (int k = 0; k <= 10; k++) {
        char expected[8];
        snprintf(expected, sizeof expected, k % 10 != 0 ? "0.%d" : "%d", k % 10 != 0 ? k : k / 10);
        assert_string_equal(number_text(text, distribution_nth(&param, k)), expected);
    }
}

static void an_unknown_distribution_is_not_found(void **state)
{
    (void)state;
    assert_null(distribution_find("normal"));
    for (size_t i = 0; distributions[i] != NULL; i++)
        assert_ptr_equal(distribution_find(distributions[i]->name), distributions[i]);
}

/* --- values ----------------------------------------------------------------------------------- */

static void values_are_written_as_json_and_printed_for_people(void **state)
{
    static const struct {
        struct value value;
        const char *json, *plain;
    } cases[] = {
        {{VALUE_NUMBER, 0.0006, NULL}, "0.0006", "0.0006"},
        {{VALUE_NUMBER, 2e6, NULL}, "2000000", "2000000"},
        {{VALUE_TEXT, 0, "ad\"am"}, "\"ad\\\"am\"", "ad\"am"},
        {{VALUE_BOOL, 1, NULL}, "true", "true"},
        {{VALUE_BOOL, 0, NULL}, "false", "false"},
        {{VALUE_NONE, 0, NULL}, "null", "-"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str json = {NULL, 0}, plain = {NULL, 0};
        value_write(&json, &cases[i].value);
        value_print(&plain, &cases[i].value);
        assert_string_equal(str_text(&json), cases[i].json);
        assert_string_equal(str_text(&plain), cases[i].plain);
        str_clear(&json);
        str_clear(&plain);
    }
}

static void a_number_is_not_its_text_and_true_is_not_one(void **state)
{
    const struct value one = {VALUE_NUMBER, 1, NULL}, yes = {VALUE_BOOL, 1, NULL};
    const struct value text = {VALUE_TEXT, 1, "1"}, none = {VALUE_NONE, 1, NULL};
    const struct value other = {VALUE_NONE, 2, "x"};
    (void)state;

    assert_false(value_same(&one, &yes));
    assert_false(value_same(&one, &text));
    assert_false(value_same(&none, &one));
    assert_true(value_same(&none, &other));
    assert_true(value_same(&one, &one));
}

/* --- spaces ----------------------------------------------------------------------------------- */

static struct value read_value(const struct space *space, const char *name, const char *text)
{
    struct err err = {0};
    struct value value = {0};

    if (space_read_value(&value, space, (size_t)space_find(space, name), text, &err) != 0)
        fail_msg("%s", err.text);
    return value;
}

static void the_start_is_the_baseline_without_what_is_inactive(void **state)
{
    struct space space;
    struct value config[7];
    (void)state;

    fill_mixed_space(&space);
    space_start(config, &space);
    assert_true(config[0].number == 6e-4);
    assert_string_equal(config[4].text, "adamw");
    assert_int_equal(config[5].type, VALUE_NONE);
    assert_true(config[6].number == 2e6);
    assert_settled(&space, config);
    space_clear(&space);
}

static void a_condition_takes_a_parameter_out_and_brings_it_back_at_its_start(void **state)
{
    struct space space;
    struct value config[7];
    (void)state;

    fill_mixed_space(&space);
    space_start(config, &space);
    config[4] = read_value(&space, "optimizer", "muon");
    space_settle(config, &space);
    assert_true(config[5].number == 2e-2);
    config[4] = read_value(&space, "optimizer", "sgd");
    space_settle(config, &space);
    assert_int_equal(config[5].type, VALUE_NONE);
    space_clear(&space);
}

static void what_depends_on_something_inactive_is_inactive(void **state)
{
    struct space space = {0};
    struct value config[3];
    (void)state;

    add_choice(&space, "a", "x y");
    add_choice(&space, "b", "p r");
    only_when(&space, "a", "y");
    add_number(&space, "c", "uniform", 0, 1, 0, 0.5);
    only_when(&space, "b", "p");
    space_start(config, &space);
    assert_int_equal(config[1].type, VALUE_NONE);
    assert_int_equal(config[2].type, VALUE_NONE);
    config[0] = read_value(&space, "a", "y");
    space_settle(config, &space);
    assert_string_equal(config[1].text, "p");
    assert_true(config[2].number == 0.5);
    space_clear(&space);
}

static void a_config_comes_back_from_its_unit(void **state)
{
    struct space space;
    struct value config[7], back[7];
    double unit[7];
    struct rng rng;
    (void)state;

    fill_mixed_space(&space);
    rng_init(&rng, 5, "unit", 0);
    for (int k = 0; k < 2000; k++) {
        for (size_t i = 0; i < space.n; i++)
            unit[i] = rng_uniform(&rng);
        space_decode(config, &space, unit);
        space_encode(unit, &space, config);
        for (size_t i = 0; i < space.n; i++)
            assert_true(unit[i] >= 0 && unit[i] <= 1);
        assert_true(unit[6] == 0.5);
        assert_true(config[5].type != VALUE_NONE || unit[5] == 0.5);
        space_decode(back, &space, unit);
        assert_true(space_same(&space, config, back));
    }
    space_clear(&space);
}

static void a_value_from_outside_is_checked(void **state)
{
    static const struct {
        const char *name, *text, *message;
    } cases[] = {
        {"lr", "0.5", "parameter 'lr': '0.5' is not within 0.0001 to 0.01"},
        {"lr", "1e-5", "parameter 'lr': '1e-5' is not within 0.0001 to 0.01"},
        {"lr", "fast", "parameter 'lr': 'fast' is not a number"},
        {"lr", "nan", "parameter 'lr': 'nan' is not a number"},
        {"lr", "inf", "parameter 'lr': 'inf' is not a number"},
        {"lr", "", "parameter 'lr': '' is not a number"},
        {"dim", "100", "parameter 'dim': '100' is not a multiple of 64"},
        {"layers", "2.5", "parameter 'layers': '2.5' is not a whole number"},
        {"layers", "9", "parameter 'layers': '9' is not within 1 to 8"},
        {"optimizer", "adam",
         "parameter 'optimizer': 'adam' is not adamw, muon or sgd (did you mean 'adamw'?)"},
        {"tokens", "5", "parameter 'tokens': '5' is not 2000000"},
    };
    struct space space;
    (void)state;

    fill_mixed_space(&space);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        struct value value;
        size_t index = (size_t)space_find(&space, cases[i].name);
        assert_int_equal(space_read_value(&value, &space, index, cases[i].text, &err), -1);
        assert_string_equal(err.text, cases[i].message);
        assert_int_equal(err.code, ERR_USAGE);
    }
    space_clear(&space);
}

static void a_good_value_is_taken_exactly(void **state)
{
    struct space space;
    (void)state;

    fill_mixed_space(&space);
    assert_true(read_value(&space, "lr", "0.00031415926535897").number == 0.00031415926535897);
    assert_true(read_value(&space, "dim", "1.28e2").number == 128);
    assert_true(read_value(&space, "layers", "8").number == 8);
    assert_true(read_value(&space, "tokens", "2e6").number == 2e6);
    assert_ptr_equal(read_value(&space, "optimizer", "muon").text,
                     space.params[4].values[1].text); /* borrowed */
    space_clear(&space);
}

static void booleans_are_choices_too(void **state)
{
    struct space space = {0};
    (void)state;

    add_choice(&space, "tied", "true false");
    struct value no = read_value(&space, "tied", "false");
    assert_int_equal(no.type, VALUE_BOOL);
    assert_true(no.number == 0);
    space_clear(&space);
}

static void changes_are_told_in_words(void **state)
{
    struct space space;
    struct value a[7], b[7];
    (void)state;

    fill_mixed_space(&space);
    space_start(a, &space);
    space_start(b, &space);
    char *text = space_describe_change(&space, a, b);
    assert_string_equal(text, "no change");
    free(text);
    b[0].number = 0.0008;
    b[4] = read_value(&space, "optimizer", "muon");
    space_settle(b, &space);
    text = space_describe_change(&space, a, b);
    assert_string_equal(text, "lr 0.0006 -> 0.0008, optimizer adamw -> muon, muon_lr - -> 0.02");
    free(text);
    space_clear(&space);
}

static void the_first_broken_constraint_is_named(void **state)
{
    struct space space;
    struct value config[7];
    const char *broken = NULL;
    (void)state;

    fill_mixed_space(&space);
    add_constraint(&space, "layers < 8");
    space_start(config, &space);
    assert_true(space_allows(&space, config, &broken));
    config[3].number = 8;
    assert_false(space_allows(&space, config, &broken));
    assert_string_equal(broken, "layers < 8");
    config[2].number = 256;
    assert_false(space_allows(&space, config, &broken));
    assert_string_equal(broken, "dim * layers <= 1024");
    assert_false(space_allows(&space, config, NULL));
    space_clear(&space);
}

static void a_text_is_kept_once_and_lives_as_long_as_the_space(void **state)
{
    struct space space = {0};
    char word[] = "muon";
    (void)state;

    const char *kept = space_keep_text(&space, word);
    for (int i = 0; i < 100; i++) {
        char other[32];
        snprintf(other, sizeof other, "word %d", i);
        space_keep_text(&space, other);
    }
    word[0] = 'M';
    assert_string_equal(kept, "muon");
    assert_ptr_equal(space_keep_text(&space, "muon"), kept);
    space_clear(&space);
    space_clear(&space); /* empty again, so once more is fine */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decode_reaches_both_ends_and_never_leaves_the_range),
        cmocka_unit_test(encode_then_decode_gives_every_settled_value_back),
        cmocka_unit_test(decode_goes_up_with_the_unit),
        cmocka_unit_test(values_have_short_spellings),
        cmocka_unit_test(every_value_has_its_fair_share),
        cmocka_unit_test(log_whole_numbers_share_by_doublings_and_the_ends_are_whole),
        cmocka_unit_test(levels_are_counted_and_an_empty_range_has_none),
        cmocka_unit_test(powers_of_two_have_cells_of_one_width_and_stand_by_their_exponents),
        cmocka_unit_test(an_ordinal_stands_by_the_place_in_its_list_and_a_choice_has_none),
        cmocka_unit_test(combinations_are_counted_before_conditions_and_constraints),
        cmocka_unit_test(multiples_are_the_decimal_numbers_that_are_meant),
        cmocka_unit_test(an_unknown_distribution_is_not_found),
        cmocka_unit_test(values_are_written_as_json_and_printed_for_people),
        cmocka_unit_test(a_number_is_not_its_text_and_true_is_not_one),
        cmocka_unit_test(the_start_is_the_baseline_without_what_is_inactive),
        cmocka_unit_test(a_condition_takes_a_parameter_out_and_brings_it_back_at_its_start),
        cmocka_unit_test(what_depends_on_something_inactive_is_inactive),
        cmocka_unit_test(a_config_comes_back_from_its_unit),
        cmocka_unit_test(a_value_from_outside_is_checked),
        cmocka_unit_test(a_good_value_is_taken_exactly),
        cmocka_unit_test(booleans_are_choices_too),
        cmocka_unit_test(changes_are_told_in_words),
        cmocka_unit_test(the_first_broken_constraint_is_named),
        cmocka_unit_test(a_text_is_kept_once_and_lives_as_long_as_the_space),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
