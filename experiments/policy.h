/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * policy.h - what a study does when something goes wrong, and how much a run may use.
 *
 * These keys of the study file change no result, so they are no part of its identity: like jobs and
 * until they may be changed from session to session.
 */
#ifndef EXPERIMENTS_POLICY_H
#define EXPERIMENTS_POLICY_H

#include <stdbool.h>
#include <stddef.h>

enum keep_files {
    KEEP_KEPT, /* of the baseline, the head and what a test has kept */
    KEEP_ALL,
    KEEP_NONE, /* of nothing that was decided */
};
extern const char *const keep_files_names[]; /* "kept", "all", "none", NULL */

enum sandbox_kind { SANDBOX_OFF, SANDBOX_BWRAP };
extern const char *const sandbox_names[]; /* "off", "bwrap", NULL */

/* What one run may use; 0: as much as there is. */
struct run_limits {
    double memory;    /* bytes of all its processes together */
    double file_size; /* bytes of one file */
    int open_files;   /* of one process */
    double output;    /* bytes of standard output and error together; 64 MiB */
};

#define FLOOR_USUAL (-1.0) /* a floor that the study leaves to room.h */

struct policy {
    int breaker;   /* failed decisions in a row after which a study pauses; 0: never; 10 */
    char **notify; /* [n_notify] the argv of who is told what happens; 0: nobody */
    size_t n_notify;
    double min_free;   /* bytes of disk that must be free before a run starts; 0: not looked at */
    double min_memory; /* of memory likewise */
    enum keep_files keep_files;
    enum sandbox_kind sandbox;
    struct run_limits limits;
};

void policy_init(struct policy *policy); /* the defaults */
void policy_clear(struct policy *policy);

/* Makes *to what `from` is, with texts of its own; what it held is freed. */
void policy_copy(struct policy *to, const struct policy *from);

#endif
