#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# With a look-ahead several experiments are under way at once, and runs end in another order than
# they were started.  What is decided must not depend on that: not on -j, and not on being killed.

. tests/tap.sh

# A trainer that takes 0 to 40 ms, longer for some seeds than for others, so that ends are shuffled.
cat >shuffled.sh <<'END'
seed=$4
sleep "0.0$((seed / 7 % 5))"
exec fake_trainer ok --mode-from-config --noise 0.2 "$@"
END
study() # DIR
{
    mkdir "$1" && cp shuffled.sh "$1" && cat >"$1/night.yaml" <<'END'
name: night
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer:
  command: [sh, shuffled.sh, --config, "{config}", --seed, "{seed}"]
  timeout: 10s
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: int_uniform, min: -3, max: 3, start: 3}
  mode: {values: [ok, crash, plain], start: ok}
lookahead: 3
run_cap: 12
END
}
ids() { git -C "$1/runs/night/repo.git" for-each-ref --format='%(refname) %(objectname)' refs/heads; }
decisions() { nightshift log --decisions --json "$1/night.yaml"; }
number_after() { sed "s/.*\"$1\":\([0-9]*\).*/\1/"; }

for jobs in 1 2 5; do
    study "j$jobs"
    run 0 "a night with look-ahead 3, $jobs at a time" nightshift run "j$jobs/night.yaml" -j $jobs
    decisions "j$jobs" >"j$jobs.decisions"
done
[ "$(wc -l <j1.decisions)" -eq 12 ]
ok $? 'every experiment is decided'
for jobs in 2 5; do
    cmp -s j1.decisions "j$jobs.decisions"
    ok $? "the decisions with -j $jobs are those of -j 1"
    [ -n "$(ids j1)" ] && [ "$(ids j1)" = "$(ids "j$jobs")" ]
    ok $? 'and the commit ids'
done

# The study must be one where it could go wrong: keeps in between, so that some experiments are
# tested against another incumbent than the one that they were proposed from; and failures.
[ "$(grep -c '"verdict":"keep"' j1.decisions)" -ge 3 ] && grep -q '"verdict":"failed"' j1.decisions
ok $? 'keeps and failures happen in it'
nightshift log --json j5/night.yaml | number_after against >proposed
number_after against <j1.decisions >tested
! cmp -s proposed tested
ok $? 'and the incumbent changes under an experiment that is under way'
run 0 'each verdict and proposal can be made again' nightshift doctor --deep j5/night.yaml

study killed
for pause in 0.3 0.5 0.4; do
    nightshift run killed/night.yaml -j 5 >out 2>err &
    sleep $pause
    kill -9 $!
    wait $! 2>/dev/null
done
run 0 'a night that was killed three times goes on' nightshift run killed/night.yaml -j 2
decisions killed >killed.decisions
cmp -s j1.decisions killed.decisions && [ "$(ids j1)" = "$(ids killed)" ]
ok $? 'to the same decisions and commit ids'

done_testing
