/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "mem.h"
#include "prepare.h"
#include "str.h"
#include "tokenizer.h"

extern const struct command command_prepare;

struct request {
    struct prepare_options options;
    const char **texts;
    size_t texts_n;
    const char *learns; /* the latest option of a tokenizer that is learned; NULL: none was given */
    bool help;
};

/* One option of the command line: `set` reads its argument. */
struct option_row {
    const char *name, *argument, *help;
    int (*set)(struct request *r, const char *text, struct err *err);
};

static int add_text(struct request *r, const char *text, struct err *err)
{
    (void)err;
    r->texts = mem_room(r->texts, r->texts_n, sizeof *r->texts);
    r->texts[r->texts_n++] = text;
    return 0;
}

static int set_out(struct request *r, const char *text, struct err *err)
{
    (void)err;
    r->options.out = text;
    return 0;
}

static int set_vocab(struct request *r, const char *text, struct err *err)
{
    unsigned long long n;

    if (!integer_read(&n, text, TOKENIZER_VOCAB_MAX) || n < TOKENIZER_VOCAB_MIN)
        return err_usage(err, "--vocab '%s' is not a whole number from %d to %d", text,
                         TOKENIZER_VOCAB_MIN, TOKENIZER_VOCAB_MAX);
    r->options.vocab = (uint32_t)n;
    r->learns = "vocab";
    return 0;
}

static int set_documents(struct request *r, const char *text, struct err *err)
{
    static const char *const names[] = {"auto", "endoftext", "files", "blank-lines"};
    enum document_end end;
    const char *meant;

    if (strcmp(text, "auto") == 0) {
        r->options.end = PREPARE_END_AUTO;
        return 0;
    }
    if (document_end_find(&end, text) == 0) {
        r->options.end = (int)end;
        return 0;
    }
    if ((meant = word_suggest(text, names, 4)) != NULL)
        return err_usage(err, "unknown --documents '%s' (did you mean '%s'?)", text, meant);
    return err_usage(err, "unknown --documents '%s' (auto, endoftext, files or blank-lines)", text);
}

static int read_share(double *out, const char *name, const char *text, struct err *err)
{
    if (!number_read(out, text) || !(*out >= 0 && *out <= 0.5))
        return err_usage(err, "--%s '%s' is not a share from 0 to 0.5", name, text);
    return 0;
}

static int set_val(struct request *r, const char *text, struct err *err)
{
    return read_share(&r->options.val, "val", text, err);
}

static int set_test(struct request *r, const char *text, struct err *err)
{
    return read_share(&r->options.test, "test", text, err);
}

static int set_pattern(struct request *r, const char *text, struct err *err)
{
    if (*text == '\0')
        return err_usage(err, "--pattern is empty");
    r->options.regex = split_pattern_find(text);
    r->learns = "pattern";
    return 0;
}

static int set_train_bytes(struct request *r, const char *text, struct err *err)
{
    unsigned long long n;

    if (!integer_read(&n, text, INT64_MAX) || n == 0)
        return err_usage(err, "--train-bytes '%s' is not a positive whole number", text);
    r->options.train_bytes = (int64_t)n;
    r->learns = "train-bytes";
    return 0;
}

static int set_tokenizer(struct request *r, const char *text, struct err *err)
{
    (void)err;
    r->options.tokenizer = text;
    return 0;
}

static int set_help(struct request *r, const char *text, struct err *err)
{
    (void)text;
    (void)err;
    r->help = true;
    return 0;
}

/* clang-format off */
static const struct option_row rows[] = {
    {"text", "FILE...", "text files, any bytes; further FILEs may follow", add_text},
    {"out", "DIR", "the folder to write; made anew as a whole", set_out},
    {"vocab", "N", "tokens in the vocabulary, 257 to 1000000 [2048]", set_vocab},
    {"documents", "HOW", "where documents end besides file ends: endoftext (at <|endoftext|>),\n"
                  "files (nowhere else), blank-lines, or auto [auto]: endoftext where the\n"
                  "text holds a mark, else files where there are several, else blank-lines", set_documents},
    {"val", "SHARE", "share of the text kept for validation [0.05]", set_val},
    {"test", "SHARE", "share kept for the final test, at the end of the text [0.05]", set_test},
    {"pattern", "P", "how text is cut before merging: cl100k, gpt2, qwen2, smollm, or a\n"
                  "regular expression (PCRE2 with Unicode; no look-behind) [cl100k]", set_pattern},
    {"tokenizer", "MODEL", "use this model's tokenizer, or tokenizer.json of a folder, and learn none", set_tokenizer},
    {"train-bytes", "N", "learn the tokenizer from the first N bytes of the training text [all]", set_train_bytes},
    {"help", NULL, "this text", set_help},
};
/* clang-format on */
enum { ROWS = sizeof rows / sizeof rows[0] };

static void print_row(const struct option_row *row)
{
    char left[40];

    snprintf(left, sizeof left, "--%s%s%s", row->name, row->argument != NULL ? " " : "",
             row->argument != NULL ? row->argument : "");
    printf("  %-18s ", left);
    for (const char *p = row->help; *p != '\0'; p++) {
        putchar(*p);
        if (*p == '\n')
            printf("%21s", "");
    }
    putchar('\n');
}

static int print_help(struct err *err)
{
    puts("usage: nightshift-lm prepare --text FILE... --out DIR [--vocab N] [options]\n\n"
         "Learns a byte-level BPE tokenizer from text and writes what `train` reads:\n"
         "train.bin, val.bin, test.bin (token ids), tokenizer.json and meta.json.\n"
         "The text is cut into three contiguous blocks at document borders: training first,\n"
         "validation and test last. The tokenizer learns from the training block alone.\n");
    for (int i = 0; i < ROWS; i++)
        print_row(&rows[i]);
    puts("\nexample (Debian packages bible-kjv and bible-kjv-text):\n"
         "  bible 'Gen1:1-Rev22:21' > kjv.txt\n"
         "  nightshift-lm prepare --text kjv.txt --vocab 2048 --out data/kjv\n\n"
         "The same text and options give the same bytes. Formats: docs/data.md.");
    return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

static int unknown_option(const char *given, struct err *err)
{
    const char *names[ROWS];

    for (int i = 0; i < ROWS; i++)
        names[i] = rows[i].name;
    const char *meant = strncmp(given, "--", 2) == 0 ? word_suggest(given + 2, names, ROWS) : NULL;
    if (meant != NULL)
        return err_usage(err, "prepare: unknown option '%s' (did you mean '--%s'?)", given, meant);
    return err_usage(err, "prepare: unknown option '%s' (see prepare --help)", given);
}

static void fill_long_options(struct option out[ROWS + 1])
{
    memset(out, 0, (ROWS + 1) * sizeof *out);
    for (int i = 0; i < ROWS; i++) {
        out[i].name = rows[i].name;
        out[i].has_arg = rows[i].argument != NULL ? required_argument : no_argument;
    }
}

/* Operands are further text files, in the order given. */
static int read_arguments(struct request *r, int argc, char **argv, struct err *err)
{
    struct option options[ROWS + 1];
    int got, row = 0;

    fill_long_options(options);
    optind = 0;
    opterr = 0;
    while ((got = getopt_long(argc, argv, "-:h", options, &row)) != -1) {
        int rc = 0;
        if (got == ':')
            rc = err_usage(err, "prepare: option '%s' needs an argument", argv[optind - 1]);
        else if (got == '?')
            rc = unknown_option(argv[optind - 1], err);
        else if (got == 1)
            rc = add_text(r, optarg, err);
        else
            rc = got == 'h' ? set_help(r, NULL, err) : rows[row].set(r, optarg, err);
        if (rc != 0)
            return -1;
    }
    for (int i = optind; i < argc; i++)
        add_text(r, argv[i], err);
    return 0;
}

static int check_request(struct request *r, struct err *err)
{
    r->options.texts = r->texts;
    r->options.texts_n = r->texts_n;
    if (r->texts_n == 0)
        return err_usage(err, "prepare: no text: give --text FILE (see prepare --help)");
    if (r->options.out == NULL)
        return err_usage(err, "prepare: no output folder: give --out DIR (see prepare --help)");
    if (r->options.tokenizer != NULL && r->learns != NULL)
        return err_usage(err, "prepare: --%s is what --tokenizer has already", r->learns);
    if (r->options.val + r->options.test > 0.9)
        return err_usage(err, "prepare: --val and --test leave less than a tenth for training");
    return 0;
}

static volatile sig_atomic_t stop_signal; /* the signal that asked us to end, once it came */

static void note_signal(int number)
{
    stop_signal = number;
}

/* One that is ignored (nohup) stays ignored. */
static void listen_to(int number)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART}, before;

    sigemptyset(&action.sa_mask);
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(number, &action, NULL);
}

/* 128 and the signal where one ended the work, as a shell counts. */
static int prepare_until_stopped(struct prepare_options *options, struct err *err)
{
    options->stop = &stop_signal;
    listen_to(SIGINT);
    listen_to(SIGTERM);
    listen_to(SIGHUP);
    if (prepare(options, err) == 0)
        return 0;
    if (stop_signal == 0)
        return -1;
    fprintf(stderr, "nightshift-lm: %s\n", err->text);
    return 128 + stop_signal;
}

static int run(int argc, char **argv, struct err *err)
{
    struct request r = {.options = {.vocab = 2048,
                                    .val = 0.05,
                                    .test = 0.05,
                                    .end = PREPARE_END_AUTO,
                                    .regex = split_pattern_find("cl100k")}};
    int rc = read_arguments(&r, argc, argv, err);

    if (rc == 0 && r.help)
        rc = print_help(err);
    else if (rc == 0 && (rc = check_request(&r, err)) == 0)
        rc = prepare_until_stopped(&r.options, err);
    free(r.texts);
    return rc;
}

const struct command command_prepare = {"prepare", "text to tokenizer and token files", run};
