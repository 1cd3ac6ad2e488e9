/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay TARGET FOLDER… - the files of FOLDER/TARGET through one target, for a corpus's coverage.
 * replay -s TARGET - the target's own well-formed input, where it makes one, on standard output.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

static int write_seed(const struct target *target)
{
    size_t len;
    uint8_t *bytes = target->seed != NULL ? target->seed(&len) : NULL;
    size_t written = bytes != NULL ? fwrite(bytes, 1, len, stdout) : 0;

    free(bytes);
    return bytes == NULL || written == len ? 0 : 3;
}

int main(int argc, char **argv)
{
    bool seed = argc == 3 && strcmp(argv[1], "-s") == 0;
    const struct target *target = argc > 1 ? target_find(argv[seed ? 2 : 1]) : NULL;

    if (target == NULL) {
        fprintf(stderr, "usage: replay TARGET FOLDER… | replay -s TARGET\n");
        return 2;
    }
    if (seed)
        return write_seed(target);
    for (int i = 2; i < argc; i++) {
        struct input *inputs;
        size_t n = inputs_read(&inputs, target, argv[i]);
        replay(target, inputs, n, 1, 0);
        inputs_free(inputs, n);
    }
    return 0;
}
