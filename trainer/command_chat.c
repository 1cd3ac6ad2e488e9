/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "chat_template.h"
#include "command.h"
#include "emit.h"
#include "log.h"
#include "pool.h"
#include "sampling_words.h"
#include "terminal.h"

static const char help[] =
    "usage: nightshift-lm chat MODEL [options]\n"
    "\n"
    "Talks: a line of standard input is what you say, the answer comes as it is written.  Keys "
    "and\n"
    "values of the conversation are kept, so that a turn costs its own tokens alone.  Ctrl-C ends\n"
    "an answer, Ctrl-D (the end of the input) the conversation.\n"
    "\n"
    "  --template NAME         how a conversation is written down: smollm2, qwen2.5, chatml, "
    "llama3,\n"
    "                          plain (default: what the vocabulary has the marks of)\n"
    "  --system TEXT           what the system says first (default: the template's)\n"
    "  --tokens N              of an answer, at most (512)\n"
    "  --temperature T         0 takes the most probable token, 1 draws as the model says (0.7)\n"
    "  --top-k N, --top-p P, --min-p P, --repetition-penalty X    as for `generate`\n"
    "  --seed N                of the draws (1)\n"
    "  --threads N             default: the processors that this process may use\n"
    "  --adapter DIR, --tokenizer DIR, --residual SCALE, --rope-theta X    as for `convert`\n";

struct words {
    struct sampling_words sampling;
    const char *model, *template, *system, *threads, *adapter, *tokenizer, *residual, *theta;
    bool help;
};

static volatile sig_atomic_t interrupted; /* Ctrl-C since an answer or a line began */

static void note_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* A line that is waited for goes on being waited for: the terminal itself has dropped its start. */
static void watch_interrupt(void)
{
    struct sigaction action = {.sa_handler = note_interrupt, .sa_flags = SA_RESTART};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

/* One conversation. */
struct chat {
    const struct chat_template *template;
    const char *system; /* NULL: nothing */
    struct tokenizer *tokenizer;
    struct generator *generator;
    struct ids text; /* all that was said, as the model has it */
    size_t length;   /* of the longest text */
    uint64_t turn;
};

static int read_words(struct words *w, int argc, char **argv, struct err *err)
{
    const struct arg table[] = {
        {"template", &w->template, NULL},
        {"system", &w->system, NULL},
        {"tokens", &w->sampling.tokens, NULL},
        {"temperature", &w->sampling.temperature, NULL},
        {"top-k", &w->sampling.top_k, NULL},
        {"top-p", &w->sampling.top_p, NULL},
        {"min-p", &w->sampling.min_p, NULL},
        {"repetition-penalty", &w->sampling.penalty, NULL},
        {"seed", &w->sampling.seed, NULL},
        {"threads", &w->threads, NULL},
        {"adapter", &w->adapter, NULL},
        {"tokenizer", &w->tokenizer, NULL},
        {"residual", &w->residual, NULL},
        {"rope-theta", &w->theta, NULL},
        {"help", NULL, &w->help},
    };

    if (args_read(&w->model, 1, table, sizeof table / sizeof *table, argc, argv, err) < 0)
        return -1;
    if (w->model == NULL && !w->help)
        return err_usage(err, "chat wants a MODEL (see `nightshift-lm chat --help`)");
    return 0;
}

/* --- the conversation as ids --------------------------------------------------------------------
 */

static int say(struct chat *c, enum chat_role role, const char *said, size_t n, struct err *err)
{
    if (chat_template_add(&c->text, c->template->before[role], c->tokenizer, err) != 0 ||
        tokenizer_encode(&c->text, c->tokenizer, said, n, err) != 0)
        return -1;
    return chat_template_add(&c->text, c->template->behind, c->tokenizer, err);
}

static int begin(struct chat *c, struct err *err)
{
    c->text.n = 0;
    if (*c->template->begin == '\0' && c->template->end == NULL &&
        tokenizer_begin(c->tokenizer) >= 0)
        ids_add(&c->text, (uint32_t)tokenizer_begin(c->tokenizer));
    if (chat_template_add(&c->text, c->template->begin, c->tokenizer, err) != 0)
        return -1;
    return c->system != NULL ? say(c, CHAT_SYSTEM, c->system, strlen(c->system), err) : 0;
}

/* What was said, and the place where the answer goes. */
static int ask(struct chat *c, const char *said, size_t n, struct err *err)
{
    if (say(c, CHAT_USER, said, n, err) != 0)
        return -1;
    return chat_template_add(&c->text, c->template->before[CHAT_ASSISTANT], c->tokenizer, err);
}

/* A conversation that has grown too long begins anew with what was said last. */
static int ask_with_room(struct chat *c, const char *said, size_t n, struct err *err)
{
    if (ask(c, said, n, err) != 0)
        return -1;
    if (c->text.n < c->length)
        return 0;
    log_warn("the conversation is longer than the model's %zu tokens: it begins anew", c->length);
    return begin(c, err) == 0 ? ask(c, said, n, err) : -1;
}

/* --- turns
 * ----------------------------------------------------------------------------------------
 */

static int answer(struct chat *c, struct err *err)
{
    struct generated r = {0};
    struct terminal t;
    int rc;

    terminal_init(&t);
    rc = generator_run(&r, c->generator, &c->text, c->turn++, terminal_write, &t, err);
    for (size_t i = 0; rc == 0 && i < r.ids.n; i++)
        ids_add(&c->text, r.ids.at[i]);
    if (rc == 0)
        rc = terminal_end(&t, err);
    if (rc == 0)
        rc = chat_template_add(&c->text, c->template->behind, c->tokenizer, err);
    str_clear(&t.held);
    ids_clear(&r.ids);
    return rc;
}

/* False at the end of the input. */
static bool next_line(char **line, size_t *room, size_t *n, bool terminal)
{
    ssize_t got;

    if (terminal) {
        fputs("> ", stdout);
        fflush(stdout);
    }
    got = getline(line, room, stdin);
    *n = got > 0 ? (size_t)got : 0;
    if (*n > 0 && (*line)[*n - 1] == '\n')
        --*n;
    return got > 0;
}

static int talk(struct chat *c, struct err *err)
{
    bool terminal = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
    char *line = NULL;
    size_t room = 0, n;
    int rc = begin(c, err);

    while (rc == 0 && next_line(&line, &room, &n, terminal)) {
        interrupted = 0;
        if (n == 0)
            continue;
        rc = ask_with_room(c, line, n, err);
        if (rc == 0)
            rc = answer(c, err);
    }
    if (rc == 0 && terminal)
        putchar('\n');
    free(line);
    return rc;
}

/* --- all of it
 * ------------------------------------------------------------------------------------
 */

static int open_model(struct model_file *in, struct tokenizer **t, const struct words *w,
                      struct err *err)
{
    struct format_hints hints;

    if (format_hints_read(&hints, w->residual, w->theta, err) != 0 ||
        model_file_open(in, w->model, &hints, err) != 0)
        return -1;
    if (w->adapter != NULL && model_file_adapt(in, w->adapter, err) != 0)
        return -1;
    return model_file_tokenizer(t, in, w->tokenizer, err);
}

static int open_chat(struct chat *c, struct model_file *in, const struct words *w, struct err *err)
{
    int64_t end;

    if (chat_template_find(&c->template, w->template, in->model.arch->name, c->tokenizer, err) != 0)
        return -1;
    c->system = w->system != NULL ? w->system : c->template->system;
    c->length = (size_t)in->model.shape.seq;
    end = c->template->end != NULL ? chat_mark(c->tokenizer, c->template->end) : -1;
    model_file_end(in, end);
    return 0;
}

static int chat(const struct words *w, const struct generation *how, size_t threads,
                struct err *err)
{
    struct model_file in = {0};
    struct chat c = {0};
    struct weights weights = {0};
    int rc = -1;

    if (open_model(&in, &c.tokenizer, w, err) == 0 && open_chat(&c, &in, w, err) == 0 &&
        model_file_view(&weights, &in, err) == 0) {
        model_positions(&in.model);
        rc = generator_open(&c.generator, &in, &weights, c.tokenizer, how, c.length, threads, err);
    }
    if (rc == 0)
        rc = talk(&c, err);
    generator_close(c.generator);
    ids_clear(&c.text);
    weights_clear(&weights);
    tokenizer_free(c.tokenizer);
    model_file_close(&in);
    return rc;
}

static int run(int argc, char **argv, struct err *err)
{
    struct generation how = {.sampling = {.temperature = 0.7}, .keeps = true, .stop = &interrupted};
    uint64_t threads = pool_processors();
    struct words w = {0};

    if (read_words(&w, argc, argv, err) != 0)
        return -1;
    if (w.help)
        return emit_text(help, err);
    if (sampling_words_read(&how, &w.sampling, 512, err) != 0 ||
        (w.threads != NULL && args_count(&threads, "threads", w.threads, POOL_MOST, err) != 0))
        return -1;
    watch_interrupt();
    return chat(&w, &how, (size_t)threads, err);
}

const struct command command_chat = {"chat", "talk with a model, turn by turn", run};
