/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "ledger_part.h"
#include "mem.h"

/* --- objects -------------------------------------------------------------------------------- */

/* Is the object there, byte for byte? */
static bool is_whole(struct ledger *ledger, const struct object *object)
{
    git_odb_object *found = NULL;

    if (git_odb_read(&found, ledger->odb, &object->id) != 0)
        return false;
    bool whole = git_odb_object_type(found) == object->type &&
                 git_odb_object_size(found) == object->len &&
                 memcmp(git_odb_object_data(found), object->bytes, object->len) == 0;
    git_odb_object_free(found);
    return whole;
}

/* libgit2 takes any file of the right name for the object, an empty one too, and would not write
 * it again: so a damaged one must go first. */
static int remove_damaged(struct ledger *ledger, const char *hex, struct err *err)
{
    git_buf objects = {0};

    if (git_repository_item_path(&objects, ledger->repo, GIT_REPOSITORY_ITEM_OBJECTS) != 0)
        return ledger_error(err, "cannot find the objects of '%s'",
                            git_repository_path(ledger->repo));
    char *path = mem_printf("%s%.2s/%s", objects.ptr, hex, hex + 2);
    int rc = file_remove(path, err);
    free(path);
    git_buf_dispose(&objects);
    return rc;
}

int object_publish(struct ledger *ledger, const struct object *object, struct err *err)
{
    bool there = git_odb_exists_ext(ledger->odb, &object->id, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
    char hex[GIT_OID_HEXSZ + 1];
    git_oid written;

    if (there && is_whole(ledger, object))
        return 0;
    git_oid_tostr(hex, sizeof hex, &object->id);
    if (there && remove_damaged(ledger, hex, err) != 0)
        return -1;
    if (git_odb_write(&written, ledger->odb, object->bytes, object->len, object->type) != 0)
        return ledger_error(err, "cannot write to the git repository '%s'",
                            git_repository_path(ledger->repo));
    if (git_oid_equal(&written, &object->id) && is_whole(ledger, object))
        return 0;
    return err_integrity(err, "object %s is damaged in '%s': git fsck tells more", hex,
                         git_repository_path(ledger->repo));
}

/* --- the ref -------------------------------------------------------------------------------- */

static int moved(const struct plan *plan, const char *found, struct err *err)
{
    if (plan->parent[0] == '\0')
        return err_integrity(err,
                             "'%s' was moved by someone else: expected no such ref, found %s (git "
                             "update-ref -d removes it)",
                             plan->ref, found);
    return err_integrity(err,
                         "'%s' was moved by someone else: expected %s, found %s (git update-ref "
                         "puts it back)",
                         plan->ref, plan->parent, found[0] != '\0' ? found : "no such ref");
}

/* The compare-and-swap itself: libgit2's return code. */
static int swap(struct ledger *ledger, const struct plan *plan)
{
    git_reference *ref = NULL;
    git_oid commit, parent;
    int rc;

    git_oid_fromstr(&commit, plan->commit);
    if (plan->parent[0] == '\0') {
        rc = git_reference_create(&ref, ledger->repo, plan->ref, &commit, 0, "nightshift");
    } else {
        git_oid_fromstr(&parent, plan->parent);
        rc = git_reference_create_matching(&ref, ledger->repo, plan->ref, &commit, 1, &parent,
                                           "nightshift");
    }
    git_reference_free(ref);
    return rc;
}

/* 1 where it is done already, 0 where it stands at the parent. */
static int look(struct ledger *ledger, const struct plan *plan, struct err *err)
{
    char tip[41];

    if (ledger_tip(ledger, tip, plan->ref, err) != 0)
        return -1;
    if (strcmp(tip, plan->commit) == 0)
        return 1;
    return strcmp(tip, plan->parent) == 0 ? 0 : moved(plan, tip, err);
}

static int move_ref(struct ledger *ledger, const struct plan *plan, struct err *err)
{
    int done = look(ledger, plan, err);

    if (done != 0)
        return done < 0 ? -1 : 0;
    int rc = swap(ledger, plan);
    if (rc == GIT_ELOCKED) {
        if (ref_lock_remove_stale(ledger, plan, err) < 0)
            return -1;
        rc = swap(ledger, plan);
    }
    if (rc == 0)
        return 0;
    ledger_error(err, "cannot move '%s'", plan->ref);
    if (rc == GIT_EMODIFIED || rc == GIT_EEXISTS)
        return look(ledger, plan, err) == 1 ? 0 : -1;
    return -1;
}

int ledger_publish(struct ledger *ledger, const struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->n_objects; i++)
        if (object_publish(ledger, &plan->objects[i], err) != 0)
            return err_wrap(err, "publishing %s", plan->commit);
    return move_ref(ledger, plan, err);
}
