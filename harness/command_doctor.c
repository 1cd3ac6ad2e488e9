/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "doctor.h"

static const struct option_row options[] = {
    {"deep", 0, NULL, "also replay every proposal and verdict, and hash every file"},
    {"dir", 0, "DIR", "the run directory"},
    {"json", 0, NULL, "one object a line: check, ok, detail"},
    {NULL, 0, NULL, NULL},
};

extern const struct command command_doctor;

static int run(const struct arguments *arguments, struct err *err)
{
    const char *word = arguments->n_words > 0 ? arguments->words[0] : NULL;
    bool deep = option_value(&command_doctor, arguments, "deep") != NULL;
    bool json = option_value(&command_doctor, arguments, "json") != NULL;
    struct place place;
    size_t bad = 0;

    if (place_find(&place, word, option_value(&command_doctor, arguments, "dir"), err) != 0)
        return -1;
    int rc = doctor_examine(&bad, &place, deep, json, err);
    place_clear(&place);
    if (rc != 0)
        return -1;
    return bad == 0 ? 0 : ERR_INTEGRITY;
}

const struct command command_doctor = {
    .name = "doctor",
    .operands = "[STUDY]",
    .summary = "check that the record, git and the files agree",
    .help = "Looks and changes nothing.  Exit 0: all is well; 4: something is not as recorded.\n",
    .options = options,
    .run = run,
};
