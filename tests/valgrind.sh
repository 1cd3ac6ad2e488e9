#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# valgrind.sh TEST…: each test program, and a run of the trainer with all that keeps state, under
# $VALGRIND.  Prints one line each; ends with 1 where valgrind has something to say.
build=$(cd "$B" && pwd) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/nightshift-valgrind-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
bad=0
more=

# check NAME COMMAND…
check()
{
    name=$1
    shift
    if env $VALGRIND $more "$@" >"$work/out" 2>&1; then
        echo "ok   $name"
    else
        echo "BAD  $name"
        grep '^==\|FAILED' "$work/out"
        bad=1
    fi
}
perl -e 'my $r = 1; for (1 .. 9000) { $r = ($r * 1103515245 + 12345) % 2147483648;
    print pack("v", int($r / 65536) % 97) }' >"$work/tokens.bin"
echo '{"dim": 32, "layers": 2, "heads": 4, "kv_heads": 2, "seq": 32, "batch": 8, "vocab": 97,
    "micro_batch": 2, "model": "qwen3", "optimizer": "muon", "ema": 0.9, "checkpoint_every": 3,
    "steps": 5, "log_every": 1}' >"$work/c.json"
check train "$build/nightshift-lm" train --config "$work/c.json" --data "$work/tokens.bin" --threads 3 --out "$work/run"
check eval "$build/nightshift-lm" eval "$work/run" --tokens "$work/tokens.bin" --threads 2
for program; do
    case $program in
    # PCRE2's compiled patterns read whole vectors, of which they use what is there.
    *test_tokenizer) more=--undef-value-errors=no ;;
    *) more= ;;
    esac
    check "${program##*/}" "$program"
done
exit $bad
