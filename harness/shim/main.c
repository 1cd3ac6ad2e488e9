/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The shim as a program of its own, which `nightshift` carries inside (shim_image.h): it starts in
 * a tenth of the time, since it is linked with what it needs alone.
 */
#include <locale.h>
#include <signal.h>
#include <stddef.h>
#include <sys/stat.h>

#include "err.h"
#include "shim.h"

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    umask(077);
    signal(SIGXFSZ, SIG_IGN);
    return argc == 3 ? shim_main(argv[2]) : ERR_USAGE;
}
