#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A harness that is killed leaves its runs in the queue: the next one goes on with them.  None is
# started again that still runs, or ended while nobody looked; what is lost is run again.

. tests/tap.sh
. "$tests/queue.sh"

# Each start is noted; none ends while there is a file `hold`.
cat >held.sh <<END
echo "\$2 \$4" >>\$0.started
while [ -e $work/hold ]; do sleep 0.1; done
exec fake_trainer ok --noise 0.2 "\$@"
END
study() # DIR
{
    mkdir "$1" && cp held.sh "$1" && cat >"$1/night.yaml" <<END
name: night
decision: {procedure: paired, max_seeds: 2}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, held.sh, --config, "{config}", --seed, "{seed}"], timeout: 60s}
parameters: {x: {distribution: uniform, min: -2, max: 2, start: 1.5}}
search: {strategy: perturb, seed: 1}
lookahead: 3
run_cap: 5
executor:
$(queue_lines 2s | sed 's/^/  /')
END
}
ids() { git -C "$1/runs/night/repo.git" for-each-ref --format='%(refname) %(objectname)' refs/heads; }
decisions() { nightshift log --decisions --json "$1/night.yaml"; }
same() { decisions "$1" | cmp -s - local.decisions && [ "$(ids "$1")" = "$(ids local)" ]; }
started() { [ "$(cat "$1/held.sh.started" 2>/dev/null | wc -l)" -ge "$2" ]; }
once() { [ -z "$(sort "$1/held.sh.started" | uniq -d)" ]; }
# begin DIR N: a night until its run number N was started, where it is killed; the queue works on.
begin()
{
    nightshift run "$1/night.yaml" >out 2>err </dev/null &
    night=$!
    await 600 started "$1" "$2"
    status=$?
    kill -9 $night
    wait $night 2>/dev/null
    return $status
}

study local
run 0 'a night on this machine' nightshift run local/night.yaml --executor local -j 1
decisions local >local.decisions
[ "$(wc -l <local.decisions)" -eq 5 ]
ok $? 'has five decisions'

# --- they still run when the next session begins ------------------------------------------------------
study running
touch hold
begin running 3 && [ "$(queue_jobs | wc -l)" -ge 3 ]
ok $? 'a harness is killed, its runs go on in the queue'
nightshift run running/night.yaml >out 2>err </dev/null &
night=$!
await 300 grep -q 'that an earlier session has left in the queue go' err
ok $? 'the next session takes them over'
rm hold
wait $night
ok $? 'and ends well'
same running
ok $? 'with the same decisions and commit ids'
once running
ok $? 'no run was started twice'
run 0 'and all of it holds together' nightshift doctor --deep running/night.yaml
queue_empty && [ -z "$(find running -name 'queue-*')" ]
ok $? 'nothing is left in the queue, nor of it on the disk'

# --- they have ended when the next session begins, again and again -------------------------------------
study ended
for n in 2 5 8; do
    begin ended $n
    await 600 queue_empty
done
run 0 'runs that ended while nobody looked' nightshift run ended/night.yaml
same ended && once ended
ok $? 'are taken as they are: same decisions, no run started twice'
run 0 'and can be made again' nightshift doctor --deep ended/night.yaml

# --- they are gone ---------------------------------------------------------------------------------------
study gone
touch hold
begin gone 3
queue_jobs | sed 's/\..*//' | while read -r pid; do
    kill -9 -- "-$pid" 2>/dev/null || kill -9 "$pid"
done
for pid in $(pgrep -f "$work/gone/runs"); do kill -9 "$pid" 2>/dev/null; done
await 100 queue_empty
rm hold
run 0 'runs that vanished while nobody looked' nightshift run gone/night.yaml
same gone && ! once gone && nightshift show --json gone/night.yaml 1 | grep -q 'its result never came'
ok $? 'are looked for, and run again'

# --- another executor, another command --------------------------------------------------------------------
study moved
touch hold
begin moved 3
nightshift run moved/night.yaml --executor local >out 2>err </dev/null &
night=$!
await 200 queue_empty && await 50 grep -q 'ending .* that an earlier session has left in the queue' err
ok $? 'where the runs are to happen elsewhere they are ended'
rm hold
wait $night
same moved
ok $? 'and run again'

done_testing
