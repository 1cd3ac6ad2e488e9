/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rng.h"
#include "str.h"

static double double_of(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The fewest significant digits that read back as x, by trying. */
static int fewest_digits(double x)
{
    char text[64];

    for (int digits = 1; digits < 17; digits++) {
        snprintf(text, sizeof text, "%.*e", digits - 1, x);
        if (strtod(text, NULL) == x)
            return digits;
    }
    return 17;
}

/* The digits of the mantissa, zeros at its ends apart. */
static int digits_in(const char *text)
{
    int digits = 0, zeros = 0;

    for (; *text != '\0' && *text != 'e'; text++) {
        if (*text < '0' || *text > '9')
            continue;
        if (*text == '0') {
            zeros += digits > 0;
            continue;
        }
        digits += zeros + 1;
        zeros = 0;
    }
    return digits;
}

static void check_text(double x)
{
    char text[NUMBER_TEXT];
    double back;

    number_text(text, x);
    if (!number_read(&back, text) || memcmp(&back, &x, sizeof x) != 0)
        fail_msg("%s is not %a", text, x);
    if (x != 0 && !(x == rint(x) && fabs(x) < 1e15) && digits_in(text) != fewest_digits(x))
        fail_msg("%s has more digits than %a needs", text, x);
}

static void a_number_has_the_shortest_text_that_reads_back(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, "number", 0);
    for (int i = 0; i < 20000; i++) {
        double any = double_of(rng_next(&rng));
        if (isfinite(any))
            check_text(any);
        check_text(rng_uniform(&rng));
        check_text(rint(rng_uniform(&rng) * 1e6) / 1e4);
        check_text(-(double)rng_below(&rng, UINT64_C(1) << 60));
        check_text(ldexp(1, (int)rng_below(&rng, 200) - 100));
    }
}

static void leave_out(char *text, const char *word, const char *instead)
{
    char *at = strstr(text, word);

    if (at == NULL)
        return;
    memmove(at + strlen(instead), at + strlen(word), strlen(at + strlen(word)) + 1);
    memcpy(at, instead, strlen(instead));
}

/* What printf writes with the fewest digits from 15 on that read back; "e-05" is "e-5", "e+20" is
 * "e20". */
static void check_spelling(double x)
{
    char text[NUMBER_TEXT], want[64];
    int digits = 15;

    do
        snprintf(want, sizeof want, "%.*g", digits, x);
    while (strtod(want, NULL) != x && ++digits <= 17);
    leave_out(want, "e-0", "e-");
    leave_out(want, "e+", "e");
    if (strcmp(number_text(text, x), want) != 0)
        fail_msg("%a: %s and not %s", x, text, want);
}

/* Beside ties and powers of two and of ten, whose neighbours below are nearer or have a digit less.
 */
static void the_shortest_text_has_the_digits_of_printf(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 7, "number", 0);
    for (int i = 0; i < 20000; i++) {
        double x = 0.1 + rng_uniform(&rng);
        check_spelling(x);
        check_spelling(ldexp(x, (int)rng_below(&rng, 90) - 45));
        check_spelling((double)(2 * rng_below(&rng, UINT64_C(1) << 44) + 1) / 64);
    }
    for (int e = -40; e < 50; e++) {
        double power = e < 0 ? ldexp(1, e) : pow(10, e - 24) * 1.0625;
        check_spelling(e < 0 ? power : nextafter(power, 0));
        check_spelling(nextafter(ldexp(1, e - 50), 0));
        check_spelling(nextafter(ldexp(1, e - 50), 1));
        check_spelling(nextafter(pow(10, e - 40), 0));
        check_spelling(nextafter(pow(10, e - 40), 1));
    }
}

static void check_digits(double x)
{
    char text[NUMBER_TEXT], want[64];

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(want, sizeof want, "%.*g", digits, x);
        if (isfinite(x) && strcmp(number_short(text, x, digits), want) != 0)
            fail_msg("%d digits of %a: %s and not %s", digits, x, text, want);
    }
}

/* Ties are the hard ones: 0.5, 2.5, 0.125 … */
static void digits_are_those_of_printf(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, "number", 0);
    for (int i = 0; i < 10000; i++) {
        check_digits(double_of(rng_next(&rng)));
        check_digits(rng_uniform(&rng));
        check_digits((double)rng_below(&rng, 20000) / 16);
        check_digits(-rint(rng_uniform(&rng) * 1e7) / 1e5);
        check_digits(ldexp(1, (int)rng_below(&rng, 200) - 100));
    }
    for (int e = -30; e <= 30; e++) {
        double power = pow(10, e);
        check_digits(power);
        check_digits(nextafter(power, 0));
        check_digits(nextafter(power, INFINITY));
    }
}

static void numbers_are_spelt_as_ever(void **state)
{
    static const struct {
        double x;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {0.0006, "0.0006"},
        {1e-5, "1e-5"},
        {2e6, "2000000"},
        {1e15, "1e15"},
        {1e22, "1e22"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.5e300, "1.5e300"},
        {5e-324, "5e-324"},
        {123456.5, "123456.5"},
        {-2.5e-7, "-2.5e-7"},
        {9007199254740993.0, "9007199254740992"},
        {1e100, "1e100"},
    };
    char text[NUMBER_TEXT];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(number_text(text, cases[i].x), cases[i].text);
}

/* Every text is read as strtod() of the C locale reads it, or refused as a whole. */
static void a_text_is_read_as_the_nearest_double(void **state)
{
    char text[64];
    struct rng rng;
    double x;

    (void)state;
    rng_init(&rng, 2, "number", 0);
    for (int i = 0; i < 50000; i++) {
        unsigned long long digits = rng_next(&rng) >> rng_below(&rng, 64);
        int len = snprintf(text, sizeof text, "%s%llu", i % 3 == 0 ? "-" : "", digits);
        int point = (int)rng_below(&rng, (uint64_t)len + 1);
        memmove(text + point + 1, text + point, (size_t)(len - point) + 1);
        text[point] = '.';
        char *end;
        double expected = strtod(text, &end);
        bool whole = *end == '\0';
        if (number_read(&x, text) != whole || (whole && memcmp(&x, &expected, sizeof x) != 0))
            fail_msg("%s", text);
    }
}

static void what_is_no_number_is_refused(void **state)
{
    static const char *const texts[] = {"",   ".",   "-",   "1.2.3", " 1",     "1 ",   "0x10",
                                        "1e", "1e-", "1,5", "--1",   "nan(1)", "1e5x", "\t1"};
    double x;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (number_read(&x, texts[i]))
            fail_msg("'%s' was read as %g", texts[i], x);
}

static void check_fixed(double x)
{
    for (int decimals = 0; decimals <= 8; decimals++) {
        struct str text = {0}, want = {0};
        str_add_fixed(&text, x, decimals);
        str_addf(&want, "%.*f", decimals, x);
        assert_string_equal(str_text(&text), str_text(&want));
        str_clear(&text);
        str_clear(&want);
    }
}

/* Ties are what is easily rounded wrongly: every multiple of 1/256 has one at some place. */
static void decimals_are_those_of_printf(void **state)
{
    static const double special[] = {0,       -0.0,  NAN,       INFINITY,  -INFINITY,   5e-324,
                                     DBL_MIN, 1e-15, 1e-7,      5e-7,      999999999.9, 1e9,
                                     1e300,   -1e-9, 0.9999995, 9.9999999, 1e9 - 1e-7};
    struct rng rng;

    (void)state;
    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        check_fixed(special[i]);
    for (int i = -2000; i < 2000; i++)
        check_fixed(i / 256.0);
    rng_init(&rng, 1, "decimals", 0);
    for (int i = 0; i < 20000; i++)
        check_fixed(ldexp(rng_uniform(&rng) - 0.5, (int)rng_below(&rng, 80) - 45));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_has_the_shortest_text_that_reads_back),
        cmocka_unit_test(the_shortest_text_has_the_digits_of_printf),
        cmocka_unit_test(digits_are_those_of_printf),
        cmocka_unit_test(decimals_are_those_of_printf),
        cmocka_unit_test(numbers_are_spelt_as_ever),
        cmocka_unit_test(a_text_is_read_as_the_nearest_double),
        cmocka_unit_test(what_is_no_number_is_refused),
    };

    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
