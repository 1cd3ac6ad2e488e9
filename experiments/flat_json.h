/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * flat_json.h - a quick reading of the JSON that our own record writes: one object whose members
 * are numbers, truth values and plain words, `{"dim":128,"optimizer":"adamw"}`, without blanks.
 *
 * It reads that and nothing else.  What it does not know (blanks, escapes, anything but printable
 * ASCII, nested values, null, long texts, errors) it leaves to yaml.h, which reads every text and
 * says what is wrong with it; so a text means the same by both.
 */
#ifndef EXPERIMENTS_FLAT_JSON_H
#define EXPERIMENTS_FLAT_JSON_H

#include <stdbool.h>

enum { FLAT_JSON_KEY = 128, FLAT_JSON_TEXT = 256 }; /* longer ones are left to yaml.h */

struct flat_json {
    const char *at; /* what is not read yet */
    bool begun;
    char key[FLAT_JSON_KEY], text[FLAT_JSON_TEXT]; /* of the member, without quotes */
    bool plain; /* a number, true or false: written without quotes */
};

/* `text` is borrowed until the last member was read. */
void flat_json_init(struct flat_json *out, const char *text);

/* The next member: 1; 0 behind the last one, where the text is over; -1: not for this reader. */
int flat_json_next(struct flat_json *json);

#endif
