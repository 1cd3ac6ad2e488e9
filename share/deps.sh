#!/bin/sh
# Installs the Debian packages that are missing, and says which.  Nothing to do: silent.
set -u

packages='gcc libc6-dev make pkg-config libsqlite3-dev libgsl-dev libopenblas-dev libgit2-dev
libfyaml-dev libjansson-dev libpcre2-dev libssl-dev libcmocka-dev perl bible-kjv bible-kjv-text'

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
        echo "deps: not root, and there is no sudo; ask an administrator for:$missing" >&2
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
for p in $missing; do
    installed "$p" && continue
    tail -n 5 "$log" >&2
    echo "deps: package '$p' cannot be installed" >&2
    exit 3
done
