# SPDX-License-Identifier: GPL-3.0-or-later
# queue.sh - for tests of the executor `command`, behind tap.sh: a queue (fake_queue.pl) in $queue.

mkdir queue
queue=$work/queue

# queue_lines PATIENCE: what stands below a study's `executor:`.
queue_lines()
{
    program="perl, $tests/fake_queue.pl, $queue"
    cat <<END
kind: command
concurrency: 4
every: 1s
patience: $1
submit: [$program, submit, "{name}", "{script}"]
poll: [$program, poll]
cancel: [$program, cancel, "{id}"]
END
}
queue_jobs() { perl "$tests/fake_queue.pl" "$queue" poll; }
queue_empty() { [ -z "$(queue_jobs)" ]; }
