#!/bin/sh
# What a night's worth depends on, measured here and now: the trainer, the tokenizer, the harness.
# Peers that are not installed are named.  docs/performance.md holds the table with its date.
set -eu

top=$(pwd)
build=$top/build
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

echo "machine   $(uname -m), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo
for preset in small autoresearch; do
    for threads in 1 2; do
        echo "== training, preset $preset, $threads thread(s)"
        "$build/nightshift-lm" bench --preset $preset --threads $threads
    done
done
echo
echo "== tokenizer: the King James Bible, vocabulary 2,048 (learned and encoded on one core)"
bible 'Gen1:1-Rev22:21' >kjv.txt
"$build/nightshift-lm" prepare --text kjv.txt --vocab 2048 --out data 2>&1 | grep -E 'learned|encoded'
echo
echo "== harness: experiments a second with a trainer that does nothing (process per run, full durability)"
cat >stub.yaml <<END
name: stub
metric: {name: val_loss, goal: minimize}
trainer: {command: [$build/tests/fake_trainer, ok, --config, "{config}", --seed, "{seed}", --noise, "0.05"]}
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: uniform, min: -3, max: 3, start: 3}
search: {strategy: random}
jobs: 2
run_cap: 100
END
began=$(date +%s.%N)
"$build/nightshift" run stub.yaml --quiet >/dev/null
awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "100 experiments in %.2f s: %.1f a second\n", b - a, 100 / (b - a) }'
"$build/nightshift" status stub.yaml | sed -n 's/^runs/runs/p'
echo
for peer in torch optuna; do
    python3 -c "import $peer; print('peer', '$peer', $peer.__version__, 'is installed')" 2>/dev/null ||
        echo "peer $peer is not installed: no ratio"
done
