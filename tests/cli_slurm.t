#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A study on a cluster: Slurm with two nodes on this machine.  What is decided must be what a local
# run of the same study decides, whatever happens to the cluster meanwhile.

. tests/tap.sh
. "$tests/cluster.sh"

missing=$(cluster_missing)
if [ -n "$missing" ]; then
    echo "1..0 # SKIP not installed:$missing (make deps-cluster)"
    exit 0
fi
if ! cluster_up; then
    echo "# $(tail -n 3 "$cluster"/log/*.out 2>/dev/null | tr '\n' ' ')" >&2
    echo '1..0 # SKIP the daemons of Slurm cannot be started here'
    exit 0
fi

# Runs of 0.1 to 0.3 s, so that ends are shuffled; a crash among the choices.
cat >shuffled.sh <<'END'
seed=$4
sleep "0.$((seed / 7 % 3 + 1))"
exec fake_trainer ok --mode-from-config --noise 0.2 "$@"
END
study() # DIR
{
    mkdir "$1" && cp shuffled.sh "$1" && cat >"$1/night.yaml" <<END
name: night
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer:
  command: [sh, shuffled.sh, --config, "{config}", --seed, "{seed}"]
  timeout: 20s
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: int_uniform, min: -3, max: 3, start: 3}
  mode: {values: [ok, crash, plain], start: ok}
search: {strategy: perturb, seed: 1}
lookahead: 10
run_cap: 20
executor: {kind: slurm, partition: main, cpus: 1, memory: 50M, time: 5m, concurrency: 16, every: 1s, patience: 3s}
END
}
ids() { git -C "$1/runs/night/repo.git" for-each-ref --format='%(refname) %(objectname)' refs/heads; }
decisions() { nightshift log --decisions --json "$1/night.yaml"; }

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
