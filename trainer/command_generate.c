/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "args.h"
#include "command.h"
#include "emit.h"
#include "file.h"
#include "generator.h"
#include "json.h"
#include "mem.h"
#include "pool.h"
#include "sampling_words.h"
#include "terminal.h"

#define PROMPTS_MOST ((size_t)64 << 20) /* bytes of a file of prompts */
#define STOPS_MOST   16

static const char help[] =
    "usage: nightshift-lm generate MODEL --prompt TEXT | --prompt-ids 1,2,3 | --prompts FILE\n"
    "                              [options]\n"
    "\n"
    "Writes on from a prompt, token by token as they come; only the new text is printed.  Of a "
    "file\n"
    "every line is a prompt, and one JSON object a line is printed.  MODEL is what `info` reads.\n"
    "The same model, prompt, seed and options give the same tokens, for any number of threads.\n"
    "\n"
    "  --tokens N              new tokens, at most (128); the model's longest text is a limit too\n"
    "  --temperature T         0 takes the most probable token (default), 1 draws as the model "
    "says\n"
    "  --top-k N               of the N most probable (0: of all)\n"
    "  --top-p P               of the fewest that have probability P together (1)\n"
    "  --min-p P               of those at least P times as probable as the first (0)\n"
    "  --repetition-penalty X  logits of tokens that were there: divided by X, or times X below 0\n"
    "  --seed N                of the draws (1)\n"
    "  --stop TEXT             ends in front of this text; may be given again\n"
    "  --ids                   print ids of new tokens alone, as many as asked for; tokens that "
    "end\n"
    "                          a text do not end it\n"
    "  --json                  one object: text, ids, why it ended, speed\n"
    "  --echo                  print the prompt first\n"
    "  --threads N             default: the processors that this process may use\n"
    "  --adapter DIR, --tokenizer DIR, --residual SCALE, --rope-theta X    as for `convert`\n";

struct words {
    struct sampling_words sampling;
    const char *model, *prompt, *prompt_ids, *prompts, *threads, *tokenizer, *adapter, *residual,
        *theta;
    const char *stops[STOPS_MOST];
    size_t n_stops;
    bool ids, json, echo, help;
};

/* Some prompts as ids, and as the texts that they were (NULL where they were ids). */
struct prompts {
    struct ids *ids;
    char **texts;
    size_t n, longest;
};

/* --- the command line ----------------------------------------------------------------------------
 */

static int add_stop(struct words *w, const char *text, struct err *err)
{
    if (text == NULL || *text == '\0')
        return err_usage(err, "option '--stop' wants a text");
    if (w->n_stops == STOPS_MOST)
        return err_usage(err, "more than %d times --stop", STOPS_MOST);
    w->stops[w->n_stops++] = text;
    return 0;
}

/* Takes every --stop out of the arguments: args_read() knows options that stand once. */
static int take_stops(struct words *w, int *argc, char **argv, struct err *err)
{
    int left = 0, at = 0;

    for (; at < *argc && strcmp(argv[at], "--") != 0; at++) {
        bool joined = strncmp(argv[at], "--stop=", 7) == 0;
        if (!joined && strcmp(argv[at], "--stop") != 0) {
            argv[left++] = argv[at];
            continue;
        }
        if (add_stop(w, joined ? argv[at] + 7 : at + 1 < *argc ? argv[at + 1] : NULL, err) != 0)
            return -1;
        at += joined ? 0 : 1;
    }
    while (at < *argc)
        argv[left++] = argv[at++];
    *argc = left;
    return 0;
}

static int check_words(const struct words *w, struct err *err)
{
    if (w->model == NULL)
        return err_usage(err, "generate wants a MODEL (see `nightshift-lm generate --help`)");
    if ((w->prompt != NULL) + (w->prompt_ids != NULL) + (w->prompts != NULL) != 1)
        return err_usage(err, "generate wants one of --prompt, --prompt-ids and --prompts");
    if (w->ids && w->n_stops > 0)
        return err_usage(err, "--ids knows no text, and so no --stop");
    if (w->ids && (w->json || w->echo))
        return err_usage(err, "--ids prints ids alone: no --json, no --echo");
    return 0;
}

static int read_words(struct words *w, int argc, char **argv, struct err *err)
{
    const struct arg table[] = {
        {"prompt", &w->prompt, NULL},
        {"prompt-ids", &w->prompt_ids, NULL},
        {"prompts", &w->prompts, NULL},
        {"tokens", &w->sampling.tokens, NULL},
        {"temperature", &w->sampling.temperature, NULL},
        {"top-k", &w->sampling.top_k, NULL},
        {"top-p", &w->sampling.top_p, NULL},
        {"min-p", &w->sampling.min_p, NULL},
        {"repetition-penalty", &w->sampling.penalty, NULL},
        {"seed", &w->sampling.seed, NULL},
        {"threads", &w->threads, NULL},
        {"tokenizer", &w->tokenizer, NULL},
        {"adapter", &w->adapter, NULL},
        {"residual", &w->residual, NULL},
        {"rope-theta", &w->theta, NULL},
        {"ids", NULL, &w->ids},
        {"json", NULL, &w->json},
        {"echo", NULL, &w->echo},
        {"help", NULL, &w->help},
    };

    if (take_stops(w, &argc, argv, err) != 0 ||
        args_read(&w->model, 1, table, sizeof table / sizeof *table, argc, argv, err) < 0)
        return -1;
    return w->help ? 0 : check_words(w, err);
}

static int read_generation(struct generation *how, const struct words *w, struct err *err)
{
    *how = (struct generation){0};
    if (sampling_words_read(how, &w->sampling, 128, err) != 0)
        return -1;
    how->through_ends = w->ids;
    how->stops = w->stops;
    how->n_stops = w->n_stops;
    return 0;
}

/* --- prompts -------------------------------------------------------------------------------------
 */

static void prompts_clear(struct prompts *p)
{
    for (size_t i = 0; i < p->n; i++) {
        ids_clear(&p->ids[i]);
        free(p->texts[i]);
    }
    free(p->ids);
    free(p->texts);
}

/* Takes the ids and the text over. */
static void add_prompt(struct prompts *p, struct ids ids, char *text)
{
    p->ids = mem_room(p->ids, p->n, sizeof *p->ids);
    p->texts = mem_room(p->texts, p->n, sizeof *p->texts);
    p->ids[p->n] = ids;
    p->texts[p->n++] = text;
    p->longest = ids.n > p->longest ? ids.n : p->longest;
}

static int add_text(struct prompts *p, struct tokenizer *t, const char *text, size_t n,
                    struct err *err)
{
    struct ids ids = {0};

    if (generator_prompt(&ids, t, text, n, err) != 0) {
        ids_clear(&ids);
        return -1;
    }
    add_prompt(p, ids, mem_strndup(text, n));
    return 0;
}

/* "1,2,3"; blanks may stand for commas. */
static int add_ids(struct prompts *p, const char *text, struct err *err)
{
    char *copy = mem_strdup(text), *rest = NULL;
    struct ids ids = {0};
    unsigned long long id;

    for (char *word = strtok_r(copy, ", ", &rest); word != NULL; word = strtok_r(NULL, ", ", &rest))
        if (integer_read(&id, word, UINT32_MAX)) {
            ids_add(&ids, (uint32_t)id);
        } else {
            err_usage(err, "--prompt-ids: '%s' is no id", word);
            ids_clear(&ids);
            free(copy);
            return -1;
        }
    free(copy);
    if (ids.n == 0)
        return err_usage(err, "--prompt-ids '%s' has no ids", text);
    add_prompt(p, ids, NULL);
    return 0;
}

static int add_lines(struct prompts *p, struct tokenizer *t, const char *path, struct err *err)
{
    char *text, *line, *end;
    size_t len;
    int rc = 0;

    if (!file_exists(path))
        return err_usage(err, "%s: no such file", path);
    if (file_read(&text, &len, path, PROMPTS_MOST, err) != 0)
        return -1;
    for (line = text; rc == 0 && line < text + len; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + len - line));
        end = end != NULL ? end : text + len;
        if (end > line)
            rc = add_text(p, t, line, (size_t)(end - line), err);
    }
    free(text);
    if (rc == 0 && p->n == 0)
        rc = err_usage(err, "%s holds no prompt", path);
    return rc;
}

static int read_prompts(struct prompts *p, struct tokenizer *t, const struct words *w,
                        struct err *err)
{
    if (w->prompt_ids != NULL)
        return add_ids(p, w->prompt_ids, err);
    if (w->prompts != NULL)
        return add_lines(p, t, w->prompts, err);
    return add_text(p, t, w->prompt, strlen(w->prompt), err);
}

/* --- results -------------------------------------------------------------------------------------
 */

static int keep_text(void *context, const char *bytes, size_t n, struct err *err)
{
    (void)err;
    str_addn(context, bytes, n);
    return 0;
}

static json_t *mended(const char *bytes, size_t n)
{
    struct str text = {0};
    json_t *out;

    terminal_mend(&text, bytes, n);
    out = json_string(str_text(&text));
    str_clear(&text);
    return out != NULL ? out : json_null();
}

static json_t *describe(const struct generated *r, const struct ids *prompt,
                        const char *prompt_text, const struct str *text)
{
    json_t *out = json_object(), *ids = json_array();
    double n = (double)r->ids.n;

    for (size_t i = 0; i < r->ids.n; i++)
        json_array_append_new(ids, json_integer(r->ids.at[i]));
    if (prompt_text != NULL)
        json_object_set_new(out, "prompt", mended(prompt_text, strlen(prompt_text)));
    json_object_set_new(out, "text",
                        text != NULL ? mended(str_text(text), text->len) : json_null());
    json_object_set_new(out, "ids", ids);
    json_object_set_new(out, "end", json_string(generation_end_names[r->end]));
    json_object_set_new(out, "prompt_tokens", json_integer((json_int_t)prompt->n));
    json_object_set_new(out, "prompt_tokens_per_s",
                        json_number_or_null((double)prompt->n / r->prompt_s));
    json_object_set_new(out, "generate_tokens_per_s",
                        json_number_or_null(n > 1 ? (n - 1) / r->tokens_s : (double)NAN));
    return out;
}

static int tell_ids(const struct generated *r, struct err *err)
{
    for (size_t i = 0; i < r->ids.n; i++)
        printf("%s%u", i > 0 ? " " : "", r->ids.at[i]);
    putchar('\n');
    return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

/* Text as it comes. */
static int stream(struct generated *r, struct generator *g, const struct prompts *p, bool echo,
                  struct err *err)
{
    struct terminal t;
    int rc = 0;

    terminal_init(&t);
    if (echo && p->texts[0] != NULL)
        rc = terminal_write(&t, p->texts[0], strlen(p->texts[0]), err);
    if (rc == 0)
        rc = generator_run(r, g, &p->ids[0], 0, terminal_write, &t, err);
    if (rc == 0)
        rc = terminal_end(&t, err);
    str_clear(&t.held);
    return rc;
}

static int one_prompt(struct generator *g, const struct prompts *p, size_t i, const struct words *w,
                      bool has_text, struct err *err)
{
    struct generated r = {0};
    struct str text = {0};
    int rc;

    if (!w->ids && !w->json && w->prompts == NULL) {
        rc = stream(&r, g, p, w->echo, err);
    } else {
        rc = generator_run(&r, g, &p->ids[i], i, keep_text, &text, err);
        if (rc == 0)
            rc = w->ids ? tell_ids(&r, err)
                        : emit_object(
                              describe(&r, &p->ids[i], p->texts[i], has_text ? &text : NULL), err);
    }
    ids_clear(&r.ids);
    str_clear(&text);
    return rc;
}

/* --- all of it -----------------------------------------------------------------------------------
 */

/* Ids in and ids out need no tokenizer; ids in and an object out take one where it is there. */
static int open_tokenizer(struct tokenizer **t, const struct words *w, const struct model_file *in,
                          struct err *err)
{
    struct err none = {0};

    if (w->prompt_ids != NULL && w->ids)
        return 0;
    if (w->prompt_ids == NULL || !w->json || w->tokenizer != NULL || w->n_stops > 0)
        return model_file_tokenizer(t, in, w->tokenizer, err);
    (void)model_file_tokenizer(t, in, NULL, &none);
    return 0;
}

static int write_all(const struct words *w, const struct generation *how, size_t threads,
                     struct model_file *in, struct tokenizer *t, struct err *err)
{
    struct prompts prompts = {0};
    struct generator *g = NULL;
    struct weights weights = {0};
    size_t length;
    int rc = -1;

    if (read_prompts(&prompts, t, w, err) != 0 || model_file_view(&weights, in, err) != 0)
        goto out;
    length = prompts.longest + how->tokens;
    if (length > (size_t)in->model.shape.seq)
        length = (size_t)in->model.shape.seq;
    model_positions_of(&in->model, length);
    rc = generator_open(&g, in, &weights, t, how, length, threads, err);
    for (size_t i = 0; rc == 0 && i < prompts.n; i++)
        rc = one_prompt(g, &prompts, i, w, t != NULL, err);
out:
    generator_close(g);
    weights_clear(&weights);
    prompts_clear(&prompts);
    return rc;
}

static int generate(const struct words *w, const struct generation *how, size_t threads,
                    struct err *err)
{
    struct format_hints hints;
    struct model_file in = {0};
    struct tokenizer *t = NULL;
    int rc = -1;

    if (format_hints_read(&hints, w->residual, w->theta, err) != 0)
        return -1;
    if (model_file_open(&in, w->model, &hints, err) == 0 &&
        (w->adapter == NULL || model_file_adapt(&in, w->adapter, err) == 0) &&
        open_tokenizer(&t, w, &in, err) == 0)
        rc = write_all(w, how, threads, &in, t, err);
    tokenizer_free(t);
    model_file_close(&in);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    uint64_t threads = pool_processors();
    struct words w = {0};
    struct generation how;

    if (read_words(&w, argc, argv, err) != 0)
        return -1;
    if (w.help)
        return emit_text(help, err);
    if (read_generation(&how, &w, err) != 0 ||
        (w.threads != NULL && args_count(&threads, "threads", w.threads, POOL_MOST, err) != 0))
        return -1;
    return generate(&w, &how, (size_t)threads, err);
}

const struct command command_generate = {"generate", "text, token by token, from a prompt", run};
