/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "enqueued.h"
#include "inbox.h"
#include "json.h"
#include "log.h"
#include "mem.h"

enum { MESSAGE_MAX = 1 << 16 };
static const char LAST_TAKEN[] = "inbox"; /* in the record: the last file that was taken up */

int inbox_leave(const struct place *place, const char *json, struct err *err)
{
    char *dir = path_join(place->run_dir, "inbox");
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now); /* orders the messages; decides nothing */
    char *path = mem_printf("%s/%010lld%09ld-%ld.json", dir, (long long)now.tv_sec, now.tv_nsec,
                            (long)getpid());
    int rc = file_mkdirs(dir, err);
    if (rc == 0)
        rc = file_write(path, json, strlen(json), err);
    free(path);
    free(dir);
    return rc;
}

static int apply_note(const json_t *message, struct store *store, struct record *record,
                      struct err *err)
{
    json_int_t id = json_integer_value(json_object_get(message, "experiment"));
    const char *text = json_string_value(json_object_get(message, "note"));

    if (text == NULL)
        return err_usage(err, "a note that is no text");
    if (id < 1 || (size_t)id > record->n_experiments)
        return err_usage(err, "there is no experiment %lld", (long long)id);
    if (store_set_remark(store, id, text, err) != 0)
        return -1;
    struct experiment *e = &record->experiments[id - 1];
    free(e->remark);
    e->remark = mem_strdup(text);
    return 0;
}

static int apply(const json_t *message, struct store *store, struct record *record, struct err *err)
{
    const json_t *config = json_object_get(message, "enqueue");
    struct str text = {0};

    if (json_object_get(message, "note") != NULL)
        return apply_note(message, store, record, err);
    if (config == NULL)
        return err_usage(err, "a message that is neither 'enqueue' nor 'note'");
    if (enqueued_check(&record->study.space, config, err) != 0)
        return -1;
    json_write(&text, config);
    int rc = store_enqueue(store, text.at, err);
    str_clear(&text);
    return rc;
}

/* `name`: the file that held it, remembered with what it did; NULL: it never was one. */
static int apply_once(const char *json, const char *name, struct store *store,
                      struct record *record, struct err *err)
{
    json_t *message = NULL;

    if (json_read(&message, json, strlen(json), "inbox", err) != 0)
        return -1;
    int rc = store_begin(store, err);
    if (rc == 0)
        rc = apply(message, store, record, err);
    if (rc == 0 && name != NULL)
        rc = store_set(store, LAST_TAKEN, name, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0)
        store_rollback(store);
    json_decref(message);
    return rc;
}

int inbox_apply(const char *json, struct store *store, struct record *record, struct err *err)
{
    return apply_once(json, NULL, store, record, err);
}

static int is_message(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot != NULL && strcmp(dot, ".json") == 0;
}

/* A harness that died between record and removal has left a message that is taken up already. */
static int is_taken(bool *out, const char *name, struct store *store, struct err *err)
{
    char *last = NULL;
    int rc = store_get(store, &last, LAST_TAKEN, err);

    *out = rc == 0 && last != NULL && strcmp(last, name) == 0;
    free(last);
    return rc;
}

/* Removed is removed: a later message may have the same name. */
static int forget_taken(struct store *store, struct err *err)
{
    if (store_begin(store, err) == 0 && store_set(store, LAST_TAKEN, "", err) == 0 &&
        store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}

static int refuse(struct store *store, struct err *err)
{
    struct err refused = *err;

    log_warn("inbox: %s", refused.text);
    return store_event_alone(store, "refused", 0, refused.text, err);
}

/* A message that cannot be used is no reason to stop a night. */
static int take_one(const char *path, const char *name, struct store *store, struct record *record,
                    struct err *err)
{
    char *json = NULL;
    bool taken;

    if (is_taken(&taken, name, store, err) != 0)
        return -1;
    int rc = taken ? 0 : file_read(&json, NULL, path, MESSAGE_MAX, err);
    if (rc == 0 && !taken)
        rc = apply_once(json, name, store, record, err);
    free(json);
    if (rc != 0 && err->code == ERR_USAGE)
        rc = refuse(store, err);
    if (rc == 0)
        rc = file_remove(path, err);
    return rc == 0 ? forget_taken(store, err) : -1;
}

int inbox_take(const struct place *place, struct store *store, struct record *record,
               struct err *err)
{
    char *dir = path_join(place->run_dir, "inbox");
    struct dirent **names = NULL;
    int n = scandir(dir, &names, is_message, alphasort), rc = 0;

    for (int i = 0; i < n; i++) {
        char *path = path_join(dir, names[i]->d_name);
        if (rc == 0)
            rc = take_one(path, names[i]->d_name, store, record, err);
        free(path);
        free(names[i]);
    }
    free(names);
    free(dir);
    return rc != 0 ? -1 : n > 0 ? n : 0;
}

int inbox_deliver(const struct place *place, const char *json, bool *left, struct err *err)
{
    struct store *store = NULL;
    struct record record = {0};
    int lock;

    *left = false;
    if (place_lock(&lock, place, err) != 0) {
        *left = err->code == ERR_LOCKED;
        return *left ? inbox_leave(place, json, err) : -1;
    }
    int rc = store_open(&store, place->db, STORE_WRITE, err);
    if (rc == 0)
        rc = store_load(store, &record, err);
    if (rc == 0)
        rc = inbox_apply(json, store, &record, err);
    record_clear(&record);
    store_close(store);
    close(lock);
    return rc;
}
