/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "procedure.h"

extern const struct procedure procedure_two_level, procedure_paired, procedure_greedy;

const struct procedure *const procedures[] = {
    [PROCEDURE_TWO_LEVEL] = &procedure_two_level,
    [PROCEDURE_PAIRED] = &procedure_paired,
    [PROCEDURE_GREEDY] = &procedure_greedy,
};

const struct procedure *procedure_of(const struct study *study)
{
    return procedures[study->procedure];
}
