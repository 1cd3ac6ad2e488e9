/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The trainer's config; an empty input is a file that is not there. */
#include <stdlib.h>

#include "config.h"
#include "model.h"
#include "target.h"

extern const struct target target_config;

/* The effective config, read again, is the same one, and has just the options that there are. */
static void check_echo(const struct config *config)
{
    json_t *echo = config_echo(config), *described = options_describe(), *again;
    struct config other;
    struct err err = {0};

    config_init(&other);
    if (config_take(&other, echo, "echo", &err) != 0)
        abort();
    again = config_echo(&other);
    if (!json_equal(echo, again) || json_object_size(echo) != json_array_size(described))
        abort();
    config_clear(&other);
    json_decref(again);
    json_decref(described);
    json_decref(echo);
}

/* What `train` makes of it. */
static void use(const struct config *config)
{
    const struct shape shape = config_shape(config, 300);
    struct model model = {0};
    struct err err = {0};
    size_t micro_batch = config_micro_batch(config);

    if (micro_batch < 1 || micro_batch > (size_t)config->batch)
        abort();
    if (model_list(&model, architecture_find(config->model), &shape, &err) != 0)
        target_check_refusal(&err);
    model_clear(&model);
    check_echo(config);
}

static void read(const uint8_t *bytes, size_t len)
{
    char *path = target_path("config.json");
    struct config config;
    struct err err = {0};

    if (len > 0)
        target_put("config.json", bytes, len);
    else
        target_remove("config.json");
    config_init(&config);
    if (config_read(&config, path, &err) != 0 || config_check_budget(&config, &err) != 0 ||
        config_check(&config, &err) != 0)
        target_check_refusal(&err);
    else
        use(&config);
    config_clear(&config);
    free(path);
}

const struct target target_config = {
    .name = "config",
    .summary = "the trainer's config",
    .read = read,
};
