/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * queue_part.h - what the files queue*.c share: the tasks of an open queue, and its files.
 */
#ifndef HARNESS_QUEUE_PART_H
#define HARNESS_QUEUE_PART_H

#include "call.h"
#include "queue.h"
#include "task_file.h"

enum stand {
    STAND_WAITS, /* for the next batch */
    STAND_SENT,  /* its job was submitted, or perhaps */
    STAND_TOLD,  /* the task says that it was cancelled; why, the queue must say */
    STAND_ENDED, /* facts are filled */
};

struct queue_task {
    int64_t ticket, number; /* a run that goes on from its state has a new number */
    enum stand stand;
    const struct job *job; /* borrowed */
    enum sight sight;      /* the last one of this number */
    char id[QUEUE_ID];     /* "": not seen yet */
    double lost_since;     /* clock_s(); since when the queue does not hold it; NAN: it does */
    bool ran;              /* the queue has listed it as running */
    bool cancel, sent_cancel, now;
    double cancel_since;
    int legs;       /* how often it went on */
    double spent_s; /* of its legs before this one */
    struct outcome_facts facts;
};

/* A run that an earlier session has ordered and whose end it has not recorded. */
struct queue_order {
    int64_t number;
    char *dir;
};

enum doing { DOING_NOTHING, DOING_SUBMIT, DOING_LOOK, DOING_CANCEL };

struct queue {
    const struct queue_kind *kind;
    struct queue_terms terms; /* with texts of our own */
    char *const *env;         /* [n_env] names; borrowed */
    size_t n_env;
    char **environment; /* of its commands */
    char *program;      /* our own, as the nodes see it */
    struct queue_task *tasks;
    size_t n;
    int64_t last; /* the last number and ticket given */
    struct call call;
    enum doing doing;
    struct submission sent; /* the last one */
    bool unsure;            /* it is not known whether the queue has taken it */
    bool accepted;          /* it has taken one in this session */
    char why[400];          /* of the last refusal */
    bool complained;
    bool left;       /* one was given up, and may still be in the queue */
    int64_t *handed; /* [n_handed] numbers whose ends are told and being recorded */
    size_t n_handed;
    struct queue_order *earlier; /* [n_earlier] not adopted yet */
    size_t n_earlier;
    double look_at, submit_at, done_at; /* clock_s(); when to do it next */
    double patience_s;                  /* until the next try of what failed */
};

/* --- queue_files.c --- */

/* Makes the folders of a session. */
int queue_make_folders(const char *folder, struct err *err);

/* A run's order, its job, and the script of a batch of them; *path is the caller's. */
int queue_write_order(const struct queue *queue, const struct queue_task *task, struct err *err);
int queue_write_script(char **path, const struct queue *queue, int64_t first, struct err *err);

/* Takes the fence away: the task, if it lives, ends itself. */
void queue_forget_order(const struct queue *queue, int64_t number);

/* All that there is of a task: its order, its result, what its script has printed. */
void queue_forget_task(const struct queue *queue, int64_t number);

/* What the script of a task has printed: is it there, and its last line, printable. */
bool queue_has_log(const struct queue *queue, int64_t number);
void queue_last_words(char *out, size_t size, const struct queue *queue, int64_t number);

/* The numbers N of the files FOLDER/NAME/N.json; the caller frees. */
int queue_list_numbers(int64_t **out, size_t *n, const char *folder, const char *name,
                       struct err *err);

/* --- queue_adopt.c --- */

/* Reads what an earlier session has left in the folder; numbers go on behind all of it. */
int queue_read_earlier(struct queue *queue, struct err *err);

/* Takes the fence away from what nobody has adopted. */
void queue_forget_earlier(struct queue *queue);

/* --- queue_end.c --- */

/* Takes a result; a run that can go on becomes a task of the next batch. */
int queue_take_result(struct queue *queue, struct queue_task *task, struct task_result *result,
                      struct err *err);

/* There is no result, or none that says why: the queue's last word decides. */
void queue_take_loss(struct queue *queue, struct queue_task *task);

/* Ends it by our own wish. */
void queue_withdraw(struct queue *queue, struct queue_task *task);

#endif
