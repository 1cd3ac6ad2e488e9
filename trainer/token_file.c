/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <unistd.h>

#include "mem.h"
#include "token_file.h"

enum { BATCH = 4096 }; /* tokens */

int token_bits(uint32_t vocab)
{
    return vocab <= UINT16_MAX + 1 ? 16 : 32;
}

int token_file_create(struct token_file *f, const char *path, int bits, struct err *err)
{
    *f = (struct token_file){.width = bits / 8, .path = mem_strdup(path)};
    f->file = fopen(path, "wbxe");
    if (f->file == NULL) {
        err_sys(err, "cannot write '%s'", path);
        token_file_drop(f);
        return -1;
    }
    return 0;
}

static int write_batch(struct token_file *f, const uint32_t *ids, size_t n, struct err *err)
{
    unsigned char bytes[BATCH * 4] = {0};
    size_t k = 0;

    for (size_t i = 0; i < n; i++)
        for (int shift = 0; shift < 8 * f->width; shift += 8)
            bytes[k++] = (unsigned char)(ids[i] >> shift);
    if (fwrite(bytes, 1, k, f->file) != k)
        return err_sys(err, "cannot write '%s'", f->path);
    f->tokens += (int64_t)n;
    return 0;
}

int token_file_add(struct token_file *f, const uint32_t *ids, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i += BATCH)
        if (write_batch(f, ids + i, n - i < BATCH ? n - i : BATCH, err) != 0)
            return -1;
    return 0;
}

int token_file_finish(struct token_file *f, struct err *err)
{
    int rc = 0;

    if (fflush(f->file) != 0 || fsync(fileno(f->file)) != 0)
        rc = err_sys(err, "cannot write '%s'", f->path);
    if (fclose(f->file) != 0 && rc == 0)
        rc = err_sys(err, "cannot write '%s'", f->path);
    f->file = NULL;
    token_file_drop(f);
    return rc;
}

void token_file_drop(struct token_file *f)
{
    if (f->file != NULL)
        fclose(f->file);
    free(f->path);
    f->file = NULL;
    f->path = NULL;
}
