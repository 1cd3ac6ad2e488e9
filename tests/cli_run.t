#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `nightshift run` and what belongs to it, from outside, on a fake trainer.

. tests/tap.sh

# study NAME MODE-WORDS… : a study of the fake trainer on standard output
study()
{
    name=$1
    shift
    cat <<END
name: $name
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer:
  command: [fake_trainer, $*, --config, "{config}", --seed, "{seed}"]
  timeout: 1s
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: int_uniform, min: -3, max: 3, start: 3}
jobs: 2
run_cap: 8
END
}
ids() { git -C "$1" for-each-ref --format='%(refname) %(objectname)' refs/heads/nightshift; }
left_behind() # processes that still work below the scratch folder
{
    for p in /proc/[0-9]*; do
        case $(readlink "$p/cwd" 2>/dev/null) in "$work"*/runs/*) echo "$p" ;; esac
    done
}

# --- a study from beginning to end -----------------------------------------------------------------

mkdir one && study night ok >one/night.yaml
run 0 'a study runs to its cap' nightshift run one/night.yaml
[ "$(cat out)" = "$work/one/runs/night/report/REPORT.md" ] && [ -s "$(cat out)" ]
ok $? 'it prints where the report lies'
nightshift log one/night.yaml --json >log.json
[ "$(wc -l <log.json)" -eq 8 ] && head -n 1 log.json | grep -q '"purpose":"baseline"'
ok $? 'the log has every experiment, the baseline first'
git -C one/runs/night/repo.git fsck --strict --full >out 2>err
ok $? 'git fsck likes the record'
[ "$(git -C one/runs/night/repo.git log --format=%h nightshift/night-log | wc -l)" -eq 8 ]
ok $? 'one commit a decision'
kept=$(git -C one/runs/night/repo.git log --format=%s nightshift/night | wc -l)
[ "$kept" -gt 0 ] && [ "$kept" -eq "$(grep -c '"verified":true' log.json)" ]
ok $? 'one commit a verified keep on the other branch'
git -C one/runs/night/repo.git log -1 --format='%an %ae %cd' --date=raw nightshift/night-log >out
[ "$(cat out)" = 'nightshift nightshift@localhost 946684808 +0000' ]
ok $? 'author and time say nothing of the machine'
run 0 'the same call again has nothing to do' nightshift run one/night.yaml
[ "$(nightshift log one/night.yaml --json | wc -l)" -eq 8 ]
ok $? 'and does nothing'
run 0 'doctor finds all well' nightshift doctor --deep one/night.yaml
run 0 'a higher cap goes on' nightshift run one/night.yaml --experiments 9
[ "$(nightshift log one/night.yaml --json | wc -l)" -eq 9 ]
ok $? 'by one'

# --- interrupted -----------------------------------------------------------------------------------

mkdir two && study night "ok, --sleep-ms, 250" >two/night.yaml
nightshift run two/night.yaml >out 2>err &
pid=$!
await 20 [ -s two/runs/night/study.lock ]
nightshift run two/night.yaml >out2 2>err2
[ $? -eq 5 ] && grep -q "process $pid" err2
ok $? 'a second run is refused with the pid of the first'
nightshift status two/night.yaml --json >out2 2>err2 && grep -q "$pid" out2
ok $? 'status names it too'
sleep 0.7
kill -INT $pid
wait $pid
[ $? -eq 130 ] && [ -z "$(left_behind)" ]
ok $? 'Ctrl-C ends it with 130 and no process left'
nightshift run two/night.yaml >out 2>err &
pid=$!
sleep 0.7
nightshift stop two/night.yaml >out2 2>err2
stopped=$?
wait $pid
[ $? -eq 143 ] && [ $stopped -eq 0 ]
ok $? 'stop ends it with 143'
run 1 'stop says when there is nothing to stop' nightshift stop two/night.yaml
run 0 'and run goes on' nightshift run two/night.yaml
mkdir three && study night "ok, --sleep-ms, 250" >three/night.yaml
run 0 'an undisturbed twin with other jobs' nightshift run three/night.yaml -j 1
[ -n "$(ids two/runs/night/repo.git)" ] &&
    [ "$(ids two/runs/night/repo.git)" = "$(ids three/runs/night/repo.git)" ]
ok $? 'has the same commit ids'

# What a trainer says as it fails is no part of a commit.
cat >words.sh <<'END'
case $1 in 0.5) ;; *) echo "process $$ failed at $(date +%N) in $PWD" >&2; exit 3 ;; esac
echo "val_loss: 1.$2"
END
for twin in words1 words2; do
    mkdir $twin && cp words.sh $twin/ && cat >$twin/words.yaml <<'END'
name: words
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, ./words.sh, "{x}", "{seed}"]}
parameters: {x: {distribution: uniform, min: 0, max: 1, start: 0.5}}
run_cap: 4
END
    nightshift run $twin/words.yaml >out 2>err
done
grep -q 'exit 3.*process [0-9]* failed' err && [ -n "$(ids words1/runs/words/repo.git)" ] &&
    [ "$(ids words1/runs/words/repo.git)" = "$(ids words2/runs/words/repo.git)" ]
ok $? 'the last words of a failing trainer are shown and change no commit id'

# --- everything that a trainer may do wrong --------------------------------------------------------

mkdir faults && cat >faults/faults.yaml <<'END'
name: faults
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer:
  command: [fake_trainer, ok, --mode-from-config, --config, "{config}", --seed, "{seed}"]
  timeout: 1s
parameters:
  mode: {values: [ok, crash, abort, hang, 'nan', 'inf', nonfinite, flood, silent, echo-wrong, echo-right,
                  partial-line, garbage, grandchild, daemon, late, plain], start: ok}
search: {strategy: grid}
jobs: 2
END
run 0 'failed runs are data: a study of faults ends with 0' nightshift run faults/faults.yaml
[ -z "$(left_behind)" ]
ok $? 'no process survives'
nightshift export --format jsonl faults/faults.yaml >faults.json
fault() # MODE CLASS
{
    id=$(nightshift log faults/faults.yaml --json | grep -F "\"mode\":\"$1\"" |
        sed 's/.*"id":\([0-9]*\).*/\1/')
    nightshift show faults/faults.yaml "$id" --json >out 2>err &&
        grep -q "\"class\":\"$2\"" out
    ok $? "$1 is classed $2"
}
fault ok ok
fault crash exit
fault abort signal
fault hang timeout
fault nan nonfinite
fault inf nonfinite
fault nonfinite nonfinite
fault flood output_flood
fault silent protocol
fault echo-wrong protocol
fault echo-right ok
fault partial-line protocol
fault garbage ok
fault grandchild ok
fault daemon ok
fault plain ok
nightshift log faults/faults.yaml --json | grep '"mode":"crash"' |
    grep -q '"values":\[null[],].*"decision":"failed"\|"decision":"failed".*"values":\[null[],]'
ok $? 'a failed run has no value and its experiment failed'
grep -q 'timeout' faults/runs/faults/report/REPORT.md
ok $? 'the report names the causes'

mkdir deaf && study deaf ignore-term | sed "s|jobs: 2|jobs: 3|" >deaf/deaf.yaml
run 1 'a baseline that fails ends the study with 1' nightshift run deaf/deaf.yaml
grep -q 'baseline' err && grep -qi 'time' err && [ -z "$(left_behind)" ]
ok $? 'and says why; TERM ignored does not help a trainer'
run 0 'best says that nothing is verified' nightshift best one/night.yaml --json

# --- the user's own repository ---------------------------------------------------------------------

mkdir mine && cd mine && git init -q . && git config user.email a@b && git config user.name a
echo 1 >tracked && git add tracked && git commit -qm first && echo 2 >>tracked && echo 3 >untracked
echo 4 >staged && git add staged && study night ok >night.yaml && git checkout -q --detach
cd ..
state() { git -C mine status --porcelain=v2 --branch; git -C mine rev-parse HEAD; sha256sum mine/.git/index; }
state >before
run 0 'a study in a dirty, detached repository' nightshift run mine/night.yaml
state >after
cmp -s before after
ok $? 'HEAD, index and work tree are as they were'
git -C mine rev-parse -q --verify nightshift/night-log >out
ok $? 'and the log branch is there'
git -C mine show nightshift/night-log:config.yaml >out 2>err && grep -q '^x: ' out
ok $? 'with the config of the incumbent'

# --- run it again ----------------------------------------------------------------------------------

mkdir data && cat >data/data.yaml <<'END'
name: data
decision: {procedure: paired}
metric: {name: val_bpb, goal: minimize}
trainer: {command: [sh, trainer.sh, "{x}", "{seed}"]}
parameters: {x: {distribution: uniform, min: 0, max: 1, start: 0.5}}
files: [tokens.bin]
run_cap: 4
END
cat >data/trainer.sh <<'END'
awk -v x="$1" -v seed="$2" 'BEGIN { srand(seed); printf "training…\nval_bpb: %.6f\n", 1 + x * x + rand() / 100 }'
END
printf 'abcdefgh' >data/tokens.bin
run 0 'a shell script is a trainer' nightshift run data/data.yaml
for id in 1 2 3; do
    run 0 "experiment $id again" nightshift reproduce data/data.yaml $id
    grep -q '^bit-identical' out
    ok $? 'is bit-identical'
done
git clone -q --mirror data/runs/data/repo.git elsewhere/.git 2>err
cp data/tokens.bin data/trainer.sh elsewhere/
cd elsewhere && git config core.bare false && run 0 'and from git alone' nightshift reproduce --ref nightshift/data-log
grep -q '^bit-identical' out
ok $? 'is bit-identical too'
cd ..
printf 'abcdEfgh' >data/tokens.bin
run 1 'with a flipped byte in the data it is not' nightshift reproduce data/data.yaml 2
grep -q "tokens.bin' has changed" out
ok $? 'and says what differs'
run 2 'nor does the study go on with it' nightshift run data/data.yaml --experiments 9
grep -q "tokens.bin' has changed" err
ok $? 'for the same reason'
printf 'abcdefgh' >data/tokens.bin
sed -i 's/max: 1,/max: 2,/' data/data.yaml
run 2 'a changed study does not go on' nightshift run data/data.yaml --experiments 9
grep -q 'max' err
ok $? 'and says what has changed'

# --- the user's own guesses ------------------------------------------------------------------------

run 0 'a config can be enqueued' nightshift enqueue one/night.yaml x=0.25 y=0
run 0 'and is taken up next' nightshift run one/night.yaml --experiments 10
nightshift log one/night.yaml --json | tail -n 1 >out
grep -q '"purpose":"enqueued"' out && grep -q '"x":0.25' out
ok $? 'with the values asked for'
run 0 'a remark is kept' nightshift note one/night.yaml 2 'looks | odd'
nightshift show one/night.yaml 2 >out 2>err && grep -qF 'looks | odd' out
ok $? 'and shown'

# --- a full disk ------------------------------------------------------------------------------------

mkdir full && study full flood >full/full.yaml
run 3 'a disk that takes no more ends the night' \
    sh -c 'ulimit -f 4000; exec nightshift run full/full.yaml'
grep -q "cannot write 'stream': File too large" err && [ -z "$(left_behind)" ]
ok $? 'with the reason, and nothing runs on'
run 1 'with room again the same call goes on' nightshift run full/full.yaml
grep -q 'printed more than' err
ok $? 'to the limit of the run itself'

# --- what is refused, and leaves nothing behind ----------------------------------------------------

mkdir clean && cd clean && study bad ok >bad.yaml
refused 2 'No such file' 'a missing study' nightshift run missing.yaml
refused 2 "did you mean '--experiments'" 'a misspelt option' nightshift run bad.yaml --experimnts 3
refused 2 "--jobs '0'" 'no jobs' nightshift run bad.yaml -j 0
refused 2 "--experiments 'x'" 'a cap that is no number' nightshift run bad.yaml --experiments x
refused 2 "--until '25:00'" 'a time that is none' nightshift run bad.yaml --until 25:00
refused 2 "--hours '-1'" 'negative hours' nightshift run bad.yaml --hours=-1
refused 2 "did you mean 'status'" 'a misspelt command' nightshift statu
refused 2 'has not been run yet' 'a log before the run' nightshift log bad.yaml
sed 's/fake_trainer/no_such_trainer/' bad.yaml >bad2.yaml
refused 2 'no_such_trainer' 'a trainer that is not there' nightshift run bad2.yaml
sed 's/^run_cap/files: [gone.bin]\nrun_cap/' bad.yaml >bad3.yaml
refused 2 'gone.bin' 'an input that is not there' nightshift run bad3.yaml
sed 's/jobs: 2/jbos: 2/' bad.yaml >bad4.yaml
refused 2 "bad4.yaml:10:1: unknown key 'jbos' (did you mean 'jobs'?)" 'a misspelt key' nightshift run bad4.yaml
run 0 'a dry run' nightshift run bad.yaml --dry-run
[ ! -e runs ]
ok $? 'creates nothing'

done_testing
