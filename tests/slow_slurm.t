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

# --- a controller that is down --------------------------------------------------------------------------
study=down
study down
nightshift run down/night.yaml >out 2>err </dev/null &
night=$!
cluster_wait 300 decided 3
kill "$cluster_slurmctld"
wait "$cluster_slurmctld" 2>/dev/null
sleep 10
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
nightshift run killed/night.yaml >out 2>err </dev/null &
night=$!
cluster_wait 300 decided 3 && cluster_wait 100 running
kill -9 $night
wait $night 2>/dev/null
run 0 'a harness that was killed goes on' nightshift run killed/night.yaml
same killed && [ "$(ids local)" = "$(ids killed)" ] && [ -z "$(squeue -h -t pending,running)" ]
ok $? 'to the same decisions, and leaves nothing in the queue'

done_testing
