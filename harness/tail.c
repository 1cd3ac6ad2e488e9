/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "mem.h"
#include "tail.h"

static void read_end(struct str *out, int fd, size_t max)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return;
    size_t len = (size_t)st.st_size < max ? (size_t)st.st_size : max;
    char *bytes = mem_new(len, 1);
    ssize_t n = pread(fd, bytes, len, st.st_size - (off_t)len);
    if (n > 0)
        str_addn(out, bytes, (size_t)n);
    free(bytes);
}

void tail_read(struct str *out, const char *dir, const char *name, size_t max)
{
    char *path = path_join(dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);

    if (fd >= 0) {
        read_end(out, fd, max);
        close(fd);
    }
    free(path);
}

static bool is_blank(char c)
{
    return c == '\0' || isspace((unsigned char)c);
}

void tail_last_line(struct str *out, const struct str *text)
{
    enum { LONGEST = 160 };
    size_t end = text->len;

    while (end > 0 && is_blank(text->at[end - 1]))
        end--;
    size_t begin = end;
    while (begin > 0 && text->at[begin - 1] != '\n' && text->at[begin - 1] != '\r')
        begin--;
    while (begin < end && is_blank(text->at[begin]))
        begin++;
    if (begin < end)
        str_add_printable(out, text->at + begin, end - begin, LONGEST);
}
