/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recommend.h"
#include "surrogate.h"

bool recommend(struct recommendation *out, const struct space *space, const struct history *history)
{
    struct surrogate surrogate;

    surrogate_init(&surrogate, space, history);
    bool known = surrogate.n_incumbents > 0;
    if (known)
        *out = (struct recommendation){surrogate.incumbents[0], surrogate.best};
    surrogate_clear(&surrogate);
    return known;
}
