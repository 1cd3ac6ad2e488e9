/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <sys/vfs.h>

#include "filesystem.h"
#include "log.h"

/* Numbers: statfs(2) and linux/magic.h; Lustre's, GPFS's and BeeGFS's from their own sources. */
static const struct filesystem rows[] = {
    {0x6969, "NFS", true},       {0x517b, "SMB", true},         {0xff534d42, "CIFS", true},
    {0xfe534d42, "SMB2", true},  {0x0bd00bd0, "Lustre", true},  {0x00c36400, "Ceph", true},
    {0x47504653, "GPFS", true},  {0x19830326, "BeeGFS", true},  {0x5346414f, "AFS", true},
    {0x6b414653, "kAFS", true},  {0x73757245, "Coda", true},    {0x7461636f, "OCFS2", true},
    {0x01161970, "GFS2", true},  {0x564c, "NCP", true},         {0x01021997, "9p", false},
    {0x65735546, "FUSE", false}, {0x786f4256, "vboxsf", false},
};

const struct filesystem *filesystem_find(long type)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((unsigned long)rows[i].type == ((unsigned long)type & 0xffffffffUL))
            return &rows[i];
    return NULL;
}

int filesystem_check(const char *dir, struct err *err)
{
    struct statfs facts;

    if (statfs(dir, &facts) != 0)
        return err_sys(err, "cannot look at the file system of '%s'", dir);
    const struct filesystem *found = filesystem_find((long)facts.f_type);
    if (found == NULL)
        return 0;
    if (found->refused)
        return err_environment(err,
                               "'%s' lies on a network file system (%s), where the record's log "
                               "and locks do not hold: name a local folder by --dir",
                               dir, found->name);
    log_warn("'%s' lies on %s: if that is not on this machine, name a local folder by --dir", dir,
             found->name);
    return 0;
}
