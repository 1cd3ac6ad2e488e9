#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `nightshift run` under bad users, bad trainers, bad disks and bad luck.  What each leaves must be
# fit to go on with.

. tests/tap.sh

# study NAME COMMAND-WORDS… : a small study on standard output; the words are YAML
study()
{
    name=$1
    shift
    cat <<END
name: $name
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [$*], timeout: 20s}
parameters:
  x: {distribution: uniform, min: -2, max: 2, start: 1.5}
  y: {distribution: int_uniform, min: -3, max: 3, start: 3}
jobs: 2
run_cap: 3
END
}
FAKE='fake_trainer, ok, --config, "{config}", --seed, "{seed}"'
ids() { git -C "$1" for-each-ref --format='%(refname) %(objectname)' refs/heads/nightshift; }
mkdir plain && study plain "$FAKE" >plain/s.yaml
run 0 'an undisturbed study' nightshift run plain/s.yaml
ids plain/runs/plain/repo.git >undisturbed

# --- signals ---------------------------------------------------------------------------------------

mkdir polite && cat >polite/trainer.sh <<'END'
trap 'echo told >"$1/told"; exit 0' TERM
touch "$1/started" ../../../../../started
while :; do sleep 0.05; done
END
study polite 'sh, trainer.sh, "{dir}"' >polite/s.yaml
nightshift run polite/s.yaml -j 1 >out 2>err </dev/null &
pid=$!
await 100 [ -e polite/started ]
kill -TERM $pid
wait $pid
[ $? -eq 143 ] && grep -q 'the same command goes on' err
ok $? 'a signal is heard, whatever threads the libraries have started'
[ "$(cat polite/runs/polite/runs/1/*/told)" = told ]
ok $? 'and the trainer is told, not killed'

# --- looked at while it runs -----------------------------------------------------------------------

mkdir busy && study busy 'fake_trainer, ok, --sleep-ms, "20", --config, "{config}", --seed, "{seed}"' |
    sed 's/run_cap: 3/run_cap: 20/' >busy/s.yaml
nightshift run busy/s.yaml >out 2>err </dev/null &
pid=$!
await 100 [ -e busy/runs/busy/runs/1 ]
looks=0 wrong=0
while kill -0 $pid 2>/dev/null; do
    nightshift doctor busy/s.yaml >>doctor.out 2>&1 || wrong=$((wrong + 1))
    looks=$((looks + 1))
done
wait $pid
[ $? -eq 0 ] && [ $looks -gt 0 ] && [ $wrong -eq 0 ] && ! grep -q violated doctor.out
ok $? 'doctor finds nothing wrong with a study that is under way'

# --- where things lie, and what is in the way ------------------------------------------------------

odd='sp ace "q" '"'s'"' %41?#é$x;&'
mkdir "$odd" && cp plain/s.yaml "$odd"
run 0 'a folder with an odd name' nightshift run "$odd/s.yaml"
ids "$odd/runs/plain/repo.git" | cmp -s - undisturbed
ok $? 'changes no commit'
latin=$(printf 'latin\351')
mkdir "$latin" clean && cp plain/s.yaml clean && cp plain/s.yaml "$latin"
cd clean
refused 2 'is not UTF-8' 'a path that JSON cannot hold' nightshift run "../$latin/s.yaml"
refused 2 'is not UTF-8' 'also as --dir' nightshift run s.yaml --dir "../$latin/x"
refused 2 'no\x1b[31msuch' 'what is not there, terminal codes and all' nightshift run "$(printf 'no\033[31msuch')"
refused 2 "--until ' 7:30'" 'a time of day with a blank' nightshift run s.yaml --until ' 7:30'
refused 2 "--until '-0:30'" 'and with a sign' nightshift run s.yaml --until '-0:30'
cd ..

mkdir whole && { study whole "$FAKE" && echo 'files: [.]'; } >whole/s.yaml
run 0 'a study whose inputs are the folder that it lies in' nightshift run whole/s.yaml
run 0 'goes on: its own record is no input' nightshift run whole/s.yaml --experiments 4

mkdir closed && cp plain/s.yaml closed
nightshift run closed/s.yaml <&- >&- 2>&-
[ $? -eq 3 ] && ids closed/runs/plain/repo.git | cmp -s - undisturbed
ok $? 'without any standard descriptor all is done, but the path of the report has nowhere to go'
run 0 'nor was talk written into the record' nightshift doctor --deep closed/s.yaml
nightshift run closed/s.yaml >/dev/full 2>err
[ $? -eq 3 ] && grep -q 'cannot write to standard output: No space left' err
ok $? 'a full standard output is said'
mkdir limit && cp plain/s.yaml limit
(ulimit -f 60 && nightshift run limit/s.yaml) >out 2>err
[ $? -eq 3 ]
ok $? 'a limit on the size of files is an error, not a death'
nightshift run limit/s.yaml >out 2>err && ids limit/runs/plain/repo.git | cmp -s - undisturbed
ok $? 'and leaves a study that goes on'

# --- git under our feet ----------------------------------------------------------------------------

mkdir mine && git init -q mine && cp plain/s.yaml mine
run 0 'a study in a repository' nightshift run mine/s.yaml
mv mine/.git away
run 4 'that is gone' nightshift run mine/s.yaml --experiments 4
[ ! -e mine/runs/plain/repo.git ]
ok $? 'gets no other'
mv away mine/.git
tip=$(git -C mine rev-parse nightshift/plain-log)
git -C mine update-ref refs/heads/nightshift/plain-log "$tip~1"
run 4 'a branch that was moved stops a study before its first run' nightshift run mine/s.yaml --experiments 4
[ "$(nightshift log mine/s.yaml --json | wc -l)" -eq 3 ] && grep -q "$tip" err
ok $? 'and is told where it belongs'
git -C mine update-ref refs/heads/nightshift/plain-log "$tip"
run 0 'put back, it goes on' nightshift run mine/s.yaml --experiments 4

# --- a trainer that works against us ---------------------------------------------------------------

mkdir against && cat >against/trainer.sh <<'END'
case $1 in
folder) rm stream; mkdir -p stream/x ;;
fifo) rm stream; mkfifo stream ;;
link) rm stream; ln -s /etc/passwd stream ;;
moved) mv stream elsewhere; ln -s / stream ;;
outcome) mkdir -p outcome.json/x ;;
litter) mkfifo f; ln -s / root; ln -s self self; mkdir -p a/b; : >"$(printf 'a\nb\377')"; : >-rf ;;
away) cd / ;;
esac
echo 'val_loss: 1.5'
END
cat >against/s.yaml <<'END'
name: against
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, trainer.sh, "{how}"], timeout: 20s}
parameters: {how: {values: [none, folder, fifo, link, moved, outcome, litter, away], start: none}}
search: {strategy: grid}
jobs: 2
END
run 0 'whatever a trainer does to its folder, the night goes on' nightshift run against/s.yaml
nightshift log against/s.yaml --json >log.json
for how in folder fifo link moved; do
    grep "\"how\":\"$how\"" log.json | grep -q '"decision":"failed"'
    ok $? "$how instead of its output: it failed"
done
for how in outcome litter away; do
    grep "\"how\":\"$how\"" log.json | grep -q '"decision":"revert"'
    ok $? "$how: that counts as any other run"
done
[ -s /etc/passwd ] && run 0 'and the record is in order' nightshift doctor --deep against/s.yaml

# --- a trainer that kills its own supervisor --------------------------------------------------------

mkdir assassin && printf 'kill -9 $PPID\nsleep 1\n' >assassin/kill.sh && cat >assassin/assassin.yaml <<'END'
name: assassin
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, ./kill.sh, "{seed}"]}
parameters: {x: {distribution: uniform, min: 0, max: 1, start: 0.5}}
END
run 1 'a trainer that kills its supervisor is not repeated for ever' nightshift run assassin/assassin.yaml
grep -q 'supervisor was killed 3 times' err
ok $? 'it fails, and the reason is said'

done_testing
