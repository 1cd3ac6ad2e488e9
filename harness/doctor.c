/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_part.h"
#include "json.h"

/* A check that rests on others is not made where one of them fails: it would only say it again. */
struct invariant {
    int number;
    const char *what;
    enum { FAST, DEEP } when;
    enum { OF_STORE, OF_RECORD } of; /* what it needs to look at */
    unsigned rests_on;               /* bits of numbers */
    check_function *look;
    const char *mend;
};

#define BIT(number) (1u << (number))
#define BACKUP      "put back a copy of study.db; git holds every decision"
#define GIT         "nightshift doctor --repair=git"

static const struct invariant invariants[] = {
    {1, "the database is whole", FAST, OF_STORE, 0, check_pages, BACKUP},
    {2, "the log is whole and only ever appended to", DEEP, OF_STORE, BIT(1), check_log, BACKUP},
    {3, "the tables say what the log says", DEEP, OF_STORE, BIT(1) | BIT(2), check_fold, BACKUP},
    {4, "decisions are in order, each with its runs", FAST, OF_STORE, BIT(1), check_order, BACKUP},
    {5, "nothing was run twice", FAST, OF_RECORD, 0, check_twice, BACKUP},
    {6, "proposals, verdicts and commits can be made again", DEEP, OF_RECORD, BIT(4) | BIT(10),
     check_replay, "nightshift show ID, on the machine that decided"},
    {7, "git stands where the record says", FAST, OF_RECORD, 0, check_refs, GIT},
    {8, "commits say what the record says", DEEP, OF_RECORD, BIT(7) | BIT(10), check_commits, GIT},
    {9, "our branches hold our commits and no others", FAST, OF_RECORD, BIT(7), check_reach, GIT},
    {10, "the objects of our commits are whole", DEEP, OF_RECORD, 0, check_objects, GIT},
    {11, "files of the runs are as they were left", DEEP, OF_RECORD, 0, check_files,
     "nightshift reproduce ID; nightshift doctor --repair=trash"},
    {12, "no run is left open", FAST, OF_RECORD, 0, check_open, "nightshift doctor --repair=locks"},
    {13, "values are their bits, the incumbent is who won", DEEP, OF_RECORD, BIT(4), check_values,
     BACKUP},
    {14, "trainer and inputs are unchanged", FAST, OF_RECORD, 0, check_inputs,
     "put the file back, or give the study a new name"},
    {15, "study and configs have their hashes", FAST, OF_RECORD, 0, check_hashes, BACKUP},
    {16, "the clock went forward", DEEP, OF_STORE, BIT(1), check_clock,
     "nothing: times decide nothing"},
    {17, "files are ours alone", FAST, OF_STORE, 0, check_modes,
     "nightshift doctor --repair=modes"},
    {18, "the report comes out the same twice", DEEP, OF_RECORD, BIT(1), check_report,
     "nightshift report"},
};
enum { INVARIANTS = sizeof invariants / sizeof *invariants };

enum state { UNKNOWN, HOLDS, NOTED, VIOLATED, SKIPPED, FAILED };
static const char *const state_names[] = {"", "ok", "note", "violated", "skipped", "failed"};

struct examination {
    const struct patient *patient;
    enum state states[INVARIANTS];
    struct finding findings[INVARIANTS];
    struct err *err;
};

static enum state examine(struct examination *x, size_t i);

/* The first invariant that this one rests on and that does not hold; 0: all do. */
static int broken_ground(struct examination *x, const struct invariant *invariant)
{
    for (size_t i = 0; i < INVARIANTS; i++)
        if ((invariant->rests_on & BIT(invariants[i].number)) != 0 && examine(x, i) >= VIOLATED)
            return invariants[i].number;
    return 0;
}

static enum state look(struct examination *x, size_t i)
{
    const struct invariant *invariant = &invariants[i];
    struct finding *finding = &x->findings[i];
    int ground = broken_ground(x, invariant);

    if (ground == 0 && invariant->of == OF_RECORD && x->patient->unreadable != NULL) {
        str_add(&finding->note, "not looked at: the record cannot be loaded");
        return SKIPPED;
    }
    if (ground != 0) {
        str_addf(&finding->note, "not looked at: it rests on I%d", ground);
        return SKIPPED;
    }
    if (invariant->look(finding, x->patient, x->err) != 0)
        return FAILED;
    if (finding->violated.len > 0)
        return VIOLATED;
    return finding->note.len > 0 ? NOTED : HOLDS;
}

static enum state examine(struct examination *x, size_t i)
{
    if (invariants[i].when == DEEP && !x->patient->deep)
        return UNKNOWN;
    if (x->states[i] == UNKNOWN)
        x->states[i] = look(x, i);
    return x->states[i];
}

/* --- saying it ------------------------------------------------------------------------------- */

static void write_json(struct str *line, const struct invariant *invariant, enum state state,
                       const char *detail)
{
    str_addf(line, "{\"invariant\":\"I%d\",\"check\":", invariant->number);
    json_write_string(line, invariant->what);
    str_addf(line, ",\"ok\":%s,\"state\":\"%s\",\"detail\":", state < VIOLATED ? "true" : "false",
             state_names[state]);
    json_write_string(line, detail);
    str_add(line, ",\"mend\":");
    if (state == VIOLATED)
        json_write_string(line, invariant->mend);
    else
        str_add(line, "null");
    str_add(line, "}");
}

static void write_plain(struct str *line, const struct invariant *invariant, enum state state,
                        const char *detail)
{
    str_addf(line, "I%-3d %-8s  %s", invariant->number, state_names[state], invariant->what);
    if (detail[0] != '\0')
        str_addf(line, "\n               %s", detail);
    if (state == VIOLATED)
        str_addf(line, "\n               mend: %s", invariant->mend);
}

static void print_invariant(const struct invariant *invariant, enum state state,
                            const struct finding *finding, bool json)
{
    const char *detail = str_text(state == VIOLATED ? &finding->violated : &finding->note);
    struct str line = {0};

    (json ? write_json : write_plain)(&line, invariant, state, detail);
    printf("%s\n", line.at);
    str_clear(&line);
}

static int examine_all(size_t *violated, const struct patient *patient, bool json, struct err *err)
{
    struct examination x = {.patient = patient, .err = err};
    int rc = 0;

    *violated = 0;
    for (size_t i = 0; i < INVARIANTS && rc == 0; i++) {
        enum state state = examine(&x, i);
        if (state == FAILED)
            rc = err_wrap(err, "I%d", invariants[i].number);
        else if (state != UNKNOWN)
            print_invariant(&invariants[i], state, &x.findings[i], json);
        *violated += state == VIOLATED;
    }
    for (size_t i = 0; i < INVARIANTS; i++) {
        str_clear(&x.findings[i].violated);
        str_clear(&x.findings[i].note);
    }
    return rc;
}

/* --- what is looked at ----------------------------------------------------------------------- */

static int find_rules(struct patient *patient, struct err *err)
{
    char *rules = NULL;
    int rc = store_get(patient->store, &rules, "rules", err);

    patient->old_rules = rules != NULL;
    free(rules);
    return rc;
}

/* A record that cannot be loaded, or a repository that cannot be opened, is a finding too. */
static int examine_store(size_t *violated, struct patient *patient, bool json, struct err *err)
{
    const struct place *place = patient->place;
    struct record record = {0};
    struct err unreadable = {0}, no_ledger = {0};
    const unsigned parts =
        STORE_RUNS | STORE_COMMITS | (patient->deep ? STORE_CONFIGS | STORE_OF_GIT : 0);

    if (store_load_parts(patient->store, &record, parts, &unreadable) != 0) {
        if (unreadable.code != ERR_INTEGRITY) {
            *err = unreadable;
            return -1;
        }
        patient->unreadable = unreadable.text;
    }
    patient->record = &record;
    int rc = find_rules(patient, err);
    if (rc == 0 && ledger_open_existing(&patient->ledger, place->study_dir, place->run_dir,
                                        place->name, &no_ledger) != 0)
        patient->no_ledger = no_ledger.text;
    if (rc == 0)
        rc = examine_all(violated, patient, json, err);
    ledger_close(patient->ledger);
    patient->ledger = NULL;
    patient->record = NULL;
    patient->unreadable = patient->no_ledger = NULL;
    record_clear(&record);
    return rc;
}

int doctor_examine(size_t *violated, const struct place *place, bool deep, bool json,
                   struct err *err)
{
    struct patient patient = {.place = place, .deep = deep};

    patient.running = place_owner(place) != 0;
    if (place_open(place, &patient.store, err) != 0)
        return -1;
    patient.running |= place_owner(place) != 0;
    int rc = examine_store(violated, &patient, json, err);
    store_close(patient.store);
    return rc;
}

int doctor_admit(struct store *store, const struct record *record, struct err *err)
{
    static const int asked[] = {1, 4};
    struct patient patient = {.store = store, .record = record};

    for (size_t a = 0; a < sizeof asked / sizeof *asked; a++) {
        struct finding finding = {0};
        int rc = invariants[asked[a] - 1].look(&finding, &patient, err);
        if (rc == 0 && finding.violated.len > 0)
            rc = err_integrity(err, "%s (I%d; `nightshift doctor --deep` tells more)",
                               str_text(&finding.violated), asked[a]);
        str_clear(&finding.violated);
        str_clear(&finding.note);
        if (rc != 0)
            return -1;
    }
    return 0;
}
