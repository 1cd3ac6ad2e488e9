/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "mem.h"

static _Noreturn void exhausted(void)
{
    fputs("out of memory\n", stderr);
    exit(ERR_ENVIRONMENT);
}

static size_t product(size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes))
        exhausted();
    return bytes > 0 ? bytes : 1;
}

void *mem_new(size_t n, size_t size)
{
    void *at = calloc(1, product(n, size));

    if (at == NULL)
        exhausted();
    return at;
}

void *mem_resize(void *at, size_t n, size_t size)
{
    void *moved = realloc(at, product(n, size));

    if (moved == NULL)
        exhausted();
    return moved;
}

size_t mem_capacity(size_t n)
{
    return n <= 8 ? 8 : (size_t)1 << (64 - __builtin_clzl(n - 1));
}

void *mem_room(void *at, size_t n, size_t size)
{
    if (n == 0)
        return mem_resize(at, mem_capacity(0), size);
    return n == mem_capacity(n) ? mem_resize(at, 2 * n, size) : at;
}

void *mem_fit(void *at, size_t n, size_t size)
{
    return mem_resize(at, mem_capacity(n), size);
}

void mem_return_large(void)
{
    enum { LARGE = 128 << 10 };

    mallopt(M_MMAP_THRESHOLD, LARGE);
}

void mem_give_back(void)
{
    malloc_trim(0);
}

char *mem_strdup(const char *text)
{
    return mem_strndup(text, strlen(text));
}

char *mem_strndup(const char *text, size_t len)
{
    char *copy = mem_resize(NULL, len + 1, 1);

    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *mem_printf(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        exhausted();
    return text;
}

void mem_expect(size_t bytes)
{
    enum { MOST = 1 << 30, ARRAY = 32 << 20, PIECE = 1 << 20 };
    int room = bytes < MOST ? (int)bytes : MOST;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = ((uintptr_t)sbrk(0) + page - 1) / page * page;

    mallopt(M_TOP_PAD, room); /* the heap grows by so much at once */
    mallopt(M_TRIM_THRESHOLD, room);
    mallopt(M_MMAP_THRESHOLD, ARRAY); /* arrays that grow are in it, too */
    free(mem_resize(NULL, PIECE, 1));
    uintptr_t to = (uintptr_t)sbrk(0);
    if (to > from + PIECE)
        madvise((void *)from, to - from, MADV_HUGEPAGE);
}
