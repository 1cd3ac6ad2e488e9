/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * main.c - `nightshift`: the table of subcommands, and nothing else.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "arguments.h"
#include "command.h"
#include "shim.h"

int main(int argc, char **argv)
{
    /* Numbers in files never follow the user's locale; what we write is ours alone to read. */
    setlocale(LC_CTYPE, "");
    umask(077);
    if (argc == 3 && strcmp(argv[1], "_shim") == 0)
        return shim_main(argv[2]);
    return command_main(argc, argv);
}
