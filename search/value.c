/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "json.h"
#include "value.h"

bool value_same(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == VALUE_NONE)
        return true;
    if (a->type == VALUE_TEXT)
        return strcmp(a->text, b->text) == 0;
    return a->number == b->number;
}

static void write_number_or_bool(struct str *out, const struct value *value)
{
    char text[NUMBER_TEXT];

    if (value->type == VALUE_BOOL)
        str_add(out, value->number != 0 ? "true" : "false");
    else
        str_add(out, number_text(text, value->number));
}

void value_write(struct str *out, const struct value *value)
{
    if (value->type == VALUE_NONE)
        str_add(out, "null");
    else if (value->type == VALUE_TEXT)
        json_write_string(out, value->text);
    else
        write_number_or_bool(out, value);
}

void value_print(struct str *out, const struct value *value)
{
    if (value->type == VALUE_NONE)
        str_add(out, "-");
    else if (value->type == VALUE_TEXT)
        str_add(out, value->text);
    else
        write_number_or_bool(out, value);
}
