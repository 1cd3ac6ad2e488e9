/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "doctor.h"
#include "repair.h"

static const struct option_row options[] = {
    {"deep", 0, NULL, "also replay every proposal and verdict, and hash every file"},
    {"repair", 0, "WHAT", "mend first: git, locks, trash, modes, or several with commas"},
    {"dir", 0, "DIR", "the run directory"},
    {"json", 0, NULL, "one object a line: invariant, check, ok, state, detail, mend"},
    {NULL, 0, NULL, NULL},
};

extern const struct command command_doctor;

static int run(const struct arguments *arguments, struct err *err)
{
    const char *word = arguments->n_words > 0 ? arguments->words[0] : NULL;
    bool deep = option_value(&command_doctor, arguments, "deep") != NULL;
    bool json = option_value(&command_doctor, arguments, "json") != NULL;
    const char *repair = option_value(&command_doctor, arguments, "repair");
    struct place place;
    size_t violated = 0;

    if (place_find(&place, word, option_value(&command_doctor, arguments, "dir"), err) != 0)
        return -1;
    int rc = repair != NULL ? repair_run(repair, &place, err) : 0;
    if (rc == 0)
        rc = doctor_examine(&violated, &place, deep, json, err);
    place_clear(&place);
    if (rc != 0)
        return -1;
    return violated == 0 ? 0 : ERR_INTEGRITY;
}

const struct command command_doctor = {
    .name = "doctor",
    .operands = "[STUDY]",
    .summary = "check that the record, git and the files agree",
    .help =
        "One line for each invariant I1 to I18: ok, a note (what `nightshift run` mends by "
        "itself,\n"
        "or nobody is to blame for), or violated, with what is wrong and how it is mended.  Those\n"
        "that take time are looked at with --deep only.  Exit 0: nothing is violated; 4: "
        "something\n"
        "is.\n"
        "\n"
        "Nothing is changed unless --repair asks for it, and then while no run goes on:\n"
        "  git    writes what is missing of our branches again, from the record; a branch that\n"
        "         holds commits of somebody else stays, and NAME-rebuilt is written beside it\n"
        "  locks  puts away locks of our branches that a killed nightshift left behind, and ends\n"
        "         processes of earlier runs\n"
        "  trash  moves what belongs to no row of the record into trash/\n"
        "  modes  takes what is ours out of the reach of others\n",
    .options = options,
    .run = run,
};
