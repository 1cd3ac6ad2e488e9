#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Twenty nights of the real program on a trainer whose parameters do nothing but change the noise: at
# most 5 % of such nights may end with a verified keep, so of twenty (fixed seeds) at most two, 1 + 2
# standard errors being 2.9.

. tests/tap.sh

nights=20 kept=0 ended=0 placebos=0
for seed in $(seq $nights); do
    cat >"$seed.yaml" <<END
name: night-$seed
metric: {name: val_loss, goal: minimize}
trainer:
  command: [fake_trainer, ok, --config, '{config}', --seed, '{seed}', --noise, '0.3']
parameters:
  a: {distribution: uniform, min: 200, max: 300, start: 250}
  b: {distribution: uniform, min: 200, max: 300, start: 250}
search: {strategy: perturb, seed: $seed}
jobs: 2
END
    mkdir "$seed" && mv "$seed.yaml" "$seed/" && git init -q "$seed"
    nightshift run "$seed/$seed.yaml" --experiments 30 >"$seed/out" 2>"$seed/err" </dev/null &&
        ended=$((ended + 1))
    nightshift log "$seed/$seed.yaml" --decisions --json >"$seed/log"
    grep -q '"kind":"verify".*"verified":true' "$seed/log" && kept=$((kept + 1))
    grep -q '"alpha":0.*"kind":"placebo"' "$seed/log" && placebos=$((placebos + 1))
done
[ $ended -eq $nights ]
ok $? "all $nights nights end well"
[ $placebos -eq $nights ]
ok $? 'each has tested a placebo'
[ $kept -le 2 ]
ok $? "of $nights nights in which nothing helps at most 2 end with a verified keep: $kept do"

done_testing
