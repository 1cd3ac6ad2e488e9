/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool.h - a few threads that share numbered tasks: each takes the next free one.
 *
 * Which worker does which task varies; so a task's result may depend on its index alone, and sums
 * over tasks are made in the order of the indices (turn_wait(), turn_pass()).
 */
#ifndef TRAINER_POOL_H
#define TRAINER_POOL_H

#include <pthread.h>
#include <stddef.h>

#include "err.h"

struct pool;

#define POOL_MOST 128 /* threads: OpenBLAS has buffers for no more callers at once */

/* `threads` workers, the caller among them.  pool_close(NULL) is fine. */
int pool_open(struct pool **out, size_t threads, struct err *err);
void pool_close(struct pool *pool);
size_t pool_threads(const struct pool *pool);

/*
 * Calls task(arg, worker, index) for every index below n, and returns when all are done.  Workers
 * are numbered from 0 and do one task at a time.
 */
void pool_run(struct pool *pool, void (*task)(void *arg, size_t worker, size_t index), void *arg,
              size_t n);

/* The processors that this process may use. */
size_t pool_processors(void);

/*
 * A place in a queue of tasks: turn_wait(i) returns once turn_pass() was called i times.  Indices
 * are handed out in order, so the one whose turn it is always has a worker.
 */
struct turn {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    size_t next;
};
void turn_init(struct turn *turn);
void turn_clear(struct turn *turn);
void turn_reset(struct turn *turn); /* nobody may wait */
void turn_wait(struct turn *turn, size_t index);
void turn_pass(struct turn *turn);

#endif
