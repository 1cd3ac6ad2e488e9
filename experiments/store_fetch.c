/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tables lie among each other in the order of their making.  Where a long record is not in the
 * system's cache, reading one of them page by page takes a hundred times as long as reading through
 * the whole file.
 */
#include <stdlib.h>
#include <sys/resource.h>

#include "mem.h"
#include "query.h"

enum { LEAST = 4 << 20, PROBES = 32, PAGE = 4096, PIECE = 1 << 20 };

/* What cannot be read is told by whoever needs it. */
static void read_at(sqlite3_file *file, char *room, int len, sqlite3_int64 at)
{
    (void)file->pMethods->xRead(file, room, len, at);
}

static long blocks_read(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_inblock : 0;
}

/* Did the disk have to answer for any of some pages? */
static bool is_cold(sqlite3_file *file, char *room, sqlite3_int64 size)
{
    const long before = blocks_read();

    for (int i = 0; i < PROBES; i++)
        read_at(file, room, PAGE, size / PROBES * i / PAGE * PAGE);
    return blocks_read() != before;
}

/* By SQLite's own descriptor: closing one of ours would end its locks (fcntl(2)). */
void store_fetch(const struct store *store)
{
    sqlite3_int64 size = 0;
    sqlite3_file *file = store_file(store->db, SQLITE_FCNTL_FILE_POINTER);

    if (file == NULL || file->pMethods->xFileSize(file, &size) != SQLITE_OK || size < LEAST)
        return;
    char *room = mem_new(PIECE, 1);
    if (is_cold(file, room, size))
        for (sqlite3_int64 at = 0; at < size; at += PIECE)
            read_at(file, room, (int)(size - at < PIECE ? size - at : PIECE), at);
    free(room);
}
