#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Trainer and data that change under a study: what was measured with the one is never compared with
# what was measured with the other; while nothing is measured, they may be mended.

. tests/tap.sh

study() # DIR: a study of trainer.sh and the files of data/
{
    mkdir -p "$1/data" && echo one >"$1/data/one" && echo two >"$1/data/two"
    cat >"$1/night.yaml" <<'END'
name: night
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, trainer.sh, "{x}", "{seed}"], timeout: 20s}
parameters: {x: {distribution: uniform, min: 0, max: 1, start: 0.5}}
files: [data]
jobs: 1
run_cap: 3
END
}

study broken && echo 'exit 3' >broken/trainer.sh
run 1 'a trainer that fails ends the study with 1' nightshift run broken/night.yaml
echo 'echo "val_loss: 1.$2"' >broken/trainer.sh
rm broken/data/two && echo three >broken/data/three
run 0 'mended, with other files, the same study goes on' nightshift run broken/night.yaml
nightshift best broken/night.yaml --json >out 2>err && grep -q '"id":2,' out && grep -q '"value":1' out
ok $? 'from the baseline that was tried again'
grep -q '^The baseline: val.*_loss 1' broken/runs/night/report/REPORT.md ||
    grep -q '; the baseline: val.*_loss 1' broken/runs/night/report/REPORT.md
ok $? 'which is the one that the report means'
run 0 'and once more' nightshift run broken/night.yaml --experiments 4
run 0 'doctor finds the inputs as they are now' nightshift doctor --deep broken/night.yaml
git -C broken/runs/night/repo.git show nightshift/night-log:decisions/0/0/2.yaml >out 2>err
grep -q '^inputs: .*data/one.*data/three' out && ! grep -q data/two out
ok $? 'decisions name the inputs that they were made with'
rm broken/data/three
run 2 'after the first result an input may not go' nightshift run broken/night.yaml
[ "$(wc -l <err)" -eq 1 ] && grep -q "other inputs: input 'data/three' is gone" err
ok $? 'and one line says which'

study half && cat >half/trainer.sh <<'END'
[ -e ../../../../../../began ] && sleep 15
touch ../../../../../../began
echo "val_loss: 1.$2"
END
nightshift run half/night.yaml >out 2>err &
pid=$!
one_run() { nightshift status half/night.yaml --json 2>/dev/null | grep -q '"runs":1,'; }
await 100 one_run
kill -9 $pid
wait $pid 2>/dev/null
echo 'echo "val_loss: 1"' >half/trainer.sh
run 2 'nor may a trainer change in the middle of the baseline' nightshift run half/night.yaml
grep -q "'trainer.sh' has changed" err
ok $? 'which is said'

done_testing
