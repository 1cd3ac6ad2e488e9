/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serve_gate.h - who may see what `serve` shows: a pure function of a request's head.
 *
 * A browser on this machine runs scripts of strangers, and their pages can make it ask us.  So:
 *   Host     must be 127.0.0.1:PORT or localhost:PORT, or a name of a stranger's has been bent to
 *            this machine (DNS rebinding)
 *   Origin   where there is one, must be one of these two, or another page is asking
 *   method   GET or HEAD: nothing here changes anything
 *   token    in the query once, which gives a cookie for that port; then the cookie
 * Tokens are compared in constant time.
 */
#ifndef HARNESS_SERVE_GATE_H
#define HARNESS_SERVE_GATE_H

#include <stdbool.h>

#include "err.h"

enum { GATE_TOKEN_LEAST = 16, GATE_TOKEN_MOST = 128 };

struct gate {
    char token[GATE_TOKEN_MOST + 1];
    unsigned port;
};

/* A head as it came; what was not there is NULL. */
struct gate_request {
    const char *method, *host, *origin, *cookies;
    const char *token; /* of the query */
};

enum gate_answer {
    GATE_OPEN,
    GATE_WELCOME,  /* the token of the query was right: give the cookie, and the address without it
                    */
    GATE_BAD_HOST, /* 421 */
    GATE_BAD_ORIGIN, /* 403 */
    GATE_BAD_METHOD, /* 405 */
    GATE_NO_TOKEN,   /* 403 */
};

/* `token` NULL: 32 random hexadecimal digits.  A usage error where it is too short, too long, or
 * has other characters than letters, digits, '-' and '_'. */
int gate_init(struct gate *out, const char *token, struct err *err);

enum gate_answer gate_ask(const struct gate *gate, const struct gate_request *request);

/* "nightshift-PORT=TOKEN; …": the Set-Cookie of a welcome. */
#define GATE_COOKIE 256
void gate_cookie(char out[GATE_COOKIE], const struct gate *gate);

#endif
