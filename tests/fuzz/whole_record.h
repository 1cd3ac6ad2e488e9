/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * whole_record.h - a small record with a row in every table and an event of every kind, written by
 * the store's own functions.
 */
#ifndef FUZZ_WHOLE_RECORD_H
#define FUZZ_WHOLE_RECORD_H

/* Creates it at `path`, in pages of 512 bytes with little room between, and without a write-ahead
 * log beside it; the program ends where that fails. */
void whole_record_write(const char *path);

#endif
