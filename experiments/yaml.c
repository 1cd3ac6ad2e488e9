/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libfyaml.h>

#include "mem.h"
#include "str.h"
#include "yaml.h"

void yaml_free(struct yaml *node)
{
    if (node == NULL)
        return;
    for (size_t i = 0; i < node->n; i++)
        yaml_free(node->items[i]);
    free(node->items);
    free(node->key);
    free(node->text);
    free(node);
}

const struct yaml *yaml_find(const struct yaml *map, const char *key)
{
    for (size_t i = 0; map->kind == YAML_MAP && i < map->n; i++)
        if (strcmp(map->items[i]->key, key) == 0)
            return map->items[i];
    return NULL;
}

/* --- errors ----------------------------------------------------------------------------------- */

/* The message may quote the file, so it is made printable and one line. */
static int refuse_place(struct err *err, const char *file, int line, int column, const char *fmt,
                        va_list args)
{
    char text[sizeof err->text];
    struct str clean = {NULL, 0};

    vsnprintf(text, sizeof text, fmt, args);
    str_add_printable(&clean, text, strlen(text), sizeof text);
    err_usage(err, "%s:%d:%d: %s", file, line, column, str_text(&clean));
    str_clear(&clean);
    return -1;
}

static int refuse_mark(struct err *err, const char *file, int line, int column, const char *fmt,
                       ...) __attribute__((format(printf, 5, 6)));
static int refuse_mark(struct err *err, const char *file, int line, int column, const char *fmt,
                       ...)
{
    va_list args;

    va_start(args, fmt);
    refuse_place(err, file, line, column, fmt, args);
    va_end(args);
    return -1;
}

int yaml_refuse(const struct yaml *node, struct err *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    refuse_place(err, node->file, node->line, node->column, fmt, args);
    va_end(args);
    return -1;
}

int yaml_refuse_key(const struct yaml *node, struct err *err, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    refuse_place(err, node->file, node->key_line, node->key_column, fmt, args);
    va_end(args);
    return -1;
}

int yaml_refuse_at(const struct yaml *node, int at, struct err *err, const char *fmt, ...)
{
    int column = node->verbatim ? node->column + !node->plain + at - 1 : node->column;
    va_list args;

    va_start(args, fmt);
    refuse_place(err, node->file, node->line, column, fmt, args);
    va_end(args);
    return -1;
}

/* --- characters ------------------------------------------------------------------------------- */

static bool is_control(uint32_t code, bool line_ends)
{
    if (code == '\n' || code == '\t' || code == '\r')
        return !line_ends;
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

static int check_bytes(const char *text, size_t len, const char *name, struct err *err)
{
    int line = 1, column = 1;

    if (len > YAML_MAX_BYTES)
        return err_usage(err, "%s: larger than %d bytes", name, YAML_MAX_BYTES);
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t n = utf8_read(&code, text + i, len - i);
        if (n == 0)
            return refuse_mark(err, name, line, column, "byte 0x%02x is not UTF-8",
                               (unsigned char)text[i]);
        if (is_control(code, true))
            return refuse_mark(err, name, line, column, "control character U+%04X", code);
        column = code == '\n' ? 1 : column + 1;
        line += code == '\n';
        i += n;
    }
    return 0;
}

/* A scalar may hold what the file itself cannot: "\0" and "\x1b" of a quoted one. */
static bool text_is_clean(const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        size_t n = utf8_read(&code, text + i, len - i);
        if (n == 0 || is_control(code, true))
            return false;
        i += n;
    }
    return true;
}

/* --- from the parser's events to the tree ------------------------------------------------------
 */

struct builder {
    const char *file, *source; /* source [source_len] is the whole text */
    size_t source_len;
    struct yaml *root;
    struct yaml *open[YAML_MAX_DEPTH]; /* [depth] the lists and maps that have begun */
    int depth;
    struct yaml *member; /* a node with its key only: the next event is its value */
    int line, column;    /* where the event at hand begins */
    int documents;
};

static int refuse_here(const struct builder *b, struct err *err, const char *what)
{
    return refuse_mark(err, b->file, b->line, b->column, "%s", what);
}

/* Places of what has no place of its own (an empty value) are those of the key before it. */
static void set_place(struct builder *b, struct fy_token *token)
{
    const struct fy_mark *mark = token != NULL ? fy_token_start_mark(token) : NULL;

    if (mark == NULL)
        return;
    b->line = mark->line + 1;
    b->column = mark->column + 1;
}

static bool scalar_is_verbatim(const struct builder *b, struct fy_token *token, const char *text,
                               size_t len)
{
    const struct fy_mark *mark = fy_token_start_mark(token);

    return mark != NULL && mark->input_pos + len <= b->source_len &&
           memcmp(b->source + mark->input_pos, text, len) == 0 && memchr(text, '\n', len) == NULL;
}

/* A node of its own, hung into the list that is open, or the root; NULL: the list is full. */
static struct yaml *add_node(struct builder *b, struct err *err)
{
    struct yaml *parent = b->depth > 0 ? b->open[b->depth - 1] : NULL;

    if (parent != NULL && parent->n == YAML_MAX_ITEMS) {
        refuse_mark(err, b->file, b->line, b->column, "more than %d entries", YAML_MAX_ITEMS);
        return NULL;
    }
    struct yaml *node = mem_new(1, sizeof *node);
    node->file = b->file;
    if (parent != NULL) {
        parent->items = mem_room(parent->items, parent->n, sizeof(struct yaml *));
        parent->items[parent->n++] = node;
    } else {
        b->root = node;
    }
    return node;
}

/* The node that the event at hand is for: the member that waits for its value, else a new one.
 * NULL: refused. */
static struct yaml *take_node(struct builder *b, struct err *err)
{
    struct yaml *node = b->member != NULL ? b->member : add_node(b, err);

    b->member = NULL;
    if (node == NULL)
        return NULL;
    node->line = b->line;
    node->column = b->column;
    return node;
}

static bool expects_key(const struct builder *b)
{
    return b->depth > 0 && b->open[b->depth - 1]->kind == YAML_MAP && b->member == NULL;
}

static int add_key(struct builder *b, const char *text, size_t len, struct err *err)
{
    char *key = mem_strndup(text, len);
    const struct yaml *before = yaml_find(b->open[b->depth - 1], key);
    struct yaml *node = NULL;

    if (before != NULL)
        refuse_mark(err, b->file, b->line, b->column, "duplicate key '%s' (first in line %d)", key,
                    before->key_line);
    else if (strcmp(key, "<<") == 0)
        refuse_here(b, err, "merge keys are not supported; write the values out");
    else
        node = take_node(b, err);
    if (node == NULL) {
        free(key);
        return -1;
    }
    node->key = key;
    node->key_line = b->line;
    node->key_column = b->column;
    b->member = node;
    return 0;
}

static int add_scalar(struct builder *b, struct fy_token *token, struct err *err)
{
    size_t len = 0;
    const char *text = fy_token_get_text(token, &len);
    enum fy_scalar_style style = fy_token_scalar_style(token);

    if (style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED)
        b->column--; /* the token's mark is behind the quote */
    if (text == NULL || !text_is_clean(text, len))
        return refuse_here(b, err, "control character in a text");
    if (expects_key(b))
        return add_key(b, text, len, err);
    struct yaml *node = take_node(b, err);
    if (node == NULL)
        return -1;
    node->kind = YAML_SCALAR;
    node->text = mem_strndup(text, len);
    node->plain = style == FYSS_PLAIN;
    node->verbatim = scalar_is_verbatim(b, token, text, len);
    return 0;
}

static int open_node(struct builder *b, enum yaml_kind kind, struct err *err)
{
    if (expects_key(b))
        return refuse_here(b, err, "a key must be a word");
    if (b->depth == YAML_MAX_DEPTH)
        return refuse_mark(err, b->file, b->line, b->column, "nested deeper than %d levels",
                           YAML_MAX_DEPTH);
    struct yaml *node = take_node(b, err);
    if (node == NULL)
        return -1;
    node->kind = kind;
    b->open[b->depth++] = node;
    return 0;
}

/* Refuses what hides a value's meaning from the reader of the file. */
static int refuse_extras(struct builder *b, struct fy_token *anchor, struct fy_token *tag,
                         struct err *err)
{
    if (anchor != NULL) {
        set_place(b, anchor);
        return refuse_here(b, err, "anchors are not supported");
    }
    if (tag != NULL) {
        set_place(b, tag);
        return refuse_here(b, err, "tags are not supported");
    }
    return 0;
}

static int take_event(struct builder *b, struct fy_event *event, struct err *err)
{
    set_place(b, fy_event_get_token(event));
    switch (event->type) {
    case FYET_DOCUMENT_START:
        return ++b->documents > 1 ? refuse_here(b, err, "a second document begins") : 0;
    case FYET_ALIAS:
        return refuse_here(b, err, "aliases are not supported; write the value out");
    case FYET_SCALAR:
        if (refuse_extras(b, event->scalar.anchor, event->scalar.tag, err) != 0)
            return -1;
        return add_scalar(b, event->scalar.value, err);
    case FYET_SEQUENCE_START:
        if (refuse_extras(b, event->sequence_start.anchor, event->sequence_start.tag, err) != 0)
            return -1;
        return open_node(b, YAML_LIST, err);
    case FYET_MAPPING_START:
        if (refuse_extras(b, event->mapping_start.anchor, event->mapping_start.tag, err) != 0)
            return -1;
        return open_node(b, YAML_MAP, err);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        b->depth--;
        return 0;
    default:
        return 0;
    }
}

/* What the library found: its first error, or nothing at all. */
static int check_parser(const struct builder *b, struct fy_parser *parser, struct fy_diag *diag,
                        struct err *err)
{
    void *at = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);

    if (first != NULL && first->line > 0)
        return refuse_mark(err, b->file, first->line, first->column, "%s", first->msg);
    if (first != NULL || fy_parser_get_stream_error(parser))
        return err_usage(err, "%s: %s", b->file,
                         first != NULL ? first->msg : "cannot be read as YAML");
    if (b->root == NULL)
        return err_usage(err, "%s: the file is empty", b->file);
    return 0;
}

static int build(struct builder *b, struct fy_parser *parser, struct fy_diag *diag, struct err *err)
{
    struct fy_event *event;
    int rc = 0;

    if (fy_parser_set_string(parser, b->source, b->source_len) != 0)
        return err_environment(err, "%s: the YAML parser does not start", b->file);
    while (rc == 0 && (event = fy_parser_parse(parser)) != NULL) {
        rc = take_event(b, event, err);
        fy_parser_event_free(parser, event);
    }
    return rc != 0 ? rc : check_parser(b, parser, diag, err);
}

int yaml_parse(struct yaml **out, const char *text, size_t len, const char *name, struct err *err)
{
    struct builder b = {.file = name, .source = text, .source_len = len, .line = 1, .column = 1};
    struct fy_diag_cfg quiet = {.level = FYET_ERROR, .module_mask = ~0u};
    struct fy_diag *diag = NULL;
    struct fy_parser *parser = NULL;
    int rc = -1;

    *out = NULL;
    if (check_bytes(text, len, name, err) != 0)
        return -1;
    diag = fy_diag_create(&quiet);
    if (diag != NULL) {
        fy_diag_set_collect_errors(diag, true);
        parser = fy_parser_create(&(struct fy_parse_cfg){
            .flags = FYPCF_QUIET | FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2, .diag = diag});
    }
    if (parser != NULL)
        rc = build(&b, parser, diag, err);
    else
        err_environment(err, "%s: the YAML parser does not start", name);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    if (rc == 0)
        *out = b.root;
    else
        yaml_free(b.root);
    return rc;
}
