/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `hypotheses` of a study file: what a claim means, and what is refused with its place. */
#include "study_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define FORM                                                                                       \
    " (a claim is \"metric(name=value) < metric(name=value)\", or >, with \"by at least 0.1\" "    \
    "behind it)"

/* The sound study with `hypotheses: <list>` behind it, on line 17. */
static char *study_with(const char *list)
{
    return mem_printf("%shypotheses: %s\n", sound, list);
}

static double number_of(const struct study *s, const struct value *config, const char *name)
{
    int at = space_find(&s->space, name);

    assert_true(at >= 0);
    return config[at].number;
}

/* --- what is understood ----------------------------------------------------------------------- */

static void a_claim_is_two_configs(void **state)
{
    char *text = study_with("[{id: H1, claim: \"val_loss(layers=2, lr=1e-3) < "
                            "val_loss(layers=4) by at least 0.05\", given: {dim: 64}}]");
    struct study s;

    (void)state;
    parse_good(&s, text);
    assert_int_equal(s.n_hypotheses, 1);
    const struct hypothesis *h = &s.hypotheses[0];
    assert_string_equal(h->id, "H1");
    assert_string_equal(h->given, "dim=64");
    assert_true(h->left_is_better && h->by == 0.05);
    assert_true(number_of(&s, h->better, "layers") == 2 && number_of(&s, h->worse, "layers") == 4);
    assert_true(number_of(&s, h->better, "lr") == 1e-3 && number_of(&s, h->worse, "lr") == 6e-4);
    assert_true(number_of(&s, h->better, "dim") == 64 && number_of(&s, h->worse, "dim") == 64);
    assert_true(number_of(&s, h->better, "tokens") == 2e6);
    study_clear(&s);
    free(text);
}

static void both_ways_to_write_a_claim_mean_the_same(void **state)
{
    static const char *const ways[] = {
        "[{id: A, claim: val_loss(layers=2) < val_loss()}]",
        "[{id: A, claim: 'val_loss( )  >val_loss(layers = 2)'}]",
        "[{id: A, claim: \"val_loss(optimizer='adamw', layers=2) < val_loss(optimizer=adamw)\"}]",
    };
    struct str first = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(ways); i++) {
        char *text = study_with(ways[i]);
        struct study s;
        struct str spec = {0};
        parse_good(&s, text);
        study_write_spec(&spec, &s);
        if (i == 0)
            str_add(&first, spec.at);
        assert_string_equal(spec.at, first.at);
        str_clear(&spec);
        study_clear(&s);
        free(text);
    }
    str_clear(&first);
}

static void where_more_is_better_the_larger_side_is_the_better_one(void **state)
{
    static const char study[] =
        "name: up\nmetric: {name: accuracy, goal: maximize}\ntrainer: {command: [t]}\n"
        "parameters: {x: {min: 0.0, max: 1.0, start: 0.5}}\nsearch: {strategy: none}\n"
        "hypotheses: [{id: H, claim: accuracy(x=0.9) > accuracy(x=0.1)}]\n";
    struct study s;

    (void)state;
    parse_good(&s, study);
    assert_true(s.hypotheses[0].left_is_better);
    assert_true(number_of(&s, s.hypotheses[0].better, "x") == 0.9);
    assert_false(s.audit); /* there is no search whose noise would be asked for */
    study_clear(&s);
}

static void hypotheses_are_a_part_of_what_a_study_is(void **state)
{
    struct study a, b;
    struct str before = {0}, after = {0}, change = {0};
    char *text = study_with("[{id: H1, claim: val_loss(layers=2) < val_loss(layers=4)}]");

    (void)state;
    parse_good(&a, sound);
    parse_good(&b, text);
    study_write_spec(&before, &a);
    study_write_spec(&after, &b);
    assert_null(strstr(before.at, "hypotheses"));
    study_describe_change(&change, before.at, after.at);
    assert_non_null(strstr(change.at, "hypotheses"));
    str_clear(&before);
    str_clear(&after);
    str_clear(&change);
    study_clear(&a);
    study_clear(&b);
    free(text);
}

/* --- what is refused -------------------------------------------------------------------------- */

static const struct {
    const char *list, *expected;
} mistakes[] = {
    {"{}", "17:13: 'hypotheses' is a list: [{id: H1, claim: \"val_loss(name=value) < "
           "val_loss(name=value)\"}]"},
    {"[]", "17:13: 'hypotheses' is a list: [{id: H1, claim: \"val_loss(name=value) < "
           "val_loss(name=value)\"}]"},
    {"[{claim: val_loss(layers=2) < val_loss()}]", "17:14: the key 'id' is missing"},
    {"[{id: A}]", "17:14: the key 'claim' is missing"},
    {"[{id: A, claim: val_loss(layers=2) < val_loss(), gven: {}}]",
     "17:62: unknown key 'gven' (did you mean 'given'?)"},
    {"[{id: a b, claim: val_loss(layers=2) < val_loss()}]",
     "17:19: the id 'a b' must begin with a letter or _, and hold only letters, digits, _ . -"},
    {"[{id: A, claim: val_loss(layers=2) < val_loss()}, "
     "{id: A, claim: val_loss(layers=1) < val_loss()}]",
     "17:68: the id 'A' is taken by hypothesis number 1"},
    {"[{id: A, claim: val_loss(layers=2) < val_loss()}, "
     "{id: B, claim: val_loss() > val_loss(layers=2)}]",
     "17:78: hypothesis 'A' says the same"},
    {"[{id: A, claim: val_loss(layers=2) < val_loss(), given: 3}]",
     "17:69: 'given' is a map of names and values: {tokens: 2000000}"},
    /* the text of a claim */
    {"[{id: A, claim: val_loss(layers=2) = val_loss()}]",
     "17:48: expected '<' or '>', not '= val_loss()'" FORM},
    {"[{id: A, claim: val_loss(layers=2) <= val_loss()}]",
     "17:48: expected '<' or '>', not '<= val_loss()'" FORM},
    {"[{id: A, claim: val_loss(layers=2 < val_loss()}]",
     "17:47: expected ',' or ')', not '< val_loss()'" FORM},
    {"[{id: A, claim: val_loss < val_loss()}]", "17:38: expected '(', not '< val_loss()'" FORM},
    {"[{id: A, claim: val_loss(layers) < val_loss()}]",
     "17:44: expected '=', not ') < val_loss()'" FORM},
    {"[{id: A, claim: 'val_loss(layers=2,) < val_loss()'}]",
     "17:48: expected a parameter, not ') < val_loss()'" FORM},
    {"[{id: A, claim: 'val_loss(optimizer=\"muon) < val_loss()'}]",
     "17:49: the quote that begins here does not end"},
    {"[{id: A, claim: val_loss(layers=2) < val_loss() by 3}]",
     "17:64: expected 'by at least' or the end, not '3'" FORM},
    {"[{id: A, claim: val_loss(layers=2) < val_loss() by at least -1}]",
     "17:73: '-1' is not a number of at least 0"},
    {"[{id: A, claim: val_loss(layers=2) < val_loss() by at least 1 nat}]",
     "17:75: expected the end, not 'nat'" FORM},
    /* what its words mean */
    {"[{id: A, claim: train_loss(layers=2) < val_loss()}]",
     "17:29: 'train_loss' is not the study's metric: write 'val_loss'"},
    {"[{id: A, claim: val_loss(layer=2) < val_loss()}]",
     "17:38: unknown parameter 'layer' (did you mean 'layers'?)"},
    {"[{id: A, claim: val_loss(layers=9) < val_loss()}]",
     "17:45: parameter 'layers': '9' is not within 1 to 8"},
    {"[{id: A, claim: val_loss(layers=two) < val_loss()}]",
     "17:45: parameter 'layers': 'two' is not a number"},
    {"[{id: A, claim: 'val_loss(layers=2, layers=3) < val_loss()'}]",
     "17:49: 'layers' is set twice on one side"},
    {"[{id: A, claim: val_loss(layers=2) < val_loss(), given: {layers: 3}}]",
     "17:38: 'layers' stands in 'given' too: leave one of them out"},
    {"[{id: A, claim: val_loss(layers=2) < val_loss(), given: {tokens: 3}}]",
     "17:78: parameter 'tokens': '3' is not 2000000"},
    {"[{id: A, claim: val_loss(muon_lr=0.01) < val_loss()}]",
     "17:38: 'muon_lr' has no meaning beside the other values"},
    {"[{id: A, claim: 'val_loss(layers=8, dim=256) < val_loss()'}]",
     "17:30: this side breaks the constraint 'dim * layers <= 1024': set what goes with it too"},
    {"[{id: A, claim: val_loss(layers=3) < val_loss()}]", "17:29: both sides are the same config"},
};

static void every_mistake_is_one_line_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        char *text = study_with(mistakes[i].list);
        char *expected = mem_printf("s.yaml:%s", mistakes[i].expected);
        struct err err = {0, ""};
        struct study s;
        if (study_parse(&s, text, strlen(text), "s.yaml", &err) == 0)
            fail_msg("accepted, expected: %s", expected);
        assert_string_equal(err.text, expected);
        assert_int_equal(err.code, ERR_USAGE);
        free(expected);
        free(text);
    }
}

static void a_study_without_search_must_have_something_to_do(void **state)
{
    static const char study[] =
        "name: n\nmetric: {name: m}\ntrainer: {command: [t]}\n"
        "parameters: {x: {min: 0.0, max: 1.0, start: 0.5}}\nsearch: {strategy: none}\n";
    struct err err = {0, ""};
    struct study s;

    (void)state;
    assert_int_equal(study_parse(&s, study, strlen(study), "s.yaml", &err), -1);
    assert_string_equal(err.text,
                        "s.yaml:5:20: without a search, 'hypotheses' must say what there is to do");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_is_two_configs),
        cmocka_unit_test(both_ways_to_write_a_claim_mean_the_same),
        cmocka_unit_test(where_more_is_better_the_larger_side_is_the_better_one),
        cmocka_unit_test(hypotheses_are_a_part_of_what_a_study_is),
        cmocka_unit_test(every_mistake_is_one_line_with_its_place),
        cmocka_unit_test(a_study_without_search_must_have_something_to_do),
    };

    return cmocka_run_group_tests_name("hypotheses", tests, NULL, NULL);
}
