/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h - the user's command that is told what happens: the study's `notify: [argv]`.
 *
 * It gets the event as one JSON object on standard input, and {event} and {message} inside its
 * arguments; no shell sees it.  Its environment is the whitelist of a run, with what a desktop
 * needs to show a message.  It runs beside the night, one at a time, and is killed with
 * all that it has started when it takes too long.  That it fails is only logged.
 *
 * What is told is made of the record and of fixed words: never of what a trainer has printed, nor
 * of anything in the environment.
 */
#ifndef HARNESS_NOTIFY_H
#define HARNESS_NOTIFY_H

#include <jansson.h>

#include "record.h"

#define NOTIFY_LIMIT_S 30.0

/* What is told: finish, verified, breaker, pause, resume, error. */
struct notifier;

/* `study` and `study_dir` are borrowed; the command may take `limit_s`, NOTIFY_LIMIT_S as a rule.
 * NULL where the study tells nobody: every call below takes that and does nothing. */
struct notifier *notifier_new(const struct study *study, const char *study_dir, double limit_s);

/* Tells `event` with a message for a person.  `more` are further members of the JSON object, taken
 * over; NULL: none.  Returns at once. */
void notify(struct notifier *notifier, const char *event, const char *message, json_t *more);

/* A verified keep: the newest decision of the record. */
void notify_verified(struct notifier *notifier, const struct record *record);

/* Looks after the command: reaps it, kills it, starts the next one.  To be called now and then. */
void notifier_tend(struct notifier *notifier);

/* Waits until all is told, each within its limit; frees. */
void notifier_free(struct notifier *notifier);

#endif
