#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a user sees of spaces and strategies: the default and its reasons, guesses of one's own, what
# is refused before a night.

. tests/tap.sh

# study NAME SEARCH PARAMETER… : a study of the fake trainer in NAME.yaml
study()
{
    name=$1 search=$2
    shift 2
    {
        cat <<END
name: $name
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [fake_trainer, ok, --config, "{config}", --seed, "{seed}"], timeout: 20s}
search: $search
jobs: 2
run_cap: 8
parameters:
END
        for parameter; do echo "  $parameter"; done
    } >"$name.yaml"
}
x='x: {distribution: uniform, min: -2, max: 2, start: 1.5}'
y='y: {distribution: int_uniform, min: -3, max: 3, start: 3}'

# --- the default ------------------------------------------------------------------------------------

study night '{seed: 3}' "$x" "$y"
run 0 'without a strategy the study is sound' nightshift check night.yaml
grep -q '^strategy auto: perturb, as a plan of 8 experiments is too short to learn a model$' out
ok $? 'check says that auto is the strategy, whom it asks, and why'
run 0 'a dry run is one' nightshift run night.yaml --dry-run
grep -q '^strategy  auto: perturb, as a plan of 8' out && [ ! -e runs ]
ok $? 'so does a dry run'
run 0 'the default searches' nightshift run night.yaml
grep -q 'strategy auto: perturb, as' err
ok $? 'the log of a run says whom auto asks'
sed -i 's/run_cap: 8/run_cap: 7/' night.yaml
run 0 'a short plan may be overrun' nightshift run night.yaml --experiments 10
grep -q 'strategy auto: gp up to experiment 400' err
ok $? 'and then it is gp that is asked, whatever the cap is by now'
run 0 'status' nightshift status night.yaml
grep -q '^strategy     auto: gp up to experiment 400' out
ok $? 'status says so'
nightshift status night.yaml --json >out 2>err && grep -q '"strategy":"auto"' out &&
    grep -q '"strategy_now":"auto: gp up' out
ok $? 'and its JSON'
grep -q '| strategy | auto: gp up to experiment 400' runs/night/report/REPORT.md
ok $? 'the report says so'
run 0 'every proposal of the night can be made again' nightshift doctor --deep night.yaml

# --- guesses of one's own ---------------------------------------------------------------------------

study guess '{enqueue: [{x: 0.25}, {y: -1, x: -1.123456789}]}' "$x" "$y"
run 0 'guesses are counted' nightshift check guess.yaml
grep -q '^2 configs of your own come first$' out
ok $? 'check says how many come first'
run 0 'a study with guesses runs' nightshift run guess.yaml --experiments 4
nightshift log guess.yaml --json >out 2>err
sed -n 1p out | grep -q '"purpose":"baseline"' &&
    sed -n 2p out | grep -q '"params":{"x":0.25,"y":3}.*"purpose":"enqueued"' &&
    sed -n 3p out | grep -q '"params":{"x":-1.123456789,"y":-1}.*"purpose":"enqueued"' &&
    sed -n 4p out | grep -q '"purpose":"proposal"'
ok $? 'they run in order, with all their digits, behind the baseline and before any proposal'
run 0 'doctor finds all well' nightshift doctor --deep guess.yaml
cp guess.yaml kept && sed -i 's/x: 0.25/x: 0.5/' guess.yaml
run 2 'other guesses are another study' nightshift run guess.yaml
grep -q 'take back: search.enqueue: ' err
ok $? 'and that is said'
cp kept guess.yaml
run 0 'enqueue works beside them' nightshift enqueue guess.yaml x=0.75
run 0 'and its config comes next' nightshift run guess.yaml --experiments 5
nightshift log guess.yaml --json >out 2>err
sed -n 5p out | grep -q '"x":0.75.*"purpose":"enqueued"'
ok $? 'it came next'

study wrong '{enqueue: [{x: 0.25}, {x: 7}]}' "$x" "$y"
refused 2 "wrong.yaml:5:35: parameter 'x': '7' is not within -2 to 2" \
    'a guess outside its range is refused where it stands' nightshift check wrong.yaml
study wrong '{enqueue: [{x: 1, y: -3}]}' "$x" "$y" && echo 'constraints: [x + y > 0]' >>wrong.yaml
refused 2 "wrong.yaml:5:20: this config breaks the constraint 'x + y > 0'" \
    'a guess against a constraint is refused, not mended' nightshift run wrong.yaml
echo 'constraints: [x + y > -4]' >>night.yaml && sed -i 's/^name: night/name: tight/' night.yaml
run 0 'a study with a constraint runs' nightshift run night.yaml --experiments 2
run 2 'enqueue refuses what a constraint forbids' nightshift enqueue night.yaml x=-2 y=-3
grep -q "this breaks the constraint 'x + y > -4'" err
ok $? 'and names it'

# --- a strategy that cannot serve a space -----------------------------------------------------------

study grid '{strategy: grid}' "$x" "$y"
refused 2 "grid.yaml:5:20: strategy 'grid' cannot search this space: 'x' is a range without steps" \
    'check refuses a grid over a continuous range, with the place and the mend' nightshift check grid.yaml
refused 2 "give the parameter \`values\` or a step \`q\`, or use sobol" \
    'run refuses it before the night' nightshift run grid.yaml
study choices '{seed: 1, strategy: cmaes}' 'x: {values: [1, 2, 3], start: 1}'
refused 2 "choices.yaml:5:29: strategy 'cmaes' cannot search this space" \
    'check refuses cmaes on choices alone' nightshift check choices.yaml

# --- words and ends ---------------------------------------------------------------------------------

study words '{strategy: grid}' 'x: {distribution: power_of_two, min: 1, max: 4, start: 2}' \
    'y: {distribution: ordinal, values: [-1, 0], start: 0}'
run 0 'powers of two and ordinals are sound' nightshift check words.yaml
grep -q '^x .*power_of_two  *1 to 4' out && grep -q '^y .*ordinal  *-1, 0' out &&
    grep -q 'at most 6 different configs' out
ok $? 'check says what they are'
run 0 'a grid ends' nightshift run words.yaml
grep -q 'the grid is at its end' err && [ "$(nightshift log words.yaml --json | wc -l)" -eq 6 ]
ok $? 'at its last point, and says so'
run 2 'a third is none' nightshift enqueue words.yaml x=3
grep -q "parameter 'x': '3' is not a power of two" err
ok $? 'what is no power of two is refused'
study fixed '{seed: 1}' 'x: {value: 1}' 'y: {value: 0}'
run 0 'a study of constants is sound' nightshift check fixed.yaml
grep -q '^note: no parameter is searched' out
ok $? 'check notes that nothing is searched'
run 0 'it runs its baseline' nightshift run fixed.yaml
grep -q 'no parameter is searched, so there is nothing to try' err &&
    [ "$(nightshift log fixed.yaml --json | wc -l)" -eq 1 ]
ok $? 'and ends with a plain word'
done_testing
