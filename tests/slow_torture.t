#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Misfortunes by the dozen, and a study of a thousand experiments.

. tests/tap.sh
BUILD=$build
export BUILD

# suffers COUNT FAULT NAME: so many faults leave no trace.
suffers()
{
    timeout 900 torture -s 2 -n "$1" "$2" >out 2>err </dev/null
    status=$?
    sed 's/^/# /' out
    if grep -q SKIPPED out; then
        tap_n=$((tap_n + 1))
        echo "ok $tap_n # SKIP $2: $(tail -n 1 err)"
    else
        [ $status -eq 0 ] || sed 's/^/# /' out err >&2
        ok $status "$3"
    fi
}

suffers 40 syscall 'killed at a system call, and again while it goes on, it ends with the same commits'
suffers 40 random 'killed at random moments it ends with the same commits'
suffers 120 error 'an error of the system ends it with a message, and it goes on to the same commits'
suffers 40 process 'of killed and stopped trainers and shims nobody is left'
suffers 40 rival 'a branch that somebody else has moved is left to him'
suffers 10 second 'a second harness is turned away'
suffers 20 power 'a power cut loses nothing that was acknowledged'

timeout 600 soak -n 1000 -d "$work" >out 2>err </dev/null
sed 's/^/# /' out
grep -q '^experiments per second' out
ok $? 'a thousand experiments are run'
# Up to sixteen packs are open besides what the harness needs; a leak would be one an experiment.
sed -n 's/.* \([0-9]*\) files .*/\1/p' out | awk '{ n++; most = $1 > most ? $1 : most } END { exit !(n > 0 && most <= 48) }'
ok $? 'files are closed: never more than 48 open'

done_testing
