/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Before a session: what an earlier one has left in the queue, and whether there is a queue. */
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "call.h"
#include "clock.h"
#include "log.h"
#include "mem.h"
#include "queue.h"
#include "trial.h"

#define CALL_LIMIT_S 60.0

/* The ids of tasks that wait or run; the caller frees all. */
struct ids {
    char **at;
    size_t n;
};

static void ids_clear(struct ids *ids)
{
    for (size_t i = 0; i < ids->n; i++)
        free(ids->at[i]);
    free(ids->at);
    *ids = (struct ids){NULL, 0};
}

static void take_lines(struct ids *out, const struct queue_kind *kind,
                       const struct queue_terms *terms, char *text)
{
    struct sighting seen;
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        if (kind->read_line(&seen, terms, line) &&
            (seen.sight == SIGHT_WAITS || seen.sight == SIGHT_RUNS)) {
            out->at = mem_room(out->at, out->n, sizeof *out->at);
            out->at[out->n++] = mem_strdup(seen.id);
        }
}

/* One command from beginning to end; false where it failed, and why. */
static int ask(struct reply *out, char **argv, struct err *err)
{
    char **environment = queue_environment(NULL, 0);
    struct call call;
    int rc = call_start(&call, argv, environment, CALL_LIMIT_S, err);

    if (rc == 0)
        rc = call_wait(&call, out, err) < 0 ? -1 : 0;
    argv_free(environment);
    argv_free(argv);
    return rc;
}

static int cancel_all(const struct queue_kind *kind, const struct queue_terms *terms,
                      const struct ids *ids, struct err *err)
{
    for (size_t at = 0; at < ids->n;) {
        size_t n = ids->n - at < kind->most_cancels ? ids->n - at : kind->most_cancels;
        struct reply reply;
        if (ask(&reply, kind->cancel(terms, (const char *const *)(ids->at + at), n), err) != 0)
            return -1;
        reply_clear(&reply);
        at += n;
    }
    return 0;
}

/* 1: the queue lists none any more; 0: some were cancelled, or it does not answer (*why). */
static int one_try(char **why, bool *said, const struct queue_kind *kind,
                   const struct queue_terms *terms, struct err *err)
{
    struct reply reply;
    struct ids ids = {NULL, 0};

    if (ask(&reply, kind->look(terms), err) != 0)
        return -1;
    free(*why);
    *why = reply.ok ? NULL : mem_strdup(reply.why);
    if (reply.ok)
        take_lines(&ids, kind, terms, reply.out);
    int rc = reply.ok && ids.n == 0;
    reply_clear(&reply);
    if (ids.n > 0 && !*said)
        log_info("ending %zu run%s that an earlier session has left in the queue", ids.n,
                 ids.n == 1 ? "" : "s");
    else if (*why != NULL && !*said)
        log_warn("the queue does not answer: %s; it is tried again", *why);
    *said |= ids.n > 0 || *why != NULL;
    if (ids.n > 0 && cancel_all(kind, terms, &ids, err) != 0)
        rc = -1;
    ids_clear(&ids);
    return rc;
}

int queue_end_earlier(const struct queue_kind *kind, const struct queue_terms *terms,
                      double limit_s, struct err *err)
{
    double began = clock_s(), pause_s = 0.25;
    char *why = NULL;
    bool said = false;
    int rc;

    while ((rc = one_try(&why, &said, kind, terms, err)) == 0) {
        if (clock_s() - began > limit_s) {
            err_environment(err, "runs of an earlier session may still be in the queue: %s",
                            why != NULL ? why : "it lists some that do not end");
            break;
        }
        poll(NULL, 0, (int)(pause_s * 1000));
        pause_s = fmin(2 * pause_s, 10);
    }
    free(why);
    return rc == 1 ? 0 : -1;
}

/* --- are the commands there? ------------------------------------------------------------------ */

static int find_command(char **argv, struct err *err)
{
    char *program = NULL;
    int rc = executor_find_named(&program, "queue's command", argv[0], "/", err);

    free(program);
    argv_free(argv);
    return rc;
}

int queue_check(const struct queue_kind *kind, const struct executor_rule *rule, struct err *err)
{
    static const char *const ids[] = {"1"};
    static const char uuid[] = "00000000000000000000000000000000";
    const struct queue_terms terms = {rule, uuid, "/"};
    const struct submission none = {1, 1, "/"};

    if (find_command(kind->submit(&terms, &none), err) != 0 ||
        find_command(kind->look(&terms), err) != 0)
        return -1;
    return find_command(kind->cancel(&terms, ids, 1), err);
}
