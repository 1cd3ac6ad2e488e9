/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>

#include "classify.h"
#include "mem.h"

enum { WHY = 256 };

static void copy_facts(struct run *run, const struct outcome_facts *facts,
                       const struct stream *stream)
{
    bool found;

    run->class = facts->class;
    run->exit_code = facts->exit_code;
    run->signal = facts->signal;
    run->wall_s = facts->wall_s;
    run->cpu_s = facts->cpu_s;
    run->peak_mib = facts->peak_mib;
    run->steps = stream->steps >= 0 ? stream->steps : stream->calibrated_steps;
    run->flops = stream_metric(stream, "flops", &found);
    if (!found)
        run->flops = (double)NAN;
    run->value = (double)NAN;
    free(run->detail);
    run->detail = facts->detail[0] != '\0' ? mem_strdup(facts->detail) : NULL;
}

/* Or early on purpose, which leaves what it printed up to there. */
static bool ended_by_itself(enum run_class class)
{
    return class == CLASS_OK || class == CLASS_EXIT || class == CLASS_SIGNAL ||
           class == CLASS_STOPPED;
}

static void reclass(struct run *run, enum run_class class, char *detail)
{
    run->class = class;
    free(run->detail);
    run->detail = detail;
}

static char *describe_nonfinite(const char *metric, bool found, double value)
{
    char text[NUMBER_TEXT];

    if (found && !isfinite(value))
        return mem_printf("'%s' is %s", metric, number_text(text, value));
    return mem_strdup("the trainer says that it met a number that is not finite");
}

void run_classify(struct run *run, const struct outcome_facts *facts, const struct stream *stream,
                  const struct study *study, const struct value *config)
{
    bool found;
    double value = stream_metric(stream, study->metric, &found);
    char why[WHY];

    copy_facts(run, facts, stream);
    if (!ended_by_itself(facts->class))
        return;
    bool stopped = facts->class == CLASS_STOPPED;
    if (stream->nonfinite || (found && !isfinite(value)))
        reclass(run, CLASS_NONFINITE, describe_nonfinite(study->metric, found, value));
    else if (facts->class != CLASS_OK && !stopped)
        return;
    else if (!stream_config_agrees(stream, &study->space, config, why, sizeof why))
        reclass(run, CLASS_PROTOCOL, mem_strdup(why));
    else if (!found && !stopped)
        reclass(run, CLASS_PROTOCOL, mem_printf("exit 0 but no '%s' was printed", study->metric));
    else if (!stopped)
        run->value = value;
}
