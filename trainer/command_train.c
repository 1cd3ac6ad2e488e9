/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "command.h"
#include "emit.h"
#include "fine_tune.h"
#include "mem.h"
#include "pool.h"
#include "train.h"

static const char help[] =
    "usage: nightshift-lm train --config FILE --seed N --out DIR [options]\n"
    "\n"
    "Trains one language model.  FILE is a JSON object of options (`nightshift-lm options` lists\n"
    "them all); what it leaves out has its default.  Same config, seed, steps and machine: the "
    "same\n"
    "bits, for any number of threads.\n"
    "\n"
    "  --config FILE   the options, for instance {\"data\": \"kjv\", \"tokens\": 2000000}\n"
    "  --seed N        fixes the starting weights and the order of the data (default 1)\n"
    "  --out DIR       where model.safetensors, model.json and val_losses.f32 go\n"
    "  --data PATH     instead of the option data\n"
    "  --steps N       instead of the budget in the config; 0: as the config says\n"
    "  --threads N     default: the processors that this process may use\n"
    "  --init MODEL    begin with this model's weights and shape, in any format that `info` "
    "reads;\n"
    "                  the data's tokens are its tokenizer's\n"
    "  --residual SCALE, --rope-theta X    of a model whose format does not tell (see `convert`)\n"
    "  --resume        go on from DIR/train.state, which the option checkpoint_every leaves\n"
    "\n"
    "Standard output has one JSON object a line; the last one holds val_loss.\n"
    "Exit status: 0 done, 1 a loss was not finite, 2 bad input, 3 environment, 143 after "
    "SIGTERM.\n";

struct words {
    const char *config, *seed, *out, *data, *steps, *threads, *init, *residual, *theta;
    bool resume, help;
};

static int read_words(struct words *words, int argc, char **argv, struct err *err)
{
    const struct arg table[] = {
        {"config", &words->config, NULL},    {"seed", &words->seed, NULL},
        {"out", &words->out, NULL},          {"data", &words->data, NULL},
        {"steps", &words->steps, NULL},      {"threads", &words->threads, NULL},
        {"init", &words->init, NULL},        {"residual", &words->residual, NULL},
        {"rope-theta", &words->theta, NULL}, {"resume", NULL, &words->resume},
        {"help", NULL, &words->help},
    };

    if (args_read(NULL, 0, table, sizeof table / sizeof *table, argc, argv, err) < 0)
        return -1;
    if (words->help)
        return 0;
    if (words->config == NULL)
        return err_usage(err, "train wants --config FILE (see `nightshift-lm train --help`)");
    if (words->out == NULL)
        return err_usage(err, "train wants --out DIR (see `nightshift-lm train --help`)");
    return 0;
}

static int read_request(struct train_request *request, const struct words *words, struct err *err)
{
    uint64_t steps = 0, threads = pool_processors();

    request->out = words->out;
    request->seed = 1;
    if ((words->seed != NULL &&
         args_integer(&request->seed, "seed", words->seed, INT64_MAX, err) != 0) ||
        (words->steps != NULL &&
         args_integer(&steps, "steps", words->steps, (uint64_t)1e15, err) != 0) ||
        (words->threads != NULL &&
         args_count(&threads, "threads", words->threads, POOL_MOST, err) != 0))
        return -1;
    request->steps = (int64_t)steps;
    request->threads = (size_t)threads;
    request->resume = words->resume;
    return 0;
}

/* Puts the model's shape into the config. */
static int open_init(struct model_file *init, struct config *config, const struct words *words,
                     struct err *err)
{
    struct format_hints hints;

    if (words->init == NULL)
        return 0;
    if (format_hints_read(&hints, words->residual, words->theta, err) != 0)
        return -1;
    return fine_tune_open(init, config, words->init, &hints, err);
}

static int run(int argc, char **argv, struct err *err)
{
    struct words words = {0};
    struct train_request request = {0};
    struct model_file init = {0};
    struct config config;
    int rc = -1;

    if (read_words(&words, argc, argv, err) != 0)
        return -1;
    if (words.help)
        return emit_text(help, err);
    config_init(&config);
    if (read_request(&request, &words, err) != 0 || config_read(&config, words.config, err) != 0)
        goto out;
    if (words.data != NULL) {
        free(config.data);
        config.data = mem_strdup(words.data);
    }
    if (open_init(&init, &config, &words, err) != 0)
        goto out;
    request.init = words.init != NULL ? &init : NULL;
    rc = train(&config, &request, err);
out:
    model_file_close(&init);
    config_clear(&config);
    return rc;
}

const struct command command_train = {"train", "train one model: config, seed -> weights, loss",
                                      run};
