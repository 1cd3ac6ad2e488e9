/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lost_page.h - a page of a mapped file that cannot be read ends the program with one line, exit 3.
 *
 * The kernel says so by SIGBUS, at any access: the file was cut short, or its disk fails.
 */
#ifndef BASE_LOST_PAGE_H
#define BASE_LOST_PAGE_H

#include "err.h"

/* `line` is what is said, with its newline; it must live as long as the program.  One for each
 * program: the last one stands. */
int lost_page_watch(const char *line, struct err *err);

#endif
