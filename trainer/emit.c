/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include "emit.h"
#include "json.h"

int emit_object(json_t *object, struct err *err)
{
    struct str line = {0};
    int rc = 0;

    json_write(&line, object);
    str_add(&line, "\n");
    if (fwrite(line.at, 1, line.len, stdout) != line.len || fflush(stdout) != 0)
        rc = err_sys(err, "standard output");
    str_clear(&line);
    json_decref(object);
    return rc;
}

int emit_value(const char *key, json_t *value, struct err *err)
{
    json_t *object = json_object();

    json_object_set_new(object, key, value);
    return emit_object(object, err);
}

int emit_text(const char *text, struct err *err)
{
    if (fputs(text, stdout) < 0 || fflush(stdout) != 0)
        return err_sys(err, "standard output");
    return 0;
}
