/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * migrate.h - an older record becomes one of SCHEMA_VERSION.
 *
 * One row of migrations (migrate.c) a version, each the statements that lead to the next; they are
 * never changed once that version was released.  What happens to a record on disk: a copy of it is
 * made beside it (study.db.v<N>.bak), then all steps are one transaction, with the references
 * checked before its end.  A record that is only read is copied into memory and migrated there.
 */
#ifndef EXPERIMENTS_MIGRATE_H
#define EXPERIMENTS_MIGRATE_H

#include "store.h"

/* Copies the open record to the file `path`: by a temporary name, synced, renamed. */
int store_backup(struct store *store, const char *path, struct err *err);

/* Puts a copy in memory of the open record `of` into the place of what `store` has open, if
 * anything; they may be the same. */
int store_copy_to_memory(struct store *store, struct store *of, struct err *err);

/* Brings the open record from `version` to SCHEMA_VERSION, in one transaction. */
int store_migrate(struct store *store, int version, struct err *err);

#endif
