/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_part.h"
#include "ledger_walk.h"
#include "mem.h"

static int read_commit(git_odb_object **out, struct ledger *ledger, const char *commit,
                       struct err *err)
{
    git_oid id;
    int rc = git_oid_fromstr(&id, commit);

    *out = NULL;
    if (rc == 0)
        rc = git_odb_read(out, ledger->odb, &id);
    if (rc == 0 && git_odb_object_type(*out) == GIT_OBJECT_COMMIT)
        return 0;
    git_odb_object_free(*out);
    *out = NULL;
    if (rc == GIT_ENOTFOUND)
        return 0;
    return err_integrity(err, "commit %s is damaged in '%s'", commit,
                         git_repository_path(ledger->repo));
}

int ledger_commit_bytes(struct ledger *ledger, char **out, size_t *len, const char *commit,
                        struct err *err)
{
    git_odb_object *object;

    *out = NULL;
    *len = 0;
    if (read_commit(&object, ledger, commit, err) != 0)
        return -1;
    if (object == NULL)
        return 0;
    *len = git_odb_object_size(object);
    *out = mem_strndup(git_odb_object_data(object), *len);
    git_odb_object_free(object);
    return 0;
}

/* The id behind "\n<word> " in the head of a commit; false where there is none. */
static bool find_id(char out[41], const char *bytes, const char *word)
{
    const char *end = strstr(bytes, "\n\n"), *at = strstr(bytes, word);

    if (at == NULL || (end != NULL && at > end) || strlen(at) < strlen(word) + GIT_OID_HEXSZ)
        return false;
    snprintf(out, GIT_OID_HEXSZ + 1, "%s", at + strlen(word));
    return true;
}

int ledger_parent(struct ledger *ledger, char out[41], const char *commit, struct err *err)
{
    char *bytes;
    size_t len;

    out[0] = '\0';
    if (ledger_commit_bytes(ledger, &bytes, &len, commit, err) != 0)
        return -1;
    if (bytes == NULL)
        return err_integrity(err, "commit %s is missing in '%s'", commit,
                             git_repository_path(ledger->repo));
    if (!find_id(out, bytes, "\nparent "))
        out[0] = '\0';
    free(bytes);
    return 0;
}

/* --- objects --------------------------------------------------------------------------------- */

static void report_object(struct str *found, const git_oid *id, const char *what)
{
    const git_error *said = git_error_last();
    char hex[GIT_OID_HEXSZ + 1];

    git_oid_tostr(hex, sizeof hex, id);
    str_addf(found, "%s %s is missing or damaged: %s", what, hex,
             said != NULL && said->message != NULL ? said->message : "no reason was given");
}

/* Reading hashes, since strict hash verification is on and the cache is off. */
static bool check_blob(struct ledger *ledger, struct str *found, const git_oid *id)
{
    git_odb_object *object = NULL;

    if (git_odb_read(&object, ledger->odb, id) != 0)
        report_object(found, id, "blob");
    git_odb_object_free(object);
    return found->len == 0;
}

static bool check_tree(struct ledger *ledger, struct str *found, const git_oid *id,
                       const git_oid *before);

static bool check_entry(struct ledger *ledger, struct str *found, const git_tree_entry *entry,
                        const git_tree *before)
{
    const git_tree_entry *old =
        before != NULL ? git_tree_entry_byname(before, git_tree_entry_name(entry)) : NULL;
    const git_oid *id = git_tree_entry_id(entry);

    if (old != NULL && git_oid_equal(git_tree_entry_id(old), id))
        return true;
    if (git_tree_entry_type(entry) != GIT_OBJECT_TREE)
        return check_blob(ledger, found, id);
    bool folder = old != NULL && git_tree_entry_type(old) == GIT_OBJECT_TREE;
    return check_tree(ledger, found, id, folder ? git_tree_entry_id(old) : NULL);
}

/* What a tree has and the tree `before` (NULL: none) has not. */
static bool check_tree(struct ledger *ledger, struct str *found, const git_oid *id,
                       const git_oid *before)
{
    git_tree *tree = NULL, *old = NULL;

    if (git_tree_lookup(&tree, ledger->repo, id) != 0) {
        report_object(found, id, "tree");
        return false;
    }
    if (before != NULL && git_tree_lookup(&old, ledger->repo, before) != 0)
        old = NULL; /* told when its own commit was looked at */
    for (size_t i = 0; i < git_tree_entrycount(tree); i++)
        if (!check_entry(ledger, found, git_tree_entry_byindex(tree, i), old))
            break;
    git_tree_free(old);
    git_tree_free(tree);
    return found->len == 0;
}

static bool tree_of(git_oid *out, struct ledger *ledger, const char *commit)
{
    git_commit *found = NULL;
    git_oid id;

    if (git_oid_fromstr(&id, commit) != 0 || git_commit_lookup(&found, ledger->repo, &id) != 0)
        return false;
    *out = *git_commit_tree_id(found);
    git_commit_free(found);
    return true;
}

void ledger_check_objects(struct ledger *ledger, struct str *found, const char *commit,
                          const char *parent)
{
    git_oid id, tree, before;

    if (!tree_of(&tree, ledger, commit)) {
        if (git_oid_fromstr(&id, commit) == 0)
            report_object(found, &id, "commit");
        return;
    }
    bool old = parent[0] != '\0' && tree_of(&before, ledger, parent);
    check_tree(ledger, found, &tree, old ? &before : NULL);
}

char *ledger_ref_path(struct ledger *ledger, const char *ref)
{
    return mem_printf("%s%s", git_repository_commondir(ledger->repo), ref);
}

/* --- mending --------------------------------------------------------------------------------- */

int ledger_set(struct ledger *ledger, const char *ref, const char *from, const char *commit,
               struct err *err)
{
    git_reference *out = NULL;
    git_oid to, at;
    int rc = git_oid_fromstr(&to, commit);

    if (rc == 0 && from[0] == '\0') {
        rc = git_reference_create(&out, ledger->repo, ref, &to, 0, "nightshift");
    } else if (rc == 0) {
        git_oid_fromstr(&at, from);
        rc = git_reference_create_matching(&out, ledger->repo, ref, &to, 1, &at, "nightshift");
    }
    git_reference_free(out);
    return rc == 0 ? 0 : ledger_error(err, "cannot move '%s' to %s", ref, commit);
}

int ledger_write_objects(struct ledger *ledger, const struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->n_objects; i++)
        if (object_publish(ledger, &plan->objects[i], err) != 0)
            return err_wrap(err, "writing %s", plan->commit);
    return 0;
}
