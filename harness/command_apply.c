/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "command.h"
#include "config_file.h"
#include "file.h"
#include "line_diff.h"
#include "log.h"
#include "mem.h"
#include "view.h"

extern const struct command command_apply;

/* [STUDY] [ID] FILE: the last word is the file, the one before it a number or a study. */
struct request {
    const char *study, *id, *file;
    bool dry;
};

static bool is_number(const char *word)
{
    unsigned long long n;

    return integer_read(&n, word, INT64_MAX);
}

static int read_words(struct request *out, const struct arguments *arguments, struct err *err)
{
    const char *const *words = arguments->words;
    size_t n = arguments->n_words;

    *out = (struct request){.dry = option_value(&command_apply, arguments, "dry-run") != NULL};
    if (n < 1 || n > 3)
        return err_usage(err, "apply: it takes %s", command_apply.operands);
    out->file = words[--n];
    if (n > 0 && is_number(words[n - 1]) && !place_is_study(words[n - 1]))
        out->id = words[--n];
    if (n > 0)
        out->study = words[--n];
    if (n > 0)
        return err_usage(err, "apply: '%s' is no experiment's number; it takes %s", words[1],
                         command_apply.operands);
    return 0;
}

static int choose(int64_t *out, const struct view *view, const char *id, struct err *err)
{
    if (id != NULL)
        return view_read_id(out, view, id, err);
    *out = facts_verified(&view->facts);
    if (*out > 0)
        return 0;
    return err_usage(err, "apply: nothing is verified yet; name an experiment (`nightshift best "
                          "--head` shows the search's)");
}

/* Notes every parameter's value in the file; *missing are those that it has no key for. */
static int set_values(struct config_file *file, struct str *missing, const struct space *space,
                      const struct value *config, struct err *err)
{
    size_t found = 0;

    for (size_t i = 0; i < space->n; i++) {
        const char *name = space->params[i].name;
        struct config_entry *entry = NULL;
        if (config[i].type == VALUE_NONE)
            continue;
        if (config_file_find(&entry, file, name, err) != 0)
            return -1;
        if (entry == NULL) {
            str_addf(missing, "%s%s", missing->len > 0 ? ", " : "", name);
            continue;
        }
        found++;
        if (config_file_set(file, entry, &config[i], err) != 0)
            return -1;
    }
    if (found == 0)
        return err_usage(err, "%s: none of its keys is a parameter (%s)", file->path,
                         str_text(missing));
    return 0;
}

/* By temporary name and rename, where the file really lies, with the permissions that it had. */
static int replace(const char *path, const struct str *text, struct err *err)
{
    char *real = realpath(path, NULL);
    struct stat before;
    int rc = -1;

    if (real == NULL || stat(real, &before) != 0)
        err_sys(err, "cannot find '%s'", path);
    else if (file_write(real, str_text(text), text->len, err) == 0)
        rc = chmod(real, before.st_mode & 07777) == 0
                 ? 0
                 : err_sys(err, "cannot give '%s' its permissions back", path);
    free(real);
    return rc;
}

static size_t count_changes(const struct config_file *file)
{
    size_t n = 0;

    for (size_t i = 0; i < file->n; i++)
        n += file->entries[i].new_text != NULL;
    return n;
}

static int finish(const struct config_file *file, int64_t id, const struct str *missing, bool dry,
                  struct err *err)
{
    struct str text = {0}, diff = {0};
    size_t n = count_changes(file);
    int rc;

    config_file_write(&text, file);
    if (config_file_check(file, &text, err) != 0) {
        str_clear(&text);
        return -1;
    }
    line_diff(&diff, file->path, file->text, str_text(&text), view_has_colour());
    rc = view_print(&diff, err);
    if (rc == 0 && n > 0 && !dry)
        rc = replace(file->path, &text, err);
    if (rc == 0 && missing->len > 0)
        log_info("no key in %s for: %s", file->path, str_text(missing));
    if (rc == 0)
        log_info("%s experiment %" PRId64 ": %zu value%s of %s %s", dry ? "would apply" : "applied",
                 id, n, n == 1 ? "" : "s", file->path, n > 0 ? "changed" : "differ");
    str_clear(&diff);
    str_clear(&text);
    return rc;
}

static int apply(const struct view *view, const struct request *request, struct err *err)
{
    struct config_file file;
    struct str missing = {0};
    int64_t id;

    if (choose(&id, view, request->id, err) != 0 ||
        config_file_read(&file, request->file, err) != 0)
        return -1;
    int rc = set_values(&file, &missing, &view->record.study.space,
                        view->record.experiments[id - 1].config, err);
    if (rc == 0)
        rc = finish(&file, id, &missing, request->dry, err);
    str_clear(&missing);
    config_file_clear(&file);
    return rc;
}

static int run(const struct arguments *arguments, struct err *err)
{
    struct request request;
    struct view view;

    if (read_words(&request, arguments, err) != 0 ||
        view_open(&view, request.study, option_value(&command_apply, arguments, "dir"), err) != 0)
        return -1;
    int rc = apply(&view, &request, err);
    view_close(&view);
    return rc;
}

static const struct option_row options[] = {
    {"dry-run", 'n', NULL, "only show what would change"},
    {"dir", 0, "DIR", VIEW_DIR_HELP},
    {NULL, 0, NULL, NULL},
};

const struct command command_apply = {
    .name = "apply",
    .operands = "[STUDY] [ID] FILE",
    .summary = "write a config into your own YAML or JSON file",
    .help =
        "The values of experiment ID, or of the verified incumbent, take the places of those in\n"
        "FILE; every other byte stays: comments, order, spacing, quotes.  The diff is printed,\n"
        "the file replaced whole or not at all.\n"
        "\n"
        "A parameter means the key of its name, `optimizer.lr` the key lr within optimizer; a\n"
        "name that stands nowhere as a whole path is looked for at any depth, and must be there\n"
        "once.  Parameters without a key in FILE are told of.\n"
        "\n"
        "  nightshift apply 23 config.yaml --dry-run\n"
        "  nightshift apply config.yaml && git diff\n",
    .options = options,
    .run = run,
};
