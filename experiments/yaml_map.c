/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "mem.h"
#include "str.h"
#include "yaml.h"

enum { MAX_KEYS = 32 }; /* of one table */

static const struct yaml_key *key_find(const struct yaml_key *keys, const char *name)
{
    for (; keys->name != NULL; keys++)
        if (strcmp(keys->name, name) == 0)
            return keys;
    return NULL;
}

static int refuse_unknown(const struct yaml *node, const struct yaml_key *keys, struct err *err)
{
    const char *names[MAX_KEYS];
    size_t n = 0;

    for (; n < MAX_KEYS && keys[n].name != NULL; n++)
        names[n] = keys[n].name;
    const char *meant = word_suggest(node->key, names, n);
    if (meant == NULL)
        return yaml_refuse_key(node, err, "unknown key '%.60s'", node->key);
    return yaml_refuse_key(node, err, "unknown key '%.60s' (did you mean '%s'?)", node->key, meant);
}

static int check_required(const struct yaml *map, const struct yaml_key *keys, struct err *err)
{
    for (; keys->name != NULL; keys++) {
        if (!keys->required || yaml_find(map, keys->name) != NULL)
            continue;
        if (map->key == NULL)
            return yaml_refuse(map, err, "the key '%s' is missing", keys->name);
        return yaml_refuse_key(map, err, "'%s' lacks the key '%s'", map->key, keys->name);
    }
    return 0;
}

int yaml_read_map(void *into, const struct yaml *node, const struct yaml_key *keys, struct err *err)
{
    if (node->kind != YAML_MAP && node->key != NULL)
        return yaml_refuse(node, err, "'%s' must be a map of keys and values", node->key);
    if (node->kind != YAML_MAP)
        return yaml_refuse(node, err, "a map of keys and values is expected here");
    for (size_t i = 0; i < node->n; i++) {
        const struct yaml_key *key = key_find(keys, node->items[i]->key);
        if (key == NULL)
            return refuse_unknown(node->items[i], keys, err);
        if (key->read != NULL && key->read(into, node->items[i], err) != 0)
            return -1;
    }
    return check_required(node, keys, err);
}
