/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "findings.h"
#include "mem.h"

void findings_add(struct found_studies *found, const struct record *record, const char *environment)
{
    found->studies = mem_room(found->studies, found->n, sizeof *found->studies);
    found->studies[found->n++] = (struct found_study){
        .record = record, .environment = environment != NULL ? mem_strdup(environment) : NULL};
    registry_add(&found->registry, record);
}

static bool is_name_shared(const struct found_studies *found, size_t index)
{
    const char *name = found->studies[index].record->study.name;

    for (size_t i = 0; i < found->n; i++)
        if (i != index && strcmp(found->studies[i].record->study.name, name) == 0)
            return true;
    return false;
}

static int by_study(const void *a, const void *b)
{
    const struct record *x = ((const struct found_study *)a)->record;
    const struct record *y = ((const struct found_study *)b)->record;
    int order = strcmp(x->study.name, y->study.name);

    if (order == 0)
        order = (x->study.seed > y->study.seed) - (x->study.seed < y->study.seed);
    return order != 0 ? order : strcmp(x->spec, y->spec);
}

void findings_settle(struct found_studies *found)
{
    if (found->n > 1)
        qsort(found->studies, found->n, sizeof *found->studies, by_study);
    for (size_t i = 0; i < found->n; i++) {
        const struct study *study = &found->studies[i].record->study;
        found->studies[i].label =
            is_name_shared(found, i)
                ? mem_printf("%s (seed %llu)", study->name, (unsigned long long)study->seed)
                : mem_strdup(study->name);
    }
    registry_settle(&found->registry);
}

void findings_clear(struct found_studies *found)
{
    for (size_t i = 0; i < found->n; i++) {
        free(found->studies[i].label);
        free(found->studies[i].environment);
    }
    free(found->studies);
    registry_clear(&found->registry);
    *found = (struct found_studies){0};
}

const char *findings_label(const struct found_studies *found, const struct record *record)
{
    for (size_t i = 0; i < found->n; i++)
        if (found->studies[i].record == record)
            return found->studies[i].label;
    return record->study.name;
}

/* Lines of the comment up to one that is empty; their blanks are one. */
char *findings_question(const struct study *study)
{
    struct str text = {0};

    for (const char *line = study->text; line != NULL && *line == '#';) {
        const char *end = strchr(line, '\n');
        size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
        size_t lead = strspn(line, "# ");
        if (lead >= len)
            break;
        str_add(&text, text.len > 0 ? " " : "");
        for (size_t i = lead; i < len; i++) /* blanks in a row are one */
            if (line[i] != ' ' || (i + 1 < len && line[i + 1] != ' '))
                str_addn(&text, line + i, 1);
        line = end != NULL ? end + 1 : NULL;
    }
    return text.at != NULL ? str_take(&text) : mem_strdup("");
}

static int write_one(const char *dir, const char *name, const struct str *text, struct err *err)
{
    char *path = path_join(dir, name);
    int rc = file_write(path, str_text(text), text->len, err);

    free(path);
    return rc;
}

int findings_write(const struct found_studies *found, const char *dir, struct err *err)
{
    struct str findings = {0}, experiments = {0};

    findings_compose(&findings, found);
    experiments_compose(&experiments, found);
    int rc = file_mkdirs(dir, err);
    if (rc == 0)
        rc = write_one(dir, FINDINGS_FILE, &findings, err);
    if (rc == 0)
        rc = write_one(dir, EXPERIMENTS_FILE, &experiments, err);
    str_clear(&findings);
    str_clear(&experiments);
    return rc;
}
