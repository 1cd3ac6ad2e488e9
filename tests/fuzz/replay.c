/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "mem.h"
#include "replay.h"
#include "rng.h"

#define INPUT_MOST ((size_t)1 << 20)

static void add_input(struct input **inputs, size_t *n, uint8_t *bytes, size_t len)
{
    *inputs = mem_room(*inputs, *n, sizeof **inputs);
    (*inputs)[(*n)++] = (struct input){bytes, len};
}

static int by_content(const void *a, const void *b)
{
    const struct input *x = a, *y = b;

    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return memcmp(x->bytes, y->bytes, x->len);
}

size_t inputs_read(struct input **out, const struct target *target, const char *dir)
{
    char *folder = path_join(dir, target->name);
    DIR *list = opendir(folder);
    size_t n = 0, len;

    *out = NULL;
    for (struct dirent *d; list != NULL && (d = readdir(list)) != NULL;) {
        char *path = path_join(folder, d->d_name), *text;
        struct err err = {0};
        if (d->d_name[0] != '.' && file_read(&text, &len, path, INPUT_MOST, &err) == 0)
            add_input(out, &n, (uint8_t *)text, len);
        free(path);
    }
    if (list != NULL)
        closedir(list);
    free(folder);
    if (target->seed != NULL) {
        uint8_t *bytes = target->seed(&len);
        add_input(out, &n, bytes, len);
    }
    if (n > 1)
        qsort(*out, n, sizeof **out, by_content); /* a folder's order is its own affair */
    return n;
}

void inputs_free(struct input *inputs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(inputs[i].bytes);
    free(inputs);
}

/* A copy of its own size, so that a sanitizer sees a byte too far. */
static void feed(const struct target *target, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = mem_new(len > 0 ? len : 1, 1);

    memcpy(copy, bytes, len);
    target->read(copy, len);
    free(copy);
}

/* Some bytes changed, moved, doubled or taken out; the new length, at most `room`. */
static size_t damage(uint8_t *bytes, size_t len, size_t room, struct rng *rng)
{
    static const char telling[] = "0123456789-.eE\"{}[],:\\\377 \n#'&*!|>%@`\t\r";
    size_t at = (size_t)rng_below(rng, len), n = 1 + (size_t)rng_below(rng, 8), left = len - at;

    n = n < left ? n : left;
    switch (rng_below(rng, 7)) {
    case 0:
        bytes[at] = (uint8_t)(bytes[at] ^ 1u << rng_below(rng, 8));
        return len;
    case 1:
        bytes[at] = (uint8_t)telling[rng_below(rng, sizeof telling - 1)];
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
    case 5:
        n = n < room - len ? n : room - len;
        memmove(bytes + at + n, bytes + at, left);
        return len + n;
    default:
        return at;
    }
}

static void feed_damaged(const struct target *target, const struct input *input, uint64_t round)
{
    size_t room = input->len + 32, len = input->len;
    uint8_t *bytes = mem_new(room, 1);
    struct rng rng;
    size_t times;

    rng_init(&rng, 1, target->name, round);
    memcpy(bytes, input->bytes, len);
    times = 1 + (size_t)rng_below(&rng, 4);
    for (size_t i = 0; i < times && len > 0; i++)
        len = damage(bytes, len, room, &rng);
    feed(target, bytes, len);
    free(bytes);
}

size_t replay(const struct target *target, const struct input *inputs, size_t n, size_t cuts,
              size_t rounds)
{
    size_t fed = 0;

    for (size_t i = 0; i < n; i++) {
        size_t step = inputs[i].len > cuts ? (inputs[i].len + cuts - 1) / cuts : 1;
        feed(target, inputs[i].bytes, inputs[i].len);
        for (size_t at = 0; at < inputs[i].len; at += step, fed++)
            feed(target, inputs[i].bytes, at);
        for (size_t k = 0; k < rounds; k++)
            feed_damaged(target, &inputs[i], i * rounds + k);
        fed += rounds + 1;
    }
    return fed;
}
