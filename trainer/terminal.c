/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "terminal.h"

#define LONGEST 4 /* bytes of a character */

void terminal_init(struct terminal *t)
{
    *t = (struct terminal){.plain = isatty(STDOUT_FILENO) == 0};
}

/* May n bytes be the beginning of a character that goes on? */
static bool may_go_on(const char *bytes, size_t n)
{
    unsigned char first = (unsigned char)bytes[0];
    size_t whole = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;

    if (n >= whole || first > 0xf4)
        return false;
    for (size_t i = 1; i < n; i++)
        if (((unsigned char)bytes[i] & 0xc0) != 0x80)
            return false;
    return true;
}

size_t terminal_add(struct str *out, const char *bytes, size_t n)
{
    uint32_t code;
    size_t at = 0, len;

    for (; at < n; at += len) {
        len = utf8_read(&code, bytes + at, n - at);
        if (len == 0 && n - at < LONGEST && may_go_on(bytes + at, n - at))
            break;
        if (len == 1 && (bytes[at] == '\n' || bytes[at] == '\t'))
            str_addn(out, bytes + at, 1);
        else
            str_add_printable(out, bytes + at, len > 0 ? len : 1, LONGEST);
        len = len > 0 ? len : 1;
    }
    return at;
}

static int put(const struct str *text, struct err *err)
{
    if ((text->len > 0 && fwrite(text->at, 1, text->len, stdout) != text->len) ||
        fflush(stdout) != 0)
        return err_sys(err, "standard output");
    return 0;
}

int terminal_write(void *context, const char *bytes, size_t n, struct err *err)
{
    struct terminal *t = context;
    struct str out = {0}, rest = {0};
    size_t used;
    int rc;

    str_addn(&t->held, bytes, n);
    used = t->plain ? t->held.len : terminal_add(&out, t->held.at, t->held.len);
    rc = put(t->plain ? &t->held : &out, err);
    str_addn(&rest, t->held.at + used, t->held.len - used);
    str_clear(&t->held);
    str_clear(&out);
    t->held = rest;
    return rc;
}

int terminal_end(struct terminal *t, struct err *err)
{
    struct str out = {0};
    int rc;

    if (t->held.len > 0)
        str_add_printable(&out, t->held.at, t->held.len, t->held.len);
    str_add(&out, "\n");
    rc = put(&out, err);
    str_clear(&out);
    str_clear(&t->held);
    return rc;
}

void terminal_mend(struct str *out, const char *bytes, size_t n)
{
    uint32_t code;

    for (size_t at = 0, len; at < n; at += len) {
        len = utf8_read(&code, bytes + at, n - at);
        if (len > 0)
            str_addn(out, bytes + at, len);
        else
            str_add(out, "\xef\xbf\xbd");
        len = len > 0 ? len : 1;
    }
}
