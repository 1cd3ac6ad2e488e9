#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `nightshift-lm train` and `eval` on bad shapes, foreign and damaged files, small machines and full
# disks: one line, exit 2 or 3, and what was there before is whole.

. tests/tap.sh

perl -e 'my $t = 0; my $r = 1;
    for (1 .. 9000) { $r = ($r * 1103515245 + 12345) % 2147483648;
        $t = $r % 1024 < 256 ? int($r / 1024) % 97 : (3 * $t + 1) % 97; print pack("v", $t) }' >tokens.bin
# config CHANGE… : the usual config, each change a sed command
config()
{
    printf '{"dim": 16, "layers": 2, "heads": 2, "kv_heads": 1, "seq": 16, "batch": 8, "micro_batch": 1,
        "vocab": 97, "data": "tokens.bin", "log_every": 5, "steps": 20, "checkpoint_every": 0}\n' >c.json
    for change in "$@"; do sed -i "s/$change/" c.json; done
}
train="nightshift-lm train --config c.json"
config
$train --seed 7 --out model >out 2>err
ok $? 'a model'
find model -type f -exec sha256sum {} + | sort >model.sums

# --- shapes ----------------------------------------------------------------------------------------

config '"kv_heads": 1/"kv_heads": 4'
refused 2 'heads 2 is not a multiple of kv_heads 4' 'more kv heads than heads' $train --out x
config '"heads": 2/"heads": 8' '"kv_heads": 1/"kv_heads": 3'
refused 2 'heads 8 is not a multiple of kv_heads 3' 'kv heads that do not divide the heads' $train --out x
config '"heads": 2/"heads": 3'
refused 2 'dim 16 is not divisible by heads 3' 'heads that do not divide dim' $train --out x
config '"heads": 2/"heads": 2, "head_dim": 5'
refused 2 'head_dim 5 is odd' 'a head that has no pairs' $train --out x
for change in '"dim": 16/"dim": 0' '"dim": 16/"dim": -16' '"dim": 16/"dim": 1e300' '"dim": 16/"dim": 16.5' \
    '"seq": 16/"seq": 0' '"batch": 8/"batch": 0' '"layers": 2/"layers": 99999' '"steps": 20/"steps": -1'; do
    config "$change"
    refused 2 'c.json: ' "$change" $train --out x
done
config '"micro_batch": 1/"micro_batch": 9'
refused 2 'micro_batch 9 is larger than batch 8' 'a micro-batch larger than the batch' $train --out x

# --- memory ----------------------------------------------------------------------------------------

config '"dim": 16, "layers": 2/"dim": 65536, "hidden": 262144, "layers": 1024'
refused 2 'GiB of memory, and the machine has' 'weights larger than the machine' $train --out x
config '"batch": 8, "micro_batch": 1/"batch": 1048576, "micro_batch": 1048576'
refused 2 'GiB of memory, and the machine has' 'activations larger than the machine' $train --out x
head -c 4000000 /dev/zero >long.bin
config '"layers": 2/"layers": 1024, "hidden": 262144' '"batch": 8, "micro_batch": 1/"batch": 1048576, "micro_batch": 1048576' \
    '"seq": 16/"seq": 1048576' '"tokens.bin"/"long.bin"'
refused 2 'GiB of memory, and the machine has' 'more than 64 bits can count' $train --out x
# A sanitizer's shadow takes terabytes of address space: no limit of it is to be tried there.
case $build in
*/san) echo '# not tried under sanitizers: limits of address space' ;;
*)
    config '"dim": 16/"dim": 1024'
    refused 2 'GiB of memory, and its limit of address space allows' 'more than ulimit -v allows' \
        sh -c "ulimit -v 700000 && $train --threads 1 --out x"
    config '"dim": 16/"dim": 1024' '"batch": 8, "micro_batch": 1/"batch": 65536, "micro_batch": 65536'
    refused 2 'GiB' 'nothing of it is taken first' sh -c "ulimit -v 400000 && $train --threads 1 --out x"
    refused 2 'GiB' 'eval of absurdly many threads and tokens' \
        sh -c "ulimit -v 400000 && nightshift-lm eval model --tokens long.bin --seq 2048 --threads 128"
    ;;
esac

# --- data ------------------------------------------------------------------------------------------

config
cp model/model.safetensors foreign.bin
[ $(($(wc -c <foreign.bin) % 2)) -eq 1 ] && printf ' ' >>foreign.bin
refused 2 'is not below the vocabulary of 97' 'a foreign file' $train --out x --data foreign.bin
printf 'In the beginning God created the heaven and the earth.' >text.bin
refused 2 'is not below the vocabulary of 97' 'a text' $train --out x --data text.bin
mkdir folder && head -c 6000 tokens.bin >folder/train.bin && head -c 3000 tokens.bin >folder/val.bin
echo '{"vocab": 97, "tokens": {"train": 3000, "val": 1500}}' >folder/meta.json
$train --out fine --data folder >out 2>err
ok $? 'a folder that is whole'
head -c 5998 tokens.bin >folder/train.bin
refused 2 'holds 2999 tokens, and meta.json says 3000' 'a file cut between two tokens' $train --out x --data folder
head -c 5999 tokens.bin >folder/train.bin
refused 2 'no whole number of tokens' 'and one cut within a token' $train --out x --data folder
rm folder/train.bin
refused 2 'no such token file' 'and one that is gone' $train --out x --data folder
head -c 6000 tokens.bin >folder/train.bin && printf '\1\0' >folder/val.bin && echo '{"vocab": 97}' >folder/meta.json
refused 2 'too few' 'a validation split of one token' $train --out x --data folder
echo '[]' >folder/meta.json
refused 2 '"vocab" is missing' 'a foreign meta.json' $train --out x --data folder

# --- models ----------------------------------------------------------------------------------------

# broken NAME WORDS: eval refuses the folder `broken`
broken() { refused 2 "$2" "$1" nightshift-lm eval broken --tokens tokens.bin; rm -rf broken; }
cp -r model broken && perl -pi -e 's/"num_hidden_layers":2/"num_hidden_layers":3/' broken/model.json
broken 'a description of more layers than there are' "no tensor 'model.layers.2."
cp -r model broken && perl -pi -e 's/"num_hidden_layers":2/"num_hidden_layers":1/' broken/model.json
broken 'and of fewer' "is none of this model's"
cp -r model broken && perl -pi -e 's/"intermediate_size":64/"intermediate_size":32/' broken/model.json
broken 'and of another width' 'is not [32, 16]'
cp -r model broken && perl -pi -e 's/"num_attention_heads":2/"num_attention_heads":3/' broken/model.json
broken 'and of other heads' 'is not [24, 16]'
cp -r model broken && head -c 200 model/model.json >broken/model.json
broken 'a description cut short' 'broken/model.json:'
cp -r model broken && head -c 20000 model/model.safetensors >broken/model.safetensors
broken 'weights cut short' 'lies outside the file'
cp -r model broken && head -c 5 model/model.safetensors >broken/model.safetensors
broken 'to five bytes' 'is no safetensors file'
cp -r model broken && perl -0777 -pi -e 'substr($_, -1000, 1) ^= "\x10"' broken/model.safetensors
broken 'a flipped bit in the weights' 'is damaged'
cp -r model broken && perl -0777 -pi -e 'substr($_, 3, 1) ^= "\x10"' broken/model.safetensors
broken 'and one in the length of the header' 'broken/model.safetensors'
config '"steps": 20/"steps": 21'
$train --seed 7 --out later >out 2>err && cp -r model broken && cp later/model.safetensors broken/
broken 'weights of another run' 'is damaged, or not what model.json'

# --- folders ---------------------------------------------------------------------------------------

config
refused 3 '/proc/nightshift' 'an output folder that cannot be made' $train --out /proc/nightshift
refused 3 'tokens.bin' 'one that is a file' $train --out tokens.bin

# --- full disks, in a mount namespace of our own -----------------------------------------------------
# Each line of the script's output is what came of a run.

cat >full.sh <<'END'
config() { sed "s/\"steps\": 20/\"steps\": $1/; s/\"checkpoint_every\": 0/\"checkpoint_every\": $2/" usual.json >c.json; }
train="nightshift-lm train --config c.json"
room() { mount -o remount,size=$(((($(df --output=used -B4096 disk | tail -n 1)) + $1) * 4096)) disk; }
mount -t tmpfs -o size=64m none disk || exit 9

config 20 5
$train --seed 7 --out disk/whole >whole.out 2>err || exit 8
pages=$((($(wc -c <disk/whole/model.safetensors) + 4095) / 4096))

room $((4 * pages)) # one state is three times the weights: the second one finds no room
$train --seed 7 --out disk/a >a.out 2>a.err
echo "state $? $(ls disk/a)"
sed -n 's/^.*No space left.*$/said/p' a.err
room 1000
$train --seed 7 --out disk/a --resume >a.out 2>err
grep train_loss a.out >rest && grep train_loss whole.out | tail -n "$(wc -l <rest)" | cmp - rest &&
    [ "$(wc -l <rest)" -eq 3 ] && cmp disk/a/model.safetensors disk/whole/model.safetensors &&
    echo "state goes on"

config 20 15
room $((3 * pages + pages / 2)) # one state, but no weights beside it
$train --seed 7 --out disk/b >b.out 2>b.err
echo "end $? $(ls disk/b | tr '\n' ' ')"
room 1000
$train --seed 7 --out disk/b --resume >b.out 2>err
cmp disk/b/model.safetensors disk/whole/model.safetensors && echo "end goes on"

config 1 0
$train --seed 8 --out disk/new >new.out 2>err
cp -r disk/whole disk/c
free=0
while [ $free -lt 60 ]; do
    room $free
    $train --seed 8 --out disk/c >c.out 2>c.err
    status=$?
    if [ $status -eq 0 ]; then
        cmp disk/c/model.safetensors disk/new/model.safetensors && cmp disk/c/model.json disk/new/model.json &&
            echo "replaced with $([ $free -ge $pages ] && echo at least the weights) free"
        break
    fi
    [ $status -eq 3 ] && [ "$(wc -l <c.err)" -eq 1 ] && grep -q 'No space left' c.err || echo "status $status at $free: $(cat c.err)"
    cmp disk/c/model.safetensors disk/whole/model.safetensors && cmp disk/c/model.json disk/whole/model.json ||
        echo "damaged at $free"
    [ "$(ls disk/c | wc -l)" -eq 3 ] || echo "litter at $free: $(ls disk/c)"
    free=$((free + 1))
done

mount -o remount,ro disk
$train --seed 8 --out disk/ro >ro.out 2>ro.err
echo "read-only $? $(wc -l <ro.err) $(wc -c <ro.out)"
$train --seed 8 --out disk/c >ro.out 2>ro.err
echo "read-only $? $(wc -l <ro.err) $(wc -c <ro.out)"
END
config && cp c.json usual.json && mkdir disk
if unshare -Urm sh -c 'mount -t tmpfs -o size=4k none disk' 2>/dev/null; then
    unshare -Urm sh full.sh >out 2>err
    ok $? 'runs on a small disk'
    # says LINE NAME
    says() { grep -qx "$1" out; ok $? "$2"; }
    says 'state 3 train.state' 'a disk that is full in the middle of the second state leaves the first'
    says 'said' 'and it is said'
    says 'state goes on' 'from which the run goes on, to the same curve and weights'
    says 'end 3 train.state .*' 'a disk that is full at the end leaves the state'
    says 'end goes on' 'from which it goes on too'
    says 'replaced with at least the weights free' 'a model is replaced once there is room for all of it'
    ! grep -q 'damaged\|litter\|status' out
    ok $? 'and is whole, with nothing beside it, at every page less'
    [ "$(grep -cx 'read-only 3 1 0' out)" -eq 2 ]
    ok $? 'a read-only disk is an error of the environment, before anything is trained'
else
    ok 0 'full disks # SKIP no mount namespaces for us here'
fi

find model -type f -exec sha256sum {} + | sort | cmp -s - model.sums && [ ! -e x ]
ok $? 'after all of it the first model is as it was'

done_testing
