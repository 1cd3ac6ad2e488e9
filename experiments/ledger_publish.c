/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "ledger_part.h"
#include "mem.h"

/* --- objects -------------------------------------------------------------------------------- */

int object_read(git_odb_object **out, struct ledger *ledger, const git_oid *id)
{
    *out = NULL;
    if (git_odb_read(out, ledger->planned, id) == 0)
        return 0;
    git_error_clear();
    return git_odb_read(out, ledger->odb, id);
}

bool object_is_whole(struct ledger *ledger, const struct object *object)
{
    git_odb_object *found = NULL;

    git_error_clear();
    if (git_odb_read(&found, ledger->odb, &object->id) != 0)
        return false;
    bool whole = git_odb_object_type(found) == object->type &&
                 git_odb_object_size(found) == object->len &&
                 memcmp(git_odb_object_data(found), object->bytes, object->len) == 0;
    git_odb_object_free(found);
    return whole;
}

int object_damaged(struct ledger *ledger, const struct object *object, struct err *err)
{
    char hex[GIT_OID_HEXSZ + 1];

    git_oid_tostr(hex, sizeof hex, &object->id);
    return ledger_unreadable(err, "object %s is damaged in '%s'", hex,
                             git_repository_path(ledger->repo));
}

/* libgit2 takes any file of the right name for the object, an empty one too, and would not write
 * it again: so a damaged one must go first. */
int object_remove_damaged(struct ledger *ledger, const struct object *object, struct err *err)
{
    git_buf objects = {0};
    char hex[GIT_OID_HEXSZ + 1];

    if (git_repository_item_path(&objects, ledger->repo, GIT_REPOSITORY_ITEM_OBJECTS) != 0)
        return ledger_error(err, "cannot find the objects of '%s'",
                            git_repository_path(ledger->repo));
    git_oid_tostr(hex, sizeof hex, &object->id);
    char *path = mem_printf("%s%.2s/%s", objects.ptr, hex, hex + 2);
    int rc = file_remove(path, err);
    free(path);
    git_buf_dispose(&objects);
    return rc;
}

int object_publish(struct ledger *ledger, const struct object *object, struct err *err)
{
    bool there = git_odb_exists_ext(ledger->odb, &object->id, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
    git_oid written;

    if (there && object_is_whole(ledger, object))
        return 0;
    if (there && object_remove_damaged(ledger, object, err) != 0)
        return -1;
    if (git_odb_write(&written, ledger->odb, object->bytes, object->len, object->type) != 0)
        return ledger_error(err, "cannot write to the git repository '%s'",
                            git_repository_path(ledger->repo));
    if (git_oid_equal(&written, &object->id) && object_is_whole(ledger, object))
        return 0;
    return object_damaged(ledger, object, err);
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

/* Why it could not be moved: where somebody else has moved it, that is the reason, whatever libgit2
 * came upon (a folder that he had emptied, say). */
static int explain(struct ledger *ledger, const struct plan *plan, struct err *err)
{
    struct err now = {0};
    int done = look(ledger, plan, &now);

    if (done < 0)
        *err = now;
    return done == 1 ? 0 : -1;
}

static int move_ref(struct ledger *ledger, const struct plan *plan, struct err *err)
{
    int done = look(ledger, plan, err);

    if (done != 0)
        return done < 0 ? -1 : 0;
    int rc = swap(ledger, plan);
    if (rc == GIT_ELOCKED) {
        if (ref_lock_clear_stale(ledger, plan, err) < 0)
            return -1;
        rc = swap(ledger, plan);
    }
    if (rc == 0)
        return 0;
    ledger_error(err, "cannot move '%s'", plan->ref);
    return explain(ledger, plan, err);
}

/* --- many plans ----------------------------------------------------------------------------- */

int ledger_remember(struct ledger *ledger, const struct plan *plan, struct err *err)
{
    git_oid written;

    for (size_t i = 0; i < plan->n_objects; i++) {
        const struct object *o = &plan->objects[i];
        if (git_odb_write(&written, ledger->planned, o->bytes, o->len, o->type) != 0)
            return ledger_error(err, "cannot keep commit %s in memory", plan->commit);
    }
    return 0;
}

static int publish_loose(struct ledger *ledger, const struct plan *plans, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < plans[i].n_objects; k++)
            if (object_publish(ledger, &plans[i].objects[k], err) != 0)
                return err_wrap(err, "publishing %s", plans[i].commit);
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct object *const *x = a, *const *y = b;

    return git_oid_cmp(&(*x)->id, &(*y)->id);
}

/* Plans share objects, the study's text above all: each once.  The caller frees. */
static const struct object **distinct_objects(size_t *n, const struct plan *plans, size_t n_plans)
{
    const struct object **all = NULL;
    size_t total = 0;

    for (size_t i = 0; i < n_plans; i++)
        for (size_t k = 0; k < plans[i].n_objects; k++) {
            all = mem_room(all, total, sizeof(const struct object *));
            all[total++] = &plans[i].objects[k];
        }
    if (total > 1)
        qsort(all, total, sizeof(const struct object *), by_id);
    *n = 0;
    for (size_t i = 0; i < total; i++)
        if (*n == 0 || git_oid_cmp(&all[*n - 1]->id, &all[i]->id) != 0)
            all[(*n)++] = all[i];
    return all;
}

static int publish_packed(struct ledger *ledger, const struct plan *plans, size_t n_plans,
                          struct err *err)
{
    size_t n;
    const struct object **objects = distinct_objects(&n, plans, n_plans);
    int rc = objects_publish_packed(ledger, objects, n, err);

    free(objects);
    return rc;
}

/* The tip may stand at any of our own commits on the way, which nobody else could have made. */
static void begin_at_tip(struct plan *span, const char *tip, const struct plan *plans, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(plans[i].ref, span->ref) == 0 && strcmp(plans[i].commit, tip) == 0)
            memcpy(span->parent, plans[i].commit, sizeof span->parent);
}

/* Moves the ref of plans[first] over all plans of that ref. */
static int move_over(struct ledger *ledger, const struct plan *plans, size_t n, size_t first,
                     struct err *err)
{
    struct plan span = plans[first];
    char tip[41];

    for (size_t i = first; i < n; i++)
        if (strcmp(plans[i].ref, span.ref) == 0)
            memcpy(span.commit, plans[i].commit, sizeof span.commit);
    if (ledger_tip(ledger, tip, span.ref, err) != 0)
        return -1;
    begin_at_tip(&span, tip, plans, n);
    return move_ref(ledger, &span, err);
}

static bool is_first_of_its_ref(const struct plan *plans, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (strcmp(plans[i].ref, plans[at].ref) == 0)
            return false;
    return true;
}

int ledger_publish_all(struct ledger *ledger, const struct plan *plans, size_t n, struct err *err)
{
    int rc = n >= LEDGER_PACK_FROM ? publish_packed(ledger, plans, n, err)
                                   : publish_loose(ledger, plans, n, err);

    for (size_t i = 0; i < n && rc == 0; i++)
        if (is_first_of_its_ref(plans, i))
            rc = move_over(ledger, plans, n, i, err);
    if (rc == 0 && git_mempack_reset(ledger->planned_in) != 0)
        rc = ledger_error(err, "cannot forget what was published");
    if (rc == 0 && n >= LEDGER_PACK_FROM)
        rc = ledger_reopen(ledger, err);
    return rc;
}

int ledger_publish(struct ledger *ledger, const struct plan *plan, struct err *err)
{
    return ledger_publish_all(ledger, plan, 1, err);
}
