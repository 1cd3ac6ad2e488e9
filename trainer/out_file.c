/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"
#include "out_file.h"

#define PART ((size_t)2 << 20) /* bytes of one write: a huge page */

int out_file_open(struct out_file *out, const char *path, struct err *err)
{
    *out = (struct out_file){.path = mem_strdup(path), .temporary = mem_printf("%s.new", path)};
    out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (out->fd < 0)
        return err_sys(err, "%s", out->temporary);
    out->held = mem_new(PART, 1);
    return 0;
}

static int write_held(struct out_file *out, struct err *err)
{
    size_t n = out->n_held;

    out->n_held = 0;
    return fd_write(out->fd, out->held, n, out->temporary, err);
}

int out_file_add(struct out_file *out, const void *bytes, size_t n, struct err *err)
{
    const char *from = bytes;

    out->bytes += n;
    for (size_t took; n > 0; from += took, n -= took) {
        took = n < PART - out->n_held ? n : PART - out->n_held;
        memcpy(out->held + out->n_held, from, took);
        out->n_held += took;
        if (out->n_held == PART && write_held(out, err) != 0)
            return -1;
    }
    return 0;
}

int out_file_pad(struct out_file *out, size_t alignment, struct err *err)
{
    static const char zeroes[64];
    size_t left = (alignment - (size_t)(out->bytes % alignment)) % alignment;

    for (size_t n; left > 0; left -= n) {
        n = left < sizeof zeroes ? left : sizeof zeroes;
        if (out_file_add(out, zeroes, n, err) != 0)
            return -1;
    }
    return 0;
}

static void forget(struct out_file *out)
{
    free(out->held);
    free(out->temporary);
    free(out->path);
    *out = (struct out_file){.fd = -1};
}

int out_file_finish(struct out_file *out, struct err *err)
{
    int rc = write_held(out, err);
    char *dir;

    if (rc == 0 && fsync(out->fd) != 0)
        rc = err_sys(err, "%s", out->temporary);
    if (close(out->fd) != 0 && rc == 0)
        rc = err_sys(err, "%s", out->temporary);
    out->fd = -1;
    if (rc == 0 && rename(out->temporary, out->path) != 0)
        rc = err_sys(err, "%s", out->path);
    if (rc != 0) {
        out_file_drop(out);
        return -1;
    }
    dir = path_dir(out->path);
    rc = file_sync_dir(dir, err);
    free(dir);
    forget(out);
    return rc;
}

void out_file_drop(struct out_file *out)
{
    if (out->fd >= 0)
        close(out->fd);
    if (out->temporary != NULL)
        (void)unlink(out->temporary);
    forget(out);
}
