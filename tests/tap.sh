# SPDX-License-Identifier: GPL-3.0-or-later
# tap.sh - what the shell tests share.  `. tests/tap.sh` from the repository root: sets $build (the
# programs, absolute) and $work (a scratch folder, removed at the end) and goes there.

build=$(cd "${BUILD:-build}" && pwd) || exit 1
tests=$(cd tests && pwd) || exit 1
work=$(mktemp -d "${TMPDIR:-/tmp}/nightshift-test-XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT PIPE TERM # which alone would not reach the line above
cd "$work" || exit 1
PATH=$build:$build/tests:$PATH
export PATH
tap_n=0

# ok STATUS NAME: one test; a failed one shows the ends of the files out and err.
ok()
{
    tap_n=$((tap_n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_n - $2"
    else
        echo "not ok $tap_n - $2"
        tail -n 8 err out 2>/dev/null | sed 's/^/# /' >&2 # prove shows this stream
    fi
}

# run STATUS NAME COMMAND…: it ends with STATUS; what it says stands in out and err.
run()
{
    want=$1 name=$2
    shift 2
    timeout 60 "$@" >out 2>err </dev/null
    got=$?
    [ "$got" -eq "$want" ]
    ok $? "$name"
}

# refused STATUS WORDS NAME COMMAND…: ends with STATUS and one line of our own that has WORDS; prints
# nothing else and makes no file.
refused()
{
    want=$1 words=$2 name=$3
    shift 3
    : >out; : >err
    find . | sort >"$work.before"
    timeout 60 "$@" >out 2>err </dev/null
    got=$?
    find . | sort >"$work.after"
    [ "$got" -eq "$want" ] && [ "$(wc -l <err)" -eq 1 ] && grep -q '^nightshift[-lm]*: ' err &&
        grep -qF -e "$words" err && [ ! -s out ] && cmp -s "$work.before" "$work.after"
    ok $? "$name"
    rm -f "$work.before" "$work.after"
}

# await TENTHS COMMAND…: until it succeeds, for so many tenths of a second; fails where it has not.
await()
{
    tenths=$1
    shift
    until "$@"; do
        tenths=$((tenths - 1))
        [ "$tenths" -gt 0 ] || return 1
        sleep 0.1
    done
}

done_testing() { echo "1..$tap_n"; }
