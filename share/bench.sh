#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a night's worth depends on, measured here and now beside the peers that are installed.
# docs/performance.md holds the table with its date.
#
#   make bench [ROUNDS=7] [ROWS="small autoresearch"] [PEERS="system root"] [PEER_ROOT=DIR] [LLAMA=DIR]
#
# Ours and the peers take turns, ROUNDS times, each time in a new process.  A ratio is the median of
# the ratios of the rounds, which stand behind it from the least to the largest.  The table is also
# left in build/bench.tsv.
#
# ROWS, all by default:
#   small autoresearch stories110m   training beside PyTorch, and beside the same products alone
#   batches                          PyTorch's tokens a second with larger micro-batches
#   side-by-side                     two runs of one thread beside one
#   adamw memory start               beside memory traffic, beside a formula, from exec to the first step
#   text                             prompts and new tokens beside llama.cpp, F32 in both, random weights
#   tokenizer harness                no peer
#
# PEERS: PyTorch of this system (Debian: python3-torch libopenblas0-openmp), and PyTorch of another
# root, which a chroot enters (as root).  Such a tree is made by
#   debootstrap --variant=minbase --include=python3-torch,libopenblas0-openmp trixie DIR
# /proc and /sys are mounted in it for the peer alone: without them PyTorch takes its slowest kernels.
#
# LLAMA: a folder with llama.cpp's shared libraries, which npm gets (no model comes with them):
#   npm install --prefix DIR --ignore-scripts @node-llama-cpp/linux-x64@3.22.1
set -eu

top=$(pwd)
build=$top/build
rounds=${ROUNDS:-7}
rows=${ROWS:-small autoresearch batches stories110m side-by-side adamw memory start text tokenizer harness}
peers=${PEERS-system root}
threads=2

case $rounds in '' | *[!0-9]* | 0) echo "bench: ROUNDS=$rounds is not a number above 0" >&2; exit 2 ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"
PATH=$build:$PATH
: >table

# --- series: a file for each thing measured, with a number for each round ---

# median FILE
median() { sort -g "$1" | awk '{ x[NR] = $1 } END { print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2 }'; }

# row WHAT OURS PEER RATIO RANGE TARGET VERDICT
row() { printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$@" >>table; }

# compare WHAT FORMAT OURS PEER LIMIT: a row of two series; LIMIT is ">= 1.3", "<= 1.5" or "-".
compare()
{
    paste "$3" "$4" | awk '{ print $1 / $2 }' | sort -g >ratios
    ratio=$(median ratios)
    range=$(awk 'NR == 1 { a = $1 } END { printf "%.2f-%.2f", a, $1 }' ratios)
    verdict=$(awk -v r="$ratio" -v limit="$5" 'BEGIN { split(limit, x, " ")
        if (limit == "-") print "-"
        else print (x[1] == ">=" ? r >= x[2] : r <= x[2]) ? "met" : "missed" }')
    # shellcheck disable=SC2059 # the format is ours
    row "$1" "$(printf "$2" "$(median "$3")")" "$(printf "$2" "$(median "$4")")" \
        "$(printf %.2f "$ratio")" "$range" "$5" "$verdict"
}

# ours PRESET THREADS STEPS: one `bench`; each of its numbers goes to the series ours.PRESET.THREADS.KEY.
ours()
{
    nightshift-lm bench --preset "$1" --threads "$2" --steps "$3" --json >json
    tr ',{}' '\n\n\n' <json | sed -n 's/^"\([a-z_]*\)":\([-+0-9.e]*\)$/\1 \2/p' |
        while read -r key value; do echo "$value" >>"ours.$1.$2.$key"; done
}

# repeat COMMAND…: as many rounds as are asked for.
repeat()
{
    round=0
    while [ "$round" -lt "$rounds" ]; do
        round=$((round + 1))
        "$@"
    done
}

# --- peers ---

tuned="MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=16000000000
    MALLOC_TOP_PAD_=268435456 OMP_NUM_THREADS=$threads"
torch_step=$(cat "$top/share/peers/torch_step.py")

# openmp ROOT: the folder of its OpenBLAS for OpenMP, as a path inside ROOT.
openmp() { for d in "$1"/usr/lib/*/openblas-openmp; do [ -d "$d" ] && echo "${d#"$1"}"; done; }

# torch PEER ARGUMENT…: torch_step.py of that peer, as fast as its settings make it.
torch()
{
    peer=$1
    shift
    # shellcheck disable=SC2086 # one word for each setting
    case $peer in
    system) env $tuned LD_LIBRARY_PATH="$(openmp '')" "$python" -c "$torch_step" "$@" ;;
    root)
        env $tuned unshare --mount sh -c 'root=$1 libraries=$2 && shift 2 &&
            mount -t proc proc "$root/proc" && mount -t sysfs sys "$root/sys" &&
            exec chroot "$root" env LD_LIBRARY_PATH="$libraries" python3 -c "$@"' \
            sh "$PEER_ROOT" "$(openmp "$PEER_ROOT")" "$torch_step" "$@"
        ;;
    *) echo "no such peer" >&2; return 1 ;;
    esac
}

# find_peers: keeps in $peers those that run; says what each is, or why it is left out.
find_peers()
{
    there=
    python=/usr/bin/python3
    [ -x $python ] || python=python3
    for peer in $peers; do
        if [ "$peer" = root ] && [ -z "${PEER_ROOT:-}" ]; then
            echo "peer      root is left out: PEER_ROOT names no tree with a PyTorch of its own"
        elif torch "$peer" small 1 1x1 >about 2>why; then
            about=$(head -n 1 about)
            echo "peer      $peer: PyTorch $about"
            eval "version_$peer=\${about%% *}"
            there="$there $peer"
        else
            echo "peer      $peer is left out: $(tail -n 1 why)"
        fi
    done
    peers=$there
}

# theirs PEER SHAPE STEPS SPLIT…: tokens a second and the optimizer's seconds of each split.
theirs()
{
    peer=$1 shape=$2
    shift 2
    torch "$peer" "$shape" "$@" >said 2>why || { tail -n 3 why >&2; exit 3; }
    sed 1d said | while read -r split speed update; do
        echo "$speed" >>"$peer.$shape.$split"
        echo "$update" >>"$peer.$shape.update"
    done
}

# best PEER SHAPE SPLIT…: the split with the highest median.
best()
{
    prefix=$1.$2
    shift 2
    for split; do echo "$(median "$prefix.$split") $split"; done | sort -g | sed -n '$s/.* //p'
}

# named PEER: for a row.
named() { eval "echo \"PyTorch \$version_$1\""; }

# asked PEER TARGET OLD_TARGET: what a version of before 2 is asked stands beside.
asked() { case $(named "$1") in *' 1.'*) echo ">= $3" ;; *) echo ">= $2" ;; esac; }

# --- training beside PyTorch ---

# train_round PRESET STEPS PEER_STEPS SPLIT…
train_round()
{
    preset=$1 steps=$2
    shift 2
    ours "$preset" $threads "$steps"
    for peer in $peers; do theirs "$peer" "$preset" "$@"; done
}

# beside_products PRESET: what is left of the machine's products.
beside_products()
{
    own=ours.$1.$threads
    paste "$own.step_tokens" "$own.products_s" | awk '{ print $1 / $2 }' >"$own.products"
    compare "$1: the same products alone, tokens/s" %.0f "$own.tokens_per_s" "$own.products" "$2"
    compare "$1: products of 1024^3, GFLOP/s" %.1f "$own.gflops" "$own.gemm_gflops" -
}

row_small()
{
    repeat train_round small 20 9 16x1
    for peer in $peers; do
        compare "small: $(named "$peer"), tokens/s" %.0f ours.small.$threads.tokens_per_s "$peer.small.16x1" '>= 4'
    done
    beside_products small -
}

row_autoresearch()
{
    repeat train_round autoresearch 3 1 10x1 5x2 2x5 1x10
    own=ours.autoresearch.$threads.tokens_per_s
    for peer in $peers; do
        split=$(best "$peer" autoresearch 10x1 5x2 2x5 1x10)
        compare "autoresearch: $(named "$peer") at its best, $split, tokens/s" %.0f \
            "$own" "$peer.autoresearch.$split" "$(asked "$peer" 1.3 1.6)"
        compare "autoresearch: $(named "$peer") at 1x10, tokens/s" %.0f \
            "$own" "$peer.autoresearch.1x10" "$(asked "$peer" 2.2 2.7)"
    done
    beside_products autoresearch '>= 0.85'
}

row_stories110m()
{
    repeat train_round stories110m 1 3 4x1
    for peer in $peers; do
        compare "stories110m: $(named "$peer"), tokens/s" %.0f \
            ours.stories110m.$threads.tokens_per_s "$peer.stories110m.4x1" '>= 1.3'
    done
    beside_products stories110m -
}

batches_round() { for peer in $peers; do theirs "$peer" autoresearch 1 4x1 8x1 16x1; done; }
row_batches()
{
    repeat batches_round
    for peer in $peers; do
        for split in 4x1 8x1 16x1; do
            row "autoresearch: $(named "$peer") at $split, tokens/s" - \
                "$(printf %.0f "$(median "$peer.autoresearch.$split")")" - - - -
        done
    done
}

# --- runs of `train` ---

# Random tokens below 2,048, which every vocabulary here has.
tokens() { [ -s tokens.bin ] || perl -e 'srand 1; print pack "S<*", map { int rand 2048 } 1 .. 500000' >tokens.bin; }

# config PRESET VOCAB STEPS
config() { printf '{"preset": "%s", "data": "%s/tokens.bin", "vocab": %s, "steps": %s, "log_every": 1,
    "val_tokens": 256, "save": false}\n' "$1" "$work" "$2" "$3"; }

# number KEY FILE: of the last record that has it.
number() { sed -n 's/.*"'"$1"'":\([-+0-9.e]*\)[,}].*/\1/p' "$2" | tail -n 1; }

# alone CORE PRESET: one run of one thread.
alone()
{
    taskset -c "$1" nightshift-lm train --config "$2.json" --seed 1 --threads 1 --out "run$1" >"out$1"
}

side_by_side_round()
{
    for preset in small autoresearch; do
        alone $((round % 2)) $preset
        number tokens_per_s out$((round % 2)) >>one.$preset
        alone 0 $preset &
        alone 1 $preset
        wait $!
        echo "$(number tokens_per_s out0) $(number tokens_per_s out1)" | awk '{ print $1 + $2 }' >>two.$preset
    done
}

row_side_by_side()
{
    tokens
    config small 2048 40 >small.json
    config autoresearch 16893 3 >autoresearch.json
    repeat side_by_side_round
    for preset in small autoresearch; do
        compare "$preset: two runs of one thread beside one, tokens/s" %.0f two.$preset one.$preset '>= 1.9'
    done
}

# start_round: seconds from exec to the end of the first step, and less what that step took.
start_round()
{
    began=$(date +%s.%N)
    nightshift-lm train --config one.json --seed 1 --threads $threads --out run |
        while read -r line; do
            case $line in
            *'"step":1,'*) date +%s.%N >ended ;;
            *'"train_s":'*) echo "$line" >last ;;
            esac
        done
    awk -v a="$began" -v b="$(cat ended)" 'BEGIN { print b - a }' >>start.end
    awk -v a="$began" -v b="$(cat ended)" -v s="$(number train_s last)" 'BEGIN { print b - a - s }' >>start.begin
    echo 1 >>start.second
    ours autoresearch $threads 1
}

row_start()
{
    tokens
    config autoresearch 16893 1 >one.json
    rm -f "ours.autoresearch.$threads.step_s" # other rows' rounds
    repeat start_round
    compare "autoresearch: from exec to the first step, s" %.3f start.begin start.second '<= 0.3'
    compare "autoresearch: from exec to its end; beside a later step, s" %.3f start.end ours.autoresearch.$threads.step_s -
}

# --- the optimizer, and memory ---

adamw_round() { for n in 1 $threads; do ours autoresearch "$n" 3; done; }
row_adamw()
{
    repeat adamw_round
    for n in 1 $threads; do
        own=ours.autoresearch.$n
        awk '{ print 1e3 * $1 }' "$own.adamw_s" >"$own.adamw_ms"
        paste "$own.adamw_s" "$own.adamw_of_traffic" | awk '{ print 1e3 * $1 / $2 }' >"$own.traffic_ms"
        compare "AdamW, 19.93 M, $n thread(s): memory traffic at $(printf %.1f "$(median "$own.traffic_gb_per_s")") GB/s, ms" \
            %.2f "$own.adamw_ms" "$own.traffic_ms" '<= 1.5'
    done
    for peer in $peers; do
        [ -s "$peer.autoresearch.update" ] || continue
        awk '{ print 1e3 * $1 }' "$peer.autoresearch.update" | sort -g >update
        row "AdamW, 19.93 M, $threads threads: $(named "$peer"), ms" - "$(printf %.1f "$(median update)")" - - - -
    done
}

row_memory()
{
    for preset in autoresearch stories110m small; do
        for n in 1 $threads; do
            own=ours.$preset.$n
            [ -s "$own.peak_mib" ] || ours $preset "$n" 1
            limit='<= 1.1'
            compare "$preset: most memory, $n thread(s); the formula, MiB" %.0f "$own.peak_mib" "$own.memory_model_mib" "$limit"
        done
    done
}

# --- reading and writing text ---

# llama ARGUMENT…: llama_bench.py of the folder LLAMA.
llama() { python3 "$top/share/peers/llama_bench.py" "$LLAMA" "$@"; }

# text_model PRESET: the same random weights as PRESET.safetensors and PRESET.gguf.
text_model()
{
    printf '{"preset": "%s", "data": "%s/tokens.bin", "vocab": 32000, "steps": 1, "batch": 1, "seq": 256,
        "val_tokens": 256, "method": "mezo", "lr": 0}\n' "$1" "$work" >text.json
    nightshift-lm train --config text.json --seed 1 --threads $threads --out text >out
    nightshift-lm convert text "$1.safetensors" >out 2>why
    nightshift-lm convert text "$1.gguf" >out 2>why
    rm -r text
}

text_round()
{
    for preset in autoresearch stories110m; do
        nightshift-lm bench $preset.safetensors --threads $threads --json >json
        tr ',{}' '\n\n\n' <json | sed -n 's/^"\([a-z_]*\)":\([-+0-9.e]*\)$/\1 \2/p' |
            while read -r key value; do echo "$value" >>"text.$preset.$key"; done
        echo 1 >>"text.$preset.one"
        [ -n "$llama" ] || continue
        llama speed $preset.gguf 128 32 7 $threads >said
        cut -d ' ' -f 1 said >prompts
        cut -d ' ' -f 2 said >news
        median prompts >>"llama.$preset.prompt"
        median news >>"llama.$preset.new"
    done
}

row_text()
{
    llama=
    if [ -n "${LLAMA:-}" ] && llama about >about 2>why; then
        llama="llama.cpp $(cut -d ' ' -f 1 about)"
        echo "peer      $llama"
    else
        echo "peer      llama.cpp is left out: LLAMA names no folder with its libraries"
    fi
    tokens
    for preset in autoresearch stories110m; do text_model $preset; done
    repeat text_round
    for preset in autoresearch stories110m; do
        own=text.$preset
        compare "$preset: new tokens, of reading the weights" %.2f $own.share_of_bandwidth $own.one '>= 0.85'
        compare "$preset: from opening the file to its first token, s" %.3f $own.first_token_s $own.one '<= 0.2'
        [ -n "$llama" ] || continue
        compare "$preset: $llama, prompt of 128, tokens/s" %.0f $own.prompt_tokens_per_s llama.$preset.prompt '>= 1.2'
        compare "$preset: $llama, new tokens/s" %.1f $own.generate_tokens_per_s llama.$preset.new -
    done
}

# --- without a peer ---

row_tokenizer()
{
    bible 'Gen1:1-Rev22:21' >kjv.txt
    nightshift-lm prepare --text kjv.txt --vocab 2048 --out data 2>&1 | sed -n 's/^/tokenizer (King James Bible, one core): /; /learned\|encoded/p'
}

row_harness()
{
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
    nightshift run stub.yaml --quiet >/dev/null
    awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN {
        printf "harness (a trainer that does nothing, a process per run, full durability): 100 experiments in %.2f s, %.1f a second\n", b - a, 100 / (b - a) }'
    nightshift status stub.yaml | sed -n 's/^runs */harness: /p'
}

# --- all of it ---

print_table()
{
    cp table "$build/bench.tsv"
    {
        printf 'what\tours\tpeer\tratio\tleast-largest\ttarget\tverdict\n'
        cat table
    } | awk -F '\t' '{ n = NF; for (i = 1; i <= NF; i++) { x[NR, i] = $i; if (length($i) > w[i]) w[i] = length($i) } }
        END { for (r = 1; r <= NR; r++) { line = sprintf("%-" w[1] "s", x[r, 1])
            for (i = 2; i <= n; i++) line = line sprintf("  %" (i < 6 ? "" : "-") w[i] "s", x[r, i])
            sub(/ *$/, "", line); print line } }'
}

echo "machine   $(uname -m), $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo "product   $(nightshift-lm --version | head -n 1), commit $(git -C "$top" rev-parse --short HEAD 2>/dev/null || echo unknown)"
find_peers
echo "rounds    $rounds, $threads threads"
echo
for name in $rows; do
    case $name in
    small | autoresearch | batches | stories110m | adamw | memory | start | text | tokenizer | harness) "row_$name" ;;
    side-by-side) row_side_by_side ;;
    *) echo "bench: no row is called '$name'" >&2; exit 2 ;;
    esac
done
[ ! -s table ] || print_table
