#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A study whose rows have left the memory (shelf.h): killed now and then, it ends with the same
# commits, and doctor finds every proposal and every verdict again.

. tests/tap.sh

# study DIR: 1,200 experiments, whose rows go to the shelf with the 257th.
study()
{
    mkdir "$1" && cat >"$1/long.yaml" <<EOF
name: long
metric: {name: val_loss, goal: minimize}
trainer: {command: ['$build/tests/fake_trainer', ok, --config, '{config}', --seed, '{seed}', --noise, '0.02'], timeout: 60s}
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: int_uniform, min: -3, max: 3, start: 3}
lookahead: 2
jobs: 2
run_cap: 1200
EOF
}

tips()
{
    git --git-dir="$1/runs/long/repo.git" for-each-ref --format='%(refname) %(objectname)'
}

# How many experiments a study's record has.
experiments()
{
    sqlite3 -readonly "$1/runs/long/study.db" 'SELECT count(*) FROM experiment' 2>/dev/null ||
        echo 0
}

has()
{
    [ "$(experiments "$1")" -ge "$2" ]
}

# Does the harness hold a file without a name?
puts_aside()
{
    ls -l "/proc/$1/fd" 2>/dev/null | grep -q 'runs/long/.*(deleted)'
}

study calm
study rough

timeout 300 nightshift run calm/long.yaml >out 2>err </dev/null
ok $? 'a study of 1,200 comes to its end'

aside=0
for n in 100 400 700 1000 1100; do
    nightshift run rough/long.yaml >out 2>err </dev/null &
    harness=$!
    await 900 has rough "$n" || break
    puts_aside "$harness" && aside=$((aside + 1))
    kill -KILL "$harness"
    wait "$harness" 2>/dev/null
done
[ "$aside" -eq 4 ]
ok $? "its rows are put aside, but not those of the first hundred"

timeout 300 nightshift run rough/long.yaml >out 2>err </dev/null
ok $? 'killed five times, it comes to its end'

tips calm >calm.tips
tips rough >rough.tips
[ -s calm.tips ] && cmp -s calm.tips rough.tips
ok $? 'with the same commits'

(cd rough && timeout 300 nightshift doctor --deep long) >out 2>err </dev/null
ok $? 'doctor --deep finds every proposal and every verdict again'

done_testing
