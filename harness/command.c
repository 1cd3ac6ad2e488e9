/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "command.h"
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

/* What was meant by `word`, one of names[n]. */
static int unknown(const char *what, const char *word, const char *const *names, size_t n)
{
    const char *near = word_suggest(word, names, n);
    struct err err;

    if (near != NULL)
        err_usage(&err, "unknown %s '%s' (did you mean '%s'?)", what, word, near);
    else
        err_usage(&err, "unknown %s '%s'; see `nightshift help`", what, word);
    command_complain(err.text);
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
        command_complain(err.text);
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
    int status = command_call(command, argc > 1 ? argc - 1 : 1, argc > 1 ? argv + 1 : argv);
    return argc < 2 ? ERR_USAGE : status;
}
