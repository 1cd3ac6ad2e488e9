#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# fuzz.sh BUILD SECONDS [TARGET…] - each target by libFuzzer for so long.  What it finds new is kept
# in BUILD/corpus/<target>, an input that breaks something in BUILD/crash-<target>-….  One line each:
# target, executions, seconds, findings, and the executions of all calls so far, which
# BUILD/executions.tsv lists with commit and date.  LENGTH: of the longest input (16384 bytes).
set -u
build=$1 seconds=$2
shift 2
[ $# -gt 0 ] || set -- study stream tokens checkpoint record config tokenizer gguf sweep own_config packed
bad=0
LSAN_OPTIONS=suppressions=tests/fuzz/leaks.supp:print_suppressions=0
# Freed memory waits in a megabyte only: the small inputs here free little, and with the usual 256 MiB
# most of the time goes into touching pages anew (half as many executions a second).
ASAN_OPTIONS=quarantine_size_mb=1:thread_local_quarantine_size_kb=64:malloc_context_size=4
export LSAN_OPTIONS ASAN_OPTIONS
tally=$build/executions.tsv
for target in "$@"; do
    mkdir -p "$build/corpus/$target" "tests/fuzz/corpus/$target"
    "$build/tests/replay" -s "$target" >"$build/corpus/$target/seed"
    words=tests/fuzz/words/$target
    FUZZ_TARGET=$target "$build/tests/fuzz" $([ ! -e "$words" ] || echo "-dict=$words") \
        -max_total_time="$seconds" -timeout=1 -rss_limit_mb=512 -max_len="${LENGTH:-16384}" \
        -print_final_stats=1 -artifact_prefix="$build/crash-$target-" \
        "$build/corpus/$target" "tests/fuzz/corpus/$target" >"$build/$target.log" 2>&1
    status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$target.log")
    finding=$([ $status -eq 0 ] && echo no finding || echo "a finding: see $build/$target.log")
    printf '%s\t%s\t%s\t%s\t%s\n' "$target" "${runs:-0}" "$(date -u +%FT%TZ)" \
        "$(git rev-parse --short HEAD)" "$finding" >>"$tally"
    echo "$target: ${runs:-?} executions in $seconds s, $finding;" \
        "$(awk -v t="$target" '$1 == t { n += $2 } END { print n + 0 }' "$tally") in all calls"
    [ $status -eq 0 ] || bad=1
done
exit $bad
