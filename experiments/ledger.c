/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "ledger_part.h"
#include "mem.h"

#define FILE_MAX   (16 << 20)  /* bytes of a blob that is read */
#define OPEN_PACKS 16          /* else libgit2 keeps every pack that it has read open */
#define WINDOW     (256 << 10) /* bytes of a pack that are mapped at once */
#define WINDOWS    (1 << 20) /* bytes of all packs; else every one that was written stays mapped */

int ledger_error(struct err *err, const char *fmt, ...)
{
    const git_error *said = git_error_last();
    va_list args;

    va_start(args, fmt);
    char *text = NULL;
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    err_environment(err, "%s: %s", len >= 0 ? text : "git",
                    said != NULL && said->message != NULL ? said->message : "no reason was given");
    free(text);
    return -1;
}

int ledger_unreadable(struct err *err, const char *fmt, ...)
{
    const git_error *said = git_error_last();
    bool system = said != NULL && said->klass == GIT_ERROR_OS;
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (system)
        err_environment(err, "%s: %s", len >= 0 ? text : "git", said->message);
    else
        err_integrity(err, "%s: git fsck tells more", len >= 0 ? text : "git");
    free(text);
    return -1;
}

/* GIT_DIR, GIT_OBJECT_DIRECTORY and their like mean another repository than ours. */
static void forget_environment(void)
{
    for (size_t i = 0; environ[i] != NULL;) {
        char *name = mem_strndup(environ[i], strcspn(environ[i], "="));
        bool foreign = strncmp(name, "GIT_", 4) == 0 && unsetenv(name) == 0;
        free(name);
        i = foreign ? 0 : i + 1;
    }
}

/* Durable writes, every object hashed when it is read, and no configuration but the repository's
 * own.  The cache is off, so that what is read back comes from the disk. */
static int start_library(struct err *err)
{
    static const int levels[] = {GIT_CONFIG_LEVEL_SYSTEM, GIT_CONFIG_LEVEL_XDG,
                                 GIT_CONFIG_LEVEL_GLOBAL, GIT_CONFIG_LEVEL_PROGRAMDATA};
    forget_environment();
    int rc = git_libgit2_init();

    if (rc < 0)
        return ledger_error(err, "cannot start libgit2");
    rc = git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1);
    if (rc == 0)
        rc = git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, (size_t)OPEN_PACKS);
    if (rc == 0)
        rc = git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)WINDOW);
    if (rc == 0)
        rc = git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)WINDOWS);
    for (size_t i = 0; rc == 0 && i < sizeof levels / sizeof *levels; i++)
        rc = git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i], "");
    if (rc == 0)
        rc = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
    if (rc == 0)
        rc = git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 1);
    if (rc == 0)
        rc = git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
    if (rc == 0)
        return 0;
    ledger_error(err, "cannot set up libgit2");
    git_libgit2_shutdown();
    return -1;
}

/* --- finding, making and opening a repository ------------------------------------------------ */

/* The .git folder of the repository that holds `dir`; *out NULL where none does.  The caller frees.
 */
static int find_repository(char **out, const char *dir, struct err *err)
{
    git_buf found = {0};
    int rc = git_repository_discover(&found, dir, 0, NULL);

    *out = NULL;
    if (rc == 0)
        *out = mem_strdup(found.ptr);
    git_buf_dispose(&found);
    if (rc == 0 || rc == GIT_ENOTFOUND)
        return 0;
    return ledger_error(err, "cannot look for a git repository in '%s'", dir);
}

/* A study that began in a repository of its own stays there. */
static int choose_repository(char **out, const char *study_dir, const char *own, struct err *err)
{
    if (!file_exists(own))
        return find_repository(out, study_dir, err);
    *out = mem_strdup(own);
    return 0;
}

static int remove_unfinished(const char *run_dir, struct err *err)
{
    DIR *dir = opendir(run_dir);
    int rc = 0;

    if (dir == NULL)
        return err_sys(err, "cannot read the folder '%s'", run_dir);
    for (struct dirent *d = readdir(dir); d != NULL && rc == 0; d = readdir(dir)) {
        if (strncmp(d->d_name, "repo.tmp.", 9) != 0)
            continue;
        char *path = path_join(run_dir, d->d_name);
        rc = file_remove(path, err);
        free(path);
    }
    closedir(dir);
    return rc;
}

static int init_repository(const char *path, const char *name, struct err *err)
{
    git_repository_init_options options;
    git_repository *repo = NULL;

    if (git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION) != 0)
        return ledger_error(err, "cannot make a git repository");
    char *head = mem_printf("nightshift/%s-log", name);
    options.flags =
        GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_NO_REINIT | GIT_REPOSITORY_INIT_MKDIR;
    options.initial_head = head;
    int rc = git_repository_init_ext(&repo, path, &options);
    git_repository_free(repo);
    free(head);
    return rc == 0 ? 0 : ledger_error(err, "cannot make the git repository '%s'", path);
}

static int sync_filesystem(const char *path, struct err *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return err_sys(err, "cannot open the folder '%s'", path);
    int rc = syncfs(fd) != 0 ? err_sys(err, "cannot sync '%s'", path) : 0;
    close(fd);
    return rc;
}

/* libgit2 makes a repository file by file: it gets its name when it is whole and on disk. */
static int make_repository(const char *run_dir, const char *own, const char *name, struct err *err)
{
    char *part = mem_printf("%s/repo.tmp.%ld", run_dir, (long)getpid());
    int rc = file_mkdirs(run_dir, err);

    if (rc == 0)
        rc = remove_unfinished(run_dir, err);
    if (rc == 0)
        rc = init_repository(part, name, err);
    if (rc == 0)
        rc = sync_filesystem(part, err);
    if (rc == 0 && rename(part, own) != 0)
        rc = err_sys(err, "cannot make the git repository '%s'", own);
    if (rc == 0)
        rc = file_sync_dir(run_dir, err);
    free(part);
    return rc;
}

/* A branch of that very name is a file where our refs need a folder. */
static int check_room_for_refs(struct ledger *ledger, struct err *err)
{
    git_reference *ref = NULL;
    int rc = git_reference_lookup(&ref, ledger->repo, "refs/heads/nightshift");

    git_reference_free(ref);
    if (rc != 0)
        return 0;
    return err_environment(err,
                           "the branch 'nightshift' of '%s' stands where the branches "
                           "nightshift/… belong: rename it (git branch -m nightshift NAME)",
                           git_repository_path(ledger->repo));
}

static int open_repository(struct ledger *ledger, const char *path, struct err *err)
{
    int rc = git_repository_open_ext(&ledger->repo, path, GIT_REPOSITORY_OPEN_NO_SEARCH, NULL);
    struct stat st;

    if (rc != 0 && stat(path, &st) == 0 && st.st_uid != geteuid())
        return err_environment(err,
                               "the git repository '%s' belongs to another user: run as its owner, "
                               "or put the study elsewhere",
                               path);
    if (rc != 0 || git_repository_odb(&ledger->odb, ledger->repo) != 0)
        return ledger_error(err, "cannot open the git repository '%s'", path);
    return check_room_for_refs(ledger, err);
}

int ledger_reopen(struct ledger *ledger, struct err *err)
{
    char *path = mem_strdup(git_repository_path(ledger->repo));

    git_odb_free(ledger->odb);
    git_repository_free(ledger->repo);
    ledger->odb = NULL;
    ledger->repo = NULL;
    int rc = open_repository(ledger, path, err);
    free(path);
    return rc;
}

/* A store in memory for what is planned.  The backend belongs to the store. */
static int open_planned(struct ledger *ledger, struct err *err)
{
    if (git_odb_new(&ledger->planned) != 0 || git_mempack_new(&ledger->planned_in) != 0 ||
        git_odb_add_backend(ledger->planned, ledger->planned_in, 1) != 0)
        return ledger_error(err, "cannot keep git objects in memory");
    return 0;
}

static int open_ledger(struct ledger **out, const char *study_dir, const char *run_dir,
                       const char *name, bool make, struct err *err)
{
    char *own = path_join(run_dir, "repo.git"), *path = NULL;
    struct ledger *ledger = NULL;
    int rc = start_library(err);

    *out = NULL;
    if (rc == 0) {
        ledger = mem_new(1, sizeof *ledger);
        rc = choose_repository(&path, study_dir, own, err);
    }
    if (rc == 0 && path == NULL && make) {
        rc = make_repository(run_dir, own, name, err);
        path = mem_strdup(own);
    }
    if (rc == 0 && path != NULL)
        rc = open_repository(ledger, path, err);
    if (rc == 0 && path != NULL)
        rc = open_planned(ledger, err);
    if (rc == 0 && path != NULL)
        *out = ledger;
    else
        ledger_close(ledger);
    free(path);
    free(own);
    return rc;
}

int ledger_open_around(struct ledger **out, const char *dir, struct err *err)
{
    struct ledger *ledger = NULL;
    char *path = NULL;
    int rc = start_library(err);

    *out = NULL;
    if (rc != 0)
        return -1;
    ledger = mem_new(1, sizeof *ledger);
    rc = find_repository(&path, dir, err);
    if (rc == 0 && path != NULL)
        rc = open_repository(ledger, path, err);
    if (rc == 0 && path != NULL)
        *out = ledger;
    else
        ledger_close(ledger);
    free(path);
    return rc;
}

int ledger_open(struct ledger **out, const char *study_dir, const char *run_dir, const char *name,
                struct err *err)
{
    return open_ledger(out, study_dir, run_dir, name, true, err);
}

int ledger_open_existing(struct ledger **out, const char *study_dir, const char *run_dir,
                         const char *name, struct err *err)
{
    return open_ledger(out, study_dir, run_dir, name, false, err);
}

void ledger_close(struct ledger *ledger)
{
    if (ledger == NULL)
        return;
    git_odb_free(ledger->planned);
    git_odb_free(ledger->odb);
    git_repository_free(ledger->repo);
    free(ledger);
    git_libgit2_shutdown();
}

const char *ledger_path(const struct ledger *ledger)
{
    return git_repository_path(ledger->repo);
}

/* --- reading -------------------------------------------------------------------------------- */

void ledger_ref_name(char out[160], const char *name, bool log)
{
    snprintf(out, 160, "refs/heads/nightshift/%s%s", name, log ? "-log" : "");
}

int ledger_tip(struct ledger *ledger, char out[41], const char *ref, struct err *err)
{
    git_reference *found = NULL;
    int rc = git_reference_lookup(&found, ledger->repo, ref);

    out[0] = '\0';
    if (rc == GIT_ENOTFOUND)
        return 0;
    if (rc != 0 && git_error_last() != NULL && git_error_last()->klass == GIT_ERROR_OS)
        return ledger_error(err, "cannot read '%s'", ref);
    if (rc != 0) {
        ledger_error(err, "cannot read '%s'", ref);
        err->code = ERR_INTEGRITY; /* it is there, but no ref */
        return -1;
    }
    if (git_reference_type(found) == GIT_REFERENCE_DIRECT)
        git_oid_tostr(out, GIT_OID_HEXSZ + 1, git_reference_target(found));
    else
        rc = err_integrity(err, "'%s' is a symbolic ref to '%s', not a branch of its own", ref,
                           git_reference_symbolic_target(found));
    git_reference_free(found);
    return rc;
}

static int find_commit(git_commit **out, struct ledger *ledger, const char *commit, struct err *err)
{
    git_oid id;

    *out = NULL;
    if (git_oid_fromstr(&id, commit) != 0)
        return err_usage(err, "'%s' is not the id of a commit", commit);
    if (git_commit_lookup(out, ledger->repo, &id) != 0)
        return ledger_error(err, "cannot read commit %s of '%s'", commit, ledger_path(ledger));
    return 0;
}

static int copy_blob(char **out, size_t *len, const git_blob *blob, const char *path,
                     struct err *err)
{
    git_object_size_t size = git_blob_rawsize(blob);

    if (size > FILE_MAX)
        return err_integrity(err, "'%s' is too large: %lld bytes", path, (long long)size);
    *out = mem_strndup(git_blob_rawcontent(blob), (size_t)size);
    if (len != NULL)
        *len = (size_t)size;
    return 0;
}

int ledger_read(struct ledger *ledger, char **out, size_t *len, const char *commit,
                const char *path, struct err *err)
{
    git_commit *from = NULL;
    git_object *blob = NULL;
    int rc = find_commit(&from, ledger, commit, err);

    *out = NULL;
    if (rc == 0 && git_object_lookup_bypath(&blob, (git_object *)from, path, GIT_OBJECT_BLOB) != 0)
        rc = ledger_error(err, "commit %s has no '%s'", commit, path);
    if (rc == 0)
        rc = copy_blob(out, len, (git_blob *)blob, path, err);
    git_object_free(blob);
    git_commit_free(from);
    return rc;
}

int ledger_read_decision(struct ledger *ledger, char **out, const char *commit, struct err *err)
{
    git_commit *from = NULL;
    char path[64];
    size_t len;

    *out = NULL;
    if (find_commit(&from, ledger, commit, err) != 0)
        return -1;
    long long n = (long long)git_commit_time(from) - LEDGER_EPOCH;
    git_commit_free(from);
    if (n < 1 || n > INT32_MAX)
        return err_usage(err, "commit %s is no decision of nightshift", commit);
    snprintf(path, sizeof path, "decisions/%lld/%lld/%lld.yaml", n / 10000, n / 100, n);
    if (ledger_read(ledger, out, &len, commit, LEDGER_DECISION, err) == 0)
        return 0;
    return ledger_read(ledger, out, &len, commit, path, err);
}

int ledger_trailer(struct ledger *ledger, char **out, const char *commit, const char *key,
                   struct err *err)
{
    git_message_trailer_array trailers = {0};
    git_commit *from = NULL;

    *out = NULL;
    if (find_commit(&from, ledger, commit, err) != 0)
        return -1;
    int rc = git_message_trailers(&trailers, git_commit_message(from));
    for (size_t i = 0; rc == 0 && *out == NULL && i < trailers.count; i++)
        if (strcmp(trailers.trailers[i].key, key) == 0)
            *out = mem_strdup(trailers.trailers[i].value);
    git_message_trailer_array_free(&trailers);
    git_commit_free(from);
    if (rc != 0)
        return ledger_error(err, "cannot read the trailers of commit %s", commit);
    return *out != NULL ? 0 : err_usage(err, "commit %s has no trailer '%s'", commit, key);
}

/* A branch first, as git does; then an id or the beginning of one.  libgit2's return code.  (Its
 * git_revparse_single() would take more, but version 1.5 leaks whenever a name is no describe.) */
static int find_object(git_object **out, struct ledger *ledger, const char *what)
{
    git_reference *ref = NULL;
    git_oid id;
    size_t len = strlen(what);

    *out = NULL;
    if (len > 0 && len < GIT_OID_HEXSZ && git_reference_dwim(&ref, ledger->repo, what) == 0) {
        int rc = git_reference_peel(out, ref, GIT_OBJECT_COMMIT);
        git_reference_free(ref);
        return rc;
    }
    int rc = git_oid_fromstrn(&id, what, len);
    return rc == 0 ? git_object_lookup_prefix(out, ledger->repo, &id, len, GIT_OBJECT_COMMIT) : rc;
}

int ledger_resolve(struct ledger *ledger, char out[41], const char *what, struct err *err)
{
    git_object *found = NULL;

    out[0] = '\0';
    if (find_object(&found, ledger, what) != 0) {
        ledger_error(err, "'%s' is no commit of '%s'", what, ledger_path(ledger));
        err->code = ERR_USAGE;
        return -1;
    }
    git_oid_tostr(out, GIT_OID_HEXSZ + 1, git_object_id(found));
    git_object_free(found);
    return 0;
}
