#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The schema by which editors complete and check study files.

. tests/tap.sh
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
root=$(cd "$tests/.." && pwd)
python=/usr/bin/python3 # Debian's, which has Debian's modules
[ -x $python ] || python=python3

run 0 'init' nightshift init mine.yaml --command ./train.py '--lr={lr}'
run 0 'init for the built-in trainer' nightshift init lm.yaml
[ "$(head -n 1 lm.yaml)" = "# yaml-language-server: \$schema=$root/share/schema/study.json" ]
ok $? 'names the schema in the first line'
cat >all.yaml <<'END'
name: all
metric: {name: val_loss, goal: maximize}
trainer: {command: [true, 1, "{config}", "{lr}"], timeout: 1h30m}
parameters:
  lr: {min: 1e-4, max: 1e-2, start: 1e-3, distribution: log_uniform_values}
  dim: {min: 64, max: 256, q: 64, start: 64}
  o: {values: [a, 1, true], start: a}
  s: {values: [1, 2, 4], start: 1, distribution: ordinal}
  c: {value: x}
  w: {min: 0.5, max: 1, start: 1, when: {o: [a, 1]}}
constraints: ["dim % 64 == 0"]
search: {strategy: gp, seed: 3, enqueue: [{lr: 2e-3}]}
decision: {fdr: 0.05, max_seeds: 4, min_gain: 0, confirm: off}
early_terminate: {type: hyperband, eta: 3, s: 2}
placebo: 20
audit: on
jobs: 2
lookahead: 2
run_cap: 4
hours: 8
until: "07:30"
budget: tokens
env: [HOME]
executor: local
breaker: off
min_free: 1MiB
min_memory: off
keep_files: all
sandbox: off
limits: {memory: 2GiB, output: 64MiB, open_files: 64}
notify: [true, "{event}"]
END
run 0 'a study with nearly every key is sound' nightshift check all.yaml

sed 's/executor: local/executor: {kind: slurm, partition: main, time: 2h, memory: 8G, cpus: 2}/' all.yaml >slurm.yaml
run 0 'and for a cluster' nightshift check slurm.yaml

# wrong NAME SED: all.yaml with a mistake that program and schema must refuse.
: >list
wrong()
{
    sed "$2" all.yaml >"bad-$1.yaml"
    echo "bad-$1.yaml" >>list
    nightshift check "bad-$1.yaml" >/dev/null 2>&1 && echo "the program takes bad-$1.yaml" >>taken
}
: >taken
wrong key 's/^jobs/jobz/'
wrong inner 's/timeout/tiemout/'
wrong goal 's/maximize/max/'
wrong name 's/^name: all/name: All/'
wrong strategy 's/gp/gpp/'
wrong range 's/, max: 256, q/, q/'
wrong start 's/, start: 1e-3//'
wrong word 's/log_uniform_values/log_uniform_value/'
wrong both 's/value: x/value: x, values: [x]/'
wrong fdr 's/fdr: 0.05/fdr: 0.5/'
wrong early 's/eta: 3/z: 3/'
wrong until 's/07:30/25:30/'
wrong jobs 's/^jobs: 2/jobs: 0/'
wrong reserved 's/^  dim:/  steps:/; s/dim %/steps %/'
wrong metric 's/val_loss/test_loss/'
wrong nothing '/^metric/d'
wrong executor 's/executor: local/executor: {kind: slurm, submit: [x]}/'
cp taken err
[ ! -s taken ]
ok $? 'seventeen mistakes that the program refuses'
# shellcheck disable=SC2046 # names without blanks
$python "$tests/schema_check.py" "$root" all.yaml slurm.yaml mine.yaml lm.yaml "$root"/experiments/*.yaml -- $(cat list) >out 2>err
status=$?
tap_n=$((tap_n + 1))
if grep -q '^SKIP' out; then
    echo "ok $tap_n - every key of the parser is in the schema, and none besides"
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - studies fit # SKIP python3-jsonschema or python3-yaml is not installed"
else
    tap_n=$((tap_n - 1))
    ok $status 'every key of the parser is in the schema, and none besides; studies fit it, mistakes do not'
fi
done_testing
