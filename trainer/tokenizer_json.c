/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "pretokenize.h"
#include "tokenizer.h"
#include "tokenizer_json.h"

enum { BYTES = 256, FIRST_STAND_IN = 0x100 };

void token_table_clear(struct token_table *table)
{
    for (size_t i = 0; i < table->n; i++)
        free(table->token[i].bytes);
    free(table->token);
    free(table->merges);
    free(table->regex);
    *table = (struct token_table){0};
}

void token_table_set(struct token_table *table, uint32_t id, const void *bytes, size_t n)
{
    while (table->n <= id) {
        table->token = mem_room(table->token, table->n, sizeof *table->token);
        table->token[table->n++] = (struct token){0};
    }
    struct token *token = &table->token[id];
    free(token->bytes);
    token->bytes = mem_new(n + 1, 1);
    memcpy(token->bytes, bytes, n);
    token->n = n;
}

static bool prints(unsigned byte)
{
    return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad && byte <= 0xff);
}

/* The bytes that do not print stand in three runs: 0x00-0x20, 0x7f-0xa0, and 0xad. */
enum { RUN_2 = FIRST_STAND_IN + 0x21, RUN_3 = RUN_2 + 0x22 };

/* The code point that stands for a byte; all are at most RUN_3. */
static unsigned character_of(unsigned byte)
{
    if (prints(byte))
        return byte;
    return byte == 0xad ? RUN_3 : byte >= 0x7f ? RUN_2 + (byte - 0x7f) : FIRST_STAND_IN + byte;
}

/* The byte that a code point stands for; -1 where it stands for none. */
static int byte_of(uint32_t character)
{
    if (character < FIRST_STAND_IN)
        return prints(character) ? (int)character : -1;
    if (character < RUN_2)
        return (int)(character - FIRST_STAND_IN);
    if (character < RUN_3)
        return (int)(character - RUN_2 + 0x7f);
    return character == RUN_3 ? 0xad : -1;
}

/* --- writing ------------------------------------------------------------------------------- */

void token_add_spelling(struct str *out, const struct token *token)
{
    for (size_t i = 0; i < token->n; i++) {
        unsigned c = character_of(token->bytes[i]);
        char utf8[2] = {(char)(0xc0 | (c >> 6)), (char)(0x80 | (c & 0x3f))};
        if (c < 0x80)
            str_addn(out, &(char){(char)c}, 1);
        else
            str_addn(out, utf8, 2);
    }
}

static void add_quoted(struct str *out, const struct token *left, const struct token *right)
{
    struct str text = {0};

    token_add_spelling(&text, left);
    if (right != NULL) {
        str_add(&text, " ");
        token_add_spelling(&text, right);
    }
    json_write_string(out, text.at);
    str_clear(&text);
}

static void add_special_tokens(struct str *out, const struct token_table *table)
{
    const char *comma = "";

    str_add(out, "  \"added_tokens\": [");
    for (size_t id = 0; id < table->n; id++) {
        if (!table->token[id].special)
            continue;
        str_addf(out, "%s\n    {\"id\": %zu, \"content\": ", comma, id);
        json_write_string(out, (const char *)table->token[id].bytes);
        str_add(out, ", \"single_word\": false, \"lstrip\": false, \"rstrip\": false, "
                     "\"normalized\": false, \"special\": true}");
        comma = ",";
    }
    str_add(out, "\n  ],\n");
}

static void add_pre_tokenizer(struct str *out, const char *regex)
{
    str_add(out, "  \"pre_tokenizer\": {\"type\": \"Sequence\", \"pretokenizers\": [\n"
                 "    {\"type\": \"Split\", \"pattern\": {\"Regex\": ");
    json_write_string(out, regex);
    str_add(out, "}, \"behavior\": \"Isolated\", \"invert\": false},\n"
                 "    {\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
                 "\"trim_offsets\": true, \"use_regex\": false}\n  ]},\n");
}

static void add_vocab(struct str *out, const struct token_table *table)
{
    const char *comma = "";

    str_add(out, "    \"vocab\": {");
    for (size_t id = 0; id < table->n; id++) {
        if (table->token[id].bytes == NULL)
            continue;
        str_addf(out, "%s\n      ", comma);
        if (table->token[id].special)
            json_write_string(out, (const char *)table->token[id].bytes);
        else
            add_quoted(out, &table->token[id], NULL);
        str_addf(out, ": %zu", id);
        comma = ",";
    }
    str_add(out, "\n    },\n");
}

static void add_merges(struct str *out, const struct token_table *table)
{
    str_add(out, "    \"merges\": [");
    for (size_t rank = 0; rank < table->merges_n; rank++) {
        const struct merge *m = &table->merges[rank];
        str_add(out, rank == 0 ? "\n      " : ",\n      ");
        add_quoted(out, &table->token[m->left], &table->token[m->right]);
    }
    str_add(out, "\n    ]\n");
}

/* What puts the mark in front; none where there is no mark. */
static void add_post_processor(struct str *out, const struct token_table *table)
{
    const char *mark;
    struct str name = {0};

    if (table->begin < 0) {
        str_add(out, "  \"post_processor\": null,\n");
        return;
    }
    mark = (const char *)table->token[table->begin].bytes;
    json_write_string(&name, mark);
    str_addf(out,
             "  \"post_processor\": {\"type\": \"TemplateProcessing\",\n"
             "    \"single\": [{\"SpecialToken\": {\"id\": %s, \"type_id\": 0}}, "
             "{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}],\n"
             "    \"pair\": [{\"SpecialToken\": {\"id\": %s, \"type_id\": 0}}, "
             "{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}}, "
             "{\"Sequence\": {\"id\": \"B\", \"type_id\": 1}}],\n"
             "    \"special_tokens\": {%s: {\"id\": %s, \"ids\": [%lld], \"tokens\": [%s]}}},\n",
             name.at, name.at, name.at, name.at, (long long)table->begin, name.at);
    str_clear(&name);
}

void token_table_write(struct str *out, const struct token_table *table)
{
    str_add(out, "{\n  \"version\": \"1.0\",\n  \"truncation\": null,\n  \"padding\": null,\n");
    add_special_tokens(out, table);
    str_add(out, "  \"normalizer\": null,\n");
    add_pre_tokenizer(out, table->regex);
    add_post_processor(out, table);
    str_add(out, "  \"decoder\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false, "
                 "\"trim_offsets\": true, \"use_regex\": false},\n"
                 "  \"model\": {\n    \"type\": \"BPE\",\n    \"dropout\": null,\n"
                 "    \"unk_token\": null,\n    \"continuing_subword_prefix\": null,\n"
                 "    \"end_of_word_suffix\": null,\n    \"fuse_unk\": false,\n"
                 "    \"byte_fallback\": false,\n");
    if (table->whole_first)
        str_add(out, "    \"ignore_merges\": true,\n");
    add_vocab(out, table);
    add_merges(out, table);
    str_add(out, "  }\n}\n");
}

/* --- reading ------------------------------------------------------------------------------- */

static bool off(const json_t *value)
{
    return value == NULL || json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static bool has_type(const json_t *object, const char *type)
{
    const char *text = json_string_value(json_object_get(object, "type"));

    return text != NULL && strcmp(text, type) == 0;
}

static int check_supported(const json_t *root, const json_t *model, struct err *err)
{
    static const char *const model_options[] = {"dropout", "continuing_subword_prefix",
                                                "end_of_word_suffix", "byte_fallback"};
    const json_t *normalizer = json_object_get(root, "normalizer");

    if (!has_type(model, "BPE"))
        return err_usage(err, "the model is not of type 'BPE'");
    if (!off(normalizer) && !has_type(normalizer, "NFC"))
        return err_usage(err, "a 'normalizer' other than NFC is not supported");
    for (size_t i = 0; i < sizeof model_options / sizeof model_options[0]; i++)
        if (!off(json_object_get(model, model_options[i])))
            return err_usage(err, "model option '%s' is not supported", model_options[i]);
    return 0;
}

/* The bytes that a token's spelling stands for; false where it has other characters. */
static bool read_spelling(unsigned char *bytes, size_t *n, const char *text, size_t len)
{
    uint32_t character;

    *n = 0;
    for (size_t i = 0, step; i < len; i += step) {
        step = utf8_read(&character, text + i, len - i);
        if (step == 0 || byte_of(character) < 0)
            return false;
        bytes[(*n)++] = (unsigned char)byte_of(character);
    }
    return true;
}

static int read_id(uint32_t *id, const json_t *value, const char *text, struct err *err)
{
    json_int_t n = json_integer_value(value);

    if (!json_is_integer(value) || n < 0 || n >= TOKENIZER_VOCAB_MAX)
        return err_usage(err, "token '%s' has no id below %d", text, TOKENIZER_VOCAB_MAX);
    *id = (uint32_t)n;
    return 0;
}

static int read_special(struct token_table *table, const json_t *root, struct err *err)
{
    const json_t *list = json_object_get(root, "added_tokens"), *one;
    size_t i;
    uint32_t id = 0;

    table->endoftext = -1;
    json_array_foreach (list, i, one) {
        const char *text = json_string_value(json_object_get(one, "content"));
        if (text == NULL || *text == '\0')
            return err_usage(err, "added token %zu has no content", i);
        if (read_id(&id, json_object_get(one, "id"), text, err) != 0)
            return -1;
        token_table_set(table, id, text, strlen(text));
        table->token[id].special = true;
        if (strcmp(text, ENDOFTEXT) == 0)
            table->endoftext = id;
    }
    return 0;
}

static int read_token(struct token_table *table, const char *text, const json_t *value,
                      struct err *err)
{
    unsigned char *bytes = mem_new(strlen(text) + 1, 1);
    size_t n = 0;
    uint32_t id = 0;
    int rc = read_id(&id, value, text, err);

    if (rc == 0 && id < table->n && table->token[id].special) {
        free(bytes);
        return 0;
    }
    if (rc == 0 && (!read_spelling(bytes, &n, text, strlen(text)) || n == 0))
        rc = err_usage(err, "token '%s' is not spelt in byte-level characters", text);
    if (rc == 0 && id < table->n && table->token[id].bytes != NULL)
        rc = err_usage(err, "id %u stands for two tokens", id);
    if (rc == 0)
        token_table_set(table, id, bytes, n);
    free(bytes);
    return rc;
}

static int read_vocab(struct token_table *table, const json_t *vocab, struct err *err)
{
    const char *text;
    json_t *value;

    if (!json_is_object(vocab))
        return err_usage(err, "the model has no 'vocab'");
    json_object_foreach ((json_t *)(uintptr_t)vocab, text, value)
        if (read_token(table, text, value, err) != 0)
            return -1;
    return 0;
}

static int find_byte_ids(struct token_table *table, struct err *err)
{
    bool found[BYTES] = {false};

    for (size_t id = 0; id < table->n; id++) {
        const struct token *token = &table->token[id];
        if (token->bytes == NULL || token->special || token->n != 1)
            continue;
        found[token->bytes[0]] = true;
        table->byte_ids[token->bytes[0]] = (uint32_t)id;
    }
    for (int byte = 0; byte < BYTES; byte++)
        if (!found[byte])
            return err_usage(err, "no token stands for the byte 0x%02x", (unsigned)byte);
    return 0;
}

/* The two spellings of one merge, put apart by a zero byte: "Ġ t" or ["Ġ", "t"]. */
static char *merge_sides(const char **right, const json_t *value)
{
    const char *text = json_string_value(value), *blank;
    const char *a = json_string_value(json_array_get(value, 0));
    const char *b = json_string_value(json_array_get(value, 1));
    char *left;

    if (text != NULL && (blank = strchr(text, ' ')) != NULL)
        left = mem_printf("%.*s%c%s", (int)(blank - text), text, '\0', blank + 1);
    else if (a != NULL && b != NULL && json_array_size(value) == 2)
        left = mem_printf("%s%c%s", a, '\0', b);
    else
        return NULL;
    *right = left + strlen(left) + 1;
    return left;
}

static bool find_token(uint32_t *id, const json_t *vocab, const char *text)
{
    const json_t *value = json_object_get(vocab, text);

    *id = (uint32_t)json_integer_value(value);
    return value != NULL;
}

static int read_merge(struct token_table *table, const json_t *vocab, size_t rank,
                      const json_t *value, struct err *err)
{
    const char *right = NULL;
    char *left = merge_sides(&right, value);
    struct merge m;

    if (left == NULL)
        return err_usage(err, "merge %zu is not a pair", rank);
    char *whole = mem_printf("%s%s", left, right);
    bool found = find_token(&m.left, vocab, left) && find_token(&m.right, vocab, right) &&
                 find_token(&m.merged, vocab, whole);
    free(whole);
    free(left);
    if (!found || table->token[m.left].special || table->token[m.right].special ||
        table->token[m.merged].special)
        return err_usage(err, "merge %zu names a token that is not in the vocabulary", rank);
    table->merges[rank] = m;
    return 0;
}

static int read_merges(struct token_table *table, const json_t *model, struct err *err)
{
    const json_t *list = json_object_get(model, "merges"), *value;
    size_t rank;

    if (!json_is_array(list) || json_array_size(list) > TOKENIZER_VOCAB_MAX)
        return err_usage(err, "the model has no 'merges', or too many");
    table->merges_n = json_array_size(list);
    table->merges = mem_new(table->merges_n, sizeof *table->merges);
    json_array_foreach (list, rank, value)
        if (read_merge(table, json_object_get(model, "vocab"), rank, value, err) != 0)
            return -1;
    return 0;
}

/* ByteLevel alone cuts by GPT-2's pattern unless told not to. */
static const char *byte_level_regex(const json_t *step)
{
    const json_t *use = json_object_get(step, "use_regex");

    if (!has_type(step, "ByteLevel") || !off(json_object_get(step, "add_prefix_space")))
        return NULL;
    return use != NULL && json_is_false(use) ? "" : split_pattern_find("gpt2");
}

static const char *split_regex(const json_t *step)
{
    const char *behavior = json_string_value(json_object_get(step, "behavior"));

    if (!has_type(step, "Split") || behavior == NULL || strcmp(behavior, "Isolated") != 0 ||
        !off(json_object_get(step, "invert")))
        return NULL;
    return json_string_value(json_object_get(json_object_get(step, "pattern"), "Regex"));
}

/* Split and then ByteLevel without an expression; or each digit alone and then ByteLevel with its
 * own. */
static const char *two_steps_regex(const json_t *first, const json_t *second)
{
    const char *rest = byte_level_regex(second);

    if (rest == NULL)
        return NULL;
    if (*rest == '\0')
        return split_regex(first);
    if (has_type(first, "Digits") && json_is_true(json_object_get(first, "individual_digits")))
        return split_pattern_find("smollm");
    return NULL;
}

static int read_pattern(struct token_table *table, const json_t *root, struct err *err)
{
    const json_t *step = json_object_get(root, "pre_tokenizer");
    const json_t *steps = json_object_get(step, "pretokenizers");
    const char *regex = byte_level_regex(step);

    if (has_type(step, "Sequence") && json_array_size(steps) == 1)
        regex = byte_level_regex(json_array_get(steps, 0));
    if (has_type(step, "Sequence") && json_array_size(steps) == 2)
        regex = two_steps_regex(json_array_get(steps, 0), json_array_get(steps, 1));
    if (regex == NULL)
        return err_usage(err,
                         "the 'pre_tokenizer' is not Split or Digits and ByteLevel as they are "
                         "done here");
    table->regex = mem_strdup(*regex != '\0' ? regex : "(?s).+");
    return 0;
}

/* The post-processor that fills a template, where there is one; alone or among others. */
static const json_t *find_template(const json_t *root)
{
    const json_t *step = json_object_get(root, "post_processor");
    const json_t *steps = json_object_get(step, "processors");

    for (size_t i = 0; i < json_array_size(steps); i++)
        if (has_type(json_array_get(steps, i), "TemplateProcessing"))
            return json_array_get(steps, i);
    return has_type(step, "TemplateProcessing") ? step : NULL;
}

/* The special token that a template puts in front of one text. */
static int read_begin(struct token_table *table, const json_t *root, struct err *err)
{
    const json_t *filled = find_template(root);
    const json_t *first = json_array_get(json_object_get(filled, "single"), 0);
    const char *name =
        json_string_value(json_object_get(json_object_get(first, "SpecialToken"), "id"));
    const json_t *ids;

    table->begin = -1;
    if (name == NULL)
        return 0;
    ids = json_object_get(json_object_get(json_object_get(filled, "special_tokens"), name), "ids");
    table->begin = json_integer_value(json_array_get(ids, 0));
    if (json_array_size(ids) != 1 || table->begin < 0 || (size_t)table->begin >= table->n ||
        !table->token[table->begin].special)
        return err_usage(err, "the 'post_processor' puts '%s' in front, which is no one token",
                         name);
    return 0;
}

int token_table_read(struct token_table *table, const json_t *root, struct err *err)
{
    const json_t *model = json_object_get(root, "model");

    if (check_supported(root, model, err) != 0 || read_pattern(table, root, err) != 0 ||
        read_special(table, root, err) != 0 || read_begin(table, root, err) != 0 ||
        read_vocab(table, json_object_get(model, "vocab"), err) != 0 ||
        find_byte_ids(table, err) != 0)
        return -1;
    table->whole_first = json_is_true(json_object_get(model, "ignore_merges"));
    return read_merges(table, model, err);
}
