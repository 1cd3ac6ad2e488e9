#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A small night on real text, in a git repository of its own: build/demo.
set -eu

minutes=${1:-10}
case $minutes in
'' | *[!0-9.]* | .* | *.*.*) echo "demo: MINUTES=$minutes is not a number" >&2; exit 2 ;;
esac
top=$(pwd)
night=$top/build/demo
PATH=$top/build:$PATH
hours=$(awk -v m="$minutes" 'BEGIN { printf "%.6f", m / 60 }')

rm -rf "$night"
mkdir -p "$night"
cd "$night"
git init -q .

echo "== real text: the King James Bible"
bible 'Gen1:1-Rev22:21' >kjv.txt
wc -c kjv.txt
echo "== tokens"
nightshift-lm prepare --text kjv.txt --vocab 2048 --out data/kjv
cp "$top/experiments/kjv.yaml" .

echo "== the night: $minutes minutes"
nightshift run kjv.yaml --hours "$hours"

echo
echo "== what was tried"
nightshift log kjv.yaml
echo
echo "== the best that can be trusted"
nightshift best kjv.yaml
echo
echo "report   $night/runs/kjv/report/report.html, and REPORT.md beside it"
echo "record   $night/runs/kjv/study.db (sqlite3)"
echo "git      git -C $night log nightshift/kjv-log"
echo "go on    cd $night && $top/build/nightshift run kjv.yaml --hours 1"
echo "believe  cd $night && $top/build/nightshift reproduce kjv.yaml 2"
