#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A short night on real text with the real trainer, and three of its experiments run again: from the
# record, and from git alone in another checkout.

. tests/tap.sh
experiments=$(cd "$tests/../experiments" && pwd)

bible 'Gen1:1-Rev22:21' >kjv.txt
[ "$(wc -c <kjv.txt)" -eq 4298239 ]
ok $? 'the King James Bible is whole'
run 0 'it becomes tokens' nightshift-lm prepare --text kjv.txt --vocab 2048 --out data/kjv
git init -q .
sed 's/tokens:  *{value: 100000}/tokens: {value: 40000}/' "$experiments/kjv.yaml" >kjv.yaml
grep -q 'value: 40000' kjv.yaml
ok $? 'with a small budget'
timeout 600 nightshift run kjv.yaml --experiments 8 >out 2>err </dev/null
ok $? 'a night of eight experiments'
[ "$(nightshift log kjv.yaml --json | grep -v '"purpose":"hypothesis"' |
    grep -c '"decision":"\(keep\|revert\)"')" -eq 8 ]
ok $? 'all of them are decided'
[ "$(nightshift hypotheses kjv.yaml --json | grep -c '"status":"\(verified\|disproved\|inconclusive\)"')" -eq 2 ]
ok $? 'and so are the claims of the study'
for id in 1 2; do
    timeout 300 nightshift reproduce kjv.yaml $id >out 2>err </dev/null && grep -q '^bit-identical' out
    ok $? "experiment $id again is bit-identical"
    grep -q '3 files\|2 files' out && grep -q 'records' out
    ok $? 'in its weights, per-sequence losses and curve'
done
git fsck --strict --full >out 2>err
ok $? 'git fsck likes the repository'

git clone -q --no-checkout . elsewhere 2>err && cp -r data elsewhere/ && cd elsewhere || exit 1
timeout 300 nightshift reproduce --ref origin/nightshift/kjv-log >out 2>err </dev/null
[ $? -eq 0 ] && grep -q '^bit-identical' out
ok $? 'the last experiment, from git alone, is bit-identical'
cd ..

printf 'X' | dd of=data/kjv/val.bin bs=1 seek=1000 conv=notrunc 2>err
timeout 300 nightshift reproduce kjv.yaml 2 >out 2>err </dev/null
[ $? -eq 1 ] && grep -q "data/kjv/val.bin' has changed" out
ok $? 'with a flipped byte in the data it says what differs and ends with 1'

done_testing
