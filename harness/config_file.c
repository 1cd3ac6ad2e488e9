/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libfyaml.h>

#include "config_file.h"
#include "file.h"
#include "json.h"
#include "mem.h"

enum { MAX_BYTES = 1 << 20, MAX_DEPTH = 64 };

/* --- from the parser's events to entries ------------------------------------------------------ */

struct level {
    bool is_map;
    char *key;    /* of a map: the key whose value comes next; NULL: a key comes next */
    size_t index; /* of a list: of the element that comes next */
};

struct walk {
    struct config_file *file;
    struct level levels[MAX_DEPTH];
    int depth;
    int line, column;
};

static char *join_path(const struct walk *w)
{
    struct str path = {0};

    for (int i = 0; i < w->depth; i++) {
        const struct level *level = &w->levels[i];
        str_add(&path, i > 0 ? "." : "");
        if (level->is_map)
            str_add(&path, level->key != NULL ? level->key : "");
        else
            str_addf(&path, "%zu", level->index);
    }
    return path.at != NULL ? str_take(&path) : mem_strdup("");
}

static bool expects_key(const struct walk *w)
{
    return w->depth > 0 && w->levels[w->depth - 1].is_map && w->levels[w->depth - 1].key == NULL;
}

/* The value at hand is over: the next one has another key or number. */
static void step_on(struct walk *w)
{
    struct level *level = w->depth > 0 ? &w->levels[w->depth - 1] : NULL;

    if (level == NULL)
        return;
    free(level->key);
    level->key = NULL;
    level->index++;
}

/* A value of a map; values of lists have no name by which anybody could mean them. */
static struct config_entry *add_entry(struct walk *w, const char *cannot)
{
    struct config_file *file = w->file;

    const char *key = w->depth > 0 ? w->levels[w->depth - 1].key : NULL;

    if (key == NULL)
        return NULL;
    file->entries = mem_room(file->entries, file->n, sizeof *file->entries);
    struct config_entry *entry = &file->entries[file->n++];
    *entry = (struct config_entry){
        .path = join_path(w), .cannot = cannot, .line = w->line, .column = w->column};
    entry->key = entry->path + strlen(entry->path) - strlen(key);
    return entry;
}

static void set_place(struct walk *w, struct fy_token *token)
{
    const struct fy_mark *mark = token != NULL ? fy_token_start_mark(token) : NULL;

    if (mark == NULL)
        return;
    w->line = mark->line + 1;
    w->column = mark->column + 1;
}

/* Where a scalar stands in the text, quotes among it; false where that is not certain. */
static bool find_span(struct config_entry *entry, const struct config_file *file,
                      struct fy_token *token)
{
    const struct fy_mark *start = fy_token_start_mark(token), *end = fy_token_end_mark(token);
    enum fy_scalar_style style = fy_token_scalar_style(token);

    if (start == NULL || end == NULL || end->input_pos > file->len ||
        start->input_pos >= end->input_pos)
        return false;
    entry->start = start->input_pos;
    entry->end = end->input_pos;
    if (style == FYSS_PLAIN)
        return memchr(file->text + entry->start, '\n', entry->end - entry->start) == NULL;
    entry->quote = style == FYSS_SINGLE_QUOTED ? '\'' : '"';
    if (entry->start == 0 || file->text[entry->start - 1] != entry->quote ||
        entry->end >= file->len || file->text[entry->end] != entry->quote)
        return false;
    entry->start--;
    entry->end++;
    entry->column--;
    return true;
}

static const char *why_not(const struct fy_event *event)
{
    enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);

    if (event->scalar.anchor != NULL)
        return "has an anchor, so other values are the same one";
    if (event->scalar.tag != NULL)
        return "has a tag";
    if (style != FYSS_PLAIN && style != FYSS_SINGLE_QUOTED && style != FYSS_DOUBLE_QUOTED)
        return "is a block of text";
    return NULL;
}

static void take_scalar(struct walk *w, const struct fy_event *event)
{
    size_t len = 0;
    const char *text = fy_token_get_text(event->scalar.value, &len);

    if (expects_key(w)) {
        w->levels[w->depth - 1].key = mem_strndup(text != NULL ? text : "", len);
        return;
    }
    struct config_entry *entry = add_entry(w, why_not(event));
    if (entry != NULL)
        entry->text = mem_strndup(text != NULL ? text : "", len);
    if (entry != NULL && entry->cannot == NULL && !find_span(entry, w->file, event->scalar.value))
        entry->cannot = len == 0 ? "has no value" : "goes over several lines";
    step_on(w);
}

static int open_level(struct walk *w, bool is_map, struct err *err)
{
    if (expects_key(w)) /* a list or a map as a key: nobody can mean it */
        w->levels[w->depth - 1].key = mem_strdup("?");
    else
        add_entry(w, is_map ? "holds other keys" : "is a list");
    if (w->depth == MAX_DEPTH)
        return err_usage(err, "%s:%d: nested deeper than %d levels", w->file->path, w->line,
                         MAX_DEPTH);
    w->levels[w->depth++] = (struct level){.is_map = is_map};
    return 0;
}

static void close_level(struct walk *w)
{
    free(w->levels[--w->depth].key);
    step_on(w);
}

static int take_event(struct walk *w, struct fy_event *event, struct err *err)
{
    set_place(w, fy_event_get_token(event));
    switch (event->type) {
    case FYET_SCALAR:
        take_scalar(w, event);
        return 0;
    case FYET_ALIAS:
        if (expects_key(w)) {
            w->levels[w->depth - 1].key = mem_strdup("*");
        } else {
            w->column--; /* the token's mark is behind the asterisk */
            add_entry(w, "is an alias of another value");
            step_on(w);
        }
        return 0;
    case FYET_SEQUENCE_START:
    case FYET_MAPPING_START:
        return open_level(w, event->type == FYET_MAPPING_START, err);
    case FYET_SEQUENCE_END:
    case FYET_MAPPING_END:
        close_level(w);
        return 0;
    default:
        return 0;
    }
}

static int check_parser(const struct walk *w, struct fy_parser *parser, struct fy_diag *diag,
                        struct err *err)
{
    void *at = NULL;
    const struct fy_diag_error *first = fy_diag_errors_iterate(diag, &at);

    if (first == NULL && !fy_parser_get_stream_error(parser))
        return 0;
    return err_usage(err, "%s:%d:%d: %s", w->file->path, first != NULL ? first->line : 1,
                     first != NULL ? first->column : 1,
                     first != NULL ? first->msg : "cannot be read as YAML");
}

static int walk_events(struct walk *w, struct fy_parser *parser, struct fy_diag *diag,
                       struct err *err)
{
    struct fy_event *event;
    int rc = 0;

    if (fy_parser_set_string(parser, w->file->text, w->file->len) != 0)
        return err_environment(err, "%s: the YAML parser does not start", w->file->path);
    while (rc == 0 && (event = fy_parser_parse(parser)) != NULL) {
        rc = take_event(w, event, err);
        fy_parser_event_free(parser, event);
    }
    while (w->depth > 0)
        free(w->levels[--w->depth].key);
    return rc != 0 ? rc : check_parser(w, parser, diag, err);
}

static int parse(struct config_file *file, struct err *err)
{
    struct walk walk = {.file = file, .line = 1, .column = 1};
    struct fy_diag_cfg quiet = {.level = FYET_ERROR, .module_mask = ~0u};
    struct fy_diag *diag = fy_diag_create(&quiet);
    struct fy_parser *parser = NULL;
    int rc = -1;

    if (diag != NULL) {
        fy_diag_set_collect_errors(diag, true);
        parser = fy_parser_create(&(struct fy_parse_cfg){
            .flags = FYPCF_QUIET | FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2, .diag = diag});
    }
    if (parser != NULL)
        rc = walk_events(&walk, parser, diag, err);
    else
        err_environment(err, "%s: the YAML parser does not start", file->path);
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return rc;
}

static bool is_json(const struct config_file *file)
{
    json_t *value = json_loadb(file->text, file->len, 0, NULL);

    json_decref(value);
    return value != NULL;
}

/* The parser stops at such a byte, and does not always say so. */
static int check_utf8(const struct config_file *file, struct err *err)
{
    int line = 1;
    uint32_t code;

    for (size_t i = 0, n; i < file->len; i += n) {
        if ((n = utf8_read(&code, file->text + i, file->len - i)) == 0 || code == 0)
            return err_usage(err, "%s:%d: byte 0x%02x is not UTF-8", file->path, line,
                             (unsigned char)file->text[i]);
        line += code == '\n';
    }
    return 0;
}

int config_file_parse(struct config_file *out, const char *path, const char *text, size_t len,
                      struct err *err)
{
    *out =
        (struct config_file){.path = mem_strdup(path), .text = mem_strndup(text, len), .len = len};
    if (check_utf8(out, err) == 0) {
        out->json = is_json(out);
        if (parse(out, err) == 0)
            return 0;
    }
    config_file_clear(out);
    return -1;
}

int config_file_read(struct config_file *out, const char *path, struct err *err)
{
    char *text = NULL;
    size_t len = 0;
    int rc = -1;

    *out = (struct config_file){0};
    if (access(path, R_OK) != 0)
        return err_usage(err, "%s: %s", path, strerror(errno));
    if (file_is_dir(path))
        return err_usage(err, "%s: a folder, not a config file", path);
    if (file_read(&text, &len, path, MAX_BYTES, err) == 0)
        rc = config_file_parse(out, path, text, len, err);
    free(text);
    return rc;
}

void config_file_clear(struct config_file *file)
{
    for (size_t i = 0; i < file->n; i++) {
        free(file->entries[i].path);
        free(file->entries[i].text);
        free(file->entries[i].new_text);
    }
    free(file->entries);
    free(file->text);
    free(file->path);
    *file = (struct config_file){0};
}

/* --- finding ---------------------------------------------------------------------------------- */

/* The first and second entry whose path, or whose key, is the name; NULL where there is none. */
static void find_two(struct config_entry *found[2], const struct config_file *file,
                     const char *name, bool by_path)
{
    size_t n = 0;

    found[0] = found[1] = NULL;
    for (size_t i = 0; i < file->n && n < 2; i++) {
        struct config_entry *entry = &file->entries[i];
        if (strcmp(by_path ? entry->path : entry->key, name) == 0)
            found[n++] = entry;
    }
}

int config_file_find(struct config_entry **out, const struct config_file *file, const char *name,
                     struct err *err)
{
    struct config_entry *found[2];

    find_two(found, file, name, true);
    if (found[0] == NULL)
        find_two(found, file, name, false);
    *out = found[0];
    if (found[1] == NULL)
        return 0;
    return err_usage(err, "%s:%d:%d: '%s' may be '%s' in line %d or '%s' here", file->path,
                     found[1]->line, found[1]->column, name, found[0]->path, found[0]->line,
                     found[1]->path);
}

/* --- spelling --------------------------------------------------------------------------------- */

/*
 * Readers of YAML 1.1 (PyYAML) take 1e-5 for a text and want 1.0e-5, which is the same number to
 * all others; and a number that was written as a fraction stays one, for those who ask its type.
 */
static char *spell_number(double number, const char *before)
{
    char text[NUMBER_TEXT];
    struct str out = {0};
    const char *e = strchr(number_text(text, number), 'e');
    size_t digits = e != NULL ? (size_t)(e - text) : strlen(text);
    bool fraction = e != NULL || strpbrk(before, ".eE") != NULL;

    str_addn(&out, text, digits);
    if (fraction && memchr(text, '.', digits) == NULL)
        str_add(&out, ".0");
    str_add(&out, text + digits);
    return str_take(&out);
}

/* Words that some reader of YAML takes for something else than a text. */
static bool is_plain_text(const char *text)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n",   NULL};

    if (!isascii(*text) || !isalpha((unsigned char)*text))
        return false;
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcasecmp(text, words[i]) == 0)
            return false;
    for (const char *p = text; *p != '\0'; p++)
        if (!isascii(*p) || (!isalnum((unsigned char)*p) && strchr("_-./+", *p) == NULL))
            return false;
    return true;
}

static char *spell_text(const struct config_file *file, const struct config_entry *entry,
                        const char *text)
{
    struct str out = {0};

    if (entry->quote == 0 && !file->json && is_plain_text(text)) {
        str_add(&out, text);
    } else if (entry->quote == '\'') {
        str_add(&out, "'");
        for (; *text != '\0'; text++)
            str_addn(&out, *text == '\'' ? "''" : text, *text == '\'' ? 2 : 1);
        str_add(&out, "'");
    } else {
        json_write_string(&out, text);
    }
    return str_take(&out);
}

static bool is_same(const struct config_entry *entry, const struct value *value)
{
    double number;

    if (value->type == VALUE_TEXT)
        return strcmp(entry->text, value->text) == 0;
    if (entry->quote != 0)
        return false;
    if (value->type == VALUE_BOOL)
        return strcasecmp(entry->text, value->number != 0 ? "true" : "false") == 0;
    return number_read(&number, entry->text) && number == value->number;
}

int config_file_set(const struct config_file *file, struct config_entry *entry,
                    const struct value *value, struct err *err)
{
    if (entry->cannot != NULL)
        return err_usage(err, "%s:%d:%d: '%s' %s: change it by hand", file->path, entry->line,
                         entry->column, entry->path, entry->cannot);
    if (is_same(entry, value))
        return 0;
    if (value->type == VALUE_TEXT)
        entry->new_text = spell_text(file, entry, value->text);
    else if (value->type == VALUE_BOOL)
        entry->new_text = mem_strdup(value->number != 0 ? "true" : "false");
    else
        entry->new_text = spell_number(value->number, entry->text);
    return 0;
}

void config_file_write(struct str *out, const struct config_file *file)
{
    size_t at = 0;

    for (size_t i = 0; i < file->n; i++) {
        const struct config_entry *entry = &file->entries[i];
        if (entry->new_text == NULL)
            continue;
        str_addn(out, file->text + at, entry->start - at);
        str_add(out, entry->new_text);
        at = entry->end;
    }
    str_addn(out, file->text + at, file->len - at);
}

int config_file_check(const struct config_file *file, const struct str *text, struct err *err)
{
    struct config_file after;
    int rc = 0;

    if (config_file_parse(&after, file->path, str_text(text), text->len, err) != 0)
        return err_wrap(err, "it would not be read again, so nothing was written");
    if (after.n != file->n)
        rc = err_usage(err, "%s: values cannot be replaced by themselves here: change them by hand",
                       file->path);
    for (size_t i = 0; i < after.n && rc == 0; i++)
        if (strcmp(after.entries[i].path, file->entries[i].path) != 0 ||
            (file->entries[i].new_text == NULL &&
             strcmp(after.entries[i].text != NULL ? after.entries[i].text : "",
                    file->entries[i].text != NULL ? file->entries[i].text : "") != 0))
            rc = err_usage(err, "%s:%d: '%s' would change too: change the file by hand", file->path,
                           file->entries[i].line, file->entries[i].path);
    config_file_clear(&after);
    return rc;
}
