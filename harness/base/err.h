/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * err.h - how a function says what went wrong: 0, or -1 with one line in the caller's struct err.
 *
 * The line is for a person: lower case, no full stop, the offending thing quoted.  `code` is the
 * exit status that the program ends with when nobody handles the error (docs/contract: 1 failed,
 * 2 usage or config, 3 environment or I/O, 4 integrity, 5 locked).  Pass an error on with the
 * context that only the caller knows: err_wrap().
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err_code {
    ERR_FAILED = 1,      /* it ran, and the answer is no */
    ERR_USAGE = 2,       /* bad arguments, study file or data: the user mends the input */
    ERR_ENVIRONMENT = 3, /* disk, memory, permissions: try again after mending */
    ERR_INTEGRITY = 4,   /* the record contradicts itself: a person must look */
    ERR_LOCKED = 5,      /* another run holds the study */
};

struct err {
    int code; /* enum err_code; 0 while nothing is wrong */
    char text[1024];
};

/* All return -1, so that a failing line reads `return err_usage(err, "…")`. */
int err_failed(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_usage(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_environment(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_integrity(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int err_locked(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* An environment error with ": " and errno's text behind the line. */
int err_sys(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " in front of the line; the code stays. */
int err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
