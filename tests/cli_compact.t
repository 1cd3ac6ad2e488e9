#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A compact vocabulary from outside: what was trained with it is evaluated and described with it.

. tests/tap.sh

mkdir data
# Training uses every third id below 97; validation others too.
perl -e 'srand(1); print pack("v", 3 * int(rand(33))) for 1 .. 9000' >data/train.bin
perl -e 'srand(2); print pack("v", rand() < 0.9 ? 3 * int(rand(33)) : int(rand(97))) for 1 .. 3000' >data/val.bin
config() { printf '{"dim": 16, "layers": 2, "heads": 2, "seq": 16, "batch": 8, "vocab": 97,
    "data": "data", "val_tokens": 0, "steps": 20, "log_every": 5%s}\n' "$1"; }
config '' >whole.json
config ', "compact_vocab": true' >compact.json

nightshift-lm train --config whole.json --out whole >whole.out 2>err &&
    nightshift-lm train --config compact.json --out compact >out 2>err && [ ! -s err ]
ok $? "a run with a compact vocabulary ends with 0"
grep -q '^{"derived":{.*"data_vocab":97,.*"vocab":34.*}}$' out
ok $? "and says that its model has 33 rows for 97 tokens, and one more"
[ "$(grep -o '"val_sha256":"[0-9a-f]*"' out)" = "$(grep -o '"val_sha256":"[0-9a-f]*"' whole.out)" ]
ok $? "its validation targets are those of every other config"
nightshift-lm info compact >said 2>err && grep -q '^compact  *33 of 97 tokens' said && grep -q '^vocab  *34' said
ok $? "info tells it to people"
nightshift-lm info compact --json >said 2>err && grep -q '"data_vocab":97,' said && ! grep -q '"used"' said
ok $? "and to programs, without the list"
grep -q '"vocabulary":{"used":\[\[0,1\],\[3,1\],.*\[96,1\]\],"vocab":97}' compact/model.json
ok $? "model.json holds which tokens have rows"

nightshift-lm eval compact --tokens data --seq 16 --json >said 2>err
loss=$(sed -n 's/.*"loss":\([0-9.]*\).*/\1/p' said)
trained=$(sed -n 's/.*"val_loss":\([0-9.]*\).*/\1/p' out)
awk -v a="$loss" -v b="$trained" 'BEGIN { exit !(a > 3 && (a - b) ^ 2 < 1e-10) }'
ok $? "eval gives the loss that the run has told"
# 7 % of the targets were never trained on and are one of 64: the entropy of the targets is 3.79
# nats, and a loss without those ln 64 would be 3.53.
awk -v a="$trained" 'BEGIN { exit !(a > 3.75) }'
ok $? "tokens that training never saw cost what they must"

sed 's/\[3,1\]/[0,1]/' compact/model.json >bad && cp -r compact broken && cp bad broken/model.json
refused 2 '"vocabulary" is damaged' "a damaged list is refused by eval" nightshift-lm eval broken --tokens data
refused 2 '"vocabulary" is damaged' "and by info" nightshift-lm info broken
nightshift-lm train --config compact.json --out again --threads 1 >out 2>err &&
    cmp -s compact/model.safetensors again/model.safetensors && cmp -s compact/val_losses.f32 again/val_losses.f32
ok $? "it repeats to the last bit with another number of threads"

done_testing
