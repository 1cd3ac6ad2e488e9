/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * adapter.h - adapters in a folder, as Hugging Face's PEFT has them: adapter_config.json and
 * adapter_model.safetensors ("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight").
 *
 * Only what lora.h can be is read: LoRA of one rank on q, k, v, o, gate, up and down projections of
 * all layers.  Biases, DoRA, other modules, other ranks of single layers are refused by name, and
 * so is every other option of PEFT's that changes what is computed, and a start that has changed the
 * model's own weights (PiSSA, OLoRA, CorDA, LoftQ, LoRA-GA).  Options that matter in training alone
 * are passed over, and a rank or alpha that is not told is 8, as in PEFT.
 * https://huggingface.co/docs/peft/developer_guides/checkpoint
 */
#ifndef TRAINER_ADAPTER_H
#define TRAINER_ADAPTER_H

#include "err.h"
#include "file.h"
#include "lora.h"
#include "model.h"

#define ADAPTER_WEIGHTS "adapter_model.safetensors"
#define ADAPTER_CONFIG  "adapter_config.json"

/* In the metadata's object: the SHA-256 of the weights that the adapters were trained beside. */
#define ADAPTER_BASE_HASH "base_sha256"

struct json_t;

struct adapter {
    struct lora lora;
    real *weights;                 /* [lora.list.n_weights] */
    char base_sha256[SHA256_TEXT]; /* of the weights that it was trained beside; empty: untold */
};

/*
 * Writes both files by temporary name and rename, the weights first.  `base` is the path that the
 * description names; `about` (an object, borrowed) goes into the weights' metadata.
 */
int adapter_write(const char *dir, const struct lora *lora, const real *block, const char *base,
                  const struct json_t *about, struct err *err);

/*
 * Reads adapters of a model of that shape.  Exit 2: no such folder, a description that is not known
 * here, tensors that do not fit the model.  adapter_clear() in any case.
 */
int adapter_read(struct adapter *out, const char *dir, const struct model *model, struct err *err);
void adapter_clear(struct adapter *adapter);

#endif
