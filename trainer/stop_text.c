/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "stop_text.h"

/* Where the earliest stop begins in the held text; its length where there is none. */
static size_t find_stop(const struct stop_text *s)
{
    size_t first = s->held.len;

    for (size_t i = 0; i < s->n; i++) {
        const char *at = memmem(s->held.at, s->held.len, s->stops[i], strlen(s->stops[i]));
        if (at != NULL && (size_t)(at - s->held.at) < first)
            first = (size_t)(at - s->held.at);
    }
    return first;
}

static bool may_begin(const struct stop_text *s, const char *tail, size_t n)
{
    for (size_t i = 0; i < s->n; i++)
        if (strlen(s->stops[i]) > n && memcmp(s->stops[i], tail, n) == 0)
            return true;
    return false;
}

/* Bytes at the end of the held text that may be the beginning of a stop. */
static size_t doubtful(const struct stop_text *s)
{
    for (size_t at = 0; at < s->held.len; at++)
        if (may_begin(s, s->held.at + at, s->held.len - at))
            return s->held.len - at;
    return 0;
}

/* The first n bytes go out. */
static void let_go(struct str *out, struct stop_text *s, size_t n)
{
    struct str rest = {0};

    if (n == 0)
        return;
    str_addn(out, s->held.at, n);
    str_addn(&rest, s->held.at + n, s->held.len - n);
    str_clear(&s->held);
    s->held = rest;
}

bool stop_text_add(struct str *out, struct stop_text *s, const void *bytes, size_t n)
{
    size_t at;

    str_addn(&s->held, bytes, n);
    if (s->held.len == 0)
        return false;
    at = find_stop(s);
    if (at < s->held.len) {
        let_go(out, s, at);
        str_clear(&s->held);
        return true;
    }
    let_go(out, s, s->held.len - doubtful(s));
    return false;
}

void stop_text_end(struct str *out, struct stop_text *s)
{
    if (s->held.len > 0)
        let_go(out, s, s->held.len);
    str_clear(&s->held);
}

void stop_text_clear(struct stop_text *s)
{
    str_clear(&s->held);
}
