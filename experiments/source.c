/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "ledger_part.h"
#include "mem.h"
#include "source.h"

int source_open(struct ledger **out, const struct source_rule *rule, const char *study_dir,
                struct err *err)
{
    char *dir = path_join(study_dir, rule->repo != NULL ? rule->repo : ".");
    int rc = ledger_open_around(out, dir, err);

    if (rc == 0 && *out == NULL)
        rc = err_usage(err, "source.repo: there is no git repository at '%s'", dir);
    free(dir);
    return rc;
}

int source_resolve(struct ledger *source, char out[41], const struct source_rule *rule,
                   struct err *err)
{
    if (ledger_resolve(source, out, rule->commit != NULL ? rule->commit : "HEAD", err) == 0)
        return 0;
    return err_wrap(err, "source.commit");
}

/* --- what a patch may touch ------------------------------------------------------------------- */

static bool matches(const char *pattern, const char *path)
{
    size_t len = strlen(pattern);

    if (len > 2 && strcmp(pattern + len - 3, "/**") == 0)
        return strncmp(pattern, path, len - 2) == 0;
    return fnmatch(pattern, path, FNM_PATHNAME) == 0;
}

bool source_allows(const struct source_rule *rule, const char *path)
{
    for (size_t i = 0; i < rule->n_allow; i++)
        if (matches(rule->allow[i], path))
            return true;
    return false;
}

static int check_file(const git_diff_file *file, bool there, const struct source_rule *rule,
                      struct err *err)
{
    if (!there)
        return 0;
    if (!source_allows(rule, file->path))
        return err_usage(err, "the patch touches '%.200s', which source.allow does not name",
                         file->path);
    if (file->mode != GIT_FILEMODE_BLOB && file->mode != GIT_FILEMODE_BLOB_EXECUTABLE)
        return err_usage(err, "the patch touches '%.200s', which is no regular file", file->path);
    return 0;
}

/* What the patch has done to the tree, whatever it says of itself. */
static int check_changes(git_diff *diff, const struct source_rule *rule, struct err *err)
{
    size_t n = git_diff_num_deltas(diff);

    for (size_t i = 0; i < n; i++) {
        const git_diff_delta *delta = git_diff_get_delta(diff, i);
        if (check_file(&delta->old_file, delta->status != GIT_DELTA_ADDED, rule, err) != 0 ||
            check_file(&delta->new_file, delta->status != GIT_DELTA_DELETED, rule, err) != 0)
            return -1;
    }
    return n > 0 ? 0 : err_usage(err, "the patch changes nothing");
}

static int check_trees(struct ledger *source, git_tree *before, git_tree *after,
                       const struct source_rule *rule, struct err *err)
{
    git_diff *diff = NULL;
    int rc = git_diff_tree_to_tree(&diff, source->repo, before, after, NULL);

    rc = rc != 0 ? ledger_error(err, "cannot compare trees") : check_changes(diff, rule, err);
    git_diff_free(diff);
    return rc;
}

/* --- a plain diff as git writes it ------------------------------------------------------------ */

/* The path of a "--- a/path" or "+++ b/path" line, up to a tab (dates follow it). */
static char *header_path(const char *line)
{
    const char *path = line + 4;

    if (strncmp(path, "a/", 2) == 0 || strncmp(path, "b/", 2) == 0)
        path += 2;
    return mem_strndup(path, strcspn(path, "\t\r\n"));
}

static bool is_file_header(const char *line)
{
    const char *end = strchr(line, '\n');

    return strncmp(line, "--- ", 4) == 0 && end != NULL && strncmp(end + 1, "+++ ", 4) == 0;
}

/* The head of one file's changes, with the line that libgit2 asks for. */
static void add_file_header(struct str *out, const char *line)
{
    char *before = header_path(line), *after = header_path(strchr(line, '\n') + 1);
    bool is_new = strcmp(before, "/dev/null") == 0, is_gone = strcmp(after, "/dev/null") == 0;
    const char *path = is_gone ? before : after;

    str_addf(out, "diff --git a/%s b/%s\n", path, path);
    str_add(out, is_new ? "new file mode 100644\n" : is_gone ? "deleted file mode 100644\n" : "");
    str_addf(out, "--- %s%s\n", is_new ? "" : "a/", before);
    str_addf(out, "+++ %s%s\n", is_gone ? "" : "b/", after);
    free(before);
    free(after);
}

/* libgit2 reads git's form alone; diff(1), and most who write a patch by hand, leave its first line
 * out. */
static void as_git_diff(struct str *out, const char *patch)
{
    bool plain = strncmp(patch, "diff --git ", 11) != 0 && strstr(patch, "\ndiff --git ") == NULL;

    while (*patch != '\0') {
        size_t len = strcspn(patch, "\n");
        len += patch[len] == '\n';
        if (plain && is_file_header(patch)) {
            add_file_header(out, patch);
            patch += len;
            len = strcspn(patch, "\n");
            len += patch[len] == '\n';
        } else {
            str_addn(out, patch, len);
        }
        patch += len;
    }
    if (out->len > 0 && out->at[out->len - 1] != '\n')
        str_add(out, "\n");
}

/* --- a patch becomes a commit ----------------------------------------------------------------- */

static int refuse(struct err *err, const char *what)
{
    const git_error *said = git_error_last();

    return err_usage(err, "%s: %s", what,
                     said != NULL && said->message != NULL ? said->message : "no reason was given");
}

static int apply(git_oid *tree, struct ledger *source, git_tree *base, const char *patch,
                 struct err *err)
{
    git_diff *diff = NULL;
    git_index *index = NULL;
    struct str text = {0};
    int rc = 0;

    as_git_diff(&text, patch);
    if (git_diff_from_buffer(&diff, str_text(&text), text.len) != 0)
        rc = refuse(err, "the patch cannot be read");
    else if (git_apply_to_tree(&index, source->repo, base, diff, NULL) != 0)
        rc = refuse(err, "the patch does not apply");
    else if (git_index_write_tree_to(tree, index, source->repo) != 0)
        rc = ledger_error(err, "cannot write the patched tree");
    git_index_free(index);
    git_diff_free(diff);
    str_clear(&text);
    return rc;
}

static int write_commit(struct ledger *source, char out[41], const git_oid *tree,
                        const char *parent, const char *study, struct err *err)
{
    char hex[GIT_OID_HEXSZ + 1];
    struct str bytes = {0};
    git_oid id;

    git_oid_tostr(hex, sizeof hex, tree);
    str_addf(&bytes, "tree %s\nparent %s\n", hex, parent);
    str_addf(&bytes, "author nightshift <nightshift@localhost> %d +0000\n", LEDGER_EPOCH);
    str_addf(&bytes, "committer nightshift <nightshift@localhost> %d +0000\n\n", LEDGER_EPOCH);
    str_addf(&bytes, "patch the trainer\n\nNightshift-Study: %s\n", study);
    int rc = git_odb_write(&id, source->odb, bytes.at, bytes.len, GIT_OBJECT_COMMIT);
    str_clear(&bytes);
    if (rc != 0)
        return ledger_error(err, "cannot write to the git repository '%s'", ledger_path(source));
    git_oid_tostr(out, GIT_OID_HEXSZ + 1, &id);
    return 0;
}

static int find_tree(git_tree **out, struct ledger *source, const char *commit, struct err *err)
{
    git_commit *found = NULL;
    git_oid id;
    int rc = git_oid_fromstr(&id, commit);

    *out = NULL;
    if (rc == 0)
        rc = git_commit_lookup(&found, source->repo, &id);
    if (rc == 0)
        rc = git_commit_tree(out, found);
    git_commit_free(found);
    if (rc == 0)
        return 0;
    ledger_error(err, "the source commit %s cannot be read", commit);
    err->code = ERR_INTEGRITY;
    return -1;
}

int source_patch(struct ledger *source, char out[41], const char *base, const char *patch,
                 const struct study *study, struct err *err)
{
    git_tree *before = NULL, *after = NULL;
    git_oid id;
    int rc = find_tree(&before, source, base, err);

    if (rc == 0)
        rc = apply(&id, source, before, patch, err);
    if (rc == 0 && git_tree_lookup(&after, source->repo, &id) != 0)
        rc = ledger_error(err, "cannot read the patched tree");
    if (rc == 0)
        rc = check_trees(source, before, after, &study->source, err);
    if (rc == 0)
        rc = write_commit(source, out, &id, base, study->name, err);
    git_tree_free(after);
    git_tree_free(before);
    return rc;
}

int source_keep(struct ledger *source, const char *commit, const char *study, int64_t experiment,
                struct err *err)
{
    char *name = mem_printf("refs/nightshift/%s/%lld", study, (long long)experiment);
    git_reference *ref = NULL;
    git_oid id;
    int rc = git_oid_fromstr(&id, commit);

    if (rc == 0)
        rc = git_reference_create(&ref, source->repo, name, &id, 1, NULL);
    if (rc != 0)
        rc = ledger_error(err, "cannot set '%s' in '%s'", name, ledger_path(source));
    git_reference_free(ref);
    free(name);
    return rc;
}

/* --- a commit becomes files ------------------------------------------------------------------- */

static int write_tree(struct ledger *source, const git_tree *tree, const char *dir,
                      struct err *err);

static int write_folder(struct ledger *source, const git_tree_entry *entry, const char *path,
                        struct err *err)
{
    git_tree *tree = NULL;

    if (git_tree_lookup(&tree, source->repo, git_tree_entry_id(entry)) != 0)
        return ledger_error(err, "cannot read the tree of '%s'", path);
    int rc = write_tree(source, tree, path, err);
    git_tree_free(tree);
    return rc;
}

static int write_blob(const git_blob *blob, git_filemode_t mode, const char *path, struct err *err)
{
    const char *bytes = git_blob_rawcontent(blob);
    size_t len = (size_t)git_blob_rawsize(blob);

    if (mode == GIT_FILEMODE_LINK) {
        char *target = mem_strndup(bytes, len);
        int rc = symlink(target, path) != 0 ? err_sys(err, "cannot make '%s'", path) : 0;
        free(target);
        return rc;
    }
    if (file_write_unsynced(path, bytes, len, err) != 0)
        return -1;
    if (chmod(path, mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0700 : 0600) != 0)
        return err_sys(err, "cannot set the mode of '%s'", path);
    return 0;
}

static int write_file(struct ledger *source, const git_tree_entry *entry, const char *path,
                      struct err *err)
{
    git_blob *blob = NULL;

    if (git_blob_lookup(&blob, source->repo, git_tree_entry_id(entry)) != 0)
        return ledger_error(err, "cannot read '%s'", path);
    int rc = write_blob(blob, git_tree_entry_filemode(entry), path, err);
    git_blob_free(blob);
    return rc;
}

/* A name that leads out of its folder is in no tree that git made. */
static bool is_plain_name(const char *name)
{
    return *name != '\0' && strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 && strcasecmp(name, ".git") != 0;
}

static int write_entry(struct ledger *source, const git_tree_entry *entry, const char *dir,
                       struct err *err)
{
    const char *name = git_tree_entry_name(entry);
    int rc = 0;

    if (!is_plain_name(name))
        return err_integrity(err, "a source tree holds the name '%.200s'", name);
    char *path = path_join(dir, name);
    if (git_tree_entry_type(entry) == GIT_OBJECT_TREE)
        rc = write_folder(source, entry, path, err);
    else if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB)
        rc = write_file(source, entry, path, err);
    free(path);
    return rc;
}

static int write_tree(struct ledger *source, const git_tree *tree, const char *dir, struct err *err)
{
    if (file_mkdirs(dir, err) != 0)
        return -1;
    for (size_t i = 0; i < git_tree_entrycount(tree); i++)
        if (write_entry(source, git_tree_entry_byindex(tree, i), dir, err) != 0)
            return -1;
    return 0;
}

int source_checkout(struct ledger *source, const char *commit, const char *dir, struct err *err)
{
    char *part = mem_printf("%s.part", dir);
    git_tree *tree = NULL;
    int rc = find_tree(&tree, source, commit, err);

    if (rc == 0)
        rc = file_remove(part, err);
    if (rc == 0)
        rc = write_tree(source, tree, part, err);
    if (rc == 0 && rename(part, dir) != 0)
        rc = err_sys(err, "cannot make the folder '%s'", dir);
    git_tree_free(tree);
    free(part);
    return rc;
}
