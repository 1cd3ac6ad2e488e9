/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "err.h"

static void describe(struct err *err, int code, const char *fmt, va_list args)
{
    err->code = code;
    vsnprintf(err->text, sizeof err->text, fmt, args);
}

#define DEFINE_ERR(name, code)                                                                     \
    int name(struct err *err, const char *fmt, ...)                                                \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, fmt);                                                                       \
        describe(err, code, fmt, args);                                                            \
        va_end(args);                                                                              \
        return -1;                                                                                 \
    }

DEFINE_ERR(err_failed, ERR_FAILED)
DEFINE_ERR(err_usage, ERR_USAGE)
DEFINE_ERR(err_environment, ERR_ENVIRONMENT)
DEFINE_ERR(err_integrity, ERR_INTEGRITY)
DEFINE_ERR(err_locked, ERR_LOCKED)

int err_sys(struct err *err, const char *fmt, ...)
{
    int number = errno;
    va_list args;

    va_start(args, fmt);
    describe(err, ERR_ENVIRONMENT, fmt, args);
    va_end(args);
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof err->text - len, ": %s", strerror(number));
    return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
    char inner[sizeof err->text];
    va_list args;

    memcpy(inner, err->text, sizeof inner);
    va_start(args, fmt);
    vsnprintf(err->text, sizeof err->text, fmt, args);
    va_end(args);
    size_t len = strlen(err->text);
    snprintf(err->text + len, sizeof err->text - len, ": %s", inner);
    return -1;
}
