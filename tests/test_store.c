/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "event.h"
#include "file.h"
#include "mem.h"
#include "rng.h"
#include "store.h"
#include "store_audit.h"
#include "study_fixture.h"
#include "trial.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- a folder with a record in it ----------------------------------------------------------------
 */

struct place {
    char dir[64];
    char *db;
};

static void require(int rc, const struct err *err)
{
    if (rc != 0)
        fail_msg("%s", err->text);
}

static int make_place(void **state)
{
    struct place *place = mem_new(1, sizeof *place);
    const char *tmp = getenv("TMPDIR");

    snprintf(place->dir, sizeof place->dir, "%s/store.XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(place->dir) == NULL)
        return -1;
    place->db = path_join(place->dir, "runs/study.db");
    *state = place;
    return 0;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    int rc = file_remove(place->dir, &err);

    free(place->db);
    free(place);
    return rc;
}

static struct store *open_store(const struct place *place, enum store_mode mode)
{
    struct store *store = NULL;
    struct err err = {0};

    require(store_open(&store, place->db, mode, &err), &err);
    return store;
}

/* A record that has begun: the study is in it, nothing else. */
static struct store *begin_record(const struct place *place)
{
    struct store *store = open_store(place, STORE_WRITE);
    struct err err = {0};

    require(store_set(store, "study", sound, &err), &err);
    require(store_set(store, "spec", "{\"a\":1}", &err), &err);
    return store;
}

static struct record load(struct store *store)
{
    struct record record;
    struct err err = {0};

    require(store_load(store, &record, &err), &err);
    return record;
}

/* Looks into the file, or changes it, past the store.  SQLite's return code. */
static int by_hand(const struct place *place, const char *sql)
{
    sqlite3 *db = NULL;
    int rc = sqlite3_open(place->db, &db);

    if (rc == SQLITE_OK)
        rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
    return rc;
}

/* --- rows to write -------------------------------------------------------------------------------
 */

static struct experiment next_experiment(const struct record *record)
{
    const struct space *space = &record->study.space;
    struct experiment e = {.id = (int64_t)record->n_experiments + 1,
                           .purpose = PURPOSE_PROPOSAL,
                           .against = record->n_experiments > 0 ? 1 : 0};

    e.config = mem_new(space->n, sizeof *e.config);
    e.unit = mem_new(space->n, sizeof *e.unit);
    space_start(e.config, space);
    int lr = space_find(space, "lr");
    e.config[lr].number = 1e-4 + 1e-6 * (double)(e.id % 9000);
    space_encode(e.unit, space, e.config);
    trial_hash(e.sha, space, e.config);
    return e;
}

static void clear_experiment(struct experiment *e)
{
    free(e->config);
    free(e->unit);
}

static void add_experiment(struct store *store, struct record *record, enum purpose purpose)
{
    struct experiment e = next_experiment(record);
    struct err err = {0};

    e.purpose = purpose;
    require(store_add_experiment(store, &record->study.space, &e, &err), &err);
    record_add_experiment(record, &e);
    clear_experiment(&e);
}

static struct run next_run(const struct record *record, int64_t experiment, uint32_t seed)
{
    struct run run = record_next_run(record, experiment, RUN_OWN, seed);

    run.started = 1700000000;
    return run;
}

static void add_run(struct store *store, struct record *record, int64_t experiment, uint32_t seed,
                    enum run_class class, double value)
{
    struct run run = next_run(record, experiment, seed);
    struct run_facts facts = {.argv = "[\"train\"]", .limits = "{}"};
    struct err err = {0};

    require(store_start_run(store, &run, 0, &facts, &err), &err);
    run.class = class;
    run.value = value;
    run.ended = class == CLASS_NONE ? 0 : 1700000009;
    if (class != CLASS_NONE) {
        require(store_end_run(store, &run, &(struct run_facts){0}, &err), &err);
        require(store_tell_end(store, run.id, &err), &err);
    }
    record_add_run(record, &run);
}

static struct decision decision_on(const struct record *record, int64_t experiment)
{
    struct decision d = record_next_decision(record, DECISION_HEAD, experiment);

    d.verdict = OUTCOME_KEEP;
    d.incumbent = experiment;
    return d;
}

static void add_decision(struct store *store, struct record *record, const struct decision *d)
{
    struct err err = {0};

    require(store_add_decision(store, d, &err), &err);
    record_add_decision(record, d);
}

static void add_outbox(struct store *store, struct record *record, int64_t decision, bool log)
{
    struct outbox outbox = {.decision = decision,
                            .ref = log ? "refs/heads/nightshift/kjv-log"
                                       : "refs/heads/nightshift/kjv"};
    struct err err = {0};

    snprintf(outbox.tree, sizeof outbox.tree, "%040x", 17);
    snprintf(outbox.commit, sizeof outbox.commit, "%040x", (unsigned)(2 * decision + log));
    require(store_add_outbox(store, &outbox, "tree …", 8, &err), &err);
    record_add_outbox(record, &outbox);
}

/* --- the same after a round trip -----------------------------------------------------------------
 */

static void assert_same_bits(double a, double b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

static void assert_same_number(double a, double b)
{
    if (isnan(b))
        assert_true(isnan(a));
    else
        assert_true(a == b);
}

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a != NULL)
        assert_string_equal(a, b);
}

static void assert_same_experiment(const struct experiment *a, const struct experiment *b,
                                   const struct space *space)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->purpose, b->purpose);
    assert_int_equal(a->against, b->against);
    assert_int_equal(a->steps, b->steps);
    assert_int_equal(a->decision, b->decision);
    assert_int_equal(a->created, b->created);
    assert_string_equal(a->sha, b->sha);
    assert_same_text(a->remark, b->remark);
    assert_true(space_same(space, a->config, b->config));
    for (size_t i = 0; i < space->n; i++)
        assert_same_bits(a->unit[i], b->unit[i]);
}

static void assert_same_run(const struct run *a, const struct run *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->experiment, b->experiment);
    assert_int_equal(a->variant, b->variant);
    assert_same_number(a->flops, b->flops);
    assert_int_equal(a->seed, b->seed);
    assert_int_equal(a->attempt, b->attempt);
    assert_int_equal(a->class, b->class);
    assert_int_equal(a->exit_code, b->exit_code);
    assert_int_equal(a->signal, b->signal);
    assert_same_bits(a->value, b->value);
    assert_same_number(a->wall_s, b->wall_s);
    assert_same_number(a->cpu_s, b->cpu_s);
    assert_same_number(a->peak_mib, b->peak_mib);
    assert_int_equal(a->steps, b->steps);
    assert_int_equal(a->started, b->started);
    assert_int_equal(a->ended, b->ended);
    assert_same_text(a->detail, b->detail);
}

static void assert_same_decision(const struct decision *a, const struct decision *b)
{
    const double x[] = {a->alpha, a->mean, a->low, a->high, a->z, a->sd, a->df};
    const double y[] = {b->alpha, b->mean, b->low, b->high, b->z, b->sd, b->df};

    assert_int_equal(a->number, b->number);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->experiment, b->experiment);
    assert_int_equal(a->against, b->against);
    assert_int_equal(a->verdict, b->verdict);
    assert_int_equal(a->verified, b->verified);
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->incumbent, b->incumbent);
    assert_int_equal(a->head, b->head);
    assert_int_equal(a->test, b->test);
    assert_same_text(a->reason, b->reason);
    assert_same_text(a->body, b->body);
    for (size_t i = 0; i < COUNT(x); i++)
        assert_same_number(x[i], y[i]);
}

static void assert_same_record(const struct record *a, const struct record *b)
{
    assert_string_equal(a->study.text, b->study.text);
    assert_string_equal(a->spec, b->spec);
    assert_int_equal(a->n_experiments, b->n_experiments);
    assert_int_equal(a->n_runs, b->n_runs);
    assert_int_equal(a->n_pairs, b->n_pairs);
    assert_int_equal(a->n_decisions, b->n_decisions);
    assert_int_equal(a->n_outbox, b->n_outbox);
    for (size_t i = 0; i < a->n_experiments; i++)
        assert_same_experiment(&a->experiments[i], &b->experiments[i], &a->study.space);
    for (size_t i = 0; i < a->n_runs; i++)
        assert_same_run(&a->runs[i], &b->runs[i]);
    for (size_t i = 0; i < a->n_decisions; i++)
        assert_same_decision(&a->decisions[i], &b->decisions[i]);
    for (size_t i = 0; i < a->n_pairs; i++) {
        assert_int_equal(a->pairs[i].experiment, b->pairs[i].experiment);
        assert_int_equal(a->pairs[i].against, b->pairs[i].against);
        assert_int_equal(a->pairs[i].index, b->pairs[i].index);
        assert_int_equal(a->pairs[i].seed, b->pairs[i].seed);
    }
    for (size_t i = 0; i < a->n_outbox; i++) {
        assert_int_equal(a->outbox[i].decision, b->outbox[i].decision);
        assert_string_equal(a->outbox[i].ref, b->outbox[i].ref);
        assert_string_equal(a->outbox[i].parent, b->outbox[i].parent);
        assert_string_equal(a->outbox[i].tree, b->outbox[i].tree);
        assert_string_equal(a->outbox[i].commit, b->outbox[i].commit);
        assert_int_equal(a->outbox[i].done, b->outbox[i].done);
    }
}

static char hostile[] = "x'); DROP TABLE run; -- \"; ünïcödé \n\t\x7f";

static void write_runs(struct store *store, struct record *record)
{
    static const double values[] = {1.5, -0.0, 4.9406564584124654e-324, INFINITY, -INFINITY};
    struct err err = {0};

    for (int class = CLASS_NONE; class <= CLASS_INTERRUPTED; class ++)
        add_run(store, record, 1 + class % 4, 4294967295u - (uint32_t) class,
                (enum run_class) class, NAN);
    for (size_t i = 0; i < COUNT(values); i++)
        add_run(store, record, 1, (uint32_t)i, CLASS_OK, values[i]);
    struct run full = next_run(record, 2, 5);
    full.variant = RUN_NEIGHBOUR;
    require(store_start_run(store, &full, 0, &(struct run_facts){0}, &err), &err);
    full.class = CLASS_SIGNAL;
    full.exit_code = 255;
    full.signal = 9;
    full.wall_s = 0.1;
    full.cpu_s = 1e300;
    full.flops = 1e9 / 3;
    full.peak_mib = 1.0 / 3;
    full.steps = 0;
    full.ended = 1;
    full.detail = hostile;
    require(store_end_run(store, &full, &(struct run_facts){.usage = "{}"}, &err), &err);
    record_add_run(record, &full);
}

static void write_decisions(struct store *store, struct record *record)
{
    static const enum outcome verdicts[] = {OUTCOME_KEEP, OUTCOME_REVERT, OUTCOME_FAILED,
                                            OUTCOME_KEEP};

    for (int i = 0; i < 4; i++) {
        struct decision d = decision_on(record, i + 1);
        d.kind = (enum decision_kind)i;
        d.verdict = verdicts[i];
        add_decision(store, record, &d);
    }
    struct decision full = decision_on(record, 4);
    full.against = 1;
    full.test = 8;
    full.head = 3;
    full.verified = true;
    full.n = 6;
    full.alpha = 0.05;
    full.mean = 0.1 + 0.2;
    full.low = -INFINITY;
    full.high = INFINITY;
    full.z = 2.2250738585072014e-308;
    full.sd = 1e-17;
    full.df = 1.7976931348623157e308;
    full.reason = hostile;
    full.body = hostile;
    add_decision(store, record, &full);
}

static void everything_comes_back_as_it_was(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    struct err err = {0};

    for (int p = PURPOSE_BASELINE; p <= PURPOSE_ENQUEUED; p++)
        add_experiment(store, &record, (enum purpose)p);
    require(store_set_steps(store, 2, 77, &err), &err);
    record.experiments[1].steps = 77;
    require(store_set_remark(store, 3, hostile, &err), &err);
    record.experiments[2].remark = mem_strdup(hostile);
    write_runs(store, &record);
    static const struct pair pairs[] = {
        {.experiment = 2, .against = 1, .seed = 4294967295u, .test = 4},
        {.experiment = 3, .against = 1, .seed = 0, .test = 6},
        {.experiment = 1, .seed = 8}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        require(store_add_pair(store, &pairs[i], &err), &err);
        record_add_pair(&record, &pairs[i]);
    }
    write_decisions(store, &record);
    add_outbox(store, &record, 1, true);
    add_outbox(store, &record, 4, true);
    add_outbox(store, &record, 4, false);
    require(store_set_published(store, 4, record.outbox[2].ref, &err), &err);
    record.outbox[2].done = true;
    store_close(store);

    store = open_store(*state, STORE_READ);
    struct record again = load(store);
    assert_same_record(&again, &record);
    require(store_check(store, false, &err), &err);
    require(store_check(store, true, &err), &err);
    record_clear(&again);
    record_clear(&record);
    store_close(store);
}

/* --- numbers -------------------------------------------------------------------------------------
 */

static double from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static void metrics_are_exact_to_the_bit(void **state)
{
    static const uint64_t bits[] = {0x8000000000000000u, 0x0000000000000000u, 0x0000000000000001u,
                                    0x7ff0000000000000u, 0xfff0000000000000u, 0x7ff8000000000000u,
                                    0xfff8000000000001u, 0x7ff800000000beefu, 0x3fb999999999999au,
                                    0x7fefffffffffffffu, 0xffefffffffffffffu, 0x3ff0000000000001u};
    struct store *store = begin_record(*state);
    struct record record = load(store);
    struct metric *metrics = NULL;
    struct err err = {0};
    size_t n;

    add_experiment(store, &record, PURPOSE_BASELINE);
    add_run(store, &record, 1, 1, CLASS_OK, 1);
    for (size_t i = 0; i < COUNT(bits); i++) {
        char name[16];
        snprintf(name, sizeof name, "m%02zu", i);
        struct metric metric = {name, from_bits(bits[i])};
        require(store_add_metric(store, 1, &metric, &err), &err);
    }
    store_close(store);
    store = open_store(*state, STORE_READ);
    require(store_metrics(store, &metrics, &n, 1, false, &err), &err);
    assert_int_equal(n, COUNT(bits));
    for (size_t i = 0; i < n; i++)
        assert_memory_equal(&metrics[i].value, &bits[i], sizeof bits[i]);
    metrics_free(metrics, n);
    record_clear(&record);
    store_close(store);
}

static void the_test_loss_is_withheld(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    static char names[2][16] = {"test_loss", "val_loss"};
    struct metric *metrics = NULL;
    struct err err = {0};
    size_t n;

    add_experiment(store, &record, PURPOSE_BASELINE);
    add_run(store, &record, 1, 1, CLASS_OK, 1);
    for (int i = 0; i < 2; i++)
        require(store_add_metric(store, 1, &(struct metric){names[i], i}, &err), &err);
    require(store_metrics(store, &metrics, &n, 1, false, &err), &err);
    assert_int_equal(n, 1);
    assert_string_equal(metrics[0].name, "val_loss");
    metrics_free(metrics, n);
    require(store_metrics(store, &metrics, &n, 1, true, &err), &err);
    assert_int_equal(n, 2);
    metrics_free(metrics, n);
    record_clear(&record);
    store_close(store);
}

/* --- texts that repeat each other --------------------------------------------------------------
 */

/* What a decision's text looks like: long, and much the same each time. */
static char *some_body(int i)
{
    struct str body = {0};

    for (int k = 0; k < 30; k++)
        str_addf(&body, "key_%d_of_the_decision: {\"high\":%d,\"low\":null}\n", k,
                 k == i % 30 ? i : k);
    return str_take(&body);
}

static void texts_that_repeat_each_other_take_little_room(void **state)
{
    const struct place *place = *state;
    struct store *store = begin_record(place);
    struct record record = load(store), loaded;
    size_t whole = 0;

    add_experiment(store, &record, PURPOSE_BASELINE);
    for (int i = 0; i < 100; i++) {
        struct decision d = decision_on(&record, 1);
        d.body = some_body(i);
        whole += strlen(d.body);
        add_decision(store, &record, &d);
        free(d.body);
    }
    loaded = load(store);
    assert_int_equal(loaded.n_decisions, 100);
    for (size_t i = 0; i < loaded.n_decisions; i++)
        assert_string_equal(loaded.decisions[i].body, record.decisions[i].body);
    store_close(store);
    assert_true(whole > 100000); /* a twentieth of it is room for a tag and two numbers each */
    assert_int_equal(by_hand(place, "CREATE TABLE t (x CHECK (x < 5000)) ; INSERT INTO t SELECT"
                                    " sum(length(CAST(body AS BLOB))) FROM decision"),
                     SQLITE_OK);
    record_clear(&loaded);
    record_clear(&record);
}

static void a_packed_text_that_is_broken_is_an_integrity_error(void **state)
{
    static const char *const damage[] = {
        "UPDATE decision SET body = x''",
        "UPDATE decision SET body = x'ff'",
        "UPDATE decision SET body = x'7f00'",
        "UPDATE decision SET body = x'01'",
        "UPDATE decision SET body = x'0120ff'",
        "UPDATE decision SET body = substr(body, 1, 9)",
        "DROP TRIGGER pattern_remains; DELETE FROM pattern",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(damage); i++) {
        void *fresh = NULL;
        assert_int_equal(make_place(&fresh), 0);
        struct store *store = begin_record(fresh);
        struct record record = load(store);
        struct err err = {0};
        add_experiment(store, &record, PURPOSE_BASELINE);
        struct decision d = decision_on(&record, 1);
        d.body = some_body(1);
        add_decision(store, &record, &d);
        free(d.body);
        record_clear(&record);
        store_close(store);
        assert_int_equal(by_hand(fresh, "PRAGMA foreign_keys = OFF; DROP TRIGGER decision_stays"),
                         SQLITE_OK);
        assert_int_equal(by_hand(fresh, damage[i]), SQLITE_OK);
        require(store_open(&store, ((struct place *)fresh)->db, STORE_READ, &err), &err);
        assert_int_equal(store_load(store, &record, &err), -1);
        assert_int_equal(err.code, ERR_INTEGRITY);
        store_close(store);
        remove_place(&fresh);
    }
}

/* --- what may not happen -------------------------------------------------------------------------
 */

static void what_was_written_stays(void **state)
{
    static const char *const attacks[] = {
        "UPDATE event SET text = 'other'",
        "DELETE FROM event",
        "INSERT OR REPLACE INTO event SELECT seq, number, experiment, row, time, 'other', text, "
        "hash, sha"
        " FROM event WHERE seq = 1",
        "INSERT INTO event SELECT seq + 1000, NULL, experiment, row, time, kind, text, hash, sha"
        " FROM event WHERE seq = 1",
        "INSERT OR REPLACE INTO decision SELECT * FROM decision",
        "UPDATE decision SET verdict = 'keep'",
        "DELETE FROM decision",
        "UPDATE outbox SET parent = 'other'",
        "DELETE FROM outbox",
        "UPDATE intent SET bytes = x'00'",
        "DELETE FROM intent",
        "UPDATE pattern SET text = 'other'",
        "DELETE FROM pattern",
        "INSERT INTO run (id, experiment, seed, attempt, class, bits) VALUES (9, 1, 1, 2, 'ok', 0)",
        "INSERT INTO run (id, experiment, seed, attempt, class, bits) VALUES (9, 1, 2, 1, 'ill', "
        "0)",
        "INSERT INTO meta (key, value) VALUES ('a', x'00')",
    };
    const struct place *place = *state;
    struct store *store = begin_record(place);
    struct record record = load(store);
    struct err err = {0};

    add_experiment(store, &record, PURPOSE_BASELINE);
    add_run(store, &record, 1, 1, CLASS_OK, 1);
    struct decision d = decision_on(&record, 1);
    add_decision(store, &record, &d);
    add_outbox(store, &record, 1, true);
    require(store_event(store, "decided", 1, "kept", &err), &err);
    store_close(store);
    for (size_t i = 0; i < COUNT(attacks); i++)
        if ((by_hand(place, attacks[i]) & 0xff) != SQLITE_CONSTRAINT)
            fail_msg("'%s' was let through", attacks[i]);
    record_clear(&record);
}

static void a_run_ends_once_and_is_ok_once(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    struct err err = {0};

    add_experiment(store, &record, PURPOSE_BASELINE);
    add_run(store, &record, 1, 1, CLASS_OK, 1);
    struct run run = record.runs[0];
    run.value = 2;
    assert_int_equal(store_end_run(store, &run, &(struct run_facts){0}, &err), -1);
    assert_int_equal(err.code, ERR_INTEGRITY);
    struct run second = next_run(&record, 1, 1);
    require(store_start_run(store, &second, 0, &(struct run_facts){0}, &err), &err);
    second.class = CLASS_OK;
    assert_int_equal(store_end_run(store, &second, &(struct run_facts){0}, &err), -1);
    assert_int_equal(err.code, ERR_INTEGRITY);
    second.class = CLASS_INTERRUPTED;
    require(store_end_run(store, &second, &(struct run_facts){0}, &err), &err);
    record_clear(&record);
    store_close(store);
}

static void rows_about_nothing_are_refused(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    struct err err = {0};
    struct run run = next_run(&record, 7, 1);
    struct pair pair = {.experiment = 7, .against = 8, .seed = 1, .test = 14};
    struct decision d = decision_on(&record, 7);

    assert_int_equal(store_start_run(store, &run, 0, &(struct run_facts){0}, &err), -1);
    assert_int_equal(err.code, ERR_INTEGRITY);
    assert_int_equal(store_add_pair(store, &pair, &err), -1);
    assert_int_equal(store_add_decision(store, &d, &err), -1);
    assert_int_equal(store_set_steps(store, 7, 1, &err), -1);
    assert_int_equal(store_set_remark(store, 7, "x", &err), -1);
    assert_int_equal(store_set_published(store, 7, "refs/heads/x", &err), -1);
    assert_int_equal(store_take_enqueued(store, 7, 0, &err), -1);
    record_clear(&record);
    store_close(store);
}

static void what_is_rolled_back_was_never_there(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    struct err err = {0};

    require(store_begin(store, &err), &err);
    add_experiment(store, &record, PURPOSE_BASELINE);
    store_rollback(store);
    store_rollback(store); /* twice is harmless */
    record_clear(&record);
    record = load(store);
    assert_int_equal(record.n_experiments, 0);
    require(store_begin(store, &err), &err);
    add_experiment(store, &record, PURPOSE_BASELINE);
    store_close(store);
    record_clear(&record);
    store = open_store(*state, STORE_READ);
    record = load(store);
    assert_int_equal(record.n_experiments, 0);
    record_clear(&record);
    store_close(store);
}

/* --- other people's files ------------------------------------------------------------------------
 */

static char *bytes_of(const struct place *place, size_t *len)
{
    struct err err = {0};
    char *bytes = NULL;

    require(file_read(&bytes, len, place->db, 1 << 24, &err), &err);
    return bytes;
}

/* Neither reader nor writer takes the file, both say why in one line, and not a byte changes. */
static void assert_refused(const struct place *place, int code, const char *words)
{
    size_t len, after_len;
    char *before = bytes_of(place, &len);

    for (int mode = STORE_READ; mode <= STORE_WRITE; mode++) {
        struct store *store = NULL;
        struct err err = {0};
        assert_int_equal(store_open(&store, place->db, (enum store_mode)mode, &err), -1);
        assert_null(store);
        assert_int_equal(err.code, code);
        if (strstr(err.text, words) == NULL || strchr(err.text, '\n') != NULL)
            fail_msg("'%s' does not say '%s'", err.text, words);
        char *after = bytes_of(place, &after_len);
        assert_int_equal(after_len, len);
        assert_memory_equal(after, before, len);
        free(after);
    }
    free(before);
}

static void write_file(const struct place *place, const char *text)
{
    struct err err = {0};
    char *dir = path_dir(place->db);

    require(file_mkdirs(dir, &err), &err);
    require(file_write(place->db, text, strlen(text), &err), &err);
    free(dir);
}

static void files_that_are_no_record_are_refused_and_untouched(void **state)
{
    const struct place *place = *state;
    struct err err = {0};

    write_file(place, "");
    assert_refused(place, ERR_INTEGRITY, "empty");
    write_file(place, "a shopping list, long enough to hold what a header would: eggs, milk, bread "
                      "and a hundred and twenty more bytes of this and that, so that it looks like "
                      "a file of some size");
    assert_refused(place, ERR_INTEGRITY, "not a database");
    require(file_remove(place->db, &err), &err);
    assert_int_equal(by_hand(place, "CREATE TABLE t (x)"), SQLITE_OK);
    assert_refused(place, ERR_INTEGRITY, "another program");
    require(file_remove(place->db, &err), &err);
    store_close(begin_record(place));
    assert_int_equal(by_hand(place, "PRAGMA user_version = 0"), SQLITE_OK);
    assert_refused(place, ERR_INTEGRITY, "impossible version 0");
    assert_int_equal(by_hand(place, "PRAGMA user_version = 5"), SQLITE_OK);
    assert_refused(place, ERR_USAGE, "has version 5, and this nightshift knows up to 4");
}

static void a_record_that_is_not_there_is_not_made_by_a_reader(void **state)
{
    const struct place *place = *state;
    struct store *store = NULL;
    struct err err = {0};

    assert_int_equal(store_open(&store, place->db, STORE_READ, &err), -1);
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_false(file_exists(place->db));
}

static void a_broken_creation_is_begun_anew(void **state)
{
    const struct place *place = *state;
    struct err err = {0};
    char *part = mem_printf("%s.new", place->db), *dir = path_dir(place->db);

    require(file_mkdirs(dir, &err), &err);
    require(file_write(part, "half", 4, &err), &err);
    store_close(begin_record(place));
    assert_false(file_exists(part));
    free(part);
    free(dir);
}

static void ids_that_point_nowhere_are_an_integrity_error(void **state)
{
    static const char *const damage[] = {
        "PRAGMA foreign_keys = OFF; UPDATE pair SET experiment = 4000000000000",
        "PRAGMA foreign_keys = OFF; UPDATE run SET experiment = -1",
        "PRAGMA foreign_keys = OFF; UPDATE experiment SET id = 3 WHERE id = 2",
        "UPDATE experiment SET config = '{\"lr\":99}' WHERE id = 2",
        "UPDATE meta SET value = 'name: [' WHERE key = 'study'",
        "DELETE FROM meta WHERE key = 'study'",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(damage); i++) {
        void *fresh = NULL;
        assert_int_equal(make_place(&fresh), 0);
        struct store *store = begin_record(fresh);
        struct record record = load(store);
        struct err err = {0};
        add_experiment(store, &record, PURPOSE_BASELINE);
        add_experiment(store, &record, PURPOSE_PROPOSAL);
        add_run(store, &record, 1, 1, CLASS_OK, 1);
        require(store_add_pair(store,
                               &(struct pair){.experiment = 2, .against = 1, .seed = 1, .test = 4},
                               &err),
                &err);
        record_clear(&record);
        store_close(store);
        assert_int_equal(by_hand(fresh, damage[i]), SQLITE_OK);
        store = open_store(fresh, STORE_READ);
        if (store_load(store, &record, &err) == 0)
            fail_msg("not seen: %s", damage[i]);
        assert_int_equal(err.code, ERR_INTEGRITY);
        store_close(store);
        remove_place(&fresh);
    }
}

/* The pages with their references, the log, and the tables by the log: -1 where one fails. */
static int check_all(struct store *store, struct err *err)
{
    struct str found = {0};
    int rc = store_check(store, true, err);

    if (rc == 0)
        rc = store_check_log(store, err);
    if (rc == 0)
        rc = store_audit_log(store, &found, err);
    if (rc == 0 && found.len > 0)
        rc = err_integrity(err, "%s", found.at);
    str_clear(&found);
    return rc;
}

static void a_deep_check_sees_what_was_changed_by_hand(void **state)
{
    static const char *const damage[] = {
        "DROP TRIGGER event_stays",
        "DROP TRIGGER event_stays; UPDATE event SET text = 'other' WHERE seq = 2;"
        " CREATE TRIGGER event_stays BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, ''); END",
        "DROP TRIGGER event_remains; DELETE FROM event WHERE seq = 1;"
        " CREATE TRIGGER event_remains BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, ''); END",
        "UPDATE experiment SET config = '{\"lr\":0.01}'",
        "UPDATE experiment SET remark = 'other'",
        "UPDATE run SET bits = 0",
        "UPDATE run SET wall_s = 1",
        "UPDATE meta SET value = value || ' ' WHERE key = 'spec'",
        "INSERT INTO metric (run, name, bits) VALUES (1, 'x', 0)",
        "INSERT INTO artifact (run, path, sha, bytes) VALUES (NULL, 'x', 'y', 0)",
        "INSERT INTO queue (config, taken) VALUES ('{}', 0)",
        "INSERT INTO pair (experiment, idx, seed, test, after) VALUES (1, 7, 7, 0, 0)",
        "INSERT INTO closing VALUES (0, 0)",
        "DELETE FROM run",
        "PRAGMA foreign_keys = OFF; UPDATE run SET experiment = 9",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(damage); i++) {
        void *fresh = NULL;
        assert_int_equal(make_place(&fresh), 0);
        struct store *store = begin_record(fresh);
        struct record record = load(store);
        struct err err = {0};
        require(store_tell_begun(store, &err), &err);
        add_experiment(store, &record, PURPOSE_BASELINE);
        require(store_set_remark(store, 1, "odd", &err), &err);
        add_run(store, &record, 1, 1, CLASS_OK, 1);
        for (int k = 0; k < 3; k++)
            require(store_event(store, "seen", k % 2, "something", &err), &err);
        require(check_all(store, &err), &err);
        record_clear(&record);
        store_close(store);
        assert_int_equal(by_hand(fresh, damage[i]), SQLITE_OK);
        store = open_store(fresh, STORE_READ);
        require(store_check(store, false, &err), &err);
        if (check_all(store, &err) == 0)
            fail_msg("not seen: %s", damage[i]);
        assert_int_equal(err.code, ERR_INTEGRITY);
        store_close(store);
        remove_place(&fresh);
    }
}

/* --- what a look at the pages sees ---------------------------------------------------------------
 */

/* A record with a row in most tables, closed. */
static void leave_small_record(const struct place *place)
{
    static const struct pair pair = {.experiment = 2, .against = 1, .seed = 1, .test = 4};
    struct store *store = begin_record(place);
    struct record record = load(store);
    struct err err = {0};

    for (int i = 0; i < 4; i++)
        add_experiment(store, &record, i == 0 ? PURPOSE_BASELINE : PURPOSE_PROPOSAL);
    add_run(store, &record, 1, 1, CLASS_OK, 1);
    require(store_add_pair(store, &pair, &err), &err);
    write_decisions(store, &record);
    record_clear(&record);
    store_close(store);
}

/* What a look says of the record as it lies there; of each kind of connection the same. */
static int look_at(const struct place *place, bool deep, struct err *err)
{
    static const enum store_mode modes[] = {STORE_READ, STORE_WRITE};
    int rcs[COUNT(modes)];

    for (size_t i = 0; i < COUNT(modes); i++) {
        struct store *store = open_store(place, modes[i]);
        *err = (struct err){0};
        rcs[i] = store_check(store, deep, err);
        store_close(store);
    }
    assert_int_equal(rcs[0], rcs[1]);
    return rcs[0];
}

static void only_a_deep_look_sees_a_row_that_breaks_a_check(void **state)
{
    static const char *const rows[] = {
        "INSERT INTO closing VALUES (0, 7)",
        "INSERT INTO pair (experiment, idx, seed, test, after) VALUES (1, -1, 7, 0, 0)",
        "INSERT INTO pair (experiment, idx, seed, test, after) VALUES (1, 7, 7, 3, 0)",
        "UPDATE run SET class = 'fine'",
        "UPDATE experiment SET purpose = 'none' WHERE id = 2",
        "INSERT INTO event (seq, row, time, kind, text, hash)"
        " SELECT max(seq) + 1, 0, 0, 'seen', '', x'00' FROM event",
        "INSERT INTO answer (experiment) VALUES (2)",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        void *fresh = NULL;
        struct err err = {0};
        assert_int_equal(make_place(&fresh), 0);
        leave_small_record(fresh);
        require(look_at(fresh, true, &err), &err);
        char *sql = mem_printf("PRAGMA ignore_check_constraints = ON; %s", rows[i]);
        assert_int_equal(by_hand(fresh, sql), SQLITE_OK);
        require(look_at(fresh, false, &err), &err);
        if (look_at(fresh, true, &err) == 0)
            fail_msg("not seen: %s", rows[i]);
        assert_int_equal(err.code, ERR_INTEGRITY);
        assert_non_null(strstr(err.text, "CHECK constraint failed"));
        free(sql);
        remove_place(&fresh);
    }
}

/* Puts a row into `pair` while its column `seed` is declared as `as`. */
static void insert_seed(const struct place *place, const char *as, const char *seed)
{
    static const char declared[] = "seed INTEGER NOT NULL";
    char *sql[] = {
        mem_printf("PRAGMA writable_schema = ON; UPDATE sqlite_schema"
                   " SET sql = replace(sql, '%s', '%s') WHERE name = 'pair'",
                   declared, as),
        mem_printf("INSERT INTO pair (experiment, idx, seed, test, after) VALUES (1, 7, %s, 0, 0)",
                   seed),
        mem_printf("PRAGMA writable_schema = ON; UPDATE sqlite_schema"
                   " SET sql = replace(sql, '%s', '%s') WHERE name = 'pair'",
                   as, declared),
    };

    for (size_t i = 0; i < COUNT(sql); i++) {
        assert_int_equal(by_hand(place, sql[i]), SQLITE_OK);
        free(sql[i]);
    }
}

/* Nonsense in the place of the page where a table or an index begins. */
static void break_page(const struct place *place, const char *name)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    unsigned char nonsense[64];

    assert_int_equal(sqlite3_open(place->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT (rootpage - 1) * page_size"
                                        " FROM sqlite_schema, pragma_page_size WHERE name = ?",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    long at = (long)sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    memset(nonsense, 0xab, sizeof nonsense);
    FILE *file = fopen(place->db, "r+e");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fwrite(nonsense, 1, sizeof nonsense, file), sizeof nonsense);
    assert_int_equal(fclose(file), 0);
}

static void no_seed(const struct place *place)
{
    insert_seed(place, "seed INTEGER", "NULL");
}

static void a_seed_of_words(const struct place *place)
{
    insert_seed(place, "seed ANY NOT NULL", "'seven'");
}

static void a_broken_table(const struct place *place)
{
    break_page(place, "decision");
}

static void a_broken_index(const struct place *place)
{
    break_page(place, "pair_index");
}

static void every_look_sees_broken_pages_and_missing_values(void **state)
{
    static void (*const damage[])(const struct place *) = {no_seed, a_seed_of_words, a_broken_table,
                                                           a_broken_index};

    (void)state;
    for (size_t i = 0; i < 2 * COUNT(damage); i++) {
        void *fresh = NULL;
        struct err err = {0};
        assert_int_equal(make_place(&fresh), 0);
        leave_small_record(fresh);
        require(look_at(fresh, false, &err), &err);
        damage[i / 2](fresh);
        if (look_at(fresh, i % 2 == 1, &err) == 0)
            fail_msg("damage %zu was not seen", i / 2);
        assert_int_equal(err.code, ERR_INTEGRITY);
        remove_place(&fresh);
    }
}

static void a_row_that_breaks_a_check_is_refused_after_every_look(void **state)
{
    static const struct pair broken = {.experiment = 1, .index = -1, .seed = 9};

    (void)state;
    for (int i = 0; i < 4; i++) { /* of a record that is whole, and of one that is not */
        void *fresh = NULL;
        struct err err = {0};
        assert_int_equal(make_place(&fresh), 0);
        leave_small_record(fresh);
        if (i % 2 == 1)
            no_seed(fresh);
        struct store *store = open_store(fresh, STORE_WRITE);
        for (int looks = 0; looks < 2; looks++)
            assert_int_equal(store_check(store, i / 2 == 1, &err), i % 2 == 1 ? -1 : 0);
        assert_int_equal(store_add_pair(store, &broken, &err), -1);
        assert_non_null(strstr(err.text, "CHECK constraint failed"));
        store_close(store);
        remove_place(&fresh);
    }
}

/* --- files ---------------------------------------------------------------------------------------
 */

static void nobody_else_may_read_the_record(void **state)
{
    const struct place *place = *state;
    mode_t before = umask(0);
    struct store *store = begin_record(place);
    static const char *const endings[] = {"", "-wal", "-shm"};
    struct stat st;

    for (size_t i = 0; i < COUNT(endings); i++) {
        char *path = mem_printf("%s%s", place->db, endings[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        free(path);
    }
    char *dir = path_dir(place->db);
    assert_int_equal(stat(dir, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    umask(before);
    free(dir);
    store_close(store);
}

static void odd_names_are_only_names(void **state)
{
    struct place *place = *state;

    free(place->db);
    place->db = path_join(place->dir, "a b%20?mode=ro#x/stüdy.db");
    struct store *store = begin_record(place);
    assert_true(file_exists(place->db));
    store_close(store);
    store_close(open_store(place, STORE_READ));
}

/* As a user who may read the files, but write nowhere: exit status 0 where the record was read. */
static int read_as_somebody(const struct place *place)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        struct store *store = NULL;
        struct err err = {0};
        char *text = NULL;
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(2);
        if (store_open(&store, place->db, STORE_READ, &err) != 0 ||
            store_get(store, &text, "study", &err) != 0 || text == NULL) {
            fprintf(stderr, "%s\n", err.text);
            _exit(1);
        }
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_folder_without_write_permission_can_be_read(void **state)
{
    const struct place *place = *state;
    char *dir = path_dir(place->db);

    store_close(begin_record(place));
    assert_int_equal(chmod(place->db, 0444), 0);
    assert_int_equal(chmod(dir, 0555), 0);
    assert_int_equal(chmod(place->dir, 0755), 0);
    assert_int_equal(read_as_somebody(place), 0);
    assert_int_equal(chmod(dir, 0700), 0);
    free(dir);
}

static void a_reader_sees_the_last_commit_while_the_writer_goes_on(void **state)
{
    struct store *writer = begin_record(*state);
    struct record record = load(writer);
    struct err err = {0};

    add_experiment(writer, &record, PURPOSE_BASELINE);
    require(store_begin(writer, &err), &err);
    add_experiment(writer, &record, PURPOSE_PROPOSAL);
    struct store *reader = open_store(*state, STORE_READ);
    struct record seen = load(reader);
    assert_int_equal(seen.n_experiments, 1);
    record_clear(&seen);
    require(store_commit(writer, &err), &err);
    seen = load(reader);
    assert_int_equal(seen.n_experiments, 2);
    record_clear(&seen);
    assert_int_equal(store_set(reader, "a", "b", &err), -1); /* a reader writes nothing */
    store_close(reader);
    add_experiment(writer, &record, PURPOSE_PROPOSAL);
    record_clear(&record);
    store_close(writer);
}

/* --- small tables --------------------------------------------------------------------------------
 */

static void the_queue_is_first_in_first_out(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    struct err err = {0};
    static const char *const configs[] = {"{\"lr\":0.1}", "{\"lr\":0.2}", "{\"lr\":0.3}"};
    int64_t id;
    char *config;

    add_experiment(store, &record, PURPOSE_BASELINE);
    for (size_t i = 0; i < COUNT(configs); i++)
        require(store_enqueue(store, configs[i], &err), &err);
    for (size_t i = 0; i < COUNT(configs); i++) {
        require(store_next_enqueued(store, &id, &config, &err), &err);
        assert_string_equal(config, configs[i]);
        free(config);
        require(store_take_enqueued(store, id, i == 1 ? 0 : 1, &err), &err);
        assert_int_equal(store_take_enqueued(store, id, 1, &err), -1); /* nobody takes it twice */
    }
    require(store_next_enqueued(store, &id, &config, &err), &err);
    assert_null(config);
    assert_int_equal(id, 0);
    record_clear(&record);
    store_close(store);
}

static void artifacts_sessions_and_texts_come_back(void **state)
{
    struct store *store = begin_record(*state);
    struct err err = {0};
    struct artifact file = {.path = hostile, .bytes = INT64_MAX}, *files = NULL;
    size_t n;
    int64_t session = 0;
    char *text = NULL;

    require(store_session(store, &text, &err), &err);
    assert_null(text);
    require(store_add_session(store, &session, "{\"host\":1}", &err), &err);
    require(store_add_session(store, &session, "{\"host\":2}", &err), &err);
    assert_int_equal(session, 2);
    require(store_session(store, &text, &err), &err);
    assert_string_equal(text, "{\"host\":2}");
    free(text);
    for (int i = 0; i < 2; i++) { /* an input that was changed on purpose is written over */
        memset(file.sha, 'a' + i, SHA256_TEXT - 1);
        require(store_add_artifact(store, &file, &err), &err);
    }
    require(store_artifacts(store, &files, &n, 0, &err), &err);
    assert_int_equal(n, 1);
    assert_string_equal(files[0].path, hostile);
    assert_string_equal(files[0].sha, file.sha);
    assert_true(files[0].bytes == INT64_MAX);
    artifacts_free(files, n);
    require(store_get(store, &text, "absent", &err), &err);
    assert_null(text);
    require(store_set(store, "k", "1", &err), &err);
    require(store_set(store, "k", hostile, &err), &err);
    require(store_get(store, &text, "k", &err), &err);
    assert_string_equal(text, hostile);
    free(text);
    store_close(store);
}

/* Copies of events: those of one chain, or of both. */
struct seen {
    struct event at[64];
    size_t n;
    bool study_only;
};

static int copy_event(void *context, const struct event *event, struct err *err)
{
    struct seen *seen = context;

    (void)err;
    if (seen->study_only && event->number == 0)
        return 0;
    assert_true(seen->n < COUNT(seen->at));
    seen->at[seen->n] = *event;
    seen->at[seen->n].kind = mem_strdup(event->kind);
    seen->at[seen->n++].text = mem_strdup(event->text);
    return 0;
}

static struct seen events_of(struct store *store, bool study_only)
{
    struct seen seen = {.study_only = study_only};
    struct err err = {0};

    require(event_each(store, copy_event, &seen, &err), &err);
    return seen;
}

static void free_events(struct seen *seen)
{
    for (size_t i = 0; i < seen->n; i++) {
        free(seen->at[i].kind);
        free(seen->at[i].text);
    }
}

static void events_are_numbered_and_kept_in_order(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    struct err err = {0};

    add_experiment(store, &record, PURPOSE_BASELINE);
    require(store_event(store, "seen", 0, "", &err), &err);
    require(store_event(store, "audit", 1, hostile, &err), &err);
    struct seen seen = events_of(store, false);
    assert_int_equal(seen.n, 3);
    assert_string_equal(seen.at[0].kind, "proposed");
    assert_string_equal(seen.at[1].kind, "seen");
    assert_int_equal(seen.at[1].seq, 2);
    assert_int_equal(seen.at[1].experiment, 0);
    assert_int_equal(seen.at[2].seq, 3);
    assert_int_equal(seen.at[2].experiment, 1);
    assert_string_equal(seen.at[2].kind, "audit");
    assert_string_equal(seen.at[2].text, hostile);
    assert_true(seen.at[2].time > 0 && seen.at[2].number == 0);
    free_events(&seen);
    record_clear(&record);
    store_close(store);
}

/* A baseline that is kept; with `disturbed` its first run was interrupted, the program started
 * again, and the runs ended the other way round. */
static struct seen a_study(bool disturbed)
{
    void *place = NULL;
    struct err err = {0};
    int64_t session;

    assert_int_equal(make_place(&place), 0);
    struct store *store = begin_record(place);
    struct record record = load(store);
    require(store_tell_begun(store, &err), &err);
    require(store_add_session(store, &session, disturbed ? "{\"a\":1}" : "{}", &err), &err);
    add_experiment(store, &record, PURPOSE_BASELINE);
    if (disturbed) {
        add_run(store, &record, 1, 11, CLASS_INTERRUPTED, NAN);
        require(store_add_session(store, &session, "{\"a\":2}", &err), &err);
    }
    add_run(store, &record, 1, disturbed ? 12 : 11, CLASS_OK, disturbed ? 4 : 3);
    add_run(store, &record, 1, disturbed ? 11 : 12, CLASS_OK, disturbed ? 3 : 4);
    struct decision d = decision_on(&record, 1);
    add_decision(store, &record, &d);
    add_outbox(store, &record, 1, true);
    require(store_tell_decision(store, 1, &err), &err);
    require(store_add_closing(store, &(struct closing){.after = 1, .placebo = true}, &err), &err);
    struct seen seen = events_of(store, true);
    record_clear(&record);
    store_close(store);
    remove_place(&place);
    return seen;
}

static void an_interrupted_study_has_the_same_chain(void **state)
{
    static const char *const kinds[] = {"begun", "decided", "closed"};
    struct seen quiet = a_study(false), disturbed = a_study(true);

    (void)state;
    assert_int_equal(quiet.n, COUNT(kinds));
    assert_int_equal(disturbed.n, COUNT(kinds));
    for (size_t i = 0; i < COUNT(kinds); i++) {
        assert_string_equal(quiet.at[i].kind, kinds[i]);
        assert_string_equal(disturbed.at[i].text, quiet.at[i].text);
        assert_string_equal(disturbed.at[i].hash, quiet.at[i].hash);
        assert_int_equal(quiet.at[i].number, i + 1);
    }
    free_events(&quiet);
    free_events(&disturbed);
}

static void an_event_rolls_back_with_what_it_tells_of(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    struct err err = {0};

    require(store_begin(store, &err), &err);
    add_experiment(store, &record, PURPOSE_BASELINE);
    store_rollback(store);
    struct seen seen = events_of(store, false);
    assert_int_equal(seen.n, 0);
    record_clear(&record);
    store_close(store);
}

/* --- looking up ----------------------------------------------------------------------------------
 */

static const struct run *find_run_slowly(const struct record *record, int64_t experiment,
                                         enum run_variant variant, uint32_t seed)
{
    for (size_t i = record->n_runs; i > 0; i--)
        if (record->runs[i - 1].experiment == experiment && record->runs[i - 1].seed == seed &&
            record->runs[i - 1].variant == variant)
            return &record->runs[i - 1];
    return NULL;
}

static void look_ups_agree_with_a_plain_search(void **state)
{
    struct record record = {0};
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, "look-ups", 0);
    for (int i = 0; i < 3000; i++) {
        int64_t experiment = 1 + (int64_t)rng_below(&rng, 40);
        uint32_t seed = (uint32_t)rng_below(&rng, 60) * 71582788u;
        enum run_variant variant = (enum run_variant)rng_below(&rng, 4);
        struct run run = {.id = i + 1, .experiment = experiment, .variant = variant, .seed = seed};
        record_add_run(&record, &run);
        record_add_pair(&record, &(struct pair){.experiment = experiment,
                                                .index = i,
                                                .seed = (uint32_t)i,
                                                .test = seed % 3});
    }
    for (int64_t e = 0; e <= 41; e++)
        for (uint32_t s = 0; s < 61; s++)
            for (int v = RUN_OWN; v <= RUN_SALTED; v++)
                assert_ptr_equal(record_variant(&record, e, (enum run_variant)v, s * 71582788u),
                                 find_run_slowly(&record, e, (enum run_variant)v, s * 71582788u));
    for (int64_t e = 1; e <= 40; e++) {
        const struct pair *some[2] = {NULL};
        size_t n = 0, found = record_pairs(&record, e, 0, some, 2);
        for (size_t i = 0; i < record.n_pairs; i++) {
            const struct pair *pair = &record.pairs[i];
            if (pair->experiment != e || pair->test != 0)
                continue;
            if (n < 2)
                assert_ptr_equal(some[n], pair);
            n++;
        }
        assert_int_equal(found, n);
    }
    record_clear(&record);
}

static struct record load_night(struct store *store)
{
    struct record record;
    struct err err = {0};

    require(store_load_night(store, &record, NULL, &err), &err);
    return record;
}

static void publish(struct store *store, struct record *record, size_t row)
{
    struct err err = {0};

    require(store_set_published(store, record->outbox[row].decision, record->outbox[row].ref, &err),
            &err);
    record->outbox[row].done = true;
}

/* Four decisions on the log, the second one on the line of keeps too; all but the last published.
 */
static void add_published(struct store *store, struct record *record)
{
    for (int i = 0; i < 4; i++)
        add_experiment(store, record, i == 0 ? PURPOSE_BASELINE : PURPOSE_PROPOSAL);
    for (int64_t e = 1; e <= 4; e++) {
        struct decision d = decision_on(record, e);
        char reason[] = "it is number 0";
        reason[sizeof reason - 2] = (char)('0' + e);
        d.reason = reason;
        add_decision(store, record, &d);
        add_outbox(store, record, e, true);
        if (e == 2)
            add_outbox(store, record, e, false);
    }
    for (size_t row = 0; row < 4; row++)
        publish(store, record, row);
}

/* What was dropped in memory is what is not read from the disk. */
static void a_night_remembers_what_git_lacks_and_each_refs_newest(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);

    add_published(store, &record);
    record_forget_published(&record);
    struct record night = load_night(store);
    assert_int_equal(record.n_outbox, 2);
    assert_int_equal(night.n_outbox, 2); /* the pending one is the newest on the log */
    assert_string_equal(night.outbox[0].ref, "refs/heads/nightshift/kjv");
    assert_int_equal(night.outbox[0].decision, 2);
    assert_int_equal(night.outbox[1].decision, 4);
    assert_false(night.outbox[1].done);
    assert_non_null(record_commit(&night, 4));
    struct outbox row = night.outbox[1];
    for (int i = 0; i < 40; i++) /* the array still grows as it should */
        record_add_outbox(&night, &row);
    assert_int_equal(night.n_outbox, 42);
    assert_int_equal(night.outbox[41].decision, 4);
    record_clear(&night);
    record_clear(&record);
    store_close(store);
}

static void a_night_remembers_why_the_newest_decision_was_made(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);

    add_published(store, &record);
    record_forget_reasons(&record);
    struct record night = load_night(store), whole = load(store);
    for (int i = 0; i < 3; i++) {
        assert_null(night.decisions[i].reason);
        assert_null(record.decisions[i].reason);
        assert_non_null(whole.decisions[i].reason);
    }
    assert_string_equal(night.decisions[3].reason, "it is number 4");
    assert_string_equal(record.decisions[3].reason, "it is number 4");
    record_clear(&whole);
    record_clear(&night);
    record_clear(&record);
    store_close(store);
}

static void a_night_remembers_why_its_baseline_failed(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    char why[] = "failed on seed 1: exit 3", withdrawn[] = "the baseline has failed";

    for (int64_t e = 1; e <= 3; e++) {
        add_experiment(store, &record, e == 1 ? PURPOSE_BASELINE : PURPOSE_PROPOSAL);
        struct decision d = decision_on(&record, e);
        d.verdict = e == 1 ? OUTCOME_FAILED : OUTCOME_REVERT;
        d.reason = e == 1 ? why : withdrawn;
        d.incumbent = d.head = 0;
        d.against = e == 1 ? 0 : 1;
        add_decision(store, &record, &d);
    }
    record_forget_reasons(&record);
    struct record night = load_night(store);
    assert_string_equal(record.decisions[0].reason, why);
    assert_string_equal(night.decisions[0].reason, why);
    assert_null(record.decisions[1].reason);
    assert_null(night.decisions[1].reason);
    record_clear(&night);
    record_clear(&record);
    store_close(store);
}

static void a_run_that_has_said_nothing_on_its_way_takes_no_place(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);
    struct run_curves none = {.kind = PLACE_NONE}, some = {.kind = PLACE_NONE};

    add_experiment(store, &record, PURPOSE_BASELINE);
    for (uint32_t seed = 1; seed <= 3; seed++) {
        add_run(store, &record, 1, seed, CLASS_OK, 1);
        record_set_curves(&record, &record.runs[seed - 1], &none);
    }
    assert_int_equal(record.n_curves, 0);

    run_curves_add(&some, &(struct curve_record){.progress = (double)NAN, .step = 5, .metric = 2});
    record_set_curves(&record, &record.runs[1], &some);
    assert_int_equal(record.n_curves, 2);
    assert_int_equal(record_curves(&record, &record.runs[0])->kind, PLACE_NONE);
    assert_int_equal(record_curves(&record, &record.runs[1])->metric.n, 1);
    assert_int_equal(record_curves(&record, &record.runs[2])->kind, PLACE_NONE);
    record_set_curves(&record, &record.runs[1], &none);
    assert_int_equal(record_curves(&record, &record.runs[1])->metric.n, 0);
    run_curves_clear(&some);
    record_clear(&record);
    store_close(store);
}

static void what_forgets_its_rows_is_the_study_and_can_be_filled_again(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store), again;
    struct err err = {0};

    add_experiment(store, &record, PURPOSE_BASELINE);
    require(store_set_remark(store, 1, hostile, &err), &err);
    record.experiments[0].remark = mem_strdup(hostile);
    add_run(store, &record, 1, 1, CLASS_OK, 1);
    struct decision decision = decision_on(&record, 1);
    decision.reason = hostile;
    add_decision(store, &record, &decision);
    add_outbox(store, &record, 1, true);
    snprintf(record.source, sizeof record.source, "%040d", 7);

    record_forget_rows(&record);
    assert_int_equal(record.n_experiments + record.n_runs + record.n_decisions + record.n_outbox,
                     0);
    assert_null(record_run(&record, 1, 1));
    assert_string_equal(record.spec, "{\"a\":1}");
    assert_string_equal(record.source, "0000000000000000000000000000000000000007");
    record.source[0] = '\0';

    again = load(store);
    for (size_t i = 0; i < again.n_experiments; i++)
        record_add_experiment(&record, &again.experiments[i]);
    for (size_t i = 0; i < again.n_runs; i++)
        record_add_run(&record, &again.runs[i]);
    for (size_t i = 0; i < again.n_decisions; i++)
        record_add_decision(&record, &again.decisions[i]);
    for (size_t i = 0; i < again.n_outbox; i++)
        record_add_outbox(&record, &again.outbox[i]);
    assert_same_record(&again, &record);
    record_clear(&again);
    record_clear(&record);
    store_close(store);
}

static void decisions_and_commits_are_found_by_experiment(void **state)
{
    struct store *store = begin_record(*state);
    struct record record = load(store);

    for (int i = 0; i < 3; i++)
        add_experiment(store, &record, PURPOSE_PROPOSAL);
    assert_int_equal(record_incumbent(&record), 0);
    assert_null(record_decision(&record, 1));
    for (int64_t e = 1; e <= 2; e++) {
        struct decision d = decision_on(&record, e);
        add_decision(store, &record, &d);
        add_outbox(store, &record, e, true);
        add_outbox(store, &record, e, false);
    }
    struct decision confirm = decision_on(&record, 1);
    confirm.kind = DECISION_CONFIRM;
    confirm.incumbent = 2;
    add_decision(store, &record, &confirm);
    add_outbox(store, &record, 3, true);
    assert_int_equal(record_incumbent(&record), 2);
    assert_int_equal(record_decision(&record, 1)->number, 1);
    assert_int_equal(record_decision(&record, 2)->number, 2);
    assert_null(record_decision(&record, 3));
    assert_null(record_decision(&record, 4));
    assert_string_equal(record_commit(&record, 1), record.outbox[4].commit);
    assert_string_equal(record_commit(&record, 2), record.outbox[2].commit);
    assert_null(record_commit(&record, 3));
    record_clear(&record);
    store_close(store);
}

/* 1/3 and large values of both signs: the sum in double depends on the order of its terms. */
static void a_mean_does_not_depend_on_the_order_of_the_runs(void **state)
{
    static const double values[] = {1e16, 1.0 / 3, -1e16, 7.0, 0.1};
    struct summary means[2];

    (void)state;
    for (int way = 0; way < 2; way++) {
        struct record record = {0};
        struct run run = {.experiment = 1, .value = NAN};
        for (size_t k = 0; k < COUNT(values); k++) {
            size_t i = way == 0 ? k : COUNT(values) - 1 - k;
            run.seed = (uint32_t)i;
            if (i == 2) { /* a first attempt that was interrupted */
                run.id = (int64_t)record.n_runs + 1;
                run.class = CLASS_INTERRUPTED;
                record_add_run(&record, &run);
            }
            run.id = (int64_t)record.n_runs + 1;
            run.class = CLASS_OK;
            run.value = values[i];
            record_add_run(&record, &run);
        }
        means[way] = record_summary(&record, 1);
        record_clear(&record);
    }
    assert_int_equal(means[0].n, COUNT(values));
    assert_same_bits(means[0].mean, means[1].mean);
    assert_same_bits(means[0].sd, means[1].sd);
}

static void a_summary_of_too_little_is_unknown(void **state)
{
    struct record record = {0};
    struct run run = {.id = 1, .experiment = 1, .class = CLASS_OK, .value = 2};

    (void)state;
    struct summary none = record_summary(&record, 1);
    assert_int_equal(none.n, 0);
    assert_true(isnan(none.mean) && isnan(none.sd));
    record_add_run(&record, &run);
    struct summary one = record_summary(&record, 1);
    assert_true(one.n == 1 && one.mean == 2 && isnan(one.sd));
    run = (struct run){.id = 2, .experiment = 1, .seed = 1, .class = CLASS_OK, .value = 4};
    record_add_run(&record, &run);
    run = (struct run){.id = 3, .experiment = 1, .seed = 2, .class = CLASS_EXIT, .value = NAN};
    record_add_run(&record, &run);
    struct summary two = record_summary(&record, 1);
    assert_true(two.n == 2 && two.mean == 3 && two.sd == sqrt(2));
    record_clear(&record);
}

/* --- kill -9 -------------------------------------------------------------------------------------
 */

/* Writes experiments until it is killed, and says each one's id when it is committed. */
static void write_forever(const struct place *place, int out)
{
    struct store *store = open_store(place, STORE_WRITE);
    struct record record = load(store);
    struct err err = {0};

    for (;;) {
        require(store_begin(store, &err), &err);
        add_experiment(store, &record, PURPOSE_PROPOSAL);
        int64_t id = (int64_t)record.n_experiments;
        add_run(store, &record, id, 1, CLASS_OK, 1.0 / (double)id);
        require(store_event(store, "proposed", id, "x", &err), &err);
        require(store_commit(store, &err), &err);
        if (write(out, &id, sizeof id) != (ssize_t)sizeof id)
            _exit(1);
    }
}

static int64_t last_acknowledged(int in)
{
    int64_t id, last = 0;

    while (read(in, &id, sizeof id) == (ssize_t)sizeof id)
        last = id;
    return last;
}

static int64_t kill_a_writer(const struct place *place, long after_ms)
{
    struct timespec pause = {.tv_nsec = after_ms * 1000000L};
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_forever(place, ends[1]);
    }
    close(ends[1]);
    nanosleep(&pause, NULL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    int64_t acknowledged = last_acknowledged(ends[0]);
    close(ends[0]);
    return acknowledged;
}

static void a_killed_writer_loses_nothing_it_has_acknowledged(void **state)
{
    struct rng rng;
    int64_t before = 0;

    store_close(begin_record(*state));
    rng_init(&rng, 1, "kill", 0);
    for (int i = 0; i < 15; i++) {
        int64_t acknowledged = kill_a_writer(*state, 5 + (long)rng_below(&rng, 60));
        struct store *store = open_store(*state, STORE_READ);
        struct record record = load(store);
        struct err err = {0};
        int64_t n = (int64_t)record.n_experiments;
        assert_true(n >= acknowledged && n >= before);
        assert_int_equal(record.n_runs, n); /* a transaction is there whole or not at all */
        for (int64_t e = 1; e <= n; e++)
            assert_same_bits(record.runs[e - 1].value, 1.0 / (double)e);
        require(store_check(store, true, &err), &err);
        record_clear(&record);
        store_close(store);
        before = n;
    }
    assert_true(before > 0);
}

#define ROW(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROW(everything_comes_back_as_it_was),
        ROW(metrics_are_exact_to_the_bit),
        ROW(the_test_loss_is_withheld),
        ROW(what_was_written_stays),
        ROW(a_run_ends_once_and_is_ok_once),
        ROW(rows_about_nothing_are_refused),
        ROW(what_is_rolled_back_was_never_there),
        ROW(texts_that_repeat_each_other_take_little_room),
        cmocka_unit_test(a_packed_text_that_is_broken_is_an_integrity_error),
        ROW(files_that_are_no_record_are_refused_and_untouched),
        ROW(a_record_that_is_not_there_is_not_made_by_a_reader),
        ROW(a_broken_creation_is_begun_anew),
        cmocka_unit_test(ids_that_point_nowhere_are_an_integrity_error),
        cmocka_unit_test(a_deep_check_sees_what_was_changed_by_hand),
        cmocka_unit_test(only_a_deep_look_sees_a_row_that_breaks_a_check),
        cmocka_unit_test(every_look_sees_broken_pages_and_missing_values),
        cmocka_unit_test(a_row_that_breaks_a_check_is_refused_after_every_look),
        ROW(nobody_else_may_read_the_record),
        ROW(odd_names_are_only_names),
        ROW(a_folder_without_write_permission_can_be_read),
        ROW(a_reader_sees_the_last_commit_while_the_writer_goes_on),
        ROW(the_queue_is_first_in_first_out),
        ROW(artifacts_sessions_and_texts_come_back),
        ROW(events_are_numbered_and_kept_in_order),
        ROW(an_interrupted_study_has_the_same_chain),
        ROW(an_event_rolls_back_with_what_it_tells_of),
        cmocka_unit_test(look_ups_agree_with_a_plain_search),
        ROW(decisions_and_commits_are_found_by_experiment),
        ROW(a_night_remembers_what_git_lacks_and_each_refs_newest),
        ROW(a_night_remembers_why_the_newest_decision_was_made),
        ROW(a_night_remembers_why_its_baseline_failed),
        ROW(a_run_that_has_said_nothing_on_its_way_takes_no_place),
        ROW(what_forgets_its_rows_is_the_study_and_can_be_filled_again),
        cmocka_unit_test(a_mean_does_not_depend_on_the_order_of_the_runs),
        cmocka_unit_test(a_summary_of_too_little_is_unknown),
        ROW(a_killed_writer_loses_nothing_it_has_acknowledged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
