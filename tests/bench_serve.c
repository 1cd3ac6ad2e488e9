/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_serve.h"
#include "mem.h"
#include "simulated_night.h"

struct server {
    const struct bench_instance *instance;
    const struct bench_noise *noise;
    uint64_t study_seed;
    struct value *config; /* [space->n] */
};

/* --- the space ----------------------------------------------------------------------------------
 */

static void print_values(const struct value *values, size_t n)
{
    struct str text = {0};

    for (size_t i = 0; i < n; i++) {
        str_add(&text, " ");
        value_print(&text, &values[i]);
    }
    puts(str_text(&text));
    str_clear(&text);
}

static void print_parameter(const struct space *space, const struct param *param)
{
    if (param->distribution != NULL)
        printf("number %s %s %.17g %.17g %.17g", param->name, param->distribution->name, param->min,
               param->max, param->q);
    else
        printf("choice %s", param->name);
    print_values(&param->start, 1);
    if (param->distribution == NULL) {
        printf("values %s", param->name);
        print_values(param->values, param->n_values);
    }
    if (param->when >= 0) {
        printf("when %s %s", param->name, space->params[param->when].name);
        print_values(param->when_values, param->n_when);
    }
}

static void print_space(const struct space *space)
{
    for (size_t i = 0; i < space->n; i++)
        print_parameter(space, &space->params[i]);
    puts("end");
}

/* --- runs ---------------------------------------------------------------------------------------
 */

static int read_setting(struct value *config, const struct space *space, char *word,
                        struct err *err)
{
    char *value = strchr(word, '=');

    if (value == NULL)
        return err_usage(err, "'%s' is no name=value", word);
    *value++ = '\0';
    int at = space_find(space, word);
    if (at < 0)
        return err_usage(err, "no parameter is called '%s'", word);
    return space_read_value(&config[at], space, (size_t)at, value, err);
}

static int read_config(struct server *server, char *words, struct err *err)
{
    const struct space *space = &server->instance->study.space;
    char *word;

    memset(server->config, 0, space->n * sizeof *server->config);
    while ((word = strsep(&words, " ")) != NULL)
        if (*word != '\0' && read_setting(server->config, space, word, err) != 0)
            return -1;
    return 0;
}

static void print_loss(double loss)
{
    if (isnan(loss))
        puts("failed");
    else
        printf("%.17g\n", loss);
}

static void answer_run(const struct server *server, uint32_t seed)
{
    const struct bench_instance *instance = server->instance;
    const struct space *space = &instance->study.space;
    double regret = bench_regret(instance, space, server->config);
    double sd = bench_sd(instance, server->noise, regret);
    double noise = simulated_noise(space, server->config, server->study_seed, seed);

    print_loss((regret + sd * noise) / instance->unit);
}

static int answer(struct server *server, char *line, struct err *err)
{
    const struct space *space = &server->instance->study.space;
    char *verb = strsep(&line, " "), *seed;
    unsigned long long number = 0;

    if (strcmp(verb, "space") == 0) {
        print_space(space);
        return 0;
    }
    bool run = strcmp(verb, "run") == 0;
    if (!run && strcmp(verb, "truth") != 0)
        return err_usage(err, "'%s' is none of space, run, truth", verb);
    if (run && ((seed = strsep(&line, " ")) == NULL || !integer_read(&number, seed, UINT32_MAX)))
        return err_usage(err, "run needs a seed");
    if (read_config(server, line, err) != 0)
        return -1;
    if (run)
        answer_run(server, (uint32_t)number);
    else
        print_loss(bench_regret(server->instance, space, server->config) / server->instance->unit);
    return 0;
}

void bench_serve(const struct bench_instance *instance, const struct bench_noise *noise,
                 uint64_t study_seed)
{
    struct server server = {instance, noise, study_seed, NULL};
    char *line = NULL;
    size_t room = 0;

    server.config = mem_new(instance->study.space.n, sizeof *server.config);
    while (getline(&line, &room, stdin) > 0) {
        struct err err = {0};
        line[strcspn(line, "\n")] = '\0';
        if (answer(&server, line, &err) != 0)
            printf("error: %s\n", err.text);
        fflush(stdout);
    }
    free(line);
    free(server.config);
}
