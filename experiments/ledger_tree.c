/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "ledger_part.h"

struct tree_entry {
    const char *name;
    bool folder;
    const char *id;   /* 20 bytes */
    const char *next; /* where the entry after it begins */
};

/* Reads the entry at `at`; false where there is none up to `end`. */
static bool read_entry(struct tree_entry *out, const char *at, const char *end)
{
    const char *nul = memchr(at, '\0', (size_t)(end - at));

    if (nul == NULL || end - nul < 1 + GIT_OID_RAWSZ)
        return false;
    const char *space = memchr(at, ' ', (size_t)(nul - at));
    if (space == NULL || space + 1 == nul)
        return false;
    *out = (struct tree_entry){.name = space + 1,
                               .folder = space - at == 5 && memcmp(at, "40000", 5) == 0,
                               .id = nul + 1,
                               .next = nul + 1 + GIT_OID_RAWSZ};
    return true;
}

int tree_find(git_oid *id, const char *tree, size_t len, const char *name)
{
    const char *end = tree + len;
    struct tree_entry entry;

    for (const char *at = tree; at < end; at = entry.next) {
        if (!read_entry(&entry, at, end))
            return -1;
        if (strcmp(entry.name, name) == 0) {
            memcpy(id->id, entry.id, GIT_OID_RAWSZ);
            return 1;
        }
    }
    return 0;
}

/* git's order: by bytes, a folder as if its name ended in '/'. */
static int compare_names(const char *a, bool a_folder, const char *b, bool b_folder)
{
    size_t i = 0;

    while (a[i] != '\0' && a[i] == b[i])
        i++;
    int x = a[i] != '\0' ? (unsigned char)a[i] : a_folder ? '/' : 0;
    int y = b[i] != '\0' ? (unsigned char)b[i] : b_folder ? '/' : 0;
    return x - y;
}

static void add_entry(struct str *out, unsigned mode, const char *name, const git_oid *id)
{
    str_addf(out, "%o %s", mode, name);
    str_addn(out, "", 1);
    str_addn(out, (const char *)id->id, GIT_OID_RAWSZ);
}

int tree_put(struct str *out, const char *tree, size_t len, unsigned mode, const char *name,
             const git_oid *id)
{
    const char *end = tree + len;
    bool folder = mode == TREE_FOLDER, put = false;
    struct tree_entry entry;

    for (const char *at = tree; at < end; at = entry.next) {
        if (!read_entry(&entry, at, end))
            return -1;
        if (strcmp(entry.name, name) == 0)
            continue;
        if (!put && compare_names(name, folder, entry.name, entry.folder) < 0) {
            add_entry(out, mode, name, id);
            put = true;
        }
        str_addn(out, at, (size_t)(entry.next - at));
    }
    if (!put)
        add_entry(out, mode, name, id);
    return 0;
}
