/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * belief.h - what may be believed of a study so far: head and verified incumbent, tests and the
 * level of the next one, placebos, the last confirmation.  `status` and `watch` show it.
 */
#ifndef HARNESS_BELIEF_H
#define HARNESS_BELIEF_H

#include "placebo.h"
#include "view.h"

struct belief {
    int64_t head, incumbent;   /* 0: none yet */
    double head_gain, sigma_d; /* estimate of the head over the incumbent; NAN: none, unknown */
    int64_t tests, keeps;      /* verifications so far, and those that kept */
    double next_level;         /* of the next one; NAN: the procedure makes none */
    struct placebo_rates placebos;
    size_t unread;                       /* records beside this one that could not be read */
    const struct decision *confirmation; /* the newest; NULL: none.  Borrowed */
};

void belief_read(struct belief *out, const struct view *view);

/* Lines for people, with the labels of `status`. */
void belief_write(struct str *out, const struct view *view, const struct belief *belief);

/* Keys head, incumbent, tests, placebos and confirmation of an object. */
void belief_add_json(json_t *object, const struct belief *belief);

#endif
