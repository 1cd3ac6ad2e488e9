/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a session that was killed has left in the queue goes on under the next one. */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job.h"
#include "log.h"
#include "mem.h"
#include "queue_part.h"

/* --- what there is ---------------------------------------------------------------------------- */

static struct queue_order *find_order(const struct queue *queue, const char *dir)
{
    for (size_t i = 0; i < queue->n_earlier; i++)
        if (strcmp(queue->earlier[i].dir, dir) == 0)
            return &queue->earlier[i];
    return NULL;
}

/* A later order for the same folder is that of a later attempt, or of the rest of a run. */
static void add_order(struct queue *queue, int64_t number, const char *dir)
{
    struct queue_order *same = find_order(queue, dir);

    if (same == NULL) {
        queue->earlier = mem_room(queue->earlier, queue->n_earlier, sizeof *queue->earlier);
        queue->earlier[queue->n_earlier++] = (struct queue_order){number, mem_strdup(dir)};
        return;
    }
    queue_forget_task(queue, same->number < number ? same->number : number);
    if (same->number < number)
        same->number = number;
}

/* One that cannot be read, after a power failure say, is nothing that anybody could go on with. */
static void read_order(struct queue *queue, int64_t number)
{
    struct err ignored;
    struct task_order order;

    if (task_order_read(&order, queue->terms.folder, number, &ignored) != 0)
        return;
    add_order(queue, number, order.dir);
    task_order_clear(&order);
}

/* The first number of the last batch that was, or may have been, submitted; 0: none was. */
static int64_t last_batch(const char *folder)
{
    DIR *dir = opendir(folder);
    int64_t first, last = 0;

    if (dir == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        if (sscanf(entry->d_name, "batch-%" SCNd64 ".sh", &first) == 1 && first > last)
            last = first;
    closedir(dir);
    return last;
}

int queue_read_earlier(struct queue *queue, struct err *err)
{
    const char *folder = queue->terms.folder;
    int64_t *numbers = NULL, batch = last_batch(folder);
    size_t n = 0;

    if (queue_list_numbers(&numbers, &n, folder, "task", err) != 0)
        return -1;
    if (batch > 0) /* its tasks may have ended and left no file, but the queue still lists them */
        queue->last = batch + (int64_t)queue->kind->most;
    for (size_t i = 0; i < n; i++) {
        read_order(queue, numbers[i]);
        queue->last = numbers[i] > queue->last ? numbers[i] : queue->last;
    }
    free(numbers);
    return 0;
}

void queue_forget_earlier(struct queue *queue)
{
    for (size_t i = 0; i < queue->n_earlier; i++) {
        queue_forget_order(queue, queue->earlier[i].number);
        free(queue->earlier[i].dir);
    }
    free(queue->earlier);
    queue->earlier = NULL;
    queue->n_earlier = 0;
}

/* --- taking it over --------------------------------------------------------------------------- */

bool queue_holds(const void *self, const char *dir)
{
    return find_order(self, dir) != NULL;
}

/* A run that has gone on from its state was given the rest of its time. */
static void read_leg(struct queue_task *task)
{
    struct job_file file;
    struct err ignored;

    if (job_read(&file, task->job->dir, &ignored) != 0)
        return;
    task->legs = file.job.resumed;
    if (isfinite(file.job.timeout_s) && isfinite(task->job->timeout_s))
        task->spent_s = fmax(0, task->job->timeout_s - file.job.timeout_s);
    job_clear(&file);
}

void queue_adopt(void *self, struct ticket *out, const struct job *job)
{
    struct queue *queue = self;
    struct queue_order *order = find_order(queue, job->dir);
    struct queue_task task = {.ticket = ++queue->last,
                              .number = order->number,
                              .stand = STAND_SENT,
                              .job = job,
                              .lost_since = NAN};

    free(order->dir);
    *order = queue->earlier[--queue->n_earlier];
    read_leg(&task);
    *out = (struct ticket){.pid = -1, .fd = -1, .control = -1, .task = task.ticket};
    queue->tasks = mem_room(queue->tasks, queue->n, sizeof *queue->tasks);
    queue->tasks[queue->n++] = task;
}
