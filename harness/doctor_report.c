/* SPDX-License-Identifier: GPL-3.0-or-later */
/* I18: the report, made twice. */
#include <stdlib.h>
#include <string.h>

#include "doctor_part.h"
#include "report.h"
#include "run_reader.h"

enum { REPORT_MAX = 64 << 20 };

/* From a fresh load each time: nothing of the first may help the second. */
static int compose(struct str *out, const struct place *place, struct err *err)
{
    struct store *store;
    struct record record;

    if (place_load(place, &store, &record, STORE_CONFIGS | STORE_RUNS | STORE_COMMITS, err) != 0)
        return -1;
    struct run_files files = run_files_at(place);
    int rc = report_compose(out, &record, store, &files, err);
    record_clear(&record);
    store_close(store);
    return rc;
}

static bool same_line(const char *a, const char *b, size_t line)
{
    for (; line > 0; line--) {
        a += strcspn(a, "\n") + (strchr(a, '\n') != NULL);
        b += strcspn(b, "\n") + (strchr(b, '\n') != NULL);
    }
    size_t n = strcspn(a, "\n");
    return n == strcspn(b, "\n") && memcmp(a, b, n) == 0;
}

/* A link to a figure of the report is a paragraph of its own. */
static bool is_picture(const char *line)
{
    size_t n = strcspn(line, "\n");

    return strncmp(line, "![", 2) == 0 && memmem(line, n, "](figures/", 10) != NULL &&
           strncmp(line + n, "\n\n", 2) == 0;
}

static const char *skip_pictures(const char *line)
{
    while (is_picture(line))
        line += strcspn(line, "\n") + 2;
    return line;
}

/* The same text, but for pictures in the first? */
static bool same_text(const char *drawn, const char *plain)
{
    while (*(drawn = skip_pictures(drawn)) != '\0') {
        size_t n = strcspn(drawn, "\n") + 1;
        if (strncmp(drawn, plain, n) != 0)
            return false;
        drawn += n - (drawn[n - 1] == '\0');
        plain += n - (plain[n - 1] == '\0');
    }
    return *plain == '\0';
}

/* Is the report on disk about the same experiments and runs, and yet another?  Both are counted in
 * its third line. */
static bool was_changed(const struct place *place, const char *report)
{
    char *path = path_join(place->run_dir, "report/" REPORT_MARKDOWN), *text = NULL;
    struct err ignored = {0};
    bool changed = file_is_regular(path) &&
                   file_read(&text, NULL, path, REPORT_MAX, &ignored) == 0 &&
                   same_line(text, report, 2) && !same_text(text, report);

    free(text);
    free(path);
    return changed;
}

int check_report(struct finding *out, const struct patient *p, struct err *err)
{
    struct str first = {0}, second = {0};

    if (compose(&first, p->place, err) != 0 || compose(&second, p->place, err) != 0)
        str_addf(&out->violated, "the report cannot be made: %s", err->text);
    else if (!p->running && strcmp(str_text(&first), str_text(&second)) != 0)
        str_add(&out->violated, "made twice from one record, the report is not the same");
    else if (!p->running && was_changed(p->place, str_text(&first)))
        str_add(&out->note, "report/REPORT.md is older than the record, or was edited");
    str_clear(&first);
    str_clear(&second);
    return 0;
}
