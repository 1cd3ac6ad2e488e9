#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a night survives, and what it never lets out: terminals that go away; secrets, links, modes;
# the sandbox, and the hours of the night.

. tests/tap.sh

plain() # a study of N experiments that take so many ms each
{
    cat <<END
name: plain
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [fake_trainer, ok, --sleep-ms, "$2", --config, "{config}", --seed, "{seed}"]}
parameters: {x: {distribution: uniform, min: -2, max: 2, start: 1.5}}
run_cap: $1
END
}

# --- terminals -------------------------------------------------------------------------------------

mkdir closed && plain 4 0 >closed/plain.yaml
(nightshift run closed/plain.yaml >&- 2>&- <&-)
[ "$(nightshift log closed/plain.yaml --json | wc -l)" -eq 4 ]
ok $? 'a night with all three descriptors closed comes to its end'
run 0 'and its record is sound' nightshift doctor --deep closed/plain.yaml
mkdir full && plain 4 0 >full/plain.yaml
timeout 60 nightshift run full/plain.yaml >/dev/full 2>/dev/full
[ "$(nightshift log full/plain.yaml --json | wc -l)" -eq 4 ]
ok $? 'one whose output takes nothing does as well'
mkdir sleeper && plain 20 0 >sleeper/plain.yaml
mkfifo pipe
sleep 100 <pipe &
reader=$!
# All that a pipe holds is in it beforehand, and the reader never reads.
(exec 3>pipe; timeout 1 head -c 65536 /dev/zero >&3; exec timeout 60 nightshift run sleeper/plain.yaml >out 2>&3)
ok $? 'a reader that sleeps does not hold the night up'
kill $reader 2>err
wait $reader 2>err
[ "$(nightshift log sleeper/plain.yaml --json | wc -l)" -eq 20 ]
ok $? 'which comes to its end'
mkdir stopped && plain 6 0 >stopped/plain.yaml
cat >terminal.py <<'END'
import os, pty, subprocess, sys, termios
master, slave = pty.openpty()
termios.tcflow(slave, termios.TCOOFF)  # as Ctrl-S does
sys.exit(subprocess.run(sys.argv[1:], stdin=slave, stderr=slave, stdout=subprocess.DEVNULL, timeout=50).returncode)
END
run 0 'nor does a terminal that was stopped' python3 terminal.py nightshift run stopped/plain.yaml
[ "$(nightshift log stopped/plain.yaml --json | wc -l)" -eq 6 ]
ok $? 'which loses lines, and no result'
mkdir hangup && plain 4 150 >hangup/plain.yaml
nightshift run hangup/plain.yaml >out 2>err &
pid=$!
sleep 0.7
kill -HUP $pid
wait $pid
ok $? 'a hang-up does not end a night'

# A machine at its limit of processes: no thread can be started. OpenBLAS, whose name the record has,
# would end its process for that.
mkdir crowded && plain 3 0 >crowded/plain.yaml
echo 'int pthread_create(void *a, const void *b, void *(*c)(void *), void *d);
int pthread_create(void *a, const void *b, void *(*c)(void *), void *d)
{ (void)a, (void)b, (void)c, (void)d; return 11; /* EAGAIN */ }' >threads.c
cc -shared -fPIC -o threads.so threads.c
run 0 'a night starts no thread' env LD_PRELOAD="$PWD/threads.so" \
    ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" nightshift run crowded/plain.yaml
nightshift log crowded/plain.yaml --json >out
[ "$(wc -l <out)" -eq 3 ] && ! grep -q '"failed"' out
ok $? 'and comes to its end'

# --- secrets, modes and links ----------------------------------------------------------------------

mkdir secrets && plain 3 0 >secrets/plain.yaml
cat >secrets/tell.sh <<'END'
#!/bin/sh
cat >/dev/null; env >"${0%/*}/runs/told"
END
chmod +x secrets/tell.sh && echo 'notify: [./tell.sh]' >>secrets/plain.yaml
fakes=$(for name in AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN GITHUB_TOKEN GITLAB_TOKEN OPENAI_API_KEY \
    ANTHROPIC_API_KEY HF_TOKEN WANDB_API_KEY NPM_TOKEN PYPI_TOKEN VAULT_TOKEN DATABASE_URL PGPASSWORD \
    MYSQL_PWD SMTP_PASSWORD SLACK_TOKEN STRIPE_KEY LD_SECRET GIT_SECRET COOKIE; do
    echo "$name=kanarie-$name"
done)
[ "$(echo "$fakes" | wc -l)" -eq 20 ]
ok $? 'twenty secrets stand in the environment'
run 0 'of a night' env $fakes nightshift run secrets/plain.yaml
cp out err secrets/runs/
run 0 'and of its report' env $fakes nightshift report secrets/plain.yaml
git -C secrets/runs/plain/repo.git cat-file --batch-all-objects --batch --buffer >secrets/runs/objects
[ -s secrets/runs/objects ] && [ -s secrets/runs/told ] && ! grep -rq kanarie secrets
ok $? 'none of them is in record, git, report, log, or in what was told'
find secrets/runs/plain -perm /077 >out
[ ! -s out ]
ok $? 'nobody else may read anything of it'

mkdir links && plain 1 0 >links/plain.yaml
seed=$(find secrets/runs/plain/runs/1 -mindepth 1 -maxdepth 1 | sed -n 's|.*/||p' | head -n 1)
at=runs/1/$seed harmed=
# plant NAME…: a night with links in the place of our files, to a file that is there and to one that is not
plant()
{
    for target in canary made; do
        rm -rf links/runs made && echo canary >canary
        for name in "$@"; do
            mkdir -p "links/runs/plain/$(dirname "$name")" && ln -s "$work/$target" "links/runs/plain/$name"
        done
        timeout 60 nightshift run links/plain.yaml >out 2>err
        [ $? -le 4 ] && [ "$(cat canary)" = canary ] && [ ! -e made ] || harmed="$harmed $target:$*"
    done
}
for name in study.db study.db-wal study.db-shm study.lock repo.git report; do plant $name; done
plant study.db-journal .gitignore .gitignore.part .room inbox report/REPORT.md report/REPORT.md.part \
    $at/config.json $at/job.json $at/stream $at/log $at/stream.zst $at/outcome.json $at/outcome.json.part \
    $at/alive.lock
[ -z "$harmed" ] || echo "# $harmed"
[ -z "$harmed" ]
ok $? 'no link in the place of a file of ours is written through'

# --- the sandbox -----------------------------------------------------------------------------------

mkdir box && cat >box/box.yaml <<'END'
name: box
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [sh, ./box.sh, "{x}", "{seed}"]}
parameters: {x: {distribution: int_uniform, min: 1, max: 9, start: 5}}
sandbox: bwrap
run_cap: 2
END
cat >box/box.sh <<'END'
echo out >"${0%/*}/escaped" && exit 3
echo in >inside
echo "val_loss: $1.$(($2 % 1000))"
END
if bwrap --ro-bind / / --unshare-pid --proc /proc true 2>err; then
    run 0 'a study in a sandbox' nightshift run box/box.yaml
    [ ! -e box/escaped ] && [ -n "$(find box/runs -name inside)" ]
    ok $? 'writes in its own folder alone'
    run 0 'and runs again as it did' nightshift reproduce box/box.yaml 1
else
    run 3 'where there is no sandbox the study is refused' nightshift run box/box.yaml
    grep -q "leave 'sandbox' out" err && [ ! -e box/runs ]
    ok $? 'with what to mend'
    ok 0 'runs again in the sandbox # SKIP there is none here'
fi

# --- the hours of the night ------------------------------------------------------------------------

soon=$(date -d '+2 hours' +%H:%M) later=$(date -d '+4 hours' +%H:%M) before=$(date -d '-1 hour' +%H:%M)
mkdir hours && plain 2 0 >hours/plain.yaml
run 0 'outside of its hours nothing is done' nightshift run hours/plain.yaml --from "$soon" --until "$later"
[ ! -e hours/runs ] && grep -q "it is not between $soon and $later: nothing to do" err
ok $? 'and that is said'
run 0 'within them a study is run' nightshift run hours/plain.yaml --from "$before" --until "$later"
[ "$(nightshift log hours/plain.yaml --json | wc -l)" -eq 2 ]
ok $? 'as it would be without'
run 2 'hours want an end' nightshift run hours/plain.yaml --from 22:00

done_testing
