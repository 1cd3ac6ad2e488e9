/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "file.h"
#include "host.h"
#include "log.h"
#include "mem.h"
#include "queue_part.h"
#include "str.h"
#include "trial.h"

#define CALL_LIMIT_S    60.0 /* a command that has not answered by then is killed */
#define FIRST_LOOK_S    1.0  /* after a submission */
#define FIRST_RETRY_S   2.0  /* doubled with each failure */
#define LONGEST_RETRY_S 60.0
#define DONE_EVERY_S    0.1  /* between two readings of the results' folder */
#define NOW_S           10.0 /* so long may a cancellation that cannot wait take */

double queue_warning_s(const struct executor_rule *rule)
{
    return fmin(90, rule->time_s / 4);
}

/* --- open and close --------------------------------------------------------------------------- */

char **queue_environment(char *const *names, size_t n)
{
    static const char *const own[] = {"SLURM_CONF", "LOGNAME"};
    char **plain = host_run_environment(names, n, 0);
    size_t k = 0;

    while (plain[k] != NULL)
        k++;
    plain = mem_resize(plain, k + 3, sizeof *plain);
    for (size_t i = 0; i < 2; i++)
        if (getenv(own[i]) != NULL)
            plain[k++] = mem_printf("%s=%s", own[i], getenv(own[i]));
    plain[k] = NULL;
    return plain;
}

static char *own_path(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    path[n > 0 ? n : 0] = '\0';
    return mem_strdup(path);
}

int queue_open(const struct queue_kind *kind, void **self, const struct executor_terms *terms,
               struct err *err)
{
    struct queue *queue = mem_new(1, sizeof *queue);

    *queue =
        (struct queue){.kind = kind,
                       .terms = {terms->rule, mem_strdup(terms->uuid), mem_strdup(terms->folder)},
                       .env = terms->env,
                       .n_env = terms->n_env,
                       .environment = queue_environment(terms->env, terms->n_env),
                       .program = own_path(),
                       .patience_s = FIRST_RETRY_S};
    *self = queue;
    if (queue_make_folders(terms->folder, err) != 0)
        return -1;
    return terms->goes_on ? queue_read_earlier(queue, err) : 0;
}

bool queue_close(void *self)
{
    struct queue *queue = self;

    if (queue == NULL)
        return true;
    bool empty = queue->n == 0 && !queue->left;
    call_abandon(&queue->call);
    for (size_t i = 0; i < queue->n_earlier; i++)
        free(queue->earlier[i].dir);
    free(queue->earlier);
    free(queue->handed);
    for (size_t i = 0; i < queue->n; i++)
        free(queue->tasks[i].facts.usage);
    free(queue->tasks);
    argv_free(queue->environment);
    free(queue->program);
    free((char *)(uintptr_t)queue->terms.uuid);
    free((char *)(uintptr_t)queue->terms.folder);
    free(queue);
    return empty;
}

/* They stand in the order of their tickets. */
static struct queue_task *find(struct queue *queue, int64_t ticket)
{
    size_t low = 0, high = queue->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (queue->tasks[middle].ticket < ticket)
            low = middle + 1;
        else
            high = middle;
    }
    return low < queue->n && queue->tasks[low].ticket == ticket ? &queue->tasks[low] : NULL;
}

static void drop(struct queue *queue, struct queue_task *task)
{
    size_t behind = (size_t)(queue->tasks + queue->n - task) - 1;

    memmove(task, task + 1, behind * sizeof *task);
    queue->n--;
}

static struct queue_task *find_number(struct queue *queue, int64_t number)
{
    for (size_t i = 0; i < queue->n; i++)
        if (queue->tasks[i].number == number)
            return &queue->tasks[i];
    return NULL;
}

/* --- asking ----------------------------------------------------------------------------------- */

static int begin_call(struct queue *queue, enum doing doing, char **argv, struct err *err)
{
    int rc = call_start(&queue->call, argv, queue->environment, CALL_LIMIT_S, err);

    if (rc == 0)
        queue->doing = doing;
    argv_free(argv);
    return rc;
}

static void say_trouble(struct queue *queue, const char *what, const char *why)
{
    if (!queue->complained)
        log_warn("%s: %s; it is tried again", what, why);
    queue->complained = true;
}

/* Longer each time, until something goes well again. */
static double next_try(struct queue *queue)
{
    double at = clock_s() + queue->patience_s;

    queue->patience_s = fmin(2 * queue->patience_s, LONGEST_RETRY_S);
    return at;
}

static void went_well(struct queue *queue)
{
    if (queue->complained)
        log_info("the queue answers again");
    queue->complained = false;
    queue->patience_s = FIRST_RETRY_S;
}

/* --- submitting ------------------------------------------------------------------------------- */

/* The tasks that wait and whose numbers follow each other. */
static size_t next_batch(int64_t *first, const struct queue *queue)
{
    size_t n = 0;

    for (size_t i = 0; i < queue->n && n < queue->kind->most; i++) {
        const struct queue_task *task = &queue->tasks[i];
        if (task->stand != STAND_WAITS || (n > 0 && task->number != *first + (int64_t)n))
            continue;
        if (n++ == 0)
            *first = task->number;
    }
    return n;
}

/* The last batch. */
static bool is_of_batch(const struct queue *queue, int64_t number)
{
    const struct submission *sent = &queue->sent;

    return number >= sent->first && number < sent->first + (int64_t)sent->n;
}

static void set_stand(struct queue *queue, enum stand from, enum stand to)
{
    for (size_t i = 0; i < queue->n; i++) {
        struct queue_task *task = &queue->tasks[i];
        if (task->stand == from && is_of_batch(queue, task->number)) {
            task->stand = to;
            task->lost_since = NAN;
        }
    }
}

static int submit(struct queue *queue, struct err *err)
{
    struct submission *sent = &queue->sent;
    char *script = NULL;

    sent->n = next_batch(&sent->first, queue);
    if (sent->n == 0)
        return 0;
    int rc = queue_write_script(&script, queue, sent->first, err);
    sent->script = script;
    if (rc == 0)
        rc = begin_call(queue, DOING_SUBMIT, queue->kind->submit(&queue->terms, sent), err);
    sent->script = NULL;
    free(script);
    if (rc == 0)
        set_stand(queue, STAND_WAITS, STAND_SENT);
    return rc;
}

/* Whatever a command says that has failed: the queue may have taken the batch. */
static void submitted(struct queue *queue, const struct reply *reply)
{
    queue->look_at = clock_s() + FIRST_LOOK_S;
    if (reply->ok) {
        queue->accepted = true;
        went_well(queue);
        return;
    }
    queue->unsure = true;
    queue->look_at = clock_s();
    snprintf(queue->why, sizeof queue->why, "%s", reply->why);
}

/* The queue was asked and has none of the batch: so it was refused. */
static int refused(struct queue *queue, struct err *err)
{
    queue->unsure = false;
    if (!queue->accepted && !queue->kind->passes(queue->why))
        return err_environment(err, "the queue takes no runs: %s", queue->why);
    say_trouble(queue, "the queue takes no runs now", queue->why);
    set_stand(queue, STAND_SENT, STAND_WAITS);
    queue->submit_at = next_try(queue);
    return 0;
}

/* --- results ---------------------------------------------------------------------------------- */

/* The files are there until the run is recorded, so that who adopts it after a crash finds them. */
static int take_one(struct queue *queue, int64_t number, struct err *err)
{
    struct queue_task *task = find_number(queue, number);
    struct task_result result = {.end = TASK_ENDED};
    int rc = 0;

    if (is_of_batch(queue, number)) { /* so the queue has taken it */
        queue->unsure = false;
        queue->accepted = true;
    }
    if (task == NULL) {
        queue_forget_task(queue, number);
    } else if (task->stand != STAND_TOLD && task->stand != STAND_ENDED) {
        rc = task_result_read(&result, queue->terms.folder, number, err);
        if (rc == 0)
            rc = queue_take_result(queue, task, &result, err);
    }
    return rc;
}

/* A shared folder that cannot be read for a while is no reason to end a night: what is in it is
 * looked for as long as a result is. */
static void take_results(struct queue *queue)
{
    struct err why = {0};
    int64_t *numbers;
    size_t n;
    int rc = queue_list_numbers(&numbers, &n, queue->terms.folder, "done", &why);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = take_one(queue, numbers[i], &why);
    free(numbers);
    if (rc != 0)
        say_trouble(queue, "results cannot be read", why.text);
    queue->done_at = clock_s() + DONE_EVERY_S;
}

/* --- looking ---------------------------------------------------------------------------------- */

static bool is_over(enum sight sight)
{
    return sight != SIGHT_WAITS && sight != SIGHT_RUNS;
}

static bool take_sighting(struct queue *queue, const struct sighting *seen)
{
    struct queue_task *task = find_number(queue, seen->number);

    if (task != NULL && task->stand != STAND_WAITS) {
        task->sight = seen->sight;
        task->ran |= seen->sight == SIGHT_RUNS;
        snprintf(task->id, sizeof task->id, "%s", seen->id);
        if (!is_over(seen->sight) && task->stand == STAND_SENT)
            task->lost_since = NAN;
    }
    return is_of_batch(queue, seen->number);
}

/* Takes all lines in; true where one was of the last submission. */
static bool read_look(struct queue *queue, char *text)
{
    struct sighting seen;
    bool found = false;
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        if (queue->kind->read_line(&seen, &queue->terms, line))
            found |= take_sighting(queue, &seen);
    return found;
}

/* Since when a task is out of the queue; who has looked for its result long enough gives it up. */
static void age(struct queue *queue, const bool *listed)
{
    double now = clock_s();

    for (size_t i = 0; i < queue->n; i++) {
        struct queue_task *task = &queue->tasks[i];
        if (task->stand != STAND_SENT && task->stand != STAND_TOLD)
            continue;
        if (!listed[i] && !is_over(task->sight))
            task->sight = SIGHT_NONE;
        bool over = !listed[i] || is_over(task->sight);
        if (over && isnan(task->lost_since))
            task->lost_since = now;
        bool never_ran = task->cancel && !task->ran;
        bool late = now - task->lost_since >= queue->terms.rule->patience_s;
        if (over && (late || never_ran || task->stand == STAND_TOLD))
            queue_take_loss(queue, task);
    }
}

static int looked(struct queue *queue, struct reply *reply, struct err *err)
{
    double now = clock_s();

    if (!reply->ok) {
        say_trouble(queue, "the queue does not answer", reply->why);
        queue->look_at = next_try(queue);
        return 0;
    }
    bool *listed = mem_new(queue->n + 1, sizeof *listed);
    for (size_t i = 0; i < queue->n; i++) {
        listed[i] = false;
        queue->tasks[i].id[0] = '\0';
    }
    bool found = read_look(queue, reply->out);
    for (size_t i = 0; i < queue->n; i++)
        listed[i] = queue->tasks[i].id[0] != '\0';
    queue->look_at = now + queue->terms.rule->every_s;
    int rc = 0;
    if (queue->unsure && !found) /* a short run is over before one looks */
        take_results(queue);
    if (queue->unsure && !found) {
        rc = refused(queue, err);
    } else {
        if (queue->unsure)
            queue->accepted = true;
        queue->unsure = false;
        went_well(queue);
    }
    age(queue, listed);
    free(listed);
    return rc;
}

/* --- cancelling ------------------------------------------------------------------------------- */

static bool wants_cancel(const struct queue_task *task)
{
    return task->stand == STAND_SENT && task->cancel && !task->sent_cancel && task->id[0] != '\0';
}

static int cancel(struct queue *queue, struct err *err)
{
    const char **ids = mem_new(queue->n, sizeof *ids);
    size_t n = 0;

    for (size_t i = 0; i < queue->n && n < queue->kind->most_cancels; i++)
        if (wants_cancel(&queue->tasks[i])) {
            queue->tasks[i].sent_cancel = true;
            ids[n++] = queue->tasks[i].id;
        }
    int rc = n == 0
                 ? 0
                 : begin_call(queue, DOING_CANCEL, queue->kind->cancel(&queue->terms, ids, n), err);
    free(ids);
    return rc;
}

/* One that has ended meanwhile is no reason to complain: the next look tells. */
static void cancelled(struct queue *queue, const struct reply *reply)
{
    queue->look_at = fmin(queue->look_at, clock_s() + FIRST_LOOK_S);
    if (!reply->unheard)
        return;
    for (size_t i = 0; i < queue->n; i++)
        queue->tasks[i].sent_cancel = false;
    say_trouble(queue, "the queue does not cancel", reply->why);
}

/* --- turns ------------------------------------------------------------------------------------ */

static int hear(struct queue *queue, struct err *err)
{
    struct reply reply;
    enum doing doing = queue->doing;
    int ended = call_poll(&queue->call, &reply, err), rc = 0;

    if (ended == 0)
        return 0;
    queue->doing = DOING_NOTHING;
    if (ended < 0)
        return -1;
    if (doing == DOING_SUBMIT)
        submitted(queue, &reply);
    else if (doing == DOING_LOOK)
        rc = looked(queue, &reply, err);
    else
        cancelled(queue, &reply);
    reply_clear(&reply);
    return rc;
}

static bool must_look(const struct queue *queue)
{
    if (clock_s() < queue->look_at)
        return false;
    for (size_t i = 0; i < queue->n; i++)
        if (queue->tasks[i].stand == STAND_SENT || queue->tasks[i].stand == STAND_TOLD)
            return true;
    return queue->unsure;
}

/* What is to be done next, if nothing is under way. */
static int do_next(struct queue *queue, bool may_submit, struct err *err)
{
    if (queue->doing != DOING_NOTHING)
        return 0;
    if (must_look(queue))
        return begin_call(queue, DOING_LOOK, queue->kind->look(&queue->terms), err);
    if (cancel(queue, err) != 0)
        return -1;
    if (queue->doing == DOING_NOTHING && may_submit && !queue->unsure &&
        clock_s() >= queue->submit_at)
        return submit(queue, err);
    return 0;
}

/* Those that cannot wait are given up when the queue has had its time. */
static void hurry(struct queue *queue)
{
    for (size_t i = 0; i < queue->n; i++) {
        struct queue_task *task = &queue->tasks[i];
        bool asked = task->sent_cancel && queue->doing != DOING_CANCEL;
        if (!task->now || task->stand != STAND_SENT)
            continue;
        if (!asked && clock_s() - task->cancel_since <= NOW_S)
            continue;
        queue->left |= !asked;
        queue_withdraw(queue, task);
    }
}

static int turn(struct queue *queue, bool may_submit, struct err *err)
{
    if (queue->n == 0 && queue->doing == DOING_NOTHING)
        return 0;
    if (clock_s() >= queue->done_at)
        take_results(queue);
    if (queue->doing != DOING_NOTHING && hear(queue, err) != 0)
        return -1;
    hurry(queue);
    return do_next(queue, may_submit, err);
}

/* --- the functions of an executor ------------------------------------------------------------- */

int queue_start(void *self, struct ticket *out, const struct job *job, struct err *err)
{
    struct queue *queue = self;
    struct queue_task task = {.ticket = ++queue->last,
                              .number = queue->last,
                              .stand = STAND_WAITS,
                              .job = job,
                              .lost_since = NAN};

    *out = (struct ticket){.pid = -1, .fd = -1, .control = -1, .task = task.ticket};
    if (queue_write_order(queue, &task, err) != 0)
        return -1;
    queue->tasks = mem_room(queue->tasks, queue->n, sizeof *queue->tasks);
    queue->tasks[queue->n++] = task;
    return 0;
}

/* Those that were handed over are recorded now, or nobody would be here. */
static void forget_handed(struct queue *queue)
{
    for (size_t i = 0; i < queue->n_handed; i++)
        queue_forget_task(queue, queue->handed[i]);
    queue->n_handed = 0;
}

int queue_tend(void *self, struct err *err)
{
    queue_forget_earlier(self);
    forget_handed(self);
    return turn(self, true, err);
}

int queue_poll(void *self, struct outcome_facts *out, struct ticket *ticket, const struct job *job,
               struct err *err)
{
    struct queue *queue = self;
    struct queue_task *task = find(queue, ticket->task);

    (void)job;
    if (task->stand != STAND_ENDED && turn(queue, false, err) != 0)
        return -1;
    if (task->stand != STAND_ENDED)
        return 0;
    *out = task->facts;
    ticket->task = 0;
    queue->handed = mem_room(queue->handed, queue->n_handed, sizeof *queue->handed);
    queue->handed[queue->n_handed++] = task->number;
    drop(queue, task);
    return 1;
}

int queue_stop(void *self, struct ticket *ticket, bool now, struct err *err)
{
    struct queue *queue = self;
    struct queue_task *task = find(queue, ticket->task);

    (void)err;
    if (task == NULL || task->stand == STAND_ENDED)
        return 0;
    task->cancel_since = task->cancel ? task->cancel_since : clock_s();
    task->cancel = true;
    task->now |= now;
    if (now)
        queue_forget_order(queue, task->number);
    if (task->stand == STAND_WAITS || task->stand == STAND_TOLD)
        queue_withdraw(queue, task);
    else if (task->id[0] == '\0')
        queue->look_at = 0; /* what cancels it is not known yet */
    return 0;
}

/* What was given up ends itself when its order is gone; an order that is still there must not be
 * taken for that of the run to come. */
int queue_clear(void *self, const char *dir, struct err *err)
{
    forget_handed(self);
    (void)dir;
    (void)err;
    return 0;
}

/* The results come by files, for which nobody can wait; a command under way is over soon. */
void queue_wait(void *self, struct pollfd *fds, size_t n, int limit_ms)
{
    const struct queue *queue = self;
    bool soon = queue->doing != DOING_NOTHING && clock_s() - queue->call.since < 0.5;
    int ms = soon ? 5 : queue->n > 0 ? 250 : limit_ms;

    poll(fds, (nfds_t)n, ms < limit_ms ? ms : limit_ms);
}
