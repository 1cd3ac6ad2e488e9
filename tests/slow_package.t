#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What a packager does: install below DESTDIR, uninstall, and a Debian package that lintian reads.

. tests/tap.sh
root=$(cd "$tests/.." && pwd)

# skip NAME WHY: a test that this machine cannot run.
skip()
{
    tap_n=$((tap_n + 1))
    echo "ok $tap_n - $1 # SKIP $2"
}

dest=$work/dest
install() { make -s -C "$root" B="${BUILD:-build}" DESTDIR="$dest" "$@" >out 2>err; }

if command -v scdoc >/dev/null; then
    install install PREFIX=/opt/n && [ -x "$dest/opt/n/bin/nightshift" ] && [ -x "$dest/opt/n/bin/nightshift-lm" ] &&
        [ -x "$dest/opt/n/bin/nightshift-serve" ] &&
        [ -s "$dest/opt/n/share/man/man1/nightshift-run.1" ] && [ -s "$dest/opt/n/share/man/man5/nightshift-study.5" ] &&
        [ -s "$dest/opt/n/share/nightshift/schema/study.json" ]
    ok $? 'make install'
    find "$dest" -type f ! -path "$dest/opt/n/*" >out
    [ ! -s out ]
    ok $? 'writes below PREFIX alone'
    grep -rl "$root\|$dest" "$dest" >out
    [ ! -s out ]
    ok $? 'nothing installed knows where it was built'
    grep -q '^ExecStart=/opt/n/bin/nightshift ' "$dest/opt/n/share/systemd/user/nightshift@.service"
    ok $? 'the unit starts the installed program'
    mkdir there && cd there && PATH=$dest/opt/n/bin:$PATH nightshift init >../out 2>../err &&
        cp "$dest"/opt/n/share/nightshift/experiments/script.* . &&
        PATH=$dest/opt/n/bin:/usr/bin:/bin nightshift run script.yaml --experiments 3 -q >../out 2>../err
    ok $? 'the installed program runs an installed study'
    head -n 1 study.yaml >../out
    cd ..
    grep -q "^# yaml-language-server: \$schema=$dest/opt/n/share/nightshift/schema/study.json$" out
    ok $? 'and finds the installed schema'
    if command -v man >/dev/null; then
        MANPATH=$dest/opt/n/share/man man -w nightshift-export nightshift-study nightshift-lm >out 2>err
        ok $? 'man finds the pages'
    else
        skip 'man finds the pages' 'man is not installed'
    fi
    install uninstall PREFIX=/opt/n
    find "$dest" -type f >out
    [ ! -s out ]
    ok $? 'make uninstall leaves nothing'
    install install PREFIX=/usr BINDIR=/usr/games MANDIR=/usr/man DATADIR=/usr/lib/data UNITDIR=/usr/lib/systemd/user
    find "$dest" -type f | sed "s|$dest||; s|/[^/]*$||" | grep -v '/usr/lib/data' | sort -u | tr '\n' ' ' >out
    [ "$(cat out)" = '/usr/games /usr/lib/systemd/user /usr/man/man1 /usr/man/man5 /usr/man/man7 ' ]
    ok $? 'every folder can be chosen'
else
    skip 'make install' 'scdoc is not installed'
fi

if [ -d "$root/.git" ] || [ -f "$root/.git" ]; then
    if command -v dpkg-buildpackage >/dev/null && command -v dh >/dev/null && command -v lintian >/dev/null; then
        make -C "$root" deb >out 2>err
        ok $? 'make deb: the package is built, and lintian has nothing against it'
        version=$(sed -n 's/^VERSION *:= *//p' "$root/Makefile")
        dpkg-deb -c "$root/build/deb/nightshift_${version}_$(dpkg --print-architecture).deb" >out 2>err &&
            grep -q ' ./usr/bin/nightshift$' out && grep -q ' ./usr/share/man/man1/nightshift-run.1.gz$' out
        ok $? 'with programs and manual pages'
    else
        skip 'make deb' 'debhelper or lintian is not installed'
    fi
fi
done_testing
