/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>

#include "settings.h"

static int check_map(const json_t *wanted, struct err *err)
{
    if (json_is_object(wanted))
        return 0;
    return err_usage(err, "a map of names and values is expected");
}

static int read_member(struct value *out, int *at, const struct space *space, const char *name,
                       const json_t *value, struct err *err)
{
    *at = space_find(space, name);
    if (*at < 0)
        return err_usage(err, "the study has no parameter '%s'", name);
    if (!json_is_string(value))
        return err_usage(err, "the value of '%s' is not given as text", name);
    return space_read_value(out, space, (size_t)*at, json_string_value(value), err);
}

int settings_check(const struct space *space, const json_t *wanted, struct err *err)
{
    struct value ignored;
    const char *name;
    json_t *value;
    int at;

    if (check_map(wanted, err) != 0)
        return -1;
    json_object_foreach ((json_t *)(uintptr_t)wanted, name, value)
        if (read_member(&ignored, &at, space, name, value, err) != 0)
            return -1;
    return 0;
}

/* A parameter that is ignored must never look like one that was tried. */
static int check_active(const struct value *config, const struct space *space, const json_t *wanted,
                        struct err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)wanted, name, value)
        if (config[space_find(space, name)].type == VALUE_NONE)
            return err_usage(err, "'%s' has no meaning beside the other values", name);
    return 0;
}

int settings_apply(struct value *config, const struct space *space, const json_t *wanted,
                   struct err *err)
{
    const char *name;
    json_t *value;
    struct value read;
    int at;

    if (check_map(wanted, err) != 0)
        return -1;
    json_object_foreach ((json_t *)(uintptr_t)wanted, name, value) {
        if (read_member(&read, &at, space, name, value, err) != 0)
            return -1;
        config[at] = read;
    }
    space_settle(config, space);
    return check_active(config, space, wanted, err);
}
