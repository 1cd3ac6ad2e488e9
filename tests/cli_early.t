#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# early_terminate: a candidate that is clearly behind the head on the same seed is ended on its way.
# The trainer never goes on half way where its loss is above 1.8, so that a night in which nobody
# ended such a run would wait for its time limit.

. tests/tap.sh

study() # DIR RULE
{
    mkdir "$1" && cat >"$1/night.yaml" <<END
name: night
metric: {name: val_loss, goal: minimize}
trainer:
  command: [fake_trainer, stuck, --steps, "12", --noise, "0.05", --config, "{config}", --seed, "{seed}"]
  timeout: 60s
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 0.5}
  y: {distribution: uniform, min: -2, max: 2, start: 0.5}
search: {strategy: perturb, seed: 2}
decision: {confirm: off}
early_terminate: $2
run_cap: 12
END
}
ids() { git -C "$1/runs/night/repo.git" for-each-ref --format='%(refname) %(objectname)' refs/heads; }
decisions() { nightshift log --decisions --json "$1/night.yaml"; }
classes() { nightshift export --format jsonl "$1/night.yaml" | grep -c "\"class\":\"$2\""; }

for jobs in 1 2; do
    study "j$jobs" '{type: paired_curves, z: 2.5, min_progress: 0.2}'
    run 0 "a night whose runs are ended early, $jobs at a time" \
        nightshift run "j$jobs/night.yaml" -j $jobs
    decisions "j$jobs" >"j$jobs.decisions"
done
[ "$(classes j1 stopped)" -ge 3 ] && [ "$(classes j1 timeout)" -eq 0 ]
ok $? 'those that would never end are ended'
cmp -s j1.decisions j2.decisions && [ -n "$(ids j1)" ] && [ "$(ids j1)" = "$(ids j2)" ]
ok $? 'decisions and commit ids are the same with -j 2'
grep -q '"reason":"ended early on seed [0-9]*: behind the head at [0-9.]* % of the run: z -' \
    j1.decisions
ok $? 'the reason says where, and by how much it was behind'
! grep 'ended early' j1.decisions | grep -vq '"verdict":"revert"'
ok $? 'what was ended early is reverted, not failed'
nightshift log --json j1/night.yaml | grep 'ended early' | grep -q '"values":\[null\]'
ok $? 'and has no value'
run 0 'where they ended, and all else, can be found again' nightshift doctor --deep j1/night.yaml
run 0 'status tells the rule and what it saved' nightshift status j1/night.yaml
grep -q '^ended early  [0-9]* runs, saved [0-9.]* % of the budget' out
ok $? 'in a line of its own'
nightshift status --json j1/night.yaml >out
grep -q '"early_terminate":{"ended":[0-9]*,"missed":0,"missed_rate":{"high":[0-9.]*,"low":0,"mean":' out
ok $? 'and as JSON, with the measured rate and its interval'
run 0 'so does the report' nightshift report j1/night.yaml
grep -q 'ended early' j1/runs/night/report/REPORT.md && grep -q '^| saved | ' j1/runs/night/report/REPORT.md
ok $? 'in a section of its own'
run 0 'a study may not be given another rule' sh -c \
    'sed "s/z: 2.5/z: 3/" j2/night.yaml >other && mv other j2/night.yaml; ! nightshift run j2/night.yaml'
grep -q 'early_terminate.z: 2.5 -> 3' err
ok $? 'and is told what differs'

study killed '{type: paired_curves, z: 2.5, min_progress: 0.2}'
for pause in 0.6 0.9 0.8; do
    nightshift run killed/night.yaml -j 2 >out 2>err &
    sleep $pause
    kill -9 $!
    wait $! 2>/dev/null
done
run 0 'a night that was killed three times goes on' nightshift run killed/night.yaml -j 2
decisions killed >killed.decisions
cmp -s j1.decisions killed.decisions && [ "$(ids j1)" = "$(ids killed)" ]
ok $? 'to the same decisions and commit ids'

for jobs in 1 2; do
    study "h$jobs" '{type: hyperband, eta: 3, s: 2}'
    sed -i 's/fake_trainer, stuck/fake_trainer, ok/' "h$jobs/night.yaml"
    run 0 "successive halving, $jobs at a time" nightshift run "h$jobs/night.yaml" -j $jobs
    decisions "h$jobs" >"h$jobs.decisions"
done
[ "$(classes h1 stopped)" -ge 3 ]
ok $? 'ends runs'
cmp -s h1.decisions h2.decisions && [ "$(ids h1)" = "$(ids h2)" ]
ok $? 'and decides the same with -j 2'
grep -q 'ended early on seed [0-9]*: number [0-9]* of [0-9]* at [0-9.]* % of the run, where [0-9]* may go on' \
    h1.decisions
ok $? 'the reason says the rank'
ended=$(grep 'ended early' h1.decisions | head -1 | sed 's/.*"experiment":\([0-9]*\).*/\1/')
run 0 'a run that was ended early is repeated as far as it came' \
    nightshift reproduce h1/night.yaml "$ended"
grep -q 'bit-identical as far as it came (ended early after [0-9]* records)' out
ok $? 'which is said'

done_testing
