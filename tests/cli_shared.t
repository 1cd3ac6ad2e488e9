#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A study whose trainer is built from its source and whose runs lie on a shared file system, in a queue:
# build, training and evaluation are jobs of it, and the decisions are those of a local run.

. tests/tap.sh
. "$tests/queue.sh"
. "$tests/shared_study.sh"

for dir in local queued killed; do
    lab $dir "$(queue_lines 2s | sed '1!s/^/  /')"
done

run 0 'a night on this machine' nightshift run local/lab.yaml --executor local -j 2
lab_decisions local >local.decisions
[ "$(wc -l <local.decisions)" -eq 5 ] && [ "$(grep -c '"verdict":"keep"' local.decisions)" -ge 2 ]
ok $? 'has five decisions, a patch is kept'
run 0 'the same in a queue' nightshift run queued/lab.yaml
lab_decisions queued | cmp -s - local.decisions
ok $? 'decides the same'
lab_is_shared queued
ok $? 'runs and builds lie in the shared folder, and nothing of the queue is left there'
run 0 'all of it holds together' nightshift doctor --deep queued/lab.yaml

nightshift run killed/lab.yaml >out 2>err </dev/null &
night=$!
two() { [ "$(lab_decisions killed 2>/dev/null | wc -l)" -ge 2 ]; }
await 300 two
kill -9 $night
wait $night 2>/dev/null
run 0 'a night that was killed goes on' nightshift run killed/lab.yaml
lab_decisions killed | cmp -s - local.decisions && lab_is_shared killed
ok $? 'to the same decisions'

done_testing
