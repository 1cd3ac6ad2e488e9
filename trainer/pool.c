/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "mem.h"
#include "pool.h"

struct worker {
    struct pool *pool;
    size_t number;
    pthread_t thread;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t begun, ended;
    struct worker *workers; /* number 0 is whoever calls pool_run() */
    size_t threads;
    uint64_t round; /* of tasks; guarded by lock, as what follows */
    size_t busy;    /* workers that have not ended this round */
    bool closing;
    void (*task)(void *arg, size_t worker, size_t index);
    void *arg;
    size_t n;
    atomic_size_t next;
};

static void take_tasks(struct pool *pool, size_t worker)
{
    size_t index;

    while ((index = atomic_fetch_add(&pool->next, 1)) < pool->n)
        pool->task(pool->arg, worker, index);
}

/* Waits for a round after `seen`; false when the pool closes. */
static bool wait_for_round(struct pool *pool, uint64_t seen)
{
    bool go_on;

    pthread_mutex_lock(&pool->lock);
    while (pool->round == seen && !pool->closing)
        pthread_cond_wait(&pool->begun, &pool->lock);
    go_on = !pool->closing;
    pthread_mutex_unlock(&pool->lock);
    return go_on;
}

static void end_round(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    if (--pool->busy == 0)
        pthread_cond_signal(&pool->ended);
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *arg)
{
    struct worker *self = arg;

    for (uint64_t seen = 0; wait_for_round(self->pool, seen); seen++) {
        take_tasks(self->pool, self->number);
        end_round(self->pool);
    }
    return NULL;
}

int pool_open(struct pool **out, size_t threads, struct err *err)
{
    struct pool *pool = mem_new(1, sizeof *pool);

    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->begun, NULL);
    pthread_cond_init(&pool->ended, NULL);
    pool->workers = mem_new(threads, sizeof *pool->workers);
    for (pool->threads = 1; pool->threads < threads; pool->threads++) {
        struct worker *w = &pool->workers[pool->threads];
        *w = (struct worker){.pool = pool, .number = pool->threads};
        errno = pthread_create(&w->thread, NULL, work, w);
        if (errno != 0) {
            err_sys(err, "thread %zu", pool->threads + 1);
            pool_close(pool);
            return -1;
        }
    }
    *out = pool;
    return 0;
}

void pool_close(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 1; i < pool->threads; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->ended);
    pthread_cond_destroy(&pool->begun);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

size_t pool_threads(const struct pool *pool)
{
    return pool->threads;
}

void pool_run(struct pool *pool, void (*task)(void *arg, size_t worker, size_t index), void *arg,
              size_t n)
{
    pthread_mutex_lock(&pool->lock);
    pool->task = task;
    pool->arg = arg;
    pool->n = n;
    atomic_store(&pool->next, 0);
    pool->busy = pool->threads - 1;
    pool->round++;
    pthread_cond_broadcast(&pool->begun);
    pthread_mutex_unlock(&pool->lock);

    take_tasks(pool, 0);

    pthread_mutex_lock(&pool->lock);
    while (pool->busy > 0)
        pthread_cond_wait(&pool->ended, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

size_t pool_processors(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

    return n < 1 ? 1 : (size_t)n;
}

void turn_init(struct turn *turn)
{
    pthread_mutex_init(&turn->lock, NULL);
    pthread_cond_init(&turn->moved, NULL);
    turn->next = 0;
}

void turn_clear(struct turn *turn)
{
    pthread_cond_destroy(&turn->moved);
    pthread_mutex_destroy(&turn->lock);
}

void turn_reset(struct turn *turn)
{
    turn->next = 0;
}

void turn_wait(struct turn *turn, size_t index)
{
    pthread_mutex_lock(&turn->lock);
    while (turn->next < index)
        pthread_cond_wait(&turn->moved, &turn->lock);
    pthread_mutex_unlock(&turn->lock);
}

void turn_pass(struct turn *turn)
{
    pthread_mutex_lock(&turn->lock);
    turn->next++;
    pthread_cond_broadcast(&turn->moved);
    pthread_mutex_unlock(&turn->lock);
}
