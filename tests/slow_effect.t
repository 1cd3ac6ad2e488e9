#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A real effect is found: the baseline's learning rate is four times too high (0.006 is best for
# this trainer and budget), and nights of 25 experiments must find and verify something better.
# NIGHTS=n tries more or fewer than ten; TOKENS=1300000 START=8e-3 is the same with 20 s of one core
# for a run, where 0.002 is best; FOLDER=f keeps the nights there: the same command goes on with them;
# FIRST=1 ends a night at its first verified keep, and asks for no confirmation.

folder=${FOLDER:+$(mkdir -p "$FOLDER" && cd "$FOLDER" && pwd)}
. tests/tap.sh
whole=1 nights=${NIGHTS:-10} tokens=${TOKENS:-60000} start=${START:-2.4e-2}
cd "${folder:-.}" || exit 1
[ -z "${FIRST:-}" ] || whole=

bible 'Gen1:1-Rev22:21' >kjv.txt
run 0 'real text becomes tokens' nightshift-lm prepare --text kjv.txt --vocab 1024 --out data

study() # SEED
{
    cat <<END
name: night-$1
metric: {name: val_loss, goal: minimize}
trainer:
  command: [nightshift-lm, train, --config, "{config}", --seed, "{seed}", --out, "{dir}",
            --data, "{study_dir}/data", --threads, 1]
files: [data]
parameters:
  lr:           {distribution: log_uniform_values, min: 5e-4, max: 6e-2, start: $start}
  warmup:       {distribution: uniform, min: 0, max: 0.4, start: 0.1}
  weight_decay: {distribution: log_uniform_values, min: 1e-3, max: 1, start: 0.1}
  beta2:        {distribution: uniform, min: 0.9, max: 0.999, start: 0.95}
  schedule:     {value: constant}
  dim:          {value: 64}
  layers:       {value: 2}
  heads:        {value: 2}
  seq:          {value: 64}
  batch:        {value: 8}
  tokens:       {value: $tokens}
  val_tokens:   {value: 16384}
search: {strategy: perturb, seed: $1}
jobs: 2
END
}

# The lower end of the last confirmation's interval.
confirmed()
{
    nightshift log "$1" --decisions --json |
        sed -n '/"kind":"confirm"/s/.*"low":\([-0-9.e]*\).*/\1/p' | tail -n 1
}

is_verified()
{
    nightshift best "$1" --json >best 2>>err && grep -q '"verified":true' best
}

# The whole of a night, or as much of it as is wanted.
spend()
{
    timeout $((1200 + tokens / 50)) nightshift run "$1" --experiments 25 --quiet >out 2>err \
        </dev/null &
    night=$!
    while [ -z "$whole" ] && kill -0 $night 2>/dev/null && ! is_verified "$1"; do sleep 2; done
    [ -n "$whole" ] || kill $night 2>/dev/null
    wait $night
    status=$?
    [ $status -eq 0 ] || { [ -z "$whole" ] && is_verified "$1"; }
}

found=0
for seed in $(seq "$nights"); do
    study "$seed" >"night-$seed.yaml"
    spend "night-$seed.yaml"
    ok $? "night $seed comes to its end"
    is_verified "night-$seed.yaml"
    verified=$?
    gain=$(confirmed "night-$seed.yaml")
    [ $verified -eq 0 ] &&
        { [ -z "$whole" ] || awk -v low="${gain:-0}" 'BEGIN { exit !(low > 0) }'; } &&
        found=$((found + 1))
    echo "# best $(grep -o '"lr":[-0-9.e]*' best | head -n 1), confirmed gain at least ${gain:-none}"
done
[ "$found" -ge $((nights * 9 / 10)) ]
ok $? "in $found of $nights nights something better is found and verified${whole:+, and confirmed}"

done_testing
