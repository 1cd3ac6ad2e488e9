/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * query.h - one SQL statement from prepare to end, for the store's own files.
 *
 * A query is begun with constant SQL (prepared once per connection), given its parameters in the
 * order of the question marks, and then run, or stepped row by row.  A failure on the way is kept
 * and told by query_run() or query_next(), so that the puts need no checks of their own.
 *
 *     query_begin(&q, store, "UPDATE experiment SET steps = ? WHERE id = ?");
 *     query_put_int(&q, steps);
 *     query_put_int(&q, id);
 *     return query_run(&q, err);
 */
#ifndef EXPERIMENTS_QUERY_H
#define EXPERIMENTS_QUERY_H

#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "err.h"
#include "record.h"

#define STORE_STATEMENTS 176 /* different texts that one connection may prepare */

struct statement {
    const char *sql; /* the constant itself: compared by address */
    sqlite3_stmt *stmt;
};

struct store {
    sqlite3 *db;
    char *path;
    struct statement statements[STORE_STATEMENTS];
    size_t n_statements;
    struct packer *packer; /* of pack.h; NULL until it is needed */
};

/* Says what SQLite said, with the exit status that fits `rc`.  Always -1. */
int store_error(struct store *store, int rc, struct err *err);

/* The error where SQLite has said that the record is damaged: that it cannot be read, an error of
 * the environment, where reading has failed. */
int store_damage(struct store *store, const char *said, struct err *err);

/* The open file SQLITE_FCNTL_FILE_POINTER, or _JOURNAL_POINTER; NULL: it is none on a disk. */
sqlite3_file *store_file(sqlite3 *db, int which);

/* Runs statements without parameters or rows, one after the other; NULL ends them. */
int store_execute(struct store *store, const char *const *statements, struct err *err);

void store_exchange(struct store *store, sqlite3 *db); /* takes `db` over, closes what was open */

/* A copy of `of` in memory, with the settings of every connection, in the place of what `store` has
 * open, if anything; they may be the same. */
int store_open_copy(struct store *store, struct store *of, struct err *err);

/* Before much of the record is read: brings it into the system's cache, where it is not.  Of
 * store_fetch.c. */
void store_fetch(const struct store *store);

extern const char *const outcome_words[]; /* of enum outcome, as the decision table has them */

int store_add_functions(struct store *store, struct err *err); /* of store_function.c */
int store_load_curves(struct store *store, struct record *out,
                      struct err *err); /* of store_curve.c */

struct query {
    struct store *store;
    sqlite3_stmt *stmt;
    int rc; /* the first failure; SQLITE_OK */
    int at; /* parameters put, or columns got of this row */
};

void query_begin(struct query *q, struct store *store, const char *sql);

void query_put_int(struct query *q, int64_t value);
void query_put_known(struct query *q, int64_t value,
                     int64_t unknown);              /* NULL where it is `unknown` */
void query_put_real(struct query *q, double value); /* NULL for NAN */
void query_put_bits(struct query *q, double value); /* two parameters: the bits, then the REAL */
void query_put_text(struct query *q, const char *text); /* NULL for NULL; borrowed until the end */
void query_put_textn(struct query *q, const char *text, size_t max); /* its first bytes */
/* Bytes of hexadecimal text, lower case: at most 32; what is no digit gives any bytes. */
size_t query_hex(unsigned char out[32], const char *hex);
void query_put_hex(struct query *q, const char *hex); /* as bytes */
void query_put_blob(struct query *q, const void *bytes, size_t len);

/* Runs it to its end. */
int query_run(struct query *q, struct err *err);

/* The next row: 1; 0 at the end; -1.  After 0 and -1 the query is over; to leave earlier, call
 * query_end(). */
int query_next(struct query *q, struct err *err);
void query_end(struct query *q);

int64_t query_get_int(struct query *q);
int64_t query_get_known(struct query *q, int64_t unknown); /* `unknown` where the column is NULL */
double query_get_real(struct query *q);                    /* NAN for NULL */
double query_get_bits(struct query *q);                    /* one column: the bits */
char *query_get_text(struct query *q);                     /* NULL for NULL; the caller frees */
char *query_borrow_text(struct query *q); /* the same, good until the next row: not to be written
                                           * to, nor freed */
char *query_get_blob(struct query *q, size_t *len);            /* the same of a BLOB */
void query_get_fixed(struct query *q, char *out, size_t size); /* into out[size], cut to fit */
/* A BLOB in hexadecimal, lower case, into out[size], cut to fit; "" for NULL. */
void query_get_hex(struct query *q, char *out, size_t size);
/* Whether the row has a column that was not got yet. */
bool query_has_more(const struct query *q);
/* The index of the column's word in names (NULL-terminated), -1 where it is none of them. */
int query_get_word(struct query *q, const char *const *names);

#endif
