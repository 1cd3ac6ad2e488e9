/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "answer_read.h"
#include "json.h"
#include "settings.h"
#include "source.h"

static const char *const keys[] = {"params", "patch", "message"};
enum { N_KEYS = sizeof keys / sizeof *keys };

static int refuse_key(const char *key, struct err *err)
{
    const char *meant = word_suggest(key, keys, N_KEYS);

    if (meant != NULL)
        return err_usage(err, "unknown key '%.60s' (did you mean '%s'?)", key, meant);
    return err_usage(err, "unknown key '%.60s'", key);
}

static bool is_key(const char *key)
{
    for (size_t i = 0; i < N_KEYS; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static int check_shape(const json_t *answer, struct err *err)
{
    const json_t *message = json_object_get(answer, "message");
    const json_t *params = json_object_get(answer, "params");
    const json_t *patch = json_object_get(answer, "patch");
    const char *key;
    json_t *value;

    if (!json_is_object(answer))
        return err_usage(err, "the answer is no JSON object");
    json_object_foreach ((json_t *)(uintptr_t)answer, key, value)
        if (!is_key(key))
            return refuse_key(key, err);
    if (params == NULL && patch == NULL)
        return err_usage(err, "the answer has neither 'params' nor 'patch'");
    if (params != NULL && !json_is_object(params))
        return err_usage(err, "'params' is no object of names and values");
    if (patch != NULL && !json_is_string(patch))
        return err_usage(err, "'patch' is no text");
    if (message != NULL && !json_is_string(message))
        return err_usage(err, "'message' is no text");
    return 0;
}

int answer_parse(json_t **out, const char *text, size_t len, struct err *err)
{
    *out = NULL;
    if (strspn(text, " \t\r\n") == len)
        return err_usage(err, "it printed nothing");
    if (json_read(out, text, len, "answer", err) == 0 && check_shape(*out, err) == 0)
        return 0;
    err->code = ERR_USAGE;
    json_decref(*out);
    *out = NULL;
    return -1;
}

/* A JSON value as the text that the space reads; NULL where it is neither number, text nor truth
 * value. */
static json_t *as_text(const json_t *value)
{
    struct str text = {0};

    if (json_is_string(value))
        return json_string(json_string_value(value));
    if (!json_is_number(value) && !json_is_boolean(value))
        return NULL;
    json_write(&text, value);
    json_t *out = json_string(str_text(&text));
    str_clear(&text);
    return out;
}

/* The named values as text.  The caller decrefs. */
static int read_params(json_t **out, const json_t *params, struct err *err)
{
    const char *name;
    json_t *value;

    *out = json_object();
    json_object_foreach ((json_t *)(uintptr_t)params, name, value) {
        json_t *text = as_text(value);
        if (text == NULL)
            return err_usage(
                err, "the value of '%.60s' is neither a number, a text, true nor false", name);
        json_object_set_new(*out, name, text);
    }
    return 0;
}

/* The same config is another experiment where the trainer is another. */
static int check_new(const struct value *config, const char *source, const struct record *record,
                     struct err *err)
{
    const struct space *space = &record->study.space;
    const char *broken;

    if (!space_allows(space, config, &broken))
        return err_usage(err, "it breaks the constraint '%s'", broken);
    for (size_t i = 0; i < record->n_experiments; i++)
        if (space_same(space, config, record->experiments[i].config) &&
            strcmp(source, record->experiments[i].source) == 0)
            return err_usage(err, "this config was tried before");
    return 0;
}

int answer_apply(struct value *config, const json_t *answer, const char *source,
                 const struct record *record, int64_t against, struct err *err)
{
    const struct space *space = &record->study.space;
    const struct experiment *head = &record->experiments[against - 1];
    json_t *wanted = NULL;

    memcpy(config, head->config, space->n * sizeof *config);
    int rc = read_params(&wanted, json_object_get(answer, "params"), err);
    if (rc == 0)
        rc = settings_apply(config, space, wanted, err);
    if (rc == 0)
        rc = check_new(config, source[0] != '\0' ? source : head->source, record, err);
    json_decref(wanted);
    return rc;
}

int answer_apply_recorded(struct value *config, const struct answer *recorded,
                          const struct record *record, int64_t against, struct err *err)
{
    json_t *answer;

    if (answer_parse(&answer, recorded->text, strlen(recorded->text), err) != 0)
        return -1;
    int rc = answer_apply(config, answer, recorded->source, record, against, err);
    json_decref(answer);
    return rc;
}

int answer_patch(char out[41], const char *text, struct ledger *source, const char *base,
                 const struct study *study, struct err *err)
{
    json_t *answer;

    if (answer_parse(&answer, text, strlen(text), err) != 0)
        return -1;
    const char *patch = json_string_value(json_object_get(answer, "patch"));
    int rc = patch == NULL ? err_usage(err, "the answer has no patch")
                           : source_patch(source, out, base, patch, study, err);
    json_decref(answer);
    return rc;
}
