/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <md4c-html.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "html.h"

/* Light and dark by the reader's setting; a picture says what the text chart after it says. */
static const char style[] =
    ":root{color-scheme:light dark;--ink:#1f2328;--paper:#fff;--faint:#57606a;--line:#d8dee4;"
    "--shade:#f6f8fa}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--faint:#9198a1;"
    "--line:#30363d;--shade:#161b22}}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,sans-serif}\n"
    "main{max-width:64rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}\n"
    "h1{font-size:1.7rem;line-height:1.25}\n"
    "h2{font-size:1.2rem;margin:2.2rem 0 .6rem;padding-bottom:.25rem;"
    "border-bottom:1px solid var(--line)}\n"
    "h3{font-size:1rem;margin:1.6rem 0 .4rem}\n"
    "table{display:block;overflow-x:auto;border-collapse:collapse;margin:.8rem 0;"
    "font-size:.86rem;font-variant-numeric:tabular-nums}\n"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:left;"
    "vertical-align:top}\n"
    "th{color:var(--faint);font-weight:600;white-space:nowrap}\n"
    "th[align=right],td[align=right]{text-align:right;white-space:nowrap}\n"
    "pre{overflow-x:auto;padding:.8rem 1rem;border-radius:6px;background:var(--shade);"
    "font-size:.82rem;line-height:1.35}\n"
    "code{font-family:ui-monospace,monospace;font-size:.9em}\n"
    "img{display:block;width:100%;height:auto;border:1px solid var(--line);border-radius:6px;"
    "background:#fff}\n"
    "p:has(>img)+pre{display:none}\n"
    "@media print{main{max-width:none;padding:0}table{display:table;font-size:.7rem}"
    "h2{break-after:avoid}img,pre,tr{break-inside:avoid}}\n";

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

static void write_policy(struct str *out)
{
    unsigned char digest[SHA256_DIGEST_LENGTH], text[4 * (SHA256_DIGEST_LENGTH + 2) / 3 + 1];

    SHA256((const unsigned char *)style, sizeof style - 1, digest);
    EVP_EncodeBlock(text, digest, sizeof digest);
    str_addf(out,
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'sha256-%s'; img-src data:; base-uri 'none'; form-action 'none'\">\n",
             (const char *)text);
}

static void take(const MD_CHAR *text, MD_SIZE len, void *out)
{
    str_addn(out, text, len);
}

int html_page(struct str *out, const char *title, const char *markdown, struct err *err)
{
    str_add(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    write_policy(out);
    str_add(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    str_add(out, "<meta name=\"generator\" content=\"nightshift\">\n<title>");
    html_text(out, title);
    str_addf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<main>\n", style);
    if (md_html(markdown, (MD_SIZE)strlen(markdown), take, out, MD_FLAG_TABLES | MD_FLAG_NOHTML,
                0) != 0)
        return err_failed(err, "the report cannot be written as HTML");
    str_add(out, "</main>\n</body>\n</html>\n");
    return 0;
}
