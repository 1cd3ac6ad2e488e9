/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <openssl/crypto.h>

#include "serve_gate.h"

static int random_token(struct gate *out, struct err *err)
{
    unsigned char bytes[GATE_TOKEN_LEAST];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return err_sys(err, "no random numbers are to be had");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out->token + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

int gate_init(struct gate *out, const char *token, struct err *err)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    *out = (struct gate){.port = 0};
    if (token == NULL)
        return random_token(out, err);
    size_t len = strlen(token);
    if (len < GATE_TOKEN_LEAST || len > GATE_TOKEN_MOST || strspn(token, letters) != len)
        return err_usage(err, "serve: a token has %d to %d letters, digits, '-' and '_'",
                         GATE_TOKEN_LEAST, GATE_TOKEN_MOST);
    memcpy(out->token, token, len + 1);
    return 0;
}

/* The time that it takes tells nothing but the length, which is no secret. */
static bool is_token(const struct gate *gate, const char *text, size_t len)
{
    return len == strlen(gate->token) && CRYPTO_memcmp(text, gate->token, len) == 0;
}

static void cookie_name(char out[64], const struct gate *gate)
{
    snprintf(out, 64, "nightshift-%u", gate->port);
}

/* "a=1; nightshift-8080=TOKEN; b=2" */
static bool has_cookie(const struct gate *gate, const char *cookies)
{
    char name[64];

    cookie_name(name, gate);
    while (cookies != NULL && *cookies != '\0') {
        cookies += strspn(cookies, "; \t");
        size_t len = strcspn(cookies, ";"), key = strcspn(cookies, "=");
        if (key < len && key == strlen(name) && strncmp(cookies, name, key) == 0 &&
            is_token(gate, cookies + key + 1, len - key - 1))
            return true;
        cookies += len;
    }
    return false;
}

static bool is_here(const struct gate *gate, const char *authority)
{
    static const char *const names[] = {"127.0.0.1", "localhost"};
    char here[64];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(here, sizeof here, "%s:%u", names[i], gate->port);
        if (strcasecmp(authority, here) == 0)
            return true;
    }
    return false;
}

enum gate_answer gate_ask(const struct gate *gate, const struct gate_request *r)
{
    static const char scheme[] = "http://";

    if (r->host == NULL || !is_here(gate, r->host))
        return GATE_BAD_HOST;
    if (r->origin != NULL && (strncasecmp(r->origin, scheme, strlen(scheme)) != 0 ||
                              !is_here(gate, r->origin + strlen(scheme))))
        return GATE_BAD_ORIGIN;
    if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0)
        return GATE_BAD_METHOD;
    if (r->token != NULL)
        return is_token(gate, r->token, strlen(r->token)) ? GATE_WELCOME : GATE_NO_TOKEN;
    return has_cookie(gate, r->cookies) ? GATE_OPEN : GATE_NO_TOKEN;
}

void gate_cookie(char out[GATE_COOKIE], const struct gate *gate)
{
    char name[64];

    cookie_name(name, gate);
    snprintf(out, GATE_COOKIE, "%s=%s; Path=/; HttpOnly; SameSite=Strict", name, gate->token);
}
