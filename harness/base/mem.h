/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mem.h - memory that is there: exhaustion ends the program with one line (exit 3).
 *
 * The record makes that safe: everything is recorded before it is acted on.  Sizes that come from
 * outside are bounded by the caller before they get here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* None of these returns NULL: without memory the program ends. */
#define MEM_NEVER_NULL __attribute__((returns_nonnull))

/* n * size zeroed bytes (at least one); the product is checked.  The caller frees. */
void *mem_new(size_t n, size_t size) MEM_NEVER_NULL;

/* Resizes `at` to n * size bytes; new bytes are not initialised. */
void *mem_resize(void *at, size_t n, size_t size) MEM_NEVER_NULL;

/*
 * Room for one more element in an array of `n` elements that grows by doubling; returns the array.
 *     list->at = mem_room(list->at, list->n, sizeof *list->at);
 *     list->at[list->n++] = element;
 * The capacity is the next power of two above n, at least 8, so it need not be stored.
 */
void *mem_room(void *at, size_t n, size_t size) MEM_NEVER_NULL;
size_t mem_capacity(size_t n); /* of such an array */

/* Gives back what such an array has too much, after it has lost elements and holds `n`; returns it.
 */
void *mem_fit(void *at, size_t n, size_t size) MEM_NEVER_NULL;

/* For a process that lives long: from here on blocks of 128 KiB and more go back to the system when
 * they are freed, and grow in place, so that large arrays leave no holes behind. */
void mem_return_large(void);

/* After something large that has left small holes: what is free goes back to the system. */
void mem_give_back(void);

char *mem_strdup(const char *text) MEM_NEVER_NULL;
char *mem_strndup(const char *text, size_t len) MEM_NEVER_NULL;

/* printf into fresh memory.  The caller frees. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2))) MEM_NEVER_NULL;

/*
 * A hint: about so many bytes are going to be taken in small pieces.  They come in pages of 2 MiB
 * then, where the system has such for who asks (transparent huge pages), instead of one fault for
 * every 4 KiB.  What is not used is not taken, and whoever has asked before may ask again.
 */
void mem_expect(size_t bytes);

#endif
