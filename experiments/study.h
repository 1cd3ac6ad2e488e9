/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * study.h - the study file, parsed and checked: YAML 1.2 or JSON, every error with line and column.
 *
 * A struct study is never half valid: study_parse() either fills all of it or says what is wrong.
 * To add a key: a row in the tables of study.c, or of study_space.c for a parameter, a line in
 * docs/study.md, and a property in share/schema/study.json, by which editors complete and check.
 */
#ifndef EXPERIMENTS_STUDY_H
#define EXPERIMENTS_STUDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "early.h"
#include "err.h"
#include "executor_rule.h"
#include "hypothesis.h"
#include "judge.h"
#include "policy.h"
#include "space.h"
#include "str.h"
#include "strategy.h"

/* How it is decided what to go on from and what to believe (harness/procedure.h). */
enum { PLACEBO_USUAL = 15, CONFIRM_MAX = 32 };

enum procedure_kind { PROCEDURE_TWO_LEVEL, PROCEDURE_PAIRED, PROCEDURE_GREEDY };
extern const char *const procedure_names[]; /* "two_level", "paired", "greedy", NULL */

/* A trainer whose source may be patched (docs/agents.md). */
struct source_rule {
    char *repo;   /* a git repository, relative to the study file's folder; NULL: that folder's */
    char *commit; /* what is built where nothing was patched; NULL: HEAD at the study's begin */
    char **build; /* [n_build] argv, run in a checkout of its own; none: nothing to be built */
    size_t n_build;
    char
        *binary; /* what takes the place of command[0], relative to the checkout; NULL: no source */
    char **allow; /* [n_allow] paths that a patch may touch, with asterisks (source_allows()) */
    size_t n_allow;
    double timeout_s; /* of a build; 600 */
};

struct study {
    char *text; /* the file's own bytes, [text_len] and a NUL */
    size_t text_len;

    char *name;   /* [a-z0-9-]+ */
    char *metric; /* the name that the trainer prints */
    bool maximize;
    char **command; /* [n_command] argv with its placeholders, as written */
    size_t n_command;
    double timeout_s; /* per run; INFINITY where none was given */
    struct space space;
    struct hypothesis *hypotheses; /* [n_hypotheses] what is tested first, in the file's order */
    size_t n_hypotheses;
    const struct strategy *strategy; /* auto; it can search the space */
    uint64_t seed;
    struct value **enqueued; /* [n_enqueued][space.n] the user's own guesses, settled and allowed;
                              * they run first, behind the baseline */
    size_t n_enqueued;
    char **proposer; /* [n_proposer] argv of the outside program (strategy exec), as written */
    size_t n_proposer;
    double proposer_timeout_s; /* for one proposal; 60 */
    char **writable;           /* [n_writable] folders that it may write to, beside its own */
    size_t n_writable;
    struct source_rule source;
    char **evaluate; /* [n_evaluate] argv that judges what a run left; none: the run itself does */
    size_t n_evaluate;
    enum procedure_kind procedure;
    double fdr; /* share of the verified keeps that may be luck; NAN: every test has rule.alpha */
    struct judge_rule rule; /* alpha 0.05; max_seeds 8, paired 6; min_gain 0 */
    bool audit;             /* measure the noise first; on for two_level that searches */
    int placebo;            /* one proposal in so many is a placebo; 0: none; 15 for two_level */
    int confirm; /* seeds of the confirmation at the night's end; 0: none; 8, two_level */
    struct early_rule early; /* which runs are ended early; kind NULL: none */
    int jobs;                /* runs at a time; 1 */
    int lookahead;           /* proposals under way at a time; decisions depend on it, not on jobs;
                              * 2 for two_level, else 1 */
    int64_t run_cap;         /* experiments; 0: no cap */
    int64_t planned;         /* the cap as the study was begun: later ones change no proposal */
    bool timed;              /* budget: time; a run's speed moves its result (harness/gate.h) */
    double hours;            /* NAN: no limit */
    char *until;             /* "07:30", NULL: no limit */
    char **files;            /* [n_files] inputs as written, relative to the study file's folder */
    size_t n_files;
    char **env; /* [n_env] names of environment variables that runs may see */
    size_t n_env;
    struct policy policy; /* when something goes wrong; no part of the study's identity */
    struct executor_rule executor; /* where runs happen; likewise */
};

/* Reads and parses a study file of at most 1 MiB. */
int study_read(struct study *out, const char *path, struct err *err);

/* Parses text [len]; `name` stands in the errors ("kjv.yaml:12:5: unknown key 'lerning_rate'
 * (did you mean 'learning_rate'?)").  On error *out is cleared. */
int study_parse(struct study *out, const char *text, size_t len, const char *name, struct err *err);

void study_clear(struct study *study);

/*
 * May proposals be made, and run, while the baseline is still under way?  With a lookahead of
 * LOOKAHEAD_WIDE and more, more than a baseline and its audit have runs, unless what is proposed, or
 * how far it may run, needs the baseline's results: an outside program, hypotheses, tests of each
 * proposal, runs that are ended early.
 */
enum { LOOKAHEAD_WIDE = 16 };
bool study_passes_baseline(const struct study *study);

/*
 * What decides the results, as canonical JSON: everything but jobs, run_cap, hours, until and
 * the policy (they only say how far to go, and how to get there).  Two files with the same text
 * here are the same study, whatever their comments; its SHA-256 is the study's identity.
 */
void study_write_spec(struct str *out, const struct study *study);

/* One line a difference ("decision.alpha: 0.05 -> 0.01") between two canonical texts of
 * study_write_spec(); empty when they are equal. */
void study_describe_change(struct str *out, const char *before, const char *after);

#endif
