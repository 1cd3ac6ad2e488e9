#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a search has found after so many runs, beside Optuna and the forerunner's rule, on problems
# whose truth is known.  docs/search.md holds the table with its date.
#
#   make bench-search [REPETITIONS=10] [PROBLEMS="sphere-5 lm-8"] [NOISES="0 1"] [LIMIT=60]
#                     [LONG=5] [CONTESTANTS="gp forerunner"] [SAMPLERS="tpe cmaes"] [PEER_ROOT=DIR]
#
# Every repetition is another instance of every problem.  It goes through them repetition by
# repetition, so that it may be stopped at any time (LIMIT ends it after so many minutes) and goes on
# where it was; what is done of the same program stands in build/bench-search/.  Studies of 300 runs
# are dear: they are there for the noises 0 and 1, in the first LONG repetitions.  At the end the
# table is printed and left in build/bench-search.tsv, a row for each study.
#
# CONTESTANTS, ours: a strategy alone, STRATEGY+two_level, forerunner (tests/search_bench.c).
# SAMPLERS, Optuna's, where it is installed (Debian: python3-optuna python3-cmaes): random tpe
# tpe-multivariate cmaes.  PEER_ROOT names a tree with an Optuna of its own, entered by chroot (as
# root), whose GPSampler takes part where it runs (Optuna 3.6 and PyTorch):
#   debootstrap --variant=minbase --include=python3-optuna,python3-torch,python3-scipy trixie DIR
set -eu

bench=build/tests/search_bench
peer=share/peers/optuna_search.py
work=build/bench-search
repetitions=${REPETITIONS:-10}
long=${LONG:-$repetitions}
problems=${PROBLEMS:-$($bench list | awk '{ print $1 }')}
noises=${NOISES:-0 0.25 1 4 0.25x4}
contestants=${CONTESTANTS:-auto perturb tpe cmaes random sobol forerunner
    auto+two_level perturb+two_level tpe+two_level cmaes+two_level random+two_level}
samplers=${SAMPLERS-random tpe cmaes}

case $repetitions in '' | *[!0-9]* | 0) echo "bench-search: REPETITIONS=$repetitions is not a number above 0" >&2; exit 2 ;; esac
began=$(date +%s)
mkdir -p "$work"

python=/usr/bin/python3
[ -x $python ] || python=python3

# budgets NOISE INSTANCE
budgets()
{
    case $1 in
    0 | 1) [ "$2" -gt "$long" ] || { echo 50,100,300; return; } ;;
    esac
    echo 50,100
}

comma() { echo "$@" | tr ' ' ,; }

# begin FILE FINGERPRINT: goes on with FILE where it is of the same make, else begins it.
begin()
{
    if [ -s "$1" ] && [ "$(head -n 1 "$1")" = "# $2" ]; then return; fi
    [ ! -s "$1" ] || { mv "$1" "$1.old"; echo "the rows of another make were moved to $1.old"; }
    echo "# $2" >"$1"
}

# missing FILE PROBLEM NOISE INSTANCE NAME…: the contestants without a row of the largest budget.
missing()
{
    file=$1 key=$2.$3.$4.$(budgets "$3" "$4" | sed 's/.*,//')
    shift 4
    awk -F '\t' -v key="$key" -v names="$*" '
        $1 "." $2 "." $5 "." $3 == key { there[$4] = 1 }
        END { n = split(names, name, " "); for (i = 1; i <= n; i++) if (!(name[i] in there)) print name[i] }' "$file"
}

late() { [ -n "${LIMIT:-}" ] && [ $(($(date +%s) - began)) -ge $((LIMIT * 60)) ]; }

failed() { echo "bench-search: failed: $*" >&2; exit 1; }

# add_rows FILE: those that are not there yet; a longer study begins with the rows of a shorter one.
add_rows() { awk -F '\t' '{ key = $1 FS $2 FS $3 FS $4 FS $5 } NR == FNR { there[key] = 1; next } !(key in there)' "$1" "$work/rows" >"$work/new"; cat "$work/new" >>"$1"; }

# ours PROBLEM NOISE INSTANCE: all rows that are missing, or none.
# shellcheck disable=SC2086 # one word for each
ours()
{
    left=$(missing "$work/ours.tsv" "$@" $contestants)
    [ -n "$left" ] || return 0
    $bench night --problem "$1" --noise "$2" --instance "$3" --budgets "$(budgets "$2" "$3")" \
        --contestants "$(comma $left)" >"$work/rows" || failed "$@"
    add_rows "$work/ours.tsv"
}

# optuna PEER ARGUMENT…: optuna_search.py with the Optuna of this system, or of the tree PEER_ROOT.
optuna()
{
    case $1 in
    system) shift; $python $peer "$@" ;;
    root) shift; chroot "$PEER_ROOT" env OMP_NUM_THREADS=1 python3 -c "$(cat $peer)" "$@" ;;
    esac
}

# theirs PEER PROBLEM NOISE INSTANCE SAMPLER…: the same for Optuna.  Program and problem are tied to
# each other in both directions.
# shellcheck disable=SC2046,SC2086,SC2094 # one word for each; one file is a pipe
theirs()
{
    which=$1 problem=$2 noise=$3 instance=$4
    shift 4
    left=$(missing "$work/peers.tsv" "$problem" "$noise" "$instance" $(printf 'optuna-%s ' "$@") | sed 's/^optuna-//')
    [ -n "$left" ] || return 0
    rm -f "$work/answers"
    mkfifo "$work/answers"
    optuna "$which" --problem "$problem" --noise "$noise" --instance "$instance" --budgets "$(budgets "$noise" "$instance")" \
        --samplers "$(comma $left)" <"$work/answers" 3>"$work/rows" |
        $bench serve --problem "$problem" --noise "$noise" --instance "$instance" >"$work/answers"
    # Two rows a budget and sampler: a program that ended early has left fewer.
    wanted=$(budgets "$noise" "$instance" | awk -F, -v n="$(echo $left | wc -w)" '{ print 2 * NF * n }')
    [ "$(wc -l <"$work/rows")" -eq "$wanted" ] || failed "$which $problem $noise $instance"
    add_rows "$work/peers.tsv"
}

# find_samplers PEER SAMPLER…: those that run there, in $found; the others are named.
find_samplers()
{
    which=$1 found=
    shift
    optuna "$which" --which >"$work/samplers" 2>&1 || { echo "optuna    $which: $(tail -n 1 "$work/samplers")"; return 0; }
    for s; do
        if grep -qx -- "$s" "$work/samplers"; then found="$found $s"
        else echo "optuna    $which: $(grep -- "^$s is left out" "$work/samplers" || echo "$s is left out")"; fi
    done
    [ -z "$found" ] || echo "optuna    $which:$found"
}

echo "machine   $(uname -m), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
# shellcheck disable=SC2086
find_samplers system $samplers
samplers=$found found=
[ -z "${PEER_ROOT:-}" ] || find_samplers root gp
root_samplers=$found
begin "$work/ours.tsv" "$(cksum <$bench)"
begin "$work/peers.tsv" "$(cat tests/bench_problem.h tests/bench_problems.c tests/bench_instance.c tests/losses.h $peer | cksum)"

i=0
while [ $i -lt "$repetitions" ] && ! late; do
    i=$((i + 1))
    for problem in $problems; do
        for noise in $noises; do
            late && break 2
            ours "$problem" "$noise" $i
            # shellcheck disable=SC2086
            { [ -z "$samplers" ] || theirs system "$problem" "$noise" $i $samplers
            [ -z "$root_samplers" ] || theirs root "$problem" "$noise" $i $root_samplers; }
        done
        printf '\r%s: repetition %d of %d, %s, %d s  ' "bench-search" $i "$repetitions" "$problem" $(($(date +%s) - began)) >&2
    done
done
echo >&2

{
    printf 'problem\tnoise\tbudget\tcontestant\tinstance\tregret\texcess\tlost\tms\n'
    grep -hv '^#' "$work/ours.tsv" "$work/peers.tsv"
} >build/bench-search.tsv
$python share/search_table.py build/bench-search.tsv
