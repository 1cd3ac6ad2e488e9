/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include <curses.h>
#include <git2.h>
#include <gsl/gsl_version.h>
#include <jansson.h>
#include <libfyaml.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <zlib.h>
#include <zstd.h>

#include "blas.h"
#include "version.h"

static void add(struct str *out, const char *library, const char *version)
{
    str_addf(out, "  %-13s %s\n", library, version);
}

static void add_libgit2(struct str *out)
{
    int major = 0, minor = 0, revision = 0;
    char text[64];

    git_libgit2_version(&major, &minor, &revision);
    snprintf(text, sizeof text, "%d.%d.%d", major, minor, revision);
    add(out, "libgit2", text);
}

static void add_blas(struct str *out)
{
    struct blas blas;

    blas_look(&blas);
    add(out, "openblas", blas.config != NULL ? blas.config : "not here");
    blas_clear(&blas);
}

/* Its text is "ncurses 6.4.20221231". */
static void add_ncurses(struct str *out)
{
    const char *text = curses_version(), *version = strrchr(text, ' ');

    add(out, "ncurses", version != NULL ? version + 1 : text);
}

/* Of the headers: the library is the business of another program, nightshift-serve. */
static void add_libmicrohttpd(struct str *out)
{
    char text[32];

    snprintf(text, sizeof text, "%x.%x.%x", (unsigned)MHD_VERSION >> 24,
             (unsigned)MHD_VERSION >> 16 & 0xff, (unsigned)MHD_VERSION >> 8 & 0xff);
    add(out, "libmicrohttpd", text);
}

void version_write(struct str *out)
{
    str_addf(out, "nightshift %s\n", NIGHTSHIFT_VERSION);
    add(out, "sqlite", sqlite3_libversion());
    add_libgit2(out);
    add(out, "gsl", gsl_version);
    add_blas(out);
    add(out, "libfyaml", fy_library_version());
    add(out, "jansson", jansson_version_str());
    add(out, "libcrypto", OpenSSL_version(OPENSSL_VERSION));
    add(out, "zstd", ZSTD_versionString());
    add(out, "zlib", zlibVersion());
    add_ncurses(out);
    add_libmicrohttpd(out);
}
