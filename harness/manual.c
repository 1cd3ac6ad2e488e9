/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "manual.h"
#include "mem.h"

/* --- words within a text ---------------------------------------------------------------------- */

static void add_mark(struct str *out, char mark)
{
    str_addn(out, &mark, 1);
}

/* `code`: the length that it takes at `p`, 0 where it does not end. */
static size_t take_code(struct str *out, const char *p)
{
    const char *end = strchr(p + 1, '`');

    if (end == NULL)
        return 0;
    add_mark(out, MANUAL_BOLD_ON);
    for (const char *at = p + 1; at < end; at++) {
        bool escaped = *at == '\\' && at[1] == '|'; /* in a table a bar is escaped in code too */
        str_addn(out, at + escaped, 1);
        at += escaped;
    }
    add_mark(out, MANUAL_BOLD_OFF);
    return (size_t)(end - p) + 1;
}

/* [text](link), of which the text stays; an image goes.  The length, 0 where it is no link. */
static size_t take_link(struct str *out, const char *p, bool image)
{
    const char *open = p + image, *close = strchr(open, ']');
    const char *end = close != NULL && close[1] == '(' ? strchr(close, ')') : NULL;

    if (end == NULL)
        return 0;
    if (!image)
        str_addn(out, open + 1, (size_t)(close - open) - 1);
    return (size_t)(end - p) + 1;
}

/* What one place of the text means; the bytes that it took. */
static size_t take_inline(struct str *out, const char *p, bool *strong)
{
    size_t len = 0;

    if (*p == '`' && !*strong)
        len = take_code(out, p);
    else if (*p == '`')
        return 1;
    else if (strncmp(p, "![", 2) == 0 || *p == '[')
        len = take_link(out, p, *p == '!');
    else if (strncmp(p, "**", 2) == 0) {
        *strong = !*strong;
        add_mark(out, *strong ? MANUAL_BOLD_ON : MANUAL_BOLD_OFF);
        return 2;
    } else if (*p == '\\' && ispunct((unsigned char)p[1])) {
        str_addn(out, p + 1, 1);
        return 2;
    }
    if (len == 0) {
        str_addn(out, p, 1);
        len = 1;
    }
    return len;
}

/* A lone asterisk is emphasis where a word begins or ends there; it is dropped. */
static bool is_emphasis(const char *text, const char *p)
{
    bool before = p > text && !isspace((unsigned char)p[-1]);
    bool after = p[1] != '\0' && !isspace((unsigned char)p[1]);

    return *p == '*' && p[1] != '*' && before != after;
}

/* The caller frees. */
static char *read_inline(const char *text)
{
    struct str out = {0};
    bool strong = false;

    for (const char *p = text; *p != '\0';)
        p += is_emphasis(text, p) ? 1 : take_inline(&out, p, &strong);
    if (strong)
        add_mark(&out, MANUAL_BOLD_OFF);
    return out.at != NULL ? str_take(&out) : mem_strdup("");
}

/* --- lines to blocks -------------------------------------------------------------------------- */

struct reader {
    struct manual *out;
    struct str text; /* of the paragraph or item that goes on */
    enum block_kind kind;
    int level;
    bool fenced;    /* within ``` */
    bool first;     /* the next row is the first of its table */
    bool in_list;   /* the last block was an item */
    char *heads[8]; /* of the table that goes on; [0] NULL: none */
};

static struct block *add_block(struct reader *r, enum block_kind kind, int level)
{
    struct manual *out = r->out;

    out->blocks = mem_room(out->blocks, out->n, sizeof *out->blocks);
    out->blocks[out->n] = (struct block){.kind = kind, .level = level};
    return &out->blocks[out->n++];
}

static void flush(struct reader *r)
{
    if (r->text.len == 0)
        return;
    bool was_item = r->out->n > 0 && r->out->blocks[r->out->n - 1].kind == BLOCK_ITEM;
    struct block *block = add_block(r, r->kind, r->level);
    block->first = !was_item;
    block->text = read_inline(r->text.at);
    str_clear(&r->text);
}

static void end_table(struct reader *r)
{
    for (size_t i = 0; i < sizeof r->heads / sizeof *r->heads; i++) {
        free(r->heads[i]);
        r->heads[i] = NULL;
    }
}

static void begin(struct reader *r, enum block_kind kind, int level)
{
    flush(r);
    r->kind = kind;
    r->level = level;
}

static void add_words(struct reader *r, const char *line, size_t len)
{
    while (len > 0 && isspace((unsigned char)*line)) {
        line++;
        len--;
    }
    str_add(&r->text, r->text.len > 0 ? " " : "");
    str_addn(&r->text, line, len);
}

static void add_code(struct reader *r, const char *line, size_t len, int level)
{
    struct manual *out = r->out;
    struct block *last = out->n > 0 ? &out->blocks[out->n - 1] : NULL;
    struct str text = {0};

    flush(r);
    last = out->n > 0 ? &out->blocks[out->n - 1] : last;
    if (last == NULL || last->kind != BLOCK_CODE)
        last = add_block(r, BLOCK_CODE, level);
    str_add(&text, last->text != NULL ? last->text : "");
    str_addn(&text, line, len);
    str_add(&text, "\n");
    free(last->text);
    last->text = str_take(&text);
}

/* --- tables ----------------------------------------------------------------------------------- */

/* The cell at *p, blanks around it taken off; *p behind its bar.  The caller frees; NULL: the end.
 */
static char *next_cell(const char **p, const char *end)
{
    const char *from = *p, *at = from;

    if (from >= end)
        return NULL;
    while (at < end && (*at != '|' || (at > from && at[-1] == '\\')))
        at++;
    *p = at + 1;
    while (from < at && *from == ' ')
        from++;
    while (at > from && at[-1] == ' ')
        at--;
    return mem_strndup(from, (size_t)(at - from));
}

static bool is_rule(const char *line, size_t len)
{
    return strspn(line, "|-: ") >= len && memchr(line, '-', len) != NULL;
}

/* What the cells behind the first say: the last one, and of those between head and cell. */
static void add_more(struct str *more, const struct reader *r, size_t column, const char *cell,
                     bool last)
{
    const char *head = column < 8 && r->heads[column] != NULL ? r->heads[column] : "";

    if (*cell == '\0')
        return;
    str_add(more, more->len > 0 ? " " : "");
    if (last && more->len == 0)
        str_add(more, cell);
    else if (last)
        str_addf(more, "%s", cell);
    else
        str_addf(more, "(%s%s%s)", head, *head != '\0' ? ": " : "", cell);
}

static void add_row(struct reader *r, const char *line, size_t len)
{
    const char *p = line + 1, *end = line + len;
    struct str more = {0};
    char *first = next_cell(&p, end), *cell, *next;

    if (first == NULL)
        return;
    cell = next_cell(&p, end);
    for (size_t column = 1; cell != NULL; column++) {
        next = next_cell(&p, end);
        add_more(&more, r, column, cell, next == NULL);
        free(cell);
        cell = next;
    }
    struct block *block = add_block(r, BLOCK_ROW, 0);
    block->first = r->first;
    block->text = read_inline(first);
    block->more = read_inline(str_text(&more));
    r->first = false;
    free(first);
    str_clear(&more);
}

static void read_heads(struct reader *r, const char *line, size_t len)
{
    const char *p = line + 1, *end = line + len;

    for (size_t i = 0; i < 8; i++)
        r->heads[i] = next_cell(&p, end);
    r->first = true;
}

static void take_row(struct reader *r, const char *line, size_t len)
{
    while (len > 0 && isspace((unsigned char)line[len - 1]))
        len--;
    if (line[len - 1] == '|' && len > 1)
        len--;
    flush(r);
    if (r->heads[0] == NULL)
        read_heads(r, line, len);
    else if (!is_rule(line, len))
        add_row(r, line, len);
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Bytes of a list's mark at `line` ("* ", "- ", "1. "), 0 where there is none. */
static size_t list_mark(const char *line)
{
    size_t digits = strspn(line, "0123456789");

    if ((line[0] == '*' || line[0] == '-') && line[1] == ' ')
        return 2;
    return digits > 0 && line[digits] == '.' && line[digits + 1] == ' ' ? digits + 2 : 0;
}

static bool is_fence(const char *line)
{
    return strncmp(line + strspn(line, " "), "```", 3) == 0;
}

static void take_text(struct reader *r, const char *line, size_t len)
{
    size_t indent = strspn(line, " "), mark = list_mark(line + indent);
    size_t hashes = strspn(line, "#");

    if (hashes > 0 && line[hashes] == ' ') {
        begin(r, BLOCK_HEADING, (int)hashes);
        add_words(r, line + hashes, len - hashes);
        flush(r);
    } else if (mark > 0) {
        begin(r, BLOCK_ITEM, indent >= 2);
        add_words(r, line + indent + mark, len - indent - mark);
    } else if (indent >= 4 && r->text.len == 0 && (!r->in_list || indent >= 6)) {
        add_code(r, line + 4, len - 4, r->in_list);
    } else {
        if (r->text.len == 0)
            begin(r, BLOCK_TEXT, r->in_list && indent > 0);
        add_words(r, line, len);
    }
    r->in_list = mark > 0 || (r->in_list && indent > 0);
}

static void take_line(struct reader *r, const char *line, size_t len)
{
    if (is_fence(line)) {
        flush(r);
        r->fenced = !r->fenced;
    } else if (r->fenced) {
        add_code(r, line, len, 0);
    } else if (line[0] == '|') {
        take_row(r, line, len);
    } else if (strspn(line, " \t\r") >= len) {
        flush(r);
        end_table(r);
    } else {
        end_table(r);
        take_text(r, line, len);
    }
}

void manual_read(struct manual *out, const char *markdown, size_t len)
{
    struct reader r = {.out = out, .kind = BLOCK_TEXT};
    char *text = mem_strndup(markdown, len);

    *out = (struct manual){0};
    for (char *line = text; *line != '\0';) {
        size_t n = strcspn(line, "\n");
        bool more = line[n] == '\n';
        line[n] = '\0';
        take_line(&r, line, n);
        line += n + more;
    }
    flush(&r);
    end_table(&r);
    free(text);
}

void manual_clear(struct manual *manual)
{
    for (size_t i = 0; i < manual->n; i++) {
        free(manual->blocks[i].text);
        free(manual->blocks[i].more);
    }
    free(manual->blocks);
    *manual = (struct manual){0};
}
