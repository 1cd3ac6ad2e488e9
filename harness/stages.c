/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "mem.h"
#include "place.h"
#include "stages.h"
#include "trial.h"

/* --- the jobs --------------------------------------------------------------------------------- */

static bool needs_build(const struct launch *launch)
{
    return launch->source[0] != '\0' && launch->study->source.n_build > 0 &&
           !checkout_is_built(&launch->checkout, launch->source);
}

static int make_checkout(const struct launch *launch, struct err *err)
{
    char *dir;

    if (launch->source[0] == '\0')
        return 0;
    if (checkout_make(&dir, &launch->checkout, launch->source, err) != 0)
        return -1;
    free(dir);
    return 0;
}

static void clear_other(struct stages *s)
{
    checkout_clear_job(&s->other);
}

int stages_begin(struct stages *out, const struct launch *launch, struct err *err)
{
    *out = (struct stages){.launch = *launch, .now = STAGE_TRAIN};
    if (make_checkout(launch, err) != 0 || launch_prepare(&out->train, launch, err) != 0)
        return -1;
    out->job = &out->train;
    if (!needs_build(launch))
        return 0;
    out->now = STAGE_BUILD;
    out->job = &out->other;
    if (checkout_build_job(&out->other, &launch->checkout, launch->study, launch->source, err) == 0)
        return 0;
    stages_clear(out);
    return -1;
}

void stages_clear(struct stages *s)
{
    clear_other(s);
    launch_clear(&s->train);
    free(s->trained.usage);
    *s = (struct stages){0};
}

static int prepare_evaluation(struct stages *s, struct err *err)
{
    char *dir =
        mem_printf("%s" PLACE_JUDGED, s->launch.dir); /* beside what a trainer may write to */

    clear_other(s);
    if (file_remove(dir, err) == 0 && file_mkdirs(dir, err) == 0) {
        launch_evaluation(&s->other, &s->launch, dir);
        s->now = STAGE_EVALUATE;
        s->job = &s->other;
        return 1;
    }
    free(dir);
    return -1;
}

/* --- from one to the next --------------------------------------------------------------------- */

/* Puts "what: " in front of what is said of the end. */
static void name_end(struct outcome_facts *facts, const char *what)
{
    char text[sizeof facts->detail];

    snprintf(text, sizeof text, "%s%s%.150s", what, facts->detail[0] != '\0' ? ": " : "",
             facts->detail);
    memcpy(facts->detail, text, sizeof text);
}

static int built(struct stages *s, struct outcome_facts *facts, struct err *err)
{
    struct err why = {0};

    if (facts->class != CLASS_OK) {
        name_end(facts, "the source does not build");
        return 0;
    }
    if (checkout_finish(&s->launch.checkout, s->launch.study, s->launch.source, &why) != 0) {
        if (why.code != ERR_USAGE) {
            *err = why;
            return -1;
        }
        facts->class = CLASS_SPAWN;
        snprintf(facts->detail, sizeof facts->detail, "%.190s", why.text);
        return 0;
    }
    free(facts->usage);
    *facts = (struct outcome_facts){0};
    s->now = STAGE_TRAIN;
    s->job = &s->train;
    return 1;
}

static int trained(struct stages *s, struct outcome_facts *facts, struct err *err)
{
    if (facts->class != CLASS_OK || s->launch.study->n_evaluate == 0)
        return 0;
    s->trained = *facts;
    *facts = (struct outcome_facts){0};
    return prepare_evaluation(s, err);
}

/* The run is what the training was, unless its evaluation failed. */
static int evaluated(struct stages *s, struct outcome_facts *facts)
{
    struct outcome_facts run = s->trained;

    if (facts->class != CLASS_OK) {
        name_end(facts, "evaluate");
        run.class = facts->class;
        run.exit_code = facts->exit_code;
        run.signal = facts->signal;
        memcpy(run.detail, facts->detail, sizeof run.detail);
    }
    free(facts->usage);
    *facts = run;
    s->trained = (struct outcome_facts){0};
    return 0;
}

int stages_next(struct stages *s, struct outcome_facts *facts, struct err *err)
{
    switch (s->now) {
    case STAGE_BUILD:
        return built(s, facts, err);
    case STAGE_TRAIN:
        return trained(s, facts, err);
    case STAGE_EVALUATE:
        break;
    }
    return evaluated(s, facts);
}

/* --- what was printed ------------------------------------------------------------------------- */

int stages_read(struct stream *out, const struct stages *s, struct err *err)
{
    struct stream judged;

    *out = (struct stream){.calibrated_steps = -1, .steps = -1};
    if (s->now == STAGE_BUILD)
        return 0;
    if (stream_read(out, s->launch.dir, err) != 0)
        return -1;
    if (s->launch.source[0] != '\0')
        stream_forget(out, "flops"); /* nor may a patch say how cheap it is */
    if (s->launch.study->n_evaluate == 0)
        return 0;
    stream_forget(out, s->launch.study->metric);
    stream_forget(out, "test_loss");
    if (s->now != STAGE_EVALUATE)
        return 0;
    if (stream_read(&judged, s->job->dir, err) != 0)
        return -1;
    stream_overrule(out, &judged);
    stream_clear(&judged);
    return 0;
}
