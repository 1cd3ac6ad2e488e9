/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "section.h"

extern const struct section section_summary;
extern const struct section section_found;
extern const struct section section_belief;
extern const struct section section_placebos;
extern const struct section section_hypotheses;
extern const struct section section_findings;
extern const struct section section_importance;
extern const struct section section_history;
extern const struct section section_curves;
extern const struct section section_cost;
extern const struct section section_parameters;
extern const struct section section_early;
extern const struct section section_noise;
extern const struct section section_failures;
extern const struct section section_provenance;
extern const struct section section_reproduce;

const struct section *const sections[] = {
    &section_summary,
    &section_found,
    &section_belief,
    &section_placebos,
    &section_hypotheses,
    &section_findings,
    &section_importance,
    &section_history,
    &section_curves,
    &section_parameters,
    &section_noise,
    &section_early,
    &section_failures,
    &section_cost,
    &section_provenance,
    &section_reproduce,
    NULL,
};

int section_write(struct str *out, const struct section *section, const struct facts *facts,
                  struct store *store, struct err *err)
{
    if (facts->record->n_experiments > 0 || section->empty == NULL)
        return section->write(out, facts, store, err);
    str_addf(out, "%s\n", section->empty);
    return 0;
}
