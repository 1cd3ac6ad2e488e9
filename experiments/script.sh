#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# script.sh LR DEPTH SEED - stands for a trainer: prints the loss of a bowl with noise on it.  Half
# of the noise comes from the seed alone, which comparing runs on equal seeds takes away.
set -eu
[ $# -eq 3 ] || { echo "usage: script.sh LR DEPTH SEED" >&2; exit 2; }

LC_ALL=C exec awk -v lr="$1" -v depth="$2" -v seed="$3" '
function noise(key,    i, sum) {                   # about a standard normal deviate
    srand(int(key) % 2147483647)
    for (i = 0; i < 12; i++)
        sum += rand() - 0.5
    return sum
}
BEGIN {
    miss = 0.05 * (log(lr / 0.003) / log(10)) ^ 2 + 0.1 * ((depth - 8) / 8) ^ 2
    luck = noise(seed) + noise(seed + lr * 1e9 + depth * 104729)
    printf "step 100 of 100\nval_bpb: %.6f\n", 0.95 + miss + 0.003 * luck
}'
