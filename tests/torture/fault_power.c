/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The power fails: the study lies on an ext4 of its own, in a file behind a loop device, which is
 * told to shut down without writing anything more (FS_IOC_SHUTDOWN), then unmounted and mounted
 * again, as after a reboot.  What a reader had seen of the record before must be there; the same
 * command goes on.  Wants root and loop devices; all mounts are in a namespace of our own and
 * vanish with us.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "file.h"
#include "mem.h"

extern const struct fault fault_power;

#define FS_IOC_SHUTDOWN                                                                            \
    _IOR('X', 125, __u32) /* linux/fs/ext4/ext4.h: not in the user's headers                       \
                           */
#define SHUTDOWN_NO_FLUSH 2

enum { CUTS_A_STUDY = 10, IMAGE_MIB = 96 };

static const struct subject_kind kind = {
    .experiments = 20,
    .lookahead = 2,
    .jobs = 2,
    .trainer = "ok, --config, '{config}', --seed, '{seed}', --noise, '0.02'",
    .keys = "audit: off\ndecision: {max_seeds: 2, confirm: 2}\nplacebo: 5\n",
};

/* A small disk: its image, and where it is mounted. */
struct disk {
    char *dir, *image, *mount;
};

static int quiet_call(const char *const *argv)
{
    return subject_call("/", argv);
}

static int mount_disk(const struct disk *disk)
{
    const char *const argv[] = {"mount", "-o", "loop,noatime", disk->image, disk->mount, NULL};

    return quiet_call(argv) == 0 ? 0 : -1;
}

static int make_disk(struct disk *out, const char *base)
{
    out->dir = mem_printf("%s/nightshift-disk-XXXXXX", base);
    if (mkdtemp(out->dir) == NULL)
        return -1;
    out->image = path_join(out->dir, "image");
    out->mount = path_join(out->dir, "mount");
    int fd = open(out->image, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const char *const argv[] = {"mkfs.ext4", "-q", "-F", out->image, NULL};
    int rc = fd >= 0 && ftruncate(fd, (off_t)IMAGE_MIB << 20) == 0 && mkdir(out->mount, 0700) == 0
                 ? 0
                 : -1;

    if (fd >= 0)
        close(fd);
    if (rc == 0)
        rc = quiet_call(argv) == 0 ? mount_disk(out) : -1;
    return rc;
}

/* Whoever still works there is given a moment to end. */
static int unmount_disk(const struct disk *disk)
{
    for (int i = 0; i < 500; i++) {
        if (umount(disk->mount) == 0)
            return 0;
        subject_pause(0.01);
    }
    fprintf(stderr, "torture: cannot unmount '%s': %s\n", disk->mount, strerror(errno));
    return -1;
}

static void remove_disk(struct disk *disk)
{
    umount2(disk->mount, MNT_DETACH);
    subject_remove(disk->dir);
    free(disk->dir);
    free(disk->image);
    free(disk->mount);
}

static int cut_power(const struct disk *disk)
{
    const __u32 how = SHUTDOWN_NO_FLUSH;
    int fd = open(disk->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 ? ioctl(fd, FS_IOC_SHUTDOWN, &how) : -1;

    if (fd >= 0)
        close(fd);
    return rc;
}

/* Runs, fails, comes back.  -1: this cannot be done here. */
static int one_cut(struct tally *tally, const struct disk *disk, const char *dir, double after_s)
{
    pid_t pid = subject_start(dir);

    subject_pause(after_s);
    char *seen = subject_acknowledged(dir);
    int rc = cut_power(disk);
    kill(pid, SIGKILL);
    subject_wait(pid);
    if (rc == 0)
        rc = unmount_disk(disk);
    if (rc == 0)
        rc = mount_disk(disk);
    if (rc == 0) {
        tally->injected++;
        char *found = subject_acknowledged(dir);
        if (strncmp(found, seen, strlen(seen)) != 0)
            violation(tally, NULL, "cut %ld: acknowledged decisions are lost", tally->injected);
        free(found);
    }
    free(seen);
    return rc;
}

static int one_study(struct tally *tally, const char *want, double seconds)
{
    struct disk disk = {NULL, NULL, NULL};
    int rc = make_disk(&disk, tally->order->base);
    char *dir = rc == 0 ? subject_new(disk.mount, &kind) : NULL, what[64];
    long violations = tally->violations;
    struct rng rng;

    rng_init(&rng, tally->order->seed, "power", (uint64_t)tally->trials);
    for (int i = 0; i < CUTS_A_STUDY && rc == 0 && !is_enough(tally, fault_power.usual); i++)
        rc = one_cut(tally, &disk, dir, rng_uniform(&rng) * seconds / 4);
    snprintf(what, sizeof what, "power cut, study %ld", tally->trials);
    if (rc == 0 && tally->violations == violations)
        ends_as(tally, dir, want, what);
    free(dir);
    remove_disk(&disk);
    return rc;
}

static bool may_mount(void)
{
    if (geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        access("/dev/loop-control", F_OK) == 0)
        return true;
    fprintf(stderr, "torture: power: SKIPPED: wants root, mounts and loop devices\n");
    return false;
}

static enum fault_end run(struct tally *tally)
{
    struct disk probe = {NULL, NULL, NULL};
    enum fault_end end = FAULT_DONE;
    double seconds;
    char *want;

    if (!may_mount())
        return FAULT_SKIPPED;
    if (make_disk(&probe, tally->order->base) != 0) {
        fprintf(stderr, "torture: power: SKIPPED: no ext4 on a loop device here\n");
        remove_disk(&probe);
        return FAULT_SKIPPED;
    }
    want = undisturbed(probe.mount, &kind, &seconds);
    remove_disk(&probe);
    while (end == FAULT_DONE && !is_enough(tally, fault_power.usual))
        if (one_study(tally, want, seconds) != 0)
            end = FAULT_STUCK;
    free(want);
    return end;
}

const struct fault fault_power = {
    .name = "power",
    .summary = "the power fails: ext4 shut down without a flush, mounted again",
    .usual = 200,
    .run = run,
};
