/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * format_json.h - what the formats with a Hugging Face description share.
 */
#ifndef TRAINER_FORMAT_JSON_H
#define TRAINER_FORMAT_JSON_H

#include "format.h"
#include "outgoing.h"
#include "str.h"

#define FORMAT_JSON_MOST ((size_t)1 << 20) /* bytes of a description */

/* Takes an id or a list of ids that end a text. */
void format_ends(struct model_file *in, const struct json_t *ids);

/* Adds config.json of the model that is written: without a residual scale, which is folded in. */
void format_config(struct str *out, const struct format_job *job);

/* The weights on their way, a residual scale folded in. */
struct outgoing format_outgoing(const struct format_job *job, const struct naming *naming,
                                bool vectors_as_f32);

/* F32, F16 and BF16. */
bool format_keeps_safetensors(const struct dtype *dtype);

#endif
