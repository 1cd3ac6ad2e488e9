/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "json.h"
#include "origin.h"

struct fact {
    const char *group, *key, *words; /* group NULL: at the top */
};

static const struct fact facts[] = {
    {NULL, "machine", "the architecture"}, {NULL, "cpu", "the CPU"},
    {NULL, "blas_core", "the BLAS core"},  {"libraries", "glibc", "glibc"},
    {"libraries", "gsl", "GSL"},           {"libraries", "openblas", "OpenBLAS"},
    {NULL, "nightshift", "nightshift"},
};
enum { FACTS = sizeof facts / sizeof *facts, OF_PROCESSOR = 3 /* the first ones */ };

static const char *value_of(const json_t *environment, const struct fact *fact)
{
    const json_t *group =
        fact->group != NULL ? json_object_get(environment, fact->group) : environment;

    return json_string_value(json_object_get(group, fact->key));
}

static void compare(struct str *out, const json_t *recorded, const json_t *now, size_t n)
{
    for (size_t i = 0; i < n && out->len == 0; i++) {
        const char *before = value_of(recorded, &facts[i]), *is = value_of(now, &facts[i]);
        if (before == NULL || is == NULL || strcmp(before, is) == 0)
            continue;
        str_addf(out, "%s is '", facts[i].words);
        str_add_printable(out, is, strlen(is), 80);
        str_add(out, "', recorded '");
        str_add_printable(out, before, strlen(before), 80);
        str_add(out, "'");
    }
}

static void compare_texts(struct str *out, const char *recorded, const char *now, size_t n)
{
    json_error_t ignored;
    json_t *before = recorded != NULL ? json_loads(recorded, 0, &ignored) : NULL;
    json_t *is = now != NULL ? json_loads(now, 0, &ignored) : NULL;

    compare(out, before, is, n);
    json_decref(before);
    json_decref(is);
}

void origin_compare(struct str *out, const char *recorded, const char *now)
{
    compare_texts(out, recorded, now, FACTS);
}

bool origin_is_of_processor(const char *recorded, const char *now)
{
    struct str found = {0};

    compare_texts(&found, recorded, now, OF_PROCESSOR);
    bool differs = found.len > 0;
    str_clear(&found);
    return differs;
}

int origin_difference(struct str *out, struct store *store, struct err *err)
{
    char *recorded = NULL, *now = NULL;

    if (store_session(store, &recorded, err) != 0)
        return -1;
    now = host_describe();
    origin_compare(out, recorded, now);
    free(now);
    free(recorded);
    return 0;
}
