#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Two builds of the same sources, in two folders and two surroundings, are the same programs: the
# same bytes, and so the same curve and weights, which is looked at all the same.

. tests/tap.sh
root=$(cd "$tests/.." && pwd)

# build FOLDER WORDS…: a copy of the sources is built there, by make with the words in front.
build()
{
    folder=$1
    shift
    mkdir -p "$folder" && (cd "$root" && tar cf - Makefile harness search experiments reports trainer) |
        tar xmf - -C "$folder" &&
        env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u BUILD "$@" make -s -C "$folder" all >out 2>err
}
build one TZ=UTC LC_ALL=C
ok $? 'a build'
build two/much/deeper/with_another_name TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/nowhere MAKEFLAGS=-j2
ok $? 'another build elsewhere, in another zone, locale and order'
ln -s two/much/deeper/with_another_name other
for program in nightshift nightshift-serve nightshift-lm; do
    cmp one/build/$program other/build/$program >out 2>err
    ok $? "$program is the same bytes"
    ! grep -qaF "$work" one/build/$program
    ok $? "$program does not know where it was built"
done

perl -e 'my $r = 1; for (1 .. 9000) { $r = ($r * 1103515245 + 12345) % 2147483648;
    print pack("v", int($r / 65536) % 97) }' >tokens.bin
echo '{"dim": 32, "layers": 2, "heads": 4, "kv_heads": 2, "seq": 32, "batch": 8, "vocab": 97,
    "data": "tokens.bin", "steps": 40, "log_every": 1}' >c.json
for where in one other; do
    $where/build/nightshift-lm train --config c.json --seed 3 --out $where.run >$where.out 2>err
    ok $? 'a run'
    grep train_loss $where.out >$where.curve
done
[ "$(wc -l <one.curve)" -eq 40 ] && cmp one.curve other.curve >out 2>err
ok $? 'both tell the same curve'
for file in model.safetensors model.json val_losses.f32; do
    cmp one.run/$file other.run/$file >out 2>err
    ok $? "and leave the same $file"
done

done_testing
