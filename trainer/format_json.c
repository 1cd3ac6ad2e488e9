/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format_json.h"
#include "checkpoint.h"
#include "json.h"

void format_ends(struct model_file *in, const json_t *ids)
{
    if (json_is_integer(ids))
        model_file_end(in, json_integer_value(ids));
    for (size_t i = 0; i < json_array_size(ids); i++)
        if (json_is_integer(json_array_get(ids, i)))
            model_file_end(in, json_integer_value(json_array_get(ids, i)));
}

static const char *torch_name(const struct dtype *dtype)
{
    return dtype->bytes == 4 ? "float32" : strcmp(dtype->name, "f16") == 0 ? "float16" : "bfloat16";
}

static json_t *ends_of(const struct format_job *job)
{
    json_t *list;

    if (job->from->n_ends == 0)
        return json_null();
    if (job->from->n_ends == 1)
        return json_integer(job->from->ends[0]);
    list = json_array();
    for (size_t i = 0; i < job->from->n_ends; i++)
        json_array_append_new(list, json_integer(job->from->ends[i]));
    return list;
}

void format_config(struct str *out, const struct format_job *job)
{
    struct model plain = job->from->model;
    json_t *config;

    plain.shape.deepnet = false;
    config = checkpoint_describe(&plain);
    json_object_set_new(config, "torch_dtype", json_string(torch_name(job->dtype)));
    json_object_set_new(config, "eos_token_id", ends_of(job));
    json_write(out, config);
    json_decref(config);
}

struct outgoing format_outgoing(const struct format_job *job, const struct naming *naming,
                                bool vectors_as_f32)
{
    return (struct outgoing){.model = &job->from->model,
                             .weights = job->weights,
                             .naming = naming,
                             .dtype = job->dtype,
                             .vectors_as_f32 = vectors_as_f32,
                             .fold = true};
}
