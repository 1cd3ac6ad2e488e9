/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema.h - the tables of study.db, as SQL.  docs/record.md explains them to people.
 *
 * A change of the tables is a new SCHEMA_VERSION and a row of migrations (migrate.c), which brings
 * an older record to the very same tables (tests/test_migrate.c compares); a file of a newer
 * version is refused.  Version 4 is not released yet: until then its changes go into both places.
 */
#ifndef EXPERIMENTS_SCHEMA_H
#define EXPERIMENTS_SCHEMA_H

#define SCHEMA_APPLICATION 0x4e534442 /* "NSDB" */
#define SCHEMA_VERSION     4

extern const char *const schema[]; /* statements that make an empty record; NULL-terminated */

#endif
