#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `nightshift run` under bad users, bad trainers, bad disks and bad luck.  What each leaves must be
# fit to go on with.

. tests/tap.sh

# study NAME COMMAND-WORDS… : a small study on standard output; the words are YAML
study()
{
    name=$1
    shift
    cat <<END
name: $name
metric: {name: val_loss, goal: minimize}
trainer: {command: [$*], timeout: 20s}
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: int_uniform, min: -3, max: 3, start: 3}
jobs: 2
run_cap: 3
END
}
FAKE='fake_trainer, ok, --config, "{config}", --seed, "{seed}"'
ids() { git -C "$1" for-each-ref --format='%(refname) %(objectname)' refs/heads/nightshift; }
await() # FILE: until it is there, for ten seconds
{
    n=0
    until [ -e "$1" ] || [ $n -ge 100 ]; do
        sleep 0.1
        n=$((n + 1))
    done
}

mkdir plain && study plain "$FAKE" >plain/s.yaml
run 0 'an undisturbed study' nightshift run plain/s.yaml
ids plain/runs/plain/repo.git >undisturbed

# --- signals ---------------------------------------------------------------------------------------

mkdir polite && cat >polite/trainer.sh <<'END'
trap 'echo told >"$1/told"; exit 0' TERM
touch "$1/started" ../../../../../started
while :; do sleep 0.05; done
END
study polite 'sh, trainer.sh, "{dir}"' >polite/s.yaml
nightshift run polite/s.yaml -j 1 >out 2>err </dev/null &
pid=$!
await polite/started
kill -TERM $pid
wait $pid
[ $? -eq 143 ] && grep -q 'the same command goes on' err
ok $? 'a signal is heard, whatever threads the libraries have started'
[ "$(cat polite/runs/polite/runs/1/*/told)" = told ]
ok $? 'and the trainer is told, not killed'

done_testing
