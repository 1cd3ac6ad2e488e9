/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * file.h - whole files: read with a cap, written so that after a crash either the old one or the
 * new one is there.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* "dir/name"; `name` alone where it is absolute.  The caller frees. */
char *path_join(const char *dir, const char *name);

/* The folder that holds `path` ("." where it names none).  The caller frees. */
char *path_dir(const char *path);

bool file_exists(const char *path); /* anything of that name */
bool file_is_regular(const char *path);
bool file_is_dir(const char *path);

/* Makes a folder and those above it (mode 0700 for what is new); an existing one is fine. */
int file_mkdirs(const char *path, struct err *err);

/*
 * The whole of a regular file of at most `max` bytes, NUL added behind (not counted in *len; len
 * may be NULL).  The caller frees *out.  A FIFO or device is refused, never waited for.
 */
int file_read(char **out, size_t *len, const char *path, size_t max, struct err *err);

/* Writes by temporary name, fsync, rename, fsync of the folder. */
int file_write(const char *path, const void *bytes, size_t len, struct err *err);

/* Writes by temporary name and rename, but leaves it to the system when it reaches the disk: for
 * what is worthless after a crash, such as the orders of a run that will be repeated. */
int file_write_unsynced(const char *path, const void *bytes, size_t len, struct err *err);

int file_sync_dir(const char *dir, struct err *err);

/* Removes a file or a whole folder, symbolic links themselves and not what they name; absent is
 * fine, and so are folders of ours that are closed (mode 0). */
int file_remove(const char *path, struct err *err);

/* Writes all of it to a descriptor, through short writes and EINTR. */
int fd_write(int fd, const void *bytes, size_t len, const char *name, struct err *err);

#define SHA256_TEXT 65 /* 64 hexadecimal digits and the end */

void sha256_bytes(char out[SHA256_TEXT], const void *bytes, size_t len);
int sha256_file(char out[SHA256_TEXT], int64_t *size, const char *path, struct err *err);

#endif
