/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "file.h"
#include "log.h"
#include "mem.h"
#include "pictures.h"

static char *draw_one(const struct figure *figure, const struct facts *facts,
                      const struct thin *thin, pictures_artist *artist)
{
    struct str script = {0}, svg = {0};
    struct err err = {0};

    figure_script(&script, figure, facts, thin);
    if (script.len > 0 && artist(&svg, str_text(&script), &err) != 0) {
        log_warn("figure '%s' is left out of the report: %s", figure->name, err.text);
        str_clear(&svg);
    }
    str_clear(&script);
    return svg.len > 0 ? str_take(&svg) : NULL;
}

static char *csv_of(const struct figure *figure, const struct facts *facts)
{
    struct str csv = {0};

    if (figure->csv == NULL)
        return NULL;
    figure->csv(&csv, facts, NULL);
    return str_take(&csv);
}

/* Those that are drawn, for the live chart; NULL: it is given the CSV. */
static char *rows_of(const struct figure *figure, const struct facts *facts,
                     const struct thin *thin)
{
    struct str rows = {0};

    if (figure->rows != NULL)
        figure->rows(&rows, facts, thin);
    else if (figure->csv != NULL && thin->n < thin->all)
        figure->csv(&rows, facts, thin);
    else
        return NULL;
    return str_take(&rows);
}

/* Figure number i, with so few experiments that a page can hold them. */
static void draw_figure(struct pictures *out, size_t i, const struct facts *facts,
                        pictures_artist *artist)
{
    const struct figure *figure = figures[i];
    size_t all = facts->record->n_experiments;
    struct thin thin;
    struct str remark = {0};

    thin_choose(&thin, facts->record, figure->most > 0 ? figure->most : all);
    out->csv[i] = csv_of(figure, facts);
    out->drawn[i] = rows_of(figure, facts, &thin);
    out->svg[i] = artist != NULL ? draw_one(figure, facts, &thin, artist) : NULL;
    thin_write(&remark, &thin);
    out->remark[i] = remark.len > 0 ? str_take(&remark) : NULL;
    thin_clear(&thin);
}

void pictures_draw(struct pictures *out, const struct facts *facts, pictures_artist *artist)
{
    *out = (struct pictures){.csv = {NULL}};
    for (size_t i = 0; figures[i] != NULL; i++)
        draw_figure(out, i, facts, artist);
}

void pictures_clear(struct pictures *pictures)
{
    for (size_t i = 0; i < FIGURES_MOST; i++) {
        free(pictures->csv[i]);
        free(pictures->drawn[i]);
        free(pictures->remark[i]);
        free(pictures->svg[i]);
    }
    *pictures = (struct pictures){.csv = {NULL}};
}

/* One file, or none where there is no text.  Not synced: a report is made again from its record. */
static int write_one(const char *dir, const char *name, const char *ending, const char *text,
                     struct err *err)
{
    char *file = mem_printf("%s%s", name, ending), *path = path_join(dir, file);
    int rc;

    if (text != NULL)
        rc = file_write_unsynced(path, text, strlen(text), err);
    else
        rc = file_exists(path) ? file_remove(path, err) : 0;
    free(path);
    free(file);
    return rc;
}

int pictures_write(const struct pictures *pictures, const char *dir, struct err *err)
{
    char *data = path_join(dir, "data"), *drawn = path_join(dir, "figures");
    int rc = file_mkdirs(data, err) != 0 || file_mkdirs(drawn, err) != 0 ? -1 : 0;

    for (size_t i = 0; figures[i] != NULL && rc == 0; i++)
        if (write_one(data, figures[i]->name, ".csv", pictures->csv[i], err) != 0 ||
            write_one(drawn, figures[i]->name, ".svg", pictures->svg[i], err) != 0)
            rc = -1;
    free(drawn);
    free(data);
    return rc;
}

void pictures_inline(struct str *out, const char *svg)
{
    size_t len = strlen(svg);
    unsigned char *text = mem_new(4 * ((len + 2) / 3) + 1, 1);

    EVP_EncodeBlock(text, (const unsigned char *)svg, (int)len);
    str_addf(out, "data:image/svg+xml;base64,%s", (const char *)text);
    free(text);
}

void pictures_link(struct str *out, const struct pictures *pictures, const char *section)
{
    for (size_t i = 0; figures[i] != NULL; i++) {
        if (pictures->svg[i] == NULL || strcmp(figures[i]->section, section) != 0)
            continue;
        str_addf(out, "![%s](figures/%s.svg)", figures[i]->title, figures[i]->name);
        if (pictures->remark[i] != NULL)
            str_addf(out, " %sAll stand in data/%s.csv.", pictures->remark[i],
                     figures[i]->data != NULL ? figures[i]->data : figures[i]->name);
        str_add(out, "\n\n");
    }
}
