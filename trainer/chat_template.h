/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * chat_template.h - how a conversation is written down for a model: a row of texts for each kind.
 *
 * A row's texts hold marks such as <|im_start|>, which are single tokens of the vocabulary; what
 * people say is always text, so that nobody can say a mark.
 *
 * To add one: a row in chat_template.c.
 */
#ifndef TRAINER_CHAT_TEMPLATE_H
#define TRAINER_CHAT_TEMPLATE_H

#include "bpe.h"
#include "err.h"
#include "tokenizer.h"

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT, CHAT_ROLES };

struct chat_template {
    const char *name;
    const char *arch;               /* of models that are spoken to like this; NULL: any */
    const char *marks[4];           /* tokens that the vocabulary must have, up to a NULL */
    const char *begin;              /* in front of the whole conversation */
    const char *before[CHAT_ROLES]; /* in front of what each says; NULL: that role is not known */
    const char *behind;             /* behind what each says */
    const char *end;                /* the mark that ends an answer; NULL: the model's own ends */
    const char *system;             /* what the system says where nobody tells; NULL: nothing */
};
extern const struct chat_template chat_templates[]; /* the name of the last one is NULL */

/*
 * The row of that name, or for NULL the first whose marks the vocabulary has.  Exit 2: there is no
 * such row, or its marks are not in the vocabulary.
 */
int chat_template_find(const struct chat_template **out, const char *name, const char *arch,
                       const struct tokenizer *tokenizer, struct err *err);

/* Adds the ids of a row's text: marks as their tokens, the rest as text. */
int chat_template_add(struct ids *out, const char *text, struct tokenizer *tokenizer,
                      struct err *err);

/* The id of a mark, -1 where the vocabulary has none. */
int64_t chat_mark(const struct tokenizer *tokenizer, const char *mark);

#endif
