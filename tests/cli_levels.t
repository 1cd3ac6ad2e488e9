#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The two levels from outside: noise, tests and their levels, placebos, confirmation, speed.

. tests/tap.sh
unset COLUMNS NO_COLOR

says() { grep -qF -- "$1" out; }
# The number of a key in the one line of JSON in out: the last one of that name.
number() { sed "s/.*\"$1\":\([-0-9.e+]*\).*/\1/" out; }
holds() { awk "BEGIN { exit !($1) }"; }
columns() { LC_ALL=C.UTF-8 wc -L <out; }
decisions() { nightshift log --decisions --json "$1"; }

# fake_trainer; its test loss is x itself, and it waits a little while there is a file `slow`.  The
# per-sequence losses are 1 2 3 4 where x is the start value, and 1 2 3 6 elsewhere.
cat >trainer.sh <<'END'
here=$1
shift
x=$(sed 's/.*"x": *\([-0-9.e]*\).*/\1/' config.json)
[ "$x" = 1.5 ] && last='\200' || last='\300'
printf '\000\000\200\077\000\000\000\100\000\000\100\100\000\000'"$last"'\100' >val_losses.f32
[ -e "$here/slow" ] && touch "$here/begun" && sleep 0.1
echo "{\"test_loss\": $x, \"tokens\": 1000, \"tokens_per_s\": 50}"
exec fake_trainer ok "$@"
END
study() # DIR CAP LINE...: a study in a folder of its own
{
    mkdir -p "$1" && cp trainer.sh "$1" && cat >"$1/night.yaml" <<END
name: night
metric: {name: val_loss, goal: minimize}
trainer:
  command: [sh, trainer.sh, "{study_dir}", --config, "{config}", --seed, "{seed}", --noise, "0.05"]
  timeout: 20s
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: uniform, min: -3, max: 3, start: 2}
jobs: 2
run_cap: $2
END
    file=$1/night.yaml
    shift 2
    for line in "$@"; do echo "$line" >>"$file"; done
}

# --- noise ------------------------------------------------------------------------------------

study a 16 'placebo: 3'
run 0 'noise, before any run' nightshift noise a/night.yaml
says 'bit-equal  the loss; of 1 files 1' && says 'sigma_d' && says 'A gain of '
ok $? 'it prints what it measured, and what to do'
run 0 'noise again, as JSON' nightshift noise a/night.yaml --json
says '"bit_equal":true' && says '"pairs":6' && says '"df":5' && says '"alpha":0.02187450828872368' &&
    says '"unit":"tokens/s"' && says '"mean":50,"n":7,"sd":0'
ok $? 'same seed twice, pairs, level of the first test, speed of the baseline'
# The SDs of a run and of a paired difference are 0.05 in fake_trainer, measured with about 10 and 5
# degrees of freedom: within 0.3 to 2 times that with probability 0.99, and the seeds are fixed.
holds "$(number sigma_seed) > 0.015 && $(number sigma_seed) < 0.1" &&
    holds "$(number sigma_d) > 0.015 && $(number sigma_d) < 0.1"
ok $? 'the SDs are those of the trainer'
[ "$(number paired_se)" = 0.5 ]
ok $? 'the paired error of the validation set: differences 0 0 0 2 of four sequences'
nightshift export a/night.yaml -f jsonl >out && [ "$(wc -l <out)" -eq 13 ]
ok $? 'thirteen runs, and none for looking again'
[ "$(grep -c '"variant":"neighbour"' out)" -eq 6 ] && [ "$(grep -c '"variant":"repeat"' out)" -eq 1 ] &&
    ! grep '"variant":"neighbour"' out | grep -q '"x":1.5,'
ok $? 'export tells them apart, each with its own config'
run 0 'status after noise alone' nightshift status a/night.yaml
says 'experiments  1 of 16' && says 'tests        0 so far, 0 verified; the next at level 0.0219'
ok $? 'the baseline is decided, no test was made'

run 0 'the night' nightshift run a/night.yaml
study b 16 'placebo: 3'
run 0 'the same night without noise before it' nightshift run b/night.yaml -q
decisions a/night.yaml >a.decisions
decisions b/night.yaml >b.decisions
cmp -s a.decisions b.decisions
ok $? 'has the same decisions and commits'
run 0 'each of them can be made again' nightshift doctor --deep a/night.yaml

mkdir dice && cat >dice/dice.sh <<'END'
echo "val_loss: 1.$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')"
END
sed 's/^name: .*/name: dice/; s/trainer.sh/dice.sh/' a/night.yaml >dice/night.yaml
run 0 'noise of a trainer that throws dice' nightshift noise dice/night.yaml -q
says 'NOT EQUAL' && says 'The trainer is not deterministic' && grep -q 'NOT deterministic' err
ok $? 'says so loudly'
nightshift noise dice/night.yaml --json >out 2>err && says '"bit_equal":false'
ok $? 'and in JSON'

study off 6 'audit: off' 'placebo: off'
run 0 'noise of a study without an audit' nightshift noise off/night.yaml --json -q
says '"pairs":6' && says '"bit_equal":true' && nightshift status off/night.yaml >out &&
    says '. 1 pending'
ok $? 'measures all the same, and decides nothing'
nightshift run off/night.yaml -q >out 2>err && nightshift doctor --deep off/night.yaml >out 2>err
ok $? 'the night goes on from there, and can be checked'

mkdir crash && echo 'exit 3' >crash/crash.sh
sed 's/^name: .*/name: crash/; s/trainer.sh/crash.sh/' a/night.yaml >crash/night.yaml
run 1 'noise where the baseline fails' nightshift noise crash/night.yaml -q
grep -q 'the baseline (experiment 1) failed on seed .*exit 3' err
ok $? 'says why'

# --- tests and their levels -------------------------------------------------------------------

grep '"kind":"verify"' a.decisions >out
[ "$(wc -l <out)" -ge 1 ] && head -1 out | grep -q '"alpha":0.02187450828872368' &&
    ! grep -q '"alpha":null' out && ! grep -q '"test":null' out
ok $? 'log --decisions: tests have numbers and levels, to begin with that of LOND'
grep '"kind":"head"' a.decisions >out && ! grep -qv '"alpha":null' out && ! grep -qv '"test":null' out
ok $? 'decisions of the head have neither'
verified=$(grep '"verified":true' a.decisions | sed 's/.*"experiment":\([0-9]*\).*/\1/' | sort -un)
nightshift log a/night.yaml --json | grep '"verified":true' | sed 's/.*"id":\([0-9]*\).*/\1/' |
    sort -un >out
[ -n "$verified" ] && [ "$verified" = "$(cat out)" ]
ok $? 'log --json: verified are those that a test kept'
nightshift log a/night.yaml --json >out && [ "$(grep -c '"purpose":"placebo"' out)" -ge 2 ]
ok $? 'log --json: placebos say what they are'
nightshift log a/night.yaml >out && says '+ verified' && says 'placebo' && [ "$(columns)" -le 80 ] &&
    nightshift log a/night.yaml --decisions >out && says 'verify' && [ "$(columns)" -le 80 ]
ok $? 'both tables fit 80 columns'

run 0 'status as JSON' nightshift status a/night.yaml --json
tests=$(grep -c '"kind":"verify"' a.decisions)
says "\"tests\":{\"made\":$tests,\"next_alpha\":0.0" && says '"incumbent":' && says '"head":{' &&
    says '"confirmation":{"confirmed":true'
ok $? 'tests made, level of the next, head, incumbent, confirmation'
says '"placebos":{"head":{"high":' && says '"expected":' && says '"studies":1'
ok $? 'placebos with their rates and intervals'
sed 's/^name: .*/name: other/' a/night.yaml >a/other.yaml
nightshift run a/other.yaml -q >out 2>err && nightshift status a/other.yaml --json >out &&
    says '"studies":2' && nightshift status a/other.yaml >out && says '(of 2 studies)'
ok $? 'pooled over the studies beside each other'
id=$(nightshift best a/night.yaml --json | sed 's/.*"id":\([0-9]*\).*/\1/')
nightshift best a/night.yaml >out && says 'at its test against experiment' && says 'alpha 0.0' &&
    nightshift show a/night.yaml "$id" >out && says 'verify' && says 'confirm' &&
    nightshift show a/night.yaml 1 >out && says 'neighbour' && says 'repeat'
ok $? 'best and show tell the test, the confirmation and the kinds of runs'
nightshift diff a/night.yaml 1 "$id" >out && says "better, by the study's own test"
ok $? 'diff takes a test, not the guess of the head'

# --- confirm ----------------------------------------------------------------------------------

refused 2 'is the baseline itself' 'the baseline is not compared with itself' \
    nightshift confirm a/night.yaml 1
refused 2 'there is no experiment 99' 'an unknown experiment is refused' \
    nightshift confirm a/night.yaml 99
refused 2 "--seeds '1'" 'one pair has no interval' nightshift confirm a/night.yaml --seeds 1
refused 2 "--seeds '33'" 'there are 32 seeds at most' nightshift confirm a/night.yaml --seeds 33
study fresh 4
refused 2 'has not been run yet' 'confirm begins no study' nightshift confirm fresh/night.yaml 2
refused 2 'nothing is verified yet' 'nothing is confirmed where nothing was kept' \
    nightshift confirm dice/night.yaml

touch b/slow
for time in 1 2 3; do
    rm -f b/begun
    nightshift confirm b/night.yaml --seeds 6 -q >out 2>err &
    await 100 [ -e b/begun ] && sleep 0.1
    kill -9 $!
    wait $! 2>/dev/null
done
rm b/slow
decisions b/night.yaml | cmp -s - b.decisions
ok $? "a confirmation that was killed $time times has decided nothing"
run 0 'the same command goes on' nightshift confirm b/night.yaml --seeds 6 --json -q
cp out b.confirmed
run 0 'a confirmation that nobody killed' nightshift confirm a/night.yaml --seeds 6 --json -q
cmp -s out b.confirmed
ok $? 'finds the same, on the same seeds'
x=$(nightshift best a/night.yaml --json | sed 's/.*"x":\([-0-9.e]*\).*/\1/')
says '"test_loss":{"high":' && holds "($(number mean) - (1.5 - $x)) ^ 2 < 1e-12"
ok $? 'with the test loss: here by how much x is less'
says '"confirmed":true' && says '"optimistic":{' && says '"difference":' &&
    [ "$(sed 's/.*"seeds":\[\([^]]*\)\].*/\1/' out | tr , '\n' | sort -u | wc -l)" -eq 6 ]
ok $? 'six seeds, and the optimistic number beside it'
: >all
for command in log 'log --json' 'log --decisions --json' "show $id" "show $id --json" status noise \
    'status --json' 'export -f csv' 'noise --json' best; do
    # shellcheck disable=SC2086 # words on purpose
    (cd a && nightshift $command --dir runs/night) >>all 2>err
done
[ "$(wc -l <all)" -gt 100 ] && ! grep -q test_loss all
ok $? 'no command that looks shows the test loss'
run 0 'confirm for people' nightshift confirm a/night.yaml --seeds 2 -q
says 'against the baseline (experiment 1), 2 pairs' && says 'optimistic' && says 'test_loss'
ok $? 'says what was optimistic'
run 0 'all of it can be made again' nightshift doctor --deep a/night.yaml
run 0 'of the killed one too' nightshift doctor --deep b/night.yaml

# --- other procedures -------------------------------------------------------------------------

nightshift list procedures >out && [ "$(wc -l <out)" -eq 3 ] && says two_level && says greedy
ok $? 'list procedures'
nightshift check a/night.yaml >out && says 'noise audit take 13 runs' &&
    says '16 experiments: at least 28 runs' && nightshift check a/night.yaml --json >out &&
    says '"runs":{"baseline":13,"end":49,"least":28,'
ok $? 'check: what it will cost'
study greedy 6 'decision: {procedure: greedy}'
nightshift run greedy/night.yaml -q >out 2>err && nightshift status greedy/night.yaml >out &&
    ! says 'tests  ' && nightshift check greedy/night.yaml >out && says 'nothing is ever tested'
ok $? 'greedy: no tests, and none spoken of'
nightshift noise greedy/night.yaml -q >out 2>err && says 'greedy tests nothing'
ok $? 'its noise can be measured afterwards'
nightshift init it.yaml >out 2>err && grep -q 'fdr: 0.05' it.yaml && grep -q '^audit: on' it.yaml &&
    grep -q '^placebo: 15' it.yaml
ok $? 'the template of init names the keys of the two levels'

# --- a time budget ----------------------------------------------------------------------------
# Steps are what the trainer says, a million times too many where the machine is "odd": no clock of
# this machine can be wrong by as much.

mkdir clock && cat >clock/clocked.sh <<'END'
here=$1
shift
steps=100
[ -e "$here/once" ] && mkdir "$here/seen" 2>/dev/null && steps=100000000
[ -e "$here/always" ] && steps=100000000
fake_trainer ok "$@" || exit
echo "{\"steps\": $steps, \"flops\": ${steps}000}"
END
sed 's/trainer.sh/clocked.sh/; s/^run_cap: .*/run_cap: 4/' a/night.yaml >clock/plain.yaml
{ sed 's/name: night/name: clock/' clock/plain.yaml && echo 'budget: time'; } >clock/night.yaml
nightshift noise clock/night.yaml -q >out 2>err && touch clock/once
ok $? 'a study by the clock'
run 0 'its night, one run of which is odd' nightshift run clock/night.yaml
grep -q 'uneven speed: .* steps/s, where .* is usual (1[0-9] runs); run again' err
ok $? 'that run is set aside'
nightshift export clock/night.yaml -f jsonl | grep '"steps":100000000' >out
[ "$(wc -l <out)" -eq 1 ] && says '"class":"interrupted"' && says '"value":null'
ok $? 'it is no result'
nightshift status clock/night.yaml --json >out && [ "$(number runs_uneven)" -ge 1 ] &&
    nightshift status clock/night.yaml >out && says 'set aside for uneven speed'
ok $? 'status counts it'
nightshift run clock/plain.yaml -q >out 2>err
decisions clock/night.yaml | sed 's/"commit":"[^"]*"//' >clocked.decisions
decisions clock/plain.yaml | sed 's/"commit":"[^"]*"//' | cmp -s - clocked.decisions
ok $? 'and the decisions are those of a study without a clock'
touch clock/always
nightshift run clock/night.yaml -q --experiments 5 >out 2>err
nightshift show clock/night.yaml 5 --json >out
[ "$(grep -o '"detail":"uneven speed' out | wc -l)" -eq 2 ] && says '"attempt":3,"class":"ok"'
ok $? 'what is odd three times counts as it is'
run 0 'nothing of it disturbs the record' nightshift doctor --deep clock/night.yaml

# --- a budget of runs ---------------------------------------------------------------------------

runs_of() { nightshift status "$1" --json | sed 's/.*"runs":\([0-9]*\).*/\1/'; }
study budget 1000
run 0 'six runs, fewer than the audit takes' nightshift run budget/night.yaml --runs 6
[ "$(runs_of budget/night.yaml)" -eq 6 ] && grep -q 'of 6 runs 13 are for the baseline, 25 are kept' err && grep -q 'as many runs as asked for: 1 experiments' err
ok $? 'six are made, and nothing more'
run 0 'gone on with to ninety' nightshift run budget/night.yaml --runs 90 -q
n=$(runs_of budget/night.yaml)
[ "$n" -le 90 ] && [ "$n" -ge 60 ]
ok $? "no more than ninety are made ($n), and most of them"
decisions budget/night.yaml >out && says '"kind":"verify"' && says '"kind":"confirm"'
ok $? 'the last test and the confirmation are among them'
run 0 'what was begun for the end of a night is whole' nightshift doctor --deep budget/night.yaml
study simple 1000 'decision: {procedure: greedy}'
nightshift run simple/night.yaml --runs 7 -q >out 2>err && [ "$(runs_of simple/night.yaml)" -eq 7 ]
ok $? 'a procedure without tests makes as many as it may'
nightshift best simple/night.yaml --model >out && says "the model's estimate from all runs: "
ok $? 'what a model takes for best is called a guess'
nightshift best simple/night.yaml --model --json >out
least=$(number value)
estimate=$(number model_estimate)
holds "$estimate < 6.25 && $least < 6.25 && ($estimate - $least)^2 < 0.25"
ok $? "its estimate $estimate is near what was seen of it, $least, and below the start's"
study upward 1000 'decision: {procedure: greedy}'
sed -i 's/goal: minimize/goal: maximize/' upward/night.yaml
nightshift run upward/night.yaml --runs 8 -q >out 2>err
nightshift best upward/night.yaml --model --json >out
holds "$(number model_estimate) > 5.5 && ($(number model_estimate) - $(number value))^2 < 1"
ok $? 'of a metric to be maximized it is the metric, not its negative'
run 2 'the head and the model at once' nightshift best simple/night.yaml --model --head
run 2 'runs that are no number' nightshift run budget/night.yaml --runs many
grep -q "run: --runs 'many' is not a whole number from 1" err
ok $? 'are refused with a line'

done_testing
