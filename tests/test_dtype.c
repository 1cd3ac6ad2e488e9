/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Number formats of files. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check.h"
#include "dtype.h"
#include "mem.h"
#include "rng.h"

static uint32_t bits_of(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static void every_half_comes_back_bit_for_bit(void **state)
{
    static const char *const names[] = {"f16", "bf16"};

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct dtype *d = dtype_find(names[k]);
        for (uint32_t bits = 0; bits < 65536; bits++) {
            uint8_t in[2] = {(uint8_t)bits, (uint8_t)(bits >> 8)}, out[2];
            float x;
            d->decode(&x, in, 1);
            d->encode(out, &x, 1);
            assert_memory_equal(in, out, 2);
        }
    }
}

/* Values of IEEE 754 binary16: the largest, the smallest normal, the smallest, 1/3 rounded. */
static void halves_have_the_values_of_the_standard(void **state)
{
    const struct {
        uint16_t bits;
        double value;
    } cases[] = {{0x7bff, 65504},          {0x0400, 0x1p-14}, {0x0001, 0x1p-24},
                 {0x3555, 0.333251953125}, {0xc000, -2},      {0x3c00, 1},
                 {0x03ff, 1023 * 0x1p-24}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[2] = {(uint8_t)cases[i].bits, (uint8_t)(cases[i].bits >> 8)};
        assert_true((double)half_read(bytes) == cases[i].value);
    }
}

/* Ties go to the even neighbour; half the smallest number goes to 0, a little more does not. */
static void writing_a_half_rounds_to_nearest_even(void **state)
{
    const struct {
        float x;
        uint16_t bits;
    } cases[] = {{1 + 0x1p-11f, 0x3c00}, {1 + 3 * 0x1p-11f, 0x3c02},
                 {65519, 0x7bff},        {65520, 0x7c00},
                 {0x1p-25f, 0},          {0x1.8p-25f, 1},
                 {-0.0f, 0x8000},        {INFINITY, 0x7c00}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[2];
        half_write(out, cases[i].x);
        assert_int_equal(out[0] | out[1] << 8, cases[i].bits);
    }
}

static void writing_bf16_rounds_to_nearest_even_and_keeps_nan(void **state)
{
    const struct dtype *d = dtype_find("bf16");
    const struct {
        uint32_t bits;
        uint16_t want;
    } cases[] = {{0x3f808000, 0x3f80}, {0x3f818000, 0x3f82}, {0x3f808001, 0x3f81},
                 {0x7f7fffff, 0x7f80}, {0x7f800001, 0x7fc0}, {0xff800000, 0xff80}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t out[2];
        float x;
        memcpy(&x, &cases[i].bits, sizeof x);
        d->encode(out, &x, 1);
        assert_int_equal(out[0] | out[1] << 8, cases[i].want);
    }
}

static void fill(float *x, size_t n, uint64_t index)
{
    struct rng rng;

    rng_init(&rng, 1, "numbers", index);
    for (size_t i = 0; i < n; i++)
        x[i] = (float)rng_normal(&rng);
}

static float largest(const float *x, size_t n)
{
    float most = 0;

    for (size_t i = 0; i < n; i++)
        most = fabsf(x[i]) > most ? fabsf(x[i]) : most;
    return most;
}

/*
 * A step is the largest number over 127, or over 8; half a step is lost, 4-bit numbers beyond the
 * last level a whole one; the scale itself is rounded by one part in 2048.
 */
static void blocks_lose_no_more_than_their_step(void **state)
{
    const struct {
        const char *name;
        double share;
    } cases[] = {{"q8_0", 0.5 / 127 + 1.0 / 2048}, {"q4_0", 1.0 / 8 + 1.0 / 2048}};
    float in[32], out[32];
    uint8_t bytes[34];

    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (uint64_t index = 0; index < 200; index++) {
            const struct dtype *d = dtype_find(cases[k].name);
            fill(in, 32, index);
            d->encode(bytes, in, 1);
            d->decode(out, bytes, 1);
            for (size_t i = 0; i < 32; i++)
                assert_close((double)out[i], (double)in[i], 0,
                             cases[k].share * (double)largest(in, 32));
        }
}

static void a_block_that_was_read_is_written_the_same(void **state)
{
    static const char *const names[] = {"q8_0", "q4_0"};
    float in[32], once[32], twice[32];
    uint8_t bytes[34];

    (void)state;
    for (size_t k = 0; k < 2; k++)
        for (uint64_t index = 0; index < 200; index++) {
            const struct dtype *d = dtype_find(names[k]);
            fill(in, 32, index);
            d->encode(bytes, in, 1);
            d->decode(once, bytes, 1);
            d->encode(bytes, once, 1);
            d->decode(twice, bytes, 1);
            assert_memory_equal(once, twice, sizeof once);
        }
}

static void zeroes_and_what_is_no_number_make_finite_blocks(void **state)
{
    static const char *const names[] = {"q8_0", "q4_0"};
    float in[32] = {0}, out[32];
    uint8_t bytes[34];

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        const struct dtype *d = dtype_find(names[k]);
        d->encode(bytes, in, 1);
        d->decode(out, bytes, 1);
        assert_true(largest(out, 32) == 0);
        in[3] = NAN;
        in[4] = 1;
        d->encode(bytes, in, 1);
        d->decode(out, bytes, 1);
        assert_true(isfinite(out[3]) && isfinite(out[4]));
        in[3] = in[4] = 0;
    }
}

/* d = 1, m = 0.5: number 0 of group j is scale_j q - minimum_j / 2. */
static void q4_k_has_scales_and_minima_of_six_bits(void **state)
{
    const unsigned scale[8] = {1, 2, 33, 63, 5, 21, 37, 62},
                   minimum[8] = {0, 7, 40, 63, 1, 18, 35, 60};
    uint8_t block[144] = {0x00, 0x3c, 0x00, 0x38};
    float out[256];

    (void)state;
    for (size_t j = 0; j < 4; j++) {
        block[4 + j] = (uint8_t)(scale[j] | scale[j + 4] >> 4 << 6);
        block[8 + j] = (uint8_t)(minimum[j] | minimum[j + 4] >> 4 << 6);
        block[12 + j] = (uint8_t)((scale[j + 4] & 15) | (minimum[j + 4] & 15) << 4);
    }
    for (size_t i = 0; i < 128; i++)
        block[16 + i] = (uint8_t)((i % 16) | ((i + 3) % 16) << 4);
    dtype_find("q4_k")->decode(out, block, 1);
    for (size_t j = 0; j < 8; j++)
        for (size_t i = 0; i < 32; i++) {
            size_t byte = j / 2 * 32 + i, q = j % 2 == 0 ? byte % 16 : (byte + 3) % 16;
            double want = (double)scale[j] * (double)q - 0.5 * (double)minimum[j];
            assert_true((double)out[32 * j + i] == want);
        }
}

/* Number n = 128 h + 32 k + l: its four low bits, its two upper ones and its scale are written
 * where the format says, and come back. */
static void q6_k_has_six_bits_and_a_scale_for_sixteen(void **state)
{
    uint8_t block[210] = {0};
    float out[256];
    int q[256];

    (void)state;
    for (size_t n = 0; n < 256; n++) {
        size_t h = n / 128, k = n / 32 % 4, l = n % 32;
        q[n] = (int)(n * 37 % 64);
        block[64 * h + 32 * (k % 2) + l] |= (uint8_t)((q[n] & 15) << 4 * (k / 2));
        block[128 + 32 * h + l] |= (uint8_t)(q[n] >> 4 << 2 * k);
    }
    for (size_t i = 0; i < 16; i++)
        block[192 + i] = (uint8_t)(int8_t)(5 * (int)i - 40);
    block[209] = 0x3c; /* d = 1 */
    dtype_find("q6_k")->decode(out, block, 1);
    for (size_t n = 0; n < 256; n++)
        assert_true((double)out[n] == (double)((5 * (int)(n / 16) - 40) * (q[n] - 32)));
}

static void sizes_are_of_whole_blocks_and_do_not_overflow(void **state)
{
    uint64_t bytes;

    (void)state;
    assert_true(dtype_size(&bytes, dtype_find("q4_k"), 512) && bytes == 288);
    assert_false(dtype_size(&bytes, dtype_find("q4_k"), 300));
    assert_false(dtype_size(&bytes, dtype_find("f32"), (uint64_t)1 << 63));
    assert_int_equal(bits_of(1), 0x3f800000);
    assert_null(dtype_find("f8"));
    assert_null(dtype_of_ggml(3));
    assert_null(dtype_of_safetensors("F3", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_comes_back_bit_for_bit),
        cmocka_unit_test(halves_have_the_values_of_the_standard),
        cmocka_unit_test(writing_a_half_rounds_to_nearest_even),
        cmocka_unit_test(writing_bf16_rounds_to_nearest_even_and_keeps_nan),
        cmocka_unit_test(blocks_lose_no_more_than_their_step),
        cmocka_unit_test(a_block_that_was_read_is_written_the_same),
        cmocka_unit_test(zeroes_and_what_is_no_number_make_finite_blocks),
        cmocka_unit_test(q4_k_has_scales_and_minima_of_six_bits),
        cmocka_unit_test(q6_k_has_six_bits_and_a_scale_for_sixteen),
        cmocka_unit_test(sizes_are_of_whole_blocks_and_do_not_overflow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
