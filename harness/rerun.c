/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "baseline.h"
#include "host.h"
#include "inputs.h"
#include "json.h"
#include "mem.h"
#include "rerun.h"
#include "sandbox.h"
#include "source.h"
#include "view.h"

static int open_source(struct rerun *rerun, struct err *err)
{
    const struct study *study = rerun->study;

    if (study->n_evaluate > 0 &&
        executor_find_named(&rerun->evaluator, "evaluation", study->evaluate[0], rerun->study_dir,
                            err) != 0)
        return -1;
    if (study->source.binary == NULL)
        return 0;
    rerun->source_root = path_join(rerun->scratch, "source");
    return source_open(&rerun->source, &study->source, rerun->study_dir, err);
}

int rerun_open(struct rerun *rerun, struct err *err)
{
    const char *tmp = getenv("TMPDIR");
    struct slot slots[1024] = {0};

    rerun->site = &site_local;
    slots_share_cores(slots, (size_t)rerun->study->jobs);
    rerun->slot = slots[0];
    if (executor_find_program(&rerun->program, rerun->study->command[0], rerun->study_dir, err) !=
        0)
        return -1;
    if (sandbox_check(rerun->study, err) != 0)
        return -1;
    rerun->scratch = mem_printf("%s/nightshift-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(rerun->scratch) == NULL)
        return err_sys(err, "cannot make a scratch folder '%s'", rerun->scratch);
    return open_source(rerun, err);
}

int rerun_close(struct rerun *rerun, struct err *err)
{
    int rc = 0;

    bool keep = rerun->different > 0 && !rerun->quiet;

    if (rerun->scratch != NULL && keep && rerun->runs == NULL)
        printf("the repetitions are kept in %s\n", rerun->scratch);
    else if (rerun->scratch != NULL && !keep)
        rc = file_remove(rerun->scratch, err);
    level_clear(&rerun->level);
    str_clear(&rerun->last);
    ledger_close(rerun->source);
    free(rerun->source_root);
    free(rerun->evaluator);
    free(rerun->scratch);
    free(rerun->program);
    return rc;
}

static void count(struct rerun *rerun, bool same, double value, const struct expected *expected)
{
    rerun->same += same;
    rerun->different += !same;
    if (same)
        return;
    if (isfinite(value) && isfinite(expected->value))
        rerun->gap += value - expected->value;
    else
        rerun->failed++;
}

static void tell(const struct rerun *rerun, uint32_t seed, bool same, double value,
                 const struct expected *expected)
{
    const char *said = str_text(&rerun->last);

    if (rerun->quiet)
        return;
    if (rerun->runs == NULL) {
        printf("experiment %lld seed %u: %s\n", (long long)rerun->experiment, seed, said);
        fflush(stdout);
        return;
    }
    json_t *object = json_object();
    json_object_set_new(object, "seed", json_integer(seed));
    json_object_set_new(object, "identical", json_boolean(same));
    json_object_set_new(object, "value", json_number_or_null(value));
    json_object_set_new(
        object, "recorded",
        json_number_or_null(expected->class == CLASS_OK ? expected->value : (double)NAN));
    json_object_set_new(object, "said", view_json_text(said));
    json_array_append_new(rerun->runs, object);
}

int rerun_seed(struct rerun *rerun, const struct value *config, const char *source, int64_t steps,
               uint32_t seed, const struct expected *expected, struct err *err)
{
    char *dir = mem_printf("%s/%u", rerun->scratch, seed);
    struct launch launch = {.study = rerun->study,
                            .study_dir = rerun->study_dir,
                            .program = rerun->program,
                            .dir = dir,
                            .config = config,
                            .seed = seed,
                            .steps = steps,
                            .cpus = rerun->slot.cpus,
                            .n_cpus = rerun->slot.n_cpus,
                            .source = source,
                            .checkout = {.source = rerun->source, .root = rerun->source_root},
                            .evaluator = rerun->evaluator};
    double value = NAN;
    int rc = file_mkdirs(dir, err);

    str_clear(&rerun->last);
    if (rc == 0)
        rc = repeat_run(&rerun->last, &value, &launch, rerun->site, expected, err);
    free(dir);
    if (rc < 0)
        return -1;
    count(rerun, rc == 1, value, expected);
    tell(rerun, seed, rc == 1, value, expected);
    return 0;
}

int rerun_logged(struct rerun *rerun, const struct place *place, struct store *store,
                 const struct record *record, const struct run *run, struct err *err)
{
    const struct experiment *e = &record->experiments[run->experiment - 1];
    struct artifact *files = NULL;
    size_t n = 0;
    struct value *config = run_config(record, run);
    char *dir = place_run_dir(place, run);
    int rc = store_artifacts(store, &files, &n, run->id, err);
    struct expected expected = {
        .class = run->class, .value = run->value, .files = files, .n_files = n, .dir = dir};

    if (rc == 0)
        rc = rerun_seed(rerun, config, record_source(record, run->experiment), e->steps,
                        record_trainer_seed(record, run), &expected, err);
    free(config);
    artifacts_free(files, n);
    free(dir);
    return rc;
}

int rerun_measure(struct rerun *rerun, const char *then, struct err *err)
{
    struct artifact *now = NULL;
    size_t n = 0;

    if (inputs_collect(&now, &n, rerun->study, rerun->study_dir, rerun->program, err) != 0)
        return -1;
    char *here = host_describe();
    level_measure(&rerun->level, rerun->inputs, rerun->n_inputs, now, n, rerun->study->command[0],
                  then, here);
    free(here);
    artifacts_free(now, n);
    return 0;
}

double rerun_noise(const struct record *record)
{
    double squares = 0, df = 0;

    for (size_t e = 1; e <= record->n_experiments; e++) {
        struct summary own = record_summary(record, (int64_t)e);
        if (own.n < 2)
            continue;
        squares += (double)(own.n - 1) * own.sd * own.sd;
        df += (double)(own.n - 1);
    }
    return df > 0 ? sqrt(squares / df) : (double)NAN;
}

/* --- the verdict ----------------------------------------------------------------------------- */

/* Another processor rounds otherwise, and training carries that on: what remains is the mean, whose
 * standard error over n runs is sd / sqrt(n). */
static bool conclude_other_cpu(struct str *out, const struct rerun *rerun, double sd)
{
    size_t n = rerun->same + rerun->different;
    double gap = rerun->gap / (double)n, bound = 2 * sd / sqrt((double)n);
    char is[NUMBER_TEXT], may[NUMBER_TEXT];
    bool within = rerun->failed == 0 && fabs(gap) <= bound;

    if (isnan(sd)) {
        str_add(out, "differs, and by how much it may is not known (the noise is not)");
        return false;
    }
    str_addf(out, "%s: the mean of %zu run%s is off by %s, where 2 SE are %s",
             within ? "agrees" : "differs", n, n == 1 ? "" : "s", number_short(is, gap, 3),
             number_short(may, bound, 3));
    if (rerun->failed > 0)
        str_addf(out, ", and %zu ended otherwise", rerun->failed);
    return within;
}

bool rerun_conclude(struct str *out, const struct rerun *rerun, double sd)
{
    size_t n = rerun->same + rerun->different;
    bool good = rerun->different == 0;

    if (good)
        str_addf(out, "bit-identical: %zu run%s", n, n == 1 ? "" : "s");
    else if (rerun->level.number == LEVEL_OTHER_CPU)
        good = conclude_other_cpu(out, rerun, sd);
    else
        str_addf(out, "differs: %zu of %zu runs", rerun->different, n);
    str_addf(out, " (%s)", level_words[rerun->level.number]);
    if (rerun->level.fact.len > 0)
        str_addf(out, "; %s", rerun->level.fact.at);
    else if (rerun->different > 0)
        str_add(out, "; no recorded fact differs, so the trainer itself does not repeat");
    return good;
}
