/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method.h - where a step's change of the weights comes from: a backward pass, or losses alone.
 *
 * A method says what memory it wants, and does one step on the sequences that were drawn for it.
 * Everything that it remembers from step to step is in one block, which the state of a run keeps,
 * so that a run that resumes goes on to the same bits.
 *
 * To add one: method_name.c with a `const struct method`, and a row in method.c.
 */
#ifndef TRAINER_METHOD_H
#define TRAINER_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "data.h"
#include "model.h"

struct trainer;

struct step_result {
    double loss; /* mean over the step's tokens, nats; before the step */
    double norm; /* of the gradient, before clipping; without one: what the method knows of it */
};

struct method {
    const char *name, *summary;
    bool backward; /* activations of all layers are kept in the scratch of a thread */
    bool local;    /* the architecture's goodness() is wanted, and its scratch */
    bool adapters; /* works on adapters alone */
    /* Gradients of the step; an optimizer follows the first of them, and each thread has a partial
     * one where there are several micro-batches. */
    size_t gradients;
    /* Reals kept from step to step, and reals of scratch for one; NULL: none. */
    size_t (*kept)(const struct config *config, const struct model *trained);
    size_t (*scratch)(const struct config *config, const struct model *trained);
    /* NULL, or puts what is kept to its start. */
    void (*start)(struct trainer *t);
    /* Forward passes over a step's tokens, on average; backprop's backward pass counts as two. */
    double (*passes)(const struct config *config);
    /* The weights stay (to rounding) as they were where the result is not finite. */
    struct step_result (*step)(struct trainer *t, const struct tokens *tokens, uint64_t step,
                               double lr);
};

extern const struct method *const methods[];        /* ends in NULL */
const struct method *method_find(const char *name); /* or NULL */

#endif
