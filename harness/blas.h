/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blas.h - which OpenBLAS `nightshift-lm` finds on this machine.
 *
 * `nightshift` itself computes nothing with it and is not linked with it, since it starts threads
 * as soon as it is loaded: it is opened to be asked, and closed again.
 */
#ifndef HARNESS_BLAS_H
#define HARNESS_BLAS_H

struct blas {
    char *config; /* "OpenBLAS 0.3.21 DYNAMIC_ARCH …"; NULL: there is no such library here */
    char *core;   /* whose kernels it takes on this CPU, "SkylakeX"; NULL likewise */
};

void blas_look(struct blas *out);
void blas_clear(struct blas *blas);

#endif
