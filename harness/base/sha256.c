/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "file.h"
#include "mem.h"

static void hex(char out[SHA256_TEXT], const unsigned char digest[32])
{
    static const char digits[] = "0123456789abcdef";

    for (int i = 0; i < 32; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
    out[SHA256_TEXT - 1] = '\0';
}

void sha256_bytes(char out[SHA256_TEXT], const void *bytes, size_t len)
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(bytes, len, digest, NULL, EVP_sha256(), NULL) != 1)
        abort();
    hex(out, digest);
}

int sha256_file(char out[SHA256_TEXT], int64_t *size, const char *path, struct err *err)
{
    enum { CHUNK = 1 << 18 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    EVP_MD_CTX *context = NULL;
    unsigned char digest[EVP_MAX_MD_SIZE], *chunk = NULL;
    struct stat st;
    int64_t total = 0;
    int rc = -1;

    if (fd < 0 || fstat(fd, &st) != 0) {
        err_sys(err, "cannot read '%s'", path);
        goto out;
    }
    if (!S_ISREG(st.st_mode)) {
        err_usage(err, "'%s' is not a regular file", path);
        goto out;
    }
    context = EVP_MD_CTX_new();
    chunk = mem_new(CHUNK, 1);
    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        abort();
    for (;;) {
        ssize_t n = read(fd, chunk, CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_sys(err, "cannot read '%s'", path);
            goto out;
        }
        if (n == 0)
            break;
        EVP_DigestUpdate(context, chunk, (size_t)n);
        total += n;
    }
    EVP_DigestFinal_ex(context, digest, NULL);
    hex(out, digest);
    if (size != NULL)
        *size = total;
    rc = 0;
out:
    EVP_MD_CTX_free(context);
    free(chunk);
    if (fd >= 0)
        close(fd);
    return rc;
}
