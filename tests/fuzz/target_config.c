/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trainer's config. */
#include <stdlib.h>

#include "config.h"
#include "target.h"

extern const struct target target_config;

static void read(const uint8_t *bytes, size_t len)
{
    char *path = target_path("config.json");
    struct config config;
    struct err err = {0};

    target_put("config.json", bytes, len);
    config_init(&config);
    if (config_read(&config, path, &err) != 0 || config_check_budget(&config, &err) != 0 ||
        config_check(&config, &err) != 0)
        target_check_refusal(&err);
    json_decref(config_echo(&config));
    config_clear(&config);
    free(path);
}

const struct target target_config = {
    .name = "config",
    .summary = "the trainer's config",
    .read = read,
};
