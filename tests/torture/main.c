/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torture [-n COUNT] [-s SEED] [-d DIR] [-k] [FAULT…] - misfortunes brought upon whole studies; see
 * fault.h.  Without FAULT all of them, each as often as is usual.  One line each on standard
 * output: fault, trials, faults, violations, seconds.  Exit 1 where anything was violated; a fault
 * that cannot be had here is skipped, aloud.
 *
 * DIR is where the studies lie: $TMPDIR, or memory (/dev/shm), where syncing costs nothing and a
 * killed program loses nothing; what syncing is for, `power` tries on a disk of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fault.h"

static const char *usual_base(void)
{
    if (getenv("TMPDIR") != NULL)
        return getenv("TMPDIR");
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

static void usage(void)
{
    fprintf(stderr, "usage: torture [-n COUNT] [-s SEED] [-d DIR] [-k] [FAULT…]\n");
    for (size_t i = 0; faults[i] != NULL; i++)
        fprintf(stderr, "  %-9s %s\n", faults[i]->name, faults[i]->summary);
    exit(2);
}

static const struct fault *find(const char *name)
{
    for (size_t i = 0; faults[i] != NULL; i++)
        if (strcmp(faults[i]->name, name) == 0)
            return faults[i];
    usage();
    return NULL;
}

/* Nonzero where something was violated. */
static int bring(const struct fault *fault, const struct order *order)
{
    static const char *const words[] = {"", " SKIPPED", " STUCK"};
    struct tally tally = {.order = order, .fault = fault->name};
    double began = clock_s();
    enum fault_end end = fault->run(&tally);

    printf("%-8s %6ld studies %6ld faults %4ld violations %6.0f s%s%s%s\n", fault->name,
           tally.trials, tally.injected, tally.violations, clock_s() - began, words[end],
           tally.note[0] != '\0' ? "; " : "", tally.note);
    fflush(stdout);
    return tally.violations > 0 || end == FAULT_STUCK;
}

int main(int argc, char **argv)
{
    struct order order = {.seed = 1, .base = usual_base()};
    int bad = 0;

    for (int c; (c = getopt(argc, argv, "n:s:d:k")) != -1;) {
        switch (c) {
        case 'n':
            order.count = strtol(optarg, NULL, 10);
            break;
        case 's':
            order.seed = strtoull(optarg, NULL, 10);
            break;
        case 'd':
            order.base = optarg;
            break;
        case 'k':
            order.keep_going = true;
            break;
        default:
            usage();
        }
    }
    subject_find_programs();
    for (int i = optind; i < argc; i++)
        bad |= bring(find(argv[i]), &order);
    for (size_t i = 0; optind == argc && faults[i] != NULL; i++)
        bad |= bring(faults[i], &order);
    return bad;
}
