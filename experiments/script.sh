#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# script.sh LR DEPTH SEED - stands for a trainer: prints the loss of a bowl, with noise by the seed.
set -eu
[ $# -eq 3 ] || { echo "usage: script.sh LR DEPTH SEED" >&2; exit 2; }

LC_ALL=C exec awk -v lr="$1" -v depth="$2" -v seed="$3" 'BEGIN {
    srand(seed % 2147483647)
    noise = 0
    for (i = 0; i < 12; i++)
        noise += rand() - 0.5                        # about a standard normal deviate
    miss = (log(lr / 0.003) / log(10)) ^ 2 * 0.05 + ((depth - 8) / 8) ^ 2 * 0.1
    printf "step 100 of 100\nval_bpb: %.6f\n", 0.95 + miss + 0.002 * noise
}'
