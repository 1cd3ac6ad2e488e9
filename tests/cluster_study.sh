# SPDX-License-Identifier: GPL-3.0-or-later
# cluster_study.sh - for tests on a cluster, behind tap.sh: the cluster of cluster.sh, or the whole
# test skipped aloud; a study of 20 experiments for it, its commits and its decisions.

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

# Runs of 0.1 to 0.3 s, so that ends are shuffled; a crash among the choices.  Each start is noted, and
# none ends while there is a file `hold` beside the script.
cat >shuffled.sh <<'END'
seed=$4
dir=${0%/*}
echo "$2 $4" >>"$dir/started"
while [ -e "$dir/hold" ]; do sleep 0.1; done
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
