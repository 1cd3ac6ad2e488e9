/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "chart_script.h"
#include "html.h"
#include "mem.h"
#include "page.h"
#include "section.h"

static bool is_live(void)
{
    return chart_script_len > 0;
}

static const char *data_of(const struct figure *figure)
{
    return figure->data != NULL ? figure->data : figure->name;
}

/* --- figures -------------------------------------------------------------------------------- */

static void write_caption(struct str *out, const struct figure *figure, const char *remark)
{
    str_add(out, "<figcaption>");
    html_text(out, figure->title);
    str_add(out, ". ");
    if (remark != NULL) {
        html_text(out, remark);
        str_addf(out, "All stand in data/%s.csv. ", data_of(figure));
    }
    str_add(out, "</figcaption>\n");
}

static void write_picture(struct str *out, const struct figure *figure, const char *svg)
{
    str_add(out, "<img src=\"");
    pictures_inline(out, svg);
    str_addf(out, "\" width=\"%d\" height=\"%d\" alt=\"", figure->width, figure->height);
    html_text(out, figure->title);
    str_add(out, "\">\n");
}

static void write_figure(struct str *out, size_t i, const struct study *study,
                         const struct pictures *pictures)
{
    const struct figure *figure = figures[i];
    const char *rows = pictures->drawn[i] != NULL ? pictures->drawn[i] : pictures->csv[i];

    str_addf(out, "<figure data-chart=\"%s\" data-data=\"%s\" data-goal=\"%s\" data-metric=\"",
             figure->name, data_of(figure), study->maximize ? "maximize" : "minimize");
    html_text(out, study->metric);
    str_add(out, "\">\n");
    write_caption(out, figure, pictures->remark[i]);
    if (pictures->svg[i] != NULL)
        write_picture(out, figure, pictures->svg[i]);
    str_add(out, "</figure>\n");
    if (is_live() && rows != NULL) {
        char *id = mem_printf("data-%s", figure->name);
        html_data(out, id, rows);
        free(id);
    }
}

/* In this section, and with something to be seen: a picture, or data of a live chart. */
static bool is_shown(const struct pictures *pictures, size_t i, const char *section)
{
    return strcmp(figures[i]->section, section) == 0 &&
           (pictures->svg[i] != NULL ||
            (is_live() && (pictures->csv[i] != NULL || figures[i]->data != NULL)));
}

/* A picture says what the chart in plain text says, so that one is not shown beside it. */
static bool has_picture(const struct pictures *pictures, const char *section)
{
    for (size_t i = 0; figures[i] != NULL; i++)
        if (pictures->svg[i] != NULL && strcmp(figures[i]->section, section) == 0)
            return true;
    return false;
}

/* --- sections ------------------------------------------------------------------------------- */

static int write_section(struct str *out, const struct section *section, const struct facts *facts,
                         struct store *store, const struct pictures *pictures, struct err *err)
{
    struct str text = {0};
    int rc = -1;

    str_addf(out, "<section id=\"%s\"%s>\n<h2>", section->name,
             has_picture(pictures, section->name) ? " class=\"drawn\"" : "");
    html_text(out, section->title);
    str_add(out, "</h2>\n");
    for (size_t i = 0; figures[i] != NULL; i++)
        if (is_shown(pictures, i, section->name))
            write_figure(out, i, &facts->record->study, pictures);
    if (section_write(&text, section, facts, store, err) == 0)
        rc = html_markdown(out, str_text(&text), err);
    str_add(out, "</section>\n");
    str_clear(&text);
    return rc;
}

static void write_contents(struct str *out)
{
    str_add(out, "<nav>");
    for (size_t i = 1; sections[i] != NULL; i++) {
        str_addf(out, "<a href=\"#%s\">", sections[i]->name);
        html_text(out, sections[i]->title);
        str_add(out, "</a> ");
    }
    str_add(out, "</nav>\n");
}

int page_compose(struct str *out, const char *top, const struct facts *facts, struct store *store,
                 const struct pictures *pictures, struct err *err)
{
    struct str body = {0};
    char *title = mem_printf("Findings: %s", facts->record->study.name);
    int rc = html_markdown(&body, top, err);

    for (size_t i = 0; sections[i] != NULL && rc == 0; i++) {
        rc = write_section(&body, sections[i], facts, store, pictures, err);
        if (rc != 0)
            err_wrap(err, "section '%s'", sections[i]->name);
        if (i == 0)
            write_contents(&body);
    }
    if (rc == 0)
        html_page(out, title, str_text(&body), chart_script, (size_t)chart_script_len);
    free(title);
    str_clear(&body);
    return rc;
}
