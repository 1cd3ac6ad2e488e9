#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# docs/tutorial.md, block by block, as a reader types it.

. tests/tap.sh

# One script of all blocks: what one sets, the next one has.
awk '/^## /   { title = substr($0, 4) }
     /^```sh$/ { inside = 1; n++; next }
     /^```$/   { if (inside) printf "echo \"done %d %s\" >>\"$progress\"\n", n, title; inside = 0; next }
     inside' "$tests/../docs/tutorial.md" >blocks.sh
blocks=$(grep -c '^echo "done ' blocks.sh)
[ "$blocks" -ge 9 ]
ok $? 'the tutorial has blocks to run'

progress=$work/progress
: >"$progress"
export progress
timeout 1500 sh -eu blocks.sh >out 2>err </dev/null
status=$?
n=0
sed -n 's/^echo "done \([0-9]* .*\)" >>.*/\1/p' blocks.sh >titles
while read -r block; do
    n=$((n + 1))
    grep -qx -e "done $block" "$progress"
    ok $? "block $block"
done <titles
[ "$n" -eq "$blocks" ] && [ "$status" -eq 0 ]
ok $? 'to the end'

cd tutorial || exit 1
grep -q '^val_loss: 0.016482$' ../out
ok $? 'the loss that the text quotes'
grep -q 'somebody killed it' ../out
ok $? 'the first night was killed'
nightshift best study.yaml --json >best && grep -q '"verified":true' best && ! grep -q '"id":1,' best
ok $? 'the night has found something that is verified'
nightshift log study.yaml --decisions --json | grep '"kind":"confirm"' >confirm &&
    grep -q '"verdict":"keep"' confirm
ok $? 'and confirmed it'
! grep -q 'lr: 0.01 ' config.yaml
ok $? 'and written it into the config'
nightshift doctor study.yaml --deep >doctor 2>&1
ok $? 'the record is sound in every respect'
git status --porcelain 2>/dev/null | grep -qv '^??'
[ $? -eq 1 ]
ok $? 'index and work tree were left alone'
done_testing
