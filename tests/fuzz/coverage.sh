#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# coverage.sh BUILD CORPUS - lines of the readers that the inputs of tests/fuzz/corpus and of CORPUS
# (what `make fuzz` has found) reach, by llvm-cov.
set -eu
build=$1 corpus=$2
readers='experiments/study.c experiments/study_space.c experiments/study_command.c experiments/yaml.c
experiments/yaml_map.c experiments/yaml_scalar.c search/constraint_parse.c harness/stream.c
harness/stream_line.c harness/stream_canonical.c harness/tail.c trainer/data.c trainer/safetensors.c
trainer/checkpoint.c trainer/compact.c trainer/config.c trainer/tokenizer.c trainer/tokenizer_json.c trainer/token_file.c experiments/store_load.c
experiments/store_event.c experiments/store_list.c'
for target in study stream tokens checkpoint record config tokenizer; do
    LLVM_PROFILE_FILE="$build/$target.profraw" "$build/tests/replay" "$target" tests/fuzz/corpus \
        "$corpus"
done
llvm-profdata merge -o "$build/fuzz.profdata" "$build"/*.profraw
present=
for f in $readers; do [ ! -e "$f" ] || present="$present $f"; done
llvm-cov report "$build/tests/replay" -instr-profile="$build/fuzz.profdata" $present
