/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cblas.h>
#include <git2.h>
#include <gsl/gsl_version.h>
#include <jansson.h>
#include <libfyaml.h>
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <zlib.h>
#include <zstd.h>

#include "version.h"

void version_write(struct str *out)
{
    int major = 0, minor = 0, revision = 0;

    git_libgit2_version(&major, &minor, &revision);
    str_addf(out, "nightshift %s\n", NIGHTSHIFT_VERSION);
    str_addf(out, "  sqlite    %s\n", sqlite3_libversion());
    str_addf(out, "  libgit2   %d.%d.%d\n", major, minor, revision);
    str_addf(out, "  gsl       %s\n", gsl_version);
    str_addf(out, "  openblas  %s\n", openblas_get_config());
    str_addf(out, "  libfyaml  %s\n", fy_library_version());
    str_addf(out, "  jansson   %s\n", jansson_version_str());
    str_addf(out, "  libcrypto %s\n", OpenSSL_version(OPENSSL_VERSION));
    str_addf(out, "  zstd      %s\n", ZSTD_versionString());
    str_addf(out, "  zlib      %s\n", zlibVersion());
}
