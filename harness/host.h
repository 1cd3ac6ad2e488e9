/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * host.h - on what machine and with what libraries a session ran, for the record.
 */
#ifndef HARNESS_HOST_H
#define HARNESS_HOST_H

#include <stddef.h>

#include "err.h"

/* A JSON object: program, host, kernel, CPU, cores, memory, BLAS and library versions.  The caller
 * frees. */
char *host_describe(void);

/* The cores that this process may use, into out[max]; returns how many there are. */
size_t host_cores(int *out, size_t max);

/* NAME=value strings for a run, NULL-terminated: the whitelist, what the study lets through, and
 * thread counts for `threads` cores.  The caller frees with argv_free(). */
char **host_run_environment(char *const *names, size_t n_names, size_t threads);

/* Gives such an environment a folder for temporary files of its own, `dir`/tmp, which is made: for
 * a process that may write nowhere else. */
int host_own_tmp(char **environment, const char *dir, struct err *err);

#endif
