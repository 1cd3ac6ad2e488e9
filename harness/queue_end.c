/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a task's end was: from its result, or from what the queue has said last. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aside.h"
#include "clock.h"
#include "file.h"
#include "queue_part.h"

enum { MOST_LEGS = 100 };

static void end_task(struct queue *queue, struct queue_task *task, enum run_class class,
                     const char *detail)
{
    free(task->facts.usage);
    task->facts = (struct outcome_facts){
        .class = class, .exit_code = -1, .wall_s = NAN, .cpu_s = NAN, .peak_mib = NAN};
    snprintf(task->facts.detail, sizeof task->facts.detail, "%s", detail);
    task->stand = STAND_ENDED;
    queue_forget_order(queue, task->number);
}

void queue_withdraw(struct queue *queue, struct queue_task *task)
{
    end_task(queue, task, CLASS_INTERRUPTED, "the harness ended it");
}

/* --- with a result ---------------------------------------------------------------------------- */

static bool has_state(const struct queue *queue, const struct queue_task *task)
{
    const struct executor_rule *rule = queue->terms.rule;

    if (rule->resume.n == 0)
        return false;
    char *path = path_join(task->job->dir, rule->state);
    bool there = file_is_regular(path);
    free(path);
    return there;
}

/* The trainer has left its state in time: the run goes on from it in another task. */
static int go_on(struct queue *queue, struct queue_task *task, const struct outcome_facts *facts,
                 struct err *err)
{
    queue_forget_order(queue, task->number);
    task->spent_s += isfinite(facts->wall_s) ? facts->wall_s : 0;
    task->legs++;
    task->number = ++queue->last;
    task->stand = STAND_WAITS;
    task->sight = SIGHT_NONE;
    task->id[0] = '\0';
    task->lost_since = NAN;
    return queue_write_order(queue, task, err);
}

static int take_warned(struct queue *queue, struct queue_task *task, struct task_result *result,
                       struct err *err)
{
    struct outcome_facts *facts = &result->facts;

    if (!facts->killed && !task->cancel && task->legs < MOST_LEGS && has_state(queue, task)) {
        free(facts->usage);
        return go_on(queue, task, facts, err);
    }
    facts->class = CLASS_TIMEOUT;
    snprintf(facts->detail, sizeof facts->detail, "the queue's time was up after %.0f s",
             facts->wall_s);
    task->facts = *facts;
    task->stand = STAND_ENDED;
    return 0;
}

int queue_take_result(struct queue *queue, struct queue_task *task, struct task_result *result,
                      struct err *err)
{
    if (result->end == TASK_WARNED)
        return take_warned(queue, task, result, err);
    task->facts = result->facts;
    task->facts.wall_s += task->spent_s;
    task->stand = STAND_ENDED;
    if (result->end == TASK_CANCELLED && !task->cancel && task->facts.class == CLASS_INTERRUPTED) {
        task->stand = STAND_TOLD;
        task->lost_since = clock_s();
    }
    return 0;
}

/* --- without one ------------------------------------------------------------------------------ */

static const struct {
    enum sight sight;
    enum run_class class;
    const char *detail;
} losses[] = {
    {SIGHT_TIME, CLASS_TIMEOUT, "the queue's time was up"},
    {SIGHT_MEMORY, CLASS_OOM, "the queue ended it for want of memory"},
    {SIGHT_NODE, CLASS_INTERRUPTED, "its node failed"},
    {SIGHT_PREEMPTED, CLASS_INTERRUPTED, EVICTED "it had to make way in the queue; run again"},
    {SIGHT_CANCELLED, CLASS_INTERRUPTED, EVICTED "somebody cancelled it in the queue; run again"},
};

/* Its script was begun, and never came to us: so it failed, whatever the queue calls that. */
static bool script_failed(const struct queue *queue, const struct queue_task *task)
{
    char *claim = task_claim_path(queue->terms.folder, task->number);
    bool ours = file_exists(claim);

    free(claim);
    return !ours && queue_has_log(queue, task->number) &&
           (task->sight == SIGHT_FAILED || task->sight == SIGHT_DONE || task->sight == SIGHT_NONE);
}

static void take_failed_script(struct queue *queue, struct queue_task *task)
{
    char words[160], detail[200];

    queue_last_words(words, sizeof words, queue, task->number);
    snprintf(detail, sizeof detail, "the task's script failed%s%s", words[0] != '\0' ? ": " : "",
             words);
    end_task(queue, task, CLASS_SPAWN, detail);
}

void queue_take_loss(struct queue *queue, struct queue_task *task)
{
    if (task->cancel) {
        queue_withdraw(queue, task);
        return;
    }
    if (script_failed(queue, task)) {
        take_failed_script(queue, task);
        return;
    }
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++)
        if (losses[i].sight == task->sight) {
            end_task(queue, task, losses[i].class, losses[i].detail);
            return;
        }
    end_task(queue, task, CLASS_INTERRUPTED,
             task->stand == STAND_TOLD ? EVICTED "the queue ended it; run again"
                                       : "its result never came");
}
