/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * schema_path.h - where the JSON schema of study files lies, for editors.
 */
#ifndef HARNESS_SCHEMA_PATH_H
#define HARNESS_SCHEMA_PATH_H

/* The installed one, or that of the source tree that this program was built in; NULL: there is
 * none.  The caller frees. */
char *schema_path(void);

#endif
