/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shelf.h - arrays that grow for as long as a night, of which hardly anything is looked at again.
 *
 * What outgrows a size moves into a file without a name, mapped into memory.  shelf_rest() gives
 * all of its pages back to the system: the next look fetches those that it needs, mostly from the
 * system's own cache.  So what a night has behind it costs it no memory, and is read as any array.
 *
 * Where there is no such file, or no room in it, arrays stay in memory.  All calls take NULL for a
 * shelf, too: plain memory then.
 */
#ifndef BASE_SHELF_H
#define BASE_SHELF_H

#include <stddef.h>

#include "err.h"

struct shelf;

/* Arrays of `least` bytes and more are put into its file, which is made in the folder `dir` with
 * the first of them. */
struct shelf *shelf_open(const char *dir, size_t least);

/* All arrays on it are gone after it. */
void shelf_close(struct shelf *shelf);

/* mem_room().  On the shelf an array never moves. */
void *shelf_room(struct shelf *shelf, void *at, size_t n, size_t size)
    __attribute__((returns_nonnull));

/* mem_new() of an array that does not grow. */
void *shelf_new(struct shelf *shelf, size_t n, size_t size) __attribute__((returns_nonnull));

void shelf_free(struct shelf *shelf, void *at); /* NULL is fine */

/* Gives back all pages; what stands in them stays. */
void shelf_rest(struct shelf *shelf);

/*
 * Was all that was read from it what was put there?  A page that could not be written may come back
 * as it was before, and the kernel tells that once (sync_file_range(2)).  To be asked after
 * reading, before anything is done upon what was read.  0, or an error of the environment.
 */
int shelf_check(const struct shelf *shelf, struct err *err);

#endif
