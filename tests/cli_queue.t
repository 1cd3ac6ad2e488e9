#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The executor `command` with a small queue of our own (fake_queue.pl), and what becomes of a study
# when that queue is full, down, deaf, slow, forgetful, or starts a job twice.  Decisions must be those
# of a local run, and no run may be lost or counted twice.

. tests/tap.sh
. "$tests/queue.sh"

study() # DIR [MODE] [MORE]
{
    mkdir "$1" && cat >"$1/night.yaml" <<END
name: night
decision: {procedure: paired, max_seeds: 2}
metric: {name: val_loss, goal: minimize}
trainer:
  command: [fake_trainer, ${2:-ok}, --mode-from-config, --noise, "0.2", --config, "{config}", --seed, "{seed}"]
  timeout: 20s
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  mode: {values: [${2:-ok}, crash], start: ${2:-ok}}
search: {strategy: perturb, seed: 1}
lookahead: 3
run_cap: 5
executor:
$(queue_lines 1s | sed 's/^/  /')
${3:-}
END
}
decisions() { nightshift log --decisions --json "$1/night.yaml" | sed 's/"commit":"[0-9a-f]*"//'; }
same() { [ "$(wc -l <local.decisions)" -eq 5 ] && decisions "$1" | cmp -s - local.decisions; }
submitted() { wc -l <"$queue/submitted"; }

# --- what is wrong is said before anything is made ----------------------------------------------------
study wrong
sed -i 's/submit: \[perl/submit: [no-such-qsub/' wrong/night.yaml
refused 2 "the queue's command 'no-such-qsub' is neither in" 'a command of the queue that is not there is refused' \
    nightshift run wrong/night.yaml
refused 2 "unknown executor 'slrum' (did you mean 'slurm'?)" 'and an executor that there is not' \
    nightshift run wrong/night.yaml --executor slrum
nightshift check wrong/night.yaml >out 2>err && grep -q "note: its runs could not be queued from here: .*no-such-qsub" out
ok $? 'check says so too'
nightshift list executors | grep -q '^command '
ok $? 'list names the executors'

# --- a night ------------------------------------------------------------------------------------------
study local
run 0 'a night on this machine' nightshift run local/night.yaml --executor local -j 2
decisions local >local.decisions
study plain
run 0 'a night in the queue' nightshift run plain/night.yaml
same plain && [ "$(git -C plain/runs/night/repo.git rev-parse nightshift/night-log)" = \
    "$(git -C local/runs/night/repo.git rev-parse nightshift/night-log)" ]
ok $? 'decides the same, with the same commit ids'
[ "$(sort "$queue/submitted" | uniq -d | wc -l)" -eq 0 ] && queue_empty &&
    [ -z "$(find plain -name 'queue-*')" ]
ok $? 'each job has a name of its own, and nothing is left'
run 0 'and all of it holds together' nightshift doctor --deep plain/night.yaml

# --- a queue that misbehaves --------------------------------------------------------------------------
study deaf
touch "$queue/deaf"
(sleep 4; rm "$queue/deaf") &
: >"$queue/submitted"
run 0 'the answer to a submission is lost' nightshift run deaf/night.yaml
same deaf && [ "$(sort "$queue/submitted" | uniq -d | wc -l)" -eq 0 ]
ok $? 'the queue is asked, and no job is submitted again'
wait
study swift
touch "$queue/deaf" "$queue/swift"
: >"$queue/submitted"
run 0 'a run that is over before the queue can be asked counts as taken' nightshift run swift/night.yaml
same swift && [ "$(sort "$queue/submitted" | uniq -d | wc -l)" -eq 0 ]
ok $? 'and none is submitted again'
rm "$queue/deaf" "$queue/swift"

study full
touch "$queue/full"
run 3 'a queue that takes nothing from the first' nightshift run full/night.yaml
grep -q 'the queue takes no runs: fake_queue: the queue is full' err
ok $? 'is an error that says why'
rm "$queue/full"
nightshift run full/night.yaml >out 2>err </dev/null &
night=$!
await 100 grep -qs . full/runs/night/study.db && sleep 1.5
touch "$queue/full" "$queue/down"
sleep 3
rm "$queue/full" "$queue/down"
wait $night
ok $? 'one that is down and full for a while is waited for'
same full
ok $? 'with the same decisions'

study twice
touch "$queue/twice"
run 0 'each job is started twice' nightshift run twice/night.yaml
rm "$queue/twice"
same twice && nightshift doctor twice/night.yaml >/dev/null
ok $? 'and run once'

study eaten
touch "$queue/eat"
(sleep 3; rm "$queue/eat") &
run 0 'jobs that vanish without a result' nightshift run eaten/night.yaml
same eaten && nightshift show --json eaten/night.yaml 1 | grep -q 'its result never came'
ok $? 'are run again when the result was looked for long enough'
wait

# --- the script ---------------------------------------------------------------------------------------
study setup ok "  setup: ['export SEEN=\"it''s here\"', 'echo ready']
env: [SEEN]"
sed -i "s/command: \[fake_trainer, ok/command: [sh, \"{study_dir}\/seen.sh\", ok/" setup/night.yaml
echo '[ "$SEEN" = "it'\''s here" ] && exec fake_trainer "$@"' >setup/seen.sh
run 0 'lines of setup run before the trainer, which sees what they export' nightshift run setup/night.yaml
study broken ok '  setup: [no-such-module load cuda]'
run 1 'a line of setup that fails' nightshift run broken/night.yaml
grep -q "spawn (the task's script failed: .*no-such-module" err
ok $? 'is the reason that the baseline failed'

# --- the end of time: the run goes on from its state -----------------------------------------------------
cat >steps.sh <<'END'
# Counts to 12 in tenths of a second; at TERM it leaves its state, from which `resume` goes on.
from=1
[ "${3:-}" != resume ] || from=$(cat state)
trap 'echo $step >state; exit 143' TERM
step=$from
while [ "$step" -le 12 ]; do
    echo "{\"step\": $step}"
    sleep 0.1
    step=$((step + 1))
done
echo "{\"val_loss\": 1.5}"
END
study legs ok '  resume: {arguments: [resume], state: state}'
sed -i "s|command: .*|command: [sh, $work/steps.sh, '{seed}', '{name}']|; s|run_cap: 5|run_cap: 1|; s|  mode: .*|  name: {value: 1}|" legs/night.yaml
nightshift run legs/night.yaml >out 2>err </dev/null &
night=$!
first_job() { queue_jobs | sed -n '1s/\..*//p'; }
streams() { cat legs/runs/night/runs/1/*/stream 2>/dev/null | grep -q '"step": 3}'; }
await 100 streams
kill -USR1 "$(first_job)"
wait $night
ok $? 'a run that is warned of the end of its time ends well in another job'
seed=$(nightshift show --json legs/night.yaml 1 | sed 's/.*"runs":\[.*"seed":\([0-9]*\).*/\1/')
for file in legs/runs/night/runs/1/*/stream*; do
    case $file in *.zst) zstd -dqc "$file" ;; *) cat "$file" ;; esac
done | grep -o '"step": [0-9]*' | sed 's/.* //' >steps
[ "$(uniq steps | wc -l)" -ge 12 ] && [ "$(sort -n steps | uniq | wc -l)" -eq 12 ] &&
    nightshift show --json legs/night.yaml 1 | grep -q '"class":"ok"' && [ -n "$seed" ]
ok $? 'with all that it printed before and after'
study warned
sed -i "s|command: .*|command: [sh, $work/steps.sh, '{seed}', '{name}']|; s|run_cap: 5|run_cap: 1|; s|  mode: .*|  name: {value: 1}|" warned/night.yaml
nightshift run warned/night.yaml >out 2>err </dev/null &
night=$!
streams() { cat warned/runs/night/runs/1/*/stream 2>/dev/null | grep -q '"step": 3}'; }
await 100 streams
kill -USR1 "$(first_job)"
wait $night
[ $? -eq 1 ] && grep -q "timeout (the queue's time was up" err
ok $? 'one that cannot go on is a timeout'

# --- stopped, killed ------------------------------------------------------------------------------------
study stopped slow
sed -i 's/--noise/--sleep-ms, "3000", --noise/' stopped/night.yaml
nightshift run stopped/night.yaml >out 2>err </dev/null &
night=$!
busy() { ! queue_empty; }
await 100 busy
kill -INT $night
wait $night
[ $? -eq 130 ] && await 50 queue_empty
ok $? 'Ctrl-C ends the runs, and cancels their jobs'

study killed slow
sed -i 's/--noise/--sleep-ms, "60000", --noise/' killed/night.yaml
nightshift run killed/night.yaml >out 2>err </dev/null &
night=$!
await 100 busy
kill -9 $night
wait $night 2>/dev/null
busy
ok $? 'the jobs of a harness that was killed are still there'
nightshift run killed/night.yaml --executor local >out 2>err </dev/null &
night=$!
gone() { ! busy; }
await 200 gone && await 50 grep -q 'that an earlier session has left in the queue' err
ok $? 'the next session ends them before it does anything, wherever its runs are to happen'
kill -INT $night
wait $night

done_testing
