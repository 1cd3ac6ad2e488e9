/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torture [-n COUNT] [-s SEED] [-d DIR] [-j JOBS] [-p FILE] [-k] [FAULT…] - misfortunes brought
 * upon whole studies; see fault.h.  Without FAULT all of them, each as often as is usual.  One line
 * each on standard output: fault, trials, faults, violations, seconds.  Exit 1 where anything was
 * violated; a fault that cannot be had here is skipped, aloud.
 *
 * DIR is where the studies lie: $TMPDIR, or memory (/dev/shm), where syncing costs nothing and a
 * killed program loses nothing; what syncing is for, `power` tries on a disk of its own.  JOBS
 * studies are tortured at a time; FILE holds what is done, so that the same call goes on after a
 * stop (Ctrl-C, exit 130).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "campaign.h"
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
    fprintf(stderr,
            "usage: torture [-n COUNT] [-s SEED] [-d DIR] [-j JOBS] [-p FILE] [-k] [FAULT…]\n");
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

enum { BAD = 1, STOPPED = 130, MOST = 32 };

/* 0, BAD where something was violated, or STOPPED. */
static int bring(const struct fault *fault, const struct order *order)
{
    static const char *const words[] = {"", " SKIPPED", " STUCK", " STOPPED"};
    struct tally tally = {.order = order, .fault = fault->name};
    double began = clock_s();
    enum fault_end end = fault->run(&tally);

    printf("%-8s %6ld studies %6ld faults %4ld violations %6.0f s%s%s%s\n", fault->name,
           tally.trials, tally.injected, tally.violations, clock_s() - began, words[end],
           tally.note[0] != '\0' ? "; " : "", tally.note);
    fflush(stdout);
    if (tally.violations > 0 || end == FAULT_STUCK)
        return BAD;
    return end == FAULT_STOPPED ? STOPPED : 0;
}

/* All of them, up to one that is stopped. */
static int bring_all(const struct fault *const *list, size_t n, const struct order *order)
{
    int bad = 0;

    for (size_t i = 0; i < n; i++) {
        int end = bring(list[i], order);
        if (end == STOPPED)
            return STOPPED;
        bad |= end;
    }
    for (size_t i = 0; i < n; i++)
        campaign_forget(order->progress, list[i]->name);
    return bad;
}

int main(int argc, char **argv)
{
    struct order order = {.seed = 1, .base = usual_base(), .jobs = 1};
    const struct fault *list[MOST];
    size_t n = 0;

    for (int c; (c = getopt(argc, argv, "n:s:d:j:p:k")) != -1;) {
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
        case 'j':
            order.jobs = (int)strtol(optarg, NULL, 10);
            break;
        case 'p':
            order.progress = optarg;
            break;
        case 'k':
            order.keep_going = true;
            break;
        default:
            usage();
        }
    }
    subject_find_programs();
    for (int i = optind; i < argc && n < MOST; i++)
        list[n++] = find(argv[i]);
    for (size_t i = 0; optind == argc && faults[i] != NULL; i++)
        list[n++] = faults[i];
    return bring_all(list, n, &order);
}
