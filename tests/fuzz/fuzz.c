/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer's door to one target, which $FUZZ_TARGET names: so one program serves for all. */
#include <stdio.h>
#include <stdlib.h>

#include "target.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const struct target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("FUZZ_TARGET");

    (void)argc, (void)argv;
    target = name != NULL ? target_find(name) : NULL;
    if (target == NULL) {
        fprintf(stderr, "fuzz: FUZZ_TARGET names none of the targets\n");
        exit(2);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    target->read(bytes, len);
    return 0;
}
