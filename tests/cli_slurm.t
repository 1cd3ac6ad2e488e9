#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A study on a cluster: Slurm with two nodes on this machine.  What is decided must be what a local
# run of the same study decides, whatever happens to the cluster meanwhile.

. tests/tap.sh
. "$tests/cluster_study.sh"

study local
run 0 'a night on this machine' nightshift run local/night.yaml --executor local -j 8
decisions local >local.decisions

# --- a node dies in the middle ----------------------------------------------------------------------
study slurm
timeout 150 nightshift run slurm/night.yaml >out 2>err </dev/null &
night=$!
decided() { [ "$(decisions slurm 2>/dev/null | wc -l)" -ge 5 ]; }
busy() { [ "$(cluster_node_pids n1 | wc -l)" -ge 2 ]; }
cluster_wait 300 decided && cluster_wait 100 busy && cluster_kill_node n1
ok $? 'a node dies while runs are on it'
wait $night
ok $? 'and the night goes on to its end'
decisions slurm >slurm.decisions
[ "$(wc -l <slurm.decisions)" -eq 20 ] && cmp -s local.decisions slurm.decisions
ok $? 'with the same decisions as on this machine'
[ -n "$(ids local)" ] && [ "$(ids local)" = "$(ids slurm)" ]
ok $? 'and the same commit ids'
grep -q '"verdict":"keep"' slurm.decisions && grep -q '"verdict":"failed"' slurm.decisions
ok $? 'keeps and failures are among them'
for id in $(seq 20); do nightshift show --json slurm/night.yaml "$id"; done | grep -q 'its node failed'
ok $? 'the runs on the node are in the record as lost, and were run again'
run 0 'and all of it holds together' nightshift doctor --deep slurm/night.yaml
[ "$(find slurm/runs/night -name 'queue-*' | wc -l)" -eq 0 ] &&
    [ -z "$(squeue -h -t pending,running)" ]
ok $? 'nothing is left in the queue, nor of it on the disk'

done_testing
