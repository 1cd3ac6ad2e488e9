#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# When something goes wrong at night: everything fails, the disk is full; and what is left behind.

. tests/tap.sh

verdicts() # of a study, a line each, without what depends on the study file's bytes
{
    nightshift log "$1" --json | sed 's/,*"commit":[^,}]*//'
}

# --- everything fails ------------------------------------------------------------------------------

fails() # MORE-LINES: a study of which only the baseline's mode works
{
    cat <<END
name: night
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer:
  command: [fake_trainer, ok, --mode-from-config, --config, "{config}", --seed, "{seed}"]
parameters:
  mode: {values: [ok, crash, abort, silent, 'inf'], start: ok}
  x: {distribution: int_uniform, min: 0, max: 1, start: 0}
search: {strategy: grid}
$1
END
}
mkdir fails && fails 'breaker: 3
notify: [./tell.sh, "{event}", "{message}"]' >fails/night.yaml
cat >fails/tell.sh <<'END'
#!/bin/sh
cd "${0%/*}" && echo "$1" >>events && cat >>json && echo "$2" >>messages && exit 1
END
chmod +x fails/tell.sh
run 3 'three failures in a row pause a study: environment' nightshift run fails/night.yaml
grep -q '^nightshift: paused: the last 3 experiments failed (breaker: 3), .* signal 6; mend' err
ok $? 'with the reason'
grep -q 'warning:     assertion failed: cheese' err
ok $? 'and the end of the log'
nightshift log fails/night.yaml --json >out && [ "$(wc -l <out)" -eq 5 ]
ok $? 'nothing is begun after that'
run 0 'the record is sound' nightshift doctor fails/night.yaml
nightshift status fails/night.yaml >out
grep -q '^paused  *the last 3 experiments failed .*; mend it' out
ok $? 'status says what is to be done'
run 3 'the same command goes on, and pauses again' nightshift run fails/night.yaml
[ "$(nightshift log fails/night.yaml --json | wc -l)" -eq 8 ]
ok $? 'three failures later'
run 0 'until nothing is left to try' nightshift run fails/night.yaml
grep -q "warning: notify: './tell.sh' ended with exit 1" err
ok $? 'a notifier that fails is only logged'
[ "$(tr '\n' ' ' <fails/events)" = 'breaker breaker finish ' ]
ok $? 'breaker and finish were told'
grep -q '^{"event":"breaker","message":"the last 3 experiments failed.*,"study":"night"}$' fails/json &&
    [ "$(wc -l <fails/json)" -eq 3 ] && ! grep -q cheese fails/json fails/messages
ok $? 'as JSON, without what a trainer has said'
sed -i 's/breaker: 3/breaker: 5/' fails/night.yaml
run 0 'the policy may be changed between sessions' nightshift run fails/night.yaml
sed 's/tell.sh/no-such-program/' fails/night.yaml >missing.yaml
nightshift check missing.yaml >out 2>err && grep -q "note: nobody would be told: './no-such-program'" out
ok $? 'check tells of a notifier that is not there'
mkdir steady && fails 'breaker: off' >steady/night.yaml
run 0 'a study without a breaker' nightshift run steady/night.yaml
verdicts fails/night.yaml >paused && verdicts steady/night.yaml >straight && [ -s straight ] &&
    cmp -s paused straight
ok $? 'comes to the same verdicts'

# --- what may pass ---------------------------------------------------------------------------------

mkdir gone && cat >gone/gone.yaml <<'END'
name: gone
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [./once.sh, "{x}", "{seed}"]}
parameters: {x: {distribution: int_uniform, min: 1, max: 9, start: 5}}
END
cat >gone/once.sh <<'END'
#!/bin/sh
rm "$0" && echo "val_loss: $1.5"
END
chmod +x gone/once.sh
run 1 'a trainer that can be started no more fails in the end' nightshift run gone/gone.yaml
nightshift show gone/gone.yaml 1 --json | tr '{' '\n' | sed -n 's/.*"class":"\([a-z]*\)".*/\1/p' | tr '\n' ' ' >out
[ "$(cat out)" = 'ok interrupted interrupted spawn interrupted interrupted spawn ' ]
ok $? 'after two more tries of each seed, which count for nothing'
nightshift status gone/gone.yaml >out 2>err
grep -q '4 set aside for a fault that may pass and repeated; failed: spawn 2' out
ok $? 'and are told apart'

# --- files of experiments --------------------------------------------------------------------------

cat >leave.sh <<'END'
i=0
while [ $i -lt 200 ]; do i=$((i + 1)); echo "{\"step\": $i, \"train_loss\": 1.$1$i}"; done
echo "model of $1 and $2" >model.bin
mkdir checkpoints && echo deep >checkpoints/last
echo "val_loss: $(($1 * $1)).$(($2 % 1000))"
END
leaves() # KEEP_FILES
{
    cat <<END
name: leaves
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, ./leave.sh, "{x}", "{seed}"]}
parameters: {x: {distribution: int_uniform, min: 1, max: 9, start: 5}}
search: {strategy: grid}
run_cap: 9
keep_files: $1
notify: [./tell.sh, "{event}"]
END
}
models() { find "$1/runs" -name model.bin | sed 's|.*/runs/\([0-9]*\)/.*|\1|' | sort -nu | tr '\n' ' '; }
for keep in kept all none; do
    mkdir "$keep-files" && leaves $keep >"$keep-files/leaves.yaml" && cp leave.sh fails/tell.sh "$keep-files/"
    run 0 "a study with keep_files: $keep" nightshift run "$keep-files/leaves.yaml"
done
grep -q '"event":"verified".*"metric":"val_loss"' kept-files/json
ok $? 'what was verified is told'
kept=$(nightshift log kept-files/leaves.yaml --json | grep '"verified":true\|"id":1[,}]' |
    sed 's/.*"id":\([0-9]*\).*/\1/' | sort -n | tr '\n' ' ')
[ -n "$kept" ] && [ "$kept" != '1 ' ] && [ "$(models kept-files)" = "$kept" ]
ok $? 'kept: files of the baseline and of what was verified stay'
[ "$(models all-files)" = '1 2 3 4 5 6 7 8 9 ' ] && [ -z "$(models none-files)" ]
ok $? 'all and none do what they say'
gone=$(seq 9 | while read -r n; do case " $kept" in *" $n "*) ;; *) echo "$n" ;; esac; done | head -n 1)
ls -d kept-files/runs/leaves/runs/"$gone"/*/checkpoints 2>/dev/null >out
[ ! -s out ] && ls kept-files/runs/leaves/runs/"$gone"/*/config.json >out
ok $? 'folders of checkpoints are taken away too, the config stays'
run 0 'an experiment whose files are gone can be run again' \
    nightshift reproduce kept-files/leaves.yaml "$gone"
grep -q '^bit-identical' out && grep -q '1 file, 201 records' out
ok $? 'and gives the same bits, by their hashes, and the same records'
for keep in kept none; do
    run 0 "doctor --deep misses nothing with keep_files: $keep" nightshift doctor --deep "$keep-files/leaves.yaml"
done
rm "$(find all-files/runs -name model.bin | sed -n 5p)"
run 4 'but a file that should be there' nightshift doctor --deep all-files/leaves.yaml
find kept-files/runs -name stream.zst | grep -q . && ! find kept-files/runs -name stream | grep -q .
ok $? 'what was printed is packed'

# --- a full disk -----------------------------------------------------------------------------------
# On a disk of 24 MiB of our own, in a mount namespace that goes with us.

cat >on_disk.sh <<'END'
wait_for() { n=400; until "$@" >/dev/null 2>&1; do n=$((n - 1)); [ $n -gt 0 ] || exit 98; sleep 0.05; done; }
mount -t tmpfs -o size=24m none disk || exit 97
cp leaves.yaml leave.sh fails/tell.sh disk/
END
mkdir disk
if [ "$(id -u)" = 0 ] && unshare -m sh -c 'mount -t tmpfs none disk' 2>err; then
    leaves kept | sed 's/^run_cap.*/run_cap: 4\nmin_free: 8MiB/' >leaves.yaml
    cat >script - <<'END'
. ./on_disk.sh
head -c 20000000 /dev/zero >disk/filler
nightshift run disk/leaves.yaml >out 2>err &
pid=$!
wait_for grep -q 'paused: .* of disk are free and 8 MiB must be (min_free)' err
nightshift status disk/leaves.yaml >status
nightshift status --json disk/leaves.yaml >status.json
nightshift status --oneline disk/leaves.yaml >status.line
rm disk/filler
wait $pid || exit
nightshift log disk/leaves.yaml --json | wc -l >count
cp disk/events .
END
    timeout 60 unshare -m sh script
    ok $? 'a study waits while the disk is full, and goes on when there is room'
    grep -q 'warning: there is room again after .*: going on' err && [ "$(cat count)" -eq 4 ]
    ok $? 'by itself, to its end'
    grep -q '^paused  *.* of disk are free and 8 MiB must be' status &&
        grep -q '"paused":".* must be' status.json && grep -q ' paused$' status.line
    ok $? 'status says so meanwhile'
    [ "$(tr '\n' ' ' <events)" = 'pause resume verified finish ' ] || grep -q '^pause' events
    ok $? 'and it is told'
    sed -i 's/^min_free.*/min_free: 1/' leaves.yaml
    cat >script - <<'END'
. ./on_disk.sh
nightshift run disk/leaves.yaml --experiments 2 >out 2>err || exit
cat /dev/zero >disk/filler 2>/dev/null
nightshift run disk/leaves.yaml >out 2>err &
pid=$!
wait_for grep -q 'paused: .*; it goes on by itself' err
cp err paused
rm disk/filler
wait $pid || exit
nightshift doctor --deep disk/leaves.yaml >doctor
nightshift log disk/leaves.yaml --json | wc -l >count
END
    timeout 60 unshare -m sh script
    ok $? 'a disk that is full to the last byte is waited for too'
    [ "$(cat count)" -eq 4 ] && ! grep -q BAD doctor && grep -q 'No space left\|disk is full\|are free\|disk I.O error' paused
    ok $? 'and nothing is amiss afterwards'
    sed -i 's/^min_free.*/min_free: off/' leaves.yaml
    cat >script - <<'END'
. ./on_disk.sh
nightshift run disk/leaves.yaml --experiments 2 >out 2>err || exit
cat /dev/zero >disk/filler 2>/dev/null
nightshift run disk/leaves.yaml >out 2>err
END
    timeout 60 unshare -m sh script
    [ $? -eq 3 ]
    ok $? 'with min_free: off it ends the session with 3 instead'
else
    for _ in 1 2 3 4 5 6 7; do true; ok 0 'a full disk # SKIP no disk of our own can be mounted here'; done
fi

done_testing
