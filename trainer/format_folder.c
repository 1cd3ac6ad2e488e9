/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format_folder.c - a model in a folder: what `train` left (model.json, model.safetensors), or
 * Hugging Face's (config.json, model.safetensors or its shards, tokenizer.json).  Written is the
 * second, which everyone reads.
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

static bool folder_is(const char *path, const uint8_t *head, size_t n)
{
    (void)path;
    (void)n;
    return head == NULL;
}

/* Who ends a text stands in generation_config.json, or else in config.json. */
static void read_ends(struct model_file *in, const char *name)
{
    char *path = path_join(in->path, name), *text = NULL;
    struct err none = {0};
    json_t *root = NULL;
    size_t len;

    if (file_is_regular(path) && file_read(&text, &len, path, FORMAT_JSON_MOST, &none) == 0 &&
        json_read(&root, text, len, path, &none) == 0)
        format_ends(in, json_object_get(root, "eos_token_id"));
    json_decref(root);
    free(text);
    free(path);
}

static int folder_open(struct model_file *in, const struct format_hints *hints, struct err *err)
{
    if (checkpoint_list(&in->model, in->path, hints->seq, err) != 0 ||
        checkpoint_read_compact(&in->compact, &in->model, in->path, err) != 0 ||
        checkpoint_open_weights(&in->storage, in->path, err) != 0)
        return -1;
    in->about = checkpoint_read_about(in->path);
    if (in->about == NULL) /* ours is a folder whose config.json is the harness's */
        read_ends(in, "config.json");
    read_ends(in, "generation_config.json");
    return 0;
}

static int folder_tokenizer(struct tokenizer **out, const struct model_file *in, struct err *err)
{
    if (checkpoint_tokenizer(out, model_file_tokens(in), in->path, NULL, err) != 0)
        return -1;
    if (in->about != NULL && tokenizer_begin(*out) < 0) /* as `train` has seen every document */
        tokenizer_set_begin(*out, tokenizer_endoftext(*out));
    return 0;
}

bool format_keeps_safetensors(const struct dtype *dtype)
{
    return dtype->safetensors != NULL;
}

static int write_text(const char *dir, const char *name, const struct str *text, struct err *err)
{
    char *path = path_join(dir, name);
    int rc = file_write(path, text->at, text->len, err);

    free(path);
    return rc;
}

static int write_tokenizer(const struct format_job *job, struct err *err)
{
    struct str text = {0};
    int rc;

    if (job->tokenizer == NULL)
        return 0;
    tokenizer_write(&text, job->tokenizer);
    rc = write_text(job->path, "tokenizer.json", &text, err);
    str_clear(&text);
    return rc;
}

static int write_config(const struct format_job *job, struct err *err)
{
    struct str text = {0};
    int rc;

    format_config(&text, job);
    str_add(&text, "\n");
    rc = write_text(job->path, "config.json", &text, err);
    str_clear(&text);
    return rc;
}

/* The description comes last: a folder without it holds no model yet. */
static int folder_write(const struct format_job *job, struct err *err)
{
    const struct outgoing o =
        format_outgoing(job, &naming_own, model_file_vectors_are_f32(job->from));
    char *own = path_join(job->path, "model.json");
    char *weights = path_join(job->path, "model.safetensors");
    int rc = -1;

    if (file_exists(own))
        err_usage(err, "%s holds a model that was trained here: give another folder", job->path);
    else if (file_mkdirs(job->path, err) == 0 &&
             safetensors_write_as(weights, &o, NULL, NULL, err) == 0 &&
             write_tokenizer(job, err) == 0)
        rc = write_config(job, err);
    free(weights);
    free(own);
    return rc;
}

const struct format format_folder = {
    .name = "folder",
    .summary = "config.json and model.safetensors, as Hugging Face's libraries have them",
    .suffix = "",
    .is = folder_is,
    .open = folder_open,
    .tokenizer = folder_tokenizer,
    .keeps = format_keeps_safetensors,
    .write = folder_write,
};
