#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# GGUF files that `convert` writes, read by llama.cpp itself: the same logits and greedy tokens.
# LLAMA names a folder with its shared libraries (share/peers/llama_bench.py says how to get one).
peer=$(pwd)/share/peers/llama_bench.py
golden=$(pwd)/tests/golden
. tests/tap.sh

if [ -z "${LLAMA:-}" ] || ! python3 "$peer" "$LLAMA" about >about 2>why; then
    echo "1..0 # SKIP LLAMA names no folder with llama.cpp's libraries"
    exit 0
fi
echo "# llama.cpp $(cut -d ' ' -f 1 about)"

# compare NAME TOLERANCE: logits behind the reference's last text, relative to the largest of them.
compare()
{
    python3 - "$golden/$1/case.json" out "$2" <<'PY' >said 2>&1
import json, sys
case, got = (json.load(open(f)) for f in sys.argv[1:3])
want = case["logits_last_pos"]
error = max(abs(a - b) for a, b in zip(got["logits"][-1], want)) / max(map(abs, want))
print("# relative error %.1e" % error)
sys.exit(error > float(sys.argv[3]))
PY
}

# ids NAME EXPRESSION: of the reference, as a list with commas.
ids() { python3 -c 'import json, sys
case = json.load(open(sys.argv[1])); print(",".join(map(str, eval(sys.argv[2]))))' "$golden/$1/case.json" "$2"; }

for name in llama-gqa llama-tied-mha qwen2-bias qwen3-qknorm; do
    text=$(ids $name 'case["ids"][-1][:-1]')
    prompt=$(ids $name 'case["greedy_ids"][:8]')
    greedy=$(ids $name 'case["greedy_ids"][8:]')
    # binary32 leaves 1e-6 of the reference's float64.  Of F16 the weights have 2^-11, of Q8_0 the
    # weights 2^-8, and llama.cpp rounds what it multiplies them with as much.
    for case in f32:1e-5 f16:5e-3 q8_0:6e-2; do
        type=${case%%:*}
        nightshift-lm convert "$golden/$name" $name.gguf --type "$type" >out 2>err
        python3 "$peer" "$LLAMA" logits $name.gguf "$text" 0 >out 2>err && compare $name "${case#*:}"
        ok $? "$name in $type has the reference's logits to ${case#*:}"
        cat said
    done
    nightshift-lm convert "$golden/$name" $name.gguf >out 2>err
    python3 "$peer" "$LLAMA" logits $name.gguf "$prompt" 24 >out 2>err
    python3 -c 'import json, sys
sys.exit(json.load(open("out"))["greedy"] != [int(i) for i in sys.argv[1].split(",")])' "$greedy" 2>err
    ok $? "$name: greedy tokens are the reference's"
done
echo "1..$tap_n"
