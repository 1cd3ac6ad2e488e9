/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * serve.h - the report as a page that renews itself, for this machine alone: HTTP by libmicrohttpd
 * on 127.0.0.1, in one thread.
 *
 * Who may see it is serve_gate.h's business, what there is to see serve_site.h's.  It reads the
 * record and changes nothing.  "/events" is a stream of server-sent events: `changed` says that the
 * record has changed, so that the report should be fetched anew; it is made when it is asked for,
 * and never so often that making it takes more than one part in five of the time.
 * At most 32 connections, 8 of them event streams; 16 KiB for the head of a request; a connection
 * on which nothing happens is closed after 20 seconds.
 */
#ifndef HARNESS_SERVE_H
#define HARNESS_SERVE_H

#include "err.h"

struct serve_options {
    const char *study, *dir; /* as the user named them; NULL */
    unsigned port;           /* 0: any that is free */
    const char *token;       /* NULL: a random one */
};

/* Prints the address on standard output, then serves until INT, TERM or HUP, which stay caught: the
 * program ends then. */
int serve_run(const struct serve_options *options, struct err *err);

#endif
