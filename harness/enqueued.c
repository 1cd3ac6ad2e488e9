/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "enqueued.h"
#include "settings.h"

static int name_it(int rc, struct err *err)
{
    return rc != 0 ? err_wrap(err, "enqueued config") : 0;
}

int enqueued_check(const struct space *space, const json_t *wanted, struct err *err)
{
    return name_it(settings_check(space, wanted, err), err);
}

int enqueued_apply(struct value *config, const struct space *space, const json_t *wanted,
                   struct err *err)
{
    return name_it(settings_apply(config, space, wanted, err), err);
}
