/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "policy_now.h"

void policy_now(struct policy *out, const struct place *place, const struct record *record)
{
    struct study study = {0};
    struct err ignored;
    bool known = place->study_path != NULL && study_read(&study, place->study_path, &ignored) == 0;

    *out = (struct policy){0};
    policy_copy(out, known ? &study.policy : &record->study.policy);
    study_clear(&study);
}
