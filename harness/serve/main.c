/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `serve` as a program of its own: HTTP brings nine libraries with it (libmicrohttpd, GnuTLS and
 * what that needs), whose loading every other command would wait for.  The words are those behind
 * `nightshift serve`, which becomes this program (serve_program.c).
 */
#include "command.h"
#include "err.h"
#include "start.h"

extern const struct command command_serve;

int main(int argc, char **argv)
{
    return start_well() ? command_call(&command_serve, argc, argv) : ERR_ENVIRONMENT;
}
