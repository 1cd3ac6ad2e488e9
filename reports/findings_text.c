/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FINDINGS.md. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "claimed.h"
#include "clock.h"
#include "facts.h"
#include "findings.h"
#include "markdown.h"
#include "mem.h"
#include "registry_text.h"

/* --- head ------------------------------------------------------------------------------------- */

static double seconds_of(const struct record *record)
{
    double sum = 0;

    for (size_t i = 0; i < record->n_runs; i++)
        sum += isfinite(record->runs[i].wall_s) ? record->runs[i].wall_s : 0;
    return sum;
}

static void write_head(struct str *out, const struct found_studies *found)
{
    size_t experiments = 0, runs = 0;
    double seconds = 0;
    char text[CLOCK_TEXT];

    for (size_t i = 0; i < found->n; i++) {
        experiments += found->studies[i].record->n_experiments;
        runs += found->studies[i].record->n_runs;
        seconds += seconds_of(found->studies[i].record);
    }
    duration_text(text, seconds);
    str_addf(out,
             "# Findings\n\n%zu %s, %zu experiments, %zu runs, %s of training. Made by "
             "`nightshift report --findings` from the records of the studies: each number has the "
             "study, experiment and seed that it came from beside it, and the same records give "
             "the same bytes. [EXPERIMENTS.md](EXPERIMENTS.md) has every experiment.\n\n",
             found->n, found->n == 1 ? "study" : "studies", experiments, runs, text);
}

static void write_contents(struct str *out)
{
    str_add(out, "1. [How it was measured](#how-it-was-measured)\n"
                 "2. [What was found](#what-was-found)\n"
                 "3. [What could not be told](#what-could-not-be-told)\n"
                 "4. [What searches verified](#what-searches-verified)\n"
                 "5. [Registry of claims](#registry-of-claims)\n"
                 "6. [Index of studies](#index-of-studies)\n"
                 "7. [How to reproduce](#how-to-reproduce)\n\n");
}

/* --- how it was measured ---------------------------------------------------------------------- */

static void write_study_row(struct str *out, const struct found_study *study)
{
    const struct record *r = study->record;
    char text[CLOCK_TEXT];

    duration_text(text, seconds_of(r));
    markdown_cell(out, study->label);
    markdown_take(
        out, mem_printf("%s, %s is better", r->study.metric, r->study.maximize ? "more" : "less"));
    markdown_take(out, mem_printf("%zu", r->n_experiments));
    markdown_take(out, mem_printf("%zu", r->n_runs));
    markdown_cell(out, text);
    markdown_take(out, mem_printf("%llu", (unsigned long long)r->study.seed));
    markdown_take(out, mem_printf("%d", r->study.rule.max_seeds));
    markdown_end(out);
}

static void write_method(struct str *out, const struct found_studies *found)
{
    static const char *const heads[] = {"study",    "metric", "experiments", "runs",
                                        "training", "seed",   "seeds a test"};

    str_add(out, "## How it was measured\n\n");
    markdown_head(out, heads, "llrrrrr");
    for (size_t i = 0; i < found->n; i++)
        write_study_row(out, &found->studies[i]);
    str_add(out,
            "\nThe two configs of a claim run in pairs on seeds that nothing else has used, so a "
            "difference is one of configs and not of seeds. After each pair a group-sequential "
            "test looks in both directions, at a level that holds for all claims of the study "
            "together (LOND). *Verified*: the claim is true but for that error. *Disproved*: its "
            "opposite is. *Inconclusive*: the seeds are used up and tell neither, or a side "
            "failed. *Retested*: another study claimed the same on other seeds. An effect is how "
            "much better the config is that is claimed to be; no sentence tells of one whose "
            "interval holds zero.\n\n");
}

/* --- findings --------------------------------------------------------------------------------- */

static void write_evidence(struct str *out, const struct found_studies *found,
                           const struct registry_claim *claim)
{
    const char *lead = "**Evidence:** ";

    for (size_t i = claim->first; i < claim->first + claim->n; i++) {
        const struct registry_test *t = &found->registry.tests[i];
        if (t->decision == NULL)
            continue;
        str_add(out, lead);
        markdown_text(out, findings_label(found, t->record));
        str_addf(out, " experiments %" PRId32 " and %" PRId32 ", decision %" PRId32 " (%s%s)",
                 t->decision->experiment, t->decision->against, t->decision->number,
                 claim_verdict_names[t->verdict], t->repeats ? ", the same seeds again" : "");
        lead = "; ";
    }
    str_add(out, ".\n\n");
}

static void write_finding(struct str *out, const struct found_studies *found,
                          const struct registry_claim *claim, size_t number)
{
    const struct registry_test *t = registry_told_by(&found->registry, claim);

    str_addf(out, "### F%zu. ", number);
    str_add(out, claim->stands == CLAIM_DISPROVED ? "Not true: " : "");
    registry_write_claim(out, t->hypothesis);
    str_add(out, "\n\n");
    registry_write_verdict(out, t);
    str_add(out, "\n\n");
    registry_write_pairs(out, t);
    str_add(out, "\n");
    write_evidence(out, found, claim);
}

static bool is_told(const struct registry_claim *claim)
{
    return claim->stands == CLAIM_VERIFIED || claim->stands == CLAIM_DISPROVED;
}

static void write_findings(struct str *out, const struct found_studies *found)
{
    size_t number = 0;

    str_add(out, "## What was found\n\n");
    for (size_t i = 0; i < found->registry.n_claims; i++)
        if (is_told(&found->registry.claims[i]))
            write_finding(out, found, &found->registry.claims[i], ++number);
    if (number == 0)
        str_add(out, "No claim was verified or disproved.\n\n");
}

static void write_open(struct str *out, const struct found_studies *found)
{
    size_t n = 0;

    str_add(out, "## What could not be told\n\n");
    for (size_t i = 0; i < found->registry.n_claims; i++) {
        const struct registry_claim *claim = &found->registry.claims[i];
        const struct registry_test *t = registry_told_by(&found->registry, claim);
        if (is_told(claim))
            continue;
        n++;
        str_add(out, "* ");
        registry_write_claim(out, t->hypothesis);
        str_add(out, " (");
        markdown_text(out, findings_label(found, t->record));
        str_add(out, " ");
        markdown_text(out, t->hypothesis->id);
        str_add(out, "). ");
        registry_write_verdict(out, t);
        str_add(out, "\n");
    }
    str_add(out, n == 0 ? "Every claim was verified or disproved.\n\n" : "\n");
}

/* --- searches --------------------------------------------------------------------------------- */

static const struct decision *last_verified(const struct record *record)
{
    for (size_t i = record->n_decisions; i > 0; i--)
        if (record->decisions[i - 1].verified && record->decisions[i - 1].against > 0)
            return &record->decisions[i - 1];
    return NULL;
}

/* The test that kept a config chose it too, so that its effect flatters: where the config was tried
 * again on fresh seeds, those tell. */
static bool write_verified(struct str *out, const struct record *record,
                           const struct decision *kept)
{
    const struct decision *confirmed = claimed_confirmation(record, kept->experiment);
    const struct decision *told = confirmed != NULL ? confirmed : kept;
    struct effect effect = claim_effect(told);
    struct str measured = {0};
    bool holds = claim_write(&measured, &effect);

    if (holds)
        str_addf(out, "experiment %" PRId32 " is %s than %s %" PRId32 ", ", kept->experiment,
                 str_text(&measured),
                 told->against == 1 ? "the baseline, experiment" : "experiment", told->against);
    if (holds && confirmed != NULL)
        str_addf(out, "confirmed on %d fresh seeds, decision %" PRId32 ".\n", told->n,
                 told->number);
    else if (holds)
        str_addf(out, "decision %" PRId32 ", not yet confirmed on fresh seeds.\n", told->number);
    else if (confirmed != NULL)
        str_addf(out,
                 "experiment %" PRId32 " was verified, decision %" PRId32
                 ", and not confirmed on fresh seeds, decision %" PRId32 ".\n",
                 kept->experiment, kept->number, told->number);
    str_clear(&measured);
    return holds || confirmed != NULL;
}

static void write_searches(struct str *out, const struct found_studies *found)
{
    size_t n = 0;

    str_add(out, "## What searches verified\n\n");
    for (size_t i = 0; i < found->n; i++) {
        const struct decision *kept = last_verified(found->studies[i].record);
        struct str line = {0};
        if (kept != NULL && write_verified(&line, found->studies[i].record, kept)) {
            n++;
            str_add(out, "* ");
            markdown_text(out, found->studies[i].label);
            str_addf(out, ": %s", line.at);
        }
        str_clear(&line);
    }
    str_add(out, n == 0 ? "Nothing: no search here has verified a config.\n\n" : "\n");
}

/* --- registry, index, reproduction ------------------------------------------------------------ */

static void write_registry(struct str *out, const struct registry *registry)
{
    size_t stands[CLAIM_INCONCLUSIVE + 1] = {0}, retested = 0;

    for (size_t i = 0; i < registry->n_claims; i++) {
        stands[registry->claims[i].stands]++;
        retested += registry->claims[i].verdicts > 1;
    }
    str_addf(out,
             "## Registry of claims\n\nVerified %zu, disproved %zu, inconclusive %zu, open %zu; "
             "%zu of them retested.\n\n",
             stands[CLAIM_VERIFIED], stands[CLAIM_DISPROVED], stands[CLAIM_INCONCLUSIVE],
             stands[CLAIM_OPEN], retested);
    if (registry->n_claims > 0)
        registry_write_table(out, registry, true);
    str_add(out, registry->n_claims > 0 ? "\n" : "");
}

static char *key_result(const struct record *record)
{
    size_t n[CLAIM_INCONCLUSIVE + 1] = {0};
    struct str text = {0};

    for (size_t i = 0; i < record->study.n_hypotheses; i++)
        n[hypothesis_verdict(&record->study.hypotheses[i], record_hypothesis(record, i))]++;
    for (int i = CLAIM_VERIFIED; i <= CLAIM_INCONCLUSIVE; i++)
        if (n[i] > 0)
            str_addf(&text, "%s%zu %s", text.len > 0 ? ", " : "", n[i], claim_verdict_names[i]);
    if (n[CLAIM_OPEN] > 0)
        str_addf(&text, "%s%zu open", text.len > 0 ? ", " : "", n[CLAIM_OPEN]);
    return text.len > 0 ? str_take(&text) : mem_strdup("no claims");
}

static void write_index(struct str *out, const struct found_studies *found)
{
    static const char *const heads[] = {"study", "question", "result"};

    str_add(out, "## Index of studies\n\n");
    markdown_head(out, heads, "lll");
    for (size_t i = 0; i < found->n; i++) {
        markdown_cell(out, found->studies[i].label);
        markdown_take(out, findings_question(&found->studies[i].record->study));
        markdown_take(out, key_result(found->studies[i].record));
        markdown_end(out);
    }
    str_add(out, "\n");
}

static void write_reproduce(struct str *out, const struct found_studies *found)
{
    str_add(out, "## How to reproduce\n\n"
                 "Each line repeats every run of an experiment, for any number in its place, and "
                 "compares bit for bit.\n\n```sh\n");
    for (size_t i = 0; i < found->n; i++)
        str_addf(out, "nightshift reproduce runs/%s 1 --all\n",
                 found->studies[i].record->study.name);
    str_add(out, "```\n");
}

void findings_compose(struct str *out, const struct found_studies *found)
{
    write_head(out, found);
    write_contents(out);
    write_method(out, found);
    write_findings(out, found);
    write_open(out, found);
    write_searches(out, found);
    write_registry(out, &found->registry);
    write_index(out, found);
    write_reproduce(out, found);
}
