/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "command.h"
#include "pager.h"
#include "str.h"
#include "version.h"

/* clang-format off */
extern const struct command command_init;      /* begin */
extern const struct command command_import;
extern const struct command command_check;
extern const struct command command_noise;
extern const struct command command_run;
extern const struct command command_stop;
extern const struct command command_enqueue;
extern const struct command command_note;
extern const struct command command_apply;
extern const struct command command_status;    /* look */
extern const struct command command_watch;
extern const struct command command_log;
extern const struct command command_show;
extern const struct command command_diff;
extern const struct command command_best;
extern const struct command command_confirm;   /* believe */
extern const struct command command_reproduce;
extern const struct command command_hypotheses;
extern const struct command command_report;
extern const struct command command_serve;
extern const struct command command_export;
extern const struct command command_doctor;
extern const struct command command_list;
extern const struct command command_complete;
extern const struct command command_help;

const struct command *const commands[] = {
    &command_init,
    &command_import,
    &command_check,
    &command_noise,
    &command_run,
    &command_stop,
    &command_enqueue,
    &command_note,
    &command_apply,
    &command_status,
    &command_watch,
    &command_log,
    &command_show,
    &command_diff,
    &command_best,
    &command_confirm,
    &command_reproduce,
    &command_hypotheses,
    &command_report,
    &command_serve,
    &command_export,
    &command_doctor,
    &command_list,
    &command_complete,
    &command_help,
    NULL,
};
/* clang-format on */

const struct command *command_find(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* What came from outside may stand in an error, but must not reach a terminal as it is. */
static void say_error(const char *text)
{
    struct str safe = {0};

    str_add(&safe, "nightshift: ");
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        str_add_printable(&safe, text, len, len);
        str_add(&safe, "\n");
        text += len + (text[len] == '\n');
    }
    fputs(str_text(&safe), stderr);
    str_clear(&safe);
}

/* What was meant by `word`, one of names[n]. */
static int unknown(const char *what, const char *word, const char *const *names, size_t n)
{
    const char *near = word_suggest(word, names, n);
    struct err err;

    if (near != NULL)
        err_usage(&err, "unknown %s '%s' (did you mean '%s'?)", what, word, near);
    else
        err_usage(&err, "unknown %s '%s'; see `nightshift help`", what, word);
    say_error(err.text);
    return err.code;
}

static int unknown_command(const char *word)
{
    static const char *const options[] = {"--help", "--version"};
    const char *names[sizeof commands / sizeof(const struct command *)];
    size_t n = 0;

    if (*word == '-')
        return unknown("option", word, options, sizeof options / sizeof *options);
    for (; commands[n] != NULL; n++)
        names[n] = commands[n]->name;
    return unknown("command", word, names, n);
}

/* A command that may be paged has the option --no-pager; its help is paged too. */
static pid_t begin_pager(const struct command *command, const struct arguments *arguments)
{
    for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++)
        if (strcmp(row->name, "no-pager") == 0)
            return option_value(command, arguments, row->name) == NULL ? pager_begin() : 0;
    return 0;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct arguments arguments;
    struct err err = {0};
    bool help;
    pid_t pager = 0;
    int status = arguments_read(&arguments, &help, command, argc, argv, &err);

    if (status == 0) {
        pager = begin_pager(command, &arguments);
        if (help)
            arguments_help(command);
        else
            status = command->run(&arguments, &err);
        arguments_free(&arguments);
    }
    if (fflush(stdout) != 0 && status == 0)
        status = err_sys(&err, "cannot write to standard output");
    pager_end(pager);
    if (status < 0)
        say_error(err.text);
    return status < 0 ? (int)err.code : status;
}

static int print_version(void)
{
    struct str text = {0};
    struct err err = {0};
    int rc = 0;

    version_write(&text);
    if (fputs(str_text(&text), stdout) < 0 || fflush(stdout) != 0)
        rc = err_sys(&err, "cannot write to standard output");
    str_clear(&text);
    if (rc != 0)
        say_error(err.text);
    return rc != 0 ? err.code : 0;
}

int command_main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (strcmp(name, "--version") == 0)
        return print_version();
    if (argc < 2 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    const struct command *command = command_find(name);
    if (command == NULL)
        return unknown_command(name);
    int status = run_command(command, argc > 1 ? argc - 1 : 1, argc > 1 ? argv + 1 : argv);
    return argc < 2 ? ERR_USAGE : status;
}
