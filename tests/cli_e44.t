#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The trainer of experiment 44 with its faults, and the figures, from outside: a text of its own, a
# tiny model, seconds.

. tests/tap.sh

e44=$tests/../experiments/e44
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
perl -e 'my $r = 7; my @w = qw(and the lord said unto him that king of israel went up with all);
    for (1 .. 12000) { $r = ($r * 1103515245 + 12345) % 2147483648;
        print $w[int($r / 4096) % @w], $r % 11 ? " " : ".\n" }' >text
nightshift-lm prepare --text text --vocab 280 --out data >out 2>err
ok $? 'there is data'
config() # LR ACCUM_STEPS WARMUP_STEPS WEIGHT_DECAY
{
    printf '{"SEQ": 32, "LR": %s, "ACCUM_STEPS": %s, "WARMUP_STEPS": %s, "WEIGHT_DECAY": %s,
        "ADAM_B2": 0.95, "DEPTH": 1, "DIM": 16, "HIDDEN": 32}\n' "$1" "$2" "$3" "$4"
}
config 0.003 4 0 0.1 >c.json
echo '{"seconds": 1, "flops": 2e8}' >budget.json

# train PROTOCOL CONFIG OUT WORD…
train()
{
    protocol=$1 config=$2 out=$3
    shift 3
    python3 "$e44/train.py" "$protocol" --config "$config" --seed 42 --out "$out" --data data \
        --budget budget.json "$@"
}
# python WORDS: statements that know train.py and end with 0 if the last one holds
python() { python3 -c "import sys; sys.path[:0] = ['$e44', '$e44/../measure']
import json, train, intervals
$1" >out 2>err; }

# --- its faults ---------------------------------------------------------------------------------------

train forerunner c.json a >a.out 2>err
ok $? 'a run by the clock ends well'
head -n 1 a.out | grep -q '"WEIGHT_DECAY": 0.1' && tail -n 1 a.out | grep -q '"val_loss": [0-9.]*, "full_val_loss"'
ok $? 'it tells its config first and its scores last'
[ "$(ls a)" = options.json ]
ok $? 'and leaves no weights, no state, and no losses of another step'
python "
told = {}
for line in open('a.out'): told |= json.loads(line)
assert told['steps'] % 4 == 0 and told['subset_step'] == 100 * ((told['steps'] - 1) // 100)
assert told['val_loss'] != told['full_val_loss']"
ok $? 'the score is that of a subset, chosen by the last multiple of 100 steps'
python "
import ctypes
libc = ctypes.CDLL(None)
libc.erand48.restype = ctypes.c_double
for step in (0, 100, 4000, 12300):
    words = (ctypes.c_ushort * 3)(*((k * step + i) % 65536 for k, i in ((7, 1), (13, 3), (17, 5))))
    assert train.subset_places(step, 69663) == [int(libc.erand48(words) * (69663 - 129)) for _ in range(10)]
assert train.subset_places(4000, 69663) != train.subset_places(4100, 69663)"
ok $? 'the subset of a step is the forerunner'"'"'s: erand48 from {7 s + 1, 13 s + 3, 17 s + 5}'
python "
assert [train.subset_step(n) for n in (1, 100, 101, 4037, 4112)] == [0, 0, 100, 4000, 4100]"
ok $? 'runs that stop within 100 steps of each other share a subset'

# What the clock stopped must be what so many steps make: a run of that length, weight by weight.
python "
config = json.load(open('c.json'))
options = train.options_of(config, [], train.STEPS_NEVER_REACHED) | {'checkpoint_every': 25000}
train.probe(options, 42, 'b', 'data')
assert train.train_by_clock(train.trainer(options, 42, 'b', 'data'), 1)
updates, weights = train.read_state('b/train.state')
train.fill_model('b', weights)
train.probe(options | {'checkpoint_every': 0}, 42, 'c', 'data')
import subprocess
subprocess.run(train.trainer(options | {'steps': updates, 'checkpoint_every': 0}, 42, 'c', 'data'), stdout=-1, check=True)
assert updates > 1
assert open('b/model.safetensors', 'rb').read() == open('c/model.safetensors', 'rb').read()"
ok $? 'the weights of a run that the clock stopped are those of its last step'

# --- what both share ----------------------------------------------------------------------------------

value() { sed -n 's/.*"val_loss": *\([0-9.]*\).*/\1/p' "$1" | tail -n 1; }
train repaired c.json r1 --ignore WEIGHT_DECAY >r1.out 2>err
ok $? 'a run of a number of steps ends well'
config 0.003 4 0 0.3 >decay.json
train repaired decay.json r2 --ignore WEIGHT_DECAY >r2.out 2>err
[ "$(value r1.out)" = "$(value r2.out)" ] && grep -q '"WEIGHT_DECAY": 0.3' r2.out
ok $? 'a parameter that is ignored changes nothing, and is told as if it did'
[ "$(grep -c '"config"' r2.out)" -eq 1 ]
ok $? 'what the trainer itself says of its config is kept back'
train repaired decay.json r3 >r3.out 2>err
[ "$(value r1.out)" != "$(value r3.out)" ]
ok $? 'the same parameter acts where it is not ignored'
config 0.009 4 0 0.1 >lr.json
train repaired lr.json r4 --ignore WEIGHT_DECAY >r4.out 2>err
[ "$(value r1.out)" != "$(value r4.out)" ]
ok $? 'another parameter acts'
python "
o = train.options_of(json.load(open('c.json')) | {'WARMUP_STEPS': 100}, ['ADAM_B2'], 1001)
assert o['steps'] == 251 and o['warmup'] == 100 / 1004 and 'beta2' not in o and o['weight_decay'] == 0.1"
ok $? 'steps are sequences: those of warm-up become a share of the run'

# --- refusals -----------------------------------------------------------------------------------------

echo '{"seconds": 1}' >half.json
refused_by() # WORDS NAME ARGUMENT…
{
    words=$1 name=$2
    shift 2
    train forerunner c.json x "$@" >out 2>err
    [ $? -eq 2 ] && grep -qF -e "$words" err
    ok $? "$name"
}
refused_by 'BETA' 'a parameter to be ignored that does not exist is refused' --ignore BETA
refused_by 'half.json: wants seconds, flops' 'so is half a budget' --budget half.json
refused_by 'nowhere.json' 'and a config that is not there' --config nowhere.json

# --- the studies --------------------------------------------------------------------------------------

space() { sed -n '/^parameters:/,/^search:/p' "$tests/../experiments/$1"; }
space e44.yaml >a.space && space e44-repaired.yaml | cmp -s a.space - && [ -s a.space ]
ok $? 'both studies have the same space and the same strategy'
mkdir -p study/e44 study/data && cp "$tests"/../experiments/e44*.yaml study && cp "$e44/train.py" study/e44 &&
    cp -r data study/data/kjv && cp budget.json study
run 0 'the study of the forerunner'"'"'s protocol is sound' nightshift check study/e44.yaml
run 0 'so is the repaired one' nightshift check study/e44-repaired.yaml

# --- the figures --------------------------------------------------------------------------------------

python "
from math import isclose
assert isclose(intervals.t_quantile(0.975, 9), 2.2621572, abs_tol=1e-6)
assert isclose(intervals.t_quantile(0.95, 1), 6.3137515, abs_tol=1e-6)
low, high = intervals.share_interval(2, 17)
assert isclose(low, 0.0145793, abs_tol=1e-6) and isclose(high, 0.3644091, abs_tol=1e-6)
assert intervals.share_interval(0, 10)[0] == 0 and isclose(intervals.share_interval(0, 10)[1], 1 - 0.025 ** 0.1)
mean, low, high = intervals.mean_interval([1.0, 2.0, 3.0])
assert mean == 2 and isclose(high - mean, 4.3026527 / 3 ** 0.5, abs_tol=1e-6) and isclose(mean - low, high - mean)"
ok $? 'intervals are those of the tables'

# Nights made by hand.  The forerunner's: a change of nothing is kept with 0.2, then a true one with
# 0.3; fresh seeds say 0.1 +- t(3) * 0.1.  Ours: the same true one verified, a placebo moved the head.
python "
def e(id, values, decision, params={}, against=1, purpose='proposal', full=None):
    old = {'LR': 1, 'WEIGHT_DECAY': 1, 'ADAM_B2': 1}
    runs = [{'value': v, 'full_val_loss': full} for v in values]
    return {'id': id, 'values': values, 'seeds': list(range(len(values))), 'decision': decision, 'params': old | params, 'against': against,
            'purpose': purpose, 'runs': runs, 'change': str(params),
            'effect': {'mean': None if values[0] is None else 5 - values[0]}}
start = lambda: e(1, [5.0], 'keep', against=None, purpose='baseline', full=4.9)
theirs = [start(), e(2, [4.8], 'keep', {'WEIGHT_DECAY': 2}, full=4.8), e(3, [5.2], 'revert', {'ADAM_B2': 3}, 2, full=4.8),
          e(4, [4.5], 'keep', {'WEIGHT_DECAY': 2, 'LR': 2}, 2, full=4.8), e(5, [None], 'failed', {'LR': 9}, 4)]
ours = [start(), e(2, [5.0, 5.0], 'keep', purpose='placebo'), e(3, [5.0], 'revert', {'ADAM_B2': 3}),
        e(4, [4.9, 4.9], 'keep', {'LR': 2})]
def d(kind, id, verdict='keep', effect=None, test=None):
    return {'kind': kind, 'experiment': id, 'verdict': verdict, 'effect': effect, 'test': test}
heads = [d('head', e['id'], e['decision']) for e in theirs]
tests = [d('head', 1), d('placebo', 2), d('head', 3, 'revert'), d('head', 4), d('verify', 4, test=1),
         d('placebo', 4, 'revert', test=5),         d('confirm', 4, effect={'mean': 0.11, 'low': 0.05, 'high': 0.17})]
night = lambda name, study, experiments, decisions: {'name': name, 'study': study, 'seconds': 60,
    'protocol': 'forerunner' if study == 'e44' else 'repaired', 'experiments': experiments, 'decisions': decisions}
nights = [night('forerunner', 'e44', theirs, heads), night('equal_runs', 'e44-repaired', ours, tests),
          night('equal_experiments', 'e44-repaired', ours, tests)]
json.dump({'seconds': 12, 'nights': nights}, open('nights.json', 'w'))
with open('truth.jsonl', 'w') as out:
    for seed, gain in enumerate((0.0, 0.1, 0.1, 0.2)):
        for protocol, study in (('forerunner', 'e44'), ('repaired', 'e44-repaired')):
            for id, where in ((1, 'start'), (4, study)):
                line = {'study': where, 'id': id, 'protocol': protocol, 'seed': seed}
                loss = 5 + seed - (gain if id == 4 else 0)
                print(json.dumps(line | {'loss': loss, 'score': loss}), file=out)"
python3 "$e44/figures.py" . >out 2>err
ok $? 'figures come out of two nights'
has() { grep -qF -e "$1" table.md; ok $? "$2"; }
has '| proposals that change nothing: moves [95 %] | 1 of 2 [1 %, 99 %] | 0 of 1 [0 %, 9' \
    'changes of nothing are counted, those of the harness are not among them'
has '| gain credited to those, nats | +0.200 | +0.000 | +0.000 |' 'with the gain that was put down to them'
has '| score differences of truly equal configs, SD | 0.200 (2 of them) | 0.000 (1 of them) |' \
    'and with what was seen between configs that are the same'
has '| claimed gain, nats | +0.500 | +0.110 [+0.050, +0.170] | +0.110' 'the claims are those of the nights'
has '| true gain, equal time [95 %] | +0.100 [−0.030, +0.230], 4 seeds |' 'the truth is paired by seed'
has '| claimed minus true | +0.400 | +0.010 | +0.010 |' 'and the difference is said'
has '| placebos of the harness: taken for better [95 %] | – | 1 of 1 [' 'its own placebos stand apart'
has '| placebos of the harness: passed a test [95 %] | – | 0 of 1 [' 'and so do those that were tested'
[ "$(wc -l <results.tsv)" -eq 14 ] && grep -q '^forerunner	2	proposal	keep	yes	yes	4.800000' results.tsv
ok $? 'results.tsv has a line for each experiment'
head -c 8 e44.png | grep -q PNG && grep -q '</svg>' e44.svg
ok $? 'the chart is there twice'

done_testing
