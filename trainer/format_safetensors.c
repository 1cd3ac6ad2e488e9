/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format_safetensors.c - one .safetensors file.  Its shape stands in config.json or model.json
 * beside it; files that are written here carry it in their metadata too, and need nothing beside.
 */
#include <stdlib.h>

#include "checkpoint.h"
#include "checkpoint_tokenizer.h"
#include "file.h"
#include "format.h"
#include "format_json.h"
#include "json.h"
#include "mem.h"
#include "safetensors.h"
#include "safetensors_header.h"

#define CONFIG_KEY "nightshift.config" /* in the metadata */

static bool safetensors_is(const char *path, const uint8_t *head, size_t n)
{
    size_t len = strlen(path), suffix = strlen(".safetensors");

    if (head != NULL && len > suffix && strcmp(path + len - suffix, ".safetensors") == 0)
        return true;
    return head != NULL && n > SAFETENSORS_PREFIX && head[SAFETENSORS_PREFIX] == '{';
}

/* The text of a JSON string, which an array around it makes a text of its own. */
static int read_config(struct model_file *in, const char *quoted, int seq, struct err *err)
{
    char *list = mem_printf("[\"%s\"]", quoted);
    json_t *outer = NULL, *config = NULL;
    const char *text;
    int rc = -1;

    if (json_read(&outer, list, strlen(list), in->path, err) == 0) {
        text = json_string_value(json_array_get(outer, 0));
        rc = json_read(&config, text, strlen(text), in->path, err);
    }
    if (rc == 0)
        rc = checkpoint_parse(&in->model, config, in->path, seq, err);
    if (rc == 0)
        format_ends(in, json_object_get(config, "eos_token_id"));
    json_decref(config);
    json_decref(outer);
    free(list);
    return rc;
}

static int safetensors_open(struct model_file *in, const struct format_hints *hints,
                            struct err *err)
{
    struct metadata config = {.key = CONFIG_KEY};
    char *dir = path_dir(in->path);
    int rc = -1;

    if (storage_open(&in->storage, in->path, err) == 0 &&
        safetensors_header(&in->storage, 0, &config, err) == 0)
        rc = config.value != NULL ? read_config(in, config.value, hints->seq, err)
                                  : checkpoint_list(&in->model, dir, hints->seq, err);
    if (rc == 0 && config.value == NULL)
        rc = checkpoint_read_compact(&in->compact, &in->model, dir, err);
    free(config.value);
    free(dir);
    return rc;
}

static int safetensors_tokenizer(struct tokenizer **out, const struct model_file *in,
                                 struct err *err)
{
    char *dir = path_dir(in->path);
    int rc = checkpoint_tokenizer(out, model_file_tokens(in), dir, NULL, err);

    free(dir);
    return rc;
}

static int safetensors_write_file(const struct format_job *job, struct err *err)
{
    const struct outgoing o =
        format_outgoing(job, &naming_own, model_file_vectors_are_f32(job->from));
    struct str config = {0};
    int rc;

    format_config(&config, job);
    rc = safetensors_write_as(job->path, &o, CONFIG_KEY, config.at, err);
    str_clear(&config);
    return rc;
}

const struct format format_safetensors = {
    .name = "safetensors",
    .summary = "one .safetensors file",
    .suffix = ".safetensors",
    .is = safetensors_is,
    .open = safetensors_open,
    .tokenizer = safetensors_tokenizer,
    .keeps = format_keeps_safetensors,
    .write = safetensors_write_file,
};
