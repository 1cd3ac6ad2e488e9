/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sampling_words.h"
#include "args.h"
#include "str.h"

#define TOKENS_MOST 1048576

/* A word that was not given leaves *out as it is. */
static int read_number(double *out, const char *name, const char *text, double low, double high,
                       struct err *err)
{
    if (text == NULL)
        return 0;
    if (!number_read(out, text) || !(*out >= low && *out <= high))
        return err_usage(err, "--%s '%s' is no number from %g to %g", name, text, low, high);
    return 0;
}

int sampling_words_read(struct generation *how, const struct sampling_words *w, uint64_t tokens,
                        struct err *err)
{
    struct sampling *s = &how->sampling;

    *s = (struct sampling){.temperature = s->temperature, .top_p = 1, .repetition_penalty = 1};
    how->seed = 1;
    if ((w->tokens != NULL && args_count(&tokens, "tokens", w->tokens, TOKENS_MOST, err) != 0) ||
        read_number(&s->temperature, "temperature", w->temperature, 0, 100, err) != 0 ||
        (w->top_k != NULL && args_integer(&s->top_k, "top-k", w->top_k, UINT32_MAX, err) != 0) ||
        read_number(&s->top_p, "top-p", w->top_p, 0, 1, err) != 0 ||
        read_number(&s->min_p, "min-p", w->min_p, 0, 1, err) != 0 ||
        read_number(&s->repetition_penalty, "repetition-penalty", w->penalty, 0.01, 100, err) !=
            0 ||
        (w->seed != NULL && args_integer(&how->seed, "seed", w->seed, UINT64_MAX, err) != 0))
        return -1;
    how->tokens = (size_t)tokens;
    return 0;
}
