/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "file.h"
#include "filesystem.h"
#include "log.h"
#include "mem.h"

#define FUSE 0x65735546

/* Numbers: statfs(2) and linux/magic.h; Lustre's, GPFS's and BeeGFS's from their own sources. */
static const struct filesystem rows[] = {
    {0x6969, "NFS", true},      {0x517b, "SMB", true},         {0xff534d42, "CIFS", true},
    {0xfe534d42, "SMB2", true}, {0x0bd00bd0, "Lustre", true},  {0x00c36400, "Ceph", true},
    {0x47504653, "GPFS", true}, {0x19830326, "BeeGFS", true},  {0x5346414f, "AFS", true},
    {0x6b414653, "kAFS", true}, {0x73757245, "Coda", true},    {0x7461636f, "OCFS2", true},
    {0x01161970, "GFS2", true}, {0x564c, "NCP", true},         {0x01021997, "9p", false},
    {FUSE, "FUSE", false},      {0x786f4256, "vboxsf", false},
};

/* Those of FUSE that lead elsewhere, by what stands behind "fuse." in /proc/self/mountinfo. */
static const struct filesystem fuse_rows[] = {
    {FUSE, "sshfs", true},         {FUSE, "glusterfs", true}, {FUSE, "ceph", true},
    {FUSE, "ceph-fuse", true},     {FUSE, "s3fs", true},      {FUSE, "gcsfuse", true},
    {FUSE, "juicefs", true},       {FUSE, "rclone", true},    {FUSE, "davfs", true},
    {FUSE, "curlftpfs", true},     {FUSE, "moosefs", true},   {FUSE, "mfs", true},
    {FUSE, "lizardfs", true},      {FUSE, "goofys", true},    {FUSE, "blobfuse2", true},
    {FUSE, "mountpoint-s3", true},
};

static const struct filesystem *find_fuse(const char *kind)
{
    for (size_t i = 0; i < sizeof fuse_rows / sizeof *fuse_rows; i++)
        if (strncmp(kind, "fuse.", 5) == 0 && strcmp(fuse_rows[i].name, kind + 5) == 0)
            return &fuse_rows[i];
    return NULL;
}

const struct filesystem *filesystem_find(long type, const char *kind)
{
    const struct filesystem *fuse = type == FUSE ? find_fuse(kind) : NULL;

    if (fuse != NULL)
        return fuse;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((unsigned long)rows[i].type == ((unsigned long)type & 0xffffffffUL))
            return &rows[i];
    return NULL;
}

/* "36 35 98:0 /root /mount rw shared:1 - fuse.sshfs host: rw": the kind stands behind the dash. */
static bool read_mount(char kind[64], const char *line, dev_t device)
{
    unsigned int high, low;
    const char *dash = strstr(line, " - ");

    if (sscanf(line, "%*d %*d %u:%u", &high, &low) != 2 || dash == NULL ||
        makedev(high, low) != device)
        return false;
    return sscanf(dash, " - %63s", kind) == 1;
}

static void find_kind(char kind[64], dev_t device)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;

    while (mounts != NULL && getline(&line, &size, mounts) > 0)
        if (read_mount(kind, line, device))
            break;
    free(line);
    if (mounts != NULL)
        fclose(mounts);
}

int filesystem_look_here(long *type, char kind[64], const char *dir)
{
    struct statfs facts;
    struct stat st;

    kind[0] = '\0';
    if (statfs(dir, &facts) != 0 || stat(dir, &st) != 0)
        return -1;
    *type = (long)facts.f_type;
    if (*type == FUSE)
        find_kind(kind, st.st_dev);
    return 0;
}

/* The folder itself, or the nearest above it that exists; the caller frees. */
static char *nearest(const char *dir)
{
    char *path = mem_strdup(dir);

    while (!file_exists(path) && strcmp(path, "/") != 0 && strcmp(path, ".") != 0) {
        char *above = path_dir(path);
        free(path);
        path = above;
    }
    return path;
}

static int look_at(const struct filesystem **out, filesystem_look *look, const char *dir,
                   struct err *err)
{
    char *path = nearest(dir), kind[64];
    long type;
    int rc = look(&type, kind, path);

    if (rc != 0)
        err_sys(err, "cannot look at the file system of '%s'", path);
    else
        *out = filesystem_find(type, kind);
    free(path);
    return rc;
}

static int refuse(const struct filesystem *found, const char *dir, struct err *err)
{
    if (found == NULL || !found->refused)
        return 0;
    return err_environment(err,
                           "'%s' lies on a network file system (%s), where the record's log "
                           "and locks do not hold: name a local folder by --dir",
                           dir, found->name);
}

int filesystem_refuse_by(filesystem_look *look, const char *dir, struct err *err)
{
    const struct filesystem *found;

    return look_at(&found, look, dir, err) != 0 ? -1 : refuse(found, dir, err);
}

int filesystem_refuse(const char *dir, struct err *err)
{
    return filesystem_refuse_by(filesystem_look_here, dir, err);
}

int filesystem_check(const char *dir, struct err *err)
{
    const struct filesystem *found;

    if (look_at(&found, filesystem_look_here, dir, err) != 0 || refuse(found, dir, err) != 0)
        return -1;
    if (found != NULL)
        log_warn("'%s' lies on %s: if that is not on this machine, name a local folder by --dir",
                 dir, found->name);
    return 0;
}
