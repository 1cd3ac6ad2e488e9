/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claim_text.h"
#include "mem.h"
#include "str.h"

struct reader {
    const struct yaml *node;
    const char *at; /* within node->text */
};

static int place(const struct reader *r)
{
    return (int)(r->at - r->node->text) + 1;
}

static void skip_blanks(struct reader *r)
{
    r->at += strspn(r->at, " ");
}

static int refuse(const struct reader *r, const char *wanted, struct err *err)
{
    char found[32] = "the end of the claim";

    if (*r->at != '\0')
        snprintf(found, sizeof found, "'%.20s'", r->at);
    return yaml_refuse_at(r->node, place(r), err,
                          "expected %s, not %s (a claim is \"metric(name=value) < "
                          "metric(name=value)\", or >, with \"by at least 0.1\" behind it)",
                          wanted, found);
}

static int expect(struct reader *r, char mark, struct err *err)
{
    const char wanted[] = {'\'', mark, '\'', '\0'};

    skip_blanks(r);
    if (*r->at != mark)
        return refuse(r, wanted, err);
    r->at++;
    return 0;
}

/* Letters, digits and `marks`; *out is the caller's to free. */
static int read_word(char **out, struct reader *r, const char *marks, const char *wanted,
                     struct err *err)
{
    size_t len = 0;

    skip_blanks(r);
    while (isalnum((unsigned char)r->at[len]) || (r->at[len] != '\0' && strchr(marks, r->at[len])))
        len++;
    if (len == 0)
        return refuse(r, wanted, err);
    *out = mem_strndup(r->at, len);
    r->at += len;
    return 0;
}

static int read_quoted(struct claim_assignment *a, struct reader *r, struct err *err)
{
    const char *end = strchr(r->at + 1, *r->at);

    if (end == NULL)
        return yaml_refuse_at(r->node, place(r), err, "the quote that begins here does not end");
    a->quoted = true;
    a->value = mem_strndup(r->at + 1, (size_t)(end - r->at - 1));
    r->at = end + 1;
    return 0;
}

static int read_assignment(struct claim_assignment *a, struct reader *r, struct err *err)
{
    skip_blanks(r);
    a->name_at = place(r);
    if (read_word(&a->name, r, "_.-", "a parameter", err) != 0 || expect(r, '=', err) != 0)
        return -1;
    skip_blanks(r);
    a->value_at = place(r);
    if (*r->at == '\'' || *r->at == '"')
        return read_quoted(a, r, err);
    return read_word(&a->value, r, "_.-+", "a value", err);
}

static int read_side(struct claim_side *side, struct reader *r, struct err *err)
{
    skip_blanks(r);
    side->at = place(r);
    if (read_word(&side->metric, r, "_.-/", "a metric", err) != 0 || expect(r, '(', err) != 0)
        return -1;
    skip_blanks(r);
    for (bool more = *r->at != ')'; more; more = *r->at == ',' && r->at++) {
        if (side->n == CLAIM_ASSIGNMENTS_MAX)
            return yaml_refuse_at(r->node, place(r), err, "more than %d assignments on one side",
                                  CLAIM_ASSIGNMENTS_MAX);
        if (read_assignment(&side->of[side->n++], r, err) != 0)
            return -1;
        skip_blanks(r);
    }
    return *r->at == ')' ? expect(r, ')', err) : refuse(r, "',' or ')'", err);
}

static int read_relation(bool *less, struct reader *r, struct err *err)
{
    skip_blanks(r);
    if ((*r->at != '<' && *r->at != '>') || r->at[1] == '=')
        return refuse(r, "'<' or '>'", err);
    *less = *r->at++ == '<';
    return 0;
}

static bool take_word(struct reader *r, const char *word)
{
    size_t len = strlen(word);

    skip_blanks(r);
    if (strncmp(r->at, word, len) != 0 || r->at[len] != ' ')
        return false;
    r->at += len;
    return true;
}

/* [by at least d] and the end. */
static int read_margin(double *by, struct reader *r, struct err *err)
{
    char *number = NULL;

    skip_blanks(r);
    if (*r->at == '\0')
        return 0;
    if (!take_word(r, "by") || !take_word(r, "at") || !take_word(r, "least"))
        return refuse(r, "'by at least' or the end", err);
    skip_blanks(r);
    int at = place(r);
    if (read_word(&number, r, ".-+", "a number", err) != 0)
        return -1;
    bool good = number_read(by, number) && isfinite(*by) && *by >= 0;
    if (!good)
        yaml_refuse_at(r->node, at, err, "'%.40s' is not a number of at least 0", number);
    free(number);
    skip_blanks(r);
    if (good && *r->at != '\0')
        return refuse(r, "the end", err);
    return good ? 0 : -1;
}

int claim_text_read(struct claim_text *out, const struct yaml *node, struct err *err)
{
    struct reader r = {.node = node};
    const char *text;

    *out = (struct claim_text){.by = 0};
    if (yaml_read_text(&text, node, CLAIM_MAX, err) != 0)
        return -1;
    r.at = text;
    if (read_side(&out->left, &r, err) != 0 || read_relation(&out->less, &r, err) != 0 ||
        read_side(&out->right, &r, err) != 0)
        return -1;
    return read_margin(&out->by, &r, err);
}

static void clear_side(struct claim_side *side)
{
    free(side->metric);
    for (size_t i = 0; i < side->n; i++) {
        free(side->of[i].name);
        free(side->of[i].value);
    }
}

void claim_text_clear(struct claim_text *claim)
{
    clear_side(&claim->left);
    clear_side(&claim->right);
    *claim = (struct claim_text){.by = 0};
}
