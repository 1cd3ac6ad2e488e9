/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema.h - the tables of study.db, as SQL.  docs/record.md explains them to people.
 *
 * A change of the tables is a new SCHEMA_VERSION and a migration; a file of a newer version is
 * refused.
 */
#ifndef EXPERIMENTS_SCHEMA_H
#define EXPERIMENTS_SCHEMA_H

#define SCHEMA_APPLICATION 0x4e534442 /* "NSDB" */
#define SCHEMA_VERSION     2

extern const char *const schema[]; /* statements that make an empty record; NULL-terminated */

#endif
