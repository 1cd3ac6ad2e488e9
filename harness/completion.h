/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * completion.h - what may follow on a command line, for the shells: everything is taken from the
 * tables of commands, options, formats and topics, and from the record of the study that is meant.
 *
 * A line an offer: the word, a tab, what it is.  A line ":files", ":folders" or ":studies" asks the
 * shell for names of files, of folders, or of YAML and JSON files and folders.  A word that ends in
 * = is not whole yet.
 */
#ifndef HARNESS_COMPLETION_H
#define HARNESS_COMPLETION_H

#include "str.h"

/* words [n] behind the program's name; the last one is being typed and may be empty.  A record
 * that cannot be read offers nothing. */
void completion_write(struct str *out, const char *const *words, size_t n);

#endif
