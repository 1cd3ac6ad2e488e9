#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Forty placebos, the real trainer on real text: the incumbent against itself under other seeds, each
# through the test of six pairs at the level 0.05.  At most 5 may be kept.

. tests/tap.sh

bible 'Gen1:1-Gen50:26' >text.txt
run 0 'real text becomes tokens' nightshift-lm prepare --text text.txt --vocab 512 --out data
cat >night.yaml <<END
name: placebos
metric: {name: val_loss, goal: minimize}
trainer:
  command: [nightshift-lm, train, --config, "{config}", --seed, "{seed}", --out, "{dir}",
            --data, "{study_dir}/data", --threads, 1]
files: [data]
parameters:
  lr:         {distribution: log_uniform_values, min: 1e-3, max: 3e-2, start: 8e-3}
  beta2:      {distribution: uniform, min: 0.9, max: 0.999, start: 0.95}
  dim:        {value: 32}
  layers:     {value: 1}
  heads:      {value: 2}
  seq:        {value: 32}
  batch:      {value: 4}
  tokens:     {value: 16000}
  val_tokens: {value: 8192}
decision: {procedure: paired, alpha: 0.05, max_seeds: 6}
audit: on
placebo: 2
jobs: 2
END
timeout 1500 nightshift run night.yaml --experiments 90 --quiet >out 2>err </dev/null
ok $? 'ninety experiments, half of them placebos'
nightshift log night.yaml --decisions --json | grep '"kind":"placebo"' >placebos
n=$(wc -l <placebos) kept=$(grep -c '"verdict":"keep"' placebos)
[ "$n" -ge 40 ]
ok $? "$n placebos were tested"
[ "$kept" -le 5 ]
ok $? "$kept of them were kept"
! grep -q '"verdict":"failed"' placebos
ok $? 'none of them failed'
nightshift doctor night.yaml --deep >out 2>err
ok $? 'every one can be decided again'

done_testing
