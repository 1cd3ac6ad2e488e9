/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * topic.h - pages of docs/ that the program carries inside: `nightshift help TOPIC`, and the manual
 * pages nightshift-TOPIC.  To add one: a row in topic.c, its file in topics.S.  No topic has the
 * name of a command.
 */
#ifndef HARNESS_TOPIC_H
#define HARNESS_TOPIC_H

#include <stddef.h>

struct topic {
    const char *name, *summary;
    int section;             /* of the manual */
    const char *start, *end; /* the bytes of docs/NAME.md */
};
extern const struct topic topics[]; /* ends with a NULL name */

const struct topic *topic_find(const char *name); /* NULL: unknown */

#endif
