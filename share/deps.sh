#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# deps.sh [build|cluster]: installs the Debian packages of a set that are missing, and says which.
# Nothing to do: silent.
#   build    what is built with, and tested with
#   cluster  the Slurm of two nodes that tests/cli_slurm.t brings up; nothing of it is started
set -u

build='git gcc libc6-dev make pkg-config libsqlite3-dev libgsl-dev libopenblas-dev libgit2-dev
libfyaml-dev libjansson-dev libpcre2-dev libssl-dev zlib1g-dev libzstd-dev libmd4c-dev
libmd4c-html0-dev libncurses-dev libmicrohttpd-dev libcmocka-dev perl python3 gnuplot-nox libjs-vega scdoc
bible-kjv bible-kjv-text'
cluster='slurmctld slurmd slurm-client munge'

case ${1:-build} in
    build) packages=$build ;;
    cluster) packages=$cluster ;;
    *) echo "deps: there is no set '$1': build, cluster" >&2; exit 2 ;;
esac

installed() { dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'; }

missing=
for p in $packages; do installed "$p" || missing="$missing $p"; done
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || {
    echo "deps: this is no Debian system; install by hand:$missing" >&2
    exit 3
}
sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
        echo "deps: not root, and there is no sudo; as root: apt-get install$missing" >&2
        exit 3
    }
    sudo=sudo
fi
echo "deps: installing$missing"
log=$(mktemp) || exit 3
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
install() { $sudo apt-get install -y -q --no-install-recommends "$@" >>"$log" 2>&1; }
# An old package list is the usual cause of a failure, so it is renewed once and only then.
install $missing || { $sudo apt-get update -q >>"$log" 2>&1; install $missing; }
left=
for p in $missing; do installed "$p" || left="$left $p"; done
[ -n "$left" ] || exit 0

# One package that is not to be had keeps back all the others: name that one.
culprits=
for p in $left; do $sudo apt-get install -s -q "$p" >/dev/null 2>&1 || culprits="$culprits $p"; done
tail -n 5 "$log" >&2
echo "deps: cannot be installed:${culprits:-$left}" >&2
exit 3
