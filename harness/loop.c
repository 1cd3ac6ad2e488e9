/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "baseline.h"
#include "breaker.h"
#include "clock.h"
#include "energy.h"
#include "inbox.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "pause.h"
#include "progress.h"
#include "propose.h"
#include "proposer.h"
#include "prune.h"
#include "publish.h"
#include "record_hypothesis.h"
#include "referee.h"
#include "signals.h"
#include "slot.h"
#include "stream.h"

struct loop {
    struct session *session;
    struct runner runner;
    struct referee referee;
    struct errand errand;
    struct proposer proposer; /* the outside program, while it is asked */
    struct past_memory past;  /* what the strategy is told */
    struct slot *slots;       /* [n_slots] */
    size_t n_slots;
    size_t jobs;      /* slots that may be filled; more are there where more runs were adopted */
    int64_t cap;      /* of experiments; 0: none */
    int64_t run_cap;  /* of runs; 0: none */
    double deadline;  /* clock_boot_s(): a suspended machine does not put it off */
    double shown;     /* clock_s() when progress was last told */
    double published; /* clock_s() when git was last brought up to the record */
    int signals;      /* signals_open() */
    int asked;        /* the signal that asked us to stop; 0: none */
    int asked_times;
    bool stopping, exhausted, baseline_failed, timed_out, errand_done, tripped;
    struct progress progress;
    struct energy energy;
    struct pause pause;
    struct notifier *notifier;
    struct service *service;
};

/* The experiments that are not decided yet are the last ones: decisions retire in order. */
static int64_t first_pending(const struct record *record)
{
    int64_t id = (int64_t)record->n_experiments;

    while (id > 0 && record->experiments[id - 1].decision == 0)
        id--;
    return id + 1;
}

static size_t busy_slots(const struct loop *loop)
{
    size_t n = 0;

    for (size_t i = 0; i < loop->n_slots; i++)
        n += loop->slots[i].busy;
    return n;
}

static struct slot *free_slot(struct loop *loop)
{
    if (loop->n_slots > loop->jobs && busy_slots(loop) >= loop->jobs)
        return NULL;
    for (size_t i = 0; i < loop->n_slots; i++)
        if (!loop->slots[i].busy)
            return &loop->slots[i];
    return NULL;
}

/* --- collect -------------------------------------------------------------------------------- */

static int collect(struct loop *loop, struct err *err)
{
    for (size_t i = 0; i < loop->n_slots; i++) {
        struct slot *slot = &loop->slots[i];
        if (!slot->busy)
            continue;
        double since = slot->since;
        int ended = slot_poll(slot, &loop->runner, loop->stopping, err);
        if (ended < 0)
            return -1;
        if (ended > 0)
            progress_run_ended(&loop->progress, clock_s() - since);
    }
    return proposer_poll(&loop->proposer, loop->session, loop->stopping, err) < 0 ? -1 : 0;
}

/* --- judge ---------------------------------------------------------------------------------- */

static int store_pair(struct loop *loop, const struct pair *pair, struct err *err)
{
    struct store *store = loop->session->store;
    int rc = store_begin(store, err);

    if (rc == 0)
        rc = shelf_check(loop->session->shelf, err);
    if (rc == 0)
        rc = store_add_pair(store, pair, err);
    if (rc == 0)
        rc = store_commit(store, err);
    if (rc != 0) {
        store_rollback(store);
        return -1;
    }
    record_add_pair(&loop->session->record, pair);
    return 0;
}

/* With a time budget the first run of a config says how many steps all others do. */
static bool must_wait_for_steps(const struct loop *loop, int64_t experiment)
{
    const struct record *record = &loop->session->record;
    bool asks = false;

    for (size_t i = 0; i < record->study.n_command; i++)
        asks |= strstr(record->study.command[i], "{steps}") != NULL;
    if (!asks || record->experiments[experiment - 1].steps > 0 ||
        record_summary(record, experiment).n > 0) /* it ended well and calibrated nothing */
        return false;
    for (size_t i = 0; i < loop->n_slots; i++)
        if (loop->slots[i].busy && record->runs[loop->slots[i].run].experiment == experiment)
            return true;
    return false;
}

/* Nor is a commit built twice at the same time. */
static bool must_wait_for_build(const struct loop *loop, int64_t experiment)
{
    const struct record *record = &loop->session->record;
    const char *source = record_source(record, experiment);

    for (size_t i = 0; i < loop->n_slots; i++) {
        const struct slot *slot = &loop->slots[i];
        if (slot->busy && slot->stages.now == STAGE_BUILD &&
            strcmp(record_source(record, record->runs[slot->run].experiment), source) == 0)
            return true;
    }
    return false;
}

static bool has_room(struct loop *loop)
{
    const struct session *s = loop->session;

    return pause_permits(&loop->pause, &s->place, &s->record.study.policy, busy_slots(loop),
                         loop->notifier);
}

/* Runs that may still be started. */
static double runs_left(const struct loop *loop)
{
    return loop->run_cap > 0 ? (double)loop->run_cap - (double)loop->session->record.n_runs
                             : (double)INFINITY;
}

static int start_wanted(struct loop *loop, const struct needs *needs, struct err *err)
{
    for (size_t i = 0; i < needs->n_runs && !loop->stopping; i++) {
        const struct wanted *wanted = &needs->runs[i];
        struct slot *slot = free_slot(loop);
        if (slot == NULL || runs_left(loop) <= 0)
            return 0;
        if (must_wait_for_steps(loop, wanted->experiment) ||
            must_wait_for_build(loop, wanted->experiment))
            continue;
        if (!has_room(loop))
            return 0;
        if (slot_start(slot, &loop->runner, wanted, err) != 0)
            return -1;
    }
    return 0;
}

/* A trainer that gives other results on the same seed makes everything less certain: said loudly.
 */
static int say_audit(struct loop *loop, struct err *err)
{
    const struct audit *audit = &loop->referee.audit;
    struct store *store = loop->session->store;
    char gap[NUMBER_TEXT], *text;

    if (!audit->repeated || audit->deterministic)
        return 0;
    text = mem_printf("the trainer is not deterministic: the same config and seed differ by %s",
                      number_short(gap, audit->repeat_gap, 3));
    log_warn("%s", text);
    int rc = store_event_alone(store, "audit", record_baseline(&loop->session->record), text, err);
    free(text);
    return rc;
}

/* The source of an experiment that nothing goes on from is room on the disk, unless somebody reads
 * it. */
static int forget_source(struct loop *loop, int64_t experiment, struct err *err)
{
    const struct record *record = &loop->session->record;
    const char *source = record_source(record, experiment);

    if (source[0] == '\0' || loop->proposer.busy || checkout_is_needed(record, source))
        return 0;
    for (size_t i = 0; i < loop->n_slots; i++)
        if (loop->slots[i].busy &&
            strcmp(record_source(record, record->runs[loop->slots[i].run].experiment), source) == 0)
            return 0;
    return checkout_forget(&loop->runner.checkout, source, err);
}

/* Does everything fail?  Runs that go on may end, nothing new is begun. */
static int look_at_breaker(struct loop *loop, struct err *err)
{
    struct session *s = loop->session;
    struct str why = {0};

    if (loop->errand.kind != ERRAND_NIGHT || loop->baseline_failed)
        return 0;
    int tripped = breaker_look(&s->record, s->store, err);
    if (tripped <= 0)
        return tripped;
    loop->tripped = true;
    breaker_tell(&s->record, &s->place);
    breaker_describe(&why, &s->record);
    notify(loop->notifier, "breaker", why.at, NULL);
    str_clear(&why);
    return 0;
}

/* What a decision has for others. */
static int pass_on(struct loop *loop, const struct decision *d, struct err *err)
{
    const struct session *s = loop->session;

    progress_decided(&loop->progress, &s->record);
    if (d->verified)
        notify_verified(loop->notifier, &s->record);
    prune_after_decision(&s->record, &s->place);
    return look_at_breaker(loop, err);
}

/* Brings git up to the record when it is time. */
static int publish(struct loop *loop, struct err *err)
{
    struct session *s = loop->session;
    double now = clock_s();

    if (publish_is_due(&s->record, now - loop->published)) {
        loop->published = now;
        return publish_pending(&s->record, s->store, s->ledger, err);
    }
    return 0;
}

static int decide(struct loop *loop, const struct decision *d, struct err *err)
{
    struct session *s = loop->session;

    if (publish_decision(&s->record, s->store, s->ledger, d, err) != 0 || publish(loop, err) != 0)
        return -1;
    if (forget_source(loop, d->experiment, err) != 0 ||
        (d->against > 0 && forget_source(loop, d->against, err) != 0))
        return -1;
    loop->baseline_failed |= record_incumbent(&s->record) == 0;
    if (pass_on(loop, d, err) != 0)
        return -1;
    if (referee_follow(&loop->referee, &s->record, err) != 0)
        return -1;
    return d->against == 0 ? say_audit(loop, err) : 0;
}

/* What the study, or the errand, needs next. */
static int ask(struct needs *needs, struct loop *loop, struct err *err)
{
    const struct record *record = &loop->session->record;
    const struct errand *errand = &loop->errand;

    if (referee_follow(&loop->referee, record, err) != 0)
        return -1;
    if (errand->kind != ERRAND_CONFIRM)
        return referee_next(needs, &loop->referee, record, errand->kind == ERRAND_NOISE, err);
    referee_confirm(needs, record, errand->experiment, errand->test, errand->seeds);
    return 0;
}

/* An audit for its own sake decides nothing that the study would not decide. */
static bool is_errand_done(const struct loop *loop, const struct needs *needs)
{
    const struct record *record = &loop->session->record;

    if (loop->errand.kind != ERRAND_NOISE || needs->need != NEED_DECISION)
        return false;
    return !record->study.audit || record_incumbent(record) > 0;
}

static int store_experiment(struct loop *loop, const struct experiment *e, int64_t enqueued,
                            struct err *err)
{
    struct session *s = loop->session;
    int rc = store_begin(s->store, err);

    if (rc == 0)
        rc = shelf_check(s->shelf, err);
    if (rc == 0)
        rc = store_add_experiment(s->store, &s->record.study.space, e, err);
    if (rc == 0 && enqueued > 0)
        rc = store_take_enqueued(s->store, enqueued, e->id, err);
    if (rc == 0)
        rc = store_commit(s->store, err);
    if (rc != 0) {
        store_rollback(s->store);
        return -1;
    }
    record_add_experiment(&s->record, e);
    return 0;
}

static int store_side(struct loop *loop, const struct value *config, struct err *err)
{
    struct experiment e;

    propose_side(&e, &loop->session->record, config);
    int rc = store_experiment(loop, &e, 0, err);
    experiment_clear(&e);
    return rc;
}

/* One step with what comes first.  1: something was planned or decided, so ask again. */
static int step(struct needs *needs, struct loop *loop, struct err *err)
{
    if (ask(needs, loop, err) != 0)
        return -1;
    if (is_errand_done(loop, needs)) {
        loop->errand_done = true;
        return 0;
    }
    if (needs->need == NEED_PAIR)
        return store_pair(loop, &needs->pair, err) == 0 ? 1 : -1;
    if (needs->need == NEED_EXPERIMENT)
        return store_side(loop, needs->config, err) == 0 ? 1 : -1;
    if (needs->need == NEED_RUNS)
        return start_wanted(loop, needs, err);
    if (needs->need != NEED_DECISION)
        return 0;
    if (decide(loop, &needs->decision, err) != 0)
        return -1;
    loop->errand_done = loop->errand.kind != ERRAND_NIGHT;
    return loop->errand_done ? 0 : 1;
}

/* What the other pending experiments may run meanwhile. */
static int run_ahead(struct loop *loop, int64_t id, struct err *err)
{
    const struct record *record = &loop->session->record;
    struct needs needs;

    for (;;) {
        if (referee_ahead(&needs, &loop->referee, record, id, err) != 0)
            return -1;
        if (needs.need != NEED_PAIR)
            return start_wanted(loop, &needs, err);
        if (store_pair(loop, &needs.pair, err) != 0)
            return -1;
    }
}

static bool may_run_ahead(const struct loop *loop)
{
    const struct record *record = &loop->session->record;

    if (loop->errand.kind != ERRAND_NIGHT || loop->tripped || loop->baseline_failed ||
        record_hypotheses_open(record))
        return false;
    return record_incumbent(record) > 0 || study_passes_baseline(&record->study);
}

static int judge_pending(struct loop *loop, struct err *err)
{
    const struct record *record = &loop->session->record;
    struct needs needs = {.need = NEED_NOTHING};
    int moved = 1;

    while (moved == 1 && !loop->errand_done && !loop->tripped)
        moved = step(&needs, loop, err);
    if (moved < 0)
        return -1;
    if (!may_run_ahead(loop))
        return 0;
    for (int64_t id = first_pending(record);
         id <= (int64_t)record->n_experiments && free_slot(loop) != NULL; id++)
        if (id != needs.proposal && id != record_baseline(record) && run_ahead(loop, id, err) != 0)
            return -1;
    return 0;
}

/* --- propose -------------------------------------------------------------------------------- */

static int refuse_enqueued(struct loop *loop, int64_t enqueued, const char *why, struct err *err)
{
    struct store *store = loop->session->store;

    log_warn("%s", why);
    if (store_begin(store, err) == 0 && store_take_enqueued(store, enqueued, 0, err) == 0 &&
        store_event(store, "refused", 0, why, err) == 0 && store_commit(store, err) == 0)
        return 0;
    store_rollback(store);
    return -1;
}

static void say_turn(const struct record *record)
{
    char *turn = propose_turn(record);

    if (turn != NULL)
        log_info("strategy %s", turn);
    free(turn);
}

static int propose_one(struct loop *loop, struct err *err)
{
    struct session *s = loop->session;
    struct experiment e;
    int64_t enqueued;
    int rc = propose_next(&e, &enqueued, &s->record, &loop->past, s->store, err);

    if (rc == PROPOSE_REFUSED) {
        struct err refused = *err;
        return refuse_enqueued(loop, enqueued, refused.text, err);
    }
    if (rc == PROPOSE_ASK)
        return proposer_start(&loop->proposer, s, (int64_t)s->record.n_experiments + 1, err);
    if (rc == 1)
        loop->exhausted = true;
    if (rc != 0)
        return rc < 0 ? -1 : 0;
    shelf_rest(s->shelf); /* what the strategy has looked at, and what it took */
    mem_give_back();
    rc = store_experiment(loop, &e, enqueued, err);
    experiment_clear(&e);
    if (rc == 0)
        say_turn(&s->record);
    return rc;
}

/* So long may the end of the night take: its last test, a placebo's, the confirmation. */
static double reserve_s(const struct loop *loop, bool placebo)
{
    const double margin = 1.2;
    const struct record *record = &loop->session->record;
    size_t runs = referee_reserve(record, placebo);

    return margin * progress_run_s(&loop->progress, record) *
           ceil((double)runs / (double)loop->jobs);
}

/* Are there runs for one more proposal beside `pending` ones, and for the end of the night?  The
 * baseline is begun with any number. */
static bool has_runs(const struct loop *loop, int64_t pending)
{
    const struct record *record = &loop->session->record;
    size_t reserve = referee_reserve(record, false);
    int64_t usual = reserve > 0 ? 2 : 1; /* runs of a proposal, the head's refreshing among them */

    return record->n_experiments == 0 ||
           runs_left(loop) >= (double)((pending + 1) * usual) + (double)reserve;
}

/* Is there room for one more?  A proposal that could not end before the deadline is not begun. */
static bool may_propose(const struct loop *loop)
{
    const struct record *record = &loop->session->record;
    int64_t pending = (int64_t)record->n_experiments - first_pending(record) + 1;
    double left = loop->deadline - clock_boot_s();

    if (loop->stopping || loop->exhausted || loop->baseline_failed || loop->tripped ||
        loop->proposer.busy)
        return false;
    bool has_baseline = (int64_t)record->n_experiments >= record_baseline(record);
    if (loop->errand.kind != ERRAND_NIGHT && (loop->errand_done || has_baseline))
        return false;
    if (loop->cap > 0 && record_proposals(record) >= loop->cap)
        return false;
    if (record_incumbent(record) == 0 && pending > 0 && !study_passes_baseline(&record->study))
        return false; /* nothing to start from yet */
    if (record_hypotheses_open(record))
        return false;
    if (referee_is_closing(&loop->referee, record))
        return false;
    if (left <= progress_experiment_s(&loop->progress) + reserve_s(loop, false) ||
        (loop->errand.kind == ERRAND_NIGHT && !has_runs(loop, pending)))
        return false;
    return pending < record->study.lookahead;
}

static int propose(struct loop *loop, struct err *err)
{
    while (may_propose(loop)) {
        if (propose_one(loop, err) != 0 || judge_pending(loop, err) != 0)
            return -1;
    }
    return 0;
}

/* --- the end of a night --------------------------------------------------------------------- */

/* Nothing more will be proposed, all is decided, and something was since the night before. */
static bool night_is_over(const struct loop *loop)
{
    const struct record *record = &loop->session->record;

    if (loop->errand.kind != ERRAND_NIGHT || loop->stopping || loop->baseline_failed ||
        loop->tripped)
        return false;
    if (loop->proposer.busy)
        return false;
    if (record_incumbent(record) == 0 || loop->referee.in_night == 0 ||
        record_hypotheses_open(record))
        return false;
    return first_pending(record) > (int64_t)record->n_experiments && !may_propose(loop) &&
           !referee_is_closing(&loop->referee, record);
}

static int close_night(struct loop *loop, struct err *err)
{
    struct session *s = loop->session;
    struct closing closing = {.after = (int64_t)s->record.n_decisions};
    int rc = store_begin(s->store, err);

    closing.placebo = s->record.study.placebo > 0 &&
                      loop->deadline - clock_boot_s() >= reserve_s(loop, true) &&
                      runs_left(loop) >= (double)referee_reserve(&s->record, true);
    if (rc == 0)
        rc = store_add_closing(s->store, &closing, err);
    if (rc == 0)
        rc = store_commit(s->store, err);
    if (rc != 0) {
        store_rollback(s->store);
        return -1;
    }
    record_add_closing(&s->record, &closing);
    return judge_pending(loop, err);
}

/* --- stop and wait -------------------------------------------------------------------------- */

static int stop_runs(struct loop *loop, bool now, struct err *err)
{
    loop->stopping = true;
    for (size_t i = 0; i < loop->n_slots; i++)
        if (loop->slots[i].busy && slot_stop(&loop->slots[i], &loop->runner, now, err) != 0)
            return -1;
    return proposer_stop(&loop->proposer, err);
}

static int take_signals(struct loop *loop, struct err *err)
{
    for (int number; (number = signals_next(loop->signals)) != 0;) {
        loop->asked = number;
        loop->asked_times++;
        service_stopping(loop->service);
        log_info(loop->asked_times == 1 ? "stopping: ending the current runs (again to stop now)"
                                        : "stopping now");
        if (stop_runs(loop, loop->asked_times > 1, err) != 0)
            return -1;
    }
    return 0;
}

/* Until a run ends, a signal comes, or it is time to look at clock and inbox again. */
static void wait_for_something(struct loop *loop)
{
    struct pollfd *fds = mem_new(loop->n_slots + 2, sizeof *fds);
    nfds_t n = 0;

    fds[n++] = (struct pollfd){.fd = loop->signals, .events = POLLIN};
    for (size_t i = 0; i < loop->n_slots; i++)
        if (loop->slots[i].busy)
            fds[n++] = (struct pollfd){.fd = loop->slots[i].ticket.fd, .events = POLLIN};
    if (loop->proposer.busy)
        fds[n++] = (struct pollfd){.fd = loop->proposer.ticket.fd, .events = POLLIN};
    site_wait(&loop->session->site, fds, n, 500);
    free(fds);
}

static bool is_over(const struct loop *loop)
{
    const struct record *record = &loop->session->record;

    if (busy_slots(loop) > 0 || loop->proposer.busy)
        return false;
    if (loop->stopping || loop->baseline_failed || loop->errand_done || loop->tripped ||
        runs_left(loop) <= 0)
        return true;
    if (record_hypotheses_open(record))
        return false;
    return first_pending(record) > (int64_t)record->n_experiments && !may_propose(loop) &&
           !referee_is_closing(&loop->referee, record) && !night_is_over(loop);
}

static void show_progress(struct loop *loop)
{
    struct record *record = &loop->session->record;
    double now = clock_s(), done = 0, left = loop->deadline - clock_boot_s();
    double by_runs = runs_left(loop) * progress_run_s(&loop->progress, record);

    if (now - loop->shown < 0.5) /* each slot's stream is read for it */
        return;
    loop->shown = now;
    for (size_t i = 0; i < loop->n_slots; i++) {
        double part = loop->slots[i].busy ? stream_progress(loop->slots[i].dir) : (double)NAN;
        done += isfinite(part) ? part : 0;
    }
    progress_show(&loop->progress, record, busy_slots(loop), done, loop->cap,
                  fmin(left, by_runs / (double)loop->jobs));
}

/* Those that watch from outside: the service manager, and the command that is told things. */
static void keep_company(struct loop *loop)
{
    const struct record *record = &loop->session->record;
    struct str line = {0};

    str_addf(&line, "%zu experiments, %zu decisions, %zu runs under way%s", record->n_experiments,
             record->n_decisions, busy_slots(loop),
             loop->pause.waiting ? "; paused for want of room" : "");
    service_status(loop->service, line.at);
    energy_tend(&loop->energy);
    service_alive(loop->service);
    notifier_tend(loop->notifier);
    str_clear(&line);
}

static int turn(struct loop *loop, struct err *err)
{
    struct session *s = loop->session;

    if (take_signals(loop, err) != 0 || collect(loop, err) != 0)
        return -1;
    if (!loop->stopping && clock_boot_s() >= loop->deadline) {
        loop->timed_out = true;
        if (stop_runs(loop, false, err) != 0)
            return -1;
    }
    if (loop->stopping)
        return 0;
    if (publish(loop, err) != 0)
        return -1;
    if (inbox_take(&s->place, s->store, &s->record, err) < 0)
        return -1;
    if (judge_pending(loop, err) != 0 || propose(loop, err) != 0)
        return -1;
    if (loop->baseline_failed && study_passes_baseline(&s->record.study))
        return stop_runs(loop, false, err); /* of what was withdrawn */
    if (night_is_over(loop) && close_night(loop, err) != 0)
        return -1;
    return site_tend(&s->site, err);
}

static enum loop_end how_it_ended(const struct loop *loop)
{
    if (loop->asked != 0)
        return LOOP_SIGNAL;
    if (loop->baseline_failed)
        return LOOP_BASELINE;
    if (loop->tripped)
        return LOOP_BREAKER;
    if (loop->errand_done)
        return LOOP_ERRAND;
    if (loop->exhausted)
        return LOOP_EXHAUSTED;
    int64_t n = record_proposals(&loop->session->record);
    if (!loop->timed_out && (runs_left(loop) <= 0 || !has_runs(loop, 0)))
        return LOOP_RUNS;
    return loop->timed_out || loop->cap == 0 || n < loop->cap ? LOOP_TIME : LOOP_CAP;
}

static int loop_turns(struct loop *loop, struct err *err)
{
    for (;;) {
        if (turn(loop, err) != 0)
            return -1;
        if (is_over(loop))
            return 0;
        show_progress(loop);
        keep_company(loop);
        wait_for_something(loop);
    }
}

/* A closed terminal or pipe does not end a night. */
static int take_over_signals(struct err *err)
{
    static const int ends[] = {SIGINT, SIGTERM, 0};

    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    return signals_open(ends, err);
}

static void init_runner(struct loop *loop)
{
    struct session *s = loop->session;

    loop->runner = (struct runner){.place = &s->place,
                                   .store = s->store,
                                   .record = &s->record,
                                   .site = &s->site,
                                   .program = s->program,
                                   .checkout = {.source = s->source, .root = s->source_root},
                                   .evaluator = s->evaluator,
                                   .session = s->id,
                                   .first_run = s->record.n_runs};
}

/* --- what a killed session has left in a queue ------------------------------------------------ */

static size_t count_open(const struct record *record)
{
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        n += record->runs[i].class == CLASS_NONE;
    return n;
}

static int adopt_runs(struct loop *loop, struct err *err)
{
    const struct record *record = &loop->session->record;
    size_t n = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        if (record->runs[i].class == CLASS_NONE &&
            slot_adopt(&loop->slots[n++], &loop->runner, i, err) != 0)
            return -1;
    if (n > 0)
        log_info("%zu run%s that an earlier session has left in the queue go%s on", n,
                 n == 1 ? "" : "s", n == 1 ? "es" : "");
    return 0;
}

/* After an error nothing may be left running. */
static void abandon_runs(struct loop *loop)
{
    struct err ignored;

    proposer_abandon(&loop->proposer);
    for (size_t i = 0; i < loop->n_slots; i++)
        if (loop->slots[i].busy)
            slot_stop(&loop->slots[i], &loop->runner, true, &ignored);
    for (size_t i = 0; i < loop->n_slots; i++)
        if (loop->slots[i].busy)
            slot_abandon(&loop->slots[i], &loop->runner);
}

int loop_run(struct session *session, const struct limits *limits, enum loop_end *end, int *signal,
             struct err *err)
{
    struct loop loop = {.session = session,
                        .cap = limits->experiments,
                        .run_cap = limits->runs,
                        .errand = limits->errand,
                        .past = {.shelf = session->shelf},
                        .published = clock_s(),
                        .jobs = (size_t)limits->jobs,
                        .notifier = limits->notifier,
                        .service = limits->service};
    size_t first = session->record.n_runs, open = count_open(&session->record);
    int rc = -1;

    referee_init(&loop.referee);
    loop.signals = take_over_signals(err);
    if (loop.signals < 0)
        return -1;
    loop.deadline = clock_boot_s() + limits->seconds;
    if (isfinite(limits->seconds))
        place_tell_end(session->lock, (int64_t)time(NULL) + (int64_t)limits->seconds);
    loop.n_slots = open > loop.jobs ? open : loop.jobs;
    loop.slots = mem_new(loop.n_slots, sizeof *loop.slots);
    if (session->site.executor->queue == NULL)
        slots_share_cores(loop.slots, loop.n_slots);
    init_runner(&loop);
    progress_init(&loop.progress);
    prune_at_start(&session->record, &session->place);
    energy_begin(&loop.energy);
    service_ready(loop.service);
    rc = adopt_runs(&loop, err);
    if (rc == 0)
        rc = loop_turns(&loop, err);
    if (rc == 0)
        rc = publish_pending(&session->record, session->store, session->ledger, err);
    if (rc != 0)
        abandon_runs(&loop);
    else
        rc = session_leave(session, err);
    if (rc == 0)
        rc = energy_end(&loop.energy, session->store, loop.session->record.n_runs > first, err);
    log_progress(NULL);
    *end = how_it_ended(&loop);
    *signal = loop.asked;
    free(loop.slots);
    referee_clear(&loop.referee);
    past_memory_clear(&loop.past);
    signals_close(loop.signals);
    return rc;
}
