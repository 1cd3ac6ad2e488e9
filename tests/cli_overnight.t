#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The night as a service: what the manager is told, what it starts, and that a reboot loses nothing.

share=$(cd share && pwd) || exit 1
. tests/tap.sh

cat >plain.yaml <<'END'
name: plain
decision: {procedure: paired}
metric: {name: val_loss, goal: minimize}
trainer: {command: [fake_trainer, ok, --sleep-ms, "100", --config, "{config}", --seed, "{seed}"]}
parameters: {x: {distribution: uniform, min: -2, max: 2, start: 1.5}}
run_cap: 4
END
cat >manager.py <<'END'
import os, socket, subprocess, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind("manager")
server.settimeout(0.2)
program = subprocess.Popen(sys.argv[1:], env=dict(os.environ, NOTIFY_SOCKET=os.path.abspath("manager"),
                                                  WATCHDOG_USEC="200000"))
heard = open("heard", "w")
while True:
    try:
        heard.write(server.recv(4096).decode())
        heard.flush()
    except socket.timeout:
        if program.poll() is not None:
            break
os.unlink("manager")
sys.exit(program.returncode)
END
run 0 'a night under a service manager' python3 manager.py nightshift run plain.yaml
[ "$(head -n 1 heard)" = READY=1 ] && [ "$(grep -c READY heard)" -eq 1 ]
ok $? 'which hears first that it is ready'
grep -q '^STATUS=4 experiments, . decisions, 1 runs under way$' heard
ok $? 'how far it is'
grep -q '^WATCHDOG=1$' heard
ok $? 'and that it is alive'
run 0 'outside of its hours it is ready and gone' python3 manager.py nightshift run plain.yaml \
    --from "$(date -d '+2 hours' +%H:%M)" --until "$(date -d '+3 hours' +%H:%M)"
[ "$(cat heard)" = READY=1 ]
ok $? 'which a manager takes for a good end'

# A power cut in the middle of the night: the machine comes back within the hours.
before=$(date -d '-1 hour' +%H:%M) after=$(date -d '+1 hour' +%H:%M)
mkdir cut whole && cp plain.yaml cut/ && cp plain.yaml whole/
nightshift run cut/plain.yaml --from "$before" --until "$after" >out 2>err &
pid=$!
sleep 0.8
kill -KILL $pid
wait $pid 2>err
run 0 'what a reboot starts goes on' nightshift run cut/plain.yaml --from "$before" --until "$after"
run 0 'as a night that nothing has disturbed' nightshift run whole/plain.yaml
ids() { git -C "$1/runs/plain/repo.git" for-each-ref --format='%(refname) %(objectname)' refs/heads/nightshift; }
[ -n "$(ids cut)" ] && [ "$(ids cut)" = "$(ids whole)" ]
ok $? 'with the same commits'

# --- the units -------------------------------------------------------------------------------------

mkdir units && cp "$share"/systemd/* units/
sed -i "s|/usr/local/bin|$build|" units/nightshift@.service
if command -v systemd-analyze >/dev/null && command -v systemd-escape >/dev/null; then
    name=$(systemd-escape --path "$work/plain.yaml")
    for kind in service timer; do
        cp units/nightshift@.$kind "units/nightshift@$name.$kind"
        SYSTEMD_UNIT_PATH="$work/units:" timeout 60 systemd-analyze verify --man=no "units/nightshift@$name.$kind" >out 2>err
        ok $? "systemd-analyze likes the $kind"
        grep 'nightshift' err >out
        [ ! -s out ]
        ok $? 'without a word'
    done
else
    for _ in 1 2 3 4; do ok 0 'the units # SKIP there is no systemd-analyze'; done
fi

done_testing
