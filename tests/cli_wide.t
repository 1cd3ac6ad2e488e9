#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# With a wide look-ahead proposals are made, and run, while the baseline is still under way.  What is
# proposed and decided must not depend on that either; and a baseline that fails takes them with it.

. tests/tap.sh

# The baseline's runs do not end before the others while a file `hold` is there, and fail while a file
# `fails` is.
cat >baseline.sh <<END
if grep -q '"x":1.5,"y":3' "\$2"; then
    while [ -e $work/hold ]; do sleep 0.1; done
    [ ! -e $work/fails ] || exit 3
fi
exec fake_trainer ok --noise 0.2 "\$@"
END
study() # DIR LOOKAHEAD LINE…
{
    dir=$1
    mkdir "$dir" && cat >"$dir/night.yaml" <<END
name: night
decision: {procedure: greedy}
metric: {name: val_loss, goal: minimize}
trainer:
  command: [sh, $work/baseline.sh, --config, "{config}", --seed, "{seed}"]
  timeout: 20s
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: int_uniform, min: -3, max: 3, start: 3}
placebo: 4
lookahead: $2
run_cap: 20
END
    shift 2
    [ $# -eq 0 ] || printf '%s\n' "$@" >>"$dir/night.yaml"
}
ids() { git -C "$1/runs/night/repo.git" for-each-ref --format='%(refname) %(objectname)' refs/heads; }
decisions() { nightshift log --decisions --json "$1/night.yaml"; }
count() { nightshift log --json "$1/night.yaml" 2>/dev/null | grep -c "$2"; }

for jobs in 1 20; do
    study "j$jobs" 16 "search: {strategy: gp}"
    run 0 "a night with look-ahead 16, $jobs at a time" nightshift run "j$jobs/night.yaml" -j $jobs
    decisions "j$jobs" >"j$jobs.decisions"
done
[ "$(count j1 '"id"')" -eq 20 ] && cmp -s j1.decisions j20.decisions
ok $? 'the decisions are the same'
[ -n "$(ids j1)" ] && [ "$(ids j1)" = "$(ids j20)" ]
ok $? 'and the commit ids'
run 0 'each proposal and verdict can be made again' nightshift doctor --deep j20/night.yaml

# --- killed while the baseline is under way -------------------------------------------------------
study killed 16 "search: {strategy: gp}"
touch hold
nightshift run killed/night.yaml -j 20 >out 2>err &
reached() { [ "$(count "$1" '"id"')" -ge "$2" ]; }
await 50 reached killed 16
kill -9 $!
wait $! 2>/dev/null
[ "$(count killed '"decision":"pending"')" -eq 16 ]
ok $? 'sixteen experiments are under way, the baseline among them'
nightshift status killed/night.yaml >out 2>err && nightshift best --json killed/night.yaml >>out 2>err &&
    nightshift report killed/night.yaml >>out 2>err
ok $? 'a study without an incumbent can be looked at'
rm hold
run 0 'and goes on' nightshift run killed/night.yaml -j 20
decisions killed | cmp -s - j1.decisions && [ "$(ids j1)" = "$(ids killed)" ]
ok $? 'to the same decisions and commit ids'

# --- a look-ahead that is not wide waits ------------------------------------------------------------
study narrow 15
touch hold
nightshift run narrow/night.yaml -j 20 >out 2>err &
await 50 reached narrow 1
kill -9 $!
wait $! 2>/dev/null
[ "$(count narrow '"id"')" -eq 1 ]
ok $? 'with a look-ahead of 15 nothing is proposed before the baseline is decided'

# --- a baseline that fails ----------------------------------------------------------------------------
rm hold
touch fails
for jobs in 1 20; do
    study "fails$jobs" 16 "search: {strategy: random, enqueue: [{x: 0.25, y: 1}]}"
    run 1 "a baseline that fails, $jobs at a time" nightshift run "fails$jobs/night.yaml" -j $jobs
done
grep -q 'the baseline (experiment 1) failed on seed .*exit 3' err
ok $? 'says why'
[ "$(count fails20 '"decision":"failed"')" -eq 16 ] && [ "$(ids fails1)" = "$(ids fails20)" ]
ok $? 'takes with it what was proposed from it'
nightshift show fails20/night.yaml 3 >out 2>err && grep -q 'withdrawn: its baseline, experiment 1, failed' out
ok $? 'with the reason'
run 0 'which can be made again' nightshift doctor --deep fails20/night.yaml
rm fails
for jobs in 1 20; do
    run 0 "mended, the study goes on, $jobs at a time" nightshift run "fails$jobs/night.yaml" -j $jobs
done
nightshift best --json fails20/night.yaml >/dev/null && [ "$(ids fails1)" = "$(ids fails20)" ] &&
    [ "$(count fails20 '"id"')" -eq 35 ]
ok $? 'what was withdrawn does not count, and is proposed again'
[ "$(nightshift log --json fails20/night.yaml | grep '"x":0.25,' | grep -c '"purpose":"enqueued"')" -eq 2 ]
ok $? 'the guesses of the study file too'
run 0 'and all of it can be made again' nightshift doctor --deep fails20/night.yaml

done_testing
