/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "mem.h"
#include "place.h"
#include "str.h"
#include "study_folders.h"

enum { LOCK_TEXT = 64 };

void place_clear(struct place *place)
{
    free(place->study_path);
    free(place->study_dir);
    free(place->name);
    free(place->run_dir);
    free(place->db);
    *place = (struct place){0};
}

static int absolute(char **out, const char *path, struct err *err)
{
    *out = realpath(path, NULL);
    return *out == NULL ? err_sys(err, "cannot find '%s'", path) : 0;
}

static void set_run_dir(struct place *place, char *run_dir)
{
    place->run_dir = run_dir;
    place->db = path_join(run_dir, "study.db");
}

/* An absolute form of a path that need not exist yet. */
static char *absolute_later(const char *path)
{
    char *here = getcwd(NULL, 0);
    char *full = path_join(here != NULL ? here : ".", path);

    free(here);
    return full;
}

static int from_study_file(struct place *out, const char *path, const char *dir, struct err *err)
{
    struct study study;

    if (study_read(&study, path, err) != 0)
        return -1;
    out->name = mem_strdup(study.name);
    study_clear(&study);
    if (absolute(&out->study_path, path, err) != 0)
        return -1;
    out->study_dir = path_dir(out->study_path);
    if (dir != NULL)
        set_run_dir(out, absolute_later(dir));
    else
        set_run_dir(out, mem_printf("%s/runs/%s", out->study_dir, out->name));
    return 0;
}

/* The study file that a run directory was begun from, as recorded; gone or moved: NULL. */
static int recorded_path(char **out, const char *db, struct err *err)
{
    struct store *store;

    if (store_open(&store, db, STORE_READ, err) != 0)
        return -1;
    int rc = store_get(store, out, "study_path", err);
    store_close(store);
    if (rc == 0 && *out != NULL && !file_exists(*out)) {
        free(*out);
        *out = NULL;
    }
    return rc;
}

static int from_run_dir(struct place *out, const char *path, struct err *err)
{
    char *run_dir;

    if (absolute(&run_dir, path, err) != 0)
        return -1;
    set_run_dir(out, run_dir);
    out->name = mem_strdup(strrchr(run_dir, '/') + 1);
    if (recorded_path(&out->study_path, out->db, err) != 0)
        return -1;
    char *above =
        out->study_path != NULL ? path_dir(out->study_path) : mem_printf("%s/../..", run_dir);
    int rc = absolute(&out->study_dir, above, err);
    free(above);
    return rc;
}

/* runs/<word> below the current directory, for those who type the study's name. */
static char *run_dir_named(const char *word)
{
    char *path = mem_printf("runs/%s", word);

    if (strchr(word, '/') == NULL && study_folder_is(path))
        return path;
    free(path);
    return NULL;
}

bool place_is_study(const char *word)
{
    char *named = run_dir_named(word);
    bool is = named != NULL || study_folder_is(word) || file_is_regular(word);

    free(named);
    return is;
}

static int look_around(struct study_folders *found, struct err *err)
{
    study_folders_find(found);
    if (found->n > 0)
        return 0;
    return err_usage(err, "no study has been run below this folder: name a study file");
}

/* The only one of them. */
static int from_here(struct place *out, struct err *err)
{
    struct study_folders found;
    int rc = -1;

    if (study_folder_is("."))
        return from_run_dir(out, ".", err);
    if (look_around(&found, err) == 0 && found.n == 1)
        rc = from_run_dir(out, found.path[0], err);
    else if (found.n > 1)
        err_usage(err, "%zu studies lie below this folder ('%s', '%s'…): name one", found.n,
                  found.path[0], found.path[1]);
    study_folders_clear(&found);
    return rc;
}

static int find(struct place *out, const char *word, const char *dir, struct err *err)
{
    if (word == NULL)
        return dir != NULL ? from_run_dir(out, dir, err) : from_here(out, err);
    if (study_folder_is(word))
        return from_run_dir(out, word, err);
    char *named = run_dir_named(word);
    if (named != NULL && !file_exists(word)) {
        int rc = from_run_dir(out, named, err);
        free(named);
        return rc;
    }
    free(named);
    if (file_is_dir(word))
        return err_usage(err, "'%s' is neither a study file nor a run directory", word);
    return from_study_file(out, word, dir, err);
}

static bool is_utf8(const char *text)
{
    size_t len = strlen(text);
    uint32_t code;

    for (size_t n; len > 0; text += n, len -= n)
        if ((n = utf8_read(&code, text, len)) == 0)
            return false;
    return true;
}

/* Paths stand in the record and in JSON, which hold UTF-8 only. */
static int check_paths(const struct place *place, struct err *err)
{
    assert(place->run_dir != NULL && place->study_dir != NULL); /* as found */
    const char *path = is_utf8(place->run_dir) ? place->study_dir : place->run_dir;

    return is_utf8(path) ? 0 : err_usage(err, "the path '%s' is not UTF-8", path);
}

int place_find(struct place *out, const char *word, const char *dir, struct err *err)
{
    *out = (struct place){0};
    if (find(out, word, dir, err) == 0 && check_paths(out, err) == 0)
        return 0;
    place_clear(out);
    return -1;
}

int place_find_all(struct place **out, size_t *n, struct err *err)
{
    struct study_folders found;
    int rc = look_around(&found, err);

    *n = 0;
    *out = mem_new(found.n, sizeof **out);
    for (size_t i = 0; rc == 0 && i < found.n; i++) {
        rc = place_find(&(*out)[i], found.path[i], NULL, err);
        *n += rc == 0;
    }
    study_folders_clear(&found);
    return rc;
}

int place_open(const struct place *place, struct store **store, struct err *err)
{
    if (access(place->db, F_OK) != 0 && errno != ENOENT && errno != ENOTDIR)
        return err_sys(err, "cannot look at '%s'", place->db);
    if (!file_exists(place->db))
        return err_usage(err, "study '%s' has not been run yet: `nightshift run %s` begins it",
                         place->name, place->study_path != NULL ? place->study_path : "STUDY");
    return store_open(store, place->db, STORE_READ, err);
}

int place_load(const struct place *place, struct store **store, struct record *record,
               unsigned parts, struct err *err)
{
    if (place_open(place, store, err) != 0)
        return -1;
    if (store_load_parts(*store, record, parts, err) == 0)
        return 0;
    store_close(*store);
    *store = NULL;
    return -1;
}

char *place_runs(const struct place *place)
{
    char *path = path_join(place->run_dir, "runs"), target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);

    if (n <= 0 || target[0] != '/')
        return path;
    target[n] = '\0';
    free(path);
    return mem_strdup(target);
}

char *place_run_dir(const struct place *place, const struct run *run)
{
    bool own = run->variant == RUN_OWN;
    char *runs = place_runs(place);
    char *dir = mem_printf("%s/%lld/%u%s%s", runs, (long long)run->experiment, run->seed,
                           own ? "" : "-", own ? "" : variant_names[run->variant]);

    free(runs);
    return dir;
}

/* What the one that holds the lock wrote into it; "" where nobody holds it. */
static void read_lock(char *text, size_t size, const struct place *place)
{
    char *path = path_join(place->run_dir, "study.lock");
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = 0;

    free(path);
    if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0)
        n = read(fd, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

long place_owner(const struct place *place)
{
    char text[LOCK_TEXT];

    read_lock(text, sizeof text, place);
    return strtol(text, NULL, 10);
}

int64_t place_end(const struct place *place)
{
    char text[LOCK_TEXT];

    read_lock(text, sizeof text, place);
    return strtoll(text + strcspn(text, "\n"), NULL, 10);
}

void place_tell_end(int lock, int64_t end)
{
    char text[LOCK_TEXT];
    int len = snprintf(text, sizeof text, "%ld\n%lld\n", (long)getpid(), (long long)end);

    ssize_t told = pwrite(lock, text, (size_t)len, 0);

    (void)told; /* who watches does without */
}

/* A command that asks for the owner holds the lock for an instant; that is no reason to give up. */
static bool try_lock(int fd)
{
    for (int tries = 0; tries < 10; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        usleep(20000);
    }
    return false;
}

int place_lock(int *fd, const struct place *place, struct err *err)
{
    char *path = path_join(place->run_dir, "study.lock"), text[LOCK_TEXT];

    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0) {
        err_sys(err, "cannot open '%s'", path);
        free(path);
        return -1;
    }
    free(path);
    if (!try_lock(*fd)) {
        close(*fd);
        *fd = -1;
        return err_locked(err, "study '%s' is being run by process %ld", place->name,
                          place_owner(place));
    }
    int len = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(*fd, 0) != 0 || pwrite(*fd, text, (size_t)len, 0) != len) {
        close(*fd);
        *fd = -1;
        return err_sys(err, "cannot write the lock of study '%s'", place->name);
    }
    return 0;
}
