#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a cluster does to a study on bad days, with Slurm itself: somebody cancels jobs, the controller is
# down, time runs out.

. tests/tap.sh
. "$tests/cluster_study.sh"

study local
run 0 'a night on this machine' nightshift run local/night.yaml --executor local -j 8
decisions local >local.decisions
same() { decisions "$1" | cmp -s - local.decisions; }
decided() { [ "$(decisions "$study" 2>/dev/null | wc -l)" -ge "$1" ]; }
running() { [ -n "$(squeue -h -t running)" ]; }

# --- jobs that somebody cancels -----------------------------------------------------------------------
study=cancelled
study cancelled
nightshift run cancelled/night.yaml >out 2>err </dev/null &
night=$!
cluster_wait 300 decided 3 && cluster_wait 100 running && scancel --state=running --user="$(id -un)"
ok $? 'somebody cancels what runs'
wait $night
ok $? 'and the night goes on'
for id in $(seq 20); do nightshift show --json cancelled/night.yaml "$id"; done | grep -q 'evicted: somebody cancelled it'
ok $? 'the runs are in the record as cancelled'
same cancelled && [ "$(ids local)" = "$(ids cancelled)" ]
ok $? 'and the decisions are the same'

# --- jobs that must make way ----------------------------------------------------------------------------
study=preempted
study preempted
nightshift run preempted/night.yaml >out 2>err </dev/null &
night=$!
cluster_wait 600 decided 3
touch preempted/hold
several() { [ "$(squeue -h -t running --partition=main | wc -l)" -ge 4 ]; }
cluster_wait 300 several &&
    sbatch --quiet --partition=urgent --nodes=2 --exclusive --output=/dev/null --wrap='sleep 2'
ok $? 'a job of a higher partition wants both nodes'
made_way() { squeue -h --states=PREEMPTED 2>/dev/null | grep -q .; }
cluster_wait 600 made_way
ok $? 'and gets them from the runs'
rm preempted/hold
wait $night
ok $? 'the night goes on'
for id in $(seq 20); do nightshift show --json preempted/night.yaml "$id"; done >shown
grep -q 'evicted: it had to make way in the queue' shown
ok $? 'the runs are in the record as having made way'
same preempted && [ "$(ids local)" = "$(ids preempted)" ]
ok $? 'and the decisions are the same'
run 0 'nothing is lost or doubled' nightshift doctor --deep preempted/night.yaml

# --- a controller that is down --------------------------------------------------------------------------
study=down
study down
nightshift run down/night.yaml >out 2>err </dev/null &
night=$!
cluster_wait 300 decided 3
kill "$cluster_slurmctld"
wait "$cluster_slurmctld" 2>/dev/null
sleep 20
cluster_start slurmctld slurmctld -D
wait $night
ok $? 'the controller is down for a while'
grep -q 'the queue .*; it is tried again' err
ok $? 'it is said once'
same down && [ "$(ids local)" = "$(ids down)" ]
ok $? 'and the decisions are the same'

# --- a queue that takes nothing ---------------------------------------------------------------------------
study=wrong
study wrong
sed -i 's/partition: main/partition: nope/' wrong/night.yaml
run 3 'a partition that there is not' nightshift run wrong/night.yaml
grep -q 'the queue takes no runs: .*nvalid partition' err
ok $? 'is told in the words of Slurm'

# --- killed: the next session asks the queue first ----------------------------------------------------------
study=killed
study killed
for n in 2 6 10; do
    rm -f killed/hold
    nightshift run killed/night.yaml >out 2>err </dev/null &
    night=$!
    cluster_wait 600 decided $n
    touch killed/hold
    cluster_wait 100 running
    kill -9 $night
    wait $night 2>/dev/null
done
[ "$(squeue -h -t running | wc -l)" -ge 1 ]
ok $? 'a harness is killed three times, its runs go on in the queue'
nightshift run killed/night.yaml >out 2>err </dev/null &
night=$!
cluster_wait 600 grep -q 'that an earlier session has left in the queue go' err
ok $? 'the next session takes them over'
rm killed/hold
wait $night
ok $? 'and ends well'
same killed && [ "$(ids local)" = "$(ids killed)" ]
ok $? 'with the same decisions and commit ids'
[ -n "$(cat killed/started)" ] && [ -z "$(sort killed/started | uniq -d)" ]
ok $? 'no run was started twice'
run 0 'and all of it holds together' nightshift doctor --deep killed/night.yaml
[ -z "$(squeue -h -t pending,running)" ] && [ -z "$(find killed/runs/night -name 'queue-*')" ]
ok $? 'nothing is left in the queue, nor of it on the disk'

# --- a trainer that is built, on a shared file system -----------------------------------------------------
. "$tests/shared_study.sh"
for dir in built.local built.slurm; do
    lab $dir 'kind: slurm' 'partition: main' 'concurrency: 8' 'every: 1s' 'patience: 3s'
done
run 0 'a trainer built from its source, on this machine' \
    nightshift run built.local/lab.yaml --executor local -j 4
run 0 'and on the cluster' nightshift run built.slurm/lab.yaml
lab_decisions built.local >built.decisions
[ "$(grep -c '"verdict":"keep"' built.decisions)" -ge 2 ] &&
    lab_decisions built.slurm | cmp -s - built.decisions
ok $? 'decides the same, patches are kept'
lab_is_shared built.slurm
ok $? 'runs and builds lie in the shared folder, and nothing of the queue is left there'

# --- Slurm's own limit of time: the trainer leaves its state, and goes on from it in other jobs ----------
# A step of the trainer is a line of it, and takes 0.7 s where PACE is 1: 80 steps need several jobs of a
# minute, of which Slurm may warn up to 45 s before their end.
cat >paced.pl <<'END'
use strict;
$| = 1;
my ($pid, $told) = (0, 0);
my $tell = sub { $told = 1; kill("CONT", $pid), kill("TERM", $pid) if $pid };
$SIG{TERM} = $tell;
$pid = open(my $lines, "-|", @ARGV) or die "no trainer: $!";
$tell->() if $told;
while (1) {
    my $line = <$lines>;
    last if !defined $line;
    print $line;
    next if !$ENV{PACE} || $told || $line !~ /train_loss/;
    kill("STOP", $pid);
    select(undef, undef, undef, 0.7);
    kill("CONT", $pid);
}
close($lines);
exit($? & 127 ? 128 + ($? & 127) : $? >> 8);
END
perl -e 'my $r = 1; for (1 .. 9000) { $r = ($r * 1103515245 + 12345) % 2147483648;
    print pack("v", int($r / 1024) % 97) }' >tokens.bin
timed() { # DIR
    mkdir "$1" && cat >"$1/night.yaml" <<END
name: night
decision: {procedure: greedy}
metric: {name: val_loss, goal: minimize}
trainer:
  command: [perl, $work/paced.pl, nightshift-lm, train, --config, "{config}", --seed, "{seed}", --out, "{dir}"]
  timeout: 20m
parameters:
  lr: {distribution: log_uniform_values, min: 1e-4, max: 1e-2, start: 1e-3}
  dim: {value: 16}
  layers: {value: 1}
  heads: {value: 2}
  kv_heads: {value: 1}
  seq: {value: 16}
  batch: {value: 1}
  micro_batch: {value: 1}
  vocab: {value: 97}
  data: {value: $work/tokens.bin}
  tokens: {value: 1280}
  log_every: {value: 1}
  checkpoint_every: {value: 5}
search: {strategy: random}
lookahead: 2
run_cap: 2
env: [PACE, PATH]
executor: {kind: slurm, partition: main, memory: 200M, time: 1m, every: 1s, concurrency: 4,
           resume: {arguments: [--resume], state: train.state}}
END
}
timed whole && timed legs
PACE=0 nightshift run whole/night.yaml --executor local >out 2>err
ok $? 'a night of nightshift-lm on this machine'
PACE=1 nightshift run legs/night.yaml >out 2>err </dev/null
ok $? 'the same in jobs of a minute, with steps that take too long for one'
[ "$(nightshift log --json whole/night.yaml | sed 's/.*"values"/"values"/')" = \
    "$(nightshift log --json legs/night.yaml | sed 's/.*"values"/"values"/')" ] &&
    [ -n "$(ids whole)" ] && [ "$(ids whole)" = "$(ids legs)" ]
ok $? 'ends with the same bits, decisions and commit ids'
for id in 1 2; do
    for file in legs/runs/night/runs/$id/*/stream*; do
        case $file in *.zst) zstd -dqc "$file" ;; *) cat "$file" ;; esac
    done | grep -c '"config"'
done >begun
[ "$(sort -n begun | head -n 1)" -ge 2 ]
ok $? 'each run was begun in several jobs'
cmp -s whole/runs/night/runs/1/*/model.safetensors legs/runs/night/runs/1/*/model.safetensors
ok $? 'and left the same weights'

done_testing
