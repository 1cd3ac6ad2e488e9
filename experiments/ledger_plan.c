/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A commit as bytes.  Everything in it comes from the entry and the parent; libgit2 hashes and
 * reads here, it composes nothing, so that no configuration, environment or clock has a say.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger_part.h"
#include "mem.h"

/* Takes the bytes over. */
static int add_object(struct plan *plan, git_oid *id, git_object_t type, struct str *bytes,
                      struct err *err)
{
    struct object object = {.type = type, .len = bytes->len};

    str_add(bytes, ""); /* even an empty one has an address */
    object.bytes = str_take(bytes);
    if (git_odb_hash(&object.id, object.bytes, object.len, type) != 0) {
        free(object.bytes);
        return ledger_error(err, "cannot hash a git object");
    }
    *id = object.id;
    plan->objects = mem_room(plan->objects, plan->n_objects, sizeof object);
    plan->objects[plan->n_objects++] = object;
    return 0;
}

static int add_blob(struct plan *plan, git_oid *id, const char *text, size_t len, struct err *err)
{
    struct str bytes = {0};

    str_addn(&bytes, text, len);
    return add_object(plan, id, GIT_OBJECT_BLOB, &bytes, err);
}

/* --- trees ---------------------------------------------------------------------------------- */

/* Adds the tree that `old` (NULL: an empty one) becomes with one more entry. */
static int add_tree(struct plan *plan, git_oid *id, git_odb_object *old, unsigned mode,
                    const char *name, const git_oid *entry, struct err *err)
{
    const char *bytes = old != NULL ? git_odb_object_data(old) : "";
    size_t len = old != NULL ? git_odb_object_size(old) : 0;
    struct str tree = {0};

    if (tree_put(&tree, bytes, len, mode, name, entry) != 0) {
        str_clear(&tree);
        return err_integrity(err, "a tree of '%s' is damaged: git fsck tells more", plan->ref);
    }
    return add_object(plan, id, GIT_OBJECT_TREE, &tree, err);
}

static int read_tree(git_odb_object **out, struct ledger *ledger, const git_oid *id,
                     struct err *err)
{
    char hex[GIT_OID_HEXSZ + 1];

    if (object_read(out, ledger, id) == 0 && git_odb_object_type(*out) == GIT_OBJECT_TREE)
        return 0;
    git_odb_object_free(*out);
    *out = NULL;
    git_oid_tostr(hex, sizeof hex, id);
    return ledger_unreadable(err, "tree %s is missing or damaged in '%s'", hex,
                             git_repository_path(ledger->repo));
}

/* The folder `name` of the tree `from`; *out NULL where either is not there. */
static int read_folder(git_odb_object **out, struct ledger *ledger, git_odb_object *from,
                       const char *name, struct err *err)
{
    git_oid id;

    *out = NULL;
    if (from == NULL)
        return 0;
    int found = tree_find(&id, git_odb_object_data(from), git_odb_object_size(from), name);
    if (found < 0)
        return err_integrity(err, "a tree of '%s' is damaged", git_repository_path(ledger->repo));
    return found == 1 ? read_tree(out, ledger, &id, err) : 0;
}

/* A commit begins with the line "tree <id>". */
static int tree_of_commit(git_oid *tree, struct ledger *ledger, const git_oid *commit)
{
    git_odb_object *object = NULL;
    int rc = object_read(&object, ledger, commit);

    if (rc == 0 && (git_odb_object_type(object) != GIT_OBJECT_COMMIT ||
                    git_odb_object_size(object) < 5 + GIT_OID_HEXSZ ||
                    memcmp(git_odb_object_data(object), "tree ", 5) != 0))
        rc = -1;
    if (rc == 0)
        rc = git_oid_fromstrn(tree, (const char *)git_odb_object_data(object) + 5, GIT_OID_HEXSZ);
    git_odb_object_free(object);
    return rc;
}

static int read_parent_tree(git_odb_object **out, struct ledger *ledger, const char *parent,
                            struct err *err)
{
    git_oid id, tree;

    *out = NULL;
    if (parent[0] == '\0')
        return 0;
    if (git_oid_fromstr(&id, parent) != 0 || tree_of_commit(&tree, ledger, &id) != 0)
        return ledger_unreadable(err, "commit %s is missing or damaged in '%s'", parent,
                                 git_repository_path(ledger->repo));
    return read_tree(out, ledger, &tree, err);
}

/* decisions/<n/10000>/<n/100>/<n>.yaml, grown from the parent's folders; the id of decisions/. */
static int add_decisions(struct plan *plan, git_oid *id, struct ledger *ledger, const char *parent,
                         const struct entry *entry, struct err *err)
{
    git_odb_object *old[4] = {NULL}; /* root, decisions, <n/10000>, <n/100> */
    char names[4][32] = {"decisions"};
    int rc;

    snprintf(names[1], sizeof names[1], "%lld", (long long)entry->number / 10000);
    snprintf(names[2], sizeof names[2], "%lld", (long long)entry->number / 100);
    snprintf(names[3], sizeof names[3], "%lld.yaml", (long long)entry->number);
    rc = read_parent_tree(&old[0], ledger, parent, err);
    for (int i = 0; rc == 0 && i < 3; i++)
        rc = read_folder(&old[i + 1], ledger, old[i], names[i], err);
    if (rc == 0)
        rc = add_blob(plan, id, entry->decision_yaml, strlen(entry->decision_yaml), err);
    for (int i = 3; rc == 0 && i > 0; i--)
        rc = add_tree(plan, id, old[i], i == 3 ? TREE_FILE : TREE_FOLDER, names[i], id, err);
    for (int i = 0; i < 4; i++)
        git_odb_object_free(old[i]);
    return rc;
}

/* Puts an entry into a tree of our own making. */
static void put(struct str *tree, unsigned mode, const char *name, const git_oid *id)
{
    struct str bigger = {0};

    tree_put(&bigger, str_text(tree), tree->len, mode, name, id);
    str_clear(tree);
    *tree = bigger;
}

/* On the log all decisions, on the line of keeps only its own; *name is what the tree calls it. */
static int add_decision(struct plan *plan, git_oid *id, const char **name, struct ledger *ledger,
                        const char *parent, const struct entry *entry, struct err *err)
{
    size_t len = strlen(plan->ref), end = strlen("-log");

    if (len > end && strcmp(plan->ref + len - end, "-log") == 0) {
        *name = "decisions";
        return add_decisions(plan, id, ledger, parent, entry, err);
    }
    *name = LEDGER_DECISION;
    return add_blob(plan, id, entry->decision_yaml, strlen(entry->decision_yaml), err);
}

static int add_root(struct plan *plan, git_oid *id, struct ledger *ledger, const char *parent,
                    const struct entry *entry, struct err *err)
{
    struct str root = {0};
    git_oid config, study, decision;
    const char *name = NULL;

    if (add_blob(plan, &config, entry->config_yaml, strlen(entry->config_yaml), err) != 0 ||
        add_blob(plan, &study, entry->study_yaml, entry->study_len, err) != 0)
        return -1;
    if (entry->decision_yaml != NULL &&
        add_decision(plan, &decision, &name, ledger, parent, entry, err) != 0)
        return -1;
    put(&root, TREE_FILE, "config.yaml", &config);
    put(&root, TREE_FILE, "study.yaml", &study);
    if (name != NULL)
        put(&root, strcmp(name, LEDGER_DECISION) == 0 ? TREE_FILE : TREE_FOLDER, name, &decision);
    return add_object(plan, id, GIT_OBJECT_TREE, &root, err);
}

/* --- the commit ----------------------------------------------------------------------------- */

/* A line of the message is one line, whatever a name in it looks like: no trailer can be forged. */
static int check_line(const char *what, const char *text, struct err *err)
{
    bool good = text[0] != '\0';

    for (const char *p = text; *p != '\0'; p++)
        good = good && (unsigned char)*p >= ' ' && *p != 0x7f;
    return good ? 0 : err_failed(err, "the %s of a commit is not one plain line", what);
}

static int check_entry(const struct entry *entry, struct err *err)
{
    if (entry->number < 1 || entry->number > INT32_MAX)
        return err_failed(err, "decision %lld cannot be a commit", (long long)entry->number);
    if (check_line("subject", entry->subject, err) != 0 ||
        check_line("study", entry->study, err) != 0 || check_line("word", entry->word, err) != 0 ||
        check_line("config hash", entry->config_sha, err) != 0)
        return -1;
    return check_line("metric", entry->metric, err);
}

static void write_commit(struct str *out, const char *tree, const char *parent,
                         const struct entry *entry)
{
    long long when = LEDGER_EPOCH + (long long)entry->number;

    str_addf(out, "tree %s\n", tree);
    if (parent[0] != '\0')
        str_addf(out, "parent %s\n", parent);
    str_addf(out, "author nightshift <nightshift@localhost> %lld +0000\n", when);
    str_addf(out, "committer nightshift <nightshift@localhost> %lld +0000\n\n", when);
    str_addf(out, "%s\n\n", entry->subject);
    str_addf(out, "Nightshift-Study: %s\n", entry->study);
    str_addf(out, "Nightshift-Experiment: %lld\n", (long long)entry->experiment);
    str_addf(out, "Nightshift-Decision: %s\n", entry->word);
    str_addf(out, "Nightshift-Config: %s\n", entry->config_sha);
    str_addf(out, "Nightshift-Metric: %s\n", entry->metric);
}

static int add_commit(struct plan *plan, const struct entry *entry, struct err *err)
{
    struct str bytes = {0};
    git_oid id;

    write_commit(&bytes, plan->tree, plan->parent, entry);
    plan->commit_len = bytes.len;
    plan->commit_bytes = mem_strndup(bytes.at, bytes.len);
    if (add_object(plan, &id, GIT_OBJECT_COMMIT, &bytes, err) != 0)
        return -1;
    git_oid_tostr(plan->commit, sizeof plan->commit, &id);
    return 0;
}

int ledger_plan(struct plan *out, struct ledger *ledger, const char *ref, const char *parent,
                const struct entry *entry, struct err *err)
{
    git_oid tree;

    *out = (struct plan){0};
    snprintf(out->ref, sizeof out->ref, "%s", ref);
    snprintf(out->parent, sizeof out->parent, "%s", parent);
    int rc = check_entry(entry, err);
    if (rc == 0)
        rc = add_root(out, &tree, ledger, parent, entry, err);
    if (rc == 0) {
        git_oid_tostr(out->tree, sizeof out->tree, &tree);
        rc = add_commit(out, entry, err);
    }
    if (rc != 0)
        plan_clear(out);
    return rc;
}

void plan_clear(struct plan *plan)
{
    for (size_t i = 0; i < plan->n_objects; i++)
        free(plan->objects[i].bytes);
    free(plan->objects);
    free(plan->commit_bytes);
    *plan = (struct plan){0};
}
