/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "topic.h"

/* topics.S */
extern const char topic_study[], topic_study_end[];
extern const char topic_trainer[], topic_trainer_end[];
extern const char topic_commands[], topic_commands_end[];
extern const char topic_exit_codes[], topic_exit_codes_end[];
extern const char topic_search[], topic_search_end[];
extern const char topic_statistics[], topic_statistics_end[];
extern const char topic_simulation[], topic_simulation_end[];
extern const char topic_record[], topic_record_end[];
extern const char topic_overnight[], topic_overnight_end[];
extern const char topic_agents[], topic_agents_end[];
extern const char topic_migrate[], topic_migrate_end[];
extern const char topic_data[], topic_data_end[];
extern const char topic_models[], topic_models_end[];
extern const char topic_training[], topic_training_end[];
extern const char topic_tutorial[], topic_tutorial_end[];
extern const char topic_believe[], topic_believe_end[];
extern const char topic_cluster[], topic_cluster_end[];

/* clang-format off */
const struct topic topics[] = {
    {"tutorial", "ten minutes with nightshift", 7,
     topic_tutorial, topic_tutorial_end},
    {"study", "the study file: what is searched, how a run is started, what is kept", 5,
     topic_study, topic_study_end},
    {"trainer", "the contract between nightshift and a trainer, and how to bring your own", 7,
     topic_trainer, topic_trainer_end},
    {"commands", "what the commands print, and what a script may rely on", 7,
     topic_commands, topic_commands_end},
    {"exit-codes", "exit statuses", 7,
     topic_exit_codes, topic_exit_codes_end},
    {"search", "spaces, constraints and strategies", 7,
     topic_search, topic_search_end},
    {"statistics", "how it is decided what is better, or only lucky", 7,
     topic_statistics, topic_statistics_end},
    {"believe", "why a number can be believed, and what it does not say", 7,
     topic_believe, topic_believe_end},
    {"simulation", "thousands of nights whose truth is known", 7,
     topic_simulation, topic_simulation_end},
    {"record", "what is remembered: tables, git refs, files", 5,
     topic_record, topic_record_end},
    {"overnight", "when something goes wrong at night; the study as a service", 7,
     topic_overnight, topic_overnight_end},
    {"cluster", "studies on a cluster: Slurm, or any queue", 7,
     topic_cluster, topic_cluster_end},
    {"agents", "an outside program proposes, an LLM agent for example", 7,
     topic_agents, topic_agents_end},
    {"migrate", "coming from Optuna, W&B or autoresearch, and back", 7,
     topic_migrate, topic_migrate_end},
    {"data", "from text to tokens", 7,
     topic_data, topic_data_end},
    {"models", "models in files: formats, tokenizers, conversion", 7,
     topic_models, topic_models_end},
    {"training", "one training run of nightshift-lm", 7,
     topic_training, topic_training_end},
    {NULL, NULL, 0, NULL, NULL},
};
/* clang-format on */

const struct topic *topic_find(const char *name)
{
    for (const struct topic *topic = topics; topic->name != NULL; topic++)
        if (strcmp(topic->name, name) == 0)
            return topic;
    return NULL;
}
