/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "breaker.h"
#include "clock.h"
#include "command.h"
#include "confine.h"
#include "cost.h"
#include "draw.h"
#include "errand.h"
#include "inputs.h"
#include "log.h"
#include "loop.h"
#include "mem.h"
#include "pause.h"
#include "proposer.h"
#include "replay.h"
#include "report.h"
#include "room.h"
#include "run_reader.h"
#include "site_session.h"
#include "trial.h"

static const struct option_row options[] = {
    {"experiments", 'n', "N", "end when the study holds N experiments (run_cap)"},
    {"runs", 0, "N", "end when the study holds N runs of the trainer, all of them counted"},
    {"hours", 0, "H", "end after H hours of this session"},
    {"until", 0, "HH:MM", "end at this time of day"},
    {"from", 0, "HH:MM", "with --until: do nothing outside of these hours"},
    {"jobs", 'j', "N", "runs at a time (jobs)"},
    {"executor", 0, "NAME", "where runs happen: local, slurm, command (executor)"},
    {"dir", 0, "DIR", "the run directory, instead of runs/NAME beside the study file"},
    {"dry-run", 0, NULL, "check everything, say what would be run, create nothing"},
    {"quiet", 'q', NULL, "no progress, only warnings"},
    {NULL, 0, NULL, NULL},
};

extern const struct command command_run;

static const char *value_of(const struct arguments *arguments, const char *name)
{
    return option_value(&command_run, arguments, name);
}

/* Seconds from now until the next HH:MM, local time; NAN where the text is none. */
static double seconds_until(const char *text)
{
    int hour, minute, end = 0;
    time_t now = time(NULL);
    struct tm local;

    if (text[strspn(text, "0123456789:")] != '\0' || /* no blanks, no signs */
        sscanf(text, "%2d:%2d%n", &hour, &minute, &end) != 2 || text[end] != '\0' || hour > 23 ||
        minute > 59)
        return NAN;
    localtime_r(&now, &local);
    local.tm_hour = hour;
    local.tm_min = minute;
    local.tm_sec = 0;
    local.tm_isdst = -1;
    time_t then = mktime(&local);
    if (then <= now) {
        local.tm_mday++;
        local.tm_isdst = -1;
        then = mktime(&local);
    }
    return difftime(then, now);
}

static int read_time_of_day(double *seconds, const char *option, const char *text, struct err *err)
{
    *seconds = seconds_until(text);
    if (isnan(*seconds))
        return err_usage(err, "run: --%s '%s' is not a time of day HH:MM", option, text);
    return 0;
}

/* Is it the time of day for this study?  1: yes, or no time was given; 0: no. */
static int read_window(const struct arguments *arguments, struct err *err)
{
    const char *from = value_of(arguments, "from"), *until = value_of(arguments, "until");
    double to_from, to_until;

    if (from == NULL)
        return 1;
    if (until == NULL)
        return err_usage(err, "run: --from needs --until");
    if (read_time_of_day(&to_from, "from", from, err) != 0 ||
        read_time_of_day(&to_until, "until", until, err) != 0)
        return -1;
    return to_until <= to_from; /* within, the end comes before the next beginning */
}

static int read_time(struct limits *out, const struct arguments *arguments,
                     const struct study *study, struct err *err)
{
    const char *hours = value_of(arguments, "hours"), *until = value_of(arguments, "until");
    double h = study->hours;

    out->seconds = INFINITY;
    if (hours != NULL && (!number_read(&h, hours) || !(h > 0) || !isfinite(h)))
        return err_usage(err, "run: --hours '%s' is not a positive number", hours);
    if (isfinite(h))
        out->seconds = h * 3600;
    if (until == NULL)
        until = study->until;
    if (until != NULL) {
        double s;
        if (read_time_of_day(&s, "until", until, err) != 0)
            return -1;
        out->seconds = fmin(out->seconds, s);
    }
    return 0;
}

/* A whole number from 1 of an option; *out stays as it is where it was not given. */
static int read_count(int64_t *out, const struct arguments *arguments, const char *option,
                      struct err *err)
{
    const char *text = value_of(arguments, option);
    unsigned long long n;

    if (text == NULL)
        return 0;
    if (!integer_read(&n, text, 1000000000) || n < 1)
        return err_usage(err, "run: --%s '%s' is not a whole number from 1", option, text);
    *out = (int64_t)n;
    return 0;
}

static int read_limits(struct limits *out, const struct arguments *arguments,
                       const struct study *study, struct err *err)
{
    const char *jobs = value_of(arguments, "jobs");
    unsigned long long n;

    *out = (struct limits){.experiments = study->run_cap, .jobs = site_jobs(study)};
    if (read_count(&out->experiments, arguments, "experiments", err) != 0 ||
        read_count(&out->runs, arguments, "runs", err) != 0)
        return -1;
    if (jobs != NULL) {
        if (!integer_read(&n, jobs, 1024) || n < 1)
            return err_usage(err, "run: --jobs '%s' is not a whole number from 1 to 1024", jobs);
        out->jobs = (int)n;
    }
    return read_time(out, arguments, study, err);
}

/* What a strategy that chooses among others has chosen here, and why. */
static void say_strategy(const struct record *record)
{
    const struct study *study = &record->study;

    if (study->strategy->reason == NULL)
        return;
    char *text = record_describe_strategy(record);
    log_info("strategy %s", text);
    free(text);
}

static void say_runs(const struct study *study, int64_t runs)
{
    struct str text = {0};

    cost_write_runs(&text, study, runs);
    log_info("%.*s", (int)strcspn(str_text(&text), "\n"), str_text(&text));
    str_clear(&text);
}

static void greet(const struct session *session, const struct limits *limits)
{
    const struct record *record = &session->record;
    char time_text[CLOCK_TEXT], cap[64] = "no cap";
    bool timed = isfinite(limits->seconds);

    duration_text(time_text, limits->seconds);
    if (limits->runs > 0)
        snprintf(cap, sizeof cap, "%lld runs", (long long)limits->runs);
    else if (limits->experiments > 0)
        snprintf(cap, sizeof cap, "%lld experiments", (long long)limits->experiments);
    log_info("study %s: %s, %d run%s at a time, strategy %s; %s, %s%s", record->study.name,
             session->resumed ? "going on" : "beginning", limits->jobs,
             limits->jobs == 1 ? "" : "s", record->study.strategy->name, cap,
             timed ? "time limit " : "no time limit", timed ? time_text : "");
    say_strategy(record);
    if (limits->runs > 0)
        say_runs(&record->study, limits->runs);
    if (record->study.strategy->outside && !confine_possible())
        log_warn("this kernel has no Landlock: what the program writes is noticed, not prevented");
    if (session->resumed)
        log_info("%zu experiments and %zu decisions are in the record", record->n_experiments,
                 record->n_decisions);
    log_info("record %s, git %s", session->place.run_dir, ledger_path(session->ledger));
}

static const char *how_ended(enum loop_end end, const struct study *study)
{
    static const char *const words[] = {
        [LOOP_CAP] = "as many experiments as asked for",
        [LOOP_RUNS] = "as many runs as asked for",
        [LOOP_EXHAUSTED] = "the strategy has nothing left to try",
        [LOOP_TIME] = "the time is up",
        [LOOP_SIGNAL] = "stopped; the same command goes on",
        [LOOP_ERRAND] = "done",
        [LOOP_BASELINE] = "the baseline failed",
        [LOOP_BREAKER] = "paused, since everything fails; mend it, the same command goes on",
    };

    if (end == LOOP_EXHAUSTED && study->strategy == &strategy_none)
        return "the study is done";
    return words[end];
}

/* The report is written anew after every session, so that a night leaves one behind.  It tells of
 * more than a night remembers. */
static int write_report(const struct session *session, struct err *err)
{
    char *dir = path_join(session->place.run_dir, "report"), *path = NULL;
    struct run_files files = run_files_at(&session->place);
    struct report_means means = {draw, &files};
    struct record whole = {0};
    int rc =
        store_load_parts(session->store, &whole, STORE_CONFIGS | STORE_RUNS | STORE_COMMITS, err);

    if (rc == 0)
        rc = report_write(&path, &whole, session->store, dir, &means, err);
    if (rc == 0)
        printf("%s\n", path);
    record_clear(&whole);
    free(path);
    free(dir);
    return rc;
}

/* "the time is up: 23 experiments, …"; the caller frees. */
static char *describe_end(const struct record *record, enum loop_end end)
{
    size_t kept = 0;

    for (size_t i = 0; i < record->n_decisions; i++)
        kept += record->decisions[i].verified;
    return mem_printf("%s: %zu experiments, %zu decisions, %zu verified keep%s",
                      how_ended(end, &record->study), record->n_experiments, record->n_decisions,
                      kept, kept == 1 ? "" : "s");
}

/* To the person, and to who wants to be told. */
static void say_end(const char *text, const struct study *study, enum loop_end end,
                    struct notifier *notifier)
{
    if (end == LOOP_EXHAUSTED)
        log_info("%s", strategy_ended(study->strategy, &study->space));
    log_info("%s", text);
    if (end != LOOP_SIGNAL && end != LOOP_BREAKER) /* the user knows, or was told already */
        notify(notifier, "finish", text, NULL);
}

/* A study whose runs all fail wants somebody to mend something: the status for that. */
static int breaker_error(const struct record *record, struct err *err)
{
    struct str why = {0};

    breaker_describe(&why, record);
    err_environment(err, "paused: %s; mend the trainer or the machine, the same command goes on",
                    why.at);
    str_clear(&why);
    return -1;
}

static int status_of_end(const struct record *record, enum loop_end end, int signal,
                         struct err *err)
{
    if (end == LOOP_BASELINE)
        return errand_baseline_failed(record, &record->decisions[record->n_decisions - 1], err);
    if (end == LOOP_BREAKER)
        return breaker_error(record, err);
    return end == LOOP_SIGNAL ? 128 + signal : 0;
}

/* What there is to say is known before the report, for which the night's own rows make room. */
static int finish(struct session *session, enum loop_end end, int signal, struct notifier *notifier,
                  struct err *err)
{
    struct record *record = &session->record;
    struct err why = {0};
    int status = status_of_end(record, end, signal, &why);
    char *text = describe_end(record, end);

    record_forget_rows(record);
    if (write_report(session, err) != 0) {
        status = -1;
    } else {
        say_end(text, &record->study, end, notifier);
        if (status < 0)
            *err = why;
    }
    free(text);
    return status;
}

static void print_cost(const struct study *study, const struct limits *limits)
{
    struct str text = {0};

    cost_write(&text, study, limits->experiments);
    if (limits->runs > 0)
        cost_write_runs(&text, study, limits->runs);
    fputs(str_text(&text), stdout);
    str_clear(&text);
}

static void print_strategy(const struct study *study)
{
    char *text = strategy_describe(study->strategy, &study->space, (size_t)study->planned, 0);

    printf("strategy  %s, seed %llu\n", text, (unsigned long long)study->seed);
    if (study->n_enqueued > 0)
        printf("enqueued  %zu config%s first\n", study->n_enqueued,
               study->n_enqueued == 1 ? "" : "s");
    free(text);
}

static int dry_run(const struct arguments *arguments, const char *word, struct err *err)
{
    struct place place;
    struct study study;
    struct limits limits;
    struct artifact *inputs = NULL;
    size_t n = 0;
    char *program = NULL, *proposer = NULL;
    int rc = -1;

    if (place_find(&place, word, value_of(arguments, "dir"), err) != 0)
        return -1;
    if (place.study_path == NULL) {
        place_clear(&place);
        return err_usage(err, "run: --dry-run needs a study file");
    }
    if (study_read(&study, place.study_path, err) != 0)
        goto out;
    if (read_limits(&limits, arguments, &study, err) == 0 &&
        executor_find_program(&program, study.command[0], place.study_dir, err) == 0 &&
        proposer_find_program(&proposer, &study, place.study_dir, err) == 0 &&
        inputs_collect(&inputs, &n, &study, place.study_dir, program, err) == 0) {
        printf("study     %s (%s)\n", study.name, place.study_path);
        printf("trainer   %s\n", program);
        printf("inputs    %zu files, hashed\n", n);
        printf("record    %s%s\n", place.run_dir,
               file_exists(place.db) ? " (goes on)" : " (would be made)");
        printf("branches  nightshift/%s, nightshift/%s-log\n", study.name, study.name);
        print_strategy(&study);
        if (proposer != NULL)
            printf("asks      %s\n", proposer);
        printf("runs      %d at a time\n", limits.jobs);
        print_cost(&study, &limits);
        rc = 0;
    }
    artifacts_free(inputs, n);
    free(program);
    free(proposer);
    study_clear(&study);
out:
    place_clear(&place);
    return rc;
}

/* A night: as many sessions as a full disk makes of it. */
struct night {
    const struct arguments *arguments;
    const char *word;
    double deadline; /* clock_boot_s(); of all sessions together; NAN before the first */
    int full;        /* how often in a row a full disk has ended one */
    struct service service;
};

enum { GO_ON = 1000 }; /* no exit status: there is room again, so another session is begun */

/* Waits for room on the disk: GO_ON when there is, or 128 + signal; -1. */
static int wait_for_room(struct night *night, const struct place *place,
                         const struct policy *policy, struct notifier *notifier, struct err *err)
{
    struct err why = *err;
    struct wait wait = {.place = place,
                        .policy = policy,
                        .why = why.text,
                        .tries = night->full++,
                        .deadline = isnan(night->deadline) ? (double)INFINITY : night->deadline,
                        .notifier = notifier,
                        .service = &night->service};
    int signal = pause_until_room(&wait, err);

    return signal < 0 ? -1 : signal > 0 ? 128 + signal : GO_ON;
}

/* After an error of a session: a full disk may be waited for; anything else, and a wait that came
 * to nothing, is told to who wants to know. */
static int after_error(struct night *night, const struct session *session, bool progressed,
                       struct notifier *notifier, struct err *err)
{
    const struct policy *policy = &session->record.study.policy;
    int status = -1;

    if (progressed)
        night->full = 0;
    if (policy->min_free != 0 && room_is_cause(err, session->place.run_dir))
        status = wait_for_room(night, &session->place, policy, notifier, err);
    if (status < 0)
        notify(notifier, "error", err->text, NULL);
    return status;
}

static int limit_session(struct limits *limits, struct night *night, const struct study *study,
                         struct err *err)
{
    if (read_limits(limits, night->arguments, study, err) != 0)
        return -1;
    if (isnan(night->deadline))
        night->deadline = clock_boot_s() + limits->seconds;
    limits->seconds = night->deadline - clock_boot_s();
    limits->service = &night->service;
    return 0;
}

static int drive(struct night *night, struct session *session, struct err *err)
{
    const struct study *study = &session->record.study;
    size_t before = session->record.n_runs;
    struct limits limits;
    enum loop_end end = LOOP_ERRAND;
    int signal = 0, status = -1;

    if (limit_session(&limits, night, study, err) != 0)
        return -1;
    limits.notifier = notifier_new(study, session->place.study_dir, NOTIFY_LIMIT_S);
    greet(session, &limits);
    int rc = loop_run(session, &limits, &end, &signal, err);
    bool here = session->executor->queue == NULL; /* no node's run is repeated on a login node */
    if (rc == 0 && here && end != LOOP_SIGNAL && end != LOOP_BASELINE && end != LOOP_BREAKER)
        replay_one(session, night->deadline - clock_boot_s());
    bool progressed = session->record.n_runs > before;
    if (rc == 0)
        status = finish(session, end, signal, limits.notifier, err);
    bool told = rc == 0 && (end == LOOP_BREAKER || end == LOOP_BASELINE);
    if (status < 0 && !told)
        status = after_error(night, session, progressed, limits.notifier, err);
    notifier_free(limits.notifier);
    return status;
}

/* No session could be opened: a full disk is waited for here too, with nobody to be told. */
static int wait_outside(struct night *night, struct err *err)
{
    struct err ignored;
    struct place place = {0};
    struct study study = {0};
    int status = -1;

    policy_init(&study.policy);
    if (place_find(&place, night->word, value_of(night->arguments, "dir"), &ignored) == 0 &&
        room_is_cause(err, place.run_dir) &&
        (place.study_path == NULL || study_read(&study, place.study_path, &ignored) == 0) &&
        study.policy.min_free != 0)
        status = wait_for_room(night, &place, &study.policy, NULL, err);
    study_clear(&study);
    place_clear(&place);
    return status;
}

/* One session, from the study file to its report. */
static int one_session(struct night *night, struct err *err)
{
    struct session session;

    if (session_open_night(&session, night->word, value_of(night->arguments, "dir"),
                           value_of(night->arguments, "executor"), err) != 0)
        return wait_outside(night, err);
    int status = drive(night, &session, err);
    session_close(&session);
    return status;
}

static int run_night(const struct arguments *arguments, const char *word, struct err *err)
{
    struct night night = {.arguments = arguments, .word = word, .deadline = NAN};
    int status;

    service_open(&night.service);
    do
        status = one_session(&night, err);
    while (status == GO_ON);
    service_close(&night.service);
    return status;
}

/* Outside of its hours a service was started and has ended well. */
static void leave_for_today(const struct arguments *arguments)
{
    struct service service;

    log_info("it is not between %s and %s: nothing to do", value_of(arguments, "from"),
             value_of(arguments, "until"));
    service_open(&service);
    service_ready(&service);
    service_close(&service);
}

static int run(const struct arguments *arguments, struct err *err)
{
    const char *word = arguments->n_words > 0 ? arguments->words[0] : NULL;
    struct limits limits;
    struct study none = {.jobs = 1, .hours = NAN};

    if (arguments->n_words > 1)
        return err_usage(err, "run: one STUDY at a time ('%s' is too many)", arguments->words[1]);
    if (value_of(arguments, "dry-run") != NULL)
        return dry_run(arguments, word, err);
    log_quiet(value_of(arguments, "quiet") != NULL);
    if (read_limits(&limits, arguments, &none, err) != 0) /* before anything is created */
        return -1;
    int within = read_window(arguments, err);
    if (within == 0)
        leave_for_today(arguments);
    return within <= 0 ? within : run_night(arguments, word, err);
}

const struct command command_run = {
    .name = "run",
    .operands = "STUDY",
    .summary = "begin a study, or go on with it: the same call",
    .help =
        "The baseline (all start values) runs first, and the noise audit with it.  Then, by the\n"
        "procedure two_level, the search goes on from what is probably better (the head), and\n"
        "what has beaten the verified incumbent in pairs of runs on equal, fresh seeds becomes\n"
        "the new one.  Of what is verified, at most the study's fdr is luck, in expectation.  One\n"
        "proposal in fifteen is a placebo.  A night ends, in time before its deadline, with a "
        "last\n"
        "test, a placebo's test and the confirmation of the winner.\n"
        "\n"
        "Everything is recorded before it is acted on, so after Ctrl-C, a crash or a power cut "
        "the\n"
        "same command goes on where it stopped.\n"
        "\n"
        "After ten failures in a row (breaker) it pauses and ends with status 3; a full disk it\n"
        "waits out.  Who is to be told of that stands in the study file (notify).\n"
        "\n"
        "The first Ctrl-C (or `nightshift stop`) ends the current runs cleanly, the second\n"
        "stops now.  Every session ends by writing the report.\n"
        "\n"
        "  nightshift run kjv.yaml --hours 8        a night\n"
        "  nightshift run kjv.yaml --until 07:30    until the morning\n"
        "  nightshift run kjv.yaml --from 22:00 --until 07:30    the same, and nothing by day\n"
        "  nightshift run kjv.yaml --runs 200       until 200 runs were made, its last test and\n"
        "                                           confirmation among them\n"
        "  nightshift run kjv.yaml --experiments 50 until 50 experiments are recorded in all\n",
    .options = options,
    .run = run,
};
