/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The record and its event log: a whole database, its bytes changed as the input says, four bytes a
 * change: where (three, little-endian, modulo the size) and what.  So an input is short, and the
 * file is damaged behind its checks of form too.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "file.h"
#include "mem.h"
#include "store.h"
#include "store_audit.h"
#include "study.h"
#include "target.h"
#include "trial.h"

extern const struct target target_record;

#define DB "study.db"

static const char study_text[] =
    "name: fuzz\n"
    "metric: {name: val_loss, goal: minimize}\n"
    "trainer: {command: [train, \"{config}\"]}\n"
    "parameters: {x: {distribution: uniform, min: 0, max: 1, start: 0.5}}\n";

/* --- a whole one ---------------------------------------------------------------------------- */

static void must(int rc)
{
    if (rc != 0)
        abort();
}

static void add_experiment(struct store *store, const struct space *space, int64_t id)
{
    struct err err = {0};
    struct value config[1];
    double unit[1] = {0.5};
    char why[] = "it is better";
    struct experiment e = {.id = id, .config = config, .unit = unit, .against = id - 1};
    struct run run = {.id = id,
                      .experiment = id,
                      .seed = (uint32_t)id,
                      .attempt = 1,
                      .class = CLASS_NONE,
                      .exit_code = -1,
                      .value = (double)NAN,
                      .wall_s = 1,
                      .cpu_s = 1,
                      .peak_mib = 1,
                      .steps = 3,
                      .flops = (double)NAN};
    struct pair pair = {.experiment = id, .seed = (uint32_t)id, .after = id - 1};
    struct decision d = {.number = id,
                         .experiment = id,
                         .against = id - 1,
                         .verdict = OUTCOME_KEEP,
                         .alpha = (double)NAN,
                         .n = 1,
                         .mean = 0.1,
                         .low = 0,
                         .high = 0.2,
                         .z = 1,
                         .df = 1,
                         .sd = 1,
                         .reason = why,
                         .incumbent = id,
                         .head = id,
                         .body = why};
    struct outbox outbox = {.decision = id, .ref = "refs/heads/nightshift/fuzz-log"};
    struct metric metric = {why, 0.5};
    struct run_facts facts = {"[\"train\"]", "{}", "{}"};

    space_start(config, space);
    e.purpose = id == 1 ? PURPOSE_BASELINE : PURPOSE_PROPOSAL;
    trial_hash(e.sha, space, config);
    memset(outbox.commit, 'a' + (int)id, 40);
    memset(outbox.tree, 'b', 40);
    must(store_add_experiment(store, space, &e, &err));
    must(store_add_pair(store, &pair, &err));
    must(store_start_run(store, &run, 1, &facts, &err));
    run.class = CLASS_OK;
    run.value = 0.5;
    must(store_end_run(store, &run, &facts, &err));
    must(store_add_metric(store, run.id, &metric, &err));
    must(store_add_decision(store, &d, &err));
    must(store_add_outbox(store, &outbox, "bytes", 5, &err));
    must(store_tell_end(store, run.id, &err));
    must(store_tell_decision(store, id, &err));
    must(store_event(store, "remark", id, why, &err));
}

static void write_record(const char *path)
{
    struct err err = {0};
    struct store *store;
    struct study study;
    struct str spec = {0};
    int64_t session;

    must(study_parse(&study, study_text, sizeof study_text - 1, "fuzz", &err));
    study_write_spec(&spec, &study);
    must(store_open(&store, path, STORE_WRITE, &err));
    must(store_begin(store, &err));
    must(store_set(store, "study", study_text, &err));
    must(store_set(store, "spec", spec.at, &err));
    must(store_tell_begun(store, &err));
    must(store_add_session(store, &session, "{}", &err));
    for (int64_t id = 1; id <= 3; id++)
        add_experiment(store, &study.space, id);
    must(store_enqueue(store, "{\"x\":0.5}", &err));
    must(store_commit(store, &err));
    store_close(store);
    str_clear(&spec);
    study_clear(&study);
}

/* Its bytes; made once, borrowed. */
static const uint8_t *whole(size_t *len)
{
    static char *bytes;
    static size_t size;

    if (bytes == NULL) {
        char *path = target_path(DB);
        struct err err = {0};
        write_record(path);
        must(file_read(&bytes, &size, path, 16 << 20, &err));
        free(path);
    }
    *len = size;
    return (const uint8_t *)bytes;
}

/* --- and a damaged one ---------------------------------------------------------------------- */

static void put_damaged(const uint8_t *changes, size_t len)
{
    size_t size;
    const uint8_t *from = whole(&size);
    uint8_t *bytes = mem_new(size, 1);

    memcpy(bytes, from, size);
    for (; len >= 4; changes += 4, len -= 4) {
        size_t at = (size_t)changes[0] | (size_t)changes[1] << 8 | (size_t)changes[2] << 16;
        bytes[at % size] = changes[3];
    }
    target_put(DB, bytes, size);
    free(bytes);
}

static int pass_over(void *context, const struct event *event, struct err *err)
{
    (void)context, (void)err;
    return event->seq < 0;
}

static int look(struct store *store, struct err *err)
{
    struct record record = {0};
    struct metric *metrics = NULL;
    struct artifact *files = NULL;
    size_t n_metrics = 0, n_files = 0;
    struct str found = {0};
    int rc = store_load(store, &record, err);

    if (rc == 0)
        rc = event_each(store, pass_over, NULL, err);
    if (rc == 0)
        rc = store_metrics(store, &metrics, &n_metrics, 1, true, err);
    if (rc == 0)
        rc = store_artifacts(store, &files, &n_files, 0, err);
    if (rc == 0)
        rc = store_check(store, true, err);
    if (rc == 0)
        rc = store_check_log(store, err);
    if (rc == 0)
        rc = store_audit_log(store, &found, err);
    if (rc == 0)
        rc = store_audit_bits(store, &found, err);
    str_clear(&found);
    metrics_free(metrics, n_metrics);
    artifacts_free(files, n_files);
    record_clear(&record);
    return rc;
}

static void read(const uint8_t *bytes, size_t len)
{
    char *path = target_path(DB);
    struct store *store = NULL;
    struct err err = {0};

    put_damaged(bytes, len);
    if (store_open(&store, path, STORE_READ, &err) != 0 || look(store, &err) != 0)
        target_check_refusal(&err);
    store_close(store);
    free(path);
}

const struct target target_record = {
    .name = "record",
    .summary = "the record's database with its event log",
    .read = read,
};
