#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A little of every misfortune (tests/torture/fault.h); `make torture` brings the whole.

. tests/tap.sh
BUILD=$build
# A sanitizer looks for leaks by tracing, and the tracer of faults is there before it.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export BUILD ASAN_OPTIONS

# suffers COUNT FAULT NAME: so many faults leave no trace.
suffers()
{
    timeout 100 torture -n "$1" "$2" >out 2>err </dev/null
    status=$?
    if grep -q SKIPPED out; then
        tap_n=$((tap_n + 1))
        echo "ok $tap_n # SKIP $2: $(tail -n 1 err)"
    else
        ok $status "$3"
    fi
}

suffers 6 syscall 'killed at a system call, and again while it goes on, it ends with the same commits'
suffers 6 random 'killed at random moments it ends with the same commits'
suffers 40 error 'an error of the system ends it with a message, and it goes on to the same commits'
suffers 14 process 'of killed and stopped trainers and shims nobody is left'
suffers 8 rival 'a branch that somebody else has moved is left to him'
suffers 2 second 'a second harness is turned away'
suffers 4 power 'a power cut loses nothing that was acknowledged'

done_testing
