/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "log.h"
#include "mem.h"
#include "queue.h"
#include "site_session.h"
#include "str.h"

#define EARLIER_LIMIT_S 600.0
#define KEY             "queue" /* of the record's meta table */

enum { UUID = 33 };

/* --- choosing --------------------------------------------------------------------------------- */

static int refuse_word(const char *word, struct err *err)
{
    const char *names[8];
    size_t n = 0;

    for (; n < 8 && executors[n] != NULL; n++)
        names[n] = executors[n]->name;
    const char *near = word_suggest(word, names, n);
    if (near != NULL)
        return err_usage(err, "unknown executor '%s' (did you mean '%s'?)", word, near);
    return err_usage(err, "unknown executor '%s' (see `nightshift list executors`)", word);
}

int site_choose(const struct executor **out, struct study *study, const char *word, struct err *err)
{
    struct executor_rule *rule = &study->executor;

    if (word != NULL && executor_find(word) == NULL)
        return refuse_word(word, err);
    if (word != NULL && strcmp(word, rule->kind) != 0) {
        free(rule->kind);
        rule->kind = mem_strdup(word);
    }
    *out = executor_find(rule->kind);
    if ((*out)->queue == NULL)
        return 0;
    if (strcmp(rule->kind, "command") == 0 && rule->submit.n == 0)
        return err_usage(err, "the executor 'command' needs submit, poll and cancel in the study");
    return queue_check((*out)->queue, rule, err);
}

int site_jobs(const struct study *study)
{
    const struct executor_rule *rule = &study->executor;
    const struct executor *executor = rule->kind != NULL ? executor_find(rule->kind) : NULL;
    bool queue = executor != NULL && executor->queue != NULL;

    return queue && rule->concurrency > 0 ? rule->concurrency : study->jobs;
}

/* --- what an earlier session has left --------------------------------------------------------- */

static int set_key(struct store *store, const char *text, struct err *err)
{
    int rc = store_begin(store, err);

    if (rc == 0)
        rc = store_set(store, KEY, text, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0)
        store_rollback(store);
    return rc;
}

static char *folder_of(const struct place *place, const char *uuid)
{
    char *runs = place_runs(place), *dir = path_dir(runs);
    char *folder = mem_printf("%s/queue-%s", dir, uuid);

    free(runs);
    free(dir);
    return folder;
}

/* What the record says of a queue; *kind NULL: nothing. */
static int get_key(const struct executor **kind, char uuid[UUID], struct store *store,
                   struct err *err)
{
    char *text = NULL, name[16];
    int rc = 0;

    *kind = NULL;
    if (store_get(store, &text, KEY, err) != 0)
        return -1;
    if (text != NULL && text[0] != '\0') {
        if (sscanf(text, "%15s %32s", name, uuid) == 2)
            *kind = executor_find(name);
        if (*kind == NULL || (*kind)->queue == NULL)
            rc = err_integrity(err, "'%s' in the record is no queue", text);
    }
    free(text);
    return rc;
}

static int end_earlier(const struct executor *kind, const char *uuid, const struct study *study,
                       const struct place *place, struct err *err)
{
    if (strcmp(kind->name, "command") == 0 && study->executor.poll.n == 0)
        return err_usage(err, "runs of an earlier session may still be in the queue: give the "
                              "study its executor 'command' once more");
    char *folder = folder_of(place, uuid);
    const struct queue_terms terms = {&study->executor, uuid, folder};
    int rc = queue_end_earlier(kind->queue, &terms, EARLIER_LIMIT_S, err);
    if (rc == 0)
        rc = file_remove(folder, err);
    free(folder);
    return rc;
}

/* --- opening and closing ---------------------------------------------------------------------- */

static int draw_uuid(char out[UUID], struct err *err)
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return err_sys(err, "cannot draw a random number");
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return 0;
}

static int open_queue(struct site *out, const struct executor *executor, const struct study *study,
                      const struct place *place, const char *uuid, bool goes_on, struct err *err)
{
    char *folder = folder_of(place, uuid);
    const struct executor_terms terms = {&study->executor, study->env, study->n_env,
                                         folder,           uuid,       goes_on};
    int rc = site_open(out, executor, &terms, err);

    free(folder);
    return rc;
}

static int open_new(struct site *out, const struct executor *executor, const struct study *study,
                    const struct place *place, struct store *store, struct err *err)
{
    char uuid[UUID], text[64];

    if (draw_uuid(uuid, err) != 0)
        return -1;
    snprintf(text, sizeof text, "%s %s", executor->name, uuid);
    if (set_key(store, text, err) != 0)
        return -1;
    return open_queue(out, executor, study, place, uuid, false, err);
}

int site_begin(struct site *out, const struct executor *executor, const struct study *study,
               const struct place *place, struct store *store, bool adopts, struct err *err)
{
    const struct executor *kind;
    char uuid[UUID];

    *out = site_local;
    if (get_key(&kind, uuid, store, err) != 0)
        return -1;
    if (kind != NULL && kind == executor && adopts)
        return open_queue(out, executor, study, place, uuid, true, err);
    if (kind != NULL && end_earlier(kind, uuid, study, place, err) != 0)
        return -1;
    return executor->queue == NULL ? 0 : open_new(out, executor, study, place, store, err);
}

int site_end(struct site *site, const struct place *place, struct store *store, struct err *err)
{
    bool queue = site->executor != NULL && site->executor->queue != NULL;
    bool empty = site_close(site);
    const struct executor *kind;
    char uuid[UUID];

    if (!queue || !empty)
        return 0;
    if (get_key(&kind, uuid, store, err) != 0 || kind == NULL)
        return -1;
    char *folder = folder_of(place, uuid);
    int rc = file_remove(folder, err);
    free(folder);
    return rc == 0 ? set_key(store, "", err) : -1;
}

/* --- the folder of the runs ------------------------------------------------------------------- */

static int link_runs(const char *link, const char *target, struct err *err)
{
    if (symlink(target, link) == 0)
        return 0;
    return err_sys(err, "cannot make '%s' a link to '%s'", link, target);
}

/* "DIR/NAME-0123456789ab/runs": studies of one name in several places have different folders. */
static char *shared_folder(const struct executor_rule *rule, const struct place *place)
{
    char sha[SHA256_TEXT];

    sha256_bytes(sha, place->run_dir, strlen(place->run_dir));
    return mem_printf("%s/%s-%.12s/runs", rule->shared, place->name, sha);
}

int site_make_runs(const struct executor_rule *rule, const struct place *place, struct err *err)
{
    char *link = path_join(place->run_dir, "runs");
    struct stat st;
    int rc = 0;

    if (rule->shared != NULL && lstat(link, &st) != 0) {
        char *target = shared_folder(rule, place);
        rc = file_mkdirs(target, err);
        if (rc == 0)
            rc = link_runs(link, target, err);
        free(target);
    } else if (rule->shared != NULL && !S_ISLNK(st.st_mode)) {
        rc = err_usage(err,
                       "'%s' exists already: executor.shared must be given when a study is begun, "
                       "or the folder moved there and a link put in its place",
                       link);
    }
    free(link);
    return rc;
}
