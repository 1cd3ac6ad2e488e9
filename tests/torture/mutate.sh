#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# mutate.sh [NAME…] - do the tests see?  Takes one protection away at a time, in a copy, and brings
# on the misfortune that it protects from: within 200 faults the torture must find a violation.
# One line each; exit 1 where one was not found.
set -u

# name, fault that must notice, file, what sed makes of it
mutations='
sync-record power  experiments/store.c          s/synchronous = FULL/synchronous = OFF/
sync-wal    power  experiments/store.c          s/synchronous = FULL/synchronous = NORMAL/
sync-git    power  experiments/ledger.c         s/(GIT_OPT_ENABLE_FSYNC_GITDIR, 1)/(GIT_OPT_ENABLE_FSYNC_GITDIR, 0)/
sync-output power  harness/shim.c               s/if (fsync(shim->outputs\[i\].file) != 0)/if (0)/
swap        rival  experiments/ledger_publish.c s/rc = git_reference_create_matching(&ref, ledger->repo, plan->ref, &commit, 1, &parent,/(void)parent, rc = git_reference_create(\&ref, ledger->repo, plan->ref, \&commit, 1,/
intent      syscall harness/publish.c           s/rc = store_intents(store, &d, plans, n, err);/rc = ledger_publish_all(ledger, plans, n, err) != 0 || store_intents(store, \&d, plans, n, err) != 0 ? -1 : 0;/
lock        second harness/place.c              s/if (flock(fd, LOCK_EX | LOCK_NB) == 0)/if (fd >= 0)/
'

root=$(pwd)
base=${TMPDIR:-/tmp}
bad=0
copy=$(mktemp -d "$base/nightshift-mutant-XXXXXX") || exit 3
trap 'rm -rf "$copy"' EXIT
trap 'exit 1' HUP INT PIPE TERM

# Whether a violation was found; what stopped for another reason has noticed nothing.
torture() {
    BUILD=$copy/build "$root/build/tests/torture" -n 200 "$1" >"$copy/out" 2>"$copy/err"
    grep -q ' [1-9][0-9]* violations' "$copy/out"
}

make -s all build/tests/fake_trainer build/tests/fake_gnuplot build/tests/torture || exit 3
git ls-files -co --exclude-standard | tar -cf - -T - | tar -xf - -C "$copy"
cp -a build "$copy/"
echo "$mutations" | while read -r name fault file edit; do
    [ -n "$name" ] || continue
    case " $* " in *"  "*) ;; *" $name "*) ;; *) continue ;; esac
    if [ ! -f "$file" ]; then
        echo "$name: there is no file $file"
        echo bad >"$copy/bad"
        continue
    fi
    cp -p "$file" "$copy/$file.kept"
    sed "$edit" "$file" >"$copy/$file"
    if cmp -s "$file" "$copy/$file"; then
        echo "$name: the edit does not fit $file any more"
        echo bad >"$copy/bad"
    elif ! (cd "$copy" && make -s build/nightshift >build/mutant.log 2>&1); then
        echo "$name: does not build: $(tail -n 1 "$copy/build/mutant.log")"
        echo bad >"$copy/bad"
    elif torture "$fault"; then
        echo "$name: noticed: $(cat "$copy/out"); $(grep '^torture:' "$copy/err" | head -n 1)"
    else
        echo "$name: NOT NOTICED: $(cat "$copy/out" "$copy/err")"
        echo bad >"$copy/bad"
    fi
    mv "$copy/$file.kept" "$copy/$file"
    touch "$copy/$file"
done
[ ! -e "$copy/bad" ] || bad=1
exit $bad
