#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A sweep file of Weights & Biases becomes a study.

. tests/tap.sh

has() { grep -qF -- "$1" "$2"; }

cat >train.py <<'END'
END
cat >sweep.yaml <<'END'
program: train.py
project: toy
name: My First Sweep
method: bayes
metric: {name: val_loss, goal: maximize, target: 0.1}
parameters:
  lr: {min: 1e-4, max: 0.1, distribution: log_uniform_values}
  old: {distribution: log_uniform, min: -2.302585, max: 0}
  inv: {distribution: inv_log_uniform, min: 0, max: 2.302585}
  invv: {distribution: inv_log_uniform_values, min: 0.1, max: 0.5}
  ql: {distribution: q_log_uniform, min: 0, max: 4.60517, q: 2}
  qlv: {distribution: q_log_uniform_values, min: 1, max: 64}
  n: {distribution: normal, mu: 5, sigma: 1}
  qn: {distribution: q_normal, mu: 10, sigma: 2, q: 2}
  ln: {distribution: log_normal}
  qln: {distribution: q_log_normal, mu: 2}
  b: {distribution: beta, a: 2, b: 6}
  qb: {distribution: q_beta, q: 0.1}
  u: {min: 0.0, max: 0.5}
  i: {min: 1, max: 9}
  qu: {distribution: q_uniform, min: 32, max: 256, q: 32}
  opt: {values: [adam, "sgd", "two words"]}
  pr: {values: [1, 2, 3], probabilities: [0.1, 0.2, 0.7]}
  flag: {values: [true, false]}
  fixed: {value: 3}
  seed: {values: [1, 2, 3]}
early_terminate: {type: hyperband, eta: 4, s: 1, max_iter: 27}
run_cap: 40
command: ["${env}", "${interpreter}", "${program}", "--cfg=${args_json_file}", "${args_no_boolean_flags}"]
END
run 0 'a sweep with everything in it is carried over' nightshift import sweep.yaml
for line in \
    'name: my-first-sweep' 'metric: {name: val_loss, goal: maximize}' \
    'command: [python3, train.py, "--cfg={config}", "{args}", "--seed={seed}"]' 'files: [train.py]' \
    '  lr: {distribution: log_uniform_values, min: 1e-4, max: 0.1, start: 0.00316228}' \
    '  old: {distribution: log_uniform_values, min: 0.1, max: 1, start: 0.316228}' \
    '  inv: {distribution: log_uniform_values, min: 0.1, max: 1, start: 0.316228}' \
    '  invv: {distribution: log_uniform_values, min: 0.1, max: 0.5, start: 0.223607}' \
    '  ql: {distribution: q_log_uniform_values, q: 2, min: 1, max: 100, start: 10}' \
    '  qlv: {distribution: q_log_uniform_values, q: 1, min: 1, max: 64,' \
    '  n: {distribution: uniform, min: 2, max: 8, start: 5}' \
    '  qn: {distribution: q_uniform, q: 2, min: 4, max: 16, start: 10}' \
    '  ln: {distribution: log_uniform_values, min: 0.0497871, max: 20.0855, start: 1}' \
    '  qln: {distribution: q_log_uniform_values, q: 1, min: 0.367879, max: 148.413, start: 7}' \
    '  b: {distribution: uniform, min: 0, max: 1, start: 0.25}' \
    '  qb: {distribution: q_uniform, q: 0.1, min: 0, max: 1, start: 0.5}' \
    '  u: {distribution: uniform, min: 0.0, max: 0.5, start: 0.25}' \
    '  i: {distribution: int_uniform, min: 1, max: 9, start: 5}' \
    '  qu: {distribution: q_uniform, q: 32, min: 32, max: 256, start: 160}' \
    '  opt: {values: [adam, sgd, "two words"], start: adam}' \
    '  pr: {values: [1, 2, 3], start: 1}' '  flag: {values: [true, false], start: true}' \
    '  fixed: {value: 3}' 'search: {strategy: gp, seed: 1}' \
    'early_terminate: {type: hyperband, eta: 4, s: 1}' 'run_cap: 40'; do
    has "$line" study.yaml || echo "lacks: $line"
done >out
[ ! -s out ]
ok $? 'every distribution, the macros, the metric, hyperband'
for note in "2:1: 'project' is left out" "5:42: 'target' is left out" '3:7: the study is called' \
    "13:3: 'n' (normal)" "'b' (beta)" "'probabilities' of 'pr' is left out" \
    "'seed' is no parameter" 'a boolean is passed as' "'max_iter' is left out" \
    'wandb.log() is not read' 'start values are'; do
    has "sweep.yaml:" err && has "$note" err || echo "not said: $note"
done >out
[ ! -s out ]
ok $? 'what a study cannot say is told with its place'
run 0 'the study is sound' nightshift check study.yaml

cat >plain.yaml <<'END'
program: train.py
method: random
metric: {name: loss}
parameters:
  lr: {min: 0.1, max: 1.0}
END
run 0 'without a command there is the usual one' nightshift import plain.yaml plain-study.yaml
has 'command: [python3, train.py, "{args}"]' plain-study.yaml && has 'name: plain' plain-study.yaml &&
    has 'goal: minimize' plain-study.yaml && has 'strategy: random' plain-study.yaml &&
    has 'passes no seed' err
ok $? 'python3 program --name=value…, named after the file; a missing seed is told'

refused 2 'is there already' 'an existing study is not overwritten' nightshift import plain.yaml study.yaml
# bad LINE WORDS NAME: plain.yaml with one more line is refused with these words.
bad()
{
    { cat plain.yaml; printf '%b\n' "$1"; } >bad.yaml
    refused 2 "bad.yaml:$2" "$3" nightshift import bad.yaml new.yaml
}
bad 'methud: x' "6:1: unknown key 'methud' (did you mean 'method'?)" 'an unknown key, with a suggestion'
bad '  opt: {parameters: {a: {value: 1}}}' "6:9: 'opt' holds parameters of its own" 'nested parameters'
bad '  steps: {value: 1}' "6:3: the name 'steps' means something else" 'a name that is taken'
bad '  l: {values: [[1, 2], 3]}' '6:16: a list as a value' 'a list as a value'
bad '  l: {values: [null, 3]}' '6:16: null as a value' 'null as a value'
bad '  l: {distribution: log_uniform_value, min: 1, max: 2}' "6:21: unknown distribution 'log_uniform_value' (did you mean" 'a misspelt distribution'
bad '  l: {min: 3}' "6:3: parameter 'l' lacks 'max'" 'half a range'
bad '  l: {distribution: log_uniform_values, min: 0, max: 1}' "6:3: 'l' goes by the logarithm" 'a logarithm of 0'
bad '  l: {distribution: q_uniform, min: 0.1, max: 0.2}' "6:3: 'l': fewer than two multiples" 'no step in a range'
bad '  l: {distribution: log_uniform, min: -1e5, max: 1e5}' "6:3: the bounds of 'l' are exponents" 'bounds that are no exponents'
bad 'early_terminate: {type: envelope}' "6:25: the type 'envelope'" 'another early_terminate'
# shellcheck disable=SC2016 # W&B's macros, not the shell's
bad 'command: [a, "${args_json}"]' '6:14: ${args_json} cannot be carried over' 'parameters as JSON text'
# shellcheck disable=SC2016
bad 'command: [a, "${envvar:HOME}"]' '6:14: ${envvar:HOME} cannot be carried over' 'an environment variable'
bad 'command: [a, "{lr}", x]' "6:14: '{lr}' would be a placeholder" 'braces that would mean something here'
sed 's/random/custom/' plain.yaml >bad.yaml
refused 2 "bad.yaml:2:9: the method 'custom'" 'another method' nightshift import bad.yaml new.yaml
sed '/metric/d' plain.yaml >bad.yaml
refused 2 '--metric NAME' 'a sweep without a metric' nightshift import bad.yaml new.yaml
run 0 'unless it is given' nightshift import bad.yaml new.yaml --metric val_loss
refused 2 'nope.yaml' 'a missing file is named' nightshift import nope.yaml new2.yaml
printf '{"program": "train.py", "method": "grid", "metric": {"name": "loss"},
 "parameters": {"lr": {"values": [0.1, 0.2]}}}' >sweep.json
run 0 'JSON is accepted' nightshift import sweep.json json.yaml
done_testing
