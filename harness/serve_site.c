/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "draw.h"
#include "html.h"
#include "mem.h"
#include "report.h"
#include "run_reader.h"
#include "serve_site.h"

enum { PAGE_MOST = 64 << 20 }; /* bytes of one file */

/* Its own folder's scripts and styles (by hash, in the page itself) and nothing from elsewhere. */
static const char report_policy[] = "frame-ancestors 'self'";
static const char file_policy[] = "default-src 'none'; frame-ancestors 'none'";

/* --- the page around the report --------------------------------------------------------------- */

static const char style[] = "html,body{height:100%;margin:0}"
                            "body{display:flex;flex-direction:column;font:14px "
                            "system-ui,sans-serif;color-scheme:light dark}"
                            "p{margin:0;padding:.3em 1em;border-bottom:1px solid #8884}"
                            "iframe{flex:1;width:100%;border:0}";

/* The report is fetched anew where it stands, and shown from the same line on.  By its name: a
 * frame that has not yet got it would otherwise load its empty self again. */
static const char script[] =
    "'use strict';"
    "const frame=document.getElementById('report'),state=document.getElementById('state');"
    "const events=new EventSource('events');"
    "const say=(text)=>{state.textContent=text;};"
    "let renewed='';"
    "events.onopen=()=>say('live'+renewed);"
    "events.onerror=()=>say('not connected: nightshift serve has ended');"
    "events.addEventListener('changed',()=>{"
    "const inside=frame.contentWindow,at=inside.scrollY;"
    "frame.addEventListener('load',()=>{inside.scrollTo(0,at);"
    "renewed=', renewed '+new Date().toLocaleTimeString();say('live'+renewed);},{once:true});"
    "inside.location.replace('report.html');});";

/* 'sha256-…' as a policy names a text. */
static void add_hash(struct str *out, const char *text)
{
    unsigned char hash[SHA256_DIGEST_LENGTH], base64[4 * ((SHA256_DIGEST_LENGTH + 2) / 3) + 1];

    SHA256((const unsigned char *)text, strlen(text), hash);
    EVP_EncodeBlock(base64, hash, SHA256_DIGEST_LENGTH);
    str_addf(out, "'sha256-%s'", (const char *)base64);
}

static char *shell_policy(void)
{
    struct str policy = {0};

    str_add(&policy, "default-src 'none'; script-src ");
    add_hash(&policy, script);
    str_add(&policy, "; style-src ");
    add_hash(&policy, style);
    str_add(&policy, "; frame-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
                     "frame-ancestors 'none'");
    return str_take(&policy);
}

static char *shell_page(const char *study)
{
    struct str page = {0};

    str_add(&page, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                   "<title>");
    html_text(&page, study);
    str_addf(&page,
             "</title>\n<style>%s</style>\n</head>\n<body>\n"
             "<p><strong>",
             style);
    html_text(&page, study);
    str_addf(&page,
             "</strong> <span id=\"state\" role=\"status\">connecting</span></p>\n"
             "<iframe id=\"report\" src=\"report.html\" title=\"report\"></iframe>\n"
             "<script>%s</script>\n</body>\n</html>\n",
             script);
    return str_take(&page);
}

/* --- the table -------------------------------------------------------------------------------- */

static void add_page(struct serve_site *site, char *path, const char *type, const char *policy,
                     char *bytes, size_t len)
{
    site->pages = mem_room(site->pages, site->n, sizeof *site->pages);
    site->pages[site->n++] = (struct serve_site_page){path, type, policy, bytes, len};
}

static void add_shell(struct serve_site *site)
{
    char *page = shell_page(site->name);

    add_page(site, mem_strdup("/"), "text/html; charset=utf-8", site->policy, page, strlen(page));
}

static void clear_pages(struct serve_site *site)
{
    for (size_t i = 0; i < site->n; i++) {
        free(site->pages[i].path);
        free(site->pages[i].bytes);
    }
    free(site->pages);
    site->pages = NULL;
    site->n = 0;
}

/* DIR/name becomes /name. */
static int add_file(struct serve_site *site, const char *name, const char *type, const char *policy,
                    struct err *err)
{
    char *file = path_join(site->dir, name), *bytes = NULL;
    size_t len;
    int rc = file_read(&bytes, &len, file, PAGE_MOST, err);

    if (rc == 0)
        add_page(site, mem_printf("/%s", name), type, policy, bytes, len);
    free(file);
    return rc;
}

static bool is_csv(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && strcmp(name + len - 4, ".csv") == 0;
}

static int add_data(struct serve_site *site, struct err *err)
{
    char *folder = path_join(site->dir, "data");
    DIR *dir = opendir(folder);
    int rc = 0;

    for (struct dirent *entry; rc == 0 && dir != NULL && (entry = readdir(dir)) != NULL;) {
        char *name = mem_printf("data/%s", entry->d_name);
        if (is_csv(name))
            rc = add_file(site, name, "text/csv; charset=utf-8", file_policy, err);
        free(name);
    }
    if (dir != NULL)
        closedir(dir);
    free(folder);
    return rc;
}

static int read_pages(struct serve_site *site, struct err *err)
{
    add_shell(site);
    if (add_file(site, REPORT_HTML, "text/html; charset=utf-8", report_policy, err) != 0 ||
        add_file(site, REPORT_MARKDOWN, "text/markdown; charset=utf-8", file_policy, err) != 0)
        return -1;
    return add_data(site, err);
}

int serve_site_make(struct serve_site *site, const struct view *view, struct err *err)
{
    struct run_files files = run_files_at(&view->place);
    struct report_means means = {draw, &files};
    struct serve_site before = *site;
    char *path = NULL;

    if (report_write(&path, &view->record, view->store, site->dir, &means, err) != 0)
        return -1;
    free(path);
    site->pages = NULL;
    site->n = 0;
    if (read_pages(site, err) != 0) {
        clear_pages(site);
        *site = before;
        return -1;
    }
    clear_pages(&before);
    return 0;
}

const struct serve_site_page *serve_site_find(const struct serve_site *site, const char *path)
{
    for (size_t i = 0; i < site->n; i++)
        if (strcmp(site->pages[i].path, path) == 0)
            return &site->pages[i];
    return NULL;
}

int serve_site_init(struct serve_site *out, const char *study, struct err *err)
{
    const char *tmp = getenv("TMPDIR");

    *out = (struct serve_site){.name = mem_strdup(study), .policy = shell_policy()};
    out->dir = mem_printf("%s/nightshift-serve-XXXXXX", tmp != NULL && *tmp != '\0' ? tmp : "/tmp");
    if (mkdtemp(out->dir) == NULL) {
        err_sys(err, "cannot make the folder '%s'", out->dir);
        free(out->dir);
        out->dir = NULL;
        serve_site_clear(out);
        return -1;
    }
    add_shell(out);
    return 0;
}

void serve_site_clear(struct serve_site *site)
{
    struct err ignored; /* what is left lies in a folder for such things */

    if (site->dir != NULL)
        file_remove(site->dir, &ignored);
    clear_pages(site);
    free(site->dir);
    free(site->name);
    free(site->policy);
    *site = (struct serve_site){0};
}
