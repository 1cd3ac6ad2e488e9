/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "executor.h"
#include "mem.h"
#include "run_text.h"
#include "str.h"
#include "stream_line.h"

/* --- JSON as Python writes it --- */

/* NaN and Infinity are no JSON, but Python's json.dumps() writes them.  A second reading puts these
 * texts in their place: no program prints a string that begins with this control character. */
static const struct {
    const char *token, *text;
} odd_numbers[] = {
    {"NaN", "\"\\u0001nan\""},
    {"-Infinity", "\"\\u0001-inf\""},
    {"Infinity", "\"\\u0001inf\""},
};
enum { N_ODD_NUMBERS = sizeof odd_numbers / sizeof *odd_numbers };

/* The odd number that stands at p; NULL where there is none. */
static const char *odd_token(const char *p, const char **text)
{
    for (size_t i = 0; i < N_ODD_NUMBERS; i++) {
        size_t len = strlen(odd_numbers[i].token);
        if (strncmp(p, odd_numbers[i].token, len) == 0) {
            *text = odd_numbers[i].text;
            return p + len;
        }
    }
    return NULL;
}

/* Where the string that begins at p (its quote) ends: behind its closing quote. */
static const char *skip_string(const char *p)
{
    for (p++; *p != '\0' && *p != '"'; p++)
        if (*p == '\\' && p[1] != '\0')
            p++;
    return *p == '"' ? p + 1 : p;
}

static void replace_odd_numbers(struct str *out, const char *text)
{
    const char *p = text;

    while (*p != '\0') {
        const char *put = NULL, *behind = *p == '"' ? skip_string(p) : odd_token(p, &put);
        if (behind == NULL)
            behind = p + 1;
        if (put != NULL)
            str_add(out, put);
        else
            str_addn(out, p, (size_t)(behind - p));
        p = behind;
    }
}

/* NULL where the text is no JSON object.  The second reading also takes whole numbers that are too
 * large for 64 bits. */
static json_t *read_record(const char *text, size_t len)
{
    json_t *record = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    struct str patched = {NULL, 0};

    if (record == NULL) {
        replace_odd_numbers(&patched, text);
        record = json_loadb(str_text(&patched), patched.len,
                            JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
        str_clear(&patched);
    }
    return record;
}

bool record_number(double *out, const json_t *field)
{
    const char *text = json_string_value(field);

    if (json_is_number(field)) {
        *out = json_number_value(field);
        return true;
    }
    return text != NULL && text[0] == '\1' && number_read(out, text + 1);
}

/* --- one line --- */

static bool begins_name(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static size_t name_length(const char *text)
{
    size_t n = 0;

    if (!begins_name(text[0]))
        return 0;
    while (isalnum((unsigned char)text[n]) || (text[n] != '\0' && strchr("_./-", text[n]) != NULL))
        n++;
    return n;
}

/* `name: number` with nothing else. */
static bool read_metric(struct line *out, char *text)
{
    size_t n = name_length(text);
    char *colon = text + n + strspn(text + n, " \t");

    if (n == 0 || *colon != ':')
        return false;
    if (!number_read(&out->value, colon + 1 + strspn(colon + 1, " \t")))
        return false;
    text[n] = '\0';
    out->name = text;
    return true;
}

/* Cuts the blanks at the end (a carriage return is one); returns where the text begins. */
static char *trim(char *text, size_t *len)
{
    size_t skip = strspn(text, " \t");

    while (*len > skip && strchr(" \t\r", text[*len - 1]) != NULL)
        (*len)--;
    text[*len] = '\0';
    *len -= skip;
    return text + skip;
}

void line_read(struct line *out, char *text, size_t len)
{
    *out = (struct line){.kind = LINE_LOG};
    if (memchr(text, '\0', len) != NULL)
        return;
    bool indented = text[0] == ' ' || text[0] == '\t';
    text = trim(text, &len);
    if (text[0] == '{' && text[len - 1] == '}') {
        out->record = read_record(text, len);
        if (json_is_object(out->record))
            out->kind = LINE_RECORD;
    } else if (!indented && read_metric(out, text)) {
        out->kind = LINE_METRIC;
    }
}

void line_clear(struct line *line)
{
    json_decref(line->record);
    line->record = NULL;
}

/* --- a file of lines --- */

/* RUN_STREAM, being read. */
struct line_source {
    FILE *file; /* NULL: nothing to read */
    char *text; /* [LINE_MAX_BYTES + 1]; NULL where there is no file */
};

static int source_open(struct line_source *out, const char *dir, struct err *err)
{
    *out = (struct line_source){NULL, NULL};
    if (run_text_open(&out->file, dir, RUN_STREAM, err) != 0)
        return -1;
    if (out->file != NULL)
        out->text = mem_new(LINE_MAX_BYTES + 1, 1);
    return 0;
}

static void source_close(struct line_source *source)
{
    if (source->file != NULL)
        fclose(source->file);
    free(source->text);
    *source = (struct line_source){NULL, NULL};
}

/* The next line's bytes, *len of them at most LINE_MAX_BYTES, the rest passed over; *whole where it
 * was not cut and has its end.  False at the end of the file. */
static bool next_text(struct line_source *source, size_t *len, bool *whole)
{
    int c;

    *len = 0;
    *whole = true;
    while ((c = getc_unlocked(source->file)) != EOF && c != '\n')
        if (*len < LINE_MAX_BYTES)
            source->text[(*len)++] = (char)c;
        else
            *whole = false;
    source->text[*len] = '\0';
    if (c == EOF)
        *whole = false;
    return c != EOF || *len > 0;
}

/* 1: a line; 0: the end; -1: it cannot be read. */
static int next_line(struct line *out, struct line_source *source, struct err *err)
{
    size_t len;
    bool whole;

    *out = (struct line){.kind = LINE_LOG};
    if (source->file == NULL)
        return 0;
    if (!next_text(source, &len, &whole))
        return ferror(source->file) ? err_sys(err, "cannot read '%s'", RUN_STREAM) : 0;
    if (whole)
        line_read(out, source->text, len);
    return 1;
}

int stream_each_line(const char *dir, void (*use)(void *into, const struct line *line), void *into,
                     struct err *err)
{
    struct line_source source;
    struct line line;
    int more;

    if (source_open(&source, dir, err) != 0)
        return -1;
    while ((more = next_line(&line, &source, err)) == 1) {
        use(into, &line);
        line_clear(&line);
    }
    source_close(&source);
    return more;
}

/* 1: a whole line, *bytes of the file with its end; 0: there is none yet; -1: it cannot be read. */
static int next_whole_line(struct line *out, int64_t *bytes, struct line_source *source,
                           struct err *err)
{
    off_t before = ftello(source->file);
    size_t len;
    bool whole;

    *out = (struct line){.kind = LINE_LOG};
    if (!next_text(source, &len, &whole) || feof(source->file))
        return ferror(source->file) ? err_sys(err, "cannot read '%s'", RUN_STREAM) : 0;
    *bytes = ftello(source->file) - before;
    if (whole)
        line_read(out, source->text, len);
    return 1;
}

int stream_lines_from(int64_t *offset, const char *dir,
                      void (*use)(void *into, const struct line *line), void *into, struct err *err)
{
    struct line_source source;
    struct line line;
    int64_t bytes = 0;
    int more = 1;

    if (source_open(&source, dir, err) != 0)
        return -1;
    if (source.file != NULL && fseeko(source.file, *offset, SEEK_SET) != 0)
        more = err_sys(err, "cannot read '%s'", RUN_STREAM);
    while (source.file != NULL && more == 1) {
        more = next_whole_line(&line, &bytes, &source, err);
        if (more != 1)
            break;
        use(into, &line);
        line_clear(&line);
        *offset += bytes;
    }
    source_close(&source);
    return more < 0 ? -1 : 0;
}
