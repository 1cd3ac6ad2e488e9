/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "method.h"

extern const struct method method_backprop, method_mezo, method_fzoo, method_sparse_mezo,
    method_hizoo, method_p_gap, method_ff_lora;

const struct method *const methods[] = {
    &method_backprop, &method_mezo,  &method_fzoo,    &method_sparse_mezo,
    &method_hizoo,    &method_p_gap, &method_ff_lora, NULL,
};

const struct method *method_find(const char *name)
{
    for (size_t i = 0; methods[i] != NULL; i++)
        if (strcmp(methods[i]->name, name) == 0)
            return methods[i];
    return NULL;
}
