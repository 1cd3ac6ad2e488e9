/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "chat_template.h"
#include "str.h"

/*
 * ChatML with the system's words of SmolLM2's and Qwen2.5's tokenizer_config.json; Qwen3's has
 * none. Llama 3: Meta's "Llama 3 model cards and prompt formats".
 */
/* clang-format off */
#define CHATML                                                                                     \
    .begin = "", .marks = {"<|im_start|>", "<|im_end|>"}, .behind = "<|im_end|>\n",                \
    .before = {"<|im_start|>system\n", "<|im_start|>user\n", "<|im_start|>assistant\n"},           \
    .end = "<|im_end|>"

const struct chat_template chat_templates[] = {
    {.name = "smollm2", .arch = "llama", CHATML,
     .system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"},
    {.name = "qwen2.5", .arch = "qwen2", CHATML,
     .system = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."},
    {.name = "chatml", CHATML},
    {.name = "llama3", .arch = "llama",
     .marks = {"<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"},
     .begin = "<|begin_of_text|>",
     .before = {"<|start_header_id|>system<|end_header_id|>\n\n",
                "<|start_header_id|>user<|end_header_id|>\n\n",
                "<|start_header_id|>assistant<|end_header_id|>\n\n"},
     .behind = "<|eot_id|>", .end = "<|eot_id|>"},
    {.name = "plain", .begin = "", .before = {"", "", ""}, .behind = "\n"},
    {.name = NULL},
};
/* clang-format on */

int64_t chat_mark(const struct tokenizer *tokenizer, const char *mark)
{
    size_t len = strlen(mark), n;

    for (uint32_t id = tokenizer_vocab(tokenizer); id-- > 0;) {
        const unsigned char *bytes = tokenizer_decode(&n, tokenizer, id);
        if (bytes != NULL && n == len && memcmp(bytes, mark, n) == 0)
            return id;
    }
    return -1;
}

static const char *missing_mark(const struct chat_template *t, const struct tokenizer *tokenizer)
{
    for (size_t i = 0; i < sizeof t->marks / sizeof *t->marks && t->marks[i] != NULL; i++)
        if (chat_mark(tokenizer, t->marks[i]) < 0)
            return t->marks[i];
    return NULL;
}

static bool is_for(const struct chat_template *t, const char *arch)
{
    return t->arch == NULL || strcmp(t->arch, arch) == 0;
}

static int refuse(const char *name, struct err *err)
{
    struct str known = {0};

    for (const struct chat_template *t = chat_templates; t->name != NULL; t++)
        str_addf(&known, "%s%s", known.len > 0 ? ", " : "", t->name);
    err_usage(err, "--template '%s' is none of: %s", name, str_text(&known));
    str_clear(&known);
    return -1;
}

int chat_template_find(const struct chat_template **out, const char *name, const char *arch,
                       const struct tokenizer *tokenizer, struct err *err)
{
    for (const struct chat_template *t = chat_templates; t->name != NULL; t++) {
        const char *missing;
        if (name != NULL ? strcmp(t->name, name) != 0 : !is_for(t, arch))
            continue;
        missing = missing_mark(t, tokenizer);
        if (missing != NULL && name != NULL)
            return err_usage(err, "--template %s: the vocabulary has no '%s'", name, missing);
        if (missing == NULL) {
            *out = t;
            return 0;
        }
    }
    return refuse(name, err);
}

/* Length of the mark that `text` begins with, or 0. */
static size_t mark_at(const char *text)
{
    const char *end = strncmp(text, "<|", 2) == 0 ? strstr(text, "|>") : NULL;

    return end != NULL ? (size_t)(end + 2 - text) : 0;
}

int chat_template_add(struct ids *out, const char *text, struct tokenizer *tokenizer,
                      struct err *err)
{
    while (*text != '\0') {
        size_t len = mark_at(text), plain = 0;
        if (len > 0) {
            struct str mark = {0};
            str_addn(&mark, text, len);
            ids_add(out, (uint32_t)chat_mark(tokenizer, mark.at));
            str_clear(&mark);
            text += len;
            continue;
        }
        while (text[plain] != '\0' && mark_at(text + plain) == 0)
            plain++;
        if (tokenizer_encode(out, tokenizer, text, plain, err) != 0)
            return -1;
        text += plain;
    }
    return 0;
}
