/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <md4c-html.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "html.h"
#include "style.h"

void html_text(struct str *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        switch (*c) {
        case '<':
            str_add(out, "&lt;");
            break;
        case '>':
            str_add(out, "&gt;");
            break;
        case '&':
            str_add(out, "&amp;");
            break;
        case '"':
            str_add(out, "&quot;");
            break;
        default:
            str_addn(out, c, 1);
        }
}

/* 'sha256-…' of bytes, as a policy names them. */
static void write_source(struct str *out, const char *bytes, size_t len)
{
    unsigned char digest[SHA256_DIGEST_LENGTH], text[4 * (SHA256_DIGEST_LENGTH + 2) / 3 + 1];

    SHA256((const unsigned char *)bytes, len, digest);
    EVP_EncodeBlock(text, digest, sizeof digest);
    str_addf(out, "'sha256-%s'", (const char *)text);
}

static void write_policy(struct str *out, const char *script, size_t len)
{
    str_add(out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "style-src ");
    write_source(out, style, strlen(style));
    if (len > 0) {
        str_add(out, "; script-src ");
        write_source(out, script, len);
    }
    str_add(out, "; img-src data:; base-uri 'none'; form-action 'none'\">\n");
}

static void take(const MD_CHAR *text, MD_SIZE len, void *out)
{
    str_addn(out, text, len);
}

int html_markdown(struct str *out, const char *markdown, struct err *err)
{
    if (md_html(markdown, (MD_SIZE)strlen(markdown), take, out, MD_FLAG_TABLES | MD_FLAG_NOHTML,
                0) != 0)
        return err_failed(err, "the report cannot be written as HTML");
    return 0;
}

/* As a string of JSON in which nothing means anything to HTML. */
static void write_json(struct str *out, const char *text)
{
    str_add(out, "\"");
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++)
        if (*c == '\n')
            str_add(out, "\\n");
        else if (*c < ' ' || strchr("\"\\<>&", *c) != NULL)
            str_addf(out, "\\u%04x", *c);
        else
            str_addn(out, (const char *)c, 1);
    str_add(out, "\"");
}

void html_data(struct str *out, const char *id, const char *text)
{
    str_addf(out, "<script type=\"application/json\" id=\"%s\">", id);
    write_json(out, text);
    str_add(out, "</script>\n");
}

void html_page(struct str *out, const char *title, const char *body, const char *script, size_t len)
{
    str_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    write_policy(out, script, len);
    str_add(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    str_add(out, "<meta name=\"generator\" content=\"nightshift\">\n<title>");
    html_text(out, title);
    str_addf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n%s</main>\n", style, body);
    if (len > 0) {
        str_add(out, "<script>");
        str_addn(out, script, len);
        str_add(out, "</script>\n");
    }
    str_add(out, "</body>\n</html>\n");
}
