#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# coverage.sh BUILD CORPUS - lines of the readers that the inputs of tests/fuzz/corpus and of CORPUS
# (what `make fuzz` has found) reach, by llvm-cov.
set -eu
build=$1 corpus=$2
# Some of these files write too: what is read is written again by the targets, or once by their seeds.
readers='experiments/study.c experiments/study_.*.c experiments/yaml.*.c experiments/flat_json.c
experiments/claim_text.c experiments/trial.c experiments/query.c experiments/pack.c experiments/store_curve.c search/constraint_parse.c
harness/stream.*.c harness/tail.c harness/config_file.c harness/wandb.*.c trainer/data.c trainer/safetensors_header.c trainer/storage.c trainer/checkpoint.c
trainer/compact.c trainer/config.c trainer/tokenizer.c trainer/tokenizer_json.c trainer/gguf.c trainer/gguf_tokenizer.c
trainer/format_gguf.c experiments/store_load.c experiments/store_event.c experiments/store_list.c'
for target in study stream tokens checkpoint record config tokenizer gguf sweep own_config packed; do
    LLVM_PROFILE_FILE="$build/$target.profraw" "$build/tests/replay" "$target" tests/fuzz/corpus \
        "$corpus"
done
llvm-profdata merge -o "$build/fuzz.profdata" "$build"/*.profraw
llvm-cov report "$build/tests/replay" -instr-profile="$build/fuzz.profdata" 2>/dev/null |
    awk -v readers="$(echo $readers | tr ' ' '|')" '
        BEGIN { printf "%-36s %6s %8s %9s\n", "reader", "lines", "missed", "reached" }
        function row(name, lines, missed) {
            printf "%-36s %6d %8d %7.1f %%\n", name, lines, missed, 100 * (lines - missed) / lines
        }
        $1 ~ "^(" readers ")$" { row($1, $8, $9); lines += $8; missed += $9 }
        END { row("all", lines, missed) }'
