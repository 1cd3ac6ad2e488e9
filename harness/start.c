/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>

#include "start.h"

/* A closed standard descriptor would be given to the next file that is opened, and our talk be
 * written into a lock or a record.  It is opened the wrong way round: using it still fails. */
static bool fill_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

bool start_well(void)
{
    if (!fill_standard_descriptors())
        return false;
    /* Numbers in files never follow the user's locale; what we write is ours alone to read. */
    setlocale(LC_CTYPE, "");
    umask(077);
    signal(SIGXFSZ, SIG_IGN); /* a file at its limit is an error of the write, as a full disk is */
    return true;
}
