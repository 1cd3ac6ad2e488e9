/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "executor.h"
#include "file.h"
#include "mem.h"
#include "run_text.h"

enum {
    BLOCK = 4096,
    CHUNK = 1 << 16,
    LEVEL = 3,
    WINDOW_LOG = 21 /* of what we pack; what asks for more memory than this was not packed by us */
};

static char *packed_path(const char *dir, const char *name)
{
    return mem_printf("%s/%s" RUN_TEXT_PACKED, dir, name);
}

/* A trainer works in this directory: what lies under a name need not be a file.  *fd is -1 where
 * nothing is there. */
static int open_regular(int *fd, const char *path, struct err *err)
{
    struct stat st;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
    if (*fd < 0)
        return errno == ENOENT ? 0 : err_sys(err, "cannot read '%s'", path);
    if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
        return 0;
    close(*fd);
    *fd = -1;
    return err_environment(err, "'%s' is no regular file", path);
}

bool run_text_is_there(const char *dir, const char *name)
{
    char *plain = path_join(dir, name), *packed = packed_path(dir, name);
    bool is = file_is_regular(plain) || file_is_regular(packed);

    free(packed);
    free(plain);
    return is;
}

/* --- reading what is packed: a FILE whose bytes are unpacked as they are asked for --- */

struct unpacking {
    int fd;
    ZSTD_DStream *zstd;
    ZSTD_inBuffer in;
    size_t left; /* what zstd still waits for; 0 at the end of a frame */
    char bytes[CHUNK];
};

/* 1: there are bytes to unpack, 0: the file has ended, -1: it cannot be read. */
static int refill(struct unpacking *u)
{
    ssize_t n;

    if (u->in.pos < u->in.size)
        return 1;
    do
        n = read(u->fd, u->bytes, sizeof u->bytes);
    while (n < 0 && errno == EINTR);
    u->in = (ZSTD_inBuffer){u->bytes, n > 0 ? (size_t)n : 0, 0};
    return n > 0 ? 1 : (int)n;
}

static ssize_t unpack(void *cookie, char *out, size_t size)
{
    struct unpacking *u = cookie;
    ZSTD_outBuffer to = {out, size, 0};

    while (to.pos == 0) {
        int more = refill(u);
        if (more < 0)
            return -1;
        if (more == 0 && u->left == 0)
            return 0;
        u->left = ZSTD_decompressStream(u->zstd, &to, &u->in);
        bool cut_off = more == 0 && to.pos == 0 && u->left != 0;
        if (ZSTD_isError(u->left) || cut_off) {
            errno = EBADMSG;
            return -1;
        }
    }
    return (ssize_t)to.pos;
}

static int end_unpacking(void *cookie)
{
    struct unpacking *u = cookie;

    close(u->fd);
    ZSTD_freeDStream(u->zstd);
    free(u);
    return 0;
}

static FILE *unpacked_file(int fd)
{
    struct unpacking *u = mem_new(1, sizeof *u);

    u->fd = fd;
    u->zstd = ZSTD_createDStream();
    if (u->zstd != NULL)
        ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, WINDOW_LOG);
    FILE *file =
        u->zstd == NULL
            ? NULL
            : fopencookie(u, "r", (cookie_io_functions_t){.read = unpack, .close = end_unpacking});
    if (file == NULL)
        end_unpacking(u);
    return file;
}

int run_text_open(FILE **out, const char *dir, const char *name, struct err *err)
{
    char *plain = path_join(dir, name), *packed = packed_path(dir, name);
    int fd, rc = open_regular(&fd, plain, err);

    *out = NULL;
    if (rc == 0 && fd >= 0) {
        *out = fdopen(fd, "r");
        if (*out == NULL)
            close(fd);
    } else if (rc == 0 && (rc = open_regular(&fd, packed, err)) == 0 && fd >= 0) {
        *out = unpacked_file(fd);
    }
    if (rc == 0 && fd >= 0 && *out == NULL)
        rc = err_environment(err, "cannot read '%s' in '%s'", name, dir);
    free(packed);
    free(plain);
    return rc;
}

/* --- packing --- */

struct packing {
    int from, to;
    const char *path; /* of `to` */
    ZSTD_CCtx *zstd;
    char in[CHUNK], out[CHUNK];
};

/* Packs what is in `in` [len]; with `last` to the very end. */
static int pack_chunk(struct packing *p, size_t len, bool last, struct err *err)
{
    ZSTD_inBuffer in = {p->in, len, 0};
    ZSTD_EndDirective how = last ? ZSTD_e_end : ZSTD_e_continue;
    size_t left;

    do {
        ZSTD_outBuffer out = {p->out, sizeof p->out, 0};
        left = ZSTD_compressStream2(p->zstd, &out, &in, how);
        if (ZSTD_isError(left))
            return err_environment(err, "cannot pack '%s': %s", p->path, ZSTD_getErrorName(left));
        if (fd_write(p->to, p->out, out.pos, p->path, err) != 0)
            return -1;
    } while (last ? left > 0 : in.pos < in.size);
    return 0;
}

static int pack_all(struct packing *p, struct err *err)
{
    for (;;) {
        ssize_t n = read(p->from, p->in, sizeof p->in);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_sys(err, "cannot read what is packed into '%s'", p->path);
        if (pack_chunk(p, (size_t)n, n == 0, err) != 0)
            return -1;
        if (n == 0)
            return fsync(p->to) == 0 ? 0 : err_sys(err, "cannot sync '%s'", p->path);
    }
}

/* Packs the open file `from` into a new file at `path`. */
static int pack_into(const char *path, int from, struct err *err)
{
    struct packing *p = mem_new(1, sizeof *p);
    int rc = -1;

    p->from = from;
    p->path = path;
    p->zstd = ZSTD_createCCtx();
    p->to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (p->to < 0)
        err_sys(err, "cannot write '%s'", path);
    else if (p->zstd == NULL)
        err_environment(err, "no memory to pack '%s'", path);
    else {
        ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_compressionLevel, LEVEL);
        ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_windowLog, WINDOW_LOG);
        ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
        rc = pack_all(p, err);
    }
    if (p->to >= 0 && close(p->to) != 0 && rc == 0)
        rc = err_sys(err, "cannot write '%s'", path);
    ZSTD_freeCCtx(p->zstd);
    free(p);
    return rc;
}

/* Puts the packed file in the place of the plain one, in an order that a crash may cut anywhere. */
static int exchange(const char *part, const char *packed, const char *plain, const char *dir,
                    struct err *err)
{
    if (rename(part, packed) != 0)
        return err_sys(err, "cannot rename '%s' to '%s'", part, packed);
    if (file_sync_dir(dir, err) != 0)
        return -1;
    return unlink(plain) == 0 ? 0 : err_sys(err, "cannot remove '%s'", plain);
}

int run_text_pack(const char *dir, const char *name, struct err *err)
{
    char *plain = path_join(dir, name), *packed = packed_path(dir, name);
    char *part = mem_printf("%s.part", packed);
    struct stat st;
    int fd, rc = open_regular(&fd, plain, err);

    if (rc == 0 && fd >= 0 && fstat(fd, &st) == 0 && st.st_size > BLOCK) {
        rc = pack_into(part, fd, err);
        if (rc == 0)
            rc = exchange(part, packed, plain, dir, err);
        if (rc != 0)
            unlink(part);
    }
    if (fd >= 0)
        close(fd);
    free(part);
    free(packed);
    free(plain);
    return rc;
}

/* --- the end --- */

/* Keeps the last `size` bytes of what comes. */
static void read_end(struct str *out, FILE *file, size_t size)
{
    char *bytes = mem_new(2 * size, 1);
    size_t have = 0, n;

    while ((n = fread(bytes + have, 1, 2 * size - have, file)) > 0) {
        have += n;
        if (have == 2 * size) {
            memmove(bytes, bytes + size, size);
            have = size;
        }
    }
    size_t kept = have < size ? have : size;
    str_addn(out, bytes + have - kept, kept);
    free(bytes);
}

/* Where the last `lines` lines of a text begin; an end of line at its very end begins none. */
static const char *last_lines(const char *text, size_t len, size_t lines)
{
    const char *at = text + len;

    if (at > text && at[-1] == '\n')
        at--;
    while (at > text && (at[-1] != '\n' || --lines > 0))
        at--;
    return at;
}

void run_text_tail(struct str *out, const char *dir, size_t lines)
{
    enum { BYTES = 1 << 14 };
    static const char *const names[] = {RUN_LOG, RUN_STREAM};

    for (size_t i = 0; i < 2 && out->len == 0; i++) {
        struct str text = {NULL, 0};
        struct err ignored;
        FILE *file;
        if (run_text_open(&file, dir, names[i], &ignored) != 0 || file == NULL)
            continue;
        read_end(&text, file, BYTES);
        fclose(file);
        if (text.len > 0)
            str_add(out, last_lines(text.at, text.len, lines));
        str_clear(&text);
    }
}
