/* SPDX-License-Identifier: GPL-3.0-or-later */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <cblas.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <pcre2.h>

#include "versions.h"

void versions_write(struct str *out)
{
    char pcre2[64] = "";

    pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
    str_addf(out, "nightshift-lm %s\n", NIGHTSHIFT_VERSION);
    str_addf(out, "  openblas  %s\n", openblas_get_config());
    str_addf(out, "  pcre2     %s\n", pcre2);
    str_addf(out, "  jansson   %s\n", jansson_version_str());
    str_addf(out, "  libcrypto %s\n", OpenSSL_version(OPENSSL_VERSION));
}
