#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# fuzz.sh BUILD SECONDS [TARGET…] - each target by libFuzzer for so long.  What it finds new is kept
# in BUILD/corpus/<target>, an input that breaks something in BUILD/crash-<target>-….  One line each:
# target, executions, seconds, findings.
set -u
build=$1 seconds=$2
shift 2
[ $# -gt 0 ] || set -- study stream tokens checkpoint record config tokenizer gguf
bad=0
LSAN_OPTIONS=suppressions=tests/fuzz/leaks.supp:print_suppressions=0
export LSAN_OPTIONS
for target in "$@"; do
    mkdir -p "$build/corpus/$target" "tests/fuzz/corpus/$target"
    "$build/tests/replay" -s "$target" >"$build/corpus/$target/seed"
    words=tests/fuzz/words/$target
    FUZZ_TARGET=$target "$build/tests/fuzz" ${words:+$([ ! -e "$words" ] || echo "-dict=$words")} -max_total_time="$seconds" -timeout=1 -rss_limit_mb=512 \
        -max_len=16384 -print_final_stats=1 -artifact_prefix="$build/crash-$target-" \
        "$build/corpus/$target" "tests/fuzz/corpus/$target" >"$build/$target.log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$target.log")
    echo "$target: ${runs:-?} executions in $seconds s, $([ $status -eq 0 ] && echo no finding ||
        echo "a finding: see $build/$target.log")"
    [ $status -eq 0 ] || bad=1
done
exit $bad
