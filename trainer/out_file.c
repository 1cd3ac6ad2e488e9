/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"
#include "out_file.h"

int out_file_open(struct out_file *out, const char *path, struct err *err)
{
    *out = (struct out_file){.path = mem_strdup(path), .temporary = mem_printf("%s.new", path)};
    out->fd = open(out->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return out->fd >= 0 ? 0 : err_sys(err, "%s", out->temporary);
}

int out_file_add(struct out_file *out, const void *bytes, size_t n, struct err *err)
{
    out->bytes += n;
    return fd_write(out->fd, bytes, n, out->temporary, err);
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
    free(out->temporary);
    free(out->path);
    *out = (struct out_file){.fd = -1};
}

int out_file_finish(struct out_file *out, struct err *err)
{
    int rc = fsync(out->fd) == 0 ? 0 : err_sys(err, "%s", out->temporary);
    char *dir;

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
