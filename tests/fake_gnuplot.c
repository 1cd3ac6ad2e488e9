/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fake_gnuplot - reads a script to its end and draws nothing: for tests of what goes on around the
 * drawing, where starting gnuplot would take longer than all the rest. */
#include <stdio.h>

int main(void)
{
    char bytes[4096];

    while (fread(bytes, 1, sizeof bytes, stdin) > 0)
        ;
    return puts("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\" height=\"1\"/>") < 0;
}
