/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>

#include "facts.h"
#include "say.h"

static void say_digits(struct str *out, double x, int digits)
{
    char text[NUMBER_TEXT];

    str_add(out, isfinite(x) ? number_short(text, x, digits) : "-");
}

void say_value(struct str *out, double x)
{
    say_digits(out, x, 6);
}

void say_rough(struct str *out, double x)
{
    say_digits(out, x, 3);
}

void say_effect(struct str *out, double x)
{
    if (x > 0)
        str_add(out, "+");
    say_rough(out, x);
}

void say_id(struct str *out, int64_t id)
{
    if (id > 0)
        str_addf(out, "%" PRId64, id);
    else
        str_add(out, "-");
}

void say_mean(struct str *out, const struct summary *summary)
{
    double se = summary_se(summary);

    say_value(out, summary->mean);
    if (!isfinite(se))
        return;
    str_add(out, " ± ");
    say_digits(out, se, 2);
}

void say_interval(struct str *out, double low, double high)
{
    if (!isfinite(low) && !isfinite(high)) {
        str_add(out, "-");
        return;
    }
    str_add(out, "[");
    say_effect(out, low);
    str_add(out, ", ");
    say_effect(out, high);
    str_add(out, "]");
}

void say_measured(struct str *out, double mean, double low, double high)
{
    say_effect(out, mean);
    if (!isfinite(low) && !isfinite(high))
        return;
    str_add(out, " ");
    say_interval(out, low, high);
}

char *say_text(void (*say)(struct str *out, double x), double x)
{
    struct str text = {0};

    say(&text, x);
    return str_take(&text);
}

void say_share(struct str *out, double share, double low, double high)
{
    say_rough(out, 100 * share);
    str_add(out, " % [");
    say_rough(out, 100 * low);
    str_add(out, ", ");
    say_rough(out, 100 * high);
    str_add(out, "]");
}
